/* SPDX-License-Identifier: Apache-2.0
 *
 * Local administration: the desk that its commands work at, and the making of units. Who holds the root key file
 * and the database's socket may do this, nobody over the network. One transaction with the deed's draft in the
 * outbox, so that the running or next server puts it into the record; a deed that is not recorded did not happen.
 */
#include "cli_desk.h"

#include "sanjeh/audit/record.h"
#include "sanjeh/audit/sequencer.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/scopes.h"

#include <getopt.h>

#define CONTEXT_S 300

void sj_cli_desk_close(struct sj_cli_desk *desk)
{
    sj_fields_free(&desk->fields);
    sj_db_close(&desk->db);
    sj_channel_close(&desk->channel);
    sj_keeper_stop(&desk->keeper);
    sj_arena_free(&desk->arena);
}

sj_status sj_cli_desk_sign(struct sj_cli_desk *desk, const struct sj_uuid *scopes, size_t count,
    struct sj_context *ret_context)
{
    return ask_context(
        desk->channel, scopes, count, sj_time_now() + CONTEXT_S * INT64_C(1000000), ret_context);
}

static sj_status check_log(struct sj_cli_desk *desk, const struct sj_config *config)
{
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_INCARNATION_NEWEST};
    struct sj_context context;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_cli_desk_sign(desk, &scope, 1, &context));
    TRY(sj_record_read(desk->db, &context, &query, &rows));
    if (sj_rows_count(rows) == 1 && !sj_text_is(sj_row_text(rows, 0, 2), config->origin)) {
        desk->why = "officers have begun the record anew: set [audit] origin as `sanjeh audit "
                    "incarnation --dry-run` says";
        FAIL(CONFLICT);
    }
    return SJ_DONE;
}

sj_status sj_cli_desk_open(struct sj_cli_desk *desk, const struct sj_config *config)
{
    char payload_keys[SJ_CONFIG_TEXT_MAX + 16];
    sj_config_payload_keys(config, payload_keys, sizeof payload_keys);
    const struct sj_keeper_config keeper_config = {.root_key_file = config->root_key_file,
        .origin = config->origin,
        .payload_keys = payload_keys,
        .instance = config->instance,
        .use = SJ_KEEPER_PROVISION,
        .channels = 1};
    const struct sj_db_config db_config = {.conninfo = config->conninfo,
        .read_connections = 1,
        .write_connections = 1,
        .connect_timeout_ms = 5000,
        .statement_timeout_ms = config->statement_timeout_ms};
    desk->why = "the keeper did not start; see [keeper] root_key_file";
    TRY(sj_keeper_start(&keeper_config, &desk->keeper));
    TRY(sj_channel_open(desk->keeper, 0, /* loop= */ NULL, &desk->channel));
    desk->why = "see [database] conninfo, and run `sanjeh migrate` first";
    TRY(sj_db_open(&db_config, /* loop= */ NULL, &desk->db));
    TRY(desk->of_any_log ? SJ_DONE : check_log(desk, config));
    TRY(sj_fields_new(desk->db, desk->channel, &desk->fields));
    desk->why = "a stored key cannot be opened; is it the root key file of this database?";
    TRY(sj_fields_load_units(desk->fields));
    desk->why = "";
    return sj_arena_new(1u << 20, &desk->arena);
}

sj_status sj_cli_desk_find_unit(
    struct sj_cli_desk *desk, const char *code, const char *why, struct sj_unit *ret_unit)
{
    const struct sj_context nothing = {.text = ""};
    bool found = false;
    TRY(sj_unit_find_code(desk->db, &nothing, sj_text_of(code), desk->arena, &found, ret_unit));
    if (!found) {
        desk->why = why;
        FAIL(NOT_FOUND);
    }
    return SJ_DONE;
}

/* The deed's draft, under an emitter of its own that nobody uses again. */
sj_status sj_cli_desk_put_draft(struct sj_cli_desk *desk, struct sj_tx *tx, const char *action,
    const char *object_type, struct sj_uuid object, struct sj_uuid tenant_tag, const char *detail)
{
    struct sj_draft draft = {.kind = SJ_ENTRY_CONFIG,
        .emitter_seq = 1,
        .tenant_tag = tenant_tag,
        .object = object,
        .outcome = SJ_OUTCOME_PERMITTED};
    TRY(sj_uuid_new(&draft.emitter));
    TRY(sj_uuid_new(&draft.request_id));
    (void)snprintf(draft.action, sizeof draft.action, "%s", action);
    (void)snprintf(draft.object_type, sizeof draft.object_type, "%s", object_type);
    (void)snprintf(draft.detail, sizeof draft.detail, "%s", detail);
    struct sj_key key;
    TRY(ask_emitter_key(desk->channel, draft.emitter, &key));
    const sj_status status = sj_outbox_put(tx, &key, &draft);
    sj_wipe(&key, sizeof key);
    return status;
}

