/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a printed card say what changed since the one before? Line by line what stood there and what stands there now; texts that
 * differ are named only. Old cards have no changes, or a text that nobody composed.
 */
#include "sheet.h"

#define WORD(fa, en) sheet_word(sheet, (fa), (en))

static const struct {
    const char *code;
    const char *fa;
    const char *en;
} words[] = {
    {"score", "امتیاز", "Score"},
    {"band", "رتبه", "Band"},
    {"coverage", "پوشش شواهد", "Evidence coverage"},
    {"cycle", "دوره ارزیابی", "Cycle"},
    {"data_cut", "داده‌ها تا", "Data up to"},
    {"method", "نسخه روش", "Method version"},
    {"template", "الگوی معیارها", "Template of the criteria"},
    {"edition", "ویرایش معیارها", "Edition of the criteria"},
    {"weight", "وزن", "Weight"},
    {"value", "مقدار", "Value"},
    {"n", "شمار موارد", "Number of cases"},
    {"sub_score", "زیرامتیاز", "Sub-score"},
    {"mark", "نمره", "Mark"},
    {"reason", "علت نبود", "Why missing"},
    {"criterion_added", "معیار تازه", "New criterion"},
    {"criterion_dropped", "معیار برداشته‌شده", "Criterion left out"},
    {"overall", "شرح کلی", "Narrative"},
    {"minority", "نظر اقلیت", "Minority opinion"},
    {"decision", "رأی هیئت", "Decision of the board"},
    {"statement", "بیانیه قاضی", "Statement of the judge"},
    {"holds", "منع بهره‌برداری", "Holds on use"},
    {"following", "کارنامه دوره پیشین", "The card of an earlier cycle"},
    {"varied_on_appeal", "تغییر در تجدیدنظر", "Varied on appeal"},
    {"correction", "دستور تصحیح", "Order of correction"},
    {"decided_again", "رسیدگی دوباره", "Decided again"},
    {"poor", "ضعیف", "Poor"},
    {"fair", "متوسط", "Fair"},
    {"good", "خوب", "Good"},
    {"very_good", "خیلی خوب", "Very good"},
    {"excellent", "عالی", "Excellent"},
};

/* NULL: no word of this page. */
static const char *word_of(
    struct sheet *sheet, const struct sj_json_value *object, const char *name)
{
    struct sj_text text;
    if (!sheet_has(object, name) || !sj_json_as_text(sj_json_get(object, name), &text)) {
        return NULL;
    }
    for (size_t i = 0; i < SJ_COUNT(words); i++) {
        if (sj_text_is(text, words[i].code)) {
            return WORD(words[i].fa, words[i].en);
        }
    }
    return NULL;
}

static const char *said(struct sheet *sheet, const struct sj_json_value *line, const char *name)
{
    const char *word = word_of(sheet, line, name);
    return word != NULL ? word : sheet_value(sheet, line, name);
}

static void change(struct sheet *sheet, const struct sj_json_value *line)
{
    const char *label = said(sheet, line, "what");
    if (sheet_has(line, "no")) {
        label = SHEET_SAY(sheet, "معیار %s (%s): %s", "Criterion %s (%s): %s",
            sheet_value(sheet, line, "no"), sheet_name(sheet, line), label);
    }
    const bool is_named_only = !sheet_has(line, "before") && !sheet_has(line, "after");
    flow_fact(&sheet->flow, label,
        is_named_only ? WORD("تغییر کرده", "changed")
                      : SHEET_SAY(sheet, "پیش‌تر %s، اکنون %s", "was %s, is now %s",
                            said(sheet, line, "before"), said(sheet, line, "after")));
}

void sheet_changes(struct sheet *sheet)
{
    const struct sj_json_value *changes =
        sheet_has(sheet->card, "changes") ? sj_json_get(sheet->card, "changes") : NULL;
    if (changes == NULL || !sj_json_is_object(changes)) {
        return;
    }
    const struct sj_json_value *lines = sj_json_get(changes, "lines");
    const struct sj_json_value *line = NULL;
    struct sj_text none;
    size_t iterator = 0;
    bool is_any = false;
    flow_heading(
        &sheet->flow, WORD("تفاوت با کارنامه پیشین", "What changed since the former card"));
    flow_fact(&sheet->flow, WORD("کارنامه پیشین", "Former card"),
        SHEET_SAY(sheet, "شماره %s — %s", "number %s, %s", sheet_value(sheet, changes, "number"),
            said(sheet, changes, "cause")));
    while (lines != NULL && sj_json_next(lines, &iterator, &none, &line)) {
        change(sheet, line);
        is_any = true;
    }
    if (!is_any) {
        flow_paragraph(&sheet->flow, WORD("تفاوتی نیست.", "Nothing."), FLOW_PLAIN);
    }
}
