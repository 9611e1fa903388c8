/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a buffer grow to its maximum and no further, stay unchanged on failure, and write every
 * form right?
 */
#include "sanjeh/base/buf.h"

#include "test.h"

TEST(buf_grows_to_its_maximum_and_no_further)
{
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(1000);

    for (int i = 0; i < 1000; i++) {
        CHECK_OK(sj_buf_put_byte(&buf, (uint8_t)(i & 0xFF)));
    }
    CHECK_CODE(sj_buf_put_byte(&buf, 1), LIMIT_EXCEEDED);
    CHECK(buf.len == 1000);
    for (size_t i = 0; i < 1000; i++) {
        CHECK(buf.ptr[i] == (i & 0xFF));
    }
}

TEST(buf_is_unchanged_when_an_append_fails)
{
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(6);

    CHECK_OK(sj_buf_put_str(&buf, "abc"));
    CHECK_CODE(sj_buf_put_str(&buf, "defg"), LIMIT_EXCEEDED);
    CHECK_CODE(sj_buf_put_u32(&buf, 1), LIMIT_EXCEEDED);
    CHECK_CODE(sj_buf_put_hex(&buf, sj_view_of("ab", 2)), LIMIT_EXCEEDED);
    CHECK_CODE(sj_buf_put_base64(&buf, sj_view_of("a", 1)), LIMIT_EXCEEDED);
    CHECK_CODE(sj_buf_put_decimal(&buf, -100), LIMIT_EXCEEDED);
    CHECK_CODE(sj_buf_reserve(&buf, SIZE_MAX), LIMIT_EXCEEDED);
    CHECK(sj_text_is(sj_buf_text(&buf), "abc"));
    CHECK_OK(sj_buf_put_decimal(&buf, 100));
    CHECK(sj_text_is(sj_buf_text(&buf), "abc100"));
}

TEST(buf_of_maximum_zero_takes_nothing)
{
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(0);
    const char *string = NULL;

    CHECK_OK(sj_buf_put(&buf, NULL, 0));
    CHECK_CODE(sj_buf_put_byte(&buf, 'x'), LIMIT_EXCEEDED);
    CHECK_OK(sj_buf_cstr(&buf, &string));
    CHECK(string[0] == 0);
}

TEST(buf_cstr_fits_even_when_full)
{
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(64);
    const char *string = NULL;

    for (int i = 0; i < 64; i++) {
        CHECK_OK(sj_buf_put_byte(&buf, 'x'));
    }
    REQUIRE_OK(sj_buf_cstr(&buf, &string));
    CHECK(strlen(string) == 64 && buf.len == 64);
}

TEST(buf_numbers_are_big_endian_and_decimal)
{
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(200);

    CHECK_OK(sj_buf_put_u16(&buf, 0x0102));
    CHECK_OK(sj_buf_put_u32(&buf, 0x03040506));
    CHECK_OK(sj_buf_put_u64(&buf, UINT64_C(0x0708090A0B0C0DFF)));
    CHECK(sj_view_equal(
        sj_buf_view(&buf), sj_view_of("\1\2\3\4\5\6\7\x08\x09\x0A\x0B\x0C\x0D\xFF", 14)));
    sj_buf_reset(&buf);
    CHECK(buf.len == 0);
    CHECK_OK(sj_buf_put_decimal(&buf, 0));
    CHECK_OK(sj_buf_put_byte(&buf, ' '));
    CHECK_OK(sj_buf_put_decimal(&buf, INT64_MIN));
    CHECK_OK(sj_buf_put_byte(&buf, ' '));
    CHECK_OK(sj_buf_put_decimal(&buf, INT64_MAX));
    CHECK(sj_text_is(sj_buf_text(&buf), "0 -9223372036854775808 9223372036854775807"));
}

/* RFC 4648 section 10 */
TEST(buf_base64_and_hex_follow_the_published_vectors)
{
    static const char *const wanted[] = {
        "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};

    for (size_t len = 0; len < SJ_COUNT(wanted); len++) {
        CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(100);
        CHECK_OK(sj_buf_put_base64(&buf, sj_view_of("foobar", len)));
        CHECK(sj_text_is(sj_buf_text(&buf), wanted[len]));
    }
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(100);
    CHECK_OK(sj_buf_put_hex(&hex, sj_view_of("\x00\xFF\x1a", 3)));
    CHECK(sj_text_is(sj_buf_text(&hex), "00ff1a"));
}

TEST(buf_reset_wipes_and_keeps_memory)
{
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(100);

    CHECK_OK(sj_buf_put_str(&buf, "secret"));
    const uint8_t *before = buf.ptr;
    sj_buf_reset(&buf);
    CHECK(buf.ptr == before && buf.len == 0);
    CHECK(memcmp(before, "\0\0\0\0\0\0", 6) == 0);
}

TEST(buf_clear_is_idempotent_and_keeps_the_maximum)
{
    struct sj_buf buf = SJ_BUF(10);

    CHECK_OK(sj_buf_put_str(&buf, "x"));
    sj_buf_clear(&buf);
    sj_buf_clear(&buf);
    CHECK(buf.ptr == NULL && buf.len == 0 && buf.cap == 0 && buf.max == 10);
    CHECK_OK(sj_buf_put_str(&buf, "again"));
    sj_buf_clear(&buf);
    struct sj_buf zeroed = {0};
    sj_buf_clear(&zeroed);
    sj_buf_reset(&zeroed);
}
