/* SPDX-License-Identifier: Apache-2.0
 *
 * /evaluations: the state of one judge's evaluation, what each next move still needs, and the moves themselves. Row
 * security chooses what is seen; the part of a move must also be the role's, so that an evaluator's account in the
 * owner's unit is no owner.
 */
#include "../server.h"
#include "cycle_answer.h"

#include "sanjeh/cycle/evaluations.h"

static void write_members(struct sj_json *json, const struct sj_evaluation *e)
{
    sj_json_id(json, "id", e->id);
    sj_json_id(json, "cycle_id", e->cycle);
    sj_json_id(json, "judge_id", e->judge);
    sj_json_id(json, "unit_id", e->unit);
    sj_json_id(json, "issuer_unit_id", e->issuer_unit);
    sj_json_id_or_null(json, "board_id", e->board);
    sj_json_id_or_null(json, "appeal_board_id", e->appeal_board);
    sj_json_str(json, "state", sj_evaluation_state_name(e->state));
    sj_json_str(json, "suspended_from",
        e->state == SJ_EVALUATION_SUSPENDED ? sj_evaluation_state_name(e->suspended_from) : NULL);
    sj_json_int(json, "round", e->round);
    char coverage[32];
    (void)snprintf(coverage, sizeof coverage, "%lld.%02lld",
        (long long)(e->coverage_hundredths / 100), (long long)(e->coverage_hundredths % 100));
    sj_json_str(json, "coverage", e->has_coverage ? coverage : NULL);
    sj_json_time(json, "state_since", e->state_since);
    sj_json_time_or_null(json, "notified_at", e->notified_at);
    sj_json_time_or_null(json, "frozen_at", e->frozen_at);
    sj_json_time_or_null(json, "marks_locked_at", e->marks_locked_at);
    sj_json_time_or_null(json, "disclosed_at", e->disclosed_at);
    sj_json_time_or_null(json, "issued_at", e->issued_at);
    sj_json_time_or_null(json, "appealed_at", e->appealed_at);
    sj_json_int(json, "version", e->version);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"cycle_id", "judge_id", "state", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_evaluation_query query;
    TRY(sj_filter_id(x, "cycle_id", &query.cycle));
    TRY(sj_filter_id(x, "judge_id", &query.judge));
    TRY(sj_filter_text(x, "state", &query.state));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_evaluation *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_evaluation_list(&desk, &query, sj_paging_of(page), &items, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, items[i].judge));
        sj_json_object(&json, NULL);
        write_members(&json, &items[i]);
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(x, &json, last);
}

/* Whether the actor's role holds one of the parts that the move is for. */
static bool is_role_of(const struct sj_exchange *x, unsigned parts)
{
    const struct {
        unsigned parts;
        enum sj_action action; /* that only this office is permitted */
    } offices[] = {{SJ_PART_OWNER, SJ_ACTION_EVALUATION_PLAN},
        {SJ_PART_ISSUER, SJ_ACTION_DISCLOSURE_CREATE}, {SJ_PART_JUDGE, SJ_ACTION_APPEAL_CREATE},
        {SJ_PART_LEAD | SJ_PART_BOARD | SJ_PART_CALIBRATOR | SJ_PART_APPEAL_BOARD,
            SJ_ACTION_RATING_CREATE}};
    for (size_t i = 0; i < SJ_COUNT(offices); i++) {
        if ((parts & offices[i].parts) != 0 &&
            sj_active_decide(x->active, &x->session.actor, offices[i].action).permit) {
            return true;
        }
    }
    return false;
}

static void write_next(
    struct sj_json *json, const struct sj_evaluation *e, const struct sj_facts *facts)
{
    sj_json_array(json, "next");
    for (size_t i = 0; sj_move_at(i) != NULL; i++) {
        const struct sj_move *move = sj_move_at(i);
        if (move->from != e->state ||
            (e->state == SJ_EVALUATION_SUSPENDED && move->to != e->suspended_from)) {
            continue;
        }
        struct sj_unmet unmet;
        sj_move_unmet(move, facts, false, &unmet);
        sj_json_object(json, NULL);
        sj_json_str(json, "to", sj_evaluation_state_name(move->to));
        sj_json_bool(json, "is_yours", (move->parts & facts->parts) != 0);
        sj_json_array(json, "unmet");
        for (size_t g = 0; g < unmet.count; g++) {
            sj_json_object(json, NULL);
            sj_json_str(json, "code", unmet.items[g].code);
            sj_json_str(json, "detail", unmet.items[g].detail);
            sj_json_object_end(json);
        }
        sj_json_array_end(json);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
}

static sj_status answer_one(struct sj_exchange *x, const struct sj_evaluation *e)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_facts facts;
    TRY(sj_evaluation_facts(&desk, e->id, &facts));
    x->draft.object = e->id;
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    write_members(&json, e);
    write_next(&json, e, &facts);
    sj_json_object_end(&json);
    TRY(sj_exchange_etag(x, e->version));
    return sj_json_end(&json);
}

static sj_status find(struct sj_exchange *x, struct sj_evaluation *ret_evaluation)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    bool found = false;
    TRY(sj_exchange_evaluation(x, id, &found, ret_evaluation));
    ENSURE(found, NOT_FOUND);
    x->draft.object = id;
    return SJ_DONE;
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_evaluation evaluation;
    TRY(find(x, &evaluation));
    return answer_one(x, &evaluation);
}

