/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this note signed by somebody we know, and what does it say?
 * C2SP signed-note v1.0.0 and tlog-cosignature v1.0.1 (types 0x01 and 0x04). Notes come from witnesses, files
 * and exports: every byte is hostile until the signature over it holds. Keys are told apart by name and id
 * together; lines of others are skipped, a line of ours that fails refuses the note whole. If this were lax, a
 * verifier would accept a record that the log never signed.
 */
#include "sanjeh/crypto/note.h"
#include "note_name.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/base/reader.h"
#include <string.h>

#define SIGNATURE_LINES_MAX 100
#define LINE_START          "\xe2\x80\x94 " /* em dash, space */
#define KEY_ID_SIZE         4
#define TYPE_ED25519        1
#define TYPE_COSIGNATURE    4
#define COSIGNATURE_HEAD    "cosignature/v1\ntime "

/* One line behind the blank line. */
struct signature_line {
    struct sj_text name;
    uint8_t key_id[KEY_ID_SIZE];
    struct sj_view signature; /* what follows the id; borrowed from the decoding buffer */
};

/* Every control character but the newline is refused: terminals and parsers read them differently. */
static sj_status check_note_bytes(struct sj_view bytes, struct sj_text *ret_text)
{
    ENSURE(!sj_failed(sj_text_check(bytes, SJ_NOTE_MAX, ret_text)), INVALID);
    for (size_t i = 0; i < bytes.len; i++) {
        ENSURE(bytes.ptr[i] >= 0x20 || bytes.ptr[i] == '\n', INVALID);
    }
    return SJ_DONE;
}

/* @cite C2SP signed-note: the text may hold blank lines, so the last one separates */
static sj_status split_note(
    struct sj_text note, struct sj_text *ret_text, struct sj_text *ret_signatures)
{
    ENSURE(note.len > 2 && note.ptr[note.len - 1] == '\n', INVALID);
    for (size_t i = note.len - 1; i > 0; i--) {
        if (note.ptr[i] == '\n' && note.ptr[i - 1] == '\n') {
            *ret_text = (struct sj_text){note.ptr, i};
            *ret_signatures = (struct sj_text){note.ptr + i + 1, note.len - i - 1};
            ENSURE(ret_signatures->len > 0, INVALID);
            return SJ_DONE;
        }
    }
    FAIL(INVALID);
}

static sj_status parse_line(
    struct sj_text line, struct sj_buf *decoded, struct signature_line *ret_line)
{
    const size_t start = sizeof(LINE_START) - 1;
    ENSURE(sj_text_starts(line, LINE_START), INVALID);
    struct sj_text rest = {line.ptr + start, line.len - start};
    struct sj_text name = {NULL, 0};
    ENSURE(sj_text_split(&rest, ' ', &name), INVALID);
    ENSURE(sj_note_name_is_valid(name), INVALID);
    sj_buf_reset(decoded);
    ENSURE(!sj_failed(sj_parse_base64(rest, decoded)), INVALID);
    ENSURE(decoded->len > KEY_ID_SIZE, INVALID);
    struct sj_reader reader = sj_reader_of(sj_buf_view(decoded));
    ret_line->name = name;
    TRY(sj_read_bytes(&reader, ret_line->key_id, KEY_ID_SIZE));
    ret_line->signature = sj_view_of(reader.ptr, reader.left);
    return SJ_DONE;
}

static bool is_line_of(const struct signature_line *line, const struct sj_note_key *key)
{
    return sj_text_is(line->name, key->name) && memcmp(line->key_id, key->id, KEY_ID_SIZE) == 0;
}

/* The position of the key that the line names, key_count when it is none of ours. Errors: INVALID when two of
 * the given keys answer to the same name and id: then nobody can say which one signed. */
static sj_status find_key(const struct signature_line *line, const struct sj_note_key *keys,
    size_t key_count, size_t *ret_at)
{
    size_t at = key_count;
    for (size_t i = 0; i < key_count; i++) {
        if (is_line_of(line, &keys[i])) {
            ENSURE(at == key_count, INVALID);
            at = i;
        }
    }
    *ret_at = at;
    return SJ_DONE;
}

static sj_status put_cosigned_message(struct sj_text text, int64_t time_s, struct sj_buf *out)
{
    TRY(sj_buf_put_str(out, COSIGNATURE_HEAD));
    TRY(sj_buf_put_decimal(out, time_s));
    TRY(sj_buf_put_byte(out, '\n'));
    return sj_buf_put_text(out, text);
}

/* @cite C2SP tlog-cosignature: u64 seconds, then the signature of 64 bytes */
sj_status sj_cosignature_split(
    struct sj_view blob, int64_t *ret_time_s, struct sj_view *ret_signature)
{
    struct sj_reader reader = sj_reader_of(blob);
    uint64_t time_s = 0;
    ENSURE(blob.len == 8 + SJ_ED25519_SIGNATURE, INVALID);
    TRY(sj_read_u64(&reader, &time_s));
    ENSURE(time_s <= INT64_MAX, INVALID);
    *ret_time_s = (int64_t)time_s;
    return sj_read_view(&reader, SJ_ED25519_SIGNATURE, ret_signature);
}

