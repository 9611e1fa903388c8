/* SPDX-License-Identifier: Apache-2.0
 *
 * Has this account asked this before? The key's row is claimed in the deed's own transaction, so a second
 * request with the key waits for the first one's end and then sees its answer; a deed that fails leaves no
 * row, and the key may be used again. Kept bodies can hold names and row errors: they are FLE1 under the
 * account's key, bound to account and Idempotency-Key (I4).
 */
#include "idempotency.h"

#include "answer.h"

#include "sanjeh/crypto/hash.h"
#include "sanjeh/unit/unit.h"

static bool key_is_well_formed(struct sj_text key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] < '!' || key.ptr[i] > '~') {
            return false;
        }
    }
    return key.len >= 1 && key.len <= SJ_IDEMPOTENCY_KEY_MAX;
}

/* What makes two requests the same: route, query and body. */
static sj_status hash_request(struct sj_exchange *x, struct sj_hash *ret_hash)
{
    CLEANUP(sj_buf_clear) struct sj_buf head = SJ_BUF((size_t)64 * 1024);
    TRY(sj_buf_put_text(&head, sj_request_path(x->request)));
    for (size_t i = 0; i < sj_request_query_count(x->request); i++) {
        struct sj_text name = {NULL, 0};
        struct sj_text value = {NULL, 0};
        sj_request_query(x->request, i, &name, &value);
        TRY(sj_buf_put_byte(&head, 0));
        TRY(sj_buf_put_text(&head, name));
        TRY(sj_buf_put_byte(&head, 0));
        TRY(sj_buf_put_text(&head, value));
    }
    TRY(sj_buf_put(&head, "\0\0", 2));
    const struct sj_view parts[] = {sj_buf_view(&head), sj_request_body(x->request)};
    return sj_sha256(parts, SJ_COUNT(parts), ret_hash);
}

static sj_status row_of(const struct sj_exchange *x, struct sj_text key, struct sj_uuid *ret_row)
{
    struct sj_hash hash;
    const struct sj_view parts[] = {
        sj_view_of(x->session.actor.account.bytes, 16), sj_text_bytes(key)};
    TRY(sj_sha256(parts, SJ_COUNT(parts), &hash));
    return sj_copy(ret_row->bytes, sizeof ret_row->bytes, hash.bytes, sizeof ret_row->bytes);
}

/* Under whose key an account's answers are kept: its unit's, the platform's for judges and others without one. */
static struct sj_uuid key_unit(const struct sj_exchange *x)
{
    const struct sj_uuid unit = x->session.actor.unit;
    return sj_uuid_is_nil(unit) ? sj_platform_unit : unit;
}

static sj_status open_body(
    struct sj_exchange *x, const struct sj_idempotency *idempotency, const struct sj_rows *rows)
{
    if (sj_row_is_null(rows, 0, 2)) {
        return SJ_DONE;
    }
    const struct sj_wrapped_dek dek = {.unit = key_unit(x),
        .subject = x->session.actor.account,
        .version = (uint32_t)sj_row_i64(rows, 0, 5),
        .wrapped = sj_row_bytes(rows, 0, 6)};
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_open(x->worker->fields, &dek, 1, &subject));
    return sj_field_open(&subject, SJ_TABLE_IDEMPOTENCY, SJ_COLUMN_IDEMPOTENCY_BODY,
        idempotency->row, SJ_FLE1_BYTES, sj_row_bytes(rows, 0, 2), &x->body);
}

static sj_status replay(
    struct sj_exchange *x, const struct sj_idempotency *idempotency, const struct sj_hash *hash)
{
    const struct sj_uuid unit = key_unit(x);
    const struct sj_param params[] = {
        sj_p_id(&x->session.actor.account), sj_p_text(idempotency->key), sj_p_id(&unit)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(x->tx, SJ_SQL_IDEMPOTENCY_FIND, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, SERIALIZATION); /* removed between the two statements */
    ENSURE(sj_view_equal(sj_row_bytes(rows, 0, 0), sj_view_of(hash->bytes, sizeof hash->bytes)),
        IDEMPOTENCY_KEY_REUSED);
    TRY(open_body(x, idempotency, rows));
    x->status = (unsigned)sj_row_i64(rows, 0, 1);
    TRY(sj_arena_text(x->arena, sj_row_text(rows, 0, 3), &x->location));
    TRY(sj_arena_text(x->arena, sj_row_text(rows, 0, 4), &x->etag));
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "replayed=1");
    return SJ_DONE;
}

sj_status sj_idempotency_claim(
    struct sj_exchange *x, struct sj_idempotency *ret_idempotency, bool *ret_replayed)
{
    struct sj_text key = {NULL, 0};
    if (sj_request_method(x->request) != SJ_POST ||
        !sj_request_header(x->request, "Idempotency-Key", &key)) {
        return SJ_DONE;
    }
    ENSURE(key_is_well_formed(key), BAD_IDEMPOTENCY_KEY);
    struct sj_hash hash;
    TRY(hash_request(x, &hash));
    ret_idempotency->key = key;
    TRY(row_of(x, key, &ret_idempotency->row));
    const struct sj_endpoint *endpoint = sj_request_route(x->request)->tag;
    const struct sj_param params[] = {sj_p_id(&x->session.actor.account), sj_p_text(key),
        sj_p_text(sj_text_of(endpoint->route.path)),
        sj_p_bytes(sj_view_of(hash.bytes, sizeof hash.bytes))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_send(x->tx, SJ_SQL_IDEMPOTENCY_EXPIRE, params, 2));
    TRY(sj_tx_query(x->tx, SJ_SQL_IDEMPOTENCY_CLAIM, params, SJ_COUNT(params), &rows));
    if (sj_rows_count(rows) == 1) {
        ret_idempotency->claimed = true;
        return SJ_DONE;
    }
    *ret_replayed = true;
    return replay(x, ret_idempotency, &hash);
}

sj_status sj_idempotency_keep(struct sj_exchange *x, const struct sj_idempotency *idempotency)
{
    if (!idempotency->claimed) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(SJ_ANSWER_MAX + SJ_FLE1_OVERHEAD + 64);
    if (x->body.len > 0) {
        CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
        TRY(sj_fields_subject_for_write(
            x->worker->fields, x->tx, key_unit(x), x->session.actor.account, &subject));
        TRY(sj_field_seal(&subject, SJ_TABLE_IDEMPOTENCY, SJ_COLUMN_IDEMPOTENCY_BODY,
            idempotency->row, SJ_FLE1_BYTES, sj_buf_view(&x->body), &blob));
    }
    const struct sj_param params[] = {sj_p_id(&x->session.actor.account),
        sj_p_text(idempotency->key), sj_p_i32((int32_t)x->status),
        blob.len > 0 ? sj_p_bytes(sj_buf_view(&blob)) : sj_p_null(), sj_p_text(x->location),
        sj_p_text(x->etag)};
    return sj_tx_send(x->tx, SJ_SQL_IDEMPOTENCY_KEEP, params, SJ_COUNT(params));
}
