/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a program talk to the server as a person would? By libcurl, with everything off that could lead it elsewhere: only
 * https, no redirect, no proxy, no netrc, one CA. A certificate that this CA does not vouch for ends the call before a byte of
 * the password is sent; if that were wrong, whoever stands between could sign in as the person.
 */
#include "client_priv.h"

#include "sanjeh/fetch/trust.h"
#include "sanjeh/json/write.h"

#include <curl/curl.h>

#define CONNECT_MS 10000L
#define CALL_MS    120000L
#define SILENT_S   40L /* a stream says something each 15 s */
#define URL_SIZE   1024u
#define TOKEN_MAX  256u

struct sj_client {
    CURL *curl;
    char url[512];
    char ca_file[512];
    char token[TOKEN_MAX]; /* "" not signed in */
    struct sj_text roles;  /* of the next session; NULL: all */
    struct sj_buf body;
    bool is_too_large;
    sj_client_bytes_fn *follow; /* of the call that is being followed; or NULL */
    void *follow_ctx;
    char problem[64];
    char why[SJ_CLIENT_WHY_SIZE];
};

/* https://host[:port]: letters, digits, dots, colons, brackets, hyphens. */
static bool is_origin(const char *url)
{
    static const char head[] = "https://";
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:[]-";
    if (strncmp(url, head, sizeof head - 1) != 0) {
        return false;
    }
    const char *host = url + sizeof head - 1;
    return host[0] != '\0' && strspn(host, allowed) == strlen(host);
}

sj_status sj_client_new(const char *url, const char *ca_file, struct sj_client **ret_client)
{
    ENSURE(is_origin(url) && strlen(url) < sizeof(*ret_client)->url, INVALID);
    ENSURE(ca_file == NULL || strlen(ca_file) < sizeof(*ret_client)->ca_file, INVALID);
    void *memory;
    TRY(sj_alloc(1, sizeof(struct sj_client), &memory));
    CLEANUP(sj_client_free) struct sj_client *client = memory;
    client->body = SJ_BUF(SJ_CLIENT_BODY_MAX);
    (void)snprintf(client->url, sizeof client->url, "%s", url);
    (void)snprintf(client->ca_file, sizeof client->ca_file, "%s", ca_file == NULL ? "" : ca_file);
    client->curl = curl_easy_init();
    ENSURE(client->curl != NULL, OUT_OF_MEMORY);
    *ret_client = TAKE(client);
    return SJ_DONE;
}

void sj_client_free(struct sj_client **client)
{
    if (*client == NULL) {
        return;
    }
    if ((*client)->curl != NULL) {
        curl_easy_cleanup((*client)->curl);
    }
    sj_buf_clear(&(*client)->body);
    sj_wipe((*client)->token, sizeof(*client)->token);
    sj_free(*client);
    *client = NULL;
}

void client_say(struct sj_client *client, const char *why)
{
    (void)snprintf(client->why, sizeof client->why, "%s", why);
}

const char *sj_client_why(const struct sj_client *client)
{
    return client->why;
}

const char *sj_client_problem(const struct sj_client *client)
{
    return client->problem;
}

struct sj_view sj_client_body(const struct sj_client *client)
{
    return sj_buf_view(&client->body);
}

/* ---- one call ---- */

static size_t take_bytes(char *bytes, size_t size, size_t count, void *ctx)
{
    struct sj_client *client = ctx;
    long http = 0;
    if (client->follow != NULL &&
        curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &http) == CURLE_OK && http == 200) {
        return sj_failed(client->follow(client->follow_ctx, sj_view_of(bytes, size * count)))
                   ? 0
                   : size * count;
    }
    if (sj_failed(sj_buf_put(&client->body, bytes, size * count))) {
        client->is_too_large = true;
        return 0;
    }
    return size * count;
}

static bool set_line(const struct sj_client *client, const struct sj_client_call *call)
{
    char url[URL_SIZE];
    const int len = snprintf(url, sizeof url, "%s%s", client->url, call->path);
    CURL *curl = client->curl;
    return len > 0 && (size_t)len < sizeof url &&
           curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method) == CURLE_OK;
}

