/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocation, ownership and cleanup. Contracts use three words: borrowed (const, valid for the
 * call), taken (T **, emptied on success and failure), given (T **ret_, the caller destroys).
 */
#ifndef SJ_BASE_MEMORY_H
#define SJ_BASE_MEMORY_H

#include "sanjeh/base/status.h"

/* Zeroed memory of count * size bytes, given. Errors: OUT_OF_MEMORY (also on overflow or 0). */
SJ_MUST_CHECK sj_status sj_alloc(size_t count, size_t size, void **ret_memory);
/* NULL-safe. */
void sj_free(void *memory);
/* For a server's main, before its threads: large pieces are mapped for themselves and go back when they are freed. */
void sj_memory_setup(void);
/* Gives free pages of the heap back to the system; takes milliseconds. Any thread. */
void sj_memory_give_back(void);
/* Overwrites len bytes; never optimised away. */
void sj_wipe(void *memory, size_t len);
/* Copies n bytes into dst of cap bytes; n may be 0 with NULL. Errors: LIMIT_EXCEEDED, dst untouched. */
SJ_MUST_CHECK sj_status sj_copy(void *dst, size_t cap, const void *src, size_t n);
/* Errors: LIMIT_EXCEEDED on overflow. */
SJ_MUST_CHECK sj_status sj_size_add(size_t a, size_t b, size_t *ret_sum);
SJ_MUST_CHECK sj_status sj_size_mul(size_t a, size_t b, size_t *ret_product);

/* Scope-bound destruction: CLEANUP(sj_buf_clear) struct sj_buf buf = ...; fn takes T *. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))
/* Hands an owner over and disarms its cleanup. */
#define TAKE(pointer)                                                                              \
    __extension__({                                                                                \
        __typeof__(pointer) take_value_ = (pointer);                                               \
        (pointer) = NULL;                                                                          \
        take_value_;                                                                               \
    })
/* For CLEANUP on memory of sj_alloc: pass the address of the pointer. */
void sj_freep(void *address_of_pointer);
void sj_closep(int *fd);

#define SJ_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
