/* SPDX-License-Identifier: Apache-2.0
 *
 * Can strangers make the counting of strangers fail? Many addresses, the same address, IPv6 neighbours. What
 * reaches the record is tested over the API (tests/api).
 */
#include "anonymous.h"
#include "test.h"

#include "sanjeh/base/parse.h"

static struct sj_uuid v4(uint32_t address)
{
    struct sj_uuid peer = {{0}};
    peer.bytes[10] = peer.bytes[11] = 0xff;
    for (unsigned i = 0; i < 4; i++) {
        peer.bytes[12 + i] = (uint8_t)(address >> (24 - 8 * i));
    }
    return peer;
}

struct tally {
    unsigned drafts;
    unsigned long long requests;
    unsigned overflows;
};

static void count_draft(void *ctx, const struct sj_draft *draft)
{
    struct tally *tally = ctx;
    uint64_t requests = 0;
    struct sj_text rest = sj_text_of(draft->detail);
    struct sj_text head = {NULL, 0};
    SJ_ASSERT(sj_text_split(&rest, ';', &head) && sj_text_starts(head, "requests="));
    head = (struct sj_text){head.ptr + 9, head.len - 9};
    CHECK_OK(sj_parse_u64(head, 1, UINT32_MAX, &requests));
    CHECK(draft->kind == SJ_ENTRY_ANONYMOUS);
    tally->drafts++;
    tally->requests += requests;
    tally->overflows += strstr(draft->detail, "overflow=1") != NULL ? 1 : 0;
}

static struct sj_anonymous *make(void)
{
    struct sj_anonymous *anonymous = NULL;
    const sj_status status = sj_anonymous_new(&anonymous);
    SJ_ASSERT(!sj_failed(status));
    return anonymous;
}

TEST(anonymous_gives_one_entry_per_address_with_its_count)
{
    struct sj_anonymous *anonymous = make();
    struct tally tally = {0};
    for (uint32_t i = 0; i < 30; i++) {
        sj_anonymous_count(anonymous, v4(i % 3), 401);
    }
    sj_anonymous_flush(anonymous, count_draft, &tally, /* everything= */ true);
    CHECK(tally.drafts == 3 && tally.requests == 30);
    sj_anonymous_flush(anonymous, count_draft, &tally, /* everything= */ true);
    CHECK(tally.drafts == 3);
    sj_anonymous_free(&anonymous);
}

TEST(anonymous_counts_neighbours_of_one_ipv6_prefix_together)
{
    struct sj_anonymous *anonymous = make();
    struct tally tally = {0};
    struct sj_uuid peer = {{0x20, 0x01, 0x0d, 0xb8}};
    for (uint8_t i = 0; i < 20; i++) {
        peer.bytes[15] = i;
        sj_anonymous_count(anonymous, peer, 404);
    }
    sj_anonymous_flush(anonymous, count_draft, &tally, /* everything= */ true);
    CHECK(tally.drafts == 1 && tally.requests == 20);
    sj_anonymous_free(&anonymous);
}

TEST(anonymous_waits_for_the_minute)
{
    struct sj_anonymous *anonymous = make();
    struct tally tally = {0};
    sj_anonymous_count(anonymous, v4(1), 401);
    sj_anonymous_flush(anonymous, count_draft, &tally, /* everything= */ false);
    CHECK(tally.drafts == 0);
    sj_anonymous_free(&anonymous);
}

TEST(anonymous_shares_one_count_beyond_its_room_and_loses_nothing)
{
    struct sj_anonymous *anonymous = make();
    struct tally tally = {0};
    for (uint32_t i = 0; i < 100000; i++) {
        sj_anonymous_count(anonymous, v4(i * 2654435761u), i % 2 == 0 ? 401 : 404);
    }
    sj_anonymous_count(
        anonymous, v4(1), 999); /* a class that does not exist is counted as the last */
    sj_anonymous_flush(anonymous, count_draft, &tally, /* everything= */ true);
    CHECK(tally.drafts == 4097 && tally.overflows == 1 && tally.requests == 100001);
    sj_anonymous_free(&anonymous);
}
