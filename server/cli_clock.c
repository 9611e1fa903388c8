/* SPDX-License-Identifier: Apache-2.0
 *
 * How is the evaluation's clock turned in a test? Clocks of weeks lapse in seconds, on an installation whose
 * configuration says that it is a test. Every turn is on the record before it happens.
 */
#include "cli_desk.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/cycle/calendar.h"
#include "sanjeh/db/migrate.h"
#include "sanjeh/keys/scopes.h"

#include <getopt.h>

#define DAY_S INT64_C(86400)

/* "12d", "36h", "90m", "5s". */
static bool take_duration(const char *text, int64_t *ret_seconds)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'d', DAY_S}, {'h', 3600}, {'m', 60}, {'s', 1}};
    const size_t len = strlen(text);
    int64_t number = 0;
    for (size_t i = 0; len > 1 && i < SJ_COUNT(units); i++) {
        if (text[len - 1] == units[i].unit &&
            !sj_failed(sj_parse_i64((struct sj_text){text, len - 1}, 1,
                SJ_TEST_CLOCK_STEP_S_MAX / units[i].seconds, &number))) {
            *ret_seconds = number * units[i].seconds;
            return true;
        }
    }
    return false;
}

/* words: how many free arguments the command takes. */
static bool take(int argc, char **argv, int words, const struct sj_command *command,
    struct sj_config *config, int *ret_exit)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *path = NULL;
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option != 'c') {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
        path = optarg;
    }
    if (path == NULL || optind + words != argc) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return sj_cli_config(command, path, config, ret_exit);
}

static sj_status show(struct sj_cli_desk *cli, struct sj_text *ret_json)
{
    const struct sj_context nothing = {.text = ""};
    const struct sj_desk desk = {
        .db = cli->db, .fields = cli->fields, .context = &nothing, .arena = cli->arena};
    return sj_clock_list(&desk, ret_json);
}

static int run_show(int argc, char **argv, const struct sj_command *command)
{
    struct sj_config config;
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, 0, command, &config, &code)) {
        return code;
    }
    struct sj_cli_desk cli = {.why = ""};
    struct sj_text json;
    sj_status status = sj_cli_desk_open(&cli, &config);
    if (!sj_failed(status)) {
        status = show(&cli, &json);
    }
    if (sj_failed(status)) {
        code = sj_cli_fail(command, status, cli.why);
    } else {
        (void)printf("%.*s\n", (int)json.len, json.ptr);
    }
    sj_cli_desk_close(&cli);
    return code;
}

static sj_status note(struct sj_cli_desk *cli, int64_t seconds)
{
    const struct sj_uuid scope = SJ_SCOPE_EVALUATION;
    struct sj_context context;
    TRY(sj_cli_desk_sign(cli, &scope, 1, &context));
    char detail[64];
    (void)snprintf(detail, sizeof detail, "ahead_s=%lld", (long long)seconds);
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(cli->db, &context, &tx));
    TRY(sj_cli_desk_put_draft(cli, tx, seconds == 0 ? "clock:reset" : "clock:advance", "clock",
        (struct sj_uuid){{0}}, (struct sj_uuid){{0}}, detail));
    return sj_tx_commit(&tx);
}

static int turn(const struct sj_command *command, const struct sj_config *config, int64_t seconds)
{
    if (config->test_clock != 1) {
        return sj_cli_fail(command, (sj_status){.code = SJ_FORBIDDEN},
            "this is no test installation: [evaluation] test_clock is not 1");
    }
    struct sj_cli_desk cli = {.why = ""};
    char detail[256] = {0};
    sj_status status = sj_cli_desk_open(&cli, config);
    if (!sj_failed(status)) {
        status = note(&cli, seconds);
    }
    (void)snprintf(detail, sizeof detail, "%s", cli.why == NULL ? "" : cli.why);
    sj_cli_desk_close(&cli);
    if (!sj_failed(status)) {
        status = sj_test_clock_turn(config->migrator_conninfo, seconds, detail, sizeof detail);
    }
    return sj_failed(status) ? sj_cli_fail(command, status, detail) : SJ_EXIT_OK;
}

static int run_advance(int argc, char **argv, const struct sj_command *command)
{
    struct sj_config config;
    int code = SJ_EXIT_OK;
    int64_t seconds = 0;
    if (!take(argc, argv, 1, command, &config, &code)) {
        return code;
    }
    if (!take_duration(argv[argc - 1], &seconds)) {
        (void)fputs("sanjeh clock advance: DURATION is a number and d, h, m or s: 12d\n", stderr);
        return sj_cli_help(command, SJ_EXIT_USAGE);
    }
    return turn(command, &config, seconds);
}

static int run_reset(int argc, char **argv, const struct sj_command *command)
{
    struct sj_config config;
    int code = SJ_EXIT_OK;
    return take(argc, argv, 0, command, &config, &code) ? turn(command, &config, 0) : code;
}

const struct sj_command sj_command_clock_show = {"clock", "show",
    "show the clocks of evaluations and how far the test clock runs ahead",
    "usage: sanjeh clock show --config FILE\n\n"
    "Prints JSON: now, test_clock_ahead_s, and each clock with its days, holder and escalation.\n",
    run_show};

const struct sj_command sj_command_clock_advance = {"clock", "advance",
    "turn the evaluation's clock ahead (test installations)",
    "usage: sanjeh clock advance --config FILE DURATION\n\n"
    "DURATION: a number and d, h, m or s, as 12d. Works only with [evaluation] test_clock = 1 and "
    "is "
    "recorded.\nNext: sanjeh deadlines, sanjeh clock reset\n",
    run_advance};

const struct sj_command sj_command_clock_reset = {"clock", "reset",
    "set the evaluation's clock right again (test installations)",
    "usage: sanjeh clock reset --config FILE\n\n"
    "Works only with [evaluation] test_clock = 1 and is recorded. What has lapsed stays lapsed.\n",
    run_reset};
