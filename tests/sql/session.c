/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a test speak as the application role without the server's care? Plain libpq, text, one transaction
 * for each attempt, rolled back whatever happened.
 */
#include "session.h"

bool session_plants(const char *conninfo)
{
    static char sql[16384];
    FILE *file = fopen(SJ_TEST_PLANT, "r");
    if (file == NULL) {
        return false;
    }
    const size_t len = fread(sql, 1, sizeof(sql) - 1, file);
    const bool whole = feof(file) != 0;
    fclose(file);
    sql[len] = '\0';
    return whole && sj_pg_run(conninfo, sql);
}

PGconn *session_open(const char *conninfo)
{
    PGconn *session = PQconnectdb(conninfo);
    if (PQstatus(session) != CONNECTION_OK) {
        fprintf(stderr, "%s\n", PQerrorMessage(session));
        exit(1);
    }
    PQclear(PQexec(session, "set search_path = sanjeh, pg_catalog"));
    return session;
}

void session_close(PGconn **session)
{
    PQfinish(*session);
    *session = NULL;
}

static void keep(struct outcome *outcome, PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const ExecStatusType kind = PQresultStatus(result);
    const bool fine = kind == PGRES_TUPLES_OK || kind == PGRES_COMMAND_OK;
    snprintf(outcome->state, sizeof(outcome->state), "%s",
        fine ? "00000" : (state == NULL ? "?????" : state));
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    snprintf(outcome->constraint, sizeof(outcome->constraint), "%s",
        constraint == NULL ? "" : constraint);
    if (kind == PGRES_TUPLES_OK && PQntuples(result) > 0) {
        snprintf(outcome->value, sizeof(outcome->value), "%s", PQgetvalue(result, 0, 0));
    }
    const char *count = PQcmdTuples(result);
    for (size_t i = 0; count[i] >= '0' && count[i] <= '9'; i++) {
        outcome->affected = outcome->affected * 10 + (count[i] - '0');
    }
    PQclear(result);
}

struct outcome session_try(PGconn *session, const char *context, const char *sql)
{
    struct outcome outcome = {.state = ""};
    PQclear(PQexec(session, "begin"));
    if (context != NULL) {
        PQclear(PQexecParams(session, "select set_config('sanjeh.context', $1, true)", 1, NULL,
            &context, NULL, NULL, 0));
    }
    keep(&outcome, PQexec(session, sql));
    PQclear(PQexec(session, "rollback"));
    return outcome;
}

struct outcome session_try_on(
    PGconn *session, const char *context, const char *before, const char *table, const char *after)
{
    char sql[8192];
    const int len = snprintf(sql, sizeof(sql), "%s%s%s", before, table, after);
    if (len < 0 || (size_t)len >= sizeof(sql)) {
        fprintf(stderr, "statement too long\n");
        exit(1);
    }
    return session_try(session, context, sql);
}
