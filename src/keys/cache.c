/* SPDX-License-Identifier: Apache-2.0
 *
 * Which subject keys has this loop opened lately?
 * A fixed table in locked memory that is not dumped: 4,096 sets of 8, the least recently used of a set gives way, and
 * nothing stays longer than ten minutes from its opening, used or not. That is how long a withdrawn key can still
 * open something here, and all that a thief of this process's memory gets beside the values in flight. The table
 * holds every judge of the country, because a miss costs a question to the keeper; a page of it takes memory when
 * its first key comes.
 */
#include "cache.h"
#include "sanjeh/base/memory.h"
#include <string.h>
#include <sys/mman.h>

struct entry {
    struct sj_subject subject; /* version 0: empty */
    int64_t opened_ms;
    int64_t used_ms;
};

struct cache {
    struct entry sets[CACHE_SETS][CACHE_WAYS];
};

sj_status cache_new(struct cache **ret_cache)
{
    void *memory = mmap(
        NULL, sizeof(struct cache), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ENSURE(memory != MAP_FAILED, OUT_OF_MEMORY);
    CLEANUP(cache_free) struct cache *cache = memory;
    ENSURE(madvise(memory, sizeof(struct cache), MADV_DONTDUMP) == 0, CRYPTO);
    ENSURE(madvise(memory, sizeof(struct cache), MADV_DONTFORK) == 0, CRYPTO);
    /* fails under a small RLIMIT_MEMLOCK; the packaged unit lifts it */
    (void)mlock2(memory, sizeof(struct cache), MLOCK_ONFAULT);
    *ret_cache = TAKE(cache);
    return SJ_DONE;
}

void cache_free(struct cache **cache)
{
    if (*cache != NULL) {
        cache_clear(*cache);
        (void)munmap(*cache, sizeof(**cache));
        *cache = NULL;
    }
}

/* Ids are random, so their bytes spread by themselves; both take part because a subject may be in two units. */
static struct entry *set_of(struct cache *cache, struct sj_uuid unit, struct sj_uuid subject)
{
    uint64_t mixed = 0xcbf29ce484222325u;
    for (size_t i = 0; i < sizeof(unit.bytes); i++) {
        mixed = (mixed ^ unit.bytes[i]) * 0x100000001b3u;
        mixed = (mixed ^ subject.bytes[i]) * 0x100000001b3u;
    }
    return cache->sets[(mixed >> 32) % CACHE_SETS];
}

static void entry_wipe(struct entry *entry)
{
    sj_wipe(entry, sizeof(*entry));
}

static bool is_of(const struct entry *entry, struct sj_uuid unit, struct sj_uuid subject)
{
    return entry->subject.version != 0 && sj_uuid_equal(entry->subject.subject, subject) &&
           sj_uuid_equal(entry->subject.unit, unit);
}

static bool is_old(const struct entry *entry, int64_t now)
{
    return entry->subject.version != 0 && now - entry->opened_ms >= CACHE_TTL_MS;
}

bool cache_find(struct cache *cache, struct sj_uuid unit, struct sj_uuid subject, uint32_t version,
    int64_t now, struct sj_subject *ret_subject)
{
    struct entry *set = set_of(cache, unit, subject);
    for (size_t i = 0; i < CACHE_WAYS; i++) {
        if (is_of(&set[i], unit, subject) && set[i].subject.version == version &&
            !is_old(&set[i], now)) {
            set[i].used_ms = now;
            *ret_subject = set[i].subject;
            return true;
        }
    }
    return false;
}

bool cache_find_newest(struct cache *cache, struct sj_uuid unit, struct sj_uuid subject,
    int64_t now, struct sj_subject *ret_subject)
{
    struct entry *set = set_of(cache, unit, subject);
    struct entry *newest = NULL;
    for (size_t i = 0; i < CACHE_WAYS; i++) {
        if (is_of(&set[i], unit, subject) && !is_old(&set[i], now) &&
            (newest == NULL || set[i].subject.version > newest->subject.version)) {
            newest = &set[i];
        }
    }
    if (newest == NULL) {
        return false;
    }
    newest->used_ms = now;
    *ret_subject = newest->subject;
    return true;
}

/* The same key's own place, else an empty one, else the one used longest ago. */
static struct entry *choose_place(struct entry *set, const struct sj_subject *subject)
{
    struct entry *chosen = &set[0];
    for (size_t i = 0; i < CACHE_WAYS; i++) {
        if (is_of(&set[i], subject->unit, subject->subject) &&
            set[i].subject.version == subject->version) {
            return &set[i];
        }
        if (set[i].subject.version == 0) {
            chosen = chosen->subject.version == 0 ? chosen : &set[i];
        } else if (chosen->subject.version != 0 && set[i].used_ms < chosen->used_ms) {
            chosen = &set[i];
        }
    }
    return chosen;
}

void cache_put(struct cache *cache, const struct sj_subject *subject, int64_t now)
{
    struct entry *entry = choose_place(set_of(cache, subject->unit, subject->subject), subject);
    entry->subject = *subject;
    entry->opened_ms = now;
    entry->used_ms = now;
}

void cache_forget(struct cache *cache, struct sj_uuid unit, struct sj_uuid subject)
{
    struct entry *set = set_of(cache, unit, subject);
    for (size_t i = 0; i < CACHE_WAYS; i++) {
        if (is_of(&set[i], unit, subject)) {
            entry_wipe(&set[i]);
        }
    }
}

void cache_clear(struct cache *cache)
{
    sj_wipe(cache, sizeof(*cache));
}

void cache_sweep(struct cache *cache, int64_t now)
{
    for (size_t set = 0; set < CACHE_SETS; set++) {
        for (size_t i = 0; i < CACHE_WAYS; i++) {
            if (is_old(&cache->sets[set][i], now)) {
                entry_wipe(&cache->sets[set][i]);
            }
        }
    }
}
