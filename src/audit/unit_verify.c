/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this unit's record whole? Each entry is hashed from its bytes and proven in the tree that the policy's key has signed; they
 * continue one another from the first; and the last is where the heads of all tenants, themselves an entry of that tree, say
 * that the chain ended. Nobody can leave one out, at the end neither. Format: docs/AUDIT.md 7.1.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "sanjeh/audit/proof.h"
#include "sanjeh/base/reader.h"

#define MAGIC "SJUNIT\x00\x01"

struct unit_check {
    struct sj_check *c; /* policy and report */
    struct sj_stream in;
    struct sj_buf note;
    struct sj_buf bytes;
    uint64_t size;
    struct sj_hash root;
    struct sj_uuid tag;
    uint64_t count;
    uint64_t place;
    struct sj_proof head_proof;
    struct sj_proof proof;
    struct sj_entry entry; /* the newest read */
    struct sj_hash leaf;
    struct sj_heads_claim claim;
    struct sj_tenant chain;
    sj_time_us last_time;
    uint64_t last_index;
    uint64_t heads_index;
};

static sj_status take(struct unit_check *u, void *dst, size_t len, bool *ret_whole)
{
    size_t got = 0;
    TRY(sj_stream_read(&u->in, dst, len, &got));
    *ret_whole = got == len;
    return SJ_DONE;
}

static sj_status take_number(
    struct unit_check *u, size_t bytes, uint64_t *ret_number, bool *ret_whole)
{
    uint8_t raw[8];
    TRY(take(u, raw, bytes, ret_whole));
    *ret_number = 0;
    for (size_t i = 0; i < bytes && *ret_whole; i++) {
        *ret_number = *ret_number << 8 | raw[i];
    }
    return SJ_DONE;
}

static sj_status take_buf(struct unit_check *u, size_t len, struct sj_buf *out, bool *ret_whole)
{
    sj_buf_reset(out);
    *ret_whole = len <= out->max;
    if (*ret_whole) {
        TRY(sj_buf_reserve(out, len));
        TRY(take(u, out->ptr, len, ret_whole));
        out->len = len;
    }
    return SJ_DONE;
}

static sj_status take_proof(struct unit_check *u, struct sj_proof *proof, bool *ret_whole)
{
    uint64_t count = 0;
    TRY(take_number(u, 2, &count, ret_whole));
    *ret_whole = *ret_whole && count <= SJ_PROOF_MAX;
    proof->count = *ret_whole ? (size_t)count : 0;
    return *ret_whole ? take(u, proof->hashes, proof->count * SJ_HASH_SIZE, ret_whole) : SJ_DONE;
}

static void cut(struct unit_check *u)
{
    sj_check_incomplete(u->c, "the unit's record is cut short");
    u->c->stopped = true;
}

/* An entry, and that it is in the signed tree. */
static sj_status take_entry(struct unit_check *u)
{
    uint64_t len = 0;
    bool whole = false;
    bool valid = false;
    TRY(take_number(u, 2, &len, &whole));
    TRY(whole ? take_buf(u, (size_t)len, &u->bytes, &whole) : SJ_DONE);
    TRY(whole ? take_proof(u, &u->proof, &whole) : SJ_DONE);
    if (!whole) {
        cut(u);
        return SJ_DONE;
    }
    if (sj_failed(sj_entry_decode(sj_buf_view(&u->bytes), &u->entry))) {
        sj_check_tampered(u->c, "an entry of the unit's record does not decode");
        return SJ_DONE;
    }
    TRY(sj_leaf_hash(sj_buf_view(&u->bytes), &u->leaf));
    TRY(sj_inclusion_verify(
        u->entry.index, u->size, &u->leaf, u->proof.hashes, u->proof.count, &u->root, &valid));
    if (!valid) {
        sj_check_tampered_at(u->c, u->entry.index, "the entry is not in the signed tree");
    }
    return SJ_DONE;
}

static sj_status check_note(struct unit_check *u)
{
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    enum sj_note_state state = SJ_NOTE_UNSIGNED;
    struct sj_check *c = u->c;
    TRY(sj_tlog_policy_open(&c->policy, sj_buf_view(&u->note), &note, &checkpoint, &state));
    if (state != SJ_NOTE_GOOD) {
        c->is_proven = state == SJ_NOTE_FORGED;
        sj_check_tampered(c, "the checkpoint's signature by a key of the policy does not hold");
        return SJ_DONE;
    }
    if (!sj_tlog_policy_has_quorum(&c->policy, &note)) {
        sj_check_incomplete(c, "the checkpoint lacks the quorum of witnesses");
    }
    u->size = checkpoint.size;
    u->root = checkpoint.root;
    c->report->size = checkpoint.size;
    c->head = (struct sj_pin){true, checkpoint.size, checkpoint.root};
    return sj_copy(c->origin, SJ_NOTE_NAME_MAX, checkpoint.origin.ptr, checkpoint.origin.len);
}

