/* SPDX-License-Identifier: Apache-2.0
 *
 * Has the other house every entry? A thread a sink, with a connection of its own: a page of signed entries is written in the sink's
 * language, delivered (a file: to the disk; syslog: until the peer's system has acknowledged every byte), and only then the position is
 * kept, under a MAC. So an entry may come twice after a crash and never not at all; each names its index. A peer that stalls, dies or lies
 * about its name stops its own thread alone.
 */
#include "sink.h"

#include "watch.h"
#include "worker.h"

#include "sanjeh/audit/record.h"
#include "sanjeh/base/file.h"
#include "sanjeh/base/log.h"
#include "sanjeh/crypto/merkle.h"
#include "sanjeh/crypto/tls_client.h"
#include "sanjeh/watch/siem.h"

#include <fcntl.h>
#include <pthread.h>

#define PAGE       128u
#define BYTES_MAX  ((size_t)PAGE * (SJ_SIEM_LINE_MAX + 16))
#define IDLE_MS    200
#define RETRY_MS   500
#define RETRY_MAX  30000
#define OPEN_MS    10000
#define DELIVER_MS 10000
#define SLICE_MS   100
#define HOSTNAME   64
#define VERSION    "1"

struct sink {
    struct sj_server *server;
    const struct sj_sink_config *config;
    char name[16]; /* "sink:1" */
    enum sj_siem_format format;
    bool is_file;
    int fd;
    struct sj_tls_peer *peer;
    struct sj_tls_line *line;
    struct sj_db *db;
    pthread_t thread;
    bool has_thread;
    bool knows_position;
    bool is_failing;
    _Atomic uint64_t position;
    _Atomic int64_t moved_ms; /* when it moved or was level, monotonic */
    _Atomic uint64_t failures;
};

struct sj_sinks {
    struct sink list[SJ_SINKS_MAX];
    unsigned count;
    char hostname[HOSTNAME];
    pthread_mutex_t lock;
    bool is_given; /* under lock: context and key */
    struct sj_context context;
    struct sj_key key;
    _Atomic uint64_t size; /* signed entries */
};

/* ---- configuration ---- */

static sj_status refuse(char *detail, size_t size, unsigned number, const char *what)
{
    (void)snprintf(detail, size, "[sink%u] %s", number + 1, what);
    FAIL(BAD_CONFIG);
}

static bool take_format(const char *text, enum sj_siem_format *ret_format)
{
    static const char *const formats[] = {"ocsf", "cef", "plain"};
    for (size_t i = 0; i < SJ_COUNT(formats); i++) {
        if (strcmp(text, formats[i]) == 0) {
            *ret_format = (enum sj_siem_format)i;
            return true;
        }
    }
    return false;
}

