/* SPDX-License-Identifier: Apache-2.0
 *
 * May this file go in? The stages of an import in order: hash, parse (on a worker when large), match, and only when no
 * row was refused, store. A refusal is an outcome with every fault in it; the tables are not touched. A dry run is
 * the same without the last stage.
 * If a stage wrote before all rows were judged, half a file could be taken for a whole one.
 */
#include "import_priv.h"

#include "bulk_priv.h"
#include "contribution_priv.h"

#define COLUMN_NAME_MAX 64u
#define FAULTS_AT_FIRST 256u
#define ROW_BYTES_TOTAL ((size_t)SJ_IMPORT_ROWS_MAX * sizeof(struct import_row))

/* Sentences of the codes; the codes are stable, the sentences are not. */
static const struct {
    const char *code;
    const char *detail;
} details[] = {
    {"ABOVE_WHOLE", "is more than what it is a part of"},
    {"OTHER_JUDGE", "the correction order is about another judge"},
    {"AMBIGUOUS_JUDGE", "is in the registers of several other units"},
    {"BAD_COURT",
        "is not a court code: 1 to 64 bytes of letters, digits, blanks and . , - _ / ( ) ' & : +"},
    {"BAD_DATE", "is not a date YYYY-MM-DD"},
    {"BAD_JSON", "is not one flat JSON object"},
    {"BAD_NAME", "is not a name of 1 to 200 bytes"},
    {"BAD_NATIONAL_NUMBER", "is not a national number: the check digit or the length is wrong"},
    {"BAD_PERIOD", "is not a period: YYYY, YYYY-MM or YYYY-MM-DD/YYYY-MM-DD"},
    {"BAD_PERSONNEL_NUMBER", "is not a personnel number: 1 to 32 letters, digits, . _ -"},
    {"BAD_QUOTE", "has a quote that is not closed or not doubled"},
    {"BAD_UTF8", "is not UTF-8"},
    {"CELL_TOO_LONG", "is longer than 4096 bytes"},
    {"DUPLICATE_COLUMN", "is there twice"},
    {"DUPLICATE_ROW", "the same subject, period and indicator is in this file or in force already"},
    {"EMPTY_FILE", "there is no row"},
    {"FORMULA_CELL", "begins like a formula"},
    {"IDENTITY_BROKEN", "pending_start + incoming - resolved is not pending_end"},
    {"MISSING_COLUMN", "is missing"},
    {"NEGATIVE_INCOMING", "filed + returned + transferred_in - transferred_out is negative"},
    {"NOT_A_NUMBER", "is not a number"},
    {"NOT_WHOLE", "is not a whole number"},
    {"NO_DATA", "has no count at all"},
    {"NO_SUBJECT", "names neither a judge nor a court"},
    {"TWO_SUBJECTS", "names a judge and a court: a measure is of one of them"},
    {"NOT_INDIVIDUAL", "an indicator of courts alone has no value of a judge"},
    {"NOT_OF_COURTS", "an indicator of judges alone has no value of a court"},
    {"OUT_OF_RANGE", "is outside the permitted range"},
    {"REQUIRED", "is empty"},
    {"ROW_TOO_LONG", "is longer than 65536 bytes"},
    {"TOO_MANY_CELLS", "has more than 64 cells"},
    {"TOO_PRECISE", "has more than 6 decimals"},
    {"UNKNOWN_CASE_TYPE", "is not a case type of the reference data"},
    {"UNKNOWN_COLUMN", "is not a column of this kind"},
    {"UNKNOWN_CRITERION", "is not a criterion of the catalogue"},
    {"UNKNOWN_EDUCATION", "is not hawza, university or both"},
    {"UNKNOWN_JUDGE", "is in no register"},
    {"UNKNOWN_SEX", "is not female or male"},
    {"UNKNOWN_STATUS", "is not active, probationary, seconded, suspended or retired"},
    {"WRONG_CELL_COUNT", "has another number of cells than the header"},
};

const char *import_detail(const char *code)
{
    for (size_t i = 0; i < SJ_COUNT(details); i++) {
        if (strcmp(details[i].code, code) == 0) {
            return details[i].detail;
        }
    }
    return code;
}

