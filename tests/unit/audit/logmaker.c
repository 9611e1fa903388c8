/* SPDX-License-Identifier: Apache-2.0
 *
 * How do the verifier's tests get a log to damage? See logmaker.h.
 */
#include "logmaker.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "sanjeh/audit/tar.h"
#include "sanjeh/base/memory.h"
#include "test.h"

#define TENANTS 3u

struct chain {
    uint64_t seq;
    struct sj_hash leaf;
};

static void make_entry(
    const struct maker *maker, const struct chain *chain, size_t index, struct sj_entry *entry)
{
    *entry = (struct sj_entry){
        .index = index,
        .log_id = maker->log_id,
        .time = INT64_C(1790000000000000) + (sj_time_us)index * 1000,
        .tenant_seq = chain->seq + 1,
        .tenant_prev = chain->leaf,
        .draft = {.kind = SJ_ENTRY_ACCESS,
            .emitter = {{(uint8_t)(1 + index % 2)}},
            .emitter_seq = 1 + index / 2,
            .tenant_tag = {{(uint8_t)(10 + index % TENANTS)}},
            .outcome = SJ_OUTCOME_PERMITTED,
            .http_status = 200},
    };
    snprintf(entry->draft.action, sizeof(entry->draft.action), "judge:read");
    snprintf(entry->draft.detail, sizeof(entry->draft.detail), "number=%zu", index);
}

static void sign(struct maker *maker, struct sj_buf *out)
{
    struct sj_hash root;
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(1024);
    CHECK_OK(sj_frontier_root(&maker->frontier, &root));
    CHECK_OK(sj_checkpoint_format(SJ_TEXT(MAKER_ORIGIN), maker->frontier.size, &root, &text));
    if (maker->plan != NULL && maker->plan->sign != NULL) {
        maker->plan->sign(maker->plan->ctx, maker->frontier.size, sj_buf_text(&text), out);
        return;
    }
    CHECK_OK(sj_note_sign(sj_buf_text(&text), &maker->key, maker->secret, out));
}

static void put_note(struct maker *maker)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    sign(maker, &note);
    CHECK_OK(sj_buf_put_u16(&maker->notes, (uint16_t)note.len));
    CHECK_OK(sj_buf_put_view(&maker->notes, sj_buf_view(&note)));
}

static void make_key(struct maker *maker, uint8_t seed_byte)
{
    const struct sj_key seed = {{seed_byte, 42}};
    uint8_t public_key[SJ_ED25519_PUBLIC];
    CHECK_OK(sj_signing_key_new(&seed, &maker->secret));
    sj_signing_key_public(maker->secret, public_key);
    CHECK_OK(sj_note_key_make(SJ_TEXT(MAKER_ORIGIN), 1, public_key, &maker->key));
}

static void allocate(struct maker *maker, size_t count, size_t batch)
{
    void *memory = NULL;
    *maker = (struct maker){.count = count, .capacity = count + 8, .batch = batch};
    CHECK_OK(sj_alloc(maker->capacity, sizeof(struct sj_buf), &memory));
    maker->entries = memory;
    CHECK_OK(sj_alloc(maker->capacity, sizeof(struct sj_hash), &memory));
    maker->leaves = memory;
    for (size_t i = 0; i < maker->capacity; i++) {
        maker->entries[i] = SJ_BUF(SJ_ENTRY_MAX);
    }
    maker->notes = SJ_BUF(1 << 24);
    maker->checkpoint = SJ_BUF(4096);
}

static void fill(struct maker *maker, size_t edited, maker_edit_fn *edit)
{
    struct chain chains[TENANTS] = {{0}};
    maker->log_id = (struct sj_uuid){{0xA0, 0xB1}};
    for (size_t i = 0; i < maker->count; i++) {
        struct sj_entry entry;
        struct chain *chain = &chains[i % TENANTS];
        make_entry(maker, chain, i, &entry);
        if (edit != NULL && i == edited) {
            edit(&entry);
        }
        if (maker->plan != NULL && maker->plan->edit != NULL) {
            maker->plan->edit(maker->plan->ctx, &entry);
        }
        CHECK_OK(sj_entry_encode(&entry, &maker->entries[i]));
        CHECK_OK(sj_leaf_hash(sj_buf_view(&maker->entries[i]), &maker->leaves[i]));
        if (maker->plan != NULL && maker->plan->placed != NULL) {
            maker->plan->placed(maker->plan->ctx, &entry, &maker->leaves[i]);
        }
        CHECK_OK(sj_frontier_append(&maker->frontier, &maker->leaves[i]));
        *chain = (struct chain){chain->seq + 1, maker->leaves[i]};
        if ((i + 1) % maker->batch == 0) {
            put_note(maker);
        }
    }
    sign(maker, &maker->checkpoint);
}

void maker_init(struct maker *maker, size_t count, size_t batch, uint8_t seed)
{
    allocate(maker, count, batch);
    make_key(maker, seed);
    fill(maker, 0, NULL);
}

void maker_init_planned(struct maker *maker, size_t count, size_t batch, struct maker_plan *plan)
{
    allocate(maker, count, batch);
    maker->plan = plan;
    make_key(maker, 1);
    fill(maker, 0, NULL);
}

