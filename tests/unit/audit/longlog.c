/* SPDX-License-Identifier: Apache-2.0
 *
 * How does one get a signed log of ten million entries in half a minute? See longlog.h. Nothing is kept but what a verifier keeps,
 * too; notes and payloads go through files of their own, because a tar says the length before the bytes.
 */
#include "longlog.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec.h"
#include "heads.h"
#include "sanjeh/audit/tar.h"
#include "sanjeh/audit/tile_path.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/note.h"
#include "sanjeh/crypto/rotation.h"
#include "test.h"
#include "tiles.h"

#define UNITS       40u
#define SERVERS     2u
#define LIFE        50000u /* entries of one server until it is started again */
#define HEADS_EVERY 1024u
#define VOID_EVERY  997u
#define PAID_EVERY  199u
#define LASTING     0xFFFFu /* no epoch's number */
#define START_US    INT64_C(1790000000000000)
#define STEP_US     2000
#define BUNDLE_MAX  ((size_t)SJ_TILE_WIDTH * (2 + SJ_ENTRY_MAX))

struct life {
    struct sj_uuid emitter;
    uint64_t seq;
    uint64_t entries;
};

struct longlog {
    const struct longlog_plan *plan;
    struct longlog_sizes *sizes;
    FILE *tar;
    FILE *notes;
    FILE *payloads;
    struct sj_frontier frontier;
    struct sj_edge edge;
    struct sj_tenants tenants;
    struct sj_heads heads;
    struct life lives[SERVERS];
    uint64_t lives_begun;
    struct sj_signing_key *secret;
    struct sj_note_key key;
    struct sj_note_key first_key;
    struct sj_signing_key *
        lasting_secret; /* signs the checkpoint besides: for who has no notes to follow the others by */
    struct sj_note_key lasting_key;
    struct sj_signing_key *next_secret;
    struct sj_note_key next_key;
    uint64_t next_from; /* the size from which on the next key signs; 0: none is appointed */
    uint64_t epoch;
    struct sj_buf bundle;
    struct sj_buf bytes;
    struct sj_buf frame;
    struct sj_buf payload;
    struct sj_uuid last_command;
    uint64_t seed;
};

static uint64_t draw(struct longlog *l, uint64_t below)
{
    l->seed = l->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (l->seed >> 33) % below;
}

/* Spread like random ids, and the same in every run. */
static struct sj_uuid id_of(uint64_t kind, uint64_t number)
{
    struct sj_uuid id = {{0}};
    uint64_t value = kind << 56 ^ number;
    for (size_t i = 0; i < 16; i++) {
        value = (value ^ value >> 31) * UINT64_C(0x9E3779B97F4A7C15) + number;
        id.bytes[i] = (uint8_t)(value >> 40);
    }
    return id;
}

static void make_key(
    uint64_t epoch, struct sj_signing_key **ret_secret, struct sj_note_key *ret_key)
{
    struct sj_key seed = {{0x10, (uint8_t)(epoch >> 8), (uint8_t)epoch}};
    uint8_t public_key[SJ_ED25519_PUBLIC];
    CHECK_OK(sj_signing_key_new(&seed, ret_secret));
    sj_signing_key_public(*ret_secret, public_key);
    CHECK_OK(sj_note_key_make(SJ_TEXT(LONGLOG_ORIGIN), 1, public_key, ret_key));
}

/* ---- writing ---- */

static void put(FILE *file, const void *bytes, size_t len)
{
    CHECK(len == 0 || fwrite(bytes, 1, len, file) == len);
}

static void put_head(struct longlog *l, const char *name, uint64_t size)
{
    sj_buf_reset(&l->frame);
    CHECK_OK(sj_tar_put_header(&l->frame, sj_text_of(name), size));
    put(l->tar, l->frame.ptr, l->frame.len);
}

static void put_padding(struct longlog *l, uint64_t size)
{
    sj_buf_reset(&l->frame);
    CHECK_OK(sj_tar_put_padding(&l->frame, size));
    put(l->tar, l->frame.ptr, l->frame.len);
}

static void put_file(const char *folder, const char *name, struct sj_view content)
{
    char path[512];
    const int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK(len > 0 && (size_t)len < sizeof path);
    for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
    CLEANUP(sj_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, content.ptr, content.len) == (ssize_t)content.len);
}

