/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a superuser of the database become somebody else, or more? Each test writes into the real database what such a
 * person would, and takes it back where the row's own words must have been the reason for the refusal.
 */
#include "authn_priv.h"
#include "world.h"

struct signed_in {
    struct world_account account;
    char token[SJ_TOKEN_TEXT_SIZE];
    char device[SJ_TOKEN_TEXT_SIZE];
    struct sj_session session;
};

static sj_status enter(struct world_desk *desk, struct sj_uuid unit, struct signed_in *in)
{
    TRY(world_account(desk, "seal", unit, "writer,reader", &in->account));
    return world_sign_in(desk, &in->account, in->token, in->device, &in->session);
}

/* As the database has it now: the cache is emptied first. */
static bool is_alive(struct world_desk *desk, const char *token)
{
    bool found = false;
    struct sj_session session;
    sj_authn_on_notify(desk->loop.authn, SJ_TEXT("session_revoked"), SJ_TEXT(""));
    CHECK_OK(sj_session_find(&desk->loop, sj_text_of(token), &found, &session));
    return found;
}

/* One statement with two ids in place of two %s. */
static bool sql2(const char *format, struct sj_uuid first, struct sj_uuid second)
{
    char sql[1024];
    char a[SJ_UUID_TEXT_SIZE];
    char b[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(first, a);
    sj_uuid_format(second, b);
    const char *one = strstr(format, "%s");
    const char *two = one == NULL ? NULL : strstr(one + 2, "%s");
    if (two == NULL) {
        return false;
    }
    (void)snprintf(sql, sizeof sql, "%.*s%s%.*s%s%s", (int)(one - format), format, a,
        (int)(two - one - 2), one + 2, b, two + 2);
    return sj_pg_run(world_pg()->admin, sql);
}

DESK_TEST(seal_makes_an_inserted_session_none)
{
    struct signed_in victim;
    REQUIRE_OK(enter(desk, (struct sj_uuid){{0}}, &victim));
    char token[SJ_TOKEN_TEXT_SIZE];
    struct sj_hash hash;
    REQUIRE_OK(authn_token_new(token, &hash));
    CLEANUP(sj_buf_clear) struct sj_buf sql = SJ_BUF(2048);
    REQUIRE_OK(sj_buf_put_str(&sql, "insert into sanjeh.session (id, token_hash, account_id, "
                                    "factors, seal, created_at, expires_at) "
                                    "select gen_random_uuid(), '\\x"));
    REQUIRE_OK(sj_buf_put_hex(&sql, sj_view_of(hash.bytes, sizeof hash.bytes)));
    REQUIRE_OK(sj_buf_put_str(&sql, "', account_id, factors, seal, created_at, expires_at "
                                    "from sanjeh.session where id = '%s'"));
    const char *text = NULL;
    REQUIRE_OK(sj_buf_cstr(&sql, &text));
    REQUIRE(world_sql(text, victim.session.id));
    CHECK(!is_alive(desk, token));
    CHECK(is_alive(desk, victim.token));
}

DESK_TEST(seal_holds_a_session_to_its_account_and_its_end)
{
    struct signed_in own;
    struct signed_in victim;
    REQUIRE_OK(enter(desk, (struct sj_uuid){{0}}, &own));
    REQUIRE_OK(enter(desk, (struct sj_uuid){{0}}, &victim));
    const struct sj_uuid id = own.session.id;
    const struct sj_uuid me = own.account.account.id;
    REQUIRE(sql2("update sanjeh.session set account_id = '%s' where id = '%s'",
        victim.account.account.id, id));
    CHECK(!is_alive(desk, own.token));
    REQUIRE(sql2("update sanjeh.session set account_id = '%s' where id = '%s'", me, id));
    CHECK(is_alive(desk, own.token));
    /* a revoked session that is called back has its old end */
    REQUIRE(world_sql("update sanjeh.session set revoked_at = now() where id = '%s'", id));
    CHECK(!is_alive(desk, own.token));
    REQUIRE(world_sql("update sanjeh.session set revoked_at = null where id = '%s'", id));
    CHECK(is_alive(desk, own.token));
    REQUIRE(world_sql(
        "update sanjeh.session set expires_at = expires_at + interval '1 year' where id = '%s'",
        id));
    CHECK(!is_alive(desk, own.token));
}

struct forgery {
    const char *forge; /* %s: the account */
    const char *undo;
};

DESK_TEST(seal_holds_an_account_to_what_it_was_made)
{
    static const struct forgery forgeries[] = {
        {"update sanjeh.account set unit_id = (select id from sanjeh.unit where code = 'SIT') "
         "where id = '%s'",
            "update sanjeh.account set unit_id = (select id from sanjeh.unit where code = 'HRD') "
            "where id = '%s'"},
        {"update sanjeh.account set unit_id = null, judge_id = gen_random_uuid() where id = '%s'",
            "update sanjeh.account set judge_id = null, "
            "unit_id = (select id from sanjeh.unit where code = 'HRD') where id = '%s'"},
        {"insert into sanjeh.role_assignment (account_id, role) values ('%s', 'administrator')",
            "delete from sanjeh.role_assignment where account_id = '%s' "
            "and role = 'administrator'"},
        {"update sanjeh.role_assignment set role = 'administrator' where account_id = '%s' "
         "and role = 'writer'",
            "update sanjeh.role_assignment set role = 'writer' where account_id = '%s' "
            "and role = 'administrator'"},
        {"update sanjeh.role_assignment set revoked_at = now(), revoke_cause = 'revoked' "
         "where account_id = '%s'",
            "update sanjeh.role_assignment set revoked_at = null, revoke_cause = null "
            "where account_id = '%s'"},
        {"update sanjeh.role_assignment set valid_until = now() + interval '1 year' "
         "where account_id = '%s'",
            "update sanjeh.role_assignment set valid_until = null where account_id = '%s'"},
        {"update sanjeh.role_assignment set valid_from = now() - interval '1 year' "
         "where account_id = '%s'",
            "update sanjeh.role_assignment set valid_from = null where account_id = '%s'"},
        {"update sanjeh.role_assignment set locked_from = now() + interval '1 year' "
         "where account_id = '%s'",
            "update sanjeh.role_assignment set locked_from = null where account_id = '%s'"},
        {"update sanjeh.role_assignment set certified_at = certified_at + interval '1 year' "
         "where account_id = '%s'",
            "update sanjeh.role_assignment set certified_at = certified_at - interval '1 year' "
            "where account_id = '%s'"},
        {"update sanjeh.role_assignment set granted_by = account_id where account_id = '%s'",
            "update sanjeh.role_assignment set granted_by = null where account_id = '%s'"},
        {"update sanjeh.account set seal_form = 1 where id = '%s'",
            "update sanjeh.account set seal_form = 2 where id = '%s'"},
        {"update sanjeh.account set username = 'x' || left(username, 60) where id = '%s'",
            "update sanjeh.account set username = substr(username, 2) where id = '%s'"},
        {"update sanjeh.account set seal = sha256(seal) where id = '%s'", NULL},
    };
    struct sj_uuid hrd;
    struct sj_uuid sit;
    REQUIRE_OK(world_unit(desk, "HRD", &hrd));
    REQUIRE_OK(world_unit(desk, "SIT", &sit));
    struct signed_in in;
    REQUIRE_OK(enter(desk, hrd, &in));
    const struct sj_uuid id = in.account.account.id;
    struct sj_login_challenge challenge;
    for (size_t i = 0; i < SJ_COUNT(forgeries); i++) {
        REQUIRE(is_alive(desk, in.token));
        REQUIRE(world_sql(forgeries[i].forge, id));
        CHECK(!is_alive(desk, in.token));
        CHECK_CODE(
            world_challenge(desk, &in.account, WORLD_PASSWORD, "", &challenge), LOGIN_FAILED);
        if (forgeries[i].undo != NULL) {
            REQUIRE(world_sql(forgeries[i].undo, id));
            CHECK_OK(world_challenge(desk, &in.account, WORLD_PASSWORD, "", &challenge));
        }
    }
}

/* A password that the intruder knows, in the victim's row, with and without its own seal. */
DESK_TEST(seal_holds_a_password_to_its_account)
{
    struct world_account own;
    struct world_account victim;
    REQUIRE_OK(world_account(desk, "thief", (struct sj_uuid){{0}}, "reader", &own));
    REQUIRE_OK(world_account(desk, "victim", (struct sj_uuid){{0}}, "reader", &victim));
    struct sj_login_challenge challenge;
    REQUIRE_OK(world_challenge(desk, &victim, WORLD_PASSWORD, "", &challenge));
    REQUIRE(sql2("update sanjeh.password v set salt = o.salt, tag = o.tag from sanjeh.password o "
                 "where o.account_id = '%s' and v.account_id = '%s'",
        own.account.id, victim.account.id));
    CHECK_CODE(world_challenge(desk, &victim, WORLD_PASSWORD, "", &challenge), LOGIN_FAILED);
    REQUIRE(sql2("update sanjeh.password v set seal = o.seal from sanjeh.password o "
                 "where o.account_id = '%s' and v.account_id = '%s'",
        own.account.id, victim.account.id));
    CHECK_CODE(world_challenge(desk, &victim, WORLD_PASSWORD, "", &challenge), LOGIN_FAILED);
    CHECK_OK(world_challenge(desk, &own, WORLD_PASSWORD, "", &challenge));
}

static sj_status second(
    struct world_desk *desk, const char *challenge, const struct world_account *account)
{
    char code[7];
    char token[SJ_TOKEN_TEXT_SIZE];
    char device[SJ_TOKEN_TEXT_SIZE];
    struct sj_session session;
    int64_t retry_s = 0;
    world_code(account, 0, code);
    return sj_login_totp(&desk->loop, sj_text_of(challenge), sj_text_of(code), world_source(),
        token, device, &session, &retry_s);
}

/* With the victim's code but without the password. */
DESK_TEST(seal_holds_a_challenge_to_its_account)
{
    struct world_account own;
    struct world_account victim;
    REQUIRE_OK(world_account(desk, "thief", (struct sj_uuid){{0}}, "reader", &own));
    REQUIRE_OK(world_account(desk, "victim", (struct sj_uuid){{0}}, "reader", &victim));
    struct sj_login_challenge challenge;
    REQUIRE_OK(world_challenge(desk, &own, WORLD_PASSWORD, "", &challenge));
    REQUIRE(sql2("update sanjeh.login_challenge set account_id = '%s' where account_id = '%s'",
        victim.account.id, own.account.id));
    CHECK_CODE(second(desk, challenge.token, &victim), LOGIN_FAILED);
    REQUIRE(sql2("update sanjeh.login_challenge set account_id = '%s' where account_id = '%s'",
        own.account.id, victim.account.id));
    CHECK_OK(second(desk, challenge.token, &own));
}

DESK_TEST(seal_is_not_needed_for_a_code_that_the_secrets_place_protects)
{
    struct world_account own;
    struct world_account victim;
    REQUIRE_OK(world_account(desk, "thief", (struct sj_uuid){{0}}, "reader", &own));
    REQUIRE_OK(world_account(desk, "victim", (struct sj_uuid){{0}}, "reader", &victim));
    struct sj_login_challenge challenge;
    REQUIRE_OK(world_challenge(desk, &victim, WORLD_PASSWORD, "", &challenge));
    REQUIRE(sql2("update sanjeh.totp v set secret = o.secret from sanjeh.totp o "
                 "where o.account_id = '%s' and v.account_id = '%s'",
        own.account.id, victim.account.id));
    CHECK_CODE(second(desk, challenge.token, &own), DECRYPT);
}

/* A role that appears between the factors: no session comes of the second. */
DESK_TEST(seal_is_asked_for_after_the_second_factor_too)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "between", (struct sj_uuid){{0}}, "reader", &a));
    struct sj_login_challenge challenge;
    REQUIRE_OK(world_challenge(desk, &a, WORLD_PASSWORD, "", &challenge));
    REQUIRE(
        world_sql("insert into sanjeh.role_assignment (account_id, role) values ('%s', 'writer')",
            a.account.id));
    CHECK_CODE(second(desk, challenge.token, &a), LOGIN_FAILED);
}

