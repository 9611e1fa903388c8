/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a number that was given out and that no entry speaks of? A deed was rolled back, a batch was not
 * committed, a waiter gave up, or nobody knows whether a commit arrived. Each of them ends in the log: as the draft itself,
 * marked that its outcome is unknown, or as a void. The outbox decides between those and a deed that is still under way:
 * one row for a number, so either the deed's row is there, or ours is and the deed can no longer commit.
 */
#include <stdio.h>

#include "sanjeh/base/log.h"
#include "state.h"

#define MARK        "recovered=outcome-unknown"
#define GAPS_MAX    256
#define DOUBTS_MAX  4096
#define DOUBT_MS    2000
#define DRAFT_BYTES (1 + SJ_BODY_MAX)

/* A deed whose commit nobody has confirmed. */
struct sj_doubt {
    struct sj_doubt *next;
    uint64_t seq;
    int64_t since_ms;
    struct sj_buf draft;
    struct sj_buf ids;
};

static void lock(struct sj_sequencer *s)
{
    SJ_ASSERT(pthread_mutex_lock(&s->lock) == 0);
}

static void unlock(struct sj_sequencer *s)
{
    SJ_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
}

void sj_settle_mark(struct sj_draft *draft)
{
    char former[SJ_ENTRY_DETAIL_MAX + 1];
    (void)snprintf(former, sizeof(former), "%s", draft->detail);
    const size_t room = SJ_ENTRY_DETAIL_MAX - sizeof(MARK); /* and a separator */
    const size_t len = strlen(former);
    /* the end stays: there stands whose files were opened */
    (void)snprintf(draft->detail, sizeof(draft->detail), "%s%s%.*s", MARK, len == 0 ? "" : ";",
        (int)room, former + (len > room ? len - room : 0));
}

struct sj_draft sj_settle_void(struct sj_uuid emitter, uint64_t seq)
{
    return (struct sj_draft){.kind = SJ_ENTRY_VOID,
        .emitter = emitter,
        .emitter_seq = seq,
        .outcome = SJ_OUTCOME_FAILED,
        .action = "log:void",
        .object_type = "log",
        .detail = "cause=not-committed"};
}

/* ---- doubts ---- */

static void free_doubt(struct sj_doubt **doubt)
{
    struct sj_doubt *gone = TAKE(*doubt);
    if (gone != NULL) {
        sj_buf_clear(&gone->draft);
        sj_buf_clear(&gone->ids);
        sj_free(gone);
    }
}

static sj_status new_doubt(const struct sj_draft *draft, struct sj_doubt **ret_doubt)
{
    struct sj_draft marked = *draft;
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_doubt), &memory));
    CLEANUP(free_doubt) struct sj_doubt *doubt = memory;
    doubt->seq = draft->emitter_seq;
    doubt->since_ms = sj_time_monotonic_ms();
    doubt->draft = SJ_BUF(DRAFT_BYTES);
    doubt->ids = SJ_BUF(SJ_SUBJECTS_MAX * sizeof(struct sj_uuid));
    sj_settle_mark(&marked);
    TRY(sj_draft_encode(&marked, &doubt->draft));
    TRY(sj_buf_put(&doubt->ids, draft->subjects, draft->subject_count * sizeof(struct sj_uuid)));
    *ret_doubt = TAKE(doubt);
    return SJ_DONE;
}

void sj_settle_doubt(struct sj_sequencer *s, const struct sj_draft *draft)
{
    struct sj_doubt *doubt = NULL;
    const sj_status status = new_doubt(draft, &doubt);
    lock(s);
    const bool is_kept = !sj_failed(status) && s->doubt_count < DOUBTS_MAX;
    if (is_kept) {
        doubt->next = s->doubts;
        s->doubts = doubt;
        s->doubt_count++;
    }
    unlock(s);
    if (!is_kept) {
        /* the recorder has it: the next start brings it */
        SJ_LOG(ERROR, "audit.doubt.unkept", sj_log_int("seq", (int64_t)draft->emitter_seq));
        free_doubt(&doubt);
    }
}

static bool is_doubted(struct sj_sequencer *s, uint64_t seq)
{
    bool found = false;
    lock(s);
    for (const struct sj_doubt *doubt = s->doubts; doubt != NULL; doubt = doubt->next) {
        found = found || doubt->seq == seq;
    }
    unlock(s);
    return found;
}

static struct sj_doubt *take_doubts(struct sj_sequencer *s)
{
    lock(s);
    struct sj_doubt *taken = s->doubts;
    s->doubts = NULL;
    s->doubt_count = 0;
    unlock(s);
    return taken;
}

static void put_back(struct sj_sequencer *s, struct sj_doubt *doubt)
{
    lock(s);
    doubt->next = s->doubts;
    s->doubts = doubt;
    s->doubt_count++;
    unlock(s);
}

void sj_settle_clear(struct sj_sequencer *s)
{
    struct sj_doubt *doubt = take_doubts(s);
    while (doubt != NULL) {
        struct sj_doubt *next = doubt->next;
        free_doubt(&doubt);
        doubt = next;
    }
}

/* ---- rows ---- */

struct rows {
    struct sj_array seqs;
    struct sj_array drafts;
    struct sj_array macs;
    struct sj_array ids;
    size_t count;
};

