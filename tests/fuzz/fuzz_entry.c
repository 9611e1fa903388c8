/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries and drafts from outside: does anything that decodes encode back to other bytes? Two byte strings with one
 * meaning would let a record be changed without changing what it says.
 */
#include "sanjeh/audit/entry.h"
#include "sanjeh/crypto/rotation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_rotation(struct sj_text detail)
{
    struct sj_rotation rotation;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(SJ_ROTATION_DETAIL_MAX);
    if (!sj_failed(sj_rotation_parse(detail, &rotation))) {
        SJ_ASSERT(!sj_failed(sj_rotation_format(&rotation, &out)));
        SJ_ASSERT(sj_text_equal(sj_buf_text(&out), detail));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sj_view bytes = sj_view_of(data, size);
    struct sj_entry entry;
    struct sj_draft draft;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(SJ_ENTRY_MAX);
    if (!sj_failed(sj_entry_decode(bytes, &entry))) {
        SJ_ASSERT(!sj_failed(sj_entry_encode(&entry, &out)));
        SJ_ASSERT(sj_view_equal(sj_buf_view(&out), bytes));
    }
    sj_buf_reset(&out);
    if (!sj_failed(sj_draft_decode(bytes, &draft))) {
        SJ_ASSERT(!sj_failed(sj_draft_encode(&draft, &out)));
        SJ_ASSERT(sj_view_equal(sj_buf_view(&out), bytes));
        read_rotation(sj_text_of(draft.detail));
    }
    return 0;
}
