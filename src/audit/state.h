/* SPDX-License-Identifier: Apache-2.0
 *
 * The sequencer's own state, seen by its files only. Life of a draft:
 *   record (any loop) -> slot -> inbound (other loops) -> queue -> batch -> committed -> signed -> woken
 * Everything is touched on the sequencer's loop alone but what stands under `lock` and the atomics.
 */
#ifndef SJ_AUDIT_STATE_H
#define SJ_AUDIT_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "codec.h"
#include "emitters.h"
#include "heads.h"
#include "recorder_priv.h"
#include "sanjeh/audit/record.h"
#include "sanjeh/audit/sequencer.h"
#include "tenants.h"
#include "tiles.h"

#define SJ_BATCH_ENTRIES 1024          /* what the keeper extends by at once */
#define SJ_BATCH_BYTES   (1024 * 1024) /* of entries; one more entry may end beyond it */
#define SJ_HOMES_MAX     64            /* loops of one server */
#define SJ_SWEPT_MAX     256           /* receipts kept of swept own drafts */
#define SJ_TENANTS_MAX   100000
#define SJ_PEERS_MAX     64   /* other servers of the record */
#define SJ_LIVES_MAX     1024 /* processes before this one that the recorder can speak of */
#define SJ_SETTLE_TICKS  3    /* seconds until a number without an entry is settled */

/* One draft on its way. Belongs to the loop that made it until queued, then to the sequencer's loop until done. */
struct sj_slot {
    struct sj_slot *next;
    struct sj_home *home; /* where its waiter lives, NULL: the sequencer's own loop, or no waiter */
    bool remote;          /* from the shared free list */
    struct sj_fiber *fiber; /* parked; NULL: nobody waits */
    struct sj_sweep *sweep; /* the sweeper that queued it */
    atomic_bool abandoned;  /* its waiter has given up */
    bool done;              /* status and receipt hold; home's loop only */
    bool in_outbox;
    enum sj_entry_kind kind;
    sj_status status;
    struct sj_receipt receipt;
    struct sj_uuid emitter;
    uint64_t emitter_seq;
    struct sj_uuid tenant_tag;
    struct sj_buf body;     /* keeps its memory */
    struct sj_buf subjects; /* ids, 16 bytes each */
    struct sj_buf payload;  /* as it is stored; empty: none */
};

struct sj_slot_list {
    struct sj_slot *first;
    struct sj_slot *last;
};
void sj_slot_push(struct sj_slot_list *list, struct sj_slot *slot);
struct sj_slot *sj_slot_pop(struct sj_slot_list *list);

/* Another loop of the server and what goes back to it. */
struct sj_home {
    struct sj_sequencer *sequencer;
    struct sj_loop *loop;
    struct sj_slot_list done; /* under lock */
    bool posted;              /* under lock */
};

/* The sweeper's count of what it has queued. */
struct sj_sweep {
    size_t pending;
    size_t queued; /* in all */
    struct sj_fiber *fiber;
};

/* The head, as committed and signed. */
struct sj_head {
    struct sj_uuid log_id;
    sj_time_us last_time;
    struct sj_hash root;
    struct sj_frontier frontier;
    struct sj_edge edge;
    struct sj_tenants tenants;
};

/* Parameters of the batch being written; memory kept between batches. */
struct sj_batch {
    uint64_t number;
    struct sj_slot *slots[SJ_BATCH_ENTRIES];
    size_t count;
    uint64_t base_size;
    struct sj_hash base_root;
    struct sj_hash leaves[SJ_BATCH_ENTRIES];
    struct sj_buf entry;
    struct sj_buf frontier;
    struct sj_hash mac;
    uint64_t swept[SJ_SWEPT_MAX]; /* numbers of own drafts that the sweeper brought */
    size_t swept_count;
    size_t touched[SJ_BATCH_ENTRIES]; /* tenants */
    size_t touched_count;
    struct sj_array entries;
    struct sj_array leaf_hashes;
    struct sj_array outbox_emitters;
    struct sj_array outbox_seqs;
    struct sj_array tile_levels;
    struct sj_array tile_ns;
    struct sj_array tile_hashes;
    struct sj_array tenant_tags;
    struct sj_array tenant_seqs;
    struct sj_array tenant_leaves;
    struct sj_array tenant_idxs;
    struct sj_array opening_subjects;
    struct sj_array opening_idxs;
    size_t opening_count;
    struct sj_array payload_idxs;
    struct sj_array payload_contents;
    size_t payload_count;
};

