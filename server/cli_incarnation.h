/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of sanjeh audit incarnation share.
 */
#ifndef SJ_SERVER_CLI_INCARNATION_H
#define SJ_SERVER_CLI_INCARNATION_H

#include "cli_desk.h"

#include "sanjeh/audit/entry.h"
#include "sanjeh/audit/incarnation.h"

#define SJ_OFFICER_ROLE "security-officer"

/* Two persons sign in with both factors, as at the server: the same throttling, each code once; nothing stays of the sessions. Both must
 * hold the role now. desk->why says who does not. Errors: LOGIN_FAILED, TOO_MANY_REQUESTS, FORBIDDEN (role), GUARD_UNMET (one person). */
SJ_MUST_CHECK sj_status sj_incarnation_officers(struct sj_cli_desk *desk,
    const struct sj_config *config, const char *const names[SJ_INCARNATION_OFFICERS],
    int credentials_fd, struct sj_uuid ret_officers[SJ_INCARNATION_OFFICERS]);

#define SJ_INCARNATION_REASON_MAX 2000u

struct sj_incarnation_plan {
    struct sj_incarnation said; /* all but log id and officers */
    struct sj_uuid log;         /* the one that ends */
    uint64_t size;
    struct sj_hash root;
    uint64_t
        strangers; /* rows of the outbox that are no drafts of this log, or stand in it already */
    bool is_done;  /* the deed was done before; the files may be left */
    bool is_begun; /* the new log has entries */
};
/* A draft that never got its place. */
typedef void sj_incarnation_told(const struct sj_draft *draft);

/* What would be begun anew; changes nothing. checkpoint_path, told: or NULL. config->origin is that of the log that ends or, when it is done,
 * either's. */
SJ_MUST_CHECK sj_status sj_incarnation_look(struct sj_cli_desk *desk,
    const struct sj_config *config, const char *checkpoint_path, sj_incarnation_told *told,
    struct sj_incarnation_plan *ret_plan);
/* Does it; plan->said.officers are those who decided. Errors: CONFLICT (somebody is connected, or the record has changed). */
SJ_MUST_CHECK sj_status sj_incarnation_commit(struct sj_cli_desk *desk,
    const struct sj_config *config, const char *reason, struct sj_incarnation_plan *plan);

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
