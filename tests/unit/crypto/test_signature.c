/* SPDX-License-Identifier: Apache-2.0
 *
 * Does Ed25519 accept what RFC 8032 and Wycheproof accept, and refuse keys that verify anything?
 */
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/signature.h"
#include "vector_json.h"
#include <string.h>

TEST(signature_gives_the_answer_of_rfc_8032)
{
    struct sj_key seed;
    uint8_t public_key[SJ_ED25519_PUBLIC];
    uint8_t expected_key[SJ_ED25519_PUBLIC];
    uint8_t signature[SJ_ED25519_SIGNATURE];
    uint8_t expected[SJ_ED25519_SIGNATURE];
    const uint8_t message[] = {0x72};
    /* @cite RFC 8032 §7.1 test 2 */
    CHECK_OK(
        sj_parse_hex(SJ_TEXT("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
            seed.bytes, 32));
    CHECK_OK(
        sj_parse_hex(SJ_TEXT("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
            expected_key, 32));
    CHECK_OK(
        sj_parse_hex(SJ_TEXT("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                             "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
            expected, 64));
    CLEANUP(sj_signing_key_free) struct sj_signing_key *key = NULL;
    REQUIRE_OK(sj_signing_key_new(&seed, &key));
    sj_signing_key_public(key, public_key);
    CHECK(memcmp(public_key, expected_key, sizeof(public_key)) == 0);
    CHECK_OK(sj_sign(key, sj_view_of(message, 1), signature));
    CHECK(memcmp(signature, expected, sizeof(signature)) == 0);
}

TEST(signature_agrees_with_wycheproof)
{
    json_t *root = vector_load("crypto/wycheproof/ed25519_test.json");
    const json_t *groups = json_object_get(root, "testGroups");
    size_t count = 0;
    for (size_t g = 0; g < json_array_size(groups); g++) {
        const json_t *group = json_array_get(groups, g);
        const json_t *tests = json_object_get(group, "tests");
        uint8_t public_key[SJ_ED25519_PUBLIC];
        vector_hex_into(json_object_get(group, "publicKey"), "pk", public_key, sizeof(public_key));
        CLEANUP(sj_verify_key_free) struct sj_verify_key *key = NULL;
        REQUIRE_OK(sj_verify_key_new(public_key, &key));
        for (size_t t = 0; t < json_array_size(tests); t++) {
            const json_t *test = json_array_get(tests, t);
            CLEANUP(sj_buf_clear) struct sj_buf message = vector_hex(test, "msg");
            CLEANUP(sj_buf_clear) struct sj_buf signature = vector_hex(test, "sig");
            bool valid = false;
            CHECK_OK(sj_verify(key, sj_buf_view(&message), sj_buf_view(&signature), &valid));
            CHECK(valid == sj_text_is(vector_text(test, "result"), "valid"));
            count++;
        }
    }
    CHECK(count >= 151);
    json_decref(root);
}

TEST(signature_refuses_low_order_and_non_canonical_keys)
{
    static const char *const keys[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    for (size_t i = 0; i < SJ_COUNT(keys); i++) {
        uint8_t bytes[SJ_ED25519_PUBLIC];
        CLEANUP(sj_verify_key_free) struct sj_verify_key *key = NULL;
        CHECK_OK(sj_parse_hex(sj_text_of(keys[i]), bytes, sizeof(bytes)));
        CHECK_CODE(sj_verify_key_new(bytes, &key), INVALID);
        CHECK(key == NULL);
    }
}

TEST(signature_holds_for_its_message_alone)
{
    const struct sj_key seed = {{3}};
    uint8_t public_key[SJ_ED25519_PUBLIC];
    uint8_t signature[SJ_ED25519_SIGNATURE];
    bool valid = false;
    CLEANUP(sj_signing_key_free) struct sj_signing_key *secret = NULL;
    CLEANUP(sj_verify_key_free) struct sj_verify_key *key = NULL;
    REQUIRE_OK(sj_signing_key_new(&seed, &secret));
    sj_signing_key_public(secret, public_key);
    REQUIRE_OK(sj_verify_key_new(public_key, &key));
    CHECK_OK(sj_sign(secret, sj_view_of("record", 6), signature));
    CHECK_OK(sj_verify(key, sj_view_of("record", 6), sj_view_of(signature, 64), &valid));
    CHECK(valid);
    CHECK_OK(sj_verify(key, sj_view_of("Record", 6), sj_view_of(signature, 64), &valid));
    CHECK(!valid);
    CHECK_OK(sj_verify(key, sj_view_of("record", 6), sj_view_of(signature, 63), &valid));
    CHECK(!valid);
}
