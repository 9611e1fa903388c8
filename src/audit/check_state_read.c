/* SPDX-License-Identifier: Apache-2.0
 *
 * May this run begin where the one before has stopped? Only with a state of the same policy and log, whole by its digest, whose tree leads to
 * a signed checkpoint: the frontier is made from the edge, its root is held against the checkpoint's where they have the same size, and the
 * signature is looked at by the keys in force there. What was left half-way is held against that checkpoint when the walk comes to
 * it. A state that is anything else is refused and left alone: it is also a pin, and whoever could have it ignored could have the log
 * go back (skipping to the tip and trusting it has been done elsewhere).
 */
#include "check_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sanjeh/base/file.h"
#include "sanjeh/base/reader.h"

#define PAIRS_MAX 1000000u
#define TIME_MAX  INT64_C(253402300799999999)
#define PIECE     ((size_t)1 << 16)

struct state_in {
    struct sj_stream stream;
    uint64_t left; /* before the digest */
    struct sj_buf bytes;
};

static void close_in(struct state_in *in)
{
    sj_stream_close(&in->stream);
    sj_closep(&in->stream.fd);
    sj_buf_clear(&in->bytes);
}

static sj_status take(struct state_in *in, void *dst, size_t len)
{
    size_t got = 0;
    ENSURE(len <= in->left, PROTOCOL);
    TRY(sj_stream_read(&in->stream, dst, len, &got));
    ENSURE(got == len, PROTOCOL);
    in->left -= len;
    return SJ_DONE;
}

/* Into in->bytes; the reader borrows them until the next call. */
static sj_status take_some(struct state_in *in, size_t len, struct sj_reader *ret_reader)
{
    sj_buf_reset(&in->bytes);
    TRY(sj_buf_reserve(&in->bytes, len + 1));
    TRY(take(in, in->bytes.ptr, len));
    in->bytes.len = len;
    *ret_reader = sj_reader_of(sj_buf_view(&in->bytes));
    return SJ_DONE;
}

static sj_status take_u32(struct state_in *in, uint32_t *ret_value)
{
    struct sj_reader reader;
    TRY(take_some(in, 4, &reader));
    return sj_read_u32(&reader, ret_value);
}

/* ---- the parts ---- */

static sj_status take_tree(struct sj_check *c, struct state_in *in)
{
    struct sj_reader reader;
    uint64_t time = 0;
    uint64_t earliest = 0;
    TRY(take_some(in, sizeof(c->log_id.bytes) + 6 * 8, &reader));
    TRY(sj_read_bytes(&reader, c->log_id.bytes, sizeof(c->log_id.bytes)));
    TRY(sj_read_u64(&reader, &c->begin));
    TRY(sj_read_u64(&reader, &c->pruned));
    TRY(sj_read_u64(&reader, &c->prunable));
    TRY(sj_read_u64(&reader, &c->good_size));
    TRY(sj_read_u64(&reader, &time));
    TRY(sj_read_u64(&reader, &earliest));
    ENSURE(c->begin <= INT64_MAX && c->pruned <= c->begin && c->good_size <= c->begin, PROTOCOL);
    ENSURE(time <= (uint64_t)TIME_MAX && earliest <= (uint64_t)TIME_MAX, PROTOCOL);
    c->last_time = (sj_time_us)time;
    c->earliest_s = (int64_t)earliest;
    c->edge.size = c->begin;
    return SJ_DONE;
}

static sj_status take_target(struct sj_check *c, struct state_in *in)
{
    struct sj_checkpoint checkpoint;
    uint32_t len = 0;
    struct sj_older *older =
        sj_check_older_new(c, SJ_OLDER_STATE, "of the checkpoint that the run before has seen");
    TRY(take_u32(in, &len));
    ENSURE(older != NULL && len >= 1 && len <= SJ_NOTE_MAX, PROTOCOL);
    TRY(sj_buf_reserve(&older->note, len));
    TRY(take(in, older->note.ptr, len));
    older->note.len = len;
    ENSURE(sj_check_read_note(sj_buf_view(&older->note), &checkpoint) &&
               sj_text_equal(checkpoint.origin, sj_text_of(c->origin)) &&
               checkpoint.size >= c->begin,
        PROTOCOL);
    older->pin = (struct sj_pin){true, checkpoint.size, checkpoint.root};
    return SJ_DONE;
}

