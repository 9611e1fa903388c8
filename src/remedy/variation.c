/* SPDX-License-Identifier: Apache-2.0
 *
 * Which marks does an appeal change, from what to what and why? What is written here at the decision is what the card is
 * composed with later: a mark off its scale, or of a criterion that is computed and not marked, would make a total that nobody
 * can recompute.
 */
#include "sanjeh/remedy/variation.h"

#include "sanjeh/board/rating.h"
#include "sanjeh/json/decode.h"
#include "sanjeh/remedy/disclosure.h"
#include "sanjeh/remedy/record.h"

#define APPEALS_MAX 20u

static sj_status refuse(
    struct sj_variation_fault *fault, size_t at, const char *member, const char *code)
{
    *fault = (struct sj_variation_fault){at, member, code};
    FAIL(INVALID);
}

/* ---- at the decision ---- */

static const struct sj_criterion *find_marked(
    const struct sj_criterion *criteria, size_t count, int64_t no)
{
    for (size_t i = 0; i < count; i++) {
        if (criteria[i].no == no && criteria[i].is_mark) {
            return &criteria[i];
        }
    }
    return NULL;
}

/* The decided mark of a criterion; empty: there is none. */
static sj_status mark_before(const struct sj_desk *desk, const struct sj_json_value *lines,
    int64_t no, struct sj_text *ret_mark)
{
    const struct sj_json_value *line = NULL;
    struct sj_text name;
    struct sj_text mark;
    size_t at = 0;
    int64_t found = 0;
    *ret_mark = (struct sj_text){"", 0};
    while (lines != NULL && sj_json_next(lines, &at, &name, &line)) {
        if (sj_json_as_int(sj_json_get(line, "no"), &found) && found == no &&
            sj_json_as_text(sj_json_get(line, "mark"), &mark)) {
            return sj_arena_text(desk->arena, mark, ret_mark);
        }
    }
    return SJ_DONE;
}

static bool is_same(struct sj_text before, struct sj_decimal after)
{
    struct sj_decimal mark;
    return before.len > 0 && !sj_failed(sj_decimal_parse(before, &mark)) &&
           sj_decimal_compare(mark, after) == 0;
}

static sj_status check_one(const struct sj_desk *desk, const struct sj_criterion *criterion,
    const struct sj_json_value *lines, struct sj_variation *item, size_t at,
    struct sj_variation_fault *fault)
{
    struct sj_decimal mark;
    bool is_extreme = false;
    if (sj_failed(sj_mark_parse(
            item->after, criterion->scale_min, criterion->scale_max, &mark, &is_extreme))) {
        return refuse(fault, at, "mark", "BAD_MARK");
    }
    TRY(mark_before(desk, lines, item->item_no, &item->before));
    if (is_same(item->before, mark)) {
        return refuse(fault, at, "mark", "SAME_MARK");
    }
    char text[SJ_DECIMAL_TEXT_SIZE];
    sj_decimal_format(mark, text);
    return sj_arena_text(desk->arena, sj_text_of(text), &item->after);
}

sj_status sj_variations_check(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    struct sj_variation *items, size_t count, struct sj_variation_fault *reterr_fault)
{
    SJ_ASSERT(desk->tx != NULL);
    struct sj_file file;
    struct sj_criterion *criteria = NULL;
    size_t criterion_count = 0;
    bool found = false;
    TRY(sj_file_find(desk, evaluation->id, &found, &file));
    ENSURE(found, NOT_FOUND);
    TRY(sj_criteria_list(desk, &file, &criteria, &criterion_count));
    struct sj_text draft = {"", 0};
    TRY(sj_draft_body_find(desk, evaluation, &found, &draft));
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    if (found) {
        TRY(sj_json_doc_parse(sj_text_bytes(draft), &doc, &detail, desk->arena));
    }
    const struct sj_json_value *lines =
        doc == NULL ? NULL : sj_json_get(sj_json_doc_root(doc), "items");
    for (size_t i = 0; i < count; i++) {
        const struct sj_criterion *criterion =
            find_marked(criteria, criterion_count, items[i].item_no);
        bool is_twice = false;
        for (size_t k = 0; k < i; k++) {
            is_twice = is_twice || items[k].item_no == items[i].item_no;
        }
        if (criterion == NULL || is_twice) {
            return refuse(reterr_fault, i, "item_no", "UNKNOWN_ITEM");
        }
        TRY(check_one(desk, criterion, lines, &items[i], i, reterr_fault));
    }
    return SJ_DONE;
}

