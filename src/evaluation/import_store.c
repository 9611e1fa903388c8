/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a checked file become rows? All within the caller's transaction: the contribution, then facts and what
 * follows from them by formula, or survey values sealed under each judge's key, or judges. Rows travel as arrays,
 * some thousands a statement; sealing many runs on a worker. If a row went in unsealed or half of a file did, the
 * promise of the whole page would be broken, so both are constraints of the tables as well.
 */
#include "contribution_priv.h"
#include "import_priv.h"

#include "sanjeh/crypto/random.h"

#define SEAL_ON_WORKER_ROWS 500u
#define METHOD_SURVEY       "survey-mean/1"
#define METHOD_REPORTED     "reported/1"

enum {
    VALUE_ID,
    VALUE_JUDGE_UNIT,
    VALUE_JUDGE,
    VALUE_COURT,
    VALUE_INDICATOR,
    VALUE_FROM,
    VALUE_TO,
    VALUE_VALUE,
    VALUE_REASON,
    VALUE_N,
    VALUE_VALUE_CT,
    VALUE_N_CT,
    VALUE_KEY_VERSION,
    VALUE_SOURCE_FACT,
    VALUE_METHOD,
    VALUE_INPUTS,
    VALUE_COLUMNS_
};

static const uint32_t value_oids[VALUE_COLUMNS_] = {SJ_OID_UUID, SJ_OID_UUID, SJ_OID_UUID,
    SJ_OID_UUID, SJ_OID_UUID, SJ_OID_INT4, SJ_OID_INT4, SJ_OID_TEXT, SJ_OID_TEXT, SJ_OID_INT8,
    SJ_OID_BYTEA, SJ_OID_BYTEA, SJ_OID_INT4, SJ_OID_UUID, SJ_OID_TEXT, SJ_OID_BYTEA};

static const struct judge_key *judge_of_row(
    const struct sj_import *import, const struct import_row *row)
{
    static const struct judge_key nobody = {{"", 0}, {{{0}}, {{0}}, false}};
    return row->judge_no == NO_ENTRY ? &nobody : &import->judges[row->judge_no];
}

static struct sj_uuid court_of_row(const struct sj_import *import, const struct import_row *row)
{
    return row->court_no == NO_ENTRY ? (struct sj_uuid){{0}} : import->courts[row->court_no].id;
}

static sj_status put_place(struct sj_import *import, const struct import_row *row,
    struct sj_uuid indicator, const char *method, struct columns *values)
{
    const struct judge_key *judge = judge_of_row(import, row);
    TRY(put_id(&values->of[VALUE_JUDGE_UNIT], judge->hit.unit));
    TRY(put_id(&values->of[VALUE_JUDGE], judge->hit.id));
    TRY(put_id(&values->of[VALUE_COURT], court_of_row(import, row)));
    TRY(put_id(&values->of[VALUE_INDICATOR], indicator));
    TRY(put_day(&values->of[VALUE_FROM], row->period.from_day));
    TRY(put_day(&values->of[VALUE_TO], row->period.to_day));
    return put_text(&values->of[VALUE_METHOD], sj_text_of(method));
}

static sj_status flush(struct sj_import *import, enum sj_sql sql, struct columns *columns)
{
    if (columns->of[0].count == 0) {
        return SJ_DONE;
    }
    struct sj_param params[4 + COLUMNS_MAX] = {sj_p_id(&import->desk.actor->unit),
        sj_p_id_or_null(&import->desk.actor->compartment), sj_p_id(&import->outcome.id)};
    columns_params(columns, params + 3);
    params[3 + columns->count] = sj_p_bool(!import->order->piece.lies_apart);
    if (import->order->piece.is_piece) {
        /* nobody waits: the database works on these rows while the next ones are gathered */
        TRY(sj_tx_send(import->desk.tx, sql, params, 4 + columns->count));
        TRY(sj_tx_push(import->desk.tx));
    } else {
        TRY(sj_tx_query(import->desk.tx, sql, params, 4 + columns->count, NULL));
    }
    columns_reset(columns);
    return SJ_DONE;
}

/* ---- survey values ---- */

struct sealing {
    struct sj_import *import;
    const struct sj_subject *subjects; /* one a judge of the import */
    const struct import_row *rows;
    size_t count;
    struct columns *values;
    sj_status status;
};

