/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the database still have what was signed? The scrubber reads every entry, hashes it anew and builds the tree again; what it
 * compares on the way (leaf hashes, tiles, notes) says where a damage lies, and the root at the end, which the keeper signed and the
 * database cannot give, says whether there is one. A full rewrite that fits in itself ends at that root.
 */
#include "scrub.h"

#include <stdio.h>

#include "sanjeh/base/detail.h"
#include "sanjeh/base/reader.h"
#include "sanjeh/crypto/note.h"

void sj_scrub_find(struct sj_scrub *s, const char *cause)
{
    if (s->report.findings++ == 0) {
        (void)snprintf(s->report.cause, sizeof s->report.cause, "%s", cause);
    }
}

void sj_scrub_find_at(struct sj_scrub *s, uint64_t index, const char *cause)
{
    if (s->report.findings == 0) {
        s->report.has_index = true;
        s->report.index = index;
    }
    sj_scrub_find(s, cause);
}

sj_status sj_scrub_ask(struct sj_scrub *s, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    const struct sj_query query = {.sql = sql, .params = params, .param_count = count};
    return sj_record_read(s->db, s->context, &query, ret_rows);
}

/* ---- what has to be there ---- */

void sj_sequencer_scrub_target(struct sj_sequencer *s, struct sj_scrub_target *ret_target)
{
    SJ_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    ret_target->size = s->signed_frontier.size;
    const sj_status status = sj_frontier_root(&s->signed_frontier, &ret_target->root);
    SJ_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    SJ_ASSERT(!sj_failed(status));
}

sj_status sj_scrub_stored_target(struct sj_db *db, const struct sj_context *context,
    const struct sj_note_key *keys, size_t count, struct sj_scrub_target *ret_target)
{
    const struct sj_param param = sj_p_i64(INT64_MAX);
    const struct sj_query query = {SJ_SQL_AUDIT_CHECKPOINT_NEWEST, &param, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    TRY(sj_record_read(db, context, &query, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    TRY(sj_note_open(sj_row_bytes(rows, 0, 1), keys, count, &note));
    TRY(sj_checkpoint_parse(note.text, &checkpoint));
    *ret_target = (struct sj_scrub_target){checkpoint.size, checkpoint.root};
    return SJ_DONE;
}

/* ---- one walk ---- */

void sj_scrub_free(struct sj_scrub **scrub)
{
    struct sj_scrub *s = TAKE(*scrub);
    if (s != NULL) {
        sj_tenants_clear(&s->tenants);
        sj_ranges_clear(&s->missing);
        sj_ranges_clear(&s->erased);
        sj_free(s);
    }
}

sj_status sj_scrub_new(const struct sj_scrub_target *target, struct sj_scrub **ret_scrub)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_scrub), &memory));
    CLEANUP(sj_scrub_free) struct sj_scrub *s = memory;
    s->target = *target;
    s->report.size = target->size;
    TRY(sj_tenants_init(&s->tenants, SJ_TENANTS_MAX));
    *ret_scrub = TAKE(s);
    return SJ_DONE;
}

uint64_t sj_scrub_position(const struct sj_scrub *s)
{
    return s->frontier.size;
}

void sj_scrub_report(const struct sj_scrub *s, struct sj_scrub_report *ret_report)
{
    *ret_report = s->report;
    ret_report->entries = s->frontier.size;
}

