/* SPDX-License-Identifier: Apache-2.0
 *
 * The formula language of indicators: numbers, named inputs, + − × ÷ (also - * /), min, max, parentheses. Total: parsing
 * bounds length and depth, running is linear in the text. An unknown input makes the result unknown; division by zero makes it
 * null and says which denominator it was. Exact: the result is rounded once, to six decimals, half away from zero.
 *
 *   formula = term { ("+" | "-" | "−") term }
 *   term    = factor { ("*" | "×" | "/" | "÷") factor }
 *   factor  = ["-" | "−"] ( number | input | ("min" | "max") "(" formula { "," formula } ")" | "(" formula ")" )
 */
#ifndef SJ_ANALYSIS_EXPRESSION_H
#define SJ_ANALYSIS_EXPRESSION_H

#include "sanjeh/analysis/decimal.h"

#define SJ_EXPRESSION_BYTES_MAX 400
#define SJ_EXPRESSION_DEPTH_MAX 16
#define SJ_EXPRESSION_STEPS_MAX 128
#define SJ_INPUTS_MAX           64

/* What a quantity is measured in: exponents. Ratio and percent have none. */
struct sj_dimension {
    int8_t cases; /* whatever is counted: cases, hearings, files */
    int8_t days;
    int8_t hours;
    int8_t points;
};

struct sj_input {
    const char *name; /* "P0"; letters, digits, '_' */
    struct sj_dimension dimension;
    const char *
        zero_reason; /* when it is a denominator and 0: "NO_RESOLVED_CASES"; NULL: DIVISION_BY_ZERO */
};

enum sj_workload_input {
    SJ_INPUT_PENDING_START, /* P0 */
    SJ_INPUT_INCOMING,      /* I */
    SJ_INPUT_RESOLVED,      /* R, resolved */
    SJ_INPUT_PENDING_END,   /* P1 */
    SJ_INPUT_DAYS,          /* d */
    SJ_INPUT_FILED,
    SJ_INPUT_RETURNED,
    SJ_INPUT_TRANSFERRED_IN,
    SJ_INPUT_TRANSFERRED_OUT,
    SJ_INPUT_WORKLOAD_COUNT_
};
/* The inputs that workload gives; SJ_INPUT_WORKLOAD_COUNT_ of them, by number. */
extern const struct sj_input sj_workload_inputs[SJ_INPUT_WORKLOAD_COUNT_];

/* A parsed formula: a small program for a stack machine. Plain value, no pointers. */
struct sj_expression {
    struct {
        uint8_t kind;
        uint8_t
            input; /* of an input; of a division: denominator + 1 when it is one input alone, else 0 */
        struct sj_decimal number;
    } steps[SJ_EXPRESSION_STEPS_MAX];
    size_t count;
    struct sj_dimension dimension; /* of the result */
    int64_t factor; /* the whole number that the last step multiplies by ("… × 100"), else 1 */
    uint64_t used;  /* bit of each input */
    int8_t base; /* input that the first division divides by, alone: the n it rests on; −1: none */
};

/* Why a text is no formula. */
struct sj_expression_fault {
    const char *code; /* SYNTAX, UNKNOWN_INPUT, UNIT_MISMATCH, TOO_LONG, TOO_DEEP, RANGE; static */
    size_t offset;    /* byte of the text */
};
/* inputs: at most SJ_INPUTS_MAX. Errors: INVALID, reterr_fault says why. */
SJ_MUST_CHECK sj_status sj_expression_parse(struct sj_text text, const struct sj_input *inputs,
    size_t input_count, struct sj_expression *ret_expression,
    struct sj_expression_fault *reterr_fault);

/* Whether results are in this unit: "%" and "‰" end in × 100 and × 1000 and are without dimension, "ratio" and "count" are without
 * dimension and factor, "days", "hours", "points", "cases" have theirs. Other units fit no formula. */
bool sj_expression_is_in(const struct sj_expression *expression, struct sj_text unit);

struct sj_input_value {
    bool is_known;
    struct sj_decimal value;
};
struct sj_result {
    bool has_value;
    struct sj_decimal value;
    const char
        *reason; /* when not: UNKNOWN_INPUT, a zero_reason, DIVISION_BY_ZERO, TOO_LARGE; static */
    bool has_n;  /* base is there and known */
    struct sj_decimal n;
};
/* inputs as they were parsed with, values by the same number. Total: there is always a result. */
void sj_expression_run(const struct sj_expression *expression, const struct sj_input *inputs,
    const struct sj_input_value *values, struct sj_result *ret_result);

#endif
