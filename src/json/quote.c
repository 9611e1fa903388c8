/* SPDX-License-Identifier: Apache-2.0
 *
 * How is a decimal number of a document of ours read without ever being a float? Our own writer puts exact decimals down as JSON numbers;
 * a parser would make binary fractions of them. So the text is gone over first, and what has a point becomes a text of the same digits.
 */
#include "sanjeh/json/decode.h"

static bool is_number_byte(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '.';
}

sj_status sj_json_quote_reals(struct sj_text json, struct sj_buf *out)
{
    bool is_text = false;
    for (size_t i = 0; i < json.len;) {
        const char c = json.ptr[i];
        if (is_text || !is_number_byte(c)) {
            const bool is_escape = is_text && c == '\\' && i + 1 < json.len;
            is_text = c == '"' ? !is_text : is_text;
            TRY(sj_buf_put(out, json.ptr + i, is_escape ? 2 : 1));
            i += is_escape ? 2 : 1;
            continue;
        }
        size_t end = i;
        while (end < json.len && is_number_byte(json.ptr[end])) {
            end++;
        }
        const char *quote = memchr(json.ptr + i, '.', end - i) != NULL ? "\"" : "";
        TRY(sj_buf_put_str(out, quote));
        TRY(sj_buf_put(out, json.ptr + i, end - i));
        TRY(sj_buf_put_str(out, quote));
        i = end;
    }
    return SJ_DONE;
}
