/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a notification of another connection reach its listener, and does a cut line say "drop what you cached"?
 */
#include "fixture.h"

struct heard {
    unsigned drops;
    unsigned payloads;
    char last[32];
};

static void on_notify(void *ctx, struct sj_text channel, struct sj_text payload)
{
    struct heard *heard = ctx;
    CHECK(sj_text_is(channel, "session_revoked"));
    if (payload.len == 0) {
        heard->drops++;
        return;
    }
    heard->payloads++;
    snprintf(heard->last, sizeof(heard->last), "%.*s", (int)payload.len, payload.ptr);
}

static void on_other(void *ctx, struct sj_text channel, struct sj_text payload)
{
    (void)payload;
    CHECK(sj_text_is(channel, "policy \"changed\""));
    *(unsigned *)ctx += 1;
}

static void notify(struct sj_db *db, const char *channel, const char *payload)
{
    const struct sj_context context = fixture_context(UNIT_A);
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(sj_tx_begin(db, &context, &tx));
    const struct sj_param params[2] = {
        sj_p_text(sj_text_of(channel)), sj_p_text(sj_text_of(payload))};
    CHECK_OK(sj_tx_send(tx, SJ_SQL_TEST_NOTIFY, params, 2));
    CHECK_OK(sj_tx_commit(&tx));
}

static void listening(void *ctx)
{
    (void)ctx;
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(sj_loop_current(), 1, 2000, &db));
    struct heard heard = {0};
    unsigned other = 0;
    REQUIRE_OK(sj_db_listen(db, "session_revoked", on_notify, &heard));
    CHECK(heard.drops == 1);
    REQUIRE_OK(sj_db_listen(db, "policy \"changed\"", on_other, &other));
    const unsigned drops = heard.drops;
    const unsigned others = other;
    notify(db, "session_revoked", "abc");
    sj_fiber_sleep_ms(100);
    CHECK(heard.payloads == 1 && strcmp(heard.last, "abc") == 0 && other == others);
    CHECK(strcmp(sj_pg_value(fixture_start()->admin,
                     "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                     " where query ilike 'listen%'"),
              "1") == 0);
    sj_fiber_sleep_ms(500);
    CHECK(heard.drops == drops + 1);
    notify(db, "session_revoked", "def");
    notify(db, "policy \"changed\"", "x");
    sj_fiber_sleep_ms(100);
    CHECK(strcmp(heard.last, "def") == 0 && other == others + 2);
}

TEST(listen_hears_notifications_and_losses)
{
    sj_test_on_fiber(listening, NULL);
}

TEST(listen_needs_a_loop)
{
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    REQUIRE_OK(fixture_open(NULL, 1, 2000, &db));
    CHECK_CODE(sj_db_listen(db, "session_revoked", on_notify, NULL), BAD_CONFIG);
}
