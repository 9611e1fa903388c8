/* SPDX-License-Identifier: Apache-2.0
 *
 * How does an empty or older database become the one this program needs? "sanjeh migrate" connects as
 * sanjeh_migrator, becomes the owner, takes a lock so that only one runs, compares what was applied with
 * what is embedded (a changed or unknown one is refused before anything happens), then applies the rest,
 * each in a transaction of its own together with its row in schema_migration. At the end the pads of
 * the context key are stored where only scope_ids() reads them.
 * Blocking, without the pool: it runs offline.
 */
#include "sanjeh/db/migrate.h"

#include "db_priv.h"
#include "migrate_priv.h"

#include <endian.h>

#define PAD_SIZE 64u
#define MIGRATE_OPTIONS                                                                            \
    "-c search_path=sanjeh,pg_catalog -c jit=off -c row_security=on -c synchronous_commit=on"      \
    " -c lock_timeout=60000 -c statement_timeout=0 -c client_min_messages=warning"

struct migration_run {
    PGconn *pg;
    char *detail;
    size_t detail_size;
};

static void finish(PGconn **pg)
{
    PQfinish(*pg);
    *pg = NULL;
}

static void clear(PGresult **result)
{
    PQclear(*result);
    *result = NULL;
}

static void tell(const struct migration_run *run, const char *name, const char *message)
{
    if (run->detail_size > 0) {
        const int len = snprintf(run->detail, run->detail_size, "%s: %s", name, message);
        if (len < 0) {
            run->detail[0] = '\0';
        }
    }
}