static sj_status take_head(struct unit_check *u)
{
    uint8_t magic[8];
    uint64_t len = 0;
    bool whole = false;
    TRY(take(u, magic, sizeof(magic), &whole));
    TRY(whole ? take_number(u, 4, &len, &whole) : SJ_DONE);
    TRY(whole ? take_buf(u, (size_t)len, &u->note, &whole) : SJ_DONE);
    TRY(whole ? take(u, u->tag.bytes, sizeof(u->tag.bytes), &whole) : SJ_DONE);
    TRY(whole ? take_number(u, 8, &u->count, &whole) : SJ_DONE);
    TRY(whole ? take_number(u, 8, &u->place, &whole) : SJ_DONE);
    TRY(whole ? take_proof(u, &u->head_proof, &whole) : SJ_DONE);
    if (!whole) {
        cut(u);
        return SJ_DONE;
    }
    return check_note(u);
}

static sj_status take_heads(struct unit_check *u)
{
    TRY(take_entry(u));
    if (u->c->stopped) {
        return SJ_DONE;
    }
    u->heads_index = u->entry.index;
    if (u->entry.draft.kind != SJ_ENTRY_TENANT_HEADS ||
        sj_failed(sj_heads_parse(sj_text_of(u->entry.draft.detail), &u->claim))) {
        sj_check_tampered_at(u->c, u->entry.index, "the entry says nothing of the tenants' heads");
    }
    return SJ_DONE;
}

static const char *fault(const struct unit_check *u)
{
    const struct sj_entry *entry = &u->entry;
    if (!sj_uuid_equal(entry->draft.tenant_tag, u->tag)) {
        return "the entry belongs to another unit";
    }
    if (entry->tenant_seq != u->chain.seq + 1 ||
        !sj_hash_equal(&entry->tenant_prev, &u->chain.leaf)) {
        return "the entry does not continue its unit's chain";
    }
    if (entry->time < u->last_time || entry->index >= u->heads_index ||
        (u->chain.seq != 0 && entry->index <= u->last_index)) {
        return "the entry is not where its unit's chain puts it";
    }
    return NULL;
}

static sj_status take_chain(struct unit_check *u)
{
    for (uint64_t i = 0; i < u->count && !u->c->stopped; i++) {
        TRY(take_entry(u));
        const char *cause = u->c->stopped ? NULL : fault(u);
        if (cause != NULL) {
            sj_check_tampered_at(u->c, u->entry.index, cause);
        }
        u->chain.seq = u->entry.tenant_seq;
        u->chain.leaf = u->leaf;
        u->last_time = u->entry.time;
        u->last_index = u->entry.index;
        u->c->report->entries_checked = i + 1;
    }
    return SJ_DONE;
}

/* Where the heads say that the chain ended is where it ends here. */
static sj_status check_end(struct unit_check *u)
{
    struct sj_hash leaf;
    bool valid = false;
    u->chain.tag = u->tag;
    TRY(sj_heads_leaf(&u->chain, &leaf));
    TRY(sj_inclusion_verify(u->place, u->claim.tenants, &leaf, u->head_proof.hashes,
        u->head_proof.count, &u->claim.root, &valid));
    if (!valid) {
        sj_check_tampered(
            u->c, "the unit's record does not end where the tenants' heads say that it does");
    } else if (u->in.left != 0 || u->in.used != u->in.filled) {
        sj_check_tampered(u->c, "more stands behind the unit's record than it says");
    }
    return SJ_DONE;
}

static sj_status run(struct unit_check *u)
{
    TRY(take_head(u));
    TRY(u->c->stopped ? SJ_DONE : take_heads(u));
    TRY(u->c->stopped ? SJ_DONE : take_chain(u));
    TRY(u->c->stopped ? SJ_DONE : check_end(u));
    u->c->last_time = u->last_time;
    if (!u->c->stopped) {
        sj_check_freshness(u->c);
    }
    return SJ_DONE;
}

bool sj_check_is_unit(const char *path)
{
    uint8_t magic[8];
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
           sj_view_equal(sj_view_of(magic, sizeof(magic)), sj_view_of(MAGIC, sizeof(magic)));
}

static void clear(struct unit_check **u)
{
    if (*u != NULL) {
        sj_stream_close(&(*u)->in);
        sj_buf_clear(&(*u)->note);
        sj_buf_clear(&(*u)->bytes);
        sj_free(TAKE(*u));
    }
}

sj_status sj_check_unit(struct sj_check *c, const char *path)
{
    void *memory = NULL;
    struct stat info;
    if (c->options->since_path != NULL || c->options->witness_count != 0 ||
        c->options->state_path != NULL) {
        /* there is no whole tree to hold against it */
        return sj_check_refuse(
            c, "--since, --witnesses and --state are for whole logs, not for a unit's record");
    }
    TRY(sj_alloc(1, sizeof(struct unit_check), &memory));
    CLEANUP(clear) struct unit_check *u = memory;
    u->c = c;
    u->note = SJ_BUF(SJ_NOTE_MAX);
    u->bytes = SJ_BUF(SJ_ENTRY_MAX);
    u->in.fd = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(u->in.fd >= 0, BAD_PARAMETER);
    u->in.owns_fd = true;
    ENSURE(fstat(u->in.fd, &info) == 0 && S_ISREG(info.st_mode), IO);
    u->in.left = (uint64_t)info.st_size;
    return run(u);
}
