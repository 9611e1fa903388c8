/* SPDX-License-Identifier: Apache-2.0
 *
 * The sequencer gives every draft its place. One per server, on one loop; several servers may write one record, taking
 * turns at its head. It drains what has queued while
 * the last batch was written (no timer), writes entries, leaf hashes, tiles, tenant chains and head in one
 * commit behind the head row's compare-and-set, has the keeper extend and sign the tree, and only then
 * wakes the waiters. Group commit: cost is shared, order is the server's.
 */
#ifndef SJ_AUDIT_SEQUENCER_H
#define SJ_AUDIT_SEQUENCER_H

#include "sanjeh/audit/entry.h"
#include "sanjeh/audit/recorder.h"
#include "sanjeh/db/db.h"
#include "sanjeh/keys/keeper.h"

struct sj_sequencer;

struct sj_receipt {
    uint64_t index;
    struct sj_hash leaf;
};

struct sj_sequencer_config {
    /* of the loop; holds one write connection during each batch. Deeds that use up a shared pool would delay
     * the record: give it a pool of its own (1 read, 1 write) */
    struct sj_db *db;
    struct sj_channel *channel; /* of the loop */
    struct sj_loop *loop;
    struct sj_recorder
        *recorder; /* borrowed, until sj_sequencer_free; used by one sequencer in its life */
    const char *origin;
    const char *instance; /* which server of the log: the keeper's; NULL or "" for the first */
    unsigned queue_max;   /* 4096: beyond it BUSY */
    int64_t heads_ms;     /* between two tenant-heads entries; 0: a minute, negative: never */
    int64_t
        key_epoch_ms; /* of the log's key, aligned to 1970 (a day: midnight UTC); 0: a day, negative: as long as none asks */
    /* Whether the policy's witnesses have cosigned a tree of this size or a later one; NULL: there are none. The old key is kept
     * until then. On the sequencer's loop. */
    bool (*is_cosigned)(void *ctx, uint64_t size);
    void *cosigned_ctx;
    int64_t deadline_ms; /* 2000: then RECORD_UNAVAILABLE */
};

/* Start-up, on a fiber of the loop: compares the head row with what the keeper signed, re-verifies the
 * newest entries from their bytes, finishes a committed but unsigned batch (batch MAC), sweeps the outbox,
 * appends emitter-open. reterr_reason (256 bytes) says what was found.
 * Errors: LOG_ROLLED_BACK, LOG_TAMPERED: the server must not serve. */
SJ_MUST_CHECK sj_status sj_sequencer_start(const struct sj_sequencer_config *config,
    struct sj_sequencer **ret_sequencer, char *reterr_reason, size_t reason_size);
/* On a fiber: refuses new drafts, drains, appends emitter-close. Every call stays allowed, and is refused, until
 * sj_sequencer_free. */
void sj_sequencer_stop(struct sj_sequencer *sequencer);
/* When no loop can call any more. NULL-safe. */
void sj_sequencer_free(struct sj_sequencer **sequencer);
struct sj_uuid sj_sequencer_emitter(const struct sj_sequencer *sequencer);
/* The next emitter sequence number; any thread. */
uint64_t sj_sequencer_next_seq(struct sj_sequencer *sequencer);

/* Queues the draft (copied; emitter and emitter_seq are set when emitter_seq is 0) and parks the fiber until
 * it is committed and signed. Any loop of the server. in_outbox: the draft was inserted into the outbox by a
 * committed transaction (sj_outbox_put) and its row is to be removed.
 * Errors: RECORD_UNAVAILABLE (nothing may be answered), BUSY (queue full). */
SJ_MUST_CHECK sj_status sj_sequencer_record(struct sj_sequencer *sequencer,
    const struct sj_draft *draft, bool in_outbox, struct sj_receipt *ret_receipt);
/* Queues without waiting, for aggregates; lost on a crash. */
void sj_sequencer_note(struct sj_sequencer *sequencer, const struct sj_draft *draft);
/* Whether the last batch was signed within the deadline and the keeper, asked each second, answers (readyz). */
bool sj_sequencer_is_ready(const struct sj_sequencer *sequencer);
/* Newest signed checkpoint note, appended. Any loop. */
SJ_MUST_CHECK sj_status sj_sequencer_checkpoint(
    struct sj_sequencer *sequencer, struct sj_buf *ret_note);
