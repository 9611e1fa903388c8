/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a detail say? One reader and one writer for all kinds, so that nothing is read that another would not write.
 */
#include "sanjeh/base/detail.h"

#include <string.h>

#include "sanjeh/base/parse.h"

bool sj_detail_take(struct sj_text *rest, const char *key, struct sj_text *ret_value)
{
    const size_t len = strlen(key);
    if (rest->len <= len || !sj_text_starts(*rest, key) || rest->ptr[len] != '=') {
        return false;
    }
    const char *value = rest->ptr + len + 1;
    const size_t left = rest->len - len - 1;
    const char *end = memchr(value, ';', left);
    const size_t value_len = end != NULL ? (size_t)(end - value) : left;
    if (end != NULL && value_len + 1 == left) {
        return false; /* a ';' with nothing behind it */
    }
    *ret_value = (struct sj_text){value, value_len};
    *rest = end != NULL ? (struct sj_text){end + 1, left - value_len - 1}
                        : (struct sj_text){value + left, 0};
    return true;
}

bool sj_detail_take_u64(struct sj_text *rest, const char *key, uint64_t *ret_value)
{
    struct sj_text after = *rest;
    struct sj_text value;
    if (!sj_detail_take(&after, key, &value) ||
        sj_failed(sj_parse_u64(value, 0, INT64_MAX, ret_value))) {
        return false;
    }
    *rest = after;
    return true;
}

bool sj_detail_take_hex(struct sj_text *rest, const char *key, uint8_t *ret_bytes, size_t len)
{
    struct sj_text after = *rest;
    struct sj_text value;
    if (!sj_detail_take(&after, key, &value) || sj_failed(sj_parse_hex(value, ret_bytes, len))) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] >= 'A' && value.ptr[i] <= 'F') {
            return false;
        }
    }
    *rest = after;
    return true;
}

static sj_status put_key(struct sj_buf *out, const char *key)
{
    TRY(out->len != 0 ? sj_buf_put_byte(out, ';') : SJ_DONE);
    TRY(sj_buf_put_str(out, key));
    return sj_buf_put_byte(out, '=');
}

sj_status sj_detail_put(struct sj_buf *out, const char *key, struct sj_text value)
{
    TRY(put_key(out, key));
    return sj_buf_put_text(out, value);
}

sj_status sj_detail_put_u64(struct sj_buf *out, const char *key, uint64_t value)
{
    ENSURE(value <= INT64_MAX, INVALID);
    TRY(put_key(out, key));
    return sj_buf_put_decimal(out, (int64_t)value);
}

sj_status sj_detail_put_hex(struct sj_buf *out, const char *key, struct sj_view bytes)
{
    TRY(put_key(out, key));
    return sj_buf_put_hex(out, bytes);
}
