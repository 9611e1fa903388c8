/* SPDX-License-Identifier: Apache-2.0
 *
 * Can any text break the reader of verifier keys? What it accepts must have exactly one spelling.
 */
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_note_key key;
    struct sj_text text;
    if (sj_failed(sj_text_check(sj_view_of(data, size), 4096, &text)) ||
        sj_failed(sj_note_key_parse(text, &key))) {
        return 0;
    }
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(1024);
    SJ_ASSERT(!sj_failed(sj_note_key_format(&key, &out)));
    SJ_ASSERT(sj_view_equal(sj_buf_view(&out), sj_view_of(data, size)));
    return 0;
}
