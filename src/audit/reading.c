/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a reader get of the tree that was signed? Nodes come from full tiles in the database and from the right edge, kept in
 * memory as it was when the newest checkpoint was signed; one round trip fetches all tiles of a proof. Nothing that the database
 * says is believed: each proof is checked against the signed root before it leaves, and a proof for an older tree also that the
 * newest continues it. Were it not, whoever edits a tile would have honest readers doubt honest entries, or worse, not.
 */
#include "sanjeh/audit/reading.h"

#include "reading_priv.h"
#include "sanjeh/base/log.h"
#include "sanjeh/crypto/note.h"

#define ATTEMPTS 100

/* ---- the view ---- */

static sj_status size_of_note(struct sj_view note, uint64_t *ret_size)
{
    struct sj_checkpoint checkpoint;
    size_t len = note.len;
    /* the text ends before the last blank line */
    while (len >= 2 && !(note.ptr[len - 1] == '\n' && note.ptr[len - 2] == '\n')) {
        len--;
    }
    ENSURE(len >= 2, LOG_TAMPERED);
    const struct sj_text text = {(const char *)note.ptr, len - 1};
    ENSURE(!sj_failed(sj_checkpoint_parse(text, &checkpoint)), LOG_TAMPERED);
    *ret_size = checkpoint.size;
    return SJ_DONE;
}

/* Note, frontier and edge of one moment: they are published one after another. */
static sj_status take_view(struct sj_reading *r, bool *ret_taken)
{
    struct sj_sequencer *s = r->sequencer;
    uint64_t size = 0;
    sj_buf_reset(&r->note);
    SJ_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    r->frontier = s->signed_frontier;
    sj_edge_copy(&r->edge, &s->signed_edge);
    const sj_status copied = sj_buf_put_view(&r->note, sj_buf_view(&s->newest_note));
    SJ_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    TRY(copied);
    ENSURE(r->note.len > 0, NOT_FOUND);
    TRY(size_of_note(sj_buf_view(&r->note), &size));
    *ret_taken = size == r->frontier.size && size == r->edge.size;
    return SJ_DONE;
}

sj_status sj_reading_open(struct sj_sequencer *sequencer, struct sj_db *db,
    const struct sj_context *context, struct sj_reading **ret_reading)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_reading), &memory));
    CLEANUP(sj_reading_close) struct sj_reading *r = memory;
    r->sequencer = sequencer;
    r->db = db;
    r->context = context;
    r->note = SJ_BUF(SJ_NOTE_MAX);
    bool is_taken = false;
    for (unsigned attempt = 0; !is_taken; attempt++) {
        ENSURE(attempt < ATTEMPTS, BUSY);
        TRY(take_view(r, &is_taken));
        if (!is_taken && sj_fiber_current() != NULL) {
            sj_fiber_sleep_ms(1);
        }
    }
    TRY(sj_frontier_root(&r->frontier, &r->root));
    *ret_reading = TAKE(r);
    return SJ_DONE;
}

void sj_reading_close(struct sj_reading **reading)
{
    if (*reading != NULL) {
        for (size_t i = 0; i < SJ_READING_TILES; i++) {
            sj_free((*reading)->tiles[i].hashes);
        }
        sj_buf_clear(&(*reading)->note);
        sj_free(*reading);
        *reading = NULL;
    }
}

uint64_t sj_reading_size(const struct sj_reading *reading)
{
    return reading->frontier.size;
}

struct sj_hash sj_reading_root(const struct sj_reading *reading)
{
    return reading->root;
}

