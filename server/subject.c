/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose data does a request ask for? The judge that the path or a filter names, or whose evaluation it names, whatever
 * the answer will be: he sees the attempt in his log. What a list shows beyond that its route adds.
 */
#include "routes/evaluation_desk.h"
#include "server.h"

#include "sanjeh/cycle/evaluations.h"

#define JUDGE_PATH      "/api/v1/judges/{id}"
#define EVALUATION_PATH "/api/v1/evaluations/{id}"

static bool is_below(const struct sj_endpoint *endpoint, const char *path)
{
    return strncmp(endpoint->route.path, path, strlen(path)) == 0;
}

/* Nil: not there or not an id; the route says what is wrong with it. */
static struct sj_uuid asked_for(
    struct sj_exchange *x, const struct sj_endpoint *endpoint, const char *path, const char *filter)
{
    struct sj_uuid id;
    struct sj_text text;
    if (is_below(endpoint, path)) {
        text = sj_request_param(x->request, "id");
    } else if (!sj_request_query_find(x->request, filter, &text)) {
        return (struct sj_uuid){{0}};
    }
    return sj_failed(sj_uuid_parse(text, &id)) ? (struct sj_uuid){{0}} : id;
}

sj_status sj_exchange_evaluation(
    struct sj_exchange *x, struct sj_uuid id, bool *ret_found, struct sj_evaluation *ret_evaluation)
{
    if (x->tx == NULL && x->evaluation != NULL && sj_uuid_equal(x->evaluation->id, id)) {
        *ret_found = true;
        *ret_evaluation = *x->evaluation;
        return SJ_DONE;
    }
    const struct sj_desk desk = sj_desk_of(x);
    return sj_evaluation_find(&desk, id, ret_found, ret_evaluation);
}

sj_status sj_exchange_subject_of_evaluation(struct sj_exchange *x, struct sj_uuid evaluation)
{
    if (sj_uuid_is_nil(evaluation)) {
        return SJ_DONE;
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_evaluation), &memory));
    struct sj_evaluation *found = memory;
    bool is_found = false;
    TRY(sj_exchange_evaluation(x, evaluation, &is_found, found));
    if (!is_found) {
        return SJ_DONE;
    }
    x->evaluation = found;
    return sj_exchange_subject(x, found->judge);
}

sj_status sj_exchange_subject_of_request(struct sj_exchange *x, const struct sj_endpoint *endpoint)
{
    TRY(sj_exchange_subject(x, asked_for(x, endpoint, JUDGE_PATH, "judge_id")));
    return sj_exchange_subject_of_evaluation(
        x, asked_for(x, endpoint, EVALUATION_PATH, "evaluation_id"));
}
