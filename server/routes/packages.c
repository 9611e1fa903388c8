/* SPDX-License-Identifier: Apache-2.0
 *
 * /aggregates and /packages: figures about groups of ten judges at least, and scientific packages of them. Whoever reviews sees
 * packages of other units while they are reviewed; everybody else sees what was released.
 */
#include "cycle_answer.h"

#include "sanjeh/keys/scopes.h"
#include "sanjeh/package/package.h"

#define PREFIX "/api/v1/packages"

/* ---- aggregates ---- */

static sj_status aggregate_question(struct sj_exchange *x, struct sj_text *ret_indicator,
    struct sj_period *ret_period, struct sj_text *ret_by)
{
    struct sj_text period;
    TRY(sj_filter_text(x, "indicator", ret_indicator));
    TRY(sj_filter_text(x, "period", &period));
    TRY(sj_filter_text(x, "by", ret_by));
    if (ret_indicator->len == 0) {
        return sj_filter_refuse(x, "indicator", "MISSING", "the code of an indicator");
    }
    if (sj_failed(sj_period_parse(period, ret_period))) {
        return sj_filter_refuse(x, "period", "FORMAT", "YYYY, YYYY-MM or YYYY-MM-DD/YYYY-MM-DD");
    }
    if (ret_by->len == 0) {
        *ret_by = SJ_TEXT("all");
    }
    return sj_aggregate_by_known(*ret_by) ? SJ_DONE
                                          : sj_filter_refuse(x, "by", "UNKNOWN",
                                                "all, sex, judicial_base, court_kind or province");
}

