/* SPDX-License-Identifier: Apache-2.0
 *
 * Is every entry the one that was signed, at its place, in its chains? Each is hashed from its bytes, compared
 * with its leaf in the tile, decoded, encoded back, and held against what the entries before it say: index, log,
 * time, the tenant's chain, the emitter's numbers. Tiles above are recomputed, never used. Comparing only roots
 * or only stored hashes has let edited entries pass elsewhere.
 */
#include <stdio.h>

#include "check.h"
#include "codec.h"
#include "sanjeh/base/detail.h"
#include "sanjeh/base/reader.h"

#define VOID_MAX   65536 /* numbers in one void */
#define BUNDLE_MAX ((size_t)SJ_TILE_WIDTH * (2 + 65535))

static struct sj_member_key tile_key(uint8_t level, uint64_t n, unsigned count)
{
    return (struct sj_member_key){
        .kind = SJ_MEMBER_TILE,
        .tile = {.level = level, .width = (uint8_t)(count == SJ_TILE_WIDTH ? 0 : count), .n = n},
    };
}

/* The tile, or the full one that has taken a partial one's place. *ret_is_exact: nothing may come behind. */
static sj_status read_tile(struct sj_check *c, uint8_t level, uint64_t n, unsigned count,
    struct sj_buf *out, bool *ret_found, bool *ret_is_exact)
{
    const size_t max = level == SJ_TILE_ENTRIES ? BUNDLE_MAX : SJ_TILE_BYTES;
    struct sj_member_key key = tile_key(level, n, count);
    *ret_is_exact = true;
    TRY(sj_source_read(&c->source, &key, max, out, ret_found));
    if (!*ret_found && key.tile.width != 0) {
        key.tile.width = 0;
        *ret_is_exact = false;
        TRY(sj_source_read(&c->source, &key, max, out, ret_found));
    }
    return SJ_DONE;
}

static sj_status compare_tile(
    struct sj_check *c, unsigned level, uint64_t n, const struct sj_hash *hashes, unsigned count)
{
    bool found = false;
    bool is_exact = true;
    char cause[128];
    TRY(read_tile(c, (uint8_t)level, n, count, &c->scratch, &found, &is_exact));
    const size_t bytes = (size_t)count * SJ_HASH_SIZE;
    if (!found || c->scratch.len < bytes) {
        (void)snprintf(
            cause, sizeof(cause), "tile %u/%llu is missing or short", level, (unsigned long long)n);
        sj_check_incomplete(c, cause);
        return SJ_DONE;
    }
    const struct sj_view stored = {c->scratch.ptr, is_exact ? c->scratch.len : bytes};
    if (!sj_view_equal(stored, sj_view_of(hashes, bytes))) {
        (void)snprintf(cause, sizeof(cause), "tile %u/%llu is not what the entries give", level,
            (unsigned long long)n);
        sj_check_tampered(c, cause);
    }
    return SJ_DONE;
}

static sj_status on_full(
    void *ctx, unsigned level, uint64_t n, const struct sj_hash hashes[SJ_TILE_WIDTH])
{
    /* level 0 was compared leaf by leaf */
    return level == 0 ? SJ_DONE : compare_tile(ctx, level, n, hashes, SJ_TILE_WIDTH);
}

/* Numbers that name no deed, and promises about numbers (docs/AUDIT.md 2.1). */
static sj_status judge_emitter(
    struct sj_check *c, const struct sj_draft *draft, const char **ret_cause)
{
    struct sj_text detail = sj_text_of(draft->detail);
    struct sj_text cause;
    uint64_t to = draft->emitter_seq;
    bool is_repeat = false;
    if (draft->kind == SJ_ENTRY_EMITTER_CLOSE) {
        return sj_numbers_end(&c->numbers, draft->emitter, draft->emitter_seq);
    }
    if (draft->kind == SJ_ENTRY_EMITTER_OPEN) {
        (void)sj_detail_take(&detail, "instance", &cause); /* may be absent */
        return sj_text_is(detail, "voids=1") ? sj_numbers_promise(&c->numbers, draft->emitter)
                                             : SJ_DONE;
    }
    if (sj_detail_take(&detail, "cause", &cause) && sj_detail_take_u64(&detail, "to", &to) &&
        (to < draft->emitter_seq || to - draft->emitter_seq > VOID_MAX)) {
        *ret_cause = "a void names numbers that nobody can have given";
        return SJ_DONE;
    }
    for (uint64_t seq = draft->emitter_seq; seq < to; seq++) {
        TRY(sj_numbers_see(&c->numbers, draft->emitter, seq + 1, &is_repeat));
    }
    return SJ_DONE;
}

