/* SPDX-License-Identifier: Apache-2.0
 *
 * What have the other servers of this record committed and signed? Entries behind our own tree are read, hashed from
 * their bytes and given to the keeper, which takes them over only with the signed note of the server that sequenced
 * them, by a key that its keeper vouches for. A forged entry between two batches has no such note: nothing is ever
 * written on top of it. While the server runs, what is followed also moves the head in memory on; a start and a new
 * reading of the head load that afterwards.
 */
#include "sanjeh/base/log.h"
#include "sanjeh/crypto/note.h"
#include "state.h"

#define NOTE_WAIT_MS 1000 /* the other server has committed and is signing */
#define NOTE_POLL_MS 3

static sj_status read_record(
    struct sj_sequencer *s, const struct sj_query *query, struct sj_rows **ret_rows)
{
    struct sj_context context;
    TRY(sj_record_context(s, &context));
    return sj_record_read(s->config.db, &context, query, ret_rows);
}

/* ---- entries ---- */

static sj_status ignore_tile(
    void *ctx, unsigned level, uint64_t n, const struct sj_hash hashes[SJ_TILE_WIDTH])
{
    (void)ctx; /* whoever sequenced the batch has stored it */
    (void)level;
    (void)n;
    (void)hashes;
    return SJ_DONE;
}

static sj_status apply(
    struct sj_sequencer *s, const struct sj_entry *entry, const struct sj_hash *leaf)
{
    struct sj_tenant *tenant = NULL;
    bool is_repeat = false;
    TRY(sj_tenants_get(&s->head.tenants, entry->draft.tenant_tag, &tenant));
    ENSURE(entry->tenant_seq == tenant->seq + 1, LOG_TAMPERED);
    ENSURE(
        entry->tenant_seq == 1 || sj_hash_equal(&entry->tenant_prev, &tenant->leaf), LOG_TAMPERED);
    tenant->seq = entry->tenant_seq;
    tenant->leaf = *leaf;
    tenant->index = entry->index;
    TRY(sj_edge_grow(&s->head.edge, &s->head.frontier, leaf, ignore_tile, NULL));
    s->head.last_time = entry->time > s->head.last_time ? entry->time : s->head.last_time;
    TRY(sj_emitters_see(&s->seen, entry->draft.emitter, entry->draft.emitter_seq, &is_repeat));
    s->seen_upto = entry->index + 1;
    if (s->late.upto == entry->index) {
        sj_late_see(s, entry->draft.tenant_tag, sj_text_of(entry->draft.action), entry->time);
        s->late.upto = entry->index + 1;
    }
    return SJ_DONE;
}

sj_status sj_stretch_new(struct sj_stretch **ret_stretch)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_stretch), &memory));
    *ret_stretch = memory;
    (*ret_stretch)->entry = SJ_BUF(SJ_ENTRY_MAX);
    return SJ_DONE;
}

void sj_stretch_free(struct sj_stretch **stretch)
{
    struct sj_stretch *gone = TAKE(*stretch);
    if (gone != NULL) {
        sj_buf_clear(&gone->entry);
        sj_free(gone);
    }
}

sj_status sj_follow_entries(struct sj_sequencer *s, uint64_t from, uint64_t to, bool moves_head,
    struct sj_stretch *ret_stretch)
{
    struct sj_hash *leaves = ret_stretch->leaves;
    const struct sj_param params[] = {sj_p_i64((int64_t)from), sj_p_i64((int64_t)to)};
    const struct sj_query query = {
        .sql = SJ_SQL_AUDIT_ENTRY_RANGE, .params = params, .param_count = SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    ret_stretch->change = INT64_MAX;
    sj_buf_reset(&ret_stretch->entry);
    TRY(read_record(s, &query, &rows));
    for (uint64_t i = 0; i < to - from; i++) {
        struct sj_entry entry;
        ENSURE(
            i < sj_rows_count(rows) && sj_row_i64(rows, i, 0) == (int64_t)(from + i), LOG_TAMPERED);
        const struct sj_view bytes = sj_row_bytes(rows, i, 1);
        TRY(sj_leaf_hash(bytes, &leaves[i]));
        ENSURE(!sj_failed(sj_entry_decode(bytes, &entry)) && entry.index == from + i, LOG_TAMPERED);
        ENSURE(sj_uuid_equal(entry.log_id, s->head.log_id), LOG_TAMPERED);
        if (sj_change_is_own(s, &entry) && ret_stretch->change == INT64_MAX) {
            ret_stretch->change = from + i;
            TRY(sj_buf_put_view(&ret_stretch->entry, bytes));
        }
        if (moves_head) {
            TRY(apply(s, &entry, &leaves[i]));
        }
    }
    return SJ_DONE;
}

/* ---- notes ---- */

static sj_status read_signers(struct sj_sequencer *s)
{
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_SIGNER_LIST};
    sj_rows_free(&s->signers);
    return read_record(s, &query, &s->signers);
}

