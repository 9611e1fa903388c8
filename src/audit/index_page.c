/* SPDX-License-Identifier: Apache-2.0
 *
 * How do postings lie in a page of the index? Content: where the next page begins (token, place: 8 bytes each, the largest numbers when
 * there is none), then for each term its token, how many places (2 bytes) and the places, each as the distance to the one before it
 * (7 bits a byte, the first from the run's beginning). The MAC covers run, first posting and content: so a page says of all postings
 * between its own beginning and the next page's which there are, and that there are no others.
 */
#include "index_priv.h"

#define HEAD_SIZE  16u /* where the next page begins */
#define GROUP_SIZE 10u
#define DELTA_MAX  10u

static void put_number(uint8_t *to, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)) & 0xFF);
    }
}

/* Where the next page begins is known when this one is full. */
static void begin_page(struct sj_run_writer *w, const struct sj_posting *first)
{
    w->first = *first;
    w->has_group = false;
    w->len = HEAD_SIZE;
}

sj_status sj_run_writer_init(
    struct sj_run_writer *w, const struct sj_index *index, struct sj_run run)
{
    const size_t pages = SJ_RUN_FLUSH + 1;
    w->index = index;
    w->run = run;
    w->pages = 0;
    TRY(sj_array_init(&w->tokens, SJ_OID_INT8, 64 + pages * 12));
    TRY(sj_array_init(&w->idxs, SJ_OID_INT8, 64 + pages * 12));
    TRY(sj_array_init(&w->contents, SJ_OID_BYTEA, 64 + pages * (SJ_INDEX_PAGE_MAX + 4)));
    TRY(sj_array_init(&w->macs, SJ_OID_BYTEA, 64 + pages * (SJ_HASH_SIZE + 4)));
    const struct sj_posting smallest = {SJ_INDEX_TOKEN_MIN, 0};
    begin_page(w, &smallest);
    return SJ_DONE;
}

void sj_run_writer_clear(struct sj_run_writer *w)
{
    sj_array_clear(&w->tokens);
    sj_array_clear(&w->idxs);
    sj_array_clear(&w->contents);
    sj_array_clear(&w->macs);
}

static void end_group(struct sj_run_writer *w)
{
    if (w->has_group) {
        put_number(w->content + w->group, w->group_count, 2);
    }
}

/* The page ends before `next`. */
static sj_status end_page(struct sj_run_writer *w, const struct sj_posting *next)
{
    struct sj_hash mac;
    end_group(w);
    put_number(w->content, (uint64_t)next->token, 8);
    put_number(w->content + 8, next->at, 8);
    TRY(sj_index_page_mac(w->index, &w->run, &w->first, sj_view_of(w->content, w->len), &mac));
    TRY(sj_array_put_i64(&w->tokens, w->first.token));
    TRY(sj_array_put_i64(&w->idxs, (int64_t)w->first.at));
    TRY(sj_array_put(&w->contents, w->content, w->len));
    TRY(sj_array_put(&w->macs, mac.bytes, SJ_HASH_SIZE));
    w->pages++;
    return SJ_DONE;
}

/* @unsafe: GROUP_SIZE and DELTA_MAX bytes are free: sj_run_put begins a page before they are not */
static void put_delta(struct sj_run_writer *w, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        w->content[w->len++] = (uint8_t)(value & 0x7F) | 0x80;
    }
    w->content[w->len++] = (uint8_t)value;
}

sj_status sj_run_put(struct sj_run_writer *w, const struct sj_posting *posting)
{
    if (w->len + GROUP_SIZE + DELTA_MAX > SJ_INDEX_PAGE_MAX) {
        TRY(end_page(w, posting));
        begin_page(w, posting);
    }
    const bool goes_on =
        w->has_group && w->last.token == posting->token && w->group_count < UINT16_MAX;
    if (!goes_on) {
        end_group(w);
        put_number(w->content + w->len, (uint64_t)posting->token, 8);
        w->group = w->len + 8;
        w->len += GROUP_SIZE;
        w->group_count = 0;
        w->has_group = true;
    }
    put_delta(w, posting->at - (goes_on ? w->last.at : w->run.from));
    w->group_count++;
    w->last = *posting;
    return SJ_DONE;
}

