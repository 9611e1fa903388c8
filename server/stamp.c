/* SPDX-License-Identifier: Apache-2.0
 *
 * When was this tree there, by the word of a time-stamping authority? Once an hour the newest signed note is stamped. Witnesses bound
 * time, too, but their clocks are other operators'; an authority's word counts in court. A token that does not hold is not kept, and asked for
 * again after a minute. Several servers may ask twice: both tokens are true.
 */
#include "stamp.h"
#include "worker.h"

#include "server.h"

#include "sanjeh/base/log.h"
#include "sanjeh/base/work.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/crypto/timestamp.h"
#include "sanjeh/fetch/fetch.h"
#include "sanjeh/keys/scopes.h"

#define TIMEOUT_MS 10000
#define RETRY_S    60
#define SLICE_MS   200
#define CONTEXT_US (INT64_C(60) * 1000 * 1000)

struct sj_stamper {
    const struct sj_config *config;
    struct sj_fetch *fetch;
    struct sj_work_pool *pool;
    int64_t next_s;

    /* the present question */
    struct sj_buf request;
    struct sj_fetch_answer answer;
    sj_status status;

    atomic_uint_fast64_t tokens;
    atomic_uint_fast64_t failures;
    atomic_int_fast64_t taken_s;
};

void sj_stamper_free(struct sj_stamper **stamper)
{
    struct sj_stamper *s = TAKE(*stamper);
    if (s != NULL) {
        sj_work_pool_free(&s->pool);
        sj_fetch_free(&s->fetch);
        sj_buf_clear(&s->request);
        sj_free(s);
    }
}

struct sj_stamper_stats sj_stamper_stats(const struct sj_stamper *stamper)
{
    return (struct sj_stamper_stats){.tokens = atomic_load(&stamper->tokens),
        .failures = atomic_load(&stamper->failures),
        .taken_s = atomic_load(&stamper->taken_s)};
}

static int64_t now_s(void)
{
    return sj_time_now() / 1000000;
}

static void ask(void *ctx)
{
    struct sj_stamper *s = ctx;
    const struct sj_fetch_request request = {.url = s->config->timestamp_url,
        .media = "application/timestamp-query",
        .body = sj_buf_view(&s->request),
        .answer_max = SJ_TIMESTAMP_MAX,
        .timeout_ms = TIMEOUT_MS};
    s->status = sj_fetch_run(s->fetch, &request, &s->answer);
}

static sj_status context_of(struct sj_server *server, struct sj_context *ret_context)
{
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    return ask_context(
        server->workers[0].channel, &scope, 1, sj_time_now() + CONTEXT_US, ret_context);
}

/* The text of a note ends before its last blank line. */
static sj_status size_of(struct sj_view note, uint64_t *ret_size)
{
    struct sj_checkpoint checkpoint;
    size_t len = note.len;
    while (len > 2 && !(note.ptr[len - 1] == '\n' && note.ptr[len - 2] == '\n')) {
        len--;
    }
    TRY(sj_checkpoint_parse((struct sj_text){(const char *)note.ptr, len - 1}, &checkpoint));
    *ret_size = checkpoint.size;
    return SJ_DONE;
}

static sj_status keep(struct sj_server *server, struct sj_view note, int64_t taken_s)
{
    struct sj_stamper *s = server->stamper;
    struct sj_context context;
    uint64_t size = 0;
    TRY(size_of(note, &size));
    TRY(context_of(server, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    const struct sj_param params[] = {sj_p_i64(taken_s), sj_p_i64((int64_t)size), sj_p_bytes(note),
        sj_p_bytes(sj_buf_view(&s->answer.body))};
    TRY(sj_tx_begin(server->workers[0].db, &context, &tx));
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_TIMESTAMP_PUT, params, SJ_COUNT(params), NULL));
    TRY(sj_tx_commit(&tx));
    atomic_store(&s->taken_s, taken_s);
    (void)atomic_fetch_add(&s->tokens, 1);
    SJ_LOG(INFO, "timestamp.taken", sj_log_int("size", (int64_t)size), sj_log_int("time", taken_s));
    return SJ_DONE;
}

