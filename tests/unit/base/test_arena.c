/* SPDX-License-Identifier: Apache-2.0
 *
 * Are pieces zeroed, aligned, apart and bounded, and is the next request's memory clean?
 */
#include "sanjeh/base/arena.h"

#include "test.h"

TEST(arena_pieces_are_zeroed_aligned_and_apart)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    uint8_t *pieces[200];

    REQUIRE_OK(sj_arena_new(1 << 20, &arena));
    for (size_t i = 0; i < SJ_COUNT(pieces); i++) {
        void *memory = NULL;
        const size_t size = i * 13 % 700;
        REQUIRE_OK(sj_arena_alloc(arena, size, &memory));
        pieces[i] = memory;
        CHECK((uintptr_t)memory % 16 == 0);
        for (size_t j = 0; j < size; j++) {
            CHECK(pieces[i][j] == 0);
        }
        memset(memory, (int)(i % 255) + 1, size);
    }
    for (size_t i = 0; i < SJ_COUNT(pieces); i++) {
        for (size_t j = 0; j < i * 13 % 700; j++) {
            CHECK(pieces[i][j] == i % 255 + 1);
        }
    }
}

TEST(arena_bounds_the_sum)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    void *memory = NULL;

    REQUIRE_OK(sj_arena_new(100000, &arena));
    CHECK_OK(sj_arena_alloc(arena, 60000, &memory));
    CHECK_CODE(sj_arena_alloc(arena, 60000, &memory), LIMIT_EXCEEDED);
    CHECK_CODE(sj_arena_alloc(arena, SIZE_MAX, &memory), LIMIT_EXCEEDED);
    CHECK_OK(sj_arena_alloc(arena, 40000, &memory));
    CHECK_CODE(sj_arena_alloc(arena, 1, &memory), LIMIT_EXCEEDED);
    sj_arena_reset(arena);
    CHECK_OK(sj_arena_alloc(arena, 100000, &memory));
}

TEST(arena_reset_wipes_the_block_it_keeps)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    void *memory = NULL;
    void *big = NULL;
    void *again = NULL;

    REQUIRE_OK(sj_arena_new(1 << 20, &arena));
    REQUIRE_OK(sj_arena_alloc(arena, 64, &memory));
    memset(memory, 0xAA, 64);
    REQUIRE_OK(sj_arena_alloc(arena, 200000, &big));
    memset(big, 0xAA, 200000);
    sj_arena_reset(arena);
    REQUIRE_OK(sj_arena_alloc(arena, 64, &again));
    CHECK(again == memory); /* the small block was kept */
    for (size_t i = 0; i < 64; i++) {
        CHECK(((uint8_t *)again)[i] == 0);
    }
}

TEST(arena_copies_views_and_texts)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    char source[] = "سنجه";
    struct sj_view view = {NULL, 0};
    struct sj_text text = {NULL, 0};

    REQUIRE_OK(sj_arena_new(1 << 16, &arena));
    CHECK_OK(sj_arena_copy(arena, sj_view_of(source, 4), &view));
    CHECK_OK(sj_arena_text(arena, sj_text_of(source), &text));
    source[0] = 'x';
    CHECK(view.len == 4 && view.ptr[0] == 0xD8);
    CHECK(sj_text_is(text, "سنجه") && text.ptr[text.len] == 0);
    CHECK_OK(sj_arena_copy(arena, sj_view_of(NULL, 0), &view));
    CHECK(view.len == 0);
    CHECK_OK(sj_arena_text(arena, (struct sj_text){NULL, 0}, &text));
    CHECK(text.len == 0 && text.ptr[0] == 0);
}

TEST(arena_free_is_idempotent)
{
    struct sj_arena *arena = NULL;

    sj_arena_free(&arena);
    REQUIRE_OK(sj_arena_new(10, &arena));
    sj_arena_reset(arena);
    sj_arena_free(&arena);
    CHECK(arena == NULL);
}
