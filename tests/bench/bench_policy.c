/* SPDX-License-Identifier: Apache-2.0
 *
 * How long does a decision take? Reads a decision point and requests by lines (tests/policy/point.h), prints what was decided
 * as one line of 0 and 1, then figures as JSON: CPU time a decision over long loops, and the distribution of single
 * decisions in time-stamp counts, less what reading the counter costs.
 */
#include "point.h"

#include <stdlib.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define REQUESTS 20000u
#define SAMPLES  1000000u

struct bench {
    struct point point;
    struct sj_policy_request *requests;
    size_t count;
    uint64_t *samples;
};

static int64_t clock_of(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) {
        point_stop("clock", "failed");
    }
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Counts since some moment; the fences keep the decision between two readings. */
static uint64_t stamp(void)
{
#if defined(__x86_64__)
    _mm_lfence();
    const uint64_t count = __rdtsc();
    _mm_lfence();
    return count;
#else
    return (uint64_t)clock_of(CLOCK_MONOTONIC);
#endif
}

static void keep_request(struct bench *bench, struct sj_text json)
{
    struct sj_text why = SJ_TEXT("");
    struct sj_json_doc *doc = NULL; /* its texts are the requests': lives as long as the program */
    void *memory = NULL;
    if (bench->count == REQUESTS ||
        sj_failed(sj_json_doc_parse(sj_text_bytes(json), &doc, &why, bench->point.arena))) {
        point_stop("R", "too many, or no JSON");
    }
    point_request(&bench->point, sj_json_doc_root(doc));
    const size_t count = bench->point.request.grant_count;
    if (sj_failed(sj_arena_alloc(
            bench->point.arena, (count + 1) * sizeof(struct sj_policy_grant), &memory))) {
        point_stop("R", "memory");
    }
    struct sj_policy_grant *grants = memory;
    for (size_t i = 0; i < count; i++) {
        grants[i] = bench->point.request.grants[i];
    }
    bench->requests[bench->count] = bench->point.request;
    bench->requests[bench->count++].grants = grants;
}

static void read_all(struct bench *bench)
{
    char *line = NULL;
    size_t size = 0;
    for (ssize_t len = 0; (len = getline(&line, &size, stdin)) > 0;) {
        const struct sj_text text = {line, (size_t)len - (line[len - 1] == '\n' ? 1 : 0)};
        if (!point_line(&bench->point, text)) {
            keep_request(bench, (struct sj_text){text.ptr + 2, text.len - 2});
        }
    }
    free(line);
}

static void print_decisions(const struct bench *bench)
{
    struct sj_policy_decision decision;
    for (size_t i = 0; i < bench->count; i++) {
        sj_policy_set_decide(bench->point.set, &bench->requests[i], &decision);
        (void)putchar(decision.permit ? '1' : '0');
    }
    (void)putchar('\n');
}

/* Nanoseconds of CPU a decision; *ret_wall of wall time. */
static double long_loop(const struct bench *bench, double *ret_wall)
{
    struct sj_policy_decision decision;
    uint64_t asked = 0;
    uint64_t permitted = 0;
    const int64_t cpu = clock_of(CLOCK_THREAD_CPUTIME_ID);
    const int64_t wall = clock_of(CLOCK_MONOTONIC);
    int64_t used = 0;
    while (used < 500000000) {
        for (size_t i = 0; i < bench->count; i++) {
            sj_policy_set_decide(bench->point.set, &bench->requests[i], &decision);
            permitted += decision.permit ? 1 : 0;
        }
        asked += bench->count;
        used = clock_of(CLOCK_THREAD_CPUTIME_ID) - cpu;
    }
    if (permitted == 0 || permitted == asked) {
        point_stop("requests", "are all decided alike");
    }
    *ret_wall = (double)(clock_of(CLOCK_MONOTONIC) - wall) / (double)asked;
    return (double)used / (double)asked;
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return x == y ? 0 : (x < y ? -1 : 1);
}

static uint64_t overhead(struct bench *bench)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        const uint64_t before = stamp();
        bench->samples[i] = stamp() - before;
    }
    qsort(bench->samples, SAMPLES, sizeof(uint64_t), compare);
    return bench->samples[SAMPLES / 2];
}

/* Single decisions, requests in an order that no predictor learns. */
static void sample(struct bench *bench, double ret[4])
{
    const uint64_t empty = overhead(bench);
    struct sj_policy_decision decision;
    uint64_t state = UINT64_C(88172645463325252);
    const uint64_t count = stamp();
    const int64_t time = clock_of(CLOCK_MONOTONIC);
    for (size_t i = 0; i < SAMPLES; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        const struct sj_policy_request *request = &bench->requests[state % bench->count];
        const uint64_t before = stamp();
        sj_policy_set_decide(bench->point.set, request, &decision);
        const uint64_t took = stamp() - before;
        bench->samples[i] = took > empty ? took - empty : 0;
    }
    const double ns = (double)(clock_of(CLOCK_MONOTONIC) - time) / (double)(stamp() - count);
    qsort(bench->samples, SAMPLES, sizeof(uint64_t), compare);
    ret[0] = (double)bench->samples[SAMPLES / 2] * ns;
    ret[1] = (double)bench->samples[SAMPLES / 100 * 99] * ns;
    ret[2] = (double)bench->samples[SAMPLES / 1000 * 999] * ns;
    ret[3] = (double)empty * ns;
}

int main(void)
{
    static struct bench bench;
    void *requests = NULL;
    void *samples = NULL;
    if (sj_failed(sj_alloc(REQUESTS, sizeof(struct sj_policy_request), &requests)) ||
        sj_failed(sj_alloc(SAMPLES, sizeof(uint64_t), &samples)) ||
        sj_failed(sj_arena_new((size_t)1 << 30, &bench.point.arena))) {
        point_stop("memory", "none");
    }
    bench.requests = requests;
    bench.samples = samples;
    read_all(&bench);
    print_decisions(&bench);
    double wall = 0;
    double figures[4] = {0};
    (void)long_loop(&bench, &wall);
    const double cpu = long_loop(&bench, &wall);
    sample(&bench, figures);
    printf("{\"cpu_ns\":%.1f,\"wall_ns\":%.1f,\"p50\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"empty\":%."
           "0f}\n",
        cpu, wall, figures[0], figures[1], figures[2], figures[3]);
    return 0;
}