static sj_status put_sealed_n(
    const struct sj_subject *subject, struct sj_uuid id, int64_t n, struct columns *values)
{
    if (n == SJ_COUNT_UNKNOWN) {
        return put_blob(&values->of[VALUE_N_CT], (struct sj_view){NULL, 0});
    }
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(32);
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(FIELD_BYTES_MAX);
    TRY(sj_buf_put_decimal(&text, n));
    TRY(sj_field_seal(subject, SJ_TABLE_INDICATOR_VALUE, SJ_COLUMN_VALUE_N, id, SJ_FLE1_DECIMAL,
        sj_buf_view(&text), &blob));
    return put_blob(&values->of[VALUE_N_CT], sj_buf_view(&blob));
}

/* Of a court: no judge's secret, in clear as the figures that are computed here. */
static sj_status put_open_row(const struct sealing *sealing, const struct import_row *row)
{
    struct columns *values = sealing->values;
    struct sj_uuid id;
    char text[SJ_DECIMAL_TEXT_SIZE];
    sj_decimal_format(row->mean, text);
    TRY(sj_uuid_new(&id));
    TRY(put_id(&values->of[VALUE_ID], id));
    TRY(put_place(sealing->import, row, sealing->import->indicators[row->indicator_no].id,
        METHOD_REPORTED, values));
    TRY(put_text(&values->of[VALUE_VALUE], sj_text_of(text)));
    TRY(row->n == SJ_COUNT_UNKNOWN ? sj_array_put(&values->of[VALUE_N], NULL, 0)
                                   : sj_array_put_i64(&values->of[VALUE_N], row->n));
    static const size_t empty[] = {VALUE_REASON, VALUE_VALUE_CT, VALUE_N_CT, VALUE_KEY_VERSION,
        VALUE_SOURCE_FACT, VALUE_INPUTS};
    for (size_t i = 0; i < SJ_COUNT(empty); i++) {
        TRY(sj_array_put(&values->of[empty[i]], NULL, 0));
    }
    return SJ_DONE;
}

static sj_status seal_row(const struct sealing *sealing, const struct import_row *row)
{
    struct columns *values = sealing->values;
    const struct sj_subject *subject = &sealing->subjects[row->judge_no];
    struct sj_uuid id;
    TRY(sj_uuid_new(&id));
    TRY(put_id(&values->of[VALUE_ID], id));
    TRY(put_place(sealing->import, row, sealing->import->indicators[row->indicator_no].id,
        sealing->import->order->kind == SJ_IMPORT_MEASURES ? METHOD_REPORTED : METHOD_SURVEY,
        values));
    char mean[SJ_DECIMAL_TEXT_SIZE];
    sj_decimal_format(row->mean, mean);
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(FIELD_BYTES_MAX);
    TRY(sj_field_seal(subject, SJ_TABLE_INDICATOR_VALUE, SJ_COLUMN_VALUE, id, SJ_FLE1_DECIMAL,
        sj_text_bytes(sj_text_of(mean)), &blob));
    TRY(put_blob(&values->of[VALUE_VALUE_CT], sj_buf_view(&blob)));
    TRY(put_sealed_n(subject, id, row->n, values));
    TRY(sj_array_put_i32(&values->of[VALUE_KEY_VERSION], (int32_t)subject->version));
    static const size_t empty[] = {
        VALUE_VALUE, VALUE_REASON, VALUE_N, VALUE_SOURCE_FACT, VALUE_INPUTS};
    for (size_t i = 0; i < SJ_COUNT(empty); i++) {
        TRY(sj_array_put(&values->of[empty[i]], NULL, 0));
    }
    return SJ_DONE;
}

static void seal_rows(void *ctx)
{
    struct sealing *sealing = ctx;
    for (size_t i = 0; i < sealing->count && !sj_failed(sealing->status); i++) {
        if (!sealing->rows[i].is_rejected) {
            sealing->status = sealing->rows[i].judge_no == NO_ENTRY
                                  ? put_open_row(sealing, &sealing->rows[i])
                                  : seal_row(sealing, &sealing->rows[i]);
        }
    }
}

static sj_status store_sealed(
    struct sj_import *import, struct sj_work_pool *pool, const struct sj_subject *subjects)
{
    CLEANUP(columns_clear) struct columns values = {.count = 0};
    TRY(columns_init(&values, value_oids, VALUE_COLUMNS_));
    size_t count;
    const struct import_row *rows = import_rows(import, &count);
    for (size_t from = 0; from < count; from += INSERT_ROWS_MAX) {
        const size_t left = count - from;
        struct sealing sealing = {import, subjects, rows + from,
            left < INSERT_ROWS_MAX ? left : INSERT_ROWS_MAX, &values, SJ_DONE};
        if (pool != NULL && sealing.count > SEAL_ON_WORKER_ROWS) {
            TRY(sj_work_run(pool, seal_rows, &sealing));
        } else {
            seal_rows(&sealing);
        }
        TRY(sealing.status);
        TRY(flush(import, SJ_SQL_VALUE_INSERT_MANY, &values));
    }
    return SJ_DONE;
}

