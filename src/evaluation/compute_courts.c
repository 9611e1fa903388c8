/* SPDX-License-Identifier: Apache-2.0
 *
 * What are the figures of the courts that the judges of a cycle worked at? Those of level C by CEPEJ's formulas (T01, T02, T03, T09) from the
 * courts' own workload rows, and what units report about courts. They stand on a judge's sheet as his working conditions and are read by no
 * score: if one were, he would be answerable for his colleagues. A court without rows of its own has none: the sum of its judges' rows
 * would tell each of two what the other did.
 */
#include "compute_priv.h"
#include "contribution_priv.h"

#include "sanjeh/crypto/random.h"

enum {
    COURT_ID,
    COURT_CODE,
    COURT_NAME_FA,
    COURT_NAME_EN,
    COURT_SOURCES,
    COURT_OVERLAPS,
    COURT_DAYS,
    COURT_STOCK_BEFORE,
    COURT_INCOMING,
    COURT_RESOLVED,
    COURT_STOCK_AFTER,
    COURT_COVERAGE
};

enum { REPORT_COURT, REPORT_CODE, REPORT_FROM, REPORT_TO, REPORT_N, REPORT_VALUE, REPORT_REASON };

/* ---- which ---- */

static int compare_id(const void *left, const void *right)
{
    const struct sj_uuid *a = left;
    const struct sj_uuid *b = right;
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* Distinct ids of the targets' courts, in order. */
static sj_status put_courts(
    const struct target *targets, size_t count, struct sj_array *ret_ids, size_t *ret_count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += targets[i].court_count;
    }
    void *memory;
    TRY(sj_alloc(total + 1, sizeof(struct sj_uuid), &memory));
    CLEANUP(sj_freep) struct sj_uuid *ids = memory;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < targets[i].court_count; j++) {
            ids[at++] = targets[i].courts[j];
        }
    }
    qsort(ids, total, sizeof(*ids), compare_id);
    TRY(sj_array_init(ret_ids, SJ_OID_UUID, (total + 1) * 32u));
    *ret_count = 0;
    for (size_t i = 0; i < total; i++) {
        if (i == 0 || !sj_uuid_equal(ids[i - 1], ids[i])) {
            TRY(put_id(ret_ids, ids[i]));
            ++*ret_count;
        }
    }
    return SJ_DONE;
}

/* ---- read ---- */

static int64_t count_of(const struct sj_rows *rows, size_t row, size_t column)
{
    return sj_row_is_null(rows, row, column) ? SJ_COUNT_UNKNOWN : sj_row_i64(rows, row, column);
}

static const char *fault_of(const struct sj_rows *rows, size_t row, const struct court *court)
{
    const int64_t sources = sj_row_i64(rows, row, COURT_SOURCES);
    if (sources != 1) {
        return sources == 0 ? "NO_DATA" : "SEVERAL_SOURCES";
    }
    return sj_row_bool(rows, row, COURT_OVERLAPS) ? "OVERLAPPING_FACTS"
                                                  : sj_counts_fault(&court->counts);
}

static sj_status read_court(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct court *court)
{
    *court = (struct court){.id = sj_row_id(rows, row, COURT_ID)};
    const struct {
        size_t column;
        struct sj_text *text;
    } texts[] = {{COURT_CODE, &court->code}, {COURT_NAME_FA, &court->name_fa},
        {COURT_NAME_EN, &court->name_en}, {COURT_COVERAGE, &court->coverage}};
    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        TRY(sj_desk_text(desk, rows, row, texts[i].column, texts[i].text));
    }
    const int64_t incoming = count_of(rows, row, COURT_INCOMING);
    const int64_t none = incoming == SJ_COUNT_UNKNOWN ? SJ_COUNT_UNKNOWN : 0;
    court->counts =
        (struct sj_counts){{[SJ_COUNT_PENDING_START] = count_of(rows, row, COURT_STOCK_BEFORE),
            [SJ_COUNT_FILED] = incoming,
            [SJ_COUNT_RETURNED] = none,
            [SJ_COUNT_TRANSFERRED_IN] = none,
            [SJ_COUNT_TRANSFERRED_OUT] = none,
            [SJ_COUNT_RESOLVED] = count_of(rows, row, COURT_RESOLVED),
            [SJ_COUNT_PENDING_END] = count_of(rows, row, COURT_STOCK_AFTER)}};
    court->days = sj_row_is_null(rows, row, COURT_DAYS) ? 0 : sj_row_i64(rows, row, COURT_DAYS);
    court->fault = fault_of(rows, row, court);
    for (int formula = 0; court->fault == NULL && formula < SJ_FORMULA_COUNT_; formula++) {
        TRY(sj_formula_compute(
            (enum sj_formula)formula, &court->counts, court->days, &court->of[formula]));
    }
    return SJ_DONE;
}

