/* SPDX-License-Identifier: Apache-2.0
 *
 * Who sits in a file? Seats come from a board or one by one; nobody sits on himself, who hears the appeal has had no other part
 * in the file (DOMAIN, separation rules 1, 4, 9), always by person. Conflicts are looked for as soon as somebody sits.
 * If this were wrong, a judge would be evaluated by himself or heard twice by the same people.
 */
#include "board_priv.h"

#include "sanjeh/crypto/random.h"

/* at: the first of the seat's columns. */
static sj_status read_seat(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    size_t at, struct sj_seat *seat)
{
    *seat = (struct sj_seat){
        .account = sj_row_id(rows, row, at),
        .person = sj_row_id(rows, row, at + 1),
        .is_judge = sj_row_bool(rows, row, at + 3),
        .since = sj_row_time(rows, row, at + 4),
        .ended_at = time_or_zero(rows, row, at + 5),
        .board = sj_row_id(rows, row, at + 7),
    };
    TRY(sj_desk_text(desk, rows, row, at + 2, &seat->capacity));
    return sj_desk_text(desk, rows, row, at + 6, &seat->ended_reason);
}

sj_status sj_seat_list(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_seat **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&evaluation)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_SEAT_LIST, params, 1, &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_seat), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    for (size_t row = 0; row < *ret_count; row++) {
        TRY(read_seat(desk, rows, row, 0, &(*ret_items)[row]));
    }
    return SJ_DONE;
}

sj_status actor_sits(const struct sj_desk *desk, const struct sj_file *file,
    const char *const *capacities, bool *ret_sits)
{
    struct sj_seat *seats = NULL;
    size_t count = 0;
    *ret_sits = false;
    TRY(sj_seat_list(desk, file->id, &seats, &count));
    for (size_t i = 0; i < count; i++) {
        bool fits = capacities == NULL;
        for (size_t c = 0; !fits && capacities[c] != NULL; c++) {
            fits = sj_text_is(seats[i].capacity, capacities[c]);
        }
        if (fits && seats[i].ended_at == 0 &&
            sj_uuid_equal(seats[i].account, desk->actor->account)) {
            *ret_sits = true;
        }
    }
    return SJ_DONE;
}

/* ---- separation ---- */

static bool hears_appeal(struct sj_text capacity)
{
    return sj_text_is(capacity, "appeal_chair") || sj_text_is(capacity, "appeal_member");
}

static sj_status check_signer(const struct sj_desk *desk, const struct sj_file *file,
    const struct person *person, struct sj_refusal *refusal)
{
    const struct sj_param params[] = {sj_p_id(&file->id), sj_p_id(&person->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SEAT_ISSUED, params, SJ_COUNT(params), &rows));
    return sj_row_bool(rows, 0, 0) ? refuse(refusal, SJ_CONFLICT, "/account_id", "OVERLAP",
                                         "who signed for the issuer does not hear the appeal")
                                   : SJ_DONE;
}

/* seats: of the file, ended ones too. */
static sj_status check_person(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_seat *seats, size_t count, const struct person *person, struct sj_text capacity,
    struct sj_refusal *refusal)
{
    if (sj_uuid_equal(person->id, file->judge)) {
        return refuse(refusal, SJ_CONFLICT, "/account_id", "SELF",
            "nobody has a part in the evaluation of himself");
    }
    for (size_t i = 0; i < count; i++) {
        if (!sj_uuid_equal(seats[i].person, person->id)) {
            continue;
        }
        if (hears_appeal(capacity) != hears_appeal(seats[i].capacity)) {
            return refuse(refusal, SJ_CONFLICT, "/account_id", "OVERLAP",
                "who hears the appeal has no other part in the file, not even an ended one");
        }
        if (seats[i].ended_at != 0) {
            return refuse(refusal, SJ_CONFLICT, "/account_id", "SEAT_ENDED",
                "this person's seat in the file has ended");
        }
        if (!sj_uuid_equal(seats[i].account, person->account)) {
            return refuse(refusal, SJ_CONFLICT, "/account_id", "OTHER_ACCOUNT",
                "this person has a part in the file under another account");
        }
        if (sj_text_equal(seats[i].capacity, capacity)) {
            return refuse(
                refusal, SJ_CONFLICT, "/account_id", "SEATED_ALREADY", "this person has this seat");
        }
    }
    return hears_appeal(capacity) ? check_signer(desk, file, person, refusal) : SJ_DONE;
}