static bool set_body(struct sj_client *client, const struct sj_client_call *call)
{
    CURL *curl = client->curl;
    bool ok = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_WRITEDATA, client) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, client->follow != NULL ? 0L : CALL_MS) ==
                  CURLE_OK;
    if (client->follow != NULL) {
        ok = ok && curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SILENT_S) == CURLE_OK;
    }
    if (strcmp(call->method, "GET") != 0) { /* also an empty one says how long it is */
        ok = ok &&
             curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len) ==
                 CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                 call->body.len == 0 ? "" : (const char *)call->body.ptr) == CURLE_OK;
    }
    return ok;
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    char line[TOKEN_MAX + 64];
    (void)snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(*list, line);
    sj_wipe(line, sizeof line);
    if (longer != NULL) {
        *list = longer;
    }
    return longer != NULL;
}

static bool make_headers(
    const struct sj_client *client, const struct sj_client_call *call, struct curl_slist **ret_list)
{
    char bearer[TOKEN_MAX + 16];
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", client->token);
    /* no waiting for 100-continue, and libcurl's own media type only where there is none to say */
    bool ok = add_header(ret_list, "Accept", "application/json");
    struct curl_slist *longer = ok ? curl_slist_append(*ret_list, "Expect:") : NULL;
    ok = longer != NULL;
    if (ok && call->media == NULL) {
        ok = curl_slist_append(*ret_list, "Content-Type:") != NULL;
    } else if (ok) {
        ok = add_header(ret_list, "Content-Type", call->media);
    }
    if (ok && client->token[0] != '\0') {
        ok = add_header(ret_list, "Authorization", bearer);
    }
    sj_wipe(bearer, sizeof bearer);
    if (ok && call->if_match != 0) {
        char version[32];
        (void)snprintf(version, sizeof version, "\"v%lld\"", (long long)call->if_match);
        ok = add_header(ret_list, "If-Match", version);
    }
    return ok;
}

/* ---- what came of it ---- */

static sj_status tell_transport(struct sj_client *client, CURLcode code)
{
    client_say(client, curl_easy_strerror(code));
    switch ((int)code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
        FAIL(SERVER_UNTRUSTED);
    case CURLE_WRITE_ERROR:
        FAIL(BODY_TOO_LARGE);
    default:
        FAIL(SERVER_UNREACHABLE);
    }
}

/* "CODE: sentence; /pointer CODE sentence" of a problem document (RFC 9457). */
static void read_problem(struct sj_client *client)
{
    CLEANUP(answer_clear) struct answer answer = {.root = NULL};
    if (sj_failed(answer_open(client, &answer))) {
        client_say(client, "the answer is no problem document");
        return;
    }
    char title[128];
    char pointer[64] = "";
    char code[64] = "";
    char detail[160] = "";
    member_text(answer.root, "code", client->problem, sizeof client->problem);
    member_text(answer.root, "title", title, sizeof title);
    const struct sj_json_value *errors = sj_json_get(answer.root, "errors");
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *first = NULL;
    if (errors != NULL && sj_json_is_array(errors) && sj_json_next(errors, &at, &name, &first)) {
        member_text(first, "pointer", pointer, sizeof pointer);
        member_text(first, "code", code, sizeof code);
        member_text(first, "detail", detail, sizeof detail);
    }
    (void)snprintf(client->why, sizeof client->why, "%s: %s%s%s%s%s%s%s", client->problem, title,
        code[0] == '\0' ? "" : "; ", pointer, code[0] == '\0' ? "" : " ", code,
        detail[0] == '\0' ? "" : ": ", detail);
}

static sj_status tell_answer(struct sj_client *client, long http)
{
    if (http >= 200 && http < 300) {
        return SJ_DONE;
    }
    read_problem(client);
    switch (http) {
    case 401:
        FAIL(UNAUTHENTICATED);
    case 403:
        FAIL(FORBIDDEN);
    case 404:
        FAIL(NOT_FOUND);
    case 409:
        FAIL(CONFLICT);
    case 412:
        FAIL(PRECONDITION_FAILED);
    case 429:
        FAIL(TOO_MANY_REQUESTS);
    case 503:
        FAIL(BUSY);
    default:
        ENSURE(http < 400 || http >= 500, INVALID);
        FAIL(INTERNAL);
    }
}

