/* SPDX-License-Identifier: Apache-2.0
 *
 * What boards, conflicts, marks and drafts share: the file they hang on, the persons behind accounts, and how a refusal says
 * why.
 */
#ifndef SJ_BOARD_FILE_H
#define SJ_BOARD_FILE_H

#include "sanjeh/evaluation/evaluation.h"

#define SJ_BOARD_PROSE_MAX 8000 /* bytes of one text of a person */

/* As much of an evaluation as these need. Texts in the desk's arena. */
struct sj_file {
    struct sj_uuid unit; /* process owner */
    struct sj_uuid id;
    struct sj_uuid cycle;
    struct sj_uuid judge;
    struct sj_uuid issuer_unit;
    struct sj_uuid issuer_scope;
    struct sj_text state;
    int64_t round;
    int64_t version;
    bool is_locked; /* all marks are submitted */
    bool is_disclosed;
    struct sj_uuid template_id;
    int64_t coverage_min; /* percent */
    struct sj_uuid board; /* nil: none */
};
/* Within desk->tx when there is one, else by itself. Invisible is not found. */
SJ_MUST_CHECK sj_status sj_file_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_file *ret_file);
/* Several of them in the same order, with one statement. ret_missing: number of the first that is not found, count when all are. */
SJ_MUST_CHECK sj_status sj_file_list(const struct sj_desk *desk, const struct sj_uuid *ids,
    size_t count, struct sj_file *ret_files, size_t *ret_missing);

/* Why a call that failed with INVALID, CONFLICT or GUARD_UNMET refuses; code NULL: nothing to say. All static. */
struct sj_refusal {
    const char *pointer; /* RFC 6901 */
    const char *code;
    const char *detail;
};

/* A text that people read: trimmed, 1..max bytes, without control and bidi characters, but lines. ret_text is within text.
 * Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_board_text_check(
    struct sj_text text, size_t max, struct sj_text *ret_text);

#endif
