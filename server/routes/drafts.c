/* SPDX-License-Identifier: Apache-2.0
 *
 * Drafts of a file: numbers worked out from marks and figures, words by the rapporteur; each a version of its own.
 */
#include "board_desk.h"
#include "routes.h"

#include "sanjeh/board/rating.h"

static void write_head(struct sj_json *json, const struct sj_draft_version *draft)
{
    sj_json_id(json, "id", draft->id);
    sj_json_id(json, "evaluation_id", draft->evaluation);
    sj_json_int(json, "round", draft->round);
    sj_json_int(json, "no", draft->no);
    sj_json_text(json, "state", draft->state);
    sj_json_id(json, "created_by", draft->created_by);
    sj_json_time(json, "created_at", draft->created_at);
}

static sj_status answer_draft(struct sj_exchange *x, const struct sj_draft_version *draft)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    write_head(&json, draft);
    if (draft->body.len > 0) {
        sj_json_raw(&json, "body", draft->body);
    } else {
        sj_json_null(&json, "body");
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status list(struct sj_exchange *x)
{
    struct sj_file file;
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_draft_version *items = NULL;
    size_t count = 0;
    TRY(sj_draft_list(&desk, &file, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        sj_json_object(&json, NULL);
        write_head(&json, &items[i]);
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    bool found = false;
    struct sj_draft_version draft;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_draft_find(&desk, id, &found, &draft));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_subject_of_evaluation(x, draft.evaluation));
    return answer_draft(x, &draft);
}

struct body {
    struct sj_text state;
    const struct sj_json_value *families;
    struct sj_text overall;
    struct sj_text minority;
};
#define MEMBER(field, json_kind, is_required, bound)                                               \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct body, field),               \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = (bound)                                               \
    }
static const struct sj_json_member members[] = {
    MEMBER(state, SJ_JSON_TEXT, true, 16),
    MEMBER(families, SJ_JSON_TREE, true, 0),
    MEMBER(overall, SJ_JSON_TEXT, true, SJ_BOARD_PROSE_MAX),
    MEMBER(minority, SJ_JSON_TEXT, false, SJ_BOARD_PROSE_MAX),
};

static sj_status bad_families(struct sj_exchange *x)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/families"), "FORMAT",
        SJ_TEXT("a text for each of quality, timeliness, conduct, development, and no other")));
    FAIL(INVALID);
}

static sj_status decode_families(
    struct sj_exchange *x, const struct sj_json_value *values, struct sj_draft_text *text)
{
    size_t at = 0;
    int seen = 0;
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    if (!sj_json_is_object(values)) {
        return bad_families(x);
    }
    while (sj_json_next(values, &at, &name, &value)) {
        int family = 0;
        while (family < SJ_FAMILY_COUNT_ &&
               !sj_text_is(name, sj_family_name((enum sj_family)family))) {
            family++;
        }
        if (family == SJ_FAMILY_COUNT_ || !sj_json_as_text(value, &text->families[family])) {
            return bad_families(x);
        }
        TRY(sj_prose_of(x, "/families", &text->families[family]));
        seen++;
    }
    return seen == SJ_FAMILY_COUNT_ ? SJ_DONE : bad_families(x);
}

static sj_status decode(struct sj_exchange *x, struct sj_draft_text *text)
{
    struct body body = {.families = NULL};
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    text->is_final = sj_text_is(body.state, "final");
    if (!text->is_final && !sj_text_is(body.state, "working")) {
        TRY(sj_json_fault_add(
            &x->faults, x->arena, SJ_TEXT("/state"), "UNKNOWN_STATE", SJ_TEXT("working or final")));
        FAIL(INVALID);
    }
    TRY(decode_families(x, body.families, text));
    text->overall = body.overall;
    TRY(sj_prose_of(x, "/overall", &text->overall));
    text->minority = body.minority;
    return body.minority.len == 0 ? SJ_DONE : sj_prose_of(x, "/minority", &text->minority);
}

static sj_status create(struct sj_exchange *x)
{
    struct sj_file file;
    struct sj_draft_text text = {.is_final = false};
    struct sj_draft_version draft;
    struct sj_refusal refusal = {0};
    TRY(decode(x, &text));
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_refused(x, sj_draft_create(&desk, &file, &text, &draft, &refusal), &refusal));
    TRY(sj_exchange_created(x, "/api/v1/drafts", draft.id));
    return answer_draft(x, &draft);
}

const struct sj_endpoint sj_routes_drafts[] = {
    {{SJ_GET, "/api/v1/evaluations/{id}/drafts", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_DRAFT_LIST, list},
    {{SJ_POST, "/api/v1/evaluations/{id}/drafts", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_DRAFT_CREATE, create},
    {{SJ_GET, "/api/v1/drafts/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_DRAFT_READ, read_one},
};
const size_t sj_routes_drafts_count = SJ_COUNT(sj_routes_drafts);