/* Whose note it is. Whether the key is really that server's, the keeper decides by the voucher. */
static bool find_signer(
    const struct sj_rows *signers, struct sj_view bytes, struct sj_peer_note *ret_note)
{
    for (size_t i = 0; signers != NULL && i < sj_rows_count(signers); i++) {
        struct sj_note_key key;
        struct sj_note opened;
        const struct sj_view voucher = sj_row_bytes(signers, i, 2);
        ret_note->instance = sj_row_text(signers, i, 0);
        ret_note->vkey = sj_row_text(signers, i, 1);
        if (!sj_failed(sj_note_key_parse(ret_note->vkey, &key)) &&
            !sj_failed(sj_note_open(bytes, &key, 1, &opened)) &&
            !sj_failed(sj_copy(ret_note->voucher.bytes, SJ_HASH_SIZE, voucher.ptr, voucher.len))) {
            ret_note->note = bytes;
            return true;
        }
    }
    return false;
}

/* *ret_size: of the newest note above from up to `upto` whose key is known; 0: there is none. */
static sj_status newest_note(struct sj_sequencer *s, uint64_t from, uint64_t upto,
    struct sj_rows **ret_rows, struct sj_peer_note *ret_note, uint64_t *ret_size)
{
    const struct sj_param param = sj_p_i64((int64_t)upto);
    const struct sj_query query = {
        .sql = SJ_SQL_AUDIT_CHECKPOINT_NEWEST, .params = &param, .param_count = 1};
    *ret_size = 0;
    TRY(read_record(s, &query, ret_rows));
    if (sj_rows_count(*ret_rows) != 1 || sj_row_i64(*ret_rows, 0, 0) <= (int64_t)from) {
        return SJ_DONE;
    }
    const struct sj_view bytes = sj_row_bytes(*ret_rows, 0, 1);
    if (!find_signer(s->signers, bytes, ret_note)) {
        TRY(read_signers(s)); /* a server that has come since */
        if (!find_signer(s->signers, bytes, ret_note)) {
            return SJ_DONE;
        }
    }
    *ret_size = (uint64_t)sj_row_i64(*ret_rows, 0, 0);
    return SJ_DONE;
}

/* Our own change of key, if it is here, ends a question of its own: the keeper looks at the entry. */
static sj_status give_stretch(struct sj_sequencer *s, uint64_t from, uint64_t to,
    const struct sj_stretch *stretch, const struct sj_peer_note *note)
{
    size_t done = 0;
    if (stretch->change < to) {
        done = (size_t)(stretch->change + 1 - from);
        TRY(ask_follow_change(
            s->config.channel, from, stretch->leaves, done, sj_buf_view(&stretch->entry)));
    }
    return ask_follow(
        s->config.channel, from + done, stretch->leaves + done, (size_t)(to - from) - done, note);
}

static sj_status give_to_keeper(struct sj_sequencer *s, uint64_t from, uint64_t to, bool moves_head,
    const struct sj_peer_note *note)
{
    CLEANUP(sj_stretch_free) struct sj_stretch *stretch = NULL;
    TRY(sj_stretch_new(&stretch));
    for (uint64_t at = from; at < to;) {
        const uint64_t end = to - at < SJ_BATCH_ENTRIES ? to : at + SJ_BATCH_ENTRIES;
        TRY(sj_follow_entries(s, at, end, moves_head, stretch));
        TRY(give_stretch(s, at, end, stretch, end == to ? note : NULL));
        at = end;
    }
    return SJ_DONE;
}

sj_status sj_follow(
    struct sj_sequencer *s, uint64_t from, uint64_t upto, bool moves_head, uint64_t *ret_size)
{
    struct sj_peer_note note = {.note = {NULL, 0}};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    uint64_t size = 0;
    *ret_size = from;
    TRY(newest_note(s, from, upto, &rows, &note, &size));
    if (size == 0) {
        return SJ_DONE;
    }
    TRY(give_to_keeper(s, from, size, moves_head, &note));
    *ret_size = size;
    return sj_batch_publish_note(s, note.note, size, false);
}

sj_status sj_follow_patiently(struct sj_sequencer *s, const struct sj_head_row *row, uint64_t from,
    bool moves_head, uint64_t *ret_size)
{
    const int64_t until = sj_time_monotonic_ms() + NOTE_WAIT_MS;
    const bool is_own =
        sj_uuid_equal(row->emitter, s->emitter) || sj_uuid_equal(row->emitter, s->instances.former);
    TRY(sj_follow(s, from, row->size, moves_head, ret_size));
    while (*ret_size < row->size && !is_own && sj_time_monotonic_ms() < until) {
        sj_fiber_sleep_ms(NOTE_POLL_MS);
        TRY(sj_follow(s, *ret_size, row->size, moves_head, ret_size));
    }
    return SJ_DONE;
}
