/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom did an earlier piece of this file mean by that number? The judges of a file recur in every piece; asking the
 * keeper and the registers for them again was two thirds of our own time. Only numbers that are somebody's are kept, sorted, for one
 * job and as long as one server works on it; more than MEMO_MAX begin anew.
 */
#include "import_priv.h"

#define MEMO_MAX 65536u

struct known {
    struct sj_text number;
    struct register_hit hit;
};

struct sj_import_memo {
    struct sj_arena *arena; /* what `entries` and their numbers live in */
    struct known *entries;  /* sorted by number, each once */
    size_t count;
};

#define MEMO_BYTES_MAX ((size_t)64 * 1024 * 1024)

sj_status sj_import_memo_new(struct sj_import_memo **ret_memo)
{
    void *memory;
    TRY(sj_alloc(1, sizeof(struct sj_import_memo), &memory));
    *ret_memo = memory;
    return SJ_DONE;
}

void sj_import_memo_free(struct sj_import_memo **memo)
{
    if (*memo == NULL) {
        return;
    }
    sj_arena_free(&(*memo)->arena);
    sj_free(*memo);
    *memo = NULL;
}

void memo_recall(const struct sj_import_memo *memo, const struct sj_text *numbers, size_t count,
    struct register_hit *hits)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        while (at < memo->count && compare_text(memo->entries[at].number, numbers[i]) < 0) {
            at++;
        }
        if (at < memo->count && compare_text(memo->entries[at].number, numbers[i]) == 0) {
            hits[i] = memo->entries[at].hit;
        }
    }
}

static bool is_somebody(const struct register_hit *hit)
{
    return !hit->is_ambiguous && !sj_uuid_is_nil(hit->id);
}

static size_t count_new(const struct sj_import_memo *memo, const struct sj_text *numbers,
    size_t count, const struct register_hit *hits)
{
    size_t found = 0;
    for (size_t i = 0, at = 0; i < count; i++) {
        while (at < memo->count && compare_text(memo->entries[at].number, numbers[i]) < 0) {
            at++;
        }
        const bool is_kept =
            at < memo->count && compare_text(memo->entries[at].number, numbers[i]) == 0;
        found += !is_kept && is_somebody(&hits[i]);
    }
    return found;
}

static sj_status merge(const struct sj_import_memo *memo, const struct sj_text *numbers,
    size_t count, const struct register_hit *hits, struct sj_import_memo *merged)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        while (at < memo->count && compare_text(memo->entries[at].number, numbers[i]) < 0) {
            struct known *entry = &merged->entries[merged->count++];
            entry->hit = memo->entries[at].hit;
            TRY(sj_arena_text(merged->arena, memo->entries[at++].number, &entry->number));
        }
        if (at < memo->count && compare_text(memo->entries[at].number, numbers[i]) == 0) {
            at++;
        }
        if (is_somebody(&hits[i])) {
            struct known *entry = &merged->entries[merged->count++];
            entry->hit = hits[i];
            TRY(sj_arena_text(merged->arena, numbers[i], &entry->number));
        }
    }
    for (; at < memo->count; at++) {
        struct known *entry = &merged->entries[merged->count++];
        entry->hit = memo->entries[at].hit;
        TRY(sj_arena_text(merged->arena, memo->entries[at].number, &entry->number));
    }
    return SJ_DONE;
}

sj_status memo_keep(struct sj_import_memo *memo, const struct sj_text *numbers, size_t count,
    const struct register_hit *hits)
{
    const size_t more = count_new(memo, numbers, count, hits);
    if (more == 0) {
        return SJ_DONE;
    }
    const bool is_full = memo->count + more > MEMO_MAX;
    const struct sj_import_memo none = {NULL, NULL, 0};
    const struct sj_import_memo *former = is_full ? &none : memo;
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(MEMO_BYTES_MAX, &arena));
    void *memory;
    TRY(sj_arena_alloc(arena, (former->count + count) * sizeof(struct known), &memory));
    struct sj_import_memo merged = {arena, memory, 0};
    TRY(merge(former, numbers, count, hits, &merged));
    sj_arena_free(&memo->arena);
    *memo = merged;
    arena = NULL; /* the memo's now */
    return SJ_DONE;
}
