/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the log in the database the one that this server was told to go on with? When officers have begun a log anew, its origin
 * is another, its first entry names what it goes on from, and the recorder and signer of the log before are not its own. A server
 * that still has the old origin does not start, so nothing is ever signed under the old one again. What the first entry says
 * stands under a MAC until it is signed: nobody who writes to the database can word it.
 */
#include <stdio.h>

#include "sanjeh/audit/incarnation.h"
#include "sanjeh/base/log.h"
#include "state.h"

static sj_status read_one(struct sj_sequencer *s, enum sj_sql sql, const struct sj_param *param,
    size_t count, struct sj_rows **ret_rows)
{
    const struct sj_query query = {sql, param, count};
    struct sj_context context;
    TRY(sj_record_context(s, &context));
    return sj_record_read(s->config.db, &context, &query, ret_rows);
}

/* Of a row of audit_incarnation_newest. */
static sj_status check_words(
    struct sj_sequencer *s, const struct sj_rows *rows, struct sj_draft *ret_draft)
{
    struct sj_hash mac;
    struct sj_incarnation said;
    const struct sj_uuid emitter = sj_row_id(rows, 0, 3);
    const struct sj_view stored = sj_row_bytes(rows, 0, 6);
    CLEANUP(sj_key_wipe) struct sj_key key;
    TRY(ask_emitter_key(s->config.channel, emitter, &key));
    TRY(sj_outbox_mac(&key, sj_row_bytes(rows, 0, 4), &mac));
    ENSURE(stored.len == SJ_HASH_SIZE && sj_equal_ct(stored.ptr, mac.bytes, SJ_HASH_SIZE),
        LOG_TAMPERED);
    TRY(sj_draft_decode(sj_row_bytes(rows, 0, 4), ret_draft));
    ENSURE(ret_draft->kind == SJ_ENTRY_INCARNATION && sj_uuid_equal(ret_draft->emitter, emitter) &&
               !sj_failed(sj_incarnation_parse(sj_text_of(ret_draft->detail), &said)),
        LOG_TAMPERED);
    ENSURE(sj_text_is(sj_row_text(rows, 0, 2), said.origin) &&
               sj_uuid_equal(sj_row_id(rows, 0, 1), said.log),
        LOG_TAMPERED);
    return SJ_DONE;
}

static sj_status check_recorder(struct sj_sequencer *s)
{
    const struct sj_uuid id = sj_recorder_id(s->config.recorder);
    const struct sj_param param = sj_p_id(&id);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_one(s, SJ_SQL_AUDIT_FORMER_RECORDER, &param, 1, &rows));
    ENSURE(sj_row_i64(rows, 0, 0) == 0, LOG_TAMPERED);
    return SJ_DONE;
}

static void say(char *reason, size_t size, const char *what, struct sj_text origin)
{
    if (size != 0) {
        (void)snprintf(reason, size, "%s %.*s", what, (int)origin.len, origin.ptr);
    }
}

sj_status sj_incarnation_check(struct sj_sequencer *s, char *reterr_reason, size_t reason_size)
{
    struct sj_draft draft;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_one(s, SJ_SQL_AUDIT_INCARNATION_NEWEST, NULL, 0, &rows));
    if (sj_rows_count(rows) == 0) {
        return SJ_DONE;
    }
    const struct sj_text origin = sj_row_text(rows, 0, 2);
    if (!sj_text_is(origin, s->config.origin)) {
        say(reterr_reason, reason_size,
            "officers have begun the record anew; set [audit] origin to", origin);
        FAIL(LOG_TAMPERED);
    }
    const sj_status words = check_words(s, rows, &draft);
    if (words.code == SJ_LOG_TAMPERED) {
        say(reterr_reason, reason_size, "what the record was begun anew with was edited:", origin);
    }
    TRY(words);
    const sj_status recorder = check_recorder(s);
    if (recorder.code == SJ_LOG_TAMPERED) {
        say(reterr_reason, reason_size,
            "the recorder is that of the log before; run `sanjeh audit incarnation` again for",
            origin);
    }
    return recorder;
}

sj_status sj_incarnation_begin(struct sj_sequencer *s)
{
    struct sj_draft draft;
    struct sj_receipt receipt;
    struct sj_payload payload;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_one(s, SJ_SQL_AUDIT_INCARNATION_NEWEST, NULL, 0, &rows));
    if (sj_rows_count(rows) == 0) {
        return SJ_DONE;
    }
    ENSURE(sj_uuid_equal(sj_row_id(rows, 0, 1), s->head.log_id), LOG_TAMPERED);
    if (s->head.frontier.size != 0) {
        return SJ_DONE;
    }
    TRY(check_words(s, rows, &draft));
    ENSURE(!sj_failed(sj_payload_decode(sj_row_bytes(rows, 0, 5), &payload)), LOG_TAMPERED);
    draft.payload = &payload;
    TRY(sj_sequencer_record(s, &draft, /* in_outbox= */ false, &receipt));
    ENSURE(receipt.index == 0, LOG_TAMPERED);
    SJ_LOG(NOTICE, "audit.log.begun_anew", sj_log_str("origin", s->config.origin));
    return SJ_DONE;
}
