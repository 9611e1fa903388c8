/* SPDX-License-Identifier: Apache-2.0
 *
 * Does FLE1 give the published answers, and does a blob open nowhere but at home?
 */
#include "gcm.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/blind.h"
#include "sanjeh/crypto/fle1.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/crypto/random.h"
#include "vector_json.h"
#include <string.h>

struct known {
    struct sj_key dek;
    struct sj_key field_key;
    struct sj_fle1_place place;
    uint8_t nonce[SJ_FLE1_NONCE];
    size_t bucket;
    struct sj_buf plaintext;
    struct sj_buf blob;
};

static struct known known_of(const json_t *vector)
{
    struct known known = {0};
    vector_hex_into(vector, "dek", known.dek.bytes, SJ_KEY_SIZE);
    vector_hex_into(vector, "unit", known.place.unit.bytes, 16);
    vector_hex_into(vector, "subject", known.place.subject.bytes, 16);
    vector_hex_into(vector, "row", known.place.row.bytes, 16);
    vector_hex_into(vector, "nonce", known.nonce, SJ_FLE1_NONCE);
    known.place.table = vector_u32(vector, "table");
    known.place.column = vector_u32(vector, "column");
    known.place.key_version = vector_u32(vector, "key_ver");
    known.place.type = (uint8_t)vector_u32(vector, "type");
    known.bucket = vector_u32(vector, "bucket");
    known.plaintext = vector_hex(vector, "plaintext");
    known.blob = vector_hex(vector, "blob");
    CHECK_OK(
        sj_fle1_field_key(&known.dek, known.place.table, known.place.column, &known.field_key));
    return known;
}

static void known_clear(struct known *known)
{
    sj_buf_clear(&known->plaintext);
    sj_buf_clear(&known->blob);
}

static void for_each_known(void (*fn)(const json_t *vector, struct known *known))
{
    json_t *root = vector_load("crypto/fle1_kat.json");
    const json_t *list = json_object_get(root, "encrypt");
    CHECK(json_array_size(list) >= 4);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct known known = known_of(json_array_get(list, i));
        fn(json_array_get(list, i), &known);
        known_clear(&known);
    }
    json_decref(root);
}

static void check_answers(const json_t *vector, struct known *known)
{
    struct sj_key field_key;
    vector_hex_into(vector, "k_field", field_key.bytes, SJ_KEY_SIZE);
    CHECK(sj_equal_ct(field_key.bytes, known->field_key.bytes, SJ_KEY_SIZE));
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(4096);
    CHECK_OK(sj_fle1_encrypt_with_nonce(&known->field_key, &known->place,
        sj_buf_view(&known->plaintext), known->nonce, known->bucket, &blob));
    CHECK(sj_view_equal(sj_buf_view(&blob), sj_buf_view(&known->blob)));
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(4096);
    CHECK_OK(sj_fle1_decrypt(&known->field_key, &known->place, sj_buf_view(&known->blob), &plain));
    CHECK(sj_view_equal(sj_buf_view(&plain), sj_buf_view(&known->plaintext)));
}

TEST(fle1_gives_the_known_answers)
{
    for_each_known(check_answers);
}

static void check_refused(const struct known *known, struct sj_view blob)
{
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(4096);
    CHECK_CODE(sj_fle1_decrypt(&known->field_key, &known->place, blob, &plain), DECRYPT);
    CHECK(plain.len == 0);
}