static void put_member(struct longlog *l, const char *name, struct sj_view content, bool in_log)
{
    char inside[256];
    put_head(l, name, content.len);
    put(l->tar, content.ptr, content.len);
    put_padding(l, content.len);
    (void)snprintf(inside, sizeof inside, "log/%s", name);
    if (in_log && !l->plan->without_log) {
        put_file(l->plan->folder, inside, content);
    }
}

static void put_tile(
    struct longlog *l, unsigned level, uint64_t n, unsigned count, struct sj_view content)
{
    const struct sj_tile_name name = {
        .level = (uint8_t)level, .width = (uint8_t)(count == SJ_TILE_WIDTH ? 0 : count), .n = n};
    const char *text = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf path = SJ_BUF(128);
    CHECK_OK(sj_tile_name_format(&name, &path));
    CHECK_OK(sj_buf_cstr(&path, &text));
    put_member(l, text, content, true);
}

static sj_status on_full(
    void *ctx, unsigned level, uint64_t n, const struct sj_hash hashes[SJ_TILE_WIDTH])
{
    struct longlog *l = ctx;
    put_tile(l, level, n, SJ_TILE_WIDTH, sj_view_of(hashes, SJ_TILE_BYTES));
    return SJ_DONE;
}

/* A stream that was written to a file, as a member. */
static void put_stream(struct longlog *l, const char *name, FILE *from)
{
    uint8_t piece[65536];
    CHECK(fseek(from, 0, SEEK_END) == 0);
    const long size = ftell(from);
    CHECK(size >= 0 && fseek(from, 0, SEEK_SET) == 0);
    put_head(l, name, (uint64_t)size);
    for (long left = size; left > 0;) {
        const size_t want = left < (long)sizeof piece ? (size_t)left : sizeof piece;
        CHECK(fread(piece, 1, want, from) == want);
        put(l->tar, piece, want);
        left -= (long)want;
    }
    put_padding(l, (uint64_t)size);
}

/* ---- signing ---- */

static void sign(struct longlog *l, struct sj_buf *out)
{
    struct sj_hash root;
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(1024);
    CHECK_OK(sj_frontier_root(&l->frontier, &root));
    CHECK_OK(sj_checkpoint_format(SJ_TEXT(LONGLOG_ORIGIN), l->frontier.size, &root, &text));
    CHECK_OK(sj_note_sign(sj_buf_text(&text), &l->key, l->secret, out));
}

/* One line more. */
static void sign_lastingly(struct longlog *l, struct sj_buf *note)
{
    struct sj_hash root;
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf other = SJ_BUF(4096);
    CHECK_OK(sj_frontier_root(&l->frontier, &root));
    CHECK_OK(sj_checkpoint_format(SJ_TEXT(LONGLOG_ORIGIN), l->frontier.size, &root, &text));
    CHECK_OK(sj_note_sign(sj_buf_text(&text), &l->lasting_key, l->lasting_secret, &other));
    CHECK_OK(sj_buf_put(note, other.ptr + text.len + 1, other.len - text.len - 1));
}

static void put_note(struct longlog *l)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    if (l->frontier.size < l->plan->keep_from) {
        return;
    }
    sign(l, &note);
    const uint8_t head[2] = {(uint8_t)(note.len >> 8), (uint8_t)note.len};
    put(l->notes, head, sizeof head);
    put(l->notes, note.ptr, note.len);
    l->sizes->notes++;
}

static void follow_key(struct longlog *l)
{
    if (l->next_from != 0 && l->frontier.size + 1 >= l->next_from) {
        sj_signing_key_free(&l->secret);
        l->secret = TAKE(l->next_secret);
        l->key = l->next_key;
        l->next_from = 0;
    }
}

/* ---- entries ---- */

static void say(struct sj_draft *draft, enum sj_entry_kind kind, const char *action)
{
    draft->kind = kind;
    (void)snprintf(draft->action, sizeof draft->action, "%s", action);
}

