/* SPDX-License-Identifier: Apache-2.0
 *
 * How many guesses does anybody get, and can strangers lock somebody out? Lanes of passwords, codes and sources
 * against the real database.
 */
#include "authn_priv.h"
#include "world.h"

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

static void fail_password(
    struct world_desk *desk, const struct world_account *account, const char *device, int times)
{
    for (int i = 0; i < times; i++) {
        struct sj_login_challenge challenge;
        CHECK_CODE(
            world_challenge(desk, account, "wrong wrong wrong", device, &challenge), LOGIN_FAILED);
    }
}

DESK_TEST(throttle_closes_the_unknown_lane_after_ten)
{
    struct world_account a;
    struct world_account other;
    REQUIRE_OK(world_account(desk, "lane", (struct sj_uuid){{0}}, "reader", &a));
    REQUIRE_OK(world_account(desk, "lane", (struct sj_uuid){{0}}, "reader", &other));
    struct tokens t = {.token = ""};
    REQUIRE_OK(world_sign_in(desk, &a, t.token, t.device, &t.session));
    struct sj_login_challenge challenge;
    fail_password(desk, &a, "", 9);
    CHECK_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge)); /* ends the run */
    fail_password(desk, &a, "", 10);
    CHECK_CODE(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge), LOGIN_FAILED);
    /* the owner's browser and other accounts go on */
    CHECK_OK(world_challenge(desk, &a, WORLD_PASSWORD, t.device, &challenge));
    CHECK_OK(world_challenge(desk, &other, WORLD_PASSWORD, "", &challenge));
    /* another account's device is a stranger's */
    CHECK_CODE(world_challenge(desk, &a, WORLD_PASSWORD,
                   "bm90IGEgZGV2aWNlIGJ1dCAzMiBieXRlcyBsb25nISE", &challenge),
        LOGIN_FAILED);
    REQUIRE(world_sql("update sanjeh.login_throttle set closed_until = now() - interval '1 second'"
                      " where closed_until is not null and '%s' <> ''",
        a.account.id));
    CHECK_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge));
}

DESK_TEST(throttle_counts_again_after_the_lane_has_opened)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "again", (struct sj_uuid){{0}}, "reader", &a));
    struct sj_login_challenge challenge;
    fail_password(desk, &a, "", 10);
    REQUIRE(world_sql("update sanjeh.login_throttle set closed_until = now() - interval '1 second'"
                      " where closed_until is not null and '%s' <> ''",
        a.account.id));
    fail_password(desk, &a, "", 9);
    CHECK_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge));
    fail_password(desk, &a, "", 10);
    CHECK_CODE(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge), LOGIN_FAILED);
}

DESK_TEST(throttle_closes_a_known_device_of_its_own)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "device", (struct sj_uuid){{0}}, "reader", &a));
    struct tokens t = {.token = ""};
    REQUIRE_OK(world_sign_in(desk, &a, t.token, t.device, &t.session));
    struct sj_login_challenge challenge;
    fail_password(desk, &a, t.device, 10);
    CHECK_CODE(world_challenge(desk, &a, WORLD_PASSWORD, t.device, &challenge), LOGIN_FAILED);
    CHECK_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge));
}

struct guesser {
    struct world_desk *desk;
    const struct world_account *account;
    const char *password;
    sj_status status;
    unsigned *running;
    struct sj_fiber *waiter;
};

static void guess(void *ctx)
{
    struct guesser *guesser = ctx;
    struct sj_login_challenge challenge;
    guesser->status =
        world_challenge(guesser->desk, guesser->account, guesser->password, "", &challenge);
    if (--*guesser->running == 0) {
        sj_fiber_wake(guesser->waiter);
    }
}

