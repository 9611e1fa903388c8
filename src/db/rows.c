/* SPDX-License-Identifier: Apache-2.0
 *
 * What did the statement return? A struct sj_rows is libpq's own result under a name that other modules
 * may know: nothing is copied, values are decoded from the binary form where they are read.
 * A wrong column, width or format is our own bug in a query or its reader and asserts; the bytes
 * themselves come from our database and have been checked by its types.
 */
#include "db_priv.h"

#include "sanjeh/base/parse.h"

#include <endian.h>

static const PGresult *result_of(const struct sj_rows *rows)
{
    return (const PGresult *)rows;
}

void sj_rows_free(struct sj_rows **rows)
{
    if (rows != NULL && *rows != NULL) {
        PQclear((PGresult *)*rows);
        *rows = NULL;
    }
}

size_t sj_rows_count(const struct sj_rows *rows)
{
    return (size_t)PQntuples(result_of(rows));
}

uint64_t sj_rows_affected(const struct sj_rows *rows)
{
    /* PQcmdTuples only reads, but is declared without const. */
    const char *text = PQcmdTuples((PGresult *)(uintptr_t)rows);
    uint64_t affected = 0;
    if (text[0] != '\0') {
        sj_ignore(sj_parse_u64(sj_text_of(text), 0, UINT64_MAX, &affected), "0 when not a number");
    }
    return affected;
}

bool sj_row_is_null(const struct sj_rows *rows, size_t row, size_t column)
{
    const PGresult *result = result_of(rows);
    SJ_ASSERT(row < (size_t)PQntuples(result) && column < (size_t)PQnfields(result));
    return PQgetisnull(result, (int)row, (int)column) == 1;
}

/* The raw value; {NULL, 0} when null. */
static struct sj_view value_of(const struct sj_rows *rows, size_t row, size_t column)
{
    if (sj_row_is_null(rows, row, column)) {
        return (struct sj_view){NULL, 0};
    }
    const PGresult *result = result_of(rows);
    SJ_ASSERT(PQfformat(result, (int)column) == 1);
    return sj_view_of(PQgetvalue(result, (int)row, (int)column),
        (size_t)PQgetlength(result, (int)row, (int)column));
}

static int64_t integer_of(struct sj_view value)
{
    uint64_t wide = 0;
    for (size_t i = 0; i < value.len; i++) {
        wide = (wide << 8) | value.ptr[i];
    }
    if (value.len == 2) {
        return (int16_t)(uint16_t)wide;
    }
    if (value.len == 4) {
        return (int32_t)(uint32_t)wide;
    }
    SJ_ASSERT(value.len == 8);
    return (int64_t)wide;
}

struct sj_uuid sj_row_id(const struct sj_rows *rows, size_t row, size_t column)
{
    struct sj_uuid id = {{0}};
    const struct sj_view value = value_of(rows, row, column);
    if (value.ptr != NULL) {
        SJ_ASSERT(value.len == sizeof(id.bytes));
        sj_ignore(sj_copy(id.bytes, sizeof(id.bytes), value.ptr, value.len), "fits");
    }
    return id;
}

int64_t sj_row_i64(const struct sj_rows *rows, size_t row, size_t column)
{
    const struct sj_view value = value_of(rows, row, column);
    return value.ptr == NULL ? 0 : integer_of(value);
}

bool sj_row_bool(const struct sj_rows *rows, size_t row, size_t column)
{
    const struct sj_view value = value_of(rows, row, column);
    SJ_ASSERT(value.ptr == NULL || value.len == 1);
    return value.ptr != NULL && value.ptr[0] != 0;
}

struct sj_text sj_row_text(const struct sj_rows *rows, size_t row, size_t column)
{
    const struct sj_view value = value_of(rows, row, column);
    if (value.ptr == NULL) {
        return SJ_TEXT("");
    }
    /* The server speaks UTF8 to us and refuses NUL in text. */
    return (struct sj_text){(const char *)value.ptr, value.len};
}

struct sj_view sj_row_bytes(const struct sj_rows *rows, size_t row, size_t column)
{
    return value_of(rows, row, column);
}

sj_time_us sj_row_time(const struct sj_rows *rows, size_t row, size_t column)
{
    const struct sj_view value = value_of(rows, row, column);
    SJ_ASSERT(value.ptr == NULL || value.len == 8);
    return value.ptr == NULL ? 0 : integer_of(value) + DB_EPOCH_US;
}

int64_t sj_row_day(const struct sj_rows *rows, size_t row, size_t column)
{
    const struct sj_view value = value_of(rows, row, column);
    SJ_ASSERT(value.ptr == NULL || value.len == 4);
    return value.ptr == NULL ? 0 : integer_of(value) + DB_EPOCH_DAYS;
}
