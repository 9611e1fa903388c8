/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the server do from the first turn of its loops to the last? Boot on fibers, signals, the
 * second's work, the orderly end within 10 s.
 */
#include "clock_worker.h"
#include "count_worker.h"
#include "import_worker.h"
#include "index_worker.h"
#include "payload_desk.h"
#include "policy_worker.h"
#include "sink.h"
#include "watch.h"
#include "worker.h"

#include "sanjeh/audit/index.h"
#include "sanjeh/base/log.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#define DRAIN_MS  7000
#define SECOND_MS 1000
#define BOOT_MS   20000

/* Exit codes of sanjehd(8). */
enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNSAFE_DATABASE = 3, EXIT_RECORD = 4 };

struct run {
    struct sj_server *server;
    pthread_t threads[SJ_WORKERS_MAX];
    unsigned started;
    struct sj_watch *signals;
    struct sj_timer *second;
    unsigned seconds;
    _Atomic unsigned draining;
    _Atomic unsigned booted; /* loops besides the first that answer, or have failed to */
    _Atomic unsigned boot_failed;
    _Atomic unsigned unfinished; /* fibers that outlived the drain, on all loops */
};

struct thread {
    struct run *run;
    struct sj_worker *worker;
};

static int exit_code_of(enum sj_code code)
{
    if (code == SJ_UNSAFE_DATABASE || code == SJ_SCHEMA_MISMATCH) {
        return EXIT_UNSAFE_DATABASE;
    }
    if (code == SJ_BAD_CONFIG) {
        return EXIT_USAGE;
    }
    return code == SJ_LOG_ROLLED_BACK || code == SJ_LOG_TAMPERED ? EXIT_RECORD : EXIT_FAILED;
}

/* ---- worker 0: what only one loop does ---- */

/* Without a publisher nobody cosigns. */
static bool is_cosigned(void *ctx, uint64_t size)
{
    const struct sj_server *server = ctx;
    return server->publisher == NULL || sj_publisher_stats(server->publisher).size >= size;
}

static sj_status open_record(struct sj_server *server, char *reason, size_t size)
{
    struct sj_worker *worker = &server->workers[0];
    struct sj_db_config db = sj_worker_db_config(&server->config, 1, 1);
    /* what the record waits for it waits no longer for than an answer may */
    db.statement_timeout_ms = server->config.audit_deadline_ms;
    TRY(sj_db_open(&db, worker->loop, &server->record_db));
    const struct sj_sequencer_config config = {.db = server->record_db,
        .channel = worker->channel,
        .loop = worker->loop,
        .origin = server->config.origin,
        .recorder = server->recorder,
        .instance = server->config.instance,
        .queue_max = (unsigned)server->config.audit_queue_max,
        .heads_ms = server->config.heads_s * 1000,
        .key_epoch_ms = server->config.key_epoch_s * 1000,
        .is_cosigned = is_cosigned,
        .cosigned_ctx = server,
        .deadline_ms = server->config.audit_deadline_ms};
    TRY(sj_sequencer_start(&config, &server->sequencer, reason, size));
    return sj_index_new(sj_sequencer_record_key(server->sequencer), &server->index);
}

/* Under a clock that runs ahead real deadlines would lapse early: it needs the operator's explicit word. */
static sj_status check_clock(struct sj_server *server, char *reason, size_t size)
{
    const struct sj_context nothing = {.text = ""};
    const struct sj_query query = {SJ_SQL_TEST_CLOCK_STANDS, NULL, 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(server->workers[0].db, &nothing, &query, 1, &rows));
    if (server->config.test_clock == 1 || !sj_row_bool(rows, 0, 0)) {
        return SJ_DONE;
    }
    (void)snprintf(reason, size,
        "a test clock stands in the database; set [evaluation] test_clock = 1 if this is a test, "
        "else delete the row of sanjeh.test_clock as its owner");
    FAIL(BAD_CONFIG);
}