static sj_status take_edge(struct sj_check *c, struct state_in *in)
{
    for (unsigned level = 0; level < SJ_TILE_LEVELS; level++) {
        const size_t count = (size_t)((c->begin >> (8 * level)) % SJ_TILE_WIDTH);
        TRY(take(in, c->edge.hashes[level], count * SJ_HASH_SIZE));
    }
    return sj_edge_frontier(&c->edge, &c->frontier);
}

static sj_status take_line(struct sj_check *c, struct state_in *in, struct sj_key_line *line)
{
    struct sj_reader reader;
    uint16_t policy_key = 0;
    uint8_t flags = 0;
    TRY(take_some(in, 2 + 1 + 8 + 8 + 3 * (size_t)SJ_ED25519_PUBLIC, &reader));
    TRY(sj_read_u16(&reader, &policy_key));
    TRY(sj_read_u8(&reader, &flags));
    TRY(sj_read_u64(&reader, &line->epoch));
    TRY(sj_read_u64(&reader, &line->first));
    TRY(sj_read_bytes(&reader, line->key, sizeof(line->key)));
    TRY(sj_read_bytes(&reader, line->next, sizeof(line->next)));
    TRY(sj_read_bytes(&reader, line->past, sizeof(line->past)));
    ENSURE(flags <= LINE_FLAGS_, PROTOCOL);
    line->policy_key = policy_key;
    line->has_next = (flags & LINE_NEXT) != 0;
    line->is_covered = (flags & LINE_COVERED) != 0;
    line->has_past = (flags & LINE_PAST) != 0;
    if (policy_key == SJ_NOTE_KEYS_MAX) {
        return SJ_DONE; /* a signer that the policy does not name */
    }
    ENSURE(policy_key < c->policy.key_count && c->policy.is_log[policy_key], PROTOCOL);
    return sj_note_key_make(sj_text_of(c->origin), 1, line->key, &c->policy.keys[policy_key]);
}

static sj_status take_lines(struct sj_check *c, struct state_in *in)
{
    struct sj_reader reader;
    uint16_t count = 0;
    TRY(take_some(in, 2, &reader));
    TRY(sj_read_u16(&reader, &count));
    ENSURE(count <= SJ_COUNT(c->lines), PROTOCOL);
    for (size_t i = 0; i < count; i++) {
        TRY(take_line(c, in, &c->lines[i]));
    }
    c->line_count = count;
    return SJ_DONE;
}

static sj_status take_tenants(struct sj_check *c, struct state_in *in)
{
    uint32_t count = 0;
    TRY(take_u32(in, &count));
    for (uint32_t i = 0; i < count; i++) {
        struct sj_reader reader;
        struct sj_tenant *tenant = NULL;
        struct sj_uuid tag;
        TRY(take_some(in, sizeof(tag.bytes) + 8 + SJ_HASH_SIZE, &reader));
        TRY(sj_read_bytes(&reader, tag.bytes, sizeof(tag.bytes)));
        TRY(sj_tenants_get(&c->tenants, tag, &tenant));
        ENSURE(c->tenants.map.count == i + 1, PROTOCOL);
        TRY(sj_read_u64(&reader, &tenant->seq));
        TRY(sj_read_bytes(&reader, tenant->leaf.bytes, SJ_HASH_SIZE));
    }
    return SJ_DONE;
}

static sj_status take_pairs(struct sj_check *c, struct state_in *in)
{
    struct sj_reader reader;
    uint64_t day = 0;
    uint32_t count = 0;
    TRY(take_some(in, 8 + 4, &reader));
    TRY(sj_read_u64(&reader, &day));
    TRY(sj_read_u32(&reader, &count));
    ENSURE(count <= PAIRS_MAX && day <= (uint64_t)(TIME_MAX / INT64_C(86400000000)), PROTOCOL);
    for (uint32_t i = 0; i < count; i++) {
        char action[256];
        struct sj_uuid tag;
        uint8_t len = 0;
        uint64_t times = 0;
        TRY(take(in, tag.bytes, sizeof(tag.bytes)));
        TRY(take(in, &len, 1));
        TRY(take(in, action, len));
        TRY(take_some(in, 8, &reader));
        TRY(sj_read_u64(&reader, &times));
        TRY(sj_heads_put_back(&c->heads, (int64_t)day, tag, (struct sj_text){action, len}, times));
    }
    return SJ_DONE;
}

