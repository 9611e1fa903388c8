/* SPDX-License-Identifier: Apache-2.0
 *
 * Are the newest entries, the right edge of the tiles and the tenants' chains what the signed root says? The edge
 * is rebuilt from rows and believed only when it gives the signed frontier; entries are hashed again from their
 * bytes, never taken by their stored hash. Older entries are the verifier's work: a start must stay quick.
 */
#include <stdio.h>

#include "sanjeh/base/log.h"
#include "state.h"

static sj_status refuse(
    char *reason, size_t reason_size, const char *what, uint64_t place, const char *where)
{
    if (reason_size != 0) {
        (void)snprintf(
            reason, reason_size, "%s at %s %llu", what, where, (unsigned long long)place);
    }
    FAIL(LOG_TAMPERED);
}

static sj_status read_record(
    struct sj_sequencer *s, const struct sj_query *query, struct sj_rows **ret_rows)
{
    struct sj_context context;
    TRY(sj_record_context(s, &context));
    return sj_record_read(s->config.db, &context, query, ret_rows);
}

static bool entry_fits(const struct sj_sequencer *s, struct sj_view bytes, uint64_t index)
{
    struct sj_entry entry;
    return !sj_failed(sj_entry_decode(bytes, &entry)) && entry.index == index &&
           sj_uuid_equal(entry.log_id, s->head.log_id);
}

sj_status sj_recover_leaves(struct sj_sequencer *s, uint64_t from, uint64_t to,
    struct sj_hash *ret_leaves, char *reterr_reason, size_t reason_size)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)from), sj_p_i64((int64_t)to)};
    const struct sj_query query = {
        .sql = SJ_SQL_AUDIT_ENTRY_RANGE, .params = params, .param_count = SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_record(s, &query, &rows));
    for (uint64_t i = 0; i < to - from; i++) {
        if (i >= sj_rows_count(rows) || sj_row_i64(rows, i, 0) != (int64_t)(from + i)) {
            return refuse(reterr_reason, reason_size, "an entry is missing", from + i, "index");
        }
        const struct sj_view bytes = sj_row_bytes(rows, i, 1);
        const struct sj_view stored = sj_row_bytes(rows, i, 2);
        TRY(sj_leaf_hash(bytes, &ret_leaves[i]));
        if (!entry_fits(s, bytes, from + i) ||
            !sj_view_equal(stored, sj_view_of(ret_leaves[i].bytes, SJ_HASH_SIZE))) {
            return refuse(reterr_reason, reason_size, "an entry was changed", from + i, "index");
        }
    }
    return SJ_DONE;
}

/* Hashes of level's partial tile: the roots of the full tiles below it. */
static sj_status load_level(
    struct sj_sequencer *s, unsigned level, char *reterr_reason, size_t reason_size)
{
    struct sj_edge *edge = &s->head.edge;
    const uint64_t to = edge->size >> (8 * level);
    const uint64_t from = to - to % SJ_TILE_WIDTH;
    if (from == to) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {
        sj_p_i32((int32_t)level - 1), sj_p_i64((int64_t)from), sj_p_i64((int64_t)to)};
    const struct sj_query query = {
        .sql = SJ_SQL_AUDIT_TILE_RANGE, .params = params, .param_count = SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_record(s, &query, &rows));
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(SJ_TILE_WIDTH, sizeof(struct sj_hash), &memory));
    struct sj_hash *hashes = memory;
    for (uint64_t i = 0; i < to - from; i++) {
        if (i >= sj_rows_count(rows) || sj_row_i64(rows, i, 0) != (int64_t)(from + i) ||
            sj_row_bytes(rows, i, 1).len != SJ_TILE_BYTES) {
            return refuse(reterr_reason, reason_size, "a tile is missing", from + i, "number");
        }
        TRY(sj_copy(hashes, SJ_TILE_BYTES, sj_row_bytes(rows, i, 1).ptr, SJ_TILE_BYTES));
        TRY(sj_tile_root(hashes, SJ_TILE_WIDTH, &edge->hashes[level][i]));
    }
    return SJ_DONE;
}

static sj_status check_edge(struct sj_sequencer *s, char *reterr_reason, size_t reason_size)
{
    struct sj_frontier frontier = {0};
    TRY(sj_edge_frontier(&s->head.edge, &frontier));
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((frontier.size >> bit & 1) != 0 &&
            !sj_hash_equal(&frontier.hashes[bit], &s->head.frontier.hashes[bit])) {
            return refuse(reterr_reason, reason_size,
                bit < 8 ? "the newest entries do not give the signed root"
                        : "the tiles do not give the signed root",
                bit / 8, "level");
        }
    }
    return SJ_DONE;
}

/* The newest full tile's entries from their bytes; its root stands in the edge one level up, or higher. */
static sj_status check_last_full(struct sj_sequencer *s, char *reterr_reason, size_t reason_size)
{
    const struct sj_edge *edge = &s->head.edge;
    const uint64_t full = edge->size / SJ_TILE_WIDTH;
    if (full == 0) {
        return SJ_DONE;
    }
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(SJ_TILE_WIDTH, sizeof(struct sj_hash), &memory));
    struct sj_hash *leaves = memory;
    struct sj_hash root;
    TRY(sj_recover_leaves(
        s, (full - 1) * SJ_TILE_WIDTH, full * SJ_TILE_WIDTH, leaves, reterr_reason, reason_size));
    TRY(sj_tile_root(leaves, SJ_TILE_WIDTH, &root));
    if (full % SJ_TILE_WIDTH != 0 &&
        !sj_hash_equal(&root, &edge->hashes[1][full % SJ_TILE_WIDTH - 1])) {
        return refuse(reterr_reason, reason_size, "entries do not give the signed root",
            (full - 1) * SJ_TILE_WIDTH, "index");
    }
    return SJ_DONE;
}

