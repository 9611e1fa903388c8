/* SPDX-License-Identifier: Apache-2.0
 *
 * Which system calls does each process need? The keeper only talks over descriptors that it has and
 * computes; the front serves HTTPS, speaks to PostgreSQL and runs threads. Everything that is not
 * here is refused. The lists are data, read side by side with seccomp(2); each addition widens what
 * a break-in can do and needs its reason in the commit.
 */
#include "sandbox_priv.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static const char *const keeper_allowed[] = {
    /* the socket to the front, the recorder file */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "recvmsg", "sendmsg", "recvfrom",
    "sendto", "lseek", "fstat", "fdatasync", "fsync", "ftruncate", "shutdown", "close",
    /* waiting */
    "poll", "ppoll", "epoll_wait", "epoll_pwait", "epoll_ctl", "nanosleep", "clock_nanosleep",
    "restart_syscall",
    /* memory; never executable, see the conditions */
    "munmap", "mremap", "madvise", "brk", "mlock", "mlock2", "munlock",
    /* time, randomness, itself */
    "clock_gettime", "gettimeofday", "time", "getrandom", "futex", "getpid", "gettid", "getuid",
    "geteuid", "getgid", "getegid", "tgkill", "sched_yield",
    /* signals and the end */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "exit", "exit_group", NULL};

static const struct sandbox_condition keeper_conditions[] = {
    {"mmap", 2, PROT_EXEC, 0}, {"mprotect", 2, PROT_EXEC, 0}, {"fcntl", 1, UINT64_MAX, F_GETFL},
    {"fcntl", 1, UINT64_MAX, F_GETFD},
    {"newfstatat", 3, UINT64_MAX, AT_EMPTY_PATH}, /* libc's fstat of an open descriptor */
};

static const char *const front_allowed[] = {
    /* connections and files that are open */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "recvmsg", "sendmsg", "recvmmsg",
    "sendmmsg", "recvfrom", "sendto", "sendfile", "lseek", "close", "close_range", "dup", "dup2",
    "dup3", "pipe2", "fdatasync", "fsync", "shutdown", "fcntl",
    /* files in memory: an export is put together before it is sent */
    "memfd_create", "ftruncate",
    /* sockets: their families are in the conditions */
    "bind", "listen", "accept", "accept4", "connect", "getsockname", "getpeername", "getsockopt",
    "setsockopt",
    /* reading of certificates, the zone of names, the state of the machine */
    "stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat", "faccessat2",
    "readlink", "readlinkat", "getdents64", "getcwd", "uname", "sysinfo", "statfs", "fstatfs",
    /* waiting */
    "poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait",
    "epoll_pwait", "epoll_pwait2", "eventfd2", "timerfd_create", "timerfd_settime",
    "timerfd_gettime", "signalfd4", "nanosleep", "clock_nanosleep", "restart_syscall",
    /* memory; never writable and executable at once, see the conditions */
    "munmap", "mremap", "madvise", "brk", "mlock", "mlock2", "munlock", "mincore", "membarrier",
    /* threads */
    "futex", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "arch_prctl",
    "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "getcpu", "gettid",
    "tgkill",
    /* time, randomness, itself */
    "clock_gettime", "clock_getres", "gettimeofday", "time", "times", "getrandom", "getpid",
    "getppid", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getrusage", "getrlimit",
    "umask", "capget",
    /* signals, the keeper's end, the own end */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait",
    "rt_sigsuspend", "sigaltstack", "wait4", "waitid", "exit", "exit_group", NULL};

static const char *const front_killed[] = {"execve", "execveat", "ptrace", "process_vm_readv",
    "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp", "mount", "umount2", "move_mount",
    "fsopen", "fsconfig", "fsmount", "fspick", "open_tree", "mount_setattr", "pivot_root", "chroot",
    "setns", "unshare", "bpf", "perf_event_open", "userfaultfd", "kexec_load", "kexec_file_load",
    "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff", "iopl", "ioperm",
    "acct", "quotactl", "add_key", "request_key", "keyctl", "open_by_handle_at", "io_uring_setup",
    "io_uring_enter", "io_uring_register", "personality", "modify_ldt", NULL};

/* clone3 hides its flags in memory where a filter cannot look; libc then uses clone. */
static const char *const front_unknown[] = {"clone3", "openat2", NULL};

#define WRITE_OR_EXECUTE ((uint64_t)PROT_WRITE | PROT_EXEC)
#define OPEN_TO_CHANGE   ((uint64_t)O_ACCMODE | O_CREAT | O_TRUNC)

static const struct sandbox_condition front_conditions[] = {
    {"mmap", 2, PROT_EXEC, 0}, {"mmap", 2, WRITE_OR_EXECUTE, PROT_EXEC},
    {"mprotect", 2, PROT_EXEC, 0}, {"mprotect", 2, WRITE_OR_EXECUTE, PROT_EXEC},
    {"open", 1, OPEN_TO_CHANGE, O_RDONLY}, {"openat", 2, OPEN_TO_CHANGE, O_RDONLY},
    {"clone", 0, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND},
    {"socket", 0, UINT64_MAX, AF_UNIX}, {"socket", 0, UINT64_MAX, AF_INET},
    {"socket", 0, UINT64_MAX, AF_INET6},
    {"socket", 0, UINT64_MAX, AF_NETLINK}, /* getaddrinfo asks which addresses there are */
    {"socketpair", 0, UINT64_MAX, AF_UNIX}, {"ioctl", 1, UINT64_MAX, FIONREAD},
    {"ioctl", 1, UINT64_MAX, FIONBIO}, {"ioctl", 1, UINT64_MAX, TCGETS}, /* isatty */
    {"prctl", 0, UINT64_MAX, PR_SET_NAME}, {"prctl", 0, UINT64_MAX, PR_GET_DUMPABLE},
    {"prctl", 0, UINT64_MAX, PR_GET_NO_NEW_PRIVS},
    {"prlimit64", 2, UINT64_MAX, 0}, /* reading a limit only */
};

/* Draws from memory onto memory; one socket that it has. Prints both languages without SIGSYS
 * (tests/unit/card/test_press.c); what libc needs under pressure and to die is here too, so the list may not be the shortest. */
static const char *const press_allowed[] = {"read", "write", "recvfrom", "sendto", "close", "lseek",
    "fstat", "poll", "munmap", "mremap", "madvise", "brk", "clock_gettime", "getrandom", "futex",
    "getpid", "gettid", "tgkill", "sched_yield", "rt_sigprocmask", "rt_sigreturn", "exit",
    "exit_group", "restart_syscall", NULL};

static const struct sandbox_condition press_conditions[] = {
    {"mmap", 2, PROT_EXEC, 0},
    {"mprotect", 2, PROT_EXEC, 0},
};

static const char *const none[] = {NULL};

static const struct sandbox_profile profiles[] = {
    [SJ_SANDBOX_KEEPER] = {keeper_allowed, none, none, keeper_conditions,
        sizeof(keeper_conditions) / sizeof(keeper_conditions[0]), true},
    [SJ_SANDBOX_PRESS] = {press_allowed, none, none, press_conditions,
        sizeof(press_conditions) / sizeof(press_conditions[0]), true},
    [SJ_SANDBOX_FRONT] = {front_allowed, front_killed, front_unknown, front_conditions,
        sizeof(front_conditions) / sizeof(front_conditions[0]), false},
};

const struct sandbox_profile *sandbox_profile_get(enum sj_sandbox_profile profile)
{
    const size_t index = (size_t)profile;
    return index < sizeof(profiles) / sizeof(profiles[0]) ? &profiles[index] : NULL;
}
