/* SPDX-License-Identifier: Apache-2.0
 *
 * How many guesses does anybody get? Lanes in the database, shared by all servers (CRYPTO 5.2, NIST SP 800-63B-4
 * 3.2.2). An attempt is judged after its proof was checked, under the lane's row lock: of any number of
 * parallel guesses the first ten wrong ones close the lane, and a right one behind them is refused. Strangers
 * close only the lane of unknown devices, so they cannot lock a person out of a browser that signed in before.
 * While a lane is closed the answer, and what it costs to make it, stay the same.
 */
#include "authn_priv.h"

struct limits {
    int32_t failures;
    int64_t memory_s;
    int64_t closed_s;
    bool forgives; /* a right proof ends a run of wrong ones */
};

sj_status authn_lane(
    enum lane_kind kind, struct sj_view who, struct sj_view device, struct lane *ret_lane)
{
    const uint8_t kind_byte = (uint8_t)kind;
    struct sj_hash who_hash;
    TRY(sj_sha256_one(who, &who_hash));
    size_t who_len = sizeof who_hash.bytes;
    if (kind == LANE_UNKNOWN) {
        who_hash.bytes[1] &= 0xf0u;
        who_len = 2;
    }
    const struct sj_view parts[] = {sj_view_of("sanjeh/lane", 11), sj_view_of(&kind_byte, 1),
        sj_view_of(who_hash.bytes, who_len), device};
    return sj_sha256(parts, SJ_COUNT(parts), &ret_lane->hash);
}

sj_status authn_source_hit(
    struct sj_tx *tx, enum lane_kind kind, struct sj_uuid source, int64_t *ret_retry_s)
{
    struct lane lane;
    TRY(authn_lane(
        kind, sj_view_of(source.bytes, sizeof source.bytes), sj_view_of(NULL, 0), &lane));
    const struct sj_param params[] = {
        sj_p_bytes(sj_view_of(lane.hash.bytes, sizeof lane.hash.bytes)), sj_p_i64(SOURCE_WINDOW_S)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_LOGIN_THROTTLE_HIT, params, SJ_COUNT(params), &rows));
    if (sj_row_i64(rows, 0, 0) > SOURCE_ATTEMPTS) {
        const int64_t left_s = sj_row_i64(rows, 0, 1);
        *ret_retry_s = left_s < 1 ? 1 : left_s;
        FAIL(TOO_MANY_REQUESTS);
    }
    return SJ_DONE;
}

sj_status authn_lane_judge(
    struct sj_tx *tx, enum lane_kind kind, const struct lane *lane, bool right, bool *ret_open)
{
    /* A right code does not forgive wrong ones: somebody else knows the password. */
    static const struct limits by_password = {
        PASSWORD_FAILURES, PASSWORD_MEMORY_S, PASSWORD_CLOSED_S, true};
    static const struct limits by_code = {TOTP_FAILURES, TOTP_WINDOW_S, TOTP_WINDOW_S, false};
    const struct limits *limits = kind == LANE_TOTP ? &by_code : &by_password;
    const struct sj_param params[] = {
        sj_p_bytes(sj_view_of(lane->hash.bytes, sizeof lane->hash.bytes)), sj_p_bool(right),
        sj_p_i32(limits->failures), sj_p_i64(limits->memory_s), sj_p_i64(limits->closed_s),
        sj_p_bool(limits->forgives)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_LOGIN_THROTTLE_JUDGE, params, SJ_COUNT(params), &rows));
    *ret_open = sj_row_bool(rows, 0, 0);
    return SJ_DONE;
}
