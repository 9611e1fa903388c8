/* SPDX-License-Identifier: Apache-2.0
 *
 * When does a request see more than its session does? Where its permission is about what belongs to no unit: then one system scope
 * joins the account's own; and where a read's class has named scopes that the policy gives: the register of all units to the issuer,
 * prosecutors to their office. The keeper signs it for a minute; nothing of it is kept.
 */
#include "exchange.h"
#include "server.h"

#include "sanjeh/keys/scopes.h"

#define WIDE_US (INT64_C(60) * 1000 * 1000)

sj_status sj_exchange_widen_by(struct sj_exchange *x, const struct sj_uuid *more, size_t more_count)
{
    ENSURE(!x->is_glass, FORBIDDEN); /* one file, and nothing beside it */
    const struct sj_actor *actor = &x->session.actor;
    const struct sj_uuid own[] = {actor->account, actor->unit, actor->compartment, actor->judge};
    struct sj_uuid scopes[SJ_COUNT(own) + SJ_SCOPES_WIDE];
    size_t count = 0;
    SJ_ASSERT(more_count <= SJ_SCOPES_WIDE);
    for (size_t i = 0; i < SJ_COUNT(own); i++) {
        if (!sj_uuid_is_nil(own[i])) {
            scopes[count++] = own[i];
        }
    }
    for (size_t i = 0; i < more_count; i++) {
        scopes[count++] = more[i];
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_context), &memory));
    struct sj_context *context = memory;
    TRY(ask_context(x->worker->channel, scopes, count, sj_time_now() + WIDE_US, context));
    x->context = context;
    return SJ_DONE;
}

sj_status sj_exchange_widen(struct sj_exchange *x, struct sj_uuid scope)
{
    return sj_exchange_widen_by(x, &scope, 1);
}

bool sj_exchange_may(const struct sj_exchange *x, enum sj_action action)
{
    return sj_active_decide(x->active, &x->session.actor, action).permit;
}

/* ---- named reads ---- */

static bool class_of(enum sj_action action, enum sj_read_class *ret_class)
{
    static const struct {
        enum sj_action action;
        enum sj_read_class class;
    } classes[] = {
        {SJ_ACTION_JUDGE_READ, SJ_READ_ROSTER},
        {SJ_ACTION_JUDGE_LIST, SJ_READ_ROSTER},
        {SJ_ACTION_POSTING_LIST, SJ_READ_ROSTER},
        {SJ_ACTION_POSTING_READ, SJ_READ_ROSTER},
        {SJ_ACTION_FACT_LIST, SJ_READ_FACTS},
        {SJ_ACTION_FACT_READ, SJ_READ_FACTS},
        {SJ_ACTION_SAMPLE_LIST, SJ_READ_SAMPLES},
        {SJ_ACTION_REVIEW_LIST, SJ_READ_SAMPLES},
        {SJ_ACTION_REPORT_CARD_LIST, SJ_READ_CARDS},
        {SJ_ACTION_REPORT_CARD_READ, SJ_READ_CARDS},
        {SJ_ACTION_SURVEY_LIST, SJ_READ_SURVEYS},
        {SJ_ACTION_SURVEY_READ, SJ_READ_SURVEYS},
    };
    for (size_t i = 0; i < SJ_COUNT(classes); i++) {
        if (classes[i].action == action) {
            *ret_class = classes[i].class;
            return true;
        }
    }
    return false;
}

/* The populations that a class knows; the rest of row security does not look at their scopes. */
static size_t populations_of(
    const struct sj_exchange *x, enum sj_read_class class, struct sj_uuid scopes[SJ_SCOPES_WIDE])
{
    static const struct {
        enum sj_action action;
        enum sj_read_population population;
        unsigned classes; /* bits */
    } populations[] = {
        {SJ_ACTION_REACH_PROSECUTORS, SJ_READ_PROSECUTORS, (1u << SJ_READ_CLASS_COUNT_) - 1},
        {SJ_ACTION_REACH_SUPREME_COURT, SJ_READ_SUPREME_COURT,
            1u << SJ_READ_ROSTER | 1u << SJ_READ_CARDS},
        {SJ_ACTION_REACH_COURTS, SJ_READ_COURTS, 1u << SJ_READ_SURVEYS},
        {SJ_ACTION_REACH_BAND, SJ_READ_HEADED, 1u << SJ_READ_CARDS},
    };
    size_t count = 0;
    for (size_t i = 0; i < SJ_COUNT(populations); i++) {
        if ((populations[i].classes >> class & 1u) != 0 &&
            sj_exchange_may(x, populations[i].action)) {
            scopes[count++] = SJ_SCOPE_READ(populations[i].population, class);
        }
    }
    return count;
}

sj_status sj_exchange_read_scopes(struct sj_exchange *x, const struct sj_endpoint *endpoint)
{
    enum sj_read_class class;
    struct sj_uuid scopes[SJ_SCOPES_WIDE];
    size_t count = 0;
    if (endpoint->use != SJ_USE_READ || !class_of(endpoint->action, &class)) {
        return SJ_DONE;
    }
    if (x->decision.reach == SJ_REACH_SELF) {
        return SJ_DONE;
    }
    if (x->decision.reach == SJ_REACH_ALL && (class == SJ_READ_ROSTER || class == SJ_READ_FACTS)) {
        scopes[count++] = SJ_SCOPE_READ(SJ_READ_ALL, class);
    } else {
        count = populations_of(x, class, scopes);
    }
    if (count == 0) {
        return SJ_DONE;
    }
    TRY(sj_exchange_widen_by(x, scopes, count));
    x->is_widened = true;
    /* whose file it is may only be seen now */
    return x->subject_count == 0 ? sj_exchange_subject_of_request(x, endpoint) : SJ_DONE;
}
