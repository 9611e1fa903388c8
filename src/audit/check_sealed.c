/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a sealed export of a piece of the log hold by itself? Its manifest names each file with its hash, nothing is missing and nothing
 * besides; the entries, hashed anew behind the frontier that the export brings (its member `before`), give the root of the signed
 * checkpoint, so the frontier cannot be another. Each entry decodes, names its place and its log, and no time goes back.
 */
#include "check.h"

#include "sanjeh/base/reader.h"
#include "sealed.h"

#define BUNDLE_MAX ((size_t)SJ_TILE_WIDTH * (2 + 65535))

struct sealed_check {
    struct sj_check *c;
    struct sj_sealed_head head;
    struct sj_buf manifest;
    struct sj_buf member;
    uint64_t files;
    bool has_log_id;
};

static void clear(struct sealed_check *s)
{
    sj_buf_clear(&s->manifest);
    sj_buf_clear(&s->member);
}

static void stop(struct sj_check *c, const char *cause)
{
    sj_check_incomplete(c, cause);
    c->stopped = true;
}

static sj_status read_member(
    struct sealed_check *s, const struct sj_member_key *key, size_t max, bool *ret_found)
{
    return sj_source_read(&s->c->source, key, max, &s->member, ret_found);
}

/* ---- the manifest ---- */

static sj_status check_file(struct sealed_check *s, const struct sj_hash *hash, struct sj_text name)
{
    struct sj_member_key key;
    struct sj_hash found_hash;
    bool found = false;
    if (!sj_source_key(name, &key)) {
        stop(s->c, "the manifest names a file that no sealed export has");
        return SJ_DONE;
    }
    TRY(read_member(s, &key, BUNDLE_MAX, &found));
    if (!found) {
        stop(s->c, "a file of the manifest is missing");
        return SJ_DONE;
    }
    TRY(sj_sha256_one(sj_buf_view(&s->member), &found_hash));
    if (!sj_hash_equal(&found_hash, hash)) {
        sj_check_tampered(s->c, "a file is not what the manifest says");
    }
    return SJ_DONE;
}

static sj_status check_manifest(struct sealed_check *s)
{
    const struct sj_member_key key = {.kind = SJ_MEMBER_MANIFEST};
    struct sj_text rest;
    bool found = false;
    TRY(sj_source_read(&s->c->source, &key, SJ_SEALED_MANIFEST, &s->manifest, &found));
    if (!found || sj_failed(sj_text_check(sj_buf_view(&s->manifest), SJ_SEALED_MANIFEST, &rest)) ||
        sj_failed(sj_sealed_read_head(&rest, &s->head))) {
        stop(s->c, "the manifest cannot be read");
        return SJ_DONE;
    }
    while (rest.len > 0 && !s->c->stopped) {
        struct sj_hash hash;
        struct sj_text name;
        if (sj_failed(sj_sealed_read_file(&rest, &hash, &name))) {
            stop(s->c, "the manifest cannot be read");
            return SJ_DONE;
        }
        TRY(check_file(s, &hash, name));
        s->files++;
    }
    return SJ_DONE;
}

/* ---- the tree ---- */

static unsigned bits_of(uint64_t number)
{
    unsigned count = 0;
    for (; number != 0; number &= number - 1) {
        count++;
    }
    return count;
}

static sj_status load_frontier(struct sealed_check *s)
{
    const struct sj_member_key key = {.kind = SJ_MEMBER_BEFORE};
    const uint64_t size = s->head.first;
    size_t at = 0;
    bool found = false;
    TRY(read_member(s, &key, (size_t)64 * SJ_HASH_SIZE + 1, &found));
    if (!found || s->member.len != (size_t)bits_of(size) * SJ_HASH_SIZE) {
        stop(s->c, "the hashes of what was before are missing");
        return SJ_DONE;
    }
    s->c->frontier = (struct sj_frontier){.size = size};
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((size >> bit & 1) != 0) {
            TRY(sj_copy(
                s->c->frontier.hashes[bit].bytes, SJ_HASH_SIZE, s->member.ptr + at, SJ_HASH_SIZE));
            at += SJ_HASH_SIZE;
        }
    }
    return SJ_DONE;
}

static const char *judge(struct sealed_check *s, struct sj_view bytes, uint64_t index)
{
    struct sj_entry entry;
    if (sj_failed(sj_entry_decode(bytes, &entry))) {
        return bytes.len == 0 ? "the entry was removed" : "the entry does not decode";
    }
    if (entry.index != index) {
        return "the entry names another index than its place";
    }
    if (s->has_log_id && !sj_uuid_equal(entry.log_id, s->c->log_id)) {
        return "the entry belongs to another log";
    }
    if (entry.time < s->c->last_time) {
        return "the entry's time is before the one in front of it";
    }
    s->c->log_id = entry.log_id;
    s->has_log_id = true;
    s->c->last_time = entry.time;
    return NULL;
}

static sj_status check_entry(
    struct sealed_check *s, struct sj_view bytes, uint64_t index, struct sj_hash *ret_leaf)
{
    struct sj_check *c = s->c;
    const char *cause = judge(s, bytes, index);
    if (cause != NULL) {
        sj_check_tampered_at(c, index, cause);
        return SJ_DONE;
    }
    TRY(sj_leaf_hash(bytes, ret_leaf));
    return sj_frontier_append(&c->frontier, ret_leaf);
}