static sj_status write_seat(const struct sj_desk *desk, const struct sj_file *file,
    const struct person *person, struct sj_text capacity)
{
    const struct sj_param params[] = {sj_p_id(&file->unit), sj_p_id(&file->id),
        sj_p_id(&person->account), sj_p_id(&person->id), sj_p_text(capacity),
        sj_p_bool(person->is_judge), sj_p_id(&file->judge), sj_p_id(&file->issuer_scope)};
    TRY(write_one(desk, SJ_SQL_SEAT_INSERT, params, SJ_COUNT(params), SJ_CONFLICT));
    TRY(conflicts_of(desk, file, person->account, person->id));
    if (!sj_text_is(capacity, "court_head")) {
        return SJ_DONE;
    }
    /* those who sit in his own file may have become his inferiors by this */
    const struct sj_param head[] = {
        sj_p_id(&file->cycle), sj_p_id(&person->id), sj_p_id(&desk->actor->account)};
    return sj_tx_query(desk->tx, SJ_SQL_CONFLICT_DETECT_OF, head, SJ_COUNT(head), NULL);
}

/* ---- one by one ---- */

static bool is_capacity(struct sj_text capacity)
{
    static const char *const names[] = {"chair", "member", "rapporteur", "calibrator", "reviewer",
        "observer", "court_head", "appeal_chair", "appeal_member"};
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        if (sj_text_is(capacity, names[i])) {
            return true;
        }
    }
    return false;
}

static sj_status check_seating(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_text capacity, struct sj_refusal *refusal)
{
    ENSURE(sj_uuid_equal(file->unit, desk->actor->unit), FORBIDDEN);
    const bool is_of_first_board = sj_text_is(capacity, "chair") ||
                                   sj_text_is(capacity, "member") ||
                                   sj_text_is(capacity, "rapporteur");
    return is_of_first_board && file->is_locked
               ? refuse(refusal, SJ_CONFLICT, "", "MARKS_LOCKED",
                     "the marks of this round are locked: nobody joins the board any more")
               : SJ_DONE;
}

sj_status sj_seat_one(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_uuid account, struct sj_text capacity, struct sj_refusal *reterr_refusal)
{
    if (!is_capacity(capacity)) {
        return refuse(reterr_refusal, SJ_INVALID, "/capacity", "UNKNOWN_CAPACITY",
            "not a capacity of a seat");
    }
    TRY(check_seating(desk, file, capacity, reterr_refusal));
    struct sj_seat *seats = NULL;
    size_t count = 0;
    TRY(sj_seat_list(desk, file->id, &seats, &count));
    struct person person;
    TRY(persons_find(desk, &account, 1, &person, reterr_refusal));
    TRY(check_person(desk, file, seats, count, &person, capacity, reterr_refusal));
    return write_seat(desk, file, &person, capacity);
}

/* ---- from a board ---- */

static struct sj_text capacity_in(
    const struct sj_board *board, const struct sj_board_member *member)
{
    if (sj_text_is(board->kind, "first")) {
        return member->capacity;
    }
    if (sj_text_is(board->kind, "calibration")) {
        return SJ_TEXT("calibrator");
    }
    return sj_text_is(member->capacity, "chair") ? SJ_TEXT("appeal_chair")
                                                 : SJ_TEXT("appeal_member");
}

static sj_status check_whole(const struct sj_board *board, struct sj_refusal *refusal)
{
    size_t judges = 0;
    size_t chairs = 0;
    size_t rapporteurs = 0;
    for (size_t i = 0; i < board->member_count; i++) {
        judges += board->members[i].is_judge ? 1 : 0;
        chairs += sj_text_is(board->members[i].capacity, "chair") ? 1 : 0;
        rapporteurs += sj_text_is(board->members[i].capacity, "rapporteur") ? 1 : 0;
    }
    if (board->member_count < SJ_BOARD_MEMBERS_MIN) {
        return refuse(refusal, SJ_GUARD_UNMET, "/board_id", "TOO_FEW_MEMBERS",
            "a board has at least 3 members");
    }
    if (judges * 2 <= board->member_count) {
        return refuse(refusal, SJ_GUARD_UNMET, "/board_id", "NO_JUDGE_MAJORITY",
            "most members of a board are judges");
    }
    if (chairs != 1) {
        return refuse(
            refusal, SJ_GUARD_UNMET, "/board_id", "NO_CHAIR", "a board has exactly one chair");
    }
    return sj_text_is(board->kind, "first") && rapporteurs != 1
               ? refuse(refusal, SJ_GUARD_UNMET, "/board_id", "NO_RAPPORTEUR",
                     "a first board has exactly one rapporteur")
               : SJ_DONE;
}

