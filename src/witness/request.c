/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the caller of add-checkpoint claim? "old <size>", up to 63 hashes, a blank line, a checkpoint (C2SP tlog-witness).
 * Anybody may send it: one spelling of everything, and nothing is looked at twice.
 */
#include "sanjeh/base/parse.h"
#include "witness_priv.h"

#define OLD_START "old "

/* A line with its newline, which must be there. */
static sj_status take_line(struct sj_view *rest, struct sj_text *ret_line)
{
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->ptr[i] == '\n') {
            TRY(sj_text_check(sj_view_of(rest->ptr, i), 256, ret_line));
            *rest = sj_view_of(rest->ptr + i + 1, rest->len - i - 1);
            return SJ_DONE;
        }
    }
    FAIL(INVALID);
}

static sj_status parse_size(struct sj_text text, uint64_t *ret_size)
{
    ENSURE(!sj_failed(sj_parse_u64(text, 0, INT64_MAX, ret_size)), INVALID);
    return SJ_DONE;
}

static sj_status parse(struct sj_view rest, struct sj_witness_request *request)
{
    struct sj_text line;
    TRY(take_line(&rest, &line));
    ENSURE(sj_text_starts(line, OLD_START), INVALID);
    const size_t start = sizeof(OLD_START) - 1;
    TRY(parse_size((struct sj_text){line.ptr + start, line.len - start}, &request->old_size));
    CLEANUP(sj_buf_clear) struct sj_buf hash = SJ_BUF(SJ_HASH_SIZE + 3);
    request->proof_count = 0;
    TRY(take_line(&rest, &line));
    while (line.len > 0) {
        ENSURE(request->proof_count < SJ_WITNESS_PROOF_MAX, INVALID);
        sj_buf_reset(&hash);
        TRY(sj_parse_base64(line, &hash));
        ENSURE(hash.len == SJ_HASH_SIZE, INVALID);
        TRY(sj_copy(
            request->proof[request->proof_count++].bytes, SJ_HASH_SIZE, hash.ptr, hash.len));
        TRY(take_line(&rest, &line));
    }
    ENSURE(rest.len > 0 && rest.len <= SJ_NOTE_MAX, INVALID);
    request->checkpoint = rest;
    return SJ_DONE;
}

sj_status sj_witness_request_parse(struct sj_view body, struct sj_witness_request *ret_request)
{
    const sj_status status = parse(body, ret_request);
    ENSURE(status.code == SJ_OUT_OF_MEMORY || !sj_failed(status), INVALID);
    return status;
}

sj_status sj_witness_request_format(uint64_t old_size, const struct sj_hash *proof,
    size_t proof_count, struct sj_view checkpoint, struct sj_buf *out)
{
    ENSURE(proof_count <= SJ_WITNESS_PROOF_MAX && old_size <= INT64_MAX, LIMIT_EXCEEDED);
    TRY(sj_buf_put_str(out, OLD_START));
    TRY(sj_buf_put_decimal(out, (int64_t)old_size));
    TRY(sj_buf_put_byte(out, '\n'));
    for (size_t i = 0; i < proof_count; i++) {
        TRY(sj_buf_put_base64(out, sj_view_of(proof[i].bytes, SJ_HASH_SIZE)));
        TRY(sj_buf_put_byte(out, '\n'));
    }
    TRY(sj_buf_put_byte(out, '\n'));
    return sj_buf_put_view(out, checkpoint);
}

sj_status sj_witness_size_parse(struct sj_view body, uint64_t *ret_size)
{
    struct sj_text line;
    ENSURE(!sj_failed(take_line(&body, &line)) && body.len == 0, INVALID);
    return parse_size(line, ret_size);
}
