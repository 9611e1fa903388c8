/* SPDX-License-Identifier: Apache-2.0
 *
 * Which keys sign a tree of this size, and when is one destroyed?
 * A seed is random, so nothing that is left can make it again: not the root key, not the key after it. On disk it stands
 * sealed under a key of the root, in the one file that is overwritten in place. The next key signs nothing before an entry of
 * the record appoints it, and the keeper looks at that entry itself: it must be the newest leaf of the tree that the old
 * key signs, and say exactly the words that were made here.
 */
#include "epochs.h"

#include <string.h>

#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/merkle.h"
#include "sanjeh/crypto/random.h"

#define SEAL_TABLE  0
#define SEAL_COLUMN 3
#define SEALED_SIZE 125
#define KIND_ROTATE 11 /* docs/AUDIT.md 2: the layers above know its name */
#define AT_KIND     73
#define PHASE_ENDED 3 /* in a file: no epoch_phase, so that nothing loads it */

#define AT_NUMBER      0
#define AT_PHASE       8
#define AT_GENESIS     16
#define AT_NOW         48
#define AT_NEXT        80
#define AT_POP         112
#define AT_FIRST       176
#define AT_SEALED_NOW  184
#define AT_SEALED_NEXT 312
#define AT_SINCE       440
#define AT_APPOINTED   448 /* zeros in a file of before */

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

static struct sj_fle1_place seal_place(uint64_t number)
{
    struct sj_fle1_place place = {
        .table = SEAL_TABLE, .column = SEAL_COLUMN, .key_version = 1, .type = SJ_FLE1_BYTES};
    put_u64(place.row.bytes + 8, number);
    return place;
}

static void key_clear(struct epoch_key *key)
{
    sj_signing_key_free(&key->secret);
    sj_wipe(key, sizeof(*key));
}

static sj_status key_open(struct epoch_key *key, const char *origin)
{
    uint8_t public_key[SJ_ED25519_PUBLIC];
    TRY(sj_signing_key_new(&key->seed, &key->secret));
    sj_signing_key_public(key->secret, public_key);
    ENSURE(!sj_failed(sj_note_key_make(sj_text_of(origin), 1, public_key, &key->note_key)),
        BAD_CONFIG);
    return SJ_DONE;
}

/* A fresh key of this number, sealed. */
static sj_status key_make(const struct epochs *epochs, uint64_t number, struct epoch_key *key)
{
    const struct sj_fle1_place place = seal_place(number);
    CLEANUP(sj_buf_clear) struct sj_buf sealed = SJ_BUF(sizeof(key->sealed));
    TRY(sj_random(key->seed.bytes, SJ_KEY_SIZE));
    TRY(key_open(key, epochs->origin));
    TRY(sj_fle1_encrypt(
        &epochs->seal_key, &place, sj_view_of(key->seed.bytes, SJ_KEY_SIZE), &sealed));
    ENSURE(sealed.len == SEALED_SIZE, CRYPTO);
    return sj_copy(key->sealed, sizeof(key->sealed), sealed.ptr, sealed.len);
}

static sj_status key_unseal(
    const struct epochs *epochs, uint64_t number, const uint8_t *sealed, struct epoch_key *key)
{
    const struct sj_fle1_place place = seal_place(number);
    CLEANUP(sj_buf_clear) struct sj_buf seed = SJ_BUF(SJ_KEY_SIZE);
    const sj_status opened =
        sj_fle1_decrypt(&epochs->seal_key, &place, sj_view_of(sealed, SEALED_SIZE), &seed);
    ENSURE(!sj_failed(opened) && seed.len == SJ_KEY_SIZE, LOG_TAMPERED);
    TRY(sj_copy(key->seed.bytes, SJ_KEY_SIZE, seed.ptr, SJ_KEY_SIZE));
    TRY(sj_copy(key->sealed, sizeof(key->sealed), sealed, SEALED_SIZE));
    return key_open(key, epochs->origin);
}

