/* SPDX-License-Identifier: Apache-2.0
 *
 * Which counts does the index have, and may they be believed? Each count carries a MAC, and so does their sum: a count that was
 * lost, or put back to what it once was, makes the sum smaller. From then on the counts are kept in memory, so that whole terms
 * cannot vanish behind a running server.
 */
#include "index_priv.h"

#include "sanjeh/base/log.h"

static struct sj_uuid id_of(int64_t token)
{
    struct sj_uuid id = {{0}};
    for (size_t i = 0; i < 8; i++) {
        id.bytes[i] = (uint8_t)((uint64_t)token >> (56 - 8 * i) & 0xFF);
    }
    return id;
}

static sj_status grow(struct sj_terms *terms)
{
    const size_t capacity = terms->capacity == 0 ? 256 : terms->capacity * 2;
    void *memory = NULL;
    TRY(sj_alloc(capacity, sizeof(struct sj_term), &memory));
    TRY(sj_copy(memory, capacity * sizeof(struct sj_term), terms->list,
        terms->capacity * sizeof(struct sj_term)));
    sj_free(terms->list);
    terms->list = memory;
    terms->capacity = capacity;
    return SJ_DONE;
}

sj_status sj_terms_get(
    struct sj_terms *terms, int64_t token, struct sj_term **ret_term, bool *ret_is_new)
{
    if (terms->map.max == 0) {
        TRY(sj_idmap_init(&terms->map, SJ_INDEX_TERMS_MAX));
    }
    /* room first: a number must never exist without its place in the list */
    if (terms->map.count == terms->capacity) {
        TRY(grow(terms));
    }
    size_t number = 0;
    TRY(sj_idmap_get(&terms->map, id_of(token), &number, ret_is_new));
    if (*ret_is_new) {
        terms->list[number] = (struct sj_term){.token = token};
    }
    *ret_term = &terms->list[number];
    return SJ_DONE;
}

const struct sj_term *sj_terms_find(const struct sj_terms *terms, int64_t token)
{
    size_t number = 0;
    return sj_idmap_find(&terms->map, id_of(token), &number) ? &terms->list[number] : NULL;
}

void sj_terms_clear(struct sj_terms *terms)
{
    sj_idmap_clear(&terms->map);
    sj_free(terms->list);
    *terms = (struct sj_terms){.capacity = 0};
}

sj_status sj_index_new(const struct sj_key *key, struct sj_index **ret_index)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_index), &memory));
    struct sj_index *index = memory;
    index->key = *key;
    SJ_ASSERT(pthread_mutex_init(&index->lock, NULL) == 0);
    *ret_index = index;
    return SJ_DONE;
}

void sj_index_free(struct sj_index **index)
{
    struct sj_index *self = *index;
    if (self != NULL) {
        sj_terms_clear(&self->terms);
        (void)pthread_mutex_destroy(&self->lock);
        sj_wipe(&self->key, sizeof self->key);
        sj_free(self);
        *index = NULL;
    }
}

struct sj_index_status sj_index_status(struct sj_index *index)
{
    struct sj_index_status status;
    SJ_ASSERT(pthread_mutex_lock(&index->lock) == 0);
    status = (struct sj_index_status){.is_loaded = index->is_loaded,
        .is_broken = index->is_broken,
        .upto = index->upto,
        .terms = index->terms.map.count};
    (void)snprintf(status.reason, sizeof status.reason, "%s", index->reason);
    SJ_ASSERT(pthread_mutex_unlock(&index->lock) == 0);
    return status;
}

void sj_index_forget(struct sj_index *index)
{
    SJ_ASSERT(pthread_mutex_lock(&index->lock) == 0);
    sj_terms_clear(&index->terms);
    index->upto = index->counted = 0;
    index->is_loaded = index->is_broken = false;
    index->reason[0] = '\0';
    SJ_ASSERT(pthread_mutex_unlock(&index->lock) == 0);
}

