/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the server alive, is it ready, how is it doing, and what does it offer? No data of units. The first two are the only routes
 * outside the record.
 */
#include "../server.h"
#include "openapi.h"
#include "routes.h"

static sj_status healthz(struct sj_exchange *x)
{
    return sj_buf_put_str(&x->body, "{\"status\":\"ok\"}");
}

static sj_status readyz(struct sj_exchange *x)
{
    struct sj_server *server = x->worker->server;
    const bool running = atomic_load(&server->ready) && !atomic_load(&server->stopping);
    const bool database = sj_db_is_ready(x->worker->db);
    const bool keeper = sj_keeper_is_alive(server->keeper);
    const bool sequencer = sj_sequencer_is_ready(server->sequencer);
    const bool ready = running && database && keeper && sequencer;
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "status", ready ? "ready" : "not ready");
    sj_json_bool(&json, "serving", running);
    sj_json_bool(&json, "database", database);
    sj_json_bool(&json, "keeper", keeper);
    sj_json_bool(&json, "sequencer", sequencer);
    /* told, not judged: who stops the service for a finding also stops whoever looks into it */
    sj_json_str(&json, "scrub",
        atomic_load(&server->scrub_findings) > 0    ? "findings"
        : atomic_load(&server->scrub_finished) == 0 ? "pending"
                                                    : "clean");
    sj_json_object_end(&json);
    x->status = ready ? 200 : 503;
    return sj_json_end(&json);
}

static sj_status metrics(struct sj_exchange *x)
{
    ENSURE(sj_request_peer_is_loopback(x->request), FORBIDDEN);
    x->content_type = "text/plain; version=0.0.4";
    return sj_metrics_write(x->worker->server, &x->body);
}

static sj_status openapi(struct sj_exchange *x)
{
    return sj_buf_put(&x->body, sj_openapi_json, sj_openapi_json_size);
}

#define OPEN(path, use, fn)                                                                        \
    {                                                                                              \
        {SJ_GET, path, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, use, SJ_ACTION_NONE, fn                 \
    }

const struct sj_endpoint sj_routes_health[] = {
    OPEN("/healthz", SJ_USE_OPEN, healthz),
    OPEN("/readyz", SJ_USE_OPEN, readyz),
    OPEN("/metrics", SJ_USE_PUBLIC, metrics),
    OPEN("/api/v1/openapi.json", SJ_USE_PUBLIC, openapi),
};
const size_t sj_routes_health_count = SJ_COUNT(sj_routes_health);