void maker_init_edited(
    struct maker *maker, size_t count, size_t batch, size_t index, maker_edit_fn *edit)
{
    allocate(maker, count, batch);
    make_key(maker, 1);
    fill(maker, index, edit);
}

void maker_clear(struct maker *maker)
{
    for (size_t i = 0; i < maker->capacity; i++) {
        sj_buf_clear(&maker->entries[i]);
    }
    sj_free(maker->entries);
    sj_free(maker->leaves);
    sj_buf_clear(&maker->notes);
    sj_buf_clear(&maker->checkpoint);
    sj_signing_key_free(&maker->secret);
}

/* ---- writing ---- */

static void put_member(struct sj_buf *out, struct sj_text name, struct sj_view content)
{
    CHECK_OK(sj_tar_put_header(out, name, content.len));
    CHECK_OK(sj_buf_put_view(out, content));
    CHECK_OK(sj_tar_put_padding(out, content.len));
}

static void put_tile_member(
    struct sj_buf *out, uint8_t level, uint64_t n, unsigned width, struct sj_view content)
{
    const struct sj_tile_name name = {.level = level, .width = (uint8_t)width, .n = n};
    CLEANUP(sj_buf_clear) struct sj_buf path = SJ_BUF(128);
    CHECK_OK(sj_tile_name_format(&name, &path));
    put_member(out, sj_buf_text(&path), content);
}

static void put_bundles(
    const struct maker *maker, const struct maker_output *output, struct sj_buf *out)
{
    for (size_t first = 0; first < maker->count; first += SJ_TILE_WIDTH) {
        const size_t left = maker->count - first;
        const unsigned count = left < SJ_TILE_WIDTH ? (unsigned)left : SJ_TILE_WIDTH;
        CLEANUP(sj_buf_clear) struct sj_buf bundle = SJ_BUF(1 << 22);
        if (output->skip_bundle == first / SJ_TILE_WIDTH + 1) {
            continue;
        }
        for (unsigned i = 0; i < count; i++) {
            const struct sj_view entry = sj_buf_view(&maker->entries[first + i]);
            CHECK_OK(sj_buf_put_u16(&bundle, (uint16_t)entry.len));
            CHECK_OK(sj_buf_put_view(&bundle, entry));
        }
        put_tile_member(out, SJ_TILE_ENTRIES, first / SJ_TILE_WIDTH, count % SJ_TILE_WIDTH,
            sj_buf_view(&bundle));
    }
}

struct tile_output {
    struct sj_buf *out;
    size_t skip;
};

static sj_status put_full(
    void *ctx, unsigned level, uint64_t n, const struct sj_hash hashes[SJ_TILE_WIDTH])
{
    const struct tile_output *to = ctx;
    if (level != 0 || to->skip != n + 1) {
        put_tile_member(to->out, (uint8_t)level, n, 0, sj_view_of(hashes, SJ_TILE_BYTES));
    }
    return SJ_DONE;
}

static void put_tiles(
    const struct maker *maker, const struct maker_output *output, struct sj_buf *out)
{
    void *memory = NULL;
    struct tile_output to = {out, output->skip_tile};
    CHECK_OK(sj_alloc(1, sizeof(struct sj_edge), &memory));
    struct sj_edge *edge = memory;
    for (size_t i = 0; i < maker->count; i++) {
        struct sj_hash leaf = maker->leaves[i];
        if (output->tiles == MAKER_TILES_ENTRIES) {
            CHECK_OK(sj_leaf_hash(sj_buf_view(&maker->entries[i]), &leaf));
        }
        CHECK_OK(sj_edge_append(edge, &leaf, put_full, &to));
    }
    for (unsigned level = 0; level < SJ_TILE_LEVELS; level++) {
        const uint64_t nodes = (uint64_t)maker->count >> (8 * level);
        const unsigned width = (unsigned)(nodes % SJ_TILE_WIDTH);
        if (width != 0 && (level != 0 || to.skip != nodes / SJ_TILE_WIDTH + 1)) {
            put_tile_member(out, (uint8_t)level, nodes / SJ_TILE_WIDTH, width,
                sj_view_of(edge->hashes[level], (size_t)width * SJ_HASH_SIZE));
        }
    }
    sj_free(memory);
}

void maker_tar(const struct maker *maker, const struct maker_output *output, struct sj_buf *out)
{
    put_member(out, SJ_TEXT("policy"), sj_view_of("quorum none\n", 12));
    if (!output->without_checkpoint) {
        put_member(out, SJ_TEXT("checkpoint"), sj_buf_view(&maker->checkpoint));
    }
    if (!output->without_notes) {
        put_member(out, SJ_TEXT("notes"), sj_buf_view(&maker->notes));
    }
    if (output->payloads != NULL) {
        put_member(out, SJ_TEXT("payloads"), sj_buf_view(output->payloads));
    }
    put_bundles(maker, output, out);
    if (output->tiles != MAKER_TILES_NONE) {
        put_tiles(maker, output, out);
    }
    CHECK_OK(sj_tar_put_end(out));
}

void maker_policy(const struct maker *maker, struct sj_buf *out)
{
    CHECK_OK(sj_buf_put_str(out, "log "));
    CHECK_OK(sj_note_key_format(&maker->key, out));
    CHECK_OK(sj_buf_put_str(out, "\nquorum none\n"));
}

void maker_write(const char *path, struct sj_view bytes)
{
    CLEANUP(sj_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
}