enum sj_sequencer_phase {
    SJ_PHASE_RUNNING,
    SJ_PHASE_LOST,   /* outcome of a batch unknown: read the head again before the next */
    SJ_PHASE_FAILED, /* the database contradicts what was signed: never again */
    SJ_PHASE_ENDED
};

struct sj_swept {
    uint64_t seq;
    struct sj_receipt receipt;
};

/* The head row as it stands in the database. */
struct sj_head_row {
    struct sj_uuid log_id;
    uint64_t size;
    struct sj_hash root;
    sj_time_us last_time;
    struct sj_uuid emitter; /* of the newest batch */
    uint64_t base_size;
    struct sj_hash mac;
    bool has_mac;
    struct sj_frontier frontier;
};

/* A batch as the recorder has it; borrowed from the replay. */
struct sj_batch_frame {
    uint64_t base_size;
    struct sj_hash base_root;
    uint64_t size;
    struct sj_hash root;
    size_t count;
    struct sj_view entries; /* each u32 length and bytes */
    struct sj_view ids;     /* for each entry u16 count and ids */
};

/* Who else writes this record. */
struct sj_instances {
    bool is_known;           /* this server has written here before */
    struct sj_uuid former;   /* its process before this one */
    struct sj_uuid recorder; /* its recorder; nil: it had none */
    struct sj_uuid peers[SJ_PEERS_MAX];
    size_t peer_count;
};

/* What late.c knows. */
struct sj_late {
    struct sj_heads heads;
    uint64_t upto; /* entries before it are counted, as far as they are of its day */
    bool is_off;   /* counting has failed: no more heads */
    int64_t next_heads_ms;
    struct sj_epoch_status epoch;
    atomic_bool rotate_asked;
};

/* The newest entries signed here, batch by batch, for who follows the record (recent.c). */
struct sj_recent {
    pthread_mutex_t lock;
    struct sj_recent_batch *first; /* under lock, as everything below */
    struct sj_recent_batch *last;
    size_t bytes;
    bool follows[SJ_FOLLOWER_COUNT_];
    uint64_t upto[SJ_FOLLOWER_COUNT_];
};

struct sj_sequencer {
    struct sj_sequencer_config config;
    struct sj_uuid emitter;
    struct sj_key emitter_key;
    atomic_uint_fast64_t next_seq;

    /* the sequencer's loop only */
    enum sj_sequencer_phase phase;
    struct sj_head head;
    struct sj_batch batch;
    struct sj_slot_list queue;
    struct sj_slot_list free_local;
    struct sj_fiber *writer; /* parked while idle */
    bool writer_idle;
    bool wake_deferred;
    bool stopping;
    struct sj_fiber *stopper;
    struct sj_timer *sweep_timer;
    bool sweeping;
    struct sj_context context; /* of scope RECORD */
    sj_time_us context_until;
    struct sj_emitters seen; /* numbers of the entries before seen_upto */
    uint64_t seen_upto;
    uint64_t seen_saved; /* what the row in the database covers */
    size_t seen_len;     /* its bytes */
    struct sj_key seen_key;
    bool seen_loaded;
    struct sj_late late;
    struct sj_instances instances;
    struct sj_replay *replay; /* while starting */
    uint64_t settle_marks[SJ_SETTLE_TICKS];
    bool is_probing;
    struct sj_rows *signers; /* log keys of all servers, or NULL */
    int64_t shared_until_ms; /* another server has been seen: the head is locked first */
    bool must_follow; /* another server has moved the head, and nothing is to be written here */
    unsigned resyncs_failed; /* in a row */
    int64_t resync_told_ms;
    int64_t sweep_told_ms;
    struct sj_buf note;       /* of the newest batch, being received */
    struct sj_buf note_store; /* signed and not yet in the database */
    uint64_t note_store_size; /* 0: nothing to store */

