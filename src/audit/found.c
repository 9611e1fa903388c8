/* SPDX-License-Identifier: Apache-2.0
 *
 * Does an entry answer a question? The writer and the verifier of a search's file ask the same function.
 */
#include "sanjeh/audit/found_question.h"

sj_status sj_found_question_put(const struct sj_found_question *question, struct sj_buf *out)
{
    const uint8_t length = (uint8_t)question->action.len;
    const uint8_t complete = question->is_complete ? 1 : 0;
    ENSURE(question->action.len <= SJ_ENTRY_ACTION_MAX && question->outcome <= 3, INVALID);
    TRY(sj_buf_put(out, question->tag.bytes, 16));
    TRY(sj_buf_put(out, question->actor.bytes, 16));
    TRY(sj_buf_put(out, question->object.bytes, 16));
    TRY(sj_buf_put_byte(out, length));
    TRY(sj_buf_put(out, question->action.ptr, question->action.len));
    TRY(sj_buf_put_byte(out, question->outcome));
    TRY(sj_buf_put_u64(out, question->low));
    TRY(sj_buf_put_u64(out, question->below));
    TRY(sj_buf_put_u64(out, question->indexed));
    return sj_buf_put_byte(out, complete);
}

static bool is_asked(struct sj_uuid asked, struct sj_uuid id)
{
    return sj_uuid_is_nil(asked) || sj_uuid_equal(asked, id);
}

bool sj_found_fits(const struct sj_found_question *question, const struct sj_entry *entry)
{
    const struct sj_draft *draft = &entry->draft;
    return is_asked(question->tag, draft->tenant_tag) && is_asked(question->actor, draft->actor) &&
           is_asked(question->object, draft->object) &&
           (question->action.len == 0 || sj_text_is(question->action, draft->action)) &&
           (question->outcome == 0 || question->outcome == (uint8_t)draft->outcome + 1) &&
           entry->index >= question->low && entry->index < question->below;
}
