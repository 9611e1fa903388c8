/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of one request: many small pieces, one end. Bounded, wiped when it is reset or freed.
 */
#ifndef SJ_BASE_ARENA_H
#define SJ_BASE_ARENA_H

#include "sanjeh/base/memory.h"
#include "sanjeh/base/view.h"

struct sj_arena;

/* max_bytes bounds the sum of all pieces. Errors: OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_arena_new(size_t max_bytes, struct sj_arena **ret_arena);
void sj_arena_free(struct sj_arena **arena);
/* Wipes and forgets every piece; keeps one block of at most 16 KiB for the next request. */
void sj_arena_reset(struct sj_arena *arena);
/* Zeroed, 16-byte aligned, borrowed until reset. Errors: LIMIT_EXCEEDED, OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_arena_alloc(struct sj_arena *arena, size_t size, void **ret_memory);
SJ_MUST_CHECK sj_status sj_arena_copy(
    struct sj_arena *arena, struct sj_view bytes, struct sj_view *ret_copy);
/* NUL-terminated behind its length. */
SJ_MUST_CHECK sj_status sj_arena_text(
    struct sj_arena *arena, struct sj_text text, struct sj_text *ret_copy);

#endif
