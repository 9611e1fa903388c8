/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a request target get through the guard with a dot segment, a control byte or broken UTF-8?
 */
#include "../../src/http/target.h"

#include "sanjeh/base/memory.h"

static void check_text(struct sj_text text)
{
    struct sj_text proven;
    SJ_ASSERT(!sj_failed(sj_text_check(sj_text_bytes(text), text.len, &proven)));
    for (size_t i = 0; i < text.len; i++) {
        SJ_ASSERT((unsigned char)text.ptr[i] >= 0x20 && text.ptr[i] != 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct sj_http_target target;
    if (sj_failed(sj_arena_new(1u << 20, &arena)) ||
        sj_failed(sj_http_target_parse(sj_view_of(data, size), arena, &target))) {
        return 0;
    }
    struct sj_text rest = target.path;
    struct sj_text segment;
    check_text(target.path);
    SJ_ASSERT(target.path.len > 0 && target.path.ptr[0] == '/');
    while (sj_text_split(&rest, '/', &segment)) {
        struct sj_text decoded;
        SJ_ASSERT(!sj_failed(sj_http_path_decode(segment, arena, &decoded)));
        check_text(decoded);
        SJ_ASSERT(!sj_text_is(decoded, ".") && !sj_text_is(decoded, ".."));
        SJ_ASSERT(decoded.len == 0 || memchr(decoded.ptr, '/', decoded.len) == NULL);
    }
    for (size_t i = 0; i < target.query_count; i++) {
        check_text(target.query[i].name);
        check_text(target.query[i].value);
    }
    return 0;
}
