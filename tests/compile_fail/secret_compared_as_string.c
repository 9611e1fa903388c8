/* SPDX-License-Identifier: Apache-2.0
 * expect: incompatible pointer types?
 *
 * A secret is no string: strcmp, whose time tells where the first difference is, does not take it.
 */
#include "sanjeh/crypto/secret.h"

#include <string.h>

bool same(const struct sj_secret *a, const struct sj_secret *b);

bool same(const struct sj_secret *a, const struct sj_secret *b)
{
#ifdef MISUSE
    return strcmp(a, b) == 0;
#else
    return sj_secret_equal(a, b);
#endif
}
