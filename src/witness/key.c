/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is this witness? Its key stands in one file, in the form of golang.org/x/mod's signer keys with type 04:
 * "PRIVATE+KEY+<name>+<id>+<base64>". A file that others can read refuses the start; an existing one is never written over,
 * because a witness that loses its key loses what it has vouched for.
 */
#include "witness_priv.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/random.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define START    "PRIVATE+KEY+"
#define TYPE     4
#define FILE_MAX 1024u

static sj_status public_of(
    struct sj_text name, const struct sj_signing_key *secret, struct sj_note_key *ret_key)
{
    uint8_t public_key[SJ_ED25519_PUBLIC];
    sj_signing_key_public(secret, public_key);
    return sj_note_key_make(name, TYPE, public_key, ret_key);
}

static sj_status put_line(
    const struct sj_note_key *key, const struct sj_key *seed, struct sj_buf *out)
{
    uint8_t bytes[1 + SJ_KEY_SIZE] = {TYPE};
    TRY(sj_copy(bytes + 1, SJ_KEY_SIZE, seed->bytes, SJ_KEY_SIZE));
    sj_status status = sj_buf_put_str(out, START);
    if (!sj_failed(status)) {
        status = sj_buf_put_str(out, key->name);
    }
    if (!sj_failed(status)) {
        status = sj_buf_put_byte(out, '+');
    }
    if (!sj_failed(status)) {
        status = sj_buf_put_hex(out, sj_view_of(key->id, sizeof key->id));
    }
    if (!sj_failed(status)) {
        status = sj_buf_put_byte(out, '+');
    }
    if (!sj_failed(status)) {
        status = sj_buf_put_base64(out, sj_view_of(bytes, sizeof bytes));
    }
    sj_wipe(bytes, sizeof bytes);
    TRY(status);
    return sj_buf_put_byte(out, '\n');
}

static sj_status write_new(const char *path, struct sj_view bytes)
{
    CLEANUP(sj_closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ENSURE(fd >= 0 || errno != EEXIST, DUPLICATE);
    ENSURE(fd >= 0, IO);
    ENSURE(write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len && fsync(fd) == 0, IO);
    return SJ_DONE;
}

sj_status sj_witness_key_create(const char *path, struct sj_text name, struct sj_note_key *ret_key)
{
    struct sj_key seed;
    struct sj_note_key key = {.type = 0};
    CLEANUP(sj_signing_key_free) struct sj_signing_key *secret = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf line = SJ_BUF(FILE_MAX);
    TRY(sj_random(seed.bytes, sizeof seed.bytes));
    sj_status status = sj_signing_key_new(&seed, &secret);
    if (!sj_failed(status)) {
        status = public_of(name, secret, &key);
    }
    if (!sj_failed(status)) {
        status = put_line(&key, &seed, &line);
    }
    sj_wipe(&seed, sizeof seed);
    TRY(status);
    TRY(write_new(path, sj_buf_view(&line)));
    *ret_key = key;
    return SJ_DONE;
}

static sj_status read_private(const char *path, struct sj_buf *out)
{
    struct stat info;
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0 && fstat(fd, &info) == 0, BAD_CONFIG);
    ENSURE(S_ISREG(info.st_mode) && (info.st_mode & 077) == 0, BAD_CONFIG);
    TRY(sj_buf_reserve(out, FILE_MAX));
    const ssize_t got = read(fd, out->ptr, FILE_MAX);
    ENSURE(got > 0 && (size_t)got < FILE_MAX, BAD_CONFIG);
    out->len = (size_t)got;
    return SJ_DONE;
}

static sj_status parse_line(
    struct sj_text line, struct sj_note_key *ret_key, struct sj_signing_key **ret_secret)
{
    struct sj_text name = {"", 0};
    struct sj_text id_text = {"", 0};
    uint8_t id[4];
    struct sj_key seed;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(64);
    CLEANUP(sj_signing_key_free) struct sj_signing_key *secret = NULL;
    ENSURE(sj_text_starts(line, START), BAD_CONFIG);
    line = (struct sj_text){line.ptr + sizeof(START) - 1, line.len - sizeof(START) + 1};
    ENSURE(sj_text_split(&line, '+', &name) && sj_text_split(&line, '+', &id_text), BAD_CONFIG);
    ENSURE(!sj_failed(sj_parse_hex(id_text, id, sizeof id)), BAD_CONFIG);
    ENSURE(!sj_failed(sj_parse_base64(line, &bytes)), BAD_CONFIG);
    ENSURE(bytes.len == 1 + SJ_KEY_SIZE && bytes.ptr[0] == TYPE, BAD_CONFIG);
    TRY(sj_copy(seed.bytes, SJ_KEY_SIZE, bytes.ptr + 1, SJ_KEY_SIZE));
    const sj_status status = sj_signing_key_new(&seed, &secret);
    sj_wipe(&seed, sizeof seed);
    TRY(status);
    ENSURE(!sj_failed(public_of(name, secret, ret_key)), BAD_CONFIG);
    ENSURE(sj_view_equal(sj_view_of(id, sizeof id), sj_view_of(ret_key->id, sizeof ret_key->id)),
        BAD_CONFIG);
    *ret_secret = TAKE(secret);
    return SJ_DONE;
}

sj_status sj_witness_key_load(
    const char *path, struct sj_note_key *ret_key, struct sj_signing_key **ret_secret)
{
    struct sj_text text;
    struct sj_text line;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(FILE_MAX);
    TRY(read_private(path, &bytes));
    ENSURE(!sj_failed(sj_text_check(sj_buf_view(&bytes), FILE_MAX, &text)), BAD_CONFIG);
    ENSURE(sj_text_split(&text, '\n', &line) && text.len == 0, BAD_CONFIG);
    return parse_line(line, ret_key, ret_secret);
}
