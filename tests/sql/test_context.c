/* SPDX-License-Identifier: Apache-2.0
 *
 * Does scope_ids() believe exactly what the keeper signed? Every other text, however close, gives no scope and
 * no error: an error would be an oracle, and would turn a stale context into a failing page.
 */
#include "session.h"

#include "sanjeh/crypto/hash.h"

#define QUESTION "select sanjeh.scope_ids()"

static PGconn *app(void)
{
    return session_open(sj_pg_start((struct sj_view){NULL, 0})->app);
}

/* Signs any body with the test key, as sj_pg_sign does for well-formed ones. */
static void sign_body(const char *body, char *out, size_t size)
{
    uint8_t key[32];
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (uint8_t)(i + 1);
    }
    struct sj_hash mac;
    const struct sj_view text = sj_view_of(body, strlen(body));
    CHECK_OK(sj_hmac_sha256(sj_view_of(key, sizeof(key)), &text, 1, &mac));
    int len = snprintf(out, size, "%s.", body);
    for (size_t i = 0; i < SJ_HASH_SIZE && len > 0 && (size_t)len + 3 <= size; i++) {
        len += snprintf(out + len, size - (size_t)len, "%02x", mac.bytes[i]);
    }
}

static void check_nothing(PGconn *session, const char *context)
{
    const struct outcome outcome = session_try(session, context, QUESTION);
    if (strcmp(outcome.state, "00000") != 0 || strcmp(outcome.value, "{}") != 0) {
        printf("    context %.300s: %s %s\n", context == NULL ? "(none)" : context, outcome.state,
            outcome.value);
        CHECK(false);
    }
}

TEST(context_of_the_keeper_gives_its_scopes)
{
    CLEANUP(session_close) PGconn *session = app();
    const struct sj_uuid scopes[2] = {UNIT_A, UNIT_B};
    struct sj_context context;
    sj_pg_sign(scopes, 1, 60, &context);
    struct outcome outcome = session_try(session, context.text, QUESTION);
    CHECK(strcmp(outcome.value, "{aa000000-0000-8000-8000-000000000001}") == 0);
    sj_pg_sign(scopes, 2, 60, &context);
    outcome = session_try(session, context.text, QUESTION);
    CHECK(strcmp(outcome.value, "{aa000000-0000-8000-8000-000000000001,"
                                "bb000000-0000-8000-8000-000000000002}") == 0);
}

TEST(context_that_is_missing_or_over_gives_nothing)
{
    CLEANUP(session_close) PGconn *session = app();
    const struct sj_uuid unit = UNIT_A;
    struct sj_context context;
    check_nothing(session, NULL);
    check_nothing(session, "");
    sj_pg_sign(&unit, 1, -1, &context);
    check_nothing(session, context.text);
    sj_pg_sign(&unit, 1, -100000, &context);
    check_nothing(session, context.text);
    sj_pg_sign(&unit, 1, 60, &context);
    CHECK(session_try(session, context.text, QUESTION).value[1] == 'a');
    check_nothing(session, NULL); /* nothing of the transaction before is left */
}

TEST(context_with_any_bit_flipped_gives_nothing)
{
    CLEANUP(session_close) PGconn *session = app();
    const struct sj_uuid unit = UNIT_A;
    struct sj_context context;
    sj_pg_sign(&unit, 1, 60, &context);
    const size_t len = strlen(context.text);
    for (size_t i = 0; i < len; i++) {
        for (unsigned bit = 0; bit < 7; bit++) {
            struct sj_context forged = context;
            forged.text[i] = (char)((unsigned char)forged.text[i] ^ (1u << bit));
            if (forged.text[i] != '\0') {
                check_nothing(session, forged.text);
            }
        }
    }
}

TEST(context_that_is_cut_or_grown_gives_nothing)
{
    CLEANUP(session_close) PGconn *session = app();
    const struct sj_uuid unit = UNIT_A;
    struct sj_context context;
    sj_pg_sign(&unit, 1, 60, &context);
    for (size_t len = 0; context.text[len] != '\0'; len++) {
        char cut[sizeof(context.text)];
        snprintf(cut, sizeof(cut), "%.*s", (int)len, context.text);
        check_nothing(session, cut);
        check_nothing(session, context.text + len + 1);
    }
    char grown[sizeof(context.text) + 64];
    snprintf(grown, sizeof(grown), "%s ", context.text);
    check_nothing(session, grown);
    snprintf(grown, sizeof(grown), "%s.%s", "v1", context.text);
    check_nothing(session, grown);
}

