/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of sanjeh audit incarnation share.
 */
#ifndef SJ_SERVER_CLI_INCARNATION_H
#define SJ_SERVER_CLI_INCARNATION_H

#include "cli_desk.h"

#include "sanjeh/audit/incarnation.h"

#define SJ_OFFICER_ROLE "security-officer"

/* Two persons sign in with both factors, as at the server: the same throttling, each code once; nothing stays of the sessions. Both must
 * hold the role now. desk->why says who does not. Errors: LOGIN_FAILED, TOO_MANY_REQUESTS, FORBIDDEN (role), GUARD_UNMET (one person). */
SJ_MUST_CHECK sj_status sj_incarnation_officers(struct sj_cli_desk *desk,
    const struct sj_config *config, const char *const names[SJ_INCARNATION_OFFICERS],
    int credentials_fd, struct sj_uuid ret_officers[SJ_INCARNATION_OFFICERS]);

/* The former log's signer never signs again, and its files are out of the way: each is renamed to ".of-<number>". Again and again, as often
 * as one likes: what is the new log's own is left alone. is_begun: the new log has entries. */
struct sj_incarnation_files {
    const struct sj_config *config;
    const char *former; /* origins */
    const char *origin;
    uint64_t former_number;
    bool is_begun;
};
/* Errors: CONFLICT (a server has them), IO. */
SJ_MUST_CHECK sj_status sj_incarnation_put_aside(
    const struct sj_incarnation_files *files, const char **ret_why);

#endif
