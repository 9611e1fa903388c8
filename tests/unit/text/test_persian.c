/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the search form agree with the table that SQL is tested with, and are names and numbers
 * judged as people expect, spoofing refused?
 */
#include "sanjeh/text/persian.h"

#include "sanjeh/base/parse.h"

#include "test.h"

/* Appends text with \uXXXX and \UXXXXXXXX turned into characters. */
static void put_unescaped(struct sj_text text, struct sj_buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '\\') {
            CHECK_OK(sj_buf_put_byte(out, (uint8_t)text.ptr[i]));
            continue;
        }
        const size_t digits = text.ptr[i + 1] == 'U' ? 8 : 4;
        uint8_t code[4] = {0};
        CHECK_OK(sj_parse_hex(
            (struct sj_text){text.ptr + i + 2, digits}, code + 4 - digits / 2, digits / 2));
        const uint32_t c = (uint32_t)code[1] << 16 | (uint32_t)code[2] << 8 | code[3];
        if (c < 0x80) {
            CHECK_OK(sj_buf_put_byte(out, (uint8_t)c));
        } else if (c < 0x800) {
            CHECK_OK(sj_buf_put_u16(out, (uint16_t)(0xC080 | (c >> 6) << 8 | (c & 63))));
        } else if (c < 0x10000) {
            CHECK_OK(sj_buf_put_byte(out, (uint8_t)(0xE0 | c >> 12)));
            CHECK_OK(sj_buf_put_u16(out, (uint16_t)(0x8080 | (c >> 6 & 63) << 8 | (c & 63))));
        } else {
            CHECK_OK(sj_buf_put_u32(out,
                0xF0808080 | c >> 18 << 24 | (c >> 12 & 63) << 16 | (c >> 6 & 63) << 8 | (c & 63)));
        }
        i += digits + 1;
    }
}

TEST(fa_norm_agrees_with_the_common_table)
{
    struct sj_view file = sj_test_vector("text/fa_norm.tsv");
    struct sj_text rest = {0};
    struct sj_text row = {0};
    int rows = 0;

    REQUIRE_OK(sj_text_check(file, file.len, &rest));
    while (sj_text_split(&rest, '\n', &row)) {
        CLEANUP(sj_buf_clear) struct sj_buf input = SJ_BUF(1024);
        CLEANUP(sj_buf_clear) struct sj_buf wanted = SJ_BUF(1024);
        CLEANUP(sj_buf_clear) struct sj_buf got = SJ_BUF(1024);
        struct sj_text name = {0};
        struct sj_text from = {0};
        if (sj_text_starts(row, "#")) {
            continue;
        }
        CHECK(sj_text_split(&row, '\t', &name));
        CHECK(sj_text_split(&row, '\t', &from));
        put_unescaped(from, &input);
        put_unescaped(row, &wanted);
        CHECK_OK(sj_fa_norm(sj_buf_text(&input), &got));
        if (!sj_view_equal(sj_buf_view(&got), sj_buf_view(&wanted))) {
            sj_test_fail("fa_norm.tsv", name.ptr);
        }
        /* The form is its own form. */
        CLEANUP(sj_buf_clear) struct sj_buf again = SJ_BUF(1024);
        CHECK_OK(sj_fa_norm(sj_buf_text(&got), &again));
        CHECK(sj_view_equal(sj_buf_view(&again), sj_buf_view(&wanted)));
        rows++;
    }
    CHECK(rows > 40);
}

TEST(fa_norm_appends_and_leaves_the_buffer_alone_when_it_does_not_fit)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(10);

    REQUIRE_OK(sj_buf_put_str(&out, "x:"));
    CHECK_OK(sj_fa_norm(SJ_TEXT("  كي "), &out));
    CHECK(sj_text_is(sj_buf_text(&out), "x:کی"));
    CHECK_CODE(sj_fa_norm(SJ_TEXT("محمد رضا"), &out), LIMIT_EXCEEDED);
    CHECK(sj_text_is(sj_buf_text(&out), "x:کی"));
}

TEST(fa_digits_change_digits_only)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(100);

    CHECK_OK(sj_fa_digits(SJ_TEXT("كد ۱۲٣4-é"), &out));
    CHECK(sj_text_is(sj_buf_text(&out), "كد 1234-é"));
}

TEST(name_check_takes_names)
{
    static const char *const names[] = {"علی‌رضا محمدی", "O'Brien", "Anne-Marie",
        "دکتر م. رضایی", "شعبه ۲", "رضایی، علی", "  علی  ", "José", "x", "مُحَمَّد"};

    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        CHECK_OK(sj_name_check(sj_text_of(names[i])));
    }
}

TEST(name_check_refuses_what_is_no_name)
{
    static const char *const names[] = {"", "   ", "123", "۱۲۳", "-", "a\tb", "a\nb",
        "a\xE2\x80\xAE"
        "b", /* U+202E */
        "a\xD8\x9C"
        "b",                           /* U+061C */
        "\xE2\x81\xA7علی\xE2\x81\xA9", /* isolates */
        "a\xE2\x80\x8D"
        "b", /* ZWJ */
        "a\xE2\x80\x8B"
        "b", /* zero width space */
        "a\xCD\x8F"
        "b", /* combining grapheme joiner */
        "a\xC2\xA0"
        "b",            /* no-break space */
        "\xE3\x85\xA4", /* Hangul filler: a letter that shows nothing */
        "a\xC2\x85"
        "b", /* C1 control */
        "a<b>", "a;b", "a/b", "a@b", "a\"b", "😀"};

    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        CHECK_CODE(sj_name_check(sj_text_of(names[i])), INVALID);
    }
}