static sj_status prepare_empty(
    struct epochs *epochs, struct sj_text origin, const struct sj_key *state_key)
{
    epochs_clear(epochs);
    TRY(sj_copy(epochs->origin, SJ_NOTE_NAME_MAX, origin.ptr, origin.len));
    return sj_fle1_field_key(state_key, SEAL_TABLE, SEAL_COLUMN, &epochs->seal_key);
}

sj_status epochs_new(struct epochs *epochs, struct sj_text origin, const struct sj_key *state_key)
{
    TRY(prepare_empty(epochs, origin, state_key));
    TRY(key_make(epochs, 0, &epochs->now));
    epochs->since = sj_time_now();
    return sj_copy(
        epochs->genesis, SJ_ED25519_PUBLIC, epochs->now.note_key.public_key, SJ_ED25519_PUBLIC);
}

void epochs_clear(struct epochs *epochs)
{
    key_clear(&epochs->now);
    key_clear(&epochs->next);
    sj_wipe(epochs, sizeof(*epochs));
}

sj_status epochs_save(const struct epochs *epochs, uint8_t section[EPOCHS_SIZE])
{
    for (size_t i = 0; i < EPOCHS_SIZE; i++) {
        section[i] = 0;
    }
    put_u64(section + AT_NUMBER, epochs->number);
    put_u64(section + AT_SINCE, (uint64_t)epochs->since);
    if (epochs->has_ended) {
        section[AT_PHASE] = PHASE_ENDED;
        return SJ_DONE;
    }
    section[AT_PHASE] = (uint8_t)epochs->phase;
    TRY(sj_copy(section + AT_GENESIS, 32, epochs->genesis, 32));
    TRY(sj_copy(section + AT_NOW, 32, epochs->now.note_key.public_key, 32));
    TRY(sj_copy(section + AT_SEALED_NOW, 128, epochs->now.sealed, SEALED_SIZE));
    if (epochs->phase == SJ_EPOCH_STEADY) {
        return SJ_DONE;
    }
    TRY(sj_copy(section + AT_NEXT, 32, epochs->next.note_key.public_key, 32));
    TRY(sj_copy(section + AT_POP, 64, epochs->rotation.pop, 64));
    put_u64(section + AT_FIRST, epochs->rotation.first);
    TRY(sj_copy(section + AT_APPOINTED, SJ_HASH_SIZE, epochs->appointed.bytes, SJ_HASH_SIZE));
    return sj_copy(section + AT_SEALED_NEXT, 128, epochs->next.sealed, SEALED_SIZE);
}

static sj_status load_next(struct epochs *epochs, const uint8_t *section)
{
    struct sj_rotation *rotation = &epochs->rotation;
    TRY(key_unseal(epochs, epochs->number + 1, section + AT_SEALED_NEXT, &epochs->next));
    rotation->epoch = epochs->number + 1;
    rotation->first = get_u64(section + AT_FIRST);
    TRY(sj_copy(epochs->appointed.bytes, SJ_HASH_SIZE, section + AT_APPOINTED, SJ_HASH_SIZE));
    TRY(sj_copy(rotation->old_key, 32, section + AT_NOW, 32));
    TRY(sj_copy(rotation->new_key, 32, section + AT_NEXT, 32));
    return sj_copy(rotation->pop, 64, section + AT_POP, 64);
}

sj_status epochs_load(struct epochs *epochs, struct sj_text origin, const struct sj_key *state_key,
    const uint8_t section[EPOCHS_SIZE])
{
    TRY(prepare_empty(epochs, origin, state_key));
    epochs->number = get_u64(section + AT_NUMBER);
    epochs->since = (sj_time_us)get_u64(section + AT_SINCE);
    epochs->has_ended = section[AT_PHASE] == PHASE_ENDED;
    ENSURE(section[AT_PHASE] <= SJ_EPOCH_OVERLAP, LOG_TAMPERED);
    epochs->phase = (enum sj_epoch_phase)section[AT_PHASE];
    TRY(sj_copy(epochs->genesis, 32, section + AT_GENESIS, 32));
    TRY(key_unseal(epochs, epochs->number, section + AT_SEALED_NOW, &epochs->now));
    return epochs->phase == SJ_EPOCH_STEADY ? SJ_DONE : load_next(epochs, section);
}

