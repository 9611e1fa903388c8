/* SPDX-License-Identifier: Apache-2.0
 *
 * /deadlines: what is due, lapsed and escalated, of everything that the caller sees or of what is his to keep.
 */
#include "cycle_answer.h"

#include "sanjeh/cycle/calendar.h"

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"state", "mine", "evaluation_id", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_text state;
    struct sj_text mine;
    struct sj_uuid evaluation;
    TRY(sj_filter_text(x, "state", &state));
    TRY(sj_filter_text(x, "mine", &mine));
    TRY(sj_filter_id(x, "evaluation_id", &evaluation));
    if (mine.len > 0 && !sj_text_is(mine, "true") && !sj_text_is(mine, "false")) {
        return sj_filter_refuse(x, "mine", "FORMAT", "true or false");
    }
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_documents deadlines;
    TRY(sj_deadline_list(
        &desk, state, sj_text_is(mine, "true"), evaluation, sj_paging_of(page), &deadlines));
    return sj_answer_documents(x, &deadlines);
}

const struct sj_endpoint sj_routes_deadlines[] = {
    {{SJ_GET, "/api/v1/deadlines", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_DEADLINE_LIST, list},
};
const size_t sj_routes_deadlines_count = SJ_COUNT(sj_routes_deadlines);
