/* SPDX-License-Identifier: Apache-2.0
 *
 * A large set of ids that is never listed: twelve bytes of a keyed hash stand for each, so that a million of them are sixteen to twenty
 * megabytes. Two different ids that share theirs (2^-96 for a pair, and nobody can look for one without the key) would be taken for one.
 */
#ifndef SJ_AUDIT_SINGLES_H
#define SJ_AUDIT_SINGLES_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"

#define SJ_SINGLES_SHARDS 64u
#define SJ_SINGLE_SIZE    12u

struct sj_single {
    uint8_t bytes[SJ_SINGLE_SIZE]; /* all zeros: none */
};

struct sj_singles_shard {
    struct sj_single *slots;
    size_t capacity;
    size_t count;
};

struct sj_singles {
    uint8_t key[16];
    struct sj_singles_shard shards[SJ_SINGLES_SHARDS];
    size_t count;
    size_t max;
};

SJ_MUST_CHECK sj_status sj_singles_init(struct sj_singles *singles, size_t max);
/* Idempotent, safe on a zeroed set. */
void sj_singles_clear(struct sj_singles *singles);
/* *ret_was_there: it was added before. Errors: LIMIT_EXCEEDED beyond max, OUT_OF_MEMORY, CRYPTO. */
SJ_MUST_CHECK sj_status sj_singles_add(
    struct sj_singles *singles, struct sj_uuid id, bool *ret_was_there);
SJ_MUST_CHECK sj_status sj_singles_has(
    const struct sj_singles *singles, struct sj_uuid id, bool *ret_has);

/* All of it in pieces, for a file: the key first, then what each call of next appends, until it appends nothing. */
struct sj_singles_walk {
    unsigned shard;
    size_t slot;
};
SJ_MUST_CHECK sj_status sj_singles_next(const struct sj_singles *singles,
    struct sj_singles_walk *walk, size_t most, struct sj_buf *out);
/* Puts back what sj_singles_next gave, into a set that has the key of that one. Errors: PROTOCOL. */
SJ_MUST_CHECK sj_status sj_singles_put_back(struct sj_singles *singles, struct sj_view pieces);

#endif
