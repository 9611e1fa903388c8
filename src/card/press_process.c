/* SPDX-License-Identifier: Apache-2.0
 *
 * How does the press live?
 * Begins with its line and a standard error alone, drops its user, prints one sheet in each language so that every font is open and every
 * library has made what it makes on first use, and takes the sandbox; only then it says that it is ready. After that: one
 * question, one answer, until the line ends or the parent dies. A question that cannot be printed is answered with a code.
 */
#include "press_priv.h"
#include "sanjeh/base/log.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/base/reader.h"
#include "sanjeh/card/canonical.h"
#include "sanjeh/card/press_program.h"
#include "sanjeh/sandbox/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MEMORY_MAX ((rlim_t)1 << 30)

static void ignore_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < SJ_COUNT(ignored); i++) {
        (void)signal(ignored[i], SIG_IGN);
    }
}

static sj_status die_with(int parent)
{
    ENSURE(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, IO);
    ENSURE(prctl(PR_SET_NAME, "sanjehd-press") == 0, IO);
    ENSURE(getppid() == parent, IO);
    return SJ_DONE;
}

/* Every style and both scripts, so that nothing is opened later. */
static sj_status warm_up(void)
{
    static const char sample[] =
        "{\"format\":\"sanjeh-report-card/1\",\"test\":true,\"chain\":{\"number\":1},"
        "\"judge\":{\"name\":\"ﺶﺸـﺷ 0123456789 آزمون Test\"},\"items\":[{\"no\":1,"
        "\"name_fa\":\"پچژگ\",\"name_en\":\"Aa\"}],\"narrative\":{\"overall\":\"متن text «»—–…\"}}";
    static const char hash[] = "0000000000000000000000000000000000000000000000000000000000000000";
    for (int language = SJ_PRESS_FA; language <= SJ_PRESS_EN; language++) {
        CLEANUP(sj_buf_clear) struct sj_buf pdf = SJ_BUF(SJ_PRESS_PDF_MAX);
        TRY(press_print(
            sj_view_of(sample, sizeof(sample) - 1), (enum sj_press_language)language, hash, &pdf));
    }
    return SJ_DONE;
}

static void limit(void)
{
    const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)setrlimit(RLIMIT_FSIZE, &none);
    if (sj_sandbox_is_real()) { /* a sanitizer's shadow does not fit */
        (void)setrlimit(RLIMIT_AS, &memory);
    }
}

static sj_status prepare(int parent, const char *user)
{
    TRY(sj_sandbox_no_dump());
    TRY(die_with(parent));
    TRY(sj_sandbox_drop(user));
    TRY(sj_sandbox_no_dump());
    TRY(die_with(parent));
    ENSURE(setenv("TZ", "UTC0", 1) == 0,
        IO); /* cairo asks for the local time of day; no file is read then */
    ENSURE(press_has_font(), BAD_CONFIG);
    limit();
    TRY(warm_up());
    return sj_sandbox_enter(SJ_SANDBOX_PRESS);
}

static bool receive_all(int fd, uint8_t *dst, size_t len)
{
    while (len > 0) {
        const ssize_t got = recv(fd, dst, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        dst += got;
        len -= (size_t)got;
    }
    return true;
}

static bool send_all(int fd, struct sj_view bytes)
{
    while (bytes.len > 0) {
        const ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        bytes = sj_view_of(bytes.ptr + sent, bytes.len - (size_t)sent);
    }
    return true;
}

/* False: the line is to be closed. */
static bool answer_one(int fd)
{
    uint8_t head[PRESS_QUESTION_HEAD];
    char hash[PRESS_HASH_DIGITS + 1] = {0};
    uint32_t len = 0;
    uint8_t language = 0;
    CLEANUP(sj_buf_clear) struct sj_buf json = SJ_BUF(SJ_CARD_BYTES_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf pdf = SJ_BUF(SJ_PRESS_PDF_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(PRESS_ANSWER_HEAD);
    if (!receive_all(fd, head, sizeof(head))) {
        return false;
    }
    struct sj_reader reader = sj_reader_of(sj_view_of(head, sizeof(head)));
    if (sj_failed(sj_read_u32(&reader, &len)) || sj_failed(sj_read_u8(&reader, &language)) ||
        sj_failed(sj_read_bytes(&reader, (uint8_t *)hash, PRESS_HASH_DIGITS)) ||
        language > SJ_PRESS_EN || sj_failed(sj_buf_reserve(&json, len)) ||
        !receive_all(fd, json.ptr, len)) {
        return false;
    }
    json.len = len;
    const sj_status status =
        press_print(sj_buf_view(&json), (enum sj_press_language)language, hash, &pdf);
    const uint32_t size = sj_failed(status) ? 0 : (uint32_t)pdf.len;
    return !sj_failed(sj_buf_put_u16(&answer, (uint16_t)status.code)) &&
           !sj_failed(sj_buf_put_u32(&answer, size)) && send_all(fd, sj_buf_view(&answer)) &&
           send_all(fd, sj_view_of(pdf.ptr, size));
}

static int run(int parent_pid, const char *user)
{
    const sj_status status = prepare(parent_pid, user);
    const uint8_t report[2] = {PRESS_READY, (uint8_t)(sj_failed(status) ? 1 : 0)};
    if (sj_failed(status)) {
        SJ_LOG(ERROR, "press.start.refused", sj_log_status(status));
    }
    bool goes_on =
        send(PRESS_LINE, report, sizeof(report), MSG_NOSIGNAL) == 2 && !sj_failed(status);
    while (goes_on) {
        goes_on = answer_one(PRESS_LINE);
    }
    return sj_failed(status) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int sj_press_main(int argc, char **argv)
{
    int64_t parent = 0;
    sj_log_set_process("press");
    if (argc < 2 || argc > 3 ||
        sj_failed(sj_parse_i64(sj_text_of(argv[1]), 1, INT32_MAX, &parent)) ||
        fcntl(PRESS_LINE, F_GETFD) < 0) {
        (void)fputs("sanjehd-press draws report cards for sanjehd, which starts it; it is of no "
                    "use alone.\n",
            stderr);
        return 2;
    }
    ignore_signals();
    return run((int)parent, argc == 3 ? argv[2] : NULL);
}
