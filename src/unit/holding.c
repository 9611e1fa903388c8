/* SPDX-License-Identifier: Apache-2.0
 *
 * How does an assignment change? Hold the account, prove its seal, write, seal anew: one transaction. Nothing is ever built on rows
 * that the product did not write, or a superuser's edit would be sealed by the next honest change. Changes wait for each other,
 * so that their numbers are in the order of commits.
 */
#include "unit_priv.h"

#include "sanjeh/base/log.h"
#include "sanjeh/crypto/random.h"

/* Columns of holding_find.sql. */
enum {
    COL_ID,
    COL_UNIT,
    COL_COMPARTMENT,
    COL_JUDGE,
    COL_PERSON,
    COL_USERNAME,
    COL_STATUS,
    COL_VERSION,
    COL_SEAL,
    COL_FORM,
    COL_NOW,
    COL_UNIT_CODE
};

static struct sj_hash stored_seal(struct sj_view bytes)
{
    struct sj_hash seal = {{0}};
    if (bytes.len == sizeof seal.bytes) {
        sj_ignore(sj_copy(seal.bytes, sizeof seal.bytes, bytes.ptr, bytes.len), "equal lengths");
    }
    return seal;
}

static sj_status take_account(
    const struct sj_rows *rows, struct sj_arena *arena, struct sj_account *account)
{
    *account = (struct sj_account){.id = sj_row_id(rows, 0, COL_ID),
        .unit = sj_row_id(rows, 0, COL_UNIT),
        .compartment = sj_row_id(rows, 0, COL_COMPARTMENT),
        .judge = sj_row_id(rows, 0, COL_JUDGE),
        .person_judge = sj_row_id(rows, 0, COL_PERSON),
        .version = sj_row_i64(rows, 0, COL_VERSION),
        .unit_code = SJ_TEXT("")};
    if (!sj_row_is_null(rows, 0, COL_UNIT_CODE)) {
        TRY(sj_arena_text(arena, sj_row_text(rows, 0, COL_UNIT_CODE), &account->unit_code));
    }
    TRY(sj_arena_text(arena, sj_row_text(rows, 0, COL_USERNAME), &account->username));
    return sj_arena_text(arena, sj_row_text(rows, 0, COL_STATUS), &account->status);
}

/* A disabled account has its seal over "active": it is not sealed anew when it is disabled. */
static sj_status seal_hash(const struct sj_holding *holding, struct sj_hash *ret_hash)
{
    struct sj_account sealed = holding->account;
    sealed.status = SJ_TEXT("active");
    return sj_account_seal_hash(&sealed, holding->items, holding->count, ret_hash);
}

static sj_status prove(struct sj_channel *channel, const struct sj_holding *holding, int64_t form,
    const struct sj_hash *stored)
{
    struct sj_hash hash;
    struct sj_hash right;
    TRY(seal_hash(holding, &hash));
    TRY(ask_seal(channel, SJ_SEAL_ACCOUNT, &hash, &right));
    if (form != 2 || !sj_hash_equal(&right, stored)) {
        SJ_LOG(ERROR, "unit.seal.broken", sj_log_id("user.id", holding->account.id));
        FAIL(FORBIDDEN);
    }
    return SJ_DONE;
}

sj_status sj_holding_take(struct sj_tx *tx, struct sj_channel *channel, struct sj_uuid account,
    struct sj_arena *arena, bool *ret_found, struct sj_holding *ret_holding)
{
    TRY(sj_tx_query(tx, SJ_SQL_ASSIGNMENT_LOCK, NULL, 0, NULL));
    const struct sj_param params[] = {sj_p_id(&account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_HOLDING_FIND, params, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    TRY(take_account(rows, arena, &ret_holding->account));
    ret_holding->now = sj_row_time(rows, 0, COL_NOW);
    const struct sj_hash stored = stored_seal(sj_row_bytes(rows, 0, COL_SEAL));
    CLEANUP(sj_rows_free) struct sj_rows *items = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_HOLDING_ITEMS, params, 1, &items));
    TRY(sj_assignments_take(items, 0, ret_holding->items, SJ_ASSIGNMENTS_MAX, &ret_holding->count));
    return prove(channel, ret_holding, sj_row_i64(rows, 0, COL_FORM), &stored);
}

