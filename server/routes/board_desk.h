/* SPDX-License-Identifier: Apache-2.0
 *
 * What the routes of boards, conflicts, marks and samples share: the file of the path, and a refusal as an error of the answer.
 */
#ifndef SJ_SERVER_ROUTES_BOARD_DESK_H
#define SJ_SERVER_ROUTES_BOARD_DESK_H

#include "evaluation_desk.h"

#include "sanjeh/board/file.h"

/* status as it is, its reason among the faults. */
SJ_MUST_CHECK static inline sj_status sj_refused(
    struct sj_exchange *x, sj_status status, const struct sj_refusal *refusal)
{
    if (sj_failed(status) && refusal->code != NULL) {
        TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(refusal->pointer), refusal->code,
            sj_text_of(refusal->detail)));
    }
    return status;
}

SJ_MUST_CHECK static inline sj_status sj_file_by_id(
    struct sj_exchange *x, struct sj_uuid id, struct sj_file *ret_file)
{
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    TRY(sj_file_find(&desk, id, &found, ret_file));
    x->missed = found ? x->missed : id;
    ENSURE(found, NOT_FOUND);
    return sj_exchange_subject(x, ret_file->judge);
}

/* The file of {id} in the path. */
SJ_MUST_CHECK static inline sj_status sj_file_of(struct sj_exchange *x, struct sj_file *ret_file)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    return sj_file_by_id(x, id, ret_file);
}

/* A text that people read, trimmed. Errors: INVALID with BAD_TEXT at pointer. */
SJ_MUST_CHECK static inline sj_status sj_prose_of(
    struct sj_exchange *x, const char *pointer, struct sj_text *text)
{
    if (!sj_failed(sj_board_text_check(*text, SJ_BOARD_PROSE_MAX, text))) {
        return SJ_DONE;
    }
    TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(pointer), "BAD_TEXT",
        SJ_TEXT("1 to 8000 bytes without control and bidi characters")));
    FAIL(INVALID);
}

#endif