static sj_status make_room(struct sj_import *import)
{
    struct sj_import_outcome *outcome = &import->outcome;
    if (outcome->fault_count < import->fault_room) {
        return SJ_DONE;
    }
    const size_t doubled = import->fault_room == 0 ? FAULTS_AT_FIRST : 2 * import->fault_room;
    const size_t room = doubled < import->fault_max ? doubled : import->fault_max;
    const size_t kept = outcome->fault_count * sizeof(struct sj_row_fault);
    void *memory;
    TRY(sj_arena_alloc(import->arena, room * sizeof(struct sj_row_fault), &memory));
    TRY(sj_copy(memory, room * sizeof(struct sj_row_fault), outcome->faults, kept));
    outcome->faults = memory;
    import->fault_room = room;
    return SJ_DONE;
}

sj_status import_fault(
    struct sj_import *import, size_t row, struct sj_text column, const char *code)
{
    struct sj_import_outcome *outcome = &import->outcome;
    outcome->fault_total++;
    if (outcome->fault_count == import->fault_max) {
        return SJ_DONE;
    }
    TRY(make_room(import));
    struct sj_text name;
    const bool is_short = column.len <= COLUMN_NAME_MAX;
    TRY(sj_arena_text(import->arena, is_short ? column : SJ_TEXT("(a long name)"), &name));
    outcome->faults[outcome->fault_count++] =
        (struct sj_row_fault){row, name, code, import_detail(code)};
    return SJ_DONE;
}

sj_status import_refuse(
    struct sj_import *import, struct import_row *row, const char *column, const char *code)
{
    if (!row->is_rejected) {
        row->is_rejected = true;
        import->rows_refused++;
    }
    return import_fault(
        import, row->number, column == NULL ? (struct sj_text){"", 0} : sj_text_of(column), code);
}

/* ---- parse ---- */

/* Whether a piece has had its rows, or comes so near to its end that a record could be cut. */
static bool is_piece_full(const struct sj_import *import, const struct source *source)
{
    const struct sj_piece *piece = &import->order->piece;
    return piece->is_piece && (import->rows_read == piece->rows_max ||
                                  (!piece->is_last && source_left(source) < PIECE_MARGIN));
}

static sj_status parse_rows(struct sj_import *import, struct source *source, bool is_usable)
{
    for (;;) {
        bool there;
        if (is_piece_full(import, source)) {
            return SJ_DONE;
        }
        TRY(source_next(source, &there));
        if (!there) {
            return SJ_DONE;
        }
        ENSURE(++import->rows_read <= SJ_IMPORT_ROWS_MAX, TOO_MANY_ROWS);
        bool ok = is_usable && source->is_sound;
        struct import_row row;
        if (ok) {
            TRY(row_parse(import, source, &row, &ok));
        }
        if (ok) {
            TRY(sj_buf_put(&import->row_bytes, &row, sizeof(row)));
        } else {
            import->rows_refused++;
        }
    }
}

static sj_status parse_file(struct sj_import *import)
{
    if (!import->order->piece.is_piece) { /* the hash of a piece says nothing */
        TRY(sj_sha256_one(import->order->file, &import->file_hash));
    }
    CLEANUP(source_clear) struct source source = {0};
    bool is_usable;
    TRY(source_open(import, &source, &is_usable));
    import->outcome.is_unreadable = !is_usable;
    if (!is_usable && import->order->piece.is_piece) {
        return SJ_DONE;
    }
    TRY(parse_rows(import, &source, is_usable));
    import->outcome.consumed = import->order->file.len - source_left(&source);
    import->outcome.row_last = source.is_csv ? source.csv.row : source.ndjson.row;
    if (import->rows_read == 0 && import->outcome.fault_total == 0 &&
        import->order->piece.row_before == 0) {
        return import_fault(import, 0, (struct sj_text){"", 0}, "EMPTY_FILE");
    }
    return SJ_DONE;
}

void import_parse(void *ctx)
{
    struct sj_import *import = ctx;
    import->parse_status = parse_file(import);
}

/* ---- outcome ---- */

static int compare_fault(const void *left, const void *right)
{
    const struct sj_row_fault *a = left;
    const struct sj_row_fault *b = right;
    return (a->row > b->row) - (a->row < b->row);
}

static sj_status note_new_courts(struct sj_import *import)
{
    void *memory;
    TRY(sj_arena_alloc(import->arena, SJ_IMPORT_WARNINGS_MAX * sizeof(struct sj_text), &memory));
    import->outcome.new_courts = memory;
    for (size_t i = 0; i < import->court_count; i++) {
        if (!sj_uuid_is_nil(import->courts[i].id)) {
            continue;
        }
        import->outcome.new_court_total++;
        if (import->outcome.new_court_count < SJ_IMPORT_WARNINGS_MAX) {
            import->outcome.new_courts[import->outcome.new_court_count++] = import->courts[i].code;
        }
    }
    return SJ_DONE;
}

