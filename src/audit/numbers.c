/* SPDX-License-Identifier: Apache-2.0
 *
 * Has this number of this emitter been here before, in memory that does not grow with every command that was ever given? See numbers.h.
 */
#include "numbers.h"

sj_status sj_numbers_init(struct sj_numbers *numbers, size_t max_emitters, size_t max_singles)
{
    TRY(sj_singles_init(&numbers->singles, max_singles));
    return sj_emitters_init(&numbers->emitters, max_emitters);
}

void sj_numbers_clear(struct sj_numbers *numbers)
{
    sj_singles_clear(&numbers->singles);
    sj_emitters_clear(&numbers->emitters);
}

/* An emitter of which more than number 1 is to be known. */
static sj_status make_whole(struct sj_numbers *numbers, struct sj_uuid emitter)
{
    bool has_one = false;
    bool is_repeat = false;
    if (sj_emitters_know(&numbers->emitters, emitter)) {
        return SJ_DONE;
    }
    TRY(sj_singles_has(&numbers->singles, emitter, &has_one));
    return has_one ? sj_emitters_see(&numbers->emitters, emitter, 1, &is_repeat) : SJ_DONE;
}

sj_status sj_numbers_see(
    struct sj_numbers *numbers, struct sj_uuid emitter, uint64_t seq, bool *ret_is_repeat)
{
    if (seq == 1 && !sj_emitters_know(&numbers->emitters, emitter)) {
        return sj_singles_add(&numbers->singles, emitter, ret_is_repeat);
    }
    TRY(make_whole(numbers, emitter));
    return sj_emitters_see(&numbers->emitters, emitter, seq, ret_is_repeat);
}

sj_status sj_numbers_promise(struct sj_numbers *numbers, struct sj_uuid emitter)
{
    TRY(make_whole(numbers, emitter));
    return sj_emitters_promise(&numbers->emitters, emitter);
}

sj_status sj_numbers_end(struct sj_numbers *numbers, struct sj_uuid emitter, uint64_t last)
{
    TRY(make_whole(numbers, emitter));
    return sj_emitters_end(&numbers->emitters, emitter, last);
}
