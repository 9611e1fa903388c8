/* SPDX-License-Identifier: Apache-2.0
 *
 * /boards and the seats of a file: who evaluates whom.
 */
#include "../server.h"
#include "board_desk.h"
#include "routes.h"

#include "sanjeh/board/board.h"
#include "sanjeh/keys/scopes.h"
#include "sanjeh/unit/account.h"

#define REASON_MAX 2000
#define NAMES_S    60
#define NAME_BYTES ((size_t)4096)

static void write_board(struct sj_json *json, const struct sj_board *board, bool has_members)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", board->id);
    sj_json_id(json, "cycle_id", board->cycle);
    sj_json_text(json, "name", board->name);
    sj_json_text(json, "kind", board->kind);
    sj_json_text(json, "state", board->state);
    sj_json_time_or_null(json, "used_at", board->used_at);
    if (has_members) {
        sj_json_array(json, "members");
        for (size_t i = 0; i < board->member_count; i++) {
            sj_json_object(json, NULL);
            sj_json_id(json, "account_id", board->members[i].account);
            sj_json_text(json, "capacity", board->members[i].capacity);
            sj_json_bool(json, "is_judge", board->members[i].is_judge);
            sj_json_object_end(json);
        }
        sj_json_array_end(json);
    }
    sj_json_int(json, "version", board->version);
    sj_json_time(json, "created_at", board->created_at);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"cycle_id", NULL};
    struct sj_page page;
    struct sj_uuid cycle;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_id(x, "cycle_id", &cycle));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_board *boards = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_board_list(&desk, cycle, sj_paging_of(page), &boards, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_board(&json, &boards[i], false);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status answer_board(struct sj_exchange *x, const struct sj_board *board)
{
    struct sj_json json = sj_json_begin(&x->body);
    write_board(&json, board, true);
    TRY(sj_exchange_etag(x, board->version));
    return sj_json_end(&json);
}

static sj_status board_by_id(struct sj_exchange *x, struct sj_uuid id, struct sj_board *ret_board)
{
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    TRY(sj_board_find(&desk, id, &found, ret_board));
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    struct sj_board board;
    TRY(sj_exchange_id(x, &id));
    TRY(board_by_id(x, id, &board));
    return answer_board(x, &board);
}

/* ---- bodies ---- */

struct body {
    struct sj_uuid cycle_id;
    struct sj_text name;
    struct sj_text kind;
    const struct sj_json_value *members;
    bool has_name;
};
#define MEMBER(field, json_kind, is_required, bound)                                               \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct body, field),               \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required), .limit = (bound)          \
    }
static const struct sj_json_member members_of_new[] = {
    MEMBER(cycle_id, SJ_JSON_ID, true, 0),
    MEMBER(name, SJ_JSON_TEXT, true, 400),
    MEMBER(kind, SJ_JSON_TEXT, true, 16),
    MEMBER(members, SJ_JSON_TREE, true, 0),
};
static const struct sj_json_member members_of_change[] = {
    MEMBER(name, SJ_JSON_TEXT, false, 400),
    MEMBER(members, SJ_JSON_TREE, false, 0),
};

static sj_status bad_member(struct sj_exchange *x)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/members"), "FORMAT",
        SJ_TEXT("at most 20 of {account_id, capacity}")));
    FAIL(INVALID);
}

static sj_status decode_member(
    struct sj_exchange *x, const struct sj_json_value *value, struct sj_board_member *member)
{
    size_t at = 0;
    struct sj_text name;
    struct sj_text text;
    const struct sj_json_value *item = NULL;
    bool has_account = false;
    if (!sj_json_is_object(value)) {
        return bad_member(x);
    }
    while (sj_json_next(value, &at, &name, &item)) {
        if (!sj_json_as_text(item, &text)) {
            return bad_member(x);
        }
        if (sj_text_is(name, "account_id")) {
            has_account = !sj_failed(sj_uuid_parse(text, &member->account));
        } else if (sj_text_is(name, "capacity")) {
            member->capacity = text;
        } else {
            return bad_member(x);
        }
    }
    return has_account && member->capacity.len > 0 ? SJ_DONE : bad_member(x);
}

