/* SPDX-License-Identifier: Apache-2.0
 *
 * A real server on src/http with a few routes, driven from outside: by tests/abuse/test_http_abuse.py, by
 * wrk, by a browser. It answers what a handler sees, so that a test can tell what arrived. SIGHUP
 * reloads the certificate, SIGTERM stops it while handlers may still be waiting.
 *
 *   http_test_server --cert FILE --key FILE [--loops N] [--port P] [--head S] [--body S] [--idle S]
 *                    [--per-ip N] [--tls12]
 */
#include "sanjeh/http/server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "sanjeh/base/parse.h"
#include "sanjeh/json/write.h"

#define LOOPS_MAX 8

enum { SHOW, BODY, UPLOAD, SLEEP, FILE_BACK, STATS, BAD_HEADER };

static const struct sj_route ROUTES[] = {
    {SJ_GET, "/", 0, SJ_MEDIA_NONE, &(const int){SHOW}},
    {SJ_GET, "/static", 0, SJ_MEDIA_NONE, &(const int){SHOW}},
    {SJ_GET, "/show", 0, SJ_MEDIA_NONE, &(const int){SHOW}},
    {SJ_GET, "/items/{id}", 0, SJ_MEDIA_NONE, &(const int){SHOW}},
    {SJ_DELETE, "/items/{id}", 0, SJ_MEDIA_NONE, &(const int){SHOW}},
    {SJ_GET, "/items/all", 0, SJ_MEDIA_NONE, &(const int){SHOW}},
    {SJ_POST, "/body", 65536, SJ_MEDIA_JSON, &(const int){BODY}},
    {SJ_POST, "/big", 4u << 20, SJ_MEDIA_JSON, &(const int){BODY}},
    {SJ_POST, "/upload", 1u << 20, SJ_MEDIA_MULTIPART, &(const int){UPLOAD}},
    {SJ_GET, "/sleep", 0, SJ_MEDIA_NONE, &(const int){SLEEP}},
    {SJ_GET, "/file", 0, SJ_MEDIA_NONE, &(const int){FILE_BACK}},
    {SJ_GET, "/stats", 0, SJ_MEDIA_NONE, &(const int){STATS}},
    {SJ_GET, "/bad-header", 0, SJ_MEDIA_NONE, &(const int){BAD_HEADER}},
};

struct runner {
    struct sj_loop *loop;
    struct sj_http *http;
    struct sj_timer *timer;
    struct sj_http_config config;
    pthread_t thread;
};

static void answer(struct sj_request *request, unsigned status, const struct sj_buf *body)
{
    const struct sj_response_header allow = {"Allow", sj_request_allow(request)};
    const struct sj_response response = {.status = status,
        .content_type = status < 400 ? "application/json" : "application/problem+json",
        .body = sj_buf_view(body),
        .fd = -1,
        .headers = &allow,
        .header_count = status == 405 ? 1 : 0};
    sj_respond(request, &response);
}

static void refuse(struct sj_request *request, enum sj_code code)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(4096);
    struct sj_json json = sj_json_begin(&out);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "code", sj_code_name(code));
    sj_json_int(&json, "status", sj_code_http(code));
    sj_json_object_end(&json);
    sj_ignore(sj_json_end(&json), "small");
    answer(request, sj_code_http(code), &out);
}

static void write_query(struct sj_json *json, const struct sj_request *request)
{
    sj_json_array(json, "query");
    for (size_t i = 0; i < sj_request_query_count(request); i++) {
        struct sj_text name;
        struct sj_text value;
        sj_request_query(request, i, &name, &value);
        sj_json_array(json, NULL);
        sj_json_text(json, NULL, name);
        sj_json_text(json, NULL, value);
        sj_json_array_end(json);
    }
    sj_json_array_end(json);
}

static void show(struct sj_request *request)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(65536);
    struct sj_json json = sj_json_begin(&out);
    struct sj_text text = SJ_TEXT("");
    sj_json_object(&json, NULL);
    sj_json_text(&json, "path", sj_request_path(request));
    sj_json_text(&json, "id", sj_request_param(request, "id"));
    sj_json_bool(&json, "loopback", sj_request_peer_is_loopback(request));
    write_query(&json, request);
    sj_json_text(&json, "probe", sj_request_header(request, "x-probe", &text) ? text : SJ_TEXT(""));
    sj_json_text(
        &json, "cookie", sj_request_cookie(request, "__Host-sid", &text) ? text : SJ_TEXT(""));
    sj_json_object_end(&json);
    sj_ignore(sj_json_end(&json), "bounded by the head");
    answer(request, 200, &out);
}

