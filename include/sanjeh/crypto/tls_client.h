/* SPDX-License-Identifier: Apache-2.0
 *
 * A TLS connection to somebody else's server, for threads that may block: TLS 1.2 and later, the server's name and chain are verified
 * against one authority file, a client certificate is shown when there is one. Every wait is bounded and ends when *stop becomes true.
 */
#ifndef SJ_CRYPTO_TLS_CLIENT_H
#define SJ_CRYPTO_TLS_CLIENT_H

#include <stdatomic.h>

#include "sanjeh/base/memory.h"
#include "sanjeh/base/view.h"

struct sj_tls_peer; /* files read; belongs to one thread at a time */
struct sj_tls_line; /* one connection */

/* cert_file and key_file: "" for none; both PEM. Errors: BAD_CONFIG (a file that cannot be read or does not fit). */
SJ_MUST_CHECK sj_status sj_tls_peer_new(const char *ca_file, const char *cert_file,
    const char *key_file, struct sj_tls_peer **ret_peer);
void sj_tls_peer_free(struct sj_tls_peer **peer);

/* name: what the certificate must be for. Errors: SERVER_UNREACHABLE, SERVER_UNTRUSTED, SHUTTING_DOWN. */
SJ_MUST_CHECK sj_status sj_tls_line_open(struct sj_tls_peer *peer, const char *host,
    const char *port, const char *name, int64_t timeout_ms, const atomic_bool *stop,
    struct sj_tls_line **ret_line);
/* All of it, or the line is of no use any more. timeout_ms: without any progress. Errors: SERVER_UNREACHABLE, SHUTTING_DOWN. */
SJ_MUST_CHECK sj_status sj_tls_line_send(
    struct sj_tls_line *line, struct sj_view bytes, int64_t timeout_ms, const atomic_bool *stop);
/* Until the peer's system has acknowledged every byte and the peer has not closed. Errors: the same. */
SJ_MUST_CHECK sj_status sj_tls_line_settle(
    struct sj_tls_line *line, int64_t timeout_ms, const atomic_bool *stop);
void sj_tls_line_close(struct sj_tls_line **line);

#endif
