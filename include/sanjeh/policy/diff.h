/* SPDX-License-Identifier: Apache-2.0
 *
 * What may somebody do under the new policy that he may not under the old one, and the other way round? Exact: for each
 * role (and pair of roles where a narrowing rule names one), action, field class, mask and requirement every kind of
 * request is tried on both sides (src/policy/space.h). A cell with more than 16 atoms or too many kinds is "not proven"
 * and counts as widened. Limits outside the rules (days of an assignment, separation of duty, break-glass, delegation,
 * signatures) are compared one by one.
 */
#ifndef SJ_POLICY_DIFF_H
#define SJ_POLICY_DIFF_H

#include "sanjeh/policy/engine.h"

enum sj_diff_kind {
    SJ_DIFF_PERMIT = 0, /* the action itself */
    SJ_DIFF_READ,       /* fields of a class */
    SJ_DIFF_WRITE,
    SJ_DIFF_SORT,
    SJ_DIFF_FILTER,
    SJ_DIFF_AGGREGATE,
    SJ_DIFF_MASK,    /* a field shown less or more strictly */
    SJ_DIFF_REQUIRE, /* a requirement that falls or is added */
    SJ_DIFF_REACH,   /* without a resource: whose objects */
    SJ_DIFF_LIMIT    /* outside the rules; class holds the JSON pointer */
};
const char *sj_diff_kind_name(enum sj_diff_kind kind);

struct sj_diff_cell {
    bool widened; /* false: narrowed */
    bool proven;  /* false: not tried to the end; widened is then true */
    enum sj_diff_kind kind;
    const char *roles;   /* JSON array of the roles held; "[]" for a limit */
    const char *action;  /* "case:read"; "" */
    const char *class;   /* of fields; pointer of a limit; "" */
    const char *before;  /* in words: "refused E_NO_PERMIT", "hash", "30" */
    const char *after;   /* the same */
    const char *example; /* a request that differs, as a test of policy-tests/1; "" for limits */
};

struct sj_policy_diff;

/* before and after: root file and unit files, as for sj_policy_set_new. units: the real tree; count 0: the units that the
 * policies name, each below one root of all ("assumed" in the result). Errors: BAD_CONFIG with the place,
 * OUT_OF_MEMORY, LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status sj_policy_diff_make(const struct sj_policy *const *before,
    size_t before_count, const struct sj_policy *const *after, size_t after_count,
    const struct sj_policy_unit *units, size_t unit_count, struct sj_policy_diff **ret_diff,
    struct sj_policy_fault *reterr_fault);
/* May a unit file permit what it does? parents: root and the unit files above; the widened cells are what the unit file
 * would permit and they do not. Only resources of its owner's subtree are looked at. */
SJ_MUST_CHECK sj_status sj_policy_diff_ceiling(const struct sj_policy *const *parents,
    size_t parent_count, const struct sj_policy *unit_file, const struct sj_policy_unit *units,
    size_t unit_count, struct sj_policy_diff **ret_diff, struct sj_policy_fault *reterr_fault);
void sj_policy_diff_free(struct sj_policy_diff **diff);

bool sj_policy_diff_widens(const struct sj_policy_diff *diff);
size_t sj_policy_diff_cell_count(const struct sj_policy_diff *diff);
const struct sj_diff_cell *sj_policy_diff_cell_at(const struct sj_policy_diff *diff, size_t number);
/* RFC 8785 text: {"format":"policy-diff/1",…}; the same for the same input. */
SJ_MUST_CHECK sj_status sj_policy_diff_json(const struct sj_policy_diff *diff, struct sj_buf *out);
SJ_MUST_CHECK sj_status sj_policy_diff_text(const struct sj_policy_diff *diff, struct sj_buf *out);

#endif