static void body(struct sj_request *request)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(256);
    struct sj_json json = sj_json_begin(&out);
    const struct sj_view view = sj_request_body(request);
    uint64_t sum = 0;
    for (size_t i = 0; i < view.len; i++) {
        sum = sum * 31 + view.ptr[i];
    }
    sj_json_object(&json, NULL);
    sj_json_int(&json, "bytes", (int64_t)view.len);
    sj_json_int(&json, "sum", (int64_t)(sum & INT64_MAX));
    sj_json_object_end(&json);
    sj_ignore(sj_json_end(&json), "small");
    answer(request, 200, &out);
}

static void upload(struct sj_request *request)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(256);
    struct sj_json json = sj_json_begin(&out);
    struct sj_view part = {NULL, 0};
    sj_json_object(&json, NULL);
    sj_json_bool(&json, "has_file", sj_request_part(request, "file", &part));
    sj_json_int(&json, "bytes", (int64_t)part.len);
    sj_json_bool(&json, "has_kind", sj_request_part(request, "kind", &part));
    sj_json_object_end(&json);
    sj_ignore(sj_json_end(&json), "small");
    answer(request, 200, &out);
}

static void pause_for_query(struct sj_request *request)
{
    struct sj_text text;
    uint64_t ms = 0;
    if (sj_request_query_find(request, "ms", &text) &&
        !sj_failed(sj_parse_u64(text, 0, 60000, &ms))) {
        sj_fiber_sleep_ms((int64_t)ms);
    }
    show(request);
}

static void file_back(struct sj_request *request)
{
    const off_t size = 3 << 20;
    const int fd = memfd_create("sanjeh-test", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, size) != 0) {
        refuse(request, SJ_INTERNAL);
        return;
    }
    const struct sj_response response = {.status = 200,
        .content_type = "application/octet-stream",
        .fd = fd,
        .fd_size = (uint64_t)size};
    sj_respond(request, &response);
}

static void stats(struct runner *runner, struct sj_request *request)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(512);
    struct sj_json json = sj_json_begin(&out);
    const struct sj_http_stats now = sj_http_stats(runner->http);
    sj_json_object(&json, NULL);
    sj_json_int(&json, "connections", (int64_t)now.connections);
    sj_json_int(&json, "accepted", (int64_t)now.accepted);
    sj_json_int(&json, "refused", (int64_t)now.refused);
    sj_json_int(&json, "timed_out", (int64_t)now.timed_out);
    sj_json_int(&json, "in_flight", (int64_t)sj_http_in_flight(runner->http));
    sj_json_int(&json, "fibers", (int64_t)sj_loop_fiber_count(runner->loop));
    sj_json_object_end(&json);
    sj_ignore(sj_json_end(&json), "small");
    answer(request, 200, &out);
}

static void bad_header(struct sj_request *request)
{
    const struct sj_response_header split = {"X-Split", SJ_TEXT("a\r\nSet-Cookie: b=c")};
    const struct sj_response response = {
        .status = 200, .fd = -1, .headers = &split, .header_count = 1};
    sj_respond(request, &response);
}

static void handler(void *ctx, struct sj_request *request)
{
    const enum sj_code refusal = sj_request_refusal(request);
    if (refusal != SJ_OK) {
        refuse(request, refusal);
        return;
    }
    switch (*(const int *)sj_request_route(request)->tag) {
    case BODY:
        body(request);
        return;
    case UPLOAD:
        upload(request);
        return;
    case SLEEP:
        pause_for_query(request);
        return;
    case FILE_BACK:
        file_back(request);
        return;
    case STATS:
        stats(ctx, request);
        return;
    case BAD_HEADER:
        bad_header(request);
        return;
    default:
        show(request);
        return;
    }
}

/* ---- running ---- */

static void check(sj_status status, const char *what)
{
    if (sj_failed(status)) {
        fprintf(stderr, "http_test_server: %s: %s at %s\n", what, sj_code_name(status.code),
            status.where);
        exit(1);
    }
}

static void *run(void *ctx)
{
    struct runner *runner = ctx;
    check(sj_loop_run(runner->loop), "loop");
    return NULL;
}

