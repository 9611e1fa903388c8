/* SPDX-License-Identifier: Apache-2.0
 *
 * Which key must have signed a tree of this size? The policy names the log's first key; every later one is named by an entry
 * that the key before it has signed. Exactly the key of the size counts: a later one would let its thief rewrite what
 * was signed before it existed (CVE-2023-31439), a missing link would let an epoch be taken out (CVE-2023-31438). The
 * policy's key is replaced by its successor when the walk comes to that size; lines of other keys are then unknown ones.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"

static bool same_key(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, SJ_ED25519_PUBLIC) == 0;
}

static void copy_key(uint8_t *dst, const uint8_t *src)
{
    for (size_t i = 0; i < SJ_ED25519_PUBLIC; i++) {
        dst[i] = src[i];
    }
}

void sj_check_keys_begin(struct sj_check *c)
{
    c->line_count = 0;
    for (size_t i = 0; i < c->policy.key_count; i++) {
        const struct sj_note_key *key = &c->policy.keys[i];
        if (!c->policy.is_log[i] || strcmp(key->name, c->origin) != 0) {
            continue;
        }
        struct sj_key_line *line = &c->lines[c->line_count++];
        *line = (struct sj_key_line){.policy_key = i};
        copy_key(line->key, key->public_key);
    }
}

static struct sj_key_line *find_line(struct sj_check *c, const uint8_t *key)
{
    for (size_t i = 0; i < c->line_count; i++) {
        if (same_key(c->lines[i].key, key)) {
            return &c->lines[i];
        }
    }
    return NULL;
}

/* A signer that the policy does not name: its keys count for nothing, but must follow one another all the same. */
static struct sj_key_line *new_line(struct sj_check *c, const struct sj_rotation *rotation)
{
    if (c->line_count == SJ_COUNT(c->lines)) {
        return NULL;
    }
    struct sj_key_line *line = &c->lines[c->line_count++];
    *line = (struct sj_key_line){.policy_key = SJ_NOTE_KEYS_MAX};
    copy_key(line->key, rotation->old_key);
    return line;
}

static sj_status fault(struct sj_check *c, const struct sj_rotation *rotation, uint64_t index,
    struct sj_key_line *line, const char **ret_cause)
{
    bool holds = false;
    *ret_cause = NULL;
    TRY(sj_rotation_check(sj_text_of(c->origin), rotation, &holds));
    if (line == NULL) {
        *ret_cause = "the change of the log's key starts from a key that was never one";
    } else if (line->has_next) {
        *ret_cause = "the log's key changes again before its successor has signed";
    } else if (rotation->epoch != line->epoch + 1) {
        *ret_cause = "an epoch of the log's keys is skipped or repeated";
    } else if (rotation->first != index + 2) {
        *ret_cause = "the change of the log's key names another size than its place";
    } else if (!holds) {
        *ret_cause = "the log's new key does not prove its possession";
    } else if (find_line(c, rotation->new_key) != NULL) {
        *ret_cause = "the log's new key is one that it has already";
    }
    return SJ_DONE;
}

/* Without the old key's checkpoint over it, anybody could have written the entry that appoints his key. */
static void refuse_uncovered(struct sj_check *c, const struct sj_key_line *line)
{
    char cause[160];
    (void)snprintf(cause, sizeof(cause),
        "no checkpoint of size %llu by the log's old key covers the change to its new one",
        (unsigned long long)(line->first - 1));
    sj_check_incomplete_at(c, line->first - 2, cause);
    c->stopped = true;
}

static sj_status succeed(struct sj_check *c, struct sj_key_line *line)
{
    if (line->policy_key != SJ_NOTE_KEYS_MAX) {
        if (!line->is_covered) {
            refuse_uncovered(c, line);
            return SJ_DONE;
        }
        TRY(sj_note_key_make(
            sj_text_of(c->origin), 1, line->next, &c->policy.keys[line->policy_key]));
    }
    copy_key(line->past, line->key);
    copy_key(line->key, line->next);
    line->has_past = true;
    line->has_next = false;
    line->is_covered = false;
    line->epoch++;
    return SJ_DONE;
}