static void put_text(struct sj_json *json, const char *name, struct sj_text text)
{
    if (text.len == 0) {
        sj_json_null(json, name);
    } else {
        sj_json_text(json, name, text);
    }
}

void sj_variations_write(struct sj_json *json, const struct sj_variation *items, size_t count)
{
    sj_json_array(json, "changes");
    for (size_t i = 0; i < count; i++) {
        sj_json_object(json, NULL);
        sj_json_int(json, "item_no", items[i].item_no);
        put_text(json, "before", items[i].before);
        sj_json_text(json, "after", items[i].after);
        put_text(json, "text", items[i].text);
        sj_json_text(json, "reason", items[i].reason);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
}

/* ---- afterwards ---- */

static sj_status take(const struct sj_desk *desk, const struct sj_json_value *object,
    const char *name, struct sj_text *ret_text)
{
    struct sj_text text = {"", 0};
    *ret_text = text;
    const struct sj_json_value *value = sj_json_get(object, name);
    if (value == NULL || !sj_json_as_text(value, &text)) {
        return SJ_DONE;
    }
    return sj_arena_text(desk->arena, text, ret_text);
}

static sj_status take_items(const struct sj_desk *desk, const struct sj_json_value *changes,
    struct sj_appeal_result *result)
{
    const struct sj_json_value *change = NULL;
    struct sj_text name;
    size_t at = 0;
    void *memory;
    /* decisions of before had one text here: it names no mark */
    if (changes == NULL || !sj_json_is_array(changes)) {
        return SJ_DONE;
    }
    TRY(sj_arena_alloc(desk->arena, SJ_VARIATIONS_MAX * sizeof(*result->items), &memory));
    result->items = memory;
    while (sj_json_next(changes, &at, &name, &change)) {
        ENSURE(result->count < SJ_VARIATIONS_MAX, DECRYPT);
        struct sj_variation *item = &result->items[result->count++];
        ENSURE(sj_json_as_int(sj_json_get(change, "item_no"), &item->item_no), DECRYPT);
        TRY(take(desk, change, "before", &item->before));
        TRY(take(desk, change, "after", &item->after));
        TRY(take(desk, change, "text", &item->text));
        TRY(take(desk, change, "reason", &item->reason));
    }
    return SJ_DONE;
}

static sj_status take_result(
    const struct sj_desk *desk, const struct sj_record *appeal, struct sj_appeal_result *result)
{
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    TRY(sj_json_doc_parse(sj_text_bytes(appeal->answer), &doc, &detail, desk->arena));
    const struct sj_json_value *decision = sj_json_doc_root(doc);
    result->outcome = appeal->kind;
    result->decided_at = appeal->done_at;
    TRY(take(desk, decision, "reasons", &result->reasons));
    TRY(take(desk, decision, "minority_opinion", &result->minority));
    return sj_text_is(appeal->kind, "varied")
               ? take_items(desk, sj_json_get(decision, "changes"), result)
               : SJ_DONE;
}

sj_status sj_appeal_result_find(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    bool *ret_found, struct sj_appeal_result *ret_result)
{
    const struct sj_record_filter filter = {.evaluation = evaluation->id};
    struct sj_record *appeals = NULL;
    struct sj_uuid last;
    size_t count = 0;
    *ret_found = false;
    *ret_result = (struct sj_appeal_result){.count = 0};
    TRY(sj_record_list(desk, SJ_RECORD_APPEAL, &filter, (struct sj_paging){{{0}}, APPEALS_MAX},
        &appeals, &count, &last));
    for (size_t i = 0; i < count; i++) {
        if (appeals[i].round == evaluation->round && sj_text_is(appeals[i].state, "decided") &&
            !appeals[i].is_erased) {
            *ret_found = true;
            return take_result(desk, &appeals[i], ret_result);
        }
    }
    return SJ_DONE;
}

const struct sj_variation *sj_variation_of(const struct sj_appeal_result *result, int64_t item_no)
{
    for (size_t i = 0; i < result->count; i++) {
        if (result->items[i].item_no == item_no) {
            return &result->items[i];
        }
    }
    return NULL;
}
