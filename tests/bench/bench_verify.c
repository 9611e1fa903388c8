/* SPDX-License-Identifier: Apache-2.0
 *
 * How fast does sanjeh-verify check a long record, and in how much memory? A signed log of so many entries is made (longlog.h), as a bundle
 * and as a folder of tiles, then checked by the program itself: time, CPU and peak memory are those of its process. Beside it, over the same
 * bytes: reading and hashing them once with OpenSSL in one process, and sha256sum.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "longlog.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"
#include "test.h"

#define BATCH         256
#define COMMAND_EVERY 500
#define WORDS_MAX     5
#define PIECE         ((size_t)1 << 20)

void sj_test_fail(const char *where, const char *what)
{
    fprintf(stderr, "bench_verify: %s: failed: %s\n", where, what);
    exit(1);
}

struct run {
    double wall_s;
    double cpu_s;
    double peak_mb;
};

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static struct run wait_for(pid_t pid, double began)
{
    struct rusage usage;
    int status = 0;
    CHECK(wait4(pid, &status, 0, &usage) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return (struct run){.wall_s = now_s() - began,
        .cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime),
        .peak_mb = (double)usage.ru_maxrss / 1024};
}

/* What it prints goes nowhere; what it complains about is seen. */
static struct run run_program(const char *const *given)
{
    char *words[WORDS_MAX];
    memcpy(words, given, sizeof words);
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    CHECK(posix_spawn_file_actions_init(&actions) == 0);
    CHECK(posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) == 0);
    const double began = now_s();
    CHECK(posix_spawnp(&pid, words[0], &actions, NULL, words, environ) == 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    return wait_for(pid, began);
}

/* The plainest reader there can be, in a process of its own. */
static int hash_file(const char *path)
{
    void *memory = NULL;
    struct sj_hash hash;
    struct sj_sha256_stream *stream = NULL;
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_OK(sj_crypto_init());
    CHECK_OK(sj_alloc(PIECE, 1, &memory));
    CHECK_OK(sj_sha256_stream_new(&stream));
    for (ssize_t got = 1; got > 0;) {
        got = read(fd, memory, PIECE);
        CHECK(got >= 0);
        CHECK_OK(sj_sha256_stream_put(stream, sj_view_of(memory, (size_t)got)));
    }
    CHECK_OK(sj_sha256_stream_end(stream, &hash));
    sj_sha256_stream_free(&stream);
    sj_free(memory);
    return 0;
}

static void print_row(const char *what, const struct run *run, uint64_t entries, uint64_t bytes)
{
    printf("| %s | %.0f | %.0f | %.2f | %.0f | %.1f |\n", what, (double)entries / run->wall_s,
        (double)entries / run->cpu_s, run->cpu_s / (double)entries * 1e6,
        (double)bytes / 1e6 / run->cpu_s, run->peak_mb);
}

static void make(const char *folder, uint64_t entries, struct longlog_sizes *sizes)
{
    const struct longlog_plan plan = {.folder = folder,
        .entries = entries,
        .batch = BATCH,
        .command_every = COMMAND_EVERY,
        .rotate_every = 1000000,
        .bend = UINT64_MAX,
        .repeat = UINT64_MAX};
    int pipe_fds[2];
    CHECK(pipe(pipe_fds) == 0);
    const double began = now_s();
    /* in a process of its own: what it needs must not count as the verifier's */
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        longlog_make(&plan, sizes);
        _exit(write(pipe_fds[1], sizes, sizeof *sizes) == (ssize_t)sizeof *sizes ? 0 : 1);
    }
    CHECK(read(pipe_fds[0], sizes, sizeof *sizes) == (ssize_t)sizeof *sizes);
    (void)wait_for(pid, began);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
    fprintf(stderr, "%llu entries made in %.1f s\n", (unsigned long long)entries, now_s() - began);
}

static void measure(const char *program, const char *folder, uint64_t entries)
{
    struct longlog_sizes sizes = {0};
    struct stat info;
    char bundle[256];
    char log[256];
    char policy[256];
    char lasting[256];
    make(folder, entries, &sizes);
    (void)snprintf(bundle, sizeof bundle, "%s/bundle.tar", folder);
    (void)snprintf(log, sizeof log, "%s/log", folder);
    (void)snprintf(lasting, sizeof lasting, "%s/policy.lasting", folder);
    (void)snprintf(policy, sizeof policy, "%s/policy", folder);
    CHECK(stat(bundle, &info) == 0);
    const uint64_t bytes = (uint64_t)info.st_size;
    const char *const check_bundle[WORDS_MAX] = {program, bundle, "--policy", policy, NULL};
    const char *const check_log[WORDS_MAX] = {program, log, "--policy", lasting, NULL};
    const char *const again[WORDS_MAX] = {"/proc/self/exe", "--hash", bundle, NULL};
    const char *const sum[WORDS_MAX] = {"sha256sum", bundle, NULL};
    printf("%llu entries of %.0f bytes, %llu emitters, %llu notes, %llu payloads; bundle of %.0f "
           "MB\n\n",
        (unsigned long long)entries, (double)sizes.entry_bytes / (double)entries,
        (unsigned long long)sizes.emitters, (unsigned long long)sizes.notes,
        (unsigned long long)sizes.payloads, (double)bytes / 1e6);
    printf("| | entries/s | entries/s of one core | CPU, µs an entry | MB/s of one core | peak, MB "
           "|\n|---|---|---|---|---|---|\n");
    (void)run_program(again); /* all of it has been read once */
    struct run run = run_program(check_bundle);
    print_row("sanjeh-verify, bundle", &run, entries, bytes);
    run = run_program(check_log);
    print_row("sanjeh-verify, folder of tiles", &run, entries, bytes);
    run = run_program(again);
    print_row("the same bytes, read and hashed once (OpenSSL)", &run, entries, bytes);
    run = run_program(sum);
    print_row("sha256sum", &run, entries, bytes);
}

int main(int argc, char **argv)
{
    uint64_t entries = 1000000;
    char folder[] = "/tmp/bench-verify-XXXXXX";
    struct longlog_sizes sizes;
    if (argc == 3 && strcmp(argv[1], "--hash") == 0) {
        return hash_file(argv[2]);
    }
    if (argc == 4 && strcmp(argv[1], "--make") == 0 &&
        !sj_failed(sj_parse_u64(sj_text_of(argv[3]), 1, 1000000000, &entries))) {
        make(argv[2], entries, &sizes);
        return 0;
    }
    const bool is_good =
        (argc == 2 || argc == 3) &&
        (argc == 2 || !sj_failed(sj_parse_u64(sj_text_of(argv[2]), 1, 1000000000, &entries)));
    if (!is_good) {
        fprintf(stderr, "usage: bench_verify PROGRAM [ENTRIES] | --make FOLDER ENTRIES\n");
        return 2;
    }
    CHECK(mkdtemp(folder) != NULL);
    measure(argv[1], folder, entries);
    const char *const clear[WORDS_MAX] = {"rm", "-r", folder, NULL};
    (void)run_program(clear);
    return 0;
}
