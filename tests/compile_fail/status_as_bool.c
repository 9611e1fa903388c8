/* SPDX-License-Identifier: Apache-2.0
 * expect: used struct type value where scalar is required|statement requires expression of scalar type
 *
 * A status is neither true nor false: "if (call())" would mean success to one reader, failure to
 * the other.
 */
#include "sanjeh/base/memory.h"

int is_copied(char *dst, const char *src);

int is_copied(char *dst, const char *src)
{
#ifdef MISUSE
    if (sj_copy(dst, 1, src, 1)) {
#else
    if (!sj_failed(sj_copy(dst, 1, src, 1))) {
#endif
        return 1;
    }
    return 0;
}
