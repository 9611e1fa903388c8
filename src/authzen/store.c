/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a domain's document outlive the process? One row a domain; the seal covers name, version and document, so an older
 * document is not believed under a newer version either.
 */
#include "store.h"

#include "sanjeh/keys/scopes.h"
#include "sanjeh/unit/unit.h"

static sj_status seal_of(struct sj_channel *channel, struct sj_text name, int64_t version,
    struct sj_view document, struct sj_hash *ret_seal)
{
    CLEANUP(sj_buf_clear) struct sj_buf head = SJ_BUF(256);
    TRY(sj_buf_put_str(&head, "sanjeh/seal/policy-domain/1"));
    TRY(sj_buf_put_u64(&head, name.len));
    TRY(sj_buf_put_text(&head, name));
    TRY(sj_buf_put_u64(&head, (uint64_t)version));
    const struct sj_view parts[] = {sj_buf_view(&head), document};
    struct sj_hash hash;
    TRY(sj_sha256(parts, SJ_COUNT(parts), &hash));
    return ask_seal(channel, SJ_SEAL_POLICY_DOMAIN, &hash, ret_seal);
}

sj_status store_seal_fits(struct sj_channel *channel, struct sj_text name, int64_t version,
    struct sj_view document, struct sj_view seal, bool *ret_fits)
{
    struct sj_hash expected;
    struct sj_hash stored = {{0}};
    TRY(seal_of(channel, name, version, document, &expected));
    if (seal.len == sizeof stored.bytes) {
        TRY(sj_copy(stored.bytes, sizeof stored.bytes, seal.ptr, seal.len));
    }
    *ret_fits = sj_hash_equal(&expected, &stored);
    return SJ_DONE;
}

static sj_status take_row(
    const struct sj_rows *rows, size_t row, struct sj_arena *arena, struct sj_domain_row *ret_row)
{
    ret_row->version = sj_row_i64(rows, row, 1);
    ret_row->updated_at = sj_row_time(rows, row, 2);
    ret_row->updated_by = sj_row_id(rows, row, 3);
    return sj_arena_text(arena, sj_row_text(rows, row, 0), &ret_row->name);
}

sj_status sj_domain_list(struct sj_db *db, const struct sj_context *context, struct sj_text after,
    size_t limit, struct sj_arena *arena, struct sj_domain_row **ret_rows, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_text(after), sj_p_i64((int64_t)limit)};
    const struct sj_query query = {SJ_SQL_POLICY_DOMAIN_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &query, 1, &rows));
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (count + 1) * sizeof(struct sj_domain_row), &memory));
    *ret_rows = memory;
    for (size_t i = 0; i < count; i++) {
        TRY(take_row(rows, i, arena, &(*ret_rows)[i]));
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_domain_find(struct sj_db *db, const struct sj_context *context, struct sj_text name,
    struct sj_arena *arena, bool *ret_found, struct sj_domain_row *ret_row, struct sj_buf *out)
{
    const struct sj_param params[] = {sj_p_text(name)};
    const struct sj_query query = {SJ_SQL_POLICY_DOMAIN_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &query, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    TRY(take_row(rows, 0, arena, ret_row));
    return out == NULL ? SJ_DONE : sj_buf_put_view(out, sj_row_bytes(rows, 0, 4));
}

sj_status store_load(
    struct sj_db *db, struct sj_channel *channel, struct sj_text name, struct sj_rows **ret_rows)
{
    const struct sj_uuid scope = SJ_SCOPE_DECISION;
    struct sj_context context;
    TRY(ask_context(channel, &scope, 1, sj_time_now() + INT64_C(60) * 1000 * 1000, &context));
    const struct sj_param params[] = {sj_p_text(name)};
    const struct sj_query query = {SJ_SQL_POLICY_DOMAIN_FIND, params, SJ_COUNT(params)};
    return sj_db_read(db, &context, &query, 1, ret_rows);
}

sj_status sj_domain_version_for_change(struct sj_tx *tx, struct sj_text name, int64_t *ret_version)
{
    const struct sj_param params[] = {sj_p_text(name)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_POLICY_DOMAIN_LOCK, params, SJ_COUNT(params), &rows));
    *ret_version = sj_rows_count(rows) == 1 ? sj_row_i64(rows, 0, 0) : 0;
    return SJ_DONE;
}

sj_status sj_domain_put(struct sj_tx *tx, struct sj_channel *channel, struct sj_text name,
    int64_t version, struct sj_view document, struct sj_uuid account)
{
    struct sj_hash seal;
    TRY(seal_of(channel, name, version, document, &seal));
    const struct sj_param params[] = {sj_p_id(&sj_platform_unit), sj_p_text(name),
        sj_p_i64(version), sj_p_bytes(document),
        sj_p_bytes(sj_view_of(seal.bytes, sizeof seal.bytes)), sj_p_id(&account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_POLICY_DOMAIN_PUT, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, PRECONDITION_FAILED);
    return SJ_DONE;
}

sj_status sj_domain_remove(struct sj_tx *tx, struct sj_text name, bool *ret_removed)
{
    const struct sj_param params[] = {sj_p_text(name)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_POLICY_DOMAIN_REMOVE, params, SJ_COUNT(params), &rows));
    *ret_removed = sj_rows_count(rows) == 1;
    return SJ_DONE;
}
