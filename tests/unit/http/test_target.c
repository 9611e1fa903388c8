/* SPDX-License-Identifier: Apache-2.0
 *
 * Is each target either read one way or refused?
 */
#include "target.h"

#include "test.h"

static enum sj_code parse(
    const char *raw, size_t len, struct sj_arena **arena, struct sj_http_target *target)
{
    if (sj_failed(sj_arena_new(1u << 16, arena))) {
        return SJ_INTERNAL;
    }
    return sj_http_target_parse(sj_view_of(raw, len), *arena, target).code;
}

TEST(target_keeps_the_path_as_sent_and_decodes_the_query)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct sj_http_target target;
    static const char raw[] = "/a%20b/c?q=%D8%B3+x&&flag&y=a%3Db%26c&e=";
    REQUIRE(parse(raw, sizeof(raw) - 1, &arena, &target) == SJ_OK);
    CHECK(sj_text_is(target.path, "/a%20b/c"));
    REQUIRE(target.query_count == 4);
    CHECK(sj_text_is(target.query[0].name, "q") && sj_text_is(target.query[0].value, "\xd8\xb3 x"));
    CHECK(sj_text_is(target.query[1].name, "flag") && target.query[1].value.len == 0);
    CHECK(sj_text_is(target.query[2].value, "a=b&c"));
    CHECK(sj_text_is(target.query[3].name, "e") && target.query[3].value.len == 0);
    struct sj_text decoded;
    REQUIRE_OK(sj_http_path_decode(SJ_TEXT("a%20b"), arena, &decoded));
    CHECK(sj_text_is(decoded, "a b"));
}

TEST(target_accepts_what_is_clear)
{
    static const char *const good[] = {"/", "/a", "/a/", "/a.b/..c/...", "/a?", "/?q=/../%2e",
        "/%D8%B3", "/\xd8\xb3", "/a+b", "/a;v=1", "/a?b%5Cc", "/.well-known/x"};
    for (size_t i = 0; i < SJ_COUNT(good); i++) {
        CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
        struct sj_http_target target;
        if (parse(good[i], strlen(good[i]), &arena, &target) != SJ_OK) {
            sj_test_fail(__FILE__, good[i]);
        }
    }
}

TEST(target_refuses_what_could_be_read_twice)
{
    static const char *const bad[] = {"", "a", "*", "http://h/", "?", "//", "//a", "/a//b", "/.",
        "/..", "/a/./b", "/a/../b", "/a/..", "/%2e", "/%2E%2e/a", "/a/.%2e", "/..;x", "/a/.;/b",
        "/a%2fb", "/a%2Fb", "/a\\b", "/a%5cb", "/%", "/%2", "/%zz", "/%0", "/%00", "/%0a", "/%1f",
        "/%7f", "/%ff", "/%c0%ae", "/%ed%a0%80", "/\xd8", "/\xd8%b3", "/%d8\xb3", "/a b", "/a\tb",
        "/a#b", "/?a=%", "/?a=%00", "/?%00", "/?a=%0a", "/?a=\\", "/?a=%ff", "/?a=#", "/?a b"};
    for (size_t i = 0; i < SJ_COUNT(bad); i++) {
        CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
        struct sj_http_target target;
        if (parse(bad[i], strlen(bad[i]), &arena, &target) != SJ_BAD_REQUEST) {
            sj_test_fail(__FILE__, bad[i]);
        }
    }
}

TEST(target_refuses_a_raw_nul)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct sj_http_target target;
    CHECK(parse("/a\0b", 4, &arena, &target) == SJ_BAD_REQUEST);
}

TEST(target_holds_32_query_members_and_no_more)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(sj_arena_free) struct sj_arena *other = NULL;
    struct sj_http_target target;
    char raw[2 + 33 * 2] = "/?";
    for (size_t i = 0; i < 33; i++) {
        raw[2 + 2 * i] = 'a';
        raw[3 + 2 * i] = '&';
    }
    CHECK(parse(raw, 2 + 32 * 2, &arena, &target) == SJ_OK);
    CHECK(parse(raw, sizeof(raw), &other, &target) == SJ_BAD_REQUEST);
}
