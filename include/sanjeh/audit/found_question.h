/* SPDX-License-Identifier: Apache-2.0
 *
 * What a search of the record asked for, as it stands in the file of what it found (docs/AUDIT.md 7.3). Pure: writer and verifier share it.
 */
#ifndef SJ_AUDIT_FOUND_QUESTION_H
#define SJ_AUDIT_FOUND_QUESTION_H

#include "sanjeh/audit/entry.h"
#include "sanjeh/base/buf.h"

#define SJ_FOUND_MAGIC "SJFIND\x00\x01"

/* Conditions; what is nil or empty was not asked. */
struct sj_found_question {
    struct sj_uuid tag;
    struct sj_uuid actor;
    struct sj_uuid object;
    struct sj_text action;
    uint8_t outcome; /* 0: any, else enum sj_outcome plus 1 */
    uint64_t low;    /* hits below it are not in the file */
    uint64_t below;
    uint64_t indexed; /* how far the index went when it was asked */
    bool is_complete; /* the search said that nothing was missing among what it gave */
};
SJ_MUST_CHECK sj_status sj_found_question_put(
    const struct sj_found_question *question, struct sj_buf *out);
bool sj_found_fits(const struct sj_found_question *question, const struct sj_entry *entry);

#endif