static sj_status read_report(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct court_report *report)
{
    *report = (struct court_report){
        .period = {sj_row_day(rows, row, REPORT_FROM), sj_row_day(rows, row, REPORT_TO)},
        .n = count_of(rows, row, REPORT_N)};
    TRY(sj_desk_text(desk, rows, row, REPORT_CODE, &report->code));
    TRY(sj_desk_text(desk, rows, row, REPORT_VALUE, &report->value));
    return sj_desk_text(desk, rows, row, REPORT_REASON, &report->reason);
}

/* Both lists come in the order of the courts. */
static sj_status read_reports(const struct sj_desk *desk, const struct sj_rows *rows,
    struct court *courts, size_t court_count)
{
    const size_t count = sj_rows_count(rows);
    void *memory;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct court_report), &memory));
    struct court_report *reports = memory;
    size_t row = 0;
    for (size_t i = 0; i < court_count; i++) {
        courts[i].reports = reports + row;
        while (row < count && sj_uuid_equal(courts[i].id, sj_row_id(rows, row, REPORT_COURT))) {
            TRY(read_report(desk, rows, row, &reports[row]));
            courts[i].report_count++;
            row++;
        }
    }
    return row == count ? SJ_DONE : SJ_FAILURE(INTERNAL);
}

sj_status courts_read(
    const struct sj_desk *desk, const struct target *targets, size_t count, struct plan *plan)
{
    CLEANUP(sj_array_clear) struct sj_array ids = {0};
    size_t court_count = 0;
    TRY(put_courts(targets, count, &ids, &court_count));
    if (court_count == 0) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {
        sj_p_array(&ids), sj_p_day(plan->from_day), sj_p_day(plan->to_day), plan_cut(plan)};
    const struct sj_query sql[] = {{SJ_SQL_COMPUTE_COURT, params, SJ_COUNT(params)},
        {SJ_SQL_COMPUTE_COURT_VALUE, params, SJ_COUNT(params)}};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *reports = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql[0], 1, &rows));
    TRY(sj_db_read(desk->db, desk->context, &sql[1], 1, &reports));
    void *memory;
    const size_t found = sj_rows_count(rows);
    TRY(sj_arena_alloc(desk->arena, (found + 1) * sizeof(struct court), &memory));
    struct court *courts = memory;
    for (size_t row = 0; row < found; row++) {
        TRY(read_court(desk, rows, row, &courts[row]));
    }
    TRY(read_reports(desk, reports, courts, found));
    plan->courts = courts;
    plan->court_count = found;
    return SJ_DONE;
}

/* ---- on the sheet ---- */

static const struct court *find_court(const struct plan *plan, struct sj_uuid id)
{
    /* id is the first member */
    return bsearch(&id, plan->courts, plan->court_count, sizeof(struct court), compare_id);
}

/* What the figure was computed from, in one spelling: method, period, then "name=count" lines (README). */
static sj_status hash_inputs(const struct plan *plan, const struct court *court, const char *method,
    struct sj_hash *ret_hash)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(1024);
    char period[22];
    sj_period_format((struct sj_period){plan->from_day, plan->to_day}, period);
    const struct {
        const char *name;
        int64_t count;
    } inputs[] = {{"pending_start", court->counts.of[SJ_COUNT_PENDING_START]},
        {"incoming", court->counts.of[SJ_COUNT_FILED]},
        {"resolved", court->counts.of[SJ_COUNT_RESOLVED]},
        {"pending_end", court->counts.of[SJ_COUNT_PENDING_END]}, {"days", court->days}};
    TRY(sj_buf_put_str(&text, method));
    TRY(sj_buf_put_byte(&text, '\n'));
    TRY(sj_buf_put_str(&text, period));
    for (size_t i = 0; i < SJ_COUNT(inputs); i++) {
        TRY(sj_buf_put_byte(&text, '\n'));
        TRY(sj_buf_put_str(&text, inputs[i].name));
        TRY(sj_buf_put_byte(&text, '='));
        if (inputs[i].count != SJ_COUNT_UNKNOWN) {
            TRY(sj_buf_put_decimal(&text, inputs[i].count));
        }
    }
    return sj_sha256_one(sj_buf_view(&text), ret_hash);
}

