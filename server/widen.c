/* SPDX-License-Identifier: Apache-2.0
 *
 * When does a request see more than its session does? Where its permission is about what belongs to no unit: then one system scope
 * joins the account's own. The keeper signs it for a minute; nothing of it is kept.
 */
#include "exchange.h"
#include "server.h"

#define WIDE_US (INT64_C(60) * 1000 * 1000)

sj_status sj_exchange_widen(struct sj_exchange *x, struct sj_uuid scope)
{
    const struct sj_actor *actor = &x->session.actor;
    const struct sj_uuid wanted[] = {
        actor->account, actor->unit, actor->compartment, actor->judge, scope};
    struct sj_uuid scopes[SJ_COUNT(wanted)];
    size_t count = 0;
    for (size_t i = 0; i < SJ_COUNT(wanted); i++) {
        if (!sj_uuid_is_nil(wanted[i])) {
            scopes[count++] = wanted[i];
        }
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_context), &memory));
    struct sj_context *context = memory;
    TRY(ask_context(x->worker->channel, scopes, count, sj_time_now() + WIDE_US, context));
    x->context = context;
    return SJ_DONE;
}