static sj_status enter(struct sj_check *c, uint64_t size)
{
    for (size_t i = 0; i < c->line_count && !c->stopped; i++) {
        if (c->lines[i].has_next && size >= c->lines[i].first) {
            TRY(succeed(c, &c->lines[i]));
        }
    }
    return SJ_DONE;
}

sj_status sj_check_rotation(
    struct sj_check *c, const struct sj_entry *entry, const char **ret_cause)
{
    struct sj_rotation rotation;
    if (sj_failed(sj_rotation_parse(sj_text_of(entry->draft.detail), &rotation))) {
        *ret_cause = "the change of the log's key cannot be read";
        return SJ_DONE;
    }
    TRY(enter(c, entry->index));
    if (c->stopped) {
        return SJ_DONE;
    }
    struct sj_key_line *line = find_line(c, rotation.old_key);
    if (line == NULL && rotation.epoch == 1) {
        line = new_line(c, &rotation);
    }
    TRY(fault(c, &rotation, entry->index, line, ret_cause));
    if (*ret_cause == NULL) {
        line->has_next = true;
        line->first = rotation.first;
        copy_key(line->next, rotation.new_key);
    }
    return SJ_DONE;
}

/* Signed by a key of the log, but one of another time. */
static sj_status by_another_epoch(const struct sj_check *c, struct sj_view bytes, bool *ret_is)
{
    struct sj_note note;
    struct sj_note_key key;
    *ret_is = false;
    for (size_t i = 0; i < c->line_count && !*ret_is; i++) {
        const struct sj_key_line *line = &c->lines[i];
        const uint8_t *others[2] = {
            line->has_past ? line->past : NULL, line->has_next ? line->next : NULL};
        for (size_t j = 0; j < 2 && line->policy_key != SJ_NOTE_KEYS_MAX; j++) {
            if (others[j] != NULL) {
                TRY(sj_note_key_make(sj_text_of(c->origin), 1, others[j], &key));
                *ret_is = *ret_is || !sj_failed(sj_note_open(bytes, &key, 1, &note));
            }
        }
    }
    return SJ_DONE;
}

static void note_cover(struct sj_check *c, const struct sj_note *note, uint64_t size)
{
    for (size_t i = 0; i < c->line_count; i++) {
        struct sj_key_line *line = &c->lines[i];
        if (line->policy_key != SJ_NOTE_KEYS_MAX && note->verified[line->policy_key]) {
            line->is_covered = line->is_covered || (line->has_next && size == line->first - 1);
        }
    }
}

sj_status sj_check_signed(
    struct sj_check *c, struct sj_view bytes, struct sj_note *ret_note, enum sj_signed *ret_signed)
{
    struct sj_checkpoint checkpoint;
    enum sj_note_state state = SJ_NOTE_UNSIGNED;
    bool is_other = false;
    *ret_signed = SJ_SIGNED_NOT;
    TRY(enter(c, c->frontier.size));
    if (c->stopped) {
        return SJ_DONE;
    }
    TRY(sj_tlog_policy_open(&c->policy, bytes, ret_note, &checkpoint, &state));
    if (state == SJ_NOTE_GOOD) {
        note_cover(c, ret_note, checkpoint.size);
        *ret_signed = SJ_SIGNED_GOOD;
        return SJ_DONE;
    }
    if (state == SJ_NOTE_FORGED) {
        *ret_signed = SJ_SIGNED_FORGED;
        return SJ_DONE;
    }
    TRY(by_another_epoch(c, bytes, &is_other));
    *ret_signed = is_other ? SJ_SIGNED_OTHER_EPOCH : SJ_SIGNED_NOT;
    return SJ_DONE;
}
