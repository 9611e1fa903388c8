/* SPDX-License-Identifier: Apache-2.0
 *
 * How is a partition of the record written down so that it can leave the database? Bundles of entries and their tiles as C2SP tlog-tiles names
 * them, the first signed tree that has all of them, the hashes of everything before, and a manifest with the SHA-256 of each file.
 * A missing entry or tile ends it: what is sealed is whole.
 */
#include "sanjeh/audit/sealed.h"

#include "sanjeh/audit/tar.h"
#include "sanjeh/audit/tile_path.h"
#include "sanjeh/base/file.h"
#include "sealed.h"
#include "state.h"

#define BUNDLE_MAX ((size_t)SJ_TILE_WIDTH * (2 + 65535))

struct sealing {
    struct sj_db *db;
    const struct sj_context *context;
    int fd;
    struct sj_sealed_head head;
    struct sj_buf note;
    struct sj_buf content;
    struct sj_buf frame;
    struct sj_buf name;
    struct sj_buf files; /* lines of the manifest */
    struct sj_hash leaves[SJ_TILE_WIDTH];
};

static void sealing_free(struct sealing **s)
{
    if (*s != NULL) {
        sj_buf_clear(&(*s)->note);
        sj_buf_clear(&(*s)->content);
        sj_buf_clear(&(*s)->frame);
        sj_buf_clear(&(*s)->name);
        sj_buf_clear(&(*s)->files);
        sj_free(TAKE(*s));
    }
}

static sj_status ask(struct sealing *s, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    const struct sj_query query = {.sql = sql, .params = params, .param_count = count};
    return sj_record_read(s->db, s->context, &query, ret_rows);
}

static sj_status write_file(struct sealing *s, struct sj_text name, struct sj_view content)
{
    sj_buf_reset(&s->frame);
    TRY(sj_tar_put_header(&s->frame, name, content.len));
    TRY(sj_write_all(s->fd, sj_buf_view(&s->frame)));
    TRY(sj_write_all(s->fd, content));
    sj_buf_reset(&s->frame);
    TRY(sj_tar_put_padding(&s->frame, content.len));
    return sj_write_all(s->fd, sj_buf_view(&s->frame));
}

static sj_status write_named(struct sealing *s, struct sj_text name, struct sj_view content)
{
    struct sj_hash hash;
    TRY(sj_sha256_one(content, &hash));
    TRY(sj_sealed_put_file(&s->files, &hash, name));
    return write_file(s, name, content);
}

static sj_status write_tile(
    struct sealing *s, uint8_t level, uint64_t n, unsigned count, struct sj_view content)
{
    const struct sj_tile_name tile = {
        .level = level, .width = (uint8_t)(count == SJ_TILE_WIDTH ? 0 : count), .n = n};
    sj_buf_reset(&s->name);
    TRY(sj_tile_name_format(&tile, &s->name));
    return write_named(s, sj_buf_text(&s->name), content);
}

/* ---- head ---- */

