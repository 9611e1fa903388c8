/* SPDX-License-Identifier: Apache-2.0
 *
 * Has somebody outside seen the newest tree? Every second the newest signed checkpoint is shown to the witnesses; with a quorum of their
 * lines it is what readers and exports get. Requests never wait for witnesses: a witness that is down must not stop the house. But the lag is
 * bounded and told: after a minute an alarm, after a quarter of an hour operations with privileges wait, because whoever works
 * on a record that nobody outside sees could still have it rewritten. An idle log is shown again twice a minute, so that silence cannot
 * pass for peace.
 */
#include "publish.h"

#include "publish_priv.h"
#include "server.h"
#include "watch.h"
#include "worker.h"

#include "sanjeh/audit/published.h"
#include "sanjeh/base/log.h"
#include "sanjeh/keys/scopes.h"

#define REPEAT_S   30
#define CONTEXT_US (INT64_C(60) * 1000 * 1000)
#define SLICE_MS   100

/* ---- the configuration ---- */

static sj_status add_witness(struct sj_publisher *p, const struct sj_policy_node *node)
{
    const char *const ca_file = p->config->publish_ca_file;
    const struct sj_fetch_config fetch = {.ca_file = ca_file[0] == '\0' ? NULL : ca_file,
        .connect_ms = p->config->publish_timeout_ms};
    ENSURE(p->witness_count < PUBLISH_WITNESSES_MAX, BAD_CONFIG);
    struct publish_witness *witness = &p->witnesses[p->witness_count++];
    const size_t len = strlen(node->url);
    const bool has_slash = len > 0 && node->url[len - 1] == '/';
    (void)snprintf(
        witness->url, sizeof witness->url, "%s%sadd-checkpoint", node->url, has_slash ? "" : "/");
    ENSURE(sj_fetch_url_is_good(witness->url), BAD_CONFIG);
    witness->key = &p->policy.keys[node->key];
    witness->body = SJ_BUF(SJ_WITNESS_BODY_MAX);
    witness->timeout_ms = p->config->publish_timeout_ms;
    return sj_fetch_new(&fetch, &witness->fetch);
}

static sj_status take_policy(struct sj_publisher *p, const char *path, char *detail, size_t size)
{
    size_t line = 0;
    p->trust = SJ_BUF(SJ_POLICY_TEXT_MAX + 1);
    if (sj_failed(sj_policy_trust_read(path, &p->trust)) ||
        sj_failed(sj_tlog_policy_parse_witnesses(sj_buf_view(&p->trust), &p->policy, &line))) {
        (void)snprintf(detail, size,
            "[publish] policy_file: %.180s cannot be read, or is no tlog-policy", path);
        FAIL(BAD_CONFIG);
    }
    for (size_t i = 0; i < p->policy.node_count; i++) {
        const struct sj_policy_node *node = &p->policy.nodes[i];
        if (!node->is_group && node->url[0] != '\0' && sj_failed(add_witness(p, node))) {
            (void)snprintf(detail, size,
                "[publish] policy_file: the address of witness %.100s is not https, or there are "
                "more than 32",
                node->name);
            FAIL(BAD_CONFIG);
        }
    }
    if (p->witness_count == 0) {
        (void)snprintf(
            detail, size, "[publish] policy_file: %.180s names no witness with an address", path);
        FAIL(BAD_CONFIG);
    }
    return SJ_DONE;
}

sj_status sj_publisher_new(const struct sj_config *config, struct sj_publisher **ret_publisher,
    char *reterr_detail, size_t detail_size)
{
    void *memory = NULL;
    *ret_publisher = NULL;
    if (config->publish_policy_file[0] == '\0') {
        return SJ_DONE;
    }
    TRY(sj_fetch_init());
    TRY(sj_alloc(1, sizeof(struct sj_publisher), &memory));
    CLEANUP(sj_publisher_free) struct sj_publisher *p = memory;
    p->config = config;
    TRY(take_policy(p, config->publish_policy_file, reterr_detail, detail_size));
    *ret_publisher = TAKE(p);
    return SJ_DONE;
}

void sj_publisher_free(struct sj_publisher **publisher)
{
    struct sj_publisher *p = TAKE(*publisher);
    if (p == NULL) {
        return;
    }
    sj_work_pool_free(&p->pool);
    sj_db_close(&p->db);
    for (size_t i = 0; i < p->witness_count; i++) {
        sj_fetch_free(&p->witnesses[i].fetch);
        sj_buf_clear(&p->witnesses[i].body);
    }
    sj_buf_clear(&p->trust);
    sj_free(p);
}

