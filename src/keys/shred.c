/* SPDX-License-Identifier: Apache-2.0
 *
 * What has to be destroyed so that a copy of the database made years ago opens no longer?
 * One random key, which wrapped the payloads' keys in all of them. It stands in a file of the keepers alone, sealed under a key of the
 * root, never in memory longer than for one wrapping. While it is changed two are there: the next is on disk before the database
 * uses it, the former is overwritten in both slots when the database has let go of it. A crash between leaves both, and the
 * database says which one it uses.
 */
#include "shred.h"

#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/random.h"
#include <string.h>
#include <unistd.h>

#define SLOT_SIZE     512
#define SLOT_COUNT    2
#define MAGIC         "SJSHRED\x01"
#define MAGIC_SIZE    8
#define AT_COUNTER    8
#define AT_FILE       16
#define AT_GENERATION 32
#define AT_NEXT       36
#define AT_KEY        40
#define AT_NEXT_KEY   168
#define AT_MAC        296
#define SEALED_SIZE   125
#define KEY_TABLE     0
#define COLUMN_KEK    4 /* the file's keys under the root's */
#define COLUMN_DEK    5 /* payloads' keys under one of the file's */

struct shred {
    int fd;
    struct sj_key seal_key;
    struct sj_key mac_key;
};

/* The file's newest slot. */
struct state {
    uint64_t counter;
    struct shred_status status;
    uint8_t sealed[2][SEALED_SIZE]; /* of generation, of next */
};

static void put(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)(value >> (8 * (size - 1 - i)) & 0xFF);
    }
}

static uint64_t get(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static sj_status slot_mac(
    const struct shred *shred, const uint8_t slot[SLOT_SIZE], struct sj_hash *ret_mac)
{
    const struct sj_view part = sj_view_of(slot, AT_MAC);
    return sj_hmac_sha256(sj_view_of(shred->mac_key.bytes, SJ_KEY_SIZE), &part, 1, ret_mac);
}

static sj_status write_state(const struct shred *shred, struct state *state)
{
    uint8_t slot[SLOT_SIZE] = {0};
    struct sj_hash mac;
    state->counter++;
    TRY(sj_copy(slot, MAGIC_SIZE, MAGIC, MAGIC_SIZE));
    put(slot + AT_COUNTER, state->counter, 8);
    TRY(sj_copy(slot + AT_FILE, sizeof state->status.file.bytes, state->status.file.bytes,
        sizeof state->status.file.bytes));
    put(slot + AT_GENERATION, state->status.generation, 4);
    put(slot + AT_NEXT, state->status.next, 4);
    TRY(sj_copy(slot + AT_KEY, SEALED_SIZE, state->sealed[0], SEALED_SIZE));
    TRY(sj_copy(slot + AT_NEXT_KEY, SEALED_SIZE, state->sealed[1], SEALED_SIZE));
    TRY(slot_mac(shred, slot, &mac));
    TRY(sj_copy(slot + AT_MAC, SJ_HASH_SIZE, mac.bytes, SJ_HASH_SIZE));
    const off_t at = (off_t)(state->counter % SLOT_COUNT) * SLOT_SIZE;
    ENSURE(pwrite(shred->fd, slot, SLOT_SIZE, at) == SLOT_SIZE, IO);
    ENSURE(fdatasync(shred->fd) == 0, IO);
    return SJ_DONE;
}

static sj_status take_slot(
    const struct shred *shred, const uint8_t slot[SLOT_SIZE], struct state *newest)
{
    struct sj_hash mac;
    const uint64_t counter = get(slot + AT_COUNTER, 8);
    if (memcmp(slot, MAGIC, MAGIC_SIZE) != 0 || counter <= newest->counter) {
        return SJ_DONE;
    }
    TRY(slot_mac(shred, slot, &mac));
    if (!sj_equal_ct(mac.bytes, slot + AT_MAC, SJ_HASH_SIZE)) {
        return SJ_DONE;
    }
    newest->counter = counter;
    TRY(sj_copy(newest->status.file.bytes, sizeof newest->status.file.bytes, slot + AT_FILE,
        sizeof newest->status.file.bytes));
    newest->status.generation = (uint32_t)get(slot + AT_GENERATION, 4);
    newest->status.next = (uint32_t)get(slot + AT_NEXT, 4);
    TRY(sj_copy(newest->sealed[0], SEALED_SIZE, slot + AT_KEY, SEALED_SIZE));
    TRY(sj_copy(newest->sealed[1], SEALED_SIZE, slot + AT_NEXT_KEY, SEALED_SIZE));
    return SJ_DONE;
}

/* counter 0: the file is empty. */
static sj_status read_state(const struct shred *shred, struct state *ret_state)
{
    uint8_t bytes[SLOT_COUNT * SLOT_SIZE] = {0};
    *ret_state = (struct state){.counter = 0};
    const ssize_t len = pread(shred->fd, bytes, sizeof(bytes), 0);
    ENSURE(len >= 0, IO);
    if (len == 0) {
        return SJ_DONE;
    }
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        TRY(take_slot(shred, bytes + i * SLOT_SIZE, ret_state));
    }
    ENSURE(ret_state->counter > 0, LOG_TAMPERED);
    return SJ_DONE;
}

