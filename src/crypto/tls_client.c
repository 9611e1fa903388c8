/* SPDX-License-Identifier: Apache-2.0
 *
 * How do bytes reach somebody else's server over TLS, and how do we know that they arrived? RFC 5425 has no acknowledgement: so the
 * sockets' own is asked (TCP_INFO), and a peer that has closed is noticed by reading. What was not acknowledged is sent again
 * over the next connection.
 */
#include "sanjeh/crypto/tls_client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h> /* of libc the struct is older */
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sanjeh/base/time.h"

#define SLICE_MS    100 /* between two looks at stop */
#define ESTABLISHED 1   /* TCP_ESTABLISHED */

struct sj_tls_peer {
    SSL_CTX *ctx;
};

struct sj_tls_line {
    SSL *ssl;
    int fd;
};

void sj_tls_peer_free(struct sj_tls_peer **peer)
{
    struct sj_tls_peer *p = TAKE(*peer);
    if (p != NULL) {
        SSL_CTX_free(p->ctx);
        sj_free(p);
    }
}

static sj_status show_certificate(SSL_CTX *ctx, const char *cert_file, const char *key_file)
{
    if (cert_file[0] == '\0') {
        return SJ_DONE;
    }
    ENSURE(SSL_CTX_use_certificate_chain_file(ctx, cert_file) == 1, BAD_CONFIG);
    ENSURE(SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) == 1, BAD_CONFIG);
    ENSURE(SSL_CTX_check_private_key(ctx) == 1, BAD_CONFIG);
    return SJ_DONE;
}

sj_status sj_tls_peer_new(
    const char *ca_file, const char *cert_file, const char *key_file, struct sj_tls_peer **ret_peer)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_tls_peer), &memory));
    CLEANUP(sj_tls_peer_free) struct sj_tls_peer *peer = memory;
    peer->ctx = SSL_CTX_new(TLS_client_method());
    ENSURE(peer->ctx != NULL, OUT_OF_MEMORY);
    ENSURE(SSL_CTX_set_min_proto_version(peer->ctx, TLS1_2_VERSION) == 1, CRYPTO);
    SSL_CTX_set_verify(peer->ctx, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_mode(
        peer->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    ENSURE(SSL_CTX_load_verify_file(peer->ctx, ca_file) == 1, BAD_CONFIG);
    TRY(show_certificate(peer->ctx, cert_file, key_file));
    *ret_peer = TAKE(peer);
    return SJ_DONE;
}

/* ---- waiting ---- */

static sj_status wait_for(int fd, short events, int64_t until_ms, const atomic_bool *stop)
{
    for (;;) {
        struct pollfd pollfd = {.fd = fd, .events = events};
        const int64_t left = until_ms - sj_time_monotonic_ms();
        ENSURE(!atomic_load(stop), SHUTTING_DOWN);
        ENSURE(left > 0, SERVER_UNREACHABLE);
        const int ready = poll(&pollfd, 1, (int)(left < SLICE_MS ? left : SLICE_MS));
        ENSURE(ready >= 0 || errno == EINTR, SERVER_UNREACHABLE);
        if (ready > 0) {
            return SJ_DONE;
        }
    }
}

/* Whether the call of SSL is to be made again, after the wait that it needs. */
static sj_status wait_for_ssl(
    struct sj_tls_line *line, int result, int64_t until_ms, const atomic_bool *stop)
{
    const int error = SSL_get_error(line->ssl, result);
    ENSURE(error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE, SERVER_UNREACHABLE);
    return wait_for(line->fd, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until_ms, stop);
}

/* ---- opening ---- */

static sj_status try_address(
    const struct addrinfo *address, int64_t until_ms, const atomic_bool *stop, int *ret_fd)
{
    CLEANUP(sj_closep)
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ENSURE(fd >= 0, SERVER_UNREACHABLE);
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        int error = 0;
        socklen_t len = sizeof error;
        ENSURE(errno == EINPROGRESS, SERVER_UNREACHABLE);
        TRY(wait_for(fd, POLLOUT, until_ms, stop));
        ENSURE(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0,
            SERVER_UNREACHABLE);
    }
    *ret_fd = fd;
    fd = -1;
    return SJ_DONE;
}

