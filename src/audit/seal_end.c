/* SPDX-License-Identifier: Apache-2.0
 *
 * How do the keys of one person's payloads end in every copy there is? All others are wrapped by the keepers' next key, in the transaction
 * that deletes his; when it is committed the former wrapping key is destroyed, and with it whatever an older copy of the database holds.
 * Cut short before the commit nothing has happened; cut short after it the next start, or the next command, destroys.
 */
#include "sanjeh/audit/payload.h"

#include "sanjeh/base/memory.h"

#define WRAPPED_MAX ((size_t)16 * 1024 * 1024)
#define PAGE        SJ_UNWRAP_MAX

/* The file's two generations, its newer one unused by the database. */
static sj_status begin(struct sj_channel *channel, struct sj_tx *tx, struct sj_payload_file *file)
{
    CLEANUP(sj_rows_free) struct sj_rows *held = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *kek = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PAYLOAD_KEK_HOLD, NULL, 0, &held));
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PAYLOAD_KEK_GET, NULL, 0, &kek));
    ENSURE(sj_rows_count(kek) == 1, NOT_FOUND);
    TRY(ask_payload_file(channel, file));
    ENSURE(
        sj_view_equal(sj_row_bytes(kek, 0, 0), sj_view_of(file->id.bytes, sizeof file->id.bytes)),
        NOT_FOUND);
    const int64_t wraps = sj_row_i64(kek, 0, 1);
    if (file->next != 0 && wraps == (int64_t)file->next) {
        TRY(ask_payload_finish(channel, file->next, file)); /* a former change was cut short */
    }
    ENSURE(wraps == (int64_t)file->generation, NOT_FOUND);
    return ask_payload_prepare(channel, file);
}

struct anew {
    struct sj_array numbers;
    struct sj_array wrapped;
};

static void anew_clear(struct anew *anew)
{
    sj_array_clear(&anew->numbers);
    sj_array_clear(&anew->wrapped);
}

static sj_status rewrap_page(
    struct sj_channel *channel, uint32_t next, const struct sj_rows *rows, struct anew *anew)
{
    struct sj_wrapped_payload_key items[PAGE];
    const size_t count = sj_rows_count(rows);
    size_t each = 0;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF((size_t)PAGE * 512);
    ENSURE(count <= PAGE, LIMIT_EXCEEDED);
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct sj_wrapped_payload_key){.place = {.unit = sj_row_id(rows, i, 1),
                                                       .subject = sj_row_id(rows, i, 2),
                                                       .number = (uint32_t)sj_row_i64(rows, i, 0)},
            .wrapped = sj_row_bytes(rows, i, 3)};
    }
    TRY(ask_payload_rewrap(channel, next, items, count, &each, &out));
    for (size_t i = 0; i < count; i++) {
        TRY(sj_array_put_i32(&anew->numbers, (int32_t)items[i].place.number));
        TRY(sj_array_put(&anew->wrapped, out.ptr + i * each, each));
    }
    return SJ_DONE;
}

static sj_status rewrap_others(struct sj_channel *channel, struct sj_tx *tx, struct sj_uuid subject,
    uint32_t next, struct anew *anew)
{
    int32_t after = 0;
    for (size_t count = PAGE; count == PAGE;) {
        const struct sj_param params[] = {sj_p_i32(after), sj_p_id(&subject)};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PAYLOAD_KEY_OTHERS, params, SJ_COUNT(params), &rows));
        count = sj_rows_count(rows);
        if (count > 0) {
            TRY(rewrap_page(channel, next, rows, anew));
            after = (int32_t)sj_row_i64(rows, count - 1, 0);
        }
    }
    return SJ_DONE;
}

sj_status sj_payload_keys_destroy(
    struct sj_channel *channel, struct sj_tx *tx, struct sj_uuid subject, uint32_t *ret_keep)
{
    struct sj_payload_file file;
    CLEANUP(anew_clear) struct anew anew = {.numbers = {.count = 0}, .wrapped = {.count = 0}};
    CLEANUP(sj_rows_free) struct sj_rows *gone = NULL;
    TRY(begin(channel, tx, &file));
    TRY(sj_array_init(&anew.numbers, SJ_OID_INT4, WRAPPED_MAX));
    TRY(sj_array_init(&anew.wrapped, SJ_OID_BYTEA, WRAPPED_MAX));
    TRY(rewrap_others(channel, tx, subject, file.next, &anew));
    const struct sj_param params[] = {sj_p_i32((int32_t)file.generation),
        sj_p_i32((int32_t)file.next), sj_p_id(&subject), sj_p_array(&anew.numbers),
        sj_p_array(&anew.wrapped)};
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PAYLOAD_KEK_TURN, params, SJ_COUNT(params), &gone));
    *ret_keep = file.next;
    return SJ_DONE;
}
