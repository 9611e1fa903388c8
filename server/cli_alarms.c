/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh audit alarms: what has the watch found, and who has acknowledged it? As over the API: the officer signs in with two factors, and
 * each question is an entry of the record.
 */
#include "cli.h"
#include "cli_remote.h"

#include "sanjeh/json/write.h"

enum { ACKNOWLEDGE = 256, REASON, RULE, OPEN };

struct arguments {
    struct sj_cli_remote remote;
    const char *alarm; /* to be acknowledged */
    const char *reason;
    const char *rule;
    bool open;
};

static bool is_word(const char *word, size_t max)
{
    const size_t len = strlen(word);
    bool good = len > 0 && len <= max;
    for (size_t i = 0; good && i < len; i++) {
        good = (word[i] >= 'a' && word[i] <= 'z') || (word[i] >= '0' && word[i] <= '9') ||
               word[i] == '-';
    }
    return good;
}

static bool take_option(struct arguments *arguments, int option)
{
    switch (option) {
    case ACKNOWLEDGE:
        arguments->alarm = optarg;
        return is_word(optarg, 36);
    case REASON:
        arguments->reason = optarg;
        return true;
    case RULE:
        arguments->rule = optarg;
        return is_word(optarg, 32);
    case OPEN:
        arguments->open = true;
        return true;
    default:
        return sj_cli_remote_option(&arguments->remote, option, optarg);
    }
}

static bool take(int argc, char **argv, const struct sj_command *command,
    struct arguments *arguments, int *ret_exit)
{
    static const struct option options[] = {SJ_CLI_REMOTE_OPTIONS,
        {"acknowledge", required_argument, NULL, ACKNOWLEDGE},
        {"reason", required_argument, NULL, REASON}, {"rule", required_argument, NULL, RULE},
        {"open", no_argument, NULL, OPEN}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h' || !take_option(arguments, option)) {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    if (arguments->remote.url == NULL || arguments->remote.user == NULL || optind != argc ||
        (arguments->alarm == NULL) != (arguments->reason == NULL)) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return true;
}

static sj_status acknowledge(const struct arguments *arguments, struct sj_client *client)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(8192);
    char path[128];
    int64_t version = 0;
    (void)snprintf(path, sizeof path, "/api/v1/audit/alarms/%s", arguments->alarm);
    const struct sj_client_call look = {.method = "GET", .path = path};
    TRY(sj_client_send(client, &look));
    TRY(sj_client_int(client, "version", &version));
    struct sj_json json = sj_json_begin(&body);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "reason", arguments->reason);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    (void)snprintf(path, sizeof path, "/api/v1/audit/alarms/%s/acknowledge", arguments->alarm);
    const struct sj_client_call call = {
        "POST", path, "application/json", sj_buf_view(&body), version};
    return sj_client_send(client, &call);
}

static sj_status ask(const struct arguments *arguments, struct sj_client *client)
{
    char path[160];
    if (arguments->alarm != NULL) {
        return acknowledge(arguments, client);
    }
    (void)snprintf(path, sizeof path, "/api/v1/audit/alarms?limit=500%s%s%s",
        arguments->open ? "&acknowledged=no" : "",
        arguments->rule == NULL ? "" : "&rule=", arguments->rule == NULL ? "" : arguments->rule);
    const struct sj_client_call call = {.method = "GET", .path = path};
    return sj_client_send(client, &call);
}

static int run(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments = {.remote = {.credentials_fd = -1, .why = ""}};
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, &arguments, &code)) {
        return code;
    }
    sj_status status = sj_cli_remote_open(&arguments.remote);
    if (!sj_failed(status)) {
        status = ask(&arguments, arguments.remote.client);
    }
    return sj_cli_remote_end(&arguments.remote, command, status, /* print= */ true);
}

const struct sj_command sj_command_audit_alarms = {"audit", "alarms",
    "list alarms of the record, or acknowledge one",
    "usage: sanjeh audit alarms --url URL --user NAME [--ca FILE] [--credentials-fd N]\n"
    "                           [--open] [--rule NAME] [--acknowledge ID --reason TEXT]\n\n"
    "--open: those that nobody has acknowledged. An alarm is acknowledged once, with a "
    "reason.\n" SJ_CLI_REMOTE_HELP
    "The asker is a security officer; the question is recorded. The answer is JSON.\n",
    run};
