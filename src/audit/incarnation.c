/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a log say which one it goes on from? In the detail of its first entry, in exactly one form: origin, size, root and
 * the hash of the signed note, so that whoever holds an old checkpoint can tell whether the new log knows it.
 */
#include "sanjeh/audit/incarnation.h"

#include <stdio.h>

#include "sanjeh/audit/entry.h"
#include "sanjeh/base/detail.h"
#include "sanjeh/base/parse.h"

static void hex_of(const struct sj_hash *hash, char out[2 * SJ_HASH_SIZE + 1])
{
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", hash->bytes[i]);
    }
}

sj_status sj_incarnation_format(const struct sj_incarnation *x, struct sj_buf *ret_detail)
{
    char text[SJ_ENTRY_DETAIL_MAX + 1];
    char root[2 * SJ_HASH_SIZE + 1];
    char note[2 * SJ_HASH_SIZE + 1];
    char unsequenced[2 * SJ_HASH_SIZE + 1];
    char log[SJ_UUID_TEXT_SIZE];
    char officers[SJ_INCARNATION_OFFICERS][SJ_UUID_TEXT_SIZE];
    hex_of(&x->root, root);
    hex_of(&x->note, note);
    hex_of(&x->unsequenced_hash, unsequenced);
    sj_uuid_format(x->log, log);
    sj_uuid_format(x->officers[0], officers[0]);
    sj_uuid_format(x->officers[1], officers[1]);
    const int len = snprintf(text, sizeof(text),
        "incarnation=%llu;log=%s;origin=%s;former=%s;size=%llu;root=%s;note_sha256=%s;stored=%llu;"
        "unsequenced=%llu;unsequenced_sha256=%s;officers=%s,%s",
        (unsigned long long)x->number, log, x->origin, x->former, (unsigned long long)x->size, root,
        note, (unsigned long long)x->stored, (unsigned long long)x->unsequenced, unsequenced,
        officers[0], officers[1]);
    ENSURE(len > 0 && (size_t)len < sizeof(text), LIMIT_EXCEEDED);
    return sj_buf_put(ret_detail, text, (size_t)len);
}

static bool take_origin(struct sj_text *rest, const char *key, char out[SJ_NOTE_NAME_MAX + 1])
{
    struct sj_text value;
    if (!sj_detail_take(rest, key, &value) || value.len == 0 || value.len > SJ_NOTE_NAME_MAX) {
        return false;
    }
    out[value.len] = '\0';
    return !sj_failed(sj_copy(out, SJ_NOTE_NAME_MAX, value.ptr, value.len));
}

static bool take_ids(struct sj_text value, struct sj_uuid *ids)
{
    struct sj_text item;
    for (size_t i = 0; i < SJ_INCARNATION_OFFICERS; i++) {
        if (!sj_text_split(&value, ',', &item) || sj_failed(sj_uuid_parse(item, &ids[i]))) {
            return false;
        }
    }
    return value.len == 0 && !sj_uuid_equal(ids[0], ids[1]);
}

sj_status sj_incarnation_parse(struct sj_text detail, struct sj_incarnation *ret_incarnation)
{
    struct sj_incarnation x = {.number = 0};
    struct sj_text rest = detail;
    struct sj_text value;
    CLEANUP(sj_buf_clear) struct sj_buf again = SJ_BUF(SJ_ENTRY_DETAIL_MAX);
    ENSURE(sj_detail_take_u64(&rest, "incarnation", &x.number) && x.number >= 2, INVALID);
    ENSURE(
        sj_detail_take(&rest, "log", &value) && !sj_failed(sj_uuid_parse(value, &x.log)), INVALID);
    ENSURE(
        take_origin(&rest, "origin", x.origin) && take_origin(&rest, "former", x.former), INVALID);
    ENSURE(sj_detail_take_u64(&rest, "size", &x.size), INVALID);
    ENSURE(sj_detail_take_hex(&rest, "root", x.root.bytes, SJ_HASH_SIZE), INVALID);
    ENSURE(sj_detail_take_hex(&rest, "note_sha256", x.note.bytes, SJ_HASH_SIZE), INVALID);
    ENSURE(sj_detail_take_u64(&rest, "stored", &x.stored), INVALID);
    ENSURE(sj_detail_take_u64(&rest, "unsequenced", &x.unsequenced), INVALID);
    ENSURE(sj_detail_take_hex(&rest, "unsequenced_sha256", x.unsequenced_hash.bytes, SJ_HASH_SIZE),
        INVALID);
    ENSURE(sj_detail_take(&rest, "officers", &value) && take_ids(value, x.officers), INVALID);
    TRY(sj_incarnation_format(&x, &again));
    ENSURE(sj_text_equal(sj_buf_text(&again), detail), INVALID);
    *ret_incarnation = x;
    return SJ_DONE;
}

sj_status sj_incarnation_origin(struct sj_text base, struct sj_uuid first_log, uint64_t number,
    char ret_origin[SJ_NOTE_NAME_MAX + 1])
{
    const struct sj_text stem = sj_origin_stem(base);
    char log[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(first_log, log);
    const int len = snprintf(ret_origin, SJ_NOTE_NAME_MAX + 1, "%.*s/%s/%llu", (int)stem.len,
        stem.ptr, log, (unsigned long long)number);
    ENSURE(len > 0 && len <= SJ_NOTE_NAME_MAX, LIMIT_EXCEEDED);
    return SJ_DONE;
}
