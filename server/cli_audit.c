/* SPDX-License-Identifier: Apache-2.0
 *
 * The record from the command line: the log's public key, and an export taken straight from the database —
 * also when the server is stopped or refuses to start, which is when an officer needs it most.
 */
#include "cli.h"
#include "cli_remote.h"

#include "sanjeh/audit/bundle.h"
#include "sanjeh/audit/published.h"
#include "sanjeh/audit/record.h"
#include "sanjeh/audit/tlog_policy.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/keys/keeper.h"
#include "sanjeh/keys/scopes.h"

#include "sanjeh/base/file.h"

#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#define EXPORT_S 3540 /* the keeper grants an hour */

/* The log's public key and, for an export, the right to read the record; whoever holds the root key file has it. */
static sj_status ask_keeper(
    struct sj_channel *channel, struct sj_buf *ret_vkey, struct sj_context *ret_context)
{
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    TRY(ask_log_vkey(channel, ret_vkey));
    if (ret_context == NULL) {
        return SJ_DONE;
    }
    return ask_context(
        channel, &scope, 1, sj_time_now() + EXPORT_S * INT64_C(1000000), ret_context);
}

/* ret_context may be NULL. */
static sj_status with_keeper(
    const struct sj_config *config, struct sj_buf *ret_vkey, struct sj_context *ret_context)
{
    const struct sj_keeper_config keeper_config = {.root_key_file = config->root_key_file,
        .origin = config->origin,
        .instance = config->instance,
        .use = SJ_KEEPER_PROVISION,
        .channels = 1};
    struct sj_keeper *keeper = NULL;
    struct sj_channel *channel = NULL;
    TRY(sj_keeper_start(&keeper_config, &keeper));
    sj_status status = sj_channel_open(keeper, 0, NULL, &channel);
    if (!sj_failed(status)) {
        status = ask_keeper(channel, ret_vkey, ret_context);
    }
    sj_channel_close(&channel);
    sj_keeper_stop(&keeper);
    return status;
}

struct arguments {
    const char *config;
    const char *out;
    const char *unit; /* its record alone, asked of the server */
    uint64_t to;
    struct sj_cli_remote remote;
    uint64_t incarnation; /* 0: the log that is written */
};

static bool take_arguments(int argc, char **argv, const struct sj_command *command,
    struct arguments *arguments, int *ret_exit)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
        {"out", required_argument, NULL, 'o'}, {"to", required_argument, NULL, 't'},
        {"incarnation", required_argument, NULL, 'i'}, {"unit", required_argument, NULL, 'u'},
        SJ_CLI_REMOTE_OPTIONS, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    *arguments =
        (struct arguments){.to = 0 /* the newest */, .remote = {.credentials_fd = -1, .why = ""}};
    bool good = true;
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'c') {
            arguments->config = optarg;
        } else if (option == 'o') {
            arguments->out = optarg;
        } else if (option == 'u') {
            arguments->unit = optarg;
        } else if (sj_cli_remote_option(&arguments->remote, option, optarg)) {
            continue;
        } else if (option == 't') {
            good =
                good && !sj_failed(sj_parse_u64(sj_text_of(optarg), 1, INT64_MAX, &arguments->to));
        } else if (option == 'i') {
            good = good && !sj_failed(sj_parse_u64(
                               sj_text_of(optarg), 1, INT32_MAX, &arguments->incarnation));
        } else {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    const bool is_remote = arguments->unit != NULL;
    const bool has_place = is_remote ? arguments->remote.url != NULL &&
                                           arguments->remote.user != NULL && arguments->to == 0
                                     : arguments->config != NULL && arguments->remote.url == NULL;
    if (!good || optind != argc || !has_place || (is_remote && arguments->config != NULL)) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return true;
}

static int run_vkey(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments;
    struct sj_config config;
    int code = SJ_EXIT_OK;
    if (!take_arguments(argc, argv, command, &arguments, &code)) {
        return code;
    }
    if (arguments.unit != NULL) {
        return sj_cli_help(command, SJ_EXIT_USAGE);
    }
    if (!sj_cli_config(command, arguments.config, &config, &code)) {
        return code;
    }
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    const sj_status status = with_keeper(&config, &vkey, NULL);
    if (sj_failed(status)) {
        return sj_cli_fail(command, status, "see [keeper] root_key_file and [audit] origin");
    }
    (void)printf("%.*s\n", (int)vkey.len, (const char *)vkey.ptr);
    return SJ_EXIT_OK;
}

const struct sj_command sj_command_audit_vkey = {"audit", "vkey", "print the public key of the log",
    "usage: sanjeh audit vkey --config FILE\n\n"
    "Prints the C2SP vkey line for a verifier's policy: 'log <vkey>' and 'quorum none'.\n",
    run_vkey};