static struct sj_fle1_place seal_place(const struct state *state, uint32_t generation)
{
    return (struct sj_fle1_place){.table = KEY_TABLE,
        .column = COLUMN_KEK,
        .row = state->status.file,
        .key_version = generation,
        .type = SJ_FLE1_BYTES};
}

static sj_status make_key(
    const struct shred *shred, const struct state *state, uint32_t generation, uint8_t *ret_sealed)
{
    CLEANUP(sj_key_wipe) struct sj_key fresh;
    const struct sj_fle1_place place = seal_place(state, generation);
    CLEANUP(sj_buf_clear) struct sj_buf sealed = SJ_BUF(SEALED_SIZE);
    TRY(sj_random(fresh.bytes, SJ_KEY_SIZE));
    TRY(sj_fle1_encrypt(&shred->seal_key, &place, sj_view_of(fresh.bytes, SJ_KEY_SIZE), &sealed));
    ENSURE(sealed.len == SEALED_SIZE, CRYPTO);
    return sj_copy(ret_sealed, SEALED_SIZE, sealed.ptr, sealed.len);
}

static sj_status make_first(const struct shred *shred)
{
    struct state state = {.counter = 0, .status = {.generation = 1}};
    TRY(sj_uuid_new(&state.status.file));
    TRY(make_key(shred, &state, 1, state.sealed[0]));
    TRY(write_state(shred, &state));
    return write_state(shred, &state);
}

sj_status shred_new(int *fd, const struct sj_key *state_key, struct shred **ret)
{
    CLEANUP(sj_closep) int taken = *fd;
    struct state state;
    void *memory = NULL;
    *fd = -1;
    TRY(sj_alloc(1, sizeof(struct shred), &memory));
    CLEANUP(shred_free) struct shred *shred = memory;
    shred->fd = taken;
    taken = -1;
    TRY(sj_fle1_field_key(state_key, KEY_TABLE, COLUMN_KEK, &shred->seal_key));
    shred->mac_key = *state_key;
    TRY(read_state(shred, &state));
    TRY(state.counter == 0 ? make_first(shred) : SJ_DONE);
    *ret = TAKE(shred);
    return SJ_DONE;
}

void shred_free(struct shred **shred)
{
    struct shred *gone = *shred;
    *shred = NULL;
    if (gone != NULL) {
        sj_closep(&gone->fd);
        sj_wipe(gone, sizeof(*gone));
        sj_free(gone);
    }
}

