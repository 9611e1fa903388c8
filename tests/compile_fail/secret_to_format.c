/* SPDX-License-Identifier: Apache-2.0
 * expect: -Werror=format|-Wformat
 *
 * A secret cannot be printed.
 */
#include "sanjeh/crypto/secret.h"

#include <stdio.h>

void print_it(const struct sj_secret *secret);

void print_it(const struct sj_secret *secret)
{
#ifdef MISUSE
    printf("%s\n", secret);
#else
    printf("%s\n", secret == NULL ? "none" : "some");
#endif
}
