/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this folder share: the rows that a decision reaches, opening the fields of many rows with
 * one question to the keeper, arrays for unnest.
 */
#ifndef EVALUATION_PRIV_H
#define EVALUATION_PRIV_H

#include "sanjeh/evaluation/desk_rows.h"

#define BLIND_VERSION 1u

#define BLIND_ASK_MAX   256u
#define INSERT_ROWS_MAX 10000u /* of one statement, to stay far below the statement timeout */
#define FIELD_BYTES_MAX 4096u

/* The rows that the decision reaches: those of a unit or those about a judge, the other is nil. False: none. */
bool desk_reach(const struct sj_desk *desk, struct sj_uuid *ret_unit, struct sj_uuid *ret_judge);
/* What a read of the register or of the workload is about: one judge, one unit; or wide: everything that a named scope opens, or the
 * judges of one's files and populations beside the unit (nil: none). */
struct sight {
    struct sj_uuid unit;
    struct sj_uuid judge;
    bool is_wide;
    bool is_everything;
};
bool desk_sight(const struct sj_desk *desk, struct sight *ret_sight);
bool desk_reads(const struct sj_desk *desk, enum sj_field field);

/* Bytes as lower-case hex in the arena. */
SJ_MUST_CHECK sj_status hex_text(
    const struct sj_desk *desk, struct sj_view bytes, struct sj_text *ret_text);

/* The keys of a page of rows. of(row) is NULL when the row's key is erased or it has none. */
struct keyring {
    struct sj_subject *subjects;
    size_t subject_count;
    size_t *of_row; /* subject number + 1, or 0 */
};
SJ_MUST_CHECK sj_status keyring_open(const struct sj_desk *desk, const struct sj_wrapped_dek *rows,
    size_t count, struct keyring *ret_keyring);
const struct sj_subject *keyring_of(const struct keyring *keyring, size_t row);
void keyring_clear(struct keyring *keyring);

/* Opens a text field into the arena; empty when the blob is. */
SJ_MUST_CHECK sj_status field_text(const struct sj_desk *desk, const struct sj_subject *subject,
    uint32_t table, uint32_t column, struct sj_uuid row, uint8_t type, struct sj_view blob,
    struct sj_text *ret_text);

/* Columns of an insert by unnest. */
#define COLUMNS_MAX 20u
struct columns {
    struct sj_array of[COLUMNS_MAX];
    size_t count;
};
SJ_MUST_CHECK sj_status columns_init(
    struct columns *columns, const uint32_t *element_oids, size_t count);
void columns_reset(struct columns *columns);
void columns_clear(struct columns *columns);
/* Writes count parameters. */
void columns_params(struct columns *columns, struct sj_param *params);
SJ_MUST_CHECK sj_status put_id(struct sj_array *array, struct sj_uuid id);     /* nil: null */
SJ_MUST_CHECK sj_status put_text(struct sj_array *array, struct sj_text text); /* empty: null */
SJ_MUST_CHECK sj_status put_blob(struct sj_array *array, struct sj_view blob); /* empty: null */
SJ_MUST_CHECK sj_status put_day(struct sj_array *array, int64_t day);

#endif