/* The contribution's period: the one it was sent with, else what its rows span. */
static void set_period(struct sj_import *import)
{
    import->outcome.has_period = import->order->has_period;
    import->outcome.period = import->order->period;
    if (import->order->has_period || import->order->kind == SJ_IMPORT_ROSTER) {
        return;
    }
    size_t count;
    const struct import_row *rows = import_rows(import, &count);
    for (size_t i = 0; i < count; i++) {
        struct sj_period *period = &import->outcome.period;
        if (rows[i].is_rejected) {
            continue;
        }
        if (!import->outcome.has_period) {
            *period = rows[i].period;
            import->outcome.has_period = true;
        }
        period->from_day =
            rows[i].period.from_day < period->from_day ? rows[i].period.from_day : period->from_day;
        period->to_day =
            rows[i].period.to_day > period->to_day ? rows[i].period.to_day : period->to_day;
    }
}

static void set_hash_text(struct sj_import *import)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        import->outcome.file_sha256[2 * i] = digits[import->file_hash.bytes[i] >> 4];
        import->outcome.file_sha256[2 * i + 1] = digits[import->file_hash.bytes[i] & 15];
    }
}

static sj_status finish_outcome(struct sj_import *import)
{
    struct sj_import_outcome *outcome = &import->outcome;
    outcome->rows_rejected = import->rows_refused;
    outcome->rows_ok = import->rows_read - import->rows_refused;
    if (outcome->fault_count > 1) {
        qsort(outcome->faults, outcome->fault_count, sizeof(*outcome->faults), compare_fault);
    }
    set_hash_text(import);
    set_period(import);
    return note_new_courts(import);
}

/* ---- run ---- */

static sj_status load_contributed(struct sj_import *import)
{
    const struct sj_actor *actor = import->desk.actor;
    const struct sj_param params[] = {sj_p_id(&actor->unit), sj_p_id_or_null(&actor->compartment)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(
        import->desk.tx, SJ_SQL_INDICATOR_CONTRIBUTED, params, SJ_COUNT(params), &rows));
    void *memory;
    TRY(sj_arena_alloc(import->arena, (import->indicator_count + 1) * sizeof(bool), &memory));
    import->is_contributed = memory;
    for (size_t i = 0; i < import->indicator_count; i++) {
        import->is_contributed[i] = false;
        for (size_t row = 0; row < sj_rows_count(rows); row++) {
            import->is_contributed[i] =
                import->is_contributed[i] ||
                sj_uuid_equal(import->indicators[i].id, sj_row_id(rows, row, 0));
        }
    }
    return SJ_DONE;
}

static sj_status load_indicators(struct sj_import *import)
{
    static const char *const kinds[] = {[SJ_IMPORT_SURVEY_MEANS] = "survey",
        [SJ_IMPORT_WORKLOAD] = "computed",
        [SJ_IMPORT_ROSTER] = NULL,
        [SJ_IMPORT_MEASURES] = "reported"};
    if (kinds[import->order->kind] == NULL) {
        return SJ_DONE;
    }
    struct sj_uuid last;
    const struct sj_indicator_query query = {.kind = sj_text_of(kinds[import->order->kind])};
    TRY(sj_indicator_list(&import->desk, &query, (struct sj_paging){{{0}}, 500},
        &import->indicators, &import->indicator_count, &last));
    return import->order->kind == SJ_IMPORT_MEASURES ? load_contributed(import) : SJ_DONE;
}

static sj_status load_case_types(struct sj_import *import)
{
    if (import->order->kind != SJ_IMPORT_WORKLOAD) {
        return SJ_DONE;
    }
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(import->desk.tx, SJ_SQL_REFERENCE_CASE_TYPES, NULL, 0, &rows));
    void *memory;
    TRY(sj_arena_alloc(import->arena, (sj_rows_count(rows) + 1) * sizeof(struct sj_text), &memory));
    import->case_types = memory;
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        TRY(sj_desk_text(&import->desk, rows, i, 0, &import->case_types[i]));
    }
    import->case_type_count = sj_rows_count(rows);
    return SJ_DONE;
}

/* The rows of the batch that this one follows are out of force before natural keys are compared. */
static sj_status step_over(struct sj_import *import)
{
    if (sj_uuid_is_nil(import->order->supersedes)) {
        return SJ_DONE;
    }
    ENSURE(import->order->kind != SJ_IMPORT_ROSTER, INVALID);
    TRY(contribution_check_successor(
        &import->desk, import->order->supersedes, sj_text_of(import->spec->name)));
    return contribution_withdraw(&import->desk, import->order->supersedes);
}

