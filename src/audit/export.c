/* SPDX-License-Identifier: Apache-2.0
 *
 * How does the record leave the house? As a tar that anybody can check without us: the signed checkpoint, every
 * entry as stored, the tiles, the note of every batch, and a policy for convenience (a verifier brings his own).
 * Nothing is repaired on the way: a missing row becomes an empty entry, a missing tile a missing member, so that
 * the verifier sees what the database has.
 */
#include "sanjeh/audit/bundle.h"

#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "export_priv.h"
#include "sanjeh/audit/published.h"
#include "sanjeh/audit/tar.h"
#include "sanjeh/audit/tile_path.h"
#include "sanjeh/base/file.h"
#include "state.h"

#define ENTRY_LIMIT 65535
#define BUNDLE_MAX  ((size_t)SJ_TILE_WIDTH * (2 + ENTRY_LIMIT))
#define NOTES_PAGE  1024

#define WITNESS_SLICE_MS 100
#define WITNESS_SLICES   30u

struct export
{
    struct sj_db *db;
    const struct sj_context *context;
    const struct sj_uuid *former;
    int fd;
    uint64_t size;
    uint64_t
        minimum; /* entries before it were pruned: their bundles are left out, their hashes not */
    struct sj_buf content;
    struct sj_buf frame; /* a header, or padding */
    struct sj_buf name;
    struct sj_hash leaves[SJ_TILE_WIDTH]; /* of the newest bundle */
    struct sj_hash roots[SJ_TILE_LEVELS]
                        [SJ_TILE_WIDTH]; /* of the tiles below the partial tile of a level */
};

static void clear_export(struct export *x)
{
    sj_buf_clear(&x->content);
    sj_buf_clear(&x->frame);
    sj_buf_clear(&x->name);
}

static sj_status begin_member(struct export *x, struct sj_text name, uint64_t size)
{
    sj_buf_reset(&x->frame);
    TRY(sj_tar_put_header(&x->frame, name, size));
    return sj_write_all(x->fd, sj_buf_view(&x->frame));
}

static sj_status end_member(struct export *x, uint64_t size)
{
    sj_buf_reset(&x->frame);
    TRY(sj_tar_put_padding(&x->frame, size));
    return sj_write_all(x->fd, sj_buf_view(&x->frame));
}

static sj_status write_member(struct export *x, struct sj_text name, struct sj_view content)
{
    TRY(begin_member(x, name, content.len));
    TRY(sj_write_all(x->fd, content));
    return end_member(x, content.len);
}

static sj_status write_tile(
    struct export *x, uint8_t level, uint64_t n, unsigned count, struct sj_view content)
{
    const struct sj_tile_name name = {
        .level = level, .width = (uint8_t)(count == SJ_TILE_WIDTH ? 0 : count), .n = n};
    sj_buf_reset(&x->name);
    TRY(sj_tile_name_format(&name, &x->name));
    return write_member(x, sj_buf_text(&x->name), content);
}

/* The same question about a log that was put aside: its id is one parameter more. */
static const struct {
    enum sj_sql now;
    enum sj_sql former;
} former_of[] = {
    {SJ_SQL_AUDIT_CHECKPOINT_NEWEST, SJ_SQL_AUDIT_FORMER_CHECKPOINT_NEWEST},
    {SJ_SQL_AUDIT_CHECKPOINT_TOTAL, SJ_SQL_AUDIT_FORMER_CHECKPOINT_TOTAL},
    {SJ_SQL_AUDIT_CHECKPOINT_RANGE, SJ_SQL_AUDIT_FORMER_CHECKPOINT_RANGE},
    {SJ_SQL_AUDIT_ENTRY_RANGE, SJ_SQL_AUDIT_FORMER_ENTRY_RANGE},
    {SJ_SQL_AUDIT_TILE_RANGE, SJ_SQL_AUDIT_FORMER_TILE_RANGE},
    {SJ_SQL_AUDIT_TIMESTAMP_TOTAL, SJ_SQL_AUDIT_FORMER_TIMESTAMP_TOTAL},
    {SJ_SQL_AUDIT_TIMESTAMP_RANGE, SJ_SQL_AUDIT_FORMER_TIMESTAMP_RANGE},
};
#define PARAMS_MAX 3

