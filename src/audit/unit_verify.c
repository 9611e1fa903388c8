/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this unit's record whole? Each entry is hashed from its bytes and proven in the tree that the policy's key has signed; they
 * continue one another from the first; and the last is where the heads of all tenants, themselves an entry of that tree, say
 * that the chain ended. Nobody can leave one out, at the end neither. Format: docs/AUDIT.md 7.1.
 */
#include "record_file.h"

#define MAGIC "SJUNIT\x00\x01"

struct unit_check {
    struct sj_record_file file;
    struct sj_check *c;
    struct sj_uuid tag;
    uint64_t count;
    uint64_t place;
    struct sj_proof head_proof;
    struct sj_heads_claim claim;
    struct sj_tenant chain;
    sj_time_us last_time;
    uint64_t last_index;
    uint64_t heads_index;
};

static sj_status take_head(struct unit_check *u)
{
    struct sj_record_file *file = &u->file;
    bool whole = true;
    TRY(sj_record_file_head(file));
    if (u->c->stopped) {
        return SJ_DONE;
    }
    TRY(sj_record_file_take(file, u->tag.bytes, sizeof(u->tag.bytes), &whole));
    TRY(whole ? sj_record_file_number(file, 8, &u->count, &whole) : SJ_DONE);
    TRY(whole ? sj_record_file_number(file, 8, &u->place, &whole) : SJ_DONE);
    TRY(whole ? sj_record_file_proof(file, &u->head_proof, &whole) : SJ_DONE);
    if (!whole) {
        sj_record_file_cut(file);
    }
    return SJ_DONE;
}

static sj_status take_heads(struct unit_check *u)
{
    TRY(sj_record_file_entry(&u->file));
    if (u->c->stopped) {
        return SJ_DONE;
    }
    u->heads_index = u->file.entry.index;
    if (u->file.entry.draft.kind != SJ_ENTRY_TENANT_HEADS ||
        sj_failed(sj_heads_parse(sj_text_of(u->file.entry.draft.detail), &u->claim))) {
        sj_check_tampered_at(
            u->c, u->file.entry.index, "the entry says nothing of the tenants' heads");
    }
    return SJ_DONE;
}

static const char *fault(const struct unit_check *u)
{
    const struct sj_entry *entry = &u->file.entry;
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
        TRY(sj_record_file_entry(&u->file));
        const char *cause = u->c->stopped ? NULL : fault(u);
        if (cause != NULL) {
            sj_check_tampered_at(u->c, u->file.entry.index, cause);
        }
        u->chain.seq = u->file.entry.tenant_seq;
        u->chain.leaf = u->file.leaf;
        u->last_time = u->file.entry.time;
        u->last_index = u->file.entry.index;
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
    } else {
        sj_record_file_end(&u->file);
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
    return sj_record_file_is(path, MAGIC);
}

static void clear(struct unit_check **u)
{
    if (*u != NULL) {
        sj_record_file_close(&(*u)->file);
        sj_free(TAKE(*u));
    }
}

sj_status sj_check_unit(struct sj_check *c, const char *path)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct unit_check), &memory));
    CLEANUP(clear) struct unit_check *u = memory;
    u->c = c;
    u->file.in.fd = -1;
    TRY(sj_record_file_open(&u->file, c, path));
    return run(u);
}
