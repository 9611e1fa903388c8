/* SPDX-License-Identifier: Apache-2.0
 *
 * Does each profile let its process do its work and stop what an intruder would do next? Every case
 * runs in a child of its own. Under sanitizers the filter is not there, and must say so.
 */
#include "sanjeh/sandbox/sandbox.h"

#include "child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>

#define KILLED (1000 + SIGSYS)

static int enter(enum sj_sandbox_profile profile)
{
    return sj_failed(sj_sandbox_enter(profile)) ? 100 : 0;
}

/* ---- keeper ---- */

static int keeper_works(void)
{
    int pair[2];
    char byte = 'x';
    char path[] = "/tmp/sanjeh-test-XXXXXX";
    const int file = mkstemp(path);

    unlink(path);
    if (file < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0 ||
        enter(SJ_SANDBOX_KEEPER) != 0) {
        return 100;
    }
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct pollfd waiting = {.fd = pair[1], .events = POLLIN};
    unsigned char random_bytes[16];
    void *memory = malloc(1 << 20);
    const bool ok = memory != NULL && sendmsg(pair[0], &message, 0) == 1 &&
                    poll(&waiting, 1, 100) == 1 && recvmsg(pair[1], &message, 0) == 1 &&
                    pwrite(file, "seal", 4, 0) == 4 && fdatasync(file) == 0 &&
                    getrandom(random_bytes, sizeof(random_bytes), 0) == sizeof(random_bytes) &&
                    time(NULL) > 0 && close(pair[0]) == 0;
    free(memory);
    return ok ? 0 : 1;
}

static int keeper_opens(void)
{
    return enter(SJ_SANDBOX_KEEPER) + (open("/dev/null", O_RDONLY) >= 0 ? 1 : 2);
}

static int keeper_makes_socket(void)
{
    return enter(SJ_SANDBOX_KEEPER) + (socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 1 : 2);
}

static int keeper_forks(void)
{
    return enter(SJ_SANDBOX_KEEPER) + (fork() >= 0 ? 1 : 2);
}

static int keeper_executes(void)
{
    char *const arguments[] = {NULL};
    return enter(SJ_SANDBOX_KEEPER) + (execve("/bin/true", arguments, arguments) == 0 ? 1 : 2);
}

static int keeper_maps_code(void)
{
    const int rc = enter(SJ_SANDBOX_KEEPER);
    return rc + (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
                            MAP_FAILED
                        ? 1
                        : 2);
}

static int keeper_connects(void)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    const struct sockaddr address = {.sa_family = AF_UNIX};
    return enter(SJ_SANDBOX_KEEPER) + (connect(fd, &address, sizeof(address)) == 0 ? 1 : 2);
}

TEST(sandbox_keeper_can_do_its_work)
{
    CHECK(in_child(keeper_works) == 0);
}

TEST(sandbox_keeper_dies_on_everything_else)
{
    if (!sj_sandbox_is_real()) {
        CHECK(in_child(keeper_opens) == 1); /* said to be no wall, and is none */
        return;
    }
    CHECK(in_child(keeper_opens) == KILLED);
    CHECK(in_child(keeper_makes_socket) == KILLED);
    CHECK(in_child(keeper_forks) == KILLED);
    CHECK(in_child(keeper_executes) == KILLED);
    CHECK(in_child(keeper_maps_code) == KILLED);
    CHECK(in_child(keeper_connects) == KILLED);
}

/* ---- front ---- */

static void *give_back(void *argument)
{
    return argument;
}

static int front_runs_threads(void)
{
    pthread_t thread;
    int token = 0;
    void *result = NULL;

    if (enter(SJ_SANDBOX_FRONT) != 0 || pthread_create(&thread, NULL, give_back, &token) != 0) {
        return 1;
    }
    return pthread_join(thread, &result) == 0 && result == &token ? 0 : 2;
}

static int front_waits(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    const struct itimerspec soon = {.it_value = {.tv_nsec = 1000000}};

    if (enter(SJ_SANDBOX_FRONT) != 0) {
        return 1;
    }
    const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    const int timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    const bool ok = epoll_fd >= 0 && timer_fd >= 0 && eventfd(0, EFD_CLOEXEC) >= 0 &&
                    timerfd_settime(timer_fd, 0, &soon, NULL) == 0 &&
                    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event) == 0 &&
                    epoll_wait(epoll_fd, &event, 1, 2000) == 1;
    return ok ? 0 : 2;
}

