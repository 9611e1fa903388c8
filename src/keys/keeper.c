/* SPDX-License-Identifier: Apache-2.0
 *
 * How does the front get a keeper, and when is it gone?
 * Makes the lines (SOCK_SEQPACKET pairs, one per loop) and the lifeline, forks, waits for the child's report.
 * Must happen before any thread and before any key is read here: what this process never held it cannot leak.
 */
#include "keeper_priv.h"
#include "process.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/random.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_WAIT_MS 10000
#define STOP_WAIT_MS  2000

sj_status sj_keeper_create_root(const char *path)
{
    struct sj_key root;
    TRY(sj_random(root.bytes, sizeof(root.bytes)));
    CLEANUP(sj_closep)
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
    if (fd < 0) {
        sj_wipe(&root, sizeof(root));
        FAIL(IO);
    }
    const bool is_written =
        write(fd, root.bytes, sizeof(root.bytes)) == (ssize_t)sizeof(root.bytes) && fsync(fd) == 0;
    sj_wipe(&root, sizeof(root));
    if (!is_written) {
        (void)unlink(path);
        FAIL(IO);
    }
    return SJ_DONE;
}

static sj_status make_pair(int *ret_ours, int *ret_theirs)
{
    int pair[2];
    const int bytes = WIRE_SOCKET_BYTES;
    ENSURE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, IO);
    *ret_ours = pair[0];
    *ret_theirs = pair[1];
    for (size_t i = 0; i < 2; i++) {
        ENSURE(setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)) == 0, IO);
    }
    return SJ_DONE;
}

static void start_clear(struct process_start *start)
{
    sj_closep(&start->lifeline);
    for (unsigned i = 0; i < start->channel_count; i++) {
        sj_closep(&start->channels[i]);
    }
}

static sj_status make_lines(struct sj_keeper *keeper, struct process_start *start)
{
    keeper->line_count = start->config->channels;
    start->channel_count = start->config->channels;
    for (unsigned i = 0; i < keeper->line_count; i++) {
        keeper->lines[i].fd = -1;
        keeper->lines[i].next_id = 1;
        start->channels[i] = -1;
    }
    TRY(make_pair(&keeper->lifeline, &start->lifeline));
    for (unsigned i = 0; i < keeper->line_count; i++) {
        TRY(make_pair(&keeper->lines[i].fd, &start->channels[i]));
    }
    return SJ_DONE;
}

static sj_status hear_report(const struct sj_keeper *keeper)
{
    struct pollfd polled = {.fd = keeper->lifeline, .events = POLLIN};
    const int64_t deadline = sj_time_monotonic_ms() + START_WAIT_MS;
    int ready = 0;
    do {
        const int64_t left = deadline - sj_time_monotonic_ms();
        ready = poll(&polled, 1, left > 0 ? (int)left : 0);
    } while (ready < 0 && errno == EINTR);
    ENSURE(ready == 1, KEEPER_UNAVAILABLE);
    uint8_t report[2];
    ENSURE(recv(keeper->lifeline, report, sizeof(report), MSG_DONTWAIT) == 2, KEEPER_UNAVAILABLE);
    const unsigned code = (unsigned)report[0] << 8 | report[1];
    ENSURE(code < SJ_CODE_COUNT_, KEEPER_UNAVAILABLE);
    if (code != SJ_OK) {
        return (sj_status){(enum sj_code)code, SJ_FILE_ ":" SJ_STR(__LINE__)};
    }
    return SJ_DONE;
}

bool sj_instance_name_is_good(const char *name)
{
    size_t len = 0;
    for (; name != NULL && name[len] != '\0'; len++) {
        const char c = name[len];
        const bool is_sign = c == '-' && len > 0;
        if (len == SJ_INSTANCE_MAX ||
            !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || is_sign)) {
            return false;
        }
    }
    return true;
}

static sj_status check_config(const struct sj_keeper_config *config)
{
    ENSURE(config->root_key_file != NULL, BAD_CONFIG);
    ENSURE(sj_instance_name_is_good(config->instance), BAD_CONFIG);
    ENSURE(config->channels >= 1 && config->channels <= WIRE_CHANNELS_MAX, BAD_CONFIG);
    if (config->use == SJ_KEEPER_SERVE) {
        ENSURE(config->signer_state != NULL && config->origin != NULL, BAD_CONFIG);
    }
    return SJ_DONE;
}

sj_status sj_keeper_start(const struct sj_keeper_config *config, struct sj_keeper **ret_keeper)
{
    TRY(check_config(config));
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_keeper), &memory));
    CLEANUP(sj_keeper_stop) struct sj_keeper *keeper = memory;
    keeper->lifeline = -1;
    CLEANUP(start_clear)
    struct process_start start = {.config = config, .parent_pid = getpid(), .lifeline = -1};
    TRY(make_lines(keeper, &start));
    const pid_t pid = fork();
    ENSURE(pid >= 0, KEEPER_UNAVAILABLE);
    if (pid == 0) {
        process_run(&start);
    }
    keeper->pid = pid;
    TRY(hear_report(keeper));
    *ret_keeper = TAKE(keeper);
    return SJ_DONE;
}

static void wait_for_end(int pid)
{
    const int64_t deadline = sj_time_monotonic_ms() + STOP_WAIT_MS;
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (sj_time_monotonic_ms() >= deadline) {
            /* From inside the front's sandbox this may not reach it; then it dies with us (PR_SET_PDEATHSIG).
             * Waiting for it without end would let a hung keeper keep the server from stopping. */
            (void)kill(pid, SIGKILL);
            (void)waitpid(pid, NULL, WNOHANG);
            return;
        }
        const struct timespec pause = {.tv_sec = 0, .tv_nsec = 2 * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
    }
}

void sj_keeper_stop(struct sj_keeper **keeper)
{
    struct sj_keeper *gone = *keeper;
    *keeper = NULL;
    if (gone == NULL) {
        return;
    }
    sj_closep(&gone->lifeline);
    for (unsigned i = 0; i < gone->line_count; i++) {
        sj_closep(&gone->lines[i].fd);
    }
    if (gone->pid > 0) {
        wait_for_end(gone->pid);
    }
    sj_free(gone);
}

int sj_keeper_pid(const struct sj_keeper *keeper)
{
    return keeper->pid;
}

bool sj_keeper_is_alive(const struct sj_keeper *keeper)
{
    siginfo_t info = {0};
    /* WNOWAIT: any thread may look, sj_keeper_stop reaps */
    return waitid(P_PID, (id_t)keeper->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}
