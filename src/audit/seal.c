/* SPDX-License-Identifier: Apache-2.0
 *
 * With which key is a text of a person sealed, and for which entry does it open again?
 * The key is that of unit, subject and month; the place binds log, unit and the entry's commitment, which no other entry has. The index
 * would bind no better and is not known before the text has to be sealed (docs/adr/0023). Nothing here is on the way of a batch:
 * a draft brings its payload sealed.
 */
#include "sanjeh/audit/payload.h"

#include <sys/mman.h>

#include "sanjeh/base/log.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/keys/fields.h"
#include "sanjeh/keys/scopes.h"

#define COLUMN     1
#define KEPT       64
#define KEPT_MS    ((int64_t)10 * 60 * 1000)
#define CONTEXT_US (INT64_C(60) * 1000 * 1000)
#define ATTEMPTS   4

struct kept {
    struct sj_subject key; /* version: the key's number; 0: empty */
    int32_t period;        /* 0: opened by number alone */
    int64_t since_ms;
};

struct sj_payload_keys {
    struct sj_db *db;
    struct sj_channel *channel;
    const atomic_uint *turned;
    unsigned seen_turned;
    size_t next;
    struct kept kept[KEPT];
};

sj_status sj_payload_keys_new(struct sj_db *db, struct sj_channel *channel,
    const atomic_uint *turned, struct sj_payload_keys **ret_keys)
{
    const size_t size = sizeof(struct sj_payload_keys);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ENSURE(memory != MAP_FAILED, OUT_OF_MEMORY);
    struct sj_payload_keys *keys = memory;
    if (madvise(memory, size, MADV_DONTDUMP) != 0 || madvise(memory, size, MADV_DONTFORK) != 0) {
        (void)munmap(memory, size);
        FAIL(CRYPTO);
    }
    (void)mlock(memory, size); /* as the cache of subject keys */
    keys->db = db;
    keys->channel = channel;
    keys->turned = turned;
    keys->seen_turned = turned == NULL ? 0 : atomic_load(turned);
    *ret_keys = keys;
    return SJ_DONE;
}

void sj_payload_keys_free(struct sj_payload_keys **keys)
{
    struct sj_payload_keys *gone = TAKE(*keys);
    if (gone != NULL) {
        sj_wipe(gone, sizeof *gone);
        (void)munmap(gone, sizeof *gone);
    }
}

/* ---- what was used lately ---- */

static void forget_old(struct sj_payload_keys *keys)
{
    const unsigned turned = keys->turned == NULL ? 0 : atomic_load(keys->turned);
    const int64_t now = sj_time_monotonic_ms();
    for (size_t i = 0; i < KEPT; i++) {
        if (turned != keys->seen_turned || now - keys->kept[i].since_ms > KEPT_MS) {
            sj_wipe(&keys->kept[i], sizeof keys->kept[i]);
        }
    }
    keys->seen_turned = turned;
}

static bool find_kept(struct sj_payload_keys *keys, struct sj_uuid unit, struct sj_uuid subject,
    int32_t period, uint32_t number, struct sj_subject *ret_key)
{
    forget_old(keys);
    for (size_t i = 0; i < KEPT; i++) {
        const struct kept *kept = &keys->kept[i];
        if (kept->key.version != 0 && sj_uuid_equal(kept->key.subject, subject) &&
            sj_uuid_equal(kept->key.unit, unit) &&
            (number != 0 ? kept->key.version == number : kept->period == period)) {
            *ret_key = kept->key;
            return true;
        }
    }
    return false;
}

static void keep(struct sj_payload_keys *keys, const struct sj_subject *key, int32_t period)
{
    struct kept *kept = &keys->kept[keys->next++ % KEPT];
    sj_wipe(kept, sizeof *kept);
    *kept = (struct kept){.key = *key, .period = period, .since_ms = sj_time_monotonic_ms()};
}

/* ---- a key from database and keeper ---- */

