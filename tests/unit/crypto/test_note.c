/* SPDX-License-Identifier: Apache-2.0
 *
 * Do notes, keys and checkpoints read as C2SP writes them, and does nothing else pass?
 */
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/note.h"
#include "vector_json.h"
#include <stdio.h>
#include <string.h>

static struct sj_note_key key_of(const char *vkey)
{
    struct sj_note_key key = {0};
    CHECK_OK(sj_note_key_parse(sj_text_of(vkey), &key));
    return key;
}

static void check_opening(const json_t *vector)
{
    const json_t *vkeys = json_object_get(vector, "trusted_vkeys");
    struct sj_note_key keys[SJ_NOTE_KEYS_MAX];
    struct sj_note note;
    size_t count = json_array_size(vkeys);
    for (size_t i = 0; i < count; i++) {
        keys[i] = key_of(json_string_value(json_array_get(vkeys, i)));
    }
    CLEANUP(sj_buf_clear) struct sj_buf bytes = vector_base64(vector, "note_b64");
    const sj_status status = sj_note_open(sj_buf_view(&bytes), keys, count, &note);
    if (sj_text_is(vector_text(vector, "expect"), "accept")) {
        CHECK_OK(status);
        CHECK(note.verified_count == json_array_size(json_object_get(vector, "verified_signers")));
    } else {
        CHECK_CODE(status, INVALID);
    }
}

TEST(note_opening_agrees_with_the_vectors)
{
    json_t *root = vector_load("audit/signed-note/notes.json");
    const json_t *notes = json_object_get(root, "notes");
    CHECK(json_array_size(notes) >= 16);
    for (size_t i = 0; i < json_array_size(notes); i++) {
        check_opening(json_array_get(notes, i));
    }
    json_decref(root);
}

