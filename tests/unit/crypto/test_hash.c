/* SPDX-License-Identifier: Apache-2.0
 *
 * Do digests, MACs, derived keys and sealed messages equal the published ones (FIPS 180-4, Wycheproof)?
 */
#include "gcm.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/hash.h"
#include "vector_json.h"
#include <string.h>

static void for_each_case(
    const char *file, size_t at_least, void (*fn)(const json_t *group, const json_t *test))
{
    json_t *root = vector_load(file);
    const json_t *groups = json_object_get(root, "testGroups");
    size_t count = 0;
    for (size_t g = 0; g < json_array_size(groups); g++) {
        const json_t *group = json_array_get(groups, g);
        const json_t *tests = json_object_get(group, "tests");
        for (size_t t = 0; t < json_array_size(tests); t++) {
            fn(group, json_array_get(tests, t));
            count++;
        }
    }
    CHECK(count >= at_least);
    json_decref(root);
}

static bool is_valid(const json_t *test)
{
    return sj_text_is(vector_text(test, "result"), "valid");
}

TEST(hash_sha256_gives_the_standard_answers)
{
    static const struct {
        const char *text;
        const char *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        struct sj_hash hash;
        struct sj_hash expected;
        const size_t len = strlen(cases[i].text);
        CHECK_OK(sj_parse_hex(sj_text_of(cases[i].hex), expected.bytes, SJ_HASH_SIZE));
        CHECK_OK(sj_sha256_one(sj_view_of(cases[i].text, len), &hash));
        CHECK(sj_hash_equal(&hash, &expected));
        /* in two parts, and as a stream byte by byte */
        const struct sj_view parts[] = {
            sj_view_of(cases[i].text, len / 2), sj_view_of(cases[i].text + len / 2, len - len / 2)};
        CHECK_OK(sj_sha256(parts, 2, &hash));
        CHECK(sj_hash_equal(&hash, &expected));
        CLEANUP(sj_sha256_stream_free) struct sj_sha256_stream *stream = NULL;
        CHECK_OK(sj_sha256_stream_new(&stream));
        for (size_t at = 0; at < len; at++) {
            CHECK_OK(sj_sha256_stream_put(stream, sj_view_of(cases[i].text + at, 1)));
        }
        CHECK_OK(sj_sha256_stream_end(stream, &hash));
        CHECK(sj_hash_equal(&hash, &expected));
    }
}

static void check_hmac(const json_t *group, const json_t *test)
{
    CLEANUP(sj_buf_clear) struct sj_buf key = vector_hex(test, "key");
    CLEANUP(sj_buf_clear) struct sj_buf message = vector_hex(test, "msg");
    CLEANUP(sj_buf_clear) struct sj_buf tag = vector_hex(test, "tag");
    struct sj_hash mac;
    const struct sj_view part = sj_buf_view(&message);
    REQUIRE_OK(sj_hmac_sha256(sj_buf_view(&key), &part, 1, &mac));
    REQUIRE(tag.len * 8 == vector_u32(group, "tagSize") && tag.len <= SJ_HASH_SIZE);
    CHECK(sj_equal_ct(mac.bytes, tag.ptr, tag.len) == is_valid(test));
}

TEST(hash_hmac_agrees_with_wycheproof)
{
    for_each_case("crypto/wycheproof/hmac_sha256_test.json", 174, check_hmac);
}

TEST(hash_hmac_refuses_an_empty_key)
{
    struct sj_hash mac;
    uint8_t out[32];
    CHECK_CODE(sj_hmac_sha256(sj_view_of("", 0), NULL, 0, &mac), CRYPTO);
    CHECK_CODE(sj_hkdf_expand(sj_view_of("", 0), NULL, 0, out, sizeof(out)), CRYPTO);
}