static sj_status own_context(struct sj_payload_keys *keys, struct sj_context *ret_context)
{
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    return ask_context(keys->channel, &scope, 1, sj_time_now() + CONTEXT_US, ret_context);
}

static sj_status ask(struct sj_payload_keys *keys, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    const struct sj_query query = {sql, params, count};
    struct sj_context context;
    TRY(own_context(keys, &context));
    return sj_db_read(keys->db, &context, &query, 1, ret_rows);
}

static sj_status open_wrapped(
    struct sj_payload_keys *keys, struct sj_view wrapped, struct sj_subject *key)
{
    const struct sj_wrapped_payload_key item = {
        .place = {.unit = key->unit, .subject = key->subject, .number = key->version},
        .wrapped = wrapped};
    return ask_payload_open_keys(keys->channel, &item, 1, &key->dek);
}

/* Offers a fresh key; whether it or another's was taken, the next look finds. */
static sj_status offer(struct sj_payload_keys *keys, const struct sj_subject *key, int32_t period)
{
    struct sj_context context;
    struct sj_payload_file file;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *kek = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *number = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *put = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF(512);
    CLEANUP(sj_key_wipe) struct sj_key dek;
    TRY(ask_payload_file(keys->channel, &file));
    TRY(own_context(keys, &context));
    TRY(sj_tx_begin(keys->db, &context, &tx));
    const struct sj_param mine[] = {sj_p_bytes(sj_view_of(file.id.bytes, sizeof file.id.bytes)),
        sj_p_i32((int32_t)file.generation)};
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PAYLOAD_KEK_TAKE, mine, SJ_COUNT(mine), &kek));
    if (!sj_view_equal(sj_row_bytes(kek, 0, 0), sj_view_of(file.id.bytes, sizeof file.id.bytes))) {
        SJ_LOG(ERROR, "audit.payload.keys.foreign",
            sj_log_str("next", "[keeper] payload_keys is not the file of the first server"));
        FAIL(NOT_FOUND);
    }
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PAYLOAD_KEY_NUMBER, NULL, 0, &number));
    const struct sj_payload_key_place place = {
        .unit = key->unit, .subject = key->subject, .number = (uint32_t)sj_row_i64(number, 0, 0)};
    const uint32_t generation = (uint32_t)sj_row_i64(kek, 0, 1);
    TRY(ask_payload_new_key(keys->channel, generation, &place, &wrapped, &dek));
    const struct sj_param params[] = {sj_p_i32((int32_t)generation),
        sj_p_i32((int32_t)place.number), sj_p_id(&key->unit), sj_p_id(&key->subject),
        sj_p_i32(period), sj_p_bytes(sj_buf_view(&wrapped))};
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PAYLOAD_KEY_PUT, params, SJ_COUNT(params), &put));
    return sj_tx_commit(&tx);
}

static sj_status key_of_month(struct sj_payload_keys *keys, struct sj_uuid unit,
    struct sj_uuid subject, int32_t period, struct sj_subject *ret_key)
{
    struct sj_subject key = {.unit = unit, .subject = subject};
    if (find_kept(keys, unit, subject, period, 0, ret_key)) {
        return SJ_DONE;
    }
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(&subject), sj_p_i32(period)};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(ask(keys, SJ_SQL_AUDIT_PAYLOAD_KEY_FIND, params, SJ_COUNT(params), &rows));
        if (sj_rows_count(rows) == 1) {
            key.version = (uint32_t)sj_row_i64(rows, 0, 0);
            TRY(open_wrapped(keys, sj_row_bytes(rows, 0, 1), &key));
            keep(keys, &key, period);
            *ret_key = key;
            sj_subject_clear(&key);
            return SJ_DONE;
        }
        TRY(offer(keys, &key, period));
    }
    FAIL(CONFLICT);
}

