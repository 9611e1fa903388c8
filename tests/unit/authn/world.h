/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of sign-in stand on: a private PostgreSQL with the product's migrations, a real keeper, and
 * accounts made by the product's own functions. One per test program.
 */
#ifndef SJ_TEST_WORLD_H
#define SJ_TEST_WORLD_H

#include "pg.h"
#include "sanjeh/authn/authn.h"
#include "sanjeh/unit/unit.h"
#include "test.h"

#define WORLD_PASSWORD "a long enough sentence"

/* Roles of the tests: bit numbers as the policy would give them. */
#define WORLD_ROLE_READER 1u
#define WORLD_ROLE_WRITER 2u

const struct sj_pg *world_pg(void);
struct sj_keeper *world_keeper(void);
/* A configuration with the product's times. */
struct sj_authn_config world_config(void);

/* A loop's set: on a fiber one that parks, elsewhere one that blocks. Close it on the same thread. */
struct world_desk {
    struct sj_authn_loop loop;
};
sj_status world_open(struct world_desk *desk, const struct sj_authn_config *config);
void world_close(struct world_desk *desk);

struct world_account {
    struct sj_account account;
    char username[65];
    uint8_t secret[20];
};
/* A fresh account with both factors in the unit (nil: the platform); its name starts with prefix. */
sj_status world_account(struct world_desk *desk, const char *prefix, struct sj_uuid unit,
    const char *roles, struct world_account *ret_account);
/* A unit of the given code, made once. */
sj_status world_unit(struct world_desk *desk, const char *code, struct sj_uuid *ret_unit);
/* The code of the account for the step of now plus offset. */
void world_code(const struct world_account *account, int offset, char ret_code[7]);
/* Bits of the roles that the session has, whether they count or not. */
uint64_t world_roles(const struct sj_session *session);
/* A source that nobody else uses. */
struct sj_uuid world_source(void);

/* Both factors at once. */
sj_status world_challenge(struct world_desk *desk, const struct world_account *account,
    const char *password, const char *device, struct sj_login_challenge *ret_challenge);
sj_status world_sign_in(struct world_desk *desk, const struct world_account *account,
    char ret_token[SJ_TOKEN_TEXT_SIZE], char ret_device[SJ_TOKEN_TEXT_SIZE],
    struct sj_session *ret_session);

/* Runs one statement as superuser with one id as text in place of %s. */
bool world_sql(const char *format, struct sj_uuid id);
/* The first value of one. */
int64_t world_number(const char *format, struct sj_uuid id);

/* The SQLSTATE of one. */
const char *world_state(const char *format, struct sj_uuid id);

/* A test that runs on a fiber with a desk of its own. */
#define DESK_TEST(name)                                                                            \
    static void fiber_##name(void *ctx);                                                           \
    TEST(name)                                                                                     \
    {                                                                                              \
        (void)world_pg();                                                                          \
        sj_test_on_fiber(fiber_##name, NULL);                                                      \
    }                                                                                              \
    static void on_desk_##name(struct world_desk *desk);                                           \
    static void fiber_##name(void *ctx)                                                            \
    {                                                                                              \
        (void)ctx;                                                                                 \
        const struct sj_authn_config config = world_config();                                      \
        CLEANUP(world_close) struct world_desk desk;                                               \
        REQUIRE_OK(world_open(&desk, &config));                                                    \
        on_desk_##name(&desk);                                                                     \
    }                                                                                              \
    static void on_desk_##name(struct world_desk *desk)

#endif
