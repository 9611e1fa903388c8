/* SPDX-License-Identifier: Apache-2.0
 *
 * Does this database protect the units at all? Asked once before the server serves (I3, POLICY 4.2):
 * src/db/sql/safety_problem.sql looks through the catalogue for a table without forced row security, a
 * role with too much power, settings that lose commits; the newest migration must be this program's.
 * The first problem is told and the server refuses. If this is wrong, a restore or a helpful
 * administrator can switch isolation off and nobody notices.
 */
#include "db_priv.h"

#include "migrate_priv.h"

static void tell(char *out, size_t size, struct sj_text reason)
{
    if (size == 0) {
        return;
    }
    const size_t len = reason.len < size - 1 ? reason.len : size - 1;
    sj_ignore(sj_copy(out, size - 1, reason.ptr, len), "bounded above");
    out[len] = '\0';
}

static sj_status check_newest(const struct sj_rows *rows, char *reason, size_t reason_size)
{
    const struct sj_migration *newest = &sj_migrations[sj_migrations_count - 1];
    if (sj_rows_count(rows) != 1 || sj_row_i64(rows, 0, 0) != (int64_t)newest->number) {
        tell(reason, reason_size, SJ_TEXT("the newest migration is not the one of this program"));
        FAIL(SCHEMA_MISMATCH);
    }
    const struct sj_view sha256 = sj_view_of(newest->sha256, sizeof(newest->sha256));
    if (!sj_view_equal(sj_row_bytes(rows, 0, 1), sha256)) {
        tell(reason, reason_size, SJ_TEXT("the newest migration has another checksum"));
        FAIL(SCHEMA_MISMATCH);
    }
    return SJ_DONE;
}

static sj_status check_both(struct sj_rows *const rows[2], char *reason, size_t reason_size)
{
    if (sj_rows_count(rows[0]) > 0) {
        tell(reason, reason_size, sj_row_text(rows[0], 0, 0));
        FAIL(UNSAFE_DATABASE);
    }
    return check_newest(rows[1], reason, reason_size);
}

sj_status sj_db_self_check(struct sj_db *db, char *reterr_reason, size_t reason_size)
{
    const struct sj_context nothing = {.text = ""};
    const struct sj_query queries[2] = {
        {SJ_SQL_SAFETY_PROBLEM, NULL, 0}, {SJ_SQL_SCHEMA_NEWEST, NULL, 0}};
    struct sj_rows *rows[2] = {NULL, NULL};
    const sj_status asked = sj_db_read(db, &nothing, queries, 2, rows);
    if (sj_failed(asked)) {
        tell(reterr_reason, reason_size, SJ_TEXT("the catalogue could not be read"));
        return asked;
    }
    const sj_status status = check_both(rows, reterr_reason, reason_size);
    sj_rows_free(&rows[0]);
    sj_rows_free(&rows[1]);
    return status;
}