    /* any thread */
    atomic_bool refusing; /* new drafts */
    atomic_bool ready;
    atomic_bool keeper_silent;            /* did not answer the last question of the second */
    atomic_bool keeper_gone;              /* for good */
    atomic_int_fast64_t batch_started_ms; /* 0: none under way */
    atomic_uint_fast64_t size;
    atomic_uint_fast64_t batches;
    atomic_uint_fast64_t refused;
    atomic_uint_fast64_t queued;
    atomic_int_fast64_t last_batch_us;
    atomic_uint swept_count;

    pthread_mutex_t lock;
    struct sj_doubt *doubts;         /* under lock */
    size_t doubt_count;              /* under lock */
    struct sj_slot_list inbound;     /* under lock */
    bool inbound_posted;             /* under lock */
    struct sj_slot_list free_remote; /* under lock */
    struct sj_home homes[SJ_HOMES_MAX];
    size_t home_count;
    size_t remote_out; /* remote slots that are not free */
    struct sj_buf newest_note;
    struct sj_frontier signed_frontier;
    struct sj_edge signed_edge; /* the tiles of it that are not full */
    struct sj_swept swept[SJ_SWEPT_MAX];

    struct sj_recent recent; /* any thread */
};

/* queue.c */
/* A free slot with the draft's body in it, counted in `queued`. Errors: BUSY, INTERNAL (no encoding). */
SJ_MUST_CHECK sj_status sj_queue_slot(struct sj_sequencer *s, const struct sj_draft *draft,
    bool in_outbox, struct sj_slot **ret_slot);
void sj_queue_push(struct sj_sequencer *s, struct sj_slot *slot);
/* Moves what other loops have sent into the queue. */
void sj_queue_take_inbound(struct sj_sequencer *s);
/* Ends a slot: wakes or sends home or frees. remote: collects those for sj_queue_send_home. */
void sj_queue_finish(struct sj_sequencer *s, struct sj_slot *slot, sj_status status,
    const struct sj_receipt *receipt, struct sj_slot_list *remote);
void sj_queue_send_home(struct sj_sequencer *s, struct sj_slot_list *remote);
/* Gives a slot back to its free list; on the home's loop. */
void sj_queue_release(struct sj_sequencer *s, struct sj_slot *slot);
/* Whether this sequencer's own draft is queued or in the batch. */
bool sj_queue_holds(struct sj_sequencer *s, uint64_t emitter_seq);
void sj_queue_free(struct sj_sequencer *s);
/* Wakes the writer at the end of this turn, so that one turn's drafts become one batch. */
void sj_queue_wake_writer(struct sj_sequencer *s);

/* batch_arrays.c */
SJ_MUST_CHECK sj_status sj_batch_init(struct sj_batch *batch);
void sj_batch_clear(struct sj_batch *batch);
/* Empty, for the next one. */
void sj_batch_reset(struct sj_batch *batch);

/* batch.c */
/* Takes up to a batch from the queue, commits, signs, wakes. Errors: the outcome is unknown, phase LOST. */
SJ_MUST_CHECK sj_status sj_batch_run(struct sj_sequencer *s);
/* Stores a note that no batch has carried along. */
SJ_MUST_CHECK sj_status sj_batch_store_note(struct sj_sequencer *s);
/* The note of the newest signed head: for readers, and to be stored. */
SJ_MUST_CHECK sj_status sj_batch_publish_note(
    struct sj_sequencer *s, struct sj_view note, uint64_t size, bool to_store);

/* Sends the batch that stood here once, byte for byte, without signing. Errors: LOG_ROLLED_BACK when it comes out different. */
SJ_MUST_CHECK sj_status sj_batch_put_back(
    struct sj_sequencer *s, struct sj_tx *tx, const struct sj_batch_frame *frame);
