/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a unit test run? Tests register themselves before main; this main runs them in order of
 * registration, or only those whose names contain one of the arguments, prints one line each and
 * exits 1 when any failed or none ran. Nothing here knows a module.
 */
#include "test.h"

#include "sanjeh/base/loop.h"
#include "sanjeh/base/memory.h"

#include <stdatomic.h>

#define TESTS_MAX 512

static struct {
    const char *name;
    sj_test_fn *fn;
} tests[TESTS_MAX];
static size_t test_count;
static uint8_t *vectors[512];
static size_t vector_count;
static atomic_uint failures; /* of the running test; checks may come from any thread */

_Noreturn static void stop_program(const char *what, const char *detail)
{
    fprintf(stderr, "tests: %s: %s\n", what, detail);
    exit(1);
}

void sj_test_register(const char *name, sj_test_fn *fn)
{
    if (test_count == TESTS_MAX) {
        stop_program("too many tests in one program", name);
    }
    tests[test_count].name = name;
    tests[test_count].fn = fn;
    test_count++;
}

void sj_test_fail(const char *where, const char *what)
{
    atomic_fetch_add(&failures, 1);
    printf("    %s: failed: %s\n", where, what);
    fflush(stdout);
}

struct on_fiber {
    void (*fn)(void *ctx);
    void *ctx;
    struct sj_loop *loop;
    bool has_ended;
};

static void run_and_stop(void *ctx)
{
    struct on_fiber *run = ctx;

    run->fn(run->ctx);
    run->has_ended = true;
    sj_loop_stop(run->loop);
}

static void start(void *ctx)
{
    struct on_fiber *run = ctx;

    if (sj_failed(sj_fiber_spawn(run->loop, run_and_stop, run))) {
        stop_program("cannot start a fiber", "sj_fiber_spawn");
    }
}

void sj_test_on_fiber(void (*fn)(void *ctx), void *ctx)
{
    CLEANUP(sj_loop_free) struct sj_loop *loop = NULL;
    struct on_fiber run = {.fn = fn, .ctx = ctx};

    if (sj_failed(sj_loop_new(&loop))) {
        stop_program("cannot make a loop", "sj_loop_new");
    }
    run.loop = loop;
    if (sj_failed(sj_loop_post(loop, start, &run)) || sj_failed(sj_loop_run(loop))) {
        stop_program("cannot run the loop", "sj_loop_run");
    }
    if (!run.has_ended) {
        stop_program("the loop was stopped before the fiber had ended", "sj_test_on_fiber");
    }
}

struct sj_view sj_test_vector(const char *name)
{
    char path[4096];
    FILE *file = NULL;

    if (vector_count == SJ_COUNT(vectors)) {
        stop_program("too many vectors in one program", name);
    }
    snprintf(path, sizeof(path), "%s/%s", SJ_TEST_VECTORS, name);
    file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        stop_program("cannot open vector", path);
    }
    const long size = ftell(file);
    rewind(file);
    if (size < 0) {
        stop_program("cannot measure vector", path);
    }
    uint8_t *bytes = malloc((size_t)size + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        stop_program("cannot read vector", path);
    }
    bytes[size] = 0;
    fclose(file);
    /* Reachable until the end, so that the leak check does not count what the process frees. */
    vectors[vector_count++] = bytes;
    return sj_view_of(bytes, (size_t)size);
}

static bool is_chosen(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strstr(name, argv[i]) != NULL) {
            return true;
        }
    }
    return argc < 2;
}

int main(int argc, char **argv)
{
    unsigned ran = 0;
    unsigned failed = 0;

    for (size_t i = 0; i < test_count; i++) {
        if (!is_chosen(tests[i].name, argc, argv)) {
            continue;
        }
        atomic_store(&failures, 0);
        tests[i].fn();
        const bool ok = atomic_load(&failures) == 0;
        printf("%s %s\n", ok ? "ok  " : "FAIL", tests[i].name);
        fflush(stdout);
        ran++;
        failed += ok ? 0 : 1;
    }
    printf("%u ran, %u failed\n", ran, failed);
    return ran == 0 || failed > 0 ? 1 : 0;
}
