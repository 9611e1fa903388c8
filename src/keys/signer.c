/* SPDX-License-Identifier: Apache-2.0
 *
 * May this tree be signed?
 * Only when it is an extension of what was signed last, by the signer's own frontier (RFC 6962 section 2.1,
 * kept here, never taken from the database). State first, signature second: a crash between leaves a tree that
 * is remembered and not signed, which is harmless; the other way round a fork could be signed. The file holds two
 * slots written in turn, each with a MAC under a key from the root, so a torn write loses one step at most and an
 * edited file is refused. Who could roll it back together with the database could show two records; that is what
 * witnesses are for (docs/KEYS.md).
 */
#include "signer.h"
#include "epochs.h"
#include "sanjeh/base/memory.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SLOT_SIZE      4096
#define SLOT_COUNT     2
#define MAGIC          "SJSIGN\x00\x02"
#define MAGIC_1        "SJSIGN\x00\x01" /* of before there were epochs */
#define MAGIC_SIZE     8
#define AT_GENERATION  8
#define AT_SIZE        16
#define AT_HASHES      24
#define HASHES_SIZE    (64 * SJ_HASH_SIZE)
#define AT_EPOCHS      (AT_HASHES + HASHES_SIZE)
#define AT_MAC         (AT_EPOCHS + EPOCHS_SIZE)
#define BATCH_LABEL    "sanjeh/batch"
#define ENTRIES_A_STEP 1024

struct signer {
    int fd;
    uint64_t generation;
    struct sj_frontier frontier;
    struct sj_key state_key;
    struct sj_signing_key *secret;
    struct sj_note_key note_key;
    struct epochs epochs;
    bool reads_only;
};

static void put_u64(uint8_t *at, uint64_t value)
{
    for (size_t i = 0; i < 8; i++) {
        at[i] = (uint8_t)(value >> (56 - 8 * i));
    }
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static sj_status slot_mac(const struct sj_key *key, const uint8_t slot[SLOT_SIZE], size_t covered,
    struct sj_hash *ret_mac)
{
    const struct sj_view part = sj_view_of(slot, covered);
    return sj_hmac_sha256(sj_view_of(key->bytes, SJ_KEY_SIZE), &part, 1, ret_mac);
}

static sj_status write_slot(
    struct signer *signer, uint64_t generation, const struct sj_frontier *frontier)
{
    uint8_t slot[SLOT_SIZE] = {0};
    memcpy(slot, MAGIC, MAGIC_SIZE);
    put_u64(slot + AT_GENERATION, generation);
    put_u64(slot + AT_SIZE, frontier->size);
    for (size_t bit = 0; bit < 64; bit++) {
        if ((frontier->size >> bit) & 1) {
            memcpy(
                slot + AT_HASHES + bit * SJ_HASH_SIZE, frontier->hashes[bit].bytes, SJ_HASH_SIZE);
        }
    }
    struct sj_hash mac;
    TRY(epochs_save(&signer->epochs, slot + AT_EPOCHS));
    TRY(slot_mac(&signer->state_key, slot, AT_MAC, &mac));
    memcpy(slot + AT_MAC, mac.bytes, SJ_HASH_SIZE);
    const off_t at = (off_t)(generation % SLOT_COUNT) * SLOT_SIZE;
    ENSURE(pwrite(signer->fd, slot, SLOT_SIZE, at) == SLOT_SIZE, IO);
    ENSURE(fdatasync(signer->fd) == 0, IO);
    return SJ_DONE;
}

/* A slot whose MAC holds. */
struct slot_view {
    const uint8_t *bytes; /* NULL: none */
    uint64_t generation;
    bool has_epochs;
};

/* Takes the slot when its MAC holds and it is newer than what is there. */
static sj_status take_slot(
    const struct signer *signer, const uint8_t slot[SLOT_SIZE], struct slot_view *newest)
{
    struct sj_hash mac;
    const bool has_epochs = memcmp(slot, MAGIC, MAGIC_SIZE) == 0;
    const size_t covered = has_epochs ? AT_MAC : AT_EPOCHS;
    if (!has_epochs && memcmp(slot, MAGIC_1, MAGIC_SIZE) != 0) {
        return SJ_DONE;
    }
    TRY(slot_mac(&signer->state_key, slot, covered, &mac));
    const uint64_t generation = get_u64(slot + AT_GENERATION);
    if (sj_equal_ct(mac.bytes, slot + covered, SJ_HASH_SIZE) && generation > newest->generation) {
        *newest = (struct slot_view){slot, generation, has_epochs};
    }
    return SJ_DONE;
}

static void read_slot(struct signer *signer, const struct slot_view *slot)
{
    signer->generation = slot->generation;
    signer->frontier.size = get_u64(slot->bytes + AT_SIZE);
    for (size_t bit = 0; bit < 64; bit++) {
        memcpy(signer->frontier.hashes[bit].bytes, slot->bytes + AT_HASHES + bit * SJ_HASH_SIZE,
            SJ_HASH_SIZE);
    }
}

static sj_status write_state(struct signer *signer)
{
    TRY(write_slot(signer, signer->generation + 1, &signer->frontier));
    signer->generation++;
    return SJ_DONE;
}

/* A key that was destroyed in one slot may not live on in the other. */
static sj_status overwrite_other(struct signer *signer, const uint8_t *bytes)
{
    uint8_t section[EPOCHS_SIZE];
    const size_t other = (size_t)((signer->generation + 1) % SLOT_COUNT) * SLOT_SIZE;
    TRY(epochs_save(&signer->epochs, section));
    if (memcmp(bytes + other + AT_EPOCHS, section, EPOCHS_SIZE) != 0) {
        return write_state(signer);
    }
    return SJ_DONE;
}

static sj_status read_state(struct signer *signer, const uint8_t *bytes)
{
    struct slot_view newest = {NULL, 0, false};
    const struct sj_text origin = sj_text_of(signer->note_key.name);
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        TRY(take_slot(signer, bytes + i * SLOT_SIZE, &newest));
    }
    ENSURE(newest.bytes != NULL, LOG_TAMPERED);
    read_slot(signer, &newest);
    if (newest.has_epochs) {
        const sj_status loaded =
            epochs_load(&signer->epochs, origin, &signer->state_key, newest.bytes + AT_EPOCHS);
        if (signer->epochs.has_ended && !signer->reads_only) {
            /* whoever ended it may have been killed between the slots */
            TRY(overwrite_other(signer, bytes));
        }
        TRY(loaded);
    } else {
        ENSURE(!signer->reads_only, NOT_FOUND);
        TRY(epochs_new(&signer->epochs, origin, &signer->state_key));
    }
    return signer->reads_only ? SJ_DONE : overwrite_other(signer, bytes);
}

