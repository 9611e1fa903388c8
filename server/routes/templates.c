/* SPDX-License-Identifier: Apache-2.0
 *
 * /templates: criteria and their weights. A draft may be changed, the Supreme Court consents to it, the process owner
 * publishes it, and then nobody changes it; what keeps a draft from being published is told as "unmet".
 */
#include "cycle_answer.h"

#include "sanjeh/cycle/template.h"

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"state", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_text state;
    TRY(sj_filter_text(x, "state", &state));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_documents templates;
    TRY(sj_template_list(&desk, state, sj_paging_of(page), &templates));
    return sj_answer_documents(x, &templates);
}

static sj_status answer_one(struct sj_exchange *x, struct sj_uuid id)
{
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_document document;
    TRY(sj_template_find(&desk, id, &found, &document, NULL));
    ENSURE(found, NOT_FOUND);
    return sj_answer_document(x, &document);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    return answer_one(x, id);
}

struct body {
    struct sj_text code;
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text population;
    const struct sj_json_value *items;
};

#define MEMBER(field, json_kind, is_required, bound)                                               \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct body, field),               \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required), .limit = (bound)          \
    }
static const struct sj_json_member members_of_new[] = {
    MEMBER(code, SJ_JSON_TEXT, true, 32),
    MEMBER(name_fa, SJ_JSON_TEXT, true, SJ_LABEL_BYTES_MAX),
    MEMBER(name_en, SJ_JSON_TEXT, true, SJ_LABEL_BYTES_MAX),
    MEMBER(population, SJ_JSON_TEXT, true, 16),
    MEMBER(items, SJ_JSON_TREE, true, 0),
};
static const struct sj_json_member members_of_change[] = {
    MEMBER(name_fa, SJ_JSON_TEXT, false, SJ_LABEL_BYTES_MAX),
    MEMBER(name_en, SJ_JSON_TEXT, false, SJ_LABEL_BYTES_MAX),
    MEMBER(population, SJ_JSON_TEXT, false, 16),
    MEMBER(items, SJ_JSON_TREE, false, 0),
};

static bool is_one_of(struct sj_text text, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (sj_text_is(text, names[i])) {
            return true;
        }
    }
    return false;
}

/* "12.5" or 12 as hundredths. */
static bool read_weight(const struct sj_json_value *value, int64_t *ret_hundredths)
{
    int64_t whole = 0;
    if (sj_json_as_int(value, &whole)) {
        *ret_hundredths = whole * 100;
        return whole > 0 && whole <= 100;
    }
    struct sj_text text;
    char mark[8];
    if (!sj_json_as_text(value, &text) || !sj_remedy_mark(text, mark)) {
        return false;
    }
    int64_t hundredths = 0;
    int decimals = -1;
    for (const char *c = mark; *c != '\0'; c++) {
        if (*c == '.') {
            decimals = 0;
            continue;
        }
        hundredths = hundredths * 10 + (*c - '0');
        decimals += decimals >= 0 ? 1 : 0;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 2; i++) {
        hundredths *= 10;
    }
    *ret_hundredths = hundredths;
    return hundredths > 0;
}

/* The member's name that is wrong, NULL when it is taken. */
static bool take_member(
    struct sj_template_item *item, struct sj_text name, const struct sj_json_value *value)
{
    const struct {
        const char *name;
        struct sj_text *text;
        size_t max;
    } texts[] = {{"family", &item->family, 16}, {"source", &item->source, 16},
        {"indicator_code", &item->indicator, 32}, {"name_fa", &item->name_fa, SJ_LABEL_BYTES_MAX},
        {"name_en", &item->name_en, SJ_LABEL_BYTES_MAX}, {"guidance", &item->guidance, 2000}};
    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        if (sj_text_is(name, texts[i].name)) {
            return sj_json_is_null(value) ||
                   (sj_json_as_text(value, texts[i].text) && texts[i].text->len <= texts[i].max);
        }
    }
    if (sj_text_is(name, "weight")) {
        return read_weight(value, &item->weight_hundredths);
    }
    if (sj_text_is(name, "evidence_required")) {
        return sj_json_as_bool(value, &item->evidence_required);
    }
    int64_t *number = sj_text_is(name, "no")          ? &item->no
                      : sj_text_is(name, "scale_min") ? &item->scale_min
                      : sj_text_is(name, "scale_max") ? &item->scale_max
                                                      : NULL;
    return number != NULL && sj_json_as_int(value, number) && *number >= 0 && *number <= 1000;
}

