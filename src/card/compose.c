/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a card say, and where does each word come from?
 * Head, criteria, people and working conditions are other units' rows: the issuer's own sight does not reach them, so they are
 * read under the server's scope, for this one evaluation. What the file says (draft, reply, gates) is read with the issuer's sight.
 * The sections may be written in any order; the canonical form sorts them. Unknown is null.
 */
#include "compose.h"

#include "compose_score.h"
#include "sanjeh/keys/scopes.h"
#include "sanjeh/unit/account.h"

#define CONTEXT_S  60
#define TEHRAN_US  (INT64_C(12600) * 1000000)
#define DAY_US     (INT64_C(86400) * 1000000)
#define TEXT_BYTES ((size_t)4096)

struct composer {
    const struct sj_desk *desk;
    struct sj_context server; /* reads rows of all units about this one evaluation */
    const struct sj_evaluation *evaluation;
    struct sj_card *card;
    struct sj_json json;
};

int64_t card_day_of(sj_time_us instant)
{
    const int64_t local = instant + TEHRAN_US;
    return local >= 0 ? local / DAY_US : -((-local + DAY_US - 1) / DAY_US);
}

void card_put_day(struct sj_json *json, const char *name, int64_t day)
{
    char text[11];
    char twin[64];
    sj_date_format(sj_date_from_days(day), text);
    sj_json_str(json, name, text);
    sj_date_format(sj_jalali_from_days(day), text);
    (void)snprintf(twin, sizeof(twin), "%s_jalali", name);
    sj_json_str(json, twin, text);
}

static void put_hash(struct sj_json *json, const char *name, struct sj_view bytes)
{
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(2 * SJ_HASH_SIZE);
    if (sj_failed(sj_buf_put_hex(&hex, bytes))) {
        sj_json_null(json, name);
        return;
    }
    sj_json_text(json, name, sj_buf_text(&hex));
}

static sj_status read_rows(struct composer *c, enum sj_sql sql, struct sj_rows **ret_rows)
{
    const struct sj_param params[] = {sj_p_id(&c->evaluation->id)};
    const struct sj_query query = {sql, params, 1};
    return sj_db_read(c->desk->db, &c->server, &query, 1, ret_rows);
}

enum {
    HEAD_CODE,
    HEAD_KIND,
    HEAD_NAME_FA,
    HEAD_NAME_EN,
    HEAD_FROM,
    HEAD_TO,
    HEAD_CUT,
    HEAD_CRITERIA,
    HEAD_TEMPLATE,
    HEAD_EDITION,
    HEAD_UNIT_FA,
    HEAD_UNIT_EN,
    HEAD_NOW,
    HEAD_TEST,
    HEAD_APPEAL,
    HEAD_COVERAGE_MIN
};

static void put_cycle(struct composer *c, const struct sj_rows *head)
{
    struct sj_json *json = &c->json;
    sj_json_object(json, "cycle");
    sj_json_text(json, "code", sj_row_text(head, 0, HEAD_CODE));
    sj_json_text(json, "kind", sj_row_text(head, 0, HEAD_KIND));
    sj_json_text(json, "name_fa", sj_row_text(head, 0, HEAD_NAME_FA));
    sj_json_text(json, "name_en", sj_row_text(head, 0, HEAD_NAME_EN));
    sj_json_object(json, "period");
    card_put_day(json, "from", sj_row_day(head, 0, HEAD_FROM));
    card_put_day(json, "to", sj_row_day(head, 0, HEAD_TO));
    sj_json_object_end(json);
    if (sj_row_is_null(head, 0, HEAD_CUT)) {
        sj_json_null(json, "data_cut");
    } else {
        card_put_day(json, "data_cut", card_day_of(sj_row_time(head, 0, HEAD_CUT)));
    }
    sj_json_object_end(json);
    sj_json_object(json, "criteria");
    sj_json_text(json, "template_code", sj_row_text(head, 0, HEAD_TEMPLATE));
    sj_json_int(json, "edition", sj_row_i64(head, 0, HEAD_EDITION));
    if (sj_row_is_null(head, 0, HEAD_CRITERIA)) {
        sj_json_null(json, "sha256");
    } else {
        put_hash(json, "sha256", sj_row_bytes(head, 0, HEAD_CRITERIA));
    }
    sj_json_object_end(json);
}

/* An account that was erased or is not there has no name; its capacity stays. */
static sj_status put_person(struct composer *c, const char *name, struct sj_uuid account)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(TEXT_BYTES);
    const sj_status status =
        sj_account_display_name(c->desk->db, c->desk->fields, &c->server, account, &text);
    ENSURE(!sj_failed(status) || status.code == SJ_NOT_FOUND, INTERNAL);
    if (text.len == 0) {
        sj_json_null(&c->json, name);
    } else {
        sj_json_text(&c->json, name, sj_buf_text(&text));
    }
    return SJ_DONE;
}

