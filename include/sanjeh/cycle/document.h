/* SPDX-License-Identifier: Apache-2.0
 *
 * A row whose answer the database writes as JSON: reference-like things that nobody computes with (templates, cycles,
 * running clocks, scientific packages). Nothing sealed is ever in one.
 */
#ifndef SJ_CYCLE_DOCUMENT_H
#define SJ_CYCLE_DOCUMENT_H

#include "sanjeh/evaluation/evaluation.h"

struct sj_document {
    struct sj_uuid id;
    int64_t version;      /* 0 where rows have none */
    struct sj_text json;  /* one object */
    struct sj_uuid judge; /* whom it is about; nil: nobody, or not told (all but deadlines) */
};

struct sj_documents {
    struct sj_document *items;
    size_t count;
    struct sj_uuid last; /* to go on from when there may be more, else nil */
};

/* Columns id, version, json; one row more than limit says that there is more. Copied into the desk's arena. */
SJ_MUST_CHECK sj_status sj_documents_of(const struct sj_desk *desk, const struct sj_rows *rows,
    size_t limit, struct sj_documents *ret_documents);

#endif