/* A fresh file is empty. Any other length than two slots was not written by us. */
static sj_status load_state(struct signer *signer)
{
    uint8_t bytes[SLOT_COUNT * SLOT_SIZE + 1];
    const ssize_t len = pread(signer->fd, bytes, sizeof(bytes), 0);
    ENSURE(len >= 0, IO);
    ENSURE(len != 0 || !signer->reads_only, NOT_FOUND);
    if (len == 0) {
        TRY(epochs_new(&signer->epochs, sj_text_of(signer->note_key.name), &signer->state_key));
        /* The slot first: a crash between the two must not leave zeros that look edited. */
        TRY(write_state(signer));
        ENSURE(ftruncate(signer->fd, (off_t)SLOT_COUNT * SLOT_SIZE) == 0, IO);
        return SJ_DONE;
    }
    ENSURE(len == SLOT_COUNT * SLOT_SIZE, LOG_TAMPERED);
    return read_state(signer, bytes);
}

static sj_status load_keys(struct signer *signer, struct sj_text origin, const struct sj_key *seed)
{
    uint8_t public_key[SJ_ED25519_PUBLIC];
    TRY(sj_signing_key_new(seed, &signer->secret));
    sj_signing_key_public(signer->secret, public_key);
    ENSURE(!sj_failed(sj_note_key_make(origin, 1, public_key, &signer->note_key)), BAD_CONFIG);
    return SJ_DONE;
}

static sj_status make(int *fd, struct sj_text origin, const struct sj_key *seed,
    const struct sj_key *state_key, bool reads_only, struct signer **ret_signer)
{
    CLEANUP(sj_closep) int taken = *fd;
    *fd = -1;
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct signer), &memory));
    CLEANUP(signer_free) struct signer *signer = memory;
    signer->fd = taken;
    taken = -1;
    signer->state_key = *state_key;
    TRY(load_keys(signer, origin, seed));
    signer->reads_only = reads_only;
    TRY(load_state(signer));
    *ret_signer = TAKE(signer);
    return SJ_DONE;
}

