/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a formula give for these inputs? One pass over its steps with a stack of exact quotients. There is always an
 * answer: a value, or none and the reason. If an unknown input counted as zero, a court without data would look like a
 * court without work.
 */
#include "expression_priv.h"
#include "rational.h"

struct machine {
    struct rational stack[SJ_EXPRESSION_STEPS_MAX];
    size_t top;
    const char *reason; /* the first one */
};

static sj_status choose(
    enum step_kind kind, struct rational a, struct rational b, struct rational *ret_chosen)
{
    int order;
    TRY(rational_compare(a, b, &order));
    *ret_chosen = (order <= 0) == (kind == STEP_MIN) ? a : b;
    return SJ_DONE;
}

static sj_status apply(
    enum step_kind kind, struct rational a, struct rational b, struct rational *ret_result)
{
    switch (kind) {
    case STEP_ADD:
        return rational_add(a, b, ret_result);
    case STEP_SUBTRACT:
        return rational_subtract(a, b, ret_result);
    case STEP_MULTIPLY:
        return rational_multiply(a, b, ret_result);
    case STEP_DIVIDE:
        return rational_divide(a, b, ret_result);
    case STEP_MIN:
    case STEP_MAX:
        return choose(kind, a, b, ret_result);
    case STEP_NUMBER:
    case STEP_INPUT:
    case STEP_NEGATE:
    case STEP_COUNT_:
        break;
    }
    FAIL(INTERNAL);
}

/* Of a division by zero. */
static const char *zero_reason(const struct sj_input *inputs, uint8_t denominator)
{
    const char *reason = denominator == 0 ? NULL : inputs[denominator - 1].zero_reason;
    return reason == NULL ? "DIVISION_BY_ZERO" : reason;
}

static void run_pair(struct machine *machine, enum step_kind kind, uint8_t denominator,
    const struct sj_input *inputs)
{
    SJ_ASSERT(machine->top >= 2);
    const struct rational b = machine->stack[--machine->top];
    const struct rational a = machine->stack[machine->top - 1];
    if (kind == STEP_DIVIDE && b.numerator == 0) {
        machine->reason = zero_reason(inputs, denominator);
    } else if (sj_failed(apply(kind, a, b, &machine->stack[machine->top - 1]))) {
        machine->reason = "TOO_LARGE";
    }
}

static bool are_known(const struct sj_expression *expression, const struct sj_input_value *values)
{
    for (size_t i = 0; i < SJ_INPUTS_MAX; i++) {
        if ((expression->used >> i & 1u) != 0 && !values[i].is_known) {
            return false;
        }
    }
    return true;
}

static void run_step(struct machine *machine, const struct sj_expression *expression, size_t step,
    const struct sj_input *inputs, const struct sj_input_value *values)
{
    const enum step_kind kind = (enum step_kind)expression->steps[step].kind;
    const uint8_t input = expression->steps[step].input;
    if (kind == STEP_NUMBER) {
        machine->stack[machine->top++] = rational_of_decimal(expression->steps[step].number);
    } else if (kind == STEP_INPUT) {
        machine->stack[machine->top++] = rational_of_decimal(values[input].value);
    } else if (kind == STEP_NEGATE) {
        SJ_ASSERT(machine->top >= 1);
        machine->stack[machine->top - 1].numerator *= -1;
    } else {
        run_pair(machine, kind, input, inputs);
    }
}

void sj_expression_run(const struct sj_expression *expression, const struct sj_input *inputs,
    const struct sj_input_value *values, struct sj_result *ret_result)
{
    struct sj_result result = {.has_value = false};
    if (expression->base >= 0 && values[expression->base].is_known) {
        result.has_n = true;
        result.n = values[expression->base].value;
    }
    struct machine machine = {.reason = are_known(expression, values) ? NULL : "UNKNOWN_INPUT"};
    for (size_t step = 0; step < expression->count && machine.reason == NULL; step++) {
        run_step(&machine, expression, step, inputs, values);
    }
    result.reason = machine.reason;
    if (machine.reason == NULL) {
        SJ_ASSERT(machine.top == 1);
        result.has_value = !sj_failed(rational_round(machine.stack[0], &result.value));
        result.reason = result.has_value ? NULL : "TOO_LARGE";
    }
    *ret_result = result;
}

bool sj_expression_is_in(const struct sj_expression *expression, struct sj_text unit)
{
    static const struct {
        const char *unit;
        struct sj_dimension dimension;
        int64_t factor; /* 0: any */
    } units[] = {{"%", {0}, 100}, {"‰", {0}, 1000}, {"ratio", {0}, 1}, {"count", {0}, 1},
        {"days", {.days = 1}, 0}, {"hours", {.hours = 1}, 0}, {"points", {.points = 1}, 0},
        {"cases", {.cases = 1}, 0}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (sj_text_is(unit, units[i].unit)) {
            return dimension_is_same(expression->dimension, units[i].dimension) &&
                   (units[i].factor == 0 || units[i].factor == expression->factor);
        }
    }
    return false;
}
