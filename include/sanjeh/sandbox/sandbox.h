/* SPDX-License-Identifier: Apache-2.0
 *
 * What a process gives up before it meets the outside: root, capabilities, core files, tracing, new
 * privileges, and every system call that its work does not need.
 */
#ifndef SJ_SANDBOX_SANDBOX_H
#define SJ_SANDBOX_SANDBOX_H

#include "sanjeh/base/status.h"

enum sj_sandbox_profile { SJ_SANDBOX_KEEPER, SJ_SANDBOX_FRONT, SJ_SANDBOX_PRESS };

/* No core, not dumpable, not traceable (under sanitizers, whose leak check traces, only no core). Call
 * first in main. Errors: IO. */
SJ_MUST_CHECK sj_status sj_sandbox_no_dump(void);
/* Drops all capabilities and, when root and user is not NULL, becomes that user (initgroups, setresgid,
 * setresuid) and proves that there is no way back. PR_SET_NO_NEW_PRIVS in any case. Call before any
 * thread starts: capabilities belong to the thread.
 * Errors: BAD_CONFIG (no such user), IO. */
SJ_MUST_CHECK sj_status sj_sandbox_drop(const char *user);
/* Installs the seccomp allow list of the profile; anything else kills the process (keeper, press) or returns
 * EPERM and is logged by the kernel (front: kill for exec, ptrace, mount, bpf, module calls).
 * The keeper and press lists have no socket, open, exec, clone. Under sanitizers: a no-op that returns ok and
 * says so in sj_sandbox_is_real. Errors: IO. */
SJ_MUST_CHECK sj_status sj_sandbox_enter(enum sj_sandbox_profile profile);
bool sj_sandbox_is_real(void);
/* mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT); a failure is not fatal, *ret_locked tells. */
void sj_sandbox_lock_memory(bool *ret_locked);

#endif
