/* SPDX-License-Identifier: Apache-2.0
 *
 * One bounded HTTP exchange with somebody else's server: a log, a witness, a time-stamping authority. Blocking. TLS is
 * checked against one CA file, or the system's; plain http only on this machine; no redirect, proxy or other protocol.
 */
#ifndef SJ_FETCH_FETCH_H
#define SJ_FETCH_FETCH_H

#include "sanjeh/base/buf.h"

#define SJ_FETCH_URL_MAX 1024u
#define SJ_FETCH_WHY     160u

struct sj_fetch; /* keeps its connection; one thread at a time */

struct sj_fetch_config {
    const char *ca_file; /* PEM; NULL: the system's authorities */
    const char *bearer;  /* sent as Authorization; NULL: none */
    int64_t connect_ms;
};
/* Once, before threads. */
SJ_MUST_CHECK sj_status sj_fetch_init(void);
SJ_MUST_CHECK sj_status sj_fetch_new(
    const struct sj_fetch_config *config, struct sj_fetch **ret_fetch);
void sj_fetch_free(struct sj_fetch **fetch);
/* https://host…, or http:// with localhost, 127.0.0.1 or [::1]; no user, no query, no fragment, no control. */
bool sj_fetch_url_is_good(const char *url);

struct sj_fetch_request {
    const char *url;
    const char *media;   /* of the body; NULL: a GET */
    struct sj_view body; /* of a POST */
    size_t answer_max;   /* bytes */
    int64_t timeout_ms;  /* of the whole */
};
struct sj_fetch_answer {
    unsigned http;
    char media[64]; /* "" when none was said, or a longer one */
    struct sj_buf body;
};
/* Any answer is one, whatever its status. body is made anew; the caller clears it. Errors: INVALID (the url),
 * SERVER_UNREACHABLE (no connection, or it broke, or it took too long), SERVER_UNTRUSTED (its certificate), BODY_TOO_LARGE,
 * OUT_OF_MEMORY; sj_fetch_why then says more. */
SJ_MUST_CHECK sj_status sj_fetch_run(struct sj_fetch *fetch, const struct sj_fetch_request *request,
    struct sj_fetch_answer *ret_answer);
const char *sj_fetch_why(const struct sj_fetch *fetch);

#endif
