/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads members of vector files. A vector that lacks a member fails the test that asks for it.
 */
#ifndef SJ_TEST_VECTOR_JSON_H
#define SJ_TEST_VECTOR_JSON_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/parse.h"
#include "test.h"
#include <jansson.h>

static inline json_t *vector_load(const char *name)
{
    const struct sj_view bytes = sj_test_vector(name);
    json_t *root = json_loadb((const char *)bytes.ptr, bytes.len, 0, NULL);
    CHECK(root != NULL);
    return root;
}

static inline uint32_t vector_u32(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    CHECK(json_is_integer(value));
    return (uint32_t)json_integer_value(value);
}

static inline struct sj_text vector_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    CHECK(json_is_string(value));
    return (struct sj_text){json_string_value(value), json_string_length(value)};
}

/* Hex member into a buffer of its own, which the caller clears. */
static inline struct sj_buf vector_hex(const json_t *object, const char *name)
{
    struct sj_buf buf = SJ_BUF((size_t)1 << 20);
    const struct sj_text text = vector_text(object, name);
    if (text.len > 0) {
        CHECK_OK(sj_buf_reserve(&buf, text.len / 2));
        CHECK_OK(sj_parse_hex(text, buf.ptr, text.len / 2));
        buf.len = text.len / 2;
    }
    return buf;
}

static inline void vector_hex_into(const json_t *object, const char *name, void *dst, size_t len)
{
    CHECK_OK(sj_parse_hex(vector_text(object, name), dst, len));
}

static inline struct sj_buf vector_base64(const json_t *object, const char *name)
{
    struct sj_buf buf = SJ_BUF((size_t)1 << 20);
    const json_t *value = json_object_get(object, name);
    if (json_is_string(value) && json_string_length(value) > 0) {
        CHECK_OK(sj_parse_base64(
            (struct sj_text){json_string_value(value), json_string_length(value)}, &buf));
    }
    return buf;
}

#endif