/* The head is the signed one: for readers. */
void sj_batch_publish_head(struct sj_sequencer *s);

/* context.c */
/* A copy of the context with which the record's own statements run; kept, renewed before it ends. */
SJ_MUST_CHECK sj_status sj_record_context(struct sj_sequencer *s, struct sj_context *ret_context);

/* seen.c */
/* Numbers of all entries before size, from what was saved and from the entries; after sj_recover's checks. */
SJ_MUST_CHECK sj_status sj_seen_catch_up(struct sj_sequencer *s, uint64_t size);
/* Notes the batch's numbers. */
SJ_MUST_CHECK sj_status sj_seen_batch(struct sj_sequencer *s);
bool sj_seen_has(const struct sj_sequencer *s, struct sj_uuid emitter, uint64_t seq);
/* Sends the numbers along with a batch when enough have come. */
SJ_MUST_CHECK sj_status sj_seen_save(struct sj_sequencer *s, struct sj_tx *tx);

/* late.c */
SJ_MUST_CHECK sj_status sj_late_init(struct sj_sequencer *s);
void sj_late_clear(struct sj_sequencer *s);
/* One entry more in the counts of the day; the batch's entries, when it is signed. */
void sj_late_see(
    struct sj_sequencer *s, struct sj_uuid tag, struct sj_text action, sj_time_us time);
void sj_late_batch(struct sj_sequencer *s);
/* Counts of the entries before size; after sj_recover's checks. */
SJ_MUST_CHECK sj_status sj_late_catch_up(struct sj_sequencer *s, uint64_t size);
/* Writes the words of a slot whose place is known now; others stay as they are. */
SJ_MUST_CHECK sj_status sj_late_compose(
    struct sj_sequencer *s, struct sj_slot *slot, uint64_t index, sj_time_us time);
bool sj_late_begins_batch(const struct sj_slot *slot);
bool sj_late_ends_batch(const struct sj_slot *slot);
/* The next entry is the first of a day: it must be the heads'. */
bool sj_late_new_day(const struct sj_sequencer *s);
/* The entry, when it is one that appoints our keeper's next key; else nothing. */
SJ_MUST_CHECK sj_status sj_late_rotation_at(
    struct sj_sequencer *s, uint64_t index, struct sj_buf *ret_entry);
/* change.c */
/* Whether the entry appoints the key that our keeper has prepared. */
bool sj_change_is_own(const struct sj_sequencer *s, const struct sj_entry *entry);
/* Sees to it that the tree which ends in our change of key is stored with our old key's signature. */
SJ_MUST_CHECK sj_status sj_change_cover(struct sj_sequencer *s);
/* Heads and keys, as they are due. On a fiber of the sequencer's loop that is not the writer. */
SJ_MUST_CHECK sj_status sj_late_turn(struct sj_sequencer *s);

/* sequencer.c */
SJ_MUST_CHECK sj_status sj_sequencer_own_draft(
    enum sj_entry_kind kind, const char *action, const char *detail, struct sj_draft *draft);
/* An entry of the record itself, signed on return. */
SJ_MUST_CHECK sj_status sj_sequencer_record_own(
    struct sj_sequencer *s, enum sj_entry_kind kind, const char *action, const char *detail);
/* Whether a failure that may come again and again is logged now: once in ten seconds. */
bool sj_sequencer_may_tell(int64_t *told_ms);

/* sweep.c */
void sj_sweep_wait(struct sj_sweep *sweep);

/* keep.c */
/* Sends the batch's entries, as they are about to be sent to the database, to the recorder; recorder_wait before COMMIT. */
SJ_MUST_CHECK sj_status sj_keep_batch(
    struct sj_sequencer *s, struct sj_view sent, struct recorder_job **ret_job);
/* After each batch: lets the recorder write over what is settled. Each second: asks its disk. */
void sj_keep_make_room(struct sj_sequencer *s);
void sj_keep_probe(struct sj_sequencer *s);

