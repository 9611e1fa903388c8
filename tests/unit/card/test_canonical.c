/* SPDX-License-Identifier: Apache-2.0
 *
 * Does every document of a card have one byte sequence, and what has none is refused?
 */
#include "sanjeh/card/canonical.h"
#include "test.h"
#include <string.h>

static bool is_written_as(const char *json, const char *expected)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(64 * 1024);
    if (sj_failed(sj_arena_new(16 * 1024 * 1024, &arena))) {
        return false;
    }
    const sj_status status = sj_card_canonical(sj_view_of(json, strlen(json)), arena, &out);
    if (expected == NULL) {
        return status.code == SJ_INVALID;
    }
    return !sj_failed(status) &&
           sj_view_equal(sj_buf_view(&out), sj_view_of(expected, strlen(expected)));
}

TEST(canonical_sorts_members_and_drops_space)
{
    CHECK(is_written_as("{ \"b\" : 1 , \"a\" : [ 3, 2 ], \"aa\": {\"z\":null,\"y\":true} }",
        "{\"a\":[3,2],\"aa\":{\"y\":true,\"z\":null},\"b\":1}"));
    CHECK(is_written_as("{\"a_1\":0,\"a1\":0,\"a\":0}", "{\"a\":0,\"a1\":0,\"a_1\":0}"));
    CHECK(is_written_as("{}", "{}"));
}

/* RFC 8785 3.2.2.2 with its own example string, as far as its value kinds are ours */
TEST(canonical_escapes_as_jcs_does)
{
    CHECK(is_written_as("{\"s\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"}",
        "{\"s\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"));
    CHECK(is_written_as("{\"s\":\"\\b\\t\\f\\r\\u007f\"}", "{\"s\":\"\\b\\t\\f\\r\x7f\"}"));
    CHECK(is_written_as("{\"s\":\"\\u06a9\\u0627\\u0631\"}", "{\"s\":\"کار\"}"));
}

TEST(canonical_refuses_what_has_two_readings)
{
    CHECK(is_written_as("{\"a\":1.5}", NULL));
    CHECK(is_written_as("{\"a\":1e2}", NULL));
    CHECK(is_written_as("{\"a\":9007199254740991}", "{\"a\":9007199254740991}"));
    CHECK(is_written_as("{\"a\":9007199254740992}", NULL));
    CHECK(is_written_as("{\"a\":1,\"a\":1}", NULL));
    CHECK(is_written_as("{\"A\":1}", NULL));
    CHECK(is_written_as("{\"\":1}", NULL));
    CHECK(is_written_as("{\"نام\":1}", NULL));
    CHECK(is_written_as("{\"a\":1", NULL));
    CHECK(is_written_as("{\"a\":\"\xff\"}", NULL));
}

TEST(canonical_form_is_its_own_canonical_form)
{
    static const char once[] = "{\"a\":[\"x\\ny\",-7,false],\"b\":{}}";
    CHECK(is_written_as(once, once));
}