static void put_count(struct sj_json *json, const char *name, int64_t count)
{
    if (count < 0) {
        sj_json_null(json, name);
    } else {
        sj_json_int(json, name, count);
    }
}

/* Decimals as text: a card is signed with them as they stand here. */
static sj_status write_figure(struct sj_json *json, const struct plan *plan,
    const struct court *court, enum sj_formula formula)
{
    const struct sj_computed *computed = &court->of[formula];
    char value[SJ_DECIMAL_TEXT_SIZE];
    const char *reason = court->fault;
    sj_decimal_format(computed->value, value);
    if (reason == NULL && !computed->has_value) {
        reason = computed->is_known ? computed->reason : "UNKNOWN_INPUT";
    }
    sj_json_object(json, NULL);
    sj_json_str(json, "code", sj_formula_code(formula));
    sj_json_str(json, "value", reason == NULL ? value : NULL);
    put_count(json, "n", court->fault == NULL ? computed->n : SJ_COUNT_UNKNOWN);
    sj_json_str(json, "reason", reason);
    sj_json_str(json, "method", sj_formula_method(formula));
    if (court->fault == NULL && computed->is_known) {
        struct sj_hash hash;
        CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(2 * SJ_HASH_SIZE);
        TRY(hash_inputs(plan, court, sj_formula_method(formula), &hash));
        TRY(sj_buf_put_hex(&hex, sj_view_of(hash.bytes, SJ_HASH_SIZE)));
        sj_json_text(json, "inputs_sha256", sj_buf_text(&hex));
    } else {
        sj_json_null(json, "inputs_sha256");
    }
    sj_json_object_end(json);
    return SJ_DONE;
}

static void write_report(struct sj_json *json, const struct court_report *report)
{
    char period[22];
    sj_period_format(report->period, period);
    sj_json_object(json, NULL);
    sj_json_text(json, "code", report->code);
    sj_json_str(json, "period", period);
    sj_json_text_or_null(json, "value", report->value);
    put_count(json, "n", report->n);
    sj_json_text_or_null(json, "reason", report->reason);
    sj_json_object_end(json);
}

static sj_status write_court(
    struct sj_json *json, const struct plan *plan, const struct court *court)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "court_id", court->id);
    sj_json_text(json, "code", court->code);
    sj_json_text(json, "name_fa", court->name_fa);
    sj_json_text(json, "name_en", court->name_en);
    sj_json_text_or_null(json, "coverage", court->coverage);
    put_count(json, "incoming", court->counts.of[SJ_COUNT_FILED]);
    put_count(json, "resolved", court->counts.of[SJ_COUNT_RESOLVED]);
    sj_json_array(json, "figures");
    for (int formula = 0; formula < SJ_FORMULA_COUNT_; formula++) {
        TRY(write_figure(json, plan, court, (enum sj_formula)formula));
    }
    sj_json_array_end(json);
    sj_json_array(json, "reported");
    for (size_t i = 0; i < court->report_count; i++) {
        write_report(json, &court->reports[i]);
    }
    sj_json_array_end(json);
    sj_json_object_end(json);
    return SJ_DONE;
}

sj_status courts_write(struct sj_json *json, const struct plan *plan, const struct target *target)
{
    sj_json_array(json, "courts");
    for (size_t i = 0; i < target->court_count; i++) {
        const struct court *court = find_court(plan, target->courts[i]);
        if (court != NULL) {
            TRY(write_court(json, plan, court));
        }
    }
    sj_json_array_end(json);
    return SJ_DONE;
}

/* ---- kept ---- */

enum {
    KEPT_COURT,
    KEPT_CODE,
    KEPT_VALUE,
    KEPT_REASON,
    KEPT_N,
    KEPT_COVERAGE,
    KEPT_METHOD,
    KEPT_INPUTS,
    KEPT_COLUMNS_
};

