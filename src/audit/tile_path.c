/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tile does a path name? Only the canonical spelling is accepted (C2SP tlog-tiles), so that no tile has
 * two names and nothing like ".." can be a name at all.
 */
#include "sanjeh/audit/tile_path.h"

#include "sanjeh/base/parse.h"

#define LEVEL_MAX  63
#define GROUPS_MAX 7 /* 10^21 > 2^63 */

static bool starts_take(struct sj_text *rest, const char *prefix)
{
    if (!sj_text_starts(*rest, prefix)) {
        return false;
    }
    const size_t len = sj_text_of(prefix).len;
    rest->ptr += len;
    rest->len -= len;
    return true;
}

static sj_status parse_level(struct sj_text *rest, uint8_t *ret_level)
{
    struct sj_text head;
    uint64_t level = 0;
    ENSURE(starts_take(rest, "tile/"), BAD_PARAMETER);
    ENSURE(sj_text_split(rest, '/', &head), BAD_PARAMETER);
    if (sj_text_is(head, "entries")) {
        *ret_level = SJ_TILE_ENTRIES;
        return SJ_DONE;
    }
    ENSURE(!sj_failed(sj_parse_u64(head, 0, LEVEL_MAX, &level)), BAD_PARAMETER);
    *ret_level = (uint8_t)level;
    return SJ_DONE;
}

static sj_status parse_group(struct sj_text digits, uint64_t *n)
{
    ENSURE(digits.len == 3, BAD_PARAMETER);
    uint64_t value = 0;
    for (size_t i = 0; i < 3; i++) {
        ENSURE(digits.ptr[i] >= '0' && digits.ptr[i] <= '9', BAD_PARAMETER);
        value = value * 10 + (uint64_t)(digits.ptr[i] - '0');
    }
    ENSURE(*n <= ((uint64_t)INT64_MAX - value) / 1000, BAD_PARAMETER);
    *n = *n * 1000 + value;
    return SJ_DONE;
}

static sj_status parse_number(struct sj_text *rest, uint64_t *ret_n)
{
    struct sj_text head;
    *ret_n = 0;
    for (size_t groups = 0; groups < GROUPS_MAX; groups++) {
        if (starts_take(rest, "x")) {
            ENSURE(sj_text_split(rest, '/', &head), BAD_PARAMETER);
            TRY(parse_group(head, ret_n));
            ENSURE(*ret_n != 0, BAD_PARAMETER); /* x000/ in front would be a second spelling */
            continue;
        }
        ENSURE(rest->len >= 3, BAD_PARAMETER);
        head = (struct sj_text){rest->ptr, 3};
        rest->ptr += 3;
        rest->len -= 3;
        return parse_group(head, ret_n);
    }
    FAIL(BAD_PARAMETER);
}

sj_status sj_tile_name_parse(struct sj_text path, struct sj_tile_name *ret_name)
{
    struct sj_tile_name name = {0};
    uint64_t width = 0;
    TRY(parse_level(&path, &name.level));
    TRY(parse_number(&path, &name.n));
    if (path.len != 0) {
        ENSURE(starts_take(&path, ".p/"), BAD_PARAMETER);
        ENSURE(!sj_failed(sj_parse_u64(path, 1, 255, &width)), BAD_PARAMETER);
    }
    name.width = (uint8_t)width;
    *ret_name = name;
    return SJ_DONE;
}

static sj_status put_group(struct sj_buf *out, uint64_t value)
{
    TRY(sj_buf_put_byte(out, (uint8_t)('0' + value / 100 % 10)));
    TRY(sj_buf_put_byte(out, (uint8_t)('0' + value / 10 % 10)));
    return sj_buf_put_byte(out, (uint8_t)('0' + value % 10));
}

static sj_status put_number(struct sj_buf *out, uint64_t n)
{
    uint64_t groups[GROUPS_MAX + 1];
    size_t count = 0;
    do {
        groups[count++] = n % 1000;
        n /= 1000;
    } while (n != 0);
    while (count > 1) {
        TRY(sj_buf_put_byte(out, 'x'));
        TRY(put_group(out, groups[--count]));
        TRY(sj_buf_put_byte(out, '/'));
    }
    return put_group(out, groups[0]);
}

sj_status sj_tile_name_format(const struct sj_tile_name *name, struct sj_buf *out)
{
    TRY(sj_buf_put_str(out, "tile/"));
    if (name->level == SJ_TILE_ENTRIES) {
        TRY(sj_buf_put_str(out, "entries"));
    } else {
        TRY(sj_buf_put_decimal(out, name->level));
    }
    TRY(sj_buf_put_byte(out, '/'));
    TRY(put_number(out, name->n));
    if (name->width != 0) {
        TRY(sj_buf_put_str(out, ".p/"));
        TRY(sj_buf_put_decimal(out, name->width));
    }
    return SJ_DONE;
}