static sj_status read_tile(
    struct sj_scrub *s, unsigned level, uint64_t n, struct sj_hash *ret_hashes, bool *ret_found)
{
    const struct sj_param params[] = {
        sj_p_i32((int32_t)level), sj_p_i64((int64_t)n), sj_p_i64((int64_t)n + 1)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_scrub_ask(s, SJ_SQL_AUDIT_TILE_RANGE, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1 && sj_row_bytes(rows, 0, 1).len == SJ_TILE_BYTES;
    return *ret_found
               ? sj_copy(ret_hashes, SJ_TILE_BYTES, sj_row_bytes(rows, 0, 1).ptr, SJ_TILE_BYTES)
               : SJ_DONE;
}

/* Level 0 was compared leaf by leaf, where a difference has an index. */
static sj_status on_full(
    void *ctx, unsigned level, uint64_t n, const struct sj_hash hashes[SJ_TILE_WIDTH])
{
    struct sj_scrub *s = ctx;
    char cause[SJ_SCRUB_CAUSE_SIZE];
    bool found = false;
    if (level == 0 || s->is_root_lost) {
        return SJ_DONE;
    }
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(1, SJ_TILE_BYTES, &memory));
    TRY(read_tile(s, level, n, memory, &found));
    if (!found ||
        !sj_view_equal(sj_view_of(memory, SJ_TILE_BYTES), sj_view_of(hashes, SJ_TILE_BYTES))) {
        (void)snprintf(cause, sizeof cause, "tile %u/%llu is %s", level, (unsigned long long)n,
            found ? "not what its tiles give" : "missing");
        sj_scrub_find(s, cause);
    }
    return SJ_DONE;
}

static sj_status note_pruning(struct sj_scrub *s, const struct sj_entry *entry)
{
    struct sj_text detail = sj_text_of(entry->draft.detail);
    uint64_t minimum = 0;
    if (entry->draft.kind == SJ_ENTRY_PRUNE && sj_detail_take_u64(&detail, "minimum", &minimum) &&
        minimum <= entry->index && minimum > s->justified) {
        s->justified = minimum;
    }
    return SJ_DONE;
}

/* What the entry says against what went before. */
static sj_status judge(
    struct sj_scrub *s, const struct sj_entry *entry, uint64_t index, const struct sj_hash *leaf)
{
    struct sj_tenant *tenant = NULL;
    TRY(sj_tenants_get(&s->tenants, entry->draft.tenant_tag, &tenant));
    const bool is_first = s->minimum != 0 && tenant->seq == 0; /* what it did before was pruned */
    if (sj_uuid_is_nil(
            s->log_id)) { /* of the first that can be read: a lost one must not have all others accused */
        s->log_id = entry->log_id;
    }
    if (entry->index != index) {
        sj_scrub_find_at(s, index, "the entry names another index than its place");
    } else if (!sj_uuid_equal(entry->log_id, s->log_id)) {
        sj_scrub_find_at(s, index, "the entry belongs to another log");
    } else if (entry->time < s->last_time) {
        sj_scrub_find_at(s, index, "the entry's time is before the one in front of it");
    } else if (!is_first && (entry->tenant_seq != tenant->seq + 1 ||
                                !sj_hash_equal(&entry->tenant_prev, &tenant->leaf))) {
        sj_scrub_find_at(s, index, "the entry does not continue its tenant's chain");
    }
    TRY(note_pruning(s, entry));
    tenant->seq = entry->tenant_seq;
    tenant->leaf = *leaf;
    tenant->index = index;
    s->last_time = entry->time;
    return SJ_DONE;
}

/* A lost or bent entry: the tile may still know its leaf. */
static void lose(struct sj_scrub *s, uint64_t index, const char *cause, struct sj_hash *leaf)
{
    sj_scrub_find_at(s, index, cause);
    if (s->has_stored) {
        *leaf = s->stored[index % SJ_TILE_WIDTH];
    } else {
        s->is_root_lost = true;
    }
}

/* The entry's leaf, and the entry when it can be read. */
static sj_status examine(struct sj_scrub *s, const struct sj_rows *rows, size_t row, uint64_t index,
    struct sj_entry *entry, bool *ret_readable, struct sj_hash *leaf)
{
    const struct sj_view bytes = sj_row_bytes(rows, row, 1);
    const struct sj_view stored = sj_row_bytes(rows, row, 2);
    TRY(sj_leaf_hash(bytes, leaf));
    *ret_readable = !sj_failed(sj_entry_decode(bytes, entry));
    if (!sj_view_equal(stored, sj_view_of(leaf->bytes, SJ_HASH_SIZE))) {
        lose(s, index, "the entry does not give its leaf hash", leaf);
        *ret_readable = false;
    } else if (s->has_stored && !sj_hash_equal(leaf, &s->stored[index % SJ_TILE_WIDTH])) {
        lose(s, index, "the entry does not give its leaf hash in the tile", leaf);
        *ret_readable = false;
    } else if (!*ret_readable) {
        sj_scrub_find_at(s, index, "the entry does not decode");
    }
    return SJ_DONE;
}

/* Whether the entries before `size` give what was signed there. */
static sj_status check_note(struct sj_scrub *s, uint64_t size, struct sj_view bytes)
{
    char cause[SJ_SCRUB_CAUSE_SIZE];
    struct sj_hash root;
    struct sj_checkpoint checkpoint;
    size_t body = 0;
    while (body + 1 < bytes.len && (bytes.ptr[body] != '\n' || bytes.ptr[body + 1] != '\n')) {
        body++;
    }
    const struct sj_text text = {(const char *)bytes.ptr, body + 1 < bytes.len ? body + 1 : 0};
    TRY(sj_frontier_root(&s->frontier, &root));
    if (sj_failed(sj_checkpoint_parse(text, &checkpoint)) || checkpoint.size != size ||
        !sj_hash_equal(&checkpoint.root, &root)) {
        (void)snprintf(cause, sizeof cause, "the entries do not give the root of the note of %llu",
            (unsigned long long)size);
        sj_scrub_find(s, cause);
        s->is_root_lost = true; /* every later one says the same */
    }
    return SJ_DONE;
}

struct step {
    uint64_t first;
    uint64_t end;
    struct sj_rows *entries;
    struct sj_rows *notes;
    size_t note; /* next row */
    struct sj_scrub_sides sides;
};

static void free_step(struct step *step)
{
    sj_rows_free(&step->entries);
    sj_rows_free(&step->notes);
    sj_scrub_sides_free(&step->sides);
}

static sj_status read_step(struct sj_scrub *s, struct step *step)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)step->first), sj_p_i64((int64_t)step->end)};
    TRY(sj_scrub_ask(s, SJ_SQL_AUDIT_ENTRY_RANGE, params, SJ_COUNT(params), &step->entries));
    TRY(sj_scrub_ask(s, SJ_SQL_AUDIT_CHECKPOINT_RANGE, params, SJ_COUNT(params), &step->notes));
    s->has_stored = false;
    if ((step->first | (SJ_TILE_WIDTH - 1)) < s->target.size) {
        TRY(read_tile(s, 0, step->first / SJ_TILE_WIDTH, s->stored, &s->has_stored));
        if (!s->has_stored) {
            char cause[SJ_SCRUB_CAUSE_SIZE];
            (void)snprintf(cause, sizeof cause, "tile 0/%llu is missing",
                (unsigned long long)(step->first / SJ_TILE_WIDTH));
            sj_scrub_find(s, cause);
        }
    }
    return sj_scrub_sides_read(s, step->first, step->end, &step->sides);
}

