/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may sign in? Accounts with their roles, seen through the caller's context: an administrator's shows all,
 * a unit's its own, a person's himself. Display names are ciphertext (I4) and opened only when the caller's
 * decision says so; the keys for that are fetched in the scope KEYS, because an administrator's scope sees
 * accounts and no keys.
 */
#include "unit_priv.h"

#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/scopes.h"

#define USERNAME_MIN     3
#define USERNAME_MAX     64
#define DISPLAY_NAME_MAX 256 /* bytes; the sealed column holds 1,024 */
#define KEYS_SECONDS     60

/* Columns of account_list.sql and account_find.sql. */
enum {
    COL_ID,
    COL_USERNAME,
    COL_DISPLAY_NAME,
    COL_KEY_VERSION,
    COL_UNIT,
    COL_COMPARTMENT,
    COL_JUDGE,
    COL_UNIT_CODE,
    COL_COMPARTMENT_CODE,
    COL_STATUS,
    COL_ROLES,
    COL_VERSION,
    COL_CREATED_AT
};

sj_status unit_text_or_empty(const struct sj_rows *rows, size_t row, size_t column,
    struct sj_arena *arena, struct sj_text *ret_text)
{
    *ret_text = SJ_TEXT("");
    if (sj_row_is_null(rows, row, column)) {
        return SJ_DONE;
    }
    return sj_arena_text(arena, sj_row_text(rows, row, column), ret_text);
}

static sj_status take_account(
    const struct sj_rows *rows, size_t row, struct sj_arena *arena, struct sj_account *account)
{
    account->id = sj_row_id(rows, row, COL_ID);
    account->unit = sj_row_id(rows, row, COL_UNIT);
    account->compartment = sj_row_id(rows, row, COL_COMPARTMENT);
    account->judge = sj_row_id(rows, row, COL_JUDGE);
    account->version = sj_row_i64(rows, row, COL_VERSION);
    account->created_at = sj_row_time(rows, row, COL_CREATED_AT);
    account->display_name = SJ_TEXT("");
    TRY(unit_text_or_empty(rows, row, COL_USERNAME, arena, &account->username));
    TRY(unit_text_or_empty(rows, row, COL_UNIT_CODE, arena, &account->unit_code));
    TRY(unit_text_or_empty(rows, row, COL_COMPARTMENT_CODE, arena, &account->compartment_code));
    TRY(unit_text_or_empty(rows, row, COL_STATUS, arena, &account->status));
    return unit_text_or_empty(rows, row, COL_ROLES, arena, &account->roles);
}

static struct sj_uuid key_unit(struct sj_uuid unit)
{
    return sj_uuid_is_nil(unit) ? sj_platform_unit : unit;
}

/* The wrapped keys of rows [first, first + count), in their order. */
static sj_status fetch_keys(struct sj_db *db, struct sj_fields *fields, const struct sj_rows *rows,
    size_t first, size_t count, struct sj_rows **ret_keys)
{
    CLEANUP(sj_array_clear) struct sj_array units = {.count = 0};
    CLEANUP(sj_array_clear) struct sj_array subjects = {.count = 0};
    CLEANUP(sj_array_clear) struct sj_array versions = {.count = 0};
    TRY(sj_array_init(&units, SJ_OID_UUID, 64 + count * 32));
    TRY(sj_array_init(&subjects, SJ_OID_UUID, 64 + count * 32));
    TRY(sj_array_init(&versions, SJ_OID_INT4, 64 + count * 32));
    for (size_t i = first; i < first + count; i++) {
        const struct sj_uuid unit = key_unit(sj_row_id(rows, i, COL_UNIT));
        const struct sj_uuid subject = sj_row_id(rows, i, COL_ID);
        TRY(sj_array_put(&units, unit.bytes, sizeof unit.bytes));
        TRY(sj_array_put(&subjects, subject.bytes, sizeof subject.bytes));
        TRY(sj_array_put_i32(&versions, (int32_t)sj_row_i64(rows, i, COL_KEY_VERSION)));
    }
    const struct sj_uuid scopes[] = {SJ_SCOPE_KEYS};
    struct sj_context context;
    TRY(ask_context(sj_fields_channel(fields), scopes, SJ_COUNT(scopes),
        sj_time_now() + KEYS_SECONDS * INT64_C(1000000), &context));
    const struct sj_param params[] = {
        sj_p_array(&units), sj_p_array(&subjects), sj_p_array(&versions)};
    const struct sj_query query = {SJ_SQL_ACCOUNT_KEYS, params, SJ_COUNT(params)};
    return sj_db_read(db, &context, &query, 1, ret_keys);
}