static sj_status put_issue(struct composer *c, const struct sj_rows *head)
{
    struct sj_json *json = &c->json;
    char at[SJ_TIME_TEXT_SIZE];
    sj_time_format(c->card->issued_at, at);
    sj_json_object(json, "chain");
    sj_json_int(json, "number", c->card->number);
    put_hash(json, "prev_sha256", sj_view_of(c->card->former.bytes, SJ_HASH_SIZE));
    sj_json_object_end(json);
    sj_json_object(json, "issued");
    sj_json_str(json, "at", at);
    card_put_day(json, "day", card_day_of(c->card->issued_at));
    sj_json_text(json, "unit_fa", sj_row_text(head, 0, HEAD_UNIT_FA));
    sj_json_text(json, "unit_en", sj_row_text(head, 0, HEAD_UNIT_EN));
    TRY(put_person(c, "by", c->card->issued_by));
    sj_json_object_end(json);
    sj_json_id_or_null(json, "supersedes", c->card->supersedes);
    return SJ_DONE;
}

static sj_status put_judge(struct composer *c)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    CLEANUP(sj_buf_clear) struct sj_buf name = SJ_BUF(TEXT_BYTES);
    CLEANUP(sj_buf_clear) struct sj_buf number = SJ_BUF(TEXT_BYTES);
    TRY(read_rows(c, SJ_SQL_REPORT_CARD_JUDGE, &rows));
    /* a card about somebody whose entry was erased cannot be issued */
    ENSURE(sj_rows_count(rows) == 1 && !sj_row_is_null(rows, 0, 5), NOT_FOUND);
    const struct sj_wrapped_dek key = {.unit = sj_row_id(rows, 0, 0),
        .subject = sj_row_id(rows, 0, 1),
        .version = (uint32_t)sj_row_i64(rows, 0, 4),
        .wrapped = sj_row_bytes(rows, 0, 5)};
    TRY(sj_fields_open(c->desk->fields, &key, 1, &subject));
    TRY(sj_field_open(&subject, SJ_TABLE_JUDGE, SJ_COLUMN_JUDGE_NAME, key.subject, SJ_FLE1_TEXT,
        sj_row_bytes(rows, 0, 2), &name));
    TRY(sj_field_open(&subject, SJ_TABLE_JUDGE, SJ_COLUMN_JUDGE_PERSONNEL_NUMBER, key.subject,
        SJ_FLE1_TEXT, sj_row_bytes(rows, 0, 3), &number));
    sj_json_object(&c->json, "judge");
    sj_json_id(&c->json, "id", key.subject);
    sj_json_text(&c->json, "name", sj_buf_text(&name));
    sj_json_text(&c->json, "personnel_number", sj_buf_text(&number));
    sj_json_object_end(&c->json);
    return SJ_DONE;
}

/* Decision reviewers and observers stay unnamed (S6 names the board; reviews are blind). */
static sj_status put_evaluators(struct composer *c)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_rows(c, SJ_SQL_REPORT_CARD_SEATS, &rows));
    sj_json_array(&c->json, "evaluators");
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        const struct sj_text capacity = sj_row_text(rows, row, 1);
        sj_json_object(&c->json, NULL);
        sj_json_text(&c->json, "capacity", capacity);
        if (sj_text_is(capacity, "reviewer") || sj_text_is(capacity, "observer")) {
            sj_json_null(&c->json, "name");
        } else {
            TRY(put_person(c, "name", sj_row_id(rows, row, 0)));
        }
        sj_json_object_end(&c->json);
    }
    sj_json_array_end(&c->json);
    return SJ_DONE;
}

#define CONTEXT_WEIGHTED 4 /* column; its reason stands behind it */

static void put_text_or_null(
    struct sj_json *json, const char *name, const struct sj_rows *rows, size_t column)
{
    if (sj_row_is_null(rows, 0, column)) {
        sj_json_null(json, name);
    } else {
        sj_json_text(json, name, sj_row_text(rows, 0, column));
    }
}

static sj_status put_context(struct composer *c)
{
    static const char *const names[] = {"filed", "resolved", "leave_days", "postings"};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_rows(c, SJ_SQL_REPORT_CARD_CONTEXT, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    sj_json_object(&c->json, "context");
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        if (sj_row_is_null(rows, 0, i)) {
            sj_json_null(&c->json, names[i]);
        } else {
            sj_json_int(&c->json, names[i], sj_row_i64(rows, 0, i));
        }
    }
    put_text_or_null(&c->json, "weighted_caseload", rows, CONTEXT_WEIGHTED);
    put_text_or_null(&c->json, "weighted_caseload_reason", rows, CONTEXT_WEIGHTED + 1);
    TRY(card_put_courts(c->desk, c->evaluation, &c->json));
    sj_json_object_end(&c->json);
    return SJ_DONE;
}