static const uint32_t kept_oids[KEPT_COLUMNS_] = {SJ_OID_UUID, SJ_OID_TEXT, SJ_OID_TEXT,
    SJ_OID_TEXT, SJ_OID_INT8, SJ_OID_TEXT, SJ_OID_TEXT, SJ_OID_BYTEA};

static sj_status put_figure(const struct plan *plan, const struct court *court,
    enum sj_formula formula, struct columns *kept)
{
    const struct sj_computed *computed = &court->of[formula];
    char value[SJ_DECIMAL_TEXT_SIZE];
    struct sj_hash hash;
    const struct sj_text none = {"", 0};
    sj_decimal_format(computed->value, value);
    TRY(hash_inputs(plan, court, sj_formula_method(formula), &hash));
    TRY(put_id(&kept->of[KEPT_COURT], court->id));
    TRY(put_text(&kept->of[KEPT_CODE], sj_text_of(sj_formula_code(formula))));
    TRY(put_text(&kept->of[KEPT_VALUE], computed->has_value ? sj_text_of(value) : none));
    TRY(put_text(
        &kept->of[KEPT_REASON], computed->has_value ? none : sj_text_of(computed->reason)));
    TRY(sj_array_put_i64(&kept->of[KEPT_N], computed->n));
    TRY(put_text(&kept->of[KEPT_COVERAGE], court->coverage));
    TRY(put_text(&kept->of[KEPT_METHOD], sj_text_of(sj_formula_method(formula))));
    return put_blob(&kept->of[KEPT_INPUTS], sj_view_of(hash.bytes, SJ_HASH_SIZE));
}

static sj_status put_figures(const struct plan *plan, struct columns *kept, size_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = 0; i < plan->court_count; i++) {
        const struct court *court = &plan->courts[i];
        for (int formula = 0; formula < SJ_FORMULA_COUNT_; formula++) {
            if (court->fault == NULL && court->of[formula].is_known) {
                TRY(put_figure(plan, court, (enum sj_formula)formula, kept));
                ++*ret_count;
            }
        }
    }
    return SJ_DONE;
}

/* The run as a contribution; its "file" is the hashes of the inputs, so that its hash says what was kept. */
static sj_status insert_run(const struct sj_desk *desk, const struct plan *plan,
    const struct columns *kept, size_t count, struct sj_uuid *ret_id)
{
    const struct sj_view inputs = sj_buf_view(&kept->of[KEPT_INPUTS].bytes);
    struct new_contribution run = {.kind = SJ_TEXT("court_figures"),
        .format = SJ_TEXT("ndjson"),
        .has_period = true,
        .period = {plan->from_day, plan->to_day},
        .byte_size = inputs.len,
        .rows = count};
    TRY(sj_uuid_new(&run.id));
    TRY(sj_sha256_one(inputs, &run.file_sha256));
    *ret_id = run.id;
    return contribution_insert(desk, &run);
}

sj_status courts_store(const struct sj_desk *desk, const struct plan *plan)
{
    CLEANUP(columns_clear) struct columns kept = {.count = 0};
    TRY(columns_init(&kept, kept_oids, KEPT_COLUMNS_));
    size_t count = 0;
    TRY(put_figures(plan, &kept, &count));
    if (count == 0) {
        return SJ_DONE;
    }
    struct sj_uuid run;
    TRY(insert_run(desk, plan, &kept, count, &run));
    const struct sj_param former[] = {sj_p_id(&plan->unit), sj_p_array(&kept.of[KEPT_COURT]),
        sj_p_array(&kept.of[KEPT_CODE]), sj_p_day(plan->from_day), sj_p_day(plan->to_day)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_VALUE_WITHDRAW_COURTS, former, SJ_COUNT(former), NULL));
    struct sj_param params[4 + KEPT_COLUMNS_] = {
        sj_p_id(&plan->unit), sj_p_id(&run), sj_p_day(plan->from_day), sj_p_day(plan->to_day)};
    columns_params(&kept, params + 4);
    return sj_tx_query(desk->tx, SJ_SQL_VALUE_INSERT_COURTS, params, SJ_COUNT(params), NULL);
}
