/* SPDX-License-Identifier: Apache-2.0
 *
 * The file as it is served to the judge (S7): criteria, figures, draft, marks without names, evidence and its admission,
 * conflicts, calibration. Respondents' identities, open disciplinary matters and integrity texts are no part of it.
 */
#ifndef SJ_REMEDY_DISCLOSURE_H
#define SJ_REMEDY_DISCLOSURE_H

#include "sanjeh/remedy/record.h"

/* Assembles what is there now and writes it as a disclosure: body {"parts": [{"part", "sha256", "content"}]}, each
 * part's hash over its content's bytes, the record's sha256 over all contents one after another. A content too large
 * to be kept twice is null: its hash stands for what the part's own route serves. Needs desk->tx.
 * Errors: GUARD_UNMET (no draft to serve). */
SJ_MUST_CHECK sj_status sj_disclosure_serve(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, struct sj_record *ret_disclosure);

/* The newest draft of the round, a JSON object; *ret_found false: none is visible. */
SJ_MUST_CHECK sj_status sj_draft_body_find(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, bool *ret_found, struct sj_text *ret_body);

#endif
