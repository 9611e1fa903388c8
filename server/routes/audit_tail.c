/* SPDX-License-Identifier: Apache-2.0
 *
 * What is being written to the record just now? Server-sent events (WHATWG HTML 9.2) for the officer: each entry as soon as it is
 * signed, proven like everything that is shown, under its index as the event's id, so that a client that was cut off goes on with
 * Last-Event-ID. The stream's start and end are entries; what it shows is not recorded again. It ends with the session, with the
 * right to it, and with the server.
 */
#include "../server.h"
#include "record_desk.h"
#include "routes.h"

#include "sanjeh/audit/record.h"

#include "sanjeh/base/log.h"
#include "sanjeh/base/parse.h"

#define TAILS_MAX    8u
#define POLL_MS      200
#define HEARTBEAT_MS 15000 /* a client that is gone is noticed then at the latest */
#define LOOK_MS      2000  /* between two looks at session and right */
#define AT_ONCE      64
#define EVENT_MAX    ((size_t)AT_ONCE * 8192)

struct tail {
    struct sj_server *server;
    uint64_t next;
    int64_t heartbeat_at;
    int64_t look_at;
    bool is_over;
    struct sj_hit hits[AT_ONCE];
};

static void tail_free(void *ctx)
{
    struct tail *tail = ctx;
    sj_place_leave(&tail->server->tails);
    sj_free(tail);
}

/* Whether the caller still has a session and the right, by the policy that is in force now. */
static sj_status look_again(struct sj_exchange *x, struct tail *tail)
{
    struct sj_server *server = x->worker->server;
    struct sj_active_roles roles;
    bool found = false;
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_session), &memory));
    struct sj_session *session = memory;
    TRY(sj_session_inspect(&x->worker->authn, x->session.id, &found, session));
    tail->is_over = !found;
    if (found) {
        x->active = sj_policy_pin(server->point, x->worker->number);
        sj_exchange_roles(x, session, &roles);
        const struct sj_decision decision =
            sj_active_decide(x->active, &session->actor, SJ_ACTION_AUDIT_READ);
        tail->is_over = !decision.permit || decision.reach != SJ_REACH_ALL;
        sj_policy_unpin(server->point, x->worker->number, &x->active);
    }
    sj_wipe(session, sizeof *session);
    return SJ_DONE;
}

static sj_status put_event(struct sj_buf *out, const struct sj_hit *hit)
{
    TRY(sj_buf_put_str(out, "id: "));
    TRY(sj_buf_put_decimal(out, (int64_t)hit->index));
    TRY(sj_buf_put_str(out, "\nevent: entry\ndata: "));
    struct sj_json json = sj_json_begin(out);
    sj_record_desk_write(&json, &hit->entry, &hit->leaf);
    TRY(sj_json_end(&json));
    return sj_buf_put_str(out, "\n\n");
}

static sj_status put_contradiction(struct sj_buf *out, uint64_t index)
{
    SJ_LOG(ERROR, "audit.entry.contradicted", sj_log_int("index", (int64_t)index));
    TRY(sj_buf_put_str(out, "id: "));
    TRY(sj_buf_put_decimal(out, (int64_t)index));
    TRY(sj_buf_put_str(out, "\nevent: contradicted\ndata: {\"index\":"));
    TRY(sj_buf_put_decimal(out, (int64_t)index));
    return sj_buf_put_str(out, "}\n\n");
}

static sj_status put_singly(
    struct sj_reading *reading, struct tail *tail, size_t count, struct sj_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bad = 0;
        const sj_status status = sj_reading_entries(reading, &tail->hits[i], 1, &bad);
        if (status.code == SJ_LOG_TAMPERED) {
            TRY(put_contradiction(out, tail->hits[i].index));
            continue;
        }
        TRY(status);
        TRY(put_event(out, &tail->hits[i]));
    }
    return SJ_DONE;
}