/* A board about to sit: who its members are as persons, and as what each sits. */
struct sitting {
    const struct sj_board *board;
    struct person persons[SJ_BOARD_MEMBERS_MAX];
    struct sj_text capacities[SJ_BOARD_MEMBERS_MAX];
};

static sj_status sitting_of(const struct sj_desk *desk, const struct sj_board *board,
    struct sitting *sitting, struct sj_refusal *refusal)
{
    struct sj_uuid accounts[SJ_BOARD_MEMBERS_MAX];
    sitting->board = board;
    for (size_t i = 0; i < board->member_count; i++) {
        accounts[i] = board->members[i].account;
        sitting->capacities[i] = capacity_in(board, &board->members[i]);
    }
    return persons_find(desk, accounts, board->member_count, sitting->persons, refusal);
}

static sj_status check_cycle(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_board *board, struct sj_refusal *refusal)
{
    TRY(check_seating(desk, file,
        sj_text_is(board->kind, "first") ? SJ_TEXT("member") : SJ_TEXT("calibrator"), refusal));
    return sj_uuid_equal(board->cycle, file->cycle) && sj_uuid_equal(board->unit, file->unit)
               ? SJ_DONE
               : refuse(refusal, SJ_CONFLICT, "/board_id", "OTHER_CYCLE",
                     "the board belongs to another cycle");
}

/* Of each file who sits there against who is to sit. */
static sj_status check_persons(const struct sj_desk *desk, const struct sj_file *files,
    size_t count, struct sj_array *ids, const struct sitting *sitting, struct sj_refusal *refusal)
{
    const struct sj_param params[] = {sj_p_array(ids)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SEAT_LIST_OF, params, 1, &rows));
    const size_t total = sj_rows_count(rows);
    void *memory;
    TRY(room_for(desk, total, sizeof(struct sj_seat), &memory));
    struct sj_seat *seats = memory;
    for (size_t i = 0, row = 0; i < count; i++) {
        const size_t first = row;
        for (; row < total && sj_row_i64(rows, row, 0) == (int64_t)i + 1; row++) {
            TRY(read_seat(desk, rows, row, 1, &seats[row]));
        }
        for (size_t m = 0; m < sitting->board->member_count; m++) {
            TRY(check_person(desk, &files[i], total == 0 ? NULL : &seats[first], row - first,
                &sitting->persons[m], sitting->capacities[m], refusal));
        }
    }
    return SJ_DONE;
}

static sj_status write_seats(
    const struct sj_desk *desk, size_t count, struct sj_array *ids, const struct sitting *sitting)
{
    const size_t members = sitting->board->member_count;
    CLEANUP(sj_array_clear) struct sj_array accounts = {0};
    CLEANUP(sj_array_clear) struct sj_array persons = {0};
    CLEANUP(sj_array_clear) struct sj_array capacities = {0};
    CLEANUP(sj_array_clear) struct sj_array judges = {0};
    TRY(sj_array_init(&accounts, SJ_OID_UUID, 32 * (members + 2)));
    TRY(sj_array_init(&persons, SJ_OID_UUID, 32 * (members + 2)));
    TRY(sj_array_init(&capacities, SJ_OID_TEXT, 32 * (members + 2)));
    TRY(sj_array_init(&judges, SJ_OID_INT4, 32 * (members + 2)));
    for (size_t m = 0; m < members; m++) {
        const struct person *person = &sitting->persons[m];
        TRY(sj_array_put(&accounts, person->account.bytes, sizeof(person->account.bytes)));
        TRY(sj_array_put(&persons, person->id.bytes, sizeof(person->id.bytes)));
        TRY(sj_array_put(&capacities, sitting->capacities[m].ptr, sitting->capacities[m].len));
        TRY(sj_array_put_i32(&judges, person->is_judge ? 1 : 0));
    }
    const struct sj_param seats[] = {sj_p_array(ids), sj_p_id(&sitting->board->id),
        sj_p_array(&accounts), sj_p_array(&persons), sj_p_array(&capacities), sj_p_array(&judges)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SEAT_INSERT_OF, seats, SJ_COUNT(seats), &rows));
    ENSURE(sj_rows_affected(rows) == count * members, CONFLICT);
    const struct sj_param found[] = {sj_p_array(ids), sj_p_array(&accounts), sj_p_array(&persons),
        sj_p_id(&desk->actor->account)};
    return sj_tx_query(desk->tx, SJ_SQL_CONFLICT_DETECT_BOARD, found, SJ_COUNT(found), NULL);
}

