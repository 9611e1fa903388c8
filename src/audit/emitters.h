/* SPDX-License-Identifier: Apache-2.0
 *
 * Which numbers of each emitter have been seen: a number that comes twice is a replayed draft. Runs of numbers
 * are kept as intervals, so an emitter that counts without gaps costs one.
 */
#ifndef SJ_AUDIT_EMITTERS_H
#define SJ_AUDIT_EMITTERS_H

#include "idmap.h"
#include "sanjeh/base/buf.h"

struct sj_emitters {
    struct sj_idmap map;
    struct sj_emitter *list;
    size_t capacity;
};

SJ_MUST_CHECK sj_status sj_emitters_init(struct sj_emitters *emitters, size_t max);
void sj_emitters_clear(struct sj_emitters *emitters);
/* Notes the number. *ret_is_repeat: it was there before. */
SJ_MUST_CHECK sj_status sj_emitters_see(
    struct sj_emitters *emitters, struct sj_uuid emitter, uint64_t seq, bool *ret_is_repeat);
/* An emitter that promises to leave no number without entry or void; and its last number. */
SJ_MUST_CHECK sj_status sj_emitters_promise(struct sj_emitters *emitters, struct sj_uuid emitter);
SJ_MUST_CHECK sj_status sj_emitters_end(
    struct sj_emitters *emitters, struct sj_uuid emitter, uint64_t last);
/* The first number, from 1 to its last, that an emitter which promised and ended has left out. False: there is none. */
bool sj_emitters_find_gap(
    const struct sj_emitters *emitters, struct sj_uuid *ret_emitter, uint64_t *ret_seq);
/* Looks only. */
bool sj_emitters_know(const struct sj_emitters *emitters, struct sj_uuid emitter);
bool sj_emitters_have(const struct sj_emitters *emitters, struct sj_uuid emitter, uint64_t seq);
/* The first numbers from 1 up to, not including, upto that were not seen: at most max. */
void sj_emitters_gaps(const struct sj_emitters *emitters, struct sj_uuid emitter, uint64_t upto,
    uint64_t *ret_gaps, size_t max, size_t *ret_count);
/* The highest number seen, 0: none. */
uint64_t sj_emitters_last(const struct sj_emitters *emitters, struct sj_uuid emitter);
/* One of them with its promise and end, appended, by number below map.count; and back into a set that does not know it. Interval after
 * interval stands at the end: SJ_EMITTER_HEAD bytes say how many. Errors: PROTOCOL. */
#define SJ_EMITTER_HEAD     29u
#define SJ_EMITTER_INTERVAL 16u
SJ_MUST_CHECK sj_status sj_emitters_put_one(
    const struct sj_emitters *emitters, size_t number, struct sj_buf *out);
SJ_MUST_CHECK sj_status sj_emitters_intervals_of(
    const uint8_t head[SJ_EMITTER_HEAD], uint32_t *ret_count);
SJ_MUST_CHECK sj_status sj_emitters_take_one(struct sj_emitters *emitters, struct sj_view bytes);
/* All of it as bytes, appended, and back into an empty set. Errors: LIMIT_EXCEEDED; PROTOCOL for other bytes. */
SJ_MUST_CHECK sj_status sj_emitters_encode(const struct sj_emitters *emitters, struct sj_buf *out);
SJ_MUST_CHECK sj_status sj_emitters_decode(struct sj_view bytes, struct sj_emitters *emitters);

#endif
