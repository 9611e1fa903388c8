/* SPDX-License-Identifier: Apache-2.0
 *
 * A log that is begun anew, for the tests of the deed: the old log with its files, the command behind its officers, servers of either
 * origin.
 */
#ifndef SJ_TEST_SERVER_ANEW_H
#define SJ_TEST_SERVER_ANEW_H

#include "cli_incarnation.h"
#include "fixture.h"

#define ORIGIN "test.example/audit"

/* An old log whose server died: one deed has its place, one was committed (court:write); public.kept has both drafts. Its files are there,
 * rig has no keeper. */
void anew_old_log(struct rig *rig);
/* The rig and everything that is left over. */
void anew_end(struct rig *rig);

struct sj_config anew_config(const char *origin);
sj_status anew_open_desk(
    struct sj_cli_desk *desk, const struct sj_config *config, const char *conninfo);
void anew_close_desk(struct sj_cli_desk *desk);
/* The command, configured for the old log, once; without its files: what it does in the database alone. */
sj_status anew_command(
    const struct rig *rig, bool with_files, struct sj_incarnation_plan *ret_plan);
/* Again while backends and keepers of a killed run are still there; it must succeed. */
void anew_finish_as(const struct rig *rig, struct sj_incarnation_plan *ret_plan);
void anew_finish(const struct rig *rig);

/* Whether a server of this origin (NULL: the old one) starts, else keeper or sequencer refuse with LOG_TAMPERED. When it does it records,
 * verifies and stops; with replays every old draft comes into its outbox and must be refused. */
bool anew_starts_with(struct rig *rig, const char *origin, bool replays);
bool anew_starts(struct rig *rig, const char *origin);
/* Nothing but the first entry says that the log begins, and no deed of the old log stands in it. */
void anew_check_entries(const struct rig *rig);
/* Of the newest log; valid until the next call. */
const char *anew_origin_now(const struct rig *rig);

/* A small file, zeros in a part of it. */
void anew_copy_file(const char *from, const char *to, size_t zero_from, size_t zero_len);
void anew_remove_aside(void);
/* No keeper takes the old signer's file, neither as it is nor with either half of it gone. */
void anew_check_old_signer_ended(void);

#endif