static void appoint(struct longlog *l, uint64_t index, struct sj_draft *draft)
{
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(SJ_ENTRY_DETAIL_MAX);
    struct sj_rotation rotation = {.epoch = ++l->epoch, .first = index + 2};
    make_key(l->epoch, &l->next_secret, &l->next_key);
    memcpy(rotation.old_key, l->key.public_key, SJ_ED25519_PUBLIC);
    memcpy(rotation.new_key, l->next_key.public_key, SJ_ED25519_PUBLIC);
    CHECK_OK(sj_rotation_prove(SJ_TEXT(LONGLOG_ORIGIN), l->next_secret, &rotation));
    CHECK_OK(sj_rotation_format(&rotation, &detail));
    say(draft, SJ_ENTRY_KEY_ROTATE, "key:rotate");
    memcpy(draft->detail, detail.ptr, detail.len);
    draft->detail[detail.len] = '\0';
    l->next_from = rotation.first;
}

static void tell_heads(struct longlog *l, sj_time_us time, struct sj_draft *draft)
{
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(SJ_HEADS_DETAIL_MAX);
    CHECK_OK(sj_heads_detail(&l->heads, &l->tenants, time, &detail));
    say(draft, SJ_ENTRY_TENANT_HEADS, "log:tenant-heads");
    memcpy(draft->detail, detail.ptr, detail.len);
    draft->detail[detail.len] = '\0';
}

static void begin_life(struct longlog *l, struct life *life, struct sj_draft *draft)
{
    *life = (struct life){.emitter = id_of(1, l->lives_begun++), .seq = 1, .entries = 1};
    l->sizes->emitters++;
    say(draft, SJ_ENTRY_EMITTER_OPEN, "log:open");
    (void)snprintf(draft->detail, sizeof draft->detail, "voids=1");
}

/* What somebody did. */
static void tell_deed(struct longlog *l, uint64_t index, struct sj_draft *draft)
{
    static const char *const actions[] = {"judge:read", "judge:read", "judge:read", "judge:list",
        "workload:read", "evaluation:read", "score:read", "case:list", "document:read",
        "account:read", "judge:update", "statement:file"};
    say(draft, SJ_ENTRY_ACCESS, actions[draw(l, SJ_COUNT(actions))]);
    (void)snprintf(draft->object_type, sizeof draft->object_type, "judge");
    draft->tenant_tag = id_of(2, draw(l, UNITS));
    draft->request_id = id_of(3, index);
    draft->actor = id_of(4, draw(l, 1000));
    draft->object = id_of(5, draw(l, 100000));
    draft->http_status = 200;
    (void)snprintf(draft->detail, sizeof draft->detail,
        "route=/api/v1/judges/{id};subjects=1;subjects_sha256=%016llx%016llx%016llx%016llx",
        (unsigned long long)index, (unsigned long long)l->seed, (unsigned long long)(l->seed >> 7),
        (unsigned long long)(index * 31));
}

static void put_payload(struct longlog *l, uint64_t index, struct sj_draft *draft)
{
    uint8_t head[12];
    struct sj_hash hash;
    static const char reason[] = "complaint 1405/221, looked into on the board's order";
    CLEANUP(sj_buf_clear) struct sj_buf content = SJ_BUF(256);
    sj_buf_reset(&l->payload);
    const struct sj_uuid salt[2] = {id_of(6, index), id_of(7, index)};
    CHECK_OK(sj_buf_put(&content, salt, SJ_PAYLOAD_SALT));
    CHECK_OK(sj_buf_put(&content, reason, sizeof reason - 1));
    const uint8_t prefix = 0x02;
    const struct sj_view parts[2] = {sj_view_of(&prefix, 1), sj_buf_view(&content)};
    CHECK_OK(sj_sha256(parts, 2, &hash));
    draft->payload_len = sizeof reason - 1;
    draft->payload_commit = hash;
    const struct sj_payload payload = {.unit = draft->tenant_tag, .content = sj_buf_view(&content)};
    CHECK_OK(sj_payload_encode(&payload, &l->payload));
    for (size_t i = 0; i < 8; i++) {
        head[i] = (uint8_t)(index >> (56 - 8 * i));
    }
    for (size_t i = 0; i < 4; i++) {
        head[8 + i] = (uint8_t)(l->payload.len >> (24 - 8 * i));
    }
    put(l->payloads, head, sizeof head);
    put(l->payloads, l->payload.ptr, l->payload.len);
    l->sizes->payloads++;
}

static bool is_last_of_batch(const struct longlog *l, uint64_t index)
{
    return (index + 1) % l->plan->batch == 0;
}

