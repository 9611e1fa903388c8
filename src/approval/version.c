/* SPDX-License-Identifier: Apache-2.0
 *
 * Which versions of the policy are there, and which is in force? Rows are written once and sealed; coming into force seals them
 * anew with the number of the activation, so that nobody puts one into force by writing its state.
 */
#include "version_priv.h"

enum {
    COL_ID,
    COL_POLICY,
    COL_NUMBER,
    COL_OWNER_UNIT,
    COL_ORIGIN,
    COL_DOCUMENT,
    COL_TESTS,
    COL_DIGEST,
    COL_PREVIOUS,
    COL_REPORT_DIGEST,
    COL_DIFF_DIGEST,
    COL_REPORT,
    COL_DIFF,
    COL_PASSED,
    COL_WIDENS,
    COL_NEED,
    COL_AUTHOR,
    COL_APPROVAL,
    COL_CREATED_AT,
    COL_STATE,
    COL_ACTIVATION,
    COL_ACTIVATED_AT,
    COL_ENDED_AT,
    COL_SEAL,
    COL_VERSION
};

static sj_status take_texts(const struct sj_rows *rows, size_t row, struct sj_arena *arena,
    struct sj_policy_version *version)
{
    const struct {
        size_t column;
        struct sj_text *text;
    } texts[] = {{COL_POLICY, &version->policy}, {COL_OWNER_UNIT, &version->owner_unit},
        {COL_ORIGIN, &version->origin}, {COL_DOCUMENT, &version->document},
        {COL_TESTS, &version->tests}, {COL_DIGEST, &version->digest},
        {COL_PREVIOUS, &version->previous}, {COL_REPORT_DIGEST, &version->report_digest},
        {COL_DIFF_DIGEST, &version->diff_digest}, {COL_REPORT, &version->report},
        {COL_DIFF, &version->diff}, {COL_STATE, &version->state}};
    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        TRY(sj_arena_text(arena, sj_row_text(rows, row, texts[i].column), texts[i].text));
    }
    return SJ_DONE;
}

static sj_time_us time_or_zero(const struct sj_rows *rows, size_t row, size_t column)
{
    return sj_row_is_null(rows, row, column) ? 0 : sj_row_time(rows, row, column);
}

static sj_status take_row(const struct sj_rows *rows, size_t row, struct sj_arena *arena,
    struct sj_policy_version *version)
{
    *version = (struct sj_policy_version){.id = sj_row_id(rows, row, COL_ID),
        .number = (uint32_t)sj_row_i64(rows, row, COL_NUMBER),
        .passed = sj_row_bool(rows, row, COL_PASSED),
        .widens = sj_row_bool(rows, row, COL_WIDENS),
        .need = (uint32_t)sj_row_i64(rows, row, COL_NEED),
        .author = sj_row_id(rows, row, COL_AUTHOR),
        .approval = sj_row_id(rows, row, COL_APPROVAL),
        .created_at = sj_row_time(rows, row, COL_CREATED_AT),
        .activation = sj_row_i64(rows, row, COL_ACTIVATION),
        .activated_at = time_or_zero(rows, row, COL_ACTIVATED_AT),
        .ended_at = time_or_zero(rows, row, COL_ENDED_AT),
        .version = sj_row_i64(rows, row, COL_VERSION)};
    const struct sj_view seal = sj_row_bytes(rows, row, COL_SEAL);
    if (seal.len == SJ_HASH_SIZE) {
        TRY(sj_copy(version->seal.bytes, SJ_HASH_SIZE, seal.ptr, seal.len));
    }
    return take_texts(rows, row, arena, version);
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

static sj_status take_rows(const struct sj_approval_desk *desk, const struct sj_rows *rows,
    struct sj_policy_version **ret_items, size_t *ret_count)
{
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_policy_version), &memory));
    struct sj_policy_version *items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(take_row(rows, row, desk->arena, &items[row]));
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_version_find(const struct sj_approval_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_policy_version *ret_version)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, desk->tx == NULL ? SJ_SQL_POLICY_VERSION_FIND : SJ_SQL_POLICY_VERSION_LOCK,
        params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    TRY(take_row(rows, 0, desk->arena, ret_version));
    return version_seal_prove(desk->channel, ret_version);
}

sj_status sj_version_list(const struct sj_approval_desk *desk, struct sj_text state,
    struct sj_uuid after, size_t limit, struct sj_policy_version **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {
        sj_p_id(&after), sj_p_i64((int64_t)limit), state.len > 0 ? sj_p_text(state) : sj_p_null()};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, SJ_SQL_POLICY_VERSION_LIST, params, SJ_COUNT(params), &rows));
    return take_rows(desk, rows, ret_items, ret_count);
}

sj_status sj_version_in_force(const struct sj_approval_desk *desk, sj_time_us at,
    struct sj_policy_version **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_time(at)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, at == 0 ? SJ_SQL_POLICY_VERSION_ACTIVE : SJ_SQL_POLICY_VERSION_AT, params,
        at == 0 ? 0 : 1, &rows));
    TRY(take_rows(desk, rows, ret_items, ret_count));
    for (size_t i = 0; i < *ret_count; i++) {
        TRY(version_seal_prove(desk->channel, &(*ret_items)[i]));
    }
    return SJ_DONE;
}

