/* SPDX-License-Identifier: Apache-2.0
 *
 * Which passwords are taken, and what is kept of them?
 */
#include "authn_priv.h"
#include "sanjeh/crypto/password.h"
#include "sanjeh/keys/scopes.h"
#include "world.h"

TEST(password_list_refuses_what_everybody_tries)
{
    static const char *const refused[] = {"password1234", "PassWord1234", "123456789012",
        "aaaaaaaaaaaa", "abababababab", "abcabcabcabcabc", "abcdefghijklm", "mlkjihgfedcba",
        "correcthorsebatterystaple", "hrd.manager", "HRD.manager2024", "hrd.managerhrd.manager"};
    for (size_t i = 0; i < SJ_COUNT(refused); i++) {
        CHECK(authn_password_is_common(sj_text_of(refused[i]), SJ_TEXT("hrd.manager")));
    }
    static const char *const taken[] = {WORLD_PASSWORD, "hrd.manager likes tea", "گذرواژهٔ بلند من",
        "Tr0ub4dor&3 was short", "9f3kq0zpw7ah"};
    for (size_t i = 0; i < SJ_COUNT(taken); i++) {
        CHECK(!authn_password_is_common(sj_text_of(taken[i]), SJ_TEXT("hrd.manager")));
    }
}

/* On an account that has its password already, a password that is fit fails on the key, an unfit one before. */
static sj_status try_set(struct world_desk *desk, const struct world_account *a,
    struct sj_text password, size_t secret_len)
{
    const struct sj_context *context = NULL;
    TRY(authn_keys_context(&desk->loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(desk->loop.db, context, &tx));
    TRY(sj_tx_query(tx, SJ_SQL_SESSION_SWEEP, NULL, 0, NULL));
    return sj_credentials_set(
        tx, desk->loop.fields, &a->account, password, sj_view_of(a->secret, secret_len));
}

DESK_TEST(password_must_have_twelve_to_128_characters)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "set", (struct sj_uuid){{0}}, "reader", &a));
    char text[600];
    memset(text, 0, sizeof text);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)('a' + i * i % 23);
    }
    CHECK_CODE(try_set(desk, &a, (struct sj_text){text, 0}, 20), INVALID);
    CHECK_CODE(try_set(desk, &a, (struct sj_text){text, 11}, 20), INVALID);
    CHECK_CODE(try_set(desk, &a, (struct sj_text){text, 12}, 20), DUPLICATE);
    CHECK_CODE(try_set(desk, &a, (struct sj_text){text, 128}, 20), DUPLICATE);
    CHECK_CODE(try_set(desk, &a, (struct sj_text){text, 129}, 20), INVALID);
    CHECK_CODE(try_set(desk, &a, SJ_TEXT("ششش ششش ششش"), 20), INVALID); /* 11 of them */
    CHECK_CODE(try_set(desk, &a, SJ_TEXT("گذرواژه بلند"), 20), DUPLICATE);
    CHECK_CODE(try_set(desk, &a, SJ_TEXT("password1234"), 20), INVALID);
    CHECK_CODE(try_set(desk, &a, (struct sj_text){a.username, strlen(a.username)}, 20), INVALID);
    CHECK_CODE(try_set(desk, &a, SJ_TEXT(WORLD_PASSWORD), 19), INVALID);
}

DESK_TEST(password_is_kept_as_a_tag_that_needs_the_keeper)
{
    struct world_account a;
    struct world_account b;
    REQUIRE_OK(world_account(desk, "tag", (struct sj_uuid){{0}}, "reader", &a));
    REQUIRE_OK(world_account(desk, "tag", (struct sj_uuid){{0}}, "reader", &b));
    CHECK(
        world_number("select count(distinct tag) + count(distinct salt) from sanjeh.password where"
                     " '%s' <> ''",
            a.account.id) >= 4);
    const struct verifier verifier = {
        .salt_len = 16, .memory_kib = 8192, .passes = 1, .lanes = 1, .pepper_version = 1};
    struct sj_hash bare;
    struct sj_hash peppered;
    struct sj_hash again;
    CHECK_OK(sj_argon2id(sj_text_bytes(SJ_TEXT("x")), verifier.salt, 16,
        (struct sj_password_cost){8192, 1, 1}, &bare));
    CHECK_OK(authn_password_tag(NULL, desk->loop.channel, SJ_TEXT("x"), &verifier, &peppered));
    CHECK_OK(authn_password_tag(
        desk->loop.authn->pool, desk->loop.channel, SJ_TEXT("x"), &verifier, &again));
    CHECK(!sj_hash_equal(&bare, &peppered));
    CHECK(sj_hash_equal(&again, &peppered));
}

DESK_TEST(password_of_one_account_is_invisible_outside_the_sign_in_scope)
{
    struct sj_uuid unit;
    REQUIRE_OK(world_unit(desk, "HRD", &unit));
    struct world_account a;
    REQUIRE_OK(world_account(desk, "hidden", unit, "reader", &a));
    const struct sj_uuid scopes[] = {unit, SJ_SCOPE_ADMIN, SJ_SCOPE_KEYS, a.account.id};
    struct sj_context context;
    REQUIRE_OK(ask_context(
        desk->loop.channel, scopes, SJ_COUNT(scopes), sj_time_now() + 60000000, &context));
    const struct sj_hash none = {{0}};
    const struct sj_param params[] = {
        sj_p_text(sj_text_of(a.username)), sj_p_bytes(sj_view_of(none.bytes, 32))};
    const struct sj_query query = {SJ_SQL_LOGIN_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    REQUIRE_OK(sj_db_read(desk->loop.db, &context, &query, 1, &rows));
    CHECK(sj_rows_count(rows) == 0);
    const struct sj_context *authn = NULL;
    REQUIRE_OK(sj_authn_context(&desk->loop, &authn));
    CLEANUP(sj_rows_free) struct sj_rows *seen = NULL;
    REQUIRE_OK(sj_db_read(desk->loop.db, authn, &query, 1, &seen));
    CHECK(sj_rows_count(seen) == 1);
}