static sj_status prepare_one(struct sink *sink, unsigned number, char *detail, size_t size)
{
    const struct sj_sink_config *config = sink->config;
    sink->fd = -1;
    (void)snprintf(sink->name, sizeof sink->name, "sink:%u", number + 1);
    if (!take_format(config->format, &sink->format)) {
        return refuse(detail, size, number, "format must be ocsf, cef or plain");
    }
    sink->is_file = strcmp(config->kind, "file") == 0;
    if (sink->is_file) {
        sink->fd = open(config->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        return sink->fd >= 0 ? SJ_DONE
                             : refuse(detail, size, number, "path cannot be opened for writing");
    }
    if (strcmp(config->kind, "syslog") != 0) {
        return refuse(detail, size, number, "kind must be file or syslog");
    }
    if (config->host[0] == '\0' || config->ca_file[0] == '\0') {
        return refuse(detail, size, number, "host and ca_file must be set");
    }
    const sj_status status =
        sj_tls_peer_new(config->ca_file, config->cert_file, config->key_file, &sink->peer);
    return sj_failed(status)
               ? refuse(detail, size, number, "ca_file, cert_file or key_file cannot be used")
               : SJ_DONE;
}

sj_status sj_sinks_prepare(struct sj_server *server, char *reterr_detail, size_t detail_size)
{
    void *memory = NULL;
    if (server->is_check) {
        return SJ_DONE;
    }
    TRY(sj_alloc(1, sizeof(struct sj_sinks), &memory));
    struct sj_sinks *sinks = memory;
    server->sinks = sinks;
    SJ_ASSERT(pthread_mutex_init(&sinks->lock, /* attributes= */ NULL) == 0);
    if (gethostname(sinks->hostname, sizeof sinks->hostname - 1) != 0) {
        sinks->hostname[0] = '\0';
    }
    for (unsigned i = 0; i < SJ_SINKS_MAX; i++) {
        const struct sj_sink_config *config = &server->config.sinks[i];
        if (config->kind[0] != '\0') {
            struct sink *sink = &sinks->list[sinks->count++];
            sink->server = server;
            sink->config = config;
            TRY(prepare_one(sink, i, reterr_detail, detail_size));
        }
    }
    return SJ_DONE;
}

void sj_sinks_give(struct sj_server *server, const struct sj_context *context,
    const struct sj_key *key, uint64_t size)
{
    struct sj_sinks *sinks = server->sinks;
    if (sinks == NULL) {
        return;
    }
    SJ_ASSERT(pthread_mutex_lock(&sinks->lock) == 0);
    sinks->context = *context;
    sinks->key = *key;
    sinks->is_given = true;
    SJ_ASSERT(pthread_mutex_unlock(&sinks->lock) == 0);
    atomic_store(&sinks->size, size);
}

static bool take_right(
    struct sj_sinks *sinks, struct sj_context *ret_context, struct sj_key *ret_key)
{
    SJ_ASSERT(pthread_mutex_lock(&sinks->lock) == 0);
    const bool given = sinks->is_given;
    *ret_context = sinks->context;
    *ret_key = sinks->key;
    SJ_ASSERT(pthread_mutex_unlock(&sinks->lock) == 0);
    return given;
}

/* ---- delivering ---- */

static sj_status write_file(int fd, struct sj_view bytes)
{
    TRY(sj_write_all(fd, bytes));
    ENSURE(fdatasync(fd) == 0, IO);
    return SJ_DONE;
}

static sj_status deliver(struct sink *sink, struct sj_view bytes)
{
    const struct sj_sink_config *config = sink->config;
    const atomic_bool *stop = &sink->server->stopping;
    if (sink->is_file) {
        return write_file(sink->fd, bytes);
    }
    if (sink->line == NULL) {
        TRY(sj_tls_line_open(sink->peer, config->host, config->port,
            config->server_name[0] == '\0' ? config->host : config->server_name, OPEN_MS, stop,
            &sink->line));
    }
    TRY(sj_tls_line_send(sink->line, bytes, DELIVER_MS, stop));
    return sj_tls_line_settle(sink->line, DELIVER_MS, stop);
}

static sj_status put_entry(struct sink *sink, const struct sj_siem_source *source,
    const struct sj_entry *entry, const struct sj_hash *leaf, struct sj_buf *out)
{
    if (!sink->is_file) {
        return sj_siem_frame(source, sink->format, entry, leaf, out);
    }
    TRY(sink->format == SJ_SIEM_OCSF  ? sj_siem_ocsf(source, entry, leaf, out)
        : sink->format == SJ_SIEM_CEF ? sj_siem_cef(source, entry, leaf, out)
                                      : sj_siem_syslog(source, sink->format, entry, leaf, out));
    return sj_buf_put_byte(out, '\n');
}

/* A row that was lost or bent goes out as what it is: an entry that cannot be read. */
static void take_entry(
    const struct sj_rows *rows, size_t row, uint64_t index, struct sj_entry *entry)
{
    const bool is_there = row < sj_rows_count(rows);
    if (is_there && !sj_failed(sj_entry_decode(sj_row_bytes(rows, row, 1), entry))) {
        return;
    }
    *entry = (struct sj_entry){.index = index, .time = sj_time_now()};
    entry->draft = (struct sj_draft){.kind = SJ_ENTRY_RECOVERY,
        .outcome = SJ_OUTCOME_FAILED,
        .action = "log:unreadable",
        .object_type = "log",
        .detail = "the database has no readable entry here"};
}

static sj_status put_page(
    struct sink *sink, const struct sj_rows *rows, uint64_t first, uint64_t end, struct sj_buf *out)
{
    const struct sj_siem_source source = {
        sink->server->config.origin, sink->server->sinks->hostname, VERSION};
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_entry), &memory));
    size_t row = 0;
    for (uint64_t index = first; index < end; index++) {
        struct sj_hash leaf = {{0}};
        const bool is_there =
            row < sj_rows_count(rows) && sj_row_i64(rows, row, 0) == (int64_t)index;
        take_entry(rows, is_there ? row : SIZE_MAX, index, memory);
        if (is_there) {
            TRY(sj_leaf_hash(sj_row_bytes(rows, row++, 1), &leaf));
        }
        TRY(put_entry(sink, &source, memory, &leaf, out));
    }
    return SJ_DONE;
}

