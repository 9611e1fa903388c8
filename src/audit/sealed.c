/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files are in a sealed export, and with which bytes? A manifest of lines: format, origin, "first end size", and for each file its
 * SHA-256 and its name. One encoding: what reads, writes back the same.
 */
#include "sealed.h"

#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"

#define HEX_SIZE ((size_t)2 * SJ_HASH_SIZE)

sj_status sj_sealed_put_head(struct sj_buf *out, const struct sj_sealed_head *head)
{
    TRY(sj_buf_put_str(out, SJ_SEALED_FORMAT "\n"));
    TRY(sj_buf_put_text(out, head->origin));
    TRY(sj_buf_put_byte(out, '\n'));
    TRY(sj_buf_put_decimal(out, (int64_t)head->first));
    TRY(sj_buf_put_byte(out, ' '));
    TRY(sj_buf_put_decimal(out, (int64_t)head->end));
    TRY(sj_buf_put_byte(out, ' '));
    TRY(sj_buf_put_decimal(out, (int64_t)head->size));
    return sj_buf_put_byte(out, '\n');
}

sj_status sj_sealed_put_file(struct sj_buf *out, const struct sj_hash *hash, struct sj_text name)
{
    TRY(sj_buf_put_hex(out, sj_view_of(hash->bytes, SJ_HASH_SIZE)));
    TRY(sj_buf_put_byte(out, ' '));
    TRY(sj_buf_put_text(out, name));
    return sj_buf_put_byte(out, '\n');
}

static sj_status take_until(struct sj_text *rest, char end, struct sj_text *ret_piece)
{
    const char *found = rest->len == 0 ? NULL : memchr(rest->ptr, end, rest->len);
    ENSURE(found != NULL, PROTOCOL);
    *ret_piece = (struct sj_text){rest->ptr, (size_t)(found - rest->ptr)};
    rest->ptr = found + 1;
    rest->len -= ret_piece->len + 1;
    return SJ_DONE;
}

static sj_status take_number(struct sj_text *rest, char end, uint64_t *ret_number)
{
    struct sj_text piece;
    TRY(take_until(rest, end, &piece));
    ENSURE(piece.len > 0 && (piece.len == 1 || piece.ptr[0] != '0'), PROTOCOL);
    ENSURE(!sj_failed(sj_parse_u64(piece, 0, INT64_MAX, ret_number)), PROTOCOL);
    return SJ_DONE;
}

sj_status sj_sealed_read_head(struct sj_text *manifest, struct sj_sealed_head *ret_head)
{
    struct sj_text format;
    TRY(take_until(manifest, '\n', &format));
    ENSURE(sj_text_is(format, SJ_SEALED_FORMAT), PROTOCOL);
    TRY(take_until(manifest, '\n', &ret_head->origin));
    TRY(take_number(manifest, ' ', &ret_head->first));
    TRY(take_number(manifest, ' ', &ret_head->end));
    TRY(take_number(manifest, '\n', &ret_head->size));
    ENSURE(ret_head->first < ret_head->end && ret_head->end <= ret_head->size, PROTOCOL);
    ENSURE(ret_head->first % 256 == 0 && ret_head->end % 256 == 0, PROTOCOL);
    return SJ_DONE;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

sj_status sj_sealed_read_file(
    struct sj_text *manifest, struct sj_hash *ret_hash, struct sj_text *ret_name)
{
    struct sj_text hex;
    TRY(take_until(manifest, ' ', &hex));
    ENSURE(hex.len == HEX_SIZE, PROTOCOL);
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        const int high = digit(hex.ptr[2 * i]);
        const int low = digit(hex.ptr[2 * i + 1]);
        ENSURE(high >= 0 && low >= 0, PROTOCOL);
        ret_hash->bytes[i] = (uint8_t)(high * 16 + low);
    }
    TRY(take_until(manifest, '\n', ret_name));
    ENSURE(ret_name->len > 0, PROTOCOL);
    return SJ_DONE;
}