TEST(note_signing_gives_the_known_bytes)
{
    json_t *root = vector_load("audit/signed-note/notes.json");
    const json_t *vector = json_object_get(root, "sign_vector");
    /* "PRIVATE+KEY+name+hash+base64(type || seed)" */
    struct sj_text rest = vector_text(vector, "skey");
    struct sj_text part;
    for (size_t i = 0; i < 4; i++) {
        REQUIRE(sj_text_split(&rest, '+', &part));
    }
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(64);
    REQUIRE_OK(sj_parse_base64(rest, &bytes));
    struct sj_key seed;
    memcpy(seed.bytes, bytes.ptr + 1, SJ_KEY_SIZE);
    CLEANUP(sj_signing_key_free) struct sj_signing_key *secret = NULL;
    REQUIRE_OK(sj_signing_key_new(&seed, &secret));
    uint8_t public_key[SJ_ED25519_PUBLIC];
    sj_signing_key_public(secret, public_key);
    struct sj_note_key key;
    REQUIRE_OK(sj_note_key_make(SJ_TEXT("PeterNeumann"), 1, public_key, &key));
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(4096);
    CHECK_OK(sj_note_sign(vector_text(vector, "text"), &key, secret, &out));
    CHECK(sj_text_equal(sj_buf_text(&out), vector_text(vector, "expect")));
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(256);
    CHECK_OK(sj_note_key_format(&key, &vkey));
    CHECK(sj_text_is(
        sj_buf_text(&vkey), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
    json_decref(root);
}

static void check_damaged(struct sj_text vkey)
{
    char copy[256];
    struct sj_note_key key;
    REQUIRE(vkey.len < sizeof(copy));
    for (size_t from = 0; from < vkey.len; from++) {
        for (size_t to = from; to <= vkey.len; to++) {
            if (to - from < vkey.len) {
                CHECK_CODE(
                    sj_note_key_parse((struct sj_text){vkey.ptr + from, to - from}, &key), INVALID);
            }
        }
    }
    for (size_t at = 0; at < vkey.len; at++) {
        memcpy(copy, vkey.ptr, vkey.len);
        copy[at]++;
        CHECK_CODE(sj_note_key_parse((struct sj_text){copy, vkey.len}, &key), INVALID);
    }
}

TEST(note_keys_agree_with_the_vectors)
{
    json_t *root = vector_load("audit/signed-note/notes.json");
    const json_t *vkeys = json_object_get(root, "vkeys");
    const json_t *valid = json_object_get(vkeys, "valid");
    const json_t *invalid = json_object_get(vkeys, "invalid");
    CHECK(json_array_size(valid) >= 5 && json_array_size(invalid) >= 5);
    for (size_t i = 0; i < json_array_size(valid); i++) {
        const char *text = json_string_value(json_array_get(valid, i));
        const struct sj_note_key key = key_of(text);
        CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(512);
        CHECK_OK(sj_note_key_format(&key, &out));
        CHECK(sj_text_is(sj_buf_text(&out), text));
        check_damaged(sj_text_of(text));
    }
    for (size_t i = 0; i < json_array_size(invalid); i++) {
        struct sj_note_key key;
        CHECK_CODE(
            sj_note_key_parse(vector_text(json_array_get(invalid, i), "vkey"), &key), INVALID);
    }
    json_decref(root);
}

TEST(note_key_refuses_bad_names_types_and_low_order_keys)
{
    static const uint8_t low_order[SJ_ED25519_PUBLIC] = {1};
    const struct sj_note_key good =
        key_of("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    static const char *const names[] = {"", "a b", "a+b", "a\tb",
        "a\xc2\xa0"
        "b",
        "a\xe2\x80\x83"
        "b",
        "a\xe3\x80\x80", "\xff"};
    struct sj_note_key key;
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        CHECK_CODE(sj_note_key_make(sj_text_of(names[i]), 1, good.public_key, &key), INVALID);
    }
    CHECK_CODE(sj_note_key_make(SJ_TEXT("name"), 2, good.public_key, &key), INVALID);
    CHECK_CODE(sj_note_key_make(SJ_TEXT("name"), 1, low_order, &key), INVALID);
    CHECK_OK(sj_note_key_make(SJ_TEXT("\xd9\x84\xd9\x88\xda\xaf"), 4, good.public_key, &key));
}

TEST(checkpoint_bodies_agree_with_the_vectors)
{
    json_t *root = vector_load("audit/checkpoint/bodies.json");
    const json_t *bodies = json_object_get(root, "bodies");
    CHECK(json_array_size(bodies) >= 15);
    for (size_t i = 0; i < json_array_size(bodies); i++) {
        const json_t *vector = json_array_get(bodies, i);
        struct sj_checkpoint checkpoint;
        const bool valid = json_is_true(json_object_get(vector, "syntax_valid")) &&
                           json_is_true(json_object_get(vector, "root_is_32_bytes"));
        const sj_status status = sj_checkpoint_parse(vector_text(vector, "body"), &checkpoint);
        CHECK(status.code == (valid ? SJ_OK : SJ_INVALID));
    }
    json_decref(root);
}

TEST(checkpoint_has_one_spelling)
{
    static const char *const bad[] = {"o\n01\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n",
        "o\n+1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n",
        "o\n1\r\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n",
        "o\n9223372036854775808\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n",
        "o\n1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb1=\n",
        "o\n1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0\n",
        "o\n1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n\n", ""};
    struct sj_checkpoint checkpoint;
    for (size_t i = 0; i < SJ_COUNT(bad); i++) {
        CHECK_CODE(sj_checkpoint_parse(sj_text_of(bad[i]), &checkpoint), INVALID);
    }
    static const char good[] = "o\n0\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n";
    REQUIRE_OK(sj_checkpoint_parse(sj_text_of(good), &checkpoint));
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(256);
    CHECK_OK(sj_checkpoint_format(checkpoint.origin, checkpoint.size, &checkpoint.root, &out));
    CHECK(sj_text_is(sj_buf_text(&out), good));
    CHECK_CODE(sj_checkpoint_format(SJ_TEXT("a\nb"), 1, &checkpoint.root, &out), INVALID);
    CHECK_CODE(sj_checkpoint_format(SJ_TEXT(""), 1, &checkpoint.root, &out), INVALID);
}

TEST(cosignatures_agree_with_the_vectors)
{
    json_t *root = vector_load("audit/cosignature/cosignatures.json");
    const json_t *notes = json_object_get(root, "cosigned_notes");
    CHECK(json_array_size(notes) >= 3);
    for (size_t i = 0; i < json_array_size(notes); i++) {
        const json_t *vector = json_array_get(notes, i);
        const struct sj_text text = vector_text(vector, "note");
        const struct sj_note_key key = key_of(vector_text(vector, "vkey").ptr);
        struct sj_note note;
        const sj_status status = sj_note_open(sj_text_bytes(text), &key, 1, &note);
        CHECK((status.code == SJ_OK) == sj_text_is(vector_text(vector, "expect"), "valid"));
        CHECK(sj_failed(status) || note.cosigned_s[0] > 1700000000);
    }
    json_decref(root);
}

static void check_witness_line(
    const json_t *vector, struct sj_text body, const struct sj_note_key *key, const json_t *line)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(4096);
    struct sj_note note;
    CHECK_OK(sj_buf_put_text(&bytes, body));
    CHECK_OK(sj_buf_put_byte(&bytes, '\n'));
    CHECK_OK(sj_buf_put_text(&bytes, vector_text(line, "line")));
    const sj_status status = sj_note_open(sj_buf_view(&bytes), key, 1, &note);
    if (sj_text_is(vector_text(line, "expect"), "valid")) {
        REQUIRE_OK(status);
        CHECK(note.cosigned_s[0] == (int64_t)vector_u32(vector, "timestamp"));
    } else {
        /* ours is not among them, or does not hold: either way nothing is verified */
        CHECK_CODE(status, INVALID);
    }
}

