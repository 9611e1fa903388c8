/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the server's refusal mean to our callers? Five-letter SQLSTATEs (PostgreSQL manual, appendix A)
 * become codes of the house here and nowhere else; the server's sentences never leave for a client.
 * 'SJ001' is raised by our own functions when what a caller wanted to extend has moved on (audit head).
 * A state that is not in the table is our bug: INTERNAL.
 */
#include "db_priv.h"

static const struct {
    const char *prefix;
    sj_status status;
} mapping[] = {
    {"23505", {SJ_DUPLICATE, "sqlstate 23505"}},
    {"23503", {SJ_CONSTRAINT, "sqlstate 23503"}},
    {"23", {SJ_CONSTRAINT, "sqlstate class 23"}},
    {"40001", {SJ_SERIALIZATION, "sqlstate 40001"}},
    {"40P01", {SJ_SERIALIZATION, "sqlstate 40P01"}},
    {"40003", {SJ_DATABASE_UNAVAILABLE, "sqlstate 40003, outcome unknown"}},
    {"57014", {SJ_DATABASE_TIMEOUT, "sqlstate 57014"}},
    {"25P03", {SJ_DATABASE_TIMEOUT, "sqlstate 25P03, idle in transaction"}},
    {"55P03", {SJ_BUSY, "sqlstate 55P03, lock"}},
    {"57P", {SJ_DATABASE_UNAVAILABLE, "sqlstate class 57P"}},
    {"08", {SJ_DATABASE_UNAVAILABLE, "sqlstate class 08"}},
    {"53300", {SJ_DATABASE_UNAVAILABLE, "sqlstate 53300, too many connections"}},
    {"53", {SJ_DATABASE_UNAVAILABLE, "sqlstate class 53, resources"}},
    {"58", {SJ_DATABASE_UNAVAILABLE, "sqlstate class 58, system"}},
    {"25006", {SJ_FORBIDDEN, "sqlstate 25006, read only"}},
    {"28", {SJ_DATABASE_UNAVAILABLE, "sqlstate class 28, sign-in refused"}},
    {"42501", {SJ_FORBIDDEN, "sqlstate 42501"}},
    {"22001", {SJ_INVALID, "sqlstate 22001, too long"}},
    {"22003", {SJ_INVALID, "sqlstate 22003, out of range"}},
    {"22008", {SJ_INVALID, "sqlstate 22008, date out of range"}},
    {"22021", {SJ_INVALID, "sqlstate 22021, not UTF-8 or NUL"}},
    {"SJ001", {SJ_CONFLICT, "sqlstate SJ001"}},
};

sj_status db_status_of_sqlstate(const char *sqlstate)
{
    if (sqlstate == NULL) {
        FAIL(DATABASE_UNAVAILABLE); /* libpq's own error: the connection is gone */
    }
    for (size_t i = 0; i < SJ_COUNT(mapping); i++) {
        if (sj_text_starts(sj_text_of(sqlstate), mapping[i].prefix)) {
            return mapping[i].status;
        }
    }
    FAIL(INTERNAL);
}
