/* SPDX-License-Identifier: Apache-2.0
 *
 * Has this draft been sequenced before? A genuine outbox row that is put back after its entry stands would be signed a
 * second time, and no verifier could ever call that log whole again. So the sequencer knows every number that the
 * entries have used: kept in memory, saved now and then as one row with a MAC, and after a start completed from the
 * entries behind it. The entries themselves are the truth: a forged row is not believed, an older or lost one only
 * makes the start read more of them.
 */
#include "sanjeh/base/log.h"
#include "sanjeh/base/reader.h"
#include "state.h"

#define EMITTERS_MAX 1000000 /* as many as the verifier follows */
#define SAVE_ENTRIES 16384u  /* at most so many are read again, about */
#define SAVE_FACTOR  16u     /* bytes saved for each entry, at most */
#define PAGE         4096u
#define NUMBERS_MAX  ((size_t)64 * 1024 * 1024)

static sj_status numbers_mac(
    const struct sj_sequencer *s, uint64_t upto, struct sj_view numbers, struct sj_hash *ret_mac)
{
    uint8_t size[8];
    for (size_t i = 0; i < sizeof(size); i++) {
        size[i] = (uint8_t)(upto >> (56 - 8 * i) & 0xFF);
    }
    const struct sj_view parts[] = {
        sj_view_of("sanjeh/seen", 11), sj_view_of(size, sizeof(size)), numbers};
    return sj_hmac_sha256(
        sj_view_of(s->seen_key.bytes, SJ_KEY_SIZE), parts, SJ_COUNT(parts), ret_mac);
}

static sj_status start_empty(struct sj_sequencer *s)
{
    s->seen_upto = 0;
    sj_emitters_clear(&s->seen);
    return sj_emitters_init(&s->seen, EMITTERS_MAX);
}

static sj_status take_row(struct sj_sequencer *s, const struct sj_rows *rows, uint64_t size)
{
    const int64_t upto = sj_row_i64(rows, 0, 0);
    const struct sj_view numbers = sj_row_bytes(rows, 0, 1);
    const struct sj_view mac = sj_row_bytes(rows, 0, 2);
    struct sj_hash expected;
    TRY(numbers_mac(s, (uint64_t)upto, numbers, &expected));
    ENSURE(upto >= 0 && (uint64_t)upto <= size && mac.len == SJ_HASH_SIZE &&
               sj_equal_ct(mac.ptr, expected.bytes, SJ_HASH_SIZE),
        LOG_TAMPERED);
    TRY(sj_emitters_decode(numbers, &s->seen));
    s->seen_upto = (uint64_t)upto;
    s->seen_len = numbers.len;
    return SJ_DONE;
}

static sj_status load(struct sj_sequencer *s, const struct sj_context *context, uint64_t size)
{
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_SEEN_GET};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask_emitter_key(s->config.channel, s->head.log_id, &s->seen_key));
    TRY(start_empty(s));
    TRY(sj_record_read(s->config.db, context, &query, &rows));
    if (sj_rows_count(rows) == 1) {
        const sj_status status = take_row(s, rows, size);
        if (sj_failed(status)) {
            SJ_LOG(WARN, "audit.seen.refused", sj_log_status(status),
                sj_log_str("then", "every entry is read instead"));
            TRY(start_empty(s));
        }
    }
    s->seen_saved = s->seen_upto;
    s->seen_loaded = true;
    return SJ_DONE;
}

static sj_status read_page(
    struct sj_sequencer *s, const struct sj_context *context, uint64_t from, uint64_t to)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)from), sj_p_i64((int64_t)to)};
    const struct sj_query query = {
        .sql = SJ_SQL_AUDIT_ENTRY_EMITTERS, .params = params, .param_count = SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(s->config.db, context, &query, &rows));
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        struct sj_reader reader = sj_reader_of(sj_row_bytes(rows, i, 0));
        struct sj_uuid emitter;
        uint64_t seq = 0;
        bool is_repeat = false;
        if (!sj_failed(sj_read_bytes(&reader, emitter.bytes, sizeof(emitter.bytes))) &&
            !sj_failed(sj_read_u64(&reader, &seq))) {
            TRY(sj_emitters_see(&s->seen, emitter, seq, &is_repeat));
        }
    }
    return SJ_DONE;
}

sj_status sj_seen_catch_up(struct sj_sequencer *s, uint64_t size)
{
    struct sj_context context;
    TRY(sj_record_context(s, &context));
    if (!s->seen_loaded) {
        TRY(load(s, &context, size));
    }
    while (s->seen_upto < size) {
        const uint64_t left = size - s->seen_upto;
        const uint64_t to = s->seen_upto + (left < PAGE ? left : PAGE);
        TRY(sj_record_context(s, &context));
        TRY(read_page(s, &context, s->seen_upto, to));
        s->seen_upto = to;
    }
    return SJ_DONE;
}

sj_status sj_seen_batch(struct sj_sequencer *s)
{
    const struct sj_batch *b = &s->batch;
    for (size_t i = 0; i < b->count; i++) {
        bool is_repeat = false;
        TRY(sj_emitters_see(&s->seen, b->slots[i]->emitter, b->slots[i]->emitter_seq, &is_repeat));
    }
    s->seen_upto = s->head.frontier.size;
    return SJ_DONE;
}

bool sj_seen_has(const struct sj_sequencer *s, struct sj_uuid emitter, uint64_t seq)
{
    return sj_emitters_have(&s->seen, emitter, seq);
}

sj_status sj_seen_save(struct sj_sequencer *s, struct sj_tx *tx)
{
    const uint64_t unsaved = s->seen_upto - s->seen_saved;
    if (unsaved < SAVE_ENTRIES || unsaved < s->seen_len / SAVE_FACTOR) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf numbers = SJ_BUF(NUMBERS_MAX);
    struct sj_hash mac;
    TRY(sj_emitters_encode(&s->seen, &numbers));
    TRY(numbers_mac(s, s->seen_upto, sj_buf_view(&numbers), &mac));
    const struct sj_param params[] = {
        sj_p_i64((int64_t)s->seen_upto),
        sj_p_bytes(sj_buf_view(&numbers)),
        sj_p_bytes(sj_view_of(mac.bytes, SJ_HASH_SIZE)),
    };
    TRY(sj_tx_send(tx, SJ_SQL_AUDIT_SEEN_PUT, params, SJ_COUNT(params)));
    /* were the batch to fail, the older row stays and a start reads a little more */
    s->seen_saved = s->seen_upto;
    s->seen_len = numbers.len;
    return SJ_DONE;
}
