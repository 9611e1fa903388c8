/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the press: text that flows over tagged A4 pages. A reader's program finds the structure by the tags (ISO 32000-1
 * 14.8): headings, paragraphs, tables. Lengths are points.
 */
#ifndef FLOW_H
#define FLOW_H

#include "sanjeh/base/buf.h"
#include <cairo-pdf.h>
#include <cairo.h>
#include <pango/pangocairo.h>

#define FLOW_FONT      "Amiri"
#define FLOW_CELLS_MAX 8

struct flow {
    cairo_t *cr;
    PangoLayout *layout;
    bool is_fa;
    double y;
    int page;
    int pages;           /* 0: not known yet, first run */
    const char *foot[2]; /* two lines of every page's foot, without the page number */
    bool is_in_table;
    double widths[FLOW_CELLS_MAX];
    size_t cells;
    const char *const *head; /* of the table, said again on every page */
};

enum flow_weight { FLOW_PLAIN, FLOW_BOLD };

/* Begins the first page. */
void flow_begin(struct flow *flow);
/* Ends the last one. */
void flow_end(struct flow *flow);
/* Texts are NUL-terminated UTF-8. */
void flow_title(struct flow *flow, const char *text);
void flow_heading(struct flow *flow, const char *text);
void flow_paragraph(struct flow *flow, const char *text, enum flow_weight weight);
void flow_notice(struct flow *flow, const char *text); /* framed */
/* "label: value" */
void flow_fact(struct flow *flow, const char *label, const char *value);
/* shares sum to 1; head has as many texts. */
void flow_table_begin(
    struct flow *flow, const double *shares, const char *const *head, size_t cells);
void flow_table_row(struct flow *flow, const char *const *texts);
void flow_table_end(struct flow *flow);

#endif