static bool is_time_for_key(const struct longlog *l, uint64_t index)
{
    const uint64_t every = l->plan->rotate_every;
    return every != 0 && l->next_from == 0 && is_last_of_batch(l, index) &&
           index / every != (index + l->plan->batch) / every;
}

/* A server's entry, or that of a command. */
static void compose(struct longlog *l, uint64_t index, struct sj_entry *entry)
{
    struct sj_draft *draft = &entry->draft;
    struct life *life = &l->lives[index % SERVERS];
    draft->outcome = SJ_OUTCOME_PERMITTED;
    if (index == l->plan->repeat ||
        (l->plan->command_every != 0 && index % l->plan->command_every == 7)) {
        say(draft, SJ_ENTRY_CONFIG, "unit:create");
        if (index != l->plan->repeat) {
            l->last_command = id_of(8, index);
            l->sizes->emitters++;
        }
        draft->emitter = l->last_command;
        draft->emitter_seq = 1;
        return;
    }
    if (life->seq == 0 || life->entries == LIFE) {
        begin_life(l, life, draft);
    } else {
        life->seq++;
        life->entries++;
        if (life->entries == LIFE) {
            say(draft, SJ_ENTRY_EMITTER_CLOSE, "log:close");
        } else if (is_time_for_key(l, index)) {
            appoint(l, index, draft);
        } else if (index % HEADS_EVERY == HEADS_EVERY - 1) {
            tell_heads(l, entry->time, draft);
        } else if (index % VOID_EVERY == VOID_EVERY - 1) {
            say(draft, SJ_ENTRY_VOID, "log:void");
            (void)snprintf(draft->detail, sizeof draft->detail, "cause=rolled-back;to=%llu",
                (unsigned long long)life->seq + 2);
        } else {
            tell_deed(l, index, draft);
        }
    }
    draft->emitter = life->emitter;
    draft->emitter_seq = life->seq;
    life->seq += draft->kind == SJ_ENTRY_VOID ? 2 : 0;
    if (draft->kind == SJ_ENTRY_ACCESS && index % PAID_EVERY == 0) {
        put_payload(l, index, draft);
    }
}

static void put_bundle(struct longlog *l, uint64_t size)
{
    const unsigned rest = (unsigned)(size % SJ_TILE_WIDTH);
    put_tile(l, SJ_TILE_ENTRIES, (size - 1) / SJ_TILE_WIDTH, rest == 0 ? SJ_TILE_WIDTH : rest,
        sj_buf_view(&l->bundle));
    sj_buf_reset(&l->bundle);
}

static void append(struct longlog *l, uint64_t index)
{
    struct sj_entry entry = {
        .index = index, .log_id = id_of(9, 0), .time = START_US + (sj_time_us)index * STEP_US};
    struct sj_tenant *tenant = NULL;
    struct sj_hash signed_leaf;
    compose(l, index, &entry);
    CHECK_OK(sj_tenants_get(&l->tenants, entry.draft.tenant_tag, &tenant));
    entry.tenant_seq = tenant->seq + 1;
    entry.tenant_prev = tenant->leaf;
    sj_buf_reset(&l->bytes);
    CHECK_OK(sj_entry_encode(&entry, &l->bytes));
    CHECK_OK(sj_leaf_hash(sj_buf_view(&l->bytes), &signed_leaf));
    CHECK_OK(sj_frontier_append(&l->frontier, &signed_leaf));
    struct sj_hash leaf = signed_leaf;
    if (index == l->plan->bend) {
        l->bytes.ptr[l->bytes.len - 1] ^= 1;
        CHECK_OK(sj_leaf_hash(sj_buf_view(&l->bytes), &leaf));
    }
    CHECK_OK(sj_buf_put_u16(&l->bundle, (uint16_t)l->bytes.len));
    CHECK_OK(sj_buf_put_view(&l->bundle, sj_buf_view(&l->bytes)));
    l->sizes->entry_bytes += 2 + l->bytes.len;
    CHECK_OK(sj_edge_append(&l->edge, &leaf, on_full, l));
    CHECK_OK(sj_heads_see(
        &l->heads, entry.draft.tenant_tag, sj_text_of(entry.draft.action), entry.time));
    tenant->seq = entry.tenant_seq;
    tenant->leaf = signed_leaf;
    if ((index + 1) % SJ_TILE_WIDTH == 0) {
        put_bundle(l, index + 1);
    }
    if (is_last_of_batch(l, index)) {
        put_note(l);
        follow_key(l);
    }
}

