/* SPDX-License-Identifier: Apache-2.0
 *
 * Borrowed bytes and borrowed text. A sj_text has been proven UTF-8 without NUL (sj_text_check).
 * Neither is NUL-terminated.
 */
#ifndef SJ_BASE_VIEW_H
#define SJ_BASE_VIEW_H

#include "sanjeh/base/status.h"

struct sj_view {
    const uint8_t *ptr;
    size_t len;
};

struct sj_text {
    const char *ptr;
    size_t len;
};

#define SJ_TEXT(literal) ((struct sj_text){(literal), sizeof(literal) - 1})

struct sj_view sj_view_of(const void *ptr, size_t len);
/* text of a NUL-terminated string that is known to be UTF-8 (our own constants, configuration). */
struct sj_text sj_text_of(const char *string);
struct sj_view sj_text_bytes(struct sj_text text);
bool sj_view_equal(struct sj_view a, struct sj_view b);
bool sj_text_equal(struct sj_text a, struct sj_text b);
bool sj_text_is(struct sj_text text, const char *literal);
bool sj_text_starts(struct sj_text text, const char *prefix);
/* Strict UTF-8 (RFC 3629: no surrogates, no overlong forms), no NUL, at most max bytes.
 * Errors: BAD_REQUEST; ret_text untouched. */
SJ_MUST_CHECK sj_status sj_text_check(struct sj_view bytes, size_t max, struct sj_text *ret_text);
/* Splits at the first separator: *rest becomes what follows; false when there was nothing left. */
bool sj_text_split(struct sj_text *rest, char separator, struct sj_text *ret_head);

#endif