static bool is_known(const struct judge_key *judge)
{
    return !judge->hit.is_ambiguous && !sj_uuid_is_nil(judge->hit.id);
}

static sj_status store_survey(struct sj_import *import, struct sj_work_pool *pool)
{
    const size_t count = import->judge_count;
    void *memory;
    TRY(sj_arena_alloc(import->arena, (count + 1) * sizeof(struct sj_uuid), &memory));
    struct sj_uuid *ids = memory;
    TRY(sj_arena_alloc(import->arena, (count + 1) * sizeof(struct sj_subject), &memory));
    struct sj_subject *subjects = memory; /* those of unknown judges stay empty */
    TRY(sj_arena_alloc(import->arena, (count + 1) * sizeof(struct sj_subject), &memory));
    struct sj_subject *known = memory;
    size_t known_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_known(&import->judges[i])) {
            ids[known_count++] = import->judges[i].hit.id;
        }
    }
    if (known_count > 0) {
        TRY(sj_fields_subjects_for_write(import->desk.fields, import->desk.tx,
            import->desk.actor->unit, ids, known_count, known));
    }
    for (size_t i = 0, next = 0; i < count; i++) {
        if (is_known(&import->judges[i])) {
            subjects[i] = known[next++];
        }
    }
    const sj_status status = store_sealed(import, pool, subjects);
    for (size_t i = 0; i < count; i++) {
        sj_subject_clear(&subjects[i]);
    }
    sj_wipe(known, count * sizeof(struct sj_subject));
    return status;
}

/* ---- workload ---- */

enum {
    FACT_ID,
    FACT_JUDGE_UNIT,
    FACT_JUDGE,
    FACT_COURT,
    FACT_FROM,
    FACT_TO,
    FACT_FIRST_COUNT,
    FACT_CASE_TYPE = FACT_FIRST_COUNT + SJ_COUNT_COUNT_,
    FACT_FIRST_MORE,
    FACT_COLUMNS_ = FACT_FIRST_MORE + SJ_MORE_COUNT_
};

static sj_status put_count(struct sj_array *array, int64_t count)
{
    return count == SJ_COUNT_UNKNOWN ? sj_array_put(array, NULL, 0)
                                     : sj_array_put_i64(array, count);
}

static sj_status put_fact(struct sj_import *import, const struct import_row *row, struct sj_uuid id,
    struct columns *facts)
{
    const struct judge_key *judge = judge_of_row(import, row);
    TRY(put_id(&facts->of[FACT_ID], id));
    TRY(put_id(&facts->of[FACT_JUDGE_UNIT], judge->hit.unit));
    TRY(put_id(&facts->of[FACT_JUDGE], judge->hit.id));
    TRY(put_id(&facts->of[FACT_COURT], court_of_row(import, row)));
    TRY(put_day(&facts->of[FACT_FROM], row->period.from_day));
    TRY(put_day(&facts->of[FACT_TO], row->period.to_day));
    for (size_t i = 0; i < SJ_COUNT_COUNT_; i++) {
        TRY(put_count(&facts->of[FACT_FIRST_COUNT + i], row->counts.of[i]));
    }
    for (size_t i = 0; i < SJ_MORE_COUNT_; i++) {
        TRY(put_count(&facts->of[FACT_FIRST_MORE + i], row->more.of[i]));
    }
    return put_text(&facts->of[FACT_CASE_TYPE], case_type_of(import, row));
}

/* What a value was computed from, in one spelling: method, period, then "name=count" lines (README). */
static sj_status hash_inputs(
    const struct import_row *row, const char *method, struct sj_hash *ret_hash)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(1024);
    char period[22];
    sj_period_format(row->period, period);
    TRY(sj_buf_put_str(&text, method));
    TRY(sj_buf_put_byte(&text, '\n'));
    TRY(sj_buf_put_str(&text, period));
    for (size_t i = 0; i < SJ_COUNT_COUNT_; i++) {
        TRY(sj_buf_put_byte(&text, '\n'));
        TRY(sj_buf_put_str(&text, sj_count_title((enum sj_count_name)i)));
        TRY(sj_buf_put_byte(&text, '='));
        if (row->counts.of[i] != SJ_COUNT_UNKNOWN) {
            TRY(sj_buf_put_decimal(&text, row->counts.of[i]));
        }
    }
    return sj_sha256_one(sj_buf_view(&text), ret_hash);
}

