/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a number that an emitter uses twice always noticed, in whatever order its numbers come?
 */
#include "emitters.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/hash.h"
#include "tenants.h"
#include "test.h"

static bool sees_repeat(struct sj_emitters *emitters, uint8_t emitter, uint64_t seq)
{
    bool repeat = false;
    CHECK_OK(sj_emitters_see(emitters, (struct sj_uuid){{emitter}}, seq, &repeat));
    return repeat;
}

TEST(emitters_notice_a_repeat_in_any_order)
{
    CLEANUP(sj_emitters_clear) struct sj_emitters emitters;
    REQUIRE_OK(sj_crypto_init());
    REQUIRE_OK(sj_emitters_init(&emitters, 100));
    static const uint64_t order[] = {1, 2, 5, 4, 9, 3, 7, 8, 6, 0, 100, UINT64_MAX, 50};
    for (size_t i = 0; i < SJ_COUNT(order); i++) {
        CHECK(!sees_repeat(&emitters, 1, order[i]));
        CHECK(!sees_repeat(&emitters, 2, order[i]));
        for (size_t j = 0; j <= i; j++) {
            CHECK(sees_repeat(&emitters, 1, order[j]));
        }
    }
    CHECK(!sees_repeat(&emitters, 1, 10));
    CHECK(!sees_repeat(&emitters, 1, 99));
}

TEST(emitters_keep_their_promise_for_a_scrambled_thousand)
{
    CLEANUP(sj_emitters_clear) struct sj_emitters emitters;
    REQUIRE_OK(sj_emitters_init(&emitters, 100));
    for (uint64_t i = 0; i < 1009; i++) {
        CHECK(!sees_repeat(&emitters, 1, i * 571 % 1009));
    }
    for (uint64_t i = 0; i < 1009; i++) {
        CHECK(sees_repeat(&emitters, 1, i));
    }
    CHECK(!sees_repeat(&emitters, 1, 1009));
}

TEST(emitters_stay_bounded_when_every_second_number_is_missing)
{
    CLEANUP(sj_emitters_clear) struct sj_emitters emitters;
    REQUIRE_OK(sj_emitters_init(&emitters, 100));
    for (uint64_t i = 0; i < 70000; i++) {
        CHECK(!sees_repeat(&emitters, 1, 2 * i));
    }
    CHECK(sees_repeat(&emitters, 1, 2 * 69999));
    CHECK(!sees_repeat(&emitters, 1, 2 * 69999 - 1));
}

TEST(emitters_refuse_more_than_their_maximum)
{
    CLEANUP(sj_emitters_clear) struct sj_emitters emitters;
    bool repeat = false;
    REQUIRE_OK(sj_emitters_init(&emitters, 3));
    for (uint8_t i = 0; i < 3; i++) {
        CHECK(!sees_repeat(&emitters, i, 1));
    }
    CHECK_CODE(sj_emitters_see(&emitters, (struct sj_uuid){{3}}, 1, &repeat), LIMIT_EXCEEDED);
    CHECK(sees_repeat(&emitters, 2, 1));
}

static void check_restored(const struct sj_emitters *restored)
{
    for (uint8_t id = 1; id <= 3; id++) {
        for (uint64_t seq = 0; seq < 40; seq++) {
            CHECK(sj_emitters_have(restored, (struct sj_uuid){{id}}, seq) ==
                  (id < 3 && seq % 7 != id));
        }
    }
}

TEST(emitters_come_back_from_their_bytes)
{
    CLEANUP(sj_emitters_clear) struct sj_emitters emitters;
    CLEANUP(sj_emitters_clear) struct sj_emitters restored;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(65536);
    CLEANUP(sj_buf_clear) struct sj_buf again = SJ_BUF(65536);
    REQUIRE_OK(sj_emitters_init(&emitters, 100));
    REQUIRE_OK(sj_emitters_init(&restored, 100));
    for (uint64_t seq = 0; seq < 40; seq++) {
        for (uint8_t id = 1; id < 3; id++) {
            CHECK(seq % 7 == id || !sees_repeat(&emitters, id, seq));
        }
    }
    REQUIRE_OK(sj_emitters_encode(&emitters, &bytes));
    REQUIRE_OK(sj_emitters_decode(sj_buf_view(&bytes), &restored));
    check_restored(&restored);
    REQUIRE_OK(sj_emitters_encode(&restored, &again));
    CHECK(sj_view_equal(sj_buf_view(&bytes), sj_buf_view(&again)));
    CHECK(!sees_repeat(&restored, 1, 1) && sees_repeat(&restored, 1, 2));
}

TEST(emitters_refuse_other_bytes)
{
    CLEANUP(sj_emitters_clear) struct sj_emitters emitters;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(65536);
    REQUIRE_OK(sj_emitters_init(&emitters, 100));
    for (uint64_t seq = 1; seq < 10; seq += 2) {
        CHECK(!sees_repeat(&emitters, 1, seq));
    }
    REQUIRE_OK(sj_emitters_encode(&emitters, &bytes));
    for (size_t len = 0; len < bytes.len; len++) {
        CLEANUP(sj_emitters_clear) struct sj_emitters restored;
        REQUIRE_OK(sj_emitters_init(&restored, 100));
        CHECK(sj_failed(sj_emitters_decode(sj_view_of(bytes.ptr, len), &restored)) == (len != 1));
    }
    bytes.ptr[28] = 0xFF; /* the first interval ends behind the second's start */
    sj_emitters_clear(&emitters);
    REQUIRE_OK(sj_emitters_init(&emitters, 100));
    CHECK_CODE(sj_emitters_decode(sj_buf_view(&bytes), &emitters), PROTOCOL);
}

TEST(tenants_keep_their_place_while_the_list_grows)
{
    CLEANUP(sj_tenants_clear) struct sj_tenants tenants;
    REQUIRE_OK(sj_tenants_init(&tenants, 1000));
    for (uint8_t i = 0; i < 200; i++) {
        struct sj_tenant *tenant = NULL;
        REQUIRE_OK(sj_tenants_get(&tenants, (struct sj_uuid){{i, 1}}, &tenant));
        CHECK(tenant->seq == 0);
        tenant->seq = i + 1u;
    }
    for (uint8_t i = 0; i < 200; i++) {
        struct sj_tenant *tenant = NULL;
        REQUIRE_OK(sj_tenants_get(&tenants, (struct sj_uuid){{i, 1}}, &tenant));
        CHECK(tenant->seq == i + 1u && tenant->tag.bytes[0] == i);
    }
}
