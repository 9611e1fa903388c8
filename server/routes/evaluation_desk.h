/* SPDX-License-Identifier: Apache-2.0
 *
 * What the routes of evaluation data share: the desk that a call of src/evaluation works with, and filters of
 * lists.
 */
#ifndef SJ_SERVER_ROUTES_EVALUATION_DESK_H
#define SJ_SERVER_ROUTES_EVALUATION_DESK_H

#include "../exchange.h"

#include "sanjeh/cycle/evaluation.h"
#include "sanjeh/evaluation/evaluation.h"
#include "sanjeh/evaluation/import.h"
#include "sanjeh/text/persian.h"

static inline struct sj_desk sj_desk_of(struct sj_exchange *x)
{
    return (struct sj_desk){
        .db = x->worker->db,
        .fields = x->worker->fields,
        .context = x->context,
        .actor = &x->session.actor,
        .decision = &x->decision,
        .arena = x->arena,
        .tx = x->tx,
        .is_widened = x->is_widened,
    };
}

static inline struct sj_paging sj_paging_of(struct sj_page page)
{
    return (struct sj_paging){page.after, page.limit};
}

/* Which kinds an office contributes is the policy's word. A roster writes the register: whoever may not do that one by one may not
 * do it by the thousand. */
static inline bool sj_may_deliver(const struct sj_exchange *x, enum sj_import_kind kind)
{
    static const enum sj_action deliveries[] = {
        [SJ_IMPORT_SURVEY_MEANS] = SJ_ACTION_DELIVERY_SURVEY_MEANS,
        [SJ_IMPORT_WORKLOAD] = SJ_ACTION_DELIVERY_WORKLOAD,
        [SJ_IMPORT_ROSTER] = SJ_ACTION_DELIVERY_ROSTER,
        [SJ_IMPORT_MEASURES] = SJ_ACTION_DELIVERY_MEASURES,
    };
    return sj_exchange_may(x, deliveries[kind]) &&
           (kind != SJ_IMPORT_ROSTER || sj_exchange_may(x, SJ_ACTION_JUDGE_CREATE));
}

#define SJ_FILTER_BYTES_MAX 256

SJ_MUST_CHECK static inline sj_status sj_filter_refuse(
    struct sj_exchange *x, const char *name, const char *code, const char *detail)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(name), code, sj_text_of(detail)));
    FAIL(BAD_PARAMETER);
}

/* The parameter's value, empty when it is not there. Errors: BAD_PARAMETER. */
SJ_MUST_CHECK static inline sj_status sj_filter_text(
    struct sj_exchange *x, const char *name, struct sj_text *ret_text)
{
    *ret_text = (struct sj_text){"", 0};
    struct sj_text value = {"", 0};
    if (!sj_request_query_find(x->request, name, &value)) {
        return SJ_DONE;
    }
    if (value.len > SJ_FILTER_BYTES_MAX) {
        return sj_filter_refuse(x, name, "TOO_LONG", "at most 256 bytes");
    }
    *ret_text = value;
    return SJ_DONE;
}

/* Nil when the parameter is not there; the nil id itself is nobody's and refused, or it would mean "any". Errors:
 * BAD_PARAMETER. */
SJ_MUST_CHECK static inline sj_status sj_filter_id(
    struct sj_exchange *x, const char *name, struct sj_uuid *ret_id)
{
    struct sj_text text;
    *ret_id = (struct sj_uuid){{0}};
    if (!sj_request_query_find(x->request, name, &text)) {
        return SJ_DONE;
    }
    if (sj_failed(sj_uuid_parse(text, ret_id)) || sj_uuid_is_nil(*ret_id)) {
        return sj_filter_refuse(x, name, "FORMAT", "an id in lower case, not the nil one");
    }
    return SJ_DONE;
}

/* judge_id, court_id, contribution_id, period and, where the route takes it, indicator. */
SJ_MUST_CHECK static inline sj_status sj_filter_rows(
    struct sj_exchange *x, struct sj_row_filter *ret_filter)
{
    struct sj_row_filter filter = {.has_period = false};
    struct sj_text text;
    TRY(sj_filter_text(x, "indicator", &filter.indicator));
    TRY(sj_filter_id(x, "judge_id", &filter.judge));
    TRY(sj_filter_id(x, "court_id", &filter.court));
    TRY(sj_filter_id(x, "contribution_id", &filter.contribution));
    TRY(sj_filter_text(x, "period", &text));
    struct sj_period period = {0, 0};
    if (text.len > 0 && sj_failed(sj_period_parse(text, &period))) {
        return sj_filter_refuse(x, "period", "FORMAT", "YYYY, YYYY-MM or YYYY-MM-DD/YYYY-MM-DD");
    }
    filter.has_period = text.len > 0;
    filter.from_day = period.from_day;
    filter.to_day = period.to_day;
    *ret_filter = filter;
    return SJ_DONE;
}

/* Nobody is served or told anything by the unit that he holds an office in. Errors: CONFLICT with OWN_UNIT. */
SJ_MUST_CHECK static inline sj_status sj_issuer_check(
    struct sj_exchange *x, const struct sj_evaluation *evaluation)
{
    const struct sj_desk desk = sj_desk_of(x);
    bool is_apart = false;
    TRY(sj_issuer_is_apart(&desk, evaluation, &is_apart));
    if (!is_apart) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT(""), "OWN_UNIT",
            SJ_TEXT("the judge holds an office in the issuer's unit: another unit evaluates him")));
        FAIL(CONFLICT);
    }
    return SJ_DONE;
}

static inline void sj_json_period(
    struct sj_json *json, const char *name, int64_t from_day, int64_t to_day)
{
    char text[22];
    sj_period_format((struct sj_period){from_day, to_day}, text);
    sj_json_str(json, name, text);
}

/* A day in either calendar and any digits, by the rule of periods. */
SJ_MUST_CHECK static inline sj_status sj_day_parse(struct sj_text text, int64_t *ret_day)
{
    CLEANUP(sj_buf_clear) struct sj_buf range = SJ_BUF(128);
    TRY(sj_buf_put_text(&range, text));
    TRY(sj_buf_put_byte(&range, '/'));
    TRY(sj_buf_put_text(&range, text));
    struct sj_period period;
    TRY(sj_period_parse(sj_buf_text(&range), &period));
    *ret_day = period.from_day;
    return SJ_DONE;
}

#endif
