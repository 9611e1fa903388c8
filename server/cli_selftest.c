/* SPDX-License-Identifier: Apache-2.0
 *
 * Does this build's field encryption give the answers of an independent implementation? Reads known answers
 * in the form of tests/vectors/crypto/fle1_kat.json, computes every one anew, prints the computed ones in the
 * same form and fails when one differs from what the file states.
 */
#include "cli.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/fle1.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/json/decode.h"
#include "sanjeh/json/write.h"

#include <getopt.h>

#define VECTORS_MAX ((size_t)4 * 1024 * 1024)

struct selftest {
    struct sj_arena *arena;
    struct sj_json *json;
    unsigned checked;
    unsigned wrong;
};

static sj_status hex_of(
    const struct sj_json_value *item, const char *name, uint8_t *dst, size_t len)
{
    struct sj_text text = {NULL, 0};
    ENSURE(sj_json_as_text(sj_json_get(item, name), &text), INVALID);
    return sj_parse_hex(text, dst, len);
}

static sj_status hex_bytes(const struct sj_json_value *item, const char *name,
    struct sj_arena *arena, struct sj_view *ret_bytes)
{
    struct sj_text text = {NULL, 0};
    void *memory = NULL;
    ENSURE(sj_json_as_text(sj_json_get(item, name), &text) && text.len % 2 == 0, INVALID);
    TRY(sj_arena_alloc(arena, text.len / 2 + 1, &memory));
    TRY(sj_parse_hex(text, memory, text.len / 2));
    *ret_bytes = sj_view_of(memory, text.len / 2);
    return SJ_DONE;
}

static sj_status number_of(
    const struct sj_json_value *item, const char *name, int64_t max, int64_t *ret_number)
{
    ENSURE(sj_json_as_int(sj_json_get(item, name), ret_number) && *ret_number >= 0 &&
               *ret_number <= max,
        INVALID);
    return SJ_DONE;
}

/* Writes the computed value and compares it with the stated one when there is one. */
static sj_status answer(struct selftest *test, const struct sj_json_value *item, const char *name,
    struct sj_view computed)
{
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF((size_t)1024 * 1024);
    TRY(sj_buf_put_hex(&hex, computed));
    sj_json_text(test->json, name, sj_buf_text(&hex));
    struct sj_text stated = {NULL, 0};
    if (sj_json_as_text(sj_json_get(item, name), &stated)) {
        test->checked++;
        test->wrong += sj_text_equal(stated, sj_buf_text(&hex)) ? 0 : 1;
    }
    return SJ_DONE;
}

static sj_status place_of(const struct sj_json_value *item, struct sj_fle1_place *place)
{
    int64_t table = 0;
    int64_t column = 0;
    int64_t version = 0;
    int64_t type = 0;
    TRY(hex_of(item, "unit", place->unit.bytes, 16));
    TRY(hex_of(item, "subject", place->subject.bytes, 16));
    TRY(hex_of(item, "row", place->row.bytes, 16));
    TRY(number_of(item, "table", UINT32_MAX, &table));
    TRY(number_of(item, "column", UINT32_MAX, &column));
    TRY(number_of(item, "key_ver", UINT32_MAX, &version));
    TRY(number_of(item, "type", UINT8_MAX, &type));
    place->table = (uint32_t)table;
    place->column = (uint32_t)column;
    place->key_version = (uint32_t)version;
    place->type = (uint8_t)type;
    return SJ_DONE;
}