static sj_status put_former_seal(
    struct world_desk *desk, const struct world_account *account, const char *roles)
{
    struct sj_account former = account->account;
    former.username = sj_text_of(account->username);
    former.status = SJ_TEXT("active");
    struct sj_hash hash;
    struct sj_hash seal;
    TRY(sj_account_former_seal_hash(&former, sj_text_of(roles), &hash));
    TRY(ask_seal(desk->loop.channel, SJ_SEAL_ACCOUNT, &hash, &seal));
    CLEANUP(sj_buf_clear) struct sj_buf sql = SJ_BUF(1024);
    TRY(sj_buf_put_str(&sql, "update sanjeh.account set seal_form = 1, seal = '\\x"));
    TRY(sj_buf_put_hex(&sql, sj_view_of(seal.bytes, sizeof seal.bytes)));
    TRY(sj_buf_put_str(&sql, "' where id = '%s'"));
    const char *text = NULL;
    TRY(sj_buf_cstr(&sql, &text));
    ENSURE(world_sql(text, account->account.id), INTERNAL);
    return SJ_DONE;
}

static sj_status reseal(struct world_desk *desk, size_t *ret_sealed, size_t *ret_broken)
{
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(&desk->loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(desk->loop.db, context, &tx));
    TRY(sj_accounts_reseal(tx, desk->loop.channel, ret_sealed, ret_broken));
    return sj_tx_commit(&tx);
}

