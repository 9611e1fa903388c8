/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose data does a request ask for? The judge that the path or a filter names, or whose evaluation it names, whatever
 * the answer will be: he sees the attempt in his log. What a list shows beyond that its route adds. Of what the caller does
 * not see, the server finds out whose it is under its own scope, once the request is refused, and tells the record alone.
 */
#include "routes/evaluation_desk.h"
#include "server.h"

#include "sanjeh/cycle/evaluations.h"
#include "sanjeh/keys/scopes.h"

#define JUDGE_PATH      "/api/v1/judges/{id}"
#define EVALUATION_PATH "/api/v1/evaluations/{id}"
#define PREFIX          "/api/v1/"
#define REFUSAL_S       60

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
    TRY(sj_evaluation_find(&desk, id, ret_found, ret_evaluation));
    x->missed = *ret_found ? x->missed : id;
    return SJ_DONE;
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

/* ---- of what the caller does not see ---- */

static sj_status find_subjects(
    struct sj_exchange *x, struct sj_text collection, struct sj_uuid object)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_EVALUATION, SJ_SCOPE_SURVEY};
    struct sj_context server;
    TRY(ask_context(x->worker->channel, scopes, SJ_COUNT(scopes),
        sj_time_now() + REFUSAL_S * INT64_C(1000000), &server));
    const struct sj_param params[] = {sj_p_text(collection), sj_p_id(&object)};
    const struct sj_query query = {SJ_SQL_SUBJECT_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(x->worker->db, &server, &query, 1, &rows));
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        TRY(sj_exchange_subject(x, sj_row_id(rows, row, 0)));
    }
    return SJ_DONE;
}

/* "drafts" of /api/v1/drafts/{id}/…; empty: the path names no object. */
static struct sj_text collection_of(const struct sj_endpoint *endpoint)
{
    const char *path = endpoint->route.path;
    if (strncmp(path, PREFIX, strlen(PREFIX)) != 0) {
        return (struct sj_text){"", 0};
    }
    path += strlen(PREFIX);
    const size_t len = strcspn(path, "/");
    return strncmp(path + len, "/{id}", strlen("/{id}")) == 0 ? (struct sj_text){path, len}
                                                              : (struct sj_text){"", 0};
}

sj_status sj_exchange_subject_of_refusal(struct sj_exchange *x, const struct sj_endpoint *endpoint)
{
    const struct sj_text collection = collection_of(endpoint);
    struct sj_uuid id;
    struct sj_text text;
    if (x->subject_count > 0) {
        return SJ_DONE;
    }
    if (collection.len > 0 && !sj_failed(sj_uuid_parse(sj_request_param(x->request, "id"), &id))) {
        TRY(find_subjects(x, collection, id));
    }
    if (sj_request_query_find(x->request, "evaluation_id", &text) &&
        !sj_failed(sj_uuid_parse(text, &id))) {
        TRY(find_subjects(x, SJ_TEXT("evaluations"), id));
    }
    return sj_uuid_is_nil(x->missed) ? SJ_DONE
                                     : find_subjects(x, SJ_TEXT("evaluations"), x->missed);
}