/* Whole items, not their sum: that is for the publication. */
static const char *check_item(const struct sj_template_item *item)
{
    static const char *const families[] = {"quality", "timeliness", "conduct", "development", NULL};
    static const char *const sources[] = {"indicator", "mark", NULL};
    struct sj_text guidance = item->guidance;
    if (item->no < 1 || item->no > 99) {
        return "no";
    }
    if (!is_one_of(item->family, families)) {
        return "family";
    }
    if (!is_one_of(item->source, sources)) {
        return "source";
    }
    if (sj_text_is(item->source, "indicator") != (item->indicator.len > 0)) {
        return "indicator_code";
    }
    if (sj_failed(sj_label_check(item->name_fa))) {
        return "name_fa";
    }
    if (sj_failed(sj_label_check(item->name_en))) {
        return "name_en";
    }
    if (item->weight_hundredths <= 0) {
        return "weight";
    }
    if (guidance.len > 0 && sj_remedy_prose(&guidance, 2000) != NULL) {
        return "guidance";
    }
    return item->scale_min < item->scale_max ? NULL : "scale_max";
}

static sj_status refuse_item(struct sj_exchange *x, size_t number, struct sj_text member)
{
    char pointer[96];
    (void)snprintf(pointer, sizeof pointer, "/items/%zu/%.*s", number,
        (int)(member.len > 40 ? 40 : member.len), member.ptr);
    return sj_refuse_at(x, pointer, "BAD_ITEM", "this member of a criterion is not acceptable");
}

static sj_status take_item(
    struct sj_exchange *x, const struct sj_json_value *value, struct sj_template_draft *draft)
{
    const size_t number = draft->item_count;
    struct sj_template_item *item = &draft->items[draft->item_count++];
    *item = (struct sj_template_item){.scale_max = 100};
    ENSURE(sj_json_is_object(value), INVALID);
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *member;
    while (sj_json_next(value, &at, &name, &member)) {
        if (!take_member(item, name, member)) {
            return refuse_item(x, number, name);
        }
    }
    const char *wrong = check_item(item);
    if (wrong != NULL) {
        return refuse_item(x, number, sj_text_of(wrong));
    }
    for (size_t i = 0; i < number; i++) {
        if (draft->items[i].no == item->no) {
            return refuse_item(x, number, SJ_TEXT("no"));
        }
    }
    return SJ_DONE;
}

static sj_status take_items(
    struct sj_exchange *x, const struct sj_json_value *items, struct sj_template_draft *draft)
{
    if (items == NULL) {
        return SJ_DONE;
    }
    if (!sj_json_is_array(items)) {
        return sj_refuse_at(x, "/items", "TYPE", "a list of criteria");
    }
    void *memory;
    TRY(sj_arena_alloc(x->arena, SJ_TEMPLATE_ITEMS_MAX * sizeof(struct sj_template_item), &memory));
    draft->items = memory;
    draft->has_items = true;
    size_t at = 0;
    struct sj_text none;
    const struct sj_json_value *value;
    while (sj_json_next(items, &at, &none, &value)) {
        if (draft->item_count == SJ_TEMPLATE_ITEMS_MAX) {
            return sj_refuse_at(x, "/items", "TOO_LONG", "at most 99 criteria");
        }
        TRY(take_item(x, value, draft));
    }
    return SJ_DONE;
}

static sj_status check(struct sj_exchange *x, const struct body *body, bool is_new)
{
    static const char *const populations[] = {"judges", "prosecutors", "all", NULL};
    CLEANUP(sj_buf_clear) struct sj_buf code = SJ_BUF(64);
    if (is_new && (sj_failed(sj_personnel_number_check(body->code, &code)) ||
                      !sj_text_equal(sj_buf_text(&code), body->code))) {
        return sj_refuse_at(x, "/code", "BAD_CODE", "capital letters, digits and . _ - only");
    }
    if ((is_new || body->name_fa.len > 0) && sj_failed(sj_label_check(body->name_fa))) {
        return sj_refuse_at(x, "/name_fa", "BAD_NAME", "a label of at most 128 bytes");
    }
    if ((is_new || body->name_en.len > 0) && sj_failed(sj_label_check(body->name_en))) {
        return sj_refuse_at(x, "/name_en", "BAD_NAME", "a label of at most 128 bytes");
    }
    if ((is_new || body->population.len > 0) && !is_one_of(body->population, populations)) {
        return sj_refuse_at(x, "/population", "UNKNOWN", "judges, prosecutors or all");
    }
    return SJ_DONE;
}