/* A log that was put aside: its id, and its origin into config. */
static sj_status find_former(struct sj_db *db, const struct sj_context *context, uint64_t number,
    struct sj_config *config, struct sj_uuid *ret_log)
{
    const struct sj_param param = sj_p_i32((int32_t)number);
    const struct sj_query query = {SJ_SQL_AUDIT_FORMER_GET, &param, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(db, context, &query, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    const struct sj_text origin = sj_row_text(rows, 0, 1);
    *ret_log = sj_row_id(rows, 0, 0);
    ENSURE(origin.len < sizeof config->origin, LIMIT_EXCEEDED);
    TRY(sj_copy(config->origin, sizeof config->origin, origin.ptr, origin.len));
    config->origin[origin.len] = '\0';
    return SJ_DONE;
}

static sj_status export_log(struct sj_db *db, const struct sj_context *context,
    struct sj_config *config, const struct arguments *arguments, struct sj_bundle_trust *trust,
    uint64_t *ret_size)
{
    struct sj_uuid log;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    if (arguments->incarnation != 0) {
        TRY(find_former(db, context, arguments->incarnation, config, &log));
        TRY(with_keeper(config, &vkey, NULL));
        trust->former = &log;
        trust->vkey = sj_buf_text(&vkey);
    }
    CLEANUP(sj_closep) int fd = open(arguments->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ENSURE(fd >= 0, IO);
    return sj_bundle_export(db, context, trust, arguments->to, fd, ret_size);
}

static sj_status export_to(
    struct sj_config *config, const struct arguments *arguments, uint64_t *ret_size)
{
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    struct sj_context context;
    TRY(with_keeper(config, &vkey, &context));
    const struct sj_db_config db_config = {.conninfo = config->conninfo,
        .read_connections = 1,
        .write_connections = 1,
        .connect_timeout_ms = 5000,
        .statement_timeout_ms = 600000};
    struct sj_db *db = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(SJ_POLICY_TEXT_MAX + 1);
    if (config->publish_policy_file[0] != '\0') {
        TRY(sj_policy_trust_read(config->publish_policy_file, &lines));
    }
    struct sj_bundle_trust trust = {.vkey = sj_buf_text(&vkey), .lines = sj_buf_text(&lines)};
    TRY(sj_db_open(&db_config, NULL, &db));
    const sj_status status = export_log(db, &context, config, arguments, &trust, ret_size);
    sj_db_close(&db);
    return status;
}

static sj_status put_piece(void *ctx, struct sj_view bytes)
{
    const int *fd = ctx;
    return sj_write_all(*fd, bytes);
}

/* One unit's record, complete by the heads that the server notes for it (docs/AUDIT.md 7.1). */
static sj_status export_unit(struct arguments *arguments)
{
    char body[128];
    struct sj_text unit;
    arguments->remote.why = "--unit: the code of a unit";
    TRY(sj_text_check(sj_view_of(arguments->unit, strlen(arguments->unit)), 32, &unit));
    ENSURE(strspn(arguments->unit,
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == unit.len,
        INVALID);
    const int len = snprintf(body, sizeof body, "{\"unit\":\"%s\"}", arguments->unit);
    const struct sj_client_call call = {.method = "POST",
        .path = "/api/v1/audit/exports",
        .media = "application/json",
        .body = sj_view_of(body, (size_t)len)};
    TRY(sj_cli_remote_open(&arguments->remote));
    arguments->remote.why = "--out: a file that is not there yet";
    CLEANUP(sj_closep) int fd = open(arguments->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ENSURE(fd >= 0, IO);
    arguments->remote.why = "";
    TRY(sj_client_receive(arguments->remote.client, &call, put_piece, &fd));
    ENSURE(fsync(fd) == 0, IO);
    (void)fprintf(stderr, "next: sanjeh-verify %s --policy FILE\n", arguments->out);
    return SJ_DONE;
}

static int run_export(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments;
    struct sj_config config;
    int code = SJ_EXIT_OK;
    if (!take_arguments(argc, argv, command, &arguments, &code)) {
        return code;
    }
    if (arguments.out == NULL) {
        return sj_cli_help(command, SJ_EXIT_USAGE);
    }
    if (arguments.unit != NULL) {
        const sj_status status = export_unit(&arguments);
        return sj_cli_remote_end(&arguments.remote, command, status, /* print= */ false);
    }
    if (!sj_cli_config(command, arguments.config, &config, &code)) {
        return code;
    }
    uint64_t size = 0;
    const sj_status status = export_to(&config, &arguments, &size);
    if (sj_failed(status)) {
        return sj_cli_fail(command, status, "nothing usable was written to --out");
    }
    (void)fprintf(stderr, "%llu entries in %s; next: sanjeh-verify %s --policy FILE\n",
        (unsigned long long)size, arguments.out, arguments.out);
    return SJ_EXIT_OK;
}

const struct sj_command sj_command_audit_export = {"audit", "export",
    "write the record as a verifiable bundle",
    "usage: sanjeh audit export --config FILE --out FILE.tar [--to N] [--incarnation N]\n"
    "       sanjeh audit export --unit CODE --out FILE " SJ_CLI_REMOTE_USAGE "\n\n"
    "Reads the record straight from the database; the server need not run. --to: the newest "
    "signed\n"
    "checkpoint at or below N entries. The file must not exist. --incarnation: a log that ended "
    "(from 1), "
    "without\npayloads. --unit: one unit's record without "
    "the "
    "others',\nwhole up to now, asked of the server as a security officer.\n" SJ_CLI_REMOTE_HELP,
    run_export};
