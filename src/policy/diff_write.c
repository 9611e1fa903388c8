/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a comparison of two policies read, for programs (RFC 8785: it is signed with the activation) and for people?
 */
#include "diff_priv.h"

const char *sj_diff_kind_name(enum sj_diff_kind kind)
{
    static const char *const names[] = {"permit", "read", "write", "sort", "filter", "aggregate",
        "mask", "require", "reach", "limit"};
    return (size_t)kind < SJ_COUNT(names) ? names[kind] : "";
}

static sj_status put_member(struct sj_buf *out, const char *name, const char *text)
{
    TRY(sj_buf_put_str(out, name));
    return policy_put_text(out, sj_text_of(text));
}

static sj_status put_cell(const struct sj_diff_cell *cell, struct sj_buf *out)
{
    TRY(put_member(out, "{\"action\":", cell->action));
    TRY(put_member(out, ",\"after\":", cell->after));
    TRY(put_member(out, ",\"before\":", cell->before));
    TRY(put_member(out, ",\"change\":", cell->widened ? "widened" : "narrowed"));
    TRY(put_member(out, ",\"class\":", cell->class));
    TRY(sj_buf_put_str(out, ",\"example\":"));
    TRY(sj_buf_put_str(out, cell->example[0] == '\0' ? "null" : cell->example));
    TRY(put_member(out, ",\"kind\":", sj_diff_kind_name(cell->kind)));
    TRY(sj_buf_put_str(out, ",\"proven\":"));
    TRY(sj_buf_put_str(out, cell->proven ? "true" : "false"));
    TRY(sj_buf_put_str(out, ",\"roles\":"));
    TRY(sj_buf_put_str(out, cell->roles));
    return sj_buf_put_byte(out, '}');
}

static uint32_t count(const struct sj_policy_diff *diff, bool widened, bool proven)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < diff->cell_count; i++) {
        number += diff->cells[i].widened == widened && diff->cells[i].proven == proven ? 1 : 0;
    }
    return number;
}

static int compare_units(const void *a, const void *b)
{
    const struct sj_text x = ((const struct sj_policy_unit *)a)->name;
    const struct sj_text y = ((const struct sj_policy_unit *)b)->name;
    const size_t len = x.len < y.len ? x.len : y.len;
    const int order = memcmp(x.ptr, y.ptr, len);
    return order != 0 ? order : (x.len < y.len ? -1 : 1);
}

/* The tree that was assumed, so that the examples can be run. */
static sj_status put_units(const struct sj_policy_diff *diff, struct sj_buf *out)
{
    if (!diff->units_assumed) {
        return sj_buf_put_str(out, "null");
    }
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(diff->unit_count + 1, sizeof(struct sj_policy_unit), &memory));
    struct sj_policy_unit *sorted = memory;
    for (size_t i = 0; i < diff->unit_count; i++) {
        sorted[i] = diff->units[i];
    }
    qsort(sorted, diff->unit_count, sizeof(struct sj_policy_unit), compare_units);
    TRY(sj_buf_put_byte(out, '{'));
    for (size_t i = 0; i < diff->unit_count; i++) {
        TRY(sj_buf_put_str(out, i == 0 ? "" : ","));
        TRY(policy_put_text(out, sorted[i].name));
        TRY(sj_buf_put_byte(out, ':'));
        TRY(sorted[i].parent.len == 0 ? sj_buf_put_str(out, "null")
                                      : policy_put_text(out, sorted[i].parent));
    }
    return sj_buf_put_byte(out, '}');
}

sj_status sj_policy_diff_json(const struct sj_policy_diff *diff, struct sj_buf *out)
{
    TRY(put_member(out, "{\"after\":", diff->roots[AFTER]->digest));
    TRY(put_member(out, ",\"before\":", diff->roots[BEFORE]->digest));
    TRY(sj_buf_put_str(out, ",\"cells\":["));
    for (uint32_t i = 0; i < diff->cell_count; i++) {
        TRY(sj_buf_put_str(out, i == 0 ? "" : ","));
        TRY(put_cell(&diff->cells[i], out));
    }
    TRY(sj_buf_put_str(out, "],\"format\":\"policy-diff/1\",\"narrowed\":"));
    TRY(sj_buf_put_decimal(out, count(diff, false, true)));
    TRY(sj_buf_put_str(out, ",\"not_proven\":"));
    TRY(sj_buf_put_decimal(out, count(diff, true, false)));
    TRY(sj_buf_put_str(out, ",\"units\":"));
    TRY(put_units(diff, out));
    TRY(sj_buf_put_str(out, ",\"widened\":"));
    TRY(sj_buf_put_decimal(out, count(diff, true, true)));
    TRY(sj_buf_put_str(out, ",\"widens\":"));
    TRY(sj_buf_put_str(out, diff->widens ? "true" : "false"));
    return sj_buf_put_byte(out, '}');
}

static sj_status put_line(const struct sj_diff_cell *cell, struct sj_buf *out)
{
    const bool limit = cell->kind == SJ_DIFF_LIMIT;
    TRY(sj_buf_put_str(out, cell->widened ? "+ " : "- "));
    TRY(sj_buf_put_str(out, limit ? "limit" : cell->roles));
    TRY(sj_buf_put_byte(out, ' '));
    TRY(sj_buf_put_str(out, limit ? cell->class : cell->action));
    if (!limit) {
        TRY(sj_buf_put_byte(out, ' '));
        TRY(sj_buf_put_str(out, sj_diff_kind_name(cell->kind)));
        TRY(sj_buf_put_str(out, cell->class[0] == '\0' ? "" : " "));
        TRY(sj_buf_put_str(out, cell->class));
    }
    TRY(sj_buf_put_str(out, ": "));
    TRY(sj_buf_put_str(out, cell->proven ? cell->before : "not proven, counts as widened"));
    TRY(sj_buf_put_str(out, cell->proven ? " -> " : ""));
    TRY(sj_buf_put_str(out, cell->proven ? cell->after : ""));
    if (cell->example[0] != '\0') {
        TRY(sj_buf_put_str(out, "\n    for example "));
        TRY(sj_buf_put_str(out, cell->example));
    }
    return sj_buf_put_byte(out, '\n');
}

sj_status sj_policy_diff_text(const struct sj_policy_diff *diff, struct sj_buf *out)
{
    for (unsigned widened = 2; widened > 0; widened--) {
        for (uint32_t i = 0; i < diff->cell_count; i++) {
            if (diff->cells[i].widened == (widened == 2)) {
                TRY(put_line(&diff->cells[i], out));
            }
        }
    }
    char line[160];
    snprintf(line, sizeof line, "%s: %u widened, %u narrowed, %u not proven%s\n",
        diff->widens ? "WIDENS" : "does not widen", count(diff, true, true),
        count(diff, false, true), count(diff, true, false),
        diff->units_assumed ? "; the tree of units was assumed" : "");
    return sj_buf_put_str(out, line);
}
