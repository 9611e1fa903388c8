/* SPDX-License-Identifier: Apache-2.0
 *
 * Does sign-in take two factors, each once, and refuse everything else in one way? Against a real PostgreSQL and a
 * real keeper, on fibers as the server runs it.
 */
#include "world.h"

#include "sanjeh/base/parse.h"

struct tokens {
    char token[SJ_TOKEN_TEXT_SIZE];
    char device[SJ_TOKEN_TEXT_SIZE];
    struct sj_session session;
};

static sj_status second(
    struct world_desk *desk, const char *challenge, const char *code, struct tokens *tokens)
{
    int64_t retry_s = 0;
    return sj_login_totp(&desk->loop, sj_text_of(challenge), sj_text_of(code), world_source(),
        tokens->token, tokens->device, &tokens->session, &retry_s);
}

DESK_TEST(login_gives_a_session_for_two_factors)
{
    struct sj_uuid unit;
    REQUIRE_OK(world_unit(desk, "HRD", &unit));
    struct world_account a;
    REQUIRE_OK(world_account(desk, "both", unit, "reader,writer", &a));
    struct tokens t = {.token = ""};
    REQUIRE_OK(world_sign_in(desk, &a, t.token, t.device, &t.session));
    CHECK(strlen(t.token) == SJ_TOKEN_TEXT_SIZE - 1 && strlen(t.device) == SJ_TOKEN_TEXT_SIZE - 1);
    CHECK(sj_uuid_equal(t.session.actor.account, a.account.id));
    CHECK(sj_uuid_equal(t.session.actor.unit, unit));
    CHECK(world_roles(&t.session) == (WORLD_ROLE_READER | WORLD_ROLE_WRITER));
    CHECK(!sj_uuid_is_nil(t.session.actor.tenant_tag));
    CHECK(strcmp(t.session.unit_code, "HRD") == 0 && t.session.compartment_code[0] == '\0');
    CHECK(strcmp(t.session.username, a.username) == 0);
    bool found = false;
    struct sj_session again;
    REQUIRE_OK(sj_session_find(&desk->loop, sj_text_of(t.token), &found, &again));
    CHECK(found && sj_uuid_equal(again.id, t.session.id));
    CHECK(world_number("select count(*) from sanjeh.login_challenge where account_id = '%s'",
              a.account.id) == 0);
}

DESK_TEST(login_stores_no_token_and_no_secret)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "plain", (struct sj_uuid){{0}}, "reader", &a));
    struct tokens t = {.token = ""};
    REQUIRE_OK(world_sign_in(desk, &a, t.token, t.device, &t.session));
    uint8_t bytes[32];
    REQUIRE_OK(sj_parse_base64url(sj_text_of(t.token), bytes, sizeof bytes));
    CLEANUP(sj_buf_clear) struct sj_buf sql = SJ_BUF(1024);
    REQUIRE_OK(sj_buf_put_str(&sql, "select count(*) from sanjeh.session where token_hash = '\\x"));
    REQUIRE_OK(sj_buf_put_hex(&sql, sj_view_of(bytes, sizeof bytes)));
    REQUIRE_OK(sj_buf_put_str(&sql, "' or id = '%s'"));
    const char *text = NULL;
    REQUIRE_OK(sj_buf_cstr(&sql, &text));
    CHECK(world_number(text, t.session.id) == 1); /* by its id alone */
    CHECK(world_number("select count(*) from sanjeh.totp where account_id = '%s' and "
                       "octet_length(secret) > 77",
              a.account.id) == 1);
    CLEANUP(sj_buf_clear) struct sj_buf secret = SJ_BUF(1024);
    REQUIRE_OK(sj_buf_put_str(&secret, "select count(*) from sanjeh.totp where account_id = '%s' "
                                       "and position('\\x"));
    REQUIRE_OK(sj_buf_put_hex(&secret, sj_view_of(a.secret, sizeof a.secret)));
    REQUIRE_OK(sj_buf_put_str(&secret, "'::bytea in secret) > 0"));
    REQUIRE_OK(sj_buf_cstr(&secret, &text));
    CHECK(world_number(text, a.account.id) == 0);
}