static void rows_clear(struct rows *rows)
{
    sj_array_clear(&rows->seqs);
    sj_array_clear(&rows->drafts);
    sj_array_clear(&rows->macs);
    sj_array_clear(&rows->ids);
}

static sj_status rows_init(struct rows *rows)
{
    *rows = (struct rows){.count = 0};
    TRY(sj_array_init(&rows->seqs, SJ_OID_INT8, GAPS_MAX * 12 + 64));
    TRY(sj_array_init(&rows->drafts, SJ_OID_BYTEA, GAPS_MAX * (DRAFT_BYTES + 4) + 64));
    TRY(sj_array_init(&rows->macs, SJ_OID_BYTEA, GAPS_MAX * 36 + 64));
    return sj_array_init(
        &rows->ids, SJ_OID_BYTEA, GAPS_MAX * (SJ_SUBJECTS_MAX * sizeof(struct sj_uuid) + 4) + 64);
}

static sj_status rows_put(struct sj_sequencer *s, struct rows *rows, uint64_t seq,
    struct sj_view draft, struct sj_view ids)
{
    struct sj_hash mac;
    TRY(sj_outbox_mac(&s->emitter_key, draft, &mac));
    TRY(sj_array_put_i64(&rows->seqs, (int64_t)seq));
    TRY(sj_array_put(&rows->drafts, draft.ptr, draft.len));
    TRY(sj_array_put(&rows->macs, mac.bytes, SJ_HASH_SIZE));
    TRY(sj_array_put(&rows->ids, ids.len == 0 ? NULL : ids.ptr, ids.len));
    rows->count++;
    return SJ_DONE;
}

/* Where a row stands already it stays. */
static sj_status rows_commit(struct sj_sequencer *s, struct rows *rows)
{
    if (rows->count == 0) {
        return SJ_DONE;
    }
    struct sj_context context;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    const struct sj_param params[] = {sj_p_id(&s->emitter), sj_p_array(&rows->seqs),
        sj_p_array(&rows->drafts), sj_p_array(&rows->macs), sj_p_array(&rows->ids)};
    TRY(sj_record_context(s, &context));
    TRY(sj_tx_begin(s->config.db, &context, &tx));
    TRY(sj_tx_send(tx, SJ_SQL_AUDIT_OUTBOX_SETTLE, params, SJ_COUNT(params)));
    return sj_tx_commit(&tx);
}

static sj_status settle_one_doubt(struct sj_sequencer *s, const struct sj_doubt *doubt)
{
    CLEANUP(rows_clear) struct rows rows = {.count = 0};
    TRY(rows_init(&rows));
    TRY(rows_put(s, &rows, doubt->seq, sj_buf_view(&doubt->draft), sj_buf_view(&doubt->ids)));
    return rows_commit(s, &rows);
}

static sj_status settle_doubts(struct sj_sequencer *s, bool all)
{
    sj_status status = SJ_DONE;
    struct sj_doubt *doubt = take_doubts(s);
    while (doubt != NULL) {
        struct sj_doubt *next = doubt->next;
        const bool is_due = all || sj_time_monotonic_ms() - doubt->since_ms >= DOUBT_MS;
        if (is_due && !sj_failed(status) && !sj_seen_has(s, s->emitter, doubt->seq)) {
            status = settle_one_doubt(s, doubt);
        }
        if (!is_due || sj_failed(status)) {
            put_back(s, doubt);
        } else {
            free_doubt(&doubt);
        }
        doubt = next;
    }
    return status;
}

static sj_status settle_gaps(struct sj_sequencer *s, uint64_t upto)
{
    uint64_t gaps[GAPS_MAX];
    size_t count = 0;
    CLEANUP(rows_clear) struct rows rows = {.count = 0};
    CLEANUP(sj_buf_clear) struct sj_buf draft = SJ_BUF(DRAFT_BYTES);
    sj_emitters_gaps(&s->seen, s->emitter, upto, gaps, GAPS_MAX, &count);
    if (count == 0) {
        return SJ_DONE;
    }
    TRY(rows_init(&rows));
    for (size_t i = 0; i < count; i++) {
        if (sj_queue_holds(s, gaps[i]) || is_doubted(s, gaps[i])) {
            continue;
        }
        const struct sj_draft nothing = sj_settle_void(s->emitter, gaps[i]);
        sj_buf_reset(&draft);
        TRY(sj_draft_encode(&nothing, &draft));
        TRY(rows_put(s, &rows, gaps[i], sj_buf_view(&draft), sj_view_of(NULL, 0)));
    }
    return rows_commit(s, &rows);
}

sj_status sj_settle_run(struct sj_sequencer *s)
{
    const uint64_t upto = s->settle_marks[SJ_SETTLE_TICKS - 1];
    for (size_t i = SJ_SETTLE_TICKS - 1; i > 0; i--) {
        s->settle_marks[i] = s->settle_marks[i - 1];
    }
    s->settle_marks[0] = atomic_load(&s->next_seq);
    TRY(settle_doubts(s, false));
    return upto > 1 ? settle_gaps(s, upto) : SJ_DONE;
}

sj_status sj_settle_all(struct sj_sequencer *s)
{
    TRY(settle_doubts(s, true));
    return settle_gaps(s, atomic_load(&s->next_seq));
}
