/* SPDX-License-Identifier: Apache-2.0
 *
 * Under which tokens does an entry stand in the index, and how is a posting known to be ours? Tokens and MACs are HMAC-SHA-256 with
 * the record's own key, cut to 64 bits: who reads the table learns of no account, and who writes to it makes no posting. A token
 * that two terms share costs a look at an entry that does not fit, nothing else.
 */
#include "index_priv.h"

static void put_u64(uint8_t out[8], uint64_t value)
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(value >> (56 - 8 * i) & 0xFF);
    }
}

static int64_t first_of(const struct sj_hash *hash)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        value = value << 8 | hash->bytes[i];
    }
    return (int64_t)value;
}

static sj_status mac(const struct sj_index *index, const char *label, struct sj_view a,
    struct sj_view b, struct sj_hash *ret_mac)
{
    const struct sj_view parts[] = {sj_view_of(label, strlen(label)), a, b};
    return sj_hmac_sha256(
        sj_view_of(index->key.bytes, SJ_KEY_SIZE), parts, SJ_COUNT(parts), ret_mac);
}

static sj_status mac_numbers(const struct sj_index *index, const char *label,
    const uint64_t *numbers, size_t count, struct sj_hash *ret_mac)
{
    uint8_t bytes[4 * 8];
    SJ_ASSERT(count * 8 <= sizeof bytes);
    for (size_t i = 0; i < count; i++) {
        put_u64(bytes + 8 * i, numbers[i]);
    }
    return mac(index, label, sj_view_of(bytes, count * 8), sj_view_of(NULL, 0), ret_mac);
}

sj_status sj_index_token(
    const struct sj_index *index, enum sj_index_kind kind, struct sj_view value, int64_t *ret_token)
{
    const uint8_t which = (uint8_t)kind;
    struct sj_hash hash;
    TRY(mac(index, "sanjeh/index-term", sj_view_of(&which, 1), value, &hash));
    *ret_token = first_of(&hash);
    return SJ_DONE;
}

sj_status sj_index_posting_mac(
    const struct sj_index *index, int64_t token, uint64_t seq, uint64_t at, int64_t *ret_mac)
{
    const uint64_t numbers[] = {(uint64_t)token, seq, at};
    struct sj_hash hash;
    TRY(mac_numbers(index, "sanjeh/index-posting", numbers, SJ_COUNT(numbers), &hash));
    *ret_mac = first_of(&hash);
    return SJ_DONE;
}

sj_status sj_index_head_mac(
    const struct sj_index *index, const struct sj_term *term, struct sj_hash *ret_mac)
{
    const uint64_t numbers[] = {(uint64_t)term->token, term->count, term->last};
    return mac_numbers(index, "sanjeh/index-head", numbers, SJ_COUNT(numbers), ret_mac);
}

sj_status sj_index_state_mac(
    const struct sj_index *index, uint64_t upto, uint64_t counted, struct sj_hash *ret_mac)
{
    const uint64_t numbers[] = {upto, counted};
    return mac_numbers(index, "sanjeh/index-state", numbers, SJ_COUNT(numbers), ret_mac);
}

/* What of an entry a term of this kind is about; empty: it has none. */
static struct sj_view value_of(const struct sj_entry *entry, enum sj_index_kind kind)
{
    const struct sj_draft *draft = &entry->draft;
    const struct sj_uuid *ids[] = {[SJ_INDEX_ACTOR] = &draft->actor,
        [SJ_INDEX_OBJECT] = &draft->object,
        [SJ_INDEX_UNIT] = &draft->tenant_tag,
        [SJ_INDEX_ACTION] = NULL,
        [SJ_INDEX_REQUEST] = &draft->request_id};
    if (kind == SJ_INDEX_ACTION) {
        return sj_view_of(draft->action, strlen(draft->action));
    }
    const struct sj_uuid *id = ids[kind];
    return sj_view_of(id->bytes, sj_uuid_is_nil(*id) ? 0 : sizeof id->bytes);
}

bool sj_index_fits(const struct sj_entry *entry, enum sj_index_kind kind, struct sj_view value)
{
    return value.len > 0 && sj_view_equal(value_of(entry, kind), value);
}

sj_status sj_index_terms_of(
    const struct sj_index *index, const struct sj_entry *entry, struct sj_index_terms *ret_terms)
{
    ret_terms->count = 0;
    for (enum sj_index_kind kind = SJ_INDEX_ACTOR; kind <= SJ_INDEX_REQUEST; kind++) {
        const struct sj_view value = value_of(entry, kind);
        if (value.len > 0) {
            TRY(sj_index_token(index, kind, value, &ret_terms->tokens[ret_terms->count]));
            ret_terms->is_counted[ret_terms->count++] = kind != SJ_INDEX_REQUEST;
        }
    }
    return SJ_DONE;
}
