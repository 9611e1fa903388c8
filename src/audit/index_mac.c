/* SPDX-License-Identifier: Apache-2.0
 *
 * Under which tokens does an entry stand in the index, and how is a page known to be ours? Tokens and MACs are HMAC-SHA-256 with the
 * record's own key, tokens cut to 64 bits: who reads the table learns of no account, and who writes to it makes no page. A token
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

sj_status sj_index_token(
    const struct sj_index *index, enum sj_index_kind kind, struct sj_view value, int64_t *ret_token)
{
    const uint8_t which = (uint8_t)kind;
    struct sj_hash hash;
    TRY(mac(index, "sanjeh/index-term", sj_view_of(&which, 1), value, &hash));
    *ret_token = first_of(&hash);
    /* the ends of a run are nobody's; whom this makes the neighbour of costs a look at an entry that does not fit */
    *ret_token += *ret_token == SJ_INDEX_TOKEN_MIN ? 1 : 0;
    *ret_token -= *ret_token == SJ_INDEX_TOKEN_MAX ? 1 : 0;
    return SJ_DONE;
}

sj_status sj_index_page_mac(const struct sj_index *index, const struct sj_run *run,
    const struct sj_posting *first, struct sj_view content, struct sj_hash *ret_mac)
{
    uint8_t place[4 * 8];
    put_u64(place, run->from);
    put_u64(place + 8, run->to);
    put_u64(place + 16, (uint64_t)first->token);
    put_u64(place + 24, first->at);
    return mac(index, "sanjeh/index-page", sj_view_of(place, sizeof place), content, ret_mac);
}

sj_status sj_index_state_mac(
    const struct sj_index *index, uint64_t generation, struct sj_view runs, struct sj_hash *ret_mac)
{
    uint8_t number[8];
    put_u64(number, generation);
    return mac(index, "sanjeh/index-runs", sj_view_of(number, sizeof number), runs, ret_mac);
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

/* Accounts, units and actions come again and again: their tokens are kept, the newest of each place. */
static sj_status token_of(const struct sj_index *index, struct sj_index_known *known,
    enum sj_index_kind kind, struct sj_view value, int64_t *ret_token)
{
    uint64_t mixed = (uint64_t)kind;
    if (known == NULL || kind == SJ_INDEX_REQUEST || value.len > sizeof known->value) {
        return sj_index_token(index, kind, value, ret_token);
    }
    for (size_t i = 0; i < value.len; i++) {
        mixed = (mixed ^ value.ptr[i]) * UINT64_C(0x100000001B3);
    }
    struct sj_index_known *place = &known[(mixed ^ mixed >> 32) % SJ_INDEX_CACHE];
    if (place->kind != (uint8_t)kind ||
        !sj_view_equal(sj_view_of(place->value, place->len), value)) {
        place->kind = 0;
        TRY(sj_index_token(index, kind, value, &place->token));
        TRY(sj_copy(place->value, sizeof place->value, value.ptr, value.len));
        place->kind = (uint8_t)kind;
        place->len = (uint8_t)value.len;
    }
    *ret_token = place->token;
    return SJ_DONE;
}

sj_status sj_index_terms_of(const struct sj_index *index, struct sj_index_known *known,
    const struct sj_entry *entry, struct sj_index_terms *ret_terms)
{
    ret_terms->count = 0;
    for (enum sj_index_kind kind = SJ_INDEX_ACTOR; kind <= SJ_INDEX_REQUEST; kind++) {
        const struct sj_view value = value_of(entry, kind);
        if (value.len > 0) {
            TRY(token_of(index, known, kind, value, &ret_terms->tokens[ret_terms->count++]));
        }
    }
    return SJ_DONE;
}
