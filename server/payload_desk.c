/* SPDX-License-Identifier: Apache-2.0
 *
 * How does what somebody wrote reach the record? As the payload of his request's entry, sealed for him before anything is stored; and
 * what an older server stored in clear is sealed by one fiber of the first loop, 32 at a time.
 */
#include "payload_desk.h"
#include "worker.h"

#include "server.h"

#include "sanjeh/audit/payload.h"
#include "sanjeh/base/log.h"

#define STORED_MAX ((size_t)4 * SJ_PAYLOAD_STORED)
#define TICK_MS    100
#define TICKS      50u /* between two looks */

sj_status sj_exchange_keep(struct sj_exchange *x, struct sj_view text)
{
    struct sj_payload sealed;
    void *memory = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf content = SJ_BUF(STORED_MAX);
    ENSURE(x->signed_in && x->draft.payload == NULL, INTERNAL);
    TRY(sj_payload_seal(x->worker->payload_keys, sj_sequencer_log_id(x->worker->server->sequencer),
        x->session.actor.account, sj_time_now(), text, &x->draft, &content, &sealed));
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_payload) + content.len, &memory));
    struct sj_payload *payload = memory;
    uint8_t *kept = (uint8_t *)(payload + 1);
    TRY(sj_copy(kept, content.len, content.ptr, content.len));
    *payload = sealed;
    payload->content = sj_view_of(kept, content.len);
    x->draft.payload = payload;
    return SJ_DONE;
}

sj_status sj_exchange_keep_text(struct sj_exchange *x, const char *name, struct sj_text text)
{
    CLEANUP(sj_buf_clear) struct sj_buf kept = SJ_BUF((size_t)SJ_PAYLOAD_MAX);
    struct sj_json json = sj_json_begin(&kept);
    sj_json_object(&json, NULL);
    sj_json_text(&json, name, text);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    return sj_exchange_keep(x, sj_buf_view(&kept));
}

void sj_payload_on_notify(void *ctx, struct sj_text channel, struct sj_text payload)
{
    struct sj_server *server = ctx;
    (void)channel;
    (void)payload;
    (void)atomic_fetch_add(&server->payload_turned, 1);
}

/* ---- the server's own work ---- */

static sj_status look(struct sj_server *server, int64_t *from)
{
    struct sj_payload_keys *keys = server->workers[0].payload_keys;
    bool more = true;
    TRY(sj_payload_settle(keys));
    while (more && !atomic_load(&server->stopping)) {
        TRY(sj_payload_seal_clear(keys, from, &more));
    }
    return SJ_DONE;
}

static void run(void *ctx)
{
    struct sj_server *server = ctx;
    bool was_failing = false;
    int64_t from = 0;
    for (unsigned tick = 0; !atomic_load(&server->stopping); tick++) {
        if (tick % TICKS == 0) {
            const sj_status status = look(server, &from);
            if (sj_failed(status) && !was_failing) {
                SJ_LOG(WARN, "audit.payload.unsealed", sj_log_status(status));
            }
            was_failing = sj_failed(status);
        }
        sj_fiber_sleep_ms(TICK_MS);
    }
    sj_background_end(server);
}

sj_status sj_payload_worker_start(struct sj_server *server)
{
    return sj_background_start(server, run, server);
}
