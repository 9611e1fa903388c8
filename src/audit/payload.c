/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands beside an entry and can be destroyed? Salt and payload: the entry holds SHA-256(0x02, salt, payload) alone.
 * With the salt gone a payload of few possible values cannot be guessed from the entry either, which a bare hash would
 * allow. Stored with the name of the key that seals them, so that the destruction of one subject's key is enough.
 */
#include "sanjeh/audit/entry.h"

#include "sanjeh/base/reader.h"
#include "sanjeh/crypto/random.h"

static sj_status commitment(struct sj_view salted, struct sj_hash *ret_commit)
{
    static const uint8_t prefix = 0x02;
    const struct sj_view parts[] = {sj_view_of(&prefix, 1), salted};
    return sj_sha256(parts, SJ_COUNT(parts), ret_commit);
}

sj_status sj_payload_commit(
    struct sj_draft *draft, struct sj_view payload, struct sj_buf *ret_salted)
{
    uint8_t salt[SJ_PAYLOAD_SALT];
    const size_t start = ret_salted->len;
    ENSURE(payload.len >= 1 && payload.len <= SJ_PAYLOAD_MAX, LIMIT_EXCEEDED);
    TRY(sj_random(salt, sizeof(salt)));
    TRY(sj_buf_reserve(ret_salted, sizeof(salt) + payload.len));
    TRY(sj_buf_put(ret_salted, salt, sizeof(salt)));
    TRY(sj_buf_put_view(ret_salted, payload));
    TRY(commitment(
        sj_view_of(ret_salted->ptr + start, ret_salted->len - start), &draft->payload_commit));
    draft->payload_len = (uint32_t)payload.len;
    return SJ_DONE;
}

sj_status sj_payload_fits(
    uint32_t payload_len, const struct sj_hash *commit, struct sj_view salted, bool *ret_fits)
{
    struct sj_hash found;
    *ret_fits = false;
    if (payload_len == 0 || salted.len != (size_t)SJ_PAYLOAD_SALT + payload_len) {
        return SJ_DONE;
    }
    TRY(commitment(salted, &found));
    *ret_fits = sj_hash_equal(&found, commit);
    return SJ_DONE;
}

static bool is_stored(const struct sj_payload *payload)
{
    return payload->content.len > SJ_PAYLOAD_SALT &&
           payload->content.len <= SJ_PAYLOAD_STORED - SJ_PAYLOAD_KEY_SIZE &&
           sj_uuid_is_nil(payload->subject) == (payload->key_version == 0);
}

sj_status sj_payload_encode(const struct sj_payload *payload, struct sj_buf *out)
{
    ENSURE(is_stored(payload), INVALID);
    TRY(sj_buf_reserve(out, SJ_PAYLOAD_KEY_SIZE + payload->content.len));
    TRY(sj_buf_put(out, payload->unit.bytes, sizeof(payload->unit.bytes)));
    TRY(sj_buf_put(out, payload->subject.bytes, sizeof(payload->subject.bytes)));
    TRY(sj_buf_put_u32(out, payload->key_version));
    return sj_buf_put_view(out, payload->content);
}

sj_status sj_payload_decode(struct sj_view stored, struct sj_payload *ret_payload)
{
    struct sj_reader reader = sj_reader_of(stored);
    struct sj_payload payload = {.key_version = 0};
    TRY(sj_read_bytes(&reader, payload.unit.bytes, sizeof(payload.unit.bytes)));
    TRY(sj_read_bytes(&reader, payload.subject.bytes, sizeof(payload.subject.bytes)));
    TRY(sj_read_u32(&reader, &payload.key_version));
    payload.content = sj_view_of(reader.ptr, reader.left);
    ENSURE(is_stored(&payload), PROTOCOL);
    *ret_payload = payload;
    return SJ_DONE;
}

bool sj_payload_may_lack(const char *detail)
{
    return strstr(detail, "recovered=outcome-unknown") != NULL;
}
