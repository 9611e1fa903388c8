/* SPDX-License-Identifier: Apache-2.0
 *
 * What may a disciplinary or an integrity office say about a judge under evaluation, for which purpose, and what does it do?
 * Only final decisions count, degree 1 is not entered, and a remark needs a gist that can be served. An adverse answer without
 * one is none; the office may refer the matter to an authority of art 44 instead, and names it. Sealed under the question's own
 * id in the answering unit: it has no key of the file, and the file's readers get the question's alone.
 */
#include "sanjeh/remedy/gate.h"

#include "sanjeh/crypto/random.h"
#include "sanjeh/evaluation/desk_rows.h"
#include "sanjeh/json/decode.h"
#include "sanjeh/json/write.h"

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_EVALUATION,
    COLUMN_JUDGE,
    COLUMN_ROUND,
    COLUMN_GATE,
    COLUMN_PURPOSE,
    COLUMN_STATE,
    COLUMN_VALUE,
    COLUMN_EFFECT,
    COLUMN_DEGREE,
    COLUMN_BODY,
    COLUMN_KEY_VERSION,
    COLUMN_WRAPPED,
    COLUMN_CREATED_AT,
    COLUMN_ANSWERED_AT,
    COLUMN_EXPIRES_ON,
    COLUMN_VERSION,
    COLUMN_IS_WHOLE,
    COLUMN_IS_MINE,
    COLUMN_TODAY,
    COLUMN_LATEST,
    COLUMN_AUTHORITY
};

#define BODY_MAX 8192u

static sj_status ask(const struct sj_desk *desk, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    if (desk->tx != NULL) {
        return sj_tx_query(desk->tx, sql, params, count, ret_rows);
    }
    const struct sj_query query = {sql, params, count};
    return sj_db_read(desk->db, desk->context, &query, 1, ret_rows);
}

static sj_status ask_one(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    struct sj_text purpose, struct sj_text gate)
{
    struct sj_uuid id;
    TRY(sj_uuid_new(&id));
    const struct sj_param params[] = {sj_p_id(&id), sj_p_id(&evaluation->id), sj_p_text(gate),
        sj_p_text(purpose), sj_p_id(&desk->actor->account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_GATE_ANSWER_INSERT, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, BAD_CONFIG); /* the gate names a unit that is not there */
    return SJ_DONE;
}

/* Whether this gate may be asked: the code why not. */
static const char *refusal_of(const struct sj_rows *codes, struct sj_text gate)
{
    for (size_t i = 0; i < sj_rows_count(codes); i++) {
        if (sj_text_equal(sj_row_text(codes, i, 0), gate)) {
            return sj_row_bool(codes, i, 1) ? NULL : "NOT_FOR_THIS_PURPOSE";
        }
    }
    return "UNKNOWN_VALUE";
}

sj_status sj_gates_ask(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    struct sj_text purpose, const struct sj_text *gates, size_t count, const char **reterr_code,
    size_t *reterr_index)
{
    SJ_ASSERT(desk->tx != NULL && count <= SJ_GATES_MAX);
    *reterr_code = NULL;
    const struct sj_param params[] = {sj_p_text(purpose)};
    CLEANUP(sj_rows_free) struct sj_rows *codes = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_GATE_CODE_LIST, params, 1, &codes));
    for (*reterr_index = 0; *reterr_index < count; (*reterr_index)++) {
        *reterr_code = refusal_of(codes, gates[*reterr_index]);
        if (*reterr_code != NULL) {
            return SJ_DONE;
        }
    }
    for (size_t i = 0; i < count; i++) {
        TRY(ask_one(desk, evaluation, purpose, gates[i]));
    }
    for (size_t i = 0; count == 0 && i < sj_rows_count(codes); i++) {
        if (sj_row_bool(codes, i, 1)) {
            TRY(ask_one(desk, evaluation, purpose, sj_row_text(codes, i, 0)));
        }
    }
    return SJ_DONE;
}

/* ---- reading ---- */

static sj_status take(const struct sj_desk *desk, const struct sj_json_value *body,
    const char *name, struct sj_text *ret_text)
{
    struct sj_text text = {"", 0};
    const struct sj_json_value *value = sj_json_get(body, name);
    ENSURE(value == NULL || sj_json_is_null(value) || sj_json_as_text(value, &text), DECRYPT);
    return sj_arena_text(desk->arena, text, ret_text);
}

