/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the log in the database the one that was signed? Asked at every start, and again whenever a batch's outcome
 * is unknown. The keeper's own memory decides: a head behind it means that the database was rolled back, another
 * root at its size that it was rewritten, and more than the keeper signed is accepted only as the one batch whose
 * MAC this house made (a batch committed just before the crash). Everything else is refused, so a superuser can
 * stop the log here but not have a forged tail signed.
 */
#include <stdio.h>

#include "sanjeh/base/log.h"
#include "sanjeh/crypto/note.h"
#include "state.h"

struct head_row {
    uint64_t size;
    struct sj_hash root;
    struct sj_uuid emitter;
    uint64_t base_size;
    struct sj_hash mac;
    bool has_mac;
};

static void say(char *reason, size_t reason_size, const char *what, uint64_t a, uint64_t b)
{
    if (reason_size != 0) {
        sj_ignore((sj_status){SJ_OK, NULL}, "snprintf truncates, which is fine for people");
        (void)snprintf(reason, reason_size, "%s (database %llu, signed %llu)", what,
            (unsigned long long)a, (unsigned long long)b);
    }
}

static bool read_hash(struct sj_view bytes, struct sj_hash *ret_hash)
{
    return bytes.len == SJ_HASH_SIZE &&
           !sj_failed(sj_copy(ret_hash->bytes, SJ_HASH_SIZE, bytes.ptr, bytes.len));
}

/* The stored frontier is believed only when it gives the stored root, which the keeper then vouches for. */
static bool read_frontier(struct sj_view bytes, uint64_t size, struct sj_frontier *frontier)
{
    size_t used = 0;
    frontier->size = size;
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((size >> bit & 1) == 0) {
            continue;
        }
        if (bytes.len - used < SJ_HASH_SIZE ||
            !read_hash(sj_view_of(bytes.ptr + used, SJ_HASH_SIZE), &frontier->hashes[bit])) {
            return false;
        }
        used += SJ_HASH_SIZE;
    }
    return used == bytes.len;
}

static bool read_row(struct sj_sequencer *s, const struct sj_rows *rows, struct head_row *row)
{
    const int64_t size = sj_row_i64(rows, 0, 1);
    const int64_t base_size = sj_row_i64(rows, 0, 6);
    if (size < 0 || base_size < 0 || base_size > size) {
        return false;
    }
    s->head.log_id = sj_row_id(rows, 0, 0);
    row->size = (uint64_t)size;
    row->base_size = (uint64_t)base_size;
    row->emitter = sj_row_id(rows, 0, 5);
    row->has_mac = read_hash(sj_row_bytes(rows, 0, 7), &row->mac);
    s->head.last_time = sj_row_i64(rows, 0, 4);
    return read_hash(sj_row_bytes(rows, 0, 2), &row->root) &&
           read_frontier(sj_row_bytes(rows, 0, 3), row->size, &s->head.frontier);
}

static sj_status read_head(
    struct sj_sequencer *s, struct head_row *row, char *reterr_reason, size_t reason_size)
{
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_HEAD_GET};
    struct sj_context context;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    s->context_until = 0; /* what the database refused, if that was it, is not tried again */
    TRY(sj_record_context(s, &context));
    const sj_status status = sj_record_read(s->config.db, &context, &query, &rows);
    if (status.code == SJ_FORBIDDEN) {
        say(reterr_reason, reason_size,
            "the database does not accept the record's context: its clock, or its context key", 0,
            0);
    }
    TRY(status);
    if (sj_rows_count(rows) != 1 || !read_row(s, rows, row)) {
        say(reterr_reason, reason_size, "the head row is missing or damaged", 0, 0);
        FAIL(LOG_TAMPERED);
    }
    struct sj_hash root;
    TRY(sj_frontier_root(&s->head.frontier, &root));
    if (!sj_hash_equal(&root, &row->root)) {
        say(reterr_reason, reason_size, "the head's frontier does not give its root", row->size, 0);
        FAIL(LOG_TAMPERED);
    }
    s->head.root = row->root;
    return SJ_DONE;
}