sj_status epochs_prepare(struct epochs *epochs)
{
    if (epochs->phase != SJ_EPOCH_STEADY) {
        return SJ_DONE;
    }
    struct sj_rotation rotation = {.epoch = epochs->number + 1};
    key_clear(&epochs->next);
    TRY(key_make(epochs, epochs->number + 1, &epochs->next));
    TRY(sj_copy(rotation.old_key, 32, epochs->now.note_key.public_key, 32));
    TRY(sj_copy(rotation.new_key, 32, epochs->next.note_key.public_key, 32));
    TRY(sj_rotation_prove(sj_text_of(epochs->origin), epochs->next.secret, &rotation));
    epochs->rotation = rotation;
    epochs->phase = SJ_EPOCH_PREPARED;
    return SJ_DONE;
}

/* An entry's detail is its last field, two bytes of length in front. */
static bool ends_in(struct sj_view entry, const struct sj_buf *detail)
{
    if (entry.len < AT_KIND + 2 + detail->len) {
        return false;
    }
    const uint8_t *at = entry.ptr + (entry.len - detail->len);
    return (size_t)at[-2] << 8 == (detail->len & 0xFF00) && at[-1] == (detail->len & 0xFF) &&
           sj_view_equal(sj_view_of(at, detail->len), sj_buf_view(detail));
}

sj_status epochs_check_change(const struct epochs *epochs, struct sj_view entry,
    const struct sj_hash *leaf, uint64_t size, struct epochs_change *ret_change)
{
    struct sj_rotation rotation = epochs->rotation;
    struct sj_hash found;
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(SJ_ROTATION_DETAIL_MAX);
    ENSURE(epochs->phase == SJ_EPOCH_PREPARED, LOG_TAMPERED);
    rotation.first = size + 1;
    TRY(sj_leaf_hash(entry, &found));
    TRY(sj_rotation_format(&rotation, &detail));
    ENSURE(sj_hash_equal(&found, leaf), LOG_TAMPERED);
    ENSURE(ends_in(entry, &detail) && entry.ptr[AT_KIND] == KIND_ROTATE, LOG_TAMPERED);
    ret_change->rotation = rotation;
    return SJ_DONE;
}

void epochs_begin_overlap(struct epochs *epochs, const struct epochs_change *change)
{
    epochs->rotation = change->rotation;
    epochs->appointed = change->root;
    epochs->phase = SJ_EPOCH_OVERLAP;
}

sj_status epochs_finish(struct epochs *epochs, uint64_t size)
{
    ENSURE(epochs->phase == SJ_EPOCH_OVERLAP && size >= epochs->rotation.first, CONFLICT);
    key_clear(&epochs->now);
    epochs->now = epochs->next;
    epochs->next.secret = NULL; /* its owner is now */
    key_clear(&epochs->next);
    epochs->number++;
    epochs->since = sj_time_now();
    epochs->phase = SJ_EPOCH_STEADY;
    epochs->rotation = (struct sj_rotation){.epoch = 0};
    return SJ_DONE;
}

void epochs_end(struct epochs *epochs)
{
    key_clear(&epochs->now);
    key_clear(&epochs->next);
    epochs->phase = SJ_EPOCH_STEADY;
    epochs->has_ended = true;
}

/* The line alone that key adds to a note over text. */
static sj_status put_line(const struct epoch_key *key, struct sj_text text, struct sj_buf *note)
{
    CLEANUP(sj_buf_clear) struct sj_buf whole = SJ_BUF(4096);
    TRY(sj_note_sign(text, &key->note_key, key->secret, &whole));
    const size_t skip = text.len + 1;
    ENSURE(whole.len > skip, CRYPTO);
    return sj_buf_put(note, whole.ptr + skip, whole.len - skip);
}

sj_status epochs_sign(
    const struct epochs *epochs, uint64_t size, struct sj_text text, struct sj_buf *note)
{
    TRY(put_line(&epochs->now, text, note));
    if (epochs->phase == SJ_EPOCH_OVERLAP && size >= epochs->rotation.first) {
        return put_line(&epochs->next, text, note);
    }
    return SJ_DONE;
}
