/* SPDX-License-Identifier: Apache-2.0
 *
 * How does somebody with a token and no account answer? The token's hash finds the survey and the group, the
 * survey's row serialises its answers, the answer goes into a blank place of the box and every invitation is rewritten:
 * one transaction, so that an acknowledged answer is there and its token is spent, or neither. Every refusal of a token is
 * one answer. Neither token nor marks are logged anywhere.
 */
#include "survey_priv.h"

#include "sanjeh/crypto/hash.h"
#include "sanjeh/keys/scopes.h"

#define CONTEXT_US INT64_C(60000000)

sj_status sj_survey_context(struct sj_fields *fields, struct sj_context *ret_context)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_SURVEY, SJ_SCOPE_KEYS};
    return ask_context(sj_fields_channel(fields), scopes, SJ_COUNT(scopes),
        sj_time_now() + CONTEXT_US, ret_context);
}

struct invitation {
    struct sj_uuid unit;
    struct sj_uuid survey;
    struct sj_hash hash;
    struct sj_text respondents;
};

static sj_status find_invitation(
    const struct sj_desk *desk, struct sj_text token, struct invitation *ret_invitation)
{
    ENSURE(token.len == SJ_SURVEY_TOKEN_SIZE - 1, SURVEY_CLOSED_OR_SPENT);
    TRY(sj_sha256_one(sj_text_bytes(token), &ret_invitation->hash));
    const struct sj_param params[] = {
        sj_p_bytes(sj_view_of(ret_invitation->hash.bytes, SJ_HASH_SIZE))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_INVITE_FIND, params, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1 && !sj_row_bool(rows, 0, 3), SURVEY_CLOSED_OR_SPENT);
    ret_invitation->unit = sj_row_id(rows, 0, 0);
    ret_invitation->survey = sj_row_id(rows, 0, 1);
    return survey_text(desk, rows, 0, 2, &ret_invitation->respondents);
}

/* Looks, waits for its turn, and looks again: another answer may have used the token meanwhile. */
static sj_status claim(
    const struct sj_desk *desk, struct sj_text token, struct invitation *ret_invitation)
{
    TRY(find_invitation(desk, token, ret_invitation));
    struct lock lock;
    TRY(survey_lock(desk, ret_invitation->unit, ret_invitation->survey, &lock));
    ENSURE(lock.is_open, SURVEY_CLOSED_OR_SPENT);
    return find_invitation(desk, token, ret_invitation);
}

static sj_status items_of(const struct sj_desk *desk, const struct invitation *invitation,
    struct sj_survey_item **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&invitation->unit), sj_p_id(&invitation->survey),
        sj_p_text(invitation->respondents)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_ITEM_LIST, params, SJ_COUNT(params), &rows));
    return survey_items_read(desk, rows, ret_items, ret_count);
}

sj_status sj_survey_questions(const struct sj_desk *desk, struct sj_text token,
    struct sj_survey *ret_survey, struct sj_survey_item **ret_items, size_t *ret_count)
{
    struct invitation invitation;
    TRY(claim(desk, token, &invitation));
    bool found = false;
    TRY(survey_find_in_tx(desk, invitation.survey, &found, ret_survey));
    ENSURE(found, SURVEY_CLOSED_OR_SPENT);
    return items_of(desk, &invitation, ret_items, ret_count);
}

/* ---- what was sent ---- */

static sj_status refuse(const struct sj_desk *desk, struct sj_json_faults *faults,
    const char *pointer, const char *code, const char *detail)
{
    TRY(sj_json_fault_add(faults, desk->arena, sj_text_of(pointer), code, sj_text_of(detail)));
    FAIL(INVALID);
}

static const struct sj_survey_item *item_called(
    const struct sj_survey_item *items, size_t count, struct sj_text criterion)
{
    for (size_t i = 0; i < count; i++) {
        if (sj_text_equal(items[i].criterion, criterion)) {
            return &items[i];
        }
    }
    return NULL;
}

static sj_status read_marks(const struct sj_desk *desk, const struct sj_json_value *marks,
    const struct sj_survey_item *items, size_t item_count, struct place *place,
    struct sj_json_faults *faults)
{
    if (!sj_json_is_object(marks)) {
        return refuse(desk, faults, "/marks", "TYPE", "an object {criterion: 1 to 5 or null}");
    }
    size_t at = 0;
    size_t given = 0;
    struct sj_text name;
    const struct sj_json_value *value;
    while (sj_json_next(marks, &at, &name, &value)) {
        const struct sj_survey_item *item = item_called(items, item_count, name);
        if (item == NULL) {
            return refuse(desk, faults, "/marks", "NOT_PERMITTED",
                "a criterion that this survey does not ask this group");
        }
        int64_t mark = 0;
        if (sj_json_is_null(value)) {
            continue;
        }
        if (!sj_json_as_int(value, &mark) || mark < 1 || mark > SJ_SURVEY_MARKS) {
            return refuse(desk, faults, "/marks", "RANGE", "a mark is 1 to 5 or null");
        }
        place->marks[item->no - 1] = (uint8_t)mark;
        given++;
    }
    return given > 0 ? SJ_DONE : refuse(desk, faults, "/marks", "REQUIRED", "one mark at least");
}