static sj_status decode_members(
    struct sj_exchange *x, const struct sj_json_value *values, struct sj_board *board)
{
    void *memory;
    TRY(sj_arena_alloc(x->arena, SJ_BOARD_MEMBERS_MAX * sizeof(struct sj_board_member), &memory));
    board->members = memory;
    board->member_count = 0;
    if (!sj_json_is_array(values)) {
        return bad_member(x);
    }
    size_t at = 0;
    struct sj_text none;
    const struct sj_json_value *value = NULL;
    while (sj_json_next(values, &at, &none, &value)) {
        if (board->member_count == SJ_BOARD_MEMBERS_MAX) {
            return bad_member(x);
        }
        TRY(decode_member(x, value, &board->members[board->member_count++]));
    }
    return SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = {.has_name = false};
    TRY(sj_exchange_decode(x, members_of_new, SJ_COUNT(members_of_new), &body));
    struct sj_board board = {.cycle = body.cycle_id, .name = body.name, .kind = body.kind};
    TRY(decode_members(x, body.members, &board));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_refusal refusal = {0};
    TRY(sj_refused(x, sj_board_create(&desk, &board, &refusal), &refusal));
    TRY(sj_exchange_created(x, "/api/v1/boards", board.id));
    return answer_board(x, &board);
}

static sj_status change(struct sj_exchange *x)
{
    struct sj_uuid id;
    struct sj_board before;
    struct body body = {.has_name = false};
    TRY(sj_exchange_id(x, &id));
    TRY(sj_exchange_decode(x, members_of_change, SJ_COUNT(members_of_change), &body));
    TRY(board_by_id(x, id, &before));
    TRY(sj_exchange_if_match(x, before.version));
    struct sj_board after = before;
    after.name = body.name.len > 0 ? body.name : before.name;
    if (body.members != NULL) {
        TRY(decode_members(x, body.members, &after));
    }
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_refusal refusal = {0};
    TRY(sj_refused(
        x, sj_board_update(&desk, &before, &after, body.members != NULL, &refusal), &refusal));
    return answer_board(x, &after);
}

/* ---- seats ---- */

/* The judge knows his evaluators (S6), not their account numbers; readers of decisions and observers stay unnamed. An erased name
 * is null. */
static sj_status write_name(struct sj_exchange *x, const struct sj_context *names,
    const struct sj_seat *seat, struct sj_json *json)
{
    CLEANUP(sj_buf_clear) struct sj_buf name = SJ_BUF(NAME_BYTES);
    if (!sj_text_is(seat->capacity, "reviewer") && !sj_text_is(seat->capacity, "observer")) {
        const sj_status status =
            sj_account_display_name(x->worker->db, x->worker->fields, names, seat->account, &name);
        ENSURE(!sj_failed(status) || status.code == SJ_NOT_FOUND, INTERNAL);
    }
    sj_json_text_or_null(json, "name", sj_buf_text(&name));
    return SJ_DONE;
}

static sj_status answer_seats(struct sj_exchange *x, struct sj_uuid evaluation)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_seat *seats = NULL;
    size_t count = 0;
    TRY(sj_seat_list(&desk, evaluation, &seats, &count));
    /* accounts of other units, of these seats alone: whoever sees a seat may know who sits on it */
    const struct sj_uuid scopes[] = {SJ_SCOPE_AUTHN, SJ_SCOPE_KEYS};
    struct sj_context names;
    TRY(ask_context(x->worker->channel, scopes, SJ_COUNT(scopes),
        sj_time_now() + NAMES_S * INT64_C(1000000), &names));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        sj_json_object(&json, NULL);
        sj_json_id(&json, "account_id", seats[i].account);
        TRY(write_name(x, &names, &seats[i], &json));
        sj_json_text(&json, "capacity", seats[i].capacity);
        sj_json_bool(&json, "is_judge", seats[i].is_judge);
        sj_json_id_or_null(&json, "board_id", seats[i].board);
        sj_json_time(&json, "since", seats[i].since);
        sj_json_time_or_null(&json, "ended_at", seats[i].ended_at);
        sj_json_text_or_null(&json, "ended_reason", seats[i].ended_reason);
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

