/* SPDX-License-Identifier: Apache-2.0
 *
 * What exactly was served to the judge, and can it be proven later? The parts of the file are written one after another as they
 * stand in the issuer's transaction, hashed each and together, and kept sealed. Who gave a mark is a number. What
 * belongs to respondents, to discipline or to the integrity centre is never asked for here, so it cannot slip in.
 */
#include "sanjeh/remedy/disclosure.h"

#include "sanjeh/crypto/hash.h"
#include "sanjeh/json/write.h"

enum {
    COLUMN_UNIT,
    COLUMN_EVALUATION,
    COLUMN_ID,
    COLUMN_KEY_VERSION,
    COLUMN_WRAPPED,
    COLUMN_ITEM,
    COLUMN_EVALUATOR,
    COLUMN_FIRST_TEXT /* three of them */
};
#define TEXTS         3
#define PART_KEPT_MAX ((size_t)16 * 1024) /* larger contents are served by their own route */
#define PARTS_MAX     8
#define EVIDENCE_MAX  200

struct part {
    const char *name;
    struct sj_text content;
};

struct served {
    struct part parts[PARTS_MAX];
    size_t count;
};

static void add(struct served *served, const char *name, struct sj_text content)
{
    SJ_ASSERT(served->count < PARTS_MAX);
    served->parts[served->count++] = (struct part){name, content};
}

static sj_status query(const struct sj_desk *desk, enum sj_sql sql,
    const struct sj_evaluation *evaluation, bool has_round, struct sj_rows **ret_rows)
{
    const struct sj_param params[] = {
        sj_p_id(&evaluation->id), sj_p_i32((int32_t)evaluation->round)};
    return sj_tx_query(desk->tx, sql, params, has_round ? 2 : 1, ret_rows);
}

/* A statement that makes its JSON itself. */
static sj_status add_ready(const struct sj_desk *desk, enum sj_sql sql, const char *name,
    const struct sj_evaluation *evaluation, struct served *served)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, sql, evaluation, false, &rows));
    struct sj_text content;
    TRY(sj_arena_text(desk->arena, sj_row_text(rows, 0, 0), &content));
    add(served, name, content);
    return SJ_DONE;
}

/* ---- sealed rows of the board ---- */

static sj_status open_row(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    uint32_t table, struct sj_text *texts)
{
    const struct sj_wrapped_dek key = {
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .subject = sj_row_id(rows, row, COLUMN_EVALUATION),
        .version = (uint32_t)sj_row_i64(rows, row, COLUMN_KEY_VERSION),
        .wrapped = sj_row_bytes(rows, row, COLUMN_WRAPPED),
    };
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    if (!sj_fields_find(desk->fields, key.unit, key.subject, key.version, &subject)) {
        TRY(sj_fields_open(desk->fields, &key, 1, &subject));
    }
    for (uint32_t i = 0; i < TEXTS; i++) {
        texts[i] = (struct sj_text){"", 0};
        if (sj_row_is_null(rows, row, COLUMN_FIRST_TEXT + i)) {
            continue;
        }
        /* the columns of these tables are numbered from 1 in the order of their statement */
        CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(SJ_RECORD_BODY_MAX + 4096);
        TRY(sj_field_open(&subject, table, i + 1, sj_row_id(rows, row, COLUMN_ID), SJ_FLE1_TEXT,
            sj_row_bytes(rows, row, COLUMN_FIRST_TEXT + i), &plain));
        struct sj_text text;
        ENSURE(!sj_failed(sj_text_check(sj_buf_view(&plain), plain.max, &text)), DECRYPT);
        TRY(sj_arena_text(desk->arena, text, &texts[i]));
    }
    return SJ_DONE;
}

static sj_status add_marks(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    bool are_changes, struct served *served)
{
    static const char *const names[2][TEXTS] = {
        {"mark", "reason", NULL}, {"before", "after", "reason"}};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(
        desk, are_changes ? SJ_SQL_SERVED_CHANGES : SJ_SQL_SERVED_MARKS, evaluation, true, &rows));
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(4 * SJ_RECORD_BODY_MAX);
    struct sj_json json = sj_json_begin(&buf);
    sj_json_array(&json, NULL);
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        struct sj_text texts[TEXTS];
        TRY(open_row(
            desk, rows, row, are_changes ? SJ_TABLE_CALIBRATION_CHANGE : SJ_TABLE_RATING, texts));
        sj_json_object(&json, NULL);
        sj_json_int(&json, "item_no", sj_row_i64(rows, row, COLUMN_ITEM));
        if (!are_changes) {
            sj_json_int(&json, "evaluator", sj_row_i64(rows, row, COLUMN_EVALUATOR));
        }
        for (size_t i = 0; i < TEXTS && names[are_changes][i] != NULL; i++) {
            sj_json_text_or_null(&json, names[are_changes][i], texts[i]);
        }
        sj_json_object_end(&json);
    }
    sj_json_array_end(&json);
    TRY(sj_json_end(&json));
    struct sj_text content;
    TRY(sj_arena_text(desk->arena, sj_buf_text(&buf), &content));
    add(served, are_changes ? "calibration_changes" : "marks", content);
    return SJ_DONE;
}