static sj_status append(struct sj_scrub *s, struct step *step, const struct sj_hash *leaf)
{
    TRY(sj_frontier_append(&s->frontier, leaf));
    TRY(sj_edge_append(&s->edge, leaf, on_full, s));
    while (!s->is_root_lost && step->note < sj_rows_count(step->notes) &&
           sj_row_i64(step->notes, step->note, 0) <= (int64_t)s->frontier.size) {
        TRY(check_note(s, (uint64_t)sj_row_i64(step->notes, step->note, 0),
            sj_row_bytes(step->notes, step->note, 1)));
        step->note++;
    }
    return SJ_DONE;
}

static sj_status walk(struct sj_scrub *s, struct step *step)
{
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_entry), &memory));
    struct sj_entry *entry = memory;
    size_t row = 0;
    for (uint64_t index = step->first; index < step->end; index++) {
        struct sj_hash leaf = {{0}};
        bool readable = false;
        if (row < sj_rows_count(step->entries) &&
            sj_row_i64(step->entries, row, 0) == (int64_t)index) {
            TRY(examine(s, step->entries, row++, index, entry, &readable, &leaf));
        } else {
            lose(s, index, "the entry is missing", &leaf);
        }
        if (readable) {
            TRY(judge(s, entry, index, &leaf));
        }
        TRY(sj_scrub_sides_check(s, &step->sides, index, readable ? entry : NULL));
        TRY(append(s, step, &leaf));
    }
    return SJ_DONE;
}

