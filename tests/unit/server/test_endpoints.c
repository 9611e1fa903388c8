/* SPDX-License-Identifier: Apache-2.0
 *
 * Is every route recorded and decided? The exemptions from the record are this list; a new one must be
 * argued for here.
 */
#include "server.h"
#include "test.h"

static const char *const outside_the_record[] = {"/healthz", "/readyz"};
static const char *const without_a_session[] = {"/api/v1/login", "/api/v1/login/second-factor",
    "/api/v1/enrolments", "/api/v1/survey-answers", "/api/v1/survey-questions"};

/* Reads that leave a mark: the judge's first opening of a served file starts nothing but is kept. */
/* Ask with a body and change nothing. */
static const char *const questions[] = {
    "/api/v1/audit/index/rebuild", /* derived: nothing is lost or gained */
    "/api/v1/audit/keys/rotate",   /* the sequencer's own deed, with an entry of its own */
    "/api/v1/audit/exports", "/api/v1/policies/explain"};
static const char *const reads_with_a_mark[] = {"/api/v1/disclosures/{id}"};

static bool stands_in(const char *path, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(path, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

TEST(endpoints_outside_the_record_are_exactly_these)
{
    size_t open = 0;
    for (size_t i = 0; i < sj_endpoint_count(); i++) {
        const struct sj_endpoint *endpoint = sj_endpoint_at(i);
        CHECK(sj_endpoint_is_exempt(endpoint) == (endpoint->use == SJ_USE_OPEN));
        if (endpoint->use == SJ_USE_OPEN) {
            open++;
            CHECK(
                stands_in(endpoint->route.path, outside_the_record, SJ_COUNT(outside_the_record)));
        }
    }
    CHECK(open == SJ_COUNT(outside_the_record));
}

TEST(endpoints_need_an_action_or_are_sign_in)
{
    for (size_t i = 0; i < sj_endpoint_count(); i++) {
        const struct sj_endpoint *endpoint = sj_endpoint_at(i);
        const bool decided = endpoint->action != SJ_ACTION_NONE;
        const bool sessionless =
            endpoint->use == SJ_USE_SIGN_IN || endpoint->use == SJ_USE_ANONYMOUS;
        const bool exempt =
            endpoint->use == SJ_USE_OPEN || endpoint->use == SJ_USE_PUBLIC || sessionless;
        CHECK(decided != exempt);
        CHECK(!sessionless ||
              stands_in(endpoint->route.path, without_a_session, SJ_COUNT(without_a_session)));
    }
}

TEST(endpoints_that_change_something_have_a_transaction)
{
    for (size_t i = 0; i < sj_endpoint_count(); i++) {
        const struct sj_endpoint *endpoint = sj_endpoint_at(i);
        const bool unsafe = endpoint->route.method != SJ_GET;
        const bool writes = endpoint->use == SJ_USE_WRITE || endpoint->use == SJ_USE_ADMIN ||
                            endpoint->use == SJ_USE_SESSION || endpoint->use == SJ_USE_APPROVAL ||
                            endpoint->use == SJ_USE_APPROVAL_ONCE ||
                            endpoint->use == SJ_USE_STEP_UP || endpoint->use == SJ_USE_ACCOUNTS ||
                            endpoint->use == SJ_USE_RECORD || endpoint->use == SJ_USE_PACKAGE;
        CHECK(!writes || unsafe ||
              stands_in(endpoint->route.path, reads_with_a_mark, SJ_COUNT(reads_with_a_mark)));
        CHECK(writes || !unsafe || endpoint->use == SJ_USE_SIGN_IN ||
              endpoint->use == SJ_USE_ANONYMOUS || endpoint->use == SJ_USE_DECISION ||
              endpoint->use == SJ_USE_FACTOR ||
              stands_in(endpoint->route.path, questions, SJ_COUNT(questions)));
    }
}

TEST(endpoints_are_numbered_and_distinct)
{
    CHECK(sj_endpoint_at(sj_endpoint_count()) == NULL);
    CHECK(sj_endpoint_count() < SJ_METRICS_ENDPOINTS_MAX);
    for (size_t i = 0; i < sj_endpoint_count(); i++) {
        const struct sj_endpoint *a = sj_endpoint_at(i);
        CHECK(sj_endpoint_number(a) == i);
        for (size_t j = 0; j < i; j++) {
            const struct sj_endpoint *b = sj_endpoint_at(j);
            CHECK(a->route.method != b->route.method || strcmp(a->route.path, b->route.path) != 0);
        }
    }
}