static sj_status list_aggregates(struct sj_exchange *x)
{
    static const char *const allowed[] = {"indicator", "period", "by", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_text indicator;
    struct sj_text by;
    struct sj_period period;
    TRY(aggregate_question(x, &indicator, &period, &by));
    TRY(sj_exchange_widen(x, SJ_SCOPE_EVALUATION));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_aggregate *items = NULL;
    size_t count = 0;
    TRY(sj_aggregate_list(&desk, indicator, period, by, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        sj_json_object(&json, NULL);
        sj_json_text(&json, "group", items[i].group);
        sj_json_bool(&json, "is_shown", items[i].is_shown);
        if (items[i].is_shown) {
            sj_json_int(&json, "n", items[i].n);
        } else {
            sj_json_null(&json, "n");
        }
        sj_json_text_or_null(&json, "mean", items[i].mean);
        sj_json_text_or_null(&json, "spread", items[i].spread);
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

/* ---- reading packages ---- */

static bool sees_reviews(const struct sj_exchange *x)
{
    return sj_exchange_may(x, SJ_ACTION_PACKAGE_REVIEW);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"state", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_text state;
    TRY(sj_filter_text(x, "state", &state));
    if (sees_reviews(x)) {
        TRY(sj_exchange_widen(x, SJ_SCOPE_EVALUATION));
    }
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_documents packages;
    TRY(sj_package_list(&desk, sees_reviews(x), state, sj_paging_of(page), &packages));
    return sj_answer_documents(x, &packages);
}

static sj_status find(struct sj_exchange *x, struct sj_package *ret_package)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    TRY(sj_package_find(&desk, sees_reviews(x), id, &found, ret_package));
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}

static sj_status answer_again(struct sj_exchange *x, struct sj_uuid id)
{
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_package package;
    TRY(sj_package_find(&desk, sees_reviews(x), id, &found, &package));
    ENSURE(found, NOT_FOUND);
    return sj_answer_document(x, &package.document);
}

static sj_status read_one(struct sj_exchange *x)
{
    if (sees_reviews(x)) {
        TRY(sj_exchange_widen(x, SJ_SCOPE_EVALUATION));
    }
    struct sj_package package;
    TRY(find(x, &package));
    return sj_answer_document(x, &package.document);
}

/* The released edition as a file: what its hash is of stands in it, and the record says who took it away. */
static sj_status export_one(struct sj_exchange *x)
{
    struct sj_package package;
    TRY(find(x, &package));
    ENSURE(sj_text_is(package.state, "released"), NOT_FOUND);
    return sj_answer_document(x, &package.document);
}

/* ---- drafts ---- */

struct body {
    struct sj_text code;
    struct sj_text title_fa;
    struct sj_text title_en;
    struct sj_text question;
    struct sj_text method;
    struct sj_text limits;
    struct sj_text recommendations;
    struct sj_text period;
    struct sj_text grouped_by;
    const struct sj_json_value *indicators;
};

#define MEMBER(field, json_kind, is_required, bound)                                               \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct body, field),               \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required), .limit = (bound)          \
    }
#define COMMON(is_required)                                                                        \
    MEMBER(title_fa, SJ_JSON_TEXT, is_required, SJ_LABEL_BYTES_MAX),                               \
        MEMBER(title_en, SJ_JSON_TEXT, is_required, SJ_LABEL_BYTES_MAX),                           \
        MEMBER(question, SJ_JSON_TEXT, is_required, SJ_PACKAGE_TEXT_MAX / 2),                      \
        MEMBER(method, SJ_JSON_TEXT, is_required, SJ_PACKAGE_TEXT_MAX),                            \
        MEMBER(limits, SJ_JSON_TEXT, is_required, SJ_PACKAGE_TEXT_MAX),                            \
        MEMBER(recommendations, SJ_JSON_TEXT, false, SJ_PACKAGE_TEXT_MAX),                         \
        MEMBER(period, SJ_JSON_TEXT, is_required, 64),                                             \
        MEMBER(grouped_by, SJ_JSON_TEXT, is_required, 16),                                         \
        MEMBER(indicators, SJ_JSON_TREE, is_required, 0)
static const struct sj_json_member members_of_new[] = {
    COMMON(true), MEMBER(code, SJ_JSON_TEXT, true, 32)};
static const struct sj_json_member members_of_change[] = {COMMON(false)};

static sj_status take_prose(
    struct sj_exchange *x, const char *pointer, size_t max, bool is_required, struct sj_text *text)
{
    if (text->len == 0 && !is_required) {
        return SJ_DONE;
    }
    const char *fault = sj_remedy_prose(text, max);
    return fault == NULL ? SJ_DONE : sj_refuse_at(x, pointer, fault, "plain text of this length");
}

static sj_status take_texts(struct sj_exchange *x, struct body *body, bool is_new)
{
    const struct {
        const char *pointer;
        struct sj_text *text;
        size_t max;
        bool is_required;
    } texts[] = {{"/question", &body->question, SJ_PACKAGE_TEXT_MAX / 2, is_new},
        {"/method", &body->method, SJ_PACKAGE_TEXT_MAX, is_new},
        {"/limits", &body->limits, SJ_PACKAGE_TEXT_MAX, is_new},
        {"/recommendations", &body->recommendations, SJ_PACKAGE_TEXT_MAX, false}};
    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        TRY(take_prose(x, texts[i].pointer, texts[i].max, texts[i].is_required, texts[i].text));
    }
    if ((is_new || body->title_fa.len > 0) && sj_failed(sj_label_check(body->title_fa))) {
        return sj_refuse_at(x, "/title_fa", "BAD_NAME", "a label of at most 128 bytes");
    }
    if ((is_new || body->title_en.len > 0) && sj_failed(sj_label_check(body->title_en))) {
        return sj_refuse_at(x, "/title_en", "BAD_NAME", "a label of at most 128 bytes");
    }
    return SJ_DONE;
}

static sj_status take_indicators(
    struct sj_exchange *x, const struct sj_json_value *list, struct sj_package_draft *draft)
{
    size_t at = 0;
    struct sj_text none;
    const struct sj_json_value *item;
    bool is_good = list == NULL || sj_json_is_array(list);
    while (is_good && list != NULL && sj_json_next(list, &at, &none, &item)) {
        struct sj_text code = {"", 0};
        is_good = draft->indicator_count < SJ_PACKAGE_INDICATORS_MAX &&
                  sj_json_as_text(item, &code) && code.len > 0 && code.len <= 32;
        for (size_t i = 0; is_good && i < draft->indicator_count; i++) {
            is_good = !sj_text_equal(code, draft->indicators[i]);
        }
        if (is_good) {
            draft->indicators[draft->indicator_count++] = code;
        }
    }
    is_good = is_good && (list == NULL || draft->indicator_count > 0);
    return is_good
               ? SJ_DONE
               : sj_refuse_at(x, "/indicators", "FORMAT", "1 to 16 different codes of indicators");
}

static sj_status take(
    struct sj_exchange *x, struct body *body, bool is_new, struct sj_package_draft *ret_draft)
{
    TRY(take_texts(x, body, is_new));
    CLEANUP(sj_buf_clear) struct sj_buf code = SJ_BUF(64);
    if (is_new && (sj_failed(sj_personnel_number_check(body->code, &code)) ||
                      !sj_text_equal(sj_buf_text(&code), body->code))) {
        return sj_refuse_at(x, "/code", "BAD_CODE", "capital letters, digits and . _ - only");
    }
    struct sj_package_draft draft = {.code = body->code,
        .title_fa = body->title_fa,
        .title_en = body->title_en,
        .question = body->question,
        .method = body->method,
        .limits = body->limits,
        .recommendations = body->recommendations,
        .has_period = body->period.len > 0,
        .grouped_by = body->grouped_by};
    if (draft.has_period && sj_failed(sj_period_parse(body->period, &draft.period))) {
        return sj_refuse_at(x, "/period", "BAD_PERIOD", "a year, a month or two days");
    }
    if (draft.grouped_by.len > 0 && !sj_aggregate_by_known(draft.grouped_by)) {
        return sj_refuse_at(
            x, "/grouped_by", "UNKNOWN", "all, sex, judicial_base, court_kind or province");
    }
    TRY(take_indicators(x, body->indicators, &draft));
    *ret_draft = draft;
    return SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = {.indicators = NULL};
    TRY(sj_exchange_decode(x, members_of_new, SJ_COUNT(members_of_new), &body));
    struct sj_package_draft draft;
    TRY(take(x, &body, true, &draft));
    const struct sj_desk desk = sj_desk_of(x);
    ENSURE(!sj_uuid_is_nil(desk.actor->unit), FORBIDDEN);
    bool known = false;
    struct sj_uuid id;
    TRY(sj_package_create(&desk, &draft, &known, &id));
    if (!known) {
        return sj_refuse_at(x, "/indicators", "UNKNOWN", "there is no such indicator");
    }
    TRY(sj_exchange_created(x, PREFIX, id));
    return answer_again(x, id);
}

/* The own unit's package in this state, compared with what the caller read. */
static sj_status take_up(struct sj_exchange *x, const char *state, struct sj_package *ret_package)
{
    TRY(find(x, ret_package));
    TRY(sj_exchange_if_match(x, ret_package->document.version));
    ENSURE(sj_uuid_equal(ret_package->unit, x->session.actor.unit), FORBIDDEN);
    ENSURE(sj_text_is(ret_package->state, state), NO_SUCH_MOVE);
    return SJ_DONE;
}

static sj_status change(struct sj_exchange *x)
{
    struct body body = {.indicators = NULL};
    TRY(sj_exchange_decode(x, members_of_change, SJ_COUNT(members_of_change), &body));
    struct sj_package package;
    TRY(take_up(x, "draft", &package));
    struct sj_package_draft draft;
    TRY(take(x, &body, false, &draft));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_package_change(&desk, &package, &draft));
    return answer_again(x, package.document.id);
}

