/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a Cookie or Content-Type header break its parser, or yield a value with other bytes than the
 * grammar allows?
 */
#include "../../src/http/fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sj_text header = {(const char *)data, size};
    struct sj_text value;
    if (sj_http_cookie_find(header, "sid", &value)) {
        SJ_ASSERT(sj_http_is_field_value(value) && value.len + 4 <= size);
        SJ_ASSERT(value.len == 0 || memchr(value.ptr, ';', value.len) == NULL);
    }
    if (sj_http_boundary(header, &value)) {
        SJ_ASSERT(value.len >= 1 && value.len <= 70 && !sj_http_is_json(header));
    }
    (void)sj_http_trim(header);
    (void)sj_http_is_token(header);
    return 0;
}
