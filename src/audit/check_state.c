/* SPDX-License-Identifier: Apache-2.0
 *
 * Where has this run come to, so that the next one need not begin anew? What the walk over the entries remembers, the tree's right edge, and
 * the signed checkpoint that it leads to. Written only while nothing is wrong, beside the old file, synchronised and renamed: it is
 * the old one or the new one. Whoever can write to it can have entries pass unread, so it is the caller's alone (0600).
 */
#include "check_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sanjeh/base/file.h"

#define SAVE_MS    INT64_C(10000)
#define PIECE      ((size_t)1 << 16)
#define MARKS      ((size_t)4096)
#define RECORD_MAX ((size_t)2 * 1024 * 1024) /* an emitter with all the intervals it can have */

struct state_out {
    int fd;
    struct sj_buf piece;
    struct sj_sha256_stream *digest;
};

static sj_status flush(struct state_out *out)
{
    TRY(sj_sha256_stream_put(out->digest, sj_buf_view(&out->piece)));
    TRY(sj_write_all(out->fd, sj_buf_view(&out->piece)));
    sj_buf_reset(&out->piece);
    return SJ_DONE;
}

static sj_status flush_full(struct state_out *out)
{
    return out->piece.len >= PIECE ? flush(out) : SJ_DONE;
}

/* ---- the parts ---- */

/* The signed tree that this place leads to: the one that the run before was on its way to, when this one has not come so far either. */
static struct sj_view target_of(const struct sj_check *c)
{
    for (size_t i = c->older_next; i < c->older_count; i++) {
        if (c->older[i].kind == SJ_OLDER_STATE) {
            return sj_buf_view(&c->older[i].note);
        }
    }
    return sj_buf_view(&c->checkpoint);
}

static sj_status put_head(const struct sj_check *c, struct sj_buf *out)
{
    const struct sj_view target = target_of(c);
    static const struct sj_hash none = {{0}};
    const unsigned flags = (c->has_payloads ? STATE_PAYLOADS : 0u) |
                           (c->options->tsa_ca_path != NULL ? STATE_TIMES : 0u) |
                           (c->is_foreign ? STATE_FOREIGN : 0u);
    const size_t origin = strlen(c->origin);
    TRY(sj_buf_put(out, STATE_MAGIC, STATE_MAGIC_SIZE));
    TRY(sj_buf_put(out, c->policy_digest.bytes, SJ_HASH_SIZE));
    TRY(sj_buf_put(
        out, (c->options->tsa_ca_path != NULL ? &c->tsa_digest : &none)->bytes, SJ_HASH_SIZE));
    TRY(sj_buf_put_byte(out, (uint8_t)flags));
    TRY(sj_buf_put_u16(out, (uint16_t)origin));
    TRY(sj_buf_put(out, c->origin, origin));
    TRY(sj_buf_put(out, c->log_id.bytes, sizeof(c->log_id.bytes)));
    TRY(sj_buf_put_u64(out, c->frontier.size));
    TRY(sj_buf_put_u64(out, c->pruned));
    TRY(sj_buf_put_u64(out, c->prunable));
    TRY(sj_buf_put_u64(out, c->good_size));
    TRY(sj_buf_put_u64(out, (uint64_t)c->last_time));
    TRY(sj_buf_put_u64(out, (uint64_t)c->earliest_s));
    TRY(sj_buf_put_u32(out, (uint32_t)target.len));
    return sj_buf_put_view(out, target);
}

static sj_status put_edge(const struct sj_check *c, struct sj_buf *out)
{
    for (unsigned level = 0; level < SJ_TILE_LEVELS; level++) {
        const size_t count = (size_t)((c->edge.size >> (8 * level)) % SJ_TILE_WIDTH);
        TRY(sj_buf_put(out, c->edge.hashes[level], count * SJ_HASH_SIZE));
    }
    return SJ_DONE;
}

static sj_status put_lines(const struct sj_check *c, struct sj_buf *out)
{
    TRY(sj_buf_put_u16(out, (uint16_t)c->line_count));
    for (size_t i = 0; i < c->line_count; i++) {
        const struct sj_key_line *line = &c->lines[i];
        const unsigned flags = (line->has_next ? LINE_NEXT : 0u) |
                               (line->is_covered ? LINE_COVERED : 0u) |
                               (line->has_past ? LINE_PAST : 0u);
        TRY(sj_buf_put_u16(out, (uint16_t)line->policy_key));
        TRY(sj_buf_put_byte(out, (uint8_t)flags));
        TRY(sj_buf_put_u64(out, line->epoch));
        TRY(sj_buf_put_u64(out, line->first));
        TRY(sj_buf_put(out, line->key, sizeof(line->key)));
        TRY(sj_buf_put(out, line->next, sizeof(line->next)));
        TRY(sj_buf_put(out, line->past, sizeof(line->past)));
    }
    return SJ_DONE;
}

static sj_status put_tenants(const struct sj_check *c, struct state_out *out)
{
    TRY(sj_buf_put_u32(&out->piece, (uint32_t)c->tenants.map.count));
    for (size_t i = 0; i < c->tenants.map.count; i++) {
        const struct sj_tenant *tenant = &c->tenants.list[i];
        TRY(sj_buf_put(&out->piece, tenant->tag.bytes, sizeof(tenant->tag.bytes)));
        TRY(sj_buf_put_u64(&out->piece, tenant->seq));
        TRY(sj_buf_put(&out->piece, tenant->leaf.bytes, SJ_HASH_SIZE));
        TRY(flush_full(out));
    }
    return SJ_DONE;
}

