/* SPDX-License-Identifier: Apache-2.0
 *
 * Is every payload the one its entry commits to, and does the record itself say of each that is missing that it was
 * destroyed? An export without payloads says nothing about them. A sealed one shows that it is still there; what it
 * says only the holder of its key can hold against the commitment.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "sanjeh/base/detail.h"
#include "sanjeh/base/reader.h"

#define RECORD_HEAD 12 /* index 8, length 4 */

static sj_status next_payload(struct sj_check *c)
{
    uint8_t head[RECORD_HEAD];
    size_t got = 0;
    const uint64_t before = c->next_payload;
    c->next_payload = UINT64_MAX;
    TRY(sj_stream_read(&c->payloads, head, sizeof(head), &got));
    if (got == 0) {
        return SJ_DONE;
    }
    struct sj_reader reader = sj_reader_of(sj_view_of(head, sizeof(head)));
    uint64_t index = 0;
    uint32_t len = 0;
    TRY(sj_read_u64(&reader, &index));
    TRY(sj_read_u32(&reader, &len));
    sj_buf_reset(&c->payload);
    if (got == sizeof(head) && len <= SJ_PAYLOAD_STORED) {
        TRY(sj_buf_reserve(&c->payload, len));
        TRY(sj_stream_read(&c->payloads, c->payload.ptr, len, &c->payload.len));
    }
    if (got != sizeof(head) || c->payload.len != len) {
        sj_check_incomplete(c, "the list of payloads is cut short");
        c->has_payloads = false;
    } else if (before != UINT64_MAX && index <= before) {
        sj_check_tampered(c, "the payloads are not in ascending order");
    } else {
        c->next_payload = index;
    }
    return SJ_DONE;
}

sj_status sj_check_open_payloads(struct sj_check *c)
{
    const struct sj_member_key key = {.kind = SJ_MEMBER_PAYLOADS};
    c->next_payload = UINT64_MAX;
    TRY(sj_source_stream(&c->source, &key, &c->payloads, &c->has_payloads));
    if (c->begin != 0 && c->has_payloads != c->state_had_payloads) {
        return sj_check_refuse(c, c->has_payloads
                                      ? "the state was made from a log without its payloads"
                                      : "the state was made from a log with its payloads");
    }
    TRY(c->has_payloads ? next_payload(c) : SJ_DONE);
    while (c->has_payloads && c->next_payload < c->begin && !c->stopped) {
        TRY(next_payload(c)); /* of entries that the run before has checked */
    }
    return SJ_DONE;
}

/* The payload at hand against the entry that it stands at. */
static sj_status hold_against(
    struct sj_check *c, const struct sj_draft *draft, const char **ret_cause)
{
    struct sj_payload payload;
    bool fits = false;
    if (draft->payload_len == 0) {
        *ret_cause = "a payload stands at an entry that has none";
        return SJ_DONE;
    }
    if (sj_failed(sj_payload_decode(sj_buf_view(&c->payload), &payload))) {
        *ret_cause = "the entry's payload cannot be read";
        return SJ_DONE;
    }
    if (!sj_uuid_is_nil(payload.subject)) {
        return SJ_DONE; /* sealed */
    }
    TRY(sj_payload_fits(draft->payload_len, &draft->payload_commit, payload.content, &fits));
    if (!fits) {
        *ret_cause = "the payload is not the one that the entry commits to";
    }
    return SJ_DONE;
}

static sj_status take_ranges(
    struct sj_check *c, struct sj_text list, uint64_t index, const char **ret_cause)
{
    bool good = false;
    TRY(sj_ranges_add_list(&c->erased, list, index, &good));
    *ret_cause = good ? *ret_cause : "an erasure names entries that cannot be";
    return SJ_DONE;
}

/* The list of indices is this erase entry's own payload; it has been held against its commitment. */
static sj_status take_list(
    struct sj_check *c, const uint8_t hash[SJ_HASH_SIZE], uint64_t index, const char **ret_cause)
{
    struct sj_payload payload;
    struct sj_hash found;
    if (c->next_payload != index ||
        sj_failed(sj_payload_decode(sj_buf_view(&c->payload), &payload)) ||
        !sj_uuid_is_nil(payload.subject)) {
        return SJ_DONE; /* erased itself, or withheld: it justifies nothing */
    }
    const struct sj_view list =
        sj_view_of(payload.content.ptr + SJ_PAYLOAD_SALT, payload.content.len - SJ_PAYLOAD_SALT);
    struct sj_reader reader = sj_reader_of(list);
    TRY(sj_sha256_one(list, &found));
    bool is_good = list.len % 8 == 0 && memcmp(found.bytes, hash, SJ_HASH_SIZE) == 0;
    while (is_good && reader.left != 0) {
        uint64_t erased = 0;
        TRY(sj_read_u64(&reader, &erased));
        is_good = erased < index;
        TRY(is_good ? sj_ranges_add(&c->erased, erased, erased) : SJ_DONE);
    }
    if (!is_good) {
        *ret_cause = "an erasure's list is not the one that it names";
    }
    return SJ_DONE;
}