static sj_status seal(struct sj_tx *tx, struct sj_channel *channel, struct sj_holding *holding)
{
    struct sj_hash hash;
    struct sj_hash mac;
    TRY(seal_hash(holding, &hash));
    TRY(ask_seal(channel, SJ_SEAL_ACCOUNT, &hash, &mac));
    const struct sj_param params[] = {
        sj_p_id(&holding->account.id), sj_p_bytes(sj_view_of(mac.bytes, sizeof mac.bytes))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_HOLDING_SEAL, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, CONFLICT);
    holding->account.version = sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}

static struct sj_param time_or_null(sj_time_us time)
{
    return time == 0 ? sj_p_null() : sj_p_time(time);
}

sj_status unit_assignment_insert(struct sj_tx *tx, struct sj_uuid account,
    const struct sj_assignment *assignment, struct sj_text reason)
{
    const struct sj_param params[] = {sj_p_id(&assignment->id), sj_p_id(&account),
        sj_p_text(sj_text_of(assignment->role)),
        sj_p_text(assignment->kind == SJ_DELEGATED ? SJ_TEXT("delegated") : SJ_TEXT("assigned")),
        sj_p_i32((int32_t)assignment->depth), sj_p_id_or_null(&assignment->granted_by),
        sj_p_id_or_null(&assignment->source), time_or_null(assignment->valid_from),
        time_or_null(assignment->valid_until), time_or_null(assignment->locked_from),
        time_or_null(assignment->locked_until), sj_p_time(assignment->certified_at),
        reason.len == 0 ? sj_p_null() : sj_p_text(reason)};
    return sj_tx_query(tx, SJ_SQL_ROLE_ASSIGNMENT_INSERT, params, SJ_COUNT(params), NULL);
}

sj_status sj_holding_add(struct sj_tx *tx, struct sj_channel *channel, struct sj_holding *holding,
    struct sj_assignment *assignment, struct sj_text reason)
{
    ENSURE(holding->count < SJ_ASSIGNMENTS_MAX, CONFLICT);
    TRY(sj_uuid_new(&assignment->id));
    TRY(unit_assignment_insert(tx, holding->account.id, assignment, reason));
    holding->items[holding->count++] = *assignment;
    return seal(tx, channel, holding);
}

sj_status sj_holding_change(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_holding *holding, size_t number, struct sj_uuid changed_by,
    struct sj_uuid certified_by)
{
    const struct sj_assignment *item = &holding->items[number];
    const struct sj_param params[] = {sj_p_id(&item->id), time_or_null(item->valid_until),
        time_or_null(item->locked_from), time_or_null(item->locked_until),
        sj_p_time(item->certified_at), sj_p_id_or_null(&changed_by),
        sj_p_id_or_null(&certified_by)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_ROLE_ASSIGNMENT_CHANGE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, CONFLICT);
    return seal(tx, channel, holding);
}

sj_status sj_holding_revoke(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_holding *holding, size_t number, struct sj_uuid by, const char *cause)
{
    const struct sj_param params[] = {
        sj_p_id(&holding->items[number].id), sj_p_id_or_null(&by), sj_p_text(sj_text_of(cause))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_ROLE_ASSIGNMENT_REVOKE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, CONFLICT);
    holding->count--;
    for (size_t i = number; i < holding->count; i++) {
        holding->items[i] = holding->items[i + 1];
    }
    return seal(tx, channel, holding);
}

static sj_status end_one(struct sj_tx *tx, struct sj_channel *channel, struct sj_uuid account,
    struct sj_uuid assignment, struct sj_uuid by, struct sj_arena *arena)
{
    bool found = false;
    struct sj_holding holding;
    TRY(sj_holding_take(tx, channel, account, arena, &found, &holding));
    ENSURE(found, INTERNAL);
    for (size_t i = 0; i < holding.count; i++) {
        if (sj_uuid_equal(holding.items[i].id, assignment)) {
            return sj_holding_revoke(tx, channel, &holding, i, by, "source-ended");
        }
    }
    return SJ_DONE;
}

sj_status sj_assignment_end_followers(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_uuid assignment, struct sj_uuid by, struct sj_arena *arena)
{
    const struct sj_param params[] = {sj_p_id(&assignment)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_ROLE_ASSIGNMENT_FOLLOWERS, params, 1, &rows));
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        TRY(end_one(tx, channel, sj_row_id(rows, i, 1), sj_row_id(rows, i, 0), by, arena));
    }
    return SJ_DONE;
}