static sj_status use_board(
    const struct sj_desk *desk, size_t count, struct sj_array *ids, const struct sj_board *board)
{
    const struct sj_param used[] = {sj_p_id(&board->unit), sj_p_id(&board->id)};
    TRY(write_one(desk, SJ_SQL_BOARD_USE, used, SJ_COUNT(used), SJ_CONFLICT));
    if (sj_text_is(board->kind, "calibration")) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {
        sj_p_id(&board->unit), sj_p_array(ids), sj_p_text(board->kind), sj_p_id(&board->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SEAT_BOARD, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == count, CONFLICT);
    return SJ_DONE;
}

sj_status sj_seat_board_all(const struct sj_desk *desk, const struct sj_file *files, size_t count,
    const struct sj_board *board, struct sj_refusal *reterr_refusal)
{
    CLEANUP(sj_array_clear) struct sj_array ids = {0};
    TRY(sj_array_init(&ids, SJ_OID_UUID, 32 * (count + 2)));
    for (size_t i = 0; i < count; i++) {
        TRY(check_cycle(desk, &files[i], board, reterr_refusal));
        for (size_t k = 0; k < i; k++) {
            if (sj_uuid_equal(files[i].id, files[k].id)) {
                return refuse(reterr_refusal, SJ_CONFLICT, "/evaluations", "SEATED_ALREADY",
                    "an evaluation is named twice");
            }
        }
        TRY(sj_array_put(&ids, files[i].id.bytes, sizeof(files[i].id.bytes)));
    }
    struct sitting sitting;
    TRY(check_whole(board, reterr_refusal));
    TRY(sitting_of(desk, board, &sitting, reterr_refusal));
    TRY(check_persons(desk, files, count, &ids, &sitting, reterr_refusal));
    TRY(write_seats(desk, count, &ids, &sitting));
    return use_board(desk, count, &ids, board);
}

sj_status sj_seat_board(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_board *board, struct sj_refusal *reterr_refusal)
{
    return sj_seat_board_all(desk, file, 1, board, reterr_refusal);
}

/* ---- ends ---- */

sj_status sj_seat_end(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_uuid account, const char *reason)
{
    const struct sj_param conflicts[] = {sj_p_id(&file->issuer_unit), sj_p_id(&file->id),
        sj_p_id(&account), sj_p_id(&desk->actor->account)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_CONFLICT_END, conflicts, SJ_COUNT(conflicts), NULL));
    const struct sj_param params[] = {
        sj_p_id(&file->unit), sj_p_id(&file->id), sj_p_id(&account), sj_p_text(sj_text_of(reason))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SEAT_END, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) > 0, NOT_FOUND);
    return SJ_DONE;
}

sj_status sj_seat_recuse(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_text reason)
{
    bool sits = false;
    TRY(actor_sits(desk, file, NULL, &sits));
    ENSURE(sits, NOT_FOUND);
    struct sj_uuid id;
    TRY(sj_uuid_new(&id));
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&id),
        sj_p_id(&file->issuer_scope), sj_p_id(&file->id), sj_p_id(&file->judge),
        sj_p_id(&file->unit), sj_p_id(&desk->actor->account), sj_p_text(reason)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_CONFLICT_INSERT, params, SJ_COUNT(params), NULL));
    return sj_seat_end(desk, file, desk->actor->account, "recused");
}
