/* SPDX-License-Identifier: Apache-2.0
 *
 * Which cycles are there, who has signed them, and whom do they evaluate? Signed criteria are immutable, which the
 * database holds (migration 0016); a plan makes one evaluation a judge, however often it is asked for.
 */
#include "sanjeh/cycle/cycle.h"

#include "cycle_priv.h"
#include "sanjeh/crypto/random.h"

sj_status sj_cycle_list(const struct sj_desk *desk, struct sj_text state, struct sj_paging paging,
    struct sj_documents *ret_cycles)
{
    const struct sj_param params[] = {
        sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1), sj_p_text_or_null(state)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_CYCLE_LIST, params, SJ_COUNT(params), &rows));
    return sj_documents_of(desk, rows, paging.limit, ret_cycles);
}

sj_status sj_cycle_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_cycle_head *ret_cycle)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_CYCLE_FIND, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    struct sj_documents one;
    TRY(sj_documents_of(desk, rows, 1, &one));
    *ret_cycle = (struct sj_cycle_head){.document = one.items[0],
        .unit = sj_row_id(rows, 0, 4),
        .issuer_scope = sj_row_id(rows, 0, 5)};
    return sj_desk_text(desk, rows, 0, 3, &ret_cycle->state);
}

static sj_status change_clocks(
    const struct sj_desk *desk, struct sj_uuid id, const struct sj_cycle_draft *draft)
{
    for (size_t i = 0; i < draft->clock_count; i++) {
        const struct sj_param params[] = {sj_p_id(&id), sj_p_text(draft->clocks[i].code),
            sj_p_i32((int32_t)draft->clocks[i].days), sj_p_text_or_null(draft->clocks[i].day_kind)};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(sj_tx_query(desk->tx, SJ_SQL_CYCLE_CLOCK_CHANGE, params, SJ_COUNT(params), &rows));
        ENSURE(sj_rows_affected(rows) == 1, INVALID);
    }
    return SJ_DONE;
}

sj_status sj_cycle_create(const struct sj_desk *desk, const struct sj_cycle_draft *draft,
    bool *ret_known, struct sj_uuid *ret_id)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_uuid unit = desk->actor->unit;
    TRY(sj_uuid_new(ret_id));
    const struct sj_text population =
        draft->population.len == 0 ? SJ_TEXT("{}") : draft->population;
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(ret_id), sj_p_text(draft->code),
        sj_p_text(draft->name_fa), sj_p_text(draft->name_en), sj_p_text(draft->kind),
        sj_p_day(draft->from_day), sj_p_day(draft->to_day), sj_p_id(&draft->template_id),
        sj_p_text(draft->issuer), sj_p_text(population),
        sj_p_i32(draft->coverage_min < 0 ? 70 : (int32_t)draft->coverage_min),
        sj_p_id_or_null(&draft->supersedes), sj_p_id(&desk->actor->account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_CYCLE_INSERT, params, SJ_COUNT(params), &rows));
    *ret_known = sj_rows_affected(rows) == 1;
    if (!*ret_known) {
        return SJ_DONE;
    }
    TRY(sj_tx_query(desk->tx, SJ_SQL_CYCLE_CLOCKS_COPY, params, 2, NULL));
    return change_clocks(desk, *ret_id, draft);
}

sj_status sj_cycle_change(const struct sj_desk *desk, struct sj_uuid id, int64_t version,
    const struct sj_cycle_draft *draft)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {sj_p_id(&id), sj_p_i64(version),
        sj_p_text_or_null(draft->name_fa), sj_p_text_or_null(draft->name_en),
        draft->has_period ? sj_p_day(draft->from_day) : sj_p_null(),
        draft->has_period ? sj_p_day(draft->to_day) : sj_p_null(),
        sj_p_id_or_null(&draft->template_id), sj_p_text_or_null(draft->population),
        draft->coverage_min < 0 ? sj_p_null() : sj_p_i32((int32_t)draft->coverage_min)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_CYCLE_CHANGE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, PRECONDITION_FAILED);
    return change_clocks(desk, id, draft);
}

sj_status sj_cycle_sign(
    const struct sj_desk *desk, const struct sj_cycle_head *cycle, int64_t version)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_actor *actor = desk->actor;
    const bool is_issuer = sj_uuid_equal(
        sj_uuid_is_nil(actor->compartment) ? actor->unit : actor->compartment, cycle->issuer_scope);
    const bool is_owner = !is_issuer && sj_uuid_equal(actor->unit, cycle->unit);
    ENSURE(is_owner || is_issuer, FORBIDDEN);
    const struct sj_param params[] = {sj_p_id(&cycle->document.id), sj_p_i64(version),
        sj_p_id(&actor->account), sj_p_bool(is_owner)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_CYCLE_SIGN, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, CONFLICT);
    return SJ_DONE;
}

sj_status sj_cycle_move(const struct sj_desk *desk, struct sj_uuid id, int64_t version,
    struct sj_text to, struct sj_text reason, struct sj_cycle_unmet *ret_unmet)
{
    SJ_ASSERT(desk->tx != NULL);
    *ret_unmet = (struct sj_cycle_unmet){.count = 0};
    const struct sj_param asked[] = {sj_p_id(&id), sj_p_text(to), sj_p_bool(reason.len > 0)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_CYCLE_UNMET, asked, SJ_COUNT(asked), &rows));
    bool exists = false;
    for (size_t row = 0; row < sj_rows_count(rows) && ret_unmet->count < SJ_CYCLE_UNMET_MAX;
         row++) {
        if (sj_row_text(rows, row, 0).len == 0) {
            exists = true;
            continue;
        }
        TRY(sj_desk_text(desk, rows, row, 0, &ret_unmet->codes[ret_unmet->count++]));
    }
    ENSURE(exists, NO_SUCH_MOVE);
    ENSURE(ret_unmet->count == 0, GUARD_UNMET);
    const struct sj_param params[] = {
        sj_p_id(&id), sj_p_i64(version), sj_p_text(to), sj_p_text_or_null(reason)};
    sj_rows_free(&rows);
    TRY(sj_tx_query(desk->tx, SJ_SQL_CYCLE_MOVE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, PRECONDITION_FAILED);
    return sj_text_is(to, "cancelled")
               ? sj_tx_query(desk->tx, SJ_SQL_CYCLE_CLOCKS_CANCEL, params, 1, NULL)
               : SJ_DONE;
}

sj_status sj_cycle_population(const struct sj_desk *desk, struct sj_uuid id,
    struct sj_text *ret_json, struct sj_text *ret_named)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_CYCLE_POPULATION, params, SJ_COUNT(params), &rows));
    const struct sj_view named = sj_row_bytes(rows, 0, 1);
    TRY(sj_arena_text(
        desk->arena, (struct sj_text){(const char *)named.ptr, named.len}, ret_named));
    return sj_desk_text(desk, rows, 0, 0, ret_json);
}

sj_status sj_cycle_plan(const struct sj_desk *desk, struct sj_uuid id)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {sj_p_id(&id)};
    return sj_tx_query(desk->tx, SJ_SQL_CYCLE_PLAN, params, SJ_COUNT(params), NULL);
}