/* With witnesses one that their quorum has cosigned. */
static sj_status find_tree(struct sealing *s, bool has_witnesses)
{
    const struct sj_param param = sj_p_i64((int64_t)s->head.end);
    const enum sj_sql sql =
        has_witnesses ? SJ_SQL_AUDIT_COSIGNED_FROM : SJ_SQL_AUDIT_CHECKPOINT_FROM;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(s, sql, &param, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    s->head.size = (uint64_t)sj_row_i64(rows, 0, 0);
    TRY(sj_buf_put_view(&s->note, sj_row_bytes(rows, 0, 1)));
    const uint8_t *line = memchr(s->note.ptr, '\n', s->note.len);
    ENSURE(line != NULL, LOG_TAMPERED);
    s->head.origin = (struct sj_text){(const char *)s->note.ptr, (size_t)(line - s->note.ptr)};
    return SJ_DONE;
}

static sj_status write_policy(struct sealing *s, const struct sj_bundle_trust *trust)
{
    sj_buf_reset(&s->content);
    TRY(sj_buf_put_str(&s->content, "log "));
    TRY(sj_buf_put_text(&s->content, trust->vkey));
    TRY(sj_buf_put_byte(&s->content, '\n'));
    TRY(trust->lines.len == 0 ? sj_buf_put_str(&s->content, "quorum none\n")
                              : sj_buf_put_text(&s->content, trust->lines));
    return write_named(s, SJ_TEXT("policy"), sj_buf_view(&s->content));
}

/* The root over 2^level leaves from index * 2^level: of one tile, or of both halves. */
static sj_status node(struct sealing *s, unsigned level, uint64_t index, struct sj_hash *ret_hash)
{
    struct sj_hash tile[SJ_TILE_WIDTH];
    const unsigned row = level / 8;
    const unsigned rise = level % 8;
    const uint64_t n = index >> (8 - rise);
    const struct sj_param params[] = {
        sj_p_i32((int32_t)row), sj_p_i64((int64_t)n), sj_p_i64((int64_t)n + 1)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(s, SJ_SQL_AUDIT_TILE_RANGE, params, SJ_COUNT(params), &rows));
    if (sj_rows_count(rows) == 1) {
        const size_t first = (size_t)((index << rise) % SJ_TILE_WIDTH);
        ENSURE(sj_row_bytes(rows, 0, 1).len == SJ_TILE_BYTES, LOG_TAMPERED);
        TRY(sj_copy(tile, sizeof tile, sj_row_bytes(rows, 0, 1).ptr, SJ_TILE_BYTES));
        return sj_tile_root(&tile[first], (size_t)1 << rise, ret_hash);
    }
    ENSURE(level > 0, LOG_TAMPERED);
    struct sj_hash halves[2];
    TRY(node(s, level - 1, 2 * index, &halves[0]));
    TRY(node(s, level - 1, 2 * index + 1, &halves[1]));
    return sj_tile_root(halves, 2, ret_hash);
}

/* The frontier of the tree before the partition. */
static sj_status write_before(struct sealing *s)
{
    const uint64_t size = s->head.first;
    sj_buf_reset(&s->content);
    for (unsigned bit = 0; bit < 63; bit++) {
        struct sj_hash hash;
        if ((size >> bit & 1) != 0) {
            const uint64_t start = size >> (bit + 1) << (bit + 1);
            TRY(node(s, bit, start >> bit, &hash));
            TRY(sj_buf_put(&s->content, hash.bytes, SJ_HASH_SIZE));
        }
    }
    return write_named(s, SJ_TEXT("before"), sj_buf_view(&s->content));
}

/* ---- entries ---- */

static sj_status write_bundle(struct sealing *s, uint64_t n, unsigned count)
{
    const uint64_t first = n * SJ_TILE_WIDTH;
    const struct sj_param params[] = {sj_p_i64((int64_t)first), sj_p_i64((int64_t)(first + count))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(s, SJ_SQL_AUDIT_ENTRY_RANGE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == count, LOG_TAMPERED);
    sj_buf_reset(&s->content);
    for (unsigned i = 0; i < count; i++) {
        const struct sj_view entry = sj_row_bytes(rows, i, 1);
        const struct sj_view leaf = sj_row_bytes(rows, i, 2);
        ENSURE(sj_row_i64(rows, i, 0) == (int64_t)(first + i) && entry.len <= SJ_ENTRY_MAX &&
                   leaf.len == SJ_HASH_SIZE,
            LOG_TAMPERED);
        TRY(sj_copy(s->leaves[i].bytes, SJ_HASH_SIZE, leaf.ptr, leaf.len));
        TRY(sj_buf_put_u16(&s->content, (uint16_t)entry.len));
        TRY(sj_buf_put_view(&s->content, entry));
    }
    TRY(write_tile(s, SJ_TILE_ENTRIES, n, count, sj_buf_view(&s->content)));
    return write_tile(s, 0, n, count, sj_view_of(s->leaves, (size_t)count * SJ_HASH_SIZE));
}

static sj_status write_manifest(struct sealing *s, struct sj_hash *ret_manifest)
{
    CLEANUP(sj_buf_clear) struct sj_buf manifest = SJ_BUF(SJ_SEALED_MANIFEST);
    TRY(sj_sealed_put_head(&manifest, &s->head));
    TRY(sj_buf_put_view(&manifest, sj_buf_view(&s->files)));
    TRY(sj_sha256_one(sj_buf_view(&manifest), ret_manifest));
    TRY(write_file(s, SJ_TEXT("manifest"), sj_buf_view(&manifest)));
    sj_buf_reset(&s->frame);
    TRY(sj_tar_put_end(&s->frame));
    return sj_write_all(s->fd, sj_buf_view(&s->frame));
}

static sj_status run(
    struct sealing *s, const struct sj_bundle_trust *trust, struct sj_hash *ret_manifest)
{
    TRY(find_tree(s, trust->lines.len > 0));
    TRY(write_named(s, SJ_TEXT("checkpoint"), sj_buf_view(&s->note)));
    TRY(write_policy(s, trust));
    TRY(write_before(s));
    for (uint64_t n = s->head.first / SJ_TILE_WIDTH; n * SJ_TILE_WIDTH < s->head.size; n++) {
        TRY(write_bundle(s, n, sj_tile_count(s->head.size, 0, n)));
    }
    return write_manifest(s, ret_manifest);
}

sj_status sj_sealed_export(struct sj_db *db, const struct sj_context *context,
    const struct sj_bundle_trust *trust, const struct sj_partition *partition, int fd,
    struct sj_hash *ret_manifest)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sealing), &memory));
    CLEANUP(sealing_free) struct sealing *s = memory;
    s->db = db;
    s->context = context;
    s->fd = fd;
    s->head.first = partition->first;
    s->head.end = partition->end;
    s->note = SJ_BUF(SJ_NOTE_MAX);
    s->content = SJ_BUF(BUNDLE_MAX);
    s->frame = SJ_BUF(4 * SJ_TAR_BLOCK);
    s->name = SJ_BUF(SJ_TAR_NAME_MAX);
    s->files = SJ_BUF(SJ_SEALED_MANIFEST);
    return run(s, trust, ret_manifest);
}

sj_status sj_partition_list(struct sj_db *db, const struct sj_context *context,
    struct sj_partition *ret_list, size_t *ret_count)
{
    const struct sj_query query = {SJ_SQL_AUDIT_PARTITION_LIST, NULL, 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(db, context, &query, &rows));
    ENSURE(sj_rows_count(rows) <= SJ_PARTITIONS_MAX, LIMIT_EXCEEDED);
    *ret_count = sj_rows_count(rows);
    for (size_t i = 0; i < *ret_count; i++) {
        ret_list[i] = (struct sj_partition){
            (uint64_t)sj_row_i64(rows, i, 0), (uint64_t)sj_row_i64(rows, i, 1)};
    }
    return SJ_DONE;
}
