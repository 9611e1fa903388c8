/* SPDX-License-Identifier: Apache-2.0
 *
 * What was asked for, and how is it read back? Requests are written once; what the database says of them is believed when the
 * keeper's seals fit.
 */
#include "approval_priv.h"

#include "sanjeh/crypto/random.h"
#include "sanjeh/json/write.h"
#include "sanjeh/policy/engine.h"

/* Columns of approval_find.sql; approval_list.sql ends before the votes. */
enum {
    COL_ID,
    COL_ACTION,
    COL_OBJECT,
    COL_PARAMETERS,
    COL_OPERATION,
    COL_REASON,
    COL_NEED,
    COL_BY_ROLE,
    COL_OTHER_UNIT,
    COL_REQUESTED_BY,
    COL_REQUESTED_PERSON,
    COL_REQUESTED_UNIT,
    COL_REQUESTED_AT,
    COL_EXPIRES_AT,
    COL_STATE,
    COL_DECIDED_AT,
    COL_USED_AT,
    COL_SEAL,
    COL_VERSION,
    COL_VOTE_PERSON,
    COL_VOTE_ACCOUNT,
    COL_VOTE_UNIT,
    COL_VOTE_ROLE,
    COL_VOTE_APPROVES,
    COL_VOTE_METHOD,
    COL_VOTE_AT,
    COL_VOTE_SEAL
};

sj_status sj_approval_operation(struct sj_arena *arena, struct sj_text action,
    struct sj_uuid object, struct sj_text parameters, struct sj_text *ret_parameters,
    struct sj_hash *ret_operation)
{
    ENSURE(parameters.len <= SJ_APPROVAL_PARAMETERS_MAX, INVALID);
    struct sj_policy_fault fault;
    CLEANUP(sj_buf_clear) struct sj_buf canonical = SJ_BUF(2 * SJ_APPROVAL_PARAMETERS_MAX);
    ENSURE(!sj_failed(sj_policy_canonical(sj_text_bytes(parameters), &canonical, &fault)), INVALID);
    ENSURE(canonical.len >= 2 && canonical.len <= SJ_APPROVAL_PARAMETERS_MAX &&
               canonical.ptr[0] == '{',
        INVALID);
    /* "action" < "object" < "parameters": the RFC 8785 order */
    CLEANUP(sj_buf_clear) struct sj_buf whole = SJ_BUF(2 * SJ_APPROVAL_PARAMETERS_MAX);
    struct sj_json json = sj_json_begin(&whole);
    sj_json_object(&json, NULL);
    sj_json_text(&json, "action", action);
    sj_json_id(&json, "object", object);
    sj_json_raw(&json, "parameters", sj_buf_text(&canonical));
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    TRY(sj_sha256_one(sj_buf_view(&whole), ret_operation));
    return sj_arena_text(arena, sj_buf_text(&canonical), ret_parameters);
}

static sj_status insert(const struct sj_approval_desk *desk, const struct sj_approval *approval)
{
    const struct sj_param params[] = {sj_p_id(&approval->id), sj_p_text(approval->action),
        sj_p_id(&approval->object), sj_p_text(approval->parameters),
        sj_p_bytes(sj_view_of(approval->operation.bytes, SJ_HASH_SIZE)),
        sj_p_text(approval->reason), sj_p_i32((int32_t)approval->need),
        sj_p_text(approval->by_role), sj_p_bool(approval->other_unit),
        sj_p_id(&approval->requested_by), sj_p_id(&approval->requested_person),
        sj_p_id_or_null(&approval->requested_unit), sj_p_time(approval->requested_at),
        sj_p_time(approval->expires_at),
        sj_p_bytes(sj_view_of(approval->seal.bytes, SJ_HASH_SIZE))};
    return sj_tx_query(desk->tx, SJ_SQL_APPROVAL_INSERT, params, SJ_COUNT(params), NULL);
}

