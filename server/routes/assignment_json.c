/* SPDX-License-Identifier: Apache-2.0
 *
 * How does an assignment look to a reader, and how does a refusal of the rules? One form for assignments, delegations and the
 * recertification report.
 */
#include "assignment_json.h"

#include "sanjeh/keys/scopes.h"
#include "sanjeh/remedy/prose.h"

#define CONTEXT_SECONDS 60

sj_status sj_assignment_context(struct sj_exchange *x, struct sj_context *ret_context)
{
    if (x->decision.reach != SJ_REACH_ALL) {
        *ret_context = *x->context;
        return SJ_DONE;
    }
    const struct sj_uuid scopes[] = {SJ_SCOPE_ADMIN};
    return ask_context(x->worker->channel, scopes, SJ_COUNT(scopes),
        sj_time_now() + CONTEXT_SECONDS * INT64_C(1000000), ret_context);
}

static sj_status fault(
    struct sj_exchange *x, const char *pointer, const char *code, const char *detail)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(pointer), code, sj_text_of(detail)));
    FAIL(INVALID);
}

sj_status sj_body_time(
    struct sj_exchange *x, const char *pointer, struct sj_text text, sj_time_us *ret_time)
{
    *ret_time = 0;
    if (text.len > 0 && (sj_failed(sj_time_parse(text, ret_time)) || *ret_time <= 0)) {
        return fault(x, pointer, "FORMAT", "RFC 3339 in UTC, as 2027-01-31T00:00:00Z");
    }
    return SJ_DONE;
}

sj_status sj_body_reason(struct sj_exchange *x, struct sj_text *reason)
{
    if (reason->len == 0) {
        return SJ_DONE;
    }
    const char *code = sj_remedy_prose(reason, SJ_ASSIGN_REASON_MAX);
    return code == NULL ? SJ_DONE
                        : fault(x, "/reason", code, "1 to 1000 bytes that people can read");
}

sj_status sj_assign_answer(struct sj_exchange *x, const struct sj_assign_fault *why)
{
    if (why->code == NULL) {
        return SJ_DONE;
    }
    const sj_status status = fault(x, why->pointer, why->code, why->detail);
    if (why->is_forbidden) {
        FAIL(FORBIDDEN);
    }
    return status;
}

sj_time_us sj_exchange_clock(const struct sj_exchange *x)
{
    return sj_time_now() + x->session.clock_ahead;
}

sj_status sj_holding_find(const struct sj_holding *holding, struct sj_uuid id, size_t *ret_number)
{
    for (size_t i = 0; i < holding->count; i++) {
        if (sj_uuid_equal(holding->items[i].id, id)) {
            *ret_number = i;
            return SJ_DONE;
        }
    }
    FAIL(NOT_FOUND);
}

static const char *state_of(
    struct sj_exchange *x, const struct sj_assignment_row *row, sj_time_us clock)
{
    sj_time_us until = 0;
    if (row->revoked_at != 0) {
        return "revoked";
    }
    return sj_grant_state_name(sj_assignment_state(x->active->policy, &row->held, clock, &until));
}

/* Until when the certification holds; null where the role is not recertified. */
static void write_certification(
    struct sj_exchange *x, struct sj_json *json, const struct sj_assignment_row *row)
{
    const struct sj_policy *policy = x->active->policy;
    const uint32_t role = sj_policy_role_number(policy, sj_text_of(row->held.role));
    const uint32_t days =
        role == SJ_POLICY_NONE ? 0 : sj_policy_role_at(policy, role)->recertify_days;
    sj_json_time(json, "certified_at", row->held.certified_at);
    sj_json_id_or_null(json, "certified_by", row->certified_by);
    sj_json_time_or_null(
        json, "certify_by", days == 0 ? 0 : row->held.certified_at + days * INT64_C(86400000000));
}

void sj_json_assignment(struct sj_exchange *x, struct sj_json *json,
    const struct sj_assignment_row *row, sj_time_us clock)
{
    const struct sj_assignment *held = &row->held;
    sj_json_object(json, NULL);
    sj_json_id(json, "id", held->id);
    sj_json_id(json, "account_id", row->account);
    sj_json_text(json, "username", row->username);
    sj_json_code_or_null(json, "unit", row->unit_code);
    sj_json_str(json, "role", held->role);
    sj_json_str(json, "kind", held->kind == SJ_DELEGATED ? "delegated" : "assigned");
    sj_json_id_or_null(json, "source_id", held->source);
    sj_json_int(json, "depth", (int64_t)held->depth);
    sj_json_str(json, "state", state_of(x, row, clock));
    sj_json_time_or_null(json, "valid_from", held->valid_from);
    sj_json_time_or_null(json, "valid_until", held->valid_until);
    sj_json_time_or_null(json, "locked_from", held->locked_from);
    sj_json_time_or_null(json, "locked_until", held->locked_until);
    write_certification(x, json, row);
    sj_json_id_or_null(json, "granted_by", held->granted_by);
    sj_json_time(json, "granted_at", row->granted_at);
    sj_json_text_or_null(json, "reason", row->reason);
    sj_json_time_or_null(json, "revoked_at", row->revoked_at);
    sj_json_id_or_null(json, "revoked_by", row->revoked_by);
    sj_json_text_or_null(json, "revoke_cause", row->revoke_cause);
    sj_json_int(json, "seq", row->seq);
    sj_json_int(json, "version", row->version);
    sj_json_object_end(json);
}

sj_status sj_answer_assignment(struct sj_exchange *x, const struct sj_assignment_row *row)
{
    struct sj_json json = sj_json_begin(&x->body);
    x->draft.object = row->held.id;
    sj_json_assignment(x, &json, row, sj_exchange_clock(x));
    TRY(sj_exchange_etag(x, row->version));
    return sj_json_end(&json);
}

sj_status sj_assignment_in_tx(
    struct sj_exchange *x, struct sj_uuid id, struct sj_assignment_row *ret_row)
{
    bool found = false;
    TRY(sj_assignment_find_tx(x->tx, id, x->arena, &found, ret_row));
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}
