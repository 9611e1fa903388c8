/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/crypto only: which names a note key may have.
 */
#ifndef SJ_CRYPTO_NOTE_NAME_H
#define SJ_CRYPTO_NOTE_NAME_H

#include "sanjeh/base/view.h"

/* Not empty, no Unicode space, no '+', no control character. The text has been proven UTF-8. */
bool sj_note_name_is_valid(struct sj_text name);

#endif
