/* SPDX-License-Identifier: Apache-2.0
 *
 * Where does memory come from and how does it leave? Every owner in the tree allocates through
 * these few calls, so that exhaustion is a status and not an exit, sizes cannot overflow, and
 * wiping is never optimised away. A mistake here is a heap overflow or a key left in freed memory.
 */
#include "sanjeh/base/memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Without these the library raises both by itself, up to tens of megabytes, when a large piece is freed, and keeps
 * the memory of one import for ever. */
#define MAPPED_FROM (256 * 1024)
#define KEPT_AT_TOP (2 * 1024 * 1024)

sj_status sj_alloc(size_t count, size_t size, void **ret_memory)
{
    size_t bytes = 0;

    ENSURE(!__builtin_mul_overflow(count, size, &bytes) && bytes > 0, OUT_OF_MEMORY);
    /* Above PTRDIFF_MAX pointer differences are undefined; the library refuses it as well. */
    ENSURE(bytes <= PTRDIFF_MAX, OUT_OF_MEMORY);
    void *memory = calloc(1, bytes);
    ENSURE(memory != NULL, OUT_OF_MEMORY);
    *ret_memory = memory;
    return SJ_DONE;
}

void sj_free(void *memory)
{
    free(memory);
}

void sj_memory_setup(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_AT_TOP);
}

void sj_memory_give_back(void)
{
    (void)malloc_trim(0);
}

void sj_wipe(void *memory, size_t len)
{
    if (len > 0) {
        explicit_bzero(memory, len);
    }
}

sj_status sj_copy(void *dst, size_t cap, const void *src, size_t n)
{
    ENSURE(n <= cap, LIMIT_EXCEEDED);
    if (n > 0) {
        memcpy(dst, src, n);
    }
    return SJ_DONE;
}

sj_status sj_size_add(size_t a, size_t b, size_t *ret_sum)
{
    size_t sum = 0;

    ENSURE(!__builtin_add_overflow(a, b, &sum), LIMIT_EXCEEDED);
    *ret_sum = sum;
    return SJ_DONE;
}

sj_status sj_size_mul(size_t a, size_t b, size_t *ret_product)
{
    size_t product = 0;

    ENSURE(!__builtin_mul_overflow(a, b, &product), LIMIT_EXCEEDED);
    *ret_product = product;
    return SJ_DONE;
}

void sj_freep(void *address_of_pointer)
{
    void *memory = NULL;

    /* @unsafe: every object pointer has the size and form of void * on the platforms we build for;
     * the copies avoid a write through the wrong pointer type. */
    memcpy(&memory, address_of_pointer, sizeof(memory));
    free(memory);
    memset(address_of_pointer, 0, sizeof(memory));
}

void sj_closep(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}
