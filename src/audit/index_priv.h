/* SPDX-License-Identifier: Apache-2.0
 *
 * The index's own state, seen by its files only: terms and their counts in memory, as the database had them when the server began
 * (their sum carries a MAC) and as the entries have made them since.
 */
#ifndef SJ_AUDIT_INDEX_PRIV_H
#define SJ_AUDIT_INDEX_PRIV_H

#include <pthread.h>

#include "idmap.h"
#include "sanjeh/audit/index.h"
#include "state.h"

#define SJ_INDEX_TERMS_MAX ((size_t)32 * 1024 * 1024)

struct sj_term {
    int64_t token;
    uint64_t count;
    uint64_t last; /* index of its newest entry */
};

/* Terms by token; the list grows by doubling. */
struct sj_terms {
    struct sj_idmap map;
    struct sj_term *list;
    size_t capacity;
};
SJ_MUST_CHECK sj_status sj_terms_get(
    struct sj_terms *terms, int64_t token, struct sj_term **ret_term, bool *ret_is_new);
const struct sj_term *sj_terms_find(const struct sj_terms *terms, int64_t token);
void sj_terms_clear(struct sj_terms *terms);

struct sj_index {
    struct sj_key key;
    pthread_mutex_t lock;
    struct sj_terms terms; /* under lock; only the worker's fiber changes them */
    uint64_t upto;         /* under lock */
    uint64_t counted;      /* sum of all counts */
    bool is_loaded;        /* under lock */
    bool is_broken;        /* under lock */
    char reason[96];       /* under lock */
};

/* index_mac.c */
SJ_MUST_CHECK sj_status sj_index_posting_mac(
    const struct sj_index *index, int64_t token, uint64_t seq, uint64_t at, int64_t *ret_mac);
SJ_MUST_CHECK sj_status sj_index_head_mac(
    const struct sj_index *index, const struct sj_term *term, struct sj_hash *ret_mac);
SJ_MUST_CHECK sj_status sj_index_state_mac(
    const struct sj_index *index, uint64_t upto, uint64_t counted, struct sj_hash *ret_mac);
#define SJ_INDEX_KINDS 5
struct sj_index_terms {
    int64_t tokens[SJ_INDEX_KINDS];
    bool is_counted[SJ_INDEX_KINDS];
    size_t count;
};
/* The terms of an entry. */
SJ_MUST_CHECK sj_status sj_index_terms_of(
    const struct sj_index *index, const struct sj_entry *entry, struct sj_index_terms *ret_terms);

/* index_load.c */
struct sj_index_row {
    uint64_t upto;
    uint64_t counted;
    bool is_ours; /* its MAC holds */
};
SJ_MUST_CHECK sj_status sj_index_state(const struct sj_index *index, struct sj_db *db,
    const struct sj_context *context, struct sj_index_row *ret_row);
/* All counts of the database into terms. *ret_is_ours: each MAC and their sum hold. */
SJ_MUST_CHECK sj_status sj_index_read_heads(const struct sj_index *index, struct sj_db *db,
    const struct sj_context *context, struct sj_terms *terms, uint64_t *ret_sum, bool *ret_is_ours);
void sj_index_break(struct sj_index *index, const char *reason);

#endif
