/* SPDX-License-Identifier: Apache-2.0
 *
 * What do the operators see? One JSON object a line on standard error, with names of the Elastic
 * Common Schema; journald or a collector takes it from there. Each line is built in a fixed buffer
 * and written with one write(2), so lines of several threads do not mix. Values are escaped and
 * cut: an attacker who controls a value can neither forge a line nor flood the disk with one event.
 */
#include "sanjeh/base/log.h"

#include "sanjeh/base/time.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES      4096
#define VALUE_BYTES     256
#define EVENTS_TRACKED  64
#define EVENTS_A_SECOND 20
/* Kept free for the closing of a line whose fields did not fit. */
#define TAIL_BYTES 24

struct line {
    char bytes[LINE_BYTES];
    size_t len;
    bool is_cut;
};

/* One event's count in the running second. */
struct rate {
    const char *event;
    int64_t second;
    unsigned count;
    unsigned held_back;
};

/* The log is the process's, as its standard error is: there is no context to carry it in. */
struct log_state {
    _Atomic(const char *) process;
    atomic_int level;
    pthread_mutex_t lock;
    struct rate rates[EVENTS_TRACKED]; /* under lock */
};

static struct log_state state = {
    .process = NULL, .level = SJ_LEVEL_INFO, .lock = PTHREAD_MUTEX_INITIALIZER};

static const char *const level_names[] = {"error", "warn", "notice", "info", "debug"};

struct sj_log_field sj_log_text(const char *name, struct sj_text text)
{
    return (struct sj_log_field){.kind = SJ_LOG_TEXT, .name = name, .text = text};
}

struct sj_log_field sj_log_str(const char *name, const char *string)
{
    return sj_log_text(name, string == NULL ? SJ_TEXT("") : sj_text_of(string));
}

struct sj_log_field sj_log_int(const char *name, int64_t number)
{
    return (struct sj_log_field){.kind = SJ_LOG_INT, .name = name, .number = number};
}

struct sj_log_field sj_log_id(const char *name, struct sj_uuid id)
{
    return (struct sj_log_field){.kind = SJ_LOG_ID, .name = name, .id = id};
}

struct sj_log_field sj_log_status(sj_status status)
{
    return (struct sj_log_field){.kind = SJ_LOG_STATUS, .name = "error.code", .status = status};
}

void sj_log_set_level(enum sj_level level)
{
    atomic_store(&state.level, (int)level);
}

void sj_log_set_process(const char *name)
{
    atomic_store(&state.process, name);
}

/* ---- building a line ---- */

static void put(struct line *line, const char *bytes, size_t len)
{
    if (line->is_cut || len > LINE_BYTES - TAIL_BYTES - line->len) {
        line->is_cut = true;
        return;
    }
    memcpy(line->bytes + line->len, bytes, len);
    line->len += len;
}

static void put_str(struct line *line, const char *string)
{
    put(line, string, strlen(string));
}

static void put_number(struct line *line, int64_t number)
{
    char text[24];
    const int len = snprintf(text, sizeof(text), "%lld", (long long)number);

    put(line, text, (size_t)len);
}

/* How many bytes the UTF-8 sequence at ptr has; 0 when it is not one or would not be printable
 * (controls, and the bidi controls that could turn the meaning of a line around). */
static size_t printable(const char *ptr, size_t left)
{
    struct sj_text checked;

    for (size_t len = 1; len <= 4 && len <= left; len++) {
        if (sj_failed(sj_text_check(sj_view_of(ptr, len), len, &checked))) {
            continue;
        }
        const unsigned char *byte = (const unsigned char *)ptr;
        const bool is_control = len == 1 && (byte[0] < 0x20 || byte[0] == 0x7F);
        const bool is_c1 = len == 2 && byte[0] == 0xC2 && byte[1] < 0xA0;
        const bool is_bidi = len == 3 && byte[0] == 0xE2 &&
                             ((byte[1] == 0x80 && (byte[2] == 0x8E || byte[2] == 0x8F ||
                                                      (byte[2] >= 0xA8 && byte[2] <= 0xAE))) ||
                                 (byte[1] == 0x81 && byte[2] >= 0xA6 && byte[2] <= 0xA9));
        return is_control || is_c1 || is_bidi ? 0 : len;
    }
    return 0;
}

static void put_value(struct line *line, struct sj_text text)
{
    const size_t end = text.len > VALUE_BYTES ? VALUE_BYTES : text.len;
    size_t at = 0;

    put(line, "\"", 1);
    while (at < end) {
        const size_t step = printable(text.ptr + at, text.len - at);
        if (step == 0) {
            char escape[8];
            snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(unsigned char)text.ptr[at]);
            /* A byte that is no text shows as the replacement character. */
            put_str(line, (unsigned char)text.ptr[at] < 0x80 ? escape : "\\ufffd");
            at++;
            continue;
        }
        if (at + step > end) {
            break;
        }
        if (text.ptr[at] == '"' || text.ptr[at] == '\\') {
            put(line, "\\", 1);
        }
        put(line, text.ptr + at, step);
        at += step;
    }
    put(line, "\"", 1);
}