void sj_index_break(struct sj_index *index, const char *reason)
{
    SJ_ASSERT(pthread_mutex_lock(&index->lock) == 0);
    const bool was_broken = index->is_broken;
    index->is_broken = true;
    (void)snprintf(index->reason, sizeof index->reason, "%s", reason);
    SJ_ASSERT(pthread_mutex_unlock(&index->lock) == 0);
    if (!was_broken) {
        SJ_LOG(ERROR, "audit.index.broken", sj_log_str("reason", reason));
    }
}

sj_status sj_index_clear(struct sj_db *db, const struct sj_context *context)
{
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(db, context, &tx));
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_INDEX_CLEAR, NULL, 0, NULL));
    return sj_tx_commit(&tx);
}

sj_status sj_index_state(const struct sj_index *index, struct sj_db *db,
    const struct sj_context *context, struct sj_index_row *ret_row)
{
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_INDEX_STATE_GET};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    struct sj_hash expected;
    *ret_row = (struct sj_index_row){.is_ours = false};
    TRY(sj_record_read(db, context, &query, &rows));
    if (sj_rows_count(rows) != 1) {
        return SJ_DONE;
    }
    const int64_t upto = sj_row_i64(rows, 0, 0);
    const int64_t counted = sj_row_i64(rows, 0, 1);
    const struct sj_view mac = sj_row_bytes(rows, 0, 2);
    ret_row->upto = (uint64_t)upto;
    ret_row->counted = (uint64_t)counted;
    TRY(sj_index_state_mac(index, ret_row->upto, ret_row->counted, &expected));
    const bool is_empty = upto == 0 && counted == 0 && mac.len == 0;
    ret_row->is_ours = is_empty || (upto >= 0 && counted >= 0 && mac.len == SJ_HASH_SIZE &&
                                       sj_equal_ct(mac.ptr, expected.bytes, SJ_HASH_SIZE));
    return SJ_DONE;
}

static sj_status take_head(const struct sj_index *index, const struct sj_rows *rows, size_t row,
    struct sj_terms *terms, bool *ret_is_ours)
{
    const struct sj_term found = {.token = sj_row_i64(rows, row, 0),
        .count = (uint64_t)sj_row_i64(rows, row, 1),
        .last = (uint64_t)sj_row_i64(rows, row, 2)};
    const struct sj_view mac = sj_row_bytes(rows, row, 3);
    struct sj_hash expected;
    struct sj_term *term = NULL;
    bool is_new = false;
    TRY(sj_index_head_mac(index, &found, &expected));
    *ret_is_ours = mac.len == SJ_HASH_SIZE && sj_equal_ct(mac.ptr, expected.bytes, SJ_HASH_SIZE);
    TRY(sj_terms_get(terms, found.token, &term, &is_new));
    *term = found;
    return SJ_DONE;
}

sj_status sj_index_read_heads(const struct sj_index *index, struct sj_db *db,
    const struct sj_context *context, struct sj_terms *terms, uint64_t *ret_sum, bool *ret_is_ours)
{
    int64_t after = INT64_MIN;
    *ret_sum = 0;
    *ret_is_ours = true;
    for (bool goes_on = true; goes_on;) {
        const struct sj_param param = sj_p_i64(after);
        const struct sj_query query = {SJ_SQL_AUDIT_POSTING_HEAD_LIST, &param, 1};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(sj_record_read(db, context, &query, &rows));
        goes_on = sj_rows_count(rows) > 0;
        for (size_t row = 0; row < sj_rows_count(rows); row++) {
            bool is_ours = false;
            TRY(take_head(index, rows, row, terms, &is_ours));
            *ret_is_ours = *ret_is_ours && is_ours;
            *ret_sum += (uint64_t)sj_row_i64(rows, row, 1);
            after = sj_row_i64(rows, row, 0);
        }
    }
    return SJ_DONE;
}
