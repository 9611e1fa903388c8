/* SPDX-License-Identifier: Apache-2.0
 *
 * Can strangers make the counting of strangers fail? Many addresses, the same address, IPv6 neighbours. What
 * reaches the record is tested over the API (tests/api).
 */
#include "anonymous.h"
#include "test.h"

static struct sj_uuid v4(uint32_t address)
{
    struct sj_uuid peer = {{0}};
    peer.bytes[10] = peer.bytes[11] = 0xff;
    for (unsigned i = 0; i < 4; i++) {
        peer.bytes[12 + i] = (uint8_t)(address >> (24 - 8 * i));
    }
    return peer;
}

TEST(anonymous_survives_more_prefixes_than_it_has_room_for)
{
    struct sj_anonymous *anonymous = NULL;
    REQUIRE_OK(sj_anonymous_new(&anonymous));
    for (uint32_t i = 0; i < 100000; i++) {
        sj_anonymous_count(anonymous, v4(i * 2654435761u), i % 2 == 0 ? 401 : 404);
    }
    sj_anonymous_count(
        anonymous, v4(1), 999); /* a class that does not exist is counted as the last */
    sj_anonymous_free(&anonymous);
    CHECK(anonymous == NULL);
}
