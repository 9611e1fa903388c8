/* SPDX-License-Identifier: Apache-2.0
 *
 * May this be measured, and is it said exactly enough? A formula must parse, give the unit it claims and have anchors in the
 * order of its direction; a definition that measures the merits of decisions or the person is refused with the reason.
 * A new version never touches an old one: cycles keep the version that was in force when they were announced.
 */
#include "sanjeh/evaluation/definition.h"

#include "evaluation_priv.h"
#include "sanjeh/analysis/expression.h"
#include "sanjeh/analysis/statistics.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/text/persian.h"

enum { ANCHOR_FLOOR, ANCHOR_TARGET, ANCHOR_CAP, ANCHOR_LOW, ANCHOR_HIGH };
static const char *const anchor_names[SJ_ANCHOR_COUNT] = {
    "anchor_floor", "anchor_target", "anchor_cap", "band_low", "band_high"};

static bool is_one_of(struct sj_text text, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (sj_text_is(text, words[i])) {
            return true;
        }
    }
    return false;
}

static bool is_code(struct sj_text text)
{
    bool is_good = text.len >= 2 && text.len <= SJ_INDICATOR_CODE_MAX && text.ptr[0] >= 'A' &&
                   text.ptr[0] <= 'Z';
    for (size_t i = 0; i < text.len && is_good; i++) {
        const char c = text.ptr[i];
        is_good = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    }
    return is_good;
}

/* One line of prose: no controls, nothing that cannot be seen or turns the direction; ZWNJ stays. */
static bool is_prose(struct sj_text text, size_t max)
{
    if (text.len == 0 || text.len > max || text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' ') {
        return false;
    }
    static const char *const unseen[] = {"\xd8\x9c", "\xe2\x80\x8b", "\xe2\x80\x8d", "\xe2\x80\x8e",
        "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaa", "\xe2\x80\xab",
        "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7",
        "\xe2\x81\xa8", "\xe2\x81\xa9", "\xef\xbb\xbf"};
    for (size_t i = 0; i < SJ_COUNT(unseen); i++) {
        if (memmem(text.ptr, text.len, unseen[i], strlen(unseen[i])) != NULL) {
            return false;
        }
    }
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        /* C0, DEL; C1 is C2 80 to C2 9F */
        const bool is_c1 = c == 0xc2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xa0;
        if (c < 0x20 || c == 0x7f || is_c1) {
            return false;
        }
    }
    return true;
}

static const char *check_words(const struct sj_definition *definition, const char **reterr_field)
{
    static const char *const kinds[] = {"computed", "survey", "reported", NULL};
    static const char *const levels[] = {"J", "C", "J/C", "X", "G", NULL};
    const struct {
        const char *field;
        bool is_good;
    } checks[] = {
        {"code", is_code(definition->code)},
        {"kind", is_one_of(definition->kind, kinds)},
        {"level", is_one_of(definition->level, levels)},
        {"name_fa", is_prose(definition->name_fa, 400)},
        {"name_en", is_prose(definition->name_en, 400)},
        {"method", is_prose(definition->method, SJ_METHOD_BYTES_MAX)},
        {"unit", is_prose(definition->unit, 40)},
        {"standard", is_prose(definition->standard, SJ_STANDARD_BYTES_MAX)},
        {"contributor_unit", is_prose(definition->contributor_unit_code, 32)},
        {"min_n", definition->min_n >= 0 && definition->min_n <= 100000},
    };
    for (size_t i = 0; i < SJ_COUNT(checks); i++) {
        if (!checks[i].is_good) {
            *reterr_field = checks[i].field;
            return "FORMAT";
        }
    }
    return NULL;
}

static const char *check_anchors(const struct sj_definition *definition, const char **reterr_field)
{
    struct sj_anchors anchors = {.direction = SJ_DIRECTION_NONE};
    *reterr_field = "direction";
    if (!sj_direction_find(definition->direction, &anchors.direction)) {
        return "FORMAT";
    }
    const bool is_band = anchors.direction == SJ_DIRECTION_BAND;
    const bool is_line =
        anchors.direction == SJ_DIRECTION_HIGHER || anchors.direction == SJ_DIRECTION_LOWER;
    const bool is_wanted[SJ_ANCHOR_COUNT] = {
        is_band || is_line, is_line, is_band || is_line, is_band, is_band};
    struct sj_decimal *const values[SJ_ANCHOR_COUNT] = {
        &anchors.floor, &anchors.target, &anchors.cap, &anchors.low, &anchors.high};
    for (size_t i = 0; i < SJ_ANCHOR_COUNT; i++) {
        *reterr_field = anchor_names[i];
        if ((definition->anchors[i].len > 0) != is_wanted[i]) {
            return is_wanted[i] ? "REQUIRED" : "BAD_ANCHORS";
        }
        if (is_wanted[i] &&
            (sj_failed(sj_decimal_parse(definition->anchors[i], values[i])) ||
                values[i]->scale > 6 ||
                sj_decimal_compare(*values[i], (struct sj_decimal){1000000000, 0}) > 0)) {
            return "RANGE";
        }
    }
    *reterr_field = anchor_names[ANCHOR_FLOOR];
    return sj_anchors_are_ordered(&anchors) ? NULL : "BAD_ANCHORS";
}