static sj_status take_ranges(struct state_in *in, struct sj_ranges *ranges)
{
    uint32_t count = 0;
    TRY(take_u32(in, &count));
    for (uint32_t i = 0; i < count; i++) {
        struct sj_reader reader;
        uint64_t first = 0;
        uint64_t last = 0;
        TRY(take_some(in, 16, &reader));
        TRY(sj_read_u64(&reader, &first));
        TRY(sj_read_u64(&reader, &last));
        TRY(sj_ranges_add(ranges, first, last));
    }
    return SJ_DONE;
}

static sj_status take_emitters(struct sj_check *c, struct state_in *in)
{
    uint32_t count = 0;
    TRY(take_u32(in, &count));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t head[SJ_EMITTER_HEAD];
        uint32_t intervals = 0;
        TRY(take(in, head, sizeof(head)));
        TRY(sj_emitters_intervals_of(head, &intervals));
        sj_buf_reset(&in->bytes);
        TRY(sj_buf_put(&in->bytes, head, sizeof(head)));
        const size_t more = (size_t)intervals * SJ_EMITTER_INTERVAL;
        TRY(sj_buf_reserve(&in->bytes, more + 1));
        TRY(take(in, in->bytes.ptr + in->bytes.len, more));
        in->bytes.len += more;
        TRY(sj_emitters_take_one(&c->numbers.emitters, sj_buf_view(&in->bytes)));
    }
    return SJ_DONE;
}

static sj_status take_singles(struct sj_check *c, struct state_in *in)
{
    struct sj_singles *singles = &c->numbers.singles;
    uint32_t count = 0;
    TRY(take(in, singles->key, sizeof(singles->key)));
    TRY(take_u32(in, &count));
    while (count > 0) {
        struct sj_reader reader;
        const size_t now = count < 4096 ? count : 4096;
        TRY(take_some(in, now * SJ_SINGLE_SIZE, &reader));
        TRY(sj_singles_put_back(singles, sj_buf_view(&in->bytes)));
        count -= (uint32_t)now;
    }
    ENSURE(in->left == 0, PROTOCOL);
    return SJ_DONE;
}

/* ---- the whole ---- */

static const char *fault_of(const struct sj_check *c, const uint8_t *policy, const uint8_t *tsa,
    unsigned flags, struct sj_text origin)
{
    static const struct sj_hash none = {{0}};
    const bool has_times = c->options->tsa_ca_path != NULL;
    if (memcmp(policy, c->policy_digest.bytes, SJ_HASH_SIZE) != 0) {
        return "the state was made with another policy; a new state begins with a new file";
    }
    if (!sj_text_equal(origin, sj_text_of(c->origin))) {
        return "the state is that of another log";
    }
    if (((flags & STATE_TIMES) != 0) != has_times ||
        memcmp(tsa, (has_times ? &c->tsa_digest : &none)->bytes, SJ_HASH_SIZE) != 0) {
        return "the state was made with another --tsa-ca; a new state begins with a new file";
    }
    return NULL;
}

static sj_status take_identity(struct sj_check *c, struct state_in *in, unsigned *ret_flags)
{
    uint8_t fixed[STATE_MAGIC_SIZE + 2 * SJ_HASH_SIZE + 1 + 2];
    char origin[SJ_NOTE_NAME_MAX];
    TRY(take(in, fixed, sizeof(fixed)));
    ENSURE(memcmp(fixed, STATE_MAGIC, STATE_MAGIC_SIZE) == 0, PROTOCOL);
    const uint8_t *digests = fixed + STATE_MAGIC_SIZE;
    const uint8_t *rest = digests + (size_t)2 * SJ_HASH_SIZE;
    const size_t len = (size_t)rest[1] << 8 | rest[2];
    ENSURE(rest[0] <= STATE_FLAGS_ && len <= sizeof(origin), PROTOCOL);
    TRY(take(in, origin, len));
    *ret_flags = rest[0];
    const char *fault =
        fault_of(c, digests, digests + SJ_HASH_SIZE, rest[0], (struct sj_text){origin, len});
    return fault == NULL ? SJ_DONE : sj_check_refuse(c, fault);
}