static sj_status open_one(const struct sj_rows *rows, size_t row, const struct sj_subject *subject,
    struct sj_arena *arena, struct sj_account *account)
{
    CLEANUP(sj_buf_clear) struct sj_buf name = SJ_BUF(4096);
    TRY(sj_field_open(subject, SJ_TABLE_ACCOUNT, SJ_COLUMN_ACCOUNT_DISPLAY_NAME, account->id,
        SJ_FLE1_TEXT, sj_row_bytes(rows, row, COL_DISPLAY_NAME), &name));
    return sj_arena_text(arena, sj_buf_text(&name), &account->display_name);
}

struct name_batch {
    struct sj_wrapped_dek deks[SJ_UNWRAP_MAX];
    struct sj_subject subjects[SJ_UNWRAP_MAX];
    size_t rows[SJ_UNWRAP_MAX];
};

static void batch_freep(struct name_batch **batch)
{
    if (*batch != NULL) {
        sj_wipe(*batch, sizeof **batch);
        sj_free(*batch);
        *batch = NULL;
    }
}

/* Opens the names of at most SJ_UNWRAP_MAX rows with one question. A subject whose key is gone (erased) keeps
 * an empty name. */
static sj_status open_names(struct sj_db *db, struct sj_fields *fields, const struct sj_rows *rows,
    size_t first, size_t count, struct sj_arena *arena, struct sj_account *items)
{
    CLEANUP(sj_rows_free) struct sj_rows *keys = NULL;
    TRY(fetch_keys(db, fields, rows, first, count, &keys));
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct name_batch), &memory));
    CLEANUP(batch_freep) struct name_batch *batch = memory;
    const size_t found = sj_rows_count(keys);
    for (size_t i = 0; i < found; i++) {
        const size_t row = first + (size_t)sj_row_i64(keys, i, 0) - 1;
        batch->rows[i] = row;
        batch->deks[i] = (struct sj_wrapped_dek){.unit = key_unit(items[row].unit),
            .subject = items[row].id,
            .version = (uint32_t)sj_row_i64(rows, row, COL_KEY_VERSION),
            .wrapped = sj_row_bytes(keys, i, 1)};
    }
    if (found == 0) {
        return SJ_DONE;
    }
    TRY(sj_fields_open(fields, batch->deks, found, batch->subjects));
    for (size_t i = 0; i < found; i++) {
        const size_t row = batch->rows[i];
        TRY(open_one(rows, row, &batch->subjects[i], arena, &items[row]));
    }
    return SJ_DONE;
}

static sj_status take_page(struct sj_db *db, struct sj_fields *fields, const struct sj_rows *rows,
    bool with_names, struct sj_arena *arena, struct sj_account *items)
{
    const size_t count = sj_rows_count(rows);
    for (size_t i = 0; i < count; i++) {
        TRY(take_account(rows, i, arena, &items[i]));
    }
    for (size_t i = 0; with_names && i < count; i += SJ_UNWRAP_MAX) {
        const size_t left = count - i;
        TRY(open_names(
            db, fields, rows, i, left < SJ_UNWRAP_MAX ? left : SJ_UNWRAP_MAX, arena, items));
    }
    return SJ_DONE;
}

sj_status sj_account_list(struct sj_db *db, struct sj_fields *fields,
    const struct sj_context *context, struct sj_uuid after, size_t limit, bool with_names,
    struct sj_arena *arena, struct sj_account **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&after), sj_p_i64((int64_t)limit)};
    const struct sj_query query = {SJ_SQL_ACCOUNT_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &query, 1, &rows));
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (sj_rows_count(rows) + 1) * sizeof(struct sj_account), &memory));
    TRY(take_page(db, fields, rows, with_names, arena, memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    return SJ_DONE;
}

sj_status sj_account_find(struct sj_db *db, struct sj_fields *fields,
    const struct sj_context *context, struct sj_uuid id, bool with_names, struct sj_arena *arena,
    bool *ret_found, struct sj_account *ret_account)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    const struct sj_query query = {SJ_SQL_ACCOUNT_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &query, 1, &rows));
    struct sj_account account = {.version = 0};
    const bool found = sj_rows_count(rows) == 1;
    if (found) {
        TRY(take_page(db, fields, rows, with_names, arena, &account));
        *ret_account = account;
    }
    *ret_found = found;
    return SJ_DONE;
}

bool sj_username_is_valid(struct sj_text name)
{
    if (name.len < USERNAME_MIN || name.len > USERNAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                c == '-')) {
            return false;
        }
    }
    return true;
}

static sj_status seal_name(struct sj_tx *tx, struct sj_fields *fields,
    const struct sj_account *account, struct sj_buf *ret_blob, uint32_t *ret_version)
{
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(sj_fields_subject_for_write(fields, tx, key_unit(account->unit), account->id, &subject));
    *ret_version = subject.version;
    return sj_field_seal(&subject, SJ_TABLE_ACCOUNT, SJ_COLUMN_ACCOUNT_DISPLAY_NAME, account->id,
        SJ_FLE1_TEXT, sj_text_bytes(account->display_name), ret_blob);
}

