/* SPDX-License-Identifier: Apache-2.0
 *
 * What do groups of judges look like, and how does a package of such figures come to be released? Small cells never leave the
 * database (function aggregates); the moves of a package are checked here and once more by its triggers.
 */
#include "sanjeh/package/package.h"

#include "sanjeh/crypto/random.h"
#include "sanjeh/evaluation/desk_rows.h"

bool sj_aggregate_by_known(struct sj_text by)
{
    static const char *const known[] = {"all", "sex", "judicial_base", "court_kind", "province"};
    for (size_t i = 0; i < SJ_COUNT(known); i++) {
        if (sj_text_is(by, known[i])) {
            return true;
        }
    }
    return false;
}

/* The statement has changed its one row, or the row is another one by now. */
static sj_status change_one(
    const struct sj_desk *desk, enum sj_sql sql, const struct sj_param *params, size_t count)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, sql, params, count, &rows));
    ENSURE(sj_rows_affected(rows) == 1, PRECONDITION_FAILED);
    return SJ_DONE;
}

/* ---- aggregates ---- */

sj_status sj_aggregate_list(const struct sj_desk *desk, struct sj_text indicator,
    struct sj_period period, struct sj_text by, struct sj_aggregate **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {
        sj_p_text(indicator), sj_p_day(period.from_day), sj_p_day(period.to_day), sj_p_text(by)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_AGGREGATE_LIST, params, SJ_COUNT(params), &rows));
    *ret_count = sj_rows_count(rows);
    void *memory;
    TRY(sj_arena_alloc(desk->arena, (*ret_count + 1) * sizeof(struct sj_aggregate), &memory));
    struct sj_aggregate *items = memory;
    for (size_t row = 0; row < *ret_count; row++) {
        items[row] = (struct sj_aggregate){.is_shown = !sj_row_is_null(rows, row, 1)};
        items[row].n = items[row].is_shown ? sj_row_i64(rows, row, 1) : 0;
        TRY(sj_desk_text(desk, rows, row, 0, &items[row].group));
        TRY(sj_desk_text(desk, rows, row, 2, &items[row].mean));
        TRY(sj_desk_text(desk, rows, row, 3, &items[row].spread));
    }
    *ret_items = items;
    return SJ_DONE;
}

/* ---- reading packages ---- */

sj_status sj_package_list(const struct sj_desk *desk, bool sees_reviews, struct sj_text state,
    struct sj_paging paging, struct sj_documents *ret_packages)
{
    const struct sj_param params[] = {sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1),
        sj_p_text_or_null(state), sj_p_id(&desk->actor->unit), sj_p_bool(sees_reviews)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_PACKAGE_LIST, params, SJ_COUNT(params), &rows));
    return sj_documents_of(desk, rows, paging.limit, ret_packages);
}

sj_status sj_package_find(const struct sj_desk *desk, bool sees_reviews, struct sj_uuid id,
    bool *ret_found, struct sj_package *ret_package)
{
    const struct sj_actor *actor = desk->actor;
    const struct sj_param params[] = {
        sj_p_id(&id), sj_p_id(&actor->unit), sj_p_bool(sees_reviews), sj_p_id(&actor->account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_PACKAGE_FIND, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    struct sj_documents one;
    TRY(sj_documents_of(desk, rows, 1, &one));
    *ret_package = (struct sj_package){.document = one.items[0],
        .unit = sj_row_id(rows, 0, 4),
        .round = (int32_t)sj_row_i64(rows, 0, 5),
        .is_author = sj_row_bool(rows, 0, 6),
        .is_reviewer = sj_row_bool(rows, 0, 7)};
    return sj_desk_text(desk, rows, 0, 3, &ret_package->state);
}

/* ---- drafts ---- */

static sj_status put_author(const struct sj_desk *desk, struct sj_uuid unit, struct sj_uuid id)
{
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(&id), sj_p_id(&desk->actor->person),
        sj_p_id(&desk->actor->account)};
    return sj_tx_query(desk->tx, SJ_SQL_PACKAGE_AUTHOR_PUT, params, SJ_COUNT(params), NULL);
}

static sj_status put_indicators(const struct sj_package_draft *draft, struct sj_array *codes)
{
    TRY(sj_array_init(codes, SJ_OID_TEXT, 4096));
    for (size_t i = 0; i < draft->indicator_count; i++) {
        TRY(sj_array_put(codes, draft->indicators[i].ptr, draft->indicators[i].len));
    }
    return SJ_DONE;
}

sj_status sj_package_create(const struct sj_desk *desk, const struct sj_package_draft *draft,
    bool *ret_known, struct sj_uuid *ret_id)
{
    SJ_ASSERT(desk->tx != NULL);
    TRY(sj_uuid_new(ret_id));
    CLEANUP(sj_array_clear) struct sj_array codes = {0};
    TRY(put_indicators(draft, &codes));
    const struct sj_uuid unit = desk->actor->unit;
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(ret_id), sj_p_text(draft->code),
        sj_p_text(draft->title_fa), sj_p_text(draft->title_en), sj_p_text(draft->question),
        sj_p_text(draft->method), sj_p_text(draft->limits),
        sj_p_text_or_null(draft->recommendations), sj_p_array(&codes),
        sj_p_day(draft->period.from_day), sj_p_day(draft->period.to_day),
        sj_p_text(draft->grouped_by)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_PACKAGE_INSERT, params, SJ_COUNT(params), &rows));
    *ret_known = sj_rows_affected(rows) == 1;
    return *ret_known ? put_author(desk, unit, *ret_id) : SJ_DONE;
}

