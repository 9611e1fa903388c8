/* SPDX-License-Identifier: Apache-2.0
 *
 * May a judge have an evaluator whom he distrusts? While the clock runs he challenges a seat and says why; somebody who is
 * not the challenged person decides with reasons, and an upheld challenge ends the seat (DOMAIN S6). Here too are the relations
 * that units enter, from which conflicts are found.
 * If this were wrong, the challenged evaluator would decide about himself.
 */
#include "board_priv.h"

#include "sanjeh/crypto/random.h"
#include "sanjeh/cycle/evaluation.h"

static sj_status read_challenge(const struct sj_desk *desk, const struct sj_file *file,
    struct opener *opener, const struct sj_rows *rows, size_t row, struct sj_challenge *challenge)
{
    *challenge = (struct sj_challenge){
        .id = sj_row_id(rows, row, 0),
        .evaluation = sj_row_id(rows, row, 1),
        .account = sj_row_id(rows, row, 2),
        .decided_by = sj_row_id(rows, row, 8),
        .decided_at = time_or_zero(rows, row, 9),
        .created_at = sj_row_time(rows, row, 10),
        .version = sj_row_i64(rows, row, 11),
    };
    TRY(sj_desk_text(desk, rows, row, 3, &challenge->state));
    TRY(opener_turn(desk, file, opener, rows, row, 6, 7));
    TRY(open_text(desk, opener, SJ_TABLE_CHALLENGE, SJ_COLUMN_CHALLENGE_GROUNDS, challenge->id,
        sj_row_bytes(rows, row, 4), &challenge->grounds));
    return sj_row_is_null(rows, row, 5)
               ? SJ_DONE
               : open_text(desk, opener, SJ_TABLE_CHALLENGE, SJ_COLUMN_CHALLENGE_DECISION,
                     challenge->id, sj_row_bytes(rows, row, 5), &challenge->decision);
}

sj_status sj_challenge_list(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_challenge **ret_items, size_t *ret_count)
{
    *ret_items = NULL;
    *ret_count = 0;
    bool found = false;
    struct sj_file file;
    TRY(sj_file_find(desk, evaluation, &found, &file));
    if (!found) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id(&evaluation)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_CHALLENGE_LIST, params, 1, &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_challenge), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    for (size_t row = 0; row < *ret_count; row++) {
        TRY(read_challenge(desk, &file, &opener, rows, row, &(*ret_items)[row]));
    }
    return SJ_DONE;
}

sj_status sj_challenge_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_challenge *ret_challenge)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_CHALLENGE_FIND, params, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    struct sj_file file;
    TRY(sj_file_find(desk, sj_row_id(rows, 0, 1), ret_found, &file));
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    return *ret_found ? read_challenge(desk, &file, &opener, rows, 0, ret_challenge) : SJ_DONE;
}

/* ---- create ---- */

static sj_status check_challenge(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_uuid account, struct sj_refusal *refusal)
{
    const struct sj_param params[] = {sj_p_id(&file->id)};
    CLEANUP(sj_rows_free) struct sj_rows *clock = NULL;
    TRY(ask(desk, SJ_SQL_CHALLENGE_CLOCK, params, 1, &clock));
    if (sj_rows_count(clock) == 0) {
        return refuse(refusal, SJ_GUARD_UNMET, "", "CLOCK_OVER",
            "evaluators are challenged while that clock runs");
    }
    struct sj_seat *seats = NULL;
    size_t count = 0;
    TRY(sj_seat_list(desk, file->id, &seats, &count));
    for (size_t i = 0; i < count; i++) {
        if (seats[i].ended_at == 0 && sj_uuid_equal(seats[i].account, account)) {
            return SJ_DONE;
        }
    }
    return refuse(
        refusal, SJ_INVALID, "/account_id", "NOT_SEATED", "nobody whom you may know sits so");
}

sj_status sj_challenge_create(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_challenge *challenge, struct sj_refusal *reterr_refusal)
{
    ENSURE(sj_uuid_equal(file->judge, desk->actor->judge), FORBIDDEN);
    TRY(check_challenge(desk, file, challenge->account, reterr_refusal));
    TRY(sj_uuid_new(&challenge->id));
    CLEANUP(sj_subject_clear) struct sj_subject key = {0};
    TRY(file_key(desk, file, &key));
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(DOCUMENT_MAX);
    TRY(sj_field_seal(&key, SJ_TABLE_CHALLENGE, SJ_COLUMN_CHALLENGE_GROUNDS, challenge->id,
        SJ_FLE1_TEXT, sj_text_bytes(challenge->grounds), &body));
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&challenge->id),
        sj_p_id(&file->issuer_scope), sj_p_id(&file->id), sj_p_id(&file->judge),
        sj_p_id(&file->unit), sj_p_id(&challenge->account), sj_p_bytes(sj_buf_view(&body)),
        sj_p_i32((int32_t)key.version), sj_p_id(&desk->actor->account)};
    TRY(write_one(desk, SJ_SQL_CHALLENGE_INSERT, params, SJ_COUNT(params), SJ_CONFLICT));
    const struct sj_evaluation evaluation = {.unit = file->unit, .id = file->id};
    TRY(sj_deadline_start(desk, &evaluation, "challenge_decision", (struct sj_uuid){{0}}));
    bool found = false;
    TRY(sj_challenge_find(desk, challenge->id, &found, challenge));
    ENSURE(found, INTERNAL);
    return SJ_DONE;
}

/* ---- decide ---- */

