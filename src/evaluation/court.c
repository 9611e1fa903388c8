/* SPDX-License-Identifier: Apache-2.0
 *
 * Which courts are there? Reference data without a unit: everybody who is signed in reads it, and two spellings of a
 * code (Arabic and Persian letters, digits, case, blanks) are one court by its search form. Without that, one
 * court's workload would be split over its spellings.
 */
#include "sanjeh/evaluation/court.h"

#include "court_priv.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/text/persian.h"

static sj_status read_row(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct sj_court *court)
{
    *court = (struct sj_court){
        .id = sj_row_id(rows, row, 0),
        .version = sj_row_i64(rows, row, 6),
        .created_at = sj_row_time(rows, row, 7),
        .parent = sj_row_id(rows, row, 11),
    };
    TRY(sj_desk_text(desk, rows, row, 1, &court->code));
    TRY(sj_desk_text(desk, rows, row, 2, &court->name_fa));
    TRY(sj_desk_text(desk, rows, row, 3, &court->name_en));
    TRY(sj_desk_text(desk, rows, row, 4, &court->province));
    TRY(sj_desk_text(desk, rows, row, 5, &court->status));
    TRY(sj_desk_text(desk, rows, row, 8, &court->kind));
    TRY(sj_desk_text(desk, rows, row, 9, &court->specialisation));
    return sj_desk_text(desk, rows, row, 10, &court->size_class);
}

static bool is_one_of(struct sj_text value, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (sj_text_is(value, names[i])) {
            return true;
        }
    }
    return value.len == 0;
}

sj_status sj_court_code_norm(struct sj_arena *arena, struct sj_text code, struct sj_text *ret_norm)
{
    ENSURE(code.len <= SJ_COURT_CODE_MAX, INVALID);
    TRY(sj_label_check(code));
    CLEANUP(sj_buf_clear) struct sj_buf norm = SJ_BUF(COURT_NORM_MAX);
    ENSURE(!sj_failed(sj_fa_norm(code, &norm)) && norm.len > 0, INVALID);
    return sj_arena_text(arena, sj_buf_text(&norm), ret_norm);
}

static const char *check_place(const struct sj_court *court, const char **reterr_field)
{
    static const char *const kinds[] = {"supreme", "appeal", "first_instance", "criminal_one",
        "revolutionary", "family", "military", "administrative", "peace", "prosecution", "other",
        NULL};
    static const char *const sizes[] = {"small", "medium", "large", NULL};
    *reterr_field = "kind";
    if (!is_one_of(court->kind, kinds)) {
        return "UNKNOWN_VALUE";
    }
    *reterr_field = "size_class";
    if (!is_one_of(court->size_class, sizes)) {
        return "UNKNOWN_VALUE";
    }
    *reterr_field = "specialisation";
    return court->specialisation.len == 0 || !sj_failed(sj_label_check(court->specialisation))
               ? NULL
               : "BAD_COURT";
}

const char *sj_court_check(
    struct sj_arena *arena, const struct sj_court *court, const char **reterr_field)
{
    struct sj_text norm;
    *reterr_field = "code";
    if (sj_failed(sj_court_code_norm(arena, court->code, &norm))) {
        return "BAD_COURT";
    }
    *reterr_field = "name_fa";
    if (sj_failed(sj_label_check(court->name_fa))) {
        return "BAD_COURT";
    }
    *reterr_field = "name_en";
    if (sj_failed(sj_label_check(court->name_en))) {
        return "BAD_COURT";
    }
    *reterr_field = "province";
    if (court->province.len > 0 && sj_failed(sj_label_check(court->province))) {
        return "BAD_COURT";
    }
    return check_place(court, reterr_field);
}

sj_status sj_court_list(const struct sj_desk *desk, const struct sj_court_query *query,
    struct sj_paging paging, struct sj_court **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    struct sj_text norm = {"", 0};
    if (query->code.len > 0 && sj_failed(sj_court_code_norm(desk->arena, query->code, &norm))) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1),
        sj_p_text_or_null(query->status), sj_p_text_or_null(query->province),
        sj_p_text_or_null(norm)};
    const struct sj_query sql = {SJ_SQL_COURT_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, 0);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_court), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, &(*ret_items)[row]));
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_court_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_court *ret_court)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    const struct sj_query sql = {SJ_SQL_COURT_FIND, params, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_row(desk, rows, 0, ret_court) : SJ_DONE;
}