static sj_status take_all(struct sj_check *c, struct state_in *in)
{
    unsigned flags = 0;
    TRY(take_identity(c, in, &flags));
    c->is_foreign = (flags & STATE_FOREIGN) != 0;
    c->state_had_payloads = (flags & STATE_PAYLOADS) != 0;
    TRY(take_tree(c, in));
    TRY(take_target(c, in));
    TRY(take_edge(c, in));
    TRY(take_lines(c, in));
    TRY(take_tenants(c, in));
    TRY(take_pairs(c, in));
    TRY(take_ranges(in, &c->missing));
    TRY(take_ranges(in, &c->erased));
    TRY(take_emitters(c, in));
    return take_singles(c, in);
}

/* The bytes are those that were written: a disk that rots must not look like a log that does. */
static sj_status check_digest(struct state_in *in, uint64_t size)
{
    CLEANUP(sj_sha256_stream_free) struct sj_sha256_stream *digest = NULL;
    struct sj_hash found;
    struct sj_hash said;
    ENSURE(size > SJ_HASH_SIZE, PROTOCOL);
    TRY(sj_sha256_stream_new(&digest));
    in->left = size - SJ_HASH_SIZE;
    in->stream.left = size;
    while (in->left > 0) {
        struct sj_reader reader;
        TRY(take_some(in, in->left < PIECE ? (size_t)in->left : PIECE, &reader));
        TRY(sj_sha256_stream_put(digest, sj_buf_view(&in->bytes)));
    }
    TRY(sj_sha256_stream_end(digest, &found));
    in->left = SJ_HASH_SIZE;
    TRY(take(in, said.bytes, SJ_HASH_SIZE));
    ENSURE(sj_hash_equal(&found, &said), PROTOCOL);
    in->left = size - SJ_HASH_SIZE;
    const int fd = in->stream.fd;
    in->stream.filled = 0;
    in->stream.used = 0;
    in->stream.offset = 0;
    in->stream.left = size;
    in->stream.fd = fd;
    return SJ_DONE;
}

/* Where it stands is a tree that somebody whom the policy names has signed; half-way it will be. */
static sj_status check_target(struct sj_check *c)
{
    struct sj_note note;
    struct sj_hash root;
    enum sj_signed by = SJ_SIGNED_NOT;
    const struct sj_older *target = &c->older[c->older_count - 1];
    if (target->pin.size != c->begin) {
        return SJ_DONE;
    }
    TRY(sj_frontier_root(&c->frontier, &root));
    TRY(sj_check_signed(c, sj_buf_view(&target->note), &note, &by));
    if (c->stopped || by != SJ_SIGNED_GOOD || !sj_hash_equal(&root, &target->pin.root)) {
        return sj_check_refuse(c, "the state does not lead to the checkpoint that it names");
    }
    return SJ_DONE;
}

static sj_status open_state(struct sj_check *c, struct state_in *in, uint64_t *ret_size)
{
    struct stat info;
    *ret_size = 0;
    in->stream.fd = open(c->options->state_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (in->stream.fd < 0 && errno == ENOENT) {
        return SJ_DONE; /* the first run */
    }
    if (in->stream.fd < 0 || fstat(in->stream.fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return sj_check_refuse(c, "the file given by --state cannot be read");
    }
    if (info.st_uid != geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return sj_check_refuse(c, "others can write to the file given by --state");
    }
    *ret_size = (uint64_t)info.st_size;
    return SJ_DONE;
}

sj_status sj_check_state_load(struct sj_check *c)
{
    CLEANUP(close_in) struct state_in in = {.stream = {.fd = -1}, .bytes = SJ_BUF(2U << 20)};
    uint64_t size = 0;
    if (c->options->state_path == NULL) {
        return SJ_DONE;
    }
    if (c->options->tsa_ca_path != NULL) {
        CLEANUP(sj_buf_clear) struct sj_buf ca = SJ_BUF(1U << 20);
        TRY(sj_read_file(c->options->tsa_ca_path, &ca));
        TRY(sj_sha256_one(sj_buf_view(&ca), &c->tsa_digest));
    }
    TRY(open_state(c, &in, &size));
    if (in.stream.fd < 0) {
        return SJ_DONE;
    }
    sj_status status = check_digest(&in, size);
    if (!sj_failed(status)) {
        status = take_all(c, &in);
    }
    if (sj_failed(status) && status.code != SJ_OUT_OF_MEMORY && status.code != SJ_BAD_PARAMETER) {
        return sj_check_refuse(c, "the state is damaged, or no state at all");
    }
    TRY(status);
    TRY(check_target(c));
    c->report->resumed_from = c->begin;
    c->report->entries_checked = c->begin - c->pruned;
    return SJ_DONE;
}
