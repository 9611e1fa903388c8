/* SPDX-License-Identifier: Apache-2.0
 *
 * Is allocation zeroed and refused on overflow, copying bounded, wiping thorough, ownership handed
 * over once?
 */
#include "sanjeh/base/memory.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>

TEST(memory_alloc_is_zeroed)
{
    void *memory = NULL;

    REQUIRE_OK(sj_alloc(100, 7, &memory));
    const uint8_t *bytes = memory;
    unsigned sum = 0;
    for (size_t i = 0; i < 700; i++) {
        sum |= bytes[i];
    }
    CHECK(sum == 0);
    sj_free(memory);
    sj_free(NULL);
}

TEST(memory_alloc_refuses_nothing_and_overflow)
{
    int mark = 0;
    void *memory = &mark;

    CHECK_CODE(sj_alloc(0, 8, &memory), OUT_OF_MEMORY);
    CHECK_CODE(sj_alloc(8, 0, &memory), OUT_OF_MEMORY);
    CHECK_CODE(sj_alloc(SIZE_MAX / 2, 3, &memory), OUT_OF_MEMORY);
    CHECK_CODE(sj_alloc(SIZE_MAX, 1, &memory), OUT_OF_MEMORY);
    CHECK(memory == &mark);
}

TEST(memory_copy_is_bounded)
{
    char dst[4] = "abc";

    CHECK_CODE(sj_copy(dst, sizeof(dst), "12345", 5), LIMIT_EXCEEDED);
    CHECK(strcmp(dst, "abc") == 0);
    CHECK_OK(sj_copy(dst, sizeof(dst), "123", 4));
    CHECK(strcmp(dst, "123") == 0);
    CHECK_OK(sj_copy(NULL, 0, NULL, 0));
}

TEST(memory_sizes_are_checked)
{
    size_t size = 7;

    CHECK_OK(sj_size_add(SIZE_MAX - 1, 1, &size));
    CHECK(size == SIZE_MAX);
    CHECK_CODE(sj_size_add(SIZE_MAX, 1, &size), LIMIT_EXCEEDED);
    CHECK_OK(sj_size_mul(1 << 16, 1 << 16, &size));
    CHECK(size == (size_t)1 << 32);
    CHECK_CODE(sj_size_mul(SIZE_MAX, 2, &size), LIMIT_EXCEEDED);
    CHECK(size == (size_t)1 << 32);
}

TEST(memory_wipe_overwrites)
{
    char secret[] = "correct horse";

    sj_wipe(secret, sizeof(secret));
    for (size_t i = 0; i < sizeof(secret); i++) {
        CHECK(secret[i] == 0);
    }
    sj_wipe(NULL, 0);
}

TEST(memory_take_disarms_cleanup)
{
    void *kept = NULL;
    {
        CLEANUP(sj_freep) void *memory = NULL;
        REQUIRE_OK(sj_alloc(1, 16, &memory));
        kept = TAKE(memory);
        CHECK(memory == NULL);
    }
    memset(kept, 1, 16); /* the sanitizer would see a use after free */
    sj_freep(&kept);
    CHECK(kept == NULL);
    sj_freep(&kept);
}

TEST(memory_closep_closes_once)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int number = fd;

    REQUIRE(fd >= 0);
    sj_closep(&fd);
    CHECK(fd == -1);
    CHECK(fcntl(number, F_GETFD) == -1 && errno == EBADF);
    sj_closep(&fd);
}