sj_status sj_account_find_name(
    struct sj_tx *tx, struct sj_text username, bool *ret_found, struct sj_uuid *ret_id)
{
    const struct sj_param params[] = {sj_p_text(username)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_ACCOUNT_ID, params, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    *ret_id = *ret_found ? sj_row_id(rows, 0, 0) : (struct sj_uuid){{0}};
    return SJ_DONE;
}

sj_status sj_assignment_holders(struct sj_tx *tx, struct sj_text role, int64_t *ret_count)
{
    const struct sj_param params[] = {sj_p_text(role)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_ROLE_ASSIGNMENT_HOLDERS, params, 1, &rows));
    *ret_count = sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}

/* ---- once, after the migration that made assignments ---- */

/* Columns of account_former.sql. */
enum {
    FORMER_ID,
    FORMER_UNIT,
    FORMER_COMPARTMENT,
    FORMER_JUDGE,
    FORMER_PERSON,
    FORMER_USERNAME,
    FORMER_STATUS,
    FORMER_SEAL,
    FORMER_ROLES
};

static sj_status reseal_one(struct sj_tx *tx, struct sj_channel *channel,
    const struct sj_rows *rows, size_t row, bool *ret_genuine)
{
    struct sj_holding holding = {.account = {.id = sj_row_id(rows, row, FORMER_ID),
                                     .unit = sj_row_id(rows, row, FORMER_UNIT),
                                     .compartment = sj_row_id(rows, row, FORMER_COMPARTMENT),
                                     .judge = sj_row_id(rows, row, FORMER_JUDGE),
                                     .person_judge = sj_row_id(rows, row, FORMER_PERSON),
                                     .username = sj_row_text(rows, row, FORMER_USERNAME),
                                     .status = SJ_TEXT("active")}};
    const struct sj_hash stored = stored_seal(sj_row_bytes(rows, row, FORMER_SEAL));
    struct sj_hash hash;
    struct sj_hash right;
    TRY(sj_account_former_seal_hash(&holding.account,
        sj_row_is_null(rows, row, FORMER_ROLES) ? SJ_TEXT("")
                                                : sj_row_text(rows, row, FORMER_ROLES),
        &hash));
    TRY(ask_seal(channel, SJ_SEAL_ACCOUNT, &hash, &right));
    *ret_genuine = sj_hash_equal(&right, &stored);
    if (!*ret_genuine) {
        SJ_LOG(ERROR, "unit.seal.broken", sj_log_id("user.id", holding.account.id));
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id(&holding.account.id)};
    CLEANUP(sj_rows_free) struct sj_rows *items = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_HOLDING_ITEMS, params, 1, &items));
    TRY(sj_assignments_take(items, 0, holding.items, SJ_ASSIGNMENTS_MAX, &holding.count));
    return seal(tx, channel, &holding);
}

sj_status sj_accounts_reseal(
    struct sj_tx *tx, struct sj_channel *channel, size_t *ret_sealed, size_t *ret_broken)
{
    struct sj_uuid after = {{0}};
    size_t count = 0;
    *ret_sealed = *ret_broken = 0;
    do {
        const struct sj_param params[] = {sj_p_id(&after)};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(sj_tx_query(tx, SJ_SQL_ACCOUNT_FORMER, params, 1, &rows));
        count = sj_rows_count(rows);
        for (size_t i = 0; i < count; i++) {
            bool genuine = false;
            after = sj_row_id(rows, i, FORMER_ID);
            TRY(reseal_one(tx, channel, rows, i, &genuine));
            *(genuine ? ret_sealed : ret_broken) += 1;
        }
    } while (count > 0);
    return SJ_DONE;
}

sj_status sj_account_close(struct sj_tx *tx, struct sj_uuid account)
{
    const struct sj_param params[] = {sj_p_id(&account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_ACCOUNT_CLOSE, params, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    TRY(sj_tx_query(tx, SJ_SQL_ACCOUNT_CLOSE_SESSIONS, params, 1, NULL));
    return sj_tx_query(tx, SJ_SQL_ENROLMENT_DROP, params, 1, NULL);
}
