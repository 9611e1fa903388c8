/* SPDX-License-Identifier: Apache-2.0
 *
 * /calibrations: sessions of a calibration board, changes of marks with before, after and reason, severity as a suggestion.
 */
#include "board_desk.h"
#include "routes.h"

#include "sanjeh/board/calibration.h"

static void write_session(struct sj_json *json, const struct sj_calibration *calibration)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", calibration->id);
    sj_json_id(json, "cycle_id", calibration->cycle);
    sj_json_id(json, "board_id", calibration->board);
    sj_json_int(json, "quorum", calibration->quorum);
    sj_json_array(json, "present");
    for (size_t i = 0; i < calibration->present_count; i++) {
        sj_json_id(json, NULL, calibration->present[i]);
    }
    sj_json_array_end(json);
    sj_json_text(json, "state", calibration->state);
    sj_json_time_or_null(json, "closed_at", calibration->closed_at);
    sj_json_int(json, "version", calibration->version);
    sj_json_time(json, "created_at", calibration->created_at);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"cycle_id", NULL};
    struct sj_page page;
    struct sj_uuid cycle;
    struct sj_uuid last;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_id(x, "cycle_id", &cycle));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_calibration *items = NULL;
    size_t count = 0;
    TRY(sj_calibration_list(&desk, cycle, sj_paging_of(page), &items, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_session(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status session_of(struct sj_exchange *x, struct sj_calibration *ret_calibration)
{
    struct sj_uuid id;
    bool found = false;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_calibration_find(&desk, id, &found, ret_calibration));
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}

static sj_status answer_session(struct sj_exchange *x, const struct sj_calibration *calibration)
{
    struct sj_json json = sj_json_begin(&x->body);
    write_session(&json, calibration);
    TRY(sj_exchange_etag(x, calibration->version));
    return sj_json_end(&json);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_calibration calibration;
    TRY(session_of(x, &calibration));
    return answer_session(x, &calibration);
}

/* ---- sessions ---- */

struct body {
    struct sj_uuid cycle_id;
    struct sj_uuid board_id;
    const struct sj_json_value *present;
    int64_t quorum;
};
struct change_body {
    struct sj_uuid evaluation_id;
    struct sj_uuid account_id;
    int64_t item_no;
    struct sj_text before;
    struct sj_text after;
    struct sj_text reason;
};
#define PLACE(target, field, json_kind, is_required, bound)                                        \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct target, field),             \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = (bound)                                               \
    }
static const struct sj_json_member members_of_new[] = {
    PLACE(body, cycle_id, SJ_JSON_ID, true, 0),
    PLACE(body, board_id, SJ_JSON_ID, true, 0),
    PLACE(body, present, SJ_JSON_TREE, true, 0),
    PLACE(body, quorum, SJ_JSON_INT, false, SJ_BOARD_MEMBERS_MAX),
};
static const struct sj_json_member members_of_change[] = {
    PLACE(change_body, evaluation_id, SJ_JSON_ID, true, 0),
    PLACE(change_body, account_id, SJ_JSON_ID, false, 0),
    PLACE(change_body, item_no, SJ_JSON_INT, true, 99),
    PLACE(change_body, before, SJ_JSON_TEXT, true, 64),
    PLACE(change_body, after, SJ_JSON_TEXT, true, 64),
    PLACE(change_body, reason, SJ_JSON_TEXT, true, SJ_BOARD_PROSE_MAX),
};

static sj_status bad_present(struct sj_exchange *x)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/present"), "FORMAT",
        SJ_TEXT("at most 20 ids of accounts")));
    FAIL(INVALID);
}

static sj_status decode_present(
    struct sj_exchange *x, const struct sj_json_value *values, struct sj_calibration *calibration)
{
    void *memory;
    TRY(sj_arena_alloc(x->arena, SJ_BOARD_MEMBERS_MAX * sizeof(struct sj_uuid), &memory));
    calibration->present = memory;
    size_t at = 0;
    struct sj_text text;
    const struct sj_json_value *value = NULL;
    if (!sj_json_is_array(values)) {
        return bad_present(x);
    }
    while (sj_json_next(values, &at, &text, &value)) {
        if (calibration->present_count == SJ_BOARD_MEMBERS_MAX || !sj_json_as_text(value, &text) ||
            sj_failed(sj_uuid_parse(text, &calibration->present[calibration->present_count]))) {
            return bad_present(x);
        }
        calibration->present_count++;
    }
    return SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = {.quorum = 0};
    TRY(sj_exchange_decode(x, members_of_new, SJ_COUNT(members_of_new), &body));
    struct sj_calibration calibration = {
        .cycle = body.cycle_id, .board = body.board_id, .quorum = body.quorum};
    TRY(decode_present(x, body.present, &calibration));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_refusal refusal = {0};
    TRY(sj_refused(x, sj_calibration_create(&desk, &calibration, &refusal), &refusal));
    TRY(sj_exchange_created(x, "/api/v1/calibrations", calibration.id));
    return answer_session(x, &calibration);
}

