/* SPDX-License-Identifier: Apache-2.0
 *
 * Which payloads go with an export, and in which form? Each that is still there: opened, as salt and text, so that whoever gets it can hold it
 * against the entry's commitment with nothing but SHA-256. One whose key is gone goes sealed; one that does not open although its
 * key is there goes as it is under the mark "in clear": the verifier then says that it is not what the entry commits to.
 */
#include "export_priv.h"

#include "sanjeh/audit/payload.h"
#include "sanjeh/audit/record.h"
#include "sanjeh/base/file.h"

#define PAGE 256

static sj_status put_record(
    struct sj_buf *out, uint64_t index, const struct sj_payload *payload, struct sj_buf *stored)
{
    sj_buf_reset(stored);
    TRY(sj_payload_encode(payload, stored));
    TRY(sj_buf_reserve(out, 12 + stored->len));
    TRY(sj_buf_put_u64(out, index));
    TRY(sj_buf_put_u32(out, (uint32_t)stored->len));
    return sj_buf_put_view(out, sj_buf_view(stored));
}

static sj_status put_one(
    struct sj_payload_keys *keys, const struct sj_rows *rows, size_t row, struct sj_buf *out)
{
    struct sj_entry entry;
    struct sj_payload payload = {.key_version = 0};
    const uint64_t index = (uint64_t)sj_row_i64(rows, row, 0);
    const struct sj_view stored = sj_row_bytes(rows, row, 1);
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(SJ_PAYLOAD_SALT + SJ_PAYLOAD_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf encoded = SJ_BUF(SJ_PAYLOAD_STORED);
    if (sj_failed(sj_payload_decode(stored, &payload))) {
        return SJ_DONE; /* nothing that can be written down; the scrubber names it */
    }
    sj_status opened = SJ_FAILURE(NOT_FOUND);
    if (!sj_row_is_null(rows, row, 2) &&
        !sj_failed(sj_entry_decode(sj_row_bytes(rows, row, 2), &entry))) {
        opened = sj_payload_open(keys, &entry, stored, &salted);
    }
    ENSURE(!sj_failed(opened) || opened.code == SJ_NOT_FOUND || opened.code == SJ_DECRYPT,
        KEEPER_UNAVAILABLE);
    if (!sj_failed(opened)) {
        payload = (struct sj_payload){.unit = payload.unit, .content = sj_buf_view(&salted)};
    } else if (opened.code == SJ_DECRYPT) {
        payload = (struct sj_payload){.unit = payload.unit, .content = payload.content};
    }
    return put_record(out, index, &payload, &encoded);
}

sj_status sj_export_payloads(struct sj_db *db, const struct sj_context *context,
    struct sj_payload_keys *keys, uint64_t size, int fd, uint64_t *ret_bytes)
{
    int64_t from = 0;
    *ret_bytes = 0;
    for (size_t count = PAGE; count == PAGE;) {
        const struct sj_param params[] = {sj_p_i64(from), sj_p_i64((int64_t)size)};
        const struct sj_query query = {SJ_SQL_AUDIT_PAYLOAD_PAGE, params, SJ_COUNT(params)};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(sj_record_read(db, context, &query, &rows));
        count = sj_rows_count(rows);
        for (size_t i = 0; i < count; i++) {
            CLEANUP(sj_buf_clear) struct sj_buf record = SJ_BUF(SJ_PAYLOAD_STORED + 64);
            TRY(put_one(keys, rows, i, &record));
            TRY(sj_write_all(fd, sj_buf_view(&record)));
            *ret_bytes += record.len;
            from = sj_row_i64(rows, i, 0) + 1;
        }
    }
    return SJ_DONE;
}
