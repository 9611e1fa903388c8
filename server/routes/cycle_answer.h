/* SPDX-License-Identifier: Apache-2.0
 *
 * What the routes of templates, cycles, evaluations and clocks share: documents of the database as answers, faults by
 * pointer, the text of a reason.
 */
#ifndef SJ_SERVER_ROUTES_CYCLE_ANSWER_H
#define SJ_SERVER_ROUTES_CYCLE_ANSWER_H

#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/cycle/document.h"
#include "sanjeh/remedy/prose.h"

#define SJ_REASON_BYTES_MAX 2000u

SJ_MUST_CHECK static inline sj_status sj_answer_documents(
    struct sj_exchange *x, const struct sj_documents *documents)
{
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < documents->count; i++) {
        TRY(sj_exchange_subject(x, documents->items[i].judge));
        sj_json_raw(&json, NULL, documents->items[i].json);
    }
    return sj_exchange_list_end(x, &json, documents->last);
}

SJ_MUST_CHECK static inline sj_status sj_answer_document(
    struct sj_exchange *x, const struct sj_document *document)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_raw(&json, NULL, document->json);
    x->draft.object = document->id;
    TRY(sj_exchange_etag(x, document->version));
    return sj_json_end(&json);
}

/* Trims; an optional text may be empty. */
SJ_MUST_CHECK static inline sj_status sj_reason_check(
    struct sj_exchange *x, const char *pointer, struct sj_text *text)
{
    if (text->len == 0) {
        return SJ_DONE;
    }
    const char *fault = sj_remedy_prose(text, SJ_REASON_BYTES_MAX);
    return fault == NULL ? SJ_DONE
                         : sj_refuse_at(x, pointer, fault, "plain text of at most 2000 bytes");
}

#endif
