/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a text a formula, and of which unit is its result? Recursive descent over at most 400 bytes and 16 levels, straight into
 * steps of a stack machine; dimensions are checked while parsing: cases are not added to days. Nothing else can be said in
 * this language: no names but the inputs, no assignment, no loop.
 * If this were wrong, whoever defines an indicator could make the server work without end, or compare what cannot be
 * compared.
 */
#include "sanjeh/analysis/expression.h"

#include "expression_priv.h"
#include "sanjeh/base/memory.h"

#include <string.h>

#define EXPONENT_MAX 4 /* of a unit: nothing real has more */

const struct sj_input sj_workload_inputs[SJ_INPUT_WORKLOAD_COUNT_] = {
    [SJ_INPUT_PENDING_START] = {"P0", {.cases = 1}, "NO_PENDING_START"},
    [SJ_INPUT_INCOMING] = {"I", {.cases = 1}, "NO_INCOMING_CASES"},
    [SJ_INPUT_RESOLVED] = {"R", {.cases = 1}, "NO_RESOLVED_CASES"},
    [SJ_INPUT_PENDING_END] = {"P1", {.cases = 1}, "NO_PENDING_CASES"},
    [SJ_INPUT_DAYS] = {"d", {.days = 1}, NULL},
    [SJ_INPUT_FILED] = {"filed", {.cases = 1}, "NO_INCOMING_CASES"},
    [SJ_INPUT_RETURNED] = {"returned", {.cases = 1}, NULL},
    [SJ_INPUT_TRANSFERRED_IN] = {"transferred_in", {.cases = 1}, NULL},
    [SJ_INPUT_TRANSFERRED_OUT] = {"transferred_out", {.cases = 1}, NULL},
};

/* What a part of the formula is while it is parsed. */
struct part {
    struct sj_dimension dimension;
    int64_t number; /* of a whole literal, else 0 */
    uint8_t input;  /* number + 1 of an input alone, else 0 */
    bool is_literal;
};

struct parser {
    struct sj_text text;
    const struct sj_input *inputs;
    size_t input_count;
    size_t at;
    unsigned depth;
    struct sj_expression *out;
    struct sj_expression_fault *fault;
};

static sj_status refuse(const struct parser *parser, const char *code)
{
    *parser->fault = (struct sj_expression_fault){code, parser->at};
    FAIL(INVALID);
}

static void skip_blanks(struct parser *parser)
{
    while (parser->at < parser->text.len && parser->text.ptr[parser->at] == ' ') {
        parser->at++;
    }
}

/* Takes the sign when it stands here; the blanks before it in any case. */
static bool takes(struct parser *parser, const char *sign)
{
    skip_blanks(parser);
    const size_t len = strlen(sign);
    if (parser->text.len - parser->at < len ||
        memcmp(parser->text.ptr + parser->at, sign, len) != 0) {
        return false;
    }
    parser->at += len;
    return true;
}

static sj_status emit(
    struct parser *parser, enum step_kind kind, uint8_t input, struct sj_decimal number)
{
    struct sj_expression *out = parser->out;
    if (out->count == SJ_EXPRESSION_STEPS_MAX) {
        return refuse(parser, "TOO_LONG");
    }
    out->steps[out->count].kind = (uint8_t)kind;
    out->steps[out->count].input = input;
    out->steps[out->count++].number = number;
    return SJ_DONE;
}

static sj_status parse_sum(struct parser *parser, struct part *ret_part);

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static sj_status parse_number(struct parser *parser, struct part *ret_part)
{
    const size_t start = parser->at;
    size_t end = start;
    while (end < parser->text.len &&
           (is_digit(parser->text.ptr[end]) || parser->text.ptr[end] == '.')) {
        end++;
    }
    struct sj_decimal number;
    if (end < parser->text.len && is_letter(parser->text.ptr[end])) {
        return refuse(parser, "SYNTAX");
    }
    if (sj_failed(
            sj_decimal_parse((struct sj_text){parser->text.ptr + start, end - start}, &number))) {
        return refuse(parser, "RANGE");
    }
    TRY(emit(parser, STEP_NUMBER, 0, number));
    parser->at = end;
    *ret_part = (struct part){.is_literal = true, .number = number.scale == 0 ? number.units : 0};
    return SJ_DONE;
}

/* min(a, b, …): all of one dimension. */
static sj_status parse_choice(struct parser *parser, enum step_kind kind, struct part *ret_part)
{
    struct part first;
    TRY(parse_sum(parser, &first));
    while (takes(parser, ",")) {
        struct part next;
        TRY(parse_sum(parser, &next));
        if (!dimension_is_same(first.dimension, next.dimension)) {
            return refuse(parser, "UNIT_MISMATCH");
        }
        TRY(emit(parser, kind, 0, (struct sj_decimal){0, 0}));
    }
    if (!takes(parser, ")")) {
        return refuse(parser, "SYNTAX");
    }
    *ret_part = (struct part){.dimension = first.dimension};
    return SJ_DONE;
}

