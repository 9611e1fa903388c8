/* SPDX-License-Identifier: Apache-2.0
 *
 * From where does a follower of the record go on? From a row with a MAC by the log's own key, which the database never sees: a
 * superuser who moves a follower past what it should have seen is not believed, and the follower begins anew. An
 * older row of ours only makes it see entries a second time.
 */
#include "sanjeh/audit/record.h"
#include "sanjeh/watch/alarm.h"

static sj_status follower_mac(const struct sj_key *key, const char *name, uint64_t position,
    struct sj_view state, struct sj_hash *ret_mac)
{
    uint8_t number[8];
    for (size_t i = 0; i < sizeof number; i++) {
        number[i] = (uint8_t)(position >> (56 - 8 * i) & 0xFF);
    }
    const struct sj_view parts[] = {sj_view_of("sanjeh/follower", 16), /* with its NUL */
        sj_view_of(name, strlen(name) + 1), sj_view_of(number, sizeof number), state};
    return sj_hmac_sha256(sj_view_of(key->bytes, SJ_KEY_SIZE), parts, SJ_COUNT(parts), ret_mac);
}

sj_status sj_follower_load(struct sj_db *db, const struct sj_context *context,
    const struct sj_key *key, const char *name, bool *ret_known, bool *ret_forged,
    uint64_t *ret_position, struct sj_buf *ret_state)
{
    const struct sj_param param = sj_p_text(sj_text_of(name));
    const struct sj_query query = {SJ_SQL_FOLLOWER_GET, &param, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    *ret_known = *ret_forged = false;
    *ret_position = 0;
    TRY(sj_record_read(db, context, &query, &rows));
    if (sj_rows_count(rows) == 0) {
        return SJ_DONE;
    }
    const struct sj_view state = sj_row_bytes(rows, 0, 1);
    struct sj_hash mac;
    TRY(follower_mac(key, name, (uint64_t)sj_row_i64(rows, 0, 0), state, &mac));
    if (!sj_view_equal(sj_row_bytes(rows, 0, 2), sj_view_of(mac.bytes, SJ_HASH_SIZE))) {
        *ret_forged = true;
        return SJ_DONE;
    }
    *ret_known = true;
    *ret_position = (uint64_t)sj_row_i64(rows, 0, 0);
    return ret_state == NULL ? SJ_DONE : sj_buf_put_view(ret_state, state);
}

sj_status sj_follower_save(struct sj_tx *tx, const struct sj_key *key, const char *name,
    uint64_t position, struct sj_view state)
{
    struct sj_hash mac;
    TRY(follower_mac(key, name, position, state, &mac));
    const struct sj_param params[] = {sj_p_text(sj_text_of(name)), sj_p_i64((int64_t)position),
        sj_p_bytes(state.len == 0 ? sj_view_of("", 0) : state),
        sj_p_bytes(sj_view_of(mac.bytes, SJ_HASH_SIZE))};
    return sj_tx_send(tx, SJ_SQL_FOLLOWER_PUT, params, SJ_COUNT(params));
}
