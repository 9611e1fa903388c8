/* SPDX-License-Identifier: Apache-2.0
 *
 * What is different from the card before? That of the same evaluation when this one supersedes it, else the judge's newest card in force of
 * an earlier evaluation by the same issuer. Two documents are compared member by member, the one that was signed with the one
 * that is about to be: so the comparison can be made again by whoever holds both. Texts that differ are named, not repeated.
 * Criteria are compared one by one only where both cards were made by one template.
 */
#include "compose.h"

#include "sanjeh/json/decode.h"

#define TEXT_MAX 256u

static void doc_free(struct sj_json_doc **doc)
{
    sj_json_doc_free(doc);
}

struct comparison {
    const struct sj_json_value *before;
    const struct sj_json_value *after;
    struct sj_json *json;
};

/* ---- the card before ---- */

static sj_status find_previous(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    const struct sj_card *card, struct sj_uuid *ret_id)
{
    *ret_id = card->supersedes;
    if (!sj_uuid_is_nil(*ret_id)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id(&card->unit), sj_p_id(&evaluation->issuer_scope),
        sj_p_id(&card->judge), sj_p_id(&card->evaluation), sj_p_bool(card->is_test)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_REPORT_CARD_PREVIOUS, params, SJ_COUNT(params), &rows));
    if (sj_rows_count(rows) == 1) {
        *ret_id = sj_row_id(rows, 0, 0);
    }
    return SJ_DONE;
}

/* *ret_doc NULL: there is none, or its key was erased. */
static sj_status open_previous(const struct sj_desk *desk, struct sj_uuid id,
    struct sj_card *ret_card, struct sj_json_doc **ret_doc)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_CARD_BYTES_MAX);
    struct sj_text detail;
    bool is_found = false;
    if (sj_uuid_is_nil(id)) {
        return SJ_DONE;
    }
    TRY(sj_card_find(desk, id, &is_found, ret_card));
    if (!is_found) {
        return SJ_DONE;
    }
    const sj_status status = sj_card_content(desk, ret_card, &text);
    if (status.code == SJ_NOT_FOUND) {
        return SJ_DONE;
    }
    TRY(status);
    return sj_json_doc_parse(sj_buf_view(&text), ret_doc, &detail, desk->arena);
}

/* ---- one difference ---- */

/* A text or a number as text; empty: missing or null. */
static void member_text(
    const struct sj_json_value *object, const char *name, char ret_text[TEXT_MAX])
{
    const struct sj_json_value *value = object == NULL ? NULL : sj_json_get(object, name);
    struct sj_text text;
    int64_t number = 0;
    ret_text[0] = '\0';
    if (value != NULL && sj_json_as_int(value, &number)) {
        (void)snprintf(ret_text, TEXT_MAX, "%lld", (long long)number);
    } else if (value != NULL && sj_json_as_text(value, &text) && text.len < TEXT_MAX) {
        (void)snprintf(ret_text, TEXT_MAX, "%.*s", (int)text.len, text.ptr);
    }
}

static void copy_name(struct sj_json *json, const char *name, const struct sj_json_value *criterion)
{
    struct sj_text text;
    const struct sj_json_value *value = criterion == NULL ? NULL : sj_json_get(criterion, name);
    if (value != NULL && sj_json_as_text(value, &text)) {
        sj_json_text(json, name, text);
    } else {
        sj_json_null(json, name);
    }
}

/* criterion NULL: of the whole. Empty texts: nothing stood, or stands, there. */
static void put_line(const struct comparison *c, const char *what,
    const struct sj_json_value *criterion, const char *before, const char *after)
{
    int64_t no = 0;
    sj_json_object(c->json, NULL);
    sj_json_str(c->json, "what", what);
    if (criterion != NULL && sj_json_as_int(sj_json_get(criterion, "no"), &no)) {
        sj_json_int(c->json, "no", no);
    } else {
        sj_json_null(c->json, "no");
    }
    copy_name(c->json, "name_fa", criterion);
    copy_name(c->json, "name_en", criterion);
    sj_json_str(c->json, "before", before[0] == '\0' ? NULL : before);
    sj_json_str(c->json, "after", after[0] == '\0' ? NULL : after);
    sj_json_object_end(c->json);
}

