/* SPDX-License-Identifier: Apache-2.0
 *
 * Which key signs the record now, and may the next one take over at once? Keys change by the day by themselves; whoever fears for the one in
 * force has it replaced within seconds. The change is an entry that the old key signs (docs/AUDIT.md 2.3), so asking for it twice does no harm.
 */
#include "../server.h"
#include "record_desk.h"
#include "routes.h"

static const char *const phase_names[] = {"steady", "prepared", "overlap"};

static sj_status read_keys(struct sj_exchange *x)
{
    struct sj_epoch_status status;
    ENSURE(x->decision.reach == SJ_REACH_ALL, FORBIDDEN);
    TRY(sj_exchange_query_only(x, NULL));
    CLEANUP(sj_buf_clear) struct sj_buf lasting = SJ_BUF(1024);
    TRY(ask_epochs(x->worker->channel, &status));
    TRY(ask_log_vkey(x->worker->channel, &lasting));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "phase", phase_names[status.phase]);
    sj_json_int(&json, "epoch", (int64_t)status.number);
    sj_json_time(&json, "since", status.since);
    sj_record_desk_write_key(&json, "key", status.now);
    sj_record_desk_write_key(&json, "first_key", status.genesis);
    if (status.phase == SJ_EPOCH_OVERLAP) {
        sj_json_int(&json, "next_from", (int64_t)status.rotation.first);
    } else {
        sj_json_null(&json, "next_from");
    }
    sj_json_text(&json, "lasting", sj_buf_text(&lasting));
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* The sequencer does it within the second; the entry key:rotate tells when. */
static sj_status rotate(struct sj_exchange *x)
{
    struct sj_epoch_status status;
    ENSURE(x->decision.reach == SJ_REACH_ALL, FORBIDDEN);
    TRY(ask_epochs(x->worker->channel, &status));
    sj_sequencer_rotate_key(x->worker->server->sequencer);
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "rotate=asked;epoch=%llu",
        (unsigned long long)status.number);
    x->status = 202;
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "state", "asked");
    sj_json_int(&json, "epoch", (int64_t)status.number);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_audit_keys[] = {
    {{SJ_GET, "/api/v1/audit/keys", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_READ, read_keys},
    {{SJ_POST, "/api/v1/audit/keys/rotate", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_EXPORT, rotate},
};
const size_t sj_routes_audit_keys_count = SJ_COUNT(sj_routes_audit_keys);