static sj_status boot_first(struct sj_server *server, char *reason, size_t size)
{
    struct sj_worker *worker = &server->workers[0];
    TRY(sj_worker_open(worker));
    TRY(sj_db_self_check(worker->db, reason, size));
    TRY(check_clock(server, reason, size));
    TRY(sj_fields_load_units(worker->fields));
    TRY(open_record(server, reason, size));
    TRY(sj_policy_boot(server, reason, size));
    TRY(sj_db_listen(worker->db, "policy_changed", sj_policy_on_notify, server));
    TRY(sj_db_listen(worker->db, "session_revoked", sj_authn_on_notify, server->authn));
    TRY(sj_db_listen(worker->db, "audit_payload_key", sj_payload_on_notify, server));
    TRY(sj_db_listen(worker->db, "policy_domain", sj_domains_on_notify, server->domains));
    const sj_status status = sj_worker_listen(worker);
    if (sj_failed(status)) {
        (void)snprintf(reason, size,
            "cannot listen on %.100s port %lld: in use, or see [server] address",
            server->config.address, (long long)server->config.port);
    }
    return status;
}

static void boot_other_fiber(void *ctx)
{
    struct thread *thread = ctx;
    sj_status status = sj_worker_open(thread->worker);
    if (!sj_failed(status)) {
        status = sj_worker_listen(thread->worker);
    }
    if (sj_failed(status)) {
        SJ_LOG(ERROR, "server.loop.failed", sj_log_status(status),
            sj_log_int("loop", thread->worker->number));
        (void)atomic_fetch_add(&thread->run->boot_failed, 1);
    }
    (void)atomic_fetch_add(&thread->run->booted, 1);
}

static void boot_other(void *ctx)
{
    struct thread *thread = ctx;
    sj_ignore(
        sj_fiber_spawn(thread->worker->loop, boot_other_fiber, thread), "logged by the fiber");
}

/* A request that outlived its deadline: its fiber's memory cannot be taken apart, only the process can. */
static bool is_unfinished(struct run *run, const struct sj_loop *loop)
{
    const size_t fibers = sj_loop_fiber_count(loop);
    (void)atomic_fetch_add(&run->unfinished, (unsigned)fibers);
    return fibers > 0;
}

static void *thread_main(void *ctx)
{
    struct thread *thread = ctx;
    struct sj_loop *loop = thread->worker->loop;
    if (!sj_failed(sj_loop_post(loop, boot_other, thread))) {
        sj_ignore(sj_loop_run(loop), "ends by sj_loop_stop");
    }
    if (!is_unfinished(thread->run, loop)) {
        sj_worker_close(thread->worker);
        sj_loop_free(&thread->worker->loop);
    }
    sj_free(thread);
    return NULL;
}

static sj_status start_other(struct run *run, unsigned number)
{
    struct sj_worker *worker = &run->server->workers[number];
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct thread), &memory));
    struct thread *thread = memory;
    *thread = (struct thread){run, worker};
    *worker = (struct sj_worker){.server = run->server, .number = number};
    sj_status status = sj_loop_new(&worker->loop);
    if (!sj_failed(status) &&
        pthread_create(&run->threads[number], NULL, thread_main, thread) != 0) {
        status = SJ_FAILURE(OUT_OF_MEMORY);
    }
    if (sj_failed(status)) {
        sj_loop_free(&worker->loop);
        sj_free(thread);
        return status;
    }
    run->started = number + 1;
    return SJ_DONE;
}

/* ---- the end ---- */

struct drain {
    struct run *run;
    struct sj_worker *worker;
};

static void drain_fiber(void *ctx)
{
    struct drain *drain = ctx;
    sj_worker_drain(drain->worker, DRAIN_MS);
    (void)atomic_fetch_sub(&drain->run->draining, 1);
    sj_free(drain);
}

static void drain_posted(void *ctx)
{
    struct drain *drain = ctx;
    if (sj_failed(sj_fiber_spawn(drain->worker->loop, drain_fiber, drain))) {
        (void)atomic_fetch_sub(&drain->run->draining, 1);
        sj_free(drain);
    }
}

static void start_drain(struct run *run, struct sj_worker *worker)
{
    void *memory = NULL;
    (void)atomic_fetch_add(&run->draining, 1);
    if (sj_failed(sj_alloc(1, sizeof(struct drain), &memory))) {
        (void)atomic_fetch_sub(&run->draining, 1);
        return;
    }
    *(struct drain *)memory = (struct drain){run, worker};
    if (sj_failed(sj_loop_post(worker->loop, drain_posted, memory))) {
        (void)atomic_fetch_sub(&run->draining, 1);
        sj_free(memory);
    }
}

static void note_count(void *sequencer, const struct sj_draft *draft)
{
    sj_sequencer_note(sequencer, draft);
}

