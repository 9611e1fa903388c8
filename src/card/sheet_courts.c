/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a printed card say of the courts that the judge worked at? A line a figure, of those that have a value; that they are the
 * court's and not his is said first.
 */
#include "sheet.h"

#define WORD(fa, en) sheet_word(sheet, (fa), (en))

static const char *figure_name(struct sheet *sheet, const struct sj_json_value *figure)
{
    static const struct {
        const char *code;
        const char *fa;
        const char *en;
    } names[] = {
        {"T01", "نرخ رسیدگی شعبه (درصد)", "Clearance rate of the court (%)"},
        {"T02", "نسبت گردش پرونده شعبه", "Case turnover of the court"},
        {"T03", "زمان محاسباتی رسیدگی شعبه (روز)", "Disposition time of the court (days)"},
        {"T09", "تغییر موجودی شعبه (درصد)", "Change of the court's pending stock (%)"},
    };
    struct sj_text code = {"", 0};
    const struct sj_json_value *value = sj_json_get(figure, "code");
    for (size_t i = 0; value != NULL && sj_json_as_text(value, &code) && i < SJ_COUNT(names); i++) {
        if (sj_text_is(code, names[i].code)) {
            return WORD(names[i].fa, names[i].en);
        }
    }
    return SHEET_SAY(
        sheet, "شاخص %s شعبه", "Indicator %s of the court", sheet_value(sheet, figure, "code"));
}

static void put_figures(struct sheet *sheet, const struct sj_json_value *court, const char *list)
{
    const struct sj_json_value *figures = sj_json_get(court, list);
    const struct sj_json_value *figure = NULL;
    struct sj_text none;
    size_t iterator = 0;
    while (figures != NULL && sj_json_next(figures, &iterator, &none, &figure)) {
        if (sheet_has(figure, "value")) {
            flow_fact(
                &sheet->flow, figure_name(sheet, figure), sheet_value(sheet, figure, "value"));
        }
    }
}

void sheet_courts(struct sheet *sheet, const struct sj_json_value *context)
{
    const struct sj_json_value *courts =
        sheet_has(context, "courts") ? sj_json_get(context, "courts") : NULL;
    const struct sj_json_value *court = NULL;
    struct sj_text none;
    size_t iterator = 0;
    while (courts != NULL && sj_json_next(courts, &iterator, &none, &court)) {
        flow_fact(&sheet->flow,
            WORD("شعبه (ارقام آن در نمره نیست)", "Court (its figures are in no score)"),
            sheet_name(sheet, court));
        put_figures(sheet, court, "figures");
        put_figures(sheet, court, "reported");
    }
}
