/* SPDX-License-Identifier: Apache-2.0
 *
 * How do C values become binary parameters of a statement? In PostgreSQL's send/receive format (network
 * byte order; protocol manual "Formats and Format Codes"; timestamps and dates count from 2000-01-01).
 * Small values lie in the parameter itself, so a request's parameters need no memory of their own.
 * A wrong width is refused by the server; a wrong byte order would silently write other numbers, which
 * tests/unit/db/test_values.c compares with what the server makes of the text form.
 */
#include "db_priv.h"

#include <endian.h>

static struct sj_param in_room(uint64_t big_endian, int len)
{
    struct sj_param param = {.ptr = NULL, .len = len, .in_room = true};
    sj_ignore(sj_copy(param.room, sizeof(param.room), &big_endian, sizeof(big_endian)), "fits");
    return param;
}

struct sj_param sj_p_null(void)
{
    return (struct sj_param){.ptr = NULL, .len = 0, .in_room = false};
}

struct sj_param sj_p_id(const struct sj_uuid *id)
{
    return (struct sj_param){.ptr = id->bytes, .len = (int)sizeof(id->bytes)};
}

struct sj_param sj_p_id_or_null(const struct sj_uuid *id)
{
    return sj_uuid_is_nil(*id) ? sj_p_null() : sj_p_id(id);
}

struct sj_param sj_p_i64(int64_t value)
{
    return in_room(htobe64((uint64_t)value), 8);
}

struct sj_param sj_p_i32(int32_t value)
{
    struct sj_param param = {.ptr = NULL, .len = 4, .in_room = true};
    const uint32_t bytes = htobe32((uint32_t)value);
    sj_ignore(sj_copy(param.room, sizeof(param.room), &bytes, sizeof(bytes)), "fits");
    return param;
}

struct sj_param sj_p_bool(bool value)
{
    struct sj_param param = {.ptr = NULL, .len = 1, .in_room = true};
    param.room[0] = value ? 1 : 0;
    return param;
}

struct sj_param sj_p_bytes(struct sj_view bytes)
{
    SJ_ASSERT(bytes.len <= INT32_MAX);
    return (struct sj_param){
        .ptr = bytes.ptr == NULL ? (const void *)"" : bytes.ptr, .len = (int)bytes.len};
}

struct sj_param sj_p_text(struct sj_text text)
{
    return sj_p_bytes(sj_text_bytes(text));
}

struct sj_param sj_p_text_or_null(struct sj_text text)
{
    return text.len == 0 ? sj_p_null() : sj_p_text(text);
}

struct sj_param sj_p_time(sj_time_us time)
{
    return sj_p_i64(time - DB_EPOCH_US);
}

struct sj_param sj_p_day(int64_t days)
{
    const int64_t shifted = days - DB_EPOCH_DAYS;
    SJ_ASSERT(shifted >= INT32_MIN && shifted <= INT32_MAX);
    return sj_p_i32((int32_t)shifted);
}