/* The stages between key and blob, so that a difference can be located. */
static sj_status write_stages(struct selftest *test, const struct sj_json_value *item,
    const struct sj_fle1_place *place, const struct sj_key *field_key, const uint8_t *nonce)
{
    CLEANUP(sj_buf_clear) struct sj_buf context = SJ_BUF(128);
    TRY(sj_buf_put_str(&context, "FLE1"));
    TRY(sj_buf_put_byte(&context, 1));
    TRY(sj_buf_put_u32(&context, place->key_version));
    TRY(sj_buf_put(&context, place->unit.bytes, 16));
    TRY(sj_buf_put(&context, place->subject.bytes, 16));
    TRY(sj_buf_put_u32(&context, place->table));
    TRY(sj_buf_put_u32(&context, place->column));
    TRY(sj_buf_put(&context, place->row.bytes, 16));
    TRY(sj_buf_put_byte(&context, place->type));
    struct sj_hash context_hash;
    uint8_t okm[64];
    TRY(sj_sha256_one(sj_buf_view(&context), &context_hash));
    const struct sj_view info[] = {sj_view_of(nonce, SJ_FLE1_NONCE),
        sj_view_of(context_hash.bytes, sizeof context_hash.bytes)};
    TRY(sj_hkdf_expand(
        sj_view_of(field_key->bytes, SJ_KEY_SIZE), info, SJ_COUNT(info), okm, sizeof okm));
    TRY(answer(test, item, "ctx", sj_buf_view(&context)));
    TRY(answer(test, item, "k_field", sj_view_of(field_key->bytes, SJ_KEY_SIZE)));
    TRY(answer(test, item, "k_enc", sj_view_of(okm, 32)));
    return answer(test, item, "commit", sj_view_of(okm + 32, 32));
}

static sj_status check_encrypt(struct selftest *test, const struct sj_json_value *item)
{
    struct sj_fle1_place place;
    struct sj_key dek;
    struct sj_key field_key;
    uint8_t nonce[SJ_FLE1_NONCE];
    struct sj_view plaintext;
    int64_t bucket = 0;
    int64_t id = 0;
    TRY(number_of(item, "id", INT64_MAX, &id));
    TRY(place_of(item, &place));
    TRY(hex_of(item, "dek", dek.bytes, sizeof dek.bytes));
    TRY(hex_of(item, "nonce", nonce, sizeof nonce));
    TRY(number_of(item, "bucket", 4096, &bucket));
    TRY(hex_bytes(item, "plaintext", test->arena, &plaintext));
    TRY(sj_fle1_field_key(&dek, place.table, place.column, &field_key));
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF((size_t)128 * 1024);
    CLEANUP(sj_buf_clear) struct sj_buf opened = SJ_BUF((size_t)128 * 1024);
    TRY(sj_fle1_encrypt_with_nonce(&field_key, &place, plaintext, nonce, (size_t)bucket, &blob));
    TRY(sj_fle1_decrypt(&field_key, &place, sj_buf_view(&blob), &opened));
    test->checked++;
    test->wrong += sj_view_equal(sj_buf_view(&opened), plaintext) ? 0 : 1;
    sj_json_object(test->json, NULL);
    sj_json_int(test->json, "id", id);
    TRY(write_stages(test, item, &place, &field_key, nonce));
    TRY(answer(test, item, "blob", sj_buf_view(&blob)));
    sj_json_object_end(test->json);
    return SJ_DONE;
}

static sj_status put_u32_parts(struct sj_buf *info, const struct sj_json_value *item)
{
    static const char *const names[] = {"table", "column", "index_id", "ver"};
    TRY(sj_buf_put_str(info, "bi1"));
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        int64_t number = 0;
        TRY(number_of(item, names[i], UINT32_MAX, &number));
        TRY(sj_buf_put_u32(info, (uint32_t)number));
    }
    return SJ_DONE;
}

