/* SPDX-License-Identifier: Apache-2.0
 *
 * How does the index follow the record? A thousand entries at a time become a run. What this server signed itself is taken from the
 * memory in which it was signed; what it did not is read and proven first: an entry that was changed for a moment would otherwise be
 * missing from its own terms for ever. Pages and state are one transaction behind the state's compare-and-set; a server
 * that finds another one was faster takes over what that one wrote.
 */
#include "index_priv.h"
#include "reading_priv.h"
#include "recent.h"

#include <stdlib.h>

#include "sanjeh/base/log.h"

#define CHUNK     1024u /* entries of a run */
#define CHUNK_MAX 8192u /* when the index is far behind */
#define FAR       65536u

struct chunk {
    struct sj_index *index;
    uint64_t from;
    uint64_t to;
    uint64_t minimum; /* entries before it were pruned: their part of the run stays empty */
    size_t count;
    struct sj_hit hits[SJ_HITS_MAX];
    struct sj_posting postings[]; /* SJ_INDEX_KINDS an entry */
};

static sj_status add_entry(void *ctx, const struct sj_entry *entry)
{
    struct chunk *c = ctx;
    struct sj_index_terms terms;
    TRY(sj_index_terms_of(c->index, c->index->known, entry, &terms));
    for (size_t i = 0; i < terms.count; i++) {
        c->postings[c->count++] = (struct sj_posting){terms.tokens[i], entry->index};
    }
    return SJ_DONE;
}

/* Up to a page of entries from the database, each proven. */
static sj_status add_proven(
    struct chunk *c, struct sj_reading *reading, uint64_t from, uint64_t *ret_next)
{
    const uint64_t left = c->to - from;
    const size_t count = (size_t)(left < SJ_HITS_MAX ? left : SJ_HITS_MAX);
    uint64_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        c->hits[i].index = from + i;
    }
    const sj_status status = sj_reading_entries(reading, c->hits, count, &bad);
    if (status.code == SJ_LOG_TAMPERED) {
        char reason[96];
        (void)snprintf(
            reason, sizeof reason, "entry %llu is not what was signed", (unsigned long long)bad);
        sj_index_break(c->index, reason);
    }
    TRY(status);
    for (size_t i = 0; i < count; i++) {
        TRY(add_entry(c, &c->hits[i].entry));
    }
    *ret_next = from + count;
    return SJ_DONE;
}

static sj_status add_entries(struct chunk *c, struct sj_reading *reading)
{
    for (uint64_t at = c->from < c->minimum ? c->minimum : c->from; at < c->to;) {
        uint64_t next = at;
        TRY(sj_recent_read(reading->sequencer, at, c->to, add_entry, c, &next));
        TRY(next == at ? add_proven(c, reading, at, &next) : SJ_DONE);
        at = next;
    }
    return SJ_DONE;
}

static int by_term(const void *left, const void *right)
{
    return sj_posting_compare(left, right);
}

static sj_status write_chunk(struct chunk *c, struct sj_db *db, const struct sj_context *context,
    struct sj_index_runs *runs, bool *ret_is_written)
{
    CLEANUP(sj_run_writer_clear) struct sj_run_writer writer = {.pages = 0};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    const struct sj_run run = {c->from, c->to};
    TRY(sj_run_writer_init(&writer, c->index, run));
    qsort(c->postings, c->count, sizeof c->postings[0], by_term);
    TRY(sj_tx_begin(db, context, &tx));
    for (size_t i = 0; i < c->count; i++) {
        TRY(sj_run_put(&writer, &c->postings[i]));
        TRY(writer.pages >= SJ_RUN_FLUSH ? sj_run_flush(&writer, tx) : SJ_DONE);
    }
    TRY(sj_run_end(&writer));
    TRY(sj_run_flush(&writer, tx));
    return sj_index_commit(c->index, &tx, runs, &run, ret_is_written);
}

static sj_status append(struct sj_index *index, struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, struct sj_index_runs *runs, bool *ret_is_written)
{
    void *memory = NULL;
    CLEANUP(sj_freep) void *owned = NULL;
    const uint64_t from = sj_index_runs_upto(runs);
    const uint64_t left = sj_reading_size(reading) - from;
    const uint64_t most = left < FAR ? CHUNK : CHUNK_MAX;
    const size_t entries = (size_t)(left < most ? left : most);
    TRY(sj_alloc(
        1, sizeof(struct chunk) + entries * SJ_INDEX_KINDS * sizeof(struct sj_posting), &memory));
    owned = memory;
    struct chunk *c = memory;
    c->index = index;
    c->from = from;
    c->to = from + entries;
    TRY(sj_record_minimum(db, context, &c->minimum));
    TRY(add_entries(c, reading));
    return write_chunk(c, db, context, runs, ret_is_written);
}

static sj_status prepare(struct sj_index *index)
{
    void *memory = NULL;
    if (index->known == NULL) {
        TRY(sj_alloc(SJ_INDEX_CACHE, sizeof(struct sj_index_known), &memory));
        index->known = memory;
    }
    return SJ_DONE;
}

sj_status sj_index_step(struct sj_index *index, struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, bool *ret_more)
{
    CLEANUP(sj_freep) void *memory = NULL;
    bool is_new = false;
    bool is_written = false;
    *ret_more = false;
    if (sj_index_status(index).is_broken) {
        return SJ_DONE;
    }
    TRY(prepare(index));
    TRY(sj_index_refresh(index, db, context, &is_new));
    TRY(sj_alloc(1, sizeof(struct sj_index_runs), &memory));
    struct sj_index_runs *runs = memory;
    if (!sj_index_runs_now(index, runs) || sj_index_status(index).is_broken ||
        sj_index_runs_upto(runs) >= sj_reading_size(reading)) {
        return SJ_DONE;
    }
    TRY(append(index, reading, db, context, runs, &is_written));
    *ret_more = true;
    TRY(is_written ? sj_index_merge(index, db, context, &is_written) : SJ_DONE);
    return sj_index_sweep(index, db, context);
}