/* On a fiber of worker 0: what is in flight ends, the record is closed, the loops stop. */
static void finish(struct run *run)
{
    struct sj_server *server = run->server;
    const int64_t end = sj_time_monotonic_ms() + DRAIN_MS;
    start_drain(run, &server->workers[0]);
    for (unsigned i = 1; i < run->started; i++) {
        start_drain(run, &server->workers[i]);
    }
    while ((atomic_load(&run->draining) > 0 || atomic_load(&server->background) > 0) &&
           sj_time_monotonic_ms() < end) {
        sj_fiber_sleep_ms(10);
    }
    if (server->sequencer != NULL) {
        sj_anonymous_flush(
            server->anonymous, note_count, server->sequencer, /* everything= */ true);
        sj_sequencer_stop(server->sequencer);
    }
    for (unsigned i = 1; i < run->started; i++) {
        sj_loop_stop(server->workers[i].loop);
    }
    sj_loop_stop(server->workers[0].loop);
}

/* ---- the beginning ---- */

static void tell_refusal(struct sj_server *server, sj_status status, const char *reason)
{
    SJ_LOG(ERROR, "server.start.refused", sj_log_status(status), sj_log_str("reason", reason));
    (void)fprintf(stderr, "sanjehd: refused to start: %s%s%s\n", sj_code_title(status.code),
        reason[0] == '\0' ? "" : ": ", reason);
    server->exit_code = exit_code_of(status.code);
}

/* Ready means that every loop answers; a server that silently runs on fewer would surprise later. */
static sj_status boot_others(struct run *run, char *reason, size_t size)
{
    const unsigned others = run->server->worker_count - 1;
    for (unsigned i = 1; i <= others; i++) {
        TRY(start_other(run, i));
    }
    const int64_t end = sj_time_monotonic_ms() + BOOT_MS;
    while (atomic_load(&run->booted) < others && sj_time_monotonic_ms() < end) {
        sj_fiber_sleep_ms(5);
    }
    if (atomic_load(&run->booted) < others || atomic_load(&run->boot_failed) > 0) {
        (void)snprintf(reason, size,
            "not every loop could start; [server] loops times [database] connections must fit into "
            "max_connections");
        FAIL(DATABASE_UNAVAILABLE);
    }
    return SJ_DONE;
}

static void boot_fiber(void *ctx)
{
    struct run *run = ctx;
    struct sj_server *server = run->server;
    char reason[256] = {0};
    sj_status status = boot_first(server, reason, sizeof reason);
    if (!sj_failed(status)) {
        status = boot_others(run, reason, sizeof reason);
    }
    if (sj_failed(status)) {
        tell_refusal(server, status, reason);
        finish(run);
        return;
    }
    atomic_store(&server->ready, true);
    sj_ignore(sj_import_worker_start(server), "imports wait for the next start, requests do not");
    sj_ignore(sj_policy_worker_start(server), "activations of others wait for the next start");
    sj_ignore(sj_clock_worker_start(server), "clocks wait for the next start, requests do not");
    sj_ignore(sj_payload_worker_start(server), "the next start seals what is in clear");
    sj_ignore(sj_index_worker_start(server), "searches say how far the index goes");
    sj_ignore(sj_count_worker_start(server), "searches say which days they were held against");
    sj_ignore(sj_sinks_start(server), "told; entries wait for the next start");
    sj_ignore(sj_watch_start(server), "entries wait for the next start, requests do not");
    sj_ignore(sj_publisher_start(server), "the lag tells, and blocks");
    sj_ignore(sj_stamper_start(server), "logged; witnesses bound time, too");
    SJ_LOG(NOTICE, "server.ready", sj_log_int("port", server->config.port),
        sj_log_int("loops", server->worker_count));
}

static void boot(void *ctx)
{
    struct run *run = ctx;
    const sj_status status = sj_fiber_spawn(run->server->workers[0].loop, boot_fiber, run);
    if (sj_failed(status)) {
        tell_refusal(run->server, status, "");
        sj_loop_stop(run->server->workers[0].loop);
    }
}

/* ---- signals and the second ---- */

static void stop_fiber(void *ctx)
{
    finish(ctx);
}

/* All or nothing: a configuration that cannot be read, or a pair that cannot be used, leaves everything as it is.
 * Of a changed configuration the log level takes effect; what is bound at start is named as waiting for a restart. */