TEST(cosigning_gives_the_known_line)
{
    json_t *root = vector_load("audit/cosignature/cosignatures.json");
    const json_t *vector = json_object_get(root, "sigsum");
    struct sj_key seed;
    uint8_t public_key[SJ_ED25519_PUBLIC];
    struct sj_note_key key;
    CLEANUP(sj_signing_key_free) struct sj_signing_key *secret = NULL;
    vector_hex_into(vector, "ed25519_seed_hex", seed.bytes, SJ_KEY_SIZE);
    REQUIRE_OK(sj_signing_key_new(&seed, &secret));
    sj_signing_key_public(secret, public_key);
    REQUIRE_OK(sj_note_key_make(vector_text(vector, "witness_name"), 4, public_key, &key));
    const struct sj_text body = vector_text(vector, "checkpoint_body");
    CLEANUP(sj_buf_clear) struct sj_buf line = SJ_BUF(1024);
    CHECK_OK(sj_note_cosign(body, &key, secret, vector_u32(vector, "timestamp"), &line));
    const json_t *lines = json_object_get(vector, "lines");
    size_t valid = 0;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *known = json_array_get(lines, i);
        check_witness_line(vector, body, &key, known);
        if (sj_text_is(vector_text(known, "expect"), "valid")) {
            CHECK(sj_text_equal(sj_buf_text(&line), vector_text(known, "line")));
            valid++;
        }
    }
    CHECK(valid >= 1);
    CHECK_CODE(sj_note_cosign(body, &key, secret, -1, &line), INVALID);
    CHECK_CODE(sj_note_sign(body, &key, secret, &line), INVALID);
    json_decref(root);
}

TEST(note_refuses_to_sign_what_it_could_not_read)
{
    const struct sj_key seed = {{3}};
    uint8_t public_key[SJ_ED25519_PUBLIC];
    struct sj_note_key key;
    CLEANUP(sj_signing_key_free) struct sj_signing_key *secret = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(1024);
    REQUIRE_OK(sj_signing_key_new(&seed, &secret));
    sj_signing_key_public(secret, public_key);
    REQUIRE_OK(sj_note_key_make(SJ_TEXT("name"), 1, public_key, &key));
    CHECK_CODE(sj_note_sign(SJ_TEXT(""), &key, secret, &out), INVALID);
    CHECK_CODE(sj_note_sign(SJ_TEXT("no newline"), &key, secret, &out), INVALID);
    CHECK_CODE(sj_note_sign(SJ_TEXT("a\rb\n"), &key, secret, &out), INVALID);
    CHECK(out.len == 0);
}

TEST(note_refuses_what_is_too_long)
{
    static uint8_t bytes[SJ_NOTE_MAX + 1];
    struct sj_note note;
    memset(bytes, 'a', sizeof(bytes));
    CHECK_CODE(sj_note_open(sj_view_of(bytes, sizeof(bytes)), NULL, 0, &note), INVALID);
    CHECK_CODE(sj_note_open(sj_view_of(bytes, 0), NULL, 0, &note), INVALID);
    CHECK_CODE(
        sj_note_open(sj_view_of(bytes, 4), NULL, SJ_NOTE_KEYS_MAX + 1, &note), LIMIT_EXCEEDED);
}

