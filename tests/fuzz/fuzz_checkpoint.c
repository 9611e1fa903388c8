/* SPDX-License-Identifier: Apache-2.0
 *
 * Can any text break the reader of checkpoints? What it accepts must begin with its one spelling; only extension
 * lines may follow.
 */
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_checkpoint checkpoint;
    struct sj_text text;
    if (sj_failed(sj_text_check(sj_view_of(data, size), 8192, &text)) ||
        sj_failed(sj_checkpoint_parse(text, &checkpoint))) {
        return 0;
    }
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(16384);
    SJ_ASSERT(!sj_failed(
        sj_checkpoint_format(checkpoint.origin, checkpoint.size, &checkpoint.root, &out)));
    SJ_ASSERT(out.len <= size && sj_view_equal(sj_buf_view(&out), sj_view_of(data, out.len)));
    return 0;
}
