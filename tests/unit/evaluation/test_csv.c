/* SPDX-License-Identifier: Apache-2.0
 *
 * Are the cells of a hostile CSV found where RFC 4180 says, and refused where it must be?
 */
#include "sanjeh/evaluation/csv.h"
#include "test.h"

#include <string.h>

/* Rows joined by '|' , cells by '_', faults in <>: one line to compare. */
static void shape(struct sj_view file, char *out, size_t size)
{
    struct sj_csv csv;
    size_t len = 0;
    out[0] = '\0';
    REQUIRE_OK(sj_csv_init(&csv, file));
    while (sj_csv_next(&csv)) {
        len += (size_t)snprintf(out + len, size - len, "%zu:", csv.row);
        for (size_t i = 0; csv.fault == NULL && i < csv.cell_count; i++) {
            const struct sj_cell *cell = &csv.cells[i];
            len += cell->fault != NULL
                       ? (size_t)snprintf(out + len, size - len, "<%s>_", cell->fault)
                       : (size_t)snprintf(
                             out + len, size - len, "%.*s_", (int)cell->text.len, cell->text.ptr);
        }
        len += (size_t)snprintf(out + len, size - len, "%s|", csv.fault != NULL ? csv.fault : "");
    }
    sj_csv_clear(&csv);
}

static void check_shape(const char *file, const char *expected)
{
    char text[4096];
    shape(sj_view_of(file, strlen(file)), text, sizeof(text));
    if (strcmp(text, expected) != 0) {
        sj_test_fail(expected, text);
    }
}

TEST(csv_finds_rows_and_cells)
{
    check_shape("a,b\r\n1,2\r\n", "1:a_b_|2:1_2_|");
    check_shape("a,b\n1,2", "1:a_b_|2:1_2_|");
    check_shape("a,b\n,\n", "1:a_b_|2:__|");
    check_shape("a\n\n\r\nb\n", "1:a_|4:b_|");
    check_shape("a,b,\n", "1:a_b__|");
    check_shape("\xEF\xBB\xBFjudge;court\n1;2,3\n", "1:judge_court_|2:1_2,3_|");
    check_shape(" a , b \n", "1:a_b_|");
    check_shape("", "");
    check_shape("\n\n", "");
}

TEST(csv_unquotes)
{
    check_shape("\"a,b\",\"c\"\"d\"\n", "1:a,b_c\"d_|");
    check_shape("\"line\nbreak\",x\n", "1:line\nbreak_x_|");
    check_shape("\"\",\"\"\"\"\n", "1:_\"_|");
    check_shape("\"AARONSON,L.H.\",7.9\n", "1:AARONSON,L.H._7.9_|");
}

TEST(csv_refuses_stray_quotes_and_goes_on)
{
    check_shape("a\"b,c\n1,2\n", "1:BAD_QUOTE|2:1_2_|");
    check_shape("\"a\"b,c\n1,2\n", "1:BAD_QUOTE|2:1_2_|");
    check_shape("\"never closed,c\n1,2\n", "1:BAD_QUOTE|2:1_2_|");
    check_shape("x\n\"", "1:x_|2:BAD_QUOTE|");
}

TEST(csv_refuses_formulas_but_not_signed_numbers)
{
    check_shape("=1+1,@SUM(A1),+cmd,-cmd\n",
        "1:<FORMULA_CELL>_<FORMULA_CELL>_<FORMULA_CELL>_<FORMULA_CELL>_|");
    check_shape("-5,+3,-2.5,-,+\n", "1:-5_+3_-2.5_<FORMULA_CELL>_<FORMULA_CELL>_|");
    check_shape("\"\tx\",\"\rx\", =1\n", "1:<FORMULA_CELL>_<FORMULA_CELL>_<FORMULA_CELL>_|");
    check_shape("\xEF\xBC\x9D"
                "1,a=b\n",
        "1:<FORMULA_CELL>_a=b_|");
    check_shape("-2.5.1,-1|2\n", "1:<FORMULA_CELL>_<FORMULA_CELL>_|");
}

TEST(csv_refuses_broken_utf8)
{
    check_shape("\xC3\x28,ok\n", "1:<BAD_UTF8>_ok_|");
    check_shape("\xED\xA0\x80,\xF5\x80\x80\x80\n", "1:<BAD_UTF8>_<BAD_UTF8>_|");
    check_shape("\xD9\x86\xD8\xA7\xD9\x85\n", "1:\xD9\x86\xD8\xA7\xD9\x85_|");
    char text[256];
    shape((struct sj_view){(const uint8_t *)"a\0b,c\n", 6}, text, sizeof(text));
    CHECK(strcmp(text, "1:<BAD_UTF8>_c_|") == 0);
}

TEST(csv_limits_cells_and_rows)
{
    static char file[SJ_ROW_BYTES_MAX * 2 + 64];
    char text[4096];
    memset(file, 'a', sizeof(file));
    file[SJ_CELL_BYTES_MAX + 1] = '\n';
    file[SJ_CELL_BYTES_MAX + 3] = '\n';
    shape(sj_view_of(file, SJ_CELL_BYTES_MAX + 4), text, sizeof(text));
    CHECK(strcmp(text, "1:<CELL_TOO_LONG>_|2:a_|") == 0);
    memset(file, 'a', sizeof(file));
    file[SJ_ROW_BYTES_MAX + 10] = '\n';
    shape(sj_view_of(file, SJ_ROW_BYTES_MAX + 13), text, sizeof(text));
    CHECK(strcmp(text, "1:ROW_TOO_LONG|2:aa_|") == 0);
    memset(file, ',', 2 * SJ_CELLS_MAX);
    file[2 * SJ_CELLS_MAX] = '\n';
    shape(sj_view_of(file, 2 * SJ_CELLS_MAX + 3), text, sizeof(text));
    CHECK(strcmp(text, "1:TOO_MANY_CELLS|2:aa_|") == 0);
    memset(file, 'q', sizeof(file));
    file[0] = '"';
    shape(sj_view_of(file, sizeof(file)), text, sizeof(text));
    CHECK(strcmp(text, "1:BAD_QUOTE|") == 0);
}
