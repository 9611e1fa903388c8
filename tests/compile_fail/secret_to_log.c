/* SPDX-License-Identifier: Apache-2.0
 * expect: incompatible pointer types?
 *
 * A secret is no value of a log field.
 */
#include "sanjeh/base/log.h"
#include "sanjeh/crypto/secret.h"

void log_it(const struct sj_secret *secret);

void log_it(const struct sj_secret *secret)
{
#ifdef MISUSE
    SJ_LOG(INFO, "key.value.shown", sj_log_str("key", secret));
#else
    SJ_LOG(INFO, "key.value.kept", sj_log_str("key", secret == NULL ? "none" : "some"));
#endif
}
