/* SPDX-License-Identifier: Apache-2.0
 *
 * /courts: reference data of all units. An import registers what it does not know as provisional; this is where a
 * court is registered properly.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/evaluation/court.h"

static void write_court(struct sj_json *json, const struct sj_court *court)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", court->id);
    sj_json_text(json, "code", court->code);
    sj_json_text(json, "name_fa", court->name_fa);
    sj_json_text(json, "name_en", court->name_en);
    sj_json_text_or_null(json, "province", court->province);
    sj_json_text(json, "status", court->status);
    sj_json_text_or_null(json, "kind", court->kind);
    sj_json_text_or_null(json, "specialisation", court->specialisation);
    sj_json_text_or_null(json, "size_class", court->size_class);
    sj_json_id_or_null(json, "parent_id", court->parent);
    sj_json_int(json, "version", court->version);
    sj_json_time(json, "created_at", court->created_at);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"status", "province", "code", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_court_query query;
    TRY(sj_filter_text(x, "status", &query.status));
    TRY(sj_filter_text(x, "province", &query.province));
    TRY(sj_filter_text(x, "code", &query.code));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_court *courts = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_court_list(&desk, &query, sj_paging_of(page), &courts, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_court(&json, &courts[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status answer_one(struct sj_exchange *x, const struct sj_court *court)
{
    struct sj_json json = sj_json_begin(&x->body);
    write_court(&json, court);
    TRY(sj_exchange_etag(x, court->version));
    return sj_json_end(&json);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_court court;
    TRY(sj_court_find(&desk, id, &found, &court));
    ENSURE(found, NOT_FOUND);
    return answer_one(x, &court);
}

struct body {
    struct sj_text code;
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text province;
    struct sj_text kind;
    struct sj_text specialisation;
    struct sj_text size_class;
    struct sj_uuid parent_id;
};

#define TEXT_MEMBER(field, is_required, bound)                                                     \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TEXT, .offset = offsetof(struct body, field),              \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = (bound)                                               \
    }
static const struct sj_json_member members[] = {
    TEXT_MEMBER(code, true, SJ_COURT_CODE_MAX),
    TEXT_MEMBER(name_fa, true, SJ_LABEL_BYTES_MAX),
    TEXT_MEMBER(name_en, true, SJ_LABEL_BYTES_MAX),
    TEXT_MEMBER(province, false, 64),
    TEXT_MEMBER(kind, false, 32),
    TEXT_MEMBER(specialisation, false, SJ_LABEL_BYTES_MAX),
    TEXT_MEMBER(size_class, false, 16),
    {.name = "parent_id",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct body, parent_id),
        .present_offset = SJ_JSON_NO_PRESENT,
        .nullable = true},
};

/* Courts are shown to every unit: what deceives the eye does not get in. */
static sj_status check(struct sj_exchange *x, const struct sj_court *court)
{
    const char *field = "";
    const char *code = sj_court_check(x->arena, court, &field);
    if (code == NULL) {
        return SJ_DONE;
    }
    char pointer[32];
    (void)snprintf(pointer, sizeof pointer, "/%s", field);
    TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(pointer), code,
        sj_text_of(sj_text_is(sj_text_of(code), "UNKNOWN_VALUE")
                       ? "not one of the values of this member"
                       : "letters, digits, blanks and . , - _ / ( ) ' & : + only")));
    FAIL(INVALID);
}

static sj_status check_parent(struct sj_exchange *x, struct sj_uuid parent)
{
    if (sj_uuid_is_nil(parent)) {
        return SJ_DONE;
    }
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_court court;
    TRY(sj_court_find(&desk, parent, &found, &court));
    if (found) {
        return SJ_DONE;
    }
    TRY(sj_json_fault_add(
        &x->faults, x->arena, SJ_TEXT("/parent_id"), "UNKNOWN", SJ_TEXT("there is no such court")));
    FAIL(INVALID);
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = {0};
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    struct sj_court court = {.code = body.code,
        .name_fa = body.name_fa,
        .name_en = body.name_en,
        .province = body.province,
        .kind = body.kind,
        .specialisation = body.specialisation,
        .size_class = body.size_class,
        .parent = body.parent_id};
    TRY(check(x, &court));
    TRY(check_parent(x, court.parent));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_court_create(&desk, &court));
    TRY(sj_exchange_created(x, "/api/v1/courts", court.id));
    return answer_one(x, &court);
}

const struct sj_endpoint sj_routes_courts[] = {
    {{SJ_GET, "/api/v1/courts", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_COURT_LIST, list},
    {{SJ_POST, "/api/v1/courts", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_COURT_CREATE, create},
    {{SJ_GET, "/api/v1/courts/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_COURT_READ, read_one},
};
const size_t sj_routes_courts_count = SJ_COUNT(sj_routes_courts);
