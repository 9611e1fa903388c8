/* SPDX-License-Identifier: Apache-2.0
 *
 * Does an id have one text, and is every other spelling refused?
 */
#include "sanjeh/base/id.h"

#include "sanjeh/base/memory.h"

#include "test.h"

TEST(uuid_round_trip)
{
    struct sj_uuid id = {{0}};
    char text[SJ_UUID_TEXT_SIZE] = "";

    REQUIRE_OK(sj_uuid_parse(SJ_TEXT("00112233-4455-8677-8899-aabbccddeeff"), &id));
    CHECK(id.bytes[0] == 0 && id.bytes[6] == 0x86 && id.bytes[15] == 0xFF);
    sj_uuid_format(id, text);
    CHECK(strcmp(text, "00112233-4455-8677-8899-aabbccddeeff") == 0);
}

TEST(uuid_refuses_other_spellings)
{
    static const char *const texts[] = {"", "00112233-4455-8677-8899-aabbccddeef",
        "00112233-4455-8677-8899-aabbccddeeff0", "00112233-4455-8677-8899-AABBCCDDEEFF",
        "00112233445586778899aabbccddeeff", "{0112233-4455-8677-8899-aabbccddeef}",
        "00112233-4455-8677-8899-aabbccddeefg", "00112233_4455-8677-8899-aabbccddeeff",
        "0011223-34455-8677-8899-aabbccddeeff", "00112233-4455-8677-8899-aabbccddee f"};
    struct sj_uuid id = {{7}};

    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        CHECK_CODE(sj_uuid_parse(sj_text_of(texts[i]), &id), BAD_REQUEST);
    }
    CHECK(id.bytes[0] == 7);
}

TEST(uuid_equal_and_nil)
{
    struct sj_uuid a = {{0}};
    struct sj_uuid b = {{0}};

    CHECK(sj_uuid_equal(a, b) && sj_uuid_is_nil(a));
    b.bytes[15] = 1;
    CHECK(!sj_uuid_equal(a, b) && !sj_uuid_is_nil(b));
}