static void put_name(struct line *line, const char *name)
{
    put_str(line, ",\"");
    put_str(line, name);
    put_str(line, "\":");
}

static void put_field(struct line *line, const struct sj_log_field *field)
{
    char id[SJ_UUID_TEXT_SIZE];

    put_name(line, field->name);
    switch (field->kind) {
    case SJ_LOG_TEXT:
        put_value(line, field->text);
        break;
    case SJ_LOG_INT:
        put_number(line, field->number);
        break;
    case SJ_LOG_ID:
        sj_uuid_format(field->id, id);
        put_value(line, sj_text_of(id));
        break;
    case SJ_LOG_STATUS:
        put_value(line, sj_text_of(sj_code_name(field->status.code)));
        if (field->status.where != NULL) {
            put_name(line, "error.where");
            put_value(line, sj_text_of(field->status.where));
        }
        break;
    }
}

static void begin_line(struct line *line, enum sj_level level, const char *event)
{
    char time[SJ_TIME_TEXT_SIZE];
    const char *process = atomic_load(&state.process);

    line->len = 0;
    line->is_cut = false;
    sj_time_format(sj_time_now(), time);
    put_str(line, "{\"@timestamp\":\"");
    put_str(line, time);
    put_str(line, "\",\"log.level\":\"");
    put_str(line, level_names[level]);
    put_str(line, "\",\"event.action\":");
    put_value(line, sj_text_of(event));
    if (process != NULL) {
        put_name(line, "process.name");
        put_value(line, sj_text_of(process));
    }
    put_name(line, "process.pid");
    put_number(line, getpid());
}

/* A field goes in whole or not at all, so that the line stays JSON. */
static void add_field(struct line *line, const struct sj_log_field *field)
{
    const size_t before = line->len;

    if (line->is_cut) {
        return;
    }
    put_field(line, field);
    if (line->is_cut) {
        line->len = before;
    }
}

static void write_line(struct line *line)
{
    static const char whole_end[] = "}\n";
    static const char cut_end[] = ",\"log.cut\":true}\n";
    const char *end = line->is_cut ? cut_end : whole_end;
    const size_t len = line->is_cut ? sizeof(cut_end) - 1 : sizeof(whole_end) - 1;

    memcpy(line->bytes + line->len, end, len);
    line->len += len;
    /* There is nobody to tell when standard error is gone. */
    const ssize_t written = write(STDERR_FILENO, line->bytes, line->len);
    (void)written;
}

/* ---- rate ---- */

static struct rate *rate_of(const char *event)
{
    struct rate *oldest = &state.rates[0];

    for (size_t i = 0; i < EVENTS_TRACKED; i++) {
        struct rate *rate = &state.rates[i];
        if (rate->event != NULL && strcmp(rate->event, event) == 0) {
            return rate;
        }
        if (rate->second < oldest->second) {
            oldest = rate;
        }
    }
    *oldest = (struct rate){.event = event};
    return oldest;
}

/* Picks one event whose second is over and which had lines held back. */
static bool take_report(int64_t second, struct rate *ret_report)
{
    for (size_t i = 0; i < EVENTS_TRACKED; i++) {
        struct rate *rate = &state.rates[i];
        if (rate->held_back > 0 && rate->second != second) {
            *ret_report = *rate;
            rate->held_back = 0;
            return true;
        }
    }
    return false;
}

static bool may_write(const char *event, int64_t second)
{
    struct rate *rate = rate_of(event);

    if (rate->second != second) {
        rate->second = second;
        rate->count = 0;
    }
    if (rate->count >= EVENTS_A_SECOND) {
        rate->held_back++;
        return false;
    }
    rate->count++;
    return true;
}

void sj_log(enum sj_level level, const char *event, const struct sj_log_field *fields, size_t count)
{
    const int64_t second = sj_time_monotonic_ms() / 1000 + 1; /* 0 marks a free slot */
    struct rate report = {.event = NULL};
    struct line line;

    if ((int)level > atomic_load(&state.level)) {
        return;
    }
    pthread_mutex_lock(&state.lock);
    const bool has_report = take_report(second, &report);
    const bool is_allowed = may_write(event, second);
    pthread_mutex_unlock(&state.lock);
    if (has_report) {
        const struct sj_log_field held = sj_log_int("log.held_back", report.held_back);
        begin_line(&line, SJ_LEVEL_WARN, report.event);
        add_field(&line, &held);
        write_line(&line);
    }
    if (!is_allowed) {
        return;
    }
    begin_line(&line, level, event);
    for (size_t i = 0; i < count; i++) {
        add_field(&line, &fields[i]);
    }
    write_line(&line);
}
