/* SPDX-License-Identifier: Apache-2.0
 *
 * How does the world of the sign-in tests come about? A provisioning keeper gives the context key's pads to the
 * migrations, a serving one then answers as it would for the server. Both are the real program's code.
 */
#include "world.h"

#include <ftw.h>
#include <liboath/oath.h>

#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/scopes.h"

static struct {
    char folder[64];
    char root[96];
    char state[96];
    struct sj_keeper *keeper;
    const struct sj_pg *pg;
} world;

_Noreturn static void give_up(const char *what, sj_status status)
{
    fprintf(stderr, "tests: %s: %s at %s\n", what, sj_code_name(status.code),
        status.where == NULL ? "?" : status.where);
    exit(1);
}

static void must(const char *what, sj_status status)
{
    if (sj_failed(status)) {
        give_up(what, status);
    }
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static void stop_world(void)
{
    sj_keeper_stop(&world.keeper);
    (void)nftw(world.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void fetch_pads(uint8_t pads[128])
{
    const struct sj_keeper_config config = {
        .root_key_file = world.root, .use = SJ_KEEPER_PROVISION, .channels = 1};
    struct sj_keeper *keeper = NULL;
    struct sj_channel *channel = NULL;
    must("provisioning keeper", sj_keeper_start(&config, &keeper));
    must("channel", sj_channel_open(keeper, 0, NULL, &channel));
    must("pads", ask_context_pads(channel, pads));
    sj_channel_close(&channel);
    sj_keeper_stop(&keeper);
}

static void start_world(void)
{
    if (world.pg != NULL) {
        return;
    }
    must("crypto", sj_crypto_init());
    (void)snprintf(world.folder, sizeof world.folder, "/tmp/sanjeh-authn-XXXXXX");
    if (mkdtemp(world.folder) == NULL) {
        give_up("folder", SJ_FAILURE(IO));
    }
    (void)snprintf(world.root, sizeof world.root, "%s/root", world.folder);
    (void)snprintf(world.state, sizeof world.state, "%s/signer", world.folder);
    must("root key", sj_keeper_create_root(world.root));
    uint8_t pads[128];
    fetch_pads(pads);
    const struct sj_keeper_config config = {.root_key_file = world.root,
        .signer_state = world.state,
        .origin = "log.example/authn",
        .use = SJ_KEEPER_SERVE,
        .channels = 4};
    must("keeper", sj_keeper_start(&config, &world.keeper));
    if (atexit(stop_world) != 0) {
        give_up("atexit", SJ_FAILURE(INTERNAL));
    }
    world.pg = sj_pg_start(sj_view_of(pads, sizeof pads));
}

const struct sj_pg *world_pg(void)
{
    start_world();
    return world.pg;
}

struct sj_keeper *world_keeper(void)
{
    start_world();
    return world.keeper;
}

uint64_t world_roles(const struct sj_session *session)
{
    uint64_t roles = 0;
    for (size_t i = 0; i < session->grant_count; i++) {
        const struct sj_text role = sj_text_of(session->grants[i].held.role);
        roles |= sj_text_is(role, "reader") ? WORLD_ROLE_READER : 0;
        roles |= sj_text_is(role, "writer") ? WORLD_ROLE_WRITER : 0;
    }
    return roles;
}

struct sj_authn_config world_config(void)
{
    return (struct sj_authn_config){.hash_threads = 1,
        .hash_queue_max = 32,
        .idle_s = 900,
        .absolute_s = 28800,
        .challenge_s = 300,
        .totp_window_back = 1};
}

static sj_status open_channel(struct sj_loop *loop, struct sj_channel **ret_channel)
{
    for (unsigned number = 0; number < 4; number++) {
        const sj_status status = sj_channel_open(world.keeper, number, loop, ret_channel);
        if (status.code != SJ_CONFLICT) {
            return status;
        }
    }
    FAIL(BUSY);
}

sj_status world_open(struct world_desk *desk, const struct sj_authn_config *config)
{
    start_world();
    *desk = (struct world_desk){.loop = {.authn = NULL}};
    struct sj_loop *loop = sj_fiber_current() == NULL ? NULL : sj_loop_current();
    const struct sj_db_config db = {.conninfo = world.pg->app,
        .read_connections = 1,
        .write_connections = loop == NULL ? 1 : 4,
        .connect_timeout_ms = 10000,
        .statement_timeout_ms = 10000};
    TRY(sj_authn_new(config, &desk->loop.authn));
    TRY(open_channel(loop, &desk->loop.channel));
    TRY(sj_db_open(&db, loop, &desk->loop.db));
    TRY(sj_fields_new(desk->loop.db, desk->loop.channel, &desk->loop.fields));
    return sj_fields_load_units(desk->loop.fields);
}

void world_close(struct world_desk *desk)
{
    sj_fields_free(&desk->loop.fields);
    sj_db_close(&desk->loop.db);
    sj_channel_close(&desk->loop.channel);
    sj_authn_free(&desk->loop.authn);
}

static sj_status admin_tx(struct world_desk *desk, struct sj_tx **ret_tx)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_AUTHN, SJ_SCOPE_KEYS};
    struct sj_context context;
    TRY(ask_context(
        desk->loop.channel, scopes, SJ_COUNT(scopes), sj_time_now() + 60000000, &context));
    return sj_tx_begin(desk->loop.db, &context, ret_tx);
}

sj_status world_unit(struct world_desk *desk, const char *code, struct sj_uuid *ret_unit)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(65536, &arena));
    const struct sj_context nothing = {.text = ""};
    bool found = false;
    struct sj_unit unit = {
        .code = sj_text_of(code), .name_fa = SJ_TEXT("واحد"), .name_en = SJ_TEXT("A unit")};
    struct sj_unit present;
    TRY(sj_unit_find_code(desk->loop.db, &nothing, unit.code, arena, &found, &present));
    if (found) {
        *ret_unit = present.id;
        return SJ_DONE;
    }
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(admin_tx(desk, &tx));
    TRY(sj_unit_create(tx, desk->loop.channel, &unit));
    TRY(sj_tx_commit(&tx));
    *ret_unit = unit.id;
    return SJ_DONE;
}

