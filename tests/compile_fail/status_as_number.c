/* SPDX-License-Identifier: Apache-2.0
 * expect: incompatible type
 *
 * A status is no count: bytes copied and failure cannot be mixed up in one int.
 */
#include "sanjeh/base/memory.h"

int copied(char *dst, const char *src);

int copied(char *dst, const char *src)
{
#ifdef MISUSE
    int result = sj_copy(dst, 1, src, 1);
    return result;
#else
    return sj_failed(sj_copy(dst, 1, src, 1)) ? 0 : 1;
#endif
}
