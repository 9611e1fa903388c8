/* SPDX-License-Identifier: Apache-2.0
 *
 * How do requests reach the witness? One loop, HTTP over TLS with the server's guard, limits and deadlines; what waits for the disk
 * runs on a pool, so that a slow disk does not keep monitors waiting. Nobody signs in: the log's signature under the checkpoint is all
 * that counts (C2SP tlog-witness). Metrics are for the machine itself.
 */
#include "witness_run.h"

#include "sanjeh/audit/tlog_policy.h"
#include "sanjeh/base/log.h"
#include "sanjeh/base/time.h"
#include "sanjeh/base/work.h"
#include "sanjeh/http/server.h"
#include "sanjeh/sandbox/sandbox.h"
#include "sanjeh/witness/witness.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define POOL_THREADS 4u
#define POOL_QUEUE   256u
#define PLAIN        "text/plain; charset=utf-8"
#define STOP_MS      5000

struct run {
    const struct sj_witness_settings *settings;
    struct sj_witness *witness;
    struct sj_signing_key *secret;
    struct sj_tls *tls;
    struct sj_loop *loop;
    struct sj_http *http;
    struct sj_work_pool *pool;
    struct sj_watch *signals;
    int signal_fd;
    bool is_stopping;
    bool has_failed;
    char *detail;
};

/* ---- answers ---- */

static void answer(
    struct sj_request *request, unsigned status, const char *media, struct sj_view body)
{
    const struct sj_response response = {
        .status = status, .content_type = media, .body = body, .fd = -1};
    sj_respond(request, &response);
}

static void answer_line(struct sj_request *request, unsigned status, const char *text)
{
    char line[256];
    const int len = snprintf(line, sizeof line, "%s\n", text);
    answer(request, status, PLAIN, sj_view_of(line, (size_t)len));
}

/* ---- add-checkpoint ---- */

struct job {
    struct sj_witness *witness;
    struct sj_view body;
    struct sj_witness_answer answer;
    sj_status status;
};

static void work(void *ctx)
{
    struct job *job = ctx;
    job->status = sj_witness_add(job->witness, job->body, sj_time_now() / 1000000, &job->answer);
}

static void log_outcome(const struct job *job)
{
    SJ_LOG(INFO, "witness.add", sj_log_int("status", (int64_t)job->answer.http),
        sj_log_text("origin", job->answer.origin));
}

static void add_checkpoint(struct run *run, struct sj_request *request)
{
    struct job job = {.witness = run->witness, .body = sj_request_body(request)};
    const sj_status status = sj_work_run(run->pool, work, &job);
    if (sj_failed(status)) {
        answer_line(request, 503, "too many requests wait for the disk; try again");
        return;
    }
    if (sj_failed(job.status)) {
        answer_line(request, 500, sj_code_title(job.status.code));
    } else {
        log_outcome(&job);
        answer(request, job.answer.http, job.answer.media, sj_buf_view(&job.answer.body));
    }
    sj_buf_clear(&job.answer.body);
}

/* ---- reading ---- */

static void latest(struct run *run, struct sj_request *request)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(SJ_NOTE_MAX + 1024);
    const sj_status status =
        sj_witness_latest(run->witness, sj_request_param(request, "origin"), &note);
    if (sj_failed(status)) {
        answer_line(request, sj_code_http(status.code), "nothing was cosigned for this origin");
        return;
    }
    answer(request, 200, PLAIN, sj_buf_view(&note));
}

static void healthz(struct run *run, struct sj_request *request)
{
    (void)run;
    answer_line(request, 200, "ok");
}

static void metrics(struct run *run, struct sj_request *request)
{
    char text[1024];
    const struct sj_witness_stats stats = sj_witness_stats(run->witness);
    if (!sj_request_peer_is_loopback(request)) {
        answer_line(request, 403, "metrics are for this machine");
        return;
    }
    const int len = snprintf(text, sizeof text,
        "# TYPE sanjeh_witness_cosigned_total counter\nsanjeh_witness_cosigned_total %llu\n"
        "# TYPE sanjeh_witness_refused_total counter\nsanjeh_witness_refused_total %llu\n"
        "# TYPE sanjeh_witness_conflicts_total counter\nsanjeh_witness_conflicts_total %llu\n"
        "# TYPE sanjeh_witness_failures_total counter\nsanjeh_witness_failures_total %llu\n",
        (unsigned long long)stats.cosigned, (unsigned long long)stats.refused,
        (unsigned long long)stats.conflicts, (unsigned long long)stats.failures);
    answer(request, 200, "text/plain; version=0.0.4", sj_view_of(text, (size_t)len));
}

