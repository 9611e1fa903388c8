/* SPDX-License-Identifier: Apache-2.0
 *
 * With which key is this person's field sealed or opened?
 * The only way from the domain to a value in clear: subject keys come wrapped with the row (or are made in the
 * deed's transaction), the keeper opens them, a small cache keeps them for minutes. The place of a value (unit,
 * subject, table, column, row, version) is put together here from what the caller read, so a row that was moved does
 * not open. A mistake here would give one person's data under another's name; the format refuses it.
 */
#include "sanjeh/keys/fields.h"
#include "cache.h"
#include "keeper_priv.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/keys/scopes.h"
#include <string.h>

#define SWEEP_EVERY_MS     60000
#define CONTEXT_LIFE_US    ((sj_time_us)60 * 1000 * 1000)
#define FIRST_VERSION      1
#define WRAPPED_DEKS_BYTES ((size_t)SJ_UNWRAP_MAX * WIRE_WRAPPED_MAX)

struct sj_fields {
    struct sj_db *db;
    struct sj_channel *channel;
    struct cache *cache;
    struct sj_timer *timer; /* NULL without a loop: then every call sweeps */
    int64_t swept_ms;
};

static void on_sweep(void *ctx)
{
    struct sj_fields *fields = ctx;
    cache_sweep(fields->cache, sj_time_monotonic_ms());
    sj_timer_set(fields->timer, SWEEP_EVERY_MS);
}

static int64_t fields_now(struct sj_fields *fields)
{
    const int64_t now = sj_time_monotonic_ms();
    if (fields->timer == NULL && now - fields->swept_ms >= SWEEP_EVERY_MS) {
        cache_sweep(fields->cache, now);
        fields->swept_ms = now;
    }
    return now;
}

sj_status sj_fields_new(struct sj_db *db, struct sj_channel *channel, struct sj_fields **ret_fields)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_fields), &memory));
    CLEANUP(sj_fields_free) struct sj_fields *fields = memory;
    fields->db = db;
    fields->channel = channel;
    TRY(cache_new(&fields->cache));
    struct sj_loop *loop = channel_loop(channel);
    if (loop != NULL) {
        TRY(sj_timer_new(loop, on_sweep, fields, &fields->timer));
        sj_timer_set(fields->timer, SWEEP_EVERY_MS);
    }
    *ret_fields = TAKE(fields);
    return SJ_DONE;
}

void sj_fields_free(struct sj_fields **fields)
{
    struct sj_fields *gone = *fields;
    *fields = NULL;
    if (gone != NULL) {
        sj_timer_free(&gone->timer);
        cache_free(&gone->cache);
        sj_free(gone);
    }
}

struct sj_channel *sj_fields_channel(struct sj_fields *fields)
{
    return fields->channel;
}

void sj_subject_clear(struct sj_subject *subject)
{
    sj_wipe(subject, sizeof(*subject));
}

static void clear_subjects(struct sj_subject *subjects, size_t count)
{
    sj_wipe(subjects, count * sizeof(subjects[0]));
}

static sj_status load_rows(struct sj_fields *fields, const struct sj_rows *rows)
{
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        TRY(ask_load_unit_key(fields->channel, sj_row_id(rows, i, 0),
            (uint32_t)sj_row_i64(rows, i, 1), sj_row_bytes(rows, i, 2)));
    }
    return SJ_DONE;
}

sj_status sj_fields_load_units(struct sj_fields *fields)
{
    struct sj_context context;
    const struct sj_uuid scope = SJ_SCOPE_KEYS;
    const struct sj_query query = {SJ_SQL_UNIT_KEY_LIST, NULL, 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask_context(fields->channel, &scope, 1, sj_time_now() + CONTEXT_LIFE_US, &context));
    TRY(sj_db_read(fields->db, &context, &query, 1, &rows));
    return load_rows(fields, rows);
}

/* ---- opening ---- */

/* Items that the cache does not have: at most one question's worth. */
struct misses {
    struct sj_wrapped_dek items[SJ_UNWRAP_MAX];
    struct sj_key deks[SJ_UNWRAP_MAX];
    size_t count;
};

static void misses_free(struct misses **misses)
{
    if (*misses != NULL) {
        sj_wipe(*misses, sizeof(**misses));
        sj_free(*misses);
        *misses = NULL;
    }
}

static sj_status misses_new(struct misses **ret_misses)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct misses), &memory));
    *ret_misses = memory;
    return SJ_DONE;
}

static bool is_same(const struct sj_wrapped_dek *a, const struct sj_wrapped_dek *b)
{
    return a->version == b->version && sj_uuid_equal(a->subject, b->subject) &&
           sj_uuid_equal(a->unit, b->unit);
}

