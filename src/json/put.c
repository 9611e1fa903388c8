/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a value that was read become text again? Densely, members in their order; texts are escaped as in write.c.
 */
#include "json_priv.h"

#include "sanjeh/json/write.h"

static sj_status put_text(struct sj_buf *out, struct sj_text text)
{
    struct sj_json json = sj_json_begin(out);
    sj_json_text(&json, NULL, text);
    return sj_json_end(&json);
}

static sj_status put_list(const struct sj_json_value *value, struct sj_buf *out)
{
    const bool is_object = value->type == SJ_JSON_TYPE_OBJECT;
    TRY(sj_buf_put_byte(out, is_object ? '{' : '['));
    for (size_t i = 0; i < value->as.list.count; i++) {
        const struct sj_json_value *item = &value->as.list.items[i];
        if (i > 0) {
            TRY(sj_buf_put_byte(out, ','));
        }
        if (is_object) {
            TRY(put_text(out, item->name));
            TRY(sj_buf_put_byte(out, ':'));
        }
        TRY(sj_json_value_put(item, out)); /* as deep as the reader let it be */
    }
    return sj_buf_put_byte(out, is_object ? '}' : ']');
}

sj_status sj_json_value_put(const struct sj_json_value *value, struct sj_buf *out)
{
    char number[24];
    switch (value->type) {
    case SJ_JSON_TYPE_NULL:
        return sj_buf_put_str(out, "null");
    case SJ_JSON_TYPE_BOOL:
        return sj_buf_put_str(out, value->as.boolean ? "true" : "false");
    case SJ_JSON_TYPE_INT:
        (void)snprintf(number, sizeof number, "%lld", (long long)value->as.integer);
        return sj_buf_put_str(out, number);
    case SJ_JSON_TYPE_TEXT:
        return put_text(out, value->as.text);
    case SJ_JSON_TYPE_OBJECT:
    case SJ_JSON_TYPE_ARRAY:
        return put_list(value, out);
    case SJ_JSON_TYPE_REAL:
        break;
    }
    FAIL(INVALID);
}
