/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the tree that ends in our change of key carry our old key's signature? Without it nobody who pins the first key believes
 * the new one. It is missing when another server signed that batch because this one died before its keeper could: the
 * keeper then completes the change from the entry itself, and its signature of exactly that tree, which it can give as
 * long as the old key is there, is put under the other server's. The old key is not destroyed before.
 */
#include "sanjeh/base/log.h"
#include "sanjeh/crypto/note.h"
#include "state.h"

#define NOTE_MAX 65535

bool sj_change_is_own(const struct sj_sequencer *s, const struct sj_entry *entry)
{
    struct sj_rotation rotation;
    return s->late.epoch.phase == SJ_EPOCH_PREPARED && entry->draft.kind == SJ_ENTRY_KEY_ROTATE &&
           !sj_failed(sj_rotation_parse(sj_text_of(entry->draft.detail), &rotation)) &&
           memcmp(rotation.old_key, s->late.epoch.now, SJ_ED25519_PUBLIC) == 0;
}

static sj_status read_note(struct sj_sequencer *s, uint64_t size, struct sj_rows **ret_rows)
{
    const struct sj_param param = sj_p_i64((int64_t)size);
    const struct sj_query query = {SJ_SQL_AUDIT_CHECKPOINT_GET, &param, 1};
    struct sj_context context;
    TRY(sj_record_context(s, &context));
    return sj_record_read(s->config.db, &context, &query, ret_rows);
}

static sj_status put_lines(
    struct sj_sequencer *s, uint64_t size, struct sj_view note, struct sj_view text)
{
    const struct sj_param params[] = {
        sj_p_i64((int64_t)size), sj_p_bytes(note), sj_p_i64((int64_t)text.len + 1)};
    struct sj_context context;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_record_context(s, &context));
    TRY(sj_tx_begin(s->config.db, &context, &tx));
    TRY(sj_tx_send(tx, SJ_SQL_AUDIT_CHECKPOINT_SIGN, params, SJ_COUNT(params)));
    return sj_tx_commit(&tx);
}

sj_status sj_change_cover(struct sj_sequencer *s)
{
    const struct sj_epoch_status *epoch = &s->late.epoch;
    struct sj_note_key old_key;
    struct sj_note note;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf own = SJ_BUF(NOTE_MAX);
    if (epoch->phase != SJ_EPOCH_OVERLAP) {
        return SJ_DONE;
    }
    const uint64_t size = epoch->rotation.first - 1;
    TRY(sj_note_key_make(sj_text_of(s->config.origin), 1, epoch->now, &old_key));
    TRY(read_note(s, size, &rows));
    if (sj_rows_count(rows) == 1 &&
        !sj_failed(sj_note_open(sj_row_bytes(rows, 0, 0), &old_key, 1, &note))) {
        return SJ_DONE;
    }
    const sj_status asked = ask_note_change(s->config.channel, &own);
    if (asked.code == SJ_NOT_FOUND) {
        return SJ_DONE; /* the change is from before keepers kept that tree's root */
    }
    TRY(asked);
    ENSURE(!sj_failed(sj_note_open(sj_buf_view(&own), &old_key, 1, &note)), LOG_TAMPERED);
    SJ_LOG(NOTICE, "audit.key.change_signed", sj_log_int("size", (int64_t)size));
    return put_lines(s, size, sj_buf_view(&own), sj_text_bytes(note.text));
}