static sj_status compute(struct sj_exchange *x)
{
    struct sj_package package;
    TRY(take_up(x, "draft", &package));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_package_compute(&desk, &package));
    return answer_again(x, package.document.id);
}

/* Whether the list "unmet", which the database wrote, has the code. */
static bool is_unmet(const struct sj_package *package, const char *code)
{
    static const char name[] = "\"unmet\": [";
    struct sj_text json = package->document.json;
    char quoted[32];
    const int len = snprintf(quoted, sizeof quoted, "\"%s\"", code);
    const char *list = memmem(json.ptr, json.len, name, sizeof name - 1);
    const char *end = list == NULL ? NULL : memchr(list, ']', (size_t)(json.ptr + json.len - list));
    return end != NULL && memmem(list, (size_t)(end - list), quoted, (size_t)len) != NULL;
}

static sj_status submit(struct sj_exchange *x)
{
    struct sj_package package;
    TRY(take_up(x, "draft", &package));
    if (is_unmet(&package, "NOT_COMPUTED")) {
        return sj_exchange_unmet(x, "NOT_COMPUTED", "compute the figures first");
    }
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_package_move(&desk, &package, "methods_review", (struct sj_text){"", 0}));
    return answer_again(x, package.document.id);
}

/* Back to its authors: what was reviewed so far counts no more. */
static sj_status recall(struct sj_exchange *x)
{
    struct sj_package package;
    TRY(find(x, &package));
    TRY(sj_exchange_if_match(x, package.document.version));
    ENSURE(sj_uuid_equal(package.unit, x->session.actor.unit), FORBIDDEN);
    ENSURE(sj_text_is(package.state, "methods_review") ||
               sj_text_is(package.state, "unit_review") || sj_text_is(package.state, "classified"),
        NO_SUCH_MOVE);
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_package_move(&desk, &package, "draft", (struct sj_text){"", 0}));
    return answer_again(x, package.document.id);
}

