/* SPDX-License-Identifier: Apache-2.0
 *
 * Who computes a cycle, and with which eyes? The caller must see the cycle; then the server itself reads all units' facts and
 * values under its own scope, which no request ever carries, and writes the sheets into files that the caller does not
 * see. The run is noted in the caller's transaction; the sheets are committed before, in one transaction: a run that is
 * not noted may be repeated and replaces them.
 */
#include "compute_priv.h"

#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/scopes.h"

#define CONTEXT_US (INT64_C(600) * 1000 * 1000)
#define PLAN_ARENA_BYTES                                                                           \
    ((size_t)32 * 1024 * 1024) /* mostly the courts, of which there may be thousands */

sj_status compute_context(const struct sj_desk *desk, struct sj_context *ret_context)
{
    /* the keys of judges (surveyed values) and of files (sheets) */
    const struct sj_uuid scopes[] = {SJ_SCOPE_EVALUATION, SJ_SCOPE_KEYS};
    return ask_context(sj_fields_channel(desk->fields), scopes, SJ_COUNT(scopes),
        sj_time_now() + CONTEXT_US, ret_context);
}

static sj_status store_all(struct sj_desk *desk, const struct plan *plan,
    const struct sj_peer_group *groups, const struct target *targets, size_t count, struct run *run)
{
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(desk->db, desk->context, &tx));
    desk->tx = tx;
    for (size_t from = 0; from < count; from += COMPUTE_PAGE) {
        const size_t left = count - from;
        TRY(sheets_store(
            desk, plan, groups, targets + from, left < COMPUTE_PAGE ? left : COMPUTE_PAGE, run));
    }
    desk->tx = NULL;
    return sj_tx_commit(&tx);
}

/* Everything in memory: 15,000 judges and 20 items are some 20 MB. */
static sj_status compute_all(struct sj_desk *desk, struct plan *plan, struct run *run)
{
    CLEANUP(sj_freep) struct target *targets = NULL;
    CLEANUP(sj_freep) struct reading *readings = NULL;
    CLEANUP(sj_freep) struct sj_peer_group *groups = NULL;
    void *memory;
    size_t total;
    TRY(sj_size_mul(plan->target_count, plan->item_count, &total));
    TRY(sj_alloc(plan->target_count, sizeof(struct target), &memory));
    targets = memory;
    TRY(sj_alloc(total, sizeof(struct reading), &memory));
    readings = memory;
    TRY(sj_alloc(plan->item_count * PEER_GROUPS, sizeof(struct sj_peer_group), &memory));
    groups = memory;
    size_t count;
    TRY(targets_read(desk, plan, targets, readings, &count));
    TRY(courts_read(desk, targets, count, plan));
    TRY(peers_read(plan, targets, count, groups));
    return store_all(desk, plan, groups, targets, count, run);
}

/* The sheets under the server's own scope; the courts' figures are the owner's, written with the caller's. */
static sj_status compute_cycle(
    const struct sj_desk *desk, struct sj_uuid cycle, struct run *ret_run)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct sj_context context;
    TRY(sj_arena_new(PLAN_ARENA_BYTES, &arena));
    TRY(compute_context(desk, &context));
    struct sj_desk server = *desk;
    server.context = &context;
    server.arena = arena;
    server.tx = NULL;
    struct plan plan;
    TRY(plan_read(&server, cycle, &plan));
    ENSURE(plan.target_count > 0, GUARD_UNMET);
    TRY(compute_all(&server, &plan, ret_run));
    return courts_store(desk, &plan);
}

/* Whether the caller may see the cycle, and whose unit notes the run. */
static sj_status find_owner(
    const struct sj_desk *desk, struct sj_uuid cycle, struct sj_uuid *ret_unit)
{
    const struct sj_param params[] = {sj_p_id(&cycle)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_CYCLE_OWNER, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    *ret_unit = sj_row_id(rows, 0, 0);
    /* a published cycle is visible to everybody; it is its owner who has it computed */
    ENSURE(sj_uuid_equal(*ret_unit, desk->actor->unit), NOT_FOUND);
    return SJ_DONE;
}

sj_status sj_computation_create(
    const struct sj_desk *desk, struct sj_uuid cycle, struct sj_computation *ret_computation)
{
    SJ_ASSERT(desk->tx != NULL);
    struct sj_computation computation = {.cycle = cycle, .created_by = desk->actor->account};
    TRY(find_owner(desk, cycle, &computation.unit));
    const int64_t start_ms = sj_time_monotonic_ms();
    struct run run = {.evaluations = 0};
    TRY(compute_cycle(desk, cycle, &run));
    computation.duration_ms = sj_time_monotonic_ms() - start_ms;
    computation.evaluations = run.evaluations;
    computation.sufficient = run.sufficient;
    const struct sj_view inputs = sj_view_of(run.inputs.bytes, SJ_HASH_SIZE);
    TRY(hex_text(desk, inputs, &computation.inputs_sha256));
    TRY(sj_uuid_new(&computation.id));
    const struct sj_param params[] = {sj_p_id(&computation.unit), sj_p_id(&computation.id),
        sj_p_id(&cycle), sj_p_text(SJ_TEXT(SJ_SCORE_METHOD)), sj_p_i32((int32_t)run.evaluations),
        sj_p_i32((int32_t)run.sufficient), sj_p_bytes(inputs), sj_p_i64(computation.duration_ms),
        sj_p_id(&computation.created_by)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_COMPUTATION_INSERT, params, SJ_COUNT(params), &rows));
    computation.created_at = sj_row_time(rows, 0, 0);
    *ret_computation = computation;
    return SJ_DONE;
}

/* ---- runs ---- */

static sj_status read_row(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    struct sj_computation *computation)
{
    *computation = (struct sj_computation){
        .unit = sj_row_id(rows, row, 0),
        .id = sj_row_id(rows, row, 1),
        .cycle = sj_row_id(rows, row, 2),
        .evaluations = sj_row_i64(rows, row, 3),
        .sufficient = sj_row_i64(rows, row, 4),
        .duration_ms = sj_row_i64(rows, row, 6),
        .created_by = sj_row_id(rows, row, 7),
        .created_at = sj_row_time(rows, row, 8),
    };
    return hex_text(desk, sj_row_bytes(rows, row, 5), &computation->inputs_sha256);
}

sj_status sj_computation_list(const struct sj_desk *desk, struct sj_uuid cycle,
    struct sj_paging paging, struct sj_computation **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    const struct sj_param params[] = {
        sj_p_id(&cycle), sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1)};
    const struct sj_query sql = {SJ_SQL_COMPUTATION_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, 1);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_computation), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, &(*ret_items)[row]));
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_computation_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_computation *ret_computation)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    const struct sj_query sql = {SJ_SQL_COMPUTATION_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_row(desk, rows, 0, ret_computation) : SJ_DONE;
}
