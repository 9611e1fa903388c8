/* SPDX-License-Identifier: Apache-2.0
 *
 * Is exactly well-formed UTF-8 text, and do views compare and split as expected?
 */
#include "sanjeh/base/view.h"

#include "sanjeh/base/memory.h"

#include "test.h"

static bool is_text(const char *bytes, size_t len)
{
    struct sj_text text = {NULL, 0};
    return !sj_failed(sj_text_check(sj_view_of(bytes, len), 1000, &text)) && text.len == len;
}

#define IS_TEXT(literal) is_text("" literal, sizeof(literal) - 1)

TEST(text_check_takes_well_formed_utf8)
{
    CHECK(IS_TEXT(""));
    CHECK(IS_TEXT("plain\n\t\x7F"));
    CHECK(IS_TEXT("سنجه"));
    CHECK(IS_TEXT("\xC2\x80"));
    CHECK(IS_TEXT("\xDF\xBF"));
    CHECK(IS_TEXT("\xE0\xA0\x80"));
    CHECK(IS_TEXT("\xED\x9F\xBF"));
    CHECK(IS_TEXT("\xEE\x80\x80"));
    CHECK(IS_TEXT("\xEF\xBF\xBF"));
    CHECK(IS_TEXT("\xF0\x90\x80\x80"));
    CHECK(IS_TEXT("\xF4\x8F\xBF\xBF"));
}

TEST(text_check_refuses_everything_else)
{
    CHECK(!IS_TEXT("a\0b"));
    CHECK(!IS_TEXT("\x80"));
    CHECK(!IS_TEXT("\xC0\x80")); /* overlong NUL */
    CHECK(!IS_TEXT("\xC1\xBF"));
    CHECK(!IS_TEXT("\xE0\x9F\xBF")); /* overlong */
    CHECK(!IS_TEXT("\xED\xA0\x80")); /* surrogate */
    CHECK(!IS_TEXT("\xED\xBF\xBF"));
    CHECK(!IS_TEXT("\xF0\x8F\xBF\xBF")); /* overlong */
    CHECK(!IS_TEXT("\xF4\x90\x80\x80")); /* beyond U+10FFFF */
    CHECK(!IS_TEXT("\xF5\x80\x80\x80"));
    CHECK(!IS_TEXT("\xFF"));
    CHECK(!IS_TEXT("\xC2"));
    CHECK(!IS_TEXT("\xE2\x80"));
    CHECK(!IS_TEXT("\xF0\x9F\x98"));
    CHECK(!IS_TEXT("\xC2\x41"));
    CHECK(!IS_TEXT("\xE2\x80\xC0"));
    CHECK(!IS_TEXT("\xF0\x9F\x98\x40"));
}

/* Every code point but NUL and the surrogates, and none of their neighbours by one byte less. */
TEST(text_check_agrees_with_the_encoding_of_every_code_point)
{
    int wrong = 0;

    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        char bytes[4];
        size_t len = 0;
        if (c < 0x80) {
            bytes[len++] = (char)c;
        } else if (c < 0x800) {
            bytes[len++] = (char)(0xC0 | c >> 6);
        } else if (c < 0x10000) {
            bytes[len++] = (char)(0xE0 | c >> 12);
            bytes[len++] = (char)(0x80 | (c >> 6 & 63));
        } else {
            bytes[len++] = (char)(0xF0 | c >> 18);
            bytes[len++] = (char)(0x80 | (c >> 12 & 63));
            bytes[len++] = (char)(0x80 | (c >> 6 & 63));
        }
        if (c >= 0x80) {
            bytes[len++] = (char)(0x80 | (c & 63));
        }
        const bool is_surrogate = c >= 0xD800 && c <= 0xDFFF;
        wrong += is_text(bytes, len) == !is_surrogate ? 0 : 1;
        wrong += len > 1 && is_text(bytes, len - 1) ? 1 : 0;
    }
    CHECK(wrong == 0);
}

TEST(text_check_bounds_length_and_leaves_output_alone)
{
    struct sj_text text = SJ_TEXT("before");

    CHECK_CODE(sj_text_check(sj_view_of("abcd", 4), 3, &text), BAD_REQUEST);
    CHECK_CODE(sj_text_check(sj_view_of("\xFF", 1), 3, &text), BAD_REQUEST);
    CHECK(sj_text_is(text, "before"));
    CHECK_OK(sj_text_check(sj_view_of("abc", 3), 3, &text));
    CHECK(sj_text_is(text, "abc"));
}

TEST(text_compares_by_length_and_bytes)
{
    CHECK(sj_text_is(SJ_TEXT("ab"), "ab"));
    CHECK(!sj_text_is(SJ_TEXT("ab"), "abc"));
    CHECK(!sj_text_is(SJ_TEXT("abc"), "ab"));
    CHECK(sj_text_equal((struct sj_text){NULL, 0}, SJ_TEXT("")));
    CHECK(sj_view_equal(sj_view_of(NULL, 0), sj_view_of("", 0)));
    CHECK(!sj_view_equal(sj_view_of("a", 1), sj_view_of("b", 1)));
    CHECK(sj_text_starts(SJ_TEXT("/api/v1"), "/api"));
    CHECK(!sj_text_starts(SJ_TEXT("/ap"), "/api"));
    CHECK(sj_text_starts(SJ_TEXT("x"), ""));
}

TEST(text_splits_at_each_separator)
{
    struct sj_text rest = SJ_TEXT("a,,b,");
    struct sj_text head = {NULL, 0};

    CHECK(sj_text_split(&rest, ',', &head) && sj_text_is(head, "a"));
    CHECK(sj_text_split(&rest, ',', &head) && sj_text_is(head, ""));
    CHECK(sj_text_split(&rest, ',', &head) && sj_text_is(head, "b"));
    CHECK(!sj_text_split(&rest, ',', &head));
    rest = (struct sj_text){NULL, 0};
    CHECK(!sj_text_split(&rest, ',', &head));
    rest = SJ_TEXT("whole");
    CHECK(sj_text_split(&rest, ',', &head) && sj_text_is(head, "whole") && rest.len == 0);
}
