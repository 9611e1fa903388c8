/* SPDX-License-Identifier: Apache-2.0
 *
 * What speaks against an evaluator? He says it himself, or a rule finds it (DOMAIN, separation rules 2, 3, 4): the database
 * answers with the rule alone, what lies behind it stays with the unit that knows. An open conflict blocks the file until
 * somebody else ends the seat or says why there is none.
 * If a conflict were missed, a judge would be evaluated by kin, a party or a rival.
 */
#include "board_priv.h"

#include "sanjeh/crypto/random.h"

sj_status conflicts_of(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_uuid account, struct sj_uuid person)
{
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&file->issuer_scope),
        sj_p_id(&file->id), sj_p_id(&file->judge), sj_p_id(&file->unit), sj_p_id(&account),
        sj_p_id(&person), sj_p_id(&desk->actor->account)};
    return sj_tx_query(desk->tx, SJ_SQL_CONFLICT_DETECT, params, SJ_COUNT(params), NULL);
}

sj_status sj_conflict_detect(const struct sj_desk *desk, const struct sj_file *file)
{
    struct sj_seat *seats = NULL;
    size_t count = 0;
    TRY(sj_seat_list(desk, file->id, &seats, &count));
    for (size_t i = 0; i < count; i++) {
        if (seats[i].ended_at == 0) {
            TRY(conflicts_of(desk, file, seats[i].account, seats[i].person));
        }
    }
    return SJ_DONE;
}

static sj_status read_conflict(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    struct sj_conflict *conflict)
{
    *conflict = (struct sj_conflict){
        .id = sj_row_id(rows, row, 0),
        .evaluation = sj_row_id(rows, row, 1),
        .account = sj_row_id(rows, row, 2),
        .found_at = sj_row_time(rows, row, 5),
        .resolved_by = sj_row_id(rows, row, 8),
        .resolved_at = time_or_zero(rows, row, 9),
        .version = sj_row_i64(rows, row, 10),
    };
    TRY(sj_desk_text(desk, rows, row, 3, &conflict->rule));
    TRY(sj_desk_text(desk, rows, row, 4, &conflict->state));
    TRY(sj_desk_text(desk, rows, row, 6, &conflict->resolution));
    return sj_desk_text(desk, rows, row, 7, &conflict->reason);
}

sj_status sj_conflict_list(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_conflict **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&evaluation)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_CONFLICT_LIST, params, 1, &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_conflict), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    for (size_t row = 0; row < *ret_count; row++) {
        TRY(read_conflict(desk, rows, row, &(*ret_items)[row]));
    }
    return SJ_DONE;
}

sj_status sj_conflict_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_conflict *ret_conflict)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_CONFLICT_FIND, params, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_conflict(desk, rows, 0, ret_conflict) : SJ_DONE;
}

sj_status sj_conflict_resolve(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_conflict *conflict, bool ends_seat, struct sj_text reason)
{
    ENSURE(!sj_uuid_equal(conflict->account, desk->actor->account), FORBIDDEN);
    ENSURE(sj_text_is(conflict->state, "open"), CONFLICT);
    /* what was found is a fact and no reason heals it; what somebody declared of himself is weighed */
    ENSURE(ends_seat || sj_text_is(conflict->rule, "DECLARED"), CONFLICT);
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&conflict->id),
        sj_p_i64(conflict->version),
        sj_p_text(ends_seat ? SJ_TEXT("seat_ended") : SJ_TEXT("no_conflict")), sj_p_text(reason),
        sj_p_id(&desk->actor->account)};
    TRY(write_one(desk, SJ_SQL_CONFLICT_RESOLVE, params, SJ_COUNT(params), SJ_PRECONDITION_FAILED));
    if (ends_seat) {
        TRY(sj_seat_end(desk, file, conflict->account, "conflict"));
    }
    bool found = false;
    TRY(sj_conflict_find(desk, conflict->id, &found, conflict));
    ENSURE(found, INTERNAL);
    return SJ_DONE;
}

/* ---- declared ---- */

sj_status sj_coi_declare(const struct sj_desk *desk, const struct sj_file *file, struct sj_coi *coi)
{
    bool sits = false;
    TRY(actor_sits(desk, file, NULL, &sits));
    ENSURE(sits, NOT_FOUND);
    TRY(sj_uuid_new(&coi->id));
    coi->account = desk->actor->account;
    coi->state = SJ_TEXT("clear");
    coi->version = 1;
    CLEANUP(sj_subject_clear) struct sj_subject key = {0};
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(DOCUMENT_MAX);
    if (coi->has_interest) {
        TRY(file_key(desk, file, &key));
        TRY(sj_field_seal(&key, SJ_TABLE_COI_DECLARATION, SJ_COLUMN_COI_INTERESTS, coi->id,
            SJ_FLE1_TEXT, sj_text_bytes(coi->interests), &body));
    }
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&coi->id),
        sj_p_id(&file->issuer_scope), sj_p_id(&file->id), sj_p_id(&file->judge),
        sj_p_id(&coi->account), sj_p_bool(coi->has_interest),
        coi->has_interest ? sj_p_bytes(sj_buf_view(&body)) : sj_p_null(),
        coi->has_interest ? sj_p_i32((int32_t)key.version) : sj_p_null()};
    TRY(write_one(desk, SJ_SQL_COI_INSERT, params, SJ_COUNT(params), SJ_CONFLICT));
    if (!coi->has_interest) {
        return SJ_DONE;
    }
    struct sj_uuid conflict;
    TRY(sj_uuid_new(&conflict));
    const struct sj_param found[] = {sj_p_id(&file->issuer_unit), sj_p_id(&conflict),
        sj_p_id(&file->issuer_scope), sj_p_id(&file->id), sj_p_id(&file->judge),
        sj_p_id(&file->unit), sj_p_id(&coi->account), sj_p_null()};
    return sj_tx_query(desk->tx, SJ_SQL_CONFLICT_INSERT, found, SJ_COUNT(found), NULL);
}

sj_status sj_coi_list(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_coi **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&file->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_COI_LIST, params, 1, &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_coi), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    for (size_t row = 0; row < *ret_count; row++) {
        struct sj_coi *coi = &(*ret_items)[row];
        *coi = (struct sj_coi){
            .id = sj_row_id(rows, row, 0),
            .account = sj_row_id(rows, row, 1),
            .has_interest = sj_row_bool(rows, row, 2),
            .created_at = sj_row_time(rows, row, 7),
            .version = sj_row_i64(rows, row, 8),
        };
        TRY(sj_desk_text(desk, rows, row, 3, &coi->state));
        if (!coi->has_interest || !sj_uuid_equal(coi->account, desk->actor->account)) {
            continue;
        }
        TRY(opener_turn(desk, file, &opener, rows, row, 5, 6));
        TRY(open_text(desk, &opener, SJ_TABLE_COI_DECLARATION, SJ_COLUMN_COI_INTERESTS, coi->id,
            sj_row_bytes(rows, row, 4), &coi->interests));
    }
    return SJ_DONE;
}
