/* SPDX-License-Identifier: Apache-2.0
 *
 * Was this text there at that time, by the word of somebody who does not belong to the house? RFC 3161 by OpenSSL's TS. The imprint
 * binds the text, the nonce the question, and the signature must chain to the authority that the caller names: a token of
 * anybody else would let whoever holds a clock date the record.
 */
#include "sanjeh/crypto/timestamp.h"

#include <openssl/ts.h>
#include <openssl/x509.h>
#include <time.h>

#include "sanjeh/crypto/hash.h"

static void free_request(TS_REQ **request)
{
    TS_REQ_free(*request);
}

static void free_imprint(TS_MSG_IMPRINT **imprint)
{
    TS_MSG_IMPRINT_free(*imprint);
}

static void free_algorithm(X509_ALGOR **algorithm)
{
    X509_ALGOR_free(*algorithm);
}

static void free_number(ASN1_INTEGER **number)
{
    ASN1_INTEGER_free(*number);
}

static void free_response(TS_RESP **response)
{
    TS_RESP_free(*response);
}

static void free_context(TS_VERIFY_CTX **context)
{
    TS_VERIFY_CTX_free(*context);
}

static sj_status set_imprint(TS_REQ *request, struct sj_view text)
{
    CLEANUP(free_imprint) TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    CLEANUP(free_algorithm) X509_ALGOR *algorithm = X509_ALGOR_new();
    struct sj_hash hash;
    TRY(sj_sha256_one(text, &hash));
    ENSURE(imprint != NULL && algorithm != NULL, CRYPTO);
    ENSURE(X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1, CRYPTO);
    ENSURE(TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1, CRYPTO);
    ENSURE(TS_MSG_IMPRINT_set_msg(imprint, hash.bytes, SJ_HASH_SIZE) == 1, CRYPTO);
    ENSURE(TS_REQ_set_msg_imprint(request, imprint) == 1, CRYPTO);
    return SJ_DONE;
}

static sj_status make_request(struct sj_view text, const uint64_t *nonce, TS_REQ **ret_request)
{
    CLEANUP(free_request) TS_REQ *request = TS_REQ_new();
    ENSURE(request != NULL && TS_REQ_set_version(request, 1) == 1, CRYPTO);
    TRY(set_imprint(request, text));
    if (nonce != NULL) {
        CLEANUP(free_number) ASN1_INTEGER *number = ASN1_INTEGER_new();
        ENSURE(number != NULL && ASN1_INTEGER_set_uint64(number, *nonce) == 1, CRYPTO);
        ENSURE(TS_REQ_set_nonce(request, number) == 1, CRYPTO);
    }
    ENSURE(TS_REQ_set_cert_req(request, 1) == 1, CRYPTO);
    *ret_request = TAKE(request);
    return SJ_DONE;
}

sj_status sj_timestamp_request(struct sj_view text, uint64_t nonce, struct sj_buf *ret_request)
{
    CLEANUP(free_request) TS_REQ *request = NULL;
    unsigned char *der = NULL;
    TRY(make_request(text, &nonce, &request));
    const int len = i2d_TS_REQ(request, &der);
    ENSURE(len > 0, CRYPTO);
    const sj_status status = sj_buf_put(ret_request, der, (size_t)len);
    OPENSSL_free(der);
    return status;
}

/* ---- the answer ---- */

static bool time_of(TS_RESP *response, int64_t *ret_time_s)
{
    TS_TST_INFO *info = TS_RESP_get_tst_info(response);
    const ASN1_GENERALIZEDTIME *when = info == NULL ? NULL : TS_TST_INFO_get_time(info);
    struct tm parts = {.tm_sec = 0};
    if (when == NULL || ASN1_TIME_to_tm(when, &parts) != 1) {
        return false;
    }
    const time_t seconds = timegm(&parts);
    *ret_time_s = (int64_t)seconds;
    return seconds > 0;
}

/* The authority, judged as of the token's time: certificates of authorities end, tokens go on. */
static sj_status set_trust(TS_VERIFY_CTX *context, const char *ca_file, int64_t time_s)
{
    X509_STORE *store = X509_STORE_new();
    ENSURE(store != NULL, CRYPTO);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)time_s);
    (void)TS_VERIFY_CTX_set_store(context, store); /* the context's from here on */
    ENSURE(X509_STORE_load_file(store, ca_file) == 1, BAD_CONFIG);
    return SJ_DONE;
}

sj_status sj_timestamp_verify(struct sj_view answer, struct sj_view text, const uint64_t *nonce,
    const char *ca_file, bool *ret_valid, int64_t *ret_time_s)
{
    CLEANUP(free_response) TS_RESP *response = NULL;
    CLEANUP(free_request) TS_REQ *request = NULL;
    CLEANUP(free_context) TS_VERIFY_CTX *context = NULL;
    const unsigned char *at = answer.ptr;
    *ret_valid = false;
    if (answer.len == 0 || answer.len > SJ_TIMESTAMP_MAX) {
        return SJ_DONE;
    }
    response = d2i_TS_RESP(NULL, &at, (long)answer.len);
    if (response == NULL || at != answer.ptr + answer.len || !time_of(response, ret_time_s)) {
        return SJ_DONE;
    }
    TRY(make_request(text, nonce, &request));
    context = TS_REQ_to_TS_VERIFY_CTX(request, NULL);
    ENSURE(context != NULL, CRYPTO);
    (void)TS_VERIFY_CTX_add_flags(context, TS_VFY_SIGNATURE);
    TRY(set_trust(context, ca_file, *ret_time_s));
    *ret_valid = TS_RESP_verify_response(context, response) == 1;
    return SJ_DONE;
}
