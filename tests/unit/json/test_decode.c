/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the table decoder accept exactly what a table allows and name each fault by its pointer?
 */
#include "sanjeh/base/buf.h"
#include "sanjeh/json/decode.h"

#include "test.h"

struct target {
    struct sj_text name;
    int64_t count;
    bool flag;
    bool flag_present;
    struct sj_uuid id;
    struct sj_text mean;
    const struct sj_json_value *open;
};

#define AT(field) offsetof(struct target, field)
static const struct sj_json_member MEMBERS[] = {
    {"name", SJ_JSON_TEXT, AT(name), SJ_JSON_NO_PRESENT, true, false, 8},
    {"count", SJ_JSON_INT, AT(count), SJ_JSON_NO_PRESENT, false, true, 100},
    {"flag", SJ_JSON_BOOL, AT(flag), AT(flag_present), false, true, 0},
    {"id", SJ_JSON_ID, AT(id), SJ_JSON_NO_PRESENT, false, false, 0},
    {"mean", SJ_JSON_DECIMAL, AT(mean), SJ_JSON_NO_PRESENT, false, false, 12},
    {"open", SJ_JSON_TREE, AT(open), SJ_JSON_NO_PRESENT, false, false, 0},
};

struct run {
    struct sj_arena *arena;
    struct target target;
    struct sj_json_faults faults;
    enum sj_code code;
};

static void run_bytes(struct run *run, const char *body, size_t len)
{
    *run = (struct run){.arena = NULL};
    run->code = SJ_INTERNAL;
    REQUIRE_OK(sj_arena_new(1u << 20, &run->arena));
    run->code = sj_json_decode(
        sj_view_of(body, len), MEMBERS, SJ_COUNT(MEMBERS), run->arena, &run->target, &run->faults)
                    .code;
}

static void run_body(struct run *run, const char *body)
{
    run_bytes(run, body, strlen(body));
}

static void run_end(struct run *run)
{
    sj_arena_free(&run->arena);
}

static bool has_fault(const struct run *run, const char *pointer, const char *code)
{
    for (size_t i = 0; i < run->faults.count; i++) {
        if (sj_text_is(run->faults.items[i].pointer, pointer) &&
            strcmp(run->faults.items[i].code, code) == 0) {
            return true;
        }
    }
    return false;
}

TEST(decode_fills_every_kind)
{
    CLEANUP(run_end) struct run run;
    run_body(&run, "{\"name\":\"\\u0633\\u0646\\u062c\",\"count\":-100,\"flag\":true,"
                   "\"id\":\"01234567-89ab-cdef-0123-456789abcdef\",\"mean\":\"-7.90\","
                   "\"open\":{\"a\":[1,null,true,\"x\"]}}");
    REQUIRE(run.code == SJ_OK);
    CHECK(sj_text_is(run.target.name, "\xd8\xb3\xd9\x86\xd8\xac"));
    CHECK(run.target.count == -100);
    CHECK(run.target.flag && run.target.flag_present);
    CHECK(run.target.id.bytes[1] == 0x23);
    CHECK(sj_text_is(run.target.mean, "-7.90"));
    const struct sj_json_value *list = sj_json_get(run.target.open, "a");
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *item = NULL;
    int64_t number = 0;
    REQUIRE(sj_json_next(list, &iterator, &name, &item));
    CHECK(sj_json_as_int(item, &number) && number == 1 && name.len == 0);
    REQUIRE(sj_json_next(list, &iterator, &name, &item));
    CHECK(sj_json_is_null(item) && !sj_json_as_int(item, &number));
}

TEST(decode_takes_null_as_present_without_a_value_only_where_nullable)
{
    CLEANUP(run_end) struct run run;
    run_body(&run, "{\"name\":\"a\",\"count\":null,\"flag\":null}");
    CHECK(run.code == SJ_OK);
    CHECK(run.target.count == 0 && run.target.flag_present && !run.target.flag);
    run_end(&run);
    run_body(&run, "{\"name\":\"a\"}");
    CHECK(run.code == SJ_OK && !run.target.flag_present);
    run_end(&run);
    run_body(&run, "{\"name\":null}");
    CHECK(run.code == SJ_INVALID);
    CHECK(has_fault(&run, "/name", "TYPE"));
}