static sj_status read_former(struct export *x, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    struct sj_param more[PARAMS_MAX + 1];
    ENSURE(count <= PARAMS_MAX, INTERNAL);
    for (size_t i = 0; i < count; i++) {
        more[i] = params[i];
    }
    more[count] = sj_p_id(x->former);
    for (size_t i = 0; i < SJ_COUNT(former_of); i++) {
        if (former_of[i].now == sql) {
            const struct sj_query query = {former_of[i].former, more, count + 1};
            return sj_record_read(x->db, x->context, &query, ret_rows);
        }
    }
    FAIL(INTERNAL);
}

static sj_status former_minimum(struct export *x)
{
    const struct sj_param param = sj_p_id(x->former);
    const struct sj_query query = {SJ_SQL_AUDIT_FORMER_MINIMUM, &param, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(x->db, x->context, &query, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    x->minimum = (uint64_t)sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}

static sj_status read_one(struct export *x, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    if (x->former != NULL) {
        return read_former(x, sql, params, count, ret_rows);
    }
    const struct sj_query query = {.sql = sql, .params = params, .param_count = count};
    return sj_record_read(x->db, x->context, &query, ret_rows);
}

static void wait_a_little(void)
{
    const struct timespec pause = {.tv_nsec = WITNESS_SLICE_MS * 1000000};
    if (sj_fiber_current() != NULL) {
        sj_fiber_sleep_ms(WITNESS_SLICE_MS);
    } else {
        (void)nanosleep(&pause, NULL);
    }
}

/* The cosigned checkpoint when witnesses have seen a tree of at least `least` entries within a few seconds. It replaces the one in
 * content. */
static sj_status prefer_cosigned(struct export *x, uint64_t least, uint64_t to)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(SJ_NOTE_MAX);
    int64_t cosigned_s = 0;
    for (unsigned slice = 0; slice < WITNESS_SLICES; slice++) {
        uint64_t size = 0;
        sj_buf_reset(&note);
        const sj_status status =
            sj_published_newest(x->db, x->context, to, &note, &size, &cosigned_s);
        ENSURE(!sj_failed(status) || status.code == SJ_NOT_FOUND, DATABASE_UNAVAILABLE);
        if (!sj_failed(status) && size >= least) {
            x->size = size;
            sj_buf_reset(&x->content);
            return sj_buf_put_view(&x->content, sj_buf_view(&note));
        }
        wait_a_little();
    }
    return SJ_DONE;
}

static sj_status write_checkpoint(struct export *x, bool has_witnesses, uint64_t to)
{
    const uint64_t limit = to == 0 || to > INT64_MAX ? INT64_MAX : to;
    const struct sj_param param = sj_p_i64((int64_t)limit);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_one(x, SJ_SQL_AUDIT_CHECKPOINT_NEWEST, &param, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1 && sj_row_i64(rows, 0, 0) >= 0, NOT_FOUND);
    x->size = (uint64_t)sj_row_i64(rows, 0, 0);
    sj_buf_reset(&x->content);
    TRY(sj_buf_put_view(&x->content, sj_row_bytes(rows, 0, 1)));
    if (has_witnesses && x->former == NULL) {
        /* a tree in the past is taken as witnesses have seen it; of the present one nothing may be missing */
        TRY(prefer_cosigned(x, to == 0 ? x->size : 1, limit));
    }
    return write_member(x, SJ_TEXT("checkpoint"), sj_buf_view(&x->content));
}

static sj_status put_log(struct export *x, struct sj_text vkey)
{
    TRY(sj_buf_put_str(&x->content, "log "));
    TRY(sj_buf_put_text(&x->content, vkey));
    return sj_buf_put_byte(&x->content, '\n');
}

/* As the database names them: a verifier takes his keys from elsewhere, and never from here. */
static sj_status put_other_servers(struct export *x, struct sj_text vkey)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    if (x->former != NULL) {
        return SJ_DONE; /* they are another log's */
    }
    TRY(read_one(x, SJ_SQL_AUDIT_SIGNER_LIST, NULL, 0, &rows));
    for (size_t i = 0; i < sj_rows_count(rows) && i < SJ_PEERS_MAX; i++) {
        const struct sj_text other = sj_row_text(rows, i, 1);
        if (!sj_text_equal(other, vkey)) {
            TRY(put_log(x, other));
        }
    }
    return SJ_DONE;
}