sj_status signer_new(int *fd, struct sj_text origin, const struct sj_key *seed,
    const struct sj_key *state_key, struct signer **ret_signer)
{
    return make(fd, origin, seed, state_key, false, ret_signer);
}

sj_status signer_look(int *fd, struct sj_text origin, const struct sj_key *seed,
    const struct sj_key *state_key, struct sj_epoch_status *ret_status, bool *ret_found)
{
    CLEANUP(signer_free) struct signer *signer = NULL;
    const sj_status looked = make(fd, origin, seed, state_key, true, &signer);
    *ret_found = !sj_failed(looked);
    if (looked.code == SJ_NOT_FOUND) {
        return SJ_DONE; /* nothing was signed yet, or nothing since there are epochs */
    }
    TRY(looked);
    signer_epochs(signer, ret_status);
    return SJ_DONE;
}

void signer_free(struct signer **signer)
{
    struct signer *gone = *signer;
    *signer = NULL;
    if (gone != NULL) {
        sj_closep(&gone->fd);
        sj_signing_key_free(&gone->secret);
        epochs_clear(&gone->epochs);
        sj_wipe(gone, sizeof(*gone));
        sj_free(gone);
    }
}

sj_status signer_head(const struct signer *signer, uint64_t *ret_size, struct sj_hash *ret_root)
{
    TRY(sj_frontier_root(&signer->frontier, ret_root));
    *ret_size = signer->frontier.size;
    return SJ_DONE;
}

sj_status signer_vkey(const struct signer *signer, struct sj_buf *ret_vkey)
{
    return sj_note_key_format(&signer->note_key, ret_vkey);
}

static sj_status append_leaves(struct sj_frontier *frontier, struct sj_view leaves)
{
    for (size_t at = 0; at < leaves.len; at += SJ_HASH_SIZE) {
        struct sj_hash leaf;
        memcpy(leaf.bytes, leaves.ptr + at, SJ_HASH_SIZE);
        TRY(sj_frontier_append(frontier, &leaf));
    }
    return SJ_DONE;
}

/* The frontier after the batch. Errors: LOG_TAMPERED when it does not continue what was signed. */
static sj_status check_extension(
    const struct signer *signer, const struct signer_batch *batch, struct sj_frontier *ret_next)
{
    struct sj_frontier next = signer->frontier;
    struct sj_hash root;
    ENSURE(batch->leaves.len > 0 && batch->leaves.len % SJ_HASH_SIZE == 0, LOG_TAMPERED);
    ENSURE(batch->leaves.len <= (size_t)ENTRIES_A_STEP * SJ_HASH_SIZE, LOG_TAMPERED);
    ENSURE(batch->old_size == signer->frontier.size, LOG_TAMPERED);
    ENSURE(batch->old_size < INT64_MAX - ENTRIES_A_STEP, LOG_TAMPERED);
    TRY(append_leaves(&next, batch->leaves));
    TRY(sj_frontier_root(&next, &root));
    ENSURE(sj_hash_equal(&root, &batch->new_root), LOG_TAMPERED);
    *ret_next = next;
    return SJ_DONE;
}

const struct sj_frontier *signer_frontier(const struct signer *signer)
{
    return &signer->frontier;
}

const struct sj_note_key *signer_note_key(const struct signer *signer)
{
    return &signer->note_key;
}

sj_status signer_end(struct signer *signer)
{
    epochs_end(&signer->epochs);
    TRY(write_state(signer));
    return write_state(signer);
}

static sj_status sign(
    const struct signer *signer, uint64_t size, const struct sj_hash *root, struct sj_buf *ret_note)
{
    ENSURE(!signer->epochs.has_ended, LOG_TAMPERED);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(1024);
    TRY(sj_checkpoint_format(sj_text_of(signer->note_key.name), size, root, &body));
    TRY(sj_note_sign(sj_buf_text(&body), &signer->note_key, signer->secret, ret_note));
    return epochs_sign(&signer->epochs, size, sj_buf_text(&body), ret_note);
}

sj_status signer_note_again(const struct signer *signer, struct sj_buf *ret_note)
{
    struct sj_hash root;
    TRY(sj_frontier_root(&signer->frontier, &root));
    return sign(signer, signer->frontier.size, &root, ret_note);
}

sj_status signer_note_change(const struct signer *signer, struct sj_buf *ret_note)
{
    static const struct sj_hash unknown = {{0}};
    const struct epochs *epochs = &signer->epochs;
    ENSURE(epochs->phase == SJ_EPOCH_OVERLAP && !sj_hash_equal(&epochs->appointed, &unknown),
        NOT_FOUND);
    return sign(signer, epochs->rotation.first - 1, &epochs->appointed, ret_note);
}

