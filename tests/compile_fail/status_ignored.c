/* SPDX-License-Identifier: Apache-2.0
 * expect: unused-result
 *
 * A status that nobody looks at is an error that nobody sees.
 */
#include "sanjeh/base/memory.h"

void copy(char *dst, const char *src);

void copy(char *dst, const char *src)
{
#ifdef MISUSE
    sj_copy(dst, 1, src, 2);
#else
    sj_ignore(sj_copy(dst, 1, src, 2), "shows how a status is ignored on purpose");
#endif
}
