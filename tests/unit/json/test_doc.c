/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a document of open shape read in order, typed strictly, and refused with a usable sentence?
 */
#include "sanjeh/base/buf.h"
#include "sanjeh/json/decode.h"

#include "test.h"

TEST(doc_keeps_order_and_types)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail = SJ_TEXT("");
    REQUIRE_OK(sj_arena_new(4096, &arena));
    static const char text[] = "{\"z\":1,\"a\":\"t\",\"m\":false,\"r\":1.5,\"n\":null,\"o\":{},"
                               "\"l\":[]}";
    REQUIRE_OK(sj_json_doc_parse(sj_view_of(text, sizeof(text) - 1), &doc, &detail, arena));
    const struct sj_json_value *root = sj_json_doc_root(doc);
    static const char *const names[] = {"z", "a", "m", "r", "n", "o", "l"};
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        REQUIRE(sj_json_next(root, &iterator, &name, &value));
        CHECK(sj_text_is(name, names[i]));
        CHECK(value == sj_json_get(root, names[i]));
    }
    CHECK(!sj_json_next(root, &iterator, &name, &value));
    int64_t number = 0;
    bool flag = true;
    CHECK(!sj_json_as_int(sj_json_get(root, "r"), &number));
    CHECK(sj_json_as_bool(sj_json_get(root, "m"), &flag) && !flag);
    CHECK(sj_json_is_object(sj_json_get(root, "o")));
    CHECK(sj_json_is_array(sj_json_get(root, "l")));
    CHECK(sj_json_is_null(sj_json_get(root, "n")));
    CHECK(sj_json_get(root, "absent") == NULL);
    CHECK(sj_json_get(sj_json_get(root, "l"), "x") == NULL);
}

TEST(doc_says_where_it_is_broken)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail = SJ_TEXT("");
    REQUIRE_OK(sj_arena_new(4096, &arena));
    static const char text[] = "{\"a\":[\n{\"k\":1,\"k\":2}]}";
    CHECK_CODE(sj_json_doc_parse(sj_view_of(text, sizeof(text) - 1), &doc, &detail, arena),
        DUPLICATE_MEMBER);
    CHECK(doc == NULL);
    CHECK(sj_text_starts(detail, "DUPLICATE at /a/0/k: line 2, column "));
}

TEST(doc_holds_the_densest_text)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(1u << 20);
    REQUIRE_OK(sj_buf_put_str(&body, "[0"));
    for (size_t i = 0; i < 200000; i++) {
        REQUIRE_OK(sj_buf_put_str(&body, ",0"));
    }
    REQUIRE_OK(sj_buf_put_str(&body, "]"));
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail = SJ_TEXT("");
    REQUIRE_OK(sj_arena_new(4096, &arena));
    CHECK_OK(sj_json_doc_parse(sj_buf_view(&body), &doc, &detail, arena));
}
