/* SPDX-License-Identifier: Apache-2.0
 *
 * How does the index follow the record? A batch of entries at a time, each proven before it is indexed: an entry that was changed for
 * a moment would otherwise be missing from its own terms for ever. Postings, counts and state are one transaction behind the
 * state's compare-and-set; a server that finds another one was faster counts along and writes nothing.
 */
#include "index_priv.h"

#include "sanjeh/base/log.h"

#define CHUNKS    4u /* of SJ_HITS_MAX entries in a batch */
#define POSTINGS  ((size_t)CHUNKS * SJ_HITS_MAX * SJ_INDEX_KINDS)
#define ARRAY_MAX (POSTINGS * 40 + 64)

struct batch {
    struct sj_index *index;
    struct sj_reading *reading;
    uint64_t from;
    uint64_t to;
    uint64_t counted;
    struct sj_terms touched; /* with their counts after the batch */
    struct sj_array tokens;
    struct sj_array indices;
    struct sj_array seqs;
    struct sj_array macs;
    struct sj_hit hits[SJ_HITS_MAX];
};

static void batch_clear(struct batch *b)
{
    sj_terms_clear(&b->touched);
    sj_array_clear(&b->tokens);
    sj_array_clear(&b->indices);
    sj_array_clear(&b->seqs);
    sj_array_clear(&b->macs);
}

static void batch_free(struct batch **b)
{
    if (*b != NULL) {
        batch_clear(*b);
        sj_free(*b);
    }
}

static sj_status batch_new(struct batch **ret_batch)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct batch), &memory));
    CLEANUP(batch_free) struct batch *b = memory;
    TRY(sj_array_init(&b->tokens, SJ_OID_INT8, ARRAY_MAX));
    TRY(sj_array_init(&b->indices, SJ_OID_INT8, ARRAY_MAX));
    TRY(sj_array_init(&b->seqs, SJ_OID_INT8, ARRAY_MAX));
    TRY(sj_array_init(&b->macs, SJ_OID_INT8, ARRAY_MAX));
    *ret_batch = TAKE(b);
    return SJ_DONE;
}

/* The term's next number. */
static sj_status count_up(struct batch *b, int64_t token, uint64_t at, uint64_t *ret_seq)
{
    struct sj_term *term = NULL;
    bool is_new = false;
    TRY(sj_terms_get(&b->touched, token, &term, &is_new));
    if (is_new) {
        const struct sj_term *known = sj_terms_find(&b->index->terms, token);
        term->count = known == NULL ? 0 : known->count;
    }
    term->count++;
    term->last = at;
    b->counted++;
    *ret_seq = term->count;
    return SJ_DONE;
}

static sj_status add_entry(struct batch *b, const struct sj_entry *entry)
{
    struct sj_index_terms terms;
    TRY(sj_index_terms_of(b->index, entry, &terms));
    for (size_t i = 0; i < terms.count; i++) {
        uint64_t seq = 0;
        int64_t mac = 0;
        TRY(terms.is_counted[i] ? count_up(b, terms.tokens[i], entry->index, &seq) : SJ_DONE);
        TRY(sj_index_posting_mac(b->index, terms.tokens[i], seq, entry->index, &mac));
        TRY(sj_array_put_i64(&b->tokens, terms.tokens[i]));
        TRY(sj_array_put_i64(&b->indices, (int64_t)entry->index));
        TRY(sj_array_put_i64(&b->seqs, (int64_t)seq));
        TRY(sj_array_put_i64(&b->macs, mac));
    }
    return SJ_DONE;
}

static sj_status add_entries(struct batch *b)
{
    for (uint64_t at = b->from; at < b->to;) {
        const uint64_t left = b->to - at;
        const size_t count = (size_t)(left < SJ_HITS_MAX ? left : SJ_HITS_MAX);
        uint64_t bad = 0;
        for (size_t i = 0; i < count; i++) {
            b->hits[i].index = at + i;
        }
        const sj_status status = sj_reading_entries(b->reading, b->hits, count, &bad);
        if (status.code == SJ_LOG_TAMPERED) {
            char reason[96];
            (void)snprintf(reason, sizeof reason, "entry %llu is not what was signed",
                (unsigned long long)bad);
            sj_index_break(b->index, reason);
        }
        TRY(status);
        for (size_t i = 0; i < count; i++) {
            TRY(add_entry(b, &b->hits[i].entry));
        }
        at += count;
    }
    return SJ_DONE;
}

struct head_arrays {
    struct sj_array tokens;
    struct sj_array counts;
    struct sj_array lasts;
    struct sj_array macs;
};

static void heads_clear(struct head_arrays *heads)
{
    sj_array_clear(&heads->tokens);
    sj_array_clear(&heads->counts);
    sj_array_clear(&heads->lasts);
    sj_array_clear(&heads->macs);
}

static sj_status put_heads(struct batch *b, struct head_arrays *heads)
{
    TRY(sj_array_init(&heads->tokens, SJ_OID_INT8, ARRAY_MAX));
    TRY(sj_array_init(&heads->counts, SJ_OID_INT8, ARRAY_MAX));
    TRY(sj_array_init(&heads->lasts, SJ_OID_INT8, ARRAY_MAX));
    TRY(sj_array_init(&heads->macs, SJ_OID_BYTEA, ARRAY_MAX));
    for (size_t i = 0; i < b->touched.map.count; i++) {
        const struct sj_term *term = &b->touched.list[i];
        struct sj_hash mac;
        TRY(sj_index_head_mac(b->index, term, &mac));
        TRY(sj_array_put_i64(&heads->tokens, term->token));
        TRY(sj_array_put_i64(&heads->counts, (int64_t)term->count));
        TRY(sj_array_put_i64(&heads->lasts, (int64_t)term->last));
        TRY(sj_array_put(&heads->macs, mac.bytes, SJ_HASH_SIZE));
    }
    return SJ_DONE;
}

