/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this folder share: asking, sealing under the key of a file, opening rows of one file.
 */
#ifndef BOARD_PRIV_H
#define BOARD_PRIV_H

#include "sanjeh/board/conflict.h"
#include "sanjeh/evaluation/desk_rows.h"

#define DOCUMENT_MAX 65536u

/* Within the desk's transaction when there is one. */
SJ_MUST_CHECK sj_status ask(const struct sj_desk *desk, enum sj_sql sql,
    const struct sj_param *params, size_t count, struct sj_rows **ret_rows);
/* A write that must touch exactly one row; none is missing_code. */
SJ_MUST_CHECK sj_status write_one(const struct sj_desk *desk, enum sj_sql sql,
    const struct sj_param *params, size_t count, enum sj_code missing_code);
/* Room for count items; NULL when count is 0. */
SJ_MUST_CHECK sj_status room_for(
    const struct sj_desk *desk, size_t count, size_t size, void **ret_memory);
sj_time_us time_or_zero(const struct sj_rows *rows, size_t row, size_t column);
/* An array of ids for a statement; the caller clears it. */
SJ_MUST_CHECK sj_status ids_put(const struct sj_uuid *ids, size_t count, struct sj_array *array);
/* Fails with code and says why. */
sj_status refuse(struct sj_refusal *refusal, enum sj_code status, const char *pointer,
    const char *code, const char *detail);

/* The key of a file that a transaction seals with. */
SJ_MUST_CHECK sj_status file_key(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_subject *ret_key);
/* The key that opens a row: kept while the version stays the same. False in is_open: erased. */
struct opener {
    struct sj_subject key;
    int64_t version;
    bool is_open;
};
void opener_clear(struct opener *opener);
SJ_MUST_CHECK sj_status opener_turn(const struct sj_desk *desk, const struct sj_file *file,
    struct opener *opener, const struct sj_rows *rows, size_t row, size_t version_column,
    size_t wrapped_column);
/* Empty when the column is null or the key is erased. */
SJ_MUST_CHECK sj_status open_text(const struct sj_desk *desk, const struct opener *opener,
    uint32_t table, uint32_t column, struct sj_uuid id, struct sj_view blob,
    struct sj_text *ret_text);

/* One person, checked by unit. */
struct person {
    struct sj_uuid account;
    struct sj_uuid id;
    bool is_judge;
};
/* Same order as accounts. Errors: INVALID (UNKNOWN_ACCOUNT, EXCLUDED_UNIT). */
SJ_MUST_CHECK sj_status persons_find(const struct sj_desk *desk, const struct sj_uuid *accounts,
    size_t count, struct person *ret_persons, struct sj_refusal *refusal);
/* Whether the actor holds a seat now, of one of these capacities (NULL-ended; NULL: any). */
SJ_MUST_CHECK sj_status actor_sits(const struct sj_desk *desk, const struct sj_file *file,
    const char *const *capacities, bool *ret_sits);
SJ_MUST_CHECK sj_status conflicts_of(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_uuid account, struct sj_uuid person);

#endif