DESK_TEST(login_gives_no_session_for_one_factor)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "one", (struct sj_uuid){{0}}, "reader", &a));
    struct sj_login_challenge challenge;
    REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge));
    CHECK(challenge.totp && challenge.expires_at > sj_time_now());
    CHECK(world_number(
              "select count(*) from sanjeh.session where account_id = '%s'", a.account.id) == 0);
    bool found = true;
    struct sj_session session;
    CHECK_OK(sj_session_find(&desk->loop, sj_text_of(challenge.token), &found, &session));
    CHECK(!found);
    CHECK(strcmp(world_state("insert into sanjeh.session (id, token_hash, account_id, factors, "
                             "seal, created_at, expires_at) values (gen_random_uuid(), "
                             "sha256('x'), '%s', 'password', sha256('x'), now(), "
                             "now() + interval '1 hour')",
                     a.account.id),
              "23514") == 0);
    /* the code alone */
    char code[7];
    world_code(&a, 0, code);
    struct tokens t = {.token = ""};
    CHECK_CODE(second(desk, "", code, &t), LOGIN_FAILED);
    CHECK_CODE(second(desk, a.username, code, &t), LOGIN_FAILED);
    CHECK(t.token[0] == '\0' && t.device[0] == '\0');
}

DESK_TEST(login_refuses_in_one_way)
{
    struct world_account good;
    struct world_account disabled;
    struct world_account no_totp;
    struct world_account unknown = {.username = "nobody.has.this.name"};
    REQUIRE_OK(world_account(desk, "good", (struct sj_uuid){{0}}, "reader", &good));
    REQUIRE_OK(world_account(desk, "off", (struct sj_uuid){{0}}, "reader", &disabled));
    REQUIRE_OK(world_account(desk, "half", (struct sj_uuid){{0}}, "reader", &no_totp));
    REQUIRE(world_sql(
        "update sanjeh.account set status = 'disabled' where id = '%s'", disabled.account.id));
    REQUIRE(world_sql("delete from sanjeh.totp where account_id = '%s'", no_totp.account.id));
    struct sj_login_challenge challenge = {.token = ""};
    CHECK_CODE(world_challenge(desk, &unknown, WORLD_PASSWORD, "", &challenge), LOGIN_FAILED);
    CHECK_CODE(world_challenge(desk, &disabled, WORLD_PASSWORD, "", &challenge), LOGIN_FAILED);
    CHECK_CODE(world_challenge(desk, &no_totp, WORLD_PASSWORD, "", &challenge), LOGIN_FAILED);
    CHECK_CODE(
        world_challenge(desk, &good, "a long enough sentencE", "", &challenge), LOGIN_FAILED);
    CHECK_CODE(world_challenge(desk, &good, "", "", &challenge), LOGIN_FAILED);
    CHECK(challenge.token[0] == '\0');
    static const char *const names[] = {"", "ab", "no such name", "' or 1=1 --", "نام"};
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        struct world_account odd = {.username = ""};
        (void)snprintf(odd.username, sizeof odd.username, "%s", names[i]);
        CHECK_CODE(world_challenge(desk, &odd, WORLD_PASSWORD, "", &challenge), LOGIN_FAILED);
    }
    CHECK_OK(world_challenge(desk, &good, WORLD_PASSWORD, "", &challenge));
}

DESK_TEST(login_takes_names_in_any_case_and_says_whose)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "case", (struct sj_uuid){{0}}, "reader", &a));
    char upper[65];
    for (size_t i = 0; i < sizeof upper; i++) {
        const char c = a.username[i];
        upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    struct sj_login_challenge challenge;
    struct sj_actor actor;
    int64_t retry_s = 0;
    CHECK_OK(sj_login_password(&desk->loop, sj_text_of(upper), SJ_TEXT(WORLD_PASSWORD),
        world_source(), SJ_TEXT(""), &challenge, &actor, &retry_s));
    CHECK(sj_uuid_equal(actor.account, a.account.id));
    CHECK_CODE(sj_login_password(&desk->loop, sj_text_of(upper), SJ_TEXT("wrong wrong wrong"),
                   world_source(), SJ_TEXT(""), &challenge, &actor, &retry_s),
        LOGIN_FAILED);
    CHECK(sj_uuid_equal(actor.account, a.account.id));
    CHECK_CODE(sj_login_password(&desk->loop, SJ_TEXT("no.such.account"), SJ_TEXT("x"),
                   world_source(), SJ_TEXT(""), &challenge, &actor, &retry_s),
        LOGIN_FAILED);
    CHECK(sj_uuid_is_nil(actor.account));
}