static int front_accepts(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct sockaddr *const name = (struct sockaddr *)&address;
    socklen_t len = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (enter(SJ_SANDBOX_FRONT) != 0) {
        return 1;
    }
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool ok = bind(server, name, len) == 0 && listen(server, 1) == 0 &&
                    getsockname(server, name, &len) == 0 && connect(client, name, len) == 0 &&
                    accept4(server, NULL, NULL, SOCK_CLOEXEC) >= 0;
    return ok ? 0 : 2;
}

static int front_reads_files(void)
{
    char byte = 0;

    if (enter(SJ_SANDBOX_FRONT) != 0) {
        return 1;
    }
    const int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    const int memory = memfd_create("test", MFD_CLOEXEC);
    const bool ok = fd >= 0 && read(fd, &byte, 1) == 1 && memory >= 0 &&
                    write(memory, &byte, 1) == 1 && ftruncate(memory, 0) == 0;
    return ok ? 0 : 2;
}

static int front_is_refused_politely(void)
{
    if (enter(SJ_SANDBOX_FRONT) != 0) {
        return 1;
    }
    errno = 0;
    if (open("/tmp/sanjeh-test-forbidden", O_WRONLY | O_CREAT, 0600) >= 0 || errno != EPERM) {
        return 2;
    }
    errno = 0;
    if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EPERM) {
        return 3;
    }
    errno = 0;
    if (fork() >= 0 || errno != EPERM) {
        return 4;
    }
    errno = 0;
    if (mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
            MAP_FAILED ||
        errno != EPERM) {
        return 5;
    }
    errno = 0;
    return unlink("/tmp/sanjeh-test-forbidden") != 0 && errno == EPERM ? 0 : 6;
}

static int front_executes(void)
{
    char *const arguments[] = {NULL};
    return enter(SJ_SANDBOX_FRONT) + (execve("/bin/true", arguments, arguments) == 0 ? 1 : 2);
}

static int front_traces(void)
{
    return enter(SJ_SANDBOX_FRONT) + (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 1 : 2);
}

static int front_mounts(void)
{
    return enter(SJ_SANDBOX_FRONT) + (mount("none", "/tmp", "tmpfs", 0, NULL) == 0 ? 1 : 2);
}

static int front_reads_other_memory(void)
{
    char byte = 0;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    return enter(SJ_SANDBOX_FRONT) +
           (process_vm_readv(getppid(), &part, 1, &part, 1, 0) == 1 ? 1 : 2);
}

static int front_calls(long number)
{
    return enter(SJ_SANDBOX_FRONT) + (syscall(number, 0, 0, 0, 0, 0) == 0 ? 1 : 2);
}

static int front_bpf(void)
{
    return front_calls(SYS_bpf);
}

static int front_kexec(void)
{
    return front_calls(SYS_kexec_load);
}

static int front_module(void)
{
    return front_calls(SYS_init_module);
}

static int front_ring(void)
{
    return front_calls(SYS_io_uring_setup);
}

TEST(sandbox_front_can_do_its_work)
{
    CHECK(in_child(front_runs_threads) == 0);
    CHECK(in_child(front_waits) == 0);
    CHECK(in_child(front_accepts) == 0);
    CHECK(in_child(front_reads_files) == 0);
}

TEST(sandbox_front_gets_eperm_for_the_unusual)
{
    CHECK(!sj_sandbox_is_real() || in_child(front_is_refused_politely) == 0);
}

TEST(sandbox_front_dies_on_the_dangerous)
{
    static int (*const cases[])(void) = {front_executes, front_traces, front_mounts,
        front_reads_other_memory, front_bpf, front_kexec, front_module, front_ring};

    for (size_t i = 0; sj_sandbox_is_real() && i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK(in_child(cases[i]) == KILLED);
    }
}

static atomic_bool is_over;

static void *fork_late(void *argument)
{
    (void)argument;
    while (!is_over) {
        usleep(1000);
    }
    return fork() >= 0 ? argument : NULL;
}

/* A thread that was there before is inside as well. */
static int front_holds_old_threads(void)
{
    pthread_t thread;
    int token = 0;
    void *result = NULL;

    if (pthread_create(&thread, NULL, fork_late, &token) != 0 || enter(SJ_SANDBOX_FRONT) != 0) {
        return 1;
    }
    is_over = true;
    return pthread_join(thread, &result) == 0 && result == NULL ? 0 : 2;
}

TEST(sandbox_covers_threads_that_ran_before)
{
    CHECK(!sj_sandbox_is_real() || in_child(front_holds_old_threads) == 0);
}
