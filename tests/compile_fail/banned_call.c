/* SPDX-License-Identifier: Apache-2.0
 * expect: poisoned
 *
 * Calls that have hurt others are not words of this tree.
 */
#include "sanjeh/base/parse.h"

uint64_t number_of(const char *text);

uint64_t number_of(const char *text)
{
#ifdef MISUSE
    return strtoull(text, NULL, 10);
#else
    uint64_t value = 0;
    const sj_status status = sj_parse_u64(sj_text_of(text), 0, 100, &value);
    return sj_failed(status) ? 0 : value;
#endif
}