/* Control and direction characters hide what a text says: C0 but line feed, DEL, C1, bidi marks, embeddings,
 * isolates, byte order mark. The text is valid UTF-8 already. */
static bool has_hidden_characters(struct sj_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t a = (uint8_t)text.ptr[i];
        const uint8_t b = i + 1 < text.len ? (uint8_t)text.ptr[i + 1] : 0;
        const uint8_t c = i + 2 < text.len ? (uint8_t)text.ptr[i + 2] : 0;
        const bool control = (a < 0x20 && a != '\n') || a == 0x7f || (a == 0xc2 && b < 0xa0);
        const bool mark =
            (a == 0xe2 && b == 0x80 && (c == 0x8e || c == 0x8f || (c >= 0xa8 && c <= 0xae))) ||
            (a == 0xd8 && b == 0x9c);
        const bool isolate = a == 0xe2 && b == 0x81 && c >= 0xa6 && c <= 0xa9;
        const bool order = a == 0xef && b == 0xbb && c == 0xbf;
        if (control || mark || isolate || order) {
            return true;
        }
    }
    return false;
}

static struct sj_text trimmed(struct sj_text text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\n')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\n')) {
        text.len--;
    }
    return text;
}

static sj_status read_comment(const struct sj_desk *desk, struct sj_text comment,
    struct place *place, struct sj_json_faults *faults)
{
    const struct sj_text text = trimmed(comment);
    if (text.len > SJ_SURVEY_COMMENT_MAX) {
        return refuse(desk, faults, "/comment", "TOO_LONG", "at most 960 bytes");
    }
    if (has_hidden_characters(text)) {
        return refuse(desk, faults, "/comment", "FORMAT", "no control or direction characters");
    }
    place->comment_state = text.len == 0 ? COMMENT_NONE : COMMENT_WAITING;
    place->comment_len = (uint16_t)text.len;
    return sj_copy(place->comment, sizeof place->comment, text.ptr, text.len);
}

sj_status answer_read(const struct sj_desk *desk, const struct sj_json_value *marks,
    struct sj_text comment, const struct sj_survey_item *items, size_t item_count,
    struct place *place, struct sj_json_faults *faults)
{
    TRY(read_marks(desk, marks, items, item_count, place, faults));
    return read_comment(desk, comment, place, faults);
}

/* ---- the deed ---- */

static sj_status put_into_box(
    const struct sj_desk *desk, const struct invitation *invitation, const struct place *answer)
{
    CLEANUP(box_clear) struct box box = {.part_count = 0};
    TRY(box_open(desk, invitation->unit, invitation->survey, &box));
    for (size_t at = 0; at < box_places(&box); at++) {
        if (box.places[at].group == NO_GROUP) {
            const struct sj_uuid id = box.places[at].id;
            box.places[at] = *answer;
            box.places[at].id = id;
            return box_close(desk, &box);
        }
    }
    FAIL(LIMIT_EXCEEDED);
}

sj_status sj_survey_answer(const struct sj_desk *desk, struct sj_text token,
    const struct sj_json_value *marks, struct sj_text comment, struct sj_json_faults *reterr_faults)
{
    SJ_ASSERT(desk->tx != NULL);
    struct invitation invitation;
    TRY(claim(desk, token, &invitation));
    struct sj_survey_item *items;
    size_t item_count;
    TRY(items_of(desk, &invitation, &items, &item_count));
    struct place answer = {.group = (uint8_t)sj_survey_group_of(invitation.respondents)};
    sj_status status = answer_read(desk, marks, comment, items, item_count, &answer, reterr_faults);
    if (!sj_failed(status)) {
        status = put_into_box(desk, &invitation, &answer);
    }
    sj_wipe(&answer, sizeof answer);
    TRY(status);
    const struct sj_param params[] = {sj_p_id(&invitation.unit), sj_p_id(&invitation.survey),
        sj_p_bytes(sj_view_of(invitation.hash.bytes, SJ_HASH_SIZE))};
    return sj_tx_query(desk->tx, SJ_SQL_SURVEY_INVITE_SPEND, params, SJ_COUNT(params), NULL);
}