/* settle.c */
/* Marks a draft whose outcome nobody knows. */
void sj_settle_mark(struct sj_draft *draft);
/* The entry of a number whose deed was not done. */
struct sj_draft sj_settle_void(struct sj_uuid emitter, uint64_t seq);
/* A deed's commit was not confirmed: in a while its draft is brought as one of unknown outcome. Any thread. */
void sj_settle_doubt(struct sj_sequencer *s, const struct sj_draft *draft);
/* Each second: numbers of this process that have waited long enough get their row in the outbox. */
SJ_MUST_CHECK sj_status sj_settle_run(struct sj_sequencer *s);
/* All of them now, when nothing is under way any more. */
SJ_MUST_CHECK sj_status sj_settle_all(struct sj_sequencer *s);
void sj_settle_clear(struct sj_sequencer *s);

/* replay.c */
struct sj_replayed {
    uint64_t recovered;
    uint64_t voids;
    uint64_t closed;
};
/* Reads the recorder. Errors: LOG_TAMPERED (it is not this server's, or is gone), IO. */
SJ_MUST_CHECK sj_status sj_replay_load(
    struct sj_sequencer *s, char *reterr_reason, size_t reason_size);
const struct recorder_end *sj_replay_end(const struct sj_sequencer *s);
/* The newest batch that continues this tree, or NULL. */
const struct sj_batch_frame *sj_replay_batch(
    const struct sj_sequencer *s, uint64_t base_size, const struct sj_hash *base_root);
/* Whether a batch of exactly this size and root stands there. */
bool sj_replay_knows(const struct sj_sequencer *s, uint64_t size, const struct sj_hash *root);
/* Brings what the log lacks. On a fiber; the writer and the recorder run. */
SJ_MUST_CHECK sj_status sj_replay_run(struct sj_sequencer *s, struct sj_replayed *ret_counts);
void sj_replay_free(struct sj_sequencer *s);

/* putback.c */
/* Puts a lost tail back and commits. Errors: LOG_ROLLED_BACK when the recorder does not lead from here to what was
 * signed. */
SJ_MUST_CHECK sj_status sj_put_back(struct sj_sequencer *s, struct sj_tx **tx,
    const struct sj_head_row *row, const struct sj_signed_head *signed_head);

/* instances.c */
SJ_MUST_CHECK sj_status sj_instances_load(struct sj_sequencer *s);
/* This process is the server's newest, with the keeper's log key. */
SJ_MUST_CHECK sj_status sj_instances_put(struct sj_sequencer *s);
/* Whether the emitter is another server's newest process. */
bool sj_instances_is_peer(const struct sj_sequencer *s, struct sj_uuid emitter);

/* begin_anew.c */
/* Whether this server's origin and recorder are those of the log in the database. Errors: LOG_TAMPERED (they are not). */
SJ_MUST_CHECK sj_status sj_incarnation_check(
    struct sj_sequencer *s, char *reterr_reason, size_t reason_size);
/* The first entry of a log that goes on from another; before anything else is written. */
SJ_MUST_CHECK sj_status sj_incarnation_begin(struct sj_sequencer *s);

/* follow.c */
/* Entries from .. to (at most 1,024) of the database. */
struct sj_stretch {
    struct sj_hash leaves[SJ_BATCH_ENTRIES];
    uint64_t change; /* index of the entry that appoints our keeper's next key; INT64_MAX: none */
    struct sj_buf entry; /* that entry */
};
/* Leaf hashes made from their bytes. moves_head: s->head and s->seen grow by them.
 * Errors: LOG_TAMPERED; s->head is then to be read anew. */
SJ_MUST_CHECK sj_status sj_follow_entries(struct sj_sequencer *s, uint64_t from, uint64_t to,
    bool moves_head, struct sj_stretch *ret_stretch);