static sj_status key_by_number(
    struct sj_payload_keys *keys, const struct sj_payload *payload, struct sj_subject *ret_key)
{
    struct sj_subject key = {
        .unit = payload->unit, .subject = payload->subject, .version = payload->key_version};
    if (find_kept(keys, key.unit, key.subject, 0, key.version, ret_key)) {
        return SJ_DONE;
    }
    ENSURE(key.version <= INT32_MAX, DECRYPT);
    const struct sj_param param = sj_p_i32((int32_t)key.version);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(keys, SJ_SQL_AUDIT_PAYLOAD_KEY_GET, &param, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    TRY(open_wrapped(keys, sj_row_bytes(rows, 0, 0), &key));
    keep(keys, &key, 0);
    *ret_key = key;
    sj_subject_clear(&key);
    return SJ_DONE;
}

/* ---- sealing and opening ---- */

/* The row of the place: what the payload belongs to. */
static sj_status place_row(
    struct sj_uuid log_id, const struct sj_draft *draft, struct sj_uuid *ret_row)
{
    struct sj_hash hash;
    const struct sj_view parts[] = {sj_view_of("sanjeh/payload", 14),
        sj_view_of(log_id.bytes, sizeof log_id.bytes),
        sj_view_of(draft->tenant_tag.bytes, sizeof draft->tenant_tag.bytes),
        sj_view_of(draft->payload_commit.bytes, SJ_HASH_SIZE)};
    TRY(sj_sha256(parts, SJ_COUNT(parts), &hash));
    return sj_copy(ret_row->bytes, sizeof ret_row->bytes, hash.bytes, sizeof ret_row->bytes);
}

/* 202611: the year and month, UTC. */
static int32_t period_of(sj_time_us time)
{
    char text[SJ_TIME_TEXT_SIZE];
    int32_t period = 0;
    sj_time_format(time, text);
    for (size_t i = 0; i < 7; i++) {
        period = i == 4 ? period : period * 10 + (text[i] - '0');
    }
    return period;
}

static sj_status seal_salted(struct sj_payload_keys *keys, struct sj_uuid log_id,
    struct sj_uuid subject, sj_time_us when, const struct sj_draft *draft, struct sj_view salted,
    struct sj_buf *ret_content, struct sj_payload *ret_payload)
{
    struct sj_uuid row;
    CLEANUP(sj_subject_clear) struct sj_subject key = {.version = 0};
    const size_t start = ret_content->len;
    ENSURE(!sj_uuid_is_nil(subject), INVALID);
    TRY(place_row(log_id, draft, &row));
    TRY(key_of_month(keys, draft->tenant_tag, subject, period_of(when), &key));
    TRY(sj_field_seal(
        &key, SJ_TABLE_AUDIT_PAYLOAD, COLUMN, row, SJ_FLE1_BYTES, salted, ret_content));
    *ret_payload = (struct sj_payload){.unit = key.unit,
        .subject = subject,
        .key_version = key.version,
        .content = sj_view_of(ret_content->ptr + start, ret_content->len - start)};
    return SJ_DONE;
}

sj_status sj_payload_seal(struct sj_payload_keys *keys, struct sj_uuid log_id,
    struct sj_uuid subject, sj_time_us now, struct sj_view text, struct sj_draft *draft,
    struct sj_buf *ret_content, struct sj_payload *ret_payload)
{
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(SJ_PAYLOAD_SALT + SJ_PAYLOAD_MAX);
    TRY(sj_payload_commit(draft, text, &salted));
    return seal_salted(
        keys, log_id, subject, now, draft, sj_buf_view(&salted), ret_content, ret_payload);
}

sj_status sj_payload_open(struct sj_payload_keys *keys, const struct sj_entry *entry,
    struct sj_view stored, struct sj_buf *ret_salted)
{
    struct sj_payload payload;
    struct sj_uuid row;
    bool fits = false;
    const struct sj_draft *draft = &entry->draft;
    CLEANUP(sj_subject_clear) struct sj_subject key = {.version = 0};
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(SJ_PAYLOAD_SALT + SJ_PAYLOAD_MAX);
    ENSURE(!sj_failed(sj_payload_decode(stored, &payload)), DECRYPT);
    if (sj_uuid_is_nil(payload.subject)) {
        TRY(sj_buf_put_view(&salted, payload.content));
    } else {
        ENSURE(sj_uuid_equal(payload.unit, draft->tenant_tag), DECRYPT);
        TRY(key_by_number(keys, &payload, &key));
        TRY(place_row(entry->log_id, draft, &row));
        TRY(sj_field_open(
            &key, SJ_TABLE_AUDIT_PAYLOAD, COLUMN, row, SJ_FLE1_BYTES, payload.content, &salted));
    }
    TRY(sj_payload_fits(draft->payload_len, &draft->payload_commit, sj_buf_view(&salted), &fits));
    ENSURE(fits, DECRYPT);
    return sj_buf_put_view(ret_salted, sj_buf_view(&salted));
}

/* ---- what stood in clear before, and changes that were cut short ---- */

static sj_status replace(struct sj_payload_keys *keys, int64_t index, struct sj_view stored,
    const struct sj_payload *sealed)
{
    struct sj_context context;
    CLEANUP(sj_buf_clear) struct sj_buf encoded = SJ_BUF(SJ_PAYLOAD_STORED);
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *done = NULL;
    TRY(sj_payload_encode(sealed, &encoded));
    const struct sj_param params[] = {
        sj_p_i64(index), sj_p_bytes(stored), sj_p_bytes(sj_buf_view(&encoded))};
    TRY(own_context(keys, &context));
    TRY(sj_tx_begin(keys->db, &context, &tx));
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PAYLOAD_SEAL, params, SJ_COUNT(params), &done));
    return sj_tx_commit(&tx);
}