TEST(context_that_is_garbage_gives_nothing_and_no_error)
{
    static const char *const garbage[] = {"v1", ".", "...", "v1...", "\\x", "\\", "'; drop table",
        ("v1.9999999999.aa000000-0000-8000-8000-000000000001."
         "0000000000000000000000000000000000000000000000000000000000000000"),
        "علی", "v1.99999999999999999999999999.x.", "%s%n", "\x01"};
    CLEANUP(session_close) PGconn *session = app();
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        check_nothing(session, garbage[i]);
    }
}

TEST(context_of_another_version_or_key_gives_nothing)
{
    CLEANUP(session_close) PGconn *session = app();
    char text[512];
    sign_body("v1.9999999999.aa000000-0000-8000-8000-000000000001", text, sizeof(text));
    CHECK(session_try(session, text, QUESTION).value[1] == 'a'); /* the signing here is right */
    sign_body("v2.9999999999.aa000000-0000-8000-8000-000000000001", text, sizeof(text));
    check_nothing(session, text);
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    sign_body("v1.9999999999.aa000000-0000-8000-8000-000000000001", text, sizeof(text));
    REQUIRE(sj_pg_run(pg->admin, "create table public.kept as table sanjeh.context_key;"
                                 "update sanjeh.context_key set outer_pad = inner_pad"));
    check_nothing(session, text);
    REQUIRE(sj_pg_run(pg->admin, "delete from sanjeh.context_key"));
    check_nothing(session, text);
    REQUIRE(sj_pg_run(pg->admin, "insert into sanjeh.context_key table public.kept;"
                                 "drop table public.kept"));
    CHECK(session_try(session, text, QUESTION).value[1] == 'a');
}

TEST(context_key_is_readable_by_nobody_but_the_check)
{
    static const char *const attempts[] = {"select * from sanjeh.context_key",
        "select inner_pad from sanjeh.context_key", "table sanjeh.context_key",
        "copy sanjeh.context_key to stdout", "update sanjeh.context_key set inner_pad = outer_pad",
        "delete from sanjeh.context_key", "insert into sanjeh.context_key select true, '', ''",
        "truncate sanjeh.context_key", "lock table sanjeh.context_key", "set role sanjeh_owner",
        "drop function sanjeh.scope_ids()"};
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    const char *const roles[] = {pg->app, pg->auditor};
    for (size_t r = 0; r < 2; r++) {
        CLEANUP(session_close) PGconn *session = session_open(roles[r]);
        for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
            const struct outcome outcome = session_try(session, NULL, attempts[i]);
            if (strcmp(outcome.state, "42501") != 0 && strcmp(outcome.state, "25006") != 0) {
                printf("    %s: %s\n", attempts[i], outcome.state);
                CHECK(false);
            }
        }
    }
}

/* A namesake in a schema of the attacker's would be called by a definer function with an open path. */
TEST(context_check_does_not_follow_the_callers_search_path)
{
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    REQUIRE(sj_pg_run(pg->admin,
        "create schema evil; grant usage on schema evil to sanjeh_app;"
        "create function evil.sha256(bytea) returns bytea language sql immutable as $$ select "
        "''::bytea $$;"
        "create function evil.right(text, int) returns text language sql immutable as $$ select '' "
        "$$;"
        "create function evil.encode(bytea, text) returns text language sql immutable as $$ select "
        "'' $$;"
        "create function evil.yes(text, text) returns boolean language sql immutable as $$ select "
        "true $$;"
        "create operator evil.= (leftarg = text, rightarg = text, function = evil.yes);"
        "grant execute on all functions in schema evil to sanjeh_app"));
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    PQclear(PQexec(session, "set search_path = evil, pg_catalog, sanjeh"));
    check_nothing(session, "v1.9999999999.aa000000-0000-8000-8000-000000000001."
                           "0000000000000000000000000000000000000000000000000000000000000000");
    REQUIRE(sj_pg_run(pg->admin, "drop schema evil cascade"));
}
