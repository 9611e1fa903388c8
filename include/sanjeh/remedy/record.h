/* SPDX-License-Identifier: Apache-2.0
 *
 * The records of a file that protect the judge (DOMAIN S6 to S9): of whatever kind, one row with who, when and in which
 * state in clear, and two sealed JSON objects: what was said (body) and what was answered to it (answer). Row
 * security chooses who reads and writes which; the calls here seal, open, and refuse a writer who read an older version.
 */
#ifndef SJ_REMEDY_RECORD_H
#define SJ_REMEDY_RECORD_H

#include "sanjeh/cycle/evaluation.h"

enum sj_record_kind {
    SJ_RECORD_SELF_ASSESSMENT,
    SJ_RECORD_EVIDENCE,
    SJ_RECORD_DISCLOSURE,
    SJ_RECORD_REPLY,
    SJ_RECORD_REPLY_POINT,
    SJ_RECORD_INTERVIEW,
    SJ_RECORD_VERDICT,
    SJ_RECORD_ACKNOWLEDGEMENT,
    SJ_RECORD_APPEAL,
    SJ_RECORD_APPEAL_VOTE,
    SJ_RECORD_CORRECTION,
    SJ_RECORD_PLAN,
    SJ_RECORD_PLAN_ACTION,
    SJ_RECORD_STATEMENT,
    SJ_RECORD_KIND_COUNT_
};

/* Largest body or answer, bytes of JSON text. */
#define SJ_RECORD_BODY_MAX ((size_t)60 * 1024)

/* What a kind has not is nil, empty or 0. Texts live in the desk's arena. */
struct sj_record {
    struct sj_uuid unit; /* the issuer's: set by sj_record_add */
    struct sj_uuid id;
    struct sj_uuid evaluation;
    struct sj_uuid judge;
    int64_t round;
    struct sj_text state;
    struct sj_text kind;   /* of evidence, acknowledgement; outcome of an appeal */
    struct sj_text label;  /* evidence: offered as judge or seat */
    struct sj_text body;   /* JSON object */
    struct sj_text answer; /* JSON object, empty: none yet */
    struct sj_uuid created_by;
    sj_time_us created_at;
    bool
        is_done; /* in: its last step is made now (submitted, decided, answered, recorded, accepted) */
    sj_time_us done_at; /* 0: not yet */
    sj_time_us opened_at;
    int64_t version;
    int64_t no;            /* of an appeal: how many marks its decision varies */
    struct sj_uuid parent; /* of a reply's point, an appeal's vote, a plan's action */
    struct sj_view sha256; /* 32 bytes or none */
    bool has_day;
    int64_t day;
    struct sj_uuid person; /* who voted; mentor of an action */
    bool is_erased;        /* the file's key is gone: body and answer are empty */
};

struct sj_record_filter {
    struct sj_uuid evaluation; /* nil: any */
    struct sj_uuid parent;
};

/* ret_last is the id to go on from when there may be more, nil otherwise. In desk->tx when there is one. */
SJ_MUST_CHECK sj_status sj_record_list(const struct sj_desk *desk, enum sj_record_kind kind,
    const struct sj_record_filter *filter, struct sj_paging paging, struct sj_record **ret_items,
    size_t *ret_count, struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_record_find(const struct sj_desk *desk, enum sj_record_kind kind,
    struct sj_uuid id, bool *ret_found, struct sj_record *ret_record);
/* Writes a new record of the evaluation in the actor's name; sets id, unit, evaluation, judge, round, version. Errors:
 * DUPLICATE (there is one of this round), FORBIDDEN (row security), LIMIT_EXCEEDED (body). */
SJ_MUST_CHECK sj_status sj_record_add(const struct sj_desk *desk, enum sj_record_kind kind,
    const struct sj_evaluation *evaluation, struct sj_record *record);
/* Writes what may change of the kind (state, body, answer, kind, day, is_done). Errors: PRECONDITION_FAILED when it was
 * changed meanwhile or row security closes it. Raises record->version. */
SJ_MUST_CHECK sj_status sj_record_change(
    const struct sj_desk *desk, enum sj_record_kind kind, struct sj_record *record);
/* Stamps the first opening of a served file; later ones change nothing. Needs desk->tx. */
SJ_MUST_CHECK sj_status sj_disclosure_open(
    const struct sj_desk *desk, const struct sj_record *disclosure);
/* How many seats of the appeal board have not voted. Needs desk->tx. */
SJ_MUST_CHECK sj_status sj_appeal_votes_missing(
    const struct sj_desk *desk, struct sj_uuid appeal, int64_t *ret_missing);

#endif
