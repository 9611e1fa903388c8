/* SPDX-License-Identifier: Apache-2.0
 *
 * Does every accepted number format to a spelling that parses to the same number?
 */
#include "sanjeh/analysis/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_decimal decimal;
    if (sj_failed(sj_decimal_parse((struct sj_text){(const char *)data, size}, &decimal))) {
        return 0;
    }
    char text[SJ_DECIMAL_TEXT_SIZE];
    struct sj_decimal again;
    sj_decimal_format(decimal, text);
    SJ_ASSERT(!sj_failed(sj_decimal_parse(sj_text_of(text), &again)));
    SJ_ASSERT(again.units == decimal.units && again.scale == decimal.scale);
    SJ_ASSERT(sj_decimal_compare(again, decimal) == 0);
    const struct sj_decimal rounded = sj_decimal_round(decimal, 2);
    SJ_ASSERT(rounded.scale <= 2 || rounded.scale == decimal.scale);
    return 0;
}