DESK_TEST(login_refuses_a_code_that_was_used)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "replay", (struct sj_uuid){{0}}, "reader", &a));
    struct sj_login_challenge first;
    struct sj_login_challenge next;
    REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &first));
    REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &next));
    char code[7];
    char older[7];
    world_code(&a, 0, code);
    world_code(&a, -1, older);
    struct tokens t = {.token = ""};
    CHECK_OK(second(desk, first.token, code, &t));
    struct tokens again = {.token = ""};
    CHECK_CODE(second(desk, next.token, code, &again), LOGIN_FAILED);
    CHECK_CODE(second(desk, next.token, older, &again), LOGIN_FAILED);
    CHECK_CODE(second(desk, first.token, older, &again), LOGIN_FAILED);
    CHECK(again.token[0] == '\0');
    CHECK(sj_uuid_equal(again.session.actor.account, (struct sj_uuid){{0}}));
    CHECK(world_number(
              "select count(*) from sanjeh.session where account_id = '%s'", a.account.id) == 1);
}

struct racer {
    struct world_desk *desk;
    const char *challenge;
    const char *code;
    struct tokens tokens;
    sj_status status;
    unsigned *running;
    struct sj_fiber *waiter;
};

static void race(void *ctx)
{
    struct racer *racer = ctx;
    racer->status = second(racer->desk, racer->challenge, racer->code, &racer->tokens);
    if (--*racer->running == 0) {
        sj_fiber_wake(racer->waiter);
    }
}

static unsigned run_race(struct racer *racers, size_t count)
{
    unsigned running = (unsigned)count;
    unsigned winners = 0;
    for (size_t i = 0; i < count; i++) {
        racers[i].running = &running;
        racers[i].waiter = sj_fiber_current();
        CHECK_OK(sj_fiber_spawn(sj_loop_current(), race, &racers[i]));
    }
    while (running > 0) {
        sj_fiber_park();
    }
    for (size_t i = 0; i < count; i++) {
        winners += racers[i].status.code == SJ_OK;
        CHECK(racers[i].status.code == SJ_OK || racers[i].status.code == SJ_LOGIN_FAILED);
    }
    return winners;
}

DESK_TEST(login_lets_one_of_two_win_with_one_code)
{
    for (unsigned round = 0; round < 4; round++) {
        struct world_account a;
        REQUIRE_OK(world_account(desk, "race", (struct sj_uuid){{0}}, "reader", &a));
        struct sj_login_challenge challenges[2];
        REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenges[0]));
        REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenges[1]));
        char code[7];
        world_code(&a, 0, code);
        struct racer racers[2] = {
            {.desk = desk, .challenge = challenges[0].token, .code = code},
            {.desk = desk, .challenge = challenges[1].token, .code = code},
        };
        CHECK(run_race(racers, 2) == 1);
        CHECK(world_number("select count(*) from sanjeh.session where account_id = '%s'",
                  a.account.id) == 1);
    }
}

DESK_TEST(login_lets_one_of_two_win_with_one_challenge)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "race", (struct sj_uuid){{0}}, "reader", &a));
    struct sj_login_challenge challenge;
    REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge));
    char older[7];
    char code[7];
    world_code(&a, -1, older);
    world_code(&a, 0, code);
    struct racer racers[2] = {
        {.desk = desk, .challenge = challenge.token, .code = older},
        {.desk = desk, .challenge = challenge.token, .code = code},
    };
    CHECK(run_race(racers, 2) == 1);
    CHECK(world_number(
              "select count(*) from sanjeh.session where account_id = '%s'", a.account.id) == 1);
}

