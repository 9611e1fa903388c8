/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries in the languages of others, to the byte; escapes against texts that want to forge a line.
 */
#include "sanjeh/watch/siem.h"

#include <stdio.h>

#include "test.h"

static const struct sj_siem_source source = {"log.example/1", "host.example", "1.2|3"};
static const struct sj_hash leaf = {{0xff, 0xee}};

static struct sj_entry sample(void)
{
    struct sj_entry entry = {.index = 42, .time = INT64_C(1795847400123456), .tenant_seq = 3};
    entry.draft = (struct sj_draft){.kind = SJ_ENTRY_ACCESS,
        .emitter = {{1}},
        .emitter_seq = 9,
        .request_id = {{2}},
        .actor = {{3}},
        .object = {{4}},
        .outcome = SJ_OUTCOME_DENIED,
        .http_status = 403,
        .policy_version = 8,
        .action = "judge:read",
        .object_type = "judge",
        .detail = "a=b|c\\d\"e]f"};
    return entry;
}

static bool has(const struct sj_buf *buf, const char *text)
{
    const char *found = memmem(buf->ptr, buf->len, text, strlen(text));
    if (found == NULL) {
        printf("    %.*s\n    lacks %s\n", (int)buf->len, (const char *)buf->ptr, text);
    }
    return found != NULL;
}

#define LEAF "/+4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

TEST(siem_cef_to_the_byte)
{
    const struct sj_entry entry = sample();
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(SJ_SIEM_LINE_MAX);
    REQUIRE_OK(sj_siem_cef(&source, &entry, &leaf, &out));
    CHECK(sj_text_is(sj_buf_text(&out),
        "CEF:0|Sanjeh|sanjehd|1.2\\|3|judge:read|judge:read denied|6|rt=1795847400123 externalId=42"
        " act=judge:read outcome=denied suid=03000000-0000-0000-0000-000000000000"
        " cs1Label=objectType cs1=judge cs2Label=object cs2=04000000-0000-0000-0000-000000000000"
        " cs3Label=leaf cs3=/+4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\\="
        " cs4Label=requestId cs4=02000000-0000-0000-0000-000000000000"
        " cs6Label=emitter cs6=01000000-0000-0000-0000-000000000000 cn1Label=httpStatus cn1=403"
        " cn2Label=policyVersion cn2=8 cn3Label=emitterSequence cn3=9 msg=a\\=b|c\\\\d\"e]f"));
}

TEST(siem_syslog_to_the_byte)
{
    const struct sj_entry entry = sample();
    static const char expected[] =
        "<108>1 2026-11-28T06:30:00.123456Z host.example sanjehd - judge:read [sanjeh@32473"
        " log=\"log.example/1\" index=\"42\" leaf=\"" LEAF "\" outcome=\"denied\""
        " actor=\"03000000-0000-0000-0000-000000000000\" objectType=\"judge\""
        " object=\"04000000-0000-0000-0000-000000000000\""
        " request=\"02000000-0000-0000-0000-000000000000\"] a=b|c\\d\"e]f";
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(SJ_SIEM_LINE_MAX);
    REQUIRE_OK(sj_siem_syslog(&source, SJ_SIEM_PLAIN, &entry, &leaf, &out));
    CHECK(sj_text_is(sj_buf_text(&out), expected));
    char frame[1024];
    (void)snprintf(frame, sizeof frame, "%zu %s", sizeof expected - 1, expected);
    CLEANUP(sj_buf_clear) struct sj_buf framed = SJ_BUF(SJ_SIEM_LINE_MAX);
    REQUIRE_OK(sj_siem_frame(&source, SJ_SIEM_PLAIN, &entry, &leaf, &framed));
    CHECK(sj_text_is(sj_buf_text(&framed), frame));
}