static sj_status finish_unsigned(struct sj_sequencer *s, const struct head_row *row,
    const struct sj_signed_head *signed_head, char *reterr_reason, size_t reason_size)
{
    const uint64_t count = row->size - row->base_size;
    if (row->base_size != signed_head->size || count > SJ_BATCH_ENTRIES || !row->has_mac) {
        say(reterr_reason, reason_size, "entries were added beyond the last batch that was ours",
            row->size, signed_head->size);
        FAIL(LOG_TAMPERED);
    }
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(SJ_BATCH_ENTRIES, sizeof(struct sj_hash), &memory));
    struct sj_hash *leaves = memory;
    TRY(sj_recover_leaves(s, row->base_size, row->size, leaves, reterr_reason, reason_size));
    sj_buf_reset(&s->note);
    const sj_status status = ask_recover(s->config.channel, row->emitter, row->base_size, leaves,
        (size_t)count, &row->root, sj_view_of(row->mac.bytes, SJ_HASH_SIZE), &s->note);
    if (status.code == SJ_LOG_TAMPERED) {
        say(reterr_reason, reason_size, "the unsigned tail is not a batch of ours", row->size,
            signed_head->size);
    }
    TRY(status);
    return sj_batch_publish_note(s, sj_buf_view(&s->note), row->size, true);
}

/* A stored note that does not hold, or none, is no damage: the next batch is signed anew. */
static bool note_holds(
    struct sj_sequencer *s, struct sj_view note, uint64_t size, struct sj_view vkey)
{
    struct sj_note_key key;
    struct sj_note opened;
    struct sj_checkpoint checkpoint;
    struct sj_text vkey_text;
    return !sj_failed(sj_text_check(vkey, SJ_NOTE_NAME_MAX + 128, &vkey_text)) &&
           !sj_failed(sj_note_key_parse(vkey_text, &key)) &&
           !sj_failed(sj_note_open(note, &key, 1, &opened)) &&
           !sj_failed(sj_checkpoint_parse(opened.text, &checkpoint)) && checkpoint.size == size &&
           sj_hash_equal(&checkpoint.root, &s->head.root);
}

static sj_status load_note(struct sj_sequencer *s, uint64_t size, struct sj_view vkey)
{
    const struct sj_param param = sj_p_i64((int64_t)size);
    const struct sj_query query = {
        .sql = SJ_SQL_AUDIT_CHECKPOINT_NEWEST, .params = &param, .param_count = 1};
    struct sj_context context;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_context(s, &context));
    TRY(sj_record_read(s->config.db, &context, &query, &rows));
    if (sj_rows_count(rows) != 1 || sj_row_i64(rows, 0, 0) != (int64_t)size) {
        return SJ_DONE;
    }
    const struct sj_view note = sj_row_bytes(rows, 0, 1);
    if (note_holds(s, note, size, vkey)) {
        return sj_batch_publish_note(s, note, size, false);
    }
    return SJ_DONE;
}

static sj_status compare(struct sj_sequencer *s, const struct head_row *row,
    struct sj_recovered *recovered, char *reterr_reason, size_t reason_size)
{
    struct sj_signed_head signed_head = {0};
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(SJ_NOTE_NAME_MAX + 128);
    TRY(ask_signed_head(s->config.channel, &signed_head, &vkey));
    if (row->size < signed_head.size) {
        say(reterr_reason, reason_size, "the log in the database is older than what was signed",
            row->size, signed_head.size);
        FAIL(LOG_ROLLED_BACK);
    }
    if (row->size > signed_head.size) {
        recovered->was_unsigned = true;
        return finish_unsigned(s, row, &signed_head, reterr_reason, reason_size);
    }
    if (row->size != 0 && !sj_hash_equal(&row->root, &signed_head.root)) {
        say(reterr_reason, reason_size, "the log in the database has another root than was signed",
            row->size, signed_head.size);
        FAIL(LOG_TAMPERED);
    }
    return load_note(s, row->size, sj_buf_view(&vkey));
}

sj_status sj_recover(struct sj_sequencer *s, struct sj_recovered *ret_recovered,
    char *reterr_reason, size_t reason_size)
{
    struct head_row row = {0};
    *ret_recovered = (struct sj_recovered){0};
    TRY(read_head(s, &row, reterr_reason, reason_size));
    TRY(compare(s, &row, ret_recovered, reterr_reason, reason_size));
    /* only now is the frontier known to be the signed one: the rest is measured against it */
    TRY(sj_recover_tree(s, reterr_reason, reason_size));
    TRY(sj_recover_tenants(s, reterr_reason, reason_size));
    TRY(sj_seen_catch_up(s, row.size));
    sj_batch_publish_head(s);
    ret_recovered->size = row.size;
    atomic_store(&s->size, row.size);
    return SJ_DONE;
}