/* One assignment for each role, without an end, certified now. */
static sj_status name_assignments(struct sj_text names, struct sj_holding *holding)
{
    struct sj_text role;
    while (names.len > 0 && sj_text_split(&names, ',', &role)) {
        ENSURE(holding->count < SJ_ASSIGNMENTS_MAX && role.len < SJ_ROLE_NAME_SIZE, INVALID);
        struct sj_assignment *item = &holding->items[holding->count++];
        *item = (struct sj_assignment){
            .granted_by = holding->account.granted_by, .certified_at = sj_time_now()};
        TRY(sj_uuid_new(&item->id));
        TRY(sj_copy(item->role, sizeof item->role, role.ptr, role.len));
    }
    return SJ_DONE;
}

static sj_status insert_assignments(struct sj_tx *tx, const struct sj_holding *holding)
{
    for (size_t i = 0; i < holding->count; i++) {
        TRY(unit_assignment_insert(
            tx, holding->account.id, &holding->items[i], (struct sj_text){"", 0}));
    }
    return SJ_DONE;
}

static sj_status insert_account(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_account *account, const struct sj_buf *name, uint32_t key_version)
{
    struct sj_hash hash;
    struct sj_hash seal;
    account->status = SJ_TEXT("active");
    struct sj_holding holding = {.account = *account};
    TRY(name_assignments(account->roles, &holding));
    TRY(sj_account_seal_hash(account, holding.items, holding.count, &hash));
    TRY(ask_seal(channel, SJ_SEAL_ACCOUNT, &hash, &seal));
    const struct sj_param params[] = {sj_p_id(&account->id), sj_p_id_or_null(&account->unit),
        sj_p_id_or_null(&account->compartment), sj_p_id_or_null(&account->judge),
        sj_p_text(account->username), sj_p_bytes(sj_buf_view(name)), sj_p_i32((int32_t)key_version),
        sj_p_bytes(sj_view_of(seal.bytes, sizeof seal.bytes)),
        sj_p_id_or_null(&account->person_judge)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_ACCOUNT_INSERT, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, CONSTRAINT);
    account->version = sj_row_i64(rows, 0, 1);
    account->created_at = sj_row_time(rows, 0, 2);
    return insert_assignments(tx, &holding);
}

sj_status sj_account_create(struct sj_tx *tx, struct sj_fields *fields, struct sj_account *account)
{
    ENSURE(sj_username_is_valid(account->username), INVALID);
    ENSURE(unit_is_label(account->display_name, DISPLAY_NAME_MAX), INVALID);
    ENSURE(sj_uuid_is_nil(account->judge) || sj_uuid_is_nil(account->unit), INVALID);
    ENSURE(sj_uuid_is_nil(account->compartment) || !sj_uuid_is_nil(account->unit), INVALID);
    ENSURE(sj_uuid_is_nil(account->person_judge) || !sj_uuid_is_nil(account->unit), INVALID);
    ENSURE(account->roles.len > 0, INVALID);
    if (sj_uuid_is_nil(account->unit)) {
        TRY(sj_unit_make_platform_key(tx, sj_fields_channel(fields)));
    }
    if (sj_uuid_is_nil(account->id)) {
        TRY(sj_uuid_new(&account->id));
    }
    CLEANUP(sj_buf_clear) struct sj_buf name = SJ_BUF(1024);
    uint32_t key_version = 0;
    TRY(seal_name(tx, fields, account, &name, &key_version));
    return insert_account(tx, sj_fields_channel(fields), account, &name, key_version);
}

sj_status sj_account_display_name(struct sj_db *db, struct sj_fields *fields,
    const struct sj_context *context, struct sj_uuid id, struct sj_buf *ret_name)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    const struct sj_query query = {SJ_SQL_ACCOUNT_NAME, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &query, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    if (sj_row_is_null(rows, 0, 3)) {
        return SJ_DONE; /* the key was erased */
    }
    const struct sj_wrapped_dek dek = {.unit = key_unit(sj_row_id(rows, 0, 2)),
        .subject = id,
        .version = (uint32_t)sj_row_i64(rows, 0, 1),
        .wrapped = sj_row_bytes(rows, 0, 3)};
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(sj_fields_open(fields, &dek, 1, &subject));
    return sj_field_open(&subject, SJ_TABLE_ACCOUNT, SJ_COLUMN_ACCOUNT_DISPLAY_NAME, id,
        SJ_FLE1_TEXT, sj_row_bytes(rows, 0, 0), ret_name);
}