struct sj_text sj_publisher_trust(const struct sj_publisher *publisher)
{
    return publisher == NULL ? (struct sj_text){"", 0} : sj_buf_text(&publisher->trust);
}

/* ---- the lag ---- */

static int64_t now_s(void)
{
    return sj_time_now() / 1000000;
}

static int64_t lag_of(const struct sj_publisher *p)
{
    const int64_t since = atomic_load(&p->cosigned_s);
    const int64_t lag = now_s() - since;
    return since == 0 || lag < 0 ? 0 : lag;
}

bool sj_publisher_blocks(const struct sj_publisher *publisher)
{
    return publisher != NULL && lag_of(publisher) > publisher->config->publish_block_s;
}

struct sj_publisher_stats sj_publisher_stats(const struct sj_publisher *publisher)
{
    return (struct sj_publisher_stats){.size = atomic_load(&publisher->size),
        .lag_s = lag_of(publisher),
        .rounds = atomic_load(&publisher->rounds),
        .failures = atomic_load(&publisher->failures),
        .conflicts = atomic_load(&publisher->conflicts)};
}

static void raise(struct sj_server *server, const char *cause, const char *detail)
{
    const struct sj_alarm_news news = {
        .rule = SJ_ALARM_WITNESS, .cause = cause, .detail = detail, .count = 1};
    sj_ignore(sj_watch_raise(&server->workers[0], &news), "logged; the next one raises it again");
}

/* The database, and what signs it, have gone back to an older state, or have forked. */
static void tell_accusation(struct sj_server *server)
{
    char detail[SJ_ALARM_DETAIL_SIZE];
    struct sj_publisher *p = server->publisher;
    if (p->accuser != NULL) {
        (void)snprintf(detail, sizeof detail, "witness=%.255s;recorded=%llu", p->accuser,
            (unsigned long long)p->accused_size);
        p->accuser = NULL;
        raise(server, "witness=contradicts", detail);
    }
}

static void watch_lag(struct sj_server *server)
{
    struct sj_publisher *p = server->publisher;
    const int64_t lag = lag_of(p);
    const bool late = lag > p->config->publish_alarm_s;
    if (late == p->is_alarmed) {
        return;
    }
    p->is_alarmed = late;
    if (late) {
        SJ_LOG(ERROR, "publish.lag", sj_log_int("seconds", lag),
            sj_log_int("size", (int64_t)atomic_load(&p->size)));
    } else {
        SJ_LOG(NOTICE, "publish.lag.over", sj_log_int("size", (int64_t)atomic_load(&p->size)));
    }
    if (late) {
        char detail[SJ_ALARM_DETAIL_SIZE];
        (void)snprintf(detail, sizeof detail, "seconds=%lld;size=%llu", (long long)lag,
            (unsigned long long)atomic_load(&p->size));
        raise(server, "quorum=late", detail);
    }
}

/* ---- what is kept ---- */

/* Where the lag begins: at what any server has published, or now for a log that never was. */
static sj_status look_back(struct sj_publisher *p, const struct sj_context *context)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(SJ_NOTE_MAX);
    uint64_t size = 0;
    int64_t seen_s = 0;
    const sj_status status = sj_published_newest(p->db, context, UINT64_MAX, &note, &size, &seen_s);
    if (status.code == SJ_NOT_FOUND) {
        if (atomic_load(&p->cosigned_s) == 0) {
            atomic_store(&p->cosigned_s, now_s());
        }
        return SJ_DONE;
    }
    TRY(status);
    if (seen_s > atomic_load(&p->cosigned_s)) {
        atomic_store(&p->cosigned_s, seen_s);
        atomic_store(&p->size, size);
    }
    return SJ_DONE;
}

struct published {
    uint64_t size;
    unsigned lines;
    bool has_quorum;
    int64_t cosigned_s;
};

static sj_status weigh(
    const struct sj_publisher *p, struct sj_view note, struct published *published)
{
    struct sj_note opened;
    TRY(sj_note_open(note, p->policy.keys, p->policy.key_count, &opened));
    published->has_quorum = sj_tlog_policy_has_quorum(&p->policy, &opened);
    for (size_t i = 0; i < p->policy.key_count; i++) {
        if (opened.verified[i] && opened.cosigned_s[i] > published->cosigned_s) {
            published->cosigned_s = opened.cosigned_s[i];
        }
    }
    return SJ_DONE;
}

