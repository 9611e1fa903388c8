/* SPDX-License-Identifier: Apache-2.0
 *
 * What did the judge say, what was he answered, and is the use of the result held? The replies are those of the card's round, point
 * by point with the board's answer beside it; gates are named with effect, reason and the gist that was served. Read with the
 * issuer's own sight: what it does not see is not in its card.
 */
#include "compose.h"

#include "sanjeh/json/decode.h"
#include "sanjeh/remedy/gate.h"
#include "sanjeh/remedy/record.h"

#define PAGE 200

static void doc_free(struct sj_json_doc **doc)
{
    sj_json_doc_free(doc);
}

/* The first of the named texts of a sealed body; null when there is none. */
static sj_status put_text_of(const struct sj_desk *desk, struct sj_json *json, const char *as,
    struct sj_text body, const char *const *names)
{
    CLEANUP(doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    struct sj_text text = {"", 0};
    if (body.len > 0) {
        TRY(sj_json_doc_parse(sj_text_bytes(body), &doc, &detail, desk->arena));
        for (size_t i = 0; names[i] != NULL && text.len == 0; i++) {
            const struct sj_json_value *value = sj_json_get(sj_json_doc_root(doc), names[i]);
            if (value != NULL && !sj_json_as_text(value, &text)) {
                text.len = 0;
            }
        }
    }
    if (text.len == 0) {
        sj_json_null(json, as);
    } else {
        sj_json_text(json, as, text);
    }
    return SJ_DONE;
}

static sj_status list(const struct sj_desk *desk, enum sj_record_kind kind,
    const struct sj_evaluation *evaluation, struct sj_record **ret_items, size_t *ret_count)
{
    const struct sj_record_filter filter = {.evaluation = evaluation->id};
    const struct sj_paging paging = {{{0}}, PAGE};
    struct sj_uuid last;
    return sj_record_list(desk, kind, &filter, paging, ret_items, ret_count, &last);
}

static int by_number(const void *left, const void *right)
{
    const struct sj_record *a = left;
    const struct sj_record *b = right;
    return (a->no > b->no) - (a->no < b->no);
}

static sj_status put_points(const struct sj_desk *desk, struct sj_uuid reply,
    const struct sj_record *points, size_t count, struct sj_json *json)
{
    static const char *const said[] = {"text", "point", NULL};
    static const char *const answered[] = {"answer", "text", NULL};
    sj_json_array(json, "points");
    for (size_t i = 0; i < count; i++) {
        if (sj_uuid_equal(points[i].parent, reply)) {
            sj_json_object(json, NULL);
            sj_json_int(json, "no", points[i].no);
            TRY(put_text_of(desk, json, "text", points[i].body, said));
            TRY(put_text_of(desk, json, "answer", points[i].answer, answered));
            sj_json_object_end(json);
        }
    }
    sj_json_array_end(json);
    return SJ_DONE;
}

/* The members of one reply, without the braces. */
static sj_status put_reply(const struct sj_desk *desk, const struct sj_record *reply,
    const struct sj_record *points, size_t count, struct sj_json *json)
{
    static const char *const said[] = {"statement", NULL};
    card_put_day(json, "submitted_day", card_day_of(reply->done_at));
    TRY(put_text_of(desk, json, "text", reply->body, said));
    return put_points(desk, reply->id, points, count, json);
}

static int newest_first(const void *left, const void *right)
{
    const struct sj_record *a = left;
    const struct sj_record *b = right;
    return (a->done_at < b->done_at) - (a->done_at > b->done_at);
}

/* Those of the round that were submitted, in their order, at the front; how many. */
static size_t keep_submitted(
    const struct sj_evaluation *evaluation, struct sj_record *replies, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (replies[i].round == evaluation->round && sj_text_is(replies[i].state, "submitted")) {
            replies[kept++] = replies[i];
        }
    }
    if (kept > 1) {
        qsort(replies, kept, sizeof(*replies), newest_first);
    }
    return kept;
}