static sj_status parse_name(struct parser *parser, struct part *ret_part)
{
    const size_t start = parser->at;
    size_t end = start;
    while (end < parser->text.len &&
           (is_letter(parser->text.ptr[end]) || is_digit(parser->text.ptr[end]))) {
        end++;
    }
    const struct sj_text name = {parser->text.ptr + start, end - start};
    const bool is_min = sj_text_is(name, "min");
    if (is_min || sj_text_is(name, "max")) {
        parser->at = end;
        return takes(parser, "(") ? parse_choice(parser, is_min ? STEP_MIN : STEP_MAX, ret_part)
                                  : refuse(parser, "SYNTAX");
    }
    for (size_t i = 0; i < parser->input_count; i++) {
        if (sj_text_is(name, parser->inputs[i].name)) {
            TRY(emit(parser, STEP_INPUT, (uint8_t)i, (struct sj_decimal){0, 0}));
            parser->at = end;
            parser->out->used |= UINT64_C(1) << i;
            *ret_part =
                (struct part){.dimension = parser->inputs[i].dimension, .input = (uint8_t)(i + 1)};
            return SJ_DONE;
        }
    }
    return refuse(parser, "UNKNOWN_INPUT");
}

static sj_status parse_primary(struct parser *parser, struct part *ret_part)
{
    if (takes(parser, "(")) {
        TRY(parse_sum(parser, ret_part));
        return takes(parser, ")") ? SJ_DONE : refuse(parser, "SYNTAX");
    }
    if (parser->at < parser->text.len && is_digit(parser->text.ptr[parser->at])) {
        return parse_number(parser, ret_part);
    }
    if (parser->at < parser->text.len && is_letter(parser->text.ptr[parser->at])) {
        return parse_name(parser, ret_part);
    }
    return refuse(parser, "SYNTAX");
}

static sj_status parse_factor(struct parser *parser, struct part *ret_part)
{
    const bool is_negative = takes(parser, "-") || takes(parser, "−");
    TRY(parse_primary(parser, ret_part));
    if (is_negative) {
        TRY(emit(parser, STEP_NEGATE, 0, (struct sj_decimal){0, 0}));
        *ret_part = (struct part){.dimension = ret_part->dimension};
    }
    return SJ_DONE;
}

static bool combine(struct sj_dimension *dimension, struct sj_dimension other, int sign)
{
    int8_t *const mine[] = {
        &dimension->cases, &dimension->days, &dimension->hours, &dimension->points};
    const int8_t theirs[] = {other.cases, other.days, other.hours, other.points};
    for (size_t i = 0; i < SJ_COUNT(mine); i++) {
        const int exponent = *mine[i] + sign * theirs[i];
        if (exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX) {
            return false;
        }
        *mine[i] = (int8_t)exponent;
    }
    return true;
}

static sj_status parse_product(struct parser *parser, struct part *ret_part)
{
    TRY(parse_factor(parser, ret_part));
    for (;;) {
        const bool is_product = takes(parser, "*") || takes(parser, "×");
        if (!is_product && !takes(parser, "/") && !takes(parser, "÷")) {
            return SJ_DONE;
        }
        struct part next;
        TRY(parse_factor(parser, &next));
        struct sj_dimension dimension = ret_part->dimension;
        if (!combine(&dimension, next.dimension, is_product ? 1 : -1)) {
            return refuse(parser, "UNIT_MISMATCH");
        }
        TRY(emit(parser, is_product ? STEP_MULTIPLY : STEP_DIVIDE, is_product ? 0 : next.input,
            (struct sj_decimal){0, 0}));
        if (!is_product && parser->out->base < 0 && next.input > 0) {
            parser->out->base = (int8_t)(next.input - 1);
        }
        *ret_part = (struct part){.dimension = dimension};
        parser->out->factor = is_product && next.is_literal && next.number > 0 ? next.number : 1;
    }
}

static sj_status parse_sum(struct parser *parser, struct part *ret_part)
{
    if (++parser->depth > SJ_EXPRESSION_DEPTH_MAX) {
        return refuse(parser, "TOO_DEEP");
    }
    TRY(parse_product(parser, ret_part));
    for (;;) {
        const bool is_sum = takes(parser, "+");
        if (!is_sum && !takes(parser, "-") && !takes(parser, "−")) {
            break;
        }
        struct part next;
        TRY(parse_product(parser, &next));
        if (!dimension_is_same(ret_part->dimension, next.dimension)) {
            return refuse(parser, "UNIT_MISMATCH");
        }
        TRY(emit(parser, is_sum ? STEP_ADD : STEP_SUBTRACT, 0, (struct sj_decimal){0, 0}));
        *ret_part = (struct part){.dimension = next.dimension};
        parser->out->factor = 1;
    }
    parser->depth--;
    return SJ_DONE;
}

sj_status sj_expression_parse(struct sj_text text, const struct sj_input *inputs,
    size_t input_count, struct sj_expression *ret_expression,
    struct sj_expression_fault *reterr_fault)
{
    SJ_ASSERT(input_count <= SJ_INPUTS_MAX);
    struct sj_expression expression = {.factor = 1, .base = -1};
    struct parser parser = {.text = text,
        .inputs = inputs,
        .input_count = input_count,
        .out = &expression,
        .fault = reterr_fault};
    if (text.len > SJ_EXPRESSION_BYTES_MAX) {
        return refuse(&parser, "TOO_LONG");
    }
    struct part part;
    TRY(parse_sum(&parser, &part));
    skip_blanks(&parser);
    if (parser.at != text.len) {
        return refuse(&parser, "SYNTAX");
    }
    expression.dimension = part.dimension;
    *ret_expression = expression;
    return SJ_DONE;
}
