/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the log in the database the one that was signed? Asked at every start, and again whenever a batch's outcome
 * is unknown. The keeper's own memory decides: a head behind it means that the database was rolled back, another
 * root at its size that it was rewritten. More than the keeper signed is accepted as far as other servers' notes
 * reach, and behind them only as the one batch whose MAC this house made (a batch committed just before a crash).
 * Everything else is refused, so a superuser can stop the log here but not have a forged tail signed. The head row is
 * held meanwhile: no other server moves what is being compared.
 */
#include <stdio.h>

#include "sanjeh/base/log.h"
#include "sanjeh/crypto/note.h"
#include "state.h"

#define FAR_BEHIND 4096 /* entries that are followed before the head is held */

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

static bool read_row(const struct sj_rows *rows, struct sj_head_row *row)
{
    const int64_t size = sj_row_i64(rows, 0, 1);
    const int64_t base_size = sj_row_i64(rows, 0, 6);
    if (size < 0 || base_size < 0 || base_size > size) {
        return false;
    }
    row->log_id = sj_row_id(rows, 0, 0);
    row->size = (uint64_t)size;
    row->base_size = (uint64_t)base_size;
    row->emitter = sj_row_id(rows, 0, 5);
    row->has_mac = read_hash(sj_row_bytes(rows, 0, 7), &row->mac);
    row->last_time = sj_row_i64(rows, 0, 4);
    return read_hash(sj_row_bytes(rows, 0, 2), &row->root) &&
           read_frontier(sj_row_bytes(rows, 0, 3), row->size, &row->frontier);
}

sj_status sj_head_lock(struct sj_tx *tx, struct sj_head_row *ret_row)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_HEAD_LOCK, NULL, 0, &rows));
    *ret_row = (struct sj_head_row){.size = 0};
    ENSURE(sj_rows_count(rows) == 1 && read_row(rows, ret_row), LOG_TAMPERED);
    return SJ_DONE;
}

static sj_status read_head(struct sj_sequencer *s, struct sj_tx *tx, struct sj_head_row *row,
    char *reason, size_t reason_size)
{
    const sj_status status = sj_head_lock(tx, row);
    if (status.code == SJ_FORBIDDEN) {
        say(reason, reason_size,
            "the database does not accept the record's context: its clock, or its context key", 0,
            0);
    } else if (status.code == SJ_LOG_TAMPERED) {
        say(reason, reason_size, "the head row is missing or damaged", 0, 0);
    }
    TRY(status);
    struct sj_hash root;
    TRY(sj_frontier_root(&row->frontier, &root));
    if (!sj_hash_equal(&root, &row->root)) {
        say(reason, reason_size, "the head's frontier does not give its root", row->size, 0);
        FAIL(LOG_TAMPERED);
    }
    s->head.log_id = row->log_id;
    s->head.last_time = row->last_time;
    s->head.frontier = row->frontier;
    s->head.root = row->root;
    return SJ_DONE;
}

static sj_status finish_unsigned(struct sj_sequencer *s, const struct sj_head_row *row,
    uint64_t signed_size, char *reterr_reason, size_t reason_size)
{
    const uint64_t count = row->size - row->base_size;
    if (row->base_size != signed_size || count > SJ_BATCH_ENTRIES || !row->has_mac) {
        say(reterr_reason, reason_size, "entries were added beyond the last batch that was ours",
            row->size, signed_size);
        FAIL(LOG_TAMPERED);
    }
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(SJ_BATCH_ENTRIES, sizeof(struct sj_hash), &memory));
    struct sj_hash *leaves = memory;
    TRY(sj_recover_leaves(s, row->base_size, row->size, leaves, reterr_reason, reason_size));
    CLEANUP(sj_buf_clear) struct sj_buf rotation = SJ_BUF(SJ_ENTRY_MAX);
    TRY(sj_late_rotation_at(s, row->size - 1, &rotation));
    sj_buf_reset(&s->note);
    const sj_status status =
        ask_recover_rotating(s->config.channel, row->emitter, row->base_size, leaves, (size_t)count,
            &row->root, sj_view_of(row->mac.bytes, SJ_HASH_SIZE), sj_buf_view(&rotation), &s->note);
    if (status.code == SJ_LOG_TAMPERED) {
        say(reterr_reason, reason_size, "the unsigned tail is not a batch of ours", row->size,
            signed_size);
    }
    TRY(status);
    return sj_batch_publish_note(s, sj_buf_view(&s->note), row->size, true);
}

/* A stored note that does not hold, or none, is no damage: the keeper says the same again. */
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
    if (sj_rows_count(rows) == 1 && sj_row_i64(rows, 0, 0) == (int64_t)size &&
        note_holds(s, sj_row_bytes(rows, 0, 1), size, vkey)) {
        return sj_batch_publish_note(s, sj_row_bytes(rows, 0, 1), size, false);
    }
    if (size == 0) {
        return SJ_DONE;
    }
    sj_buf_reset(&s->note);
    TRY(ask_note_again(s->config.channel, &s->note));
    return sj_batch_publish_note(s, sj_buf_view(&s->note), size, true);
}

static sj_status say_followed(sj_status status, const struct sj_head_row *row, uint64_t from,
    char *reason, size_t reason_size)
{
    if (status.code == SJ_LOG_ROLLED_BACK) {
        say(reason, reason_size,
            "this server has signed more than it remembers: the signer's state is an older one",
            row->size, from);
    } else if (status.code == SJ_LOG_TAMPERED) {
        say(reason, reason_size, "what another server is said to have signed does not hold",
            row->size, from);
    }
    return status;
}