static sj_status read_body(
    const struct sj_desk *desk, struct sj_view text, bool is_whole, struct sj_gate *gate)
{
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    TRY(sj_json_doc_parse(text, &doc, &detail, desk->arena));
    const struct sj_json_value *body = sj_json_doc_root(doc);
    TRY(take(desk, body, "gist", &gate->gist));
    return is_whole ? take(desk, body, "final_judgment_no", &gate->final_judgment_no) : SJ_DONE;
}

static sj_status open_body(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct sj_gate *gate)
{
    gate->gist = gate->final_judgment_no = (struct sj_text){"", 0};
    if (sj_row_is_null(rows, row, COLUMN_BODY) || sj_row_is_null(rows, row, COLUMN_WRAPPED)) {
        return SJ_DONE;
    }
    const struct sj_wrapped_dek key = {.unit = gate->unit,
        .subject = gate->id,
        .version = (uint32_t)sj_row_i64(rows, row, COLUMN_KEY_VERSION),
        .wrapped = sj_row_bytes(rows, row, COLUMN_WRAPPED)};
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    if (!sj_fields_find(desk->fields, key.unit, key.subject, key.version, &subject)) {
        TRY(sj_fields_open(desk->fields, &key, 1, &subject));
    }
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(BODY_MAX);
    TRY(sj_field_open(&subject, SJ_TABLE_GATE_ANSWER, SJ_COLUMN_RECORD_BODY, gate->id, SJ_FLE1_TEXT,
        sj_row_bytes(rows, row, COLUMN_BODY), &plain));
    return read_body(desk, sj_buf_view(&plain), sj_row_bool(rows, row, COLUMN_IS_WHOLE), gate);
}

static sj_status read_row(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct sj_gate *gate)
{
    *gate = (struct sj_gate){
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .id = sj_row_id(rows, row, COLUMN_ID),
        .evaluation = sj_row_id(rows, row, COLUMN_EVALUATION),
        .judge = sj_row_id(rows, row, COLUMN_JUDGE),
        .round = sj_row_i64(rows, row, COLUMN_ROUND),
        .has_degree = !sj_row_is_null(rows, row, COLUMN_DEGREE),
        .degree = sj_row_i64(rows, row, COLUMN_DEGREE),
        .created_at = sj_row_time(rows, row, COLUMN_CREATED_AT),
        .has_expiry = !sj_row_is_null(rows, row, COLUMN_EXPIRES_ON),
        .version = sj_row_i64(rows, row, COLUMN_VERSION),
        .is_mine = sj_row_bool(rows, row, COLUMN_IS_MINE),
        .shows_grounds = sj_row_bool(rows, row, COLUMN_IS_WHOLE),
        .today = sj_row_day(rows, row, COLUMN_TODAY),
        .latest_expiry = sj_row_day(rows, row, COLUMN_LATEST),
    };
    if (gate->has_expiry) {
        gate->expires_on = sj_row_day(rows, row, COLUMN_EXPIRES_ON);
        gate->answered_at = sj_row_time(rows, row, COLUMN_ANSWERED_AT);
    }
    TRY(sj_desk_text(desk, rows, row, COLUMN_GATE, &gate->gate));
    TRY(sj_desk_text(desk, rows, row, COLUMN_PURPOSE, &gate->purpose));
    TRY(sj_desk_text(desk, rows, row, COLUMN_STATE, &gate->state));
    TRY(sj_desk_text(desk, rows, row, COLUMN_VALUE, &gate->value));
    TRY(sj_desk_text(desk, rows, row, COLUMN_EFFECT, &gate->effect));
    TRY(sj_desk_text(desk, rows, row, COLUMN_AUTHORITY, &gate->authority));
    return open_body(desk, rows, row, gate);
}

sj_status sj_gate_list(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_paging paging, struct sj_gate **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    const struct sj_param params[] = {
        sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1), sj_p_id_or_null(&evaluation)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_GATE_ANSWER_LIST, params, SJ_COUNT(params), &rows));
    size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, COLUMN_ID);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_gate), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, &(*ret_items)[row]));
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_gate_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_gate *ret_gate)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_GATE_ANSWER_FIND, params, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_row(desk, rows, 0, ret_gate) : SJ_DONE;
}

/* ---- answering ---- */