static sj_status stamp(struct sj_server *server)
{
    struct sj_stamper *s = server->stamper;
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(SJ_NOTE_MAX);
    uint64_t nonce = 0;
    bool valid = false;
    int64_t taken_s = 0;
    TRY(sj_sequencer_checkpoint(server->sequencer, &note));
    TRY(sj_random(&nonce, sizeof nonce));
    sj_buf_reset(&s->request);
    TRY(sj_timestamp_request(sj_buf_view(&note), nonce, &s->request));
    TRY(sj_work_run(s->pool, ask, s));
    TRY(s->status);
    ENSURE(s->answer.http == 200, SERVER_UNREACHABLE);
    TRY(sj_timestamp_verify(sj_buf_view(&s->answer.body), sj_buf_view(&note), &nonce,
        s->config->timestamp_ca_file, &valid, &taken_s));
    ENSURE(valid, SERVER_UNTRUSTED);
    return keep(server, sj_buf_view(&note), taken_s);
}

/* A restart asks for no second token in the hour. */
static sj_status look_back(struct sj_server *server)
{
    struct sj_stamper *s = server->stamper;
    struct sj_context context;
    const struct sj_query query = {SJ_SQL_AUDIT_TIMESTAMP_NEWEST, NULL, 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(context_of(server, &context));
    TRY(sj_db_read(server->workers[0].db, &context, &query, 1, &rows));
    if (sj_rows_count(rows) == 1) {
        atomic_store(&s->taken_s, sj_row_i64(rows, 0, 0));
        s->next_s = sj_row_i64(rows, 0, 0) + s->config->timestamp_interval_s;
    }
    return SJ_DONE;
}

static void round_of(struct sj_server *server)
{
    struct sj_stamper *s = server->stamper;
    const int64_t pause = s->config->timestamp_interval_s;
    s->answer.body = SJ_BUF(0);
    s->answer.http = 0;
    const sj_status status = stamp(server);
    sj_buf_clear(&s->answer.body);
    s->next_s = now_s() + pause;
    if (sj_failed(status)) {
        (void)atomic_fetch_add(&s->failures, 1);
        s->next_s = now_s() + (pause < RETRY_S ? pause : RETRY_S);
        SJ_LOG(ERROR, "timestamp.failed", sj_log_status(status),
            sj_log_int("http", (int64_t)s->answer.http));
    }
}

static void run(void *ctx)
{
    struct sj_server *server = ctx;
    sj_ignore(look_back(server), "a token too many does no harm");
    while (!atomic_load(&server->stopping)) {
        if (now_s() >= server->stamper->next_s) {
            round_of(server);
        }
        sj_fiber_sleep_ms(SLICE_MS);
    }
    sj_background_end(server);
}

static sj_status new_stamper(const struct sj_config *config, struct sj_stamper **ret_stamper)
{
    void *memory = NULL;
    const struct sj_fetch_config fetch = {
        .ca_file = config->timestamp_tls_ca_file[0] == '\0' ? NULL : config->timestamp_tls_ca_file,
        .connect_ms = TIMEOUT_MS / 2};
    ENSURE(sj_fetch_url_is_good(config->timestamp_url) && config->timestamp_ca_file[0] != '\0',
        BAD_CONFIG);
    TRY(sj_fetch_init());
    TRY(sj_alloc(1, sizeof(struct sj_stamper), &memory));
    CLEANUP(sj_stamper_free) struct sj_stamper *s = memory;
    s->config = config;
    s->request = SJ_BUF(4096);
    TRY(sj_fetch_new(&fetch, &s->fetch));
    TRY(sj_work_pool_new(1, 1, &s->pool));
    *ret_stamper = TAKE(s);
    return SJ_DONE;
}

sj_status sj_stamper_start(struct sj_server *server)
{
    if (server->config.timestamp_url[0] == '\0') {
        return SJ_DONE;
    }
    const sj_status made = new_stamper(&server->config, &server->stamper);
    if (sj_failed(made)) {
        SJ_LOG(ERROR, "timestamp.off", sj_log_status(made),
            sj_log_str("url", server->config.timestamp_url));
        return made;
    }
    return sj_background_start(server, run, server);
}
