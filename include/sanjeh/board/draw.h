/* SPDX-License-Identifier: Apache-2.0
 *
 * Drawing decisions at random, so that anybody with seed and frame draws the same ones again. Pure: no state, no clock, no
 * database.
 */
#ifndef SJ_BOARD_DRAW_H
#define SJ_BOARD_DRAW_H

#include "sanjeh/base/id.h"
#include "sanjeh/crypto/hash.h"

#define SJ_FRAME_ITEMS_MAX      500u
#define SJ_FRAME_STRATA_MAX     50u
#define SJ_SAMPLE_SIZE_MIN      8u
#define SJ_SAMPLE_SIZE_MAX      50u
#define SJ_SAMPLE_REVIEWERS_MAX 20u

/* A decision that could be drawn. */
struct sj_frame_item {
    struct sj_text ref;     /* unique in the frame */
    struct sj_text stratum; /* kind of case, for instance */
    struct sj_text text;    /* anonymised */
};
/* Hash of the frame: h = SHA-256("sanjeh/frame/1"), then for each item in the order of the refs' bytes h = SHA-256(h || length
 * (32 bits, big endian) and bytes of ref and of stratum || SHA-256(text)). The order of items does not matter.
 * Errors: INVALID (no item, too many, a ref twice). */
SJ_MUST_CHECK sj_status sj_frame_hash(
    const struct sj_frame_item *items, size_t count, struct sj_hash *ret_hash);
/* Draws size items: to each stratum its share by largest remainder (ties to the lower name), at least one where size allows; in
 * a stratum those with the smallest HMAC-SHA-256(seed, frame hash || ref). ret_picks: size numbers of items, ascending by ref.
 * Errors: INVALID (as sj_frame_hash; size outside the bounds or above count; too many strata). */
SJ_MUST_CHECK sj_status sj_sample_draw(const struct sj_hash *seed,
    const struct sj_frame_item *items, size_t count, size_t size, size_t *ret_picks);
/* Two different reviewers for the no-th drawn decision. Errors: INVALID (fewer than 2 reviewers, too many, one twice). */
SJ_MUST_CHECK sj_status sj_sample_pair(const struct sj_hash *seed, uint32_t no,
    const struct sj_uuid *reviewers, size_t count, struct sj_uuid *ret_one,
    struct sj_uuid *ret_two);
/* Whether a word of text is a word of name (two letters and more), in the search form of both.
 * Errors: LIMIT_EXCEEDED, OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_text_names(struct sj_text text, struct sj_text name, bool *ret_names);

#endif
