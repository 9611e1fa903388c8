/* SPDX-License-Identifier: Apache-2.0
 *
 * In which order does a server come up and go down? The keeper is forked before any key is read or thread
 * started; root and system calls are given up before the first network byte; the record is compared with
 * what was signed before the first request (AUDIT, recovery); on the way down what is in flight is finished
 * and the emitter is closed in the record.
 */
#include "server.h"

#include "own_point.h"
#include "policy_worker.h"
#include "sink.h"
#include "worker.h"

#include "sanjeh/base/log.h"
#include "sanjeh/card/press.h"
#include "sanjeh/sandbox/sandbox.h"

#include <signal.h>
#include <sys/signalfd.h>

static unsigned worker_count_of(const struct sj_config *config)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const long loops = config->loops > 0 ? (long)config->loops : cores - 1;
    return loops < 1 ? 1 : loops > SJ_WORKERS_MAX ? SJ_WORKERS_MAX : (unsigned)loops;
}

static const char *name_or_null(const char *name)
{
    return name[0] == '\0' ? NULL : name;
}

static sj_status start_keeper(struct sj_server *server)
{
    const struct sj_config *config = &server->config;
    const struct sj_keeper_config keeper = {.root_key_file = config->root_key_file,
        .signer_state = config->signer_state,
        .payload_keys = name_or_null(config->payload_keys),
        .origin = config->origin,
        .instance = config->instance,
        .user = name_or_null(config->keeper_user),
        .use = server->is_check ? SJ_KEEPER_PROVISION : SJ_KEEPER_SERVE,
        .channels = server->worker_count};
    return sj_keeper_start(&keeper, &server->keeper);
}

/* Beside the database, of this server alone; opened while files may still be written. */
static sj_status open_recorder(struct sj_server *server)
{
    const struct sj_config *config = &server->config;
    char path[SJ_CONFIG_TEXT_MAX + 16];
    if (server->is_check) {
        return SJ_DONE;
    }
    (void)snprintf(path, sizeof path, "%s%s",
        config->recorder[0] == '\0' ? config->signer_state : config->recorder,
        config->recorder[0] == '\0' ? ".recorder" : "");
    return sj_recorder_open(path, SJ_RECORDER_REGION, &server->recorder);
}

/* It lies beside sanjehd, wherever that is. */
static sj_status path_of_press(char *dst, size_t size)
{
    static const char name[] = "/sanjehd-press";
    const ssize_t len = readlink("/proc/self/exe", dst, size - 1);
    ENSURE(len > 0, IO);
    dst[len] = '\0';
    char *slash = strrchr(dst, '/');
    ENSURE(slash != NULL && (size_t)(slash - dst) + sizeof(name) <= size, IO);
    (void)snprintf(slash, sizeof(name), "%s", name);
    return SJ_DONE;
}

static sj_status try_press(struct sj_server *server)
{
    char path[4096];
    TRY(path_of_press(path, sizeof path));
    return sj_press_start(path, name_or_null(server->config.server_user), &server->press);
}

/* Without fonts a server still serves: cards are then read as JSON, and a PDF is answered with BUSY. */
static void start_press(struct sj_server *server)
{
    if (server->is_check) {
        return;
    }
    const sj_status status = try_press(server);
    if (sj_failed(status)) {
        SJ_LOG(WARN, "server.press.missing", sj_log_status(status));
    }
}

static sj_status make_routes(struct sj_server *server)
{
    server->route_count = sj_endpoint_count();
    void *memory = NULL;
    TRY(sj_alloc(server->route_count, sizeof(struct sj_route), &memory));
    server->routes = memory;
    for (size_t i = 0; i < server->route_count; i++) {
        const struct sj_endpoint *endpoint = sj_endpoint_at(i);
        server->routes[i] = endpoint->route;
        server->routes[i].tag = endpoint;
    }
    return SJ_DONE;
}

