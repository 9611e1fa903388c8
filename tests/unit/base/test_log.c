/* SPDX-License-Identifier: Apache-2.0
 *
 * Is every line one JSON object whatever the values are, are long values cut, levels respected and
 * floods held back and counted?
 */
#include "sanjeh/base/log.h"

#include "sanjeh/base/buf.h"
#include "sanjeh/base/time.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>

struct capture {
    int saved;
    int pipe[2];
};

static void begin_capture(struct capture *capture)
{
    CHECK(pipe2(capture->pipe, O_CLOEXEC) == 0);
    CHECK(fcntl(capture->pipe[0], F_SETFL, O_NONBLOCK) == 0);
    capture->saved = dup(STDERR_FILENO);
    CHECK(dup2(capture->pipe[1], STDERR_FILENO) >= 0);
}

/* What was logged since the capture began. */
static struct sj_text end_capture(struct capture *capture, struct sj_buf *lines)
{
    char bytes[4096];
    ssize_t got = 0;

    CHECK(dup2(capture->saved, STDERR_FILENO) >= 0);
    while ((got = read(capture->pipe[0], bytes, sizeof(bytes))) > 0) {
        CHECK_OK(sj_buf_put(lines, bytes, (size_t)got));
    }
    sj_closep(&capture->pipe[0]);
    sj_closep(&capture->pipe[1]);
    sj_closep(&capture->saved);
    return sj_buf_text(lines);
}

static bool has(struct sj_text text, const char *part)
{
    return text.len > 0 && memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static size_t lines_in(struct sj_text text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n' ? 1 : 0;
    }
    return lines;
}

TEST(log_line_carries_its_fields)
{
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(1 << 16);
    struct capture capture = {0};
    struct sj_uuid id = {{0xAB}};

    sj_log_set_process("front");
    begin_capture(&capture);
    SJ_LOG(WARN, "db.connection.lost", sj_log_int("db.pid", -42), sj_log_str("db.host", "local"),
        sj_log_id("request.id", id), sj_log_status(SJ_FAILURE(DATABASE_UNAVAILABLE)));
    const struct sj_text text = end_capture(&capture, &lines);
    CHECK(lines_in(text) == 1);
    CHECK(sj_text_starts(text, "{\"@timestamp\":\"20"));
    CHECK(has(text, "\"log.level\":\"warn\""));
    CHECK(has(text, "\"event.action\":\"db.connection.lost\""));
    CHECK(has(text, "\"process.name\":\"front\""));
    CHECK(has(text, "\"db.pid\":-42"));
    CHECK(has(text, "\"db.host\":\"local\""));
    CHECK(has(text, "\"request.id\":\"ab000000-0000-0000-0000-000000000000\""));
    CHECK(has(text, "\"error.code\":\"DATABASE_UNAVAILABLE\",\"error.where\":\"test_log.c:"));
    CHECK(text.ptr[text.len - 2] == '}');
}

TEST(log_values_cannot_forge_a_line)
{
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(1 << 16);
    struct capture capture = {0};

    begin_capture(&capture);
    SJ_LOG(ERROR, "test.escape.hostile",
        sj_log_str("value", "a\"\n{\\\x1b[31m\xFF\xE2\x80\xAEz\xC2\x85 سنجه"));
    const struct sj_text text = end_capture(&capture, &lines);
    CHECK(lines_in(text) == 1);
    CHECK(has(text, "\"value\":\"a\\\"\\u000a{\\\\\\u001b[31m\\ufffd"));
    CHECK(has(text, "سنجه\""));
    CHECK(!has(text, "\xE2\x80\xAE") && !has(text, "\xC2\x85"));
}

TEST(log_values_are_cut_between_characters)
{
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(1 << 16);
    struct capture capture = {0};
    char value[601];

    value[0] = 'x';
    for (size_t i = 1; i < 599; i += 2) {
        value[i] = (char)0xD8;
        value[i + 1] = (char)0xB3;
    }
    value[599] = 0;
    begin_capture(&capture);
    SJ_LOG(ERROR, "test.cut.value", sj_log_str("value", value));
    const struct sj_text text = end_capture(&capture, &lines);
    struct sj_text checked = {NULL, 0};
    CHECK_OK(sj_text_check(sj_text_bytes(text), text.len, &checked));
    CHECK(text.len < 600);
}

TEST(log_line_that_overflows_stays_json)
{
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(1 << 16);
    struct capture capture = {0};
    struct sj_log_field fields[40];
    char value[300];

    memset(value, 'v', sizeof(value));
    for (size_t i = 0; i < SJ_COUNT(fields); i++) {
        fields[i] = sj_log_text("name", (struct sj_text){value, sizeof(value)});
    }
    begin_capture(&capture);
    sj_log(SJ_LEVEL_ERROR, "test.cut.line", fields, SJ_COUNT(fields));
    const struct sj_text text = end_capture(&capture, &lines);
    CHECK(lines_in(text) == 1);
    CHECK(text.len <= 4096);
    CHECK(has(text, "v\",\"log.cut\":true}\n"));
}

TEST(log_level_filters)
{
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(1 << 16);
    struct capture capture = {0};

    begin_capture(&capture);
    SJ_LOG(DEBUG, "test.level.debug", sj_log_int("n", 1));
    SJ_LOG(INFO, "test.level.info", sj_log_int("n", 1));
    sj_log_set_level(SJ_LEVEL_WARN);
    SJ_LOG(NOTICE, "test.level.notice", sj_log_int("n", 1));
    SJ_LOG(ERROR, "test.level.error", sj_log_int("n", 1));
    sj_log_set_level(SJ_LEVEL_INFO);
    const struct sj_text text = end_capture(&capture, &lines);
    CHECK(!has(text, "test.level.debug") && has(text, "test.level.info"));
    CHECK(!has(text, "test.level.notice") && has(text, "test.level.error"));
}

static void wait_for_a_new_second(void)
{
    const int64_t second = sj_time_monotonic_ms() / 1000;
    while (sj_time_monotonic_ms() / 1000 == second) {
        usleep(1000);
    }
}

TEST(log_floods_are_held_back_and_counted_once)
{
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(1 << 16);
    struct capture capture = {0};

    wait_for_a_new_second();
    begin_capture(&capture);
    for (int i = 0; i < 100; i++) {
        SJ_LOG(ERROR, "test.flood.one", sj_log_int("n", i));
    }
    wait_for_a_new_second();
    SJ_LOG(ERROR, "test.flood.other", sj_log_int("n", 1));
    SJ_LOG(ERROR, "test.flood.other", sj_log_int("n", 2));
    const struct sj_text text = end_capture(&capture, &lines);
    CHECK(lines_in(text) == 20 + 1 + 2);
    CHECK(has(text, "\"log.held_back\":80}"));
}
