/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the server do right now? Relaxed atomics, written out as Prometheus text exposition 0.0.4.
 */
#include "metrics.h"

#include "server.h"
#include "sink.h"

#include <stdarg.h>

static const int64_t bucket_us[SJ_METRICS_BUCKETS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000};

void sj_metrics_count(
    struct sj_metrics *metrics, size_t endpoint, unsigned http_status, int64_t duration_us)
{
    const unsigned class = http_status / 100 < 6 ? http_status / 100 : 5;
    const size_t row = endpoint < SJ_METRICS_ENDPOINTS_MAX ? endpoint : SJ_METRICS_ENDPOINTS_MAX;
    atomic_fetch_add_explicit(&metrics->requests[row][class], 1, memory_order_relaxed);
    size_t bucket = 0;
    while (bucket < SJ_METRICS_BUCKETS && duration_us > bucket_us[bucket]) {
        bucket++;
    }
    atomic_fetch_add_explicit(&metrics->duration_buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(
        &metrics->duration_sum_us, (uint64_t)duration_us, memory_order_relaxed);
}

static const char *const method_names[SJ_METHOD_COUNT_] = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

__attribute__((format(printf, 2, 3))) static sj_status line(
    struct sj_buf *out, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    const int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ENSURE(len > 0 && (size_t)len < sizeof text, LIMIT_EXCEEDED);
    return sj_buf_put(out, text, (size_t)len);
}

static sj_status write_requests(const struct sj_metrics *metrics, struct sj_buf *out)
{
    TRY(sj_buf_put_str(out, "# TYPE sanjehd_http_requests_total counter\n"));
    for (size_t row = 0; row <= SJ_METRICS_ENDPOINTS_MAX; row++) {
        for (unsigned class = 1; class < 6; class ++) {
            const uint64_t count =
                atomic_load_explicit(&metrics->requests[row][class], memory_order_relaxed);
            if (count == 0) {
                continue;
            }
            const struct sj_endpoint *endpoint =
                row < sj_endpoint_count() ? sj_endpoint_at(row) : NULL;
            TRY(line(out,
                "sanjehd_http_requests_total{route=\"%s\",method=\"%s\",code=\"%uxx\"} %llu\n",
                endpoint == NULL ? "none" : endpoint->route.path,
                endpoint == NULL ? "any" : method_names[endpoint->route.method], class,
                (unsigned long long)count));
        }
    }
    return SJ_DONE;
}

static sj_status write_durations(const struct sj_metrics *metrics, struct sj_buf *out)
{
    TRY(sj_buf_put_str(out, "# TYPE sanjehd_http_request_duration_seconds histogram\n"));
    uint64_t sum = 0;
    for (size_t i = 0; i < SJ_METRICS_BUCKETS; i++) {
        sum += atomic_load_explicit(&metrics->duration_buckets[i], memory_order_relaxed);
        TRY(line(out, "sanjehd_http_request_duration_seconds_bucket{le=\"%lld.%06lld\"} %llu\n",
            (long long)(bucket_us[i] / 1000000), (long long)(bucket_us[i] % 1000000),
            (unsigned long long)sum));
    }
    sum +=
        atomic_load_explicit(&metrics->duration_buckets[SJ_METRICS_BUCKETS], memory_order_relaxed);
    TRY(line(out, "sanjehd_http_request_duration_seconds_bucket{le=\"+Inf\"} %llu\n",
        (unsigned long long)sum));
    TRY(line(out, "sanjehd_http_request_duration_seconds_count %llu\n", (unsigned long long)sum));
    const uint64_t total = atomic_load_explicit(&metrics->duration_sum_us, memory_order_relaxed);
    return line(out, "sanjehd_http_request_duration_seconds_sum %llu.%06llu\n",
        (unsigned long long)(total / 1000000), (unsigned long long)(total % 1000000));
}

static sj_status write_record(struct sj_server *server, struct sj_buf *out)
{
    const struct sj_sequencer_stats stats = sj_sequencer_stats(server->sequencer);
    TRY(line(out, "# TYPE sanjehd_audit_size gauge\nsanjehd_audit_size %llu\n",
        (unsigned long long)stats.size));
    TRY(line(out, "# TYPE sanjehd_audit_batches_total counter\nsanjehd_audit_batches_total %llu\n",
        (unsigned long long)stats.batches));
    TRY(line(out, "# TYPE sanjehd_audit_refused_total counter\nsanjehd_audit_refused_total %llu\n",
        (unsigned long long)stats.refused));
    TRY(line(out, "# TYPE sanjehd_audit_queued gauge\nsanjehd_audit_queued %llu\n",
        (unsigned long long)stats.queued));
    return line(out,
        "# TYPE sanjehd_audit_last_batch_microseconds gauge\nsanjehd_audit_last_batch_microseconds "
        "%lld\n",
        (long long)stats.last_batch_us);
}

static sj_status write_policy(struct sj_server *server, struct sj_buf *out)
{
    const struct sj_policy_active *active = sj_policy_pin(server->point, 0);
    const unsigned version = sj_policy_version(active->policy);
    const long long activation = (long long)active->activation;
    sj_policy_unpin(server->point, 0, &active);
    TRY(line(out, "# TYPE sanjehd_policy_version gauge\nsanjehd_policy_version %u\n", version));
    TRY(line(out, "# TYPE sanjehd_policy_activation gauge\nsanjehd_policy_activation %lld\n",
        activation));
    return line(out,
        "# TYPE sanjehd_policy_alarms_total counter\nsanjehd_policy_alarms_total %llu\n",
        (unsigned long long)atomic_load(&server->policy_alarms));
}

static sj_status write_sinks(struct sj_server *server, struct sj_buf *out)
{
    struct sj_sink_state state;
    for (unsigned i = 0; sj_sink_state(server, i, &state); i++) {
        TRY(line(out, "sanjehd_sink_position{sink=\"%s\"} %llu\n", state.name,
            (unsigned long long)state.position));
        TRY(line(out, "sanjehd_sink_lag_entries{sink=\"%s\"} %llu\n", state.name,
            (unsigned long long)state.lag));
        TRY(line(out, "sanjehd_sink_behind_seconds{sink=\"%s\"} %lld\n", state.name,
            (long long)(state.behind_ms / 1000)));
        TRY(line(out, "sanjehd_sink_failures_total{sink=\"%s\"} %llu\n", state.name,
            (unsigned long long)state.failures));
    }
    return SJ_DONE;
}

static sj_status write_alarms(struct sj_server *server, struct sj_buf *out)
{
    TRY(sj_buf_put_str(out, "# TYPE sanjehd_alarms_open gauge\n"));
    for (size_t i = 0; i < SJ_ALARM_RULE_COUNT_; i++) {
        TRY(line(out, "sanjehd_alarms_open{rule=\"%s\"} %llu\n",
            sj_alarm_rule_name((enum sj_alarm_rule)i),
            (unsigned long long)atomic_load(&server->alarms_open[i])));
    }
    TRY(sj_buf_put_str(out, "# TYPE sanjehd_alarms_raised_total counter\n"));
    for (size_t i = 0; i < SJ_ALARM_RULE_COUNT_; i++) {
        TRY(line(out, "sanjehd_alarms_raised_total{rule=\"%s\"} %llu\n",
            sj_alarm_rule_name((enum sj_alarm_rule)i),
            (unsigned long long)atomic_load(&server->alarms_raised[i])));
    }
    TRY(line(out, "# TYPE sanjehd_watch_lag_entries gauge\nsanjehd_watch_lag_entries %llu\n",
        (unsigned long long)atomic_load(&server->watch_lag)));
    TRY(line(out, "# TYPE sanjehd_watch_looks_total counter\nsanjehd_watch_looks_total %llu\n",
        (unsigned long long)atomic_load(&server->watch_looks)));
    TRY(line(out, "# TYPE sanjehd_scrub_position gauge\nsanjehd_scrub_position %llu\n",
        (unsigned long long)atomic_load(&server->scrub_position)));
    TRY(line(out, "# TYPE sanjehd_scrub_findings gauge\nsanjehd_scrub_findings %llu\n",
        (unsigned long long)atomic_load(&server->scrub_findings)));
    TRY(line(out,
        "# TYPE sanjehd_scrub_finished_seconds gauge\nsanjehd_scrub_finished_seconds %lld\n",
        (long long)(atomic_load(&server->scrub_finished) / 1000000)));
    return line(out, "# TYPE sanjehd_watch_failing gauge\nsanjehd_watch_failing %d\n",
        atomic_load(&server->watch_failing) ? 1 : 0);
}

static sj_status write_stamper(struct sj_server *server, struct sj_buf *out)
{
    const struct sj_stamper_stats stats = sj_stamper_stats(server->stamper);
    TRY(line(out,
        "# TYPE sanjehd_timestamp_tokens_total counter\nsanjehd_timestamp_tokens_total %llu\n",
        (unsigned long long)stats.tokens));
    TRY(line(out,
        "# TYPE sanjehd_timestamp_failures_total counter\nsanjehd_timestamp_failures_total %llu\n",
        (unsigned long long)stats.failures));
    return line(out,
        "# TYPE sanjehd_timestamp_taken_seconds gauge\nsanjehd_timestamp_taken_seconds %lld\n",
        (long long)stats.taken_s);
}

static sj_status write_publisher(struct sj_server *server, struct sj_buf *out)
{
    const struct sj_publisher_stats stats = sj_publisher_stats(server->publisher);
    TRY(line(out, "# TYPE sanjehd_witness_size gauge\nsanjehd_witness_size %llu\n",
        (unsigned long long)stats.size));
    TRY(line(out, "# TYPE sanjehd_witness_lag_seconds gauge\nsanjehd_witness_lag_seconds %lld\n",
        (long long)stats.lag_s));
    TRY(line(out,
        "# TYPE sanjehd_witness_rounds_total counter\nsanjehd_witness_rounds_total %llu\n",
        (unsigned long long)stats.rounds));
    TRY(line(out,
        "# TYPE sanjehd_witness_failures_total counter\nsanjehd_witness_failures_total %llu\n",
        (unsigned long long)stats.failures));
    return line(out,
        "# TYPE sanjehd_witness_conflicts_total counter\nsanjehd_witness_conflicts_total %llu\n",
        (unsigned long long)stats.conflicts);
}

sj_status sj_metrics_write(struct sj_server *server, struct sj_buf *out)
{
    TRY(write_requests(&server->metrics, out));
    TRY(write_durations(&server->metrics, out));
    if (server->sequencer != NULL) {
        TRY(write_record(server, out));
    }
    if (server->stamper != NULL) {
        TRY(write_stamper(server, out));
    }
    if (server->publisher != NULL) {
        TRY(write_publisher(server, out));
    }
    TRY(write_policy(server, out));
    TRY(write_alarms(server, out));
    TRY(write_sinks(server, out));
    TRY(line(out,
        "# TYPE sanjehd_break_glass_reviews_overdue gauge\nsanjehd_break_glass_reviews_overdue "
        "%llu\n",
        (unsigned long long)atomic_load(&server->glass_overdue)));
    int64_t not_after = 0;
    TRY(sj_tls_not_after(server->tls, &not_after));
    return line(out,
        "# TYPE sanjehd_tls_cert_not_after_seconds gauge\nsanjehd_tls_cert_not_after_seconds "
        "%lld\n",
        (long long)not_after);
}