static sj_status make_authn(struct sj_server *server)
{
    const struct sj_config *config = &server->config;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const long threads = config->hash_threads > 0 ? (long)config->hash_threads : cores - 1;
    const struct sj_authn_config authn = {.hash_threads = threads < 1 ? 1 : (unsigned)threads,
        .hash_queue_max = 32,
        .idle_s = config->idle_s,
        .absolute_s = config->absolute_s,
        .challenge_s = 300,
        .totp_window_back = (unsigned)config->totp_window_back};
    return sj_authn_new(&authn, &server->authn);
}

static sj_status take_signals(struct sj_server *server)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    ENSURE(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0, IO);
    ENSURE(signal(SIGPIPE, SIG_IGN) != SIG_ERR, IO);
    server->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    ENSURE(server->signal_fd >= 0, IO);
    return SJ_DONE;
}

static sj_status write_pid_file(const struct sj_config *config, bool is_check)
{
    if (is_check || config->pid_file[0] == '\0') {
        return SJ_DONE;
    }
    FILE *file = fopen(config->pid_file, "we");
    ENSURE(file != NULL, IO);
    const bool written = fprintf(file, "%d\n", getpid()) > 0;
    ENSURE(fclose(file) == 0 && written, IO);
    return SJ_DONE;
}

static sj_status explain(sj_status status, char *detail, size_t size, const char *what)
{
    if (sj_failed(status) && detail[0] == '\0') {
        (void)snprintf(detail, size, "%s", what);
    }
    return status;
}

sj_status sj_server_prepare(const struct sj_config *config, struct sj_server *server,
    char *reterr_detail, size_t detail_size)
{
    reterr_detail[0] = '\0';
    server->config = *config;
    server->signal_fd = -1;
    server->worker_count = worker_count_of(config);
    TRY(explain(start_keeper(server), reterr_detail, detail_size,
        "the keeper could not start: see [keeper] root_key_file and signer_state"));
    start_press(server);
    TRY(sj_crypto_init());
    TRY(explain(open_recorder(server), reterr_detail, detail_size,
        "the recorder cannot be used: see [audit] recorder"));
    TRY(explain(sj_tls_load(config->cert_file, config->key_file, &server->tls), reterr_detail,
        detail_size,
        "the certificate or its key cannot be used: see [server] cert_file and key_file"));
    TRY(sj_policy_install(server, reterr_detail, detail_size));
    TRY(sj_publisher_new(&server->config, &server->publisher, reterr_detail, detail_size));
    TRY(make_routes(server));
    TRY(sj_domains_new(&server->domains));
    TRY(sj_own_cache_new(&server->own_cache));
    TRY(sj_anonymous_new(&server->anonymous));
    TRY(sj_flood_new(&server->flood));
    TRY(sj_sinks_prepare(server, reterr_detail, detail_size));
    TRY(take_signals(server));
    TRY(explain(write_pid_file(config, server->is_check), reterr_detail, detail_size,
        "the pid file cannot be written"));
    TRY(explain(sj_sandbox_drop(name_or_null(config->server_user)), reterr_detail, detail_size,
        "privileges could not be dropped: see [server] user"));
    TRY(sj_sandbox_enter(SJ_SANDBOX_FRONT));
    TRY(sj_work_pool_new(1, 16, &server->work_pool));
    return make_authn(server);
}

void sj_server_clear(struct sj_server *server)
{
    sj_sinks_free(server); /* of a start that failed */
    sj_authn_free(&server->authn);
    sj_work_pool_free(&server->work_pool);
    sj_flood_free(&server->flood);
    sj_anonymous_free(&server->anonymous);
    sj_domains_free(&server->domains);
    sj_own_cache_free(&server->own_cache);
    sj_publisher_free(&server->publisher);
    sj_policy_point_free(&server->point);
    sj_buf_clear(&server->installed);
    sj_buf_clear(&server->installed_tests);
    sj_tls_free(&server->tls);
    sj_press_stop(&server->press);
    sj_recorder_close(&server->recorder);
    sj_keeper_stop(&server->keeper);
    sj_free(server->routes);
    server->routes = NULL;
    sj_closep(&server->signal_fd);
}