sj_status world_account(struct world_desk *desk, const char *prefix, struct sj_uuid unit,
    const char *roles, struct world_account *ret_account)
{
    struct sj_uuid fresh;
    char suffix[SJ_UUID_TEXT_SIZE];
    TRY(sj_uuid_new(&fresh));
    sj_uuid_format(fresh, suffix);
    *ret_account = (struct world_account){.account = {.unit = unit}};
    (void)snprintf(ret_account->username, sizeof ret_account->username, "%s.%s", prefix, suffix);
    ret_account->account.username = sj_text_of(ret_account->username);
    ret_account->account.display_name = SJ_TEXT("نام نمونه");
    ret_account->account.roles = sj_text_of(roles);
    TRY(sj_random(ret_account->secret, sizeof ret_account->secret));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(admin_tx(desk, &tx));
    TRY(sj_account_create(tx, desk->loop.fields, &ret_account->account));
    TRY(sj_credentials_set(tx, desk->loop.fields, &ret_account->account, SJ_TEXT(WORLD_PASSWORD),
        sj_view_of(ret_account->secret, sizeof ret_account->secret)));
    return sj_tx_commit(&tx);
}

void world_code(const struct world_account *account, int offset, char ret_code[7])
{
    const time_t now = (time_t)(sj_time_now() / 1000000) + offset * 30;
    if (oath_totp_generate((const char *)account->secret, sizeof account->secret, now, 30, 0, 6,
            ret_code) != OATH_OK) {
        give_up("oath", SJ_FAILURE(CRYPTO));
    }
}

struct sj_uuid world_source(void)
{
    struct sj_uuid source;
    must("random", sj_uuid_new(&source));
    return source;
}

sj_status world_challenge(struct world_desk *desk, const struct world_account *account,
    const char *password, const char *device, struct sj_login_challenge *ret_challenge)
{
    struct sj_actor actor;
    int64_t retry_s = 0;
    return sj_login_password(&desk->loop, sj_text_of(account->username), sj_text_of(password),
        world_source(), sj_text_of(device), ret_challenge, &actor, &retry_s);
}

sj_status world_sign_in(struct world_desk *desk, const struct world_account *account,
    char ret_token[SJ_TOKEN_TEXT_SIZE], char ret_device[SJ_TOKEN_TEXT_SIZE],
    struct sj_session *ret_session)
{
    struct sj_login_challenge challenge;
    TRY(world_challenge(desk, account, WORLD_PASSWORD, "", &challenge));
    char code[7];
    world_code(account, 0, code);
    int64_t retry_s = 0;
    return sj_login_totp(&desk->loop, sj_text_of(challenge.token), sj_text_of(code), world_source(),
        ret_token, ret_device, ret_session, &retry_s);
}

static const char *with_id(const char *format, struct sj_uuid id, char *out, size_t size)
{
    char text[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(id, text);
    const char *at = strstr(format, "%s");
    if (at == NULL) {
        (void)snprintf(out, size, "%s", format);
    } else {
        (void)snprintf(out, size, "%.*s%s%s", (int)(at - format), format, text, at + 2);
    }
    return out;
}

bool world_sql(const char *format, struct sj_uuid id)
{
    char sql[1024];
    return sj_pg_run(world_pg()->admin, with_id(format, id, sql, sizeof sql));
}

int64_t world_number(const char *format, struct sj_uuid id)
{
    char sql[1024];
    int64_t number = INT64_MIN;
    const char *value = sj_pg_value(world_pg()->admin, with_id(format, id, sql, sizeof sql));
    sj_ignore(sj_parse_i64(sj_text_of(value), INT64_MIN + 1, INT64_MAX, &number),
        "INT64_MIN says that it was no number");
    return number;
}

const char *world_state(const char *format, struct sj_uuid id)
{
    char sql[1024];
    return sj_pg_state(world_pg()->admin, with_id(format, id, sql, sizeof sql));
}