sj_status sj_approval_request(const struct sj_approval_desk *desk, const struct sj_actor *actor,
    const struct sj_approval_ask *ask, struct sj_approval *ret_approval)
{
    const struct sj_approval_kind *kind = ask->kind;
    ENSURE(ask->ttl_s >= 0 && ask->ttl_s <= kind->ttl_s, INVALID);
    ENSURE(ask->reason.len > 0 && ask->reason.len <= SJ_APPROVAL_REASON_MAX, INVALID);
    struct sj_approval approval = {.action = sj_text_of(kind->action),
        .object = ask->object,
        .reason = ask->reason,
        .need = ask->need > kind->need ? ask->need : kind->need,
        .by_role = sj_text_of(kind->by_role),
        .other_unit = kind->units != SJ_UNITS_ANY,
        .requested_by = actor->account,
        .requested_person = actor->person,
        .requested_unit = actor->unit,
        .requested_at = sj_time_now(),
        .state = SJ_TEXT("open"),
        .version = 1};
    approval.expires_at =
        approval.requested_at + (ask->ttl_s > 0 ? ask->ttl_s : kind->ttl_s) * SECOND_US;
    TRY(sj_uuid_new(&approval.id));
    TRY(sj_approval_operation(desk->arena, approval.action, approval.object, ask->parameters,
        &approval.parameters, &approval.operation));
    struct sj_seal_item item;
    TRY(approval_seal_item(&approval, &item));
    TRY(ask_seals(desk->channel, &item, 1, &approval.seal));
    TRY(insert(desk, &approval));
    *ret_approval = approval;
    return SJ_DONE;
}

/* ---- reading ---- */

static void take_hash(struct sj_view bytes, struct sj_hash *ret_hash)
{
    /* what has another length fits nothing */
    *ret_hash = (struct sj_hash){{0}};
    if (bytes.len == SJ_HASH_SIZE) {
        sj_ignore(sj_copy(ret_hash->bytes, SJ_HASH_SIZE, bytes.ptr, bytes.len), "equal lengths");
    }
}

static sj_status take_row(
    const struct sj_rows *rows, size_t row, struct sj_arena *arena, struct sj_approval *approval)
{
    approval->id = sj_row_id(rows, row, COL_ID);
    TRY(sj_arena_text(arena, sj_row_text(rows, row, COL_ACTION), &approval->action));
    approval->object = sj_row_id(rows, row, COL_OBJECT);
    TRY(sj_arena_text(arena, sj_row_text(rows, row, COL_PARAMETERS), &approval->parameters));
    take_hash(sj_row_bytes(rows, row, COL_OPERATION), &approval->operation);
    TRY(sj_arena_text(arena, sj_row_text(rows, row, COL_REASON), &approval->reason));
    approval->need = (uint32_t)sj_row_i64(rows, row, COL_NEED);
    TRY(sj_arena_text(arena, sj_row_text(rows, row, COL_BY_ROLE), &approval->by_role));
    approval->other_unit = sj_row_bool(rows, row, COL_OTHER_UNIT);
    approval->requested_by = sj_row_id(rows, row, COL_REQUESTED_BY);
    approval->requested_person = sj_row_id(rows, row, COL_REQUESTED_PERSON);
    approval->requested_unit = sj_row_id(rows, row, COL_REQUESTED_UNIT);
    approval->requested_at = sj_row_time(rows, row, COL_REQUESTED_AT);
    approval->expires_at = sj_row_time(rows, row, COL_EXPIRES_AT);
    TRY(sj_arena_text(arena, sj_row_text(rows, row, COL_STATE), &approval->state));
    approval->decided_at =
        sj_row_is_null(rows, row, COL_DECIDED_AT) ? 0 : sj_row_time(rows, row, COL_DECIDED_AT);
    approval->used_at =
        sj_row_is_null(rows, row, COL_USED_AT) ? 0 : sj_row_time(rows, row, COL_USED_AT);
    take_hash(sj_row_bytes(rows, row, COL_SEAL), &approval->seal);
    approval->version = sj_row_i64(rows, row, COL_VERSION);
    return SJ_DONE;
}

