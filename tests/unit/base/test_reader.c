/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the cursor stop at the end, move only on success, and read big endian?
 */
#include "sanjeh/base/reader.h"

#include "test.h"

TEST(reader_reads_big_endian_in_order)
{
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255, 'a', 'b', 'c'};
    struct sj_reader reader = sj_reader_of(sj_view_of(bytes, sizeof(bytes)));
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    char copy[2] = "";
    struct sj_view view = {NULL, 0};

    CHECK_OK(sj_read_u8(&reader, &u8));
    CHECK_OK(sj_read_u16(&reader, &u16));
    CHECK_OK(sj_read_u32(&reader, &u32));
    CHECK_OK(sj_read_u64(&reader, &u64));
    CHECK_OK(sj_read_bytes(&reader, copy, 2));
    CHECK_OK(sj_read_view(&reader, 1, &view));
    CHECK(u8 == 1 && u16 == 0x0203 && u32 == 0x04050607);
    CHECK(u64 == UINT64_C(0x08090A0B0C0D0EFF));
    CHECK(copy[0] == 'a' && copy[1] == 'b');
    CHECK(view.ptr == bytes + 17 && view.len == 1);
    CHECK(reader.left == 0);
}

TEST(reader_never_passes_the_end_and_moves_only_on_success)
{
    const uint8_t bytes[] = {1, 2, 3};
    struct sj_reader reader = sj_reader_of(sj_view_of(bytes, sizeof(bytes)));
    uint8_t u8 = 77;
    uint32_t u32 = 77;
    uint64_t u64 = 77;
    char copy[8] = "before";
    struct sj_view view = {NULL, 0};

    CHECK_CODE(sj_read_u32(&reader, &u32), PROTOCOL);
    CHECK_CODE(sj_read_u64(&reader, &u64), PROTOCOL);
    CHECK_CODE(sj_read_bytes(&reader, copy, 4), PROTOCOL);
    CHECK_CODE(sj_read_view(&reader, SIZE_MAX, &view), PROTOCOL);
    CHECK(u32 == 77 && u64 == 77 && strcmp(copy, "before") == 0 && view.ptr == NULL);
    CHECK(reader.left == 3 && reader.ptr == bytes);
    CHECK_OK(sj_read_view(&reader, 3, &view));
    CHECK_CODE(sj_read_u8(&reader, &u8), PROTOCOL);
    CHECK(u8 == 77);
    CHECK_OK(sj_read_bytes(&reader, NULL, 0));
}

TEST(reader_of_nothing_is_at_its_end)
{
    struct sj_reader reader = sj_reader_of(sj_view_of(NULL, 0));
    struct sj_view view = {NULL, 0};
    uint16_t u16 = 0;

    CHECK_CODE(sj_read_u16(&reader, &u16), PROTOCOL);
    CHECK_OK(sj_read_view(&reader, 0, &view));
    CHECK(view.len == 0);
}
