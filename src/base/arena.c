/* SPDX-License-Identifier: Apache-2.0
 *
 * Who frees the many small pieces of one request? Nobody: they live in blocks that are wiped
 * together when the request ends. The sum is bounded, so one request cannot starve the others, and
 * decrypted fields do not outlive their response. If the wiping failed, the next request of
 * another unit would find them in fresh memory.
 */
#include "sanjeh/base/arena.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 16384
#define ALIGNMENT   16

/* Bytes behind used are zero at all times. */
struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) uint8_t bytes[];
};

struct sj_arena {
    struct block *blocks; /* the newest first */
    size_t max;
    size_t total;
};

sj_status sj_arena_new(size_t max_bytes, struct sj_arena **ret_arena)
{
    void *memory = NULL;

    TRY(sj_alloc(1, sizeof(struct sj_arena), &memory));
    struct sj_arena *arena = memory;
    arena->max = max_bytes;
    *ret_arena = arena;
    return SJ_DONE;
}

static void free_block(struct block *block)
{
    sj_wipe(block->bytes, block->used);
    free(block);
}

void sj_arena_free(struct sj_arena **arena)
{
    if (*arena == NULL) {
        return;
    }
    struct block *block = (*arena)->blocks;
    while (block != NULL) {
        struct block *next = block->next;
        free_block(block);
        block = next;
    }
    free(*arena);
    *arena = NULL;
}

void sj_arena_reset(struct sj_arena *arena)
{
    struct block *kept = NULL;
    struct block *block = arena->blocks;

    while (block != NULL) {
        struct block *next = block->next;
        if (kept == NULL && block->size <= BLOCK_BYTES) {
            sj_wipe(block->bytes, block->used);
            block->used = 0;
            block->next = NULL;
            kept = block;
        } else {
            free_block(block);
        }
        block = next;
    }
    arena->blocks = kept;
    arena->total = 0;
}

static sj_status add_block(struct sj_arena *arena, size_t size)
{
    const size_t bytes = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    size_t whole = 0;
    void *memory = NULL;

    TRY(sj_size_add(offsetof(struct block, bytes), bytes, &whole));
    TRY(sj_alloc(1, whole, &memory));
    struct block *block = memory;
    block->size = bytes;
    block->next = arena->blocks;
    arena->blocks = block;
    return SJ_DONE;
}

sj_status sj_arena_alloc(struct sj_arena *arena, size_t size, void **ret_memory)
{
    size_t padded = 0;

    /* An empty piece still has an address of its own. */
    TRY(sj_size_add(size == 0 ? 1 : size, ALIGNMENT - 1, &padded));
    padded -= padded % ALIGNMENT;
    ENSURE(padded <= arena->max - arena->total, LIMIT_EXCEEDED);
    if (arena->blocks == NULL || arena->blocks->size - arena->blocks->used < padded) {
        TRY(add_block(arena, padded));
    }
    struct block *block = arena->blocks;
    *ret_memory = block->bytes + block->used;
    block->used += padded;
    arena->total += padded;
    return SJ_DONE;
}

sj_status sj_arena_copy(struct sj_arena *arena, struct sj_view bytes, struct sj_view *ret_copy)
{
    void *memory = NULL;

    TRY(sj_arena_alloc(arena, bytes.len, &memory));
    if (bytes.len > 0) {
        memcpy(memory, bytes.ptr, bytes.len);
    }
    *ret_copy = sj_view_of(memory, bytes.len);
    return SJ_DONE;
}

sj_status sj_arena_text(struct sj_arena *arena, struct sj_text text, struct sj_text *ret_copy)
{
    size_t size = 0;
    void *memory = NULL;

    TRY(sj_size_add(text.len, 1, &size));
    TRY(sj_arena_alloc(arena, size, &memory));
    if (text.len > 0) {
        memcpy(memory, text.ptr, text.len);
    }
    *ret_copy = (struct sj_text){memory, text.len};
    return SJ_DONE;
}
