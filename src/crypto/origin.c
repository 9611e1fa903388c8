/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose keys outlive a log? A log that is begun anew has an origin of its own, and with it a key of its own; what is not about the
 * log (cards, payloads) goes by the origin of the first one, which every later one begins with.
 */
#include "sanjeh/base/id.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/note.h"

#define ID_LEN ((size_t)SJ_UUID_TEXT_SIZE - 1)

struct sj_text sj_origin_stem(struct sj_text origin)
{
    size_t slash = origin.len;
    struct sj_uuid id;
    uint64_t number = 0;
    while (slash > 0 && origin.ptr[slash - 1] != '/') {
        slash--;
    }
    if (slash < ID_LEN + 3 || origin.ptr[slash - ID_LEN - 2] != '/') {
        return origin;
    }
    const struct sj_text last = {origin.ptr + slash, origin.len - slash};
    const struct sj_text middle = {origin.ptr + slash - 1 - ID_LEN, ID_LEN};
    if (sj_failed(sj_parse_u64(last, 2, INT32_MAX, &number)) ||
        sj_failed(sj_uuid_parse(middle, &id))) {
        return origin;
    }
    return (struct sj_text){origin.ptr, slash - ID_LEN - 2};
}
