/* SPDX-License-Identifier: Apache-2.0
 *
 * How does sanjeh-verify speak? The verdict goes to standard output, as text or JSON; how far it is goes to a terminal alone, so that a log of a
 * nightly run has no half lines in it. A verdict that was not delivered is none.
 */
#include "verify_show.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sanjeh/base/time.h"

#define JSON_MAX 8192
#define SHOW_MS  INT64_C(250)

static volatile sig_atomic_t is_asked_to_end;

static void on_signal(int number)
{
    (void)number;
    is_asked_to_end = 1;
}

void verify_show_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* ---- how far ---- */

static void print_progress(struct verify_show *show, uint64_t checked, uint64_t size, int64_t now)
{
    const uint64_t done = checked - show->first;
    const int64_t ms = now - show->began_ms;
    const uint64_t rate = ms <= 0 ? 0 : done * 1000 / (uint64_t)ms;
    const uint64_t left = rate == 0 || size < checked ? 0 : (size - checked) / rate;
    fprintf(stderr, "\r%llu of %llu entries (%llu %%), %llu a second, %llu s left\x1b[K",
        (unsigned long long)checked, (unsigned long long)size,
        (unsigned long long)(size == 0 ? 100 : checked * 100 / size), (unsigned long long)rate,
        (unsigned long long)left);
    show->is_shown = true;
}

bool verify_show_tick(void *ctx, uint64_t checked, uint64_t size)
{
    struct verify_show *show = ctx;
    const int64_t now = sj_time_monotonic_ms();
    if (show->began_ms == 0) {
        show->began_ms = now;
        show->told_ms = now;
        show->first = checked;
    }
    if (!show->quiet && now - show->told_ms >= SHOW_MS && isatty(STDERR_FILENO) == 1) {
        show->told_ms = now;
        print_progress(show, checked, size, now);
    }
    return is_asked_to_end != 0;
}

void verify_show_end(struct verify_show *show)
{
    if (show->is_shown) {
        fputs("\r\x1b[K", stderr);
        show->is_shown = false;
    }
}

/* ---- the verdict ---- */

/* RFC 8259 7. The record is checked without a JSON parser. */
static sj_status put_json_text(struct sj_buf *out, const char *text)
{
    TRY(sj_buf_put_byte(out, '"'));
    for (const char *at = text; *at != '\0'; at++) {
        const unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\') {
            TRY(sj_buf_put_byte(out, '\\'));
            TRY(sj_buf_put_byte(out, c));
        } else if (c < 0x20) {
            TRY(sj_buf_put_str(out, "\\u00"));
            TRY(sj_buf_put_hex(out, sj_view_of(&c, 1)));
        } else {
            TRY(sj_buf_put_byte(out, c));
        }
    }
    return sj_buf_put_byte(out, '"');
}

static sj_status put_json(struct sj_buf *out, const struct sj_verify_report *report)
{
    TRY(sj_buf_put_str(out, "{\"verdict\":"));
    TRY(put_json_text(out, sj_verdict_name(report->verdict)));
    TRY(sj_buf_put_str(out, ",\"size\":"));
    TRY(sj_buf_put_decimal(out, (int64_t)report->size));
    TRY(sj_buf_put_str(out, ",\"entries_checked\":"));
    TRY(sj_buf_put_decimal(out, (int64_t)report->entries_checked));
    TRY(sj_buf_put_str(out, ",\"resumed_from\":"));
    TRY(sj_buf_put_decimal(out, (int64_t)report->resumed_from));
    TRY(sj_buf_put_str(out, ",\"bad_index\":"));
    if (report->has_bad_index) {
        TRY(sj_buf_put_decimal(out, (int64_t)report->bad_index));
    } else {
        TRY(sj_buf_put_str(out, "null"));
    }
    TRY(sj_buf_put_str(out, ",\"cause\":"));
    TRY(put_json_text(out, report->cause));
    TRY(sj_buf_put_str(out, ",\"note\":"));
    TRY(put_json_text(out, report->note));
    TRY(sj_buf_put_str(out, ",\"checkpoint\":"));
    TRY(put_json_text(out, report->checkpoint));
    if (report->goes_on_from[0] != '\0') {
        TRY(sj_buf_put_str(out, ",\"goes_on_from\":"));
        TRY(put_json_text(out, report->goes_on_from));
    }
    return sj_buf_put_str(out, "}\n");
}

static void print_text(const struct sj_verify_report *report)
{
    printf("%s: %llu of %llu entries checked", sj_verdict_name(report->verdict),
        (unsigned long long)report->entries_checked, (unsigned long long)report->size);
    if (report->resumed_from != 0) {
        printf(", the first %llu by the run before", (unsigned long long)report->resumed_from);
    }
    printf("\n");
    if (report->note[0] != '\0') {
        printf("%s\n", report->note);
    }
    if (report->goes_on_from[0] != '\0') {
        printf("goes on from: %s\n", report->goes_on_from);
    }
    if (report->verdict == SJ_VERIFIED) {
        return;
    }
    printf("cause: %s\n", report->cause);
    if (report->has_bad_index) {
        printf("first bad index: %llu\n", (unsigned long long)report->bad_index);
    }
    if (report->verdict == SJ_TAMPERED && report->checkpoint[0] != '\0') {
        printf("contradicts: checkpoint %s\n", report->checkpoint);
    }
}

int verify_show_report(struct verify_show *show, const struct sj_verify_report *report)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(JSON_MAX);
    verify_show_end(show);
    if (report->is_interrupted) {
        fprintf(stderr, "sanjeh-verify: ended at %llu of %llu entries, without a verdict\n",
            (unsigned long long)report->entries_checked, (unsigned long long)report->size);
        return VERIFY_EXIT_USAGE;
    }
    if (show->json) {
        if (sj_failed(put_json(&text, report)) ||
            fwrite(text.ptr, 1, text.len, stdout) != text.len) {
            return VERIFY_EXIT_USAGE;
        }
    } else if (!show->quiet || report->verdict != SJ_VERIFIED) {
        print_text(report);
    }
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? (int)report->verdict : VERIFY_EXIT_USAGE;
}

int verify_show_complain(const char *what, const char *about)
{
    fprintf(stderr, "sanjeh-verify: %s%s%s\n", what, about[0] != '\0' ? ": " : "", about);
    return VERIFY_EXIT_USAGE;
}