DESK_TEST(throttle_is_not_beaten_by_parallel_guesses)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "parallel", (struct sj_uuid){{0}}, "reader", &a));
    struct guesser guessers[20];
    unsigned running = SJ_COUNT(guessers);
    for (size_t i = 0; i < SJ_COUNT(guessers); i++) {
        /* the work pool has one thread and a queue in order: the right one is judged last */
        guessers[i] = (struct guesser){.desk = desk,
            .account = &a,
            .password = i + 1 < SJ_COUNT(guessers) ? "wrong wrong wrong" : WORLD_PASSWORD,
            .running = &running,
            .waiter = sj_fiber_current()};
        CHECK_OK(sj_fiber_spawn(sj_loop_current(), guess, &guessers[i]));
    }
    while (running > 0) {
        sj_fiber_park();
    }
    for (size_t i = 0; i < SJ_COUNT(guessers); i++) {
        CHECK_CODE(guessers[i].status, LOGIN_FAILED);
    }
}

static void wrong_code(const struct world_account *account, char ret_code[7])
{
    /* a digit that differs from every acceptable code at its place */
    char codes[3][7];
    for (int i = 0; i < 3; i++) {
        world_code(account, i - 1, codes[i]);
    }
    for (size_t at = 0; at < 6; at++) {
        char digit = '0';
        while (digit == codes[0][at] || digit == codes[1][at] || digit == codes[2][at]) {
            digit++;
        }
        ret_code[at] = digit;
    }
    ret_code[6] = '\0';
}

DESK_TEST(throttle_kills_a_challenge_after_five_codes)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "five", (struct sj_uuid){{0}}, "reader", &a));
    struct sj_login_challenge challenge;
    REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge));
    char wrong[7];
    char code[7];
    wrong_code(&a, wrong);
    struct tokens t = {.token = ""};
    for (int i = 0; i < 5; i++) {
        CHECK_CODE(second(desk, challenge.token, wrong, &t), LOGIN_FAILED);
        CHECK(sj_uuid_equal(t.session.actor.account, a.account.id));
    }
    world_code(&a, 0, code);
    CHECK_CODE(second(desk, challenge.token, code, &t), LOGIN_FAILED);
    struct sj_login_challenge next;
    REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &next));
    CHECK_OK(second(desk, next.token, code, &t));
}

DESK_TEST(throttle_closes_the_codes_of_an_account_after_ten)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "ten", (struct sj_uuid){{0}}, "reader", &a));
    struct sj_login_challenge challenges[3];
    for (int i = 0; i < 3; i++) {
        REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenges[i]));
    }
    char wrong[7];
    char code[7];
    wrong_code(&a, wrong);
    struct tokens t = {.token = ""};
    for (int i = 0; i < 10; i++) {
        CHECK_CODE(second(desk, challenges[i / 5].token, wrong, &t), LOGIN_FAILED);
    }
    world_code(&a, 0, code);
    CHECK_CODE(second(desk, challenges[2].token, code, &t), LOGIN_FAILED);
    CHECK(t.token[0] == '\0');
    REQUIRE(world_sql("update sanjeh.login_throttle set closed_until = now() - interval '1 second'"
                      " where closed_until is not null and '%s' <> ''",
        a.account.id));
    CHECK_OK(second(desk, challenges[2].token, code, &t));
}

DESK_TEST(throttle_does_not_forgive_codes_for_a_right_one)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "kept", (struct sj_uuid){{0}}, "reader", &a));
    struct sj_login_challenge challenges[4];
    for (int i = 0; i < 4; i++) {
        REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenges[i]));
    }
    char wrong[7];
    char older[7];
    char code[7];
    wrong_code(&a, wrong);
    world_code(&a, -1, older);
    struct tokens t = {.token = ""};
    for (int i = 0; i < 5; i++) {
        CHECK_CODE(second(desk, challenges[0].token, wrong, &t), LOGIN_FAILED);
    }
    CHECK_OK(second(desk, challenges[1].token, older, &t));
    for (int i = 0; i < 5; i++) {
        CHECK_CODE(second(desk, challenges[2].token, wrong, &t), LOGIN_FAILED);
    }
    world_code(&a, 0, code);
    CHECK_CODE(second(desk, challenges[3].token, code, &t), LOGIN_FAILED);
}

