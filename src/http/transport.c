/* SPDX-License-Identifier: Apache-2.0
 *
 * Which bytes of TLS go to the socket in which system call? GnuTLS asks for the five bytes of a record's head
 * and then for its rest, libmicrohttpd sends head and body of an answer as two records: two calls each, and two
 * segments. Here one read takes what has arrived, and the record with an answer's head waits for the one with
 * its body. Both use one buffer of the loop, so an idle connection costs nothing more; whoever finds it taken
 * does without. Bytes are held only while libmicrohttpd is certain to ask or to send again: it asks until it
 * is told EAGAIN, and nothing is held back unless a body follows.
 * If the order of bytes were broken here, GnuTLS of either side would end the connection.
 */
#include "http_priv.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define VECTORS_MAX 16

/* ---- reading ---- */

static ssize_t take_ahead(struct sj_http *http, void *data, size_t size)
{
    struct sj_http_hold *ahead = &http->ahead;
    const size_t len = size < ahead->len ? size : ahead->len;
    sj_ignore(sj_copy(data, size, ahead->bytes + ahead->at, len), "the smaller of the two");
    ahead->at += len;
    ahead->len -= len;
    if (ahead->len == 0) {
        ahead->owner = NULL;
    }
    return (ssize_t)len;
}

/* Not in a handshake: it is parked by what the socket says, and what lies here is not in the socket. */
static ssize_t receive(struct conn *conn, void *data, size_t size)
{
    struct sj_http_hold *ahead = &conn->http->ahead;
    if (ahead->owner == conn) {
        return take_ahead(conn->http, data, size);
    }
    if (ahead->owner != NULL || conn->phase == PHASE_HANDSHAKE || size >= sizeof(ahead->bytes)) {
        return recv(conn->fd, data, size, 0);
    }
    const ssize_t got = recv(conn->fd, ahead->bytes, sizeof(ahead->bytes), 0);
    if (got <= 0) {
        return got;
    }
    ahead->owner = conn;
    ahead->at = 0;
    ahead->len = (size_t)got;
    return take_ahead(conn->http, data, size);
}

/* The bytes are the record layer's, so the first byte behind an idle time is seen without system calls. */
static ssize_t pull(gnutls_transport_ptr_t ptr, void *data, size_t size)
{
    struct conn *conn = ptr;
    const ssize_t got = receive(conn, data, size);
    if (got > 0) {
        conn->http->has_moved = true;
        if (conn->phase == PHASE_IDLE) {
            sj_http_conn_phase(conn, PHASE_HEAD);
        }
    }
    return got;
}

/* Only asked by blocking code paths of GnuTLS, which a non-blocking session does not take. */
static int pull_timeout(gnutls_transport_ptr_t ptr, unsigned ms)
{
    (void)ptr;
    (void)ms;
    return 1;
}

/* ---- writing ---- */

static size_t size_of(const giovec_t *vectors, int count)
{
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        size += vectors[i].iov_len;
    }
    return size;
}

static void hold(struct conn *conn, const giovec_t *vectors, int count)
{
    struct sj_http_hold *held = &conn->http->held;
    held->owner = conn;
    held->at = 0;
    held->len = 0;
    for (int i = 0; i < count; i++) {
        sj_ignore(sj_copy(held->bytes + held->len, sizeof(held->bytes) - held->len,
                      vectors[i].iov_base, vectors[i].iov_len),
            "the caller has added up the lengths");
        held->len += vectors[i].iov_len;
    }
}

static ssize_t send_vectors(int fd, struct iovec *vectors, size_t count)
{
    const struct msghdr message = {.msg_iov = vectors, .msg_iovlen = count};
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* What is held goes first; only bytes behind it count as sent. */
static ssize_t send_behind_held(struct conn *conn, struct iovec *vectors, size_t count)
{
    struct sj_http_hold *held = &conn->http->held;
    vectors[0] = (struct iovec){held->bytes + held->at, held->len};
    const ssize_t sent = send_vectors(conn->fd, vectors, count);
    if (sent < 0) {
        return sent;
    }
    if ((size_t)sent <= held->len) {
        held->at += (size_t)sent;
        held->len -= (size_t)sent;
        held->owner = held->len == 0 ? NULL : conn;
        errno = EAGAIN;
        return -1;
    }
    const ssize_t counted = sent - (ssize_t)held->len;
    held->owner = NULL;
    return counted;
}

static ssize_t push(gnutls_transport_ptr_t ptr, const giovec_t *vectors, int count)
{
    struct conn *conn = ptr;
    struct sj_http_hold *held = &conn->http->held;
    const bool may_hold = conn->is_body_next && held->owner == NULL;
    conn->is_body_next = false;
    const size_t size = size_of(vectors, count);
    if (may_hold && size <= sizeof(held->bytes)) {
        hold(conn, vectors, count);
        return (ssize_t)size;
    }
    struct iovec all[1 + VECTORS_MAX];
    const size_t used = count < VECTORS_MAX ? (size_t)count : VECTORS_MAX;
    for (size_t i = 0; i < used; i++) {
        all[1 + i] = (struct iovec){vectors[i].iov_base, vectors[i].iov_len};
    }
    return held->owner == conn ? send_behind_held(conn, all, 1 + used)
                               : send_vectors(conn->fd, all + 1, used);
}

/* ---- beginning and end ---- */

void sj_http_transport_start(struct conn *conn, gnutls_session_t session)
{
    gnutls_transport_set_ptr(session, conn);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_pull_timeout_function(session, pull_timeout);
    gnutls_transport_set_vec_push_function(session, push);
}

static void release(struct sj_http_hold *hold, const struct conn *conn)
{
    if (hold->owner == conn) {
        hold->owner = NULL;
        hold->len = 0;
    }
}

void sj_http_transport_end(struct conn *conn)
{
    release(&conn->http->ahead, conn);
    release(&conn->http->held, conn);
}
