/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates: the criteria of a cycle with their weights. A draft may be changed; published once it stays as it is, and
 * a correction is the next edition of its code.
 */
#ifndef SJ_CYCLE_TEMPLATE_H
#define SJ_CYCLE_TEMPLATE_H

#include "sanjeh/cycle/document.h"

#define SJ_TEMPLATE_ITEMS_MAX 99u

struct sj_template_item {
    int64_t no; /* 1..99 */
    struct sj_text family;
    struct sj_text source;
    struct sj_text indicator; /* code; empty for marks */
    struct sj_text name_fa;
    struct sj_text name_en;
    int64_t weight_hundredths;
    int64_t scale_min;
    int64_t scale_max;
    struct sj_text guidance;
    bool evidence_required;
};

struct sj_template_draft {
    struct sj_text code; /* empty in a change */
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text population;
    bool has_items;
    struct sj_template_item *items;
    size_t item_count;
};

SJ_MUST_CHECK sj_status sj_template_list(const struct sj_desk *desk, struct sj_text state,
    struct sj_paging paging, struct sj_documents *ret_templates);
/* ret_state may be NULL. */
SJ_MUST_CHECK sj_status sj_template_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_document *ret_template, struct sj_text *ret_state);
/* Checked by the caller. Errors: DUPLICATE (another edition was made at the same time). */
SJ_MUST_CHECK sj_status sj_template_create(
    const struct sj_desk *desk, const struct sj_template_draft *draft, struct sj_uuid *ret_id);
/* Empty texts and no items leave what is there. Errors: PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_template_change(const struct sj_desk *desk, struct sj_uuid id,
    int64_t version, const struct sj_template_draft *draft);
/* The Supreme Court's consent to the draft as it stands. Errors: PRECONDITION_FAILED (changed, or consented to already). */
SJ_MUST_CHECK sj_status sj_template_consent(
    const struct sj_desk *desk, struct sj_uuid id, int64_t version);
/* to: "published" or "withdrawn". Errors: PRECONDITION_FAILED. The caller has looked at "unmet". */
SJ_MUST_CHECK sj_status sj_template_move(
    const struct sj_desk *desk, struct sj_uuid id, int64_t version, const char *to);

#endif
