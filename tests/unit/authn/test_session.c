/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a session live exactly as long as it should, in every server's cache? Two sign-in objects stand for two
 * servers; each listens as sanjehd does.
 */
#include "authn_priv.h"
#include "sanjeh/keys/scopes.h"
#include "world.h"

struct signed_in {
    struct world_account account;
    char token[SJ_TOKEN_TEXT_SIZE];
    char device[SJ_TOKEN_TEXT_SIZE];
    struct sj_session session;
};

static sj_status enter(struct world_desk *desk, struct sj_uuid unit, struct signed_in *in)
{
    TRY(world_account(desk, "session", unit, "reader", &in->account));
    return world_sign_in(desk, &in->account, in->token, in->device, &in->session);
}

static bool is_alive(struct world_desk *desk, const char *token)
{
    bool found = false;
    struct sj_session session;
    CHECK_OK(sj_session_find(&desk->loop, sj_text_of(token), &found, &session));
    return found;
}

/* Waits for a revocation to arrive, at most two seconds. */
static bool dies(struct world_desk *desk, const char *token)
{
    for (int i = 0; i < 200; i++) {
        if (!is_alive(desk, token)) {
            return true;
        }
        sj_fiber_sleep_ms(10);
    }
    return false;
}

DESK_TEST(session_is_found_by_its_token_alone)
{
    struct signed_in in;
    REQUIRE_OK(enter(desk, (struct sj_uuid){{0}}, &in));
    CHECK(is_alive(desk, in.token));
    char other[SJ_TOKEN_TEXT_SIZE];
    memcpy(other, in.token, sizeof other);
    other[5] = other[5] == 'A' ? 'B' : 'A';
    CHECK(!is_alive(desk, other));
    CHECK(!is_alive(desk, ""));
    CHECK(!is_alive(desk, "x"));
    CHECK(!is_alive(desk, in.device));
    other[42] = '\0';
    CHECK(!is_alive(desk, other));
    char longer[64];
    (void)snprintf(longer, sizeof longer, "%sA", in.token);
    CHECK(!is_alive(desk, longer));
}

DESK_TEST(session_carries_a_context_for_its_actor_alone)
{
    struct sj_uuid unit;
    struct sj_uuid other_unit;
    REQUIRE_OK(world_unit(desk, "HRD", &unit));
    REQUIRE_OK(world_unit(desk, "SIT", &other_unit));
    struct signed_in in;
    struct signed_in other;
    REQUIRE_OK(enter(desk, unit, &in));
    REQUIRE_OK(enter(desk, other_unit, &other));
    CLEANUP(sj_buf_clear) struct sj_buf name = SJ_BUF(1024);
    REQUIRE_OK(sj_session_display_name(&desk->loop, &in.session, &name));
    CHECK(sj_text_is(sj_buf_text(&name), "نام نمونه"));
    CLEANUP(sj_buf_clear) struct sj_buf none = SJ_BUF(1024);
    CHECK_CODE(sj_account_display_name(desk->loop.db, desk->loop.fields, &in.session.context,
                   other.account.account.id, &none),
        NOT_FOUND);
    CHECK(none.len == 0);
}

DESK_TEST(session_makes_its_csrf_token_from_the_token)
{
    struct signed_in in;
    struct signed_in other;
    REQUIRE_OK(enter(desk, (struct sj_uuid){{0}}, &in));
    REQUIRE_OK(enter(desk, (struct sj_uuid){{0}}, &other));
    char expected[SJ_TOKEN_TEXT_SIZE];
    CHECK_OK(authn_csrf_token(sj_text_of(in.token), expected));
    CHECK(strcmp(expected, in.session.csrf_token) == 0);
    CHECK(strcmp(in.session.csrf_token, other.session.csrf_token) != 0);
    CHECK(strcmp(in.session.csrf_token, in.token) != 0);
}