static sj_status put_pairs(const struct sj_check *c, struct state_out *out)
{
    const struct sj_heads *heads = &c->heads;
    const size_t count = heads->has_day ? heads->pair_map.count : 0;
    TRY(sj_buf_put_u64(&out->piece, heads->has_day ? (uint64_t)heads->day : 0));
    TRY(sj_buf_put_u32(&out->piece, (uint32_t)count));
    for (size_t i = 0; i < count; i++) {
        struct sj_uuid tag;
        struct sj_text action;
        uint64_t times = 0;
        sj_heads_pair(heads, i, &tag, &action, &times);
        TRY(sj_buf_put(&out->piece, tag.bytes, sizeof(tag.bytes)));
        TRY(sj_buf_put_byte(&out->piece, (uint8_t)action.len));
        TRY(sj_buf_put_text(&out->piece, action));
        TRY(sj_buf_put_u64(&out->piece, times));
        TRY(flush_full(out));
    }
    return SJ_DONE;
}

static sj_status put_ranges(const struct sj_ranges *ranges, struct state_out *out)
{
    TRY(sj_buf_put_u32(&out->piece, (uint32_t)ranges->count));
    for (size_t i = 0; i < ranges->count; i++) {
        uint64_t first = 0;
        uint64_t last = 0;
        sj_ranges_at(ranges, i, &first, &last);
        TRY(sj_buf_put_u64(&out->piece, first));
        TRY(sj_buf_put_u64(&out->piece, last));
        TRY(flush_full(out));
    }
    return SJ_DONE;
}

static sj_status put_numbers(const struct sj_check *c, struct state_out *out)
{
    const struct sj_emitters *emitters = &c->numbers.emitters;
    const struct sj_singles *singles = &c->numbers.singles;
    struct sj_singles_walk walk = {0};
    TRY(sj_buf_put_u32(&out->piece, (uint32_t)emitters->map.count));
    for (size_t i = 0; i < emitters->map.count; i++) {
        TRY(sj_emitters_put_one(emitters, i, &out->piece));
        TRY(flush_full(out));
    }
    TRY(sj_buf_put(&out->piece, singles->key, sizeof(singles->key)));
    TRY(sj_buf_put_u32(&out->piece, (uint32_t)singles->count));
    for (size_t before = SIZE_MAX; before != out->piece.len;) {
        TRY(flush_full(out));
        before = out->piece.len;
        TRY(sj_singles_next(singles, &walk, MARKS, &out->piece));
    }
    return SJ_DONE;
}

static sj_status put_all(const struct sj_check *c, struct state_out *out)
{
    struct sj_hash digest;
    TRY(put_head(c, &out->piece));
    TRY(put_edge(c, &out->piece));
    TRY(put_lines(c, &out->piece));
    TRY(put_tenants(c, out));
    TRY(put_pairs(c, out));
    TRY(put_ranges(&c->missing, out));
    TRY(put_ranges(&c->erased, out));
    TRY(put_numbers(c, out));
    TRY(flush(out));
    TRY(sj_sha256_stream_end(out->digest, &digest));
    return sj_write_all(out->fd, sj_view_of(digest.bytes, SJ_HASH_SIZE));
}

/* ---- the file ---- */

static void close_out(struct state_out *out)
{
    sj_closep(&out->fd);
    sj_buf_clear(&out->piece);
    sj_sha256_stream_free(&out->digest);
}

static sj_status sync_folder(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    const size_t len = slash == NULL ? 1 : (slash == path ? 1 : (size_t)(slash - path));
    ENSURE(len < sizeof(folder), IO);
    TRY(sj_copy(folder, sizeof(folder) - 1, slash == NULL ? "." : path, len));
    folder[len] = '\0';
    CLEANUP(sj_closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(fd >= 0 && fsync(fd) == 0, IO);
    return SJ_DONE;
}

static sj_status write_beside(const struct sj_check *c, const char *beside)
{
    CLEANUP(close_out) struct state_out out = {.fd = -1, .piece = SJ_BUF(PIECE + RECORD_MAX)};
    (void)unlink(beside); /* left by a run that was killed */
    out.fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    ENSURE(out.fd >= 0, IO);
    TRY(sj_sha256_stream_new(&out.digest));
    TRY(put_all(c, &out));
    ENSURE(fsync(out.fd) == 0, IO);
    return SJ_DONE;
}

sj_status sj_check_state_save(struct sj_check *c)
{
    char beside[4096];
    const char *path = c->options->state_path;
    if (path == NULL || c->stopped || c->has_replay || c->is_state_spoilt) {
        return SJ_DONE;
    }
    const int len = snprintf(beside, sizeof(beside), "%s.new", path);
    ENSURE(len > 0 && (size_t)len < sizeof(beside), BAD_PARAMETER);
    sj_status status = write_beside(c, beside);
    if (!sj_failed(status) && rename(beside, path) != 0) {
        status = SJ_FAILURE(IO);
    }
    if (!sj_failed(status)) {
        status = sync_folder(path);
    }
    if (sj_failed(status)) {
        (void)unlink(beside);
        (void)snprintf(c->report->cause, sizeof(c->report->cause),
            "the state cannot be written to the file given by --state");
        c->report->is_refused = true;
    }
    return status;
}

sj_status sj_check_state_tick(struct sj_check *c, bool *ret_go)
{
    const struct sj_verify_options *options = c->options;
    *ret_go =
        options->tick == NULL || !options->tick(options->tick_ctx, c->frontier.size, c->head.size);
    if (options->state_path == NULL) {
        return SJ_DONE;
    }
    const int64_t now = sj_time_monotonic_ms();
    if (*ret_go && now - c->saved_ms < SAVE_MS) {
        return SJ_DONE;
    }
    c->saved_ms = now;
    c->is_state_spoilt = c->findings != c->findings_opened;
    return sj_check_state_save(c);
}