/* A whole bundle that was pruned: its tile is what is left of it. */
static sj_status pass_pruned(struct sj_scrub *s, struct step *step)
{
    s->is_root_lost = s->is_root_lost || !s->has_stored;
    for (uint64_t index = step->first; index < step->end; index++) {
        TRY(append(s, step, &s->stored[index % SJ_TILE_WIDTH]));
    }
    return SJ_DONE;
}

static sj_status finish(struct sj_scrub *s)
{
    struct sj_hash root;
    if (s->minimum > s->justified) {
        sj_scrub_find(s, "entries were pruned and no entry says so");
    }
    TRY(sj_frontier_root(&s->frontier, &root));
    if (!s->is_root_lost && !sj_hash_equal(&root, &s->target.root)) {
        sj_scrub_find(s, "the entries do not give the root that was signed");
    }
    TRY(sj_scrub_payloads(s));
    if (s->report.findings == 0) { /* else they repeat it */
        TRY(sj_scrub_tenants(s));
    }
    return sj_scrub_strays(s);
}

sj_status sj_scrub_step(
    struct sj_scrub *s, struct sj_db *db, const struct sj_context *context, bool *ret_done)
{
    s->db = db;
    s->context = context;
    *ret_done = s->frontier.size >= s->target.size;
    if (*ret_done) {
        return finish(s);
    }
    TRY(sj_record_minimum(db, context, &s->minimum));
    CLEANUP(free_step) struct step step = {.first = s->frontier.size};
    const uint64_t next = (step.first | (SJ_TILE_WIDTH - 1)) + 1;
    step.end = next < s->target.size ? next : s->target.size;
    TRY(read_step(s, &step));
    return step.first < s->minimum ? pass_pruned(s, &step) : walk(s, &step);
}

/* ---- to be resumed ---- */

#define STATE_VERSION 2

static sj_status put_hashes(const struct sj_hash *hashes, size_t count, struct sj_buf *out)
{
    return sj_buf_put(out, hashes, count * sizeof hashes[0]);
}

static sj_status put_ranges(const struct sj_ranges *ranges, struct sj_buf *out)
{
    TRY(sj_buf_put_u32(out, (uint32_t)ranges->count));
    for (size_t i = 0; i < ranges->count; i++) {
        TRY(sj_buf_put_u64(out, ranges->list[i].first));
        TRY(sj_buf_put_u64(out, ranges->list[i].last));
    }
    return SJ_DONE;
}

static sj_status put_tenants(const struct sj_scrub *s, struct sj_buf *out)
{
    TRY(sj_buf_put_u32(out, (uint32_t)s->tenants.map.count));
    for (size_t i = 0; i < s->tenants.map.count; i++) {
        const struct sj_tenant *tenant = &s->tenants.list[i];
        TRY(sj_buf_put(out, tenant->tag.bytes, sizeof tenant->tag.bytes));
        TRY(sj_buf_put_u64(out, tenant->seq));
        TRY(sj_buf_put_u64(out, tenant->index));
        TRY(put_hashes(&tenant->leaf, 1, out));
    }
    return SJ_DONE;
}

sj_status sj_scrub_encode(const struct sj_scrub *s, struct sj_buf *out)
{
    TRY(sj_buf_put_byte(out, STATE_VERSION));
    TRY(sj_buf_put_u64(out, s->frontier.size));
    TRY(sj_buf_put(out, s->log_id.bytes, sizeof s->log_id.bytes));
    TRY(sj_buf_put_u64(out, (uint64_t)s->last_time));
    TRY(sj_buf_put_u64(out, s->report.findings));
    TRY(sj_buf_put_byte(out, s->report.has_index ? 1 : 0));
    TRY(sj_buf_put_u64(out, s->report.index));
    TRY(sj_buf_put(out, s->report.cause, sizeof s->report.cause));
    TRY(sj_buf_put_byte(out, s->is_root_lost ? 1 : 0));
    for (unsigned level = 0; level < SJ_TILE_LEVELS; level++) {
        TRY(put_hashes(
            s->edge.hashes[level], (size_t)((s->edge.size >> (8 * level)) % SJ_TILE_WIDTH), out));
    }
    TRY(sj_buf_put_u64(out, s->justified));
    TRY(put_ranges(&s->missing, out));
    TRY(put_ranges(&s->erased, out));
    return put_tenants(s, out);
}

