/* SPDX-License-Identifier: Apache-2.0
 *
 * What does one loop own, and how is it opened and closed? Nothing here is shared between threads.
 */
#include "worker.h"

#include "sanjeh/audit/payload.h"

struct sj_db_config sj_worker_db_config(
    const struct sj_config *config, int64_t readers, int64_t writers)
{
    return (struct sj_db_config){.conninfo = config->conninfo,
        .read_connections = (unsigned)readers,
        .write_connections = (unsigned)writers,
        .connect_timeout_ms = 5000,
        .statement_timeout_ms = config->statement_timeout_ms};
}

sj_status sj_worker_open(struct sj_worker *worker)
{
    const struct sj_config *config = &worker->server->config;
    const struct sj_db_config db =
        sj_worker_db_config(config, config->read_connections, config->write_connections);
    TRY(sj_channel_open(worker->server->keeper, worker->number, worker->loop, &worker->channel));
    TRY(sj_db_open(&db, worker->loop, &worker->db));
    TRY(sj_fields_new(worker->db, worker->channel, &worker->fields));
    TRY(sj_payload_keys_new(
        worker->db, worker->channel, &worker->server->payload_turned, &worker->payload_keys));
    worker->authn = (struct sj_authn_loop){.authn = worker->server->authn,
        .db = worker->db,
        .fields = worker->fields,
        .channel = worker->channel};
    return SJ_DONE;
}

sj_status sj_worker_listen(struct sj_worker *worker)
{
    struct sj_server *server = worker->server;
    const struct sj_config *config = &server->config;
    const struct sj_http_config http = {.loop = worker->loop,
        .tls = server->tls,
        .address = config->address,
        .port = (uint16_t)config->port,
        .routes = server->routes,
        .route_count = server->route_count,
        .handler = sj_exchange_handle,
        .ctx = worker,
        .first_of_port = worker->number == 0,
        .connection_limit =
            ((unsigned)config->connection_limit + server->worker_count - 1) / server->worker_count,
        .per_ip_limit = (unsigned)config->per_ip_limit,
        .idle_timeout_s = (unsigned)config->idle_timeout_s,
        .head_deadline_s = (unsigned)config->head_deadline_s,
        .body_deadline_s = (unsigned)config->body_deadline_s,
        .allow_tls12 = config->allow_tls12 != 0};
    return sj_http_start(&http, &worker->http);
}

void sj_worker_drain(struct sj_worker *worker, int64_t deadline_ms)
{
    if (worker->http == NULL) {
        return;
    }
    const int64_t end = sj_time_monotonic_ms() + deadline_ms;
    sj_http_quiesce(worker->http);
    while (sj_http_in_flight(worker->http) > 0 && sj_time_monotonic_ms() < end) {
        sj_fiber_sleep_ms(10);
    }
}

void sj_worker_close(struct sj_worker *worker)
{
    sj_http_stop(&worker->http);
    sj_payload_keys_free(&worker->payload_keys);
    sj_fields_free(&worker->fields);
    sj_db_close(&worker->db);
    sj_channel_close(&worker->channel);
}

sj_status sj_background_start(struct sj_server *server, sj_loop_fn *run, void *ctx)
{
    (void)atomic_fetch_add(&server->background, 1);
    const sj_status status = sj_fiber_spawn(server->workers[0].loop, run, ctx);
    if (sj_failed(status)) {
        sj_background_end(server);
    }
    return status;
}

void sj_background_end(struct sj_server *server)
{
    (void)atomic_fetch_sub(&server->background, 1);
}
