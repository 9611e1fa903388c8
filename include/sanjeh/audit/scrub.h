/* SPDX-License-Identifier: Apache-2.0
 *
 * The scrubber: everything that the database has of the record, hashed again from its bytes and held against what was signed. Entries,
 * leaf hashes, tiles, roots at the sizes of notes and at the end, tenants' chains, and the tables that entries commit to. In steps,
 * so that a day may pass over it, and resumable.
 */
#ifndef SJ_AUDIT_SCRUB_H
#define SJ_AUDIT_SCRUB_H

#include "sanjeh/audit/sequencer.h"

struct sj_scrub;

/* What the log has to be, from whoever did not ask the database: keeper or a verified note. */
struct sj_scrub_target {
    uint64_t size;
    struct sj_hash root;
};

#define SJ_SCRUB_CAUSE_SIZE 128
struct sj_scrub_report {
    uint64_t entries;  /* hashed */
    uint64_t size;     /* of the target */
    uint64_t findings; /* all; the first is told */
    bool has_index;
    uint64_t index; /* of the first */
    char cause[SJ_SCRUB_CAUSE_SIZE];
};

/* The newest signed head of a running sequencer. Any loop. */
void sj_sequencer_scrub_target(struct sj_sequencer *sequencer, struct sj_scrub_target *ret_target);
/* The newest stored note, signed by one of the keys of the log's servers. Errors: NOT_FOUND (there is no note), those of sj_note_open. */
SJ_MUST_CHECK sj_status sj_scrub_stored_target(struct sj_db *db, const struct sj_context *context,
    const struct sj_note_key *keys, size_t count, struct sj_scrub_target *ret_target);

SJ_MUST_CHECK sj_status sj_scrub_new(
    const struct sj_scrub_target *target, struct sj_scrub **ret_scrub);
void sj_scrub_free(struct sj_scrub **scrub);
/* The next 256 entries at most. context: of scope RECORD. After an error the walk
 * is over: free it, begin anew or from what was kept. *ret_done: the walk is over,
 * its end was checked, the report holds. Findings are no errors. */
SJ_MUST_CHECK sj_status sj_scrub_step(
    struct sj_scrub *scrub, struct sj_db *db, const struct sj_context *context, bool *ret_done);
/* Entries done. */
uint64_t sj_scrub_position(const struct sj_scrub *scrub);
void sj_scrub_report(const struct sj_scrub *scrub, struct sj_scrub_report *ret_report);

/* All of a walk as bytes, appended, and back. What the caller reads back he must have kept where nobody else writes. The target is newer
 * when the log has grown: a walk goes on to it. Errors: LIMIT_EXCEEDED (too many tenants), PROTOCOL. */
SJ_MUST_CHECK sj_status sj_scrub_encode(const struct sj_scrub *scrub, struct sj_buf *out);
SJ_MUST_CHECK sj_status sj_scrub_decode(
    struct sj_view bytes, const struct sj_scrub_target *target, struct sj_scrub **ret_scrub);

/* The result as a draft of kind scrub, without emitter. */
void sj_scrub_draft(
    const struct sj_scrub_report *report, int64_t seconds, struct sj_draft *ret_draft);

#endif