/* One row: what is not what its entry says stays as it is, for the scrubber to find; lists of indices are nobody's. */
static sj_status seal_row(
    struct sj_payload_keys *keys, int64_t index, struct sj_view stored, struct sj_view bytes)
{
    struct sj_entry entry;
    struct sj_payload clear;
    struct sj_payload sealed;
    bool fits = false;
    CLEANUP(sj_buf_clear) struct sj_buf content = SJ_BUF(SJ_PAYLOAD_STORED);
    if (sj_failed(sj_entry_decode(bytes, &entry)) || sj_failed(sj_payload_decode(stored, &clear)) ||
        sj_uuid_is_nil(entry.draft.actor)) {
        return SJ_DONE;
    }
    TRY(sj_payload_fits(
        entry.draft.payload_len, &entry.draft.payload_commit, clear.content, &fits));
    if (!fits) {
        return SJ_DONE;
    }
    TRY(seal_salted(keys, entry.log_id, entry.draft.actor, entry.time, &entry.draft, clear.content,
        &content, &sealed));
    return replace(keys, index, stored, &sealed);
}

sj_status sj_payload_seal_clear(struct sj_payload_keys *keys, int64_t *from, bool *ret_more)
{
    const struct sj_param param = sj_p_i64(*from);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(keys, SJ_SQL_AUDIT_PAYLOAD_CLEAR, &param, 1, &rows));
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        const int64_t index = sj_row_i64(rows, i, 0);
        TRY(seal_row(keys, index, sj_row_bytes(rows, i, 1), sj_row_bytes(rows, i, 2)));
        *from = index + 1;
    }
    *ret_more = sj_rows_count(rows) > 0;
    return SJ_DONE;
}

sj_status sj_payload_settle(struct sj_payload_keys *keys)
{
    struct sj_payload_file file;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask_payload_file(keys->channel, &file));
    if (file.next == 0) {
        return SJ_DONE;
    }
    TRY(ask(keys, SJ_SQL_AUDIT_PAYLOAD_KEK_GET, NULL, 0, &rows));
    const bool mine =
        sj_rows_count(rows) == 1 &&
        sj_view_equal(sj_row_bytes(rows, 0, 0), sj_view_of(file.id.bytes, sizeof file.id.bytes));
    if (mine && sj_row_i64(rows, 0, 1) == (int64_t)file.next) {
        return ask_payload_finish(keys->channel, file.next, &file);
    }
    return SJ_DONE;
}
