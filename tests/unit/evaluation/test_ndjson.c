/* SPDX-License-Identifier: Apache-2.0
 *
 * Does an NDJSON line mean one thing only, and does its number keep its digits?
 */
#include "sanjeh/evaluation/ndjson.h"
#include "test.h"

#include <string.h>

static void shape(const char *file, char *out, size_t size)
{
    struct sj_ndjson rows;
    size_t len = 0;
    out[0] = '\0';
    REQUIRE_OK(sj_ndjson_init(&rows, sj_view_of(file, strlen(file))));
    while (sj_ndjson_next(&rows)) {
        len += (size_t)snprintf(out + len, size - len, "%zu:", rows.row);
        for (size_t i = 0; rows.fault == NULL && i < rows.cell_count; i++) {
            const struct sj_cell *cell = &rows.cells[i];
            len += (size_t)snprintf(out + len, size - len, "%.*s=%.*s_", (int)rows.names[i].len,
                rows.names[i].ptr, (int)cell->text.len, cell->text.ptr);
            len += (size_t)snprintf(
                out + len, size - len, "%s", cell->fault == NULL ? "" : cell->fault);
        }
        len += (size_t)snprintf(out + len, size - len, "%s|", rows.fault != NULL ? rows.fault : "");
    }
    sj_ndjson_clear(&rows);
}

static void check_shape(const char *file, const char *expected)
{
    char text[4096];
    shape(file, text, sizeof(text));
    if (strcmp(text, expected) != 0) {
        sj_test_fail(expected, text);
    }
}

TEST(ndjson_reads_flat_objects)
{
    check_shape("{\"judge\":\"A-1\",\"mean\":7.90,\"n\":null}\n\n{ \"n\" : 12 }\r\n{}",
        "1:judge=A-1_mean=7.90_n=_|3:n=12_|4:|");
    check_shape("{\"a\":\"\\u0642\\u0627\\\"\\n\\/\"}", "1:a=\xD9\x82\xD8\xA7\"\n/_|");
    check_shape("{\"a\":\"\\ud83d\\ude00\"}", "1:a=\xF0\x9F\x98\x80_|");
    check_shape("{\"a\":0.1234567890123456789,\"b\":-1e5}", "1:a=0.1234567890123456789_b=-1e5_|");
}

TEST(ndjson_refuses_everything_else)
{
    static const char *const bad[] = {"[]", "1", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
        "{\"a\":1}x", "{\"a\":{\"b\":1}}", "{\"a\":[1]}", "{\"a\":true}", "{\"a\":01}",
        "{\"a\":1.}", "{\"a\":+1}", "{\"a\":-}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u0000\"}", "{\"a\":\"\\ud83d\"}", "{\"a\":\"\\ude00\"}", "{\"a\":\"", "{a:1}",
        "{\"a\":\"\t\"}", "{\"a\" 1}", "{\"a\":nul}", "{\"a\":1e}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        check_shape(bad[i], "1:BAD_JSON|");
    }
    check_shape("{\"a\":1,\"a\":2}", "1:DUPLICATE_COLUMN|");
    check_shape("{\"a\":1,\"\\u0061\":2}", "1:DUPLICATE_COLUMN|");
    check_shape("{\"\xC3\x28\":1}\n{\"b\":2}", "1:BAD_UTF8|2:b=2_|");
}

TEST(ndjson_checks_cells_like_csv)
{
    check_shape("{\"a\":\"=1+1\",\"b\":\"\xC3\x28\"}", "1:a==1+1_FORMULA_CELLb=_BAD_UTF8|");
}
