/* SPDX-License-Identifier: Apache-2.0
 *
 * Who says yes, and may the deed be done now? A vote is checked here and once more by the database; the deed compares everything
 * anew when it uses the approval: what it does, on what, with which parameters, by whom approved, and when.
 */
#include "approval_priv.h"

static sj_status unmet(const char *why, const char **reterr_why)
{
    *reterr_why = why;
    FAIL(GUARD_UNMET);
}

static bool is_live(const struct sj_approval *approval)
{
    return sj_text_is(approval->state, "open") || sj_text_is(approval->state, "approved");
}

static sj_status move(
    const struct sj_approval_desk *desk, struct sj_approval *approval, const char *state)
{
    const struct sj_param params[] = {
        sj_p_id(&approval->id), sj_p_i64(approval->version), sj_p_text(sj_text_of(state))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_APPROVAL_MOVE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, CONFLICT);
    approval->state = sj_text_of(state);
    approval->version++;
    return SJ_DONE;
}

/* Each approver another unit, and none without. A rejection needs no unit of its own. */
static const char *not_apart(const struct sj_actor *actor, const struct sj_approval *approval)
{
    const struct sj_approval_kind *kind = sj_approval_kind_find(approval->action);
    if (kind == NULL || kind->units != SJ_UNITS_APART) {
        return NULL;
    }
    if (sj_uuid_is_nil(actor->unit)) {
        return "NO_UNIT";
    }
    for (size_t i = 0; i < approval->vote_count; i++) {
        if (approval->votes[i].approves && sj_uuid_equal(actor->unit, approval->votes[i].unit)) {
            return "SAME_UNIT";
        }
    }
    return NULL;
}

static sj_status check_voter(const struct sj_actor *actor, const struct sj_approval *approval,
    bool approves, const char **reterr_why)
{
    if (!is_live(approval) || approval->expires_at <= sj_time_now()) {
        return unmet("ENDED", reterr_why);
    }
    if (sj_uuid_equal(actor->person, approval->requested_person) ||
        sj_uuid_equal(actor->account, approval->requested_by)) {
        return unmet("OWN_REQUEST", reterr_why);
    }
    if (approval->other_unit && sj_uuid_equal(actor->unit, approval->requested_unit)) {
        return unmet("OTHER_UNIT", reterr_why);
    }
    for (size_t i = 0; i < approval->vote_count; i++) {
        if (sj_uuid_equal(actor->person, approval->votes[i].person) ||
            sj_uuid_equal(actor->account, approval->votes[i].account)) {
            return unmet("VOTED_ALREADY", reterr_why);
        }
    }
    const char *apart = approves ? not_apart(actor, approval) : NULL;
    if (apart != NULL) {
        return unmet(apart, reterr_why);
    }
    return approval->vote_count < SJ_APPROVAL_VOTES ? SJ_DONE : unmet("ENDED", reterr_why);
}

sj_status sj_approval_give(const struct sj_approval_desk *desk, const struct sj_actor *actor,
    struct sj_approval *approval, bool approves, const char *method, const char **reterr_why)
{
    *reterr_why = "";
    TRY(check_voter(actor, approval, approves, reterr_why));
    struct sj_approval_vote vote = {.person = actor->person,
        .account = actor->account,
        .unit = actor->unit,
        .role = approval->by_role,
        .approves = approves,
        .method = sj_text_of(method),
        .at = sj_time_now()};
    struct sj_seal_item item;
    TRY(approval_vote_seal_item(approval, &vote, &item));
    TRY(ask_seals(desk->channel, &item, 1, &vote.seal));
    const struct sj_param params[] = {sj_p_id(&approval->id), sj_p_id(&vote.person),
        sj_p_id(&vote.account), sj_p_id_or_null(&vote.unit), sj_p_text(vote.role),
        sj_p_bool(vote.approves), sj_p_text(vote.method), sj_p_time(vote.at),
        sj_p_id(&approval->requested_by), sj_p_bytes(sj_view_of(vote.seal.bytes, SJ_HASH_SIZE))};
    TRY(sj_tx_query(desk->tx, SJ_SQL_APPROVAL_VOTE_INSERT, params, SJ_COUNT(params), NULL));
    approval->votes[approval->vote_count++] = vote;
    if (!approves) {
        return move(desk, approval, "rejected");
    }
    if (sj_text_is(approval->state, "open") && sj_approval_count(approval) >= approval->need) {
        return move(desk, approval, "approved");
    }
    return SJ_DONE;
}

