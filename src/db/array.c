/* SPDX-License-Identifier: Apache-2.0
 *
 * How do many rows travel as one parameter? As PostgreSQL's binary array: dimensions, a flag, the element
 * type, then for the one dimension its length and lower bound, then each element with its length
 * (src/backend/utils/adt/arrayfuncs.c, array_recv). unnest($1, $2 …) turns them into rows: as fast as COPY
 * for up to about 100 rows, and it works in pipeline mode.
 * The head is written first and patched when the array is handed over, so elements are copied once.
 */
#include "db_priv.h"

#include <endian.h>

#define HEAD_SIZE       20u
#define HEAD_SIZE_EMPTY 12u

static sj_status put_head(struct sj_array *array)
{
    TRY(sj_buf_put_u32(&array->bytes, 1));
    TRY(sj_buf_put_u32(&array->bytes, 1)); /* may hold nulls; the server looks for itself */
    TRY(sj_buf_put_u32(&array->bytes, array->element_oid));
    TRY(sj_buf_put_u32(&array->bytes, 0));
    return sj_buf_put_u32(&array->bytes, 1);
}

sj_status sj_array_init(struct sj_array *array, uint32_t element_oid, size_t max_bytes)
{
    *array = (struct sj_array){.bytes = SJ_BUF(max_bytes), .element_oid = element_oid, .count = 0};
    return put_head(array);
}

void sj_array_clear(struct sj_array *array)
{
    sj_buf_clear(&array->bytes);
    array->count = 0;
}

void sj_array_reset(struct sj_array *array)
{
    sj_buf_reset(&array->bytes);
    array->count = 0;
    sj_ignore(put_head(array), "the memory of the head before it is kept");
}

sj_status sj_array_put(struct sj_array *array, const void *element, size_t len)
{
    ENSURE(array->bytes.len >= HEAD_SIZE, LIMIT_EXCEEDED);
    ENSURE(len <= INT32_MAX && array->count < INT32_MAX, LIMIT_EXCEEDED);
    TRY(sj_buf_reserve(&array->bytes, len + sizeof(uint32_t)));
    TRY(sj_buf_put_u32(&array->bytes, element == NULL ? UINT32_MAX : (uint32_t)len));
    if (element != NULL) {
        TRY(sj_buf_put(&array->bytes, element, len));
    }
    array->count++;
    return SJ_DONE;
}

sj_status sj_array_put_i64(struct sj_array *array, int64_t value)
{
    const uint64_t bytes = htobe64((uint64_t)value);
    return sj_array_put(array, &bytes, sizeof(bytes));
}

sj_status sj_array_put_i32(struct sj_array *array, int32_t value)
{
    const uint32_t bytes = htobe32((uint32_t)value);
    return sj_array_put(array, &bytes, sizeof(bytes));
}

struct sj_param sj_p_array(struct sj_array *array)
{
    SJ_ASSERT(array->bytes.len >= HEAD_SIZE && array->bytes.len <= INT32_MAX);
    const uint32_t head[2] = {htobe32(array->count == 0 ? 0 : 1), htobe32(array->count)};
    sj_ignore(sj_copy(array->bytes.ptr, sizeof(uint32_t), &head[0], sizeof(uint32_t)), "fits");
    /* @unsafe: 12 + 4 bytes lie within the head, whose presence was asserted */
    sj_ignore(sj_copy(array->bytes.ptr + HEAD_SIZE_EMPTY, 4, &head[1], sizeof(uint32_t)), "fits");
    const size_t len = array->count == 0 ? HEAD_SIZE_EMPTY : array->bytes.len;
    return (struct sj_param){.ptr = array->bytes.ptr, .len = (int)len};
}
