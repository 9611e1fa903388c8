/* SPDX-License-Identifier: Apache-2.0
 *
 * One private PostgreSQL cluster for a test program: in a folder under /tmp, unix socket only, with fsync as in
 * production, roles and database made and all migrations applied. Started by the first call, stopped and
 * removed when the program ends. Link with sj_test_pg.
 */
#ifndef SJ_TEST_PG_H
#define SJ_TEST_PG_H

#include "sanjeh/db/db.h"

struct sj_pg {
    char folder[64];
    char app[192]; /* conninfo of each role; database "sanjeh" */
    char migrator[192];
    char auditor[192];
    char admin[192]; /* superuser */
    int pid;         /* of the postmaster */
};

/* Starts it, or returns the running one. pads: the 128 bytes of sj_migrate; empty: those of the key that
 * sj_pg_sign uses. Ends the program with a sentence when PostgreSQL cannot be started. */
const struct sj_pg *sj_pg_start(struct sj_view pads);
/* The same without migrations: roles and an empty schema. */
const struct sj_pg *sj_pg_start_empty(void);
/* Stops it for good and leaves its data in a folder, whose name in SANJEH_PG_TEMPLATE has sj_pg_start copy them instead of making its own. */
void sj_pg_keep(const char *folder);
/* A context signed with the test key, valid for valid_s seconds from now (may be negative). */
void sj_pg_sign(
    const struct sj_uuid *scopes, size_t count, int64_t valid_s, struct sj_context *ret_context);
/* Runs statements (simple protocol); true when all succeeded. Prints the server's error otherwise. */
bool sj_pg_run(const char *conninfo, const char *sql);
/* The same, quietly: the SQLSTATE, "00000" when it succeeded; valid until the next call. */
const char *sj_pg_state(const char *conninfo, const char *sql);
/* The first value of the last result as text, "" when there is none; valid until the next call. */
const char *sj_pg_value(const char *conninfo, const char *sql);
/* SIGQUIT to the postmaster (as a crash of the machine would), and its start again with extra options
 * ("-c fsync=off" as separate words, at most 4, NULL-terminated; NULL for none). */
void sj_pg_crash(void);
void sj_pg_resume(const char *const *options);

#endif
