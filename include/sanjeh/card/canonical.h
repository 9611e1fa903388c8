/* SPDX-License-Identifier: Apache-2.0
 *
 * The one byte sequence of a JSON document that is hashed and signed: RFC 8785 (JCS), restricted to what a report card
 * holds. Decimals are texts, so that no reader's floating point changes what was signed.
 */
#ifndef SJ_CARD_CANONICAL_H
#define SJ_CARD_CANONICAL_H

#include "sanjeh/base/arena.h"
#include "sanjeh/base/buf.h"

#define SJ_CARD_BYTES_MAX ((size_t)1536 * 1024)

/* Appends the canonical form of json. Members sorted by name, no white space, shortest escapes, UTF-8.
 * Errors: INVALID: not JSON, a number that is no integer of at most 2^53-1, a name other than [a-z0-9_]{1,64} (names that
 * sort alike by bytes and by UTF-16), a member twice, more than 128 members in one object; LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status sj_card_canonical(
    struct sj_view json, struct sj_arena *arena, struct sj_buf *out);

#endif
