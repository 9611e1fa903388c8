/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a field look in the database, and does this blob belong here?
 * Format FLE1 of docs/FLE1.md: a key per value from the field key, the 192-bit nonce and the hash of the
 * context (RFC 5869 expand), a commitment to key and context, AES-256-GCM (SP 800-38D) with the context as
 * associated data, ISO/IEC 7816-4 padding. If the context were not bound, whoever can write rows could move a
 * value to another person; without the commitment one blob could open to two texts under two keys.
 */
#include "sanjeh/crypto/fle1.h"
#include "gcm.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/crypto/random.h"
#include <string.h>

#define SUITE             1
#define CONTEXT_SIZE      66
#define HEADER_SIZE       61
#define VERSION_AT        1
#define NONCE_AT          5
#define COMMIT_AT         29
#define COMMIT_SIZE       32
#define GCM_IV_IN_NONCE   12
#define PLAINTEXT_MAX     ((size_t)64 * 1024)
#define BUCKET_SMALL      16
#define BUCKET_LARGE      64
#define BUCKET_MAX        256
#define SCRATCH_SMALL     1024
#define FIELD_LABEL       "fle1/field"
#define FIELD_INFO_LENGTH (sizeof(FIELD_LABEL) - 1 + 8)

/* What one seal or open needs; wiped at its end. */
struct value_keys {
    uint8_t context[CONTEXT_SIZE];
    uint8_t okm[SJ_KEY_SIZE + COMMIT_SIZE]; /* value key, commitment */
};

static void value_keys_wipe(struct value_keys *keys)
{
    sj_wipe(keys, sizeof(*keys));
}

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
    return at + 4;
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

void sj_key_wipe(struct sj_key *key)
{
    sj_wipe(key, sizeof(*key));
}

sj_status sj_fle1_field_key(
    const struct sj_key *dek, uint32_t table, uint32_t column, struct sj_key *ret_key)
{
    uint8_t info[FIELD_INFO_LENGTH];
    uint8_t *at = put_bytes(info, FIELD_LABEL, sizeof(FIELD_LABEL) - 1);
    at = put_u32(at, table);
    (void)put_u32(at, column);
    const struct sj_view view = sj_view_of(info, sizeof(info));
    return sj_hkdf_expand(
        sj_view_of(dek->bytes, SJ_KEY_SIZE), &view, 1, ret_key->bytes, SJ_KEY_SIZE);
}

static void write_context(const struct sj_fle1_place *place, uint8_t context[CONTEXT_SIZE])
{
    uint8_t *at = put_bytes(context, "FLE1", 4);
    *at++ = SUITE;
    at = put_u32(at, place->key_version);
    at = put_bytes(at, place->unit.bytes, sizeof(place->unit.bytes));
    at = put_bytes(at, place->subject.bytes, sizeof(place->subject.bytes));
    at = put_u32(at, place->table);
    at = put_u32(at, place->column);
    at = put_bytes(at, place->row.bytes, sizeof(place->row.bytes));
    *at = place->type;
}

static sj_status derive(const struct sj_key *field_key, const struct sj_fle1_place *place,
    const uint8_t nonce[SJ_FLE1_NONCE], struct value_keys *keys)
{
    write_context(place, keys->context);
    uint8_t info[SJ_FLE1_NONCE + SJ_HASH_SIZE];
    struct sj_hash hash;
    TRY(sj_sha256_one(sj_view_of(keys->context, CONTEXT_SIZE), &hash));
    (void)put_bytes(put_bytes(info, nonce, SJ_FLE1_NONCE), hash.bytes, SJ_HASH_SIZE);
    const struct sj_view view = sj_view_of(info, sizeof(info));
    return sj_hkdf_expand(
        sj_view_of(field_key->bytes, SJ_KEY_SIZE), &view, 1, keys->okm, sizeof(keys->okm));
}

/* Length hiding: the smallest multiple of bucket that holds the text and the 0x80 behind it. */
static size_t padded_length(size_t len, size_t bucket)
{
    return (len / bucket + 1) * bucket;
}

static size_t default_bucket(size_t len)
{
    return padded_length(len, BUCKET_SMALL) <= 64 ? BUCKET_SMALL : BUCKET_LARGE;
}

sj_status sj_fle1_encrypt(const struct sj_key *field_key, const struct sj_fle1_place *place,
    struct sj_view plaintext, struct sj_buf *ret_blob)
{
    uint8_t nonce[SJ_FLE1_NONCE];
    TRY(sj_random_pooled(nonce, sizeof(nonce)));
    return sj_fle1_encrypt_with_nonce(
        field_key, place, plaintext, nonce, default_bucket(plaintext.len), ret_blob);
}