sj_status sj_client_send(struct sj_client *client, const struct sj_client_call *call)
{
    client->why[0] = client->problem[0] = '\0';
    client->is_too_large = false;
    sj_buf_reset(&client->body);
    curl_easy_reset(client->curl); /* the connection stays */
    struct curl_slist *headers = NULL;
    const bool is_ready = set_line(client, call) &&
                          sj_fetch_trust(client->curl, "https", client->ca_file) &&
                          set_body(client, call) && make_headers(client, call, &headers) &&
                          curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    const CURLcode code = is_ready ? curl_easy_perform(client->curl) : CURLE_OUT_OF_MEMORY;
    long http = 0;
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &http);
    curl_slist_free_all(headers);
    ENSURE(is_ready, OUT_OF_MEMORY);
    if (code != CURLE_OK) {
        return tell_transport(client, code);
    }
    return tell_answer(client, http);
}

sj_status sj_client_follow(
    struct sj_client *client, const char *path, sj_client_bytes_fn *fn, void *ctx)
{
    const struct sj_client_call call = {.method = "GET", .path = path};
    return sj_client_receive(client, &call, fn, ctx);
}

sj_status sj_client_receive(
    struct sj_client *client, const struct sj_client_call *call, sj_client_bytes_fn *fn, void *ctx)
{
    client->follow = fn;
    client->follow_ctx = ctx;
    const sj_status status = sj_client_send(client, call);
    client->follow = NULL;
    return status;
}

/* ---- signing in ---- */

#define SECOND_MEMBERS 3 /* challenge, method, code */

static void put_roles(struct sj_json *json, struct sj_text roles)
{
    struct sj_text rest = roles;
    struct sj_text role;
    sj_json_array(json, "roles");
    while (rest.len > 0 && sj_text_split(&rest, ',', &role)) {
        sj_json_text(json, NULL, role);
    }
    sj_json_array_end(json);
}

void sj_client_start_with(struct sj_client *client, struct sj_text roles)
{
    client->roles = roles;
}

static sj_status post_pair(struct sj_client *client, const char *path,
    const struct sj_text names[3], const struct sj_text values[3], size_t count)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(4096);
    struct sj_json json = sj_json_begin(&body);
    sj_json_object(&json, NULL);
    for (size_t i = 0; i < count; i++) {
        sj_json_text(&json, names[i].ptr, values[i]);
    }
    if (client->roles.ptr != NULL && count == SECOND_MEMBERS) {
        put_roles(&json, client->roles);
    }
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    const struct sj_client_call call = {"POST", path, "application/json", sj_buf_view(&body), 0};
    return sj_client_send(client, &call);
}

static sj_status read_member(
    struct sj_client *client, const char *name, char *ret_text, size_t size)
{
    CLEANUP(answer_clear) struct answer answer = {.root = NULL};
    TRY(answer_open(client, &answer));
    member_text(answer.root, name, ret_text, size);
    if (ret_text[0] == '\0') {
        client_say(client, "the answer is not one of this API");
        FAIL(INTERNAL);
    }
    return SJ_DONE;
}

sj_status sj_client_sign_in(
    struct sj_client *client, struct sj_text username, struct sj_view password, struct sj_view code)
{
    struct sj_text secret;
    struct sj_text digits;
    TRY(sj_text_check(password, 1024, &secret));
    TRY(sj_text_check(code, 64, &digits));
    char challenge[256];
    const struct sj_text first[] = {SJ_TEXT("username"), SJ_TEXT("password"), {"", 0}};
    const struct sj_text first_values[] = {username, secret, {"", 0}};
    TRY(post_pair(client, "/api/v1/login", first, first_values, 2));
    TRY(read_member(client, "challenge", challenge, sizeof challenge));
    const struct sj_text second[] = {SJ_TEXT("challenge"), SJ_TEXT("method"), SJ_TEXT("code")};
    const struct sj_text second_values[] = {sj_text_of(challenge), SJ_TEXT("totp"), digits};
    TRY(post_pair(client, "/api/v1/login/second-factor", second, second_values, SECOND_MEMBERS));
    const sj_status status = read_member(client, "token", client->token, sizeof client->token);
    sj_buf_reset(&client->body); /* wiped */
    return status;
}

void sj_client_sign_out(struct sj_client *client)
{
    if (client->token[0] != '\0') {
        const struct sj_client_call call = {"POST", "/api/v1/logout", NULL, {NULL, 0}, 0};
        sj_ignore(sj_client_send(client, &call), "the session expires by itself");
        sj_wipe(client->token, sizeof client->token);
    }
}