static sj_status write_policy(struct export *x, const struct sj_bundle_trust *trust)
{
    sj_buf_reset(&x->content);
    TRY(put_log(x, trust->vkey));
    TRY(put_other_servers(x, trust->vkey));
    TRY(trust->lines.len == 0 ? sj_buf_put_str(&x->content, "quorum none\n")
                              : sj_buf_put_text(&x->content, trust->lines));
    return write_member(x, SJ_TEXT("policy"), sj_buf_view(&x->content));
}

static sj_status notes_total(struct export *x, uint64_t *ret_total)
{
    const struct sj_param param = sj_p_i64((int64_t)x->size);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_one(x, SJ_SQL_AUDIT_CHECKPOINT_TOTAL, &param, 1, &rows));
    *ret_total = (uint64_t)sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}

static sj_status notes_page(struct export *x, int64_t *after, size_t *ret_rows)
{
    const struct sj_param params[] = {sj_p_i64(*after), sj_p_i64((int64_t)x->size)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_one(x, SJ_SQL_AUDIT_CHECKPOINT_RANGE, params, SJ_COUNT(params), &rows));
    sj_buf_reset(&x->content);
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        const struct sj_view note = sj_row_bytes(rows, i, 1);
        TRY(sj_buf_put_u16(&x->content, (uint16_t)note.len));
        TRY(sj_buf_put_view(&x->content, note));
        *after = sj_row_i64(rows, i, 0);
    }
    *ret_rows = sj_rows_count(rows);
    return SJ_DONE;
}

/* The length stands in front, so it is asked first; rows are never changed, so it still holds. */
static sj_status write_notes(struct export *x)
{
    uint64_t total = 0;
    uint64_t written = 0;
    int64_t after = -1;
    size_t rows = NOTES_PAGE;
    TRY(notes_total(x, &total));
    TRY(begin_member(x, SJ_TEXT("notes"), total));
    while (rows == NOTES_PAGE) {
        TRY(notes_page(x, &after, &rows));
        TRY(sj_write_all(x->fd, sj_buf_view(&x->content)));
        written += x->content.len;
    }
    ENSURE(written == total, INTERNAL);
    return end_member(x, total);
}

/* Entries first .. first + count as a bundle into content, their stored leaf hashes into leaves. */
static sj_status collect_entries(struct export *x, uint64_t first, unsigned count)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)first), sj_p_i64((int64_t)(first + count))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_one(x, SJ_SQL_AUDIT_ENTRY_RANGE, params, SJ_COUNT(params), &rows));
    sj_buf_reset(&x->content);
    size_t row = 0;
    for (unsigned i = 0; i < count; i++) {
        const bool is_there =
            row < sj_rows_count(rows) && sj_row_i64(rows, row, 0) == (int64_t)(first + i);
        struct sj_view entry = {NULL, 0};
        x->leaves[i] = (struct sj_hash){{0}};
        if (is_there) {
            const struct sj_view leaf = sj_row_bytes(rows, row, 2);
            entry = sj_row_bytes(rows, row++, 1);
            entry.len = entry.len > ENTRY_LIMIT ? 0 : entry.len;
            if (leaf.len == SJ_HASH_SIZE) {
                TRY(sj_copy(x->leaves[i].bytes, SJ_HASH_SIZE, leaf.ptr, leaf.len));
            }
        }
        TRY(sj_buf_put_u16(&x->content, (uint16_t)entry.len));
        TRY(sj_buf_put_view(&x->content, entry));
    }
    return SJ_DONE;
}

static sj_status write_entries(struct export *x)
{
    for (uint64_t n = 0; n <= x->size / SJ_TILE_WIDTH; n++) {
        const unsigned count = sj_tile_count(x->size, 0, n);
        if (count == 0 || n * SJ_TILE_WIDTH < x->minimum) {
            continue;
        }
        TRY(collect_entries(x, n * SJ_TILE_WIDTH, count));
        TRY(write_tile(x, SJ_TILE_ENTRIES, n, count, sj_buf_view(&x->content)));
        if (count != SJ_TILE_WIDTH) {
            TRY(write_tile(x, 0, n, count, sj_view_of(x->leaves, (size_t)count * SJ_HASH_SIZE)));
        }
    }
    return SJ_DONE;
}

