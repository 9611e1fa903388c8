/* SPDX-License-Identifier: Apache-2.0
 *
 * Which certificate, key, protocol versions and ticket key does a handshake use? One struct sj_tls
 * serves all loops of the process and can be reloaded while they run: a handshake borrows the pair that is
 * current when the client's hello arrives and keeps it until it ends, so a replaced pair is kept for
 * RETIRED_KEPT_MS (longer than any handshake may last) before a later reload frees it.
 * Session tickets (RFC 8446 section 4.6.1) are sealed under one key of this process, from which GnuTLS
 * derives rotating ones; resumption costs half a handshake.
 * TLS 1.3, or 1.2 where browsers need it, AEAD with ECDHE only, no finite-field groups: one FFDHE-3072
 * handshake costs 20 ms of CPU, so a handful of such clients would occupy the server.
 */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <sys/stat.h>

#include "http_priv.h"
#include "sanjeh/base/time.h"

#define PEM_MAX         (256u * 1024u)
#define CHAIN_MAX       8
#define RETIRED_KEPT_MS (15 * 60 * 1000)

#define PRIORITIES_13                                                                              \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:"      \
    "+AES-128-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:-SIGN-ALL:+SIGN-ECDSA-SECP256R1-SHA256:"       \
    "+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:+SIGN-EDDSA-ED25519:+SIGN-RSA-PSS-RSAE-SHA256:"         \
    "+SIGN-RSA-SHA256:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:"                 \
    "%SERVER_PRECEDENCE"
#define PRIORITIES_12 PRIORITIES_13 ":+VERS-TLS1.2"

/* One certificate chain with its key. */
struct pair {
    struct pair *next; /* older, retired */
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned length;
    gnutls_privkey_t key;
    int64_t not_after;
    int64_t retired_at_ms;
};

struct sj_tls {
    char *cert_file;
    char *key_file;
    gnutls_datum_t ticket_key;
    pthread_mutex_t lock;
    struct pair *current; /* under lock; its next are retired */
};

const char *sj_tls_priorities(bool allow_tls12)
{
    return allow_tls12 ? PRIORITIES_12 : PRIORITIES_13;
}

static void pair_free(struct pair **pair)
{
    struct pair *self = *pair;
    if (self == NULL) {
        return;
    }
    for (unsigned i = 0; i < self->length; i++) {
        gnutls_pcert_deinit(&self->chain[i]);
    }
    gnutls_privkey_deinit(self->key);
    sj_free(self);
    *pair = NULL;
}

/* Whole file, NUL-terminated behind its length. The key's must not be open to others. */
static sj_status read_pem(const char *path, bool is_secret, struct sj_buf *dst)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    ENSURE(fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode), BAD_CONFIG);
    ENSURE(!is_secret || (info.st_mode & (S_IRWXO | S_IWGRP)) == 0, BAD_CONFIG);
    ENSURE(info.st_size > 0 && info.st_size < (off_t)PEM_MAX, BAD_CONFIG);
    const size_t size = (size_t)info.st_size;
    TRY(sj_buf_reserve(dst, size + 1));
    while (dst->len < size) {
        const ssize_t got = read(fd, dst->ptr + dst->len, size - dst->len);
        ENSURE(got > 0 || (got < 0 && errno == EINTR), BAD_CONFIG);
        dst->len += got > 0 ? (size_t)got : 0;
    }
    return SJ_DONE;
}

static gnutls_datum_t datum(const struct sj_buf *buf)
{
    return (gnutls_datum_t){buf->ptr, (unsigned)buf->len};
}

static sj_status read_chain(const char *path, struct pair *pair)
{
    CLEANUP(sj_buf_clear) struct sj_buf pem = SJ_BUF(PEM_MAX);
    TRY(read_pem(path, false, &pem));
    const gnutls_datum_t data = datum(&pem);
    unsigned length = CHAIN_MAX;
    ENSURE(gnutls_pcert_list_import_x509_raw(pair->chain, &length, &data, GNUTLS_X509_FMT_PEM,
               GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED) == 0,
        BAD_CONFIG);
    pair->length = length;
    gnutls_x509_crt_t leaf = NULL;
    ENSURE(length > 0 && gnutls_pcert_export_x509(&pair->chain[0], &leaf) == 0, BAD_CONFIG);
    pair->not_after = gnutls_x509_crt_get_expiration_time(leaf);
    gnutls_x509_crt_deinit(leaf);
    return SJ_DONE;
}

static sj_status read_key(const char *path, struct pair *pair)
{
    CLEANUP(sj_buf_clear) struct sj_buf pem = SJ_BUF(PEM_MAX);
    TRY(read_pem(path, true, &pem));
    const gnutls_datum_t data = datum(&pem);
    ENSURE(gnutls_privkey_init(&pair->key) == 0, OUT_OF_MEMORY);
    ENSURE(gnutls_privkey_import_x509_raw(pair->key, &data, GNUTLS_X509_FMT_PEM, NULL, 0) == 0,
        BAD_CONFIG);
    return SJ_DONE;
}

