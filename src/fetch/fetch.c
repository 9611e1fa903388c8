/* SPDX-License-Identifier: Apache-2.0
 *
 * What does that server answer? libcurl with everything off that could lead elsewhere: https alone (http for this machine's own
 * address), no redirect, no proxy, no netrc, one CA. An answer that is longer than its caller expects, or slower, is none. What comes
 * back is believed by signatures alone, but whoever could choose with whom we talk could keep us from talking.
 */
#include "sanjeh/fetch/fetch.h"
#include "sanjeh/fetch/trust.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

struct sj_fetch {
    CURL *curl;
    char ca_file[512];
    char bearer[600]; /* the header line; "" none */
    int64_t connect_ms;
    struct sj_buf *into; /* of the present answer */
    bool is_too_large;
    char why[SJ_FETCH_WHY];
};

sj_status sj_fetch_init(void)
{
    ENSURE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, INTERNAL);
    return SJ_DONE;
}

static bool has_only(const char *text, size_t len, const char *allowed)
{
    return len > 0 && strspn(text, allowed) >= len;
}

/* The end of host[:port]. */
static const char *host_end(const char *host)
{
    return host + strcspn(host, "/");
}

static bool is_loopback(const char *host, size_t len)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        const size_t name_len = strlen(names[i]);
        if (len >= name_len && strncmp(host, names[i], name_len) == 0 &&
            (len == name_len || host[name_len] == ':')) {
            return true;
        }
    }
    return false;
}

bool sj_fetch_url_is_good(const char *url)
{
    static const char host_bytes[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:[]-";
    static const char path_bytes[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~/%:@!$&'()*+,;=";
    if (strlen(url) >= SJ_FETCH_URL_MAX) {
        return false;
    }
    const bool is_tls = strncmp(url, "https://", 8) == 0;
    if (!is_tls && strncmp(url, "http://", 7) != 0) {
        return false;
    }
    const char *host = url + (is_tls ? 8 : 7);
    const char *path = host_end(host);
    const size_t host_len = (size_t)(path - host);
    return has_only(host, host_len, host_bytes) && (is_tls || is_loopback(host, host_len)) &&
           strspn(path, path_bytes) == strlen(path);
}

sj_status sj_fetch_new(const struct sj_fetch_config *config, struct sj_fetch **ret_fetch)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_fetch), &memory));
    CLEANUP(sj_fetch_free) struct sj_fetch *fetch = memory;
    const char *ca_file = config->ca_file == NULL ? "" : config->ca_file;
    ENSURE(strlen(ca_file) < sizeof fetch->ca_file, INVALID);
    (void)snprintf(fetch->ca_file, sizeof fetch->ca_file, "%s", ca_file);
    if (config->bearer != NULL) {
        ENSURE(strlen(config->bearer) < 512 &&
                   strcspn(config->bearer, "\r\n") == strlen(config->bearer),
            INVALID);
        (void)snprintf(
            fetch->bearer, sizeof fetch->bearer, "Authorization: Bearer %s", config->bearer);
    }
    fetch->connect_ms = config->connect_ms;
    fetch->curl = curl_easy_init();
    ENSURE(fetch->curl != NULL, OUT_OF_MEMORY);
    *ret_fetch = TAKE(fetch);
    return SJ_DONE;
}

void sj_fetch_free(struct sj_fetch **fetch)
{
    struct sj_fetch *self = TAKE(*fetch);
    if (self == NULL) {
        return;
    }
    if (self->curl != NULL) {
        curl_easy_cleanup(self->curl);
    }
    sj_wipe(self->bearer, sizeof self->bearer);
    sj_free(self);
}

const char *sj_fetch_why(const struct sj_fetch *fetch)
{
    return fetch->why;
}

static size_t take_bytes(char *bytes, size_t size, size_t count, void *ctx)
{
    struct sj_fetch *fetch = ctx;
    if (sj_failed(sj_buf_put(fetch->into, bytes, size * count))) {
        fetch->is_too_large = true;
        return 0;
    }
    return size * count;
}

