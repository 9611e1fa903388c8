/* SPDX-License-Identifier: Apache-2.0
 *
 * A person's session with a Sanjeh server over HTTPS, for the command line. One call at a time; blocking. Certificates are
 * checked against one CA file, or the system's; redirects, proxies and other protocols are never followed.
 */
#ifndef SJ_CLIENT_CLIENT_H
#define SJ_CLIENT_CLIENT_H

#include "sanjeh/base/arena.h"
#include "sanjeh/base/view.h"

#define SJ_CLIENT_BODY_MAX ((size_t)4 * 1024 * 1024) /* bytes of an answer */
#define SJ_CLIENT_WHY_SIZE 512u

struct sj_client;

/* url: https://host[:port], nothing behind it. ca_file: PEM; NULL: the system's authorities.
 * Errors: INVALID (the url), OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_client_new(
    const char *url, const char *ca_file, struct sj_client **ret_client);
void sj_client_free(struct sj_client **client);

struct sj_client_call {
    const char *method;
    const char *path;  /* with its query, percent-encoded */
    const char *media; /* of the body; NULL: there is none */
    struct sj_view body;
    int64_t if_match; /* version of what is changed, as ETags name it ("v7"); 0: none is named */
};
/* An answer of success (2xx); its body is in sj_client_body until the next call.
 * Errors: SERVER_UNREACHABLE (no connection, or it broke), SERVER_UNTRUSTED (its certificate), BODY_TOO_LARGE; an answer that is no
 * success becomes INVALID, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, TOO_MANY_REQUESTS, BUSY or
 * INTERNAL. sj_client_why says more in every case. */
SJ_MUST_CHECK sj_status sj_client_send(struct sj_client *client, const struct sj_client_call *call);
/* Members of the answer's object: "" and 0 for what is absent, null, of another type or longer than size - 1. */
SJ_MUST_CHECK sj_status sj_client_text(
    struct sj_client *client, const char *name, char *ret_text, size_t size);
SJ_MUST_CHECK sj_status sj_client_int(
    struct sj_client *client, const char *name, int64_t *ret_number);
/* A GET whose answer does not end by itself: its bytes go to fn as they come. Ends with the answer, with fn's failure, or when nothing
 * came for 40 s. Errors: as of sj_client_send. */
typedef sj_status sj_client_bytes_fn(void *ctx, struct sj_view bytes);
SJ_MUST_CHECK sj_status sj_client_follow(
    struct sj_client *client, const char *path, sj_client_bytes_fn *fn, void *ctx);
/* The same for any call, for an answer that is long and does end. */
SJ_MUST_CHECK sj_status sj_client_receive(
    struct sj_client *client, const struct sj_client_call *call, sj_client_bytes_fn *fn, void *ctx);
struct sj_view sj_client_body(const struct sj_client *client);
/* One sentence or several about the last failure; "" when there was none. Belongs to the client. */
const char *sj_client_why(const struct sj_client *client);
/* Stable code of the last problem that the server named, "" when there was none. */
const char *sj_client_problem(const struct sj_client *client);

/* The next session has these roles active from the start and no others; joined by ',', borrowed until then. */
void sj_client_start_with(struct sj_client *client, struct sj_text roles);
/* Password, then a code: from here on calls carry the session. Neither is kept. Errors: as of sj_client_send;
 * UNAUTHENTICATED for either of the two. */
SJ_MUST_CHECK sj_status sj_client_sign_in(struct sj_client *client, struct sj_text username,
    struct sj_view password, struct sj_view code);
/* Ends the session, if there is one. A failure is of no consequence: it expires. */
void sj_client_sign_out(struct sj_client *client);

#endif