/* Signs and verifies once: a key that does not belong to the certificate is found at start. */
static sj_status check_pair(const struct pair *pair)
{
    gnutls_datum_t message = {(unsigned char *)(uintptr_t) "sanjeh", 6};
    gnutls_datum_t signature = {NULL, 0};
    const int algorithm = gnutls_pubkey_get_pk_algorithm(pair->chain[0].pubkey, NULL);
    ENSURE(algorithm == gnutls_privkey_get_pk_algorithm(pair->key, NULL), BAD_CONFIG);
    const gnutls_sign_algorithm_t sign = algorithm == GNUTLS_PK_EDDSA_ED25519
                                             ? GNUTLS_SIGN_EDDSA_ED25519
                                         : algorithm == GNUTLS_PK_ECDSA ? GNUTLS_SIGN_ECDSA_SHA256
                                                                        : GNUTLS_SIGN_RSA_SHA256;
    ENSURE(gnutls_privkey_sign_data2(pair->key, sign, 0, &message, &signature) == 0, BAD_CONFIG);
    const int verified =
        gnutls_pubkey_verify_data2(pair->chain[0].pubkey, sign, 0, &message, &signature);
    gnutls_free(signature.data);
    ENSURE(verified >= 0, BAD_CONFIG);
    return SJ_DONE;
}

static sj_status pair_load(const struct sj_tls *tls, struct pair **ret_pair)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct pair), &memory));
    CLEANUP(pair_free) struct pair *pair = memory;
    TRY(read_chain(tls->cert_file, pair));
    TRY(read_key(tls->key_file, pair));
    TRY(check_pair(pair));
    *ret_pair = TAKE(pair);
    return SJ_DONE;
}

static sj_status copy_string(const char *string, char **ret_copy)
{
    const size_t size = strlen(string) + 1;
    void *memory = NULL;
    TRY(sj_alloc(1, size, &memory));
    *ret_copy = memory;
    return sj_copy(memory, size, string, size);
}

sj_status sj_tls_load(const char *cert_file, const char *key_file, struct sj_tls **ret_tls)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_tls), &memory));
    CLEANUP(sj_tls_free) struct sj_tls *tls = memory;
    pthread_mutex_init(&tls->lock, NULL);
    TRY(copy_string(cert_file, &tls->cert_file));
    TRY(copy_string(key_file, &tls->key_file));
    ENSURE(gnutls_session_ticket_key_generate(&tls->ticket_key) == 0, OUT_OF_MEMORY);
    TRY(pair_load(tls, &tls->current));
    *ret_tls = TAKE(tls);
    return SJ_DONE;
}

/* Cuts off pairs that no handshake can hold any more. */
static struct pair *take_expired(struct pair *current, int64_t now_ms)
{
    struct pair *kept = current;
    while (kept->next != NULL && now_ms - kept->next->retired_at_ms < RETIRED_KEPT_MS) {
        kept = kept->next;
    }
    struct pair *expired = kept->next;
    kept->next = NULL;
    return expired;
}

static void free_pairs(struct pair *pair)
{
    while (pair != NULL) {
        struct pair *next = pair->next;
        pair_free(&pair);
        pair = next;
    }
}

sj_status sj_tls_reload(struct sj_tls *tls)
{
    struct pair *fresh = NULL;
    TRY(pair_load(tls, &fresh));
    const int64_t now_ms = sj_time_monotonic_ms();
    pthread_mutex_lock(&tls->lock);
    tls->current->retired_at_ms = now_ms;
    fresh->next = tls->current;
    tls->current = fresh;
    struct pair *expired = take_expired(fresh, now_ms);
    pthread_mutex_unlock(&tls->lock);
    free_pairs(expired);
    return SJ_DONE;
}

void sj_tls_free(struct sj_tls **tls)
{
    struct sj_tls *self = *tls;
    if (self == NULL) {
        return;
    }
    free_pairs(self->current);
    if (self->ticket_key.data != NULL) {
        sj_wipe(self->ticket_key.data, self->ticket_key.size);
        gnutls_free(self->ticket_key.data);
    }
    pthread_mutex_destroy(&self->lock);
    sj_free(self->cert_file);
    sj_free(self->key_file);
    sj_free(self);
    *tls = NULL;
}

sj_status sj_tls_not_after(const struct sj_tls *tls, int64_t *ret_unix_seconds)
{
    /* The lock is not part of what the caller sees as constant. */
    struct sj_tls *self = (struct sj_tls *)(uintptr_t)tls;
    pthread_mutex_lock(&self->lock);
    const int64_t not_after = self->current->not_after;
    pthread_mutex_unlock(&self->lock);
    ENSURE(not_after > 0, BAD_CONFIG);
    *ret_unix_seconds = not_after;
    return SJ_DONE;
}

int sj_tls_retrieve(struct sj_tls *tls, gnutls_pcert_st **ret_chain, unsigned *ret_length,
    gnutls_privkey_t *ret_key)
{
    pthread_mutex_lock(&tls->lock);
    struct pair *pair = tls->current;
    pthread_mutex_unlock(&tls->lock);
    *ret_chain = pair->chain;
    *ret_length = pair->length;
    *ret_key = pair->key;
    return 0;
}

int sj_tls_enable_tickets(const struct sj_tls *tls, gnutls_session_t session)
{
    return gnutls_session_ticket_enable_server(session, &tls->ticket_key);
}