sj_status shred_look(struct shred *shred, struct shred_status *ret_status)
{
    struct state state;
    TRY(read_state(shred, &state));
    *ret_status = state.status;
    return SJ_DONE;
}

/* The generation's field key for payloads' keys. */
static sj_status open_key(struct shred *shred, uint32_t generation, struct sj_key *ret_key)
{
    struct state state;
    CLEANUP(sj_key_wipe) struct sj_key kek;
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(SJ_KEY_SIZE);
    TRY(read_state(shred, &state));
    ENSURE(generation != 0 &&
               (generation == state.status.generation || generation == state.status.next),
        NOT_FOUND);
    const struct sj_fle1_place place = seal_place(&state, generation);
    const uint8_t *sealed = state.sealed[generation == state.status.generation ? 0 : 1];
    const sj_status opened =
        sj_fle1_decrypt(&shred->seal_key, &place, sj_view_of(sealed, SEALED_SIZE), &plain);
    ENSURE(!sj_failed(opened) && plain.len == SJ_KEY_SIZE, LOG_TAMPERED);
    TRY(sj_copy(kek.bytes, SJ_KEY_SIZE, plain.ptr, plain.len));
    return sj_fle1_field_key(&kek, KEY_TABLE, COLUMN_DEK, ret_key);
}

static struct sj_fle1_place dek_place(const struct shred_place *place, uint32_t generation)
{
    struct sj_fle1_place at = {.unit = place->unit,
        .subject = place->subject,
        .table = KEY_TABLE,
        .column = COLUMN_DEK,
        .key_version = generation,
        .type = SJ_FLE1_BYTES};
    put(at.row.bytes + 12, place->number, 4);
    return at;
}

sj_status shred_wrap(struct shred *shred, uint32_t generation, const struct shred_place *place,
    const struct sj_key *dek, struct sj_buf *ret_wrapped)
{
    const struct sj_fle1_place at = dek_place(place, generation);
    CLEANUP(sj_key_wipe) struct sj_key key;
    TRY(open_key(shred, generation, &key));
    return sj_fle1_encrypt(&key, &at, sj_view_of(dek->bytes, SJ_KEY_SIZE), ret_wrapped);
}

sj_status shred_unwrap(struct shred *shred, uint32_t generation, const struct shred_place *place,
    struct sj_view wrapped, struct sj_key *ret_dek)
{
    const struct sj_fle1_place at = dek_place(place, generation);
    CLEANUP(sj_key_wipe) struct sj_key key;
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(SJ_KEY_SIZE);
    TRY(open_key(shred, generation, &key));
    TRY(sj_fle1_decrypt(&key, &at, wrapped, &plain));
    ENSURE(plain.len == SJ_KEY_SIZE, DECRYPT);
    return sj_copy(ret_dek->bytes, SJ_KEY_SIZE, plain.ptr, plain.len);
}

sj_status shred_prepare(struct shred *shred)
{
    struct state state;
    TRY(read_state(shred, &state));
    if (state.status.next != 0) {
        return SJ_DONE;
    }
    ENSURE(state.status.generation < INT32_MAX, LIMIT_EXCEEDED);
    state.status.next = state.status.generation + 1;
    TRY(make_key(shred, &state, state.status.next, state.sealed[1]));
    return write_state(shred, &state);
}

sj_status shred_finish(struct shred *shred, uint32_t keep)
{
    struct state state;
    TRY(read_state(shred, &state));
    if (keep == state.status.next && keep != 0) {
        TRY(sj_copy(state.sealed[0], SEALED_SIZE, state.sealed[1], SEALED_SIZE));
        state.status.generation = keep;
    }
    ENSURE(keep == state.status.generation, NOT_FOUND);
    state.status.next = 0;
    sj_wipe(state.sealed[1], SEALED_SIZE);
    /* both slots: what is destroyed stood in each */
    TRY(write_state(shred, &state));
    return write_state(shred, &state);
}
