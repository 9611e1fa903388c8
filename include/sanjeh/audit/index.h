/* SPDX-License-Identifier: Apache-2.0
 *
 * Where in the record are the entries of an account, object, unit, action or request? A derived index (docs/AUDIT.md 8.1) that never stands
 * for an entry: it says places, the entries are read and proven. It cannot hide one either: each of its pages says under a MAC for which terms and
 * entries it speaks, and which pages there must be stands under another.
 */
#ifndef SJ_AUDIT_INDEX_H
#define SJ_AUDIT_INDEX_H

#include "sanjeh/audit/reading.h"

struct sj_index;

enum sj_index_kind {
    SJ_INDEX_ACTOR = 1,
    SJ_INDEX_OBJECT = 2,
    SJ_INDEX_UNIT = 3, /* by its tag */
    SJ_INDEX_ACTION = 4,
    SJ_INDEX_REQUEST = 5
};

/* key: the record's own, of its log id (ask_emitter_key); copied. */
SJ_MUST_CHECK sj_status sj_index_new(const struct sj_key *key, struct sj_index **ret_index);
void sj_index_free(struct sj_index **index);

/* Brings the index forward by one run of entries of this view: those that this server has signed itself from memory, others proven. One fiber at a time. *ret_more: call again at once. What the
 * index cannot be believed for any more is told by sj_index_status; it then needs to be made anew. */
SJ_MUST_CHECK sj_status sj_index_step(struct sj_index *index, struct sj_reading *reading,
    struct sj_db *db, const struct sj_context *context, bool *ret_more);
struct sj_index_status {
    bool is_loaded;
    bool is_broken;
    uint64_t upto;       /* entries before it are in the index */
    uint64_t runs;       /* of pages that it consists of */
    uint64_t generation; /* grows with each change */
    char reason[96];
};
struct sj_index_status sj_index_status(struct sj_index *index); /* any thread */
/* Ends a step that takes long, soon, with SHUTTING_DOWN. Any thread. */
void sj_index_stop(struct sj_index *index);
/* Forgets everything; the next step begins with what the database has. After sj_index_clear. */
void sj_index_forget(struct sj_index *index);
/* Empties the index in the database. */
SJ_MUST_CHECK sj_status sj_index_clear(struct sj_db *db, const struct sj_context *context);

SJ_MUST_CHECK sj_status sj_index_token(const struct sj_index *index, enum sj_index_kind kind,
    struct sj_view value, int64_t *ret_token);
/* Whether the entry has this term, by its bytes. */
bool sj_index_fits(const struct sj_entry *entry, enum sj_index_kind kind, struct sj_view value);

#define SJ_INDEX_PAGE 200
struct sj_index_page {
    uint64_t indices[SJ_INDEX_PAGE]; /* falling */
    size_t count;
    bool has_more;
    bool is_complete; /* no posting of the term is missing among these */
    char gap[160];    /* else: what is missing */
};
/* Places of a term's entries in [from, below), the newest first. Any loop. Errors: BUSY (not loaded yet). */
SJ_MUST_CHECK sj_status sj_index_find(struct sj_index *index, struct sj_db *db,
    const struct sj_context *context, int64_t token, uint64_t from, uint64_t below,
    struct sj_index_page *ret_page);

/* The whole index against the entries of a view. */
struct sj_index_report {
    uint64_t entries; /* that the index says it covers */
    uint64_t postings;
    uint64_t missing; /* postings that the entries have and the index has not */
    uint64_t wrong; /* runs with pages that are missing or not ours, or with postings of no entry */
    bool has_index; /* of a missing one, when a run lacks a single one */
    uint64_t index;
    bool counts_hold; /* the state is ours and the index is not longer than the record */
};
SJ_MUST_CHECK sj_status sj_index_check(struct sj_index *index, struct sj_reading *reading,
    struct sj_db *db, const struct sj_context *context, struct sj_index_report *ret_report);

#endif