static sj_status clear_figures(const struct sj_desk *desk, const struct sj_package *package)
{
    const struct sj_param params[] = {sj_p_id(&package->unit), sj_p_id(&package->document.id)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_PACKAGE_CELLS_CLEAR, params, SJ_COUNT(params), NULL));
    return sj_tx_query(desk->tx, SJ_SQL_PACKAGE_BIAS_CLEAR, params, SJ_COUNT(params), NULL);
}

sj_status sj_package_change(const struct sj_desk *desk, const struct sj_package *package,
    const struct sj_package_draft *draft)
{
    SJ_ASSERT(desk->tx != NULL);
    CLEANUP(sj_array_clear) struct sj_array codes = {0};
    TRY(put_indicators(draft, &codes));
    const struct sj_param params[] = {sj_p_id(&package->document.id),
        sj_p_i64(package->document.version), sj_p_text_or_null(draft->title_fa),
        sj_p_text_or_null(draft->title_en), sj_p_text_or_null(draft->question),
        sj_p_text_or_null(draft->method), sj_p_text_or_null(draft->limits),
        sj_p_text_or_null(draft->recommendations),
        draft->indicator_count > 0 ? sj_p_array(&codes) : sj_p_null(),
        draft->has_period ? sj_p_day(draft->period.from_day) : sj_p_null(),
        draft->has_period ? sj_p_day(draft->period.to_day) : sj_p_null(),
        sj_p_text_or_null(draft->grouped_by)};
    TRY(change_one(desk, SJ_SQL_PACKAGE_CHANGE, params, SJ_COUNT(params)));
    TRY(clear_figures(desk, package));
    return put_author(desk, package->unit, package->document.id);
}

sj_status sj_package_compute(const struct sj_desk *desk, const struct sj_package *package)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {sj_p_id(&package->unit), sj_p_id(&package->document.id),
        sj_p_i64(package->document.version)};
    TRY(change_one(desk, SJ_SQL_PACKAGE_COMPUTED, params, SJ_COUNT(params)));
    TRY(clear_figures(desk, package));
    TRY(sj_tx_query(desk->tx, SJ_SQL_PACKAGE_CELLS_PUT, params, 2, NULL));
    TRY(sj_tx_query(desk->tx, SJ_SQL_PACKAGE_BIAS_PUT, params, 2, NULL));
    return put_author(desk, package->unit, package->document.id);
}

/* ---- reviews and release ---- */

sj_status sj_package_move(const struct sj_desk *desk, const struct sj_package *package,
    const char *to, struct sj_text reason)
{
    SJ_ASSERT(desk->tx != NULL);
    const bool goes_back = strcmp(to, "draft") == 0;
    const struct sj_param params[] = {sj_p_id(&package->document.id),
        sj_p_i64(package->document.version), sj_p_text(sj_text_of(to)), sj_p_bool(goes_back),
        sj_p_text_or_null(reason)};
    TRY(change_one(desk, SJ_SQL_PACKAGE_MOVE, params, SJ_COUNT(params)));
    return goes_back ? clear_figures(desk, package) : SJ_DONE;
}

sj_status sj_package_review(const struct sj_desk *desk, const struct sj_package *package,
    bool approves, struct sj_text note)
{
    SJ_ASSERT(desk->tx != NULL);
    const bool is_methods = sj_text_is(package->state, "methods_review");
    const struct sj_param params[] = {sj_p_id(&package->unit), sj_p_id(&package->document.id),
        sj_p_i32(package->round), sj_p_text(is_methods ? SJ_TEXT("methods") : SJ_TEXT("unit")),
        sj_p_id(&desk->actor->account), sj_p_id(&desk->actor->person), sj_p_bool(approves),
        sj_p_text(note)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_PACKAGE_REVIEW_INSERT, params, SJ_COUNT(params), NULL));
    const char *next = is_methods ? "unit_review" : "classified";
    return sj_package_move(desk, package, approves ? next : "draft", (struct sj_text){"", 0});
}

sj_status sj_package_bias_review(const struct sj_desk *desk, const struct sj_package *package,
    struct sj_text indicator, struct sj_text note, bool *ret_open)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {sj_p_id(&package->unit), sj_p_id(&package->document.id),
        sj_p_text(indicator), sj_p_id(&desk->actor->account), sj_p_text(note)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_PACKAGE_BIAS_REVIEW, params, SJ_COUNT(params), &rows));
    *ret_open = sj_rows_affected(rows) == 1;
    return SJ_DONE;
}
