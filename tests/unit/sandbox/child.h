/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a function in a forked child, for what cannot be taken back, and says how the child ended.
 */
#ifndef SJ_TEST_SANDBOX_CHILD_H
#define SJ_TEST_SANDBOX_CHILD_H

#include "test.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit code of fn, or 1000 + the signal that killed the child. */
static inline int in_child(int (*fn)(void))
{
    int state = 0;
    fflush(stdout);
    const pid_t child = fork();

    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        _exit(fn());
    }
    if (child < 0 || waitpid(child, &state, 0) != child) {
        return -1;
    }
    return WIFSIGNALED(state) ? 1000 + WTERMSIG(state) : WEXITSTATUS(state);
}

#endif