/* ---- reviews ---- */

struct review_body {
    bool approves;
    struct sj_text note;
    struct sj_text indicator;
};
#define REVIEW_MEMBER(field, json_kind, bound)                                                     \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct review_body, field),        \
        .present_offset = SJ_JSON_NO_PRESENT, .required = true, .limit = (bound)                   \
    }
static const struct sj_json_member review_members[] = {
    REVIEW_MEMBER(approves, SJ_JSON_BOOL, 0), REVIEW_MEMBER(note, SJ_JSON_TEXT, 4000)};
static const struct sj_json_member bias_members[] = {
    REVIEW_MEMBER(indicator, SJ_JSON_TEXT, 32), REVIEW_MEMBER(note, SJ_JSON_TEXT, 4000)};

static sj_status take_review(struct sj_exchange *x, const struct sj_json_member *members,
    size_t count, struct review_body *ret_body, struct sj_package *ret_package)
{
    TRY(sj_exchange_decode(x, members, count, ret_body));
    TRY(take_prose(x, "/note", 4000, true, &ret_body->note));
    TRY(find(x, ret_package));
    TRY(sj_exchange_if_match(x, ret_package->document.version));
    if (ret_package->is_author) {
        return sj_exchange_unmet(
            x, "REVIEWER_IS_AUTHOR", "who has written in a package does not review it");
    }
    return SJ_DONE;
}

static sj_status review(struct sj_exchange *x)
{
    struct review_body body = {.approves = false};
    struct sj_package package;
    TRY(take_review(x, review_members, SJ_COUNT(review_members), &body, &package));
    ENSURE(sj_text_is(package.state, "methods_review") || sj_text_is(package.state, "unit_review"),
        NO_SUCH_MOVE);
    const bool is_own = sj_uuid_equal(package.unit, x->session.actor.unit);
    if (package.is_reviewer) {
        return sj_exchange_unmet(x, "REVIEWED_ALREADY", "two reviews are two persons");
    }
    if (is_own != sj_text_is(package.state, "unit_review")) {
        return sj_exchange_unmet(x, is_own ? "OWN_UNIT" : "OTHER_UNIT",
            "the method is reviewed in another unit, for the unit in its own");
    }
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_package_review(&desk, &package, body.approves, body.note));
    if (!body.approves) {
        x->status = 204; /* a draft again, which its unit alone sees */
        return SJ_DONE;
    }
    return answer_again(x, package.document.id);
}