static sj_status take_votes(
    const struct sj_rows *rows, struct sj_arena *arena, struct sj_approval *approval)
{
    if (sj_row_is_null(rows, 0, COL_VOTE_PERSON)) {
        return SJ_DONE;
    }
    ENSURE(sj_rows_count(rows) <= SJ_APPROVAL_VOTES, LIMIT_EXCEEDED);
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        struct sj_approval_vote *vote = &approval->votes[approval->vote_count++];
        vote->person = sj_row_id(rows, row, COL_VOTE_PERSON);
        vote->account = sj_row_id(rows, row, COL_VOTE_ACCOUNT);
        vote->unit = sj_row_id(rows, row, COL_VOTE_UNIT);
        TRY(sj_arena_text(arena, sj_row_text(rows, row, COL_VOTE_ROLE), &vote->role));
        vote->approves = sj_row_bool(rows, row, COL_VOTE_APPROVES);
        TRY(sj_arena_text(arena, sj_row_text(rows, row, COL_VOTE_METHOD), &vote->method));
        vote->at = sj_row_time(rows, row, COL_VOTE_AT);
        take_hash(sj_row_bytes(rows, row, COL_VOTE_SEAL), &vote->seal);
    }
    return SJ_DONE;
}

static sj_status query(const struct sj_approval_desk *desk, enum sj_sql sql,
    const struct sj_param *params, size_t count, struct sj_rows **ret_rows)
{
    if (desk->tx != NULL) {
        return sj_tx_query(desk->tx, sql, params, count, ret_rows);
    }
    const struct sj_query one = {sql, params, count};
    return sj_db_read(desk->db, desk->context, &one, 1, ret_rows);
}

sj_status sj_approval_find(const struct sj_approval_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_approval *ret_approval, const char **reterr_why)
{
    *reterr_why = "";
    const struct sj_param params[] = {sj_p_id(&id)};
    if (desk->tx != NULL) {
        /* the lock first: a vote that is being given is then seen */
        TRY(sj_tx_query(desk->tx, SJ_SQL_APPROVAL_LOCK, params, SJ_COUNT(params), NULL));
    }
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, SJ_SQL_APPROVAL_FIND, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) > 0;
    if (!*ret_found) {
        return SJ_DONE;
    }
    struct sj_approval approval = {.version = 0};
    TRY(take_row(rows, 0, desk->arena, &approval));
    TRY(take_votes(rows, desk->arena, &approval));
    bool genuine = false;
    TRY(approval_seals_prove(desk->channel, &approval, &genuine));
    if (!genuine) {
        *reterr_why = "SEAL_BROKEN";
        FAIL(CONFLICT);
    }
    *ret_approval = approval;
    return SJ_DONE;
}

sj_status sj_approval_list(const struct sj_approval_desk *desk, struct sj_text state,
    struct sj_text action, struct sj_uuid after, size_t limit, struct sj_approval **ret_items,
    size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&after), sj_p_i64((int64_t)limit),
        state.len > 0 ? sj_p_text(state) : sj_p_null(),
        action.len > 0 ? sj_p_text(action) : sj_p_null()};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, SJ_SQL_APPROVAL_LIST, params, SJ_COUNT(params), &rows));
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_approval), &memory));
    struct sj_approval *items = memory;
    for (size_t row = 0; row < count; row++) {
        items[row] = (struct sj_approval){.version = 0};
        TRY(take_row(rows, row, desk->arena, &items[row]));
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

size_t sj_approval_count(const struct sj_approval *approval)
{
    size_t count = 0;
    for (size_t i = 0; i < approval->vote_count; i++) {
        count += approval->votes[i].approves ? 1 : 0;
    }
    return count;
}
