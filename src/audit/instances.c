/* SPDX-License-Identifier: Apache-2.0
 *
 * Which servers write this record? Each leaves its newest process and its log key, vouched for by its keeper, in the
 * database. Nothing is believed on the strength of these rows: they say whose drafts to leave alone for a while and
 * with which key a note may open, and a server that finds its own name here but no memory of what it signed refuses
 * to start.
 */
#include "state.h"

static void take(struct sj_sequencer *s, const struct sj_rows *rows, size_t row)
{
    struct sj_instances *instances = &s->instances;
    const struct sj_uuid emitter = sj_row_id(rows, row, 1);
    if (sj_text_equal(sj_row_text(rows, row, 0), sj_text_of(s->config.instance))) {
        instances->is_known = true;
        instances->former = emitter;
        instances->recorder = sj_row_id(rows, row, 2);
    } else if (instances->peer_count < SJ_PEERS_MAX) {
        instances->peers[instances->peer_count++] = emitter;
    }
}

sj_status sj_instances_load(struct sj_sequencer *s)
{
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_INSTANCE_LIST};
    struct sj_context context;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_context(s, &context));
    TRY(sj_record_read(s->config.db, &context, &query, &rows));
    const struct sj_uuid former = s->instances.former;
    const struct sj_uuid recorder = s->instances.recorder;
    const bool was_known = s->instances.is_known;
    s->instances = (struct sj_instances){.is_known = false};
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        take(s, rows, i);
    }
    if (was_known) { /* the row is this process's own by now */
        s->instances.is_known = true;
        s->instances.former = former;
        s->instances.recorder = recorder;
    }
    return SJ_DONE;
}

sj_status sj_instances_put(struct sj_sequencer *s)
{
    struct sj_hash voucher;
    struct sj_context context;
    const struct sj_text name = sj_text_of(s->config.instance);
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(ask_voucher(s->config.channel, &voucher, &vkey));
    TRY(sj_record_context(s, &context));
    TRY(sj_tx_begin(s->config.db, &context, &tx));
    const struct sj_uuid recorder = sj_recorder_id(s->config.recorder);
    const struct sj_param instance[] = {sj_p_text(name), sj_p_id(&s->emitter), sj_p_id(&recorder)};
    const struct sj_param signer[] = {sj_p_text(sj_buf_text(&vkey)), sj_p_text(name),
        sj_p_bytes(sj_view_of(voucher.bytes, SJ_HASH_SIZE))};
    TRY(sj_tx_send(tx, SJ_SQL_AUDIT_INSTANCE_PUT, instance, SJ_COUNT(instance)));
    TRY(sj_tx_send(tx, SJ_SQL_AUDIT_SIGNER_PUT, signer, SJ_COUNT(signer)));
    return sj_tx_commit(&tx);
}

bool sj_instances_is_peer(const struct sj_sequencer *s, struct sj_uuid emitter)
{
    for (size_t i = 0; i < s->instances.peer_count; i++) {
        if (sj_uuid_equal(s->instances.peers[i], emitter)) {
            return true;
        }
    }
    return false;
}
