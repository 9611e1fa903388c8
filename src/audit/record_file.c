/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this piece of the record what was signed? What files of a unit's record and of a search have in common: the checkpoint's
 * signature by a key of the policy with its quorum, and each entry hashed from its bytes and proven in that tree. Hostile input.
 */
#include "record_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

sj_status sj_record_file_take(struct sj_record_file *file, void *dst, size_t len, bool *ret_whole)
{
    size_t got = 0;
    TRY(sj_stream_read(&file->in, dst, len, &got));
    *ret_whole = got == len;
    return SJ_DONE;
}

sj_status sj_record_file_number(
    struct sj_record_file *file, size_t bytes, uint64_t *ret_number, bool *ret_whole)
{
    uint8_t raw[8];
    TRY(sj_record_file_take(file, raw, bytes, ret_whole));
    *ret_number = 0;
    for (size_t i = 0; i < bytes && *ret_whole; i++) {
        *ret_number = *ret_number << 8 | raw[i];
    }
    return SJ_DONE;
}

sj_status sj_record_file_buf(
    struct sj_record_file *file, size_t len, struct sj_buf *out, bool *ret_whole)
{
    sj_buf_reset(out);
    *ret_whole = len <= out->max;
    if (*ret_whole) {
        TRY(sj_buf_reserve(out, len));
        TRY(sj_record_file_take(file, out->ptr, len, ret_whole));
        out->len = len;
    }
    return SJ_DONE;
}

sj_status sj_record_file_proof(struct sj_record_file *file, struct sj_proof *proof, bool *ret_whole)
{
    uint64_t count = 0;
    TRY(sj_record_file_number(file, 2, &count, ret_whole));
    *ret_whole = *ret_whole && count <= SJ_PROOF_MAX;
    proof->count = *ret_whole ? (size_t)count : 0;
    return *ret_whole
               ? sj_record_file_take(file, proof->hashes, proof->count * SJ_HASH_SIZE, ret_whole)
               : SJ_DONE;
}

void sj_record_file_cut(struct sj_record_file *file)
{
    sj_check_incomplete(file->c, "the file is cut short");
    file->c->stopped = true;
}

/* An entry, and that it is in the signed tree. */
sj_status sj_record_file_entry(struct sj_record_file *file)
{
    uint64_t len = 0;
    bool whole = false;
    bool valid = false;
    TRY(sj_record_file_number(file, 2, &len, &whole));
    TRY(whole ? sj_record_file_buf(file, (size_t)len, &file->bytes, &whole) : SJ_DONE);
    TRY(whole ? sj_record_file_proof(file, &file->proof, &whole) : SJ_DONE);
    if (!whole) {
        sj_record_file_cut(file);
        return SJ_DONE;
    }
    if (sj_failed(sj_entry_decode(sj_buf_view(&file->bytes), &file->entry))) {
        sj_check_tampered(file->c, "an entry does not decode");
        return SJ_DONE;
    }
    TRY(sj_leaf_hash(sj_buf_view(&file->bytes), &file->leaf));
    TRY(sj_inclusion_verify(file->entry.index, file->size, &file->leaf, file->proof.hashes,
        file->proof.count, &file->root, &valid));
    if (!valid) {
        sj_check_tampered_at(file->c, file->entry.index, "the entry is not in the signed tree");
    }
    return SJ_DONE;
}

static sj_status check_note(struct sj_record_file *file)
{
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    enum sj_note_state state = SJ_NOTE_UNSIGNED;
    struct sj_check *c = file->c;
    TRY(sj_tlog_policy_open(&c->policy, sj_buf_view(&file->note), &note, &checkpoint, &state));
    if (state != SJ_NOTE_GOOD) {
        c->is_proven = state == SJ_NOTE_FORGED;
        sj_check_tampered(c, "the checkpoint's signature by a key of the policy does not hold");
        return SJ_DONE;
    }
    if (!sj_tlog_policy_has_quorum(&c->policy, &note)) {
        sj_check_incomplete(c, "the checkpoint lacks the quorum of witnesses");
    }
    file->size = checkpoint.size;
    file->root = checkpoint.root;
    c->report->size = checkpoint.size;
    c->head = (struct sj_pin){true, checkpoint.size, checkpoint.root};
    return sj_copy(c->origin, SJ_NOTE_NAME_MAX, checkpoint.origin.ptr, checkpoint.origin.len);
}

sj_status sj_record_file_head(struct sj_record_file *file)
{
    uint8_t magic[SJ_RECORD_FILE_MAGIC];
    uint64_t len = 0;
    bool whole = false;
    TRY(sj_record_file_take(file, magic, sizeof(magic), &whole));
    TRY(whole ? sj_record_file_number(file, 4, &len, &whole) : SJ_DONE);
    TRY(whole ? sj_record_file_buf(file, (size_t)len, &file->note, &whole) : SJ_DONE);
    if (!whole) {
        sj_record_file_cut(file);
        return SJ_DONE;
    }
    return check_note(file);
}

void sj_record_file_end(struct sj_record_file *file)
{
    if (file->in.left != 0 || file->in.used != file->in.filled) {
        sj_check_tampered(file->c, "more stands in the file than it says");
    }
}

bool sj_record_file_is(const char *path, const char *magic)
{
    uint8_t found[SJ_RECORD_FILE_MAGIC];
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && pread(fd, found, sizeof(found), 0) == (ssize_t)sizeof(found) &&
           sj_view_equal(sj_view_of(found, sizeof(found)), sj_view_of(magic, sizeof(found)));
}

void sj_record_file_close(struct sj_record_file *file)
{
    sj_stream_close(&file->in);
    sj_buf_clear(&file->note);
    sj_buf_clear(&file->bytes);
}

sj_status sj_record_file_open(struct sj_record_file *file, struct sj_check *c, const char *path)
{
    struct stat info;
    if (c->options->since_path != NULL || c->options->witness_count != 0 ||
        c->options->state_path != NULL) {
        /* there is no whole tree to hold against it */
        return sj_check_refuse(
            c, "--since, --witnesses and --state are for whole logs, not for a piece of one");
    }
    *file = (struct sj_record_file){.c = c};
    file->note = SJ_BUF(SJ_NOTE_MAX);
    file->bytes = SJ_BUF(SJ_ENTRY_MAX);
    file->in.fd = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(file->in.fd >= 0, BAD_PARAMETER);
    file->in.owns_fd = true;
    ENSURE(fstat(file->in.fd, &info) == 0 && S_ISREG(info.st_mode), IO);
    file->in.left = (uint64_t)info.st_size;
    return SJ_DONE;
}