typedef void route_fn(struct run *run, struct sj_request *request);
struct place {
    route_fn *fn;
};
static const struct place places[] = {{add_checkpoint}, {latest}, {healthz}, {metrics}};

static const struct sj_route routes[] = {
    {SJ_POST, "/add-checkpoint", SJ_WITNESS_BODY_MAX, SJ_MEDIA_ANY, &places[0]},
    {SJ_GET, "/{origin}/checkpoint", 0, SJ_MEDIA_NONE, &places[1]},
    {SJ_GET, "/healthz", 0, SJ_MEDIA_NONE, &places[2]},
    {SJ_GET, "/metrics", 0, SJ_MEDIA_NONE, &places[3]},
};

static void refuse(struct sj_request *request, enum sj_code code)
{
    const struct sj_response_header allow = {"Allow", sj_request_allow(request)};
    const char *title = sj_code_title(code);
    const struct sj_response response = {.status = sj_code_http(code),
        .content_type = PLAIN,
        .body = sj_view_of(title, __builtin_strlen(title)),
        .fd = -1,
        .headers = &allow,
        .header_count = code == SJ_METHOD_NOT_ALLOWED ? 1 : 0,
        .close = code != SJ_NOT_FOUND && code != SJ_METHOD_NOT_ALLOWED};
    sj_respond(request, &response);
}

static void handle(void *ctx, struct sj_request *request)
{
    struct run *run = ctx;
    const enum sj_code refusal = sj_request_refusal(request);
    if (refusal != SJ_OK) {
        refuse(request, refusal);
        return;
    }
    const struct place *place = sj_request_route(request)->tag;
    place->fn(run, request);
}

/* ---- the policy ---- */

static sj_status read_policy(const char *path, struct sj_tlog_policy *policy, char *detail)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_POLICY_TEXT_MAX + 1);
    size_t line = 0;
    TRY(sj_buf_reserve(&text, SJ_POLICY_TEXT_MAX + 1));
    const ssize_t got = fd < 0 ? -1 : read(fd, text.ptr, SJ_POLICY_TEXT_MAX + 1);
    if (got < 0 || got > SJ_POLICY_TEXT_MAX) {
        (void)snprintf(detail, SJ_CONFIG_DETAIL_SIZE, "cannot read the policy %.180s", path);
        FAIL(BAD_CONFIG);
    }
    text.len = (size_t)got;
    if (sj_failed(sj_tlog_policy_parse(sj_buf_view(&text), policy, &line))) {
        (void)snprintf(
            detail, SJ_CONFIG_DETAIL_SIZE, "%.180s: line %zu is not one of a policy", path, line);
        FAIL(BAD_CONFIG);
    }
    return SJ_DONE;
}

/* The logs of a policy; its witnesses and quorum are not ours to judge. */
static sj_status read_logs(
    const char *path, struct sj_note_key *ret_keys, size_t *ret_count, char *detail)
{
    CLEANUP(sj_freep) struct sj_tlog_policy *policy = NULL;
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_tlog_policy), &memory));
    policy = memory;
    TRY(read_policy(path, policy, detail));
    *ret_count = 0;
    for (size_t i = 0; i < policy->key_count; i++) {
        if (policy->is_log[i]) {
            ret_keys[(*ret_count)++] = policy->keys[i];
        }
    }
    return SJ_DONE;
}

static sj_status open_witness(struct run *run)
{
    const struct sj_witness_settings *settings = run->settings;
    struct sj_note_key logs[SJ_NOTE_KEYS_MAX];
    struct sj_witness_config config = {.folder = settings->state, .log_keys = logs};
    const sj_status status = sj_witness_key_load(settings->key_file, &config.key, &run->secret);
    if (sj_failed(status)) {
        (void)snprintf(run->detail, SJ_CONFIG_DETAIL_SIZE,
            "key_file %.100s: absent, readable by others, or no key of a witness",
            settings->key_file);
        return status;
    }
    config.secret = run->secret;
    TRY(read_logs(settings->policy_file, logs, &config.log_key_count, run->detail));
    return sj_witness_open(&config, &run->witness, run->detail);
}

/* ---- signals ---- */

static sj_status reload(struct run *run)
{
    struct sj_note_key logs[SJ_NOTE_KEYS_MAX];
    size_t count = 0;
    char detail[SJ_CONFIG_DETAIL_SIZE] = {0};
    sj_status status = read_logs(run->settings->policy_file, logs, &count, detail);
    if (!sj_failed(status)) {
        status = sj_witness_set_logs(run->witness, logs, count, detail);
    }
    if (!sj_failed(status)) {
        status = sj_tls_reload(run->tls);
    }
    SJ_LOG(NOTICE, "witness.reload", sj_log_status(status), sj_log_str("reason", detail),
        sj_log_int("logs", (int64_t)count));
    return status;
}

