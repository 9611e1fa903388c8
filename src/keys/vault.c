/* SPDX-License-Identifier: Apache-2.0
 *
 * Which keys are there, and what opens with them?
 * The lower half of the hierarchy of docs/KEYS.md (SP 800-57 part 1: key-wrapping keys over data keys). All keys
 * derived from the root carry distinct HKDF labels (RFC 5869 section 3.2); unit keys and subject keys are random,
 * so that destroying one destroys what it locked, and nothing else. Wrapping is an FLE1 box in table 0, which no
 * data column has. Whoever reads this memory reads everything: that is why it is a process of its own.
 */
#include "vault.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/note.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/keeper.h"
#include "wire.h"
#include <string.h>
#include <sys/mman.h>

/* Table 0 of FLE1 is ours: no data column can ever have the same context. */
#define KEY_TABLE          0
#define COLUMN_UNIT_KEY    1
#define COLUMN_SUBJECT_KEY 2
#define ROOT_GENERATION    1
#define HOUR_US            ((sj_time_us)3600 * 1000 * 1000)
#define HMAC_BLOCK         64
#define LABEL_CONTEXT      "sanjeh/1/context"
#define LABEL_PEPPER       "sanjeh/1/pepper"
#define LABEL_SEAL         "sanjeh/1/seal"
#define LABEL_EMITTER      "sanjeh/1/emitter"
#define LABEL_LOG_SIGNER   "sanjeh/1/log-signer"
#define LABEL_SIGNER_STATE "sanjeh/1/signer-state"
#define LABEL_LOG_VOUCH    "sanjeh/1/log-vouch"
#define LABEL_CARD_SIGNER  "sanjeh/1/report-card"
#define LABEL_PAYLOADS     "sanjeh/1/payload-keys"

struct unit_key {
    struct sj_uuid unit;
    uint32_t epoch;
    struct sj_key kek;
    struct sj_key wrap_key; /* the KEK's field key for subject keys */
    struct sj_key index_root;
};

struct vault {
    struct sj_key root;
    struct sj_key wrap_key; /* the root's field key for unit keys */
    struct sj_key context_key;
    size_t count;
    struct unit_key keys[VAULT_UNIT_KEYS_MAX]; /* sorted by unit, epoch */
};

static void unit_key_wipe(struct unit_key *key)
{
    sj_wipe(key, sizeof(*key));
}

static sj_status derive(
    const struct vault *vault, const char *label, struct sj_view suffix, struct sj_key *ret_key)
{
    const struct sj_view info[] = {sj_view_of(label, strlen(label)), suffix};
    return sj_hkdf_expand(
        sj_view_of(vault->root.bytes, SJ_KEY_SIZE), info, 2, ret_key->bytes, SJ_KEY_SIZE);
}