bool sj_cli_is_text(const char *string, size_t max)
{
    struct sj_text checked;
    return string != NULL &&
           !sj_failed(sj_text_check(sj_view_of(string, strlen(string)), max, &checked));
}

/* ---- unit create ---- */

struct unit_options {
    const char *config;
    const char *code;
    const char *name_fa;
    const char *name_en;
    const char *parent;
    bool json;
};

static bool take_unit_options(int argc, char **argv, const struct sj_command *command,
    struct unit_options *options, int *ret_exit)
{
    static const struct option known[] = {{"config", required_argument, NULL, 'c'},
        {"code", required_argument, NULL, 'C'}, {"name-fa", required_argument, NULL, 'f'},
        {"name-en", required_argument, NULL, 'e'}, {"parent", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    for (int option = 0; (option = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        switch (option) {
        case 'c':
            options->config = optarg;
            break;
        case 'C':
            options->code = optarg;
            break;
        case 'f':
            options->name_fa = optarg;
            break;
        case 'e':
            options->name_en = optarg;
            break;
        case 'p':
            options->parent = optarg;
            break;
        case 'j':
            options->json = true;
            break;
        default:
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    const bool whole =
        sj_cli_is_text(options->code, SJ_UNIT_CODE_MAX) && sj_cli_is_text(options->name_fa, 400) &&
        sj_cli_is_text(options->name_en, 400) &&
        (options->parent == NULL || sj_cli_is_text(options->parent, SJ_UNIT_CODE_MAX));
    if (!whole || optind != argc) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return true;
}

static sj_status create_unit(
    struct sj_cli_desk *desk, const struct unit_options *options, struct sj_unit *ret_unit)
{
    struct sj_unit unit = {.code = sj_text_of(options->code),
        .name_fa = sj_text_of(options->name_fa),
        .name_en = sj_text_of(options->name_en)};
    struct sj_unit parent = {.version = 0};
    if (options->parent != NULL) {
        TRY(sj_cli_desk_find_unit(
            desk, options->parent, "--parent: there is no unit with this code", &parent));
        unit.parent = parent.id;
    }
    const struct sj_uuid scopes[] = {SJ_SCOPE_KEYS};
    struct sj_context context;
    TRY(sj_cli_desk_sign(desk, scopes, SJ_COUNT(scopes), &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(desk->db, &context, &tx));
    desk->why =
        "--code: 1 to 16 of A-Z, 0-9 and -, not used yet; --parent: a unit, not a compartment";
    TRY(sj_unit_make_platform_key(tx, desk->channel));
    TRY(sj_unit_create(tx, desk->channel, &unit));
    desk->why = "";
    char detail[64];
    (void)snprintf(detail, sizeof detail, "code=%s", options->code);
    const struct sj_uuid tag = options->parent == NULL ? unit.tag : parent.tag;
    TRY(sj_cli_desk_put_draft(desk, tx, "unit:create", "unit", unit.id, tag, detail));
    TRY(sj_tx_commit(&tx));
    *ret_unit = unit;
    return SJ_DONE;
}

static int run_unit_create(int argc, char **argv, const struct sj_command *command)
{
    struct unit_options options = {.json = false};
    struct sj_config config;
    int code = SJ_EXIT_OK;
    if (!take_unit_options(argc, argv, command, &options, &code) ||
        !sj_cli_config(command, options.config, &config, &code)) {
        return code;
    }
    struct sj_cli_desk desk = {.why = ""};
    struct sj_unit unit = {.version = 0};
    sj_status status = sj_cli_desk_open(&desk, &config);
    if (!sj_failed(status)) {
        status = create_unit(&desk, &options, &unit);
    }
    if (sj_failed(status)) {
        code = sj_cli_fail(command, status, desk.why);
    } else {
        char id[SJ_UUID_TEXT_SIZE];
        sj_uuid_format(unit.id, id);
        (void)printf(options.json ? "{\"id\":\"%s\"}\n" : "%s\n", id);
    }
    sj_cli_desk_close(&desk);
    return code;
}

const struct sj_command sj_command_unit_create = {"unit", "create", "create a unit or compartment",
    "usage: sanjeh unit create --config FILE --code CODE --name-fa NAME --name-en NAME\n"
    "                          [--parent CODE] [--json]\n\n"
    "Creates a unit with its keys, or with --parent a compartment inside that unit. Prints the "
    "id.\n"
    "The deed enters the record when sanjehd next sweeps the outbox.\n",
    run_unit_create};