static sj_status read_tenants(struct sj_reader *reader, struct sj_scrub *s)
{
    uint32_t count = 0;
    TRY(sj_read_u32(reader, &count));
    for (uint32_t i = 0; i < count; i++) {
        struct sj_tenant *tenant = NULL;
        struct sj_uuid tag;
        TRY(sj_read_bytes(reader, tag.bytes, sizeof tag.bytes));
        TRY(sj_tenants_get(&s->tenants, tag, &tenant));
        TRY(sj_read_u64(reader, &tenant->seq));
        TRY(sj_read_u64(reader, &tenant->index));
        TRY(sj_read_bytes(reader, tenant->leaf.bytes, SJ_HASH_SIZE));
    }
    return SJ_DONE;
}

static sj_status read_ranges(struct sj_reader *reader, struct sj_ranges *ranges)
{
    uint32_t count = 0;
    TRY(sj_read_u32(reader, &count));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t first = 0;
        uint64_t last = 0;
        TRY(sj_read_u64(reader, &first));
        TRY(sj_read_u64(reader, &last));
        ENSURE(first <= last, PROTOCOL);
        TRY(sj_ranges_add(ranges, first, last));
    }
    return SJ_DONE;
}

static sj_status read_state(struct sj_reader *reader, struct sj_scrub *s)
{
    uint8_t version = 0;
    uint8_t has_index = 0;
    uint8_t lost = 0;
    uint64_t time = 0;
    TRY(sj_read_u8(reader, &version));
    ENSURE(version == STATE_VERSION, PROTOCOL);
    TRY(sj_read_u64(reader, &s->edge.size));
    ENSURE(s->edge.size <= s->target.size, PROTOCOL);
    TRY(sj_read_bytes(reader, s->log_id.bytes, sizeof s->log_id.bytes));
    TRY(sj_read_u64(reader, &time));
    TRY(sj_read_u64(reader, &s->report.findings));
    TRY(sj_read_u8(reader, &has_index));
    TRY(sj_read_u64(reader, &s->report.index));
    TRY(sj_read_bytes(reader, s->report.cause, sizeof s->report.cause));
    TRY(sj_read_u8(reader, &lost));
    for (unsigned level = 0; level < SJ_TILE_LEVELS; level++) {
        TRY(sj_read_bytes(reader, s->edge.hashes[level],
            (size_t)((s->edge.size >> (8 * level)) % SJ_TILE_WIDTH) * SJ_HASH_SIZE));
    }
    s->last_time = (sj_time_us)time;
    s->report.has_index = has_index == 1;
    s->report.cause[sizeof s->report.cause - 1] = '\0';
    s->is_root_lost = lost == 1;
    TRY(sj_read_u64(reader, &s->justified));
    TRY(read_ranges(reader, &s->missing));
    TRY(read_ranges(reader, &s->erased));
    TRY(read_tenants(reader, s));
    ENSURE(reader->left == 0, PROTOCOL);
    return sj_edge_frontier(&s->edge, &s->frontier);
}

sj_status sj_scrub_decode(
    struct sj_view bytes, const struct sj_scrub_target *target, struct sj_scrub **ret_scrub)
{
    CLEANUP(sj_scrub_free) struct sj_scrub *s = NULL;
    struct sj_reader reader = sj_reader_of(bytes);
    TRY(sj_scrub_new(target, &s));
    TRY(read_state(&reader, s));
    *ret_scrub = TAKE(s);
    return SJ_DONE;
}