DESK_TEST(session_roles_that_the_policy_has_not_give_nothing)
{
    struct world_account account;
    REQUIRE_OK(world_account(desk, "roles", (struct sj_uuid){{0}}, "reader,emperor", &account));
    struct signed_in in;
    REQUIRE_OK(world_sign_in(desk, &account, in.token, in.device, &in.session));
    CHECK(world_roles(&in.session) == WORLD_ROLE_READER);
}

static sj_status end_session(
    struct world_desk *desk, const struct sj_session *session, struct sj_uuid id, bool *ret_found)
{
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(&desk->loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(desk->loop.db, context, &tx));
    TRY(sj_session_end(tx, session, id, ret_found));
    return sj_tx_commit(&tx);
}

/* Two servers; the second's cache is warm. */
struct pair {
    struct world_desk a;
    struct world_desk b;
};

static void close_pair(struct pair *pair)
{
    world_close(&pair->b);
    world_close(&pair->a);
}

static sj_status open_pair(struct pair *pair)
{
    const struct sj_authn_config config = world_config();
    TRY(world_open(&pair->a, &config));
    TRY(world_open(&pair->b, &config));
    TRY(sj_db_listen(pair->a.loop.db, "session_revoked", sj_authn_on_notify, pair->a.loop.authn));
    TRY(sj_db_listen(pair->b.loop.db, "session_revoked", sj_authn_on_notify, pair->b.loop.authn));
    sj_fiber_sleep_ms(200); /* until both listen: before that a cache is emptied, not wrong */
    return SJ_DONE;
}

static void on_pair_revoked(void *ctx)
{
    (void)ctx;
    CLEANUP(close_pair) struct pair pair = {.a = {.loop = {.authn = NULL}}};
    REQUIRE_OK(open_pair(&pair));
    struct signed_in in;
    REQUIRE_OK(enter(&pair.a, (struct sj_uuid){{0}}, &in));
    REQUIRE(is_alive(&pair.a, in.token) && is_alive(&pair.b, in.token));
    /* without a notification the second server answers from its cache */
    REQUIRE(world_sql("set session_replication_role = replica;"
                      "update sanjeh.session set revoked_at = now() where id = '%s'",
        in.session.id));
    CHECK(is_alive(&pair.b, in.token));
    REQUIRE(world_sql("set session_replication_role = replica;"
                      "update sanjeh.session set revoked_at = null where id = '%s'",
        in.session.id));
    bool found = false;
    REQUIRE_OK(end_session(&pair.a, &in.session, in.session.id, &found));
    CHECK(found);
    sj_session_dropped(pair.a.loop.authn, in.session.id);
    CHECK(!is_alive(&pair.a, in.token)); /* here at once */
    CHECK(dies(&pair.b, in.token));
    REQUIRE_OK(end_session(&pair.a, &in.session, in.session.id, &found));
    CHECK(!found);
}

TEST(session_revoked_on_one_server_is_dead_on_the_other)
{
    (void)world_pg();
    sj_test_on_fiber(on_pair_revoked, NULL);
}

static void on_pair_changed(void *ctx)
{
    (void)ctx;
    CLEANUP(close_pair) struct pair pair = {.a = {.loop = {.authn = NULL}}};
    REQUIRE_OK(open_pair(&pair));
    struct signed_in disabled;
    struct signed_in deleted;
    struct signed_in promoted;
    REQUIRE_OK(enter(&pair.a, (struct sj_uuid){{0}}, &disabled));
    REQUIRE_OK(enter(&pair.a, (struct sj_uuid){{0}}, &deleted));
    REQUIRE_OK(enter(&pair.a, (struct sj_uuid){{0}}, &promoted));
    REQUIRE(is_alive(&pair.b, disabled.token) && is_alive(&pair.b, deleted.token));
    REQUIRE(is_alive(&pair.b, promoted.token));
    REQUIRE(world_sql("update sanjeh.account set status = 'disabled' where id = '%s'",
        disabled.account.account.id));
    CHECK(dies(&pair.b, disabled.token));
    REQUIRE(world_sql("delete from sanjeh.session where id = '%s'", deleted.session.id));
    CHECK(dies(&pair.b, deleted.token));
    REQUIRE(
        world_sql("insert into sanjeh.role_assignment (account_id, role) values ('%s', 'writer')",
            promoted.account.account.id));
    CHECK(dies(&pair.b, promoted.token)); /* nobody sealed that role */
}

