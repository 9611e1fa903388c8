/* SPDX-License-Identifier: Apache-2.0
 *
 * The numbers of all emitters of a log, as the verifier keeps them: a command of `sanjeh` is an emitter with the number 1 alone, and there
 * may be a million of them; a server's life has many numbers, and there are few. The first kind costs sixteen to twenty bytes each.
 */
#ifndef SJ_AUDIT_NUMBERS_H
#define SJ_AUDIT_NUMBERS_H

#include "emitters.h"
#include "singles.h"

struct sj_numbers {
    struct sj_singles
        singles; /* emitters of which number 1 has been seen and nothing else; some may have gone on since */
    struct sj_emitters emitters;
};

SJ_MUST_CHECK sj_status sj_numbers_init(
    struct sj_numbers *numbers, size_t max_emitters, size_t max_singles);
void sj_numbers_clear(struct sj_numbers *numbers);
/* As sj_emitters_see, _promise and _end. */
SJ_MUST_CHECK sj_status sj_numbers_see(
    struct sj_numbers *numbers, struct sj_uuid emitter, uint64_t seq, bool *ret_is_repeat);
SJ_MUST_CHECK sj_status sj_numbers_promise(struct sj_numbers *numbers, struct sj_uuid emitter);
SJ_MUST_CHECK sj_status sj_numbers_end(
    struct sj_numbers *numbers, struct sj_uuid emitter, uint64_t last);

#endif