static sj_status events(struct sj_exchange *x)
{
    struct sj_evaluation evaluation;
    TRY(find(x, &evaluation));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_evaluation_event *items = NULL;
    size_t count = 0;
    TRY(sj_evaluation_events(&desk, evaluation.id, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        sj_json_object(&json, NULL);
        sj_json_int(&json, "no", items[i].no);
        sj_json_text(&json, "from", items[i].from);
        sj_json_text(&json, "to", items[i].to);
        sj_json_id_or_null(&json, "by", items[i].by);
        if (items[i].reason.len == 0) {
            sj_json_null(&json, "reason");
        } else {
            sj_json_text(&json, "reason", items[i].reason);
        }
        sj_json_time(&json, "at", items[i].at);
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

struct move_body {
    struct sj_text to;
    struct sj_text reason;
};
static const struct sj_json_member move_members[] = {
    {.name = "to",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct move_body, to),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true,
        .limit = 32},
    {.name = "reason",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct move_body, reason),
        .present_offset = SJ_JSON_NO_PRESENT,
        .nullable = true,
        .limit = SJ_REASON_BYTES_MAX},
};

static sj_status tell_unmet(struct sj_exchange *x, const struct sj_unmet *unmet)
{
    for (size_t i = 0; i < unmet->count; i++) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/to"), unmet->items[i].code,
            sj_text_of(unmet->items[i].detail)));
    }
    return SJ_DONE;
}

static sj_status move(struct sj_exchange *x)
{
    struct move_body body = {.reason = {"", 0}};
    TRY(sj_exchange_decode(x, move_members, SJ_COUNT(move_members), &body));
    TRY(sj_reason_check(x, "/reason", &body.reason));
    enum sj_evaluation_state to;
    if (!sj_evaluation_state_find(body.to, &to)) {
        return sj_refuse_at(x, "/to", "UNKNOWN", "a state of an evaluation");
    }
    struct sj_evaluation evaluation;
    TRY(find(x, &evaluation));
    TRY(sj_exchange_if_match(x, evaluation.version));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_facts facts;
    TRY(sj_evaluation_facts(&desk, evaluation.id, &facts));
    const struct sj_move *step = sj_move_find(evaluation.state, to);
    ENSURE(step == NULL || is_role_of(x, step->parts & facts.parts), FORBIDDEN);
    struct sj_unmet unmet;
    const sj_status status = sj_evaluation_move(&desk, &evaluation, to, body.reason, &unmet);
    if (status.code == SJ_GUARD_UNMET) {
        TRY(tell_unmet(x, &unmet));
    }
    TRY(status);
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "to=%s%s",
        sj_evaluation_state_name(evaluation.state), evaluation.state == to ? "" : ";by=system");
    return answer_one(x, &evaluation);
}

struct assign_body {
    struct sj_uuid board_id;
    struct sj_uuid appeal_board_id;
};
static const struct sj_json_member assign_members[] = {
    {.name = "board_id",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct assign_body, board_id),
        .present_offset = SJ_JSON_NO_PRESENT},
    {.name = "appeal_board_id",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct assign_body, appeal_board_id),
        .present_offset = SJ_JSON_NO_PRESENT},
};

/* nil: as it is. */
static sj_status check_board(struct sj_exchange *x, const struct sj_evaluation *evaluation,
    struct sj_uuid board, const char *kind, const char *pointer)
{
    bool fits = sj_uuid_is_nil(board);
    const struct sj_desk desk = sj_desk_of(x);
    if (!fits) {
        TRY(sj_evaluation_board_fits(&desk, evaluation, board, kind, &fits));
    }
    return fits ? SJ_DONE
                : sj_refuse_at(x, pointer, "UNKNOWN", "no open board of this kind in the cycle");
}

static sj_status assign(struct sj_exchange *x)
{
    struct assign_body body = {{{0}}, {{0}}};
    TRY(sj_exchange_decode(x, assign_members, SJ_COUNT(assign_members), &body));
    struct sj_evaluation evaluation;
    TRY(find(x, &evaluation));
    TRY(sj_exchange_if_match(x, evaluation.version));
    const struct sj_desk desk = sj_desk_of(x);
    ENSURE(sj_uuid_equal(desk.actor->unit, evaluation.unit), FORBIDDEN);
    ENSURE(sj_uuid_is_nil(body.board_id) || evaluation.state <= SJ_EVALUATION_FROZEN, CONFLICT);
    TRY(check_board(x, &evaluation, body.board_id, "first", "/board_id"));
    TRY(check_board(x, &evaluation, body.appeal_board_id, "appeal", "/appeal_board_id"));
    TRY(sj_evaluation_assign(&desk, &evaluation, body.board_id, body.appeal_board_id));
    return answer_one(x, &evaluation);
}

const struct sj_endpoint sj_routes_evaluations[] = {
    {{SJ_GET, "/api/v1/evaluations", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_EVALUATION_LIST, list},
    {{SJ_GET, "/api/v1/evaluations/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_EVALUATION_READ, read_one},
    {{SJ_PATCH, "/api/v1/evaluations/{id}", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_EVALUATION_PLAN, assign},
    {{SJ_GET, "/api/v1/evaluations/{id}/events", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_EVALUATION_READ, events},
    {{SJ_POST, "/api/v1/evaluations/{id}/moves", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_EVALUATION_MOVE, move},
};
const size_t sj_routes_evaluations_count = SJ_COUNT(sj_routes_evaluations);