static sj_status check_decider(const struct sj_desk *desk, const struct sj_challenge *challenge)
{
    struct person challenged = {.id = {{0}}};
    struct sj_refusal none = {0};
    const sj_status found = persons_find(desk, &challenge->account, 1, &challenged, &none);
    if (sj_failed(found) && found.code != SJ_INVALID) {
        return found;
    }
    ENSURE(!sj_uuid_equal(challenge->account, desk->actor->account), FORBIDDEN);
    ENSURE(sj_failed(found) || !sj_uuid_equal(challenged.id, desk->actor->person), FORBIDDEN);
    return SJ_DONE;
}

sj_status sj_challenge_decide(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_challenge *challenge, bool is_upheld, struct sj_text reason)
{
    TRY(check_decider(desk, challenge));
    ENSURE(!sj_uuid_equal(file->judge, desk->actor->person), FORBIDDEN);
    ENSURE(sj_text_is(challenge->state, "open"), CONFLICT);
    CLEANUP(sj_subject_clear) struct sj_subject key = {0};
    TRY(file_key(desk, file, &key));
    CLEANUP(sj_buf_clear) struct sj_buf decision = SJ_BUF(DOCUMENT_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf grounds = SJ_BUF(DOCUMENT_MAX);
    TRY(sj_field_seal(&key, SJ_TABLE_CHALLENGE, SJ_COLUMN_CHALLENGE_DECISION, challenge->id,
        SJ_FLE1_TEXT, sj_text_bytes(reason), &decision));
    TRY(sj_field_seal(&key, SJ_TABLE_CHALLENGE, SJ_COLUMN_CHALLENGE_GROUNDS, challenge->id,
        SJ_FLE1_TEXT, sj_text_bytes(challenge->grounds), &grounds));
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&challenge->id),
        sj_p_i64(challenge->version),
        sj_p_text(is_upheld ? SJ_TEXT("upheld") : SJ_TEXT("rejected")),
        sj_p_bytes(sj_buf_view(&grounds)), sj_p_bytes(sj_buf_view(&decision)),
        sj_p_i32((int32_t)key.version), sj_p_id(&desk->actor->account)};
    TRY(write_one(desk, SJ_SQL_CHALLENGE_DECIDE, params, SJ_COUNT(params), SJ_PRECONDITION_FAILED));
    if (is_upheld) {
        TRY(sj_seat_end(desk, file, challenge->account, "challenged"));
    }
    const struct sj_param clock[] = {sj_p_id(&file->unit), sj_p_id(&file->id)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_CHALLENGE_MEET, clock, SJ_COUNT(clock), NULL));
    bool found = false;
    TRY(sj_challenge_find(desk, challenge->id, &found, challenge));
    ENSURE(found, INTERNAL);
    return SJ_DONE;
}

/* ---- relations ---- */

static sj_status check_relation(const struct sj_relation *relation, struct sj_refusal *refusal)
{
    static const char *const kinds[] = {
        "kin", "partner", "party", "candidate", "superior", "disciplinary"};
    bool known = false;
    for (size_t i = 0; i < SJ_COUNT(kinds); i++) {
        known = known || sj_text_is(relation->kind, kinds[i]);
    }
    if (!known) {
        return refuse(refusal, SJ_INVALID, "/kind", "UNKNOWN_KIND",
            "kin, partner, party, candidate, superior or disciplinary");
    }
    return relation->has_to && relation->to_day < relation->from_day
               ? refuse(refusal, SJ_INVALID, "/valid_to", "ORDER", "ends before it begins")
               : SJ_DONE;
}

sj_status sj_relation_create(
    const struct sj_desk *desk, struct sj_relation *relation, struct sj_refusal *reterr_refusal)
{
    ENSURE(!sj_uuid_is_nil(desk->actor->unit), FORBIDDEN);
    TRY(check_relation(relation, reterr_refusal));
    TRY(sj_uuid_new(&relation->id));
    relation->created_at = sj_time_now();
    const struct sj_param params[] = {sj_p_id(&desk->actor->unit),
        sj_p_id_or_null(&desk->actor->compartment), sj_p_id(&relation->id),
        sj_p_id(&relation->person), sj_p_id(&relation->judge), sj_p_text(relation->kind),
        sj_p_day(relation->from_day), relation->has_to ? sj_p_day(relation->to_day) : sj_p_null(),
        sj_p_id(&desk->actor->account)};
    return write_one(desk, SJ_SQL_RELATION_INSERT, params, SJ_COUNT(params), SJ_CONFLICT);
}

sj_status sj_relation_list(const struct sj_desk *desk, struct sj_paging paging,
    struct sj_relation **ret_items, size_t *ret_count, struct sj_uuid *ret_last)
{
    *ret_last = (struct sj_uuid){{0}};
    const struct sj_param params[] = {
        sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1), sj_p_id(&desk->actor->unit)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_RELATION_LIST, params, SJ_COUNT(params), &rows));
    size_t count = sj_rows_count(rows);
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, 0);
    }
    void *memory;
    TRY(room_for(desk, count, sizeof(struct sj_relation), &memory));
    *ret_items = memory;
    *ret_count = count;
    for (size_t row = 0; row < count; row++) {
        struct sj_relation *relation = &(*ret_items)[row];
        *relation = (struct sj_relation){
            .id = sj_row_id(rows, row, 0),
            .person = sj_row_id(rows, row, 1),
            .judge = sj_row_id(rows, row, 2),
            .from_day = sj_row_day(rows, row, 4),
            .has_to = !sj_row_is_null(rows, row, 5),
            .created_at = sj_row_time(rows, row, 6),
        };
        relation->to_day = relation->has_to ? sj_row_day(rows, row, 5) : 0;
        TRY(sj_desk_text(desk, rows, row, 3, &relation->kind));
    }
    return SJ_DONE;
}