static sj_status list_seats(struct sj_exchange *x)
{
    struct sj_file file;
    TRY(sj_file_of(x, &file));
    return answer_seats(x, file.id);
}

struct seat_body {
    struct sj_uuid board_id;
    struct sj_uuid account_id;
    struct sj_text capacity;
    const struct sj_json_value *evaluations;
};
#define SEAT(field, json_kind, is_required, bound)                                                 \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct seat_body, field),          \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required), .limit = (bound)          \
    }
static const struct sj_json_member members_of_seat[] = {
    SEAT(board_id, SJ_JSON_ID, false, 0),
    SEAT(account_id, SJ_JSON_ID, false, 0),
    SEAT(capacity, SJ_JSON_TEXT, false, 32),
};

static sj_status seat_from_board(
    struct sj_exchange *x, const struct sj_file *files, size_t count, struct sj_uuid board_id)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_board board;
    struct sj_refusal refusal = {0};
    const sj_status found = board_by_id(x, board_id, &board);
    if (found.code == SJ_NOT_FOUND) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/board_id"), "UNKNOWN_BOARD",
            SJ_TEXT("there is no such board")));
        FAIL(INVALID);
    }
    TRY(found);
    return sj_refused(x, sj_seat_board_all(&desk, files, count, &board, &refusal), &refusal);
}

static sj_status create_seats(struct sj_exchange *x)
{
    struct sj_file file;
    struct seat_body body = {.evaluations = NULL};
    TRY(sj_exchange_decode(x, members_of_seat, SJ_COUNT(members_of_seat), &body));
    TRY(sj_file_of(x, &file));
    const bool has_board = !sj_uuid_is_nil(body.board_id);
    const bool has_account = !sj_uuid_is_nil(body.account_id) && body.capacity.len > 0;
    if (has_board == has_account) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT(""), "REQUIRED",
            SJ_TEXT("either board_id or account_id with capacity")));
        FAIL(INVALID);
    }
    if (has_board) {
        TRY(seat_from_board(x, &file, 1, body.board_id));
    } else {
        const struct sj_desk desk = sj_desk_of(x);
        struct sj_refusal refusal = {0};
        TRY(sj_refused(
            x, sj_seat_one(&desk, &file, body.account_id, body.capacity, &refusal), &refusal));
    }
    x->status = 201;
    return answer_seats(x, file.id);
}

static const struct sj_json_member members_of_bulk[] = {
    SEAT(board_id, SJ_JSON_ID, true, 0),
    SEAT(evaluations, SJ_JSON_TREE, true, 0),
};

static sj_status bad_evaluations(struct sj_exchange *x)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/evaluations"), "FORMAT",
        SJ_TEXT("1 to 200 ids of evaluations of this cycle")));
    FAIL(INVALID);
}

static sj_status decode_evaluations(struct sj_exchange *x, const struct sj_json_value *evaluations,
    struct sj_uuid *ids, size_t *ret_count)
{
    size_t at = 0;
    size_t count = 0;
    struct sj_text text;
    const struct sj_json_value *value = NULL;
    if (!sj_json_is_array(evaluations)) {
        return bad_evaluations(x);
    }
    while (sj_json_next(evaluations, &at, &text, &value)) {
        if (count >= SJ_SEAT_BATCH_MAX || !sj_json_as_text(value, &text) ||
            sj_failed(sj_uuid_parse(text, &ids[count]))) {
            return bad_evaluations(x);
        }
        count++;
    }
    *ret_count = count;
    return count == 0 ? bad_evaluations(x) : SJ_DONE;
}