/* The next entries that are signed; *ret_count 0: none. */
static sj_status put_next(
    struct sj_exchange *x, struct tail *tail, struct sj_buf *out, size_t *ret_count)
{
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    struct sj_context context;
    uint64_t bad = 0;
    *ret_count = 0;
    if (sj_sequencer_stats(tail->server->sequencer).size <= tail->next) {
        return SJ_DONE;
    }
    TRY(sj_record_desk_context(x, 60, &context));
    TRY(sj_reading_open(tail->server->sequencer, x->worker->db, &context, &reading));
    const uint64_t size = sj_reading_size(reading);
    uint64_t minimum = 0;
    TRY(sj_record_minimum(x->worker->db, &context, &minimum));
    tail->next = tail->next < minimum ? minimum : tail->next;
    while (*ret_count < AT_ONCE && tail->next + *ret_count < size) {
        tail->hits[*ret_count].index = tail->next + *ret_count;
        (*ret_count)++;
    }
    const sj_status status = sj_reading_entries(reading, tail->hits, *ret_count, &bad);
    if (status.code == SJ_LOG_TAMPERED) {
        return put_singly(reading, tail, *ret_count, out);
    }
    TRY(status);
    for (size_t i = 0; i < *ret_count; i++) {
        TRY(put_event(out, &tail->hits[i]));
    }
    return SJ_DONE;
}

static sj_status put_heartbeat(struct tail *tail, struct sj_buf *out)
{
    tail->heartbeat_at = sj_time_monotonic_ms() + HEARTBEAT_MS;
    TRY(sj_buf_put_str(out, ": next "));
    TRY(sj_buf_put_decimal(out, (int64_t)tail->next));
    return sj_buf_put_str(out, "\n\n");
}

static sj_status run(struct sj_exchange *x, struct sj_feed *feed, void *ctx)
{
    struct tail *tail = ctx;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(EVENT_MAX);
    while (!tail->is_over && !atomic_load(&tail->server->stopping)) {
        size_t count = 0;
        sj_buf_reset(&out);
        if (sj_time_monotonic_ms() >= tail->look_at) {
            tail->look_at = sj_time_monotonic_ms() + LOOK_MS;
            TRY(look_again(x, tail));
            continue;
        }
        TRY(put_next(x, tail, &out, &count));
        tail->next += count;
        if (sj_time_monotonic_ms() >= tail->heartbeat_at) {
            TRY(put_heartbeat(tail, &out));
        }
        TRY(sj_feed_write(feed, sj_buf_view(&out)));
        ENSURE(!sj_feed_is_gone(feed), IO);
        if (count == 0) {
            sj_fiber_sleep_ms(POLL_MS);
        }
    }
    return SJ_DONE;
}

/* Last-Event-ID, ?from=, or the newest. */
static sj_status take_start(struct sj_exchange *x, uint64_t *ret_next)
{
    struct sj_text text;
    *ret_next = sj_sequencer_stats(x->worker->server->sequencer).size;
    for (size_t i = 0; i < sj_request_query_count(x->request); i++) {
        struct sj_text value;
        sj_request_query(x->request, i, &text, &value);
        if (!sj_text_is(text, "from") || sj_failed(sj_parse_u64(value, 0, INT64_MAX, ret_next))) {
            TRY(sj_json_fault_add(
                &x->faults, x->arena, text, "FORMAT", SJ_TEXT("?from= and an index")));
            FAIL(BAD_PARAMETER);
        }
    }
    uint64_t last = 0;
    if (sj_request_header(x->request, "Last-Event-ID", &text) && text.len > 0) {
        if (sj_failed(sj_parse_u64(text, 0, INT64_MAX - 1, &last))) {
            TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("Last-Event-ID"), "FORMAT",
                SJ_TEXT("the index of an entry")));
            FAIL(BAD_PARAMETER);
        }
        *ret_next = last + 1;
    }
    return SJ_DONE;
}

static sj_status tail(struct sj_exchange *x)
{
    struct sj_server *server = x->worker->server;
    uint64_t next = 0;
    void *memory = NULL;
    ENSURE(x->decision.reach == SJ_REACH_ALL, FORBIDDEN);
    TRY(take_start(x, &next));
    x->content_type = "text/event-stream";
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "from=%llu", (unsigned long long)next);
    if (sj_request_method(x->request) == SJ_HEAD) {
        return SJ_DONE;
    }
    ENSURE(sj_place_take(&server->tails, TAILS_MAX), BUSY);
    const sj_status status = sj_alloc(1, sizeof(struct tail), &memory);
    if (sj_failed(status)) {
        sj_place_leave(&server->tails);
        return status;
    }
    struct tail *made = memory;
    made->server = server;
    made->next = next;
    x->stream = (struct sj_exchange_stream){
        .fn = run, .ctx = made, .free = tail_free, .size = SJ_FEED_ENDLESS};
    return SJ_DONE;
}

const struct sj_endpoint sj_routes_audit_tail[] = {
    {{SJ_GET, "/api/v1/audit/tail", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_READ, tail},
};
const size_t sj_routes_audit_tail_count = SJ_COUNT(sj_routes_audit_tail);
