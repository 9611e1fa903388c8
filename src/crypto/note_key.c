/* SPDX-License-Identifier: Apache-2.0
 *
 * Which key does this line of text name, and what does this checkpoint claim?
 * The vkey "name+id+base64" of C2SP signed-note v1.0.0 and the three lines of tlog-checkpoint v1.0.0, both as
 * they come from policy files, witnesses and exports: hostile. The id is recomputed, low-order keys are
 * refused, sizes have one spelling. A second spelling of one checkpoint would be a second statement to sign.
 */
#include "note_name.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/note.h"
#include <string.h>

#define KEY_ID_SIZE      4
#define TYPE_ED25519     1
#define TYPE_COSIGNATURE 4

/* Unicode White_Space beyond ASCII, as UTF-8 (C2SP signed-note names none of them in a key name). */
static const char *const unicode_spaces[] = {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8",
    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

static bool starts_with_space(struct sj_text text)
{
    for (size_t i = 0; i < SJ_COUNT(unicode_spaces); i++) {
        if (sj_text_starts(text, unicode_spaces[i])) {
            return true;
        }
    }
    /* U+2000 to U+200A */
    return sj_text_starts(text, "\xe2\x80") && text.len >= 3 && (uint8_t)text.ptr[2] >= 0x80 &&
           (uint8_t)text.ptr[2] <= 0x8a;
}

bool sj_note_name_is_valid(struct sj_text name)
{
    for (size_t i = 0; i < name.len; i++) {
        const uint8_t byte = (uint8_t)name.ptr[i];
        if (byte <= 0x20 || byte == '+' || byte == 0x7f ||
            starts_with_space((struct sj_text){name.ptr + i, name.len - i})) {
            return false;
        }
    }
    return name.len > 0;
}

/* @cite C2SP signed-note: id = SHA-256(name || 0x0A || type || key)[0:4] */
static sj_status compute_id(struct sj_note_key *key)
{
    static const uint8_t newline = '\n';
    struct sj_hash hash;
    const struct sj_view parts[] = {sj_view_of(key->name, strlen(key->name)),
        sj_view_of(&newline, 1), sj_view_of(&key->type, 1),
        sj_view_of(key->public_key, SJ_ED25519_PUBLIC)};
    TRY(sj_sha256(parts, 4, &hash));
    memcpy(key->id, hash.bytes, KEY_ID_SIZE);
    return SJ_DONE;
}

sj_status sj_note_key_make(struct sj_text name, uint8_t type,
    const uint8_t public_key[SJ_ED25519_PUBLIC], struct sj_note_key *ret_key)
{
    struct sj_note_key key = {0};
    struct sj_text checked = {NULL, 0};
    ENSURE(!sj_failed(sj_text_check(sj_text_bytes(name), SJ_NOTE_NAME_MAX, &checked)), INVALID);
    ENSURE(sj_note_name_is_valid(name), INVALID);
    ENSURE(type == TYPE_ED25519 || type == TYPE_COSIGNATURE, INVALID);
    CLEANUP(sj_verify_key_free) struct sj_verify_key *verify_key = NULL;
    TRY(sj_verify_key_new(public_key, &verify_key));
    memcpy(key.name, name.ptr, name.len);
    key.type = type;
    memcpy(key.public_key, public_key, SJ_ED25519_PUBLIC);
    TRY(compute_id(&key));
    *ret_key = key;
    return SJ_DONE;
}

static bool is_lower_hex(struct sj_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return true;
}

sj_status sj_note_key_parse(struct sj_text vkey, struct sj_note_key *ret_key)
{
    struct sj_text rest = vkey;
    struct sj_text name = {NULL, 0};
    struct sj_text id_text = {NULL, 0};
    uint8_t id[KEY_ID_SIZE];
    ENSURE(sj_text_split(&rest, '+', &name), INVALID);
    ENSURE(sj_text_split(&rest, '+', &id_text), INVALID);
    ENSURE(is_lower_hex(id_text), INVALID);
    ENSURE(!sj_failed(sj_parse_hex(id_text, id, sizeof(id))), INVALID);
    CLEANUP(sj_buf_clear) struct sj_buf key_bytes = SJ_BUF(1 + SJ_ED25519_PUBLIC);
    ENSURE(!sj_failed(sj_parse_base64(rest, &key_bytes)), INVALID);
    ENSURE(key_bytes.len == 1 + SJ_ED25519_PUBLIC, INVALID);
    struct sj_note_key key;
    TRY(sj_note_key_make(name, key_bytes.ptr[0], key_bytes.ptr + 1, &key));
    ENSURE(memcmp(key.id, id, sizeof(id)) == 0, INVALID);
    *ret_key = key;
    return SJ_DONE;
}

sj_status sj_note_key_format(const struct sj_note_key *key, struct sj_buf *out)
{
    uint8_t bytes[1 + SJ_ED25519_PUBLIC];
    bytes[0] = key->type;
    memcpy(bytes + 1, key->public_key, SJ_ED25519_PUBLIC);
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(out->max);
    TRY(sj_buf_put_str(&vkey, key->name));
    TRY(sj_buf_put_byte(&vkey, '+'));
    TRY(sj_buf_put_hex(&vkey, sj_view_of(key->id, KEY_ID_SIZE)));
    TRY(sj_buf_put_byte(&vkey, '+'));
    TRY(sj_buf_put_base64(&vkey, sj_view_of(bytes, sizeof(bytes))));
    return sj_buf_put_view(out, sj_buf_view(&vkey));
}

static bool has_control(struct sj_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((uint8_t)text.ptr[i] < 0x20) {
            return true;
        }
    }
    return false;
}

