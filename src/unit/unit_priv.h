/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/unit share.
 */
#ifndef SJ_UNIT_PRIV_H
#define SJ_UNIT_PRIV_H

#include "sanjeh/unit/account.h"
#include "sanjeh/unit/unit.h"

/* A name that people read: UTF-8 of 1..max bytes, no controls, no space at its ends. */
bool unit_is_label(struct sj_text text, size_t max);

#endif