static sj_status take_erasure(
    struct sj_check *c, const struct sj_entry *entry, const char **ret_cause)
{
    struct sj_text detail = sj_text_of(entry->draft.detail);
    struct sj_text what;
    struct sj_text ranges;
    uint64_t count = 0;
    uint8_t hash[SJ_HASH_SIZE];
    if (!sj_detail_take(&detail, "what", &what) || !sj_detail_take_u64(&detail, "count", &count)) {
        *ret_cause = "an erasure cannot be read";
        return SJ_DONE;
    }
    if (!sj_text_is(what, "payload")) {
        return SJ_DONE; /* destroyed keys leave sealed payloads where they are */
    }
    if (sj_detail_take(&detail, "indices", &ranges)) {
        return take_ranges(c, ranges, entry->index, ret_cause);
    }
    if (sj_detail_take_hex(&detail, "indices_sha256", hash, sizeof(hash))) {
        return c->has_payloads ? take_list(c, hash, entry->index, ret_cause) : SJ_DONE;
    }
    *ret_cause = "an erasure cannot be read";
    return SJ_DONE;
}

static void take_pruning(struct sj_check *c, const struct sj_entry *entry, const char **ret_cause)
{
    struct sj_text detail = sj_text_of(entry->draft.detail);
    uint64_t minimum = 0;
    if (!sj_detail_take_u64(&detail, "minimum", &minimum) || minimum > entry->index ||
        minimum % SJ_TILE_WIDTH != 0) {
        *ret_cause = "a pruning names entries that cannot be";
    } else if (minimum > c->prunable) {
        c->prunable = minimum;
    }
}

sj_status sj_check_payload(struct sj_check *c, const struct sj_entry *entry, const char **ret_cause)
{
    const uint64_t index = entry->index;
    while (c->has_payloads && c->next_payload < index && index == c->pruned && !c->stopped) {
        TRY(next_payload(c)); /* of entries that are not there */
    }
    const bool is_here = c->has_payloads && c->next_payload == index;
    if (is_here) {
        TRY(hold_against(c, &entry->draft, ret_cause));
    } else if (c->has_payloads && entry->draft.payload_len != 0 &&
               !sj_payload_may_lack(entry->draft.detail)) {
        TRY(sj_ranges_add(&c->missing, index, index));
    }
    if (*ret_cause == NULL && entry->draft.kind == SJ_ENTRY_ERASE) {
        TRY(take_erasure(c, entry, ret_cause));
    } else if (*ret_cause == NULL && entry->draft.kind == SJ_ENTRY_PRUNE) {
        take_pruning(c, entry, ret_cause);
    }
    return is_here && *ret_cause == NULL ? next_payload(c) : SJ_DONE;
}

void sj_check_rest(struct sj_check *c)
{
    char cause[160];
    char id[SJ_UUID_TEXT_SIZE];
    struct sj_uuid emitter;
    uint64_t number = 0;
    if (c->pruned > c->prunable) {
        sj_check_incomplete_at(c, c->prunable, "the bundle of entries is missing");
    }
    if (c->prunable != 0) {
        sj_ignore(sj_ranges_add(&c->erased, 0, c->prunable - 1), "then less is excused, not more");
    }
    if (sj_ranges_find_outside(&c->missing, &c->erased, &number)) {
        sj_check_incomplete_at(
            c, number, "the entry's payload is missing and nothing says that it was destroyed");
    }
    if (c->pruned == 0 && sj_emitters_find_gap(&c->numbers.emitters, &emitter, &number)) {
        sj_uuid_format(emitter, id);
        (void)snprintf(cause, sizeof(cause),
            "number %llu of emitter %s has neither an entry nor a void", (unsigned long long)number,
            id);
        sj_check_incomplete(c, cause);
    }
}