static sj_status verify_cosignature(const struct sj_verify_key *key, struct sj_text text,
    struct sj_view blob, bool *ret_valid, int64_t *ret_time_s)
{
    struct sj_view signature = {NULL, 0};
    int64_t time_s = 0;
    if (sj_failed(sj_cosignature_split(blob, &time_s, &signature))) {
        *ret_valid = false;
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf message = SJ_BUF(SJ_NOTE_MAX + 64);
    TRY(put_cosigned_message(text, time_s, &message));
    *ret_time_s = time_s;
    return sj_verify(key, sj_buf_view(&message), signature, ret_valid);
}

static sj_status verify_line(const struct sj_note_key *note_key, struct sj_text text,
    struct sj_view signature, int64_t *ret_time_s)
{
    CLEANUP(sj_verify_key_free) struct sj_verify_key *key = NULL;
    TRY(sj_verify_key_new(note_key->public_key, &key));
    bool valid = false;
    if (note_key->type == TYPE_COSIGNATURE) {
        TRY(verify_cosignature(key, text, signature, &valid, ret_time_s));
    } else {
        ENSURE(note_key->type == TYPE_ED25519, INVALID);
        TRY(sj_verify(key, sj_text_bytes(text), signature, &valid));
    }
    ENSURE(valid, INVALID);
    return SJ_DONE;
}

static sj_status take_line(const struct signature_line *line, const struct sj_note_key *keys,
    size_t key_count, struct sj_note *note)
{
    size_t at = key_count;
    TRY(find_key(line, keys, key_count, &at));
    /* a second line of one key adds nothing and is skipped, as Go's reader does */
    if (at == key_count || note->verified[at]) {
        return SJ_DONE;
    }
    TRY(verify_line(&keys[at], note->text, line->signature, &note->cosigned_s[at]));
    note->verified[at] = true;
    note->verified_count++;
    return SJ_DONE;
}

static sj_status read_note(struct sj_view bytes, const struct sj_note_key *keys, size_t key_count,
    struct sj_note *ret_note)
{
    struct sj_text whole = {NULL, 0};
    struct sj_text signatures = {NULL, 0};
    struct sj_note note = {0};
    TRY(check_note_bytes(bytes, &whole));
    TRY(split_note(whole, &note.text, &signatures));
    CLEANUP(sj_buf_clear) struct sj_buf decoded = SJ_BUF(SJ_NOTE_MAX);
    for (size_t lines = 0; signatures.len > 0; lines++) {
        ENSURE(lines < SIGNATURE_LINES_MAX, INVALID);
        struct sj_text line = {NULL, 0};
        struct signature_line parsed;
        ENSURE(sj_text_split(&signatures, '\n', &line), INVALID);
        TRY(parse_line(line, &decoded, &parsed));
        TRY(take_line(&parsed, keys, key_count, &note));
    }
    *ret_note = note;
    return SJ_DONE;
}

sj_status sj_note_open(struct sj_view bytes, const struct sj_note_key *keys, size_t key_count,
    struct sj_note *ret_note)
{
    struct sj_note note;
    ENSURE(key_count <= SJ_NOTE_KEYS_MAX, LIMIT_EXCEEDED);
    TRY(read_note(bytes, keys, key_count, &note));
    ENSURE(note.verified_count > 0, INVALID);
    *ret_note = note;
    return SJ_DONE;
}

bool sj_note_is_well_formed(struct sj_view bytes)
{
    struct sj_note note;
    return !sj_failed(read_note(bytes, NULL, 0, &note));
}

/* "— name base64(id || [time ||] signature)\n" */
static sj_status put_signature_line(
    const struct sj_note_key *key, struct sj_view blob, struct sj_buf *out)
{
    TRY(sj_buf_put_str(out, LINE_START));
    TRY(sj_buf_put_str(out, key->name));
    TRY(sj_buf_put_byte(out, ' '));
    TRY(sj_buf_put_base64(out, blob));
    return sj_buf_put_byte(out, '\n');
}

static sj_status check_text_to_sign(struct sj_text text)
{
    struct sj_text checked = {NULL, 0};
    ENSURE(text.len > 0 && text.ptr[text.len - 1] == '\n', INVALID);
    return check_note_bytes(sj_text_bytes(text), &checked);
}

sj_status sj_note_sign(struct sj_text text, const struct sj_note_key *key,
    const struct sj_signing_key *secret, struct sj_buf *out)
{
    ENSURE(key->type == TYPE_ED25519, INVALID);
    TRY(check_text_to_sign(text));
    uint8_t blob[KEY_ID_SIZE + SJ_ED25519_SIGNATURE];
    memcpy(blob, key->id, KEY_ID_SIZE);
    TRY(sj_sign(secret, sj_text_bytes(text), blob + KEY_ID_SIZE));
    /* together or not at all: a note without its signature line must not be left in out */
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(out->max);
    TRY(sj_buf_put_text(&note, text));
    TRY(sj_buf_put_byte(&note, '\n'));
    TRY(put_signature_line(key, sj_view_of(blob, sizeof(blob)), &note));
    return sj_buf_put_view(out, sj_buf_view(&note));
}

sj_status sj_note_cosign(struct sj_text text, const struct sj_note_key *key,
    const struct sj_signing_key *secret, int64_t time_s, struct sj_buf *out)
{
    ENSURE(key->type == TYPE_COSIGNATURE && time_s >= 0, INVALID);
    TRY(check_text_to_sign(text));
    CLEANUP(sj_buf_clear) struct sj_buf message = SJ_BUF(SJ_NOTE_MAX + 64);
    TRY(put_cosigned_message(text, time_s, &message));
    uint8_t signature[SJ_ED25519_SIGNATURE];
    TRY(sj_sign(secret, sj_buf_view(&message), signature));
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(KEY_ID_SIZE + 8 + SJ_ED25519_SIGNATURE);
    TRY(sj_buf_put(&blob, key->id, KEY_ID_SIZE));
    TRY(sj_buf_put_u64(&blob, (uint64_t)time_s));
    TRY(sj_buf_put(&blob, signature, sizeof(signature)));
    CLEANUP(sj_buf_clear) struct sj_buf line = SJ_BUF(out->max);
    TRY(put_signature_line(key, sj_buf_view(&blob), &line));
    return sj_buf_put_view(out, sj_buf_view(&line));
}