TEST(session_follows_what_becomes_of_its_account)
{
    (void)world_pg();
    sj_test_on_fiber(on_pair_changed, NULL);
}

/* Revokes the account's first role through one server's keeper and database. */
static sj_status revoke_role(struct world_desk *desk, struct sj_uuid account)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_ADMIN};
    struct sj_context context;
    TRY(ask_context(desk->loop.channel, scopes, 1, sj_time_now() + 60 * SECOND_US, &context));
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(1u << 16, &arena));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(desk->loop.db, &context, &tx));
    bool found = false;
    struct sj_holding holding;
    TRY(sj_holding_take(tx, desk->loop.channel, account, arena, &found, &holding));
    ENSURE(found && holding.count == 1, INTERNAL);
    TRY(sj_holding_revoke(tx, desk->loop.channel, &holding, 0, (struct sj_uuid){{0}}, "revoked"));
    return sj_tx_commit(&tx);
}

/* The session lives on; its role is gone on the other server within a second of the commit. */
static void on_pair_role_revoked(void *ctx)
{
    (void)ctx;
    CLEANUP(close_pair) struct pair pair = {.a = {.loop = {.authn = NULL}}};
    REQUIRE_OK(open_pair(&pair));
    struct signed_in in;
    struct sj_session session;
    bool found = false;
    REQUIRE_OK(enter(&pair.a, (struct sj_uuid){{0}}, &in));
    REQUIRE_OK(sj_session_find(&pair.b.loop, sj_text_of(in.token), &found, &session));
    REQUIRE(found && session.grant_count == 1); /* in the second server's cache now */
    const int64_t before = session.assignments;
    REQUIRE_OK(revoke_role(&pair.a, in.account.account.id));
    const int64_t until_ms = sj_time_monotonic_ms() + 1000;
    do {
        REQUIRE_OK(sj_session_find(&pair.b.loop, sj_text_of(in.token), &found, &session));
        sj_fiber_sleep_ms(5);
    } while (session.grant_count > 0 && sj_time_monotonic_ms() < until_ms);
    CHECK(found && session.grant_count == 0);
    CHECK(session.assignments > before);
    REQUIRE_OK(sj_session_find(&pair.a.loop, sj_text_of(in.token), &found, &session));
    CHECK(found && session.grant_count == 0);
}

TEST(session_loses_a_revoked_role_on_every_server_within_a_second)
{
    (void)world_pg();
    sj_test_on_fiber(on_pair_role_revoked, NULL);
}

#define SOME_ID "00000000-0000-8000-8000-000000000001"

DESK_TEST(session_forgets_everything_on_an_event_that_it_does_not_understand)
{
    static const char *const payloads[] = {
        "", "x", "s:", "s:no-uuid", "t:" SOME_ID, "s:" SOME_ID "0", SOME_ID};
    struct signed_in in;
    REQUIRE_OK(enter(desk, (struct sj_uuid){{0}}, &in));
    REQUIRE(world_sql("set session_replication_role = replica;"
                      "update sanjeh.session set revoked_at = now() where id = '%s'",
        in.session.id));
    CHECK(is_alive(desk, in.token)); /* cached */
    sj_authn_on_notify(desk->loop.authn, SJ_TEXT("session_revoked"), SJ_TEXT("s:" SOME_ID));
    CHECK(is_alive(desk, in.token)); /* another's */
    for (size_t i = 0; i < SJ_COUNT(payloads); i++) {
        REQUIRE(world_sql("set session_replication_role = replica;"
                          "update sanjeh.session set revoked_at = null where id = '%s'",
            in.session.id));
        CHECK(is_alive(desk, in.token));
        REQUIRE(world_sql("set session_replication_role = replica;"
                          "update sanjeh.session set revoked_at = now() where id = '%s'",
            in.session.id));
        CHECK(is_alive(desk, in.token));
        sj_authn_on_notify(desk->loop.authn, SJ_TEXT("session_revoked"), sj_text_of(payloads[i]));
        CHECK(!is_alive(desk, in.token));
    }
}