static sj_status keep(struct sj_publisher *p, struct sj_tx **tx, const struct sj_buf *note,
    const struct published *published)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)published->size),
        sj_p_bytes(sj_buf_view(note)), sj_p_i32((int32_t)published->lines),
        sj_p_bool(published->has_quorum), sj_p_i64(published->cosigned_s)};
    TRY(sj_tx_query(*tx, SJ_SQL_AUDIT_COSIGNED_PUT, params, SJ_COUNT(params), NULL));
    TRY(sj_tx_commit(tx));
    p->last_size = published->size;
    p->was_complete = published->lines == p->witness_count;
    if (published->has_quorum) {
        atomic_store(&p->size, published->size);
        atomic_store(&p->cosigned_s, published->cosigned_s);
        (void)atomic_fetch_add(&p->rounds, 1);
    }
    return SJ_DONE;
}

/* ---- a round ---- */

static bool is_due(const struct sj_publisher *p, uint64_t size)
{
    return size > 0 && (size != p->last_size || !p->was_complete || lag_of(p) >= REPEAT_S);
}

static sj_status lead(struct sj_publisher *p, const struct sj_context *context,
    struct sj_tx **ret_tx, bool *ret_leads)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_begin(p->db, context, ret_tx));
    TRY(sj_tx_query(*ret_tx, SJ_SQL_AUDIT_PUBLISHER_LEAD, NULL, 0, &rows));
    *ret_leads = sj_rows_count(rows) == 1 && sj_row_bool(rows, 0, 0);
    return SJ_DONE;
}

static sj_status publish(struct sj_publisher *p, struct sj_reading *reading, struct sj_tx **tx)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(SJ_NOTE_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(SJ_NOTE_MAX / 2);
    struct published published = {.size = sj_reading_size(reading)};
    TRY(sj_reading_checkpoint(reading, 0, &note));
    TRY(publish_round(p, reading, sj_buf_view(&note), &lines, &published.lines));
    if (published.lines == 0) {
        p->was_complete = false;
        return SJ_DONE;
    }
    TRY(sj_buf_put_view(&note, sj_buf_view(&lines)));
    TRY(weigh(p, sj_buf_view(&note), &published));
    return keep(p, tx, &note, &published);
}

static sj_status run_once(struct sj_server *server)
{
    struct sj_publisher *p = server->publisher;
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    struct sj_context context;
    bool leads = false;
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(ask_context(server->workers[0].channel, &scope, 1, sj_time_now() + CONTEXT_US, &context));
    TRY(sj_reading_open(server->sequencer, p->db, &context, &reading));
    TRY(look_back(p, &context));
    if (!is_due(p, sj_reading_size(reading))) {
        return SJ_DONE;
    }
    TRY(lead(p, &context, &tx, &leads));
    return leads ? publish(p, reading, &tx) : SJ_DONE;
}

static void tell(struct sj_publisher *p, sj_status status)
{
    const int64_t now = sj_time_monotonic_ms();
    if (now - p->told_ms > 10000) {
        p->told_ms = now;
        SJ_LOG(ERROR, "publish.failed", sj_log_status(status));
    }
}

static void run(void *ctx)
{
    struct sj_server *server = ctx;
    struct sj_publisher *p = server->publisher;
    int64_t next_ms = 0;
    p->told_ms = -100000;
    while (!atomic_load(&server->stopping)) {
        if (sj_time_monotonic_ms() >= next_ms) {
            next_ms = sj_time_monotonic_ms() + p->config->publish_interval_ms;
            const sj_status status = run_once(server);
            if (sj_failed(status)) {
                tell(p, status);
            }
            tell_accusation(server);
            watch_lag(server);
        }
        sj_fiber_sleep_ms(SLICE_MS);
    }
    sj_background_end(server);
}

sj_status sj_publisher_start(struct sj_server *server)
{
    struct sj_publisher *p = server->publisher;
    if (p == NULL) {
        return SJ_DONE;
    }
    const struct sj_db_config db = sj_worker_db_config(&server->config, 1, 2);
    TRY(sj_db_open(&db, server->workers[0].loop, &p->db));
    TRY(sj_work_pool_new((unsigned)p->witness_count, 2 * PUBLISH_WITNESSES_MAX, &p->pool));
    return sj_background_start(server, run, server);
}