static struct sj_member_key tile_key(uint8_t level, uint64_t n, unsigned count)
{
    return (struct sj_member_key){.kind = SJ_MEMBER_TILE,
        .tile = {.level = level, .width = (uint8_t)(count == SJ_TILE_WIDTH ? 0 : count), .n = n}};
}

/* Each entry, and their leaves against the tile that lies beside them. */
static sj_status check_bundle(struct sealed_check *s, uint64_t n, unsigned count)
{
    struct sj_check *c = s->c;
    struct sj_hash leaves[SJ_TILE_WIDTH];
    bool found = false;
    const struct sj_member_key entries = tile_key(SJ_TILE_ENTRIES, n, count);
    const struct sj_member_key tile = tile_key(0, n, count);
    TRY(read_member(s, &entries, BUNDLE_MAX, &found));
    struct sj_reader reader = sj_reader_of(sj_buf_view(&s->member));
    for (unsigned i = 0; i < count && found && !c->stopped; i++) {
        uint16_t len = 0;
        struct sj_view bytes = {NULL, 0};
        found = !sj_failed(sj_read_u16(&reader, &len)) &&
                !sj_failed(sj_read_view(&reader, len, &bytes));
        TRY(found ? check_entry(s, bytes, n * SJ_TILE_WIDTH + i, &leaves[i]) : SJ_DONE);
    }
    if (c->stopped) {
        return SJ_DONE;
    }
    if (!found || reader.left != 0) {
        stop(c, "a bundle of entries is missing, cut short, or longer than its name says");
        return SJ_DONE;
    }
    TRY(read_member(s, &tile, SJ_TILE_BYTES, &found));
    if (!found ||
        !sj_view_equal(sj_buf_view(&s->member), sj_view_of(leaves, (size_t)count * SJ_HASH_SIZE))) {
        sj_check_tampered_at(c, n * SJ_TILE_WIDTH, "a tile is not what its entries give");
    }
    c->report->entries_checked = c->frontier.size - s->head.first;
    return SJ_DONE;
}

static sj_status check_tree(struct sealed_check *s)
{
    struct sj_check *c = s->c;
    struct sj_hash root;
    TRY(load_frontier(s));
    for (uint64_t n = s->head.first / SJ_TILE_WIDTH;
         n * SJ_TILE_WIDTH < s->head.size && !c->stopped; n++) {
        TRY(check_bundle(s, n, sj_tile_count(s->head.size, 0, n)));
    }
    if (c->stopped) {
        return SJ_DONE;
    }
    TRY(sj_frontier_root(&c->frontier, &root));
    if (!sj_hash_equal(&root, &c->head.root)) {
        sj_check_tampered(c, "the entries do not give the root that was signed");
        return SJ_DONE;
    }
    return sj_check_head_signed(c);
}

/* Checkpoint, policy, before, and two files for each bundle: no more. */
static void check_count(struct sealed_check *s)
{
    const uint64_t bundles =
        (s->head.size + SJ_TILE_WIDTH - 1) / SJ_TILE_WIDTH - s->head.first / SJ_TILE_WIDTH;
    if (s->files != 3 + 2 * bundles) {
        stop(s->c, "the manifest does not name the files that a sealed export has");
    }
}

static sj_status run(struct sealed_check *s)
{
    struct sj_check *c = s->c;
    TRY(check_manifest(s));
    if (!c->stopped) {
        check_count(s);
    }
    if (!c->stopped &&
        (s->head.size != c->head.size || !sj_text_equal(s->head.origin, sj_text_of(c->origin)))) {
        stop(c, "the manifest speaks of another tree than the checkpoint");
    }
    TRY(c->stopped ? SJ_DONE : check_tree(s));
    c->report->sealed_first = s->head.first;
    c->report->sealed_end = s->head.end;
    return c->stopped ? SJ_DONE : sj_sha256_one(sj_buf_view(&s->manifest), &c->report->manifest);
}

sj_status sj_check_is_sealed(struct sj_check *c, bool *ret_sealed)
{
    const struct sj_member_key key = {.kind = SJ_MEMBER_MANIFEST};
    CLEANUP(sj_buf_clear) struct sj_buf manifest = SJ_BUF(SJ_SEALED_MANIFEST);
    *ret_sealed = false;
    return c->options->fetch != NULL
               ? SJ_DONE /* a log at an address is a log */
               : sj_source_read(&c->source, &key, SJ_SEALED_MANIFEST, &manifest, ret_sealed);
}

sj_status sj_check_sealed(struct sj_check *c)
{
    ENSURE(
        c->options->since_path == NULL, BAD_PARAMETER); /* there is no whole tree to hold against */
    CLEANUP(clear)
    struct sealed_check s = {
        .c = c, .manifest = SJ_BUF(SJ_SEALED_MANIFEST), .member = SJ_BUF(BUNDLE_MAX)};
    c->report->is_sealed = true;
    return run(&s);
}