static void check_bit_flips(const json_t *vector, struct known *known)
{
    (void)vector;
    for (size_t bit = 0; bit < known->blob.len * 8; bit++) {
        known->blob.ptr[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        check_refused(known, sj_buf_view(&known->blob));
        known->blob.ptr[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

TEST(fle1_refuses_every_flipped_bit_of_a_blob)
{
    for_each_known(check_bit_flips);
}

static void check_context_flips(const json_t *vector, struct known *known)
{
    (void)vector;
    uint8_t *bytes = (uint8_t *)&known->place;
    /* every member of the place: sizeof covers 3 ids, 3 numbers, type and its padding */
    for (size_t bit = 0; bit < offsetof(struct sj_fle1_place, type) * 8 + 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        check_refused(known, sj_buf_view(&known->blob));
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

TEST(fle1_refuses_every_other_place)
{
    for_each_known(check_context_flips);
}

static void check_truncations(const json_t *vector, struct known *known)
{
    (void)vector;
    for (size_t cut = 1; cut <= known->blob.len; cut++) {
        check_refused(known, sj_view_of(known->blob.ptr, known->blob.len - cut));
    }
    CHECK_OK(sj_buf_put_byte(&known->blob, 0));
    check_refused(known, sj_buf_view(&known->blob));
}

TEST(fle1_refuses_truncated_and_lengthened_blobs)
{
    for_each_known(check_truncations);
}

static void check_relabelled(const json_t *vector, struct known *known)
{
    (void)vector;
    uint32_t version = 0;
    CHECK_OK(sj_fle1_key_version(sj_buf_view(&known->blob), &version));
    CHECK(version == known->place.key_version);
    /* blob and caller agree on another version: the context does not */
    known->blob.ptr[4]++;
    known->place.key_version = version + 1;
    check_refused(known, sj_buf_view(&known->blob));
}

TEST(fle1_refuses_a_relabelled_key_version)
{
    for_each_known(check_relabelled);
}

TEST(fle1_refuses_a_swapped_commitment)
{
    json_t *root = vector_load("crypto/fle1_kat.json");
    const json_t *list = json_object_get(root, "encrypt");
    struct known a = known_of(json_array_get(list, 0));
    struct known b = known_of(json_array_get(list, 1));
    memcpy(a.blob.ptr + 29, b.blob.ptr + 29, 32);
    check_refused(&a, sj_buf_view(&a.blob));
    known_clear(&a);
    known_clear(&b);
    json_decref(root);
}

/* Rebuilds a blob around any padded bytes with the parts of the format, tag and commitment right. */
static void build_padded(struct known *known, const uint8_t *padded, size_t len, struct sj_buf *out)
{
    uint8_t context[66] = "FLE1\x01";
    uint8_t *at = context + 5;
    const uint32_t numbers[] = {known->place.key_version, known->place.table, known->place.column};
    for (size_t i = 0; i < 4; i++) {
        at[i] = (uint8_t)(numbers[0] >> (24 - 8 * i));
        at[36 + i] = (uint8_t)(numbers[1] >> (24 - 8 * i));
        at[40 + i] = (uint8_t)(numbers[2] >> (24 - 8 * i));
    }
    memcpy(at + 4, known->place.unit.bytes, 16);
    memcpy(at + 20, known->place.subject.bytes, 16);
    memcpy(at + 44, known->place.row.bytes, 16);
    at[60] = known->place.type;
    struct sj_hash hash;
    CHECK_OK(sj_sha256_one(sj_view_of(context, sizeof(context)), &hash));
    const struct sj_view info[] = {
        sj_view_of(known->nonce, SJ_FLE1_NONCE), sj_view_of(hash.bytes, SJ_HASH_SIZE)};
    uint8_t okm[64];
    CHECK_OK(
        sj_hkdf_expand(sj_view_of(known->field_key.bytes, SJ_KEY_SIZE), info, 2, okm, sizeof(okm)));
    struct sj_engine *engine = NULL;
    CHECK_OK(sj_engine_get(&engine));
    uint8_t sealed[256];
    const struct sj_gcm_job job = {okm, known->nonce + 12, sj_view_of(context, sizeof(context))};
    const struct sj_view part = {padded, len};
    CHECK_OK(sj_gcm_seal(engine, &job, &part, 1, sealed));
    CHECK_OK(sj_buf_put_byte(out, 1));
    CHECK_OK(sj_buf_put_u32(out, known->place.key_version));
    CHECK_OK(sj_buf_put(out, known->nonce, SJ_FLE1_NONCE));
    CHECK_OK(sj_buf_put(out, okm + 32, 32));
    CHECK_OK(sj_buf_put(out, sealed, len + 16));
}

TEST(fle1_refuses_authentic_bytes_without_padding_mark)
{
    json_t *root = vector_load("crypto/fle1_kat.json");
    struct known known = known_of(json_array_get(json_object_get(root, "encrypt"), 0));
    const uint8_t good[16] = {'a', 0x80};
    const uint8_t no_mark[16] = {'a'};
    const uint8_t wrong_mark[16] = {'a', 0x80, 0x01};
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(256);
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(64);
    build_padded(&known, good, sizeof(good), &blob);
    CHECK_OK(sj_fle1_decrypt(&known.field_key, &known.place, sj_buf_view(&blob), &plain));
    CHECK(plain.len == 1 && plain.ptr[0] == 'a');
    sj_buf_reset(&blob);
    build_padded(&known, no_mark, sizeof(no_mark), &blob);
    check_refused(&known, sj_buf_view(&blob));
    sj_buf_reset(&blob);
    build_padded(&known, wrong_mark, sizeof(wrong_mark), &blob);
    check_refused(&known, sj_buf_view(&blob));
    known_clear(&known);
    json_decref(root);
}

TEST(fle1_round_trips_every_length_and_hides_it)
{
    struct sj_key key = {{7}};
    const struct sj_fle1_place place = {.table = 1, .column = 2, .key_version = 1};
    uint8_t text[1400];
    memset(text, 'x', sizeof(text));
    for (size_t len = 0; len <= sizeof(text); len++) {
        CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(2048);
        CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(len);
        REQUIRE_OK(sj_fle1_encrypt(&key, &place, sj_view_of(text, len), &blob));
        const size_t bucket = blob.len - SJ_FLE1_OVERHEAD <= 64 ? 16 : 64;
        CHECK((blob.len - SJ_FLE1_OVERHEAD) % bucket == 0);
        REQUIRE_OK(sj_fle1_decrypt(&key, &place, sj_buf_view(&blob), &plain));
        CHECK(sj_view_equal(sj_buf_view(&plain), sj_view_of(text, len)));
    }
}

TEST(fle1_refuses_too_long_a_text)
{
    static uint8_t text[64 * 1024 + 1];
    struct sj_key key = {{7}};
    const struct sj_fle1_place place = {.key_version = 1};
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF((size_t)1 << 20);
    CHECK_CODE(
        sj_fle1_encrypt(&key, &place, sj_view_of(text, sizeof(text)), &blob), LIMIT_EXCEEDED);
    CHECK(blob.len == 0);
    CHECK_OK(sj_fle1_encrypt(&key, &place, sj_view_of(text, sizeof(text) - 1), &blob));
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF((size_t)1 << 20);
    CHECK_OK(sj_fle1_decrypt(&key, &place, sj_buf_view(&blob), &plain));
    CHECK(plain.len == sizeof(text) - 1);
}

TEST(fle1_never_repeats_a_nonce)
{
    struct sj_key key = {{7}};
    const struct sj_fle1_place place = {.key_version = 1};
    CLEANUP(sj_buf_clear) struct sj_buf a = SJ_BUF(256);
    CLEANUP(sj_buf_clear) struct sj_buf b = SJ_BUF(256);
    CHECK_OK(sj_fle1_encrypt(&key, &place, sj_view_of("x", 1), &a));
    CHECK_OK(sj_fle1_encrypt(&key, &place, sj_view_of("x", 1), &b));
    CHECK(memcmp(a.ptr + 5, b.ptr + 5, SJ_FLE1_NONCE) != 0);
}

TEST(blind_index_gives_the_known_answers)
{
    json_t *root = vector_load("crypto/fle1_kat.json");
    const json_t *list = json_object_get(root, "blind_index");
    CHECK(json_array_size(list) >= 2);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        struct sj_key index_root;
        struct sj_key key;
        struct sj_key expected;
        vector_hex_into(vector, "index_root", index_root.bytes, SJ_KEY_SIZE);
        vector_hex_into(vector, "k_bi", expected.bytes, SJ_KEY_SIZE);
        const struct sj_blind_place place = {vector_u32(vector, "table"),
            vector_u32(vector, "column"), vector_u32(vector, "index_id"),
            vector_u32(vector, "ver")};
        CHECK_OK(sj_blind_key(&index_root, &place, &key));
        CHECK(sj_equal_ct(key.bytes, expected.bytes, SJ_KEY_SIZE));
        CLEANUP(sj_buf_clear) struct sj_buf value = vector_hex(vector, "value");
        uint8_t blind[SJ_BLIND_SIZE];
        CHECK_OK(sj_blind_value(&key, sj_buf_view(&value), vector_u32(vector, "bits"), blind));
        CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(64);
        CHECK_OK(sj_buf_put_hex(&hex, sj_view_of(blind, sizeof(blind))));
        const struct sj_text bi = vector_text(vector, "bi");
        CHECK(memcmp(hex.ptr, bi.ptr, bi.len) == 0);
        for (size_t at = bi.len; at < hex.len; at++) {
            CHECK(hex.ptr[at] == '0');
        }
    }
    json_decref(root);
}
