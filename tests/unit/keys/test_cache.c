/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the cache keep what was opened, no longer and no more than it may?
 */
#include "cache.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/random.h"
#include "test.h"

static struct sj_subject subject_of(uint8_t unit, uint8_t subject, uint32_t version)
{
    struct sj_subject made = {.unit = {{unit}}, .subject = {{subject}}, .version = version};
    made.dek.bytes[0] = (uint8_t)(unit ^ subject ^ version);
    return made;
}

TEST(cache_finds_what_was_put_and_nothing_else)
{
    CLEANUP(cache_free) struct cache *cache = NULL;
    struct sj_subject found;
    REQUIRE_OK(cache_new(&cache));
    const struct sj_subject put = subject_of(1, 2, 3);
    cache_put(cache, &put, 0);
    CHECK(cache_find(cache, put.unit, put.subject, 3, 1, &found));
    CHECK(found.dek.bytes[0] == put.dek.bytes[0] && found.version == 3);
    CHECK(!cache_find(cache, put.unit, put.subject, 2, 1, &found));
    CHECK(!cache_find(cache, put.subject, put.unit, 3, 1, &found));
    CHECK(!cache_find(cache, put.unit, put.unit, 3, 1, &found));
}

TEST(cache_gives_the_newest_version)
{
    CLEANUP(cache_free) struct cache *cache = NULL;
    struct sj_subject found;
    REQUIRE_OK(cache_new(&cache));
    for (uint32_t version = 1; version <= 3; version++) {
        const struct sj_subject put = subject_of(1, 2, version % 3 + 1);
        cache_put(cache, &put, 0);
    }
    const struct sj_subject any = subject_of(1, 2, 1);
    CHECK(cache_find_newest(cache, any.unit, any.subject, 1, &found) && found.version == 3);
}

TEST(cache_forgets_after_ten_minutes_even_when_used)
{
    CLEANUP(cache_free) struct cache *cache = NULL;
    struct sj_subject found;
    REQUIRE_OK(cache_new(&cache));
    const struct sj_subject put = subject_of(1, 2, 3);
    cache_put(cache, &put, 1000);
    CHECK(cache_find(cache, put.unit, put.subject, 3, 1000 + CACHE_TTL_MS - 1, &found));
    CHECK(!cache_find(cache, put.unit, put.subject, 3, 1000 + CACHE_TTL_MS, &found));
    CHECK(!cache_find_newest(cache, put.unit, put.subject, 1000 + CACHE_TTL_MS, &found));
    cache_sweep(cache, 1000 + CACHE_TTL_MS);
    /* wiped, not only hidden: it is not there for an earlier clock either */
    CHECK(!cache_find(cache, put.unit, put.subject, 3, 1001, &found));
}

TEST(cache_forgets_one_subject_or_all)
{
    CLEANUP(cache_free) struct cache *cache = NULL;
    struct sj_subject found;
    REQUIRE_OK(cache_new(&cache));
    const struct sj_subject first = subject_of(1, 2, 3);
    const struct sj_subject second = subject_of(1, 3, 3);
    cache_put(cache, &first, 0);
    cache_put(cache, &second, 0);
    cache_forget(cache, first.unit, first.subject);
    CHECK(!cache_find(cache, first.unit, first.subject, 3, 1, &found));
    CHECK(cache_find(cache, second.unit, second.subject, 3, 1, &found));
    cache_clear(cache);
    CHECK(!cache_find(cache, second.unit, second.subject, 3, 1, &found));
}

TEST(cache_is_bounded_and_drops_the_least_used)
{
    CLEANUP(cache_free) struct cache *cache = NULL;
    struct sj_subject found;
    REQUIRE_OK(cache_new(&cache));
    const struct sj_subject used = subject_of(1, 2, 1);
    cache_put(cache, &used, 0);
    size_t kept = 0;
    static struct sj_subject many[2 * CACHE_CAPACITY];
    for (size_t i = 0; i < SJ_COUNT(many); i++) {
        many[i].version = 1;
        REQUIRE_OK(sj_uuid_new(&many[i].subject));
        cache_put(cache, &many[i], (int64_t)i);
        /* asked for all the time, so never the least recently used of its set */
        CHECK(cache_find(cache, used.unit, used.subject, 1, (int64_t)i + 1, &found));
    }
    for (size_t i = 0; i < SJ_COUNT(many); i++) {
        kept += cache_find(cache, many[i].unit, many[i].subject, 1, SJ_COUNT(many), &found);
    }
    CHECK(kept > CACHE_CAPACITY / 2 && kept < CACHE_CAPACITY);
}