SJ_MUST_CHECK sj_status sj_stretch_new(struct sj_stretch **ret_stretch);
void sj_stretch_free(struct sj_stretch **stretch);
/* From `from`, which is what the keeper has signed or taken over, as far as notes of other servers reach, at most to upto.
 * Errors: LOG_TAMPERED, LOG_ROLLED_BACK (a note is this server's own). */
SJ_MUST_CHECK sj_status sj_follow(
    struct sj_sequencer *s, uint64_t from, uint64_t upto, bool moves_head, uint64_t *ret_size);
/* The same up to the row, whose note may be on its way. */
SJ_MUST_CHECK sj_status sj_follow_patiently(struct sj_sequencer *s, const struct sj_head_row *row,
    uint64_t from, bool moves_head, uint64_t *ret_size);

/* share.c */
/* Another server writes too: from now on, for a while, each batch locks the head first. */
void sj_share_begin(struct sj_sequencer *s);
bool sj_share_is_on(const struct sj_sequencer *s);
/* A transaction for a batch. With other servers about it holds the head, and s->head is the newest.
 * Errors: BUSY (another server holds it: again), and what makes s->head unsure. */
SJ_MUST_CHECK sj_status sj_share_open(struct sj_sequencer *s, struct sj_tx **ret_tx);
/* Takes over what others wrote while nothing was to be written here. */
SJ_MUST_CHECK sj_status sj_share_follow(struct sj_sequencer *s);
/* The batch was not written for certain: its drafts go to the front of the queue. */
void sj_share_give_back(struct sj_sequencer *s);

/* recovery.c */
/* The head row, held until the transaction ends. Errors: LOG_TAMPERED (missing or damaged), FORBIDDEN, BUSY. */
SJ_MUST_CHECK sj_status sj_head_lock(struct sj_tx *tx, struct sj_head_row *ret_row);
struct sj_recovered {
    bool was_unsigned;      /* a committed batch had no signature */
    uint64_t put_back;      /* entries that the database had lost */
    struct sj_uuid emitter; /* of the newest batch */
    uint64_t size;
};
/* Database against keeper; s->head and the newest note afterwards hold. Errors: LOG_ROLLED_BACK,
 * LOG_TAMPERED, or that one of the two cannot be asked. */
SJ_MUST_CHECK sj_status sj_recover(struct sj_sequencer *s, struct sj_recovered *ret_recovered,
    char *reterr_reason, size_t reason_size);

/* recovery_tree.c */
/* Fills s->head.edge and checks it against s->head.frontier; re-verifies the newest entries from their bytes. */
SJ_MUST_CHECK sj_status sj_recover_tree(
    struct sj_sequencer *s, char *reterr_reason, size_t reason_size);
SJ_MUST_CHECK sj_status sj_recover_tenants(
    struct sj_sequencer *s, char *reterr_reason, size_t reason_size);
/* Leaf hashes of entries from .. to (at most 1,024), recomputed from their bytes and compared with the stored. */
SJ_MUST_CHECK sj_status sj_recover_leaves(struct sj_sequencer *s, uint64_t from, uint64_t to,
    struct sj_hash *ret_leaves, char *reterr_reason, size_t reason_size);

/* sweep.c */
/* Sequences every outbox row older than age_ms that is not in memory. On a fiber; the writer must run. */
SJ_MUST_CHECK sj_status sj_sweep_run(struct sj_sequencer *s, int64_t age_ms, uint64_t *ret_swept);
void sj_sweep_tick(void *sequencer);
/* The receipt of a swept own draft, when its waiter comes late. */
bool sj_sweep_find(struct sj_sequencer *s, uint64_t seq, struct sj_receipt *ret_receipt);
void sj_sweep_remember(struct sj_sequencer *s, uint64_t seq, const struct sj_receipt *receipt);

/* outbox.c */
SJ_MUST_CHECK sj_status sj_batch_mac(const struct sj_key *emitter_key, uint64_t old_size,
    const struct sj_hash *old_root, uint64_t new_size, const struct sj_hash *new_root,
    struct sj_hash *ret_mac);

#endif
