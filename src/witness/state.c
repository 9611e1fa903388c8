/* SPDX-License-Identifier: Apache-2.0
 *
 * What did this witness see last, also after a crash? One file for each origin, named by the SHA-256 of the origin: the
 * checkpoint with the log's lines and the witness's own. It is written beside, synchronised, renamed and the folder synchronised, so it
 * is the old one or the new one, never half. The own signature is what makes it believable: a file that somebody else
 * wrote would let a log go back.
 */
#include "witness_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sanjeh/base/file.h"

#define NAME_SIZE    160u
#define EVIDENCE_MAX 64u

sj_status witness_hex(struct sj_text origin, char ret_hex[WITNESS_HEX_SIZE])
{
    struct sj_hash hash;
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(WITNESS_HEX_SIZE);
    TRY(sj_sha256_one(sj_text_bytes(origin), &hash));
    TRY(sj_buf_put_hex(&text, sj_view_of(hash.bytes, SJ_HASH_SIZE)));
    TRY(sj_copy(ret_hex, WITNESS_HEX_SIZE, text.ptr, text.len));
    ret_hex[text.len] = '\0';
    return SJ_DONE;
}

static sj_status take_note(const struct sj_witness *witness, struct origin *origin)
{
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    const sj_status opened = sj_note_open(sj_buf_view(&origin->note), &witness->key, 1, &note);
    ENSURE(opened.code != SJ_INVALID, LOG_TAMPERED);
    TRY(opened);
    ENSURE(!sj_failed(sj_checkpoint_parse(note.text, &checkpoint)), LOG_TAMPERED);
    ENSURE(sj_text_is(checkpoint.origin, origin->name), LOG_TAMPERED);
    origin->is_recorded = true;
    origin->size = checkpoint.size;
    origin->root = checkpoint.root;
    origin->cosigned_s = note.cosigned_s[0];
    return SJ_DONE;
}

sj_status witness_load(const struct sj_witness *witness, struct origin *origin)
{
    CLEANUP(sj_closep) int fd = openat(witness->folder, origin->hex, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        ENSURE(errno == ENOENT, IO);
        return SJ_DONE;
    }
    const sj_status status = sj_read_rest(fd, &origin->note);
    ENSURE(
        status.code != SJ_LIMIT_EXCEEDED, LOG_TAMPERED); /* longer than anything that was written */
    TRY(status);
    return take_note(witness, origin);
}

static sj_status write_synced(int folder, const char *name, int flags, struct sj_view bytes)
{
    CLEANUP(sj_closep) int fd = openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    ENSURE(fd >= 0, IO);
    TRY(sj_write_all(fd, bytes));
    ENSURE(fsync(fd) == 0, IO);
    return SJ_DONE;
}

sj_status witness_store(
    const struct sj_witness *witness, const struct origin *origin, struct sj_view note)
{
    char name[NAME_SIZE];
    (void)snprintf(name, sizeof name, "%s.new", origin->hex);
    TRY(write_synced(witness->folder, name, O_TRUNC, note));
    ENSURE(renameat(witness->folder, name, witness->folder, origin->hex) == 0, IO);
    ENSURE(fsync(witness->folder) == 0, IO);
    return SJ_DONE;
}

/* ---- evidence ---- */

static size_t count_files(int folder)
{
    size_t count = 0;
    const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (list == NULL) {
        if (copy >= 0) {
            (void)close(copy);
        }
        return EVIDENCE_MAX;
    }
    while (readdir(list) != NULL) {
        count++;
    }
    (void)closedir(list);
    return count - 2; /* . and .. */
}

sj_status witness_keep_evidence(const struct sj_witness *witness, const struct origin *origin,
    const char *kind, struct sj_view note)
{
    char name[NAME_SIZE];
    struct sj_hash hash;
    (void)snprintf(name, sizeof name, "%s.%s", origin->hex, kind);
    ENSURE(mkdirat(witness->folder, name, 0700) == 0 || errno == EEXIST, IO);
    CLEANUP(sj_closep)
    int folder = openat(witness->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(folder >= 0, IO);
    ENSURE(count_files(folder) < (size_t)2 * EVIDENCE_MAX, LIMIT_EXCEEDED);
    TRY(sj_sha256_one(note, &hash));
    CLEANUP(sj_buf_clear) struct sj_buf start = SJ_BUF(32);
    const char *text = NULL;
    TRY(sj_buf_put_hex(&start, sj_view_of(hash.bytes, 8)));
    TRY(sj_buf_cstr(&start, &text));
    (void)snprintf(name, sizeof name, "%s.shown", text);
    TRY(write_synced(folder, name, O_TRUNC, note));
    (void)snprintf(name, sizeof name, "%s.recorded", text);
    TRY(write_synced(folder, name, O_TRUNC, sj_buf_view(&origin->note)));
    ENSURE(fsync(folder) == 0, IO);
    return SJ_DONE;
}
