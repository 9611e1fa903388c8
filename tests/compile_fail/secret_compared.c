/* SPDX-License-Identifier: Apache-2.0
 * expect: undefined type|incomplete type|invalid operands to binary
 *
 * Secrets have no ==: comparing them takes sj_secret_equal, which is constant-time.
 */
#include "sanjeh/crypto/secret.h"

bool same(const struct sj_secret *a, const struct sj_secret *b);

bool same(const struct sj_secret *a, const struct sj_secret *b)
{
#ifdef MISUSE
    return *a == *b;
#else
    return sj_secret_equal(a, b);
#endif
}
