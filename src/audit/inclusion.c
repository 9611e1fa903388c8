/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the entry that a reader asks for the one that was signed? It is read and climbed to the signed tree as a page of one: its bytes
 * are hashed, full tiles come from the database, the right edge from memory. Otherwise whoever edits a row would have the officer
 * read it as the truth until the next verification; and were the edge read from the rows beside, he would have the officer doubt those.
 */
#include "sanjeh/audit/reading.h"
#include "sanjeh/base/log.h"
#include "state.h"

/* What is not there was pruned, or somebody took it. */
static sj_status read_hit(struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, struct sj_hit *hit)
{
    uint64_t bad = 0;
    ENSURE(hit->index < sj_reading_size(reading), NOT_FOUND);
    const sj_status status = sj_reading_entries(reading, hit, 1, &bad);
    if (status.code != SJ_LOG_TAMPERED) {
        return status;
    }
    const sj_status missing = sj_record_missing(db, context, hit->index);
    if (missing.code == SJ_LOG_TAMPERED) {
        SJ_LOG(ERROR, "audit.entry.contradicted", sj_log_status(status),
            sj_log_int("index", (int64_t)hit->index),
            sj_log_int("size", (int64_t)sj_reading_size(reading)));
        return status;
    }
    return missing;
}

sj_status sj_sequencer_entry(struct sj_sequencer *s, struct sj_db *db,
    const struct sj_context *context, uint64_t index, struct sj_entry *ret_entry,
    struct sj_hash *ret_leaf)
{
    CLEANUP(sj_freep) void *memory = NULL;
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_hit), &memory));
    struct sj_hit *hit = memory;
    hit->index = index;
    TRY(sj_reading_open(s, db, context, &reading));
    TRY(read_hit(reading, db, context, hit));
    *ret_entry = hit->entry;
    *ret_leaf = hit->leaf;
    return SJ_DONE;
}
