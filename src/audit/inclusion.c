/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the entry that a reader asks for the one that was signed? Its bytes are hashed and climbed through the stored
 * tiles to the signed frontier: the one perfect subtree of the newest signed tree that holds it. What the database has
 * is shown only when it gives that hash (RFC 6962 2.1; frontier as in sanjeh/crypto/merkle.h). Otherwise whoever edits a
 * row would have the officer read it as the truth until the next verification.
 */
#include "sanjeh/base/log.h"
#include "state.h"

struct climb {
    struct sj_db *db;
    const struct sj_context *context;
    uint64_t index;
    unsigned level;
    uint64_t node; /* of that level, above index */
    struct sj_hash hash;
    struct sj_hash hashes[SJ_TILE_WIDTH];
};

static sj_status read_range(struct climb *c, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    const struct sj_query query = {.sql = sql, .params = params, .param_count = count};
    return sj_record_read(c->db, c->context, &query, ret_rows);
}

static sj_status take_hash(struct climb *c, size_t place, struct sj_view bytes)
{
    ENSURE(bytes.len == SJ_HASH_SIZE, LOG_TAMPERED);
    return sj_copy(c->hashes[place].bytes, SJ_HASH_SIZE, bytes.ptr, bytes.len);
}

static sj_status tiles(
    struct climb *c, unsigned level, uint64_t from, uint64_t count, struct sj_rows **ret_rows)
{
    const struct sj_param params[] = {
        sj_p_i32((int32_t)level), sj_p_i64((int64_t)from), sj_p_i64((int64_t)(from + count))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_range(c, SJ_SQL_AUDIT_TILE_RANGE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == count, LOG_TAMPERED);
    for (size_t i = 0; i < count; i++) {
        ENSURE(sj_row_bytes(rows, i, 1).len == SJ_TILE_BYTES, LOG_TAMPERED);
    }
    *ret_rows = TAKE(rows);
    return SJ_DONE;
}

/* Through one full tile, which must hold what came from below. */
static sj_status climb_tile(struct climb *c)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(tiles(c, c->level, c->node / SJ_TILE_WIDTH, 1, &rows));
    TRY(sj_copy(c->hashes, sizeof(c->hashes), sj_row_bytes(rows, 0, 1).ptr, SJ_TILE_BYTES));
    ENSURE(sj_hash_equal(&c->hashes[c->node % SJ_TILE_WIDTH], &c->hash), LOG_TAMPERED);
    TRY(sj_tile_root(c->hashes, SJ_TILE_WIDTH, &c->hash));
    c->node /= SJ_TILE_WIDTH;
    c->level++;
    return SJ_DONE;
}

static sj_status take_leaves(struct climb *c, uint64_t first, size_t count)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)first), sj_p_i64((int64_t)(first + count))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_range(c, SJ_SQL_AUDIT_ENTRY_RANGE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == count, LOG_TAMPERED);
    for (size_t i = 0; i < count; i++) {
        TRY(take_hash(c, i, sj_row_bytes(rows, i, 2)));
    }
    return SJ_DONE;
}

static sj_status take_roots(struct climb *c, uint64_t first, size_t count)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(tiles(c, c->level - 1, first, count, &rows));
    TRY(sj_alloc(SJ_TILE_WIDTH, sizeof(struct sj_hash), &memory));
    for (size_t i = 0; i < count; i++) {
        TRY(sj_copy(memory, SJ_TILE_BYTES, sj_row_bytes(rows, i, 1).ptr, SJ_TILE_BYTES));
        TRY(sj_tile_root(memory, SJ_TILE_WIDTH, &c->hashes[i]));
    }
    return SJ_DONE;
}

/* The last step, inside a tile that is not full: up to 128 hashes. */
static sj_status climb_edge(struct climb *c, unsigned bits)
{
    const size_t count = (size_t)1 << bits;
    const uint64_t first = c->node - c->node % count;
    if (count == 1) {
        return SJ_DONE;
    }
    if (c->level == 0) {
        TRY(take_leaves(c, first, count));
    } else {
        TRY(take_roots(c, first, count));
    }
    ENSURE(sj_hash_equal(&c->hashes[c->node - first], &c->hash), LOG_TAMPERED);
    return sj_tile_root(c->hashes, count, &c->hash);
}

/* The subtree that holds the index: bit of the size. */
static unsigned subtree_of(uint64_t size, uint64_t index)
{
    uint64_t start = 0;
    for (unsigned bit = 63; bit > 0; bit--) {
        const uint64_t width = UINT64_C(1) << bit;
        if ((size & width) == 0) {
            continue;
        }
        if (index - start < width) {
            return bit;
        }
        start += width;
    }
    return 0;
}

static sj_status prove(struct climb *c, const struct sj_frontier *frontier)
{
    const unsigned bit = subtree_of(frontier->size, c->index);
    while (bit >= 8 * (c->level + 1)) {
        TRY(climb_tile(c));
    }
    TRY(climb_edge(c, bit - 8 * c->level));
    ENSURE(sj_hash_equal(&c->hash, &frontier->hashes[bit]), LOG_TAMPERED);
    return SJ_DONE;
}

static sj_status read_and_prove(struct climb *c, const struct sj_frontier *frontier,
    struct sj_entry *ret_entry, struct sj_hash *ret_leaf)
{
    const struct sj_param param = sj_p_i64((int64_t)c->index);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_range(c, SJ_SQL_AUDIT_ENTRY_GET, &param, 1, &rows));
    if (sj_rows_count(rows) == 0) {
        return sj_record_missing(c->db, c->context, c->index);
    }
    const struct sj_view bytes = sj_row_bytes(rows, 0, 0);
    ENSURE(!sj_failed(sj_entry_decode(bytes, ret_entry)), LOG_TAMPERED);
    TRY(sj_leaf_hash(bytes, ret_leaf));
    ENSURE(sj_view_equal(sj_row_bytes(rows, 0, 1), sj_view_of(ret_leaf->bytes, SJ_HASH_SIZE)),
        LOG_TAMPERED);
    c->node = c->index;
    c->hash = *ret_leaf;
    return prove(c, frontier);
}

sj_status sj_sequencer_entry(struct sj_sequencer *s, struct sj_db *db,
    const struct sj_context *context, uint64_t index, struct sj_entry *ret_entry,
    struct sj_hash *ret_leaf)
{
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct climb) + sizeof(struct sj_frontier), &memory));
    struct climb *c = memory;
    struct sj_frontier *frontier = (void *)(c + 1);
    SJ_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    *frontier = s->signed_frontier;
    SJ_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    ENSURE(index < frontier->size, NOT_FOUND);
    c->db = db;
    c->context = context;
    c->index = index;
    const sj_status status = read_and_prove(c, frontier, ret_entry, ret_leaf);
    if (status.code == SJ_LOG_TAMPERED) {
        SJ_LOG(ERROR, "audit.entry.contradicted", sj_log_status(status),
            sj_log_int("index", (int64_t)index), sj_log_int("size", (int64_t)frontier->size));
    }
    return status;
}