static struct sj_uuid indicator_id(const struct sj_import *import, const char *code)
{
    for (size_t i = 0; i < import->indicator_count; i++) {
        if (sj_text_is(import->indicators[i].code, code)) {
            return import->indicators[i].id;
        }
    }
    return (struct sj_uuid){{0}};
}

static sj_status put_computed(struct sj_import *import, const struct import_row *row,
    struct sj_uuid fact, enum sj_formula formula, struct columns *values)
{
    struct sj_computed computed;
    TRY(sj_formula_compute(formula, &row->counts, sj_period_days(row->period), &computed));
    const struct sj_uuid indicator = indicator_id(import, sj_formula_code(formula));
    if (!computed.is_known || sj_uuid_is_nil(indicator)) {
        return SJ_DONE;
    }
    struct sj_uuid id;
    struct sj_hash inputs;
    TRY(sj_uuid_new_ordered(&id));
    TRY(hash_inputs(row, sj_formula_method(formula), &inputs));
    char text[SJ_DECIMAL_TEXT_SIZE] = "";
    if (computed.has_value) {
        sj_decimal_format(computed.value, text);
    }
    TRY(put_id(&values->of[VALUE_ID], id));
    TRY(put_place(import, row, indicator, sj_formula_method(formula), values));
    TRY(put_text(&values->of[VALUE_VALUE], sj_text_of(text)));
    TRY(put_text(&values->of[VALUE_REASON],
        computed.has_value ? (struct sj_text){"", 0} : sj_text_of(computed.reason)));
    TRY(put_id(&values->of[VALUE_SOURCE_FACT], fact));
    TRY(put_blob(&values->of[VALUE_INPUTS], sj_view_of(inputs.bytes, SJ_HASH_SIZE)));
    TRY(sj_array_put_i64(&values->of[VALUE_N], computed.n));
    static const size_t empty[] = {VALUE_VALUE_CT, VALUE_N_CT, VALUE_KEY_VERSION};
    for (size_t i = 0; i < SJ_COUNT(empty); i++) {
        TRY(sj_array_put(&values->of[empty[i]], NULL, 0));
    }
    return SJ_DONE;
}

static sj_status put_workload_row(struct sj_import *import, const struct import_row *row,
    struct columns *facts, struct columns *values)
{
    struct sj_uuid id;
    TRY(sj_uuid_new_ordered(&id));
    TRY(put_fact(import, row, id, facts));
    /* the figures speak of the whole caseload: a part of it, of one case type, has none of its own */
    if (import->order->without_values || row->case_no != 0) {
        return SJ_DONE;
    }
    for (size_t formula = 0; formula < SJ_FORMULA_COUNT_; formula++) {
        /* level C is never an individual score */
        if (row->judge_no == NO_ENTRY || sj_formula_is_individual((enum sj_formula)formula)) {
            TRY(put_computed(import, row, id, (enum sj_formula)formula, values));
        }
    }
    return SJ_DONE;
}

struct gathering {
    struct sj_import *import;
    size_t from;
    size_t count;
    struct columns *facts;
    struct columns *values;
    sj_status status;
};

static void gather_rows(void *ctx)
{
    struct gathering *gathering = ctx;
    const struct sj_import *import = gathering->import;
    size_t all;
    const struct import_row *rows = import_rows(import, &all);
    for (size_t i = 0; i < gathering->count && !sj_failed(gathering->status); i++) {
        const size_t at = gathering->from + i;
        /* in the order of the index: neighbours go to the same page of it */
        const struct import_row *row = import->sorted == NULL ? &rows[at] : import->sorted[at];
        if (!row->is_rejected) {
            gathering->status =
                put_workload_row(gathering->import, row, gathering->facts, gathering->values);
        }
    }
}

