/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a tail that the database has lost be put back? A failover to a standby that lagged, or a crash of a disk that lied, leaves
 * a head behind what the keeper signed. The recorder has the batches as they were: when they lead without a gap from this head to
 * the signed root, the identical entries go to the identical places in one transaction, and the service goes on. Otherwise
 * the log was rolled back, and nothing is written.
 */
#include "sanjeh/base/log.h"
#include "state.h"

static sj_status put_back_all(
    struct sj_sequencer *s, struct sj_tx *tx, const struct sj_signed_head *signed_head)
{
    while (s->head.frontier.size < signed_head->size) {
        const struct sj_batch_frame *frame =
            sj_replay_batch(s, s->head.frontier.size, &s->head.root);
        ENSURE(frame != NULL && frame->size <= signed_head->size, LOG_ROLLED_BACK);
        TRY(sj_batch_put_back(s, tx, frame));
    }
    ENSURE(sj_hash_equal(&s->head.root, &signed_head->root), LOG_ROLLED_BACK);
    return SJ_DONE;
}

sj_status sj_put_back(struct sj_sequencer *s, struct sj_tx **tx, const struct sj_head_row *row,
    const struct sj_signed_head *signed_head)
{
    char reason[256] = "";
    ENSURE(s->replay != NULL, LOG_ROLLED_BACK);
    ENSURE(sj_replay_batch(s, row->size, &row->root) != NULL, LOG_ROLLED_BACK);
    /* the older log must be whole itself: what is put back continues its tree and its tenants' chains */
    const sj_status tree = sj_recover_tree(s, reason, sizeof(reason));
    ENSURE(tree.code != SJ_LOG_TAMPERED, LOG_ROLLED_BACK);
    TRY(tree);
    const sj_status tenants = sj_recover_tenants(s, reason, sizeof(reason));
    ENSURE(tenants.code != SJ_LOG_TAMPERED, LOG_ROLLED_BACK);
    TRY(tenants);
    TRY(sj_seen_catch_up(s, row->size));
    TRY(put_back_all(s, *tx, signed_head));
    TRY(sj_tx_commit(tx));
    SJ_LOG(ERROR, "audit.tail.put_back", sj_log_int("from", (int64_t)row->size),
        sj_log_int("size", (int64_t)signed_head->size),
        sj_log_str("why", "the database had lost what was committed"));
    return SJ_DONE;
}
