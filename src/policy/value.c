/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a value of a request of the type that the schema gives it? What is not is refused before anything is decided.
 */
#include "engine_priv.h"

#include <arpa/inet.h>

bool sj_attr_ip(struct sj_text text, uint8_t ret_ip[16])
{
    char copy[64];
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, '\0', text.len) != NULL) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = text.ptr[i];
    }
    copy[text.len] = '\0';
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    uint8_t four[4];
    if (inet_pton(AF_INET, copy, four) == 1) {
        for (size_t i = 0; i < 16; i++) {
            ret_ip[i] = i < 12 ? mapped[i] : four[i - 12];
        }
        return true;
    }
    return inet_pton(AF_INET6, copy, ret_ip) == 1;
}

bool sj_attr_ip_range(struct sj_text text, uint8_t ret_ip[16], unsigned *ret_bits)
{
    const char *slash = text.len == 0 ? NULL : memchr(text.ptr, '/', text.len);
    const struct sj_text address = {
        text.ptr, slash == NULL ? text.len : (size_t)(slash - text.ptr)};
    if (!sj_attr_ip(address, ret_ip)) {
        return false;
    }
    const bool four = memchr(address.ptr, ':', address.len) == NULL;
    unsigned bits = 0;
    if (slash != NULL) {
        const size_t digits = text.len - address.len - 1;
        for (size_t i = 1; i <= digits; i++) {
            if (digits > 3 || slash[i] < '0' || slash[i] > '9') {
                return false;
            }
            bits = bits * 10 + (unsigned)(slash[i] - '0');
        }
        if (digits == 0 || bits > (four ? 32u : 128u)) {
            return false;
        }
        bits += four ? 96 : 0;
    } else {
        bits = 128;
    }
    for (unsigned bit = bits; bit < 128; bit++) {
        if ((ret_ip[bit / 8] >> (7 - bit % 8) & 1) != 0) {
            return false;
        }
    }
    *ret_bits = bits;
    return true;
}

void attr_ip_text(const uint8_t ip[16], char *out)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const bool four = memcmp(ip, mapped, sizeof mapped) == 0;
    if (inet_ntop(four ? AF_INET : AF_INET6, four ? ip + 12 : ip, out, 48) == NULL) {
        out[0] = '\0';
    }
}

bool sj_attr_from_text(const struct sj_policy_set *set, const struct sj_attr_type *type,
    struct sj_text text, struct sj_attr_value *ret_value)
{
    *ret_value = (struct sj_attr_value){.kind = type->kind};
    switch ((enum sj_attr_kind)type->kind) {
    case SJ_ATTR_STRING:
        ret_value->text = text;
        return text.len <= 65536;
    case SJ_ATTR_ENUM:
        for (uint32_t i = 0; i < type->word_count; i++) {
            if (sj_text_is(text, type->words[i])) {
                ret_value->number = i;
                return true;
            }
        }
        return false;
    case SJ_ATTR_UNIT: {
        const uint32_t unit = sj_policy_set_unit(set, text);
        ret_value->number = unit;
        return unit != SJ_POLICY_NONE;
    }
    case SJ_ATTR_IP:
        return sj_attr_ip(text, ret_value->ip);
    case SJ_ATTR_TIME: {
        sj_time_us time = 0;
        const bool good = !sj_failed(sj_time_parse(text, &time));
        ret_value->number = time;
        return good;
    }
    case SJ_ATTR_NONE:
    case SJ_ATTR_BOOL:
    case SJ_ATTR_INT:
    case SJ_ATTR_SET:
        return false;
    }
    return false;
}

bool sj_attr_from_int(
    const struct sj_attr_type *type, int64_t number, struct sj_attr_value *ret_value)
{
    *ret_value = (struct sj_attr_value){.kind = SJ_ATTR_INT, .number = number};
    return type->kind == SJ_ATTR_INT && number >= type->lo && number <= type->hi;
}

bool sj_attr_from_bool(const struct sj_attr_type *type, bool value, struct sj_attr_value *ret_value)
{
    *ret_value = (struct sj_attr_value){.kind = SJ_ATTR_BOOL, .number = value ? 1 : 0};
    return type->kind == SJ_ATTR_BOOL;
}

bool sj_attr_from_items(const struct sj_attr_type *type, const struct sj_attr_value *items,
    size_t count, struct sj_attr_value *ret_value)
{
    bool good = type->kind == SJ_ATTR_SET && count <= SJ_ATTR_ITEMS_MAX;
    for (size_t i = 0; good && i < count; i++) {
        good = items[i].kind == type->of;
    }
    *ret_value = (struct sj_attr_value){
        .kind = SJ_ATTR_SET, .of = type->of, .count = good ? (uint32_t)count : 0, .items = items};
    return good;
}