static const char *check_final(const struct sj_gate *gate, const char **reterr_member)
{
    *reterr_member = "final_judgment_no";
    if (gate->final_judgment_no.len == 0) {
        return "NOT_FINAL";
    }
    *reterr_member = "degree";
    if (sj_text_is(gate->gate, "D02") && !gate->has_degree) {
        return "REQUIRED";
    }
    if (gate->has_degree && gate->degree < 2) {
        return "DEGREE_NOT_ENTERED";
    }
    return NULL;
}

/* What blocks says why: its gist, or the authority that decides from here on. */
static const char *check_reason(const struct sj_gate *gate, const char **reterr_member)
{
    static const char *const authorities[] = {"head_of_judiciary", "head_of_supreme_court",
        "attorney_general", "president_of_high_disciplinary_court", "disciplinary_prosecutor",
        "head_of_military_judiciary"};
    *reterr_member = "gist";
    if (sj_text_is(gate->value, "remark") && gate->gist.len == 0) {
        return "REQUIRED";
    }
    *reterr_member = "authority";
    if (!sj_text_is(gate->value, "referred")) {
        return gate->authority.len == 0 ? NULL : "NOT_OF_THIS_ANSWER";
    }
    if (gate->authority.len == 0) {
        return "REQUIRED";
    }
    for (size_t i = 0; i < SJ_COUNT(authorities); i++) {
        if (sj_text_is(gate->authority, authorities[i])) {
            return NULL;
        }
    }
    return "UNKNOWN_VALUE";
}

const char *sj_gate_check(struct sj_gate *gate, const char **reterr_member)
{
    const bool is_disciplinary = sj_text_is(gate->gate, "D01") || sj_text_is(gate->gate, "D02");
    const bool is_remark = sj_text_is(gate->value, "remark");
    const bool is_referred = sj_text_is(gate->value, "referred");
    *reterr_member = "value";
    if ((!is_remark && !is_referred && !sj_text_is(gate->value, "clear")) ||
        (is_referred && !sj_text_is(gate->gate, "D03"))) {
        return "UNKNOWN_VALUE";
    }
    *reterr_member = "expires_on";
    if (gate->expires_on <= gate->today || gate->expires_on > gate->latest_expiry) {
        return "OUT_OF_RANGE";
    }
    *reterr_member = "degree";
    if (gate->has_degree && (!is_disciplinary || !is_remark)) {
        return "NOT_OF_THIS_ANSWER";
    }
    if (gate->has_degree && (gate->degree < 0 || gate->degree > 13)) {
        return "OUT_OF_RANGE";
    }
    const char *code = is_disciplinary && is_remark ? check_final(gate, reterr_member) : NULL;
    if (code == NULL) {
        code = check_reason(gate, reterr_member);
    }
    gate->effect = is_referred ? SJ_TEXT("referral")
                   : is_remark ? SJ_TEXT("hold")
                               : SJ_TEXT("none");
    return code;
}

static sj_status write_body(const struct sj_gate *gate, struct sj_buf *out)
{
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    if (gate->gist.len > 0) {
        sj_json_text(&json, "gist", gate->gist);
    }
    if (gate->final_judgment_no.len > 0) {
        sj_json_text(&json, "final_judgment_no", gate->final_judgment_no);
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

sj_status sj_gate_answer(const struct sj_desk *desk, struct sj_gate *gate)
{
    SJ_ASSERT(desk->tx != NULL);
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, gate->unit, gate->id, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(BODY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(2 * BODY_MAX);
    TRY(write_body(gate, &body));
    TRY(sj_field_seal(&subject, SJ_TABLE_GATE_ANSWER, SJ_COLUMN_RECORD_BODY, gate->id, SJ_FLE1_TEXT,
        sj_buf_view(&body), &blob));
    const struct sj_param params[] = {sj_p_id(&gate->unit), sj_p_id(&gate->id),
        sj_p_i64(gate->version), sj_p_text(gate->value), sj_p_text(gate->effect),
        gate->has_degree ? sj_p_i32((int32_t)gate->degree) : sj_p_null(),
        sj_p_bytes(sj_buf_view(&blob)), sj_p_i32((int32_t)subject.version),
        sj_p_id(&desk->actor->account), sj_p_day(gate->expires_on), sj_p_bool(gate->gist.len > 0),
        gate->authority.len > 0 ? sj_p_text(gate->authority) : sj_p_null()};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_GATE_ANSWER_UPDATE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, PRECONDITION_FAILED);
    gate->version++;
    gate->state = SJ_TEXT("answered");
    return SJ_DONE;
}