/* What an entry of the record itself says, against what the entries before it have been; NULL when all is well. */
static sj_status judge_own(struct sj_check *c, const struct sj_entry *entry, const char **ret_cause)
{
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(SJ_HEADS_DETAIL_MAX);
    const enum sj_entry_kind kind = entry->draft.kind;
    if (kind == SJ_ENTRY_KEY_ROTATE) {
        return sj_check_rotation(c, entry, ret_cause);
    }
    if (kind == SJ_ENTRY_INCARNATION) {
        return sj_check_incarnation(c, entry, ret_cause);
    }
    if (kind == SJ_ENTRY_EMITTER_OPEN || kind == SJ_ENTRY_EMITTER_CLOSE || kind == SJ_ENTRY_VOID) {
        return judge_emitter(c, &entry->draft, ret_cause);
    }
    if (kind != SJ_ENTRY_TENANT_HEADS) {
        return SJ_DONE;
    }
    if (c->pruned != 0) {
        return SJ_DONE; /* who knows what the tenants did before */
    }
    TRY(sj_heads_detail(&c->heads, &c->tenants, entry->time, &detail));
    if (!sj_text_is(sj_buf_text(&detail), entry->draft.detail)) {
        *ret_cause = "the heads of the tenants' chains are not what the entries before give";
    }
    return SJ_DONE;
}

/* Behind pruned entries the first of a tenant's that is seen begins what can be followed. */
static bool continues_chain(
    const struct sj_check *c, const struct sj_entry *entry, const struct sj_tenant *tenant)
{
    return (c->pruned != 0 && tenant->seq == 0) ||
           (entry->tenant_seq == tenant->seq + 1 &&
               sj_hash_equal(&entry->tenant_prev, &tenant->leaf));
}

/* What this entry says against what went before; NULL when all is well. */
static sj_status judge(struct sj_check *c, const struct sj_entry *entry, uint64_t index,
    const struct sj_tenant *tenant, const char **ret_cause)
{
    bool is_repeat = false;
    *ret_cause = NULL;
    TRY(sj_numbers_see(&c->numbers, entry->draft.emitter, entry->draft.emitter_seq, &is_repeat));
    if (entry->index != index) {
        *ret_cause = "the entry names another index than its place";
    } else if (!sj_uuid_equal(entry->log_id, c->log_id)) {
        *ret_cause = "the entry belongs to another log";
    } else if (entry->time < c->last_time) {
        *ret_cause = "the entry's time is before the one in front of it";
    } else if (!continues_chain(c, entry, tenant)) {
        *ret_cause = "the entry does not continue its tenant's chain";
    } else if (is_repeat) {
        sj_check_replayed_at(
            c, index, "the entry repeats a number of its emitter: a replayed draft");
    }
    return *ret_cause == NULL ? judge_own(c, entry, ret_cause) : SJ_DONE;
}

static sj_status check_meaning(
    struct sj_check *c, struct sj_view bytes, uint64_t index, const struct sj_hash *leaf)
{
    struct sj_entry entry;
    struct sj_tenant *tenant = NULL;
    const char *cause = NULL;
    /* what decodes has one encoding, which is what was decoded (fuzz_entry, entry_that_decodes_encodes_to_the_same_bytes) */
    if (sj_failed(sj_entry_decode(bytes, &entry))) {
        sj_check_tampered_at(c, index, "the entry does not decode");
        return SJ_DONE;
    }
    if (index == c->pruned) {
        c->log_id = entry.log_id;
    }
    TRY(sj_tenants_get(&c->tenants, entry.draft.tenant_tag, &tenant));
    TRY(judge(c, &entry, index, tenant, &cause));
    TRY(cause == NULL ? sj_check_payload(c, &entry, &cause) : SJ_DONE);
    if (cause != NULL) {
        sj_check_tampered_at(c, index, cause);
        return SJ_DONE;
    }
    TRY(sj_heads_see(
        &c->heads, entry.draft.tenant_tag, sj_text_of(entry.draft.action), entry.time));
    tenant->seq = entry.tenant_seq;
    tenant->leaf = *leaf;
    c->last_time = entry.time;
    return SJ_DONE;
}

static bool leaf_fits(const struct sj_check *c, unsigned place, const struct sj_hash *leaf)
{
    const size_t at = (size_t)place * SJ_HASH_SIZE;
    return !c->has_tile || sj_view_equal(sj_view_of(c->tile.ptr + at, SJ_HASH_SIZE),
                               sj_view_of(leaf->bytes, SJ_HASH_SIZE));
}

static sj_status append_leaf(struct sj_check *c, const struct sj_hash *leaf)
{
    TRY(sj_edge_grow(&c->edge, &c->frontier, leaf, on_full, c));
    c->report->entries_checked = c->frontier.size - c->pruned;
    if (!c->stopped) {
        TRY(sj_check_times(c));
    }
    return c->stopped ? SJ_DONE : sj_check_pins(c);
}

static sj_status check_entry(struct sj_check *c, struct sj_view bytes, uint64_t index)
{
    struct sj_hash leaf;
    struct sj_entry entry;
    if (index == c->pruned && bytes.len != 0) {
        /* decided by the first entry; were it forged to look foreign, its hash would not fit */
        c->is_foreign = sj_failed(sj_entry_decode(bytes, &entry));
    }
    if (bytes.len == 0 && !c->is_foreign) {
        sj_check_tampered_at(c, index, "the entry was removed");
        return SJ_DONE;
    }
    TRY(sj_leaf_hash(bytes, &leaf));
    if (!leaf_fits(c, (unsigned)(index % SJ_TILE_WIDTH), &leaf)) {
        sj_check_tampered_at(c, index, "the entry does not give its leaf hash in the tile");
        return SJ_DONE;
    }
    if (!c->is_foreign) {
        TRY(check_meaning(c, bytes, index, &leaf));
    }
    if (c->stopped) {
        return SJ_DONE;
    }
    return append_leaf(c, &leaf);
}