TEST(note_that_does_not_fit_leaves_nothing_behind)
{
    const struct sj_key seed = {{3}};
    const struct sj_hash root = {{0}};
    uint8_t public_key[SJ_ED25519_PUBLIC];
    struct sj_note_key key;
    CLEANUP(sj_signing_key_free) struct sj_signing_key *secret = NULL;
    REQUIRE_OK(sj_signing_key_new(&seed, &secret));
    sj_signing_key_public(secret, public_key);
    REQUIRE_OK(sj_note_key_make(SJ_TEXT("name"), 1, public_key, &key));
    for (size_t max = 0; max < 30; max++) {
        CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(max);
        CHECK_CODE(sj_note_sign(SJ_TEXT("text\n"), &key, secret, &out), LIMIT_EXCEEDED);
        CHECK_CODE(sj_note_key_format(&key, &out), LIMIT_EXCEEDED);
        CHECK_CODE(sj_checkpoint_format(SJ_TEXT("o"), 1, &root, &out), LIMIT_EXCEEDED);
        CHECK(out.len == 0);
    }
}

TEST(cosignature_times_agree_with_the_vectors)
{
    json_t *root = vector_load("audit/cosignature/cosignatures.json");
    const json_t *list = json_object_get(root, "timestamp_extraction");
    CHECK(json_array_size(list) >= 2);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        const json_t *known = json_object_get(vector, "unix_time");
        CLEANUP(sj_buf_clear) struct sj_buf blob = vector_base64(vector, "base64");
        struct sj_view signature = {NULL, 0};
        int64_t time_s = 0;
        REQUIRE(blob.len > 4);
        const sj_status status =
            sj_cosignature_split(sj_view_of(blob.ptr + 4, blob.len - 4), &time_s, &signature);
        CHECK(status.code == (json_is_null(known) ? SJ_INVALID : SJ_OK));
        CHECK(json_is_null(known) || time_s == (int64_t)json_integer_value(known));
    }
    json_decref(root);
}

/* The vectors' note on keys: one key under both types is two keys, and neither opens the other's lines. */
TEST(cosignature_is_not_opened_by_the_same_key_of_another_type)
{
    json_t *root = vector_load("audit/cosignature/cosignatures.json");
    const json_t *vector = json_array_get(json_object_get(root, "cosigned_notes"), 0);
    const struct sj_text text = vector_text(vector, "note");
    const struct sj_note_key witness = key_of(vector_text(vector, "vkey").ptr);
    struct sj_note_key log;
    struct sj_note note;
    CHECK_OK(sj_note_key_make(sj_text_of(witness.name), 1, witness.public_key, &log));
    CHECK(memcmp(log.id, witness.id, sizeof(log.id)) != 0);
    CHECK_OK(sj_note_open(sj_text_bytes(text), &witness, 1, &note));
    CHECK_CODE(sj_note_open(sj_text_bytes(text), &log, 1, &note), INVALID);
    json_decref(root);
}

/* C2SP's ML-DSA-44 line has 2,420 bytes of signature: a note may hold forty of them, and ours among them. */
TEST(attack_18_note_of_100_kb_with_unknown_lines_is_read)
{
    static uint8_t blob[4 + 8 + 1870];
    const struct sj_key seed = {{9}};
    uint8_t public_key[SJ_ED25519_PUBLIC];
    struct sj_note_key key;
    struct sj_note note;
    CLEANUP(sj_signing_key_free) struct sj_signing_key *secret = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(2 * (size_t)SJ_NOTE_MAX);
    REQUIRE_OK(sj_signing_key_new(&seed, &secret));
    sj_signing_key_public(secret, public_key);
    REQUIRE_OK(sj_note_key_make(SJ_TEXT("log.example"), 1, public_key, &key));
    CHECK_OK(sj_note_sign(SJ_TEXT("text\n"), &key, secret, &out));
    for (uint8_t i = 0; i < 40; i++) {
        char name[32];
        blob[0] = i;
        (void)snprintf(name, sizeof name, "\xe2\x80\x94 w%u.example ", (unsigned)i);
        CHECK_OK(sj_buf_put_str(&out, name));
        CHECK_OK(sj_buf_put_base64(&out, sj_view_of(blob, sizeof blob)));
        CHECK_OK(sj_buf_put_byte(&out, '\n'));
    }
    CHECK(out.len > 100000 && out.len <= SJ_NOTE_MAX);
    CHECK_OK(sj_note_open(sj_buf_view(&out), &key, 1, &note));
    CHECK(note.verified_count == 1);
    while (out.len <= SJ_NOTE_MAX) {
        CHECK_OK(sj_buf_put_str(&out, "\xe2\x80\x94 w AAAAAAAA\n"));
    }
    CHECK_CODE(sj_note_open(sj_buf_view(&out), &key, 1, &note), INVALID);
}