sj_status sj_checkpoint_format(
    struct sj_text origin, uint64_t size, const struct sj_hash *root, struct sj_buf *out)
{
    ENSURE(origin.len > 0 && !has_control(origin) && size <= INT64_MAX, INVALID);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(out->max);
    TRY(sj_buf_put_text(&body, origin));
    TRY(sj_buf_put_byte(&body, '\n'));
    TRY(sj_buf_put_decimal(&body, (int64_t)size));
    TRY(sj_buf_put_byte(&body, '\n'));
    TRY(sj_buf_put_base64(&body, sj_view_of(root->bytes, SJ_HASH_SIZE)));
    TRY(sj_buf_put_byte(&body, '\n'));
    return sj_buf_put_view(out, sj_buf_view(&body));
}

/* The next line, which must be there, end in a newline and not be empty. */
static sj_status take_line(struct sj_text *rest, struct sj_text *ret_line)
{
    const char *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    ENSURE(end != NULL && end != rest->ptr, INVALID);
    const size_t len = (size_t)(end - rest->ptr);
    *ret_line = (struct sj_text){rest->ptr, len};
    ENSURE(!has_control(*ret_line), INVALID);
    *rest = (struct sj_text){end + 1, rest->len - len - 1};
    return SJ_DONE;
}

sj_status sj_checkpoint_parse(struct sj_text body, struct sj_checkpoint *ret_checkpoint)
{
    struct sj_text rest = body;
    struct sj_text line = {NULL, 0};
    struct sj_checkpoint checkpoint = {{NULL, 0}, 0, {{0}}};
    TRY(take_line(&rest, &checkpoint.origin));
    TRY(take_line(&rest, &line));
    ENSURE(!sj_failed(sj_parse_u64(line, 0, INT64_MAX, &checkpoint.size)), INVALID);
    TRY(take_line(&rest, &line));
    CLEANUP(sj_buf_clear) struct sj_buf root = SJ_BUF(SJ_HASH_SIZE + 3);
    ENSURE(!sj_failed(sj_parse_base64(line, &root)) && root.len == SJ_HASH_SIZE, INVALID);
    memcpy(checkpoint.root.bytes, root.ptr, SJ_HASH_SIZE);
    while (rest.len > 0) {
        TRY(take_line(&rest, &line));
    }
    *ret_checkpoint = checkpoint;
    return SJ_DONE;
}
