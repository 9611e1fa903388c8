/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands that prepare an installation on its own machine: the database schema, the configuration, the root
 * key. They need no running server.
 */
#include "cli_desk.h"

#include "sanjeh/db/migrate.h"
#include "sanjeh/keys/keeper.h"
#include "sanjeh/keys/scopes.h"
#include "sanjeh/policy/policy.h"
#include "sanjeh/unit/assignment.h"

#include <getopt.h>

static const struct option config_options[] = {
    {"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

/* The one option that these commands share. */
static bool take_config(int argc, char **argv, const struct sj_command *command,
    struct sj_config *config, int *ret_exit)
{
    const char *path = NULL;
    for (int option = 0; (option = getopt_long(argc, argv, "h", config_options, NULL)) != -1;) {
        if (option != 'c') {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
        path = optarg;
    }
    if (optind != argc) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return sj_cli_config(command, path, config, ret_exit);
}

static void tell_migration(void *ctx, const char *name, bool already_applied)
{
    (void)ctx;
    (void)fprintf(stderr, "%s %s\n", already_applied ? "present " : "applying", name);
}

static sj_status fetch_pads(const struct sj_config *config, uint8_t pads[128])
{
    const struct sj_keeper_config keeper_config = {
        .root_key_file = config->root_key_file, .use = SJ_KEEPER_PROVISION, .channels = 1};
    struct sj_keeper *keeper = NULL;
    struct sj_channel *channel = NULL;
    TRY(sj_keeper_start(&keeper_config, &keeper));
    sj_status status = sj_channel_open(keeper, 0, NULL, &channel);
    if (!sj_failed(status)) {
        status = ask_context_pads(channel, pads);
    }
    sj_channel_close(&channel);
    sj_keeper_stop(&keeper);
    return status;
}

/* Accounts of before assignments: their former seals are proven once, and they are sealed anew. */
static sj_status reseal(const struct sj_config *config, size_t *ret_broken, const char **ret_why)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_AUTHN};
    struct sj_cli_desk desk = {.why = "", .of_any_log = true}; /* no draft is made here */
    struct sj_context context;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    size_t sealed = 0;
    sj_status status = sj_cli_desk_open(&desk, config);
    if (!sj_failed(status)) {
        status = sj_cli_desk_sign(&desk, scopes, SJ_COUNT(scopes), &context);
    }
    if (!sj_failed(status)) {
        status = sj_tx_begin(desk.db, &context, &tx);
    }
    if (!sj_failed(status)) {
        status = sj_accounts_reseal(tx, desk.channel, &sealed, ret_broken);
    }
    if (!sj_failed(status)) {
        status = sj_tx_commit(&tx);
    }
    *ret_why = desk.why;
    sj_tx_rollback(&tx);
    sj_cli_desk_close(&desk);
    if (sealed > 0) {
        (void)fprintf(stderr, "sealed %zu accounts with their assignments\n", sealed);
    }
    return status;
}

static int run_migrate(int argc, char **argv, const struct sj_command *command)
{
    struct sj_config config;
    int code = SJ_EXIT_OK;
    if (!take_config(argc, argv, command, &config, &code)) {
        return code;
    }
    uint8_t pads[128] = {0};
    char detail[256] = {0};
    sj_status status = fetch_pads(&config, pads);
    if (sj_failed(status)) {
        return sj_cli_fail(
            command, status, "the keeper gave no context key; see [keeper] root_key_file");
    }
    status = sj_migrate(config.migrator_conninfo, sj_view_of(pads, sizeof pads), tell_migration,
        NULL, detail, sizeof detail);
    sj_wipe(pads, sizeof pads);
    if (sj_failed(status)) {
        return sj_cli_fail(command, status, detail);
    }
    const char *why = "";
    size_t broken = 0;
    status = reseal(&config, &broken, &why);
    if (sj_failed(status)) {
        return sj_cli_fail(command, status, why);
    }
    if (broken > 0) {
        (void)fprintf(stderr,
            "%zu accounts carry a seal that is not the product's: they cannot sign in (see the "
            "log)\n",
            broken);
    }
    (void)fprintf(stderr,
        "the database is at migration %u; next: sanjeh unit create, sanjeh account create\n",
        sj_migrate_newest());
    return SJ_EXIT_OK;
}

const struct sj_command sj_command_migrate = {"migrate", NULL,
    "bring the database schema up to date",
    "usage: sanjeh migrate --config FILE\n\n"
    "Applies what is missing, each migration in one transaction, under a lock. Connects as "
    "[database]\n"
    "migrator_conninfo; migrations/roles.sql must have been run once by a superuser.\n",
    run_migrate};

static int run_config_check(int argc, char **argv, const struct sj_command *command)
{
    struct sj_config config;
    int code = SJ_EXIT_OK;
    if (!take_config(argc, argv, command, &config, &code)) {
        return code;
    }
    char detail[256] = {0};
    struct sj_policy *policy = NULL;
    const sj_status status = sj_policy_load(config.policy_folder, &policy, detail, sizeof detail);
    sj_policy_free(&policy);
    if (sj_failed(status)) {
        return sj_cli_fail(command, status, detail);
    }
    (void)fputs(
        "configuration and policy are valid; next: sanjehd --config FILE --check\n", stderr);
    return SJ_EXIT_OK;
}

const struct sj_command sj_command_config_check = {"config", "check",
    "check configuration and policy",
    "usage: sanjeh config check --config FILE\n\n"
    "Reads the file and the environment as sanjehd would, and the policy that they name.\n",
    run_config_check};

static int run_create_root(int argc, char **argv, const struct sj_command *command)
{
    struct sj_config config;
    int code = SJ_EXIT_OK;
    if (!take_config(argc, argv, command, &config, &code)) {
        return code;
    }
    const sj_status status = sj_keeper_create_root(config.root_key_file);
    if (sj_failed(status)) {
        return sj_cli_fail(command, status, "the file exists already or cannot be written");
    }
    (void)fprintf(stderr,
        "made %s (mode 0400). Without it no stored field opens: keep a copy elsewhere.\n",
        config.root_key_file);
    return SJ_EXIT_OK;
}

const struct sj_command sj_command_keys_create_root = {"keys", "create-root",
    "make the root key file",
    "usage: sanjeh keys create-root --config FILE\n\n"
    "Makes [keeper] root_key_file with 32 random bytes. Never overwrites.\n",
    run_create_root};
