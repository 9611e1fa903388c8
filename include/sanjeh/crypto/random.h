/* SPDX-License-Identifier: Apache-2.0
 *
 * Randomness (RAND_bytes of OpenSSL, SP 800-90A). There is no other source in the house.
 */
#ifndef SJ_CRYPTO_RANDOM_H
#define SJ_CRYPTO_RANDOM_H

#include "sanjeh/base/id.h"

/* Errors: CRYPTO. */
SJ_MUST_CHECK sj_status sj_random(void *dst, size_t len);
/* RFC 9562 version 4. Cheap: drawn from a thread-local pool that is wiped as it is used. */
SJ_MUST_CHECK sj_status sj_uuid_new(struct sj_uuid *ret_id);
/* RFC 9562 version 7: the present millisecond first, then 74 random bits. For rows that come by the thousand and tell
 * when they were made anyway: new ones lie side by side in an index. */
SJ_MUST_CHECK sj_status sj_uuid_new_ordered(struct sj_uuid *ret_id);

#endif