TEST(decode_leaves_a_null_text_apart_from_an_empty_one)
{
    static const struct sj_json_member members[] = {
        {"name", SJ_JSON_TEXT, AT(name), AT(flag_present), false, true, 8},
        {"count", SJ_JSON_INT, AT(count), SJ_JSON_NO_PRESENT, false, true, INT64_MAX},
        {"mean", SJ_JSON_DECIMAL, AT(mean), SJ_JSON_NO_PRESENT, true, true, 8},
    };
    static const char null_body[] = "{\"name\":null,\"count\":null,\"mean\":1}";
    static const char empty_body[] = "{\"name\":\"\",\"mean\":null}";
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    REQUIRE_OK(sj_arena_new(1u << 20, &arena));
    struct target target = {.count = INT64_MIN};
    struct sj_json_faults faults;
    CHECK_OK(sj_json_decode(sj_view_of(null_body, strlen(null_body)), members, SJ_COUNT(members),
        arena, &target, &faults));
    CHECK(target.flag_present && target.name.ptr == NULL && target.count == INT64_MIN);
    target = (struct target){.count = 0};
    CHECK_CODE(sj_json_decode(sj_view_of(empty_body, strlen(empty_body)), members,
                   SJ_COUNT(members), arena, &target, &faults),
        INVALID);
    CHECK(target.flag_present && target.name.ptr != NULL && target.name.len == 0);
    CHECK(faults.count == 1 && strcmp(faults.items[0].code, "REQUIRED") == 0);
}

struct refusal {
    const char *body;
    enum sj_code code;
    const char *pointer;
    const char *fault;
};

static void check_refusals(const struct refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(run_end) struct run run;
        run_body(&run, cases[i].body);
        if (run.code != cases[i].code || !has_fault(&run, cases[i].pointer, cases[i].fault)) {
            sj_test_fail(__FILE__, cases[i].body);
        }
    }
}

TEST(decode_names_each_fault_of_content)
{
    static const struct refusal cases[] = {
        {"{}", SJ_INVALID, "/name", "REQUIRED"},
        {"{\"name\":7}", SJ_INVALID, "/name", "TYPE"},
        {"{\"name\":\"123456789\"}", SJ_INVALID, "/name", "TOO_LONG"},
        {"{\"name\":\"a\",\"count\":1.0}", SJ_INVALID, "/count", "TYPE"},
        {"{\"name\":\"a\",\"count\":1e2}", SJ_INVALID, "/count", "TYPE"},
        {"{\"name\":\"a\",\"count\":\"1\"}", SJ_INVALID, "/count", "TYPE"},
        {"{\"name\":\"a\",\"count\":true}", SJ_INVALID, "/count", "TYPE"},
        {"{\"name\":\"a\",\"count\":101}", SJ_INVALID, "/count", "RANGE"},
        {"{\"name\":\"a\",\"count\":-9223372036854775808}", SJ_INVALID, "/count", "RANGE"},
        {"{\"name\":\"a\",\"count\":9223372036854775808}", SJ_INVALID, "/count", "RANGE"},
        {"{\"name\":\"a\",\"count\":1e999}", SJ_INVALID, "/count", "RANGE"},
        {"{\"name\":\"a\",\"flag\":1}", SJ_INVALID, "/flag", "TYPE"},
        {"{\"name\":\"a\",\"id\":\"01234567-89AB-cdef-0123-456789abcdef\"}", SJ_INVALID, "/id",
            "FORMAT"},
        {"{\"name\":\"a\",\"mean\":7.9}", SJ_INVALID, "/mean", "TYPE"},
        {"{\"name\":\"a\",\"mean\":\"07\"}", SJ_INVALID, "/mean", "FORMAT"},
        {"{\"name\":\"a\",\"mean\":\"7.\"}", SJ_INVALID, "/mean", "FORMAT"},
        {"{\"name\":\"a\",\"mean\":\"1e3\"}", SJ_INVALID, "/mean", "FORMAT"},
        {"{\"name\":\"a\",\"mean\":\"\"}", SJ_INVALID, "/mean", "FORMAT"},
        {"{\"name\":\"a\",\"mean\":\"1234567890123\"}", SJ_INVALID, "/mean", "TOO_LONG"},
        {"{\"name\":\"a\",\"nam\":1}", SJ_UNKNOWN_MEMBER, "/nam", "UNKNOWN"},
        {"{\"name\":\"a\",\"a/b~c\":1}", SJ_UNKNOWN_MEMBER, "/a~1b~0c", "UNKNOWN"},
    };
    check_refusals(cases, SJ_COUNT(cases));
}

