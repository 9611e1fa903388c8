/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the JSON writer place commas, escape strings and keep its limits? Expected texts are written
 * out by hand from RFC 8259; nothing here parses with the code under test.
 */
#include "sanjeh/json/write.h"

#include "test.h"

TEST(write_makes_an_object_with_every_kind)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(4096);
    struct sj_json json = sj_json_begin(&out);
    const struct sj_uuid id = {{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45,
        0x67, 0x89, 0xab, 0xcd, 0xef}};
    sj_json_object(&json, NULL);
    sj_json_text(&json, "text", SJ_TEXT("a"));
    sj_json_str(&json, "none", NULL);
    sj_json_int(&json, "least", INT64_MIN);
    sj_json_bool(&json, "yes", true);
    sj_json_array(&json, "list");
    sj_json_int(&json, NULL, 1);
    sj_json_object(&json, NULL);
    sj_json_object_end(&json);
    sj_json_array(&json, NULL);
    sj_json_array_end(&json);
    sj_json_array_end(&json);
    sj_json_id(&json, "id", id);
    sj_json_id_or_null(&json, "nil", (struct sj_uuid){{0}});
    sj_json_time(&json, "at", 0);
    sj_json_number(&json, "mean", SJ_TEXT("-23.75"));
    sj_json_raw(&json, "raw", SJ_TEXT("[1]"));
    sj_json_object_end(&json);
    REQUIRE_OK(sj_json_end(&json));
    CHECK(sj_text_is(sj_buf_text(&out),
        "{\"text\":\"a\",\"none\":null,\"least\":-9223372036854775808,\"yes\":true,"
        "\"list\":[1,{},[]],\"id\":\"01234567-89ab-cdef-0123-456789abcdef\",\"nil\":null,"
        "\"at\":\"1970-01-01T00:00:00.000000Z\",\"mean\":-23.75,\"raw\":[1]}"));
}

TEST(write_escapes_what_rfc_8259_section_7_demands)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(4096);
    struct sj_json json = sj_json_begin(&out);
    sj_json_text(&json, NULL, SJ_TEXT("\"\\/\b\f\n\r\t\x01\x1f\x7f \xd8\xb3\xf0\x9f\x98\x80"));
    REQUIRE_OK(sj_json_end(&json));
    CHECK(sj_text_is(sj_buf_text(&out),
        "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f \xd8\xb3\xf0\x9f\x98\x80\""));
}

TEST(write_escapes_names_too)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(64);
    struct sj_json json = sj_json_begin(&out);
    sj_json_object(&json, NULL);
    sj_json_int(&json, "a\"b", 1);
    sj_json_object_end(&json);
    REQUIRE_OK(sj_json_end(&json));
    CHECK(sj_text_is(sj_buf_text(&out), "{\"a\\\"b\":1}"));
}

TEST(write_keeps_the_first_error_of_a_full_buffer)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(8);
    struct sj_json json = sj_json_begin(&out);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "name", "value");
    sj_json_object_end(&json);
    CHECK_CODE(sj_json_end(&json), LIMIT_EXCEEDED);
}

static enum sj_code nest(unsigned levels)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(4096);
    struct sj_json json = sj_json_begin(&out);
    for (unsigned i = 0; i < levels; i++) {
        sj_json_array(&json, NULL);
    }
    for (unsigned i = 0; i < levels; i++) {
        sj_json_array_end(&json);
    }
    return sj_json_end(&json).code;
}

TEST(write_nests_sixteen_levels_and_no_more)
{
    CHECK(nest(16) == SJ_OK);
    CHECK(nest(17) == SJ_LIMIT_EXCEEDED);
}
