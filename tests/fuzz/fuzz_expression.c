/* SPDX-License-Identifier: Apache-2.0
 *
 * Does every text either parse to a formula that runs to an answer, or get a fault within the text?
 */
#include "sanjeh/analysis/expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_expression expression;
    struct sj_expression_fault fault = {NULL, 0};
    if (sj_failed(sj_expression_parse((struct sj_text){(const char *)data, size},
            sj_workload_inputs, SJ_INPUT_WORKLOAD_COUNT_, &expression, &fault))) {
        SJ_ASSERT(fault.code != NULL && fault.offset <= size);
        return 0;
    }
    SJ_ASSERT(expression.count > 0 && expression.count <= SJ_EXPRESSION_STEPS_MAX);
    static const int64_t rows[][2] = {{0, 0}, {1, 1}, {7, 3}, {999999999999999999, 1}, {-5, 2}};
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct sj_input_value values[SJ_INPUT_WORKLOAD_COUNT_];
        for (size_t i = 0; i < SJ_INPUT_WORKLOAD_COUNT_; i++) {
            values[i] = (struct sj_input_value){true, {rows[row][i % 2], 0}};
        }
        struct sj_result result;
        sj_expression_run(&expression, sj_workload_inputs, values, &result);
        SJ_ASSERT(result.has_value == (result.reason == NULL));
        char text[SJ_DECIMAL_TEXT_SIZE];
        sj_decimal_format(result.value, text);
    }
    return 0;
}