static struct sj_template_draft draft_of(const struct body *body)
{
    return (struct sj_template_draft){.code = body->code,
        .name_fa = body->name_fa,
        .name_en = body->name_en,
        .population = body->population};
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = {.items = NULL};
    TRY(sj_exchange_decode(x, members_of_new, SJ_COUNT(members_of_new), &body));
    TRY(check(x, &body, true));
    struct sj_template_draft draft = draft_of(&body);
    TRY(take_items(x, body.items, &draft));
    const struct sj_desk desk = sj_desk_of(x);
    ENSURE(!sj_uuid_is_nil(desk.actor->unit), FORBIDDEN);
    struct sj_uuid id;
    TRY(sj_template_create(&desk, &draft, &id));
    TRY(sj_exchange_created(x, "/api/v1/templates", id));
    return answer_one(x, id);
}

/* The template of the path as it is now, compared with what the caller read. */
static sj_status take_up(
    struct sj_exchange *x, struct sj_document *ret_document, struct sj_text *ret_state)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    TRY(sj_template_find(&desk, id, &found, ret_document, ret_state));
    ENSURE(found, NOT_FOUND);
    return sj_exchange_if_match(x, ret_document->version);
}

static sj_status change(struct sj_exchange *x)
{
    struct body body = {.items = NULL};
    TRY(sj_exchange_decode(x, members_of_change, SJ_COUNT(members_of_change), &body));
    struct sj_document document;
    struct sj_text state;
    TRY(take_up(x, &document, &state));
    ENSURE(sj_text_is(state, "draft"), CONFLICT);
    TRY(check(x, &body, false));
    struct sj_template_draft draft = draft_of(&body);
    TRY(take_items(x, body.items, &draft));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_template_change(&desk, document.id, document.version, &draft));
    return answer_one(x, document.id);
}

/* "unmet":[] in what the database wrote: nothing is missing. */
static bool is_faultless(struct sj_text json)
{
    static const char none[] = "\"unmet\": []";
    return memmem(json.ptr, json.len, none, sizeof(none) - 1) != NULL;
}

/* The Supreme Court's: whose account it is, the database knows. */
static sj_status consent(struct sj_exchange *x)
{
    struct sj_document document;
    struct sj_text state;
    TRY(take_up(x, &document, &state));
    ENSURE(sj_text_is(state, "draft"), NO_SUCH_MOVE);
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_template_consent(&desk, document.id, document.version));
    return answer_one(x, document.id);
}

static sj_status publish(struct sj_exchange *x)
{
    struct sj_document document;
    struct sj_text state;
    TRY(take_up(x, &document, &state));
    ENSURE(sj_text_is(state, "draft"), NO_SUCH_MOVE);
    if (!is_faultless(document.json)) {
        x->problem_detail =
            SJ_TEXT("read the template: \"unmet\" names what keeps it from being published");
        FAIL(GUARD_UNMET);
    }
    const struct sj_desk desk = sj_desk_of(x);
    const sj_status status = sj_template_move(&desk, document.id, document.version, "published");
    if (status.code ==
        SJ_CONSTRAINT) { /* of a faultless draft: by person, which the database knows */
        return sj_exchange_unmet(
            x, "CONSENTER_PUBLISHES", "who has consented does not publish, under any account");
    }
    TRY(status);
    return answer_one(x, document.id);
}

static sj_status withdraw(struct sj_exchange *x)
{
    struct sj_document document;
    struct sj_text state;
    TRY(take_up(x, &document, &state));
    ENSURE(sj_text_is(state, "published"), NO_SUCH_MOVE);
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_template_move(&desk, document.id, document.version, "withdrawn"));
    return answer_one(x, document.id);
}

const struct sj_endpoint sj_routes_templates[] = {
    {{SJ_GET, "/api/v1/templates", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_TEMPLATE_LIST, list},
    {{SJ_POST, "/api/v1/templates", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_TEMPLATE_CREATE, create},
    {{SJ_GET, "/api/v1/templates/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_TEMPLATE_READ, read_one},
    {{SJ_PATCH, "/api/v1/templates/{id}", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_TEMPLATE_UPDATE, change},
    {{SJ_POST, "/api/v1/templates/{id}/consent", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_TEMPLATE_CONSENT, consent},
    {{SJ_POST, "/api/v1/templates/{id}/publication", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_TEMPLATE_PUBLISH, publish},
    {{SJ_POST, "/api/v1/templates/{id}/withdrawal", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_TEMPLATE_WITHDRAW, withdraw},
};
const size_t sj_routes_templates_count = SJ_COUNT(sj_routes_templates);