TEST(decode_names_each_fault_of_form)
{
    static const struct refusal cases[] = {
        {"", SJ_BAD_JSON, "", "FORMAT"},
        {"{", SJ_BAD_JSON, "", "FORMAT"},
        {"[]", SJ_BAD_JSON, "", "TYPE"},
        {"\"x\"", SJ_BAD_JSON, "", "FORMAT"},
        {"{\"name\":\"a\"}x", SJ_BAD_JSON, "", "FORMAT"},
        {"\xef\xbb\xbf{\"name\":\"a\"}", SJ_BAD_JSON, "", "FORMAT"},
        {"{\"name\":\"\xff\"}", SJ_BAD_JSON, "", "FORMAT"},
        {"{\"name\":\"\xed\xa0\x80\"}", SJ_BAD_JSON, "", "FORMAT"},
        {"{\"name\":\"\\ud800\"}", SJ_BAD_JSON, "", "FORMAT"},
        {"{\"name\":\"\\u0000\"}", SJ_BAD_JSON, "", "FORMAT"},
        {"{\"name\":NaN}", SJ_BAD_JSON, "", "FORMAT"},
        {"{\"name\":\"a\",}", SJ_BAD_JSON, "", "FORMAT"},
        {"{\"name\":\"a\" /**/}", SJ_BAD_JSON, "", "FORMAT"},
        {"{\"name\":\"a\",\"name\":\"b\"}", SJ_DUPLICATE_MEMBER, "/name", "DUPLICATE"},
        {"{\"name\":\"a\",\"n\\u0061me\":\"b\"}", SJ_DUPLICATE_MEMBER, "/name", "DUPLICATE"},
        {"{\"open\":[{},{\"x/y\":{\"k\":1,\"k\":2}}]}", SJ_DUPLICATE_MEMBER, "/open/1/x~1y/k",
            "DUPLICATE"},
    };
    check_refusals(cases, SJ_COUNT(cases));
}

TEST(decode_refuses_a_raw_nul)
{
    CLEANUP(run_end) struct run run;
    static const char body[] = "{\"name\":\"a\0b\"}";
    run_bytes(&run, body, sizeof(body) - 1);
    CHECK(run.code == SJ_BAD_JSON);
}

static enum sj_code decode_nested(size_t levels)
{
    /* {"name":"a","open":[[…]]}: the object is one level. */
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(1u << 16);
    CLEANUP(run_end) struct run run = {.arena = NULL};
    sj_status status = sj_buf_put_str(&body, "{\"name\":\"]]}}\",\"open\":");
    for (size_t i = 0; i + 1 < levels && !sj_failed(status); i++) {
        status = sj_buf_put_byte(&body, '[');
    }
    for (size_t i = 0; i + 1 < levels && !sj_failed(status); i++) {
        status = sj_buf_put_byte(&body, ']');
    }
    if (sj_failed(status) || sj_failed(sj_buf_put_byte(&body, '}'))) {
        return SJ_INTERNAL;
    }
    run_bytes(&run, (const char *)body.ptr, body.len);
    return run.code;
}

TEST(decode_accepts_depth_32_and_refuses_33)
{
    CHECK(decode_nested(32) == SJ_OK);
    CHECK(decode_nested(33) == SJ_TOO_DEEP);
    CHECK(decode_nested(20000) == SJ_TOO_DEEP);
}

TEST(decode_collects_all_faults_up_to_the_maximum)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(1u << 16);
    REQUIRE_OK(sj_buf_put_str(&body, "{\"count\":\"x\""));
    for (int64_t i = 0; i < 40; i++) {
        REQUIRE_OK(sj_buf_put_str(&body, ",\"u"));
        REQUIRE_OK(sj_buf_put_decimal(&body, i));
        REQUIRE_OK(sj_buf_put_str(&body, "\":1"));
    }
    REQUIRE_OK(sj_buf_put_str(&body, "}"));
    CLEANUP(run_end) struct run run = {.arena = NULL};
    run_bytes(&run, (const char *)body.ptr, body.len);
    CHECK(run.code == SJ_UNKNOWN_MEMBER);
    CHECK(run.faults.count == SJ_JSON_FAULTS_MAX);
    run_end(&run);
    run_body(&run, "{\"count\":\"x\",\"flag\":0}");
    CHECK(run.code == SJ_INVALID);
    CHECK(run.faults.count == 3);
    CHECK(has_fault(&run, "/name", "REQUIRED"));
    CHECK(has_fault(&run, "/count", "TYPE"));
    CHECK(has_fault(&run, "/flag", "TYPE"));
}

TEST(decode_calls_a_body_beyond_the_arena_too_large)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(1u << 20);
    REQUIRE_OK(sj_buf_put_str(&body, "{\"name\":\"a\",\"open\":[0"));
    for (size_t i = 0; i < 40000; i++) {
        REQUIRE_OK(sj_buf_put_str(&body, ",0"));
    }
    REQUIRE_OK(sj_buf_put_str(&body, "]}"));
    CLEANUP(run_end) struct run run = {.arena = NULL};
    run_bytes(&run, (const char *)body.ptr, body.len);
    CHECK(run.code == SJ_BODY_TOO_LARGE);
}
