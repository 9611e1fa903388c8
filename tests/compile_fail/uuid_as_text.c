/* SPDX-License-Identifier: Apache-2.0
 * expect: incompatible type
 *
 * Text is not an id before it has been parsed.
 */
#include "sanjeh/base/id.h"

bool is_nobody(struct sj_text text);

bool is_nobody(struct sj_text text)
{
#ifdef MISUSE
    return sj_uuid_is_nil(text);
#else
    struct sj_uuid id = {{0}};
    return !sj_failed(sj_uuid_parse(text, &id)) && sj_uuid_is_nil(id);
#endif
}