static sj_status check(const struct migration_run *run, const char *name, const PGresult *result)
{
    const ExecStatusType kind = PQresultStatus(result);
    if (kind == PGRES_TUPLES_OK || kind == PGRES_COMMAND_OK) {
        return SJ_DONE;
    }
    tell(run, name, PQerrorMessage(run->pg));
    const sj_status mapped = db_status_of_sqlstate(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    ENSURE(mapped.code == SJ_DATABASE_UNAVAILABLE, CONSTRAINT);
    return mapped;
}

static sj_status run_text(const struct migration_run *run, const char *name, const char *text)
{
    CLEANUP(clear) PGresult *result = PQexec(run->pg, text);
    return check(run, name, result);
}

static sj_status run_admin(const struct migration_run *run, enum sj_admin_sql sql)
{
    return run_text(run, sj_admin_statements[sql].name, sj_admin_statements[sql].text);
}

static sj_status run_with(const struct migration_run *run, enum sj_admin_sql sql,
    const char *const *values, const int *lengths, int count)
{
    static const int formats[3] = {1, 1, 1};
    SJ_ASSERT(count <= 3);
    CLEANUP(clear)
    PGresult *result = PQexecParams(run->pg, sj_admin_statements[sql].text, count,
        /* types= */ NULL, values, lengths, formats, /* resultFormat= */ 1);
    return check(run, sj_admin_statements[sql].name, result);
}

unsigned sj_migrate_newest(void)
{
    return sj_migrations_count == 0 ? 0 : sj_migrations[sj_migrations_count - 1].number;
}

static uint32_t number_at(const PGresult *result, int row)
{
    uint32_t number = 0;
    SJ_ASSERT(PQgetlength(result, row, 0) == sizeof(number));
    sj_ignore(sj_copy(&number, sizeof(number), PQgetvalue(result, row, 0), sizeof(number)), "fits");
    return be32toh(number);
}

/* What was applied is the beginning of what is embedded, unchanged. *ret_count: how many that is. */
static sj_status compare_applied(const struct migration_run *run, size_t *ret_count)
{
    CLEANUP(clear)
    PGresult *result = PQexecParams(run->pg, sj_admin_statements[SJ_ADMIN_LIST_MIGRATIONS].text, 0,
        NULL, NULL, NULL, NULL, /* resultFormat= */ 1);
    TRY(check(run, "list_migrations", result));
    const size_t count = (size_t)PQntuples(result);
    for (size_t i = 0; i < count; i++) {
        if (i >= sj_migrations_count || number_at(result, (int)i) != sj_migrations[i].number) {
            tell(run, "schema_migration", "the database has other migrations than this program");
            FAIL(SCHEMA_MISMATCH);
        }
        const struct sj_migration *known = &sj_migrations[i];
        if (PQgetlength(result, (int)i, 1) != (int)sizeof(known->sha256) ||
            memcmp(PQgetvalue(result, (int)i, 1), known->sha256, sizeof(known->sha256)) != 0) {
            tell(run, known->name, "was applied with another checksum");
            FAIL(SCHEMA_MISMATCH);
        }
    }
    *ret_count = count;
    return SJ_DONE;
}

static sj_status applied(const struct migration_run *run, size_t *ret_count)
{
    CLEANUP(clear)
    PGresult *result = PQexec(run->pg, sj_admin_statements[SJ_ADMIN_HAS_MIGRATIONS].text);
    TRY(check(run, "has_migrations", result));
    *ret_count = 0;
    return PQgetvalue(result, 0, 0)[0] == 't' ? compare_applied(run, ret_count) : SJ_DONE;
}

static sj_status apply_one(const struct migration_run *run, const struct sj_migration *migration)
{
    TRY(run_text(run, migration->name, sj_statements[SJ_SQL_TX_BEGIN].text));
    TRY(run_text(run, migration->name, (const char *)migration->text));
    if (PQtransactionStatus(run->pg) != PQTRANS_INTRANS) {
        tell(run, migration->name, "ends the transaction that it runs in");
        FAIL(CONSTRAINT);
    }
    const uint32_t number = htobe32(migration->number);
    const char *const values[3] = {
        (const char *)&number, migration->name, (const char *)migration->sha256};
    const int lengths[3] = {
        (int)sizeof(number), (int)strlen(migration->name), (int)sizeof(migration->sha256)};
    TRY(run_with(run, SJ_ADMIN_NOTE_MIGRATION, values, lengths, 3));
    return run_text(run, migration->name, sj_statements[SJ_SQL_TX_COMMIT].text);
}

static sj_status apply_all(
    const struct migration_run *run, sj_migrate_progress_fn *progress, void *ctx)
{
    size_t count = 0;
    TRY(applied(run, &count));
    for (size_t i = 0; i < sj_migrations_count; i++) {
        const struct sj_migration *migration = &sj_migrations[i];
        const bool already = i < count;
        if (progress != NULL) {
            progress(ctx, migration->name, already);
        }
        if (!already) {
            TRY(apply_one(run, migration));
        }
    }
    return SJ_DONE;
}

static sj_status store_pads(const struct migration_run *run, struct sj_view pads)
{
    /* @unsafe: the caller checked that pads has twice PAD_SIZE bytes */
    const char *const values[2] = {(const char *)pads.ptr, (const char *)pads.ptr + PAD_SIZE};
    const int lengths[2] = {(int)PAD_SIZE, (int)PAD_SIZE};
    return run_with(run, SJ_ADMIN_STORE_PADS, values, lengths, 2);
}

static void swallow_notice(void *ctx, const PGresult *result)
{
    (void)ctx;
    (void)result;
}

static sj_status connect_now(struct migration_run *run, const char *conninfo)
{
    const char *const keywords[] = {
        "dbname", "client_encoding", "options", "fallback_application_name", NULL};
    const char *const values[] = {conninfo, "UTF8", MIGRATE_OPTIONS, "sanjeh-migrate", NULL};
    run->pg = PQconnectdbParams(keywords, values, /* expand_dbname= */ 1);
    ENSURE(run->pg != NULL, OUT_OF_MEMORY);
    if (PQstatus(run->pg) != CONNECTION_OK) {
        tell(run, "connect", PQerrorMessage(run->pg));
        FAIL(DATABASE_UNAVAILABLE);
    }
    PQsetNoticeReceiver(run->pg, swallow_notice, NULL);
    return SJ_DONE;
}

static sj_status connect_as_owner(struct migration_run *run, const char *conninfo)
{
    const sj_status allowed = db_conninfo_check(conninfo);
    if (sj_failed(allowed)) {
        tell(
            run, "connect", "conninfo must name a unix socket or sslmode=verify-full, no password");
        return allowed;
    }
    TRY(connect_now(run, conninfo));
    return run_admin(run, SJ_ADMIN_BECOME_OWNER);
}

static sj_status turn_test_clock(const struct migration_run *run, int64_t seconds)
{
    const uint64_t wire = htobe64((uint64_t)seconds);
    const char *const values[1] = {(const char *)&wire};
    const int lengths[1] = {(int)sizeof wire};
    return seconds == 0 ? run_admin(run, SJ_ADMIN_RESET_TEST_CLOCK)
                        : run_with(run, SJ_ADMIN_ADVANCE_TEST_CLOCK, values, lengths, 1);
}

sj_status sj_test_clock_turn(
    const char *conninfo, int64_t seconds, char *reterr_detail, size_t detail_size)
{
    ENSURE(seconds >= 0 && seconds <= SJ_TEST_CLOCK_STEP_S_MAX, INVALID);
    struct migration_run run = {.detail = reterr_detail, .detail_size = detail_size};
    const sj_status connected = connect_as_owner(&run, conninfo);
    CLEANUP(finish) PGconn *owned = run.pg;
    TRY(connected);
    SJ_ASSERT(owned != NULL);
    return turn_test_clock(&run, seconds);
}

sj_status sj_migrate(const char *conninfo, struct sj_view context_pads,
    sj_migrate_progress_fn *progress, void *ctx, char *reterr_detail, size_t detail_size)
{
    ENSURE(context_pads.len == 2 * PAD_SIZE, BAD_CONFIG);
    struct migration_run run = {.detail = reterr_detail, .detail_size = detail_size};
    const sj_status connected = connect_as_owner(&run, conninfo);
    CLEANUP(finish) PGconn *owned = run.pg;
    TRY(connected);
    SJ_ASSERT(owned != NULL);
    TRY(run_admin(&run, SJ_ADMIN_LOCK));
    TRY(apply_all(&run, progress, ctx));
    return store_pads(&run, context_pads);
}
