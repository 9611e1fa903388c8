/* SPDX-License-Identifier: Apache-2.0
 *
 * How does an answer that goes on stay on the record? Its start was signed before its first byte; when its last one is out, or when it
 * broke off on whatever side, a second entry says how many bytes left and how it ended. An end that cannot be recorded is
 * logged: the start stands, and without an end it says "not known to have ended".
 */
#include "stream.h"

#include "answer.h"
#include "server.h"

#include "sanjeh/base/log.h"

void sj_stream_drop(struct sj_exchange *x)
{
    if (x->stream.fn != NULL) {
        x->stream.free(x->stream.ctx);
        x->stream = (struct sj_exchange_stream){.fn = NULL};
    }
}

static void record_end(struct sj_exchange *x, const struct sj_receipt *start, uint64_t bytes,
    bool is_complete, sj_status why)
{
    char id[SJ_UUID_TEXT_SIZE];
    struct sj_receipt receipt;
    struct sj_draft end = x->draft;
    const bool is_ours = sj_failed(why) && why.code != SJ_IO;
    sj_uuid_format(end.request_id, id);
    end.kind = SJ_ENTRY_STREAM_END;
    end.emitter_seq = 0;
    end.subjects = NULL;
    end.subject_count = 0;
    end.payload = NULL;
    end.payload_len = 0;
    end.payload_commit = SJ_PAYLOAD_NONE;
    end.outcome = is_ours ? SJ_OUTCOME_FAILED : SJ_OUTCOME_PERMITTED;
    (void)snprintf(end.detail, sizeof end.detail, "stream=%s;start=%llu;bytes=%llu;state=%s", id,
        (unsigned long long)start->index, (unsigned long long)bytes,
        is_ours       ? "failed"
        : is_complete ? "complete"
                      : "aborted");
    const sj_status status =
        sj_sequencer_record(x->worker->server->sequencer, &end, /* in_outbox= */ false, &receipt);
    if (sj_failed(status)) {
        SJ_LOG(ERROR, "audit.stream.end_lost", sj_log_status(status),
            sj_log_int("start", (int64_t)start->index));
    }
}

void sj_stream_send(struct sj_exchange *x, const struct sj_receipt *start)
{
    struct sj_feed *feed = NULL;
    uint64_t bytes = 0;
    bool is_complete = false;
    sj_status status = sj_answer_feed(x, start, &feed);
    if (sj_failed(status)) {
        sj_stream_drop(x);
        sj_answer_problem(x, status);
        sj_answer_send(x, start);
    } else {
        /* the request and its arena are gone; the policy may change while this goes on */
        sj_policy_unpin(x->worker->server->point, x->worker->number, &x->active);
        status = x->stream.fn(x, feed, x->stream.ctx);
        sj_feed_end(&feed, !sj_failed(status), &bytes, &is_complete);
        sj_stream_drop(x);
    }
    record_end(x, start, bytes, is_complete, status);
}