static void stop_fiber(void *ctx)
{
    struct run *run = ctx;
    const int64_t end = sj_time_monotonic_ms() + STOP_MS;
    sj_http_quiesce(run->http);
    while (sj_http_in_flight(run->http) > 0 && sj_time_monotonic_ms() < end) {
        sj_fiber_sleep_ms(10);
    }
    sj_loop_stop(run->loop);
}

static void on_signal(void *ctx, uint32_t events)
{
    (void)events;
    struct run *run = ctx;
    struct signalfd_siginfo info;
    while (read(run->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            sj_ignore(reload(run), "logged; the old keys stay");
        } else if (!run->is_stopping) {
            run->is_stopping = true;
            if (sj_failed(sj_fiber_spawn(run->loop, stop_fiber, run))) {
                sj_loop_stop(run->loop);
            }
        }
    }
}

static sj_status take_signals(struct run *run)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    ENSURE(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && signal(SIGPIPE, SIG_IGN) != SIG_ERR, IO);
    run->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    ENSURE(run->signal_fd >= 0, IO);
    return sj_watch_new(run->loop, run->signal_fd, EPOLLIN, on_signal, run, &run->signals);
}

/* ---- life ---- */

static sj_status listen_now(struct run *run)
{
    const struct sj_witness_settings *settings = run->settings;
    const struct sj_http_config http = {.loop = run->loop,
        .tls = run->tls,
        .address = settings->address,
        .port = (uint16_t)settings->port,
        .routes = routes,
        .route_count = SJ_COUNT(routes),
        .handler = handle,
        .ctx = run,
        .first_of_port = true,
        .connection_limit = (unsigned)settings->connection_limit,
        .per_ip_limit = (unsigned)settings->per_ip_limit,
        .idle_timeout_s = 60,
        .head_deadline_s = (unsigned)settings->head_deadline_s,
        .body_deadline_s = (unsigned)settings->body_deadline_s,
        .allow_tls12 = true};
    const sj_status status = sj_http_start(&http, &run->http);
    if (sj_failed(status)) {
        (void)snprintf(run->detail, SJ_CONFIG_DETAIL_SIZE, "cannot listen on %.100s port %lld",
            settings->address, (long long)settings->port);
    }
    return status;
}

static void begin(void *ctx)
{
    struct run *run = ctx;
    if (sj_failed(listen_now(run))) {
        run->has_failed = true;
        sj_loop_stop(run->loop);
        return;
    }
    SJ_LOG(NOTICE, "witness.ready", sj_log_int("port", sj_http_port(run->http)));
}

static sj_status serve(struct run *run)
{
    TRY(sj_loop_new(&run->loop));
    TRY(take_signals(run));
    TRY(sj_work_pool_new(POOL_THREADS, POOL_QUEUE, &run->pool));
    TRY(sj_loop_post(run->loop, begin, run));
    TRY(sj_loop_run(run->loop));
    ENSURE(!run->has_failed, BAD_CONFIG);
    return SJ_DONE;
}

static void close_run(struct run *run)
{
    sj_http_stop(&run->http);
    sj_work_pool_free(&run->pool);
    sj_watch_free(&run->signals);
    sj_closep(&run->signal_fd);
    if (run->loop != NULL && sj_loop_fiber_count(run->loop) > 0) {
        _exit(
            0); /* a request outlived the deadline; what it had to store is stored or was not answered */
    }
    sj_loop_free(&run->loop);
    sj_witness_close(&run->witness);
    sj_signing_key_free(&run->secret);
    sj_tls_free(&run->tls);
}

sj_status sj_witness_run(const struct sj_witness_settings *settings, bool check,
    char reterr_detail[SJ_CONFIG_DETAIL_SIZE])
{
    CLEANUP(close_run)
    struct run run = {.settings = settings, .signal_fd = -1, .detail = reterr_detail};
    sj_log_set_process("witness");
    const sj_status status = sj_tls_load(settings->cert_file, settings->tls_key_file, &run.tls);
    if (sj_failed(status)) {
        (void)snprintf(
            reterr_detail, SJ_CONFIG_DETAIL_SIZE, "cert_file and tls_key_file cannot be used");
        return status;
    }
    TRY(sj_sandbox_drop(settings->user[0] == '\0' ? NULL : settings->user));
    TRY(open_witness(&run));
    return check ? SJ_DONE : serve(&run);
}
