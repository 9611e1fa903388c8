/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a code accepted exactly when RFC 6238 says so? Vectors of RFC 4226 and RFC 6238 (tests/vectors/crypto/otp), and
 * the traps of the library underneath: other lengths, drift, later steps.
 */
#include "authn_priv.h"
#include "sanjeh/base/parse.h"
#include "test.h"

#include <liboath/oath.h>

struct row {
    uint8_t key[20];
    int64_t time_s;
    char code[9];
};

static bool take_field(struct sj_text *line, struct sj_text *ret_field)
{
    return sj_text_split(line, ',', ret_field);
}

/* Rows of SHA-1 with a 20-byte key: type,source,key_hex,hash,unix_time,counter,digits,otp. */
static bool take_row(struct sj_text line, struct row *row)
{
    struct sj_text f[8];
    for (size_t i = 0; i < 8; i++) {
        if (!take_field(&line, &f[i])) {
            return false;
        }
    }
    f[7].len -= f[7].len > 0 && f[7].ptr[f[7].len - 1] == '\r';
    if (!sj_text_is(f[3], "SHA1") || f[2].len != 40 || f[7].len < 6 ||
        sj_failed(sj_parse_hex(f[2], row->key, sizeof row->key))) {
        return false;
    }
    uint64_t number = 0;
    if (sj_text_is(f[0], "TOTP")) {
        if (sj_failed(sj_parse_u64(f[4], 0, INT64_MAX, &number))) {
            return false;
        }
        row->time_s = (int64_t)number;
    } else {
        if (sj_failed(sj_parse_u64(f[5], 1, INT32_MAX, &number))) {
            return false;
        }
        row->time_s = (int64_t)number * 30;
    }
    /* truncation is decimal: the last six digits of a longer code are the six-digit code */
    (void)snprintf(row->code, sizeof row->code, "%.6s", f[7].ptr + f[7].len - 6);
    return row->time_s >= 30;
}

static bool match(
    const uint8_t key[20], const char *code, int64_t now_s, unsigned back, int64_t *ret_step)
{
    bool is_match = false;
    *ret_step = -1;
    CHECK_OK(
        authn_totp_match(sj_view_of(key, 20), sj_text_of(code), now_s, back, &is_match, ret_step));
    return is_match;
}

TEST(totp_accepts_the_codes_of_the_standards)
{
    const struct sj_view file = sj_test_vector("crypto/otp/otp_vectors.csv");
    struct sj_text rest = {(const char *)file.ptr, file.len};
    struct sj_text line;
    unsigned rows = 0;
    while (sj_text_split(&rest, '\n', &line)) {
        struct row row;
        if (!take_row(line, &row)) {
            continue;
        }
        rows++;
        int64_t step = 0;
        CHECK(match(row.key, row.code, row.time_s, 1, &step));
        CHECK(step == row.time_s / 30);
        CHECK(match(row.key, row.code, row.time_s + 30, 1, &step) && step == row.time_s / 30);
        CHECK(!match(row.key, row.code, row.time_s + 30, 0, &step));
        CHECK(!match(row.key, row.code, row.time_s + 60 - row.time_s % 30, 1, &step));
        if (row.time_s >= 60) {
            CHECK(!match(row.key, row.code, row.time_s - 30, 1, &step));
        }
    }
    CHECK(rows >= 14); /* nine of RFC 4226, at least five of RFC 6238 */
}

static const uint8_t key[20] = "12345678901234567890";

TEST(totp_accepts_six_digits_only)
{
    char code[9];
    REQUIRE(oath_init() == OATH_OK);
    const time_t now = 1111111109;
    int64_t step = 0;
    for (unsigned digits = 6; digits <= 8; digits++) {
        REQUIRE(oath_totp_generate((const char *)key, 20, now, 30, 0, digits, code) == OATH_OK);
        CHECK(match(key, code, now, 1, &step) == (digits == 6));
    }
    static const char *const wrong[] = {"", "0", "08180", " 081804", "081804 ", "08180a", "0x1804",
        "+81804", "-81804", "081804081804", "081804\n"};
    for (size_t i = 0; i < SJ_COUNT(wrong); i++) {
        CHECK(!match(key, wrong[i], now, 1, &step));
    }
    const char with_nul[] = "081804\0";
    bool is_match = true;
    CHECK_OK(authn_totp_match(
        sj_view_of(key, 20), (struct sj_text){with_nul, 7}, now, 1, &is_match, &step));
    CHECK(!is_match);
    CHECK(match(key, "081804", now, 1, &step));
}

TEST(totp_accepts_the_digits_of_a_persian_keyboard)
{
    int64_t step = 0;
    CHECK(match(key, "۰۸۱۸۰۴", 1111111109, 1, &step));
    CHECK(match(key, "٠٨١٨٠٤", 1111111109, 1, &step));
    CHECK(!match(key, "۰۸۱۸۰۵", 1111111109, 1, &step));
    CHECK(!match(key, "۰۸۱۸۰۴۰", 1111111109, 1, &step));
}

TEST(totp_refuses_secrets_of_another_length)
{
    bool is_match = false;
    int64_t step = 0;
    CHECK_CODE(
        authn_totp_match(sj_view_of(key, 0), SJ_TEXT("081804"), 1111111109, 1, &is_match, &step),
        CRYPTO);
    CHECK_CODE(
        authn_totp_match(sj_view_of(key, 19), SJ_TEXT("081804"), 1111111109, 1, &is_match, &step),
        CRYPTO);
    CHECK(!is_match);
}