static sj_status load_leaves(struct sj_check *c, uint64_t n, unsigned count)
{
    bool is_exact = true;
    const size_t bytes = (size_t)count * SJ_HASH_SIZE;
    char cause[128];
    TRY(read_tile(c, 0, n, count, &c->tile, &c->has_tile, &is_exact));
    if (c->has_tile && (c->tile.len < bytes || (is_exact && c->tile.len != bytes))) {
        c->has_tile = false;
    }
    if (!c->has_tile) {
        (void)snprintf(cause, sizeof(cause), "tile 0/%llu is missing or has another length",
            (unsigned long long)n);
        sj_check_incomplete_at(c, n * SJ_TILE_WIDTH, cause);
    }
    return SJ_DONE;
}

/* Entries may be missing at the beginning, when the record says so further on; their hashes take their place. */
static sj_status check_pruned(struct sj_check *c, uint64_t first, unsigned count)
{
    if (first != c->pruned || count != SJ_TILE_WIDTH || !c->has_tile) {
        sj_check_incomplete_at(c, first, "the bundle of entries is missing");
        c->stopped = true;
        return SJ_DONE;
    }
    c->pruned += count;
    for (unsigned i = 0; i < count && !c->stopped; i++) {
        struct sj_hash leaf;
        TRY(sj_copy(
            leaf.bytes, SJ_HASH_SIZE, c->tile.ptr + (size_t)i * SJ_HASH_SIZE, SJ_HASH_SIZE));
        TRY(append_leaf(c, &leaf));
    }
    return SJ_DONE;
}

/* An entry of the run before, in a bundle that has grown since: still the same. */
static sj_status check_known(struct sj_check *c, struct sj_view bytes, uint64_t index)
{
    struct sj_hash leaf;
    TRY(sj_leaf_hash(bytes, &leaf));
    if (!sj_hash_equal(&leaf, &c->edge.hashes[0][index % SJ_TILE_WIDTH])) {
        sj_check_tampered_at(c, index, "the entry is not the one that the run before has checked");
    } else if (!leaf_fits(c, (unsigned)(index % SJ_TILE_WIDTH), &leaf)) {
        sj_check_tampered_at(c, index, "the entry does not give its leaf hash in the tile");
    }
    return SJ_DONE;
}

static sj_status check_bundle(struct sj_check *c, uint64_t n, unsigned count)
{
    const uint64_t first = n * SJ_TILE_WIDTH;
    bool found = false;
    bool is_exact = true;
    TRY(load_leaves(c, n, count));
    TRY(read_tile(c, SJ_TILE_ENTRIES, n, count, &c->bundle, &found, &is_exact));
    if (!found) {
        return check_pruned(c, first, count);
    }
    struct sj_reader reader = sj_reader_of(sj_buf_view(&c->bundle));
    for (unsigned i = 0; i < count && !c->stopped; i++) {
        uint16_t len = 0;
        struct sj_view entry;
        if (sj_failed(sj_read_u16(&reader, &len)) ||
            sj_failed(sj_read_view(&reader, len, &entry))) {
            sj_check_incomplete_at(c, first + i, "the bundle of entries is cut short");
            c->stopped = true;
            return SJ_DONE;
        }
        TRY(first + i < c->begin ? check_known(c, entry, first + i)
                                 : check_entry(c, entry, first + i));
    }
    if (!c->stopped && is_exact && reader.left != 0) {
        sj_check_tampered_at(
            c, first + count, "more entries stand in the bundle than its name says");
    }
    return SJ_DONE;
}

static sj_status check_partial_tiles(struct sj_check *c)
{
    for (unsigned level = 1; level < SJ_TILE_LEVELS && !c->stopped; level++) {
        const uint64_t nodes = c->frontier.size >> (8 * level);
        const unsigned count = (unsigned)(nodes % SJ_TILE_WIDTH);
        if (count != 0) {
            TRY(compare_tile(c, level, nodes / SJ_TILE_WIDTH, c->edge.hashes[level], count));
        }
    }
    return SJ_DONE;
}

sj_status sj_check_entries(struct sj_check *c)
{
    const uint64_t size = c->head.size;
    bool goes_on = true;
    for (uint64_t n = c->begin / SJ_TILE_WIDTH; n <= size / SJ_TILE_WIDTH && !c->stopped; n++) {
        const unsigned count = sj_tile_count(size, 0, n);
        if (count != 0 && c->frontier.size < size) {
            TRY(check_bundle(c, n, count));
        }
        TRY(c->stopped ? SJ_DONE : sj_check_state_tick(c, &goes_on));
        if (!goes_on) {
            c->report->is_interrupted = true;
            return SJ_DONE;
        }
    }
    return c->stopped ? SJ_DONE : check_partial_tiles(c);
}