static sj_status step_back(struct sj_import *import)
{
    return sj_uuid_is_nil(import->order->supersedes)
               ? SJ_DONE
               : contribution_enforce(&import->desk, import->order->supersedes);
}

static sj_status settle(struct sj_import *import)
{
    if (import->order->is_held) { /* what it will supersede stays in force until its acceptance */
        TRY(contribution_withdraw(&import->desk, import->outcome.id));
        return step_back(import);
    }
    return sj_uuid_is_nil(import->order->supersedes)
               ? SJ_DONE
               : contribution_succeed(&import->desk, import->outcome.id, import->order->supersedes);
}

/* A frozen cycle takes a correction alone, and that is about one judge. */
static sj_status check_cycle(struct sj_import *import)
{
    const struct sj_import_order *order = import->order;
    import->cycle = order->cycle;
    if (sj_uuid_is_nil(order->correction)) {
        return cycle_check_open(&import->desk, order->cycle);
    }
    ENSURE(order->kind != SJ_IMPORT_ROSTER && !order->piece.is_piece, INVALID);
    const struct sj_param params[] = {sj_p_id(&order->correction)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(import->desk.tx, SJ_SQL_CORRECTION_TARGET, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    ENSURE(sj_row_bool(rows, 0, 2), CONFLICT);
    import->corrected = sj_row_id(rows, 0, 0);
    TRY(sj_desk_text(&import->desk, rows, 0, 1, &import->cycle));
    ENSURE(order->cycle.len == 0 || sj_text_equal(order->cycle, import->cycle), INVALID);
    return SJ_DONE;
}

static sj_status run(struct sj_import *import, struct sj_work_pool *pool)
{
    TRY(check_cycle(import));
    TRY(load_indicators(import));
    TRY(load_case_types(import));
    if (pool != NULL && import->order->file.len > SJ_IMPORT_WORKER_BYTES) {
        TRY(sj_work_run(pool, import_parse, import));
    } else {
        import_parse(import);
    }
    TRY(import->parse_status);
    TRY(step_over(import));
    TRY(import_match(import));
    TRY(finish_outcome(import));
    const bool is_refused = import->outcome.fault_total > 0 && !import->order->keeps_valid;
    if (is_refused || import->outcome.is_unreadable || import->order->is_dry_run) {
        return step_back(import);
    }
    TRY(import_store(import, pool));
    return settle(import);
}

static sj_status import_new(
    const struct sj_desk *desk, const struct sj_import_order *order, struct sj_import **ret_import)
{
    void *memory;
    TRY(sj_alloc(1, sizeof(struct sj_import), &memory));
    CLEANUP(sj_import_free) struct sj_import *import = memory;
    TRY(sj_arena_new(IMPORT_ARENA_MAX, &import->arena));
    import->desk = *desk;
    import->desk.arena = import->arena;
    import->order = order;
    import->spec = kind_spec_of(order->kind);
    import->row_bytes = SJ_BUF(ROW_BYTES_TOTAL);
    const size_t of_piece = COLUMNS_OF_KIND_MAX + order->piece.rows_max * PIECE_FAULTS_A_ROW;
    const size_t bounded = of_piece < PIECE_FAULTS_MAX ? of_piece : PIECE_FAULTS_MAX;
    import->fault_max = order->piece.is_piece ? bounded : SJ_IMPORT_ERRORS_MAX;
    *ret_import = TAKE(import);
    return SJ_DONE;
}

sj_status sj_import_run(const struct sj_desk *desk, struct sj_work_pool *pool,
    const struct sj_import_order *order, struct sj_import **ret_import)
{
    SJ_ASSERT(desk->tx != NULL);
    ENSURE(!sj_uuid_is_nil(desk->actor->unit), FORBIDDEN);
    ENSURE(order->has_period || !sj_import_has_values(order->kind), INVALID);
    CLEANUP(sj_import_free) struct sj_import *import = NULL;
    TRY(import_new(desk, order, &import));
    TRY(run(import, pool));
    *ret_import = TAKE(import);
    return SJ_DONE;
}

const struct sj_import_outcome *sj_import_outcome(const struct sj_import *import)
{
    return &import->outcome;
}

void sj_import_free(struct sj_import **import)
{
    if (*import == NULL) {
        return;
    }
    sj_buf_clear(&(*import)->row_bytes);
    sj_arena_free(&(*import)->arena);
    sj_free(*import);
    *import = NULL;
}
