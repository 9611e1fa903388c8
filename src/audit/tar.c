/* SPDX-License-Identifier: Apache-2.0
 *
 * How is a bundle one file? As ustar, so that anybody's tar lists and unpacks it. Written with fixed owner, mode
 * and time: the same log gives the same bytes. The reader takes hostile archives and never unpacks anything; a
 * name is only compared with those that a bundle may have.
 */
#include "sanjeh/audit/tar.h"

#include <stdio.h>
#include <string.h>

#define NAME_AT     0u
#define NAME_LEN    100u
#define MODE_AT     100u
#define SIZE_AT     124u
#define SIZE_LEN    12u
#define TIME_AT     136u
#define SUM_AT      148u
#define SUM_LEN     8u
#define TYPE_AT     156u
#define MAGIC_AT    257u
#define PREFIX_AT   345u
#define PREFIX_LEN  155u
#define SIZE_DIGITS 11
#define SIZE_LIMIT  UINT64_C(0x1FFFFFFFF) /* eleven octal digits: 8 GiB */

static uint32_t checksum(const uint8_t block[SJ_TAR_BLOCK])
{
    uint32_t sum = 0;
    for (size_t i = 0; i < SJ_TAR_BLOCK; i++) {
        /* its own field counts as spaces */
        sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? (uint32_t)' ' : block[i];
    }
    return sum;
}

static void put_octal(uint8_t *dst, size_t digits, uint64_t value)
{
    for (size_t i = digits; i-- > 0;) {
        dst[i] = (uint8_t)('0' + (value & 7));
        value >>= 3;
    }
}

sj_status sj_tar_put_header(struct sj_buf *out, struct sj_text name, uint64_t size)
{
    uint8_t block[SJ_TAR_BLOCK] = {0};
    ENSURE(size <= SIZE_LIMIT && name.len >= 1 && name.len < NAME_LEN, LIMIT_EXCEEDED);
    TRY(sj_copy(block + NAME_AT, NAME_LEN, name.ptr, name.len));
    TRY(sj_copy(block + MODE_AT, 24,
        "0000644\0"
        "0000000\0"
        "0000000",
        24));
    put_octal(block + SIZE_AT, SIZE_DIGITS, size);
    put_octal(block + TIME_AT, SIZE_DIGITS, 0);
    block[TYPE_AT] = '0';
    TRY(sj_copy(block + MAGIC_AT, 8,
        "ustar\0"
        "00",
        8));
    put_octal(block + SUM_AT, 6, checksum(block));
    block[SUM_AT + 6] = '\0';
    block[SUM_AT + 7] = ' ';
    return sj_buf_put(out, block, sizeof(block));
}

sj_status sj_tar_put_padding(struct sj_buf *out, uint64_t size)
{
    static const uint8_t zeros[SJ_TAR_BLOCK] = {0};
    const size_t over = (size_t)(size % SJ_TAR_BLOCK);
    return over == 0 ? SJ_DONE : sj_buf_put(out, zeros, SJ_TAR_BLOCK - over);
}

sj_status sj_tar_put_end(struct sj_buf *out)
{
    static const uint8_t zeros[2 * SJ_TAR_BLOCK] = {0};
    return sj_buf_put(out, zeros, sizeof(zeros));
}

/* Octal digits after optional spaces, ended by a space, a NUL or the field. */
static sj_status read_octal(const uint8_t *field, size_t len, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t at = 0;
    while (at < len && field[at] == ' ') {
        at++;
    }
    const size_t from = at;
    while (at < len && field[at] >= '0' && field[at] <= '7') {
        value = value << 3 | (uint64_t)(field[at] - '0');
        at++;
    }
    ENSURE(at > from, PROTOCOL);
    ENSURE(at == len || field[at] == ' ' || field[at] == '\0', PROTOCOL);
    *ret_value = value;
    return SJ_DONE;
}

static sj_status read_name(const uint8_t block[SJ_TAR_BLOCK], char name[SJ_TAR_NAME_MAX])
{
    const char *prefix = (const char *)block + PREFIX_AT;
    const char *base = (const char *)block + NAME_AT;
    const size_t prefix_len = strnlen(prefix, PREFIX_LEN);
    const size_t base_len = strnlen(base, NAME_LEN);
    size_t at = 0;
    if (prefix_len != 0) {
        TRY(sj_copy(name, SJ_TAR_NAME_MAX, prefix, prefix_len));
        name[prefix_len] = '/';
        at = prefix_len + 1;
    }
    if (at == 0 && base_len >= 2 && base[0] == '.' && base[1] == '/') {
        TRY(sj_copy(name, SJ_TAR_NAME_MAX - 1, base + 2, base_len - 2));
        name[base_len - 2] = '\0';
        return SJ_DONE;
    }
    TRY(sj_copy(name + at, SJ_TAR_NAME_MAX - 1 - at, base, base_len));
    name[at + base_len] = '\0';
    return SJ_DONE;
}

sj_status sj_tar_read_header(const uint8_t block[SJ_TAR_BLOCK], struct sj_tar_member *ret_member)
{
    static const uint8_t zeros[SJ_TAR_BLOCK] = {0};
    struct sj_tar_member member = {0};
    uint64_t sum = 0;
    if (sj_view_equal(sj_view_of(block, SJ_TAR_BLOCK), sj_view_of(zeros, SJ_TAR_BLOCK))) {
        member.is_end = true;
        *ret_member = member;
        return SJ_DONE;
    }
    ENSURE(sj_view_equal(sj_view_of(block + MAGIC_AT, 5), sj_view_of("ustar", 5)), PROTOCOL);
    TRY(read_octal(block + SUM_AT, SUM_LEN, &sum));
    ENSURE(sum == checksum(block), PROTOCOL);
    TRY(read_octal(block + SIZE_AT, SIZE_LEN, &member.size));
    TRY(read_name(block, member.name));
    member.is_file = block[TYPE_AT] == '0' || block[TYPE_AT] == '\0';
    *ret_member = member;
    return SJ_DONE;
}
