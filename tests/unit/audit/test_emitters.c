/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a number that an emitter uses twice always noticed, in whatever order its numbers come?
 */
#include "numbers.h"
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

static struct sj_uuid numbered(uint32_t number)
{
    return (struct sj_uuid){
        {(uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number, 0x77}};
}

TEST(singles_know_each_id_and_no_other_through_growth)
{
    CLEANUP(sj_singles_clear) struct sj_singles singles;
    bool was_there = false;
    REQUIRE_OK(sj_crypto_init());
    REQUIRE_OK(sj_singles_init(&singles, 50000));
    for (uint32_t i = 0; i < 50000; i++) {
        REQUIRE_OK(sj_singles_add(&singles, numbered(i), &was_there));
        REQUIRE(!was_there);
    }
    CHECK_CODE(sj_singles_add(&singles, numbered(50000), &was_there), LIMIT_EXCEEDED);
    for (uint32_t i = 0; i < 60000; i++) {
        REQUIRE_OK(sj_singles_has(&singles, numbered(i), &was_there));
        REQUIRE(was_there == (i < 50000));
    }
    size_t bytes = 0;
    for (size_t i = 0; i < SJ_SINGLES_SHARDS; i++) {
        bytes += singles.shards[i].capacity * SJ_SINGLE_SIZE;
    }
    CHECK(bytes <= (size_t)50000 * 21);
}

TEST(singles_come_back_from_their_pieces)
{
    CLEANUP(sj_singles_clear) struct sj_singles singles;
    CLEANUP(sj_singles_clear) struct sj_singles again = {.max = 5000};
    CLEANUP(sj_buf_clear) struct sj_buf piece = SJ_BUF(100 * SJ_SINGLE_SIZE);
    struct sj_singles_walk walk = {0};
    bool is = false;
    REQUIRE_OK(sj_crypto_init());
    REQUIRE_OK(sj_singles_init(&singles, 5000));
    for (uint32_t i = 0; i < 3000; i++) {
        REQUIRE_OK(sj_singles_add(&singles, numbered(i), &is));
    }
    REQUIRE_OK(sj_copy(again.key, sizeof again.key, singles.key, sizeof singles.key));
    for (;;) {
        sj_buf_reset(&piece);
        REQUIRE_OK(sj_singles_next(&singles, &walk, 100, &piece));
        if (piece.len == 0) {
            break;
        }
        REQUIRE_OK(sj_singles_put_back(&again, sj_buf_view(&piece)));
    }
    CHECK(again.count == 3000);
    for (uint32_t i = 0; i < 4000; i++) {
        REQUIRE_OK(sj_singles_has(&again, numbered(i), &is));
        REQUIRE(is == (i < 3000));
    }
    /* the same piece twice, and half a mark */
    static const uint8_t mark[SJ_SINGLE_SIZE] = {5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 1};
    CHECK_OK(sj_singles_put_back(&again, sj_view_of(mark, sizeof mark)));
    CHECK_CODE(sj_singles_put_back(&again, sj_view_of(mark, sizeof mark)), PROTOCOL);
    CHECK_CODE(sj_singles_put_back(&again, sj_view_of(mark, sizeof mark - 1)), PROTOCOL);
}

static bool repeats(struct sj_numbers *numbers, uint32_t emitter, uint64_t seq)
{
    bool repeat = false;
    CHECK_OK(sj_numbers_see(numbers, numbered(emitter), seq, &repeat));
    return repeat;
}

TEST(numbers_of_commands_and_of_servers_are_one_set)
{
    CLEANUP(sj_numbers_clear) struct sj_numbers numbers;
    struct sj_uuid emitter;
    uint64_t seq = 0;
    REQUIRE_OK(sj_crypto_init());
    REQUIRE_OK(sj_numbers_init(&numbers, 100, 100));
    CHECK(!repeats(&numbers, 1, 1) && repeats(&numbers, 1, 1));
    CHECK(numbers.emitters.map.count == 0); /* nothing but its mark is kept */
    /* one goes on: what it began with is not forgotten */
    CHECK(!repeats(&numbers, 1, 2) && repeats(&numbers, 1, 1) && repeats(&numbers, 1, 2));
    /* one begins late */
    CHECK(!repeats(&numbers, 2, 5) && !repeats(&numbers, 2, 1) && repeats(&numbers, 2, 1));
    CHECK(!repeats(&numbers, 3, 1));
    CHECK_OK(sj_numbers_promise(&numbers, numbered(3)));
    CHECK_OK(sj_numbers_end(&numbers, numbered(3), 3));
    CHECK(sj_emitters_find_gap(&numbers.emitters, &emitter, &seq) && seq == 2);
    CHECK(!repeats(&numbers, 3, 2) && !repeats(&numbers, 3, 3));
    CHECK(!sj_emitters_find_gap(&numbers.emitters, &emitter, &seq));
}