/* Handlers that still sleep hold their requests: the loop goes on until the last has ended. */
static void end_when_quiet(void *ctx)
{
    struct runner *runner = ctx;
    if (sj_loop_fiber_count(runner->loop) == 0) {
        sj_timer_free(&runner->timer);
        sj_loop_stop(runner->loop);
        return;
    }
    sj_timer_set(runner->timer, 10);
}

static void begin_end(void *ctx)
{
    struct runner *runner = ctx;
    sj_http_quiesce(runner->http);
    sj_http_stop(&runner->http);
    check(sj_timer_new(runner->loop, end_when_quiet, runner, &runner->timer), "timer");
    end_when_quiet(runner);
}

static uint64_t number(const char *text)
{
    uint64_t value = 0;
    check(sj_parse_u64(sj_text_of(text), 0, 1u << 20, &value), text);
    return value;
}

static bool is(const char *text, const char *wanted)
{
    return strcmp(text, wanted) == 0;
}

struct options {
    struct sj_http_config config;
    const char *cert;
    const char *key;
    size_t loops;
};

static void parse_option(struct options *options, const char *name, const char *value)
{
    if (is(name, "--cert")) {
        options->cert = value;
    } else if (is(name, "--key")) {
        options->key = value;
    } else if (is(name, "--loops")) {
        options->loops = number(value);
    } else if (is(name, "--port")) {
        options->config.port = (uint16_t)number(value);
    } else if (is(name, "--head")) {
        options->config.head_deadline_s = (unsigned)number(value);
    } else if (is(name, "--body")) {
        options->config.body_deadline_s = (unsigned)number(value);
    } else if (is(name, "--idle")) {
        options->config.idle_timeout_s = (unsigned)number(value);
    } else if (is(name, "--per-ip")) {
        options->config.per_ip_limit = (unsigned)number(value);
    } else {
        fprintf(stderr, "http_test_server: unknown option %s\n", name);
        exit(2);
    }
}

static struct options parse_options(int argc, char **argv)
{
    struct options options = {.loops = 1,
        .config = {.address = "127.0.0.1",
            .routes = ROUTES,
            .route_count = SJ_COUNT(ROUTES),
            .handler = handler,
            .connection_limit = 20000,
            .per_ip_limit = 20000,
            .idle_timeout_s = 60,
            .head_deadline_s = 30,
            .body_deadline_s = 60}};
    for (int i = 1; i < argc; i++) {
        if (is(argv[i], "--tls12")) {
            options.config.allow_tls12 = true;
        } else if (i + 1 < argc) {
            parse_option(&options, argv[i], argv[i + 1]);
            i++;
        }
    }
    if (options.cert == NULL || options.key == NULL || options.loops < 1 ||
        options.loops > LOOPS_MAX) {
        fprintf(stderr, "http_test_server: --cert, --key and 1..8 --loops are needed\n");
        exit(2);
    }
    return options;
}

static void start(struct runner *runners, struct options *options)
{
    for (size_t i = 0; i < options->loops; i++) {
        struct runner *runner = &runners[i];
        check(sj_loop_new(&runner->loop), "loop");
        runner->config = options->config;
        runner->config.loop = runner->loop;
        runner->config.ctx = runner;
        check(sj_http_start(&runner->config, &runner->http), "start");
        options->config.port = sj_http_port(runner->http);
    }
    printf("port %u\n", (unsigned)options->config.port);
    fflush(stdout);
    for (size_t i = 0; i < options->loops; i++) {
        if (pthread_create(&runners[i].thread, NULL, run, &runners[i]) != 0) {
            exit(1);
        }
    }
}

static void serve_signals(const sigset_t *signals, struct sj_tls *tls)
{
    int signal = 0;
    while (sigwait(signals, &signal) == 0 && signal == SIGHUP) {
        const sj_status status = sj_tls_reload(tls);
        printf("reload %s\n", sj_code_name(status.code));
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct options options = parse_options(argc, argv);
    struct runner runners[LOOPS_MAX] = {{.loop = NULL}};
    struct sj_tls *tls = NULL;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    check(sj_tls_load(options.cert, options.key, &tls), "certificate");
    options.config.tls = tls;
    start(runners, &options);
    serve_signals(&signals, tls);
    for (size_t i = 0; i < options.loops; i++) {
        check(sj_loop_post(runners[i].loop, begin_end, &runners[i]), "post");
    }
    for (size_t i = 0; i < options.loops; i++) {
        pthread_join(runners[i].thread, NULL);
        sj_loop_free(&runners[i].loop);
    }
    sj_tls_free(&tls);
    return 0;
}
