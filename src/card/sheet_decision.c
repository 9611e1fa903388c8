/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a printed card say what was decided, and what an appeal changed? Each varied mark with what it was, what it is and
 * the board's reason; who was outvoted is printed under who decided. Old cards have neither part.
 */
#include "sheet.h"

#define WORD(fa, en) sheet_word(sheet, (fa), (en))

static const struct {
    const char *code;
    const char *fa;
    const char *en;
} outcomes[] = {
    {"upheld", "رأی هیئت نخست تأیید شد", "The first decision was upheld"},
    {"varied", "رأی هیئت نخست تغییر کرد", "The first decision was varied"},
    {"remanded", "پرونده به هیئت نخست بازگشت", "The file was remanded to the first board"},
    {"rejected", "تجدیدنظرخواهی رد شد", "The appeal was rejected"},
};

static const struct sj_json_value *part(const struct sheet *sheet, const char *name)
{
    return sheet_has(sheet->card, name) ? sj_json_get(sheet->card, name) : NULL;
}

void sheet_decision(struct sheet *sheet)
{
    const struct sj_json_value *decision = part(sheet, "decision");
    if (decision == NULL) {
        return;
    }
    flow_heading(&sheet->flow, WORD("رأی هیئت", "Decision of the board"));
    flow_fact(&sheet->flow, WORD("تاریخ رأی", "Decided on"), sheet_day(sheet, decision, "day"));
    sheet_passage(sheet, WORD("دلایل", "Reasons"), decision, "text");
    const struct sj_json_value *items =
        sheet_has(decision, "items") ? sj_json_get(decision, "items") : NULL;
    const struct sj_json_value *item = NULL;
    struct sj_text none;
    size_t iterator = 0;
    while (items != NULL && sj_json_next(items, &iterator, &none, &item)) {
        sheet_passage(sheet,
            SHEET_SAY(sheet, "معیار %s", "Criterion %s", sheet_value(sheet, item, "no")), item,
            "reason");
    }
    sheet_passage(
        sheet, WORD("نظر اقلیت در رأی", "Minority opinion on the decision"), decision, "minority");
}

/* The line of a criterion, for its name. */
static const struct sj_json_value *criterion_of(
    const struct sheet *sheet, const struct sj_json_value *change)
{
    const struct sj_json_value *items = part(sheet, "items");
    const struct sj_json_value *item = NULL;
    struct sj_text none;
    size_t iterator = 0;
    int64_t wanted = 0;
    int64_t no = 0;
    if (!sj_json_as_int(sj_json_get(change, "no"), &wanted)) {
        return NULL;
    }
    while (items != NULL && sj_json_next(items, &iterator, &none, &item)) {
        if (sj_json_as_int(sj_json_get(item, "no"), &no) && no == wanted) {
            return item;
        }
    }
    return NULL;
}

static void varied(struct sheet *sheet, const struct sj_json_value *change)
{
    flow_fact(&sheet->flow,
        SHEET_SAY(sheet, "معیار %s (%s): نمره", "Criterion %s (%s): mark",
            sheet_value(sheet, change, "no"), sheet_name(sheet, criterion_of(sheet, change))),
        SHEET_SAY(sheet, "پیش‌تر %s، اکنون %s", "was %s, is now %s",
            sheet_value(sheet, change, "before"), sheet_value(sheet, change, "after")));
    sheet_passage(
        sheet, WORD("دلیل هیئت تجدیدنظر", "Reason of the appeal board"), change, "reason");
    sheet_passage(sheet, WORD("شرح تازه این معیار", "What is said of it now"), change, "text");
}

void sheet_appeal(struct sheet *sheet)
{
    const struct sj_json_value *appeal = part(sheet, "appeal");
    struct sj_text outcome = {"", 0};
    if (appeal == NULL) {
        return;
    }
    flow_heading(&sheet->flow, WORD("تجدیدنظر", "Appeal"));
    for (size_t i = 0; i < SJ_COUNT(outcomes); i++) {
        if (sj_json_as_text(sj_json_get(appeal, "outcome"), &outcome) &&
            sj_text_is(outcome, outcomes[i].code)) {
            flow_fact(&sheet->flow, WORD(outcomes[i].fa, outcomes[i].en),
                sheet_day(sheet, appeal, "decided_day"));
        }
    }
    sheet_passage(sheet, WORD("دلایل", "Reasons"), appeal, "reasons");
    const struct sj_json_value *changes =
        sheet_has(appeal, "changes") ? sj_json_get(appeal, "changes") : NULL;
    const struct sj_json_value *change = NULL;
    struct sj_text none;
    size_t iterator = 0;
    while (changes != NULL && sj_json_next(changes, &iterator, &none, &change)) {
        varied(sheet, change);
    }
    sheet_passage(sheet, WORD("نظر اقلیت هیئت تجدیدنظر", "Minority opinion of the appeal board"),
        appeal, "minority");
}
