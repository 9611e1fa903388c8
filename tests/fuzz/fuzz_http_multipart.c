/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a form body break its parser, or yield parts outside the body or of one name?
 */
#include "../../src/http/fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_http_part parts[SJ_HTTP_PARTS_MAX];
    size_t count = 0;
    if (sj_failed(sj_http_multipart_parse(sj_view_of(data, size), SJ_TEXT("XX"), parts, &count))) {
        return 0;
    }
    SJ_ASSERT(count <= SJ_HTTP_PARTS_MAX);
    for (size_t i = 0; i < count; i++) {
        SJ_ASSERT(parts[i].content.ptr >= data &&
                  (size_t)(parts[i].content.ptr - data) + parts[i].content.len <= size);
        SJ_ASSERT(sj_http_is_field_value(parts[i].name));
        for (size_t j = 0; j < i; j++) {
            SJ_ASSERT(!sj_text_equal(parts[i].name, parts[j].name));
        }
    }
    return 0;
}
