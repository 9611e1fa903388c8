/* SPDX-License-Identifier: Apache-2.0
 *
 * Judges inside this folder: tokens of a name, blind index values, decoding of rows.
 */
#ifndef JUDGE_PRIV_H
#define JUDGE_PRIV_H

#include "evaluation_priv.h"
#include "sanjeh/evaluation/judge.h"

#define NAME_TOKENS_MAX 16u

struct name_tokens {
    struct sj_text items[NAME_TOKENS_MAX];
    size_t count;
};

/* Different words of a name in its search form; texts in the arena. */
SJ_MUST_CHECK sj_status name_tokens_of(
    struct sj_arena *arena, struct sj_text name, struct name_tokens *ret_tokens);
bool name_tokens_include(const struct name_tokens *all, const struct name_tokens *some);

/* Blind index values of any number of texts, BLIND_ASK_MAX a question. index is SJ_INDEX_JUDGE_…; ret_blinds
 * holds count. */
SJ_MUST_CHECK sj_status judge_blinds(const struct sj_desk *desk, struct sj_uuid unit,
    enum sj_index_number index, const struct sj_text *values, size_t count,
    struct sj_blind *ret_blinds);
/* Bytes that are stored of a blind value. */
size_t judge_blind_size(enum sj_index_number index);

/* Decodes all rows of a judge query. everything: regardless of the decision's fields. */
SJ_MUST_CHECK sj_status judge_rows(const struct sj_desk *desk, const struct sj_rows *rows,
    bool everything, struct sj_judge *judges);

#endif