static const char *check_formula(const struct sj_definition *definition, const char **reterr_field)
{
    const bool is_computed = sj_text_is(definition->kind, "computed");
    *reterr_field = "formula";
    if (is_computed != (definition->formula.len > 0)) {
        return is_computed ? "REQUIRED" : "FORMAT";
    }
    if (is_computed) {
        struct sj_expression expression;
        struct sj_expression_fault fault;
        if (sj_failed(sj_expression_parse(definition->formula, sj_workload_inputs,
                SJ_INPUT_WORKLOAD_COUNT_, &expression, &fault))) {
            return fault.code;
        }
        if (!sj_expression_is_in(&expression, definition->unit)) {
            *reterr_field = "unit";
            return "UNIT_MISMATCH";
        }
    }
    *reterr_field = "scale_max";
    const bool is_survey = sj_text_is(definition->kind, "survey");
    return is_survey == (definition->scale_max > definition->scale_min) ? NULL : "RANGE";
}

const char *sj_definition_check(const struct sj_definition *definition, const char **reterr_field)
{
    const char *code = check_words(definition, reterr_field);
    if (code == NULL) {
        code = check_formula(definition, reterr_field);
    }
    return code == NULL ? check_anchors(definition, reterr_field) : code;
}

/* ---- what is never measured ---- */

static sj_status read_refused(const struct sj_desk *desk, const struct sj_rows *rows,
    struct sj_refused **ret_items, size_t *ret_count)
{
    *ret_items = NULL;
    *ret_count = sj_rows_count(rows);
    if (*ret_count == 0) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, *ret_count * sizeof(struct sj_refused), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < *ret_count; row++) {
        struct sj_refused *item = &(*ret_items)[row];
        struct sj_text *const texts[] = {&item->code, &item->name_fa, &item->name_en,
            &item->reason_fa, &item->reason_en, &item->source};
        for (size_t i = 0; i < SJ_COUNT(texts); i++) {
            TRY(sj_desk_text(desk, rows, row, i, texts[i]));
        }
    }
    return SJ_DONE;
}

sj_status sj_refused_list(
    const struct sj_desk *desk, struct sj_refused **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_null()};
    const struct sj_query sql = {SJ_SQL_REFUSED_INDICATOR_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    return read_refused(desk, rows, ret_items, ret_count);
}

static sj_status find_refused(const struct sj_desk *desk, const struct sj_definition *definition,
    bool *ret_is_refused, struct sj_refused *ret_refused)
{
    const struct sj_text parts[] = {definition->code, definition->name_fa, definition->name_en,
        definition->formula, definition->method};
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(4096);
    for (size_t i = 0; i < SJ_COUNT(parts); i++) {
        TRY(sj_buf_put_text(&text, parts[i]));
        TRY(sj_buf_put_byte(&text, ' '));
    }
    const struct sj_param params[] = {sj_p_text(sj_buf_text(&text))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_REFUSED_INDICATOR_LIST, params, SJ_COUNT(params), &rows));
    struct sj_refused *items = NULL;
    size_t count = 0;
    TRY(read_refused(desk, rows, &items, &count));
    *ret_is_refused = count > 0;
    if (count > 0) {
        *ret_refused = items[0];
    }
    return SJ_DONE;
}

/* ---- create ---- */

/* What the catalogue shows as the formula: the formula itself, else the method in words. */
static struct sj_text shown_formula(const struct sj_definition *definition)
{
    return definition->formula.len > 0 ? definition->formula : definition->method;
}

static sj_status insert_indicator(const struct sj_desk *desk, struct sj_definition *definition)
{
    const bool is_survey = definition->scale_max > definition->scale_min;
    TRY(sj_uuid_new(&definition->indicator));
    definition->version = 1;
    const struct sj_param params[] = {sj_p_id(&definition->indicator), sj_p_text(definition->code),
        sj_p_text(definition->kind), sj_p_text(definition->name_fa), sj_p_text(definition->name_en),
        sj_p_text(shown_formula(definition)), sj_p_text(definition->unit),
        sj_p_text(definition->direction), sj_p_text(definition->direction),
        sj_p_text(definition->level), sj_p_text(definition->contributor_unit_code),
        sj_p_text(definition->standard), sj_p_i32((int32_t)definition->min_n),
        is_survey ? sj_p_i32((int32_t)definition->scale_min) : sj_p_null(),
        is_survey ? sj_p_i32((int32_t)definition->scale_max) : sj_p_null()};
    return sj_tx_query(desk->tx, SJ_SQL_INDICATOR_INSERT, params, SJ_COUNT(params), NULL);
}