static sj_status close_session(struct sj_exchange *x)
{
    struct sj_calibration calibration;
    TRY(session_of(x, &calibration));
    TRY(sj_exchange_if_match(x, calibration.version));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_calibration_close(&desk, &calibration));
    return answer_session(x, &calibration);
}

/* ---- changes ---- */

static void write_change(struct sj_json *json, const struct sj_calibration_change *change)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", change->id);
    sj_json_id(json, "session_id", change->session);
    sj_json_id(json, "evaluation_id", change->evaluation);
    sj_json_id_or_null(json, "account_id", change->account);
    sj_json_int(json, "item_no", change->item_no);
    sj_json_int(json, "round", change->round);
    sj_json_text_or_null(json, "before", change->before);
    sj_json_text_or_null(json, "after", change->after);
    sj_json_text_or_null(json, "reason", change->reason);
    sj_json_id(json, "created_by", change->created_by);
    sj_json_object_end(json);
}

static sj_status list_changes(struct sj_exchange *x)
{
    struct sj_file file;
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_calibration_change *items = NULL;
    size_t count = 0;
    TRY(sj_calibration_change_list(&desk, &file, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_change(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

static sj_status change(struct sj_exchange *x)
{
    struct sj_calibration calibration;
    struct sj_file file;
    struct change_body body = {.item_no = 0};
    TRY(sj_exchange_decode(x, members_of_change, SJ_COUNT(members_of_change), &body));
    TRY(sj_prose_of(x, "/reason", &body.reason));
    TRY(session_of(x, &calibration));
    TRY(sj_file_by_id(x, body.evaluation_id, &file));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_calibration_change item = {.account = body.account_id,
        .item_no = body.item_no,
        .before = body.before,
        .after = body.after,
        .reason = body.reason};
    struct sj_refusal refusal = {0};
    TRY(sj_refused(
        x, sj_calibration_change(&desk, &calibration, &file, &item, &refusal), &refusal));
    x->status = 201;
    struct sj_json json = sj_json_begin(&x->body);
    write_change(&json, &item);
    return sj_json_end(&json);
}

/* ---- severity ---- */

static sj_status severity(struct sj_exchange *x)
{
    struct sj_calibration calibration;
    TRY(session_of(x, &calibration));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_rater_report *items = NULL;
    size_t count = 0;
    TRY(sj_calibration_severity(&desk, &calibration, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        char bias[SJ_DECIMAL_TEXT_SIZE];
        const struct sj_severity *said = &items[i].severity;
        sj_decimal_format(said->bias.value, bias);
        sj_json_object(&json, NULL);
        sj_json_id(&json, "account_id", items[i].account);
        sj_json_int(&json, "subjects", items[i].subjects);
        sj_json_str(&json, "bias", said->bias.has_value ? bias : NULL);
        sj_json_str(&json, "reason", said->bias.has_value ? NULL : said->bias.reason);
        sj_json_bool(&json, "is_notable", said->is_notable);
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

#define GET(path, action, fn)                                                                      \
    {                                                                                              \
        {SJ_GET, "/api/v1" path, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, action, fn       \
    }
const struct sj_endpoint sj_routes_calibrations[] = {
    GET("/calibrations", SJ_ACTION_CALIBRATION_LIST, list),
    {{SJ_POST, "/api/v1/calibrations", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_CALIBRATION_CREATE, create},
    GET("/calibrations/{id}", SJ_ACTION_CALIBRATION_READ, read_one),
    GET("/calibrations/{id}/severity", SJ_ACTION_CALIBRATION_READ, severity),
    {{SJ_POST, "/api/v1/calibrations/{id}/changes", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_CALIBRATION_CHANGE, change},
    {{SJ_POST, "/api/v1/calibrations/{id}/close", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_WRITE,
        SJ_ACTION_CALIBRATION_CLOSE, close_session},
    GET("/evaluations/{id}/calibration-changes", SJ_ACTION_CALIBRATION_LIST, list_changes),
};
const size_t sj_routes_calibrations_count = SJ_COUNT(sj_routes_calibrations);
