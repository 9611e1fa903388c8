/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of computing share: the plan (items with their definitions), the targets (evaluations with their raw
 * readings), the lines that become a sheet.
 */
#ifndef EVALUATION_COMPUTE_PRIV_H
#define EVALUATION_COMPUTE_PRIV_H

#include "evaluation_priv.h"
#include "sanjeh/analysis/expression.h"
#include "sanjeh/analysis/score.h"
#include "sanjeh/analysis/statistics.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/evaluation/compute.h"
#include "sanjeh/evaluation/formula.h"
#include "sanjeh/json/write.h"
#include "sanjeh/text/persian.h"

#define COMPUTE_PAGE 500u /* evaluations of one question */

/* One template item. Texts in the plan's arena. */
struct plan_item {
    int64_t no;
    enum sj_family family;
    bool is_mark; /* the board marks it: no line here */
    struct sj_decimal weight;
    struct sj_text code;
    struct sj_uuid indicator;
    bool is_computed; /* by formula from workload; else from surveyed and imported values */
    bool is_survey;
    bool is_individual; /* level J or J/C */
    bool has_definition;
    int64_t version;
    struct sj_text formula_text;
    struct sj_expression formula; /* when is_computed */
    struct sj_text measure;       /* unit of the value */
    struct sj_anchors anchors;    /* direction NONE: there are none */
    int64_t min_n;
};

/* What a court's own workload and the units' reports about it come to: the context of whoever works there, in no score. */
#define COURTS_OF_JUDGE_MAX 8u
struct court_report {
    struct sj_text code;
    struct sj_period period;
    int64_t n; /* negative: unknown */
    struct sj_text value;
    struct sj_text reason; /* why value is empty */
};
struct court {
    struct sj_uuid id;
    struct sj_text code;
    struct sj_text name_fa;
    struct sj_text name_en;
    const char *fault;       /* why there are no figures; NULL: counts hold */
    struct sj_counts counts; /* what came in as a whole stands under filed */
    int64_t days;
    struct sj_text coverage; /* percent of the period, two decimals */
    struct sj_computed of[SJ_FORMULA_COUNT_];
    struct court_report *reports;
    size_t report_count;
};

struct plan {
    struct sj_uuid unit; /* process owner */
    struct sj_uuid cycle;
    int64_t from_day;
    int64_t to_day;
    int64_t coverage_min;
    struct plan_item *items;
    size_t item_count;
    size_t target_count;
    const struct court *courts; /* by id; of all targets, once they are read */
    size_t court_count;
    struct { /* of one evaluation, for a correction order; nil and 0: of the cycle */
        struct sj_uuid evaluation;
        struct sj_uuid correction;
        sj_time_us cut; /* what came in later counts only under a correction */
    } again;
};
static inline struct sj_param plan_cut(const struct plan *plan)
{
    return plan->again.cut == 0 ? sj_p_null() : sj_p_time(plan->again.cut);
}
/* desk: with the system's context. Errors: NOT_FOUND; GUARD_UNMET (a formula that does not parse). target_count may be 0. */
SJ_MUST_CHECK sj_status plan_read(
    const struct sj_desk *desk, struct sj_uuid cycle, struct plan *ret_plan);

/* A raw value, or none and why. */
struct reading {
    bool has_value;
    bool has_n;
    struct sj_decimal value;
    int64_t n;
    int64_t observations; /* of n, those that are observers' sheets */
    const char *reason;
};
/* Adds a value to a reading, by their n; without n two values are not joined. */
SJ_MUST_CHECK sj_status reading_join(const struct reading *value, struct reading *reading);

/* Peers are the judges of the same kind of court, grade band and class of province, where there are ten of them with enough n;
 * else those of the same kind of court and grade band, of the same kind of court, of the cycle. Bands and classes are reference
 * data (kinds grade_band, province_class), 1 to 9; 0: not known, which is like nobody's. */
#define PEER_KINDS 12u /* none, then those of the register of courts */
#define PEER_BANDS 10u /* none, 1 to 9 */
#define PEER_GROUPS                                                                                \
    (PEER_KINDS * PEER_BANDS * PEER_BANDS + PEER_KINDS * PEER_BANDS + PEER_KINDS + 1u)
struct peer_class {
    size_t court_kind;
    size_t grade_band;
    size_t province_class;
};
/* The peers of an item as they were at the freeze. */
struct frozen_peers {
    struct sj_peer_group group;
    struct peer_class peers;
};
/* "family"; static; "cycle" for 0. */
const char *peer_kind_name(size_t court_kind);
size_t peer_kind_find(struct sj_text court_kind); /* 0 for none and an unknown one */

