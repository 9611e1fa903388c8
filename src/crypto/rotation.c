/* SPDX-License-Identifier: Apache-2.0
 *
 * Which words hand a log over to its next key? The entry names both keys and the size from which on the new one signs; the
 * new key signs its own appointment, so that nobody can appoint a key that is not his (and so have another's signatures
 * count for this log). The old key's consent is the checkpoint that covers the entry.
 */
#include "sanjeh/crypto/rotation.h"

#include "sanjeh/base/detail.h"

#define TEXT_MAX 2048

sj_status sj_rotation_format(const struct sj_rotation *r, struct sj_buf *out)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_ROTATION_DETAIL_MAX);
    TRY(sj_detail_put_u64(&text, "epoch", r->epoch));
    TRY(sj_detail_put_hex(&text, "old", sj_view_of(r->old_key, sizeof(r->old_key))));
    TRY(sj_detail_put_hex(&text, "new", sj_view_of(r->new_key, sizeof(r->new_key))));
    TRY(sj_detail_put_u64(&text, "first", r->first));
    TRY(sj_detail_put_hex(&text, "pop", sj_view_of(r->pop, sizeof(r->pop))));
    return sj_buf_put_view(out, sj_buf_view(&text));
}

sj_status sj_rotation_parse(struct sj_text detail, struct sj_rotation *ret_rotation)
{
    struct sj_rotation r;
    const bool is_read = sj_detail_take_u64(&detail, "epoch", &r.epoch) &&
                         sj_detail_take_hex(&detail, "old", r.old_key, sizeof(r.old_key)) &&
                         sj_detail_take_hex(&detail, "new", r.new_key, sizeof(r.new_key)) &&
                         sj_detail_take_u64(&detail, "first", &r.first) &&
                         sj_detail_take_hex(&detail, "pop", r.pop, sizeof(r.pop)) &&
                         detail.len == 0;
    ENSURE(is_read, INVALID);
    *ret_rotation = r;
    return SJ_DONE;
}

static sj_status put_key_line(
    struct sj_text origin, const uint8_t key[SJ_ED25519_PUBLIC], struct sj_buf *out)
{
    struct sj_note_key note_key;
    TRY(sj_note_key_make(origin, 1, key, &note_key));
    TRY(sj_note_key_format(&note_key, out));
    return sj_buf_put_byte(out, '\n');
}

static sj_status put_message(struct sj_text origin, const struct sj_rotation *r, struct sj_buf *out)
{
    ENSURE(r->epoch >= 1 && r->epoch <= INT64_MAX, INVALID);
    TRY(sj_buf_put_str(out, "sanjeh/key-rotate/1\n"));
    TRY(sj_buf_put_text(out, origin));
    TRY(sj_buf_put_byte(out, '\n'));
    TRY(sj_buf_put_decimal(out, (int64_t)r->epoch));
    TRY(sj_buf_put_byte(out, '\n'));
    TRY(put_key_line(origin, r->old_key, out));
    return put_key_line(origin, r->new_key, out);
}

sj_status sj_rotation_prove(
    struct sj_text origin, const struct sj_signing_key *secret, struct sj_rotation *rotation)
{
    CLEANUP(sj_buf_clear) struct sj_buf message = SJ_BUF(TEXT_MAX);
    TRY(put_message(origin, rotation, &message));
    return sj_sign(secret, sj_buf_view(&message), rotation->pop);
}

sj_status sj_rotation_check(
    struct sj_text origin, const struct sj_rotation *rotation, bool *ret_holds)
{
    CLEANUP(sj_buf_clear) struct sj_buf message = SJ_BUF(TEXT_MAX);
    CLEANUP(sj_verify_key_free) struct sj_verify_key *key = NULL;
    *ret_holds = false;
    const sj_status made = sj_verify_key_new(rotation->new_key, &key);
    if (made.code == SJ_INVALID) {
        return SJ_DONE; /* a key that anybody can sign for */
    }
    TRY(made);
    const sj_status put = put_message(origin, rotation, &message);
    if (put.code == SJ_INVALID) {
        return SJ_DONE;
    }
    TRY(put);
    return sj_verify(
        key, sj_buf_view(&message), sj_view_of(rotation->pop, sizeof(rotation->pop)), ret_holds);
}