sj_status sj_fle1_encrypt_with_nonce(const struct sj_key *field_key,
    const struct sj_fle1_place *place, struct sj_view plaintext, const uint8_t nonce[SJ_FLE1_NONCE],
    size_t bucket, struct sj_buf *ret_blob)
{
    static const uint8_t padding[BUCKET_MAX] = {0x80};
    ENSURE(plaintext.len <= PLAINTEXT_MAX && bucket > 0 && bucket <= BUCKET_MAX, LIMIT_EXCEEDED);
    struct sj_engine *engine = NULL;
    TRY(sj_engine_get(&engine));
    CLEANUP(value_keys_wipe) struct value_keys keys;
    TRY(derive(field_key, place, nonce, &keys));

    const size_t padded = padded_length(plaintext.len, bucket);
    const size_t size = SJ_FLE1_OVERHEAD + padded;
    TRY(sj_buf_reserve(ret_blob, size));
    uint8_t *at = ret_blob->ptr + ret_blob->len;
    *at++ = SUITE;
    at = put_u32(at, place->key_version);
    at = put_bytes(at, nonce, SJ_FLE1_NONCE);
    at = put_bytes(at, keys.okm + SJ_KEY_SIZE, COMMIT_SIZE);
    const struct sj_gcm_job job = {
        keys.okm, nonce + GCM_IV_IN_NONCE, sj_view_of(keys.context, CONTEXT_SIZE)};
    const struct sj_view parts[] = {plaintext, sj_view_of(padding, padded - plaintext.len)};
    TRY(sj_gcm_seal(engine, &job, parts, 2, at));
    ret_blob->len += size;
    return SJ_DONE;
}

/* ISO/IEC 7816-4: zeros back to one 0x80. Runs on authentic bytes only, so its time tells nothing. */
static sj_status unpad(const uint8_t *padded, size_t len, size_t *ret_len)
{
    while (len > 0 && padded[len - 1] == 0) {
        len--;
    }
    ENSURE(len > 0 && padded[len - 1] == 0x80, DECRYPT);
    *ret_len = len - 1;
    return SJ_DONE;
}

static sj_status open_into(const struct sj_key *field_key, const struct sj_fle1_place *place,
    struct sj_view blob, uint8_t *scratch, size_t *ret_len)
{
    struct sj_engine *engine = NULL;
    TRY(sj_engine_get(&engine));
    CLEANUP(value_keys_wipe) struct value_keys keys;
    const uint8_t *nonce = blob.ptr + NONCE_AT;
    TRY(derive(field_key, place, nonce, &keys));
    ENSURE(sj_equal_ct(keys.okm + SJ_KEY_SIZE, blob.ptr + COMMIT_AT, COMMIT_SIZE), DECRYPT);
    const struct sj_gcm_job job = {
        keys.okm, nonce + GCM_IV_IN_NONCE, sj_view_of(keys.context, CONTEXT_SIZE)};
    const struct sj_view sealed = {blob.ptr + HEADER_SIZE, blob.len - HEADER_SIZE};
    TRY(sj_gcm_open(engine, &job, sealed, scratch));
    return unpad(scratch, blob.len - SJ_FLE1_OVERHEAD, ret_len);
}

static sj_status open_and_append(const struct sj_key *field_key, const struct sj_fle1_place *place,
    struct sj_view blob, uint8_t *scratch, struct sj_buf *ret_plaintext)
{
    size_t len = 0;
    sj_status status = open_into(field_key, place, blob, scratch, &len);
    if (!sj_failed(status)) {
        status = sj_buf_put(ret_plaintext, scratch, len);
    }
    sj_wipe(scratch, blob.len - SJ_FLE1_OVERHEAD);
    return status;
}

sj_status sj_fle1_decrypt(const struct sj_key *field_key, const struct sj_fle1_place *place,
    struct sj_view blob, struct sj_buf *ret_plaintext)
{
    uint32_t version = 0;
    TRY(sj_fle1_key_version(blob, &version));
    ENSURE(version == place->key_version, DECRYPT);
    const size_t padded = blob.len - SJ_FLE1_OVERHEAD;
    if (padded <= SCRATCH_SMALL) {
        uint8_t scratch[SCRATCH_SMALL];
        return open_and_append(field_key, place, blob, scratch, ret_plaintext);
    }
    void *memory = NULL;
    TRY(sj_alloc(1, padded, &memory));
    CLEANUP(sj_freep) void *scratch = memory;
    return open_and_append(field_key, place, blob, scratch, ret_plaintext);
}

sj_status sj_fle1_key_version(struct sj_view blob, uint32_t *ret_version)
{
    ENSURE(blob.len > SJ_FLE1_OVERHEAD, DECRYPT);
    ENSURE(blob.len <= SJ_FLE1_OVERHEAD + PLAINTEXT_MAX + BUCKET_MAX, DECRYPT);
    ENSURE(blob.ptr[0] == SUITE, DECRYPT);
    *ret_version = get_u32(blob.ptr + VERSION_AT);
    return SJ_DONE;
}
