/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh-verify's reader of a log at an address.
 */
#ifndef SJ_SERVER_VERIFY_FETCH_H
#define SJ_SERVER_VERIFY_FETCH_H

#include "sanjeh/audit/verify.h"

struct verify_place {
    const char *url;        /* prefix of checkpoint and tile/… */
    const char *ca_file;    /* NULL: the system's */
    const char *token_file; /* one line; NULL: nobody is said to ask */
    const char *cache;      /* folder that keeps full tiles and bundles; NULL: none */
};

struct verify_fetch;
/* Errors: BAD_PARAMETER (address, token file, cache), OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status verify_fetch_new(
    const struct verify_place *place, struct verify_fetch **ret_fetch);
void verify_fetch_free(struct verify_fetch **fetch);
/* A sj_verify_fetch_fn over a struct verify_fetch *. */
SJ_MUST_CHECK sj_status verify_fetch_member(
    void *fetch, struct sj_text name, size_t max, struct sj_buf *ret_bytes, bool *ret_found);
/* Why the log could not be asked; "" when it could. */
const char *verify_fetch_why(const struct verify_fetch *fetch);

#endif