sj_status signer_check_change(const struct signer *signer, struct sj_view entry,
    const struct sj_hash *leaf, uint64_t size, struct epochs_change *ret_change)
{
    return epochs_check_change(&signer->epochs, entry, leaf, size, ret_change);
}

sj_status signer_adopt(
    struct signer *signer, const struct sj_frontier *next, const struct epochs_change *change)
{
    const enum sj_epoch_phase phase = signer->epochs.phase;
    ENSURE(!signer->epochs.has_ended, LOG_TAMPERED);
    if (change != NULL) {
        epochs_begin_overlap(&signer->epochs, change);
    }
    const sj_status kept = write_slot(signer, signer->generation + 1, next);
    if (sj_failed(kept)) {
        signer->epochs.phase = phase;
        return kept;
    }
    signer->generation++;
    signer->frontier = *next;
    return SJ_DONE;
}

/* The newest leaf is the entry that appoints the next key. */
static sj_status take_rotation(const struct signer *signer, const struct signer_batch *batch,
    uint64_t size, struct epochs_change *ret_change)
{
    struct sj_hash leaf;
    TRY(sj_copy(leaf.bytes, SJ_HASH_SIZE, batch->leaves.ptr + batch->leaves.len - SJ_HASH_SIZE,
        SJ_HASH_SIZE));
    TRY(epochs_check_change(&signer->epochs, batch->rotation, &leaf, size, ret_change));
    ret_change->root = batch->new_root;
    return SJ_DONE;
}

sj_status signer_extend(
    struct signer *signer, const struct signer_batch *batch, struct sj_buf *ret_note)
{
    struct sj_frontier next;
    struct epochs_change change;
    const bool appoints = batch->rotation.len != 0;
    TRY(check_extension(signer, batch, &next));
    if (appoints) {
        TRY(take_rotation(signer, batch, next.size, &change));
    }
    TRY(signer_adopt(signer, &next, appoints ? &change : NULL));
    return signer_note_again(signer, ret_note);
}

void signer_epochs(const struct signer *signer, struct sj_epoch_status *ret_status)
{
    const struct epochs *epochs = &signer->epochs;
    *ret_status = (struct sj_epoch_status){.phase = epochs->phase,
        .number = epochs->number,
        .since = epochs->since,
        .rotation = epochs->rotation};
    for (size_t i = 0; i < SJ_ED25519_PUBLIC; i++) {
        ret_status->genesis[i] = epochs->genesis[i];
        ret_status->now[i] = epochs->now.note_key.public_key[i];
    }
}

sj_status signer_prepare_epoch(struct signer *signer)
{
    const enum sj_epoch_phase phase = signer->epochs.phase;
    ENSURE(!signer->epochs.has_ended, LOG_TAMPERED);
    TRY(epochs_prepare(&signer->epochs));
    const sj_status kept = write_state(signer);
    if (sj_failed(kept)) {
        signer->epochs.phase = phase; /* a key that is not on disk is not handed out */
    }
    return kept;
}

sj_status signer_finish_epoch(struct signer *signer)
{
    TRY(epochs_finish(&signer->epochs, signer->frontier.size));
    /* both slots: the old key stood in each */
    TRY(write_state(signer));
    return write_state(signer);
}

sj_status signer_batch_mac(const struct signer *signer, const struct signer_batch *batch,
    const struct sj_key *emitter_key, struct sj_hash *ret_mac)
{
    struct sj_hash old_root;
    uint8_t sizes[2][8];
    TRY(sj_frontier_root(&signer->frontier, &old_root));
    put_u64(sizes[0], batch->old_size);
    put_u64(sizes[1], batch->old_size + batch->leaves.len / SJ_HASH_SIZE);
    const struct sj_view parts[] = {sj_view_of(BATCH_LABEL, sizeof(BATCH_LABEL) - 1),
        sj_view_of(sizes[0], 8), sj_view_of(old_root.bytes, SJ_HASH_SIZE), sj_view_of(sizes[1], 8),
        sj_view_of(batch->new_root.bytes, SJ_HASH_SIZE)};
    return sj_hmac_sha256(sj_view_of(emitter_key->bytes, SJ_KEY_SIZE), parts, 5, ret_mac);
}
