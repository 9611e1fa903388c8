/* SPDX-License-Identifier: Apache-2.0
 *
 * The register of judges. At rest a judge is an id: name, personnel and national number are FLE1 blobs, found
 * again by blind indexes (equality of numbers, equality of normalised name tokens).
 */
#ifndef SJ_EVALUATION_JUDGE_H
#define SJ_EVALUATION_JUDGE_H

#include "sanjeh/evaluation/evaluation.h"

/* Texts are empty and numbers 0 when absent, erased or hidden by the decision. */
struct sj_judge {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_text personnel_number;
    struct sj_text national_number;
    struct sj_text name;
    struct sj_text status;    /* active, probationary, seconded, suspended, retired */
    struct sj_text sex;       /* female, male */
    struct sj_text education; /* hawza, university, both */
    int64_t birth_year;
    int64_t judicial_base;
    bool has_first_appointment;
    int64_t first_appointment; /* days since 1970-01-01 */
    int64_t version;
    sj_time_us created_at;
    bool is_erased; /* the subject key is gone: the encrypted fields are lost for good */
};

/* At most one of the three may be given; each needs its field to be readable, else FORBIDDEN. */
struct sj_judge_query {
    struct sj_text q; /* all name tokens must match */
    struct sj_text personnel_number;
    struct sj_text national_number;
    struct sj_text status;
};

#define SJ_JUDGE_WORDS_MAX 8

/* Whether a text for q has at most so many different words. */
SJ_MUST_CHECK sj_status sj_judge_words_fit(
    struct sj_arena *arena, struct sj_text q, bool *ret_fits);
/* ret_last is the id to go on from when there may be more, nil otherwise. One query, one question to the keeper.
 * Errors: FORBIDDEN, BAD_PARAMETER (several of the three, or a q that does not fit). */
SJ_MUST_CHECK sj_status sj_judge_list(const struct sj_desk *desk,
    const struct sj_judge_query *query, struct sj_paging paging, struct sj_judge **ret_items,
    size_t *ret_count, struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_judge_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_judge *ret_judge);

/* Checks and canonicalises in place (numbers, name, enumerations; texts in arena). NULL when all is well, else
 * the code, and *reterr_field the member. status empty becomes "active". */
const char *sj_judge_check(
    struct sj_arena *arena, struct sj_judge *judge, const char **reterr_field);
/* Inserts checked judges into the actor's unit; ids and versions are set here. Needs desk->tx. Errors: DUPLICATE
 * when a number is registered already. */
SJ_MUST_CHECK sj_status sj_judge_create_many(
    const struct sj_desk *desk, struct sj_judge *judges, size_t count);
/* Reads with all fields inside desk->tx, for a change. */
SJ_MUST_CHECK sj_status sj_judge_find_whole(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_judge *ret_judge);
/* Replaces the fields of before (as read in this transaction) by those of after, checked; sets after->version.
 * Errors: PRECONDITION_FAILED when it was changed meanwhile, DUPLICATE. */
SJ_MUST_CHECK sj_status sj_judge_update(
    const struct sj_desk *desk, const struct sj_judge *before, struct sj_judge *after);

#endif