static sj_status review_bias(struct sj_exchange *x)
{
    struct review_body body = {.approves = false};
    struct sj_package package;
    TRY(take_review(x, bias_members, SJ_COUNT(bias_members), &body, &package));
    ENSURE(!sj_text_is(package.state, "released") && !sj_text_is(package.state, "withdrawn") &&
               !sj_text_is(package.state, "draft"),
        NO_SUCH_MOVE);
    const struct sj_desk desk = sj_desk_of(x);
    bool open = false;
    TRY(sj_package_bias_review(&desk, &package, body.indicator, body.note, &open));
    if (!open) {
        return sj_refuse_at(x, "/indicator", "UNKNOWN", "no check of this indicator is open");
    }
    return answer_again(x, package.document.id);
}

/* ---- release ---- */

static sj_status release(struct sj_exchange *x)
{
    static const struct {
        const char *code;
        const char *detail;
    } guards[] = {{"CELL_BELOW_K", "a cell is about fewer than ten judges: group otherwise"},
        {"BIAS_CHECK_OPEN", "a check of a subgroup's bias is open: somebody reviews it"},
        {"REVIEW_MISSING", "a review for the method and one for the unit approve"},
        {"REVIEWER_IS_AUTHOR", "somebody reviewed what he has written"}};
    struct sj_package package;
    TRY(take_up(x, "classified", &package));
    sj_status status = SJ_DONE;
    for (size_t i = 0; i < SJ_COUNT(guards); i++) {
        if (is_unmet(&package, guards[i].code)) {
            status = sj_exchange_unmet(x, guards[i].code, guards[i].detail);
        }
    }
    TRY(status);
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_package_move(&desk, &package, "released", (struct sj_text){"", 0}));
    return answer_again(x, package.document.id);
}

static sj_status withdraw(struct sj_exchange *x)
{
    struct review_body body = {.approves = false};
    static const struct sj_json_member reason[] = {{.name = "reason",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct review_body, note),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true,
        .limit = SJ_REASON_BYTES_MAX}};
    TRY(sj_exchange_decode(x, reason, SJ_COUNT(reason), &body));
    TRY(take_prose(x, "/reason", SJ_REASON_BYTES_MAX, true, &body.note));
    struct sj_package package;
    TRY(take_up(x, "released", &package));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_package_move(&desk, &package, "withdrawn", body.note));
    return answer_again(x, package.document.id);
}

#define POST(path, use, action, fn)                                                                \
    {                                                                                              \
        {SJ_POST, PREFIX path, SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, use, action, fn                \
    }
#define GET(path, action, fn)                                                                      \
    {                                                                                              \
        {SJ_GET, path, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, action, fn                 \
    }
const struct sj_endpoint sj_routes_packages[] = {
    GET("/api/v1/aggregates", SJ_ACTION_AGGREGATE_LIST, list_aggregates),
    GET(PREFIX, SJ_ACTION_PACKAGE_LIST, list),
    POST("", SJ_USE_WRITE, SJ_ACTION_PACKAGE_CREATE, create),
    GET(PREFIX "/{id}", SJ_ACTION_PACKAGE_READ, read_one),
    {{SJ_PATCH, PREFIX "/{id}", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_PACKAGE_UPDATE, change},
    POST("/{id}/computation", SJ_USE_PACKAGE, SJ_ACTION_PACKAGE_UPDATE, compute),
    POST("/{id}/submission", SJ_USE_WRITE, SJ_ACTION_PACKAGE_UPDATE, submit),
    POST("/{id}/recall", SJ_USE_WRITE, SJ_ACTION_PACKAGE_UPDATE, recall),
    POST("/{id}/reviews", SJ_USE_PACKAGE, SJ_ACTION_PACKAGE_REVIEW, review),
    POST("/{id}/bias-reviews", SJ_USE_PACKAGE, SJ_ACTION_PACKAGE_REVIEW, review_bias),
    POST("/{id}/release", SJ_USE_WRITE, SJ_ACTION_PACKAGE_RELEASE, release),
    POST("/{id}/withdrawal", SJ_USE_WRITE, SJ_ACTION_PACKAGE_RELEASE, withdraw),
    GET(PREFIX "/{id}/edition", SJ_ACTION_PACKAGE_EXPORT, export_one),
};
const size_t sj_routes_packages_count = SJ_COUNT(sj_routes_packages);