static void put_remedy(struct sj_json *json, const char *code, bool has_day, int64_t day)
{
    sj_json_object(json, NULL);
    sj_json_str(json, "code", code);
    if (has_day) {
        card_put_day(json, "until", day);
    }
    sj_json_object_end(json);
}

/* After a decided appeal, and after a correction, the appeal is spent. */
static void put_remedies(struct composer *c, const struct sj_rows *head)
{
    const bool may_appeal =
        c->evaluation->state == SJ_EVALUATION_GATED && !sj_row_is_null(head, 0, HEAD_APPEAL);
    sj_json_array(&c->json, "remedies");
    if (may_appeal) {
        put_remedy(&c->json, "appeal", true, card_day_of(sj_row_time(head, 0, HEAD_APPEAL)));
    }
    put_remedy(&c->json, "acknowledge", false, 0);
    put_remedy(&c->json, "statement", false, 0);
    put_remedy(&c->json, "access_log", false, 0);
    sj_json_array_end(&c->json);
}

static sj_status put_all(struct composer *c, const struct sj_rows *head)
{
    struct sj_json *json = &c->json;
    sj_json_object(json, NULL);
    sj_json_str(json, "format", "sanjeh-report-card/1");
    sj_json_bool(json, "test", c->card->is_test);
    sj_json_id(json, "evaluation_id", c->evaluation->id);
    sj_json_int(json, "round", c->evaluation->round);
    TRY(put_issue(c, head));
    put_cycle(c, head);
    TRY(put_judge(c));
    CLEANUP(sj_rows_free) struct sj_rows *items = NULL;
    TRY(read_rows(c, SJ_SQL_REPORT_CARD_ITEMS, &items));
    struct sj_appeal_result appeal;
    bool is_appealed = false;
    TRY(sj_appeal_result_find(c->desk, c->evaluation, &is_appealed, &appeal));
    TRY(card_put_score(
        c->desk, c->evaluation, items, &appeal, sj_row_i64(head, 0, HEAD_COVERAGE_MIN), json));
    TRY(card_put_decision(c->desk, c->evaluation, json));
    card_put_appeal(is_appealed, &appeal, json);
    TRY(put_context(c));
    TRY(put_evaluators(c));
    TRY(card_put_reply(c->desk, c->evaluation, json));
    TRY(card_put_statement(c->desk, c->evaluation, json));
    TRY(card_put_gates(c->desk, c->evaluation, json));
    put_remedies(c, head);
    sj_json_object_end(json);
    return sj_json_end(json);
}

static sj_status open_context(const struct sj_desk *desk, struct sj_context *ret_context)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_EVALUATION, SJ_SCOPE_KEYS, SJ_SCOPE_AUTHN};
    return ask_context(sj_fields_channel(desk->fields), scopes, SJ_COUNT(scopes),
        sj_time_now() + CONTEXT_S * INT64_C(1000000), ret_context);
}

/* The document with its changes: they are found by comparing what is written already, so they come last. */
static sj_status put_changes(struct composer *c, const struct sj_buf *loose, struct sj_buf *whole)
{
    CLEANUP(sj_buf_clear) struct sj_buf changes = SJ_BUF(SJ_CARD_BYTES_MAX);
    struct sj_json json = sj_json_begin(&changes);
    sj_json_object(&json, NULL);
    TRY(card_put_changes(c->desk, c->evaluation, c->card, sj_buf_view(loose), &json));
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    /* {"changes":…} and {"format":…} become one object */
    ENSURE(changes.len > 2 && loose->len > 2, INTERNAL);
    TRY(sj_buf_put(whole, changes.ptr, changes.len - 1));
    TRY(sj_buf_put_byte(whole, ','));
    return sj_buf_put(whole, loose->ptr + 1, loose->len - 1);
}

sj_status card_compose(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    struct sj_card *card, struct sj_buf *ret_json)
{
    CLEANUP(sj_buf_clear) struct sj_buf loose = SJ_BUF(SJ_CARD_BYTES_MAX);
    CLEANUP(sj_rows_free) struct sj_rows *head = NULL;
    struct composer c = {.desk = desk, .evaluation = evaluation, .card = card};
    TRY(open_context(desk, &c.server));
    TRY(read_rows(&c, SJ_SQL_REPORT_CARD_HEAD, &head));
    ENSURE(sj_rows_count(head) == 1, NOT_FOUND);
    card->issued_at = sj_row_time(head, 0, HEAD_NOW);
    card->is_test = sj_row_bool(head, 0, HEAD_TEST);
    c.json = sj_json_begin(&loose);
    TRY(put_all(&c, head));
    CLEANUP(sj_buf_clear) struct sj_buf whole = SJ_BUF(SJ_CARD_BYTES_MAX);
    TRY(put_changes(&c, &loose, &whole));
    return sj_card_canonical(sj_buf_view(&whole), desk->arena, ret_json);
}