static sj_status store_workload(struct sj_import *import, struct sj_work_pool *pool)
{
    static const uint32_t fact_oids[FACT_COLUMNS_] = {SJ_OID_UUID, SJ_OID_UUID, SJ_OID_UUID,
        SJ_OID_UUID, SJ_OID_INT4, SJ_OID_INT4, SJ_OID_INT8, SJ_OID_INT8, SJ_OID_INT8, SJ_OID_INT8,
        SJ_OID_INT8, SJ_OID_INT8, SJ_OID_INT8, SJ_OID_TEXT, SJ_OID_INT8, SJ_OID_INT8, SJ_OID_INT8,
        SJ_OID_INT8};
    CLEANUP(columns_clear) struct columns facts = {.count = 0};
    CLEANUP(columns_clear) struct columns values = {.count = 0};
    TRY(columns_init(&facts, fact_oids, FACT_COLUMNS_));
    TRY(columns_init(&values, value_oids, VALUE_COLUMNS_));
    size_t count;
    (void)import_rows(import, &count);
    for (size_t from = 0; from < count; from += INSERT_ROWS_MAX / 4) {
        const size_t left = count - from;
        struct gathering gathering = {import, from,
            left < INSERT_ROWS_MAX / 4 ? left : INSERT_ROWS_MAX / 4, &facts, &values, SJ_DONE};
        if (pool != NULL && gathering.count > SEAL_ON_WORKER_ROWS) {
            TRY(sj_work_run(pool, gather_rows, &gathering));
        } else {
            gather_rows(&gathering);
        }
        TRY(gathering.status);
        TRY(flush(import, SJ_SQL_FACT_INSERT_MANY, &facts));
        TRY(flush(import, SJ_SQL_VALUE_INSERT_MANY, &values));
    }
    return SJ_DONE;
}

/* ---- roster ---- */

static sj_status store_roster(struct sj_import *import)
{
    size_t count;
    const struct import_row *rows = import_rows(import, &count);
    void *memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct sj_judge), &memory));
    struct sj_judge *judges = memory;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].is_rejected) {
            judges[kept++] = *rows[i].person;
        }
    }
    return kept == 0 ? SJ_DONE : sj_judge_create_many(&import->desk, judges, kept);
}

/* Courts that a row names which goes in; one that only a refused row names is not registered. */
static sj_status register_courts(struct sj_import *import)
{
    void *memory;
    TRY(sj_arena_alloc(
        import->arena, (import->court_count + 1) * sizeof(struct court_key), &memory));
    struct court_key *keys = memory;
    TRY(sj_arena_alloc(import->arena, import->court_count + 1, &memory));
    bool *is_used = memory;
    size_t count;
    const struct import_row *rows = import_rows(import, &count);
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].is_rejected && rows[i].court_no != NO_ENTRY) {
            is_used[rows[i].court_no] = true;
        }
    }
    size_t used = 0;
    for (size_t i = 0; i < import->court_count; i++) {
        if (is_used[i]) {
            keys[used++] = import->courts[i];
        }
    }
    if (used == 0) {
        return SJ_DONE;
    }
    /* sorted as the courts are, so they come back in this order */
    TRY(courts_register(&import->desk, keys, used));
    for (size_t i = 0, next = 0; i < import->court_count; i++) {
        if (is_used[i]) {
            import->courts[i].id = keys[next++].id;
        }
    }
    return SJ_DONE;
}

static sj_status store_contribution(struct sj_import *import)
{
    if (import->order->piece.is_piece) {
        import->outcome.id = import->order->piece.contribution;
        return SJ_DONE;
    }
    size_t count;
    (void)import_rows(import, &count);
    TRY(sj_uuid_new(&import->outcome.id));
    const struct new_contribution contribution = {
        .id = import->outcome.id,
        .kind = sj_text_of(import->spec->name),
        .format = sj_text_of(format_name(import->order->format)),
        .has_period = import->outcome.has_period,
        .period = import->outcome.period,
        .cycle = import->cycle,
        .correction = import->order->correction,
        .comment = import->order->comment,
        .file_sha256 = import->file_hash,
        .byte_size = import->order->file.len,
        .rows = count,
        .is_held = import->order->is_held,
        .supersedes = import->order->is_held ? import->order->supersedes : (struct sj_uuid){{0}},
    };
    return contribution_insert(&import->desk, &contribution);
}

sj_status import_store(struct sj_import *import, struct sj_work_pool *pool)
{
    TRY(register_courts(import));
    TRY(store_contribution(import));
    switch (import->order->kind) {
    case SJ_IMPORT_NONE:
        FAIL(INTERNAL);
    case SJ_IMPORT_SURVEY_MEANS:
    case SJ_IMPORT_MEASURES:
        return store_survey(import, pool);
    case SJ_IMPORT_WORKLOAD:
        return store_workload(import, pool);
    case SJ_IMPORT_ROSTER:
        return store_roster(import);
    }
    FAIL(INTERNAL);
}