/* What `sanjeh migrate` does with accounts of before assignments: a genuine one goes on, one with an added role does not. */
DESK_TEST(seal_of_the_former_form_is_proven_once_and_renewed)
{
    struct world_account honest;
    struct world_account forged;
    struct sj_login_challenge challenge;
    size_t sealed = 0;
    size_t broken = 0;
    REQUIRE_OK(world_account(desk, "honest", (struct sj_uuid){{0}}, "reader,writer", &honest));
    REQUIRE_OK(world_account(desk, "forged", (struct sj_uuid){{0}}, "reader", &forged));
    REQUIRE_OK(put_former_seal(desk, &honest, "reader,writer"));
    REQUIRE_OK(put_former_seal(desk, &forged, "reader"));
    REQUIRE(
        world_sql("insert into sanjeh.role_assignment (account_id, role) values ('%s', 'writer')",
            forged.account.id));
    /* the former form itself opens nothing any more */
    CHECK_CODE(world_challenge(desk, &honest, WORLD_PASSWORD, "", &challenge), LOGIN_FAILED);
    REQUIRE_OK(reseal(desk, &sealed, &broken));
    CHECK(sealed == 1 && broken == 1);
    CHECK_OK(world_challenge(desk, &honest, WORLD_PASSWORD, "", &challenge));
    CHECK_CODE(world_challenge(desk, &forged, WORLD_PASSWORD, "", &challenge), LOGIN_FAILED);
    REQUIRE_OK(reseal(desk, &sealed, &broken));
    CHECK(sealed == 0 && broken == 1);
}