DESK_TEST(throttle_stops_a_source_and_says_for_how_long)
{
    const struct sj_uuid source = world_source();
    struct tokens t = {.token = ""};
    int64_t retry_s = 0;
    for (int i = 0; i < SOURCE_ATTEMPTS; i++) {
        CHECK_CODE(sj_login_totp(&desk->loop, SJ_TEXT("x"), SJ_TEXT("123456"), source, t.token,
                       t.device, &t.session, &retry_s),
            LOGIN_FAILED);
    }
    CHECK(retry_s == 0);
    CHECK_CODE(sj_login_totp(&desk->loop, SJ_TEXT("x"), SJ_TEXT("123456"), source, t.token,
                   t.device, &t.session, &retry_s),
        TOO_MANY_REQUESTS);
    CHECK(retry_s >= 1 && retry_s <= SOURCE_WINDOW_S);
    CHECK_CODE(sj_login_totp(&desk->loop, SJ_TEXT("x"), SJ_TEXT("123456"), world_source(), t.token,
                   t.device, &t.session, &retry_s),
        LOGIN_FAILED);
}

DESK_TEST(throttle_stops_a_source_before_it_costs_a_hash)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "source", (struct sj_uuid){{0}}, "reader", &a));
    const struct sj_uuid source = world_source();
    struct sj_login_challenge challenge;
    struct sj_actor actor;
    int64_t retry_s = 0;
    CHECK_OK(sj_login_password(&desk->loop, sj_text_of(a.username), SJ_TEXT(WORLD_PASSWORD), source,
        SJ_TEXT(""), &challenge, &actor, &retry_s));
    REQUIRE(
        world_sql("update sanjeh.login_throttle set failures = 300 where failures > 0 and"
                  " closed_until is null and since > now() - interval '1 minute' and '%s' <> ''",
            source));
    CHECK_CODE(sj_login_password(&desk->loop, sj_text_of(a.username), SJ_TEXT(WORLD_PASSWORD),
                   source, SJ_TEXT(""), &challenge, &actor, &retry_s),
        TOO_MANY_REQUESTS);
    CHECK(retry_s >= 1 && retry_s <= SOURCE_WINDOW_S);
    REQUIRE(world_sql("update sanjeh.login_throttle set since = now() - interval '301 seconds'"
                      " where failures >= 300 and '%s' <> ''",
        source));
    CHECK_OK(sj_login_password(&desk->loop, sj_text_of(a.username), SJ_TEXT(WORLD_PASSWORD), source,
        SJ_TEXT(""), &challenge, &actor, &retry_s));
}

TEST(throttle_lanes_of_unknown_names_are_bounded)
{
    REQUIRE_OK(sj_crypto_init());
    struct lane lanes[2];
    bool met = false;
    CHECK_OK(authn_lane(LANE_UNKNOWN, sj_view_of("a", 1), sj_view_of(NULL, 0), &lanes[0]));
    for (uint32_t i = 0; i < 40000 && !met; i++) {
        CHECK_OK(
            authn_lane(LANE_UNKNOWN, sj_view_of(&i, sizeof i), sj_view_of(NULL, 0), &lanes[1]));
        met = sj_hash_equal(&lanes[0].hash, &lanes[1].hash);
    }
    CHECK(met); /* 4,096 lanes: 40,000 names miss one with a chance below 1e-4 */
    CHECK_OK(authn_lane(LANE_ACCOUNT, sj_view_of("a", 1), sj_view_of(NULL, 0), &lanes[1]));
    CHECK(!sj_hash_equal(&lanes[0].hash, &lanes[1].hash));
    CHECK_OK(authn_lane(LANE_DEVICE, sj_view_of("a", 1), sj_view_of("d", 1), &lanes[0]));
    CHECK(!sj_hash_equal(&lanes[0].hash, &lanes[1].hash));
}