TEST(siem_escapes)
{
    static const struct {
        const char *in;
        const char *header;
        const char *value;
        const char *param;
    } cases[] = {
        {"", "", "", ""},
        {"a|b", "a\\|b", "a|b", "a|b"},
        {"a=b", "a=b", "a\\=b", "a=b"},
        {"a\\b", "a\\\\b", "a\\\\b", "a\\\\b"},
        {"a\nCEF:0|x", "a CEF:0\\|x", "a\\nCEF:0|x", "a\nCEF:0|x"},
        {"a\rb", "a b", "a\\rb", "a\rb"},
        {"\"]\\", "\"]\\\\", "\"]\\\\", "\\\"\\]\\\\"},
        {"\xd8\xa7", "\xd8\xa7", "\xd8\xa7", "\xd8\xa7"},
    };
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        CLEANUP(sj_buf_clear) struct sj_buf header = SJ_BUF(256);
        CLEANUP(sj_buf_clear) struct sj_buf value = SJ_BUF(256);
        CLEANUP(sj_buf_clear) struct sj_buf param = SJ_BUF(256);
        CHECK_OK(sj_siem_cef_header(sj_text_of(cases[i].in), &header));
        CHECK_OK(sj_siem_cef_value(sj_text_of(cases[i].in), &value));
        CHECK_OK(sj_siem_param_value(sj_text_of(cases[i].in), &param));
        CHECK(sj_text_is(sj_buf_text(&header), cases[i].header));
        CHECK(sj_text_is(sj_buf_text(&value), cases[i].value));
        CHECK(sj_text_is(sj_buf_text(&param), cases[i].param));
    }
}

TEST(siem_ocsf_classes)
{
    static const struct {
        enum sj_entry_kind kind;
        const char *action;
        const char *detail;
        const char *expected;
    } cases[] = {
        {SJ_ENTRY_ACCESS, "judge:read", "",
            "\"category_uid\":6,\"class_uid\":6003,\"activity_id\":2,\"type_uid\":600302"},
        {SJ_ENTRY_ACCESS, "judge:create", "",
            "\"class_uid\":6003,\"activity_id\":1,\"type_uid\":600301"},
        {SJ_ENTRY_ACCESS, "account:create", "",
            "\"category_uid\":3,\"class_uid\":3001,\"activity_id\":1,\"type_uid\":300101"},
        {SJ_ENTRY_ACCESS, "account:delete", "",
            "\"class_uid\":3001,\"activity_id\":6,\"type_uid\":300106"},
        {SJ_ENTRY_SIGN_IN, "session:sign-in", "factor=totp",
            "\"category_uid\":3,\"class_uid\":3002,\"activity_id\":1,\"type_uid\":300201"},
        {SJ_ENTRY_SIGN_IN, "session:sign-in", "factor=totp", "\"is_mfa\":true"},
        {SJ_ENTRY_ALARM, "alarm:raise", "rule=x",
            "\"category_uid\":2,\"class_uid\":2004,\"activity_id\":1,\"type_uid\":200401,"
            "\"severity_id\":4"},
        {SJ_ENTRY_ALARM, "alarm:raise", "rule=x",
            "\"finding_info\":{\"title\":\"alarm:raise\",\"uid\":\"04000000-0000-0000-0000-"
            "000000000000\",\"desc\":\"rule=x\"}"},
        {SJ_ENTRY_SCRUB, "log:scrub", "",
            "\"class_uid\":6003,\"activity_id\":99,\"type_uid\":600399"},
        {SJ_ENTRY_ACCESS, "judge:read", "", "\"time\":1795847400123,"},
        {SJ_ENTRY_ACCESS, "judge:read", "a\"b\\c", "\"detail\":\"a\\\"b\\\\c\""},
        {SJ_ENTRY_ACCESS, "judge:read", "",
            "\"metadata\":{\"version\":\"1.3.0\",\"product\":{\"name\":\"Sanjeh\""},
        {SJ_ENTRY_ACCESS, "judge:read", "", "\"leaf\":\"" LEAF "\""},
    };
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        struct sj_entry entry = sample();
        entry.draft.kind = cases[i].kind;
        (void)snprintf(entry.draft.action, sizeof entry.draft.action, "%s", cases[i].action);
        (void)snprintf(entry.draft.detail, sizeof entry.draft.detail, "%s", cases[i].detail);
        CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(SJ_SIEM_LINE_MAX);
        CHECK_OK(sj_siem_ocsf(&source, &entry, &leaf, &out));
        CHECK(has(&out, cases[i].expected));
        CHECK(memchr(out.ptr, '\n', out.len) == NULL);
    }
}