/* One entry, proven against the newest signed tree. Any loop, on a fiber; db of that loop, context of scope RECORD.
 * Errors: NOT_FOUND (beyond that tree), LOG_TAMPERED (the database has something else there; logged), FORBIDDEN. */
SJ_MUST_CHECK sj_status sj_sequencer_entry(struct sj_sequencer *sequencer, struct sj_db *db,
    const struct sj_context *context, uint64_t index, struct sj_entry *ret_entry,
    struct sj_hash *ret_leaf);
/* The key of this log for what the server keeps about it in the database under a MAC of its own; on a fiber of the sequencer's loop. */
SJ_MUST_CHECK sj_status sj_sequencer_log_key(
    struct sj_sequencer *sequencer, struct sj_key *ret_key);
/* Where every tenant stands, as an entry that is signed on return. On a fiber, any loop. */
SJ_MUST_CHECK sj_status sj_sequencer_note_heads(struct sj_sequencer *sequencer);
/* Has the log's next key take over within seconds. Any thread. */
void sj_sequencer_rotate_key(struct sj_sequencer *sequencer);
struct sj_sequencer_stats {
    uint64_t size;
    uint64_t batches;
    uint64_t refused;
    uint64_t queued;
    int64_t last_batch_us;
};
struct sj_sequencer_stats sj_sequencer_stats(const struct sj_sequencer *sequencer);

/* Who follows the record in this process. */
enum sj_follower { SJ_FOLLOWER_INDEX, SJ_FOLLOWER_ALARMS, SJ_FOLLOWER_COUNT_ };
/* The entry is borrowed for the call. */
typedef sj_status (*sj_recent_fn)(void *ctx, const struct sj_entry *entry);
/* Entries from `from` up to, not including, `to`, at most one batch, from the memory in which this server signed them: nothing to prove. *ret_next:
 * the place behind the last one; `from`: it is not there any more, or another server signed it. Any thread. Errors: fn's. */
SJ_MUST_CHECK sj_status sj_recent_read(struct sj_sequencer *sequencer, uint64_t from, uint64_t to,
    sj_recent_fn fn, void *ctx, uint64_t *ret_next);
/* The follower is behind every entry before upto. From its first word on the newest entries are kept for it. Any thread. */
void sj_recent_done(struct sj_sequencer *sequencer, enum sj_follower follower, uint64_t upto);

/* Commits a deed with its drafts: numbers them, puts them into the outbox of the deed's own transaction, waits until they
 * stand in the recorder, commits. Consumes the transaction in every case. After a failure nothing was done, or nobody knows
 * (DATABASE_UNAVAILABLE, DATABASE_TIMEOUT: then the drafts lose their numbers and are recorded later as of unknown outcome). A
 * draft that kept its number may be recorded as the failure that it became. Any loop, on a fiber.
 * Errors: RECORD_UNAVAILABLE (not done), those of sj_tx_commit. */
SJ_MUST_CHECK sj_status sj_sequencer_commit(
    struct sj_sequencer *sequencer, struct sj_tx **tx, struct sj_draft *drafts, size_t count);
/* The same for whoever commits later, or elsewhere: when no entry has come of a draft in a while, it is recorded as one of
 * unknown outcome. */
SJ_MUST_CHECK sj_status sj_sequencer_put(
    struct sj_sequencer *sequencer, struct sj_tx *tx, struct sj_draft *drafts, size_t count);
/* HMAC of an encoded draft under its emitter's key. */
SJ_MUST_CHECK sj_status sj_outbox_mac(
    const struct sj_key *emitter_key, struct sj_view draft, struct sj_hash *ret_mac);
/* Inserts the draft with its MAC into the outbox inside the deed's transaction. */
SJ_MUST_CHECK sj_status sj_outbox_put(
    struct sj_tx *tx, const struct sj_key *emitter_key, const struct sj_draft *draft);
/* The key of the record itself (of its log id): for what is derived from it. */
const struct sj_key *sj_sequencer_record_key(const struct sj_sequencer *sequencer);
/* Of the record; the same from the start on. Any thread. */
struct sj_uuid sj_sequencer_log_id(const struct sj_sequencer *sequencer);
/* The key of the sequencer's own emitter, for sj_outbox_put. */
const struct sj_key *sj_sequencer_emitter_key(const struct sj_sequencer *sequencer);

#endif
