/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a printed report card say first, and in whose digits?
 * The head (whose card, which cycle, by which criteria, data up to when), then the parts. The sheet is drawn twice: the first
 * time to count its pages. Everything that could make two printings differ is fixed: the date in the file is the day of issue.
 */
#include "sheet.h"
#include "press_priv.h"
#include "sanjeh/card/canonical.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ARENA_MAX ((size_t)64 * 1024 * 1024)
#define A4_WIDTH  595.276
#define A4_HEIGHT 841.89
#define MISSING   "—"

const char *sheet_word(const struct sheet *sheet, const char *fa, const char *en)
{
    return sheet->flow.is_fa ? fa : en;
}

static char *room(struct sheet *sheet, size_t size)
{
    void *memory = NULL;
    if (sj_failed(sj_arena_alloc(sheet->arena, size, &memory))) {
        sheet->is_broken = true;
        return NULL;
    }
    return memory;
}

const char *sheet_format(struct sheet *sheet, const char *form, ...)
{
    va_list list;
    va_start(list, form);
    va_list again;
    va_copy(again, list);
    const int len = vsnprintf(NULL, 0, form, list);
    va_end(list);
    char *text = len < 0 ? NULL : room(sheet, (size_t)len + 1);
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)len + 1, form, again);
    }
    va_end(again);
    return text == NULL ? "" : text;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Persian digits and decimal point; a Latin word with digits in it keeps them. */
static const char *localised(struct sheet *sheet, struct sj_text text)
{
    if (!sheet->flow.is_fa) {
        return text.ptr;
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((text.ptr[i] >= 'a' && text.ptr[i] <= 'z') ||
            (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z')) {
            return text.ptr;
        }
    }
    char *out = room(sheet, 2 * text.len + 1);
    size_t at = 0;
    for (size_t i = 0; out != NULL && i < text.len; i++) {
        const char c = text.ptr[i];
        if (is_digit(c)) {
            out[at++] = (char)0xdb;
            out[at++] = (char)(0xb0 + (c - '0'));
        } else if (c == '.' && i > 0 && i + 1 < text.len && is_digit(text.ptr[i - 1]) &&
                   is_digit(text.ptr[i + 1])) {
            out[at++] = (char)0xd9;
            out[at++] = (char)0xab;
        } else {
            out[at++] = c;
        }
    }
    return out == NULL ? "" : out;
}

bool sheet_has(const struct sj_json_value *object, const char *name)
{
    const struct sj_json_value *value = object == NULL ? NULL : sj_json_get(object, name);
    return value != NULL && !sj_json_is_null(value);
}

bool sheet_is(const struct sj_json_value *object, const char *name)
{
    bool is_true = false;
    return sheet_has(object, name) && sj_json_as_bool(sj_json_get(object, name), &is_true) &&
           is_true;
}

const char *sheet_value(struct sheet *sheet, const struct sj_json_value *object, const char *name)
{
    struct sj_text text;
    int64_t integer = 0;
    if (!sheet_has(object, name)) {
        return MISSING;
    }
    const struct sj_json_value *value = sj_json_get(object, name);
    if (sj_json_as_int(value, &integer)) {
        const char *digits = sheet_format(sheet, "%lld", (long long)integer);
        text = (struct sj_text){digits, strlen(digits)};
    } else if (!sj_json_as_text(value, &text) || text.len == 0) {
        return MISSING;
    }
    return localised(sheet, text);
}

const char *sheet_name(struct sheet *sheet, const struct sj_json_value *object)
{
    return sheet_value(sheet, object, sheet_word(sheet, "name_fa", "name_en"));
}

const char *sheet_day(struct sheet *sheet, const struct sj_json_value *object, const char *name)
{
    const char *twin = sheet->flow.is_fa ? sheet_format(sheet, "%s_jalali", name) : name;
    const char *day = sheet_value(sheet, object, twin);
    if (!sheet->flow.is_fa || strcmp(day, MISSING) == 0) {
        return day;
    }
    char *slashed = room(sheet, strlen(day) + 1);
    for (size_t i = 0; slashed != NULL && day[i] != '\0'; i++) {
        slashed[i] = day[i];
        if (day[i] == '-') {
            slashed[i] = '/';
        }
    }
    return slashed == NULL ? "" : slashed;
}

static void head(struct sheet *sheet)
{
    struct flow *flow = &sheet->flow;
    const struct sj_json_value *judge = sj_json_get(sheet->card, "judge");
    const struct sj_json_value *cycle = sj_json_get(sheet->card, "cycle");
    const struct sj_json_value *period = cycle == NULL ? NULL : sj_json_get(cycle, "period");
    const struct sj_json_value *criteria = sj_json_get(sheet->card, "criteria");
    flow_title(flow, sheet_word(sheet, "کارنامه ارزیابی قاضی", "Report card of a judge"));
    if (sheet_is(sheet->card, "test")) {
        flow_notice(flow,
            sheet_word(sheet, "آزمایشی: این کارنامه با ساعت آزمایشی صادر شده و اعتباری ندارد.",
                "TEST: issued under a test clock; this card has no effect."));
    }
    flow_fact(flow, sheet_word(sheet, "نام", "Name"), sheet_value(sheet, judge, "name"));
    flow_fact(flow, sheet_word(sheet, "شماره پرسنلی", "Personnel number"),
        sheet_value(sheet, judge, "personnel_number"));
    flow_fact(flow, sheet_word(sheet, "دوره ارزیابی", "Cycle"), sheet_name(sheet, cycle));
    flow_fact(flow, sheet_word(sheet, "بازه", "Period"),
        SHEET_SAY(sheet, "از %s تا %s", "%s to %s", sheet_day(sheet, period, "from"),
            sheet_day(sheet, period, "to")));
    flow_fact(flow, sheet_word(sheet, "داده‌ها تا", "Data up to"),
        sheet_day(sheet, cycle, "data_cut"));
    flow_fact(flow, sheet_word(sheet, "نسخه معیارها", "Criteria version"),
        sheet_format(sheet, "%s (%s %s)", sheet_value(sheet, criteria, "template_code"),
            sheet_word(sheet, "ویرایش", "edition"), sheet_value(sheet, criteria, "edition")));
    flow_fact(flow, sheet_word(sheet, "نسخه روش", "Method version"),
        sheet_value(sheet, sheet->card, "method"));
}

static void draw(struct sheet *sheet)
{
    flow_begin(&sheet->flow);
    head(sheet);
    sheet_result(sheet);
    sheet_criteria(sheet);
    sheet_narrative(sheet);
    sheet_decision(sheet);
    sheet_appeal(sheet);
    sheet_context(sheet);
    sheet_people(sheet);
    sheet_reply(sheet);
    sheet_changes(sheet);
    sheet_use(sheet);
    sheet_remedies(sheet);
    flow_end(&sheet->flow);
}

/* ---- the file ---- */

static cairo_status_t collect(void *closure, const unsigned char *data, unsigned int length)
{
    struct sj_buf *pdf = closure;
    return pdf == NULL || !sj_failed(sj_buf_put(pdf, data, length)) ? CAIRO_STATUS_SUCCESS
                                                                    : CAIRO_STATUS_WRITE_ERROR;
}

static void set_metadata(struct sheet *sheet, cairo_surface_t *surface)
{
    const struct sj_json_value *issued = sj_json_get(sheet->card, "issued");
    struct sj_text at = {"1970-01-01T00:00:00Z", 20};
    if (sheet_has(issued, "at")) {
        (void)sj_json_as_text(sj_json_get(issued, "at"), &at);
    }
    char second[21];
    (void)snprintf(second, sizeof(second), "%.19sZ", at.ptr);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
        sheet_word(sheet, "کارنامه ارزیابی قاضی", "Report card of a judge"));
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, sheet->flow.foot[1]);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Sanjeh");
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, second);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, second);
}