static void put_u32(uint8_t at[4], uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

sj_status vault_new(struct sj_view root, struct vault **ret_vault)
{
    ENSURE(root.len == SJ_KEY_SIZE, BAD_CONFIG);
    void *memory = mmap(
        NULL, sizeof(struct vault), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ENSURE(memory != MAP_FAILED, OUT_OF_MEMORY);
    CLEANUP(vault_free) struct vault *vault = memory;
    ENSURE(madvise(memory, sizeof(struct vault), MADV_DONTDUMP) == 0, CRYPTO);
    ENSURE(madvise(memory, sizeof(struct vault), MADV_DONTFORK) == 0, CRYPTO);
    /* fails under a small RLIMIT_MEMLOCK; the packaged unit lifts it */
    (void)mlock(memory, sizeof(struct vault));
    memcpy(vault->root.bytes, root.ptr, SJ_KEY_SIZE);
    TRY(sj_fle1_field_key(&vault->root, KEY_TABLE, COLUMN_UNIT_KEY, &vault->wrap_key));
    TRY(derive(vault, LABEL_CONTEXT, sj_view_of(NULL, 0), &vault->context_key));
    *ret_vault = TAKE(vault);
    return SJ_DONE;
}

void vault_free(struct vault **vault)
{
    if (*vault != NULL) {
        sj_wipe(*vault, sizeof(**vault));
        (void)munmap(*vault, sizeof(**vault));
        *vault = NULL;
    }
}

size_t vault_unit_key_count(const struct vault *vault)
{
    return vault->count;
}

static int compare(const struct unit_key *key, struct sj_uuid unit, uint32_t epoch)
{
    const int order = memcmp(key->unit.bytes, unit.bytes, sizeof(unit.bytes));
    if (order != 0) {
        return order;
    }
    return key->epoch < epoch ? -1 : key->epoch > epoch;
}

/* The place of the first key that is not before (unit, epoch). */
static size_t lower_bound(const struct vault *vault, struct sj_uuid unit, uint32_t epoch)
{
    size_t low = 0;
    size_t high = vault->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(&vault->keys[middle], unit, epoch) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const struct unit_key *find(const struct vault *vault, struct sj_uuid unit, uint32_t epoch)
{
    const size_t at = lower_bound(vault, unit, epoch);
    if (at < vault->count && compare(&vault->keys[at], unit, epoch) == 0) {
        return &vault->keys[at];
    }
    return NULL;
}

static const struct unit_key *find_newest(const struct vault *vault, struct sj_uuid unit)
{
    const size_t after = lower_bound(vault, unit, UINT32_MAX);
    if (after < vault->count && sj_uuid_equal(vault->keys[after].unit, unit)) {
        return &vault->keys[after]; /* epoch UINT32_MAX itself */
    }
    if (after > 0 && sj_uuid_equal(vault->keys[after - 1].unit, unit)) {
        return &vault->keys[after - 1];
    }
    return NULL;
}

/* The wrapped key's own epoch or version stands where data have their row. */
static struct sj_fle1_place place_of(struct sj_uuid unit, struct sj_uuid subject, uint32_t column,
    uint32_t wrapping_version, uint32_t wrapped_version)
{
    struct sj_fle1_place place = {.unit = unit,
        .subject = subject,
        .table = KEY_TABLE,
        .column = column,
        .key_version = wrapping_version,
        .type = SJ_FLE1_BYTES};
    put_u32(place.row.bytes + 12, wrapped_version);
    return place;
}

sj_status vault_new_unit_key(
    struct vault *vault, struct sj_uuid unit, uint32_t epoch, struct sj_buf *ret_wrapped)
{
    const struct unit_key *newest = find_newest(vault, unit);
    ENSURE(epoch > 0 && (epoch == 1 || newest != NULL), INVALID);
    struct {
        struct sj_key kek;
        struct sj_key index_root;
    } fresh;
    sj_status status = sj_random(&fresh, sizeof(fresh));
    if (!sj_failed(status)) {
        if (epoch > 1) {
            fresh.index_root = newest->index_root;
        }
        const struct sj_fle1_place place =
            place_of(unit, (struct sj_uuid){{0}}, COLUMN_UNIT_KEY, ROOT_GENERATION, epoch);
        status = sj_fle1_encrypt(
            &vault->wrap_key, &place, sj_view_of(&fresh, sizeof(fresh)), ret_wrapped);
    }
    sj_wipe(&fresh, sizeof(fresh));
    return status;
}

static sj_status open_unit_key(struct vault *vault, struct sj_uuid unit, uint32_t epoch,
    struct sj_view wrapped, struct unit_key *ret_key)
{
    const struct sj_fle1_place place =
        place_of(unit, (struct sj_uuid){{0}}, COLUMN_UNIT_KEY, ROOT_GENERATION, epoch);
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(2 * SJ_KEY_SIZE);
    TRY(sj_fle1_decrypt(&vault->wrap_key, &place, wrapped, &plain));
    ENSURE(plain.len == 2 * SJ_KEY_SIZE, DECRYPT);
    ret_key->unit = unit;
    ret_key->epoch = epoch;
    memcpy(ret_key->kek.bytes, plain.ptr, SJ_KEY_SIZE);
    memcpy(ret_key->index_root.bytes, plain.ptr + SJ_KEY_SIZE, SJ_KEY_SIZE);
    return sj_fle1_field_key(&ret_key->kek, KEY_TABLE, COLUMN_SUBJECT_KEY, &ret_key->wrap_key);
}

sj_status vault_load_unit_key(
    struct vault *vault, struct sj_uuid unit, uint32_t epoch, struct sj_view wrapped)
{
    CLEANUP(unit_key_wipe) struct unit_key key;
    ENSURE(epoch > 0, DECRYPT);
    TRY(open_unit_key(vault, unit, epoch, wrapped, &key));
    const struct unit_key *loaded = find(vault, unit, epoch);
    if (loaded != NULL) {
        /* two keys for one epoch: one of them is not the one that new wraps were made with */
        ENSURE(sj_equal_ct(loaded->kek.bytes, key.kek.bytes, SJ_KEY_SIZE), CONFLICT);
        return SJ_DONE;
    }
    ENSURE(vault->count < VAULT_UNIT_KEYS_MAX, LIMIT_EXCEEDED);
    const size_t at = lower_bound(vault, unit, epoch);
    memmove(&vault->keys[at + 1], &vault->keys[at], (vault->count - at) * sizeof(vault->keys[0]));
    vault->keys[at] = key;
    vault->count++;
    return SJ_DONE;
}

sj_status vault_new_subject_key(struct vault *vault, struct sj_uuid unit, struct sj_uuid subject,
    uint32_t version, struct sj_buf *ret_wrapped, struct sj_key *ret_dek)
{
    const struct unit_key *key = find_newest(vault, unit);
    ENSURE(key != NULL, NOT_FOUND);
    ENSURE(version > 0, INVALID);
    CLEANUP(sj_key_wipe) struct sj_key dek;
    TRY(sj_random(dek.bytes, SJ_KEY_SIZE));
    const struct sj_fle1_place place =
        place_of(unit, subject, COLUMN_SUBJECT_KEY, key->epoch, version);
    TRY(sj_fle1_encrypt(&key->wrap_key, &place, sj_view_of(dek.bytes, SJ_KEY_SIZE), ret_wrapped));
    *ret_dek = dek;
    return SJ_DONE;
}

sj_status vault_unwrap(struct vault *vault, struct sj_uuid unit, struct sj_uuid subject,
    uint32_t version, struct sj_view wrapped, struct sj_key *ret_dek)
{
    uint32_t epoch = 0;
    TRY(sj_fle1_key_version(wrapped, &epoch));
    const struct unit_key *key = find(vault, unit, epoch);
    ENSURE(key != NULL, NOT_FOUND);
    const struct sj_fle1_place place = place_of(unit, subject, COLUMN_SUBJECT_KEY, epoch, version);
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(SJ_KEY_SIZE);
    sj_status status = sj_fle1_decrypt(&key->wrap_key, &place, wrapped, &plain);
    ENSURE(!sj_failed(status) && plain.len == SJ_KEY_SIZE, DECRYPT);
    memcpy(ret_dek->bytes, plain.ptr, SJ_KEY_SIZE);
    return SJ_DONE;
}

sj_status vault_blind_key(struct vault *vault, struct sj_uuid unit,
    const struct sj_blind_place *place, struct sj_key *ret_key)
{
    const struct unit_key *key = find_newest(vault, unit);
    ENSURE(key != NULL, NOT_FOUND);
    return sj_blind_key(&key->index_root, place, ret_key);
}

static sj_status put_scopes(const struct sj_uuid *scopes, size_t count, struct sj_buf *text)
{
    for (size_t i = 0; i < count; i++) {
        char id[SJ_UUID_TEXT_SIZE];
        sj_uuid_format(scopes[i], id);
        TRY(sj_buf_put_byte(text, i == 0 ? '.' : ','));
        TRY(sj_buf_put_str(text, id));
    }
    return SJ_DONE;
}

sj_status vault_context(struct vault *vault, const struct sj_uuid *scopes, size_t count,
    sj_time_us now, sj_time_us expires, struct sj_buf *ret_text)
{
    ENSURE(count >= 1 && count <= WIRE_SCOPES_MAX, INVALID);
    ENSURE(expires > now && expires - now <= HOUR_US, INVALID);
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(512);
    TRY(sj_buf_put_str(&text, "v1."));
    TRY(sj_buf_put_decimal(&text, expires / 1000000));
    TRY(put_scopes(scopes, count, &text));
    struct sj_hash mac;
    const struct sj_view signed_part = sj_buf_view(&text);
    TRY(sj_hmac_sha256(sj_view_of(vault->context_key.bytes, SJ_KEY_SIZE), &signed_part, 1, &mac));
    TRY(sj_buf_put_byte(&text, '.'));
    TRY(sj_buf_put_hex(&text, sj_view_of(mac.bytes, SJ_HASH_SIZE)));
    return sj_buf_put_view(ret_text, sj_buf_view(&text));
}

void vault_context_pads(const struct vault *vault, uint8_t ret_pads[128])
{
    /* @cite RFC 2104 §2: the key, filled with zeros to one block, XOR ipad and opad */
    for (size_t i = 0; i < HMAC_BLOCK; i++) {
        const uint8_t byte = i < SJ_KEY_SIZE ? vault->context_key.bytes[i] : 0;
        ret_pads[i] = byte ^ 0x36;
        ret_pads[HMAC_BLOCK + i] = byte ^ 0x5c;
    }
}

sj_status vault_pepper(
    struct vault *vault, uint32_t version, const struct sj_hash *tag, struct sj_hash *ret_mac)
{
    ENSURE(version > 0, INVALID);
    uint8_t suffix[4];
    put_u32(suffix, version);
    CLEANUP(sj_key_wipe) struct sj_key key;
    TRY(derive(vault, LABEL_PEPPER, sj_view_of(suffix, sizeof(suffix)), &key));
    const struct sj_view part = sj_view_of(tag->bytes, SJ_HASH_SIZE);
    return sj_hmac_sha256(sj_view_of(key.bytes, SJ_KEY_SIZE), &part, 1, ret_mac);
}

sj_status vault_seal(
    struct vault *vault, uint8_t purpose, const struct sj_hash *hash, struct sj_hash *ret_mac)
{
    ENSURE(purpose >= SJ_SEAL_ACCOUNT && purpose <= SJ_SEAL_PURPOSE_LAST, INVALID);
    CLEANUP(sj_key_wipe) struct sj_key key;
    TRY(derive(vault, LABEL_SEAL, sj_view_of(&purpose, 1), &key));
    const struct sj_view part = sj_view_of(hash->bytes, SJ_HASH_SIZE);
    return sj_hmac_sha256(sj_view_of(key.bytes, SJ_KEY_SIZE), &part, 1, ret_mac);
}

sj_status vault_emitter_key(
    struct vault *vault, struct sj_text origin, struct sj_uuid emitter, struct sj_key *ret_key)
{
    CLEANUP(sj_buf_clear) struct sj_buf name = SJ_BUF(1024);
    TRY(sj_buf_put(&name, emitter.bytes, sizeof(emitter.bytes)));
    if (sj_origin_stem(origin).len != origin.len) {
        TRY(sj_buf_put_text(&name, origin));
    }
    return derive(vault, LABEL_EMITTER, sj_buf_view(&name), ret_key);
}

sj_status vault_signer_keys(struct vault *vault, struct sj_text origin, struct sj_text instance,
    struct sj_key *ret_seed, struct sj_key *ret_state_key)
{
    /* no origin has a newline: the two cannot run into one another */
    CLEANUP(sj_buf_clear) struct sj_buf name = SJ_BUF(1024);
    TRY(sj_buf_put_text(&name, origin));
    if (instance.len != 0) {
        TRY(sj_buf_put_byte(&name, '\n'));
        TRY(sj_buf_put_text(&name, instance));
    }
    TRY(derive(vault, LABEL_LOG_SIGNER, sj_buf_view(&name), ret_seed));
    return derive(vault, LABEL_SIGNER_STATE, sj_buf_view(&name), ret_state_key);
}

sj_status vault_vouch_key(struct vault *vault, struct sj_text origin, struct sj_key *ret_key)
{
    return derive(vault, LABEL_LOG_VOUCH, sj_text_bytes(origin), ret_key);
}

sj_status vault_card_key(struct vault *vault, struct sj_text name, struct sj_key *ret_seed)
{
    return derive(vault, LABEL_CARD_SIGNER, sj_text_bytes(name), ret_seed);
}

sj_status vault_payload_key(struct vault *vault, struct sj_text origin, struct sj_key *ret_key)
{
    return derive(vault, LABEL_PAYLOADS, sj_text_bytes(origin), ret_key);
}