static sj_status write_batch(
    struct batch *b, struct sj_db *db, const struct sj_context *context, bool *ret_is_written)
{
    CLEANUP(heads_clear) struct head_arrays heads = {.tokens = {.count = 0}};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    const uint64_t counted = b->index->counted + b->counted;
    struct sj_hash mac;
    TRY(sj_index_state_mac(b->index, b->to, counted, &mac));
    TRY(put_heads(b, &heads));
    const struct sj_param params[] = {sj_p_i64((int64_t)b->from), sj_p_i64((int64_t)b->to),
        sj_p_i64((int64_t)counted), sj_p_bytes(sj_view_of(mac.bytes, SJ_HASH_SIZE)),
        sj_p_array(&b->tokens), sj_p_array(&b->indices), sj_p_array(&b->seqs), sj_p_array(&b->macs),
        sj_p_array(&heads.tokens), sj_p_array(&heads.counts), sj_p_array(&heads.lasts),
        sj_p_array(&heads.macs)};
    TRY(sj_tx_begin(db, context, &tx));
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_INDEX_PUT, params, SJ_COUNT(params), &rows));
    *ret_is_written = sj_rows_count(rows) == 1 && sj_row_bool(rows, 0, 0);
    return *ret_is_written ? sj_tx_commit(&tx) : SJ_DONE;
}

/* The batch is durable: searchers may expect what it has counted. */
static sj_status apply(struct batch *b)
{
    struct sj_index *index = b->index;
    sj_status status = SJ_DONE;
    SJ_ASSERT(pthread_mutex_lock(&index->lock) == 0);
    for (size_t i = 0; i < b->touched.map.count && !sj_failed(status); i++) {
        struct sj_term *term = NULL;
        bool is_new = false;
        status = sj_terms_get(&index->terms, b->touched.list[i].token, &term, &is_new);
        if (!sj_failed(status)) {
            *term = b->touched.list[i];
        }
    }
    index->upto = b->to;
    index->counted += b->counted;
    SJ_ASSERT(pthread_mutex_unlock(&index->lock) == 0);
    return status;
}

static sj_status load(struct sj_index *index, struct sj_db *db, const struct sj_context *context)
{
    struct sj_index_row row;
    struct sj_terms terms = {.capacity = 0};
    uint64_t sum = 0;
    bool is_ours = false;
    TRY(sj_index_state(index, db, context, &row));
    const sj_status status = sj_index_read_heads(index, db, context, &terms, &sum, &is_ours);
    struct sj_index_row again = {.is_ours = false};
    if (sj_failed(status) || sj_failed(sj_index_state(index, db, context, &again)) ||
        again.upto != row.upto) {
        sj_terms_clear(&terms); /* another server went on meanwhile: the next step tries again */
        return status;
    }
    SJ_ASSERT(pthread_mutex_lock(&index->lock) == 0);
    sj_terms_clear(&index->terms);
    index->terms = terms;
    index->upto = row.upto;
    index->counted = row.counted;
    index->is_loaded = true;
    SJ_ASSERT(pthread_mutex_unlock(&index->lock) == 0);
    if (!row.is_ours || !is_ours || sum != row.counted) {
        sj_index_break(index, "counts of the index were changed or lost");
    }
    return SJ_DONE;
}

static sj_status step(struct sj_index *index, struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, bool *ret_more)
{
    struct sj_index_row row;
    TRY(sj_index_state(index, db, context, &row));
    if (!row.is_ours || row.upto < index->upto ||
        (row.upto == index->upto && row.counted != index->counted)) {
        sj_index_break(index, "the state of the index was changed or set back");
        return SJ_DONE;
    }
    const bool is_follower = row.upto > index->upto;
    const uint64_t end = is_follower ? row.upto : sj_reading_size(reading);
    if (end <= index->upto || end > sj_reading_size(reading)) {
        return SJ_DONE;
    }
    CLEANUP(batch_free) struct batch *b = NULL;
    TRY(batch_new(&b));
    SJ_ASSERT(b != NULL);
    const uint64_t left = end - index->upto;
    b->index = index;
    b->reading = reading;
    b->from = index->upto;
    b->to = b->from + (left < CHUNKS * SJ_HITS_MAX ? left : CHUNKS * SJ_HITS_MAX);
    TRY(add_entries(b));
    bool is_written = is_follower;
    TRY(is_follower ? SJ_DONE : write_batch(b, db, context, &is_written));
    *ret_more = true;
    return is_written ? apply(b) : SJ_DONE;
}

sj_status sj_index_step(struct sj_index *index, struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, bool *ret_more)
{
    *ret_more = false;
    if (index->is_broken) {
        return SJ_DONE;
    }
    if (!index->is_loaded) {
        TRY(load(index, db, context));
        *ret_more = index->is_loaded;
        return SJ_DONE;
    }
    return step(index, reading, db, context, ret_more);
}