/* pdf NULL: only to count the pages. */
static sj_status run(struct sheet *sheet, struct sj_buf *pdf)
{
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(collect, pdf, A4_WIDTH, A4_HEIGHT);
    cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_5);
    set_metadata(sheet, surface);
    cairo_t *cr = cairo_create(surface);
    PangoContext *context = pango_cairo_create_context(cr);
    pango_context_set_base_dir(
        context, sheet->flow.is_fa ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR);
    pango_context_set_language(
        context, pango_language_from_string(sheet->flow.is_fa ? "fa" : "en"));
    sheet->flow.cr = cr;
    sheet->flow.layout = pango_layout_new(context);
    pango_layout_set_auto_dir(sheet->flow.layout, FALSE);
    draw(sheet);
    g_object_unref(sheet->flow.layout);
    g_object_unref(context);
    const bool drawn = cairo_status(cr) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(cr);
    cairo_surface_finish(surface);
    const bool written = cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(surface);
    ENSURE(drawn && written && !sheet->is_broken, OUT_OF_MEMORY);
    return SJ_DONE;
}

static void doc_free(struct sj_json_doc **doc)
{
    sj_json_doc_free(doc);
}

sj_status press_print(
    struct sj_view json, enum sj_press_language language, const char *hash, struct sj_buf *ret_pdf)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    TRY(sj_arena_new(ARENA_MAX, &arena));
    ENSURE(!sj_failed(sj_json_doc_parse(json, &doc, &detail, arena)), INVALID);
    struct sheet sheet = {
        .flow = {.is_fa = language == SJ_PRESS_FA}, .arena = arena, .card = sj_json_doc_root(doc)};
    ENSURE(sj_json_is_object(sheet.card), INVALID);
    const struct sj_json_value *issued = sj_json_get(sheet.card, "issued");
    const char *unit = sheet_word(&sheet, "unit_fa", "unit_en");
    sheet.flow.foot[0] =
        SHEET_SAY(&sheet, "شماره کارنامه: %s — صدور: %s — %s", "Card number %s, issued %s, %s",
            sheet_value(&sheet, sj_json_get(sheet.card, "chain"), "number"),
            sheet_day(&sheet, issued, "day"), sheet_value(&sheet, issued, unit));
    sheet.flow.foot[1] = sheet_format(&sheet, "SHA-256 %s", hash);
    TRY(run(&sheet, NULL));
    sheet.flow.pages = sheet.flow.page;
    return run(&sheet, ret_pdf);
}

bool press_has_font(void)
{
    PangoFontFamily **families = NULL;
    int count = 0;
    bool found = false;
    pango_font_map_list_families(pango_cairo_font_map_get_default(), &families, &count);
    for (int i = 0; i < count; i++) {
        found = found || strcmp(pango_font_family_get_name(families[i]), FLOW_FONT) == 0;
    }
    g_free(families);
    return found;
}