static void compare(const struct comparison *c, const char *what,
    const struct sj_json_value *criterion, const struct sj_json_value *old,
    const struct sj_json_value *now, const char *name)
{
    char before[TEXT_MAX];
    char after[TEXT_MAX];
    member_text(old, name, before);
    member_text(now, name, after);
    if (strcmp(before, after) != 0) {
        put_line(c, what, criterion, before, after);
    }
}

static const struct sj_json_value *part(const struct sj_json_value *object, const char *name)
{
    const struct sj_json_value *value = object == NULL ? NULL : sj_json_get(object, name);
    return value != NULL && sj_json_is_object(value) ? value : NULL;
}

/* ---- criteria ---- */

static const struct sj_json_value *find_criterion(
    const struct sj_json_value *items, const struct sj_json_value *wanted)
{
    const struct sj_json_value *item = NULL;
    struct sj_text none;
    size_t iterator = 0;
    char no[TEXT_MAX];
    char other[TEXT_MAX];
    member_text(wanted, "no", no);
    while (items != NULL && sj_json_next(items, &iterator, &none, &item)) {
        member_text(item, "no", other);
        if (strcmp(no, other) == 0) {
            return item;
        }
    }
    return NULL;
}

static void compare_criterion(
    const struct comparison *c, const struct sj_json_value *old, const struct sj_json_value *now)
{
    static const char *const members[] = {"weight", "value", "n", "sub_score", "mark", "reason"};
    for (size_t i = 0; i < SJ_COUNT(members); i++) {
        compare(c, members[i], now, old, now, members[i]);
    }
}

static void compare_criteria(const struct comparison *c)
{
    const struct sj_json_value *old = sj_json_get(c->before, "items");
    const struct sj_json_value *now = sj_json_get(c->after, "items");
    const struct sj_json_value *item = NULL;
    struct sj_text none;
    size_t iterator = 0;
    while (now != NULL && sj_json_next(now, &iterator, &none, &item)) {
        const struct sj_json_value *former = find_criterion(old, item);
        if (former == NULL) {
            put_line(c, "criterion_added", item, "", "");
        } else {
            compare_criterion(c, former, item);
        }
    }
    iterator = 0;
    while (old != NULL && sj_json_next(old, &iterator, &none, &item)) {
        if (find_criterion(now, item) == NULL) {
            put_line(c, "criterion_dropped", item, "", "");
        }
    }
}

/* ---- texts and holds ---- */

/* The gates that hold, as "D01 D03". */
static void holds_of(const struct sj_json_value *card, char ret_text[TEXT_MAX])
{
    const struct sj_json_value *gates = sj_json_get(card, "gates");
    const struct sj_json_value *gate = NULL;
    struct sj_text none;
    size_t iterator = 0;
    ret_text[0] = '\0';
    while (gates != NULL && sj_json_next(gates, &iterator, &none, &gate)) {
        const struct sj_json_value *hold = sj_json_get(gate, "hold");
        char name[TEXT_MAX];
        bool holds = false;
        member_text(gate, "gate", name);
        const size_t used = strlen(ret_text);
        if (hold != NULL && sj_json_as_bool(hold, &holds) && holds &&
            used + strlen(name) + 2 < TEXT_MAX) {
            (void)snprintf(ret_text + used, TEXT_MAX - used, "%s%s", used == 0 ? "" : " ", name);
        }
    }
}

static bool is_same_text(
    const struct sj_json_value *old, const struct sj_json_value *now, const char *name)
{
    struct sj_text before = {"", 0};
    struct sj_text after = {"", 0};
    const struct sj_json_value *value = old == NULL ? NULL : sj_json_get(old, name);
    if (value == NULL || !sj_json_as_text(value, &before)) {
        before.len = 0;
    }
    value = now == NULL ? NULL : sj_json_get(now, name);
    if (value == NULL || !sj_json_as_text(value, &after)) {
        after.len = 0;
    }
    return sj_text_equal(before, after);
}