/* The database has more than this keeper signed: what other servers signed, then the one batch that is ours. */
static sj_status follow(struct sj_sequencer *s, const struct sj_head_row *row, uint64_t from,
    struct sj_recovered *recovered, char *reason, size_t reason_size)
{
    uint64_t size = from;
    if (from == 0 && s->instances.is_known && row->base_size != 0) {
        say(reason, reason_size,
            "the signer's memory is missing, and this server has written here before", row->size,
            0);
        FAIL(LOG_TAMPERED);
    }
    TRY(say_followed(
        sj_follow_patiently(s, row, from, false, &size), row, from, reason, reason_size));
    if (size < row->size) {
        recovered->was_unsigned = true;
        return finish_unsigned(s, row, size, reason, reason_size);
    }
    return SJ_DONE;
}

static sj_status compare(struct sj_sequencer *s, struct sj_tx **tx, const struct sj_head_row *row,
    struct sj_recovered *recovered, char *reterr_reason, size_t reason_size)
{
    struct sj_signed_head signed_head = {0};
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(SJ_NOTE_NAME_MAX + 128);
    TRY(ask_signed_head(s->config.channel, &signed_head, &vkey));
    if (row->size < signed_head.size) {
        const sj_status status = sj_put_back(s, tx, row, &signed_head);
        if (!sj_failed(status)) {
            recovered->put_back = signed_head.size - row->size;
            return SJ_DONE;
        }
        if (status.code != SJ_LOG_ROLLED_BACK) {
            return status;
        }
        say(reterr_reason, reason_size, "the log in the database is older than what was signed",
            row->size, signed_head.size);
        FAIL(LOG_ROLLED_BACK);
    }
    if (row->size > signed_head.size) {
        TRY(follow(s, row, signed_head.size, recovered, reterr_reason, reason_size));
        sj_buf_reset(&vkey);
        TRY(ask_signed_head(s->config.channel, &signed_head, &vkey));
    }
    if (row->size != 0 && !sj_hash_equal(&row->root, &signed_head.root)) {
        say(reterr_reason, reason_size, "the log in the database has another root than was signed",
            row->size, signed_head.size);
        FAIL(LOG_TAMPERED);
    }
    return load_note(s, row->size, sj_buf_view(&vkey));
}

/* A server that was away for long, or is new, reads most of what it missed without holding anybody up. */
static sj_status follow_far(struct sj_sequencer *s)
{
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_HEAD_GET};
    struct sj_signed_head signed_head = {0};
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(SJ_NOTE_NAME_MAX + 128);
    struct sj_context context;
    struct sj_head_row row = {.size = 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask_signed_head(s->config.channel, &signed_head, &vkey));
    if (signed_head.size == 0 && s->instances.is_known) {
        return SJ_DONE; /* compare says what is wrong */
    }
    TRY(sj_record_context(s, &context));
    TRY(sj_record_read(s->config.db, &context, &query, &rows));
    if (sj_rows_count(rows) != 1 || !read_row(rows, &row) ||
        row.size <= signed_head.size + FAR_BEHIND) {
        return SJ_DONE;
    }
    s->head.log_id = row.log_id;
    return sj_follow(s, signed_head.size, row.size, false, &row.size);
}

/* After a tail was put back the head is another one, and read again. */
static sj_status recover(struct sj_sequencer *s, struct sj_tx **tx, struct sj_recovered *recovered,
    char *reason, size_t reason_size)
{
    struct sj_head_row row;
    const uint64_t put_back = recovered->put_back;
    TRY(read_head(s, *tx, &row, reason, reason_size));
    TRY(compare(s, tx, &row, recovered, reason, reason_size));
    if (recovered->put_back != put_back) {
        return SJ_DONE;
    }
    /* only now is the frontier known to be the signed one: the rest is measured against it */
    TRY(sj_recover_tree(s, reason, reason_size));
    TRY(sj_recover_tenants(s, reason, reason_size));
    recovered->size = row.size;
    recovered->emitter = row.emitter;
    return SJ_DONE;
}

static sj_status recover_once(
    struct sj_sequencer *s, struct sj_recovered *recovered, char *reason, size_t reason_size)
{
    struct sj_context context;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_record_context(s, &context));
    TRY(sj_tx_begin(s->config.db, &context, &tx));
    return recover(s, &tx, recovered, reason, reason_size);
}

sj_status sj_recover(struct sj_sequencer *s, struct sj_recovered *ret_recovered,
    char *reterr_reason, size_t reason_size)
{
    *ret_recovered = (struct sj_recovered){0};
    s->context_until = 0; /* what the database refused, if that was it, is not tried again */
    TRY(sj_instances_load(s));
    TRY(ask_epochs(s->config.channel, &s->late.epoch));
    TRY(follow_far(s));
    TRY(recover_once(s, ret_recovered, reterr_reason, reason_size));
    if (ret_recovered->put_back != 0) {
        TRY(recover_once(s, ret_recovered, reterr_reason, reason_size));
    }
    TRY(sj_seen_catch_up(s, ret_recovered->size));
    TRY(sj_late_catch_up(s, ret_recovered->size));
    TRY(ask_epochs(s->config.channel, &s->late.epoch));
    TRY(sj_change_cover(s));
    sj_batch_publish_head(s);
    atomic_store(&s->size, ret_recovered->size);
    return SJ_DONE;
}