static sj_status check_blind_index(struct selftest *test, const struct sj_json_value *item)
{
    struct sj_key root;
    struct sj_key key;
    struct sj_hash mac;
    struct sj_text value = {NULL, 0};
    int64_t bits = 0;
    int64_t id = 0;
    CLEANUP(sj_buf_clear) struct sj_buf info = SJ_BUF(64);
    TRY(number_of(item, "id", INT64_MAX, &id));
    TRY(hex_of(item, "index_root", root.bytes, sizeof root.bytes));
    TRY(number_of(item, "bits", 256, &bits));
    ENSURE(
        bits > 0 && bits % 8 == 0 && sj_json_as_text(sj_json_get(item, "value"), &value), INVALID);
    TRY(put_u32_parts(&info, item));
    const struct sj_view label = sj_buf_view(&info);
    const struct sj_view bytes = sj_text_bytes(value);
    TRY(sj_hkdf_expand(
        sj_view_of(root.bytes, SJ_KEY_SIZE), &label, 1, key.bytes, sizeof key.bytes));
    TRY(sj_hmac_sha256(sj_view_of(key.bytes, SJ_KEY_SIZE), &bytes, 1, &mac));
    sj_json_object(test->json, NULL);
    sj_json_int(test->json, "id", id);
    TRY(answer(test, item, "k_bi", sj_view_of(key.bytes, SJ_KEY_SIZE)));
    TRY(answer(test, item, "hmac", sj_view_of(mac.bytes, sizeof mac.bytes)));
    TRY(answer(test, item, "bi", sj_view_of(mac.bytes, (size_t)bits / 8)));
    sj_json_object_end(test->json);
    return SJ_DONE;
}

static sj_status check_all(struct selftest *test, const struct sj_json_value *root,
    const char *name, sj_status (*check)(struct selftest *, const struct sj_json_value *))
{
    size_t at = 0;
    struct sj_text ignored = {NULL, 0};
    const struct sj_json_value *item = NULL;
    const struct sj_json_value *list = sj_json_get(root, name);
    sj_json_array(test->json, name);
    while (list != NULL && sj_json_next(list, &at, &ignored, &item)) {
        TRY(check(test, item));
    }
    sj_json_array_end(test->json);
    return SJ_DONE;
}

static sj_status run_file(const char *path, struct sj_buf *out, struct selftest *test)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(VECTORS_MAX);
    FILE *file = fopen(path, "re");
    ENSURE(file != NULL, IO);
    sj_status status = sj_buf_reserve(&text, VECTORS_MAX);
    if (!sj_failed(status)) {
        text.len = fread(text.ptr, 1, VECTORS_MAX, file);
    }
    (void)fclose(file);
    TRY(status);
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail = {NULL, 0};
    TRY(sj_json_doc_parse(sj_buf_view(&text), &doc, &detail, test->arena));
    struct sj_json json = sj_json_begin(out);
    test->json = &json;
    sj_json_object(&json, NULL);
    TRY(check_all(test, sj_json_doc_root(doc), "encrypt", check_encrypt));
    TRY(check_all(test, sj_json_doc_root(doc), "blind_index", check_blind_index));
    sj_json_int(&json, "checked", test->checked);
    sj_json_int(&json, "wrong", test->wrong);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static int report(const char *path, const struct sj_command *command)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF((size_t)16 * 1024 * 1024);
    sj_status status = sj_arena_new((size_t)8 * 1024 * 1024, &arena);
    struct selftest test = {.arena = arena};
    if (!sj_failed(status)) {
        status = run_file(path, &out, &test);
    }
    if (sj_failed(status)) {
        return sj_cli_fail(command, status, "the vectors cannot be read or used");
    }
    (void)printf("%.*s\n", (int)out.len, (const char *)out.ptr);
    (void)fprintf(stderr, "%u answers checked, %u wrong\n", test.checked, test.wrong);
    return test.wrong == 0 && test.checked > 0 ? SJ_EXIT_OK : SJ_EXIT_FAILED;
}

static int run_selftest(int argc, char **argv, const struct sj_command *command)
{
    static const struct option options[] = {{"vectors", required_argument, NULL, 'v'},
        {"json", no_argument, NULL, 'j'}, {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *path = NULL;
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'v') {
            path = optarg;
        } else if (option != 'j' && option != 'c') {
            return sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
        }
    }
    return path == NULL || optind != argc ? sj_cli_help(command, SJ_EXIT_USAGE)
                                          : report(path, command);
}

const struct sj_command sj_command_keys_selftest = {"keys", "selftest",
    "check field encryption by known answers",
    "usage: sanjeh keys selftest --vectors FILE\n\n"
    "Computes every case of FILE (form of tests/vectors/crypto/fle1_kat.json), prints the computed "
    "answers in\n"
    "the same form. Exit 0 when all stated answers agree, 1 otherwise.\n",
    run_selftest};