/* The reply that was decided on, and what he said before a draft was reopened. */
sj_status card_put_reply(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_json *json)
{
    struct sj_record *replies = NULL;
    struct sj_record *points = NULL;
    size_t count = 0;
    size_t point_count = 0;
    TRY(list(desk, SJ_RECORD_REPLY, evaluation, &replies, &count));
    count = keep_submitted(evaluation, replies, count);
    if (count == 0) {
        sj_json_null(json, "reply");
        return SJ_DONE;
    }
    TRY(list(desk, SJ_RECORD_REPLY_POINT, evaluation, &points, &point_count));
    if (point_count > 1) {
        qsort(points, point_count, sizeof(*points), by_number);
    }
    sj_json_object(json, "reply");
    TRY(put_reply(desk, &replies[0], points, point_count, json));
    sj_json_array(json, "earlier");
    for (size_t i = 1; i < count; i++) {
        sj_json_object(json, NULL);
        TRY(put_reply(desk, &replies[i], points, point_count, json));
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
    sj_json_object_end(json);
    return SJ_DONE;
}

/* His newest one: before the issue it stands in this card; said later, also with the acknowledgement, in the card that
 * supersedes. An acknowledgement without one takes nothing back. */
sj_status card_put_statement(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_json *json)
{
    static const enum sj_record_kind kinds[] = {SJ_RECORD_STATEMENT, SJ_RECORD_ACKNOWLEDGEMENT};
    static const char *const said[] = {"statement", "text", NULL};
    struct sj_text body = {"", 0};
    sj_time_us newest = INT64_MIN;
    for (size_t kind = 0; kind < SJ_COUNT(kinds); kind++) {
        struct sj_record *items = NULL;
        size_t count = 0;
        TRY(list(desk, kinds[kind], evaluation, &items, &count));
        for (size_t i = 0; i < count; i++) {
            if (items[i].created_at >= newest &&
                !sj_text_equal(items[i].body, SJ_TEXT("{\"statement\":null}"))) {
                newest = items[i].created_at;
                body = items[i].body;
            }
        }
    }
    return put_text_of(desk, json, "statement", body, said);
}

/* A result is held by an answer in force that says why: its gist, or the authority that decides from here on (DOMAIN d,
 * rule 7). What was answered before that was checked, and says neither, holds nothing. */
static const char *reason_to_hold(const struct sj_gate *gate)
{
    if (!sj_text_is(gate->state, "answered")) {
        return NULL;
    }
    if (sj_text_is(gate->effect, "referral")) {
        return gate->authority.len > 0 ? "referral" : NULL;
    }
    if (!sj_text_is(gate->effect, "hold") || gate->gist.len == 0) {
        return NULL;
    }
    const bool is_disciplinary = sj_text_is(gate->gate, "D01") || sj_text_is(gate->gate, "D02");
    return is_disciplinary ? "final_judgment" : "remark";
}

static void put_gate(struct sj_json *json, const struct sj_gate *gate)
{
    const char *reason = reason_to_hold(gate);
    sj_json_object(json, NULL);
    sj_json_text(json, "gate", gate->gate);
    sj_json_text(json, "purpose", gate->purpose);
    sj_json_text(json, "state", gate->state);
    sj_json_bool(json, "hold", reason != NULL);
    sj_json_text_or_null(json, "effect", gate->effect);
    sj_json_text_or_null(json, "reason", sj_text_of(reason == NULL ? "" : reason));
    sj_json_text_or_null(json, "authority", gate->authority);
    /* what integrity answered is served apart: whoever reads cards does not read it */
    sj_json_text_or_null(json, "gist", sj_text_is(gate->gate, "D03") ? SJ_TEXT("") : gate->gist);
    if (gate->has_expiry) {
        card_put_day(json, "expires_on", gate->expires_on);
    } else {
        sj_json_null(json, "expires_on");
    }
    sj_json_object_end(json);
}

sj_status card_put_gates(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_json *json)
{
    const struct sj_paging paging = {{{0}}, PAGE};
    struct sj_gate *gates = NULL;
    struct sj_uuid last;
    size_t count = 0;
    TRY(sj_gate_list(desk, evaluation->id, paging, &gates, &count, &last));
    sj_json_array(json, "gates");
    for (size_t i = 0; i < count; i++) {
        if (gates[i].round == evaluation->round && !sj_text_is(gates[i].state, "withdrawn")) {
            put_gate(json, &gates[i]);
        }
    }
    sj_json_array_end(json);
    return SJ_DONE;
}