sj_status sj_approval_cancel(
    const struct sj_approval_desk *desk, const struct sj_actor *actor, struct sj_approval *approval)
{
    ENSURE(sj_uuid_equal(actor->person, approval->requested_person), FORBIDDEN);
    ENSURE(is_live(approval), NO_SUCH_MOVE);
    return move(desk, approval, "cancelled");
}

/* ---- the deed ---- */

static bool is_same_operation(const struct sj_approval_desk *desk,
    const struct sj_approval *approval, const struct sj_approval_use *use, sj_status *ret_status)
{
    struct sj_text parameters;
    struct sj_hash operation;
    const struct sj_uuid object = use->any_object ? approval->object : use->object;
    *ret_status = sj_approval_operation(desk->arena, sj_text_of(use->kind->action), object,
        use->parameters, &parameters, &operation);
    return !sj_failed(*ret_status) && sj_hash_equal(&operation, &approval->operation) &&
           sj_text_is(approval->action, use->kind->action) &&
           sj_uuid_equal(approval->object, object);
}

/* The rules of the kind as they are now: a request that was written under other ones is not enough. */
static sj_status check_votes(
    const struct sj_approval *approval, const struct sj_approval_use *use, const char **reterr_why)
{
    uint32_t need = use->kind->need > approval->need ? use->kind->need : approval->need;
    need = use->min_need > need ? use->min_need : need;
    size_t valid = 0;
    for (size_t i = 0; i < approval->vote_count; i++) {
        const struct sj_approval_vote *vote = &approval->votes[i];
        if (!vote->approves) {
            return unmet("ENDED", reterr_why);
        }
        bool counts = !sj_uuid_equal(vote->person, approval->requested_person) &&
                      !sj_uuid_equal(vote->account, approval->requested_by) &&
                      sj_text_is(vote->role, use->kind->by_role) &&
                      (use->kind->units == SJ_UNITS_ANY ||
                          !sj_uuid_equal(vote->unit, approval->requested_unit)) &&
                      (use->kind->units != SJ_UNITS_APART || !sj_uuid_is_nil(vote->unit));
        for (size_t j = 0; j < i; j++) {
            counts = counts && !sj_uuid_equal(vote->person, approval->votes[j].person) &&
                     (use->kind->units != SJ_UNITS_APART ||
                         !sj_uuid_equal(vote->unit, approval->votes[j].unit));
        }
        valid += counts ? 1 : 0;
    }
    return valid >= need ? SJ_DONE : unmet("NOT_APPROVED", reterr_why);
}

sj_status sj_approval_check(const struct sj_approval_desk *desk, const struct sj_actor *actor,
    const struct sj_approval_use *use, struct sj_approval *ret_approval, const char **reterr_why)
{
    *reterr_why = "";
    bool found = false;
    struct sj_approval approval;
    sj_status status = sj_approval_find(desk, use->approval, &found, &approval, reterr_why);
    if (status.code == SJ_CONFLICT) {
        FAIL(GUARD_UNMET);
    }
    TRY(status);
    if (!found) {
        return unmet("NO_APPROVAL", reterr_why);
    }
    if (!is_same_operation(desk, &approval, use, &status)) {
        TRY(status);
        return unmet("OTHER_OPERATION", reterr_why);
    }
    if (!use->by_anybody && !sj_uuid_equal(actor->person, approval.requested_person)) {
        return unmet("NOT_YOURS", reterr_why);
    }
    if (sj_text_is(approval.state, "used")) {
        return unmet("USED", reterr_why);
    }
    if (approval.expires_at <= sj_time_now()) {
        return unmet("EXPIRED", reterr_why);
    }
    if (!is_live(&approval)) {
        return unmet("ENDED", reterr_why);
    }
    TRY(check_votes(&approval, use, reterr_why));
    *ret_approval = approval;
    return SJ_DONE;
}

sj_status sj_approval_take(const struct sj_approval_desk *desk, const struct sj_actor *actor,
    const struct sj_approval_use *use, struct sj_approval *ret_approval, const char **reterr_why)
{
    struct sj_approval approval;
    TRY(sj_approval_check(desk, actor, use, &approval, reterr_why));
    if (sj_text_is(approval.state, "open")) {
        TRY(move(desk, &approval, "approved"));
    }
    TRY(move(desk, &approval, "used"));
    *ret_approval = approval;
    return SJ_DONE;
}
