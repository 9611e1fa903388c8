/* SPDX-License-Identifier: Apache-2.0
 *
 * When does a request read by break-glass? When it says so: the header Sanjeh-Break-Glass names the opening. Then it is that
 * account's own, open and sealed, the request is a reading, the policy's section break_glass decides, and the context carries the
 * opening and nothing else: row security shows that one file. The entry names the opening.
 */
#include "routes/glass.h"

#include "sanjeh/keys/scopes.h"

#define HEADER   "Sanjeh-Break-Glass"
#define GLASS_US (INT64_C(60) * 1000 * 1000)

static sj_status refuse(struct sj_exchange *x, const char *why)
{
    x->problem_detail = sj_text_of(why);
    FAIL(FORBIDDEN);
}

/* The account's own opening, seen by itself. */
static sj_status find(struct sj_exchange *x, struct sj_uuid id, struct sj_break_glass *ret_glass)
{
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    bool found = false;
    const sj_status status = sj_break_glass_find(&desk, id, &found, ret_glass);
    if (status.code == SJ_CONFLICT) {
        return refuse(x, "this opening is not what the server wrote");
    }
    TRY(status);
    if (!found || !sj_uuid_equal(ret_glass->account, x->session.actor.account)) {
        return refuse(x, "no opening of this account has this id");
    }
    return SJ_DONE;
}

sj_status sj_exchange_glass(struct sj_exchange *x, const struct sj_endpoint *endpoint)
{
    struct sj_text value;
    struct sj_uuid id;
    if (!sj_request_header(x->request, HEADER, &value)) {
        return SJ_DONE;
    }
    ENSURE(!sj_failed(sj_uuid_parse(value, &id)) && !sj_uuid_is_nil(id), BAD_REQUEST);
    struct sj_break_glass glass;
    TRY(find(x, id, &glass));
    x->glass = id;
    TRY(sj_exchange_subject(x, glass.judge));
    if (!sj_break_glass_is_open(&glass, sj_glass_now(x))) {
        return refuse(x, "the opening has ended");
    }
    if (sj_uuid_equal(glass.judge, x->session.actor.person)) {
        return refuse(x, "nobody opens his own file");
    }
    if (endpoint->use != SJ_USE_READ || sj_request_method(x->request) != SJ_GET) {
        return refuse(x, "break-glass reads, it never writes");
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_context), &memory));
    struct sj_context *context = memory;
    TRY(ask_context(x->worker->channel, &id, 1, sj_time_now() + GLASS_US, context));
    x->context = context;
    x->is_glass = true;
    return SJ_DONE;
}
