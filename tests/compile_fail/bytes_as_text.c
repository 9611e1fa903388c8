/* SPDX-License-Identifier: Apache-2.0
 * expect: incompatible type
 *
 * Bytes are not text before they have been checked.
 */
#include "sanjeh/base/view.h"

bool is_yes(struct sj_view bytes);

bool is_yes(struct sj_view bytes)
{
#ifdef MISUSE
    return sj_text_is(bytes, "yes");
#else
    struct sj_text text = {NULL, 0};
    return !sj_failed(sj_text_check(bytes, 3, &text)) && sj_text_is(text, "yes");
#endif
}
