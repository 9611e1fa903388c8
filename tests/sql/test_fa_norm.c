/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the search form of Persian text the same in SQL as in C? The same table as tests/unit/text: what it is,
 * input, output, with \uXXXX for one character.
 */
#include "session.h"

/* Four or eight hex digits at text; -1 when they are not there. */
static long code_point(const char *text, size_t left, size_t digits)
{
    long value = 0;
    if (left < digits) {
        return -1;
    }
    for (size_t i = 0; i < digits; i++) {
        const char c = text[i];
        const char *all = "0123456789ABCDEF";
        const char *at = c == '\0' ? NULL : strchr(all, c >= 'a' ? c - 'a' + 'A' : c);
        if (at == NULL) {
            return -1;
        }
        value = value * 16 + (at - all);
    }
    return value;
}

static size_t put_utf8(char *out, unsigned long point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    const size_t more = point < 0x800 ? 1 : (point < 0x10000 ? 2 : 3);
    static const unsigned char lead[4] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[more] | (unsigned char)(point >> (6 * more)));
    for (size_t i = 1; i <= more; i++) {
        out[i] = (char)(0x80u | ((point >> (6 * (more - i))) & 0x3fu));
    }
    return more + 1;
}

static void unescape(struct sj_text text, char *out, size_t size)
{
    size_t len = 0;
    size_t i = 0;
    while (i < text.len && len + 5 < size) {
        const bool is_long = text.len - i > 1 && text.ptr[i] == '\\' && text.ptr[i + 1] == 'U';
        const bool escaped =
            is_long || (text.len - i > 1 && text.ptr[i] == '\\' && text.ptr[i + 1] == 'u');
        const size_t digits = is_long ? 8 : 4;
        const long point = escaped ? code_point(text.ptr + i + 2, text.len - i - 2, digits) : -1;
        if (point > 0) {
            len += put_utf8(out + len, (unsigned long)point);
            i += digits + 2;
        } else {
            out[len++] = text.ptr[i++];
        }
    }
    out[len] = '\0';
}

static void check_line(PGconn *session, struct sj_text line)
{
    struct sj_text name;
    struct sj_text input;
    struct sj_text output = SJ_TEXT("");
    if (!sj_text_split(&line, '\t', &name) || !sj_text_split(&line, '\t', &input)) {
        CHECK(false);
        return;
    }
    output = line;
    char given[2048];
    char wanted[2048];
    unescape(input, given, sizeof(given));
    unescape(output, wanted, sizeof(wanted));
    const char *value = given;
    PGresult *result =
        PQexecParams(session, "select sanjeh.fa_norm($1)", 1, NULL, &value, NULL, NULL, 0);
    const char *got = PQresultStatus(result) == PGRES_TUPLES_OK ? PQgetvalue(result, 0, 0)
                                                                : PQresultErrorMessage(result);
    if (strcmp(got, wanted) != 0) {
        printf(
            "    %.*s: '%s' gives '%s', not '%s'\n", (int)name.len, name.ptr, given, got, wanted);
        CHECK(false);
    }
    PQclear(result);
}

TEST(fa_norm_in_sql_equals_the_table)
{
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    const struct sj_view file = sj_test_vector("text/fa_norm.tsv");
    struct sj_text rest = {(const char *)file.ptr, file.len};
    struct sj_text line;
    unsigned lines = 0;
    while (sj_text_split(&rest, '\n', &line)) {
        if (line.len > 0 && line.ptr[0] != '#') {
            check_line(session, line);
            lines++;
        }
    }
    CHECK(lines >= 20);
}