TEST(name_check_counts_bytes_after_trimming)
{
    char name[260];

    memset(name, 'a', sizeof(name));
    memset(name, ' ', 30);
    CHECK_OK(sj_name_check((struct sj_text){name, 230}));
    CHECK_CODE(sj_name_check((struct sj_text){name, 231}), INVALID);
}

TEST(label_check_takes_codes_and_names_of_courts)
{
    static const char *const labels[] = {"AKRON OH", "CEPEJ-1", "۱۰۱",
        "دادگاه تجدیدنظر استان تهران، شعبه ۱۲", "علی‌آباد", "Cour d'appel", "№ 4",
        "A/B (C) & D: E_F. + G, H", "7", "شُعبه"};

    for (size_t i = 0; i < SJ_COUNT(labels); i++) {
        CHECK_OK(sj_label_check(sj_text_of(labels[i])));
    }
}

TEST(label_check_refuses_what_could_deceive)
{
    static const char *const labels[] = {"", " ", " a", "a ", "-", "()", "a\tb", "a\nb",
        "a\x7F"
        "b",
        "a\xC2\x85", /* C1 control */
        "a\xE2\x80\xAE"
        "b", /* U+202E */
        "a\xD8\x9C"
        "b", /* U+061C */
        "\xE2\x80\x8F"
        "a", /* right-to-left mark */
        "\xE2\x81\xA7"
        "a\xE2\x81\xA9", /* isolates */
        "a\xE2\x80\x8D"
        "b", /* ZWJ */
        "\xE2\x80\x8C"
        "a",             /* ZWNJ first */
        "a\xE2\x80\x8C", /* and last */
        "a\xE2\x80\x8C b",
        "a \xE2\x80\x8C"
        "b",
        "a\xE2\x80\x8C\xE2\x80\x8C"
        "b",
        "a\xC2\xA0"
        "b",            /* no-break space */
        "\xE3\x85\xA4", /* Hangul filler */
        "\xEF\xBB\xBF"
        "a", /* byte order mark */
        "<b>x</b>", "a=b", "a;b", "a\"b", "a@b", "a|b", "a`b", "a%b", "a#b", "a\\b", "😀"};

    for (size_t i = 0; i < SJ_COUNT(labels); i++) {
        if (!sj_failed(sj_label_check(sj_text_of(labels[i])))) {
            sj_test_fail("label_check", labels[i]);
        }
    }
}

TEST(label_check_counts_bytes)
{
    char label[130];

    memset(label, 'a', sizeof(label));
    CHECK_OK(sj_label_check((struct sj_text){label, 128}));
    CHECK_CODE(sj_label_check((struct sj_text){label, 129}), INVALID);
}

TEST(national_number_has_a_check_digit)
{
    char number[11] = "";

    CHECK_OK(sj_national_number_check(SJ_TEXT("0499370899"), number));
    CHECK(strcmp(number, "0499370899") == 0);
    CHECK_OK(sj_national_number_check(SJ_TEXT("۰۷۹۰۴۱۹۹۰۴"), number));
    CHECK(strcmp(number, "0790419904") == 0);
    CHECK_OK(sj_national_number_check(SJ_TEXT("499370899"), number));
    CHECK(strcmp(number, "0499370899") == 0);
    CHECK_OK(sj_national_number_check(SJ_TEXT("84575948"), number));
    CHECK(strcmp(number, "0084575948") == 0);
}

TEST(national_number_refuses_all_other_check_digits)
{
    char number[11] = "before";
    char text[11] = "0499370890";
    int accepted = 0;

    for (char digit = '0'; digit <= '9'; digit++) {
        text[9] = digit;
        accepted += sj_failed(sj_national_number_check(sj_text_of(text), number)) ? 0 : 1;
    }
    CHECK(accepted == 1);
    memset(number, 'z', sizeof(number));
    for (char digit = '0'; digit <= '9'; digit++) {
        memset(text, digit, 10);
        CHECK_CODE(sj_national_number_check(sj_text_of(text), number), INVALID);
    }
    CHECK(number[0] == 'z'); /* untouched on failure */
}

TEST(national_number_refuses_other_forms)
{
    static const char *const numbers[] = {"", "1234567", "04993708990", "049937089x", " 0499370899",
        "0499370899 ", "04993-70899", "+499370899"};
    char number[11] = "";

    for (size_t i = 0; i < SJ_COUNT(numbers); i++) {
        CHECK_CODE(sj_national_number_check(sj_text_of(numbers[i]), number), INVALID);
    }
}

TEST(personnel_number_is_made_canonical)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(64);

    CHECK_OK(sj_personnel_number_check(SJ_TEXT("j-۱۲٣.x_9"), &out));
    CHECK(sj_text_is(sj_buf_text(&out), "J-123.X_9"));
}

TEST(personnel_number_refuses_other_forms)
{
    static const char *const numbers[] = {
        "", "-1", ".1", "_1", "a b", "a/b", "علی", "123456789012345678901234567890123", " 1"};
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(64);

    for (size_t i = 0; i < SJ_COUNT(numbers); i++) {
        CHECK_CODE(sj_personnel_number_check(sj_text_of(numbers[i]), &out), INVALID);
    }
    CHECK(out.len == 0);
    CHECK_OK(sj_personnel_number_check(SJ_TEXT("12345678901234567890123456789012"), &out));
}
