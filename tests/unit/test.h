/* SPDX-License-Identifier: Apache-2.0
 *
 * The unit tests' harness: TEST(module_does_x_when_y) { … } registers itself; CHECK fails the test and goes
 * on, REQUIRE leaves it. One program per module file; each prints what it ran and exits 1 on failure.
 */
#ifndef SJ_TEST_H
#define SJ_TEST_H

#include "sanjeh/base/status.h"
#include "sanjeh/base/view.h"

typedef void sj_test_fn(void);
void sj_test_register(const char *name, sj_test_fn *fn);
void sj_test_fail(const char *where, const char *what);
/* Runs fn on a fiber of a fresh loop and returns when it has ended. */
void sj_test_on_fiber(void (*fn)(void *ctx), void *ctx);
/* Whole file under tests/vectors; fails the program when it is not there. Freed by the process. */
struct sj_view sj_test_vector(const char *name);

#define TEST(name)                                                                                 \
    static void test_##name(void);                                                                 \
    __attribute__((constructor)) static void register_##name(void)                                 \
    {                                                                                              \
        sj_test_register(#name, test_##name);                                                      \
    }                                                                                              \
    static void test_##name(void)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            sj_test_fail(__FILE__ ":" SJ_STR(__LINE__), #condition);                               \
        }                                                                                          \
    } while (0)
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            sj_test_fail(__FILE__ ":" SJ_STR(__LINE__), #condition);                               \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define CHECK_OK(call)         CHECK((call).code == SJ_OK)
#define REQUIRE_OK(call)       REQUIRE((call).code == SJ_OK)
#define CHECK_CODE(call, CODE) CHECK((call).code == SJ_##CODE)

#endif
