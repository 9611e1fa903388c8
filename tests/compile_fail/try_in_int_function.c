/* SPDX-License-Identifier: Apache-2.0
 * expect: incompatible type|incompatible result type
 *
 * TRY hands a status on, so it only works where the caller gets a status.
 */
#include "sanjeh/base/memory.h"

#ifdef MISUSE
int copy_twice(char *dst, const char *src);

int copy_twice(char *dst, const char *src)
{
    TRY(sj_copy(dst, 1, src, 1));
    return 0;
}
#else
sj_status copy_twice(char *dst, const char *src);

sj_status copy_twice(char *dst, const char *src)
{
    TRY(sj_copy(dst, 1, src, 1));
    return SJ_DONE;
}
#endif