sj_status sj_run_end(struct sj_run_writer *w)
{
    const struct sj_posting largest = {SJ_INDEX_TOKEN_MAX, INT64_MAX};
    return end_page(w, &largest);
}

sj_status sj_run_flush(struct sj_run_writer *w, struct sj_tx *tx)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)w->run.from), sj_p_i64((int64_t)w->run.to),
        sj_p_array(&w->tokens), sj_p_array(&w->idxs), sj_p_array(&w->contents),
        sj_p_array(&w->macs)};
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_RUN_PUT, params, SJ_COUNT(params), NULL));
    sj_array_reset(&w->tokens);
    sj_array_reset(&w->idxs);
    sj_array_reset(&w->contents);
    sj_array_reset(&w->macs);
    w->pages = 0;
    return SJ_DONE;
}

/* ---- reading ---- */

sj_status sj_leaf_open(const struct sj_index *index, const struct sj_run *run,
    const struct sj_rows *rows, size_t row, size_t column, struct sj_index_leaf *ret_leaf,
    bool *ret_is_ours)
{
    const struct sj_posting first = {
        sj_row_i64(rows, row, column), (uint64_t)sj_row_i64(rows, row, column + 1)};
    const struct sj_view content = sj_row_bytes(rows, row, column + 2);
    const struct sj_view mac = sj_row_bytes(rows, row, column + 3);
    struct sj_hash expected;
    uint64_t token = 0;
    TRY(sj_index_page_mac(index, run, &first, content, &expected));
    *ret_leaf = (struct sj_index_leaf){.run = *run, .first = first, .rest = sj_reader_of(content)};
    *ret_is_ours = mac.len == SJ_HASH_SIZE && sj_equal_ct(mac.ptr, expected.bytes, SJ_HASH_SIZE) &&
                   content.len >= HEAD_SIZE;
    if (*ret_is_ours) {
        TRY(sj_read_u64(&ret_leaf->rest, &token));
        TRY(sj_read_u64(&ret_leaf->rest, &ret_leaf->next.at));
        ret_leaf->next.token = (int64_t)token;
    }
    return SJ_DONE;
}

static sj_status read_delta(struct sj_reader *reader, uint64_t *ret_value)
{
    uint64_t value = 0;
    uint8_t byte = 0x80;
    for (unsigned shift = 0; (byte & 0x80) != 0; shift += 7) {
        ENSURE(shift < 64 && reader->left > 0, LOG_TAMPERED);
        byte = *reader->ptr++; /* @unsafe: one is left */
        reader->left--;
        value |= (uint64_t)(byte & 0x7F) << shift;
    }
    *ret_value = value;
    return SJ_DONE;
}

sj_status sj_leaf_next(struct sj_index_leaf *leaf, bool *ret_found, struct sj_posting *ret_posting)
{
    uint64_t delta = 0;
    *ret_found = leaf->left > 0 || leaf->rest.left > 0;
    if (!*ret_found) {
        return SJ_DONE;
    }
    if (leaf->left == 0) {
        uint64_t token = 0;
        TRY(sj_read_u64(&leaf->rest, &token));
        TRY(sj_read_u16(&leaf->rest, &leaf->left));
        ENSURE(leaf->left > 0, LOG_TAMPERED);
        leaf->at = (struct sj_posting){(int64_t)token, leaf->run.from};
    }
    TRY(read_delta(&leaf->rest, &delta));
    leaf->at.at += delta;
    leaf->left--;
    *ret_posting = leaf->at;
    return SJ_DONE;
}