sj_status sj_reading_checkpoint(struct sj_reading *r, uint64_t size, struct sj_buf *ret_note)
{
    if (size == 0 || size == r->frontier.size) {
        return sj_buf_put_view(ret_note, sj_buf_view(&r->note));
    }
    const struct sj_param param = sj_p_i64((int64_t)size);
    const struct sj_query query = {SJ_SQL_AUDIT_CHECKPOINT_GET, &param, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(r->db, r->context, &query, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    uint64_t noted = 0;
    TRY(size_of_note(sj_row_bytes(rows, 0, 0), &noted));
    ENSURE(noted == size, LOG_TAMPERED);
    return sj_buf_put_view(ret_note, sj_row_bytes(rows, 0, 0));
}

/* ---- nodes ---- */

static bool is_full(const struct sj_reading *r, unsigned level, uint64_t n)
{
    return sj_tile_count(r->frontier.size, level, n) == SJ_TILE_WIDTH;
}

static struct sj_read_tile *find_tile(struct sj_reading *r, unsigned level, uint64_t n)
{
    for (size_t i = 0; i < r->tile_count; i++) {
        if (r->tiles[i].level == level && r->tiles[i].n == n) {
            return &r->tiles[i];
        }
    }
    return NULL;
}

static sj_status plan_tile(struct sj_reading *r, unsigned level, uint64_t n)
{
    if (find_tile(r, level, n) != NULL) {
        return SJ_DONE;
    }
    ENSURE(r->tile_count < SJ_READING_TILES, LIMIT_EXCEEDED);
    struct sj_read_tile *tile = &r->tiles[r->tile_count];
    if (tile->hashes == NULL) {
        void *memory = NULL;
        TRY(sj_alloc(SJ_TILE_WIDTH, sizeof(struct sj_hash), &memory));
        tile->hashes = memory;
    }
    tile->level = level;
    tile->n = n;
    r->tile_count++;
    return SJ_DONE;
}

/* sj_node_fn: while planning it only notes the tile. */
static sj_status node(void *ctx, unsigned level, uint64_t index, struct sj_hash *ret_hash)
{
    struct sj_reading *r = ctx;
    const unsigned row = level / 8;
    const unsigned rise = level % 8;
    const uint64_t n = index >> (8 - rise);
    const size_t first = (size_t)((index << rise) % SJ_TILE_WIDTH);
    const size_t count = (size_t)1 << rise;
    ENSURE(
        row < SJ_TILE_LEVELS && first + count <= sj_tile_count(r->frontier.size, row, n), INTERNAL);
    const bool is_edge = !is_full(r, row, n);
    if (r->is_planning) {
        *ret_hash = (struct sj_hash){{0}};
        return is_edge ? SJ_DONE : plan_tile(r, row, n);
    }
    const struct sj_read_tile *tile = is_edge ? NULL : find_tile(r, row, n);
    ENSURE(is_edge || tile != NULL, INTERNAL);
    const struct sj_hash *hashes = is_edge ? r->edge.hashes[row] : tile->hashes;
    return sj_tile_root(&hashes[first], count, ret_hash);
}

static sj_status take_tile(
    struct sj_read_tile *tile, const struct sj_rows *rows, size_t row, size_t place)
{
    ENSURE(sj_row_i64(rows, row, 0) == (int64_t)place + 1, LOG_TAMPERED);
    ENSURE(sj_row_bytes(rows, row, 1).len == SJ_TILE_BYTES, LOG_TAMPERED);
    return sj_copy(tile->hashes, SJ_TILE_BYTES, sj_row_bytes(rows, row, 1).ptr, SJ_TILE_BYTES);
}

/* Planned tiles, all with one statement. */
static sj_status read_tiles(struct sj_reading *r, struct sj_read_tile *tiles, size_t count)
{
    CLEANUP(sj_array_clear) struct sj_array levels = {.count = 0};
    CLEANUP(sj_array_clear) struct sj_array ns = {.count = 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_array_init(&levels, SJ_OID_INT4, 64 + count * 8));
    TRY(sj_array_init(&ns, SJ_OID_INT8, 64 + count * 12));
    for (size_t i = 0; i < count; i++) {
        TRY(sj_array_put_i32(&levels, (int32_t)tiles[i].level));
        TRY(sj_array_put_i64(&ns, (int64_t)tiles[i].n));
    }
    const struct sj_param params[] = {sj_p_array(&levels), sj_p_array(&ns)};
    const struct sj_query query = {SJ_SQL_AUDIT_TILE_THESE, params, SJ_COUNT(params)};
    TRY(sj_record_read(r->db, r->context, &query, &rows));
    ENSURE(sj_rows_count(rows) == count, LOG_TAMPERED);
    for (size_t i = 0; i < count; i++) {
        TRY(take_tile(&tiles[i], rows, i, i));
    }
    return SJ_DONE;
}

static sj_status read_planned(struct sj_reading *r)
{
    r->is_planning = false;
    return r->tile_count == 0 ? SJ_DONE : read_tiles(r, r->tiles, r->tile_count);
}

static void plan(struct sj_reading *r)
{
    r->is_planning = true;
    r->tile_count = 0;
}

/* ---- proofs ---- */

/* One proof with the roots that it is about: read, made, checked. */
struct wanted {
    uint64_t index; /* of an inclusion; UINT64_MAX: consistency of old_size */
    uint64_t old_size;
    uint64_t size;
    struct sj_hash leaf;
    struct sj_hash old_root;
    struct sj_hash root;
    struct sj_proof proof;
    struct sj_proof onward; /* from size to the view's */
};

static sj_status make(struct sj_reading *r, struct wanted *w)
{
    if (w->size == r->frontier.size) {
        w->root = r->root; /* signed */
    } else {
        TRY(sj_nodes_root(w->size, node, r, &w->root));
    }
    if (w->index != UINT64_MAX) {
        TRY(node(r, 0, w->index, &w->leaf));
        TRY(sj_inclusion_prove(w->index, w->size, node, r, &w->proof));
    } else {
        TRY(sj_nodes_root(w->old_size, node, r, &w->old_root));
        TRY(sj_consistency_prove(w->old_size, w->size, node, r, &w->proof));
    }
    return sj_consistency_prove(w->size, r->frontier.size, node, r, &w->onward);
}

/* @cite RFC 9162 §2.1.3.2, §2.1.4.2; an old size of 0 proves nothing and needs no proof */
static sj_status check(const struct sj_reading *r, const struct wanted *w, bool *ret_valid)
{
    *ret_valid = true;
    if (w->size != 0) {
        TRY(sj_consistency_verify(w->size, r->frontier.size, &w->root, &r->root, w->onward.hashes,
            w->onward.count, ret_valid));
    }
    if (!*ret_valid || (w->index == UINT64_MAX && w->old_size == 0)) {
        return SJ_DONE;
    }
    if (w->index != UINT64_MAX) {
        return sj_inclusion_verify(
            w->index, w->size, &w->leaf, w->proof.hashes, w->proof.count, &w->root, ret_valid);
    }
    return sj_consistency_verify(
        w->old_size, w->size, &w->old_root, &w->root, w->proof.hashes, w->proof.count, ret_valid);
}

static sj_status prove(struct sj_reading *r, struct wanted *w)
{
    plan(r);
    TRY(make(r, w));
    TRY(read_planned(r));
    TRY(make(r, w));
    bool is_valid = false;
    TRY(check(r, w, &is_valid));
    ENSURE(is_valid, LOG_TAMPERED);
    return SJ_DONE;
}

static sj_status prove_or_tell(struct sj_reading *r, struct wanted *w)
{
    const sj_status status = prove(r, w);
    if (status.code == SJ_LOG_TAMPERED) {
        SJ_LOG(ERROR, "audit.proof.contradicted", sj_log_status(status),
            sj_log_int("size", (int64_t)w->size),
            sj_log_int("signed_size", (int64_t)r->frontier.size));
    }
    return status;
}

sj_status sj_reading_inclusion(struct sj_reading *r, uint64_t index, uint64_t size,
    struct sj_hash *ret_leaf, struct sj_proof *ret_proof)
{
    const uint64_t in_size = size == 0 ? r->frontier.size : size;
    ENSURE(in_size <= r->frontier.size && index < in_size, NOT_FOUND);
    struct wanted w = {.index = index, .size = in_size};
    TRY(prove_or_tell(r, &w));
    *ret_leaf = w.leaf;
    *ret_proof = w.proof;
    return SJ_DONE;
}

sj_status sj_reading_consistency(struct sj_reading *r, uint64_t old_size, uint64_t new_size,
    struct sj_hash *ret_old, struct sj_hash *ret_new, struct sj_proof *ret_proof)
{
    ENSURE(old_size <= new_size, BAD_PARAMETER);
    ENSURE(new_size <= r->frontier.size, NOT_FOUND);
    struct wanted w = {.index = UINT64_MAX, .old_size = old_size, .size = new_size};
    TRY(prove_or_tell(r, &w));
    *ret_old = w.old_root;
    *ret_new = w.root;
    *ret_proof = w.proof;
    return SJ_DONE;
}

/* ---- tiles ---- */

static sj_status put_bundle(
    struct sj_reading *r, uint64_t first, size_t count, struct sj_buf *ret_bytes)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)first), sj_p_i64((int64_t)(first + count))};
    const struct sj_query query = {SJ_SQL_AUDIT_ENTRY_RANGE, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(r->db, r->context, &query, &rows));
    size_t row = 0;
    if (sj_rows_count(rows) == 0) {
        const sj_status missing = sj_record_missing(r->db, r->context, first);
        ENSURE(missing.code != SJ_PRUNED, PRUNED);
    }
    for (uint64_t index = first; index < first + count; index++) {
        struct sj_view entry = {NULL, 0};
        if (row < sj_rows_count(rows) && sj_row_i64(rows, row, 0) == (int64_t)index) {
            entry = sj_row_bytes(rows, row++, 1);
        }
        /* nothing is repaired: what cannot be one of ours is handed out as lost */
        const size_t len = entry.len <= SJ_ENTRY_MAX ? entry.len : 0;
        TRY(sj_buf_put_u16(ret_bytes, (uint16_t)len));
        TRY(sj_buf_put(ret_bytes, entry.ptr, len));
    }
    return SJ_DONE;
}

sj_status sj_reading_tile(
    struct sj_reading *r, const struct sj_tile_name *name, struct sj_buf *ret_bytes)
{
    const bool is_bundle = name->level == SJ_TILE_ENTRIES;
    const unsigned level = is_bundle ? 0 : name->level;
    const size_t wanted = name->width == 0 ? SJ_TILE_WIDTH : name->width;
    const size_t there = sj_tile_count(r->frontier.size, level, name->n);
    ENSURE(wanted <= there, NOT_FOUND);
    if (is_bundle) {
        return put_bundle(r, name->n * SJ_TILE_WIDTH, wanted, ret_bytes);
    }
    if (there < SJ_TILE_WIDTH) {
        return sj_buf_put(ret_bytes, r->edge.hashes[level], wanted * SJ_HASH_SIZE);
    }
    r->tile_count = 0;
    TRY(plan_tile(r, level, name->n));
    TRY(read_tiles(r, &r->tiles[0], 1));
    return sj_buf_put(ret_bytes, r->tiles[0].hashes, wanted * SJ_HASH_SIZE);
}