static void on_short_sessions(void *ctx)
{
    (void)ctx;
    struct sj_authn_config config = world_config();
    config.idle_s = 1;
    config.absolute_s = 3;
    CLEANUP(world_close) struct world_desk desk;
    REQUIRE_OK(world_open(&desk, &config));
    struct signed_in idle;
    struct signed_in busy;
    REQUIRE_OK(enter(&desk, (struct sj_uuid){{0}}, &idle));
    REQUIRE_OK(enter(&desk, (struct sj_uuid){{0}}, &busy));
    bool found = true;
    struct sj_session session = busy.session;
    for (int i = 0; i < 4 && found; i++) {
        sj_fiber_sleep_ms(500);
        REQUIRE_OK(sj_session_find(&desk.loop, sj_text_of(busy.token), &found, &session));
    }
    CHECK(found); /* two seconds, never idle for one */
    CHECK(session.idle_expires_at > sj_time_now());
    CHECK(session.expires_at == busy.session.expires_at);
    CHECK(!is_alive(&desk, idle.token));
    for (int i = 0; i < 4; i++) {
        sj_fiber_sleep_ms(400);
        found = is_alive(&desk, busy.token);
    }
    CHECK(!found); /* its absolute time is over whatever it does */
}

TEST(session_ends_when_idle_and_at_last_in_any_case)
{
    (void)world_pg();
    sj_test_on_fiber(on_short_sessions, NULL);
}

DESK_TEST(session_writes_last_seen_at_most_once_a_minute)
{
    struct signed_in in;
    REQUIRE_OK(enter(desk, (struct sj_uuid){{0}}, &in));
    const char *const seen = "select (extract(epoch from last_seen_at) * 1000000)::bigint from"
                             " sanjeh.session where id = '%s'";
    const int64_t first = world_number(seen, in.session.id);
    for (int i = 0; i < 20; i++) {
        CHECK(is_alive(desk, in.token));
    }
    CHECK(world_number(seen, in.session.id) == first);
    REQUIRE(world_sql("update sanjeh.session set last_seen_at = now() - interval '61 seconds'"
                      " where id = '%s'",
        in.session.id));
    sj_authn_on_notify(desk->loop.authn, SJ_TEXT("session_revoked"), SJ_TEXT(""));
    CHECK(is_alive(desk, in.token));
    CHECK(world_number(seen, in.session.id) > first);
}

DESK_TEST(session_context_is_signed_again_before_it_expires)
{
    struct signed_in in;
    REQUIRE_OK(enter(desk, (struct sj_uuid){{0}}, &in));
    struct sj_hash hash;
    bool valid = false;
    REQUIRE_OK(authn_token_hash(sj_text_of(in.token), &valid, &hash));
    const sj_time_us now = sj_time_now();
    struct cached_session old = {
        .session = in.session, .last_seen = now, .written = now, .context_until = now + SECOND_US};
    old.session.context = (struct sj_context){.text = "v1.old"};
    authn_cache_keep(
        desk->loop.authn->cache, &hash, &old, authn_cache_epoch(desk->loop.authn->cache));
    struct sj_session session;
    bool found = false;
    REQUIRE_OK(sj_session_find(&desk->loop, sj_text_of(in.token), &found, &session));
    CHECK(found && strcmp(session.context.text, "v1.old") != 0);
    struct sj_session again;
    REQUIRE_OK(sj_session_find(&desk->loop, sj_text_of(in.token), &found, &again));
    CHECK(strcmp(session.context.text, again.context.text) == 0); /* kept */
    CLEANUP(sj_buf_clear) struct sj_buf name = SJ_BUF(1024);
    CHECK_OK(sj_session_display_name(&desk->loop, &session, &name));
}