static void check_hkdf(const json_t *group, const json_t *test)
{
    (void)group;
    CLEANUP(sj_buf_clear) struct sj_buf ikm = vector_hex(test, "ikm");
    CLEANUP(sj_buf_clear) struct sj_buf salt = vector_hex(test, "salt");
    CLEANUP(sj_buf_clear) struct sj_buf info = vector_hex(test, "info");
    CLEANUP(sj_buf_clear) struct sj_buf okm = vector_hex(test, "okm");
    static uint8_t out[255 * 32 + 64];
    const size_t size = vector_u32(test, "size");
    struct sj_hash key;
    REQUIRE(size <= sizeof(out));
    REQUIRE_OK(sj_hkdf_extract(sj_buf_view(&salt), sj_buf_view(&ikm), &key));
    const struct sj_view part = sj_buf_view(&info);
    const sj_status status =
        sj_hkdf_expand(sj_view_of(key.bytes, SJ_HASH_SIZE), &part, 1, out, size);
    if (is_valid(test)) {
        CHECK(!sj_failed(status) && okm.len == size && sj_equal_ct(out, okm.ptr, size));
    } else {
        CHECK_CODE(status, CRYPTO);
    }
}

TEST(hash_hkdf_agrees_with_wycheproof)
{
    for_each_case("crypto/wycheproof/hkdf_sha256_test.json", 86, check_hkdf);
}

static size_t gcm_cases;

static void check_gcm(const json_t *group, const json_t *test)
{
    if (vector_u32(group, "keySize") != 256 || vector_u32(group, "ivSize") != 96 ||
        vector_u32(group, "tagSize") != 128) {
        return; /* other sizes cannot be asked for */
    }
    CLEANUP(sj_buf_clear) struct sj_buf key = vector_hex(test, "key");
    CLEANUP(sj_buf_clear) struct sj_buf iv = vector_hex(test, "iv");
    CLEANUP(sj_buf_clear) struct sj_buf aad = vector_hex(test, "aad");
    CLEANUP(sj_buf_clear) struct sj_buf plain = vector_hex(test, "msg");
    CLEANUP(sj_buf_clear) struct sj_buf sealed = vector_hex(test, "ct");
    CLEANUP(sj_buf_clear) struct sj_buf tag = vector_hex(test, "tag");
    CHECK_OK(sj_buf_put_view(&sealed, sj_buf_view(&tag)));
    struct sj_engine *engine = NULL;
    uint8_t out[1024];
    REQUIRE(sealed.len <= sizeof(out));
    REQUIRE_OK(sj_engine_get(&engine));
    const struct sj_gcm_job job = {key.ptr, iv.ptr, sj_buf_view(&aad)};
    const struct sj_view part = sj_buf_view(&plain);
    const sj_status opened = sj_gcm_open(engine, &job, sj_buf_view(&sealed), out);
    if (is_valid(test)) {
        CHECK_OK(opened);
        CHECK(sj_view_equal(sj_view_of(out, plain.len), part));
        CHECK_OK(sj_gcm_seal(engine, &job, &part, 1, out));
        CHECK(sj_view_equal(sj_view_of(out, sealed.len), sj_buf_view(&sealed)));
    } else {
        CHECK_CODE(opened, DECRYPT);
    }
    gcm_cases++;
}

TEST(gcm_agrees_with_wycheproof)
{
    for_each_case("crypto/wycheproof/aes_gcm_test.json", 316, check_gcm);
    CHECK(gcm_cases >= 60);
}

TEST(gcm_refuses_a_message_shorter_than_its_tag)
{
    static const uint8_t key[32];
    static const uint8_t iv[12];
    uint8_t out[16];
    struct sj_engine *engine = NULL;
    REQUIRE_OK(sj_engine_get(&engine));
    const struct sj_gcm_job job = {key, iv, sj_view_of(NULL, 0)};
    CHECK_CODE(sj_gcm_open(engine, &job, sj_view_of(key, 15), out), DECRYPT);
    CHECK_CODE(sj_gcm_open(engine, &job, sj_view_of(key, 0), out), DECRYPT);
}
