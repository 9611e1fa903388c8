/* SPDX-License-Identifier: Apache-2.0
 *
 * Where do a batch's parameters lie? In arrays as PostgreSQL takes them, whose memory is kept from batch to batch: a steady load
 * allocates nothing here.
 */
#include "state.h"

#define TILES_PER_BATCH 16 /* 5 of the lowest level and one each above, at most */
#define ENTRY_MAX       (SJ_ENTRY_HEAD_SIZE + SJ_BODY_MAX)
#define OPENINGS_MAX    (SJ_BATCH_BYTES / 16 + SJ_SUBJECTS_MAX)

static sj_status init_arrays(struct sj_batch *b)
{
    TRY(sj_array_init(&b->entries, SJ_OID_BYTEA, SJ_BATCH_BYTES + SJ_BATCH_ENTRIES * 4 + 8192));
    TRY(sj_array_init(&b->leaf_hashes, SJ_OID_BYTEA, SJ_BATCH_ENTRIES * 36 + 64));
    TRY(sj_array_init(&b->outbox_emitters, SJ_OID_UUID, SJ_BATCH_ENTRIES * 20 + 64));
    TRY(sj_array_init(&b->outbox_seqs, SJ_OID_INT8, SJ_BATCH_ENTRIES * 12 + 64));
    TRY(sj_array_init(&b->tile_levels, SJ_OID_INT4, TILES_PER_BATCH * 8 + 64));
    TRY(sj_array_init(&b->tile_ns, SJ_OID_INT8, TILES_PER_BATCH * 12 + 64));
    TRY(sj_array_init(&b->tile_hashes, SJ_OID_BYTEA, TILES_PER_BATCH * (SJ_TILE_BYTES + 4) + 64));
    TRY(sj_array_init(&b->tenant_tags, SJ_OID_UUID, SJ_BATCH_ENTRIES * 20 + 64));
    TRY(sj_array_init(&b->tenant_seqs, SJ_OID_INT8, SJ_BATCH_ENTRIES * 12 + 64));
    TRY(sj_array_init(&b->tenant_leaves, SJ_OID_BYTEA, SJ_BATCH_ENTRIES * 36 + 64));
    TRY(sj_array_init(&b->opening_subjects, SJ_OID_UUID, OPENINGS_MAX * 20 + 64));
    TRY(sj_array_init(&b->opening_idxs, SJ_OID_INT8, OPENINGS_MAX * 12 + 64));
    TRY(sj_array_init(&b->payload_idxs, SJ_OID_INT8, SJ_BATCH_ENTRIES * 12 + 64));
    TRY(sj_array_init(&b->payload_contents, SJ_OID_BYTEA,
        SJ_BATCH_BYTES + SJ_PAYLOAD_STORED + SJ_BATCH_ENTRIES * 4 + 8192));
    return sj_array_init(&b->tenant_idxs, SJ_OID_INT8, SJ_BATCH_ENTRIES * 12 + 64);
}

sj_status sj_batch_init(struct sj_batch *b)
{
    b->entry = SJ_BUF(ENTRY_MAX);
    b->frontier = SJ_BUF(64 * SJ_HASH_SIZE);
    return init_arrays(b);
}

static void for_arrays(struct sj_batch *b, void (*fn)(struct sj_array *array))
{
    struct sj_array *arrays[] = {&b->entries, &b->leaf_hashes, &b->outbox_emitters, &b->outbox_seqs,
        &b->tile_levels, &b->tile_ns, &b->tile_hashes, &b->tenant_tags, &b->tenant_seqs,
        &b->tenant_leaves, &b->tenant_idxs, &b->opening_subjects, &b->opening_idxs,
        &b->payload_idxs, &b->payload_contents};
    for (size_t i = 0; i < SJ_COUNT(arrays); i++) {
        fn(arrays[i]);
    }
}

void sj_batch_clear(struct sj_batch *b)
{
    sj_buf_clear(&b->entry);
    sj_buf_clear(&b->frontier);
    for_arrays(b, sj_array_clear);
}

void sj_batch_reset(struct sj_batch *b)
{
    for_arrays(b, sj_array_reset);
    b->count = 0;
    b->opening_count = 0;
    b->payload_count = 0;
    b->touched_count = 0;
    b->swept_count = 0;
    b->number++;
}
