/* SPDX-License-Identifier: Apache-2.0
 *
 * Are cookies, content types and multipart bodies read strictly?
 */
#include "fields.h"

#include "test.h"

static bool cookie_is(const char *header, const char *expected)
{
    struct sj_text value = SJ_TEXT("");
    const bool found = sj_http_cookie_find(sj_text_of(header), "__Host-sid", &value);
    return expected == NULL ? !found : found && sj_text_is(value, expected);
}

TEST(fields_find_a_cookie_by_exact_name)
{
    CHECK(cookie_is("__Host-sid=abc", "abc"));
    CHECK(cookie_is("a=b; __Host-sid=abc; c=d", "abc"));
    CHECK(cookie_is("a=b;__Host-sid=abc", "abc"));
    CHECK(cookie_is("__Host-sid=", ""));
    CHECK(cookie_is("__Host-sid=a=b", "a=b"));
    CHECK(cookie_is("", NULL));
    CHECK(cookie_is("__Host-sid", NULL));
    CHECK(cookie_is("x__Host-sid=abc", NULL));
    CHECK(cookie_is("__Host-sidx=abc", NULL));
    CHECK(cookie_is("__host-sid=abc", NULL));
    CHECK(cookie_is("a=\"; __Host-sid=abc", "abc"));
    CHECK(cookie_is("__Host-sid=a b", NULL));
    CHECK(cookie_is("__Host-sid=\"abc\"", NULL));
    CHECK(cookie_is("__Host-sid=a,b", NULL));
}

TEST(fields_refuse_a_cookie_that_stands_twice)
{
    CHECK(cookie_is("__Host-sid=abc; __Host-sid=abc", NULL));
    CHECK(cookie_is("__Host-sid=abc; x=y; __Host-sid=", NULL));
}

TEST(fields_know_json_by_type_and_charset)
{
    CHECK(sj_http_is_json(SJ_TEXT("application/json")));
    CHECK(sj_http_is_json(SJ_TEXT("Application/JSON ; charset=UTF-8")));
    CHECK(sj_http_is_json(SJ_TEXT("application/json;charset=\"utf-8\"")));
    CHECK(!sj_http_is_json(SJ_TEXT("application/json;charset=utf-16")));
    CHECK(!sj_http_is_json(SJ_TEXT("application/jsonp")));
    CHECK(!sj_http_is_json(SJ_TEXT("text/plain;application/json")));
    CHECK(!sj_http_is_json(SJ_TEXT("")));
}

static bool boundary_is(const char *type, const char *expected)
{
    struct sj_text boundary = SJ_TEXT("");
    const bool found = sj_http_boundary(sj_text_of(type), &boundary);
    return expected == NULL ? !found : found && sj_text_is(boundary, expected);
}

TEST(fields_read_one_boundary)
{
    CHECK(boundary_is("multipart/form-data; boundary=abc", "abc"));
    CHECK(boundary_is("multipart/form-data; Boundary=\"a b\"", "a b"));
    CHECK(boundary_is("multipart/form-data; boundary=", NULL));
    CHECK(boundary_is("multipart/form-data", NULL));
    CHECK(boundary_is("multipart/mixed; boundary=abc", NULL));
    CHECK(boundary_is("multipart/form-data; boundary=a; boundary=b", NULL));
    CHECK(boundary_is("multipart/form-data; boundary=\"a \"", NULL));
    CHECK(boundary_is("multipart/form-data; boundary=a\x01", NULL));
    CHECK(boundary_is("multipart/form-data; boundary="
                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        NULL));
}

struct form {
    struct sj_http_part parts[SJ_HTTP_PARTS_MAX];
    size_t count;
    enum sj_code code;
};

static struct form parse(const char *body, size_t len)
{
    struct form form = {.count = 0};
    form.code =
        sj_http_multipart_parse(sj_view_of(body, len), SJ_TEXT("XX"), form.parts, &form.count).code;
    return form;
}

#define PART(name, content)                                                                        \
    "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" content "\r\n"

TEST(fields_read_the_parts_of_a_form)
{
    static const char body[] = PART(
        "kind", "workload") "--XX\r\ncontent-type: text/csv\r\n"
                            "Content-Disposition: form-data; name=\"data\"; "
                            "filename=\"../../etc/passwd\"\r\n\r\na,b\r\n--X\r\n\r\n--XX--\r\n";
    const struct form form = parse(body, sizeof(body) - 1);
    REQUIRE(form.code == SJ_OK && form.count == 2);
    CHECK(sj_text_is(form.parts[0].name, "kind"));
    CHECK(sj_view_equal(form.parts[0].content, sj_view_of("workload", 8)));
    CHECK(sj_text_is(form.parts[1].name, "data"));
    CHECK(sj_view_equal(form.parts[1].content, sj_view_of("a,b\r\n--X\r\n", 10)));
}

TEST(fields_read_an_empty_form_and_an_empty_part)
{
    const struct form none = parse("--XX--", 6);
    CHECK(none.code == SJ_OK && none.count == 0);
    static const char body[] = PART("a", "") "--XX--\r\n";
    const struct form form = parse(body, sizeof(body) - 1);
    CHECK(form.code == SJ_OK && form.count == 1 && form.parts[0].content.len == 0);
}

TEST(fields_refuse_a_broken_form)
{
    static const char *const bad[] = {
        "",
        "--XX",
        "--XX\r\n",
        "--XX-",
        "x--XX--",
        PART("a", "b"),
        PART("a", "b") "--XX--x",
        PART("a", "b") "--XX--\r\nx",
        PART("a", "b") PART("a", "c") "--XX--\r\n",
        "--XX\r\n\r\nb\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data\r\n\r\nb\r\n--XX--",
        "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nb\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nb\r\n--XX--",
        ("--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n"
         "Content-Disposition: form-data; name=\"b\"\r\n\r\nb\r\n--XX--"),
        "--XX\nContent-Disposition: form-data; name=\"a\"\n\nb\n--XX--",
        "--XX\r\nContent-Disposition : form-data; name=\"a\"\r\n\r\nb\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nb\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\nb\r\n--XX--",
    };
    for (size_t i = 0; i < SJ_COUNT(bad); i++) {
        if (parse(bad[i], strlen(bad[i])).code != SJ_BAD_REQUEST) {
            sj_test_fail(__FILE__, bad[i]);
        }
    }
}

TEST(fields_refuse_control_bytes_in_values)
{
    CHECK(sj_http_is_field_value(SJ_TEXT("a\tb \xd8\xb3")));
    CHECK(sj_http_is_field_value(SJ_TEXT("")));
    CHECK(!sj_http_is_field_value(SJ_TEXT("a\rb")));
    CHECK(!sj_http_is_field_value(SJ_TEXT("a\nb")));
    CHECK(!sj_http_is_field_value(SJ_TEXT("a\0b")));
    CHECK(!sj_http_is_field_value(SJ_TEXT("a\x7f")));
    CHECK(!sj_http_is_field_value(SJ_TEXT("a\xff")));
    CHECK(sj_http_is_token(SJ_TEXT("X-Probe_1")));
    CHECK(!sj_http_is_token(SJ_TEXT("X Y")));
    CHECK(!sj_http_is_token(SJ_TEXT("")));
}
