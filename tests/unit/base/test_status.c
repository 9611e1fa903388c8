/* SPDX-License-Identifier: Apache-2.0
 *
 * Does every code have a name, a lawful HTTP status and a sentence, and does a status know where it
 * came from?
 */
#include "sanjeh/base/status.h"

#include "sanjeh/base/memory.h"

#include "test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static sj_status ensure_positive(int number)
{
    ENSURE(number > 0, INVALID);
    return SJ_DONE;
}

static sj_status try_twice(int first, int second, int *ret_steps)
{
    *ret_steps = 0;
    TRY(ensure_positive(first));
    *ret_steps = 1;
    TRY(ensure_positive(second));
    *ret_steps = 2;
    return SJ_DONE;
}

TEST(status_try_stops_at_the_first_failure)
{
    int steps = -1;

    CHECK_OK(try_twice(1, 1, &steps));
    CHECK(steps == 2);
    CHECK_CODE(try_twice(1, 0, &steps), INVALID);
    CHECK(steps == 1);
    CHECK_CODE(try_twice(0, 1, &steps), INVALID);
    CHECK(steps == 0);
}

TEST(status_keeps_the_place_of_the_first_failure)
{
    int steps = 0;
    const sj_status status = try_twice(0, 0, &steps);

    REQUIRE(status.where != NULL);
    CHECK(strncmp(status.where, "test_status.c:", 14) == 0);
    CHECK(SJ_DONE.where == NULL);
}

TEST(status_every_code_is_complete)
{
    for (unsigned i = 1; i < SJ_CODE_COUNT_; i++) {
        const enum sj_code code = (enum sj_code)i;
        const char *name = sj_code_name(code);
        CHECK(strlen(name) >= 2 && name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")] == 0);
        CHECK(sj_code_http(code) >= 400 && sj_code_http(code) <= 599);
        CHECK(strlen(sj_code_title(code)) > 5);
        CHECK(sj_code_level(code) <= SJ_LEVEL_DEBUG);
        /* Advice to try again only where waiting can help. */
        const unsigned http = sj_code_http(code);
        CHECK(!sj_code_may_retry(code) || http == 409 || http == 429 || http == 503);
        for (unsigned j = 1; j < i; j++) {
            CHECK(strcmp(name, sj_code_name((enum sj_code)j)) != 0);
        }
    }
}

TEST(status_known_codes_answer_as_published)
{
    CHECK(sj_code_http(SJ_OK) == 200);
    CHECK(strcmp(sj_code_name(SJ_OK), "OK") == 0);
    CHECK(strcmp(sj_code_name(SJ_LOGIN_FAILED), "LOGIN_FAILED") == 0);
    CHECK(sj_code_http(SJ_LOGIN_FAILED) == 401);
    CHECK(sj_code_http(SJ_NOT_FOUND) == 404);
    CHECK(sj_code_http(SJ_RECORD_UNAVAILABLE) == 503);
}

TEST(status_assertion_aborts_the_process)
{
    const pid_t child = fork();
    int state = 0;

    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        close(STDERR_FILENO);
        SJ_ASSERT(child != 0);
        _exit(0);
    }
    REQUIRE(waitpid(child, &state, 0) == child);
    CHECK(WIFSIGNALED(state) && WTERMSIG(state) == SIGABRT);
}