sj_status sj_court_create(const struct sj_desk *desk, struct sj_court *court)
{
    SJ_ASSERT(desk->tx != NULL);
    struct sj_text norm;
    TRY(sj_court_code_norm(desk->arena, court->code, &norm));
    TRY(sj_uuid_new(&court->id));
    court->status = SJ_TEXT("active");
    court->version = 1;
    court->created_at = sj_time_now();
    const struct sj_param params[] = {sj_p_id(&court->id), sj_p_text(court->code), sj_p_text(norm),
        sj_p_text(court->name_fa), sj_p_text(court->name_en), sj_p_text_or_null(court->province),
        sj_p_id_or_null(&desk->actor->unit), sj_p_text_or_null(court->kind),
        sj_p_text_or_null(court->specialisation), sj_p_text_or_null(court->size_class),
        sj_p_id_or_null(&court->parent)};
    return sj_tx_query(desk->tx, SJ_SQL_COURT_INSERT, params, SJ_COUNT(params), NULL);
}

/* ---- imports ---- */

static int compare_key(const void *left, const void *right)
{
    const struct court_key *a = left;
    const struct court_key *b = right;
    const size_t shorter = a->norm.len < b->norm.len ? a->norm.len : b->norm.len;
    const int by_bytes = memcmp(a->norm.ptr, b->norm.ptr, shorter);
    return by_bytes != 0 ? by_bytes : (a->norm.len > b->norm.len) - (a->norm.len < b->norm.len);
}

static void note_ids(const struct sj_rows *rows, struct court_key *keys, size_t count)
{
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        const struct court_key wanted = {.norm = sj_row_text(rows, row, 0)};
        struct court_key *key = bsearch(&wanted, keys, count, sizeof(*keys), compare_key);
        if (key != NULL) {
            key->id = sj_row_id(rows, row, 1);
        }
    }
}

sj_status courts_match(const struct sj_desk *desk, struct court_key *keys, size_t count)
{
    qsort(keys, count, sizeof(*keys), compare_key);
    CLEANUP(sj_array_clear) struct sj_array norms = {0};
    TRY(sj_array_init(&norms, SJ_OID_TEXT, (COURT_NORM_MAX + 8) * (count + 1)));
    for (size_t i = 0; i < count; i++) {
        TRY(put_text(&norms, keys[i].norm));
    }
    const struct sj_param params[] = {sj_p_array(&norms)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_COURT_MATCH, params, 1, &rows));
    note_ids(rows, keys, count);
    return SJ_DONE;
}

sj_status courts_register(const struct sj_desk *desk, struct court_key *keys, size_t count)
{
    static const uint32_t oids[] = {SJ_OID_UUID, SJ_OID_TEXT, SJ_OID_TEXT};
    CLEANUP(columns_clear) struct columns columns = {.count = 0};
    TRY(columns_init(&columns, oids, SJ_COUNT(oids)));
    size_t unknown = 0;
    for (size_t i = 0; i < count; i++) {
        if (!sj_uuid_is_nil(keys[i].id)) {
            continue;
        }
        struct sj_uuid id;
        TRY(sj_uuid_new(&id));
        TRY(put_id(&columns.of[0], id));
        TRY(put_text(&columns.of[1], keys[i].code));
        TRY(put_text(&columns.of[2], keys[i].norm));
        unknown++;
    }
    if (unknown == 0) {
        return SJ_DONE;
    }
    struct sj_param params[1 + SJ_COUNT(oids)] = {sj_p_id_or_null(&desk->actor->unit)};
    columns_params(&columns, params + 1);
    TRY(sj_tx_query(desk->tx, SJ_SQL_COURT_INSERT_MANY, params, SJ_COUNT(params), NULL));
    TRY(courts_match(desk, keys, count));
    for (size_t i = 0; i < count; i++) {
        ENSURE(!sj_uuid_is_nil(keys[i].id), SERIALIZATION);
    }
    return SJ_DONE;
}
