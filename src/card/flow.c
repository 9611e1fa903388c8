/* SPDX-License-Identifier: Apache-2.0
 *
 * How does text become pages?
 * Pango shapes and orders (a Persian sheet has a right-to-left base direction, columns run from the right), cairo draws and
 * tags. A tag that holds content never spans two pages: a paragraph that does not fit is broken into lines, a table is
 * closed and begun again with its head.
 */
#include "flow.h"
#include <stdio.h>

#define PAGE_WIDTH  595.276
#define PAGE_HEIGHT 841.89
#define MARGIN      48.0
#define FOOT_TOP    (PAGE_HEIGHT - 54.0)
#define BODY_WIDTH  (PAGE_WIDTH - 2 * MARGIN)
#define CELL_PAD    3.0

static void use_font(struct flow *flow, double size, enum flow_weight weight)
{
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(font, FLOW_FONT);
    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_font_description_set_weight(
        font, weight == FLOW_BOLD ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(flow->layout, font);
    pango_font_description_free(font);
}

static void use_text(struct flow *flow, const char *text, double width)
{
    pango_layout_set_width(flow->layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(flow->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(flow->layout, flow->is_fa ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    pango_layout_set_text(flow->layout, text, -1);
}

static double text_height(struct flow *flow)
{
    int height = 0;
    pango_layout_get_size(flow->layout, NULL, &height);
    return (double)height / PANGO_SCALE;
}

static void show_at(struct flow *flow, double x, double y)
{
    cairo_move_to(flow->cr, x, y);
    pango_cairo_show_layout(flow->cr, flow->layout);
}

static void rule(struct flow *flow, double y, double gray)
{
    cairo_set_source_rgb(flow->cr, gray, gray, gray);
    cairo_set_line_width(flow->cr, 0.5);
    cairo_move_to(flow->cr, MARGIN, y);
    cairo_line_to(flow->cr, PAGE_WIDTH - MARGIN, y);
    cairo_stroke(flow->cr);
    cairo_set_source_rgb(flow->cr, 0, 0, 0);
}

static void to_persian_digits(const char *text, char *out, size_t size)
{
    size_t at = 0;
    for (; *text != '\0' && at + 3 < size; text++) {
        if (*text >= '0' && *text <= '9') {
            out[at++] = (char)0xdb;
            out[at++] = (char)(0xb0 + (*text - '0'));
        } else {
            out[at++] = *text;
        }
    }
    out[at] = '\0';
}

static void draw_foot(struct flow *flow)
{
    char number[64];
    char text[128];
    (void)snprintf(number, sizeof(number), flow->is_fa ? "صفحه %d از %d" : "page %d of %d",
        flow->page, flow->pages);
    to_persian_digits(number, text, sizeof(text));
    cairo_tag_begin(flow->cr, "P", NULL);
    rule(flow, FOOT_TOP, 0.6);
    use_font(flow, 8.5, FLOW_PLAIN);
    use_text(flow, flow->foot[0], BODY_WIDTH);
    show_at(flow, MARGIN, FOOT_TOP + 3);
    use_text(flow, flow->is_fa ? text : number, BODY_WIDTH);
    pango_layout_set_alignment(flow->layout, flow->is_fa ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT);
    show_at(flow, MARGIN, FOOT_TOP + 3);
    use_font(flow, 7.5, FLOW_PLAIN);
    use_text(flow, flow->foot[1], BODY_WIDTH);
    show_at(flow, MARGIN, FOOT_TOP + 19);
    cairo_tag_end(flow->cr, "P");
}

void flow_begin(struct flow *flow)
{
    flow->page = 1;
    flow->y = MARGIN;
    cairo_tag_begin(flow->cr, "Document", NULL);
}

void flow_end(struct flow *flow)
{
    draw_foot(flow);
    cairo_show_page(flow->cr);
    cairo_tag_end(flow->cr, "Document");
}

static void next_page(struct flow *flow)
{
    draw_foot(flow);
    cairo_show_page(flow->cr);
    flow->page++;
    flow->y = MARGIN;
}

static bool has_room(const struct flow *flow, double height)
{
    return flow->y + height <= FOOT_TOP - 6 || flow->y <= MARGIN;
}

/* The layout's lines one by one; the tag is closed before a page ends. */
static void show_lines(struct flow *flow, const char *tag)
{
    PangoLayoutIter *iter = pango_layout_get_iter(flow->layout);
    bool is_open = false;
    double used = 0;
    do {
        PangoRectangle extents;
        pango_layout_iter_get_line_extents(iter, NULL, &extents);
        const double height = (double)extents.height / PANGO_SCALE;
        const double baseline =
            (double)(pango_layout_iter_get_baseline(iter) - extents.y) / PANGO_SCALE;
        if (!has_room(flow, used + height)) {
            if (is_open) {
                cairo_tag_end(flow->cr, tag);
                is_open = false;
            }
            /* the foot takes the layout: the lines go on from a copy */
            PangoLayout *lines = flow->layout;
            flow->layout = pango_layout_new(pango_layout_get_context(lines));
            next_page(flow);
            g_object_unref(flow->layout);
            flow->layout = lines;
            used = 0;
        }
        if (!is_open) {
            cairo_tag_begin(flow->cr, tag, NULL);
            is_open = true;
        }
        cairo_move_to(
            flow->cr, MARGIN + (double)extents.x / PANGO_SCALE, flow->y + used + baseline);
        pango_cairo_show_layout_line(flow->cr, pango_layout_iter_get_line_readonly(iter));
        used += height;
    } while (pango_layout_iter_next_line(iter));
    cairo_tag_end(flow->cr, tag);
    pango_layout_iter_free(iter);
    flow->y += used;
}

void flow_title(struct flow *flow, const char *text)
{
    use_font(flow, 20, FLOW_BOLD);
    use_text(flow, text, BODY_WIDTH);
    pango_layout_set_alignment(flow->layout, PANGO_ALIGN_CENTER);
    show_lines(flow, "H1");
    flow->y += 6;
}

void flow_heading(struct flow *flow, const char *text)
{
    use_font(flow, 13, FLOW_BOLD);
    use_text(flow, text, BODY_WIDTH);
    flow->y += 10;
    if (!has_room(flow, text_height(flow) + 40)) {
        next_page(flow);
        use_font(flow, 13, FLOW_BOLD);
        use_text(flow, text, BODY_WIDTH);
    }
    show_lines(flow, "H2");
    rule(flow, flow->y, 0.7);
    flow->y += 5;
}

void flow_paragraph(struct flow *flow, const char *text, enum flow_weight weight)
{
    use_font(flow, 11, weight);
    use_text(flow, text, BODY_WIDTH);
    show_lines(flow, "P");
    flow->y += 3;
}

void flow_notice(struct flow *flow, const char *text)
{
    use_font(flow, 11, FLOW_BOLD);
    use_text(flow, text, BODY_WIDTH - 12);
    const double height = text_height(flow) + 8;
    if (!has_room(flow, height)) {
        next_page(flow);
        use_font(flow, 11, FLOW_BOLD);
        use_text(flow, text, BODY_WIDTH - 12);
    }
    cairo_tag_begin(flow->cr, "P", NULL);
    cairo_set_line_width(flow->cr, 1);
    cairo_rectangle(flow->cr, MARGIN, flow->y, BODY_WIDTH, height);
    cairo_stroke(flow->cr);
    show_at(flow, MARGIN + 6, flow->y + 4);
    cairo_tag_end(flow->cr, "P");
    flow->y += height + 6;
}

void flow_fact(struct flow *flow, const char *label, const char *value)
{
    char *text = g_strdup_printf("%s: %s", label, value);
    flow_paragraph(flow, text, FLOW_PLAIN);
    flow->y -= 2;
    g_free(text);
}

/* ---- tables ---- */

static double cell_x(const struct flow *flow, size_t cell)
{
    double before = 0;
    for (size_t i = 0; i < cell; i++) {
        before += flow->widths[i];
    }
    return flow->is_fa ? PAGE_WIDTH - MARGIN - before - flow->widths[cell] : MARGIN + before;
}

static void set_cell(struct flow *flow, size_t cell, const char *text, enum flow_weight weight)
{
    use_font(flow, 9.5, weight);
    use_text(flow, text, flow->widths[cell] - 2 * CELL_PAD);
}

static double row_height(struct flow *flow, const char *const *texts, enum flow_weight weight)
{
    double height = 0;
    for (size_t i = 0; i < flow->cells; i++) {
        set_cell(flow, i, texts[i], weight);
        const double cell = text_height(flow);
        height = cell > height ? cell : height;
    }
    return height + 2 * CELL_PAD;
}

static void draw_row(struct flow *flow, const char *const *texts, enum flow_weight weight)
{
    const double height = row_height(flow, texts, weight);
    const char *tag = weight == FLOW_BOLD ? "TH" : "TD";
    cairo_tag_begin(flow->cr, "TR", NULL);
    if (weight == FLOW_BOLD) {
        cairo_set_source_rgb(flow->cr, 0.92, 0.92, 0.92);
        cairo_rectangle(flow->cr, MARGIN, flow->y, BODY_WIDTH, height);
        cairo_fill(flow->cr);
        cairo_set_source_rgb(flow->cr, 0, 0, 0);
    }
    for (size_t i = 0; i < flow->cells; i++) {
        cairo_tag_begin(flow->cr, tag, NULL);
        set_cell(flow, i, texts[i], weight);
        show_at(flow, cell_x(flow, i) + CELL_PAD, flow->y + CELL_PAD);
        cairo_tag_end(flow->cr, tag);
    }
    cairo_tag_end(flow->cr, "TR");
    flow->y += height;
    rule(flow, flow->y, 0.7);
}

void flow_table_begin(
    struct flow *flow, const double *shares, const char *const *head, size_t cells)
{
    flow->cells = cells;
    flow->head = head;
    for (size_t i = 0; i < cells; i++) {
        flow->widths[i] = shares[i] * BODY_WIDTH;
    }
    if (!has_room(flow, row_height(flow, head, FLOW_BOLD) + 40)) {
        next_page(flow);
    }
    cairo_tag_begin(flow->cr, "Table", NULL);
    draw_row(flow, head, FLOW_BOLD);
}

void flow_table_row(struct flow *flow, const char *const *texts)
{
    if (!has_room(flow, row_height(flow, texts, FLOW_PLAIN))) {
        cairo_tag_end(flow->cr, "Table");
        next_page(flow);
        cairo_tag_begin(flow->cr, "Table", NULL);
        draw_row(flow, flow->head, FLOW_BOLD);
    }
    draw_row(flow, texts, FLOW_PLAIN);
}

void flow_table_end(struct flow *flow)
{
    cairo_tag_end(flow->cr, "Table");
    flow->y += 4;
}
