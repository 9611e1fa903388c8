/* SPDX-License-Identifier: Apache-2.0
 *
 * Are these entries the ones that were signed? A page of a search, proven together: entries are hashed, compared with their place in
 * the tile above, tiles with theirs in the next, until the right edge, which is the signed one. Each tile is read and hashed once
 * however many entries lie in it. One that differs anywhere is not shown.
 */
#include "reading_priv.h"

struct rise {
    uint64_t node; /* of the level at hand, above the entry */
    struct sj_hash hash;
    bool is_proven;
};

struct page {
    struct sj_reading *r;
    struct sj_hit *hits;
    size_t count;
    struct rise rises[SJ_HITS_MAX];
    struct sj_hash tile[SJ_TILE_WIDTH];
    uint64_t bad;
};

static sj_status take_entry(struct page *p, const struct sj_rows *rows, size_t row, size_t place)
{
    struct sj_hit *hit = &p->hits[place];
    const struct sj_view bytes = sj_row_bytes(rows, row, 1);
    p->bad = hit->index;
    ENSURE(sj_row_i64(rows, row, 0) == (int64_t)hit->index, LOG_TAMPERED);
    ENSURE(!sj_failed(sj_entry_decode(bytes, &hit->entry)), LOG_TAMPERED);
    ENSURE(hit->entry.index == hit->index, LOG_TAMPERED);
    TRY(sj_leaf_hash(bytes, &hit->leaf));
    p->rises[place] = (struct rise){.node = hit->index, .hash = hit->leaf};
    return SJ_DONE;
}

static sj_status read_entries(struct page *p)
{
    CLEANUP(sj_array_clear) struct sj_array wanted = {.count = 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    const bool falls = p->count > 1 && p->hits[0].index > p->hits[1].index;
    TRY(sj_array_init(&wanted, SJ_OID_INT8, 64 + p->count * 12));
    for (size_t i = 0; i < p->count; i++) {
        ENSURE(p->hits[i].index < p->r->frontier.size, NOT_FOUND);
        ENSURE(i == 0 || (p->hits[i].index < p->hits[i - 1].index) == falls, INTERNAL);
        TRY(sj_array_put_i64(&wanted, (int64_t)p->hits[i].index));
    }
    const struct sj_param params[] = {sj_p_array(&wanted)};
    const struct sj_query query = {SJ_SQL_AUDIT_ENTRY_SOME, params, SJ_COUNT(params)};
    TRY(sj_record_read(p->r->db, p->r->context, &query, &rows));
    ENSURE(sj_rows_count(rows) <= p->count, LOG_TAMPERED);
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        TRY(take_entry(p, rows, row, falls ? p->count - 1 - row : row));
    }
    ENSURE(sj_rows_count(rows) == p->count, LOG_TAMPERED);
    return SJ_DONE;
}

/* Those that reach the right edge at this level are proven by it; the tiles of the others are named, each once. */
static sj_status settle_edge(struct page *p, unsigned level, struct sj_array *tiles)
{
    uint64_t last = UINT64_MAX;
    for (size_t i = 0; i < p->count; i++) {
        struct rise *rise = &p->rises[i];
        const uint64_t n = rise->node / SJ_TILE_WIDTH;
        if (rise->is_proven || n == last) {
            continue;
        }
        if (sj_tile_count(p->r->frontier.size, level, n) == SJ_TILE_WIDTH) {
            TRY(sj_array_put_i64(tiles, (int64_t)n));
            last = n;
            continue;
        }
        p->bad = p->hits[i].index;
        ENSURE(sj_hash_equal(&rise->hash, &p->r->edge.hashes[level][rise->node % SJ_TILE_WIDTH]),
            LOG_TAMPERED);
        rise->is_proven = true;
    }
    return SJ_DONE;
}

/* All that lie in this full tile must be in it as they are; above it they go on as one. */
static sj_status climb_tile(struct page *p, uint64_t n, struct sj_view hashes)
{
    struct sj_hash root = {{0}};
    bool has_root = false;
    ENSURE(hashes.len == SJ_TILE_BYTES, LOG_TAMPERED);
    TRY(sj_copy(p->tile, sizeof p->tile, hashes.ptr, hashes.len));
    for (size_t i = 0; i < p->count; i++) {
        struct rise *rise = &p->rises[i];
        if (rise->is_proven || rise->node / SJ_TILE_WIDTH != n) {
            continue;
        }
        p->bad = p->hits[i].index;
        ENSURE(sj_hash_equal(&rise->hash, &p->tile[rise->node % SJ_TILE_WIDTH]), LOG_TAMPERED);
        if (!has_root) {
            TRY(sj_tile_root(p->tile, SJ_TILE_WIDTH, &root));
            has_root = true;
        }
        rise->hash = root;
    }
    return SJ_DONE;
}

static void go_up(struct page *p)
{
    for (size_t i = 0; i < p->count; i++) {
        p->rises[i].node /= SJ_TILE_WIDTH;
    }
}

static sj_status climb_level(struct page *p, unsigned level, bool *ret_is_done)
{
    CLEANUP(sj_array_clear) struct sj_array tiles = {.count = 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_array_init(&tiles, SJ_OID_INT8, 64 + p->count * 12));
    TRY(settle_edge(p, level, &tiles));
    *ret_is_done = tiles.count == 0;
    if (*ret_is_done) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_i32((int32_t)level), sj_p_array(&tiles)};
    const struct sj_query query = {SJ_SQL_AUDIT_TILE_SOME, params, SJ_COUNT(params)};
    TRY(sj_record_read(p->r->db, p->r->context, &query, &rows));
    ENSURE(sj_rows_count(rows) == tiles.count, LOG_TAMPERED);
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        TRY(climb_tile(p, (uint64_t)sj_row_i64(rows, row, 0), sj_row_bytes(rows, row, 1)));
    }
    go_up(p);
    return SJ_DONE;
}

static sj_status prove(struct page *p)
{
    TRY(read_entries(p));
    bool is_done = false;
    for (unsigned level = 0; !is_done; level++) {
        ENSURE(level < SJ_TILE_LEVELS, INTERNAL);
        TRY(climb_level(p, level, &is_done));
    }
    return SJ_DONE;
}

sj_status sj_reading_entries(
    struct sj_reading *reading, struct sj_hit *hits, size_t count, uint64_t *reterr_index)
{
    CLEANUP(sj_freep) void *memory = NULL;
    ENSURE(count <= SJ_HITS_MAX, LIMIT_EXCEEDED);
    if (count == 0) {
        return SJ_DONE;
    }
    TRY(sj_alloc(1, sizeof(struct page), &memory));
    struct page *p = memory;
    p->r = reading;
    p->hits = hits;
    p->count = count;
    const sj_status status = prove(p);
    *reterr_index = p->bad;
    return status;
}