/* Pages come sorted by subject, so a repeated one is nearly always the last. */
static size_t misses_find(const struct misses *misses, const struct sj_wrapped_dek *item)
{
    for (size_t i = misses->count; i > 0; i--) {
        if (is_same(&misses->items[i - 1], item)) {
            return i - 1;
        }
    }
    return misses->count;
}

/* Other instances make units too: what the keeper does not know is loaded once. */
static sj_status unwrap_loading(struct sj_fields *fields, struct misses *misses)
{
    const sj_status status =
        ask_unwrap(fields->channel, misses->items, misses->count, misses->deks);
    if (status.code != SJ_NOT_FOUND) {
        return status;
    }
    TRY(sj_fields_load_units(fields));
    return ask_unwrap(fields->channel, misses->items, misses->count, misses->deks);
}

static void subject_set(
    struct sj_subject *subject, const struct sj_wrapped_dek *item, const struct sj_key *dek)
{
    subject->unit = item->unit;
    subject->subject = item->subject;
    subject->version = item->version;
    subject->dek = *dek;
}

/* Opens items [from, to) of which misses has all that are not answered yet (version 0). */
static sj_status settle(struct sj_fields *fields, struct misses *misses,
    const struct sj_wrapped_dek *items, size_t from, size_t to, struct sj_subject *subjects)
{
    if (misses->count == 0) {
        return SJ_DONE;
    }
    TRY(unwrap_loading(fields, misses));
    const int64_t now = fields_now(fields);
    for (size_t i = from; i < to; i++) {
        if (subjects[i].version == 0) {
            const size_t at = misses_find(misses, &items[i]);
            SJ_ASSERT(at < misses->count);
            subject_set(&subjects[i], &items[i], &misses->deks[at]);
            cache_put(fields->cache, &subjects[i], now);
        }
    }
    misses->count = 0;
    return SJ_DONE;
}

static sj_status open_all(struct sj_fields *fields, const struct sj_wrapped_dek *items,
    size_t count, struct sj_subject *subjects)
{
    CLEANUP(misses_free) struct misses *misses = NULL;
    TRY(misses_new(&misses));
    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        ENSURE(items[i].version > 0, DECRYPT);
        if (cache_find(fields->cache, items[i].unit, items[i].subject, items[i].version,
                fields_now(fields), &subjects[i]) ||
            misses_find(misses, &items[i]) < misses->count) {
            continue;
        }
        misses->items[misses->count++] = items[i];
        if (misses->count == SJ_UNWRAP_MAX) {
            TRY(settle(fields, misses, items, from, i + 1, subjects));
            from = i + 1;
        }
    }
    return settle(fields, misses, items, from, count, subjects);
}

sj_status sj_fields_open(struct sj_fields *fields, const struct sj_wrapped_dek *items, size_t count,
    struct sj_subject *ret_subjects)
{
    if (count == 0) {
        return SJ_DONE;
    }
    clear_subjects(ret_subjects, count);
    const sj_status status = open_all(fields, items, count, ret_subjects);
    if (sj_failed(status)) {
        clear_subjects(ret_subjects, count);
    }
    return status;
}

bool sj_fields_find(struct sj_fields *fields, struct sj_uuid unit, struct sj_uuid subject,
    uint32_t version, struct sj_subject *ret_subject)
{
    return cache_find(fields->cache, unit, subject, version, fields_now(fields), ret_subject);
}

/* ---- making ---- */

/* One round of at most SJ_UNWRAP_MAX subjects of a unit. */
struct round {
    struct sj_fields *fields;
    struct sj_tx *tx;
    struct sj_uuid unit;
    const struct sj_uuid *subjects;
    size_t count;
    struct sj_subject *out;
    /* which of them have no answer yet */
    size_t open[SJ_UNWRAP_MAX];
    size_t open_count;
};

static void round_find_open(struct round *round)
{
    round->open_count = 0;
    for (size_t i = 0; i < round->count; i++) {
        if (round->out[i].version == 0) {
            round->open[round->open_count++] = i;
        }
    }
}

static sj_status put_open_subjects(const struct round *round, struct sj_array *array)
{
    for (size_t i = 0; i < round->open_count; i++) {
        TRY(sj_array_put(array, round->subjects[round->open[i]].bytes, sizeof(struct sj_uuid)));
    }
    return SJ_DONE;
}

/* Gives every open place of the subject its key. */
static void round_answer(struct round *round, const struct sj_subject *subject)
{
    for (size_t i = 0; i < round->open_count; i++) {
        if (sj_uuid_equal(round->subjects[round->open[i]], subject->subject)) {
            round->out[round->open[i]] = *subject;
        }
    }
}

