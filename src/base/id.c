/* SPDX-License-Identifier: Apache-2.0
 *
 * How is a 128-bit identifier written and read? One text form only (RFC 9562 section 4, lower
 * case), so that an id has one spelling in URLs, audit entries and contexts. If two spellings of
 * one id passed, a check by text could be walked around.
 */
#include "sanjeh/base/id.h"

#include <string.h>

bool sj_uuid_equal(struct sj_uuid a, struct sj_uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

bool sj_uuid_is_nil(struct sj_uuid id)
{
    return sj_uuid_equal(id, (struct sj_uuid){{0}});
}

static bool dash_before_byte(size_t i)
{
    return i == 4 || i == 6 || i == 8 || i == 10;
}

uint32_t sj_uuid_hash(struct sj_uuid id)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof(id.bytes); i++) {
        hash = (hash ^ id.bytes[i]) * 16777619u;
    }
    return hash;
}

void sj_uuid_format(struct sj_uuid id, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof(id.bytes); i++) {
        if (dash_before_byte(i)) {
            *out++ = '-';
        }
        *out++ = digits[id.bytes[i] >> 4];
        *out++ = digits[id.bytes[i] & 15];
    }
    *out = 0;
}

static int lower_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return -1;
}

sj_status sj_uuid_parse(struct sj_text text, struct sj_uuid *ret_id)
{
    struct sj_uuid id = {{0}};
    size_t at = 0;

    ENSURE(text.len == SJ_UUID_TEXT_SIZE - 1, BAD_REQUEST);
    for (size_t i = 0; i < sizeof(id.bytes); i++) {
        if (dash_before_byte(i)) {
            ENSURE(text.ptr[at] == '-', BAD_REQUEST);
            at++;
        }
        const int high = lower_hex(text.ptr[at]);
        const int low = lower_hex(text.ptr[at + 1]);
        ENSURE(high >= 0 && low >= 0, BAD_REQUEST);
        id.bytes[i] = (uint8_t)(high * 16 + low);
        at += 2;
    }
    *ret_id = id;
    return SJ_DONE;
}