DESK_TEST(session_list_and_end_know_only_the_own_ones)
{
    struct signed_in in;
    struct signed_in other;
    REQUIRE_OK(enter(desk, (struct sj_uuid){{0}}, &in));
    REQUIRE_OK(enter(desk, (struct sj_uuid){{0}}, &other));
    REQUIRE(world_sql("insert into sanjeh.session (id, token_hash, account_id, factors, seal,"
                      " created_at, expires_at)"
                      " select gen_random_uuid(), sha256(id::text::bytea), account_id, factors,"
                      " seal, now(), expires_at from sanjeh.session where id = '%s'",
        in.session.id));
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    REQUIRE_OK(sj_arena_new(65536, &arena));
    struct sj_session_info *items = NULL;
    size_t count = 0;
    REQUIRE_OK(sj_session_list(&desk->loop, &in.session, arena, &items, &count));
    REQUIRE(count == 2);
    CHECK(!items[0].is_current && items[1].is_current);
    CHECK(items[0].created_at >= items[1].created_at);
    bool found = true;
    CHECK_OK(end_session(desk, &in.session, other.session.id, &found));
    CHECK(!found && is_alive(desk, other.token));
    CHECK_OK(end_session(desk, &in.session, items[0].id, &found));
    CHECK(found);
    REQUIRE_OK(sj_session_list(&desk->loop, &in.session, arena, &items, &count));
    CHECK(count == 1);
}

TEST(session_cache_keeps_nothing_that_was_read_before_a_drop)
{
    struct session_cache *cache = NULL;
    REQUIRE_OK(authn_cache_new(&cache));
    const struct sj_authn_config config = world_config();
    const struct sj_hash token = {{1, 2, 3}};
    const struct cached_session entry = {
        .session = {.id = {{7}}, .expires_at = INT64_MAX}, .last_seen = 1000, .written = 1000};
    struct cached_session got;
    bool must_touch = false;
    const uint64_t epoch = authn_cache_epoch(cache);
    authn_cache_drop_session(cache, (struct sj_uuid){{9}});
    authn_cache_keep(cache, &token, &entry, epoch);
    CHECK(!authn_cache_find(cache, &token, 2000, &config, &got, &must_touch));
    authn_cache_keep(cache, &token, &entry, authn_cache_epoch(cache));
    CHECK(authn_cache_find(cache, &token, 2000, &config, &got, &must_touch));
    CHECK(!must_touch && got.last_seen == 2000);
    CHECK(authn_cache_find(cache, &token, 61 * SECOND_US, &config, &got, &must_touch));
    CHECK(must_touch);
    CHECK(authn_cache_find(cache, &token, 61 * SECOND_US, &config, &got, &must_touch));
    CHECK(!must_touch); /* one of them writes */
    CHECK(!authn_cache_find(cache, &token, 961 * SECOND_US, &config, &got, &must_touch));
    authn_cache_free(&cache);
    CHECK(cache == NULL);
}

TEST(session_cache_is_bounded)
{
    struct session_cache *cache = NULL;
    REQUIRE_OK(authn_cache_new(&cache));
    const struct sj_authn_config config = world_config();
    const struct cached_session entry = {.session = {.expires_at = INT64_MAX}, .last_seen = 1};
    struct cached_session got;
    bool must_touch = false;
    unsigned kept = 0;
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 9000; i++) {
            const struct sj_hash token = {
                {(uint8_t)(i * 7 >> 8), (uint8_t)(i * 7), (uint8_t)(i >> 8), (uint8_t)i}};
            if (round == 0) {
                authn_cache_keep(cache, &token, &entry, 0);
            } else {
                kept += authn_cache_find(cache, &token, 2, &config, &got, &must_touch);
            }
        }
    }
    CHECK(kept > 7000 && kept <= 8192);
    authn_cache_free(&cache);
}