/* All or none: one transaction. */
static sj_status create_many(struct sj_exchange *x)
{
    struct sj_uuid cycle;
    struct seat_body body = {.evaluations = NULL};
    struct sj_uuid ids[SJ_SEAT_BATCH_MAX];
    size_t count = 0;
    TRY(sj_exchange_id(x, &cycle));
    TRY(sj_exchange_decode(x, members_of_bulk, SJ_COUNT(members_of_bulk), &body));
    TRY(decode_evaluations(x, body.evaluations, ids, &count));
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, count * sizeof(struct sj_file), &memory));
    struct sj_file *files = memory;
    const struct sj_desk desk = sj_desk_of(x);
    size_t missing = 0;
    TRY(sj_file_list(&desk, ids, count, files, &missing));
    for (size_t i = 0; i < missing; i++) {
        TRY(sj_exchange_subject(x, files[i].judge));
    }
    if (missing < count) {
        x->missed = ids[missing];
        FAIL(NOT_FOUND);
    }
    for (size_t i = 0; i < count; i++) {
        if (!sj_uuid_equal(files[i].cycle, cycle)) {
            return bad_evaluations(x);
        }
    }
    TRY(seat_from_board(x, files, count, body.board_id));
    x->status = 201;
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_int(&json, "evaluations", (int64_t)count);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

struct reason_body {
    struct sj_text reason;
};
static const struct sj_json_member members_of_reason[] = {{.name = "reason",
    .kind = SJ_JSON_TEXT,
    .offset = offsetof(struct reason_body, reason),
    .present_offset = SJ_JSON_NO_PRESENT,
    .required = true,
    .limit = REASON_MAX}};

/* Oneself: recused; another's seat: the owner replaces him. */
static sj_status end_seat(struct sj_exchange *x)
{
    struct sj_file file;
    struct sj_uuid account;
    struct reason_body body = {.reason = {NULL, 0}};
    TRY(sj_exchange_decode(x, members_of_reason, 1, &body));
    TRY(sj_prose_of(x, "/reason", &body.reason));
    TRY(sj_file_of(x, &file));
    ENSURE(
        !sj_failed(sj_uuid_parse(sj_request_param(x->request, "account_id"), &account)), NOT_FOUND);
    const struct sj_desk desk = sj_desk_of(x);
    if (sj_uuid_equal(account, desk.actor->account)) {
        TRY(sj_seat_recuse(&desk, &file, body.reason));
    } else {
        const struct sj_decision decision =
            sj_active_decide(x->active, desk.actor, SJ_ACTION_SEAT_CREATE);
        ENSURE(decision.permit && sj_uuid_equal(desk.actor->unit, file.unit), FORBIDDEN);
        TRY(sj_seat_end(&desk, &file, account, "replaced"));
    }
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id(&json, "account_id", account);
    sj_json_bool(&json, "is_ended", true);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_boards[] = {
    {{SJ_GET, "/api/v1/boards", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_BOARD_LIST, list},
    {{SJ_POST, "/api/v1/boards", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_BOARD_CREATE, create},
    {{SJ_GET, "/api/v1/boards/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_BOARD_READ, read_one},
    {{SJ_PATCH, "/api/v1/boards/{id}", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_BOARD_UPDATE, change},
    {{SJ_GET, "/api/v1/evaluations/{id}/seats", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_SEAT_LIST, list_seats},
    {{SJ_POST, "/api/v1/evaluations/{id}/seats", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_SEAT_CREATE, create_seats},
    {{SJ_POST, "/api/v1/cycles/{id}/seats", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_SEAT_CREATE, create_many},
    {{SJ_POST, "/api/v1/evaluations/{id}/seats/{account_id}/recusal", SJ_BODY_SMALL, SJ_MEDIA_JSON,
         NULL},
        SJ_USE_WRITE, SJ_ACTION_SEAT_END, end_seat},
};
const size_t sj_routes_boards_count = SJ_COUNT(sj_routes_boards);
