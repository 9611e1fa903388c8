/* SPDX-License-Identifier: Apache-2.0
 *
 * What did the board decide, and what did the appeal make of it? Reasons, and beside them the view of those who were outvoted:
 * a card that left a dissent out would say that there was none. Read with the issuer's own sight.
 */
#include "compose.h"

#include "sanjeh/json/decode.h"
#include "sanjeh/remedy/record.h"
#include "sanjeh/remedy/variation.h"

#define ROUNDS_MAX 50u

static void doc_free(struct sj_json_doc **doc)
{
    sj_json_doc_free(doc);
}

static void put_text(struct sj_json *json, const char *name, struct sj_text text)
{
    if (text.len == 0) {
        sj_json_null(json, name);
    } else {
        sj_json_text(json, name, text);
    }
}

static void copy_text(
    struct sj_json *json, const char *as, const struct sj_json_value *object, const char *name)
{
    struct sj_text text = {"", 0};
    const struct sj_json_value *value = sj_json_get(object, name);
    put_text(
        json, as, value != NULL && sj_json_as_text(value, &text) ? text : (struct sj_text){"", 0});
}

static void put_items(struct sj_json *json, const struct sj_json_value *items)
{
    const struct sj_json_value *item = NULL;
    struct sj_text name;
    size_t at = 0;
    int64_t no = 0;
    sj_json_array(json, "items");
    while (items != NULL && sj_json_next(items, &at, &name, &item)) {
        if (!sj_json_as_int(sj_json_get(item, "item_no"), &no)) {
            continue;
        }
        sj_json_object(json, NULL);
        sj_json_int(json, "no", no);
        copy_text(json, "outcome", item, "outcome");
        copy_text(json, "reason", item, "reason");
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
}

static sj_status put_verdict(
    const struct sj_desk *desk, const struct sj_record *verdict, struct sj_json *json)
{
    CLEANUP(doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    TRY(sj_json_doc_parse(sj_text_bytes(verdict->body), &doc, &detail, desk->arena));
    const struct sj_json_value *body = sj_json_doc_root(doc);
    sj_json_object(json, "decision");
    card_put_day(json, "day", card_day_of(verdict->done_at));
    copy_text(json, "text", body, "narrative");
    copy_text(json, "minority", body, "minority_opinion");
    put_items(json, sj_json_get(body, "items"));
    sj_json_object_end(json);
    return SJ_DONE;
}

sj_status card_put_decision(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_json *json)
{
    const struct sj_record_filter filter = {.evaluation = evaluation->id};
    struct sj_record *verdicts = NULL;
    struct sj_uuid last;
    size_t count = 0;
    TRY(sj_record_list(desk, SJ_RECORD_VERDICT, &filter, (struct sj_paging){{{0}}, ROUNDS_MAX},
        &verdicts, &count, &last));
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i].round == evaluation->round && !verdicts[i].is_erased) {
            return put_verdict(desk, &verdicts[i], json);
        }
    }
    sj_json_null(json, "decision");
    return SJ_DONE;
}

void card_put_appeal(bool found, const struct sj_appeal_result *appeal, struct sj_json *json)
{
    if (!found) {
        sj_json_null(json, "appeal");
        return;
    }
    sj_json_object(json, "appeal");
    sj_json_text(json, "outcome", appeal->outcome);
    card_put_day(json, "decided_day", card_day_of(appeal->decided_at));
    put_text(json, "reasons", appeal->reasons);
    put_text(json, "minority", appeal->minority);
    sj_json_array(json, "changes");
    for (size_t i = 0; i < appeal->count; i++) {
        const struct sj_variation *item = &appeal->items[i];
        sj_json_object(json, NULL);
        sj_json_int(json, "no", item->item_no);
        put_text(json, "before", item->before);
        put_text(json, "after", item->after);
        put_text(json, "text", item->text);
        put_text(json, "reason", item->reason);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
    sj_json_object_end(json);
}