/* What the transaction sees now, opened; in the cache only when it was there before this transaction wrote. */
static sj_status round_open_rows(struct round *round, const struct sj_rows *rows, bool may_cache)
{
    CLEANUP(misses_free) struct misses *misses = NULL;
    if (sj_rows_count(rows) == 0) {
        return SJ_DONE;
    }
    TRY(misses_new(&misses));
    ENSURE(sj_rows_count(rows) <= SJ_UNWRAP_MAX, LIMIT_EXCEEDED);
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        misses->items[misses->count++] = (struct sj_wrapped_dek){round->unit, sj_row_id(rows, i, 0),
            (uint32_t)sj_row_i64(rows, i, 1), sj_row_bytes(rows, i, 2)};
    }
    TRY(unwrap_loading(round->fields, misses));
    const int64_t now = fields_now(round->fields);
    for (size_t i = 0; i < misses->count; i++) {
        struct sj_subject subject;
        subject_set(&subject, &misses->items[i], &misses->deks[i]);
        round_answer(round, &subject);
        if (may_cache) {
            cache_put(round->fields->cache, &subject, now);
        }
        sj_subject_clear(&subject);
    }
    return SJ_DONE;
}

static sj_status round_read(struct round *round, bool may_cache)
{
    CLEANUP(sj_array_clear) struct sj_array subjects = {0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_array_init(&subjects, SJ_OID_UUID, (size_t)SJ_UNWRAP_MAX * 32));
    TRY(put_open_subjects(round, &subjects));
    const struct sj_param params[] = {sj_p_id(&round->unit), sj_p_array(&subjects)};
    TRY(sj_tx_query(round->tx, SJ_SQL_SUBJECT_KEY_NEWEST, params, 2, &rows));
    TRY(round_open_rows(round, rows, may_cache));
    round_find_open(round);
    return SJ_DONE;
}

/* Fresh wrapped keys for the open subjects. */
static sj_status round_wrap(struct round *round, const struct sj_uuid *subjects, size_t *ret_len,
    struct sj_buf *ret_wrapped, struct sj_key *ret_deks)
{
    struct sj_channel *channel = round->fields->channel;
    const size_t count = round->open_count;
    const sj_status status = ask_new_subject_keys(
        channel, round->unit, subjects, count, FIRST_VERSION, ret_len, ret_wrapped, ret_deks);
    if (status.code != SJ_NOT_FOUND) {
        return status;
    }
    TRY(sj_fields_load_units(round->fields));
    return ask_new_subject_keys(
        channel, round->unit, subjects, count, FIRST_VERSION, ret_len, ret_wrapped, ret_deks);
}

static sj_status put_pieces(
    const struct sj_buf *bytes, size_t len, size_t count, struct sj_array *array)
{
    for (size_t i = 0; i < count; i++) {
        TRY(sj_array_put(array, bytes->ptr + i * len, len));
    }
    return SJ_DONE;
}

static sj_status round_make(struct round *round, enum sj_sql insert, struct sj_key *ret_deks)
{
    struct sj_uuid open[SJ_UNWRAP_MAX];
    for (size_t i = 0; i < round->open_count; i++) {
        open[i] = round->subjects[round->open[i]];
    }
    size_t len = 0;
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF(WRAPPED_DEKS_BYTES);
    TRY(round_wrap(round, open, &len, &wrapped, ret_deks));
    CLEANUP(sj_array_clear) struct sj_array subjects = {0};
    CLEANUP(sj_array_clear) struct sj_array keys = {0};
    TRY(sj_array_init(&subjects, SJ_OID_UUID, (size_t)SJ_UNWRAP_MAX * 32));
    TRY(sj_array_init(&keys, SJ_OID_BYTEA, WRAPPED_DEKS_BYTES + (size_t)SJ_UNWRAP_MAX * 8));
    TRY(put_open_subjects(round, &subjects));
    TRY(put_pieces(&wrapped, len, round->open_count, &keys));
    const struct sj_param params[] = {
        sj_p_id(&round->unit), sj_p_array(&subjects), sj_p_array(&keys)};
    return sj_tx_send(round->tx, insert, params, 3);
}

/* The keys themselves are dropped: the reading after the insert brings those that won, ours or another transaction's. */
static sj_status round_offer(struct round *round)
{
    struct sj_key deks[SJ_UNWRAP_MAX];
    const sj_status status = round_make(round, SJ_SQL_SUBJECT_KEY_INSERT, deks);
    sj_wipe(deks, sizeof(deks));
    return status;
}

static sj_status round_run(struct round *round)
{
    const int64_t now = fields_now(round->fields);
    for (size_t i = 0; i < round->count; i++) {
        (void)cache_find_newest(
            round->fields->cache, round->unit, round->subjects[i], now, &round->out[i]);
    }
    round_find_open(round);
    if (round->open_count > 0) {
        TRY(round_read(round, /* may_cache= */ true));
    }
    if (round->open_count > 0) {
        TRY(round_offer(round));
        TRY(round_read(round, /* may_cache= */ false));
    }
    /* neither made nor visible: row security hides it, so it is not ours to write */
    ENSURE(round->open_count == 0, NOT_FOUND);
    return SJ_DONE;
}

