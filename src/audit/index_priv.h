/* SPDX-License-Identifier: Apache-2.0
 *
 * The index's own state, seen by its files only. A run holds the postings (term, place) of the entries from..to-1, sorted, in pages; runs
 * follow one another without a gap from 0 to `upto`. Life of a posting: entry -> run of a thousand entries -> run of eight such -> …
 */
#ifndef SJ_AUDIT_INDEX_PRIV_H
#define SJ_AUDIT_INDEX_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "sanjeh/audit/index.h"
#include "sanjeh/base/reader.h"
#include "state.h"

#define SJ_INDEX_KINDS     5
#define SJ_INDEX_RUNS_MAX  512
#define SJ_INDEX_PAGE_MAX  4000u /* bytes of a page's content */
#define SJ_INDEX_TOKEN_MIN INT64_MIN
#define SJ_INDEX_TOKEN_MAX INT64_MAX

/* One term at one entry. No term has the smallest or the largest token: they are the ends of a run. */
struct sj_posting {
    int64_t token;
    uint64_t at;
};
static inline int sj_posting_compare(const struct sj_posting *a, const struct sj_posting *b)
{
    if (a->token != b->token) {
        return a->token < b->token ? -1 : 1;
    }
    return a->at < b->at ? -1 : a->at > b->at;
}

struct sj_run {
    uint64_t from;
    uint64_t to;
};

/* Which runs there are. */
struct sj_index_runs {
    uint64_t generation;
    size_t count;
    struct sj_run list[SJ_INDEX_RUNS_MAX]; /* without a gap from 0 on */
};
uint64_t sj_index_runs_upto(const struct sj_index_runs *runs);

#define SJ_INDEX_CACHE 1024u /* a power of two */
struct sj_index_known {
    uint8_t kind; /* 0: free */
    uint8_t len;
    uint8_t value[SJ_ENTRY_ACTION_MAX];
    int64_t token;
};

struct sj_index {
    struct sj_key key;
    pthread_mutex_t lock;
    struct sj_index_runs runs; /* under lock */
    bool is_loaded;            /* under lock */
    bool is_broken;            /* under lock */
    char reason[96];           /* under lock */
    atomic_bool is_stopping;
    struct sj_index_known *known; /* the worker's: tokens of what comes again and again */
    bool
        is_swept; /* the worker's: no pages are left of runs that were merged, by whoever was stopped after that */
};

/* index_mac.c */
/* What of an entry stands where: the terms of an entry, from its bytes. */
struct sj_index_terms {
    int64_t tokens[SJ_INDEX_KINDS];
    size_t count;
};
/* known: SJ_INDEX_CACHE of them, or NULL. */
SJ_MUST_CHECK sj_status sj_index_terms_of(const struct sj_index *index,
    struct sj_index_known *known, const struct sj_entry *entry, struct sj_index_terms *ret_terms);
SJ_MUST_CHECK sj_status sj_index_page_mac(const struct sj_index *index, const struct sj_run *run,
    const struct sj_posting *first, struct sj_view content, struct sj_hash *ret_mac);
SJ_MUST_CHECK sj_status sj_index_state_mac(const struct sj_index *index, uint64_t generation,
    struct sj_view runs, struct sj_hash *ret_mac);

/* index_page.c */
/* Makes the pages of a run from postings in order. */
struct sj_run_writer {
    const struct sj_index *index;
    struct sj_run run;
    struct sj_posting first; /* of the page at hand */
    struct sj_posting last;
    size_t group; /* where the page's newest term has its count */
    uint16_t group_count;
    bool has_group;
    uint8_t content[SJ_INDEX_PAGE_MAX];
    size_t len;
    struct sj_array tokens; /* finished pages */
    struct sj_array idxs;
    struct sj_array contents;
    struct sj_array macs;
    size_t pages;
};
SJ_MUST_CHECK sj_status sj_run_writer_init(
    struct sj_run_writer *w, const struct sj_index *index, struct sj_run run);
