/* SPDX-License-Identifier: Apache-2.0
 *
 * How do measurements made here become indicator values? As those of an imported file would: one contribution,
 * each mean and its n sealed under the judge's key. The contribution's "file" is the canonical text of the means, so
 * that its hash says what was written.
 */
#include "sanjeh/evaluation/survey_means.h"

#include "contribution_priv.h"

#include "sanjeh/crypto/random.h"

#define ROWS_BYTES 4096u

static sj_status write_rows(const struct sj_survey_means *means, struct sj_buf *out)
{
    for (size_t i = 0; i < means->count; i++) {
        char mean[SJ_DECIMAL_TEXT_SIZE];
        sj_decimal_format(means->means[i].mean, mean);
        TRY(sj_buf_put_str(out, "{\"criterion\":\""));
        TRY(sj_buf_put_text(out, means->means[i].criterion));
        TRY(sj_buf_put_str(out, "\",\"mean\":"));
        TRY(sj_buf_put_str(out, mean));
        TRY(sj_buf_put_str(out, ",\"n\":"));
        TRY(sj_buf_put_decimal(out, means->means[i].n));
        TRY(sj_buf_put_str(out, "}\n"));
    }
    return SJ_DONE;
}

static sj_status insert_contribution(const struct sj_desk *desk,
    const struct sj_survey_means *means, struct sj_uuid *ret_contribution)
{
    CLEANUP(sj_buf_clear) struct sj_buf rows = SJ_BUF(ROWS_BYTES);
    TRY(write_rows(means, &rows));
    struct new_contribution contribution = {.kind = sj_text_of(means->kind),
        .format = SJ_TEXT("ndjson"),
        .has_period = true,
        .period = means->period,
        .cycle = means->cycle,
        .byte_size = rows.len,
        .rows = means->count};
    TRY(sj_uuid_new(&contribution.id));
    TRY(sj_sha256_one(sj_buf_view(&rows), &contribution.file_sha256));
    *ret_contribution = contribution.id;
    return contribution_insert(desk, &contribution);
}

static sj_status insert_value(const struct sj_desk *desk, const struct sj_survey_means *means,
    struct sj_uuid contribution, const struct sj_subject *subject,
    const struct sj_survey_mean *mean)
{
    struct sj_uuid id;
    TRY(sj_uuid_new(&id));
    char text[SJ_DECIMAL_TEXT_SIZE];
    sj_decimal_format(mean->mean, text);
    CLEANUP(sj_buf_clear) struct sj_buf n = SJ_BUF(32);
    CLEANUP(sj_buf_clear) struct sj_buf value_ct = SJ_BUF(FIELD_BYTES_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf n_ct = SJ_BUF(FIELD_BYTES_MAX);
    TRY(sj_buf_put_decimal(&n, mean->n));
    TRY(sj_field_seal(subject, SJ_TABLE_INDICATOR_VALUE, SJ_COLUMN_VALUE, id, SJ_FLE1_DECIMAL,
        sj_text_bytes(sj_text_of(text)), &value_ct));
    TRY(sj_field_seal(subject, SJ_TABLE_INDICATOR_VALUE, SJ_COLUMN_VALUE_N, id, SJ_FLE1_DECIMAL,
        sj_buf_view(&n), &n_ct));
    const struct sj_param params[] = {sj_p_id(&desk->actor->unit), sj_p_id(&id),
        sj_p_id_or_null(&desk->actor->compartment), sj_p_id(&contribution),
        sj_p_id(&means->judge_unit), sj_p_id(&means->judge), sj_p_text(mean->criterion),
        sj_p_day(means->period.from_day), sj_p_day(means->period.to_day),
        sj_p_bytes(sj_buf_view(&value_ct)), sj_p_bytes(sj_buf_view(&n_ct)),
        sj_p_i32((int32_t)subject->version), sj_p_text(sj_text_of(means->method))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_VALUE_INSERT_SURVEY, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, INVALID);
    return SJ_DONE;
}

sj_status sj_survey_means_store(const struct sj_desk *desk, const struct sj_survey_means *means,
    struct sj_uuid *ret_contribution)
{
    SJ_ASSERT(desk->tx != NULL);
    TRY(insert_contribution(desk, means, ret_contribution));
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(sj_fields_subject_for_write(
        desk->fields, desk->tx, desk->actor->unit, means->judge, &subject));
    for (size_t i = 0; i < means->count; i++) {
        TRY(insert_value(desk, means, *ret_contribution, &subject, &means->means[i]));
    }
    return SJ_DONE;
}