static sj_status advance_indicator(
    const struct sj_desk *desk, const struct sj_definition *definition)
{
    const struct sj_param params[] = {sj_p_id(&definition->indicator),
        sj_p_text(definition->name_fa), sj_p_text(definition->name_en),
        sj_p_text(shown_formula(definition)), sj_p_text(definition->unit),
        sj_p_text(definition->direction), sj_p_text(definition->direction),
        sj_p_text(definition->level), sj_p_text(definition->contributor_unit_code),
        sj_p_text(definition->standard), sj_p_i32((int32_t)definition->min_n),
        sj_p_i32((int32_t)definition->version)};
    return sj_tx_query(desk->tx, SJ_SQL_INDICATOR_ADVANCE, params, SJ_COUNT(params), NULL);
}

static sj_status place_indicator(const struct sj_desk *desk, struct sj_definition *definition)
{
    const struct sj_param params[] = {sj_p_text(definition->code)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_INDICATOR_CLAIM, params, SJ_COUNT(params), &rows));
    if (sj_rows_count(rows) == 0) {
        return insert_indicator(desk, definition);
    }
    ENSURE(sj_text_equal(sj_row_text(rows, 0, 1), definition->kind), CONFLICT);
    definition->indicator = sj_row_id(rows, 0, 0);
    definition->version = sj_row_i64(rows, 0, 2) + 1;
    return advance_indicator(desk, definition);
}

sj_status sj_definition_create(const struct sj_desk *desk, struct sj_definition *definition,
    bool *ret_is_refused, struct sj_refused *ret_refused)
{
    SJ_ASSERT(desk->tx != NULL);
    TRY(find_refused(desk, definition, ret_is_refused, ret_refused));
    if (*ret_is_refused) {
        return SJ_DONE;
    }
    TRY(place_indicator(desk, definition));
    const struct sj_text *const a = definition->anchors;
    const struct sj_param params[] = {sj_p_id(&definition->indicator),
        sj_p_i32((int32_t)definition->version), sj_p_text_or_null(definition->formula),
        sj_p_text(definition->method), sj_p_text(definition->unit),
        sj_p_text(definition->direction), sj_p_text_or_null(a[ANCHOR_FLOOR]),
        sj_p_text_or_null(a[ANCHOR_TARGET]), sj_p_text_or_null(a[ANCHOR_CAP]),
        sj_p_text_or_null(a[ANCHOR_LOW]), sj_p_text_or_null(a[ANCHOR_HIGH]),
        sj_p_i32((int32_t)definition->min_n), sj_p_text(definition->level),
        sj_p_text(definition->standard), sj_p_text(definition->contributor_unit_code),
        sj_p_id(&desk->actor->account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_INDICATOR_VERSION_INSERT, params, SJ_COUNT(params), &rows));
    definition->status = SJ_TEXT("active");
    definition->is_weight_locked =
        !sj_text_is(definition->level, "J") && !sj_text_is(definition->level, "J/C");
    definition->valid_from = sj_row_day(rows, 0, 0);
    definition->created_at = sj_row_time(rows, 0, 1);
    return SJ_DONE;
}

/* ---- versions ---- */

static sj_status read_version(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    struct sj_definition *definition)
{
    *definition = (struct sj_definition){
        .version = sj_row_i64(rows, row, 0),
        .min_n = sj_row_i64(rows, row, 10),
        .is_weight_locked = sj_row_bool(rows, row, 12),
        .valid_from = sj_row_day(rows, row, 16),
        .created_at = sj_row_time(rows, row, 17),
    };
    const struct {
        size_t column;
        struct sj_text *text;
    } texts[] = {{1, &definition->formula}, {2, &definition->method}, {3, &definition->unit},
        {4, &definition->direction}, {5, &definition->anchors[0]}, {6, &definition->anchors[1]},
        {7, &definition->anchors[2]}, {8, &definition->anchors[3]}, {9, &definition->anchors[4]},
        {11, &definition->level}, {13, &definition->standard},
        {14, &definition->contributor_unit_code}, {15, &definition->status}};
    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        TRY(sj_desk_text(desk, rows, row, texts[i].column, texts[i].text));
    }
    return SJ_DONE;
}

sj_status sj_definition_list(const struct sj_desk *desk, struct sj_uuid indicator,
    struct sj_definition **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&indicator)};
    const struct sj_query sql = {SJ_SQL_INDICATOR_VERSION_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    *ret_items = NULL;
    *ret_count = sj_rows_count(rows);
    if (*ret_count == 0) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, *ret_count * sizeof(struct sj_definition), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < *ret_count; row++) {
        TRY(read_version(desk, rows, row, &(*ret_items)[row]));
        (*ret_items)[row].indicator = indicator;
    }
    return SJ_DONE;
}
