/* SPDX-License-Identifier: Apache-2.0
 *
 * Can any bytes break the reader of signed notes? What it accepts must be signed by one of the two keys here, and its
 * text must lie inside the bytes.
 */
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/note.h"

static const char *const vkeys[] = {
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "mirror.example.org+3fb148ef+BAAjjch9GyYz0sJsJx7ALhbdAtz2ov0unbzSl1vMp94O",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_note_key keys[SJ_COUNT(vkeys)];
    struct sj_note note;
    for (size_t i = 0; i < SJ_COUNT(vkeys); i++) {
        SJ_ASSERT(!sj_failed(sj_note_key_parse(sj_text_of(vkeys[i]), &keys[i])));
    }
    if (sj_failed(sj_note_open(sj_view_of(data, size), keys, SJ_COUNT(vkeys), &note))) {
        return 0;
    }
    SJ_ASSERT(note.verified_count >= 1 && note.verified_count <= SJ_COUNT(vkeys));
    SJ_ASSERT(note.text.len > 0 && note.text.len < size);
    SJ_ASSERT(note.text.ptr[note.text.len - 1] == '\n');
    return 0;
}
