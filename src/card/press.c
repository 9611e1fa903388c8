/* SPDX-License-Identifier: Apache-2.0
 *
 * How does the server get a sheet of paper without drawing itself?
 * Font and PDF libraries are large and read what people wrote; in the server's own process a fault of theirs would reach
 * sessions and database. So they live in a child, behind one socket: JSON in, PDF out. A child that is slow or has gone is
 * not waited for; its line is closed for good, and cards stay readable as JSON.
 */
#include "press_priv.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/reader.h"
#include "sanjeh/base/time.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_WAIT_MS 10000
#define PRINT_WAIT_MS 10000
#define STOP_WAIT_MS  2000

struct sj_press {
    int pid;
    int fd; /* -1: gone */
    pthread_mutex_t mutex;
};

static sj_status wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd polled = {.fd = fd, .events = events};
    int ready = 0;
    do {
        const int64_t left = deadline - sj_time_monotonic_ms();
        ready = poll(&polled, 1, left > 0 ? (int)left : 0);
    } while (ready < 0 && errno == EINTR);
    ENSURE(ready == 1, BUSY);
    return SJ_DONE;
}

static sj_status send_all(int fd, struct sj_view bytes, int64_t deadline)
{
    while (bytes.len > 0) {
        TRY(wait_for(fd, POLLOUT, deadline));
        const ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            continue;
        }
        ENSURE(sent > 0, BUSY);
        bytes = sj_view_of(bytes.ptr + sent, bytes.len - (size_t)sent);
    }
    return SJ_DONE;
}

static sj_status receive_all(int fd, uint8_t *dst, size_t len, int64_t deadline)
{
    while (len > 0) {
        TRY(wait_for(fd, POLLIN, deadline));
        const ssize_t got = recv(fd, dst, len, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            continue;
        }
        ENSURE(got > 0, BUSY);
        dst += got;
        len -= (size_t)got;
    }
    return SJ_DONE;
}

static sj_status hear_ready(const struct sj_press *press)
{
    uint8_t report[2];
    const int64_t deadline = sj_time_monotonic_ms() + START_WAIT_MS;
    TRY(receive_all(press->fd, report, sizeof(report), deadline));
    ENSURE(report[0] == PRESS_READY, IO);
    ENSURE(report[1] == 0, BAD_CONFIG);
    return SJ_DONE;
}

/* In the child: its line, our standard error, nothing else that is ours. */
_Noreturn static void become_press(const char *program, int line, int parent, const char *user)
{
    char number[16];
    char *const environment[] = {NULL};
    char *arguments[] = {
        (char *)(uintptr_t) "sanjehd-press", number, (char *)(uintptr_t)user, NULL};
    (void)snprintf(number, sizeof(number), "%d", parent);
    if (dup2(line, PRESS_LINE) == PRESS_LINE && close_range(PRESS_LINE + 1, ~0u, 0) == 0) {
        (void)execve(program, arguments, environment);
    }
    _exit(1);
}

sj_status sj_press_start(const char *program, const char *user, struct sj_press **ret_press)
{
    void *memory = NULL;
    int pair[2];
    TRY(sj_alloc(1, sizeof(struct sj_press), &memory));
    CLEANUP(sj_press_stop) struct sj_press *press = memory;
    press->fd = -1;
    ENSURE(pthread_mutex_init(&press->mutex, NULL) == 0, IO);
    ENSURE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, IO);
    press->fd = pair[0];
    const int parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        become_press(program, pair[1], parent, user);
    }
    sj_closep(&pair[1]);
    ENSURE(pid > 0, IO);
    press->pid = pid;
    TRY(hear_ready(press));
    *ret_press = TAKE(press);
    return SJ_DONE;
}

void sj_press_stop(struct sj_press **press)
{
    struct sj_press *gone = *press;
    *press = NULL;
    if (gone == NULL) {
        return;
    }
    sj_closep(&gone->fd);
    const int64_t deadline = sj_time_monotonic_ms() + STOP_WAIT_MS;
    while (gone->pid > 0 && waitpid(gone->pid, NULL, WNOHANG) == 0) {
        if (sj_time_monotonic_ms() >= deadline) {
            (void)kill(
                gone->pid, SIGKILL); /* what this cannot reach dies with us (PR_SET_PDEATHSIG) */
            (void)waitpid(gone->pid, NULL, WNOHANG);
            break;
        }
        const struct timespec pause = {.tv_sec = 0, .tv_nsec = 2 * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
    }
    (void)pthread_mutex_destroy(&gone->mutex);
    sj_free(gone);
}

static sj_status ask(int fd, struct sj_view question, struct sj_view json, enum sj_code *ret_code,
    struct sj_buf *ret_pdf)
{
    const int64_t deadline = sj_time_monotonic_ms() + PRINT_WAIT_MS;
    uint8_t head[PRESS_ANSWER_HEAD];
    uint16_t code = 0;
    uint32_t len = 0;
    TRY(send_all(fd, question, deadline));
    TRY(send_all(fd, json, deadline));
    TRY(receive_all(fd, head, sizeof(head), deadline));
    struct sj_reader reader = sj_reader_of(sj_view_of(head, sizeof(head)));
    TRY(sj_read_u16(&reader, &code));
    TRY(sj_read_u32(&reader, &len));
    ENSURE(code < SJ_CODE_COUNT_ && len <= SJ_PRESS_PDF_MAX && (code == SJ_OK || len == 0), BUSY);
    TRY(sj_buf_reserve(ret_pdf, len));
    TRY(receive_all(fd, ret_pdf->ptr + ret_pdf->len, len, deadline));
    ret_pdf->len += len;
    *ret_code = (enum sj_code)code;
    return SJ_DONE;
}

static sj_status ask_locked(
    struct sj_press *press, struct sj_view question, struct sj_view json, struct sj_buf *ret_pdf)
{
    enum sj_code code = SJ_OK;
    ENSURE(press->fd >= 0, BUSY);
    const sj_status status = ask(press->fd, question, json, &code, ret_pdf);
    if (sj_failed(status)) {
        sj_closep(
            &press
                 ->fd); /* half a question or answer is on it: nothing after it could be told apart */
        press->fd = -1;
        return status;
    }
    return code == SJ_OK ? SJ_DONE : (sj_status){code, SJ_FILE_ ":" SJ_STR(__LINE__)};
}

sj_status sj_press_print(struct sj_press *press, struct sj_view json, const struct sj_hash *content,
    enum sj_press_language language, struct sj_buf *ret_pdf)
{
    ENSURE(press != NULL, BUSY);
    CLEANUP(sj_buf_clear) struct sj_buf question = SJ_BUF(PRESS_QUESTION_HEAD);
    ENSURE(json.len <= UINT32_MAX, LIMIT_EXCEEDED);
    TRY(sj_buf_put_u32(&question, (uint32_t)json.len));
    TRY(sj_buf_put_byte(&question, (uint8_t)language));
    TRY(sj_buf_put_hex(&question, sj_view_of(content->bytes, SJ_HASH_SIZE)));
    ENSURE(pthread_mutex_lock(&press->mutex) == 0, INTERNAL);
    const sj_status status = ask_locked(press, sj_buf_view(&question), json, ret_pdf);
    (void)pthread_mutex_unlock(&press->mutex);
    return status;
}