static void compare_texts(const struct comparison *c)
{
    const struct sj_json_value *old = part(c->before, "narrative");
    const struct sj_json_value *now = part(c->after, "narrative");
    static const char *const members[] = {"overall", "minority"};
    for (size_t i = 0; i < SJ_COUNT(members); i++) {
        if (!is_same_text(old, now, members[i])) {
            put_line(c, members[i], NULL, "", "");
        }
    }
    old = part(c->before, "decision");
    now = part(c->after, "decision");
    if (!is_same_text(old, now, "text") || !is_same_text(old, now, "minority")) {
        put_line(c, "decision", NULL, "", "");
    }
    if (!is_same_text(c->before, c->after, "statement")) {
        put_line(c, "statement", NULL, "", "");
    }
    char before[TEXT_MAX];
    char after[TEXT_MAX];
    holds_of(c->before, before);
    holds_of(c->after, after);
    if (strcmp(before, after) != 0) {
        put_line(c, "holds", NULL, before, after);
    }
}

static void compare_all(const struct comparison *c)
{
    const struct sj_json_value *const results[] = {
        part(c->before, "result"), part(c->after, "result")};
    const struct sj_json_value *const criteria[] = {
        part(c->before, "criteria"), part(c->after, "criteria")};
    compare(c, "score", NULL, results[0], results[1], "score");
    compare(c, "band", NULL, part(results[0], "band"), part(results[1], "band"), "code");
    compare(c, "coverage", NULL, results[0], results[1], "coverage");
    compare(c, "cycle", NULL, part(c->before, "cycle"), part(c->after, "cycle"), "code");
    compare(c, "data_cut", NULL, part(c->before, "cycle"), part(c->after, "cycle"), "data_cut");
    compare(c, "method", NULL, c->before, c->after, "method");
    compare(c, "template", NULL, criteria[0], criteria[1], "template_code");
    compare(c, "edition", NULL, criteria[0], criteria[1], "edition");
    if (is_same_text(criteria[0], criteria[1], "template_code")) {
        compare_criteria(c);
    }
    compare_texts(c);
}

/* Why there is another card. */
static const char *cause_of(const struct sj_evaluation *evaluation, const struct sj_card *card)
{
    if (sj_uuid_is_nil(card->supersedes)) {
        return "following";
    }
    return evaluation->state == SJ_EVALUATION_VARIED       ? "varied_on_appeal"
           : evaluation->state == SJ_EVALUATION_SUPERSEDED ? "correction"
                                                           : "decided_again";
}

sj_status card_put_changes(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    const struct sj_card *card, struct sj_view now, struct sj_json *json)
{
    CLEANUP(doc_free) struct sj_json_doc *former = NULL;
    CLEANUP(doc_free) struct sj_json_doc *latter = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(2 * SJ_HASH_SIZE);
    struct sj_card before;
    struct sj_uuid id;
    struct sj_text detail;
    TRY(find_previous(desk, evaluation, card, &id));
    TRY(open_previous(desk, id, &before, &former));
    if (former == NULL) {
        sj_json_null(json, "changes");
        return SJ_DONE;
    }
    TRY(sj_json_doc_parse(now, &latter, &detail, desk->arena));
    TRY(sj_buf_put_hex(&hex, sj_view_of(before.content.bytes, SJ_HASH_SIZE)));
    sj_json_object(json, "changes");
    sj_json_str(json, "cause", cause_of(evaluation, card));
    sj_json_id(json, "card_id", before.id);
    sj_json_int(json, "number", before.number);
    sj_json_text(json, "sha256", sj_buf_text(&hex));
    sj_json_array(json, "lines");
    const struct comparison c = {sj_json_doc_root(former), sj_json_doc_root(latter), json};
    compare_all(&c);
    sj_json_array_end(json);
    sj_json_object_end(json);
    return SJ_DONE;
}