static sj_status reload_all(struct sj_server *server, bool *ret_needs_restart)
{
    struct sj_config config;
    char detail[SJ_CONFIG_DETAIL_SIZE] = {0};
    const sj_status status = sj_config_load(server->config_path, &config, detail);
    if (sj_failed(status)) {
        SJ_LOG(ERROR, "server.reload.config", sj_log_status(status), sj_log_str("reason", detail));
        return status;
    }
    TRY(sj_tls_reload(server->tls));
    sj_config_apply_log_level(&config);
    *ret_needs_restart = !sj_config_equal_but_log_level(&config, &server->config);
    return SJ_DONE;
}

static void reload(struct run *run)
{
    bool needs_restart = false;
    const sj_status status = reload_all(run->server, &needs_restart);
    if (sj_failed(status)) {
        SJ_LOG(ERROR, "server.reload.refused", sj_log_status(status));
    } else {
        SJ_LOG(NOTICE, "server.reloaded",
            sj_log_str("waiting_for_restart", needs_restart ? "changed keys" : "nothing"));
    }
    struct sj_draft draft = {.kind = SJ_ENTRY_CONFIG,
        .outcome = sj_failed(status) ? SJ_OUTCOME_FAILED : SJ_OUTCOME_PERMITTED,
        .action = "config:reload",
        .object_type = "server"};
    if (run->server->sequencer != NULL) {
        sj_sequencer_note(run->server->sequencer, &draft);
    }
}

static void begin_stop(struct run *run)
{
    struct sj_server *server = run->server;
    if (atomic_exchange(&server->stopping, true)) {
        return;
    }
    SJ_LOG(NOTICE, "server.stopping", sj_log_int("pid", getpid()));
    if (server->index != NULL) {
        sj_index_stop(server->index);
    }
    if (sj_failed(sj_fiber_spawn(server->workers[0].loop, stop_fiber, run))) {
        sj_loop_stop(server->workers[0].loop);
    }
}

static void on_signal(void *ctx, uint32_t events)
{
    (void)events;
    struct run *run = ctx;
    struct signalfd_siginfo info;
    while (read(run->server->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            reload(run);
        } else {
            begin_stop(run);
        }
    }
}

static void on_second(void *ctx)
{
    struct run *run = ctx;
    struct sj_server *server = run->server;
    if (server->sequencer != NULL && !atomic_load(&server->stopping)) {
        sj_anonymous_flush(
            server->anonymous, note_count, server->sequencer, /* everything= */ false);
    }
    if (++run->seconds % 60 == 0 && atomic_load(&server->in_flight) == 0) {
        sj_memory_give_back(); /* what a burst of connections or an import has left */
    }
    sj_timer_set(run->second, SECOND_MS);
}

static sj_status run_first(struct run *run)
{
    struct sj_worker *first = &run->server->workers[0];
    *first = (struct sj_worker){.server = run->server};
    run->started = 1;
    TRY(sj_loop_new(&first->loop));
    TRY(sj_watch_new(first->loop, run->server->signal_fd, EPOLLIN, on_signal, run, &run->signals));
    TRY(sj_timer_new(first->loop, on_second, run, &run->second));
    sj_timer_set(run->second, SECOND_MS);
    TRY(sj_loop_post(first->loop, boot, run));
    return sj_loop_run(first->loop);
}

int sj_server_run(struct sj_server *server)
{
    struct run run = {.server = server};
    const sj_status status = run_first(&run);
    for (unsigned i = 1; i < run.started; i++) {
        (void)pthread_join(run.threads[i], NULL);
    }
    const bool alive =
        server->workers[0].loop != NULL && is_unfinished(&run, server->workers[0].loop);
    if (alive || atomic_load(&run.unfinished) > 0) {
        SJ_LOG(WARN, "server.stop.unfinished", sj_log_int("fibers", atomic_load(&run.unfinished)));
        _exit(server->exit_code);
    }
    sj_index_free(&server->index);
    sj_sinks_free(server);
    sj_watch_free_all(server);
    sj_sequencer_free(&server->sequencer);
    sj_watch_free(&run.signals);
    sj_timer_free(&run.second);
    sj_publisher_free(&server->publisher);
    sj_stamper_free(&server->stamper);
    sj_db_close(&server->record_db);
    sj_worker_close(&server->workers[0]);
    sj_loop_free(&server->workers[0].loop);
    return sj_failed(status) ? EXIT_FAILED : server->exit_code;
}
