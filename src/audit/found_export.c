/* SPDX-License-Identifier: Apache-2.0
 *
 * How does what a search found become a file? Entries are put as they were signed, each with its own proof, so that any of them can be shown
 * alone; a day's counts go in with the tenant-heads entry that commits to them.
 */
#include "heads.h"
#include "sanjeh/audit/found.h"
#include "sanjeh/audit/record.h"

static sj_status put_hashes(const struct sj_proof *proof, struct sj_buf *out)
{
    TRY(sj_buf_put_u16(out, (uint16_t)proof->count));
    return sj_buf_put(out, proof->hashes, proof->count * SJ_HASH_SIZE);
}

sj_status sj_found_put_head(struct sj_reading *reading, const struct sj_found_question *question,
    uint64_t hits, struct sj_buf *out)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(SJ_NOTE_MAX);
    TRY(sj_reading_checkpoint(reading, 0, &note));
    TRY(sj_buf_put(out, SJ_FOUND_MAGIC, 8));
    TRY(sj_buf_put_u32(out, (uint32_t)note.len));
    TRY(sj_buf_put_view(out, sj_buf_view(&note)));
    TRY(sj_found_question_put(question, out));
    return sj_buf_put_u64(out, hits);
}

sj_status sj_found_put_hit(struct sj_reading *reading, const struct sj_hit *hit, struct sj_buf *out)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
    struct sj_hash leaf;
    struct sj_proof proof;
    TRY(sj_entry_encode(&hit->entry, &bytes)); /* its one encoding */
    TRY(sj_reading_inclusion(reading, hit->index, 0, &leaf, &proof));
    ENSURE(sj_hash_equal(&leaf, &hit->leaf), LOG_TAMPERED);
    TRY(sj_buf_put_u16(out, (uint16_t)bytes.len));
    TRY(sj_buf_put_view(out, sj_buf_view(&bytes)));
    return put_hashes(&proof, out);
}

static sj_status put_day(struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, const struct sj_day *day, struct sj_buf *out)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)day->first), sj_p_i64((int64_t)day->upto),
        sj_p_i64((int64_t)day->first), sj_p_i64((int64_t)day->upto), sj_p_i64(1)};
    const struct sj_query query = {SJ_SQL_AUDIT_DAY_RANGE, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    struct sj_hit heads = {.index = day->upto};
    uint64_t bad = 0;
    TRY(sj_record_read(db, context, &query, &rows));
    ENSURE(sj_rows_count(rows) == 1, LOG_TAMPERED); /* it was there a moment ago */
    const struct sj_view counts = sj_row_bytes(rows, 0, 3);
    TRY(sj_reading_entries(reading, &heads, 1, &bad));
    TRY(sj_found_put_hit(reading, &heads, out));
    TRY(sj_buf_put_u32(out, (uint32_t)counts.len));
    return sj_buf_put_view(out, counts);
}

sj_status sj_found_put_days(struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, const struct sj_found_question *question,
    const struct sj_days_report *report, size_t bytes_max, struct sj_buf *out)
{
    CLEANUP(sj_buf_clear) struct sj_buf days = SJ_BUF(bytes_max);
    uint16_t put = 0;
    for (size_t i = 0; report != NULL && i < report->count; i++) {
        const struct sj_day *day = &report->days[i];
        if (!day->is_signed || day->first < question->low || day->upto > question->below) {
            continue;
        }
        const size_t before = days.len;
        const sj_status status = put_day(reading, db, context, day, &days);
        if (status.code == SJ_LIMIT_EXCEEDED) {
            days.len = before; /* the file says nothing of this day */
            break;
        }
        TRY(status);
        put++;
    }
    TRY(sj_buf_put_u16(out, put));
    return sj_buf_put_view(out, sj_buf_view(&days));
}