static sj_status keep(struct sink *sink, const struct sj_context *context, const struct sj_key *key,
    uint64_t position)
{
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(sink->db, context, &tx));
    TRY(sj_follower_save(tx, key, sink->name, position, sj_view_of("", 0)));
    TRY(sj_tx_commit(&tx));
    atomic_store(&sink->position, position);
    atomic_store(&sink->moved_ms, sj_time_monotonic_ms());
    return SJ_DONE;
}

static sj_status learn_position(
    struct sink *sink, const struct sj_context *context, const struct sj_key *key)
{
    bool known = false;
    bool forged = false;
    uint64_t position = 0;
    TRY(sj_follower_load(sink->db, context, key, sink->name, &known, &forged, &position, NULL));
    if (forged) {
        SJ_LOG(ERROR, "sink.position.forged", sj_log_str("sink", sink->name));
    }
    atomic_store(&sink->position, position);
    sink->knows_position = true;
    return SJ_DONE;
}

/* One page. *ret_level: nothing is left. */
static sj_status move(struct sink *sink, bool *ret_level)
{
    struct sj_context context;
    struct sj_key key;
    *ret_level = true;
    if (!take_right(sink->server->sinks, &context, &key)) {
        return SJ_DONE;
    }
    if (sink->db == NULL) {
        const struct sj_db_config db = sj_worker_db_config(&sink->server->config, 1, 1);
        TRY(sj_db_open(&db, /* loop= */ NULL, &sink->db));
    }
    if (!sink->knows_position) {
        TRY(learn_position(sink, &context, &key));
    }
    uint64_t minimum = 0;
    TRY(sj_record_minimum(sink->db, &context, &minimum));
    const uint64_t at = atomic_load(&sink->position);
    const uint64_t first =
        at < minimum ? minimum : at; /* what was pruned is carried on from its sealed export */
    const uint64_t size = atomic_load(&sink->server->sinks->size);
    if (first >= size) {
        atomic_store(&sink->moved_ms, sj_time_monotonic_ms());
        return SJ_DONE;
    }
    const uint64_t end = size - first < PAGE ? size : first + PAGE;
    const struct sj_param params[] = {sj_p_i64((int64_t)first), sj_p_i64((int64_t)end)};
    const struct sj_query query = {SJ_SQL_AUDIT_ENTRY_RANGE, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(BYTES_MAX);
    TRY(sj_record_read(sink->db, &context, &query, &rows));
    TRY(put_page(sink, rows, first, end, &out));
    TRY(deliver(sink, sj_buf_view(&out)));
    TRY(keep(sink, &context, &key, end));
    *ret_level = end == size;
    return SJ_DONE;
}

/* ---- the thread ---- */

static void rest(const struct sink *sink, int64_t ms)
{
    const int64_t until_ms = sj_time_monotonic_ms() + ms;
    while (!atomic_load(&sink->server->stopping) && sj_time_monotonic_ms() < until_ms) {
        const struct timespec slice = {0, SLICE_MS * 1000000L};
        (void)nanosleep(&slice, NULL);
    }
}

static void tell(struct sink *sink, sj_status status)
{
    const bool failing = sj_failed(status);
    if (failing != sink->is_failing) {
        const struct sj_log_field fields[] = {
            sj_log_str("sink", sink->name), sj_log_status(status)};
        sj_log(failing ? SJ_LEVEL_WARN : SJ_LEVEL_NOTICE, failing ? "sink.stands" : "sink.goes",
            fields, SJ_COUNT(fields));
    }
    sink->is_failing = failing;
}

static void *run(void *ctx)
{
    struct sink *sink = ctx;
    int64_t retry_ms = RETRY_MS;
    while (!atomic_load(&sink->server->stopping)) {
        bool level = false;
        const sj_status status = move(sink, &level);
        if (status.code == SJ_SHUTTING_DOWN) {
            break;
        }
        tell(sink, status);
        if (sj_failed(status)) {
            (void)atomic_fetch_add(&sink->failures, 1);
            sj_tls_line_close(&sink->line);
            rest(sink, retry_ms);
            retry_ms = retry_ms * 2 < RETRY_MAX ? retry_ms * 2 : RETRY_MAX;
            continue;
        }
        retry_ms = RETRY_MS;
        if (level) {
            rest(sink, IDLE_MS);
        }
    }
    sj_tls_line_close(&sink->line);
    sj_db_close(&sink->db);
    return NULL;
}

sj_status sj_sinks_start(struct sj_server *server)
{
    struct sj_sinks *sinks = server->sinks;
    for (unsigned i = 0; sinks != NULL && i < sinks->count; i++) {
        struct sink *sink = &sinks->list[i];
        atomic_store(&sink->moved_ms, sj_time_monotonic_ms());
        ENSURE(pthread_create(&sink->thread, NULL, run, sink) == 0, OUT_OF_MEMORY);
        sink->has_thread = true;
    }
    return SJ_DONE;
}

void sj_sinks_free(struct sj_server *server)
{
    struct sj_sinks *sinks = TAKE(server->sinks);
    if (sinks == NULL) {
        return;
    }
    for (unsigned i = 0; i < sinks->count; i++) {
        struct sink *sink = &sinks->list[i];
        if (sink->has_thread) {
            SJ_ASSERT(pthread_join(sink->thread, NULL) == 0);
        }
        sj_tls_peer_free(&sink->peer);
        sj_closep(&sink->fd);
    }
    sj_wipe(&sinks->key, sizeof sinks->key);
    sj_wipe(&sinks->context, sizeof sinks->context);
    SJ_ASSERT(pthread_mutex_destroy(&sinks->lock) == 0);
    sj_free(sinks);
}

bool sj_sink_state(struct sj_server *server, unsigned number, struct sj_sink_state *ret_state)
{
    struct sj_sinks *sinks = server->sinks;
    if (sinks == NULL || number >= sinks->count) {
        return false;
    }
    const struct sink *sink = &sinks->list[number];
    const uint64_t position = atomic_load(&sink->position);
    const uint64_t size = atomic_load(&sinks->size);
    const bool behind = size > position;
    *ret_state = (struct sj_sink_state){.name = sink->name + strlen("sink:"),
        .position = position,
        .lag = behind ? size - position : 0,
        .behind_ms = behind ? sj_time_monotonic_ms() - atomic_load(&sink->moved_ms) : 0,
        .failures = atomic_load(&sink->failures)};
    return true;
}