/* A full tile of a level; its root is kept when the partial tile above needs it. */
static sj_status take_tile(struct export *x, unsigned level, uint64_t n, struct sj_view hashes)
{
    TRY(write_tile(x, (uint8_t)level, n, SJ_TILE_WIDTH, hashes));
    const uint64_t nodes_above = x->size >> (8 * (level + 1));
    if (level + 1 < SJ_TILE_LEVELS && n >= nodes_above - nodes_above % SJ_TILE_WIDTH &&
        hashes.len == SJ_TILE_BYTES) {
        struct sj_hash copy[SJ_TILE_WIDTH];
        TRY(sj_copy(copy, sizeof(copy), hashes.ptr, hashes.len));
        TRY(sj_tile_root(copy, SJ_TILE_WIDTH, &x->roots[level + 1][n % SJ_TILE_WIDTH]));
    }
    return SJ_DONE;
}

static sj_status write_level(struct export *x, unsigned level)
{
    const uint64_t nodes = x->size >> (8 * level);
    const uint64_t full = nodes / SJ_TILE_WIDTH;
    for (uint64_t from = 0; from < full; from += SJ_TILE_WIDTH) {
        const uint64_t to = full - from < SJ_TILE_WIDTH ? full : from + SJ_TILE_WIDTH;
        const struct sj_param params[] = {
            sj_p_i32((int32_t)level), sj_p_i64((int64_t)from), sj_p_i64((int64_t)to)};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(read_one(x, SJ_SQL_AUDIT_TILE_RANGE, params, SJ_COUNT(params), &rows));
        for (size_t i = 0; i < sj_rows_count(rows); i++) {
            TRY(take_tile(x, level, (uint64_t)sj_row_i64(rows, i, 0), sj_row_bytes(rows, i, 1)));
        }
    }
    const unsigned partial = (unsigned)(nodes % SJ_TILE_WIDTH);
    if (level == 0 || partial == 0) {
        return SJ_DONE; /* the lowest partial tile went with its entries */
    }
    return write_tile(x, (uint8_t)level, full, partial,
        sj_view_of(x->roots[level], (size_t)partial * SJ_HASH_SIZE));
}

/* One token after another: u16 length and stamped note, u16 length and TimeStampResp. */
static sj_status stamps_page(struct export *x, int64_t *after, size_t *ret_rows)
{
    const struct sj_param params[] = {sj_p_i64(*after), sj_p_i64((int64_t)x->size)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_one(x, SJ_SQL_AUDIT_TIMESTAMP_RANGE, params, SJ_COUNT(params), &rows));
    sj_buf_reset(&x->content);
    *ret_rows = sj_rows_count(rows);
    for (size_t i = 0; i < *ret_rows; i++) {
        for (size_t column = 1; column <= 2; column++) {
            const struct sj_view part = sj_row_bytes(rows, i, column);
            TRY(sj_buf_put_u16(&x->content, (uint16_t)part.len));
            TRY(sj_buf_put_view(&x->content, part));
        }
        *after = sj_row_i64(rows, i, 0);
    }
    return SJ_DONE;
}

static sj_status write_stamps(struct export *x)
{
    const struct sj_param param = sj_p_i64((int64_t)x->size);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_one(x, SJ_SQL_AUDIT_TIMESTAMP_TOTAL, &param, 1, &rows));
    const uint64_t total = (uint64_t)sj_row_i64(rows, 0, 0);
    uint64_t written = 0;
    int64_t after = -1;
    size_t count = 1;
    if (total == 0) {
        return SJ_DONE;
    }
    TRY(begin_member(x, SJ_TEXT("timestamps"), total));
    while (count > 0 && written < total) {
        TRY(stamps_page(x, &after, &count));
        TRY(sj_write_all(x->fd, sj_buf_view(&x->content)));
        written += x->content.len;
    }
    ENSURE(written == total, INTERNAL);
    return end_member(x, total);
}

static sj_status unsequenced_page(
    struct export *x, struct sj_uuid *emitter, int64_t *seq, size_t *ret_rows)
{
    const struct sj_param params[] = {sj_p_id(emitter), sj_p_i64(*seq), sj_p_id(x->former)};
    const struct sj_query query = {SJ_SQL_AUDIT_FORMER_OUTBOX_RANGE, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(x->db, x->context, &query, &rows));
    sj_buf_reset(&x->content);
    *ret_rows = sj_rows_count(rows);
    for (size_t i = 0; i < *ret_rows; i++) {
        const struct sj_view draft = sj_row_bytes(rows, i, 2);
        *emitter = sj_row_id(rows, i, 0);
        *seq = sj_row_i64(rows, i, 1);
        TRY(sj_buf_put_u32(&x->content, (uint32_t)draft.len));
        TRY(sj_buf_put_view(&x->content, draft));
    }
    return SJ_DONE;
}