sj_status sj_version_newest(
    const struct sj_approval_desk *desk, struct sj_text policy, uint32_t *ret_number)
{
    const struct sj_param params[] = {sj_p_text(policy)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, SJ_SQL_POLICY_VERSION_NEWEST, params, SJ_COUNT(params), &rows));
    *ret_number = (uint32_t)sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}

sj_status sj_policy_holdings(
    const struct sj_approval_desk *desk, struct sj_policy_holding **ret_items, size_t *ret_count)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, SJ_SQL_POLICY_HOLDINGS, NULL, 0, &rows));
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_policy_holding), &memory));
    struct sj_policy_holding *items = memory;
    for (size_t row = 0; row < count; row++) {
        items[row].account = sj_row_id(rows, row, 0);
        TRY(sj_arena_text(desk->arena, sj_row_text(rows, row, 1), &items[row].roles));
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

/* ---- writing ---- */

sj_status sj_version_insert(const struct sj_approval_desk *desk, struct sj_policy_version *version)
{
    const bool installed = sj_uuid_is_nil(version->author);
    version->origin = sj_text_of(installed ? "installed" : "drafted");
    version->state = sj_text_of(installed ? "active" : "draft");
    version->version = 1;
    TRY(version_seal_make(desk->channel, version));
    const struct sj_param params[] = {sj_p_id(&version->id), sj_p_text(version->policy),
        sj_p_i64(version->number), sj_p_text(version->owner_unit), sj_p_text(version->origin),
        sj_p_text(version->document), sj_p_text(version->tests), sj_p_text(version->digest),
        sj_p_text(version->previous), sj_p_text(version->report_digest),
        sj_p_text(version->diff_digest), sj_p_text(version->report), sj_p_text(version->diff),
        sj_p_bool(version->passed), sj_p_bool(version->widens), sj_p_i32((int32_t)version->need),
        sj_p_id_or_null(&version->author), sj_p_id_or_null(&version->approval),
        sj_p_time(version->created_at), sj_p_text(version->state),
        installed ? sj_p_i64(version->activation) : sj_p_null(),
        installed ? sj_p_time(version->activated_at) : sj_p_null(),
        sj_p_bytes(sj_view_of(version->seal.bytes, SJ_HASH_SIZE))};
    return sj_tx_query(desk->tx, SJ_SQL_POLICY_VERSION_INSERT, params, SJ_COUNT(params), NULL);
}

static sj_status change_one(const struct sj_approval_desk *desk, enum sj_sql sql,
    const struct sj_param *params, size_t count)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, sql, params, count, &rows));
    ENSURE(sj_rows_affected(rows) == 1, CONFLICT);
    return SJ_DONE;
}

sj_status sj_version_head(const struct sj_approval_desk *desk, int64_t *ret_activation)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_POLICY_HEAD_LOCK, NULL, 0, &rows));
    ENSURE(sj_rows_count(rows) == 1, INTERNAL);
    *ret_activation = sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}

sj_status sj_version_advance(const struct sj_approval_desk *desk, int64_t activation)
{
    const struct sj_param params[] = {sj_p_i64(activation)};
    return change_one(desk, SJ_SQL_POLICY_HEAD_ADVANCE, params, SJ_COUNT(params));
}

sj_status sj_version_end(const struct sj_approval_desk *desk, struct sj_text policy)
{
    const struct sj_param params[] = {sj_p_text(policy), sj_p_time(sj_time_now())};
    return sj_tx_query(desk->tx, SJ_SQL_POLICY_VERSION_END, params, SJ_COUNT(params), NULL);
}

sj_status sj_version_activate(
    const struct sj_approval_desk *desk, struct sj_policy_version *version, int64_t activation)
{
    version->activated_at = sj_time_now();
    version->activation = activation;
    TRY(version_seal_make(desk->channel, version));
    const struct sj_param end[] = {sj_p_text(version->policy), sj_p_time(version->activated_at)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_POLICY_VERSION_END, end, SJ_COUNT(end), NULL));
    TRY(sj_version_advance(desk, activation));
    const struct sj_param params[] = {sj_p_id(&version->id), sj_p_i64(version->version),
        sj_p_i64(activation), sj_p_time(version->activated_at),
        sj_p_bytes(sj_view_of(version->seal.bytes, SJ_HASH_SIZE))};
    TRY(change_one(desk, SJ_SQL_POLICY_VERSION_ACTIVATE, params, SJ_COUNT(params)));
    version->state = SJ_TEXT("active");
    version->version++;
    return SJ_DONE;
}

sj_status sj_version_refuse(const struct sj_approval_desk *desk, struct sj_policy_version *version)
{
    const struct sj_param params[] = {sj_p_id(&version->id), sj_p_i64(version->version)};
    TRY(change_one(desk, SJ_SQL_POLICY_VERSION_REFUSE, params, SJ_COUNT(params)));
    version->state = SJ_TEXT("refused");
    version->version++;
    return SJ_DONE;
}

sj_status sj_version_delete(
    const struct sj_approval_desk *desk, const struct sj_policy_version *version)
{
    const struct sj_param params[] = {sj_p_id(&version->id), sj_p_i64(version->version)};
    return change_one(desk, SJ_SQL_POLICY_VERSION_DELETE, params, SJ_COUNT(params));
}