struct target {
    struct sj_uuid evaluation;
    struct sj_uuid judge;
    struct sj_uuid issuer_unit;
    struct sj_uuid issuer_scope;
    struct sj_uuid sheet; /* of this round; nil: none yet */
    int64_t round;
    bool is_contested;
    struct peer_class peers;
    struct sj_uuid courts[COURTS_OF_JUDGE_MAX]; /* that he was posted to last, or heard cases at */
    size_t court_count;
    bool has_workload;
    const char *workload_fault; /* "NO_DATA" until there is some; NULL: inputs hold */
    struct sj_input_value inputs[SJ_INPUT_WORKLOAD_COUNT_];
    int64_t observed; /* sheets of observers, and the sum of their marks in hundredths */
    int64_t observed_sum;
    struct reading *readings;          /* by item */
    const struct frozen_peers *frozen; /* by item, instead of the present groups; NULL: as a rule */
};
/* Fills plan->target_count targets at most, ordered by judge, whose readings point into an array of item_count each;
 * returns how many there are. */
SJ_MUST_CHECK sj_status targets_read(const struct sj_desk *desk, const struct plan *plan,
    struct target *targets, struct reading *readings, size_t *ret_count);
void target_add_court(struct target *target, struct sj_uuid court);
/* Reads the courts of the targets into the desk's arena. */
SJ_MUST_CHECK sj_status courts_read(
    const struct sj_desk *desk, const struct target *targets, size_t count, struct plan *plan);
/* Of the plan's courts, those of a target, as an array of the sheet. */
SJ_MUST_CHECK sj_status courts_write(
    struct sj_json *json, const struct plan *plan, const struct target *target);
/* Keeps the figures as values of the owner, in the caller's transaction. */
SJ_MUST_CHECK sj_status courts_store(const struct sj_desk *desk, const struct plan *plan);
/* Surveyed and imported values of targets of one page. */
SJ_MUST_CHECK sj_status values_read(
    const struct sj_desk *desk, const struct plan *plan, struct target *targets, size_t count);
/* Observers' sheets of targets of one page, joined to S06; after values_read. */
SJ_MUST_CHECK sj_status observations_read(
    const struct sj_desk *desk, const struct plan *plan, struct target *targets, size_t count);
/* The target of a judge in an ordered page; NULL: none. */
struct target *target_find(struct target *targets, size_t count, struct sj_uuid judge);
/* Judges of a page as a parameter. */
SJ_MUST_CHECK sj_status put_judges(
    struct sj_array *array, const struct target *targets, size_t count);

/* A line of a sheet. */
struct line {
    struct reading reading;
    bool has_shrunk;
    struct sj_decimal shrunk;
    bool has_interval;
    struct sj_interval interval;
    struct sj_statistic z;
    bool has_score;
    struct sj_decimal score;
    struct sj_interval
        scores; /* when has_interval: what the interval's ends are worth, around the score */
    const char *reason;
};
/* Peers of each item with enough n. groups: PEER_GROUPS of them an item. */
SJ_MUST_CHECK sj_status peers_read(const struct plan *plan, const struct target *targets,
    size_t count, struct sj_peer_group *groups);
/* The narrowest group of ten and more that an item of a target is seen in; what it does not narrow by is 0 in *ret_class. */
const struct sj_peer_group *peers_for(const struct sj_peer_group *groups, size_t item,
    const struct target *target, struct peer_class *ret_class);
/* Why a reading becomes no sub-score and belongs to nobody's peers; NULL: it may. */
const char *line_hindrance(const struct plan_item *item, const struct reading *reading);
SJ_MUST_CHECK sj_status line_compute(const struct plan_item *item,
    const struct sj_peer_group *group, const struct reading *reading, struct line *ret_line);

/* Weights of one evaluation, in percent. */
struct sheet_sums {
    struct sj_decimal
        indicators; /* of all indicator items, what has data; relative to their weight */
    struct sj_decimal reachable; /* of everything: what has data, and what the board will mark */
};
/* One sheet as JSON, the hash of its inputs. */
SJ_MUST_CHECK sj_status sheet_write(const struct plan *plan, const struct sj_peer_group *groups,
    const struct target *target, struct sj_buf *ret_body, struct sheet_sums *ret_sums,
    struct sj_hash *ret_inputs);
/* Sheets and coverages of targets of one issuer, sealed and stored in desk->tx; adds to the run. */
struct run {
    struct sj_hash inputs; /* chain over the sheets */
    int64_t evaluations;
    int64_t sufficient;
};
/* The server's own eyes on all units' data. */
SJ_MUST_CHECK sj_status compute_context(const struct sj_desk *desk, struct sj_context *ret_context);
SJ_MUST_CHECK sj_status sheets_store(const struct sj_desk *desk, const struct plan *plan,
    const struct sj_peer_group *groups, const struct target *targets, size_t count,
    struct run *run);

#endif