/* Deeds that were committed when the log ended and never got their place: the SHA-256 of this member stands in the first entry of the
 * log that goes on from it. */
static sj_status write_unsequenced(struct export *x)
{
    const struct sj_param param = sj_p_id(x->former);
    const struct sj_query query = {SJ_SQL_AUDIT_FORMER_OUTBOX_TOTAL, &param, 1};
    struct sj_uuid emitter = {{0}};
    int64_t seq = INT64_MIN;
    uint64_t written = 0;
    size_t count = 1;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(x->db, x->context, &query, &rows));
    const uint64_t total = (uint64_t)sj_row_i64(rows, 0, 0);
    if (total == 0) {
        return SJ_DONE;
    }
    TRY(begin_member(x, SJ_TEXT("unsequenced"), total));
    while (count > 0) {
        TRY(unsequenced_page(x, &emitter, &seq, &count));
        TRY(sj_write_all(x->fd, sj_buf_view(&x->content)));
        written += x->content.len;
    }
    ENSURE(written == total, INTERNAL);
    return end_member(x, total);
}

#define PIECE ((size_t)64 * 1024)

/* Their length stands in front, so they are gathered first, in memory that is on no disk. */
static sj_status write_payloads(struct export *x, struct sj_payload_keys *keys)
{
    uint64_t bytes = 0;
    CLEANUP(sj_freep) void *piece = NULL;
    if (keys == NULL) {
        return SJ_DONE;
    }
    CLEANUP(sj_closep) int fd = memfd_create("audit-payloads", MFD_CLOEXEC);
    ENSURE(fd >= 0, IO);
    TRY(sj_export_payloads(x->db, x->context, keys, x->size, fd, &bytes));
    ENSURE(lseek(fd, 0, SEEK_SET) == 0, IO);
    TRY(sj_alloc(1, PIECE, &piece));
    TRY(begin_member(x, SJ_TEXT("payloads"), bytes));
    for (;;) {
        const ssize_t count = read(fd, piece, PIECE);
        ENSURE(count >= 0, IO);
        if (count == 0) {
            return end_member(x, bytes);
        }
        TRY(sj_write_all(x->fd, sj_view_of(piece, (size_t)count)));
    }
}

static sj_status write_bundle(struct export *x, const struct sj_bundle_trust *trust, uint64_t to)
{
    TRY(write_checkpoint(x, trust->lines.len > 0, to));
    TRY(write_policy(x, trust));
    TRY(write_notes(x));
    TRY(write_stamps(x));
    TRY(x->former != NULL ? write_unsequenced(x) : SJ_DONE);
    TRY(write_payloads(x, trust->payloads));
    TRY(write_entries(x));
    for (unsigned level = 0; level < SJ_TILE_LEVELS; level++) {
        TRY(write_level(x, level));
    }
    sj_buf_reset(&x->frame);
    TRY(sj_tar_put_end(&x->frame));
    return sj_write_all(x->fd, sj_buf_view(&x->frame));
}

static void free_export(struct export **x)
{
    if (*x != NULL) {
        clear_export(*x);
        sj_free(TAKE(*x));
    }
}

sj_status sj_bundle_export(struct sj_db *db, const struct sj_context *context,
    const struct sj_bundle_trust *trust, uint64_t to, int fd, uint64_t *ret_size)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct export), &memory)); /* too large for a fiber's stack */
    CLEANUP(free_export) struct export *x = memory;
    x->db = db;
    x->context = context;
    x->former = trust->former;
    x->fd = fd;
    x->content = SJ_BUF(BUNDLE_MAX);
    x->frame = SJ_BUF(4 * SJ_TAR_BLOCK);
    x->name = SJ_BUF(SJ_TAR_NAME_MAX);
    TRY(x->former == NULL ? sj_record_minimum(db, context, &x->minimum) : former_minimum(x));
    TRY(write_bundle(x, trust, to));
    *ret_size = x->size;
    return SJ_DONE;
}