static bool set_trust(const struct sj_fetch *fetch, const char *url)
{
    const char *protocol = strncmp(url, "https", 5) == 0 ? "https" : "http";
    return sj_fetch_trust(fetch->curl, protocol, fetch->ca_file);
}

static bool set_request(struct sj_fetch *fetch, const struct sj_fetch_request *request)
{
    CURL *curl = fetch->curl;
    bool ok =
        curl_easy_setopt(curl, CURLOPT_URL, request->url) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)fetch->connect_ms) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->answer_max) ==
            CURLE_OK;
    if (request->media != NULL) {
        ok = ok && curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len) ==
                 CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                 request->body.len == 0 ? "" : (const char *)request->body.ptr) == CURLE_OK;
    }
    return ok;
}

static bool add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer != NULL) {
        *list = longer;
    }
    return longer != NULL;
}

static bool make_headers(const struct sj_fetch *fetch, const struct sj_fetch_request *request,
    struct curl_slist **ret_list)
{
    char line[160];
    bool ok = add_line(ret_list, "Expect:"); /* no waiting for 100-continue */
    if (request->media != NULL) {
        (void)snprintf(line, sizeof line, "Content-Type: %s", request->media);
        ok = ok && add_line(ret_list, line);
    }
    if (fetch->bearer[0] != '\0') {
        ok = ok && add_line(ret_list, fetch->bearer);
    }
    return ok;
}

static sj_status tell_transport(struct sj_fetch *fetch, CURLcode code)
{
    (void)snprintf(fetch->why, sizeof fetch->why, "%s", curl_easy_strerror(code));
    switch ((int)code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
        FAIL(SERVER_UNTRUSTED);
    case CURLE_FILESIZE_EXCEEDED:
        FAIL(BODY_TOO_LARGE);
    case CURLE_WRITE_ERROR:
        ENSURE(!fetch->is_too_large, BODY_TOO_LARGE);
        FAIL(OUT_OF_MEMORY);
    case CURLE_OUT_OF_MEMORY:
        FAIL(OUT_OF_MEMORY);
    default:
        FAIL(SERVER_UNREACHABLE);
    }
}

static void read_head(const struct sj_fetch *fetch, struct sj_fetch_answer *answer)
{
    long http = 0;
    const char *media = NULL;
    (void)curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &http);
    (void)curl_easy_getinfo(fetch->curl, CURLINFO_CONTENT_TYPE, &media);
    answer->http = http > 0 && http < 1000 ? (unsigned)http : 0;
    answer->media[0] = '\0';
    if (media != NULL && strlen(media) < sizeof answer->media) {
        (void)snprintf(answer->media, sizeof answer->media, "%s", media);
    }
}

sj_status sj_fetch_run(struct sj_fetch *fetch, const struct sj_fetch_request *request,
    struct sj_fetch_answer *ret_answer)
{
    fetch->why[0] = '\0';
    fetch->is_too_large = false;
    *ret_answer = (struct sj_fetch_answer){.body = SJ_BUF(request->answer_max)};
    if (!sj_fetch_url_is_good(request->url)) {
        (void)snprintf(fetch->why, sizeof fetch->why,
            "not an address that is asked: https, or http on this machine");
        FAIL(INVALID);
    }
    fetch->into = &ret_answer->body;
    curl_easy_reset(fetch->curl); /* the connection stays */
    struct curl_slist *headers = NULL;
    const bool is_ready = set_trust(fetch, request->url) && set_request(fetch, request) &&
                          make_headers(fetch, request, &headers) &&
                          curl_easy_setopt(fetch->curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    const CURLcode code = is_ready ? curl_easy_perform(fetch->curl) : CURLE_OUT_OF_MEMORY;
    curl_slist_free_all(headers);
    if (code != CURLE_OK) {
        sj_buf_clear(&ret_answer->body);
        return tell_transport(fetch, code);
    }
    read_head(fetch, ret_answer);
    return SJ_DONE;
}
