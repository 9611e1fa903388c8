/* SPDX-License-Identifier: Apache-2.0
 *
 * A session of the application role as an attacker in the server would have it: any statement, any context.
 */
#ifndef SJ_TEST_SQL_SESSION_H
#define SJ_TEST_SQL_SESSION_H

#include "pg.h"
#include "test.h"

#include <libpq-fe.h>

#define UNIT_A           ((struct sj_uuid){{0xaa, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}})
#define UNIT_B           ((struct sj_uuid){{0xbb, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 2}})
#define COMPARTMENT      ((struct sj_uuid){{0xcc, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 3}})
#define UNIT_A_TEXT      "'aa000000-0000-8000-8000-000000000001'::uuid"
#define UNIT_B_TEXT      "'bb000000-0000-8000-8000-000000000002'::uuid"
#define COMPARTMENT_TEXT "'cc000000-0000-8000-8000-000000000003'::uuid"

struct outcome {
    char state[6];       /* SQLSTATE, "00000" when it worked */
    long long affected;  /* rows changed, or returned */
    char value[512];     /* first value as text */
    char constraint[64]; /* that was broken, if one was */
};

/* Runs plant.sql as the superuser: public.plant() then puts rows into any table. False: it failed. */
bool session_plants(const char *conninfo);
/* Connected; ends the program otherwise. */
PGconn *session_open(const char *conninfo);
void session_close(PGconn **session);
/* Runs the statement in a transaction of its own after set_config(context); NULL: no context is set. The
 * transaction is rolled back. */
struct outcome session_try(PGconn *session, const char *context, const char *sql);
/* "insert into %s …" with one text in the place of %1. */
struct outcome session_try_on(
    PGconn *session, const char *context, const char *before, const char *table, const char *after);

#endif