DESK_TEST(login_refuses_a_challenge_whose_time_is_over)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "late", (struct sj_uuid){{0}}, "reader", &a));
    struct sj_login_challenge challenge;
    REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge));
    REQUIRE(world_sql("update sanjeh.login_challenge set created_at = now() - interval '1 hour',"
                      " expires_at = now() - interval '1 second' where account_id = '%s'",
        a.account.id));
    char code[7];
    world_code(&a, 0, code);
    struct tokens t = {.token = ""};
    CHECK_CODE(second(desk, challenge.token, code, &t), LOGIN_FAILED);
    CHECK_OK(sj_authn_sweep(&desk->loop));
    CHECK(world_number("select count(*) from sanjeh.login_challenge where account_id = '%s'",
              a.account.id) == 0);
}

DESK_TEST(login_refuses_an_account_that_was_disabled_between_the_factors)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "between", (struct sj_uuid){{0}}, "reader", &a));
    struct sj_login_challenge challenge;
    REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge));
    REQUIRE(
        world_sql("update sanjeh.account set status = 'disabled' where id = '%s'", a.account.id));
    char code[7];
    world_code(&a, 0, code);
    struct tokens t = {.token = ""};
    CHECK_CODE(second(desk, challenge.token, code, &t), LOGIN_FAILED);
    CHECK(t.token[0] == '\0');
}

static int compare_times(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

#define TRIES 24
#define KINDS 3

struct timing {
    const struct world_account *accounts; /* three, in turn */
    const char *password;
    int64_t times[TRIES];
};

/* The quicker quarter of the times: what the work takes when nobody else has the processor. */
static int64_t quarter(struct timing *timing)
{
    qsort(timing->times, TRIES, sizeof timing->times[0], compare_times);
    return timing->times[TRIES / 4];
}

/* In turns, so that a busy machine is busy for all kinds alike. */
static void time_refusals(struct world_desk *desk, struct timing *kinds)
{
    for (size_t i = 0; i < TRIES * KINDS; i++) {
        struct timing *timing = &kinds[i % KINDS];
        struct sj_login_challenge challenge;
        const sj_time_us begin = sj_time_now();
        CHECK_CODE(world_challenge(
                       desk, &timing->accounts[i / KINDS % 3], timing->password, "", &challenge),
            LOGIN_FAILED);
        timing->times[i / KINDS] = sj_time_now() - begin;
    }
}

DESK_TEST(login_takes_the_same_time_for_unknown_and_wrong)
{
    struct world_account known[3];
    struct world_account disabled[3];
    struct world_account unknown[3] = {
        {.username = "unknown.one"}, {.username = "unknown.two"}, {.username = "unknown.three"}};
    for (size_t i = 0; i < 3; i++) {
        REQUIRE_OK(world_account(desk, "timed", (struct sj_uuid){{0}}, "reader", &known[i]));
        REQUIRE_OK(world_account(desk, "timed", (struct sj_uuid){{0}}, "reader", &disabled[i]));
        REQUIRE(world_sql("update sanjeh.account set status = 'disabled' where id = '%s'",
            disabled[i].account.id));
    }
    struct timing kinds[KINDS] = {{.accounts = known, .password = "wrong password here"},
        {.accounts = unknown, .password = "wrong password here"},
        {.accounts = disabled, .password = WORLD_PASSWORD}};
    time_refusals(desk, kinds);
    const int64_t wrong_us = quarter(&kinds[0]);
    const int64_t unknown_us = quarter(&kinds[1]);
    const int64_t disabled_us = quarter(&kinds[2]);
    printf("    wrong %lld us, unknown %lld us, disabled %lld us\n", (long long)wrong_us,
        (long long)unknown_us, (long long)disabled_us);
    /* Without the hash a refusal would take a tenth; the bound leaves room for a busy machine. */
    CHECK(unknown_us * 2 > wrong_us && wrong_us * 2 > unknown_us);
    CHECK(disabled_us * 2 > wrong_us && wrong_us * 2 > disabled_us);
}