/* The one document of a statement with at most one row. */
static sj_status find_document(const struct sj_desk *desk, enum sj_sql sql, uint32_t table,
    const struct sj_evaluation *evaluation, bool *ret_found, struct sj_text *ret_body)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, sql, evaluation, true, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    struct sj_text texts[TEXTS];
    TRY(open_row(desk, rows, 0, table, texts));
    *ret_body = texts[0];
    return SJ_DONE;
}

sj_status sj_draft_body_find(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    bool *ret_found, struct sj_text *ret_body)
{
    return find_document(
        desk, SJ_SQL_SERVED_DRAFT, SJ_TABLE_DRAFT, evaluation, ret_found, ret_body);
}

/* ---- the other parts ---- */

static sj_status add_evidence(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct served *served)
{
    const struct sj_record_filter filter = {.evaluation = evaluation->id};
    struct sj_record *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_record_list(desk, SJ_RECORD_EVIDENCE, &filter, (struct sj_paging){{{0}}, EVIDENCE_MAX},
        &items, &count, &last));
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(EVIDENCE_MAX * SJ_RECORD_BODY_MAX);
    struct sj_json json = sj_json_begin(&buf);
    sj_json_array(&json, NULL);
    for (size_t i = 0; i < count; i++) {
        sj_json_object(&json, NULL);
        sj_json_id(&json, "id", items[i].id);
        sj_json_text(&json, "kind", items[i].kind);
        sj_json_text(&json, "offered_as", items[i].label);
        sj_json_text(&json, "state", items[i].state);
        sj_json_raw(&json, "item", items[i].body);
        if (items[i].answer.len > 0) {
            sj_json_raw(&json, "decision", items[i].answer);
        } else {
            sj_json_null(&json, "decision");
        }
        sj_json_object_end(&json);
    }
    sj_json_array_end(&json);
    TRY(sj_json_end(&json));
    struct sj_text content;
    TRY(sj_arena_text(desk->arena, sj_buf_text(&buf), &content));
    add(served, "evidence", content);
    return SJ_DONE;
}

static sj_status gather(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct served *served)
{
    bool found = false;
    struct sj_text draft = {"", 0};
    TRY(sj_draft_body_find(desk, evaluation, &found, &draft));
    ENSURE(found, GUARD_UNMET);
    TRY(add_ready(desk, SJ_SQL_SERVED_CRITERIA, "criteria", evaluation, served));
    struct sj_text sheet = {"", 0};
    TRY(find_document(
        desk, SJ_SQL_SERVED_SCORE, SJ_TABLE_EVALUATION_SCORE, evaluation, &found, &sheet));
    add(served, "score_sheet", found ? sheet : SJ_TEXT("null"));
    add(served, "draft", draft);
    TRY(add_marks(desk, evaluation, false, served));
    TRY(add_evidence(desk, evaluation, served));
    TRY(add_ready(desk, SJ_SQL_SERVED_CONFLICTS, "conflicts", evaluation, served));
    return add_marks(desk, evaluation, true, served);
}

static sj_status write_parts(const struct served *served, struct sj_buf *out)
{
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    sj_json_array(&json, "parts");
    size_t kept = 0;
    for (size_t i = 0; i < served->count; i++) {
        const struct sj_text content = served->parts[i].content;
        struct sj_hash hash;
        TRY(sj_sha256_one(sj_text_bytes(content), &hash));
        CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(128);
        TRY(sj_buf_put_hex(&hex, sj_view_of(hash.bytes, sizeof hash.bytes)));
        const bool is_kept =
            content.len <= PART_KEPT_MAX && kept + content.len <= SJ_RECORD_BODY_MAX - 4096;
        kept += is_kept ? content.len : 0;
        sj_json_object(&json, NULL);
        sj_json_str(&json, "part", served->parts[i].name);
        sj_json_text(&json, "sha256", sj_buf_text(&hex));
        if (is_kept) {
            sj_json_raw(&json, "content", content);
        } else {
            sj_json_null(&json, "content");
        }
        sj_json_object_end(&json);
    }
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

sj_status sj_disclosure_serve(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    struct sj_record *ret_disclosure)
{
    SJ_ASSERT(desk->tx != NULL);
    struct served served = {.count = 0};
    TRY(gather(desk, evaluation, &served));
    struct sj_view contents[PARTS_MAX];
    for (size_t i = 0; i < served.count; i++) {
        contents[i] = sj_text_bytes(served.parts[i].content);
    }
    struct sj_hash hash;
    TRY(sj_sha256(contents, served.count, &hash));
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_RECORD_BODY_MAX);
    TRY(write_parts(&served, &body));
    *ret_disclosure = (struct sj_record){.done_at = evaluation->now};
    TRY(sj_arena_copy(
        desk->arena, sj_view_of(hash.bytes, sizeof hash.bytes), &ret_disclosure->sha256));
    TRY(sj_arena_text(desk->arena, sj_buf_text(&body), &ret_disclosure->body));
    return sj_record_add(desk, SJ_RECORD_DISCLOSURE, evaluation, ret_disclosure);
}