static void put_rest(struct longlog *l)
{
    CLEANUP(sj_buf_clear) struct sj_buf checkpoint = SJ_BUF(4096);
    const uint64_t size = l->frontier.size;
    if (size % SJ_TILE_WIDTH != 0) {
        put_bundle(l, size);
    }
    for (unsigned level = 0; level < SJ_TILE_LEVELS; level++) {
        const uint64_t nodes = size >> (8 * level);
        const unsigned width = (unsigned)(nodes % SJ_TILE_WIDTH);
        if (width != 0) {
            put_tile(l, level, nodes / SJ_TILE_WIDTH, width,
                sj_view_of(l->edge.hashes[level], (size_t)width * SJ_HASH_SIZE));
        }
    }
    sign(l, &checkpoint);
    sign_lastingly(l, &checkpoint);
    put_member(l, "checkpoint", sj_buf_view(&checkpoint), true);
    put_stream(l, "notes", l->notes);
    put_stream(l, "payloads", l->payloads);
    sj_buf_reset(&l->frame);
    CHECK_OK(sj_tar_put_end(&l->frame));
    put(l->tar, l->frame.ptr, l->frame.len);
}

static void put_policy(struct longlog *l, const char *name, const struct sj_note_key *key)
{
    CLEANUP(sj_buf_clear) struct sj_buf policy = SJ_BUF(4096);
    CHECK_OK(sj_buf_put_str(&policy, "log "));
    CHECK_OK(sj_note_key_format(key, &policy));
    CHECK_OK(sj_buf_put_str(&policy, "\nquorum none\n"));
    put_file(l->plan->folder, name, sj_buf_view(&policy));
}

static FILE *open_file(const struct longlog *l, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", l->plan->folder, name);
    FILE *file = fopen(path, "w+e");
    CHECK(file != NULL);
    return file;
}

static FILE *open_passing(const struct longlog *l, const char *name)
{
    char path[512];
    FILE *file = open_file(l, name);
    (void)snprintf(path, sizeof path, "%s/%s", l->plan->folder, name);
    CHECK(unlink(path) == 0);
    return file;
}

static void close_log(struct longlog *l)
{
    CHECK(fclose(l->tar) == 0);
    (void)fclose(l->notes);
    (void)fclose(l->payloads);
    sj_tenants_clear(&l->tenants);
    sj_heads_clear(&l->heads);
    sj_signing_key_free(&l->secret);
    sj_signing_key_free(&l->next_secret);
    sj_signing_key_free(&l->lasting_secret);
    sj_buf_clear(&l->bundle);
    sj_buf_clear(&l->bytes);
    sj_buf_clear(&l->frame);
    sj_buf_clear(&l->payload);
    sj_free(l);
}

void longlog_make(const struct longlog_plan *plan, struct longlog_sizes *ret_sizes)
{
    void *memory = NULL;
    CHECK_OK(sj_crypto_init());
    CHECK_OK(sj_alloc(1, sizeof(struct longlog), &memory));
    struct longlog *l = memory;
    *ret_sizes = (struct longlog_sizes){0};
    l->plan = plan;
    l->sizes = ret_sizes;
    l->seed = 20261126;
    l->bundle = SJ_BUF(BUNDLE_MAX);
    l->bytes = SJ_BUF(SJ_ENTRY_MAX);
    l->frame = SJ_BUF((size_t)4 * SJ_TAR_BLOCK);
    l->payload = SJ_BUF(4096);
    CHECK_OK(sj_tenants_init(&l->tenants, 1000));
    CHECK_OK(sj_heads_init(&l->heads));
    make_key(0, &l->secret, &l->key);
    l->first_key = l->key;
    make_key(LASTING, &l->lasting_secret, &l->lasting_key);
    l->tar = open_file(l, "bundle.tar");
    l->notes = open_passing(l, "notes.part");
    l->payloads = open_passing(l, "payloads.part");
    for (uint64_t i = 0; i < plan->entries; i++) {
        append(l, i);
    }
    put_rest(l);
    put_policy(l, "policy", &l->first_key);
    put_policy(l, "policy.lasting", &l->lasting_key);
    close_log(l);
}