static sj_status connect_to(
    const char *host, const char *port, int64_t until_ms, const atomic_bool *stop, int *ret_fd)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    ENSURE(getaddrinfo(host, port, &hints, &list) == 0, SERVER_UNREACHABLE);
    sj_status status = SJ_FAILURE(SERVER_UNREACHABLE);
    for (const struct addrinfo *a = list; a != NULL && sj_failed(status); a = a->ai_next) {
        status = try_address(a, until_ms, stop, ret_fd);
    }
    freeaddrinfo(list);
    return status;
}

static sj_status shake_hands(
    struct sj_tls_line *line, const char *name, int64_t until_ms, const atomic_bool *stop)
{
    char asked[256]; /* the macro casts const away */
    TRY(sj_copy(asked, sizeof asked, name, strlen(name) + 1));
    ENSURE(SSL_set_tlsext_host_name(line->ssl, asked) == 1, CRYPTO);
    ENSURE(SSL_set1_host(line->ssl, name) == 1, CRYPTO);
    ENSURE(SSL_set_fd(line->ssl, line->fd) == 1, CRYPTO);
    for (;;) {
        const int result = SSL_connect(line->ssl);
        if (result == 1) {
            return SJ_DONE;
        }
        ENSURE(SSL_get_verify_result(line->ssl) == X509_V_OK, SERVER_UNTRUSTED);
        TRY(wait_for_ssl(line, result, until_ms, stop));
    }
}

sj_status sj_tls_line_open(struct sj_tls_peer *peer, const char *host, const char *port,
    const char *name, int64_t timeout_ms, const atomic_bool *stop, struct sj_tls_line **ret_line)
{
    const int64_t until_ms = sj_time_monotonic_ms() + timeout_ms;
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_tls_line), &memory));
    CLEANUP(sj_tls_line_close) struct sj_tls_line *line = memory;
    line->fd = -1;
    TRY(connect_to(host, port, until_ms, stop, &line->fd));
    line->ssl = SSL_new(peer->ctx);
    ENSURE(line->ssl != NULL, OUT_OF_MEMORY);
    TRY(shake_hands(line, name, until_ms, stop));
    *ret_line = TAKE(line);
    return SJ_DONE;
}

void sj_tls_line_close(struct sj_tls_line **line)
{
    struct sj_tls_line *l = TAKE(*line);
    if (l != NULL) {
        SSL_free(l->ssl);
        sj_closep(&l->fd);
        sj_free(l);
    }
}

/* ---- sending ---- */

/* A receiver of syslog says nothing but that it goes. Tickets of TLS 1.3 are read away here. */
static sj_status check_open(struct sj_tls_line *line)
{
    uint8_t byte;
    const int result = SSL_read(line->ssl, &byte, 1);
    return result > 0 || SSL_get_error(line->ssl, result) == SSL_ERROR_WANT_READ
               ? SJ_DONE
               : SJ_FAILURE(SERVER_UNREACHABLE);
}

sj_status sj_tls_line_send(
    struct sj_tls_line *line, struct sj_view bytes, int64_t timeout_ms, const atomic_bool *stop)
{
    size_t done = 0;
    int64_t until_ms = sj_time_monotonic_ms() + timeout_ms;
    TRY(check_open(line));
    while (done < bytes.len) {
        size_t written = 0;
        const int result = SSL_write_ex(line->ssl, bytes.ptr + done, bytes.len - done, &written);
        if (result == 1) {
            done += written;
            until_ms = sj_time_monotonic_ms() + timeout_ms;
            continue;
        }
        TRY(wait_for_ssl(line, result, until_ms, stop));
    }
    return SJ_DONE;
}

sj_status sj_tls_line_settle(struct sj_tls_line *line, int64_t timeout_ms, const atomic_bool *stop)
{
    const int64_t until_ms = sj_time_monotonic_ms() + timeout_ms;
    for (;;) {
        struct tcp_info info = {.tcpi_state = 0};
        socklen_t len = sizeof info;
        TRY(check_open(line));
        ENSURE(getsockopt(line->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0, SERVER_UNREACHABLE);
        ENSURE(info.tcpi_state == ESTABLISHED, SERVER_UNREACHABLE);
        if (info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0) {
            return SJ_DONE;
        }
        ENSURE(!atomic_load(stop), SHUTTING_DOWN);
        ENSURE(sj_time_monotonic_ms() < until_ms, SERVER_UNREACHABLE);
        (void)poll(NULL, 0, 5);
    }
}
