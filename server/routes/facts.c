/* SPDX-License-Identifier: Apache-2.0
 *
 * /facts: workload rows of the caller's unit, or those of all units about the judge that the caller is. A count
 * that was not sent is null.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/evaluation/fact.h"

static void write_count(struct sj_json *json, const char *name, int64_t count)
{
    if (count == SJ_COUNT_UNKNOWN) {
        sj_json_null(json, name);
    } else {
        sj_json_int(json, name, count);
    }
}

static void write_fact(
    struct sj_json *json, const struct sj_fact *fact, const struct sj_decision *decision)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", fact->id);
    sj_json_id(json, "unit_id", fact->unit);
    if (sj_may_read(decision, SJ_FIELD_FACT_SUBJECT)) {
        sj_json_id_or_null(json, "judge_id", fact->judge);
    }
    sj_json_id_or_null(json, "court_id", fact->court);
    sj_json_text_or_null(json, "court", fact->court_code);
    sj_json_period(json, "period", fact->from_day, fact->to_day);
    sj_json_text_or_null(json, "case_type", fact->case_type);
    for (size_t i = 0; fact->has_counts && i < SJ_COUNT_COUNT_; i++) {
        write_count(json, sj_count_title((enum sj_count_name)i), fact->counts.of[i]);
    }
    for (size_t i = 0; fact->has_counts && i < SJ_MORE_COUNT_; i++) {
        write_count(json, sj_more_title((enum sj_more_name)i), fact->more.of[i]);
    }
    sj_json_bool(json, "contested", fact->is_contested);
    sj_json_id(json, "contribution_id", fact->contribution);
    sj_json_time(json, "created_at", fact->created_at);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {
        "judge_id", "court_id", "contribution_id", "period", NULL};
    struct sj_page page;
    struct sj_row_filter filter;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_rows(x, &filter));
    TRY(sj_exchange_subject(x, filter.judge));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_fact *facts = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_fact_list(&desk, &filter, sj_paging_of(page), &facts, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, facts[i].judge));
        write_fact(&json, &facts[i], &x->decision);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_fact fact;
    TRY(sj_fact_find(&desk, id, &found, &fact));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_subject(x, fact.judge));
    struct sj_json json = sj_json_begin(&x->body);
    write_fact(&json, &fact, &x->decision);
    TRY(sj_exchange_etag(x, 1)); /* a fact is never changed, only superseded */
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_facts[] = {
    {{SJ_GET, "/api/v1/facts", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, SJ_ACTION_FACT_LIST,
        list},
    {{SJ_GET, "/api/v1/facts/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_FACT_READ, read_one},
};
const size_t sj_routes_facts_count = SJ_COUNT(sj_routes_facts);
