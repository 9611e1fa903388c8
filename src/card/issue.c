/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a report card come into the world?
 * In one transaction: lock the end of the issuer's chain, compose, make canonical, hash, let the keeper sign, seal in parts, write,
 * move the chain's end, move the evaluation. The lock comes first: whoever waits for it reads the former card that the other one
 * wrote. A transaction that is rolled back leaves a signature that nobody has seen over a number that the next card takes.
 */
#include "sanjeh/card/card.h"

#include "compose.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/evaluation/compute.h"

#define PART_BYTES ((size_t)48 * 1024)
#define NOTE_MAX   ((size_t)2000)

static sj_status lock_chain(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_card *card)
{
    const struct sj_param params[] = {
        sj_p_id(&evaluation->issuer_unit), sj_p_id(&evaluation->issuer_scope)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_REPORT_CARD_CHAIN_LOCK, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, FORBIDDEN);
    const struct sj_view last = sj_row_bytes(rows, 0, 1);
    card->number = sj_row_i64(rows, 0, 0) + 1;
    return sj_copy(card->former.bytes, SJ_HASH_SIZE, last.ptr, last.len);
}

static sj_status supersede(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_card *card)
{
    const struct sj_param params[] = {
        sj_p_id(&evaluation->issuer_unit), sj_p_id(&evaluation->id), sj_p_id(&card->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_REPORT_CARD_SUPERSEDE, params, SJ_COUNT(params), &rows));
    if (sj_rows_count(rows) == 1) {
        card->supersedes = sj_row_id(rows, 0, 0);
    }
    return SJ_DONE;
}

static sj_status sign(const struct sj_desk *desk, struct sj_card *card)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(NOTE_MAX);
    const struct sj_card_claim claim = {.evaluation = card->evaluation,
        .number = (uint64_t)card->number,
        .former = card->former,
        .content = card->content};
    TRY(ask_sign_card(sj_fields_channel(desk->fields), &claim, &note));
    return sj_arena_text(desk->arena, sj_buf_text(&note), &card->note);
}

static sj_status insert(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    const struct sj_card *card, int32_t parts)
{
    const struct sj_param params[] = {sj_p_id(&card->unit), sj_p_id(&card->id),
        sj_p_id(&evaluation->issuer_scope), sj_p_id(&evaluation->unit), sj_p_id(&card->evaluation),
        sj_p_id(&card->judge), sj_p_i32((int32_t)card->round), sj_p_i64(card->number),
        sj_p_bytes(sj_view_of(card->former.bytes, SJ_HASH_SIZE)),
        sj_p_bytes(sj_view_of(card->content.bytes, SJ_HASH_SIZE)), sj_p_text(card->note),
        sj_p_i32(parts), sj_p_i32((int32_t)card->bytes), sj_p_i32((int32_t)card->key_version),
        sj_p_bool(card->is_test), sj_p_id_or_null(&card->supersedes), sj_p_id(&card->issued_by),
        sj_p_time(card->issued_at)};
    return sj_tx_query(desk->tx, SJ_SQL_REPORT_CARD_INSERT, params, SJ_COUNT(params), NULL);
}

static sj_status insert_part(const struct sj_desk *desk, const struct sj_card *card,
    const struct sj_subject *subject, int32_t no, struct sj_view piece)
{
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(PART_BYTES + 4096);
    struct sj_uuid id;
    TRY(sj_uuid_new(&id));
    TRY(sj_field_seal(subject, SJ_TABLE_REPORT_CARD, SJ_COLUMN_REPORT_CARD_PART, id, SJ_FLE1_BYTES,
        piece, &blob));
    const struct sj_param params[] = {sj_p_id(&card->unit), sj_p_id(&id), sj_p_id(&card->id),
        sj_p_i32(no), sj_p_bytes(sj_buf_view(&blob))};
    return sj_tx_query(desk->tx, SJ_SQL_REPORT_CARD_PART_INSERT, params, SJ_COUNT(params), NULL);
}

static sj_status store(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    struct sj_card *card, struct sj_view json)
{
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(sj_fields_subject_for_write(
        desk->fields, desk->tx, card->unit, card->evaluation, &subject));
    card->key_version = (int64_t)subject.version;
    const size_t parts = (json.len + PART_BYTES - 1) / PART_BYTES;
    TRY(insert(desk, evaluation, card, (int32_t)parts));
    for (size_t i = 0; i < parts; i++) {
        const size_t at = i * PART_BYTES;
        const size_t left = json.len - at;
        TRY(insert_part(desk, card, &subject, (int32_t)i + 1,
            sj_view_of(json.ptr + at, left < PART_BYTES ? left : PART_BYTES)));
    }
    const struct sj_param params[] = {sj_p_id(&card->unit), sj_p_id(&evaluation->issuer_scope),
        sj_p_i64(card->number), sj_p_bytes(sj_view_of(card->content.bytes, SJ_HASH_SIZE))};
    return sj_tx_query(desk->tx, SJ_SQL_REPORT_CARD_CHAIN_SET, params, SJ_COUNT(params), NULL);
}

static sj_status move(
    const struct sj_desk *desk, struct sj_evaluation *evaluation, struct sj_unmet *ret_unmet)
{
    const struct sj_text no_reason = {"", 0};
    switch ((int)evaluation->state) {
    case SJ_EVALUATION_GATED:
        return sj_evaluation_move(desk, evaluation, SJ_EVALUATION_ISSUED, no_reason, ret_unmet);
    case SJ_EVALUATION_VARIED:
        return sj_evaluation_move(desk, evaluation, SJ_EVALUATION_FINAL, no_reason, ret_unmet);
    default: /* superseded by a correction: the new card is the last word */
        return SJ_DONE;
    }
}

static bool may_issue(const struct sj_evaluation *evaluation)
{
    return evaluation->state == SJ_EVALUATION_GATED || evaluation->state == SJ_EVALUATION_VARIED ||
           evaluation->state == SJ_EVALUATION_SUPERSEDED;
}

sj_status sj_card_issue(const struct sj_desk *desk, struct sj_evaluation *evaluation,
    struct sj_unmet *ret_unmet, struct sj_card *ret_card)
{
    SJ_ASSERT(desk->tx != NULL);
    ret_unmet->count = 0;
    ENSURE(may_issue(evaluation), NO_SUCH_MOVE);
    struct sj_card card = {.unit = evaluation->issuer_unit,
        .evaluation = evaluation->id,
        .judge = evaluation->judge,
        .round = evaluation->round,
        .issued_by = desk->actor->account,
        .version = 1};
    CLEANUP(sj_buf_clear) struct sj_buf json = SJ_BUF(SJ_CARD_BYTES_MAX);
    TRY(sj_uuid_new(&card.id));
    if (evaluation->state == SJ_EVALUATION_SUPERSEDED) {
        bool is_corrected = false; /* without data of its own an order corrects words alone */
        TRY(sj_correction_compute(desk, evaluation->id, &is_corrected));
    }
    TRY(lock_chain(desk, evaluation, &card));
    TRY(supersede(desk, evaluation, &card));
    TRY(card_compose(desk, evaluation, &card, &json));
    card.bytes = (int64_t)json.len;
    TRY(sj_sha256_one(sj_buf_view(&json), &card.content));
    TRY(sign(desk, &card));
    TRY(store(desk, evaluation, &card, sj_buf_view(&json)));
    TRY(move(desk, evaluation, ret_unmet));
    *ret_card = card;
    return SJ_DONE;
}