/* Nobody else can have made a key of these: nothing is read, and ours are the keys. */
static sj_status round_run_new(struct round *round)
{
    struct sj_key deks[SJ_UNWRAP_MAX];
    round_find_open(round);
    const sj_status status = round_make(round, SJ_SQL_SUBJECT_KEY_INSERT_NEW, deks);
    for (size_t i = 0; !sj_failed(status) && i < round->count; i++) {
        const struct sj_wrapped_dek item = {
            .unit = round->unit, .subject = round->subjects[i], .version = FIRST_VERSION};
        subject_set(&round->out[i], &item, &deks[i]);
    }
    sj_wipe(deks, sizeof(deks));
    return status;
}

static sj_status run_rounds(struct sj_fields *fields, struct sj_tx *tx, struct sj_uuid unit,
    const struct sj_uuid *subjects, size_t count, sj_status (*run)(struct round *),
    struct sj_subject *ret_subjects)
{
    if (count == 0) {
        return SJ_DONE;
    }
    clear_subjects(ret_subjects, count);
    for (size_t at = 0; at < count; at += SJ_UNWRAP_MAX) {
        const size_t left = count - at;
        struct round round = {.fields = fields,
            .tx = tx,
            .unit = unit,
            .subjects = subjects + at,
            .count = left < SJ_UNWRAP_MAX ? left : SJ_UNWRAP_MAX,
            .out = ret_subjects + at};
        const sj_status status = run(&round);
        if (sj_failed(status)) {
            clear_subjects(ret_subjects, count);
            return status;
        }
    }
    return SJ_DONE;
}

sj_status sj_fields_subjects_for_write(struct sj_fields *fields, struct sj_tx *tx,
    struct sj_uuid unit, const struct sj_uuid *subjects, size_t count,
    struct sj_subject *ret_subjects)
{
    return run_rounds(fields, tx, unit, subjects, count, round_run, ret_subjects);
}

sj_status sj_fields_subjects_new(struct sj_fields *fields, struct sj_tx *tx, struct sj_uuid unit,
    const struct sj_uuid *subjects, size_t count, struct sj_subject *ret_subjects)
{
    return run_rounds(fields, tx, unit, subjects, count, round_run_new, ret_subjects);
}

sj_status sj_fields_subject_for_write(struct sj_fields *fields, struct sj_tx *tx,
    struct sj_uuid unit, struct sj_uuid subject, struct sj_subject *ret_subject)
{
    return sj_fields_subjects_for_write(fields, tx, unit, &subject, 1, ret_subject);
}

void sj_fields_forget(struct sj_fields *fields, struct sj_uuid unit, struct sj_uuid subject)
{
    if (sj_uuid_is_nil(unit)) {
        cache_clear(fields->cache);
    } else {
        cache_forget(fields->cache, unit, subject);
    }
}

/* ---- values ---- */

static struct sj_fle1_place place_of(const struct sj_subject *subject, uint32_t table,
    uint32_t column, struct sj_uuid row, uint8_t type)
{
    return (struct sj_fle1_place){.unit = subject->unit,
        .subject = subject->subject,
        .table = table,
        .column = column,
        .row = row,
        .key_version = subject->version,
        .type = type};
}

sj_status sj_field_seal(const struct sj_subject *subject, uint32_t table, uint32_t column,
    struct sj_uuid row, uint8_t type, struct sj_view plaintext, struct sj_buf *ret_blob)
{
    /* table 0 is for wrapped keys; a cleared subject has version 0 and must not seal under a zero key */
    ENSURE(table > 0 && subject->version > 0, CRYPTO);
    const struct sj_fle1_place place = place_of(subject, table, column, row, type);
    CLEANUP(sj_key_wipe) struct sj_key field_key;
    TRY(sj_fle1_field_key(&subject->dek, table, column, &field_key));
    return sj_fle1_encrypt(&field_key, &place, plaintext, ret_blob);
}

sj_status sj_field_open(const struct sj_subject *subject, uint32_t table, uint32_t column,
    struct sj_uuid row, uint8_t type, struct sj_view blob, struct sj_buf *ret_plaintext)
{
    ENSURE(table > 0 && subject->version > 0, DECRYPT);
    const struct sj_fle1_place place = place_of(subject, table, column, row, type);
    CLEANUP(sj_key_wipe) struct sj_key field_key;
    TRY(sj_fle1_field_key(&subject->dek, table, column, &field_key));
    return sj_fle1_decrypt(&field_key, &place, blob, ret_plaintext);
}