void sj_run_writer_clear(struct sj_run_writer *w);
SJ_MUST_CHECK sj_status sj_run_put(struct sj_run_writer *w, const struct sj_posting *posting);
/* The last page. */
SJ_MUST_CHECK sj_status sj_run_end(struct sj_run_writer *w);
/* Sends the finished pages. */
SJ_MUST_CHECK sj_status sj_run_flush(struct sj_run_writer *w, struct sj_tx *tx);
#define SJ_RUN_FLUSH 64u /* finished pages, at most */

/* One page, read and held against its MAC; its content is borrowed from the rows. */
struct sj_index_leaf {
    struct sj_run run;
    struct sj_posting first;
    struct sj_posting next; /* of the page behind it; the largest: there is none */
    struct sj_reader rest;
    struct sj_posting at; /* the posting before */
    uint16_t left;        /* of the term at hand */
};
/* Columns from `column` on: token, idx, content, mac. *ret_is_ours: its MAC holds. */
SJ_MUST_CHECK sj_status sj_leaf_open(const struct sj_index *index, const struct sj_run *run,
    const struct sj_rows *rows, size_t row, size_t column, struct sj_index_leaf *ret_leaf,
    bool *ret_is_ours);
/* Errors: LOG_TAMPERED (a page of ours would not read so). */
SJ_MUST_CHECK sj_status sj_leaf_next(
    struct sj_index_leaf *leaf, bool *ret_found, struct sj_posting *ret_posting);

/* index_run.c */
/* The postings of a run in order, page by page. */
struct sj_run_cursor {
    const struct sj_index *index;
    struct sj_run run;
    struct sj_rows *rows;
    size_t row;
    bool has_leaf;
    struct sj_index_leaf leaf;
    struct sj_posting expected; /* how the next page begins */
    bool is_at_end;
    bool is_whole; /* no page was missing or foreign so far */
    struct sj_posting posting;
};
void sj_run_cursor_clear(struct sj_run_cursor *c);
/* The next posting into c->posting, or is_at_end. A page that is missing or not ours makes the cursor not whole; the walk goes on
 * behind it. */
SJ_MUST_CHECK sj_status sj_run_cursor_next(
    struct sj_run_cursor *c, struct sj_db *db, const struct sj_context *context);

/* index_state.c */
struct sj_index_row {
    struct sj_index_runs runs;
    bool is_ours; /* its MAC holds */
};
SJ_MUST_CHECK sj_status sj_index_state(const struct sj_index *index, struct sj_db *db,
    const struct sj_context *context, struct sj_index_row *ret_row);
/* Writes the state that `runs` is after `run` has come in place of what it contains; *ret_is_written: nobody had gone on from
 * `runs` before. tx: with pages on their way; taken. */
SJ_MUST_CHECK sj_status sj_index_commit(struct sj_index *index, struct sj_tx **tx,
    struct sj_index_runs *runs, const struct sj_run *run, bool *ret_is_written);
/* Takes over what the database has, if it is ours and not older than what is known; else the index is broken. *ret_is_new: it is newer. */
SJ_MUST_CHECK sj_status sj_index_refresh(
    struct sj_index *index, struct sj_db *db, const struct sj_context *context, bool *ret_is_new);
void sj_index_break(struct sj_index *index, const char *reason);
/* A copy of which runs there are; false: not loaded yet. */
bool sj_index_runs_now(struct sj_index *index, struct sj_index_runs *ret_runs);

/* index_merge.c */
/* Makes one run of several when there are enough of a size. */
SJ_MUST_CHECK sj_status sj_index_merge(
    struct sj_index *index, struct sj_db *db, const struct sj_context *context, bool *ret_merged);
/* Takes away the pages of runs that others contain; nothing to do: no statement. */
SJ_MUST_CHECK sj_status sj_index_sweep(
    struct sj_index *index, struct sj_db *db, const struct sj_context *context);

#endif
