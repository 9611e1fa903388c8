/* SPDX-License-Identifier: Apache-2.0
 *
 * Does each number and encoding have exactly one spelling, and are all others refused?
 */
#include "sanjeh/base/parse.h"

#include "test.h"

TEST(parse_u64_takes_canonical_numbers_in_range)
{
    uint64_t value = 0;

    CHECK_OK(sj_parse_u64(SJ_TEXT("0"), 0, 10, &value));
    CHECK(value == 0);
    CHECK_OK(sj_parse_u64(SJ_TEXT("18446744073709551615"), 0, UINT64_MAX, &value));
    CHECK(value == UINT64_MAX);
    CHECK_OK(sj_parse_u64(SJ_TEXT("500"), 1, 500, &value));
    CHECK(value == 500);
}

TEST(parse_u64_refuses_the_rest)
{
    static const char *const texts[] = {"", "-1", "+1", " 1", "1 ", "01", "00", "1.0", "1e3", "0x1",
        "۱", "18446744073709551616", "99999999999999999999", "100000000000000000000", "501"};
    uint64_t value = 42;

    for (size_t i = 0; i + 1 < SJ_COUNT(texts); i++) {
        CHECK_CODE(sj_parse_u64(sj_text_of(texts[i]), 0, UINT64_MAX, &value), BAD_REQUEST);
    }
    CHECK_CODE(sj_parse_u64(SJ_TEXT("501"), 1, 500, &value), BAD_REQUEST);
    CHECK_CODE(sj_parse_u64(SJ_TEXT("0"), 1, 500, &value), BAD_REQUEST);
    CHECK(value == 42);
}

TEST(parse_i64_reaches_both_ends)
{
    int64_t value = 0;

    CHECK_OK(sj_parse_i64(SJ_TEXT("-9223372036854775808"), INT64_MIN, INT64_MAX, &value));
    CHECK(value == INT64_MIN);
    CHECK_OK(sj_parse_i64(SJ_TEXT("9223372036854775807"), INT64_MIN, INT64_MAX, &value));
    CHECK(value == INT64_MAX);
    CHECK_OK(sj_parse_i64(SJ_TEXT("-1"), -1, 0, &value));
    CHECK(value == -1);
    CHECK_CODE(
        sj_parse_i64(SJ_TEXT("9223372036854775808"), INT64_MIN, INT64_MAX, &value), BAD_REQUEST);
    CHECK_CODE(
        sj_parse_i64(SJ_TEXT("-9223372036854775809"), INT64_MIN, INT64_MAX, &value), BAD_REQUEST);
    CHECK_CODE(sj_parse_i64(SJ_TEXT("-0"), INT64_MIN, INT64_MAX, &value), BAD_REQUEST);
    CHECK_CODE(sj_parse_i64(SJ_TEXT("-"), INT64_MIN, INT64_MAX, &value), BAD_REQUEST);
    CHECK_CODE(sj_parse_i64(SJ_TEXT("--1"), INT64_MIN, INT64_MAX, &value), BAD_REQUEST);
    CHECK_CODE(sj_parse_i64(SJ_TEXT("-2"), -1, 0, &value), BAD_REQUEST);
    CHECK(value == -1);
}

TEST(parse_hex_takes_both_cases_and_the_exact_length)
{
    uint8_t bytes[3] = {9, 9, 9};

    CHECK_CODE(sj_parse_hex(SJ_TEXT("00ffA"), bytes, 3), BAD_REQUEST);
    CHECK_CODE(sj_parse_hex(SJ_TEXT("00ffAg"), bytes, 3), BAD_REQUEST);
    CHECK_CODE(sj_parse_hex(SJ_TEXT("00ff"), bytes, 3), BAD_REQUEST);
    CHECK_CODE(sj_parse_hex(SJ_TEXT("00ffaabb"), bytes, 3), BAD_REQUEST);
    CHECK_CODE(sj_parse_hex(SJ_TEXT("00ffaab"), bytes, 3), BAD_REQUEST);
    CHECK(bytes[0] == 9 && bytes[1] == 9 && bytes[2] == 9);
    CHECK_OK(sj_parse_hex(SJ_TEXT("00fFA1"), bytes, 3));
    CHECK(bytes[0] == 0 && bytes[1] == 255 && bytes[2] == 0xA1);
    CHECK_OK(sj_parse_hex(SJ_TEXT(""), bytes, 0));
}

TEST(parse_base64_reads_what_was_written)
{
    uint8_t bytes[70];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 37 % 256);
    }
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(200);
        CLEANUP(sj_buf_clear) struct sj_buf back = SJ_BUF(100);
        CHECK_OK(sj_buf_put_base64(&text, sj_view_of(bytes, len)));
        CHECK_OK(sj_parse_base64(sj_buf_text(&text), &back));
        CHECK(sj_view_equal(sj_buf_view(&back), sj_view_of(bytes, len)));
    }
}

TEST(parse_base64_refuses_other_spellings)
{
    static const char *const texts[] = {"Zg", "Zg=", "Zg===", "Zg====", "Z===", "====", "=",
        "Zh==", "Zm9=", "Zm9v ", " Zm9v", "Zm9v\n", "Zm-v", "Zm_v", "Zg==Zg==", "Z=g=", "Zm9vZ"};
    CLEANUP(sj_buf_clear) struct sj_buf back = SJ_BUF(100);

    CHECK_OK(sj_buf_put_str(&back, "kept"));
    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        CHECK_CODE(sj_parse_base64(sj_text_of(texts[i]), &back), BAD_REQUEST);
    }
    CHECK(sj_text_is(sj_buf_text(&back), "kept"));
}

TEST(base64url_round_trip_is_exact)
{
    uint8_t bytes[40];
    uint8_t back[40];
    char text[60];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(255 - i * 11 % 256);
    }
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        sj_format_base64url(bytes, len, text);
        CHECK(strlen(text) == (len * 4 + 2) / 3);
        CHECK(strpbrk(text, "+/=") == NULL);
        CHECK_OK(sj_parse_base64url(sj_text_of(text), back, len));
        CHECK(memcmp(bytes, back, len) == 0);
        if (len > 0) {
            CHECK_CODE(sj_parse_base64url(sj_text_of(text), back, len - 1), BAD_REQUEST);
        }
    }
}

TEST(base64url_refuses_stray_bits_and_letters)
{
    uint8_t back[3] = {0};

    CHECK_CODE(sj_parse_base64url(SJ_TEXT("Zh"), back, 1), BAD_REQUEST);
    CHECK_CODE(sj_parse_base64url(SJ_TEXT("Zm+v"), back, 3), BAD_REQUEST);
    CHECK_CODE(sj_parse_base64url(SJ_TEXT("Zg=="), back, 1), BAD_REQUEST);
    CHECK_CODE(sj_parse_base64url(SJ_TEXT("Z"), back, 0), BAD_REQUEST);
    CHECK_OK(sj_parse_base64url(SJ_TEXT("_-_-"), back, 3));
    CHECK(back[0] == 0xFF && back[1] == 0xEF && back[2] == 0xFE);
}

/* RFC 4648 section 10, without the padding */
TEST(base32_follows_the_published_vectors)
{
    static const char *const wanted[] = {
        "", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"};
    char text[20];

    for (size_t len = 0; len < SJ_COUNT(wanted); len++) {
        sj_format_base32((const uint8_t *)"foobar", len, text);
        CHECK(strcmp(text, wanted[len]) == 0);
    }
}
