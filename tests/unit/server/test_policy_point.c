/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a reader always hold a whole point, and is none freed under him or kept for ever?
 */
#include "policy_point.h"

#include "sanjeh/base/memory.h"
#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define READERS 4
#define SWAPS   300

static struct sj_policy_active *make(unsigned version)
{
    char json[512];
    (void)snprintf(json, sizeof json,
        "{\"format\":\"policy/"
        "1\",\"id\":\"p\",\"version\":%u,\"title\":\"t\",\"schema\":{\"types\":{\"unit\":{"
        "\"actions\":"
        "[\"list\"]}}},\"roles\":{\"member\":{\"title\":\"m\"}},\"rules\":[{\"id\":\"R\","
        "\"effect\":\"permit\",\"roles\":"
        "[\"member\"],\"do\":[\"unit:list\"],\"scope\":\"%s\"}]}",
        version, version % 2 == 0 ? "all" : "unit");
    void *memory = NULL;
    CHECK_OK(sj_alloc(1, sizeof(struct sj_policy_active), &memory));
    struct sj_policy_active *active = memory;
    char detail[256] = "";
    CHECK_OK(
        sj_policy_parse(sj_text_bytes(sj_text_of(json)), &active->policy, detail, sizeof detail));
    return active;
}

static struct sj_policy_point *point_of(unsigned version)
{
    struct sj_policy_active *first = make(version);
    struct sj_policy_point *point = NULL;
    CHECK_OK(sj_policy_point_new(&first, &point));
    CHECK(first == NULL);
    return point;
}

TEST(point_swap_leaves_readers_what_they_hold)
{
    CLEANUP(sj_policy_point_free) struct sj_policy_point *point = point_of(1);
    const struct sj_policy_active *old = sj_policy_pin(point, 0);
    CHECK(old->generation == 1);
    struct sj_policy_active *next = make(2);
    REQUIRE_OK(sj_policy_swap(point, &next));
    CHECK(next == NULL);
    const struct sj_policy_active *now = sj_policy_pin(point, 0);
    CHECK(sj_policy_version(old->policy) == 1);
    CHECK(sj_policy_version(now->policy) == 2);
    CHECK(now->generation == 2);
    CHECK((int64_t)sj_policy_generation(point) == 2);
    const struct sj_actor actor = {.roles = 1};
    CHECK(sj_active_decide(old, &actor, SJ_ACTION_UNIT_LIST).reach == SJ_REACH_UNIT);
    CHECK(sj_active_decide(now, &actor, SJ_ACTION_UNIT_LIST).reach == SJ_REACH_ALL);
    sj_policy_unpin(point, 0, &old);
    CHECK(old == NULL);
    sj_policy_unpin(point, 0, &now);
}

TEST(point_swap_is_busy_when_every_older_point_is_read)
{
    CLEANUP(sj_policy_point_free) struct sj_policy_point *point = point_of(1);
    const struct sj_policy_active *held[16] = {NULL};
    size_t count = 0;
    sj_status status = SJ_DONE;
    struct sj_policy_active *next = NULL;
    while (!sj_failed(status) && count < 16) {
        held[count] = sj_policy_pin(point, (unsigned)count);
        count++;
        next = make((unsigned)count + 1);
        status = sj_policy_swap(point, &next);
    }
    CHECK(status.code == SJ_BUSY);
    CHECK(next != NULL);
    CHECK((int64_t)sj_policy_generation(point) == (int64_t)count);
    sj_policy_unpin(point, 0, &held[0]);
    CHECK_OK(sj_policy_swap(point, &next));
    for (size_t i = 1; i < count; i++) {
        CHECK(sj_policy_version(held[i]->policy) == (int64_t)i + 1);
        sj_policy_unpin(point, (unsigned)i, &held[i]);
    }
    sj_policy_active_free(&next);
}

struct race {
    struct sj_policy_point *point;
    _Atomic bool over;
    _Atomic uint64_t wrong;
    _Atomic uint64_t reads;
    unsigned lane;
};

/* Version, generation and the rule's reach always belong together. */
static void *read_on(void *ctx)
{
    struct race *race = ctx;
    const struct sj_actor actor = {.roles = 1};
    while (!atomic_load(&race->over)) {
        const struct sj_policy_active *active = sj_policy_pin(race->point, 0);
        const struct sj_decision decision = sj_active_decide(active, &actor, SJ_ACTION_UNIT_LIST);
        const uint32_t version = sj_policy_version(active->policy);
        const enum sj_reach reach = version % 2 == 0 ? SJ_REACH_ALL : SJ_REACH_UNIT;
        if (!decision.permit || decision.reach != reach || active->generation != version) {
            (void)atomic_fetch_add(&race->wrong, 1);
        }
        sj_policy_unpin(race->point, 0, &active);
        (void)atomic_fetch_add(&race->reads, 1);
    }
    return NULL;
}

TEST(point_swap_under_readers_is_all_or_nothing)
{
    CLEANUP(sj_policy_point_free) struct sj_policy_point *point = point_of(1);
    struct race race = {.point = point};
    pthread_t threads[READERS];
    for (size_t i = 0; i < READERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, read_on, &race) == 0);
    }
    while (atomic_load(&race.reads) == 0) {
        (void)sched_yield(); /* they have begun */
    }
    for (unsigned version = 2; version < 2 + SWAPS; version++) {
        struct sj_policy_active *next = make(version);
        sj_status status = sj_policy_swap(point, &next);
        while (status.code == SJ_BUSY) {
            status = sj_policy_swap(point, &next);
        }
        CHECK_OK(status);
    }
    atomic_store(&race.over, true);
    for (size_t i = 0; i < READERS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK((int64_t)atomic_load(&race.wrong) == 0);
    CHECK(atomic_load(&race.reads) > 0);
    CHECK((int64_t)sj_policy_generation(point) == SWAPS + 1);
}