sj_status sj_recover_tree(struct sj_sequencer *s, char *reterr_reason, size_t reason_size)
{
    struct sj_edge *edge = &s->head.edge;
    edge->size = s->head.frontier.size;
    const uint64_t partial = edge->size - edge->size % SJ_TILE_WIDTH;
    TRY(sj_recover_leaves(s, partial, edge->size, edge->hashes[0], reterr_reason, reason_size));
    for (unsigned level = 1; level < SJ_TILE_LEVELS; level++) {
        TRY(load_level(s, level, reterr_reason, reason_size));
    }
    TRY(check_edge(s, reterr_reason, reason_size));
    return check_last_full(s, reterr_reason, reason_size);
}

/* A chain whose newest entry was pruned: of it the leaf in its tile is left, and that is what the chain has to end in. */
static sj_status load_pruned_tenant(struct sj_sequencer *s, const struct sj_rows *rows, size_t row,
    char *reterr_reason, size_t reason_size)
{
    const uint64_t index = (uint64_t)sj_row_i64(rows, row, 3);
    const struct sj_view leaf = sj_row_bytes(rows, row, 2);
    const struct sj_param params[] = {sj_p_i32(0), sj_p_i64((int64_t)(index / SJ_TILE_WIDTH)),
        sj_p_i64((int64_t)(index / SJ_TILE_WIDTH) + 1)};
    const struct sj_query query = {
        .sql = SJ_SQL_AUDIT_TILE_RANGE, .params = params, .param_count = SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *tile = NULL;
    struct sj_tenant *tenant = NULL;
    TRY(read_record(s, &query, &tile));
    const size_t at = (size_t)(index % SJ_TILE_WIDTH) * SJ_HASH_SIZE;
    if (sj_rows_count(tile) != 1 || sj_row_bytes(tile, 0, 1).len != SJ_TILE_BYTES ||
        !sj_view_equal(leaf, sj_view_of(sj_row_bytes(tile, 0, 1).ptr + at, SJ_HASH_SIZE))) {
        return refuse(reterr_reason, reason_size, "a tenant's chain does not end in its entry",
            index, "index");
    }
    TRY(sj_tenants_get(&s->head.tenants, sj_row_id(rows, row, 0), &tenant));
    tenant->seq = (uint64_t)sj_row_i64(rows, row, 1);
    tenant->index = index;
    return sj_copy(tenant->leaf.bytes, SJ_HASH_SIZE, leaf.ptr, leaf.len);
}

static sj_status load_tenant(struct sj_sequencer *s, const struct sj_rows *rows, size_t row,
    uint64_t minimum, char *reterr_reason, size_t reason_size)
{
    const struct sj_uuid tag = sj_row_id(rows, row, 0);
    const int64_t index = sj_row_i64(rows, row, 3);
    struct sj_entry entry;
    struct sj_hash leaf;
    if (sj_row_is_null(rows, row, 4) && index >= 0 && (uint64_t)index < minimum) {
        return load_pruned_tenant(s, rows, row, reterr_reason, reason_size);
    }
    TRY(sj_leaf_hash(sj_row_bytes(rows, row, 4), &leaf));
    const bool fits =
        index >= 0 && (uint64_t)index < s->head.frontier.size &&
        !sj_failed(sj_entry_decode(sj_row_bytes(rows, row, 4), &entry)) &&
        entry.index == (uint64_t)index && sj_uuid_equal(entry.draft.tenant_tag, tag) &&
        entry.tenant_seq == (uint64_t)sj_row_i64(rows, row, 1) &&
        sj_view_equal(sj_row_bytes(rows, row, 2), sj_view_of(leaf.bytes, SJ_HASH_SIZE));
    if (!fits) {
        return refuse(reterr_reason, reason_size, "a tenant's chain does not end in its entry",
            (uint64_t)index, "index");
    }
    struct sj_tenant *tenant = NULL;
    TRY(sj_tenants_get(&s->head.tenants, tag, &tenant));
    *tenant =
        (struct sj_tenant){.tag = tag, .seq = entry.tenant_seq, .leaf = leaf, .index = entry.index};
    return SJ_DONE;
}

sj_status sj_recover_tenants(struct sj_sequencer *s, char *reterr_reason, size_t reason_size)
{
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_TENANT_LIST};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    struct sj_context context;
    uint64_t minimum = 0;
    TRY(sj_record_context(s, &context));
    TRY(sj_record_minimum(s->config.db, &context, &minimum));
    TRY(read_record(s, &query, &rows));
    sj_tenants_clear(&s->head.tenants);
    TRY(sj_tenants_init(&s->head.tenants, SJ_TENANTS_MAX));
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        TRY(load_tenant(s, rows, i, minimum, reterr_reason, reason_size));
    }
    return SJ_DONE;
}
