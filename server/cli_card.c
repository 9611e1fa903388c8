/* SPDX-License-Identifier: Apache-2.0
 *
 * `sanjeh report-card vkey`: with which key does whoever receives a report card check it? Asked of the keeper alone, without a
 * database and without signing anything.
 */
#include "cli.h"

#include "sanjeh/keys/keeper.h"

#include <getopt.h>

static sj_status read_vkey(const struct sj_config *config, struct sj_buf *ret_vkey)
{
    const struct sj_keeper_config keeper_config = {.root_key_file = config->root_key_file,
        .origin = config->origin,
        .use = SJ_KEEPER_PROVISION,
        .channels = 1};
    struct sj_keeper *keeper = NULL;
    struct sj_channel *channel = NULL;
    TRY(sj_keeper_start(&keeper_config, &keeper));
    sj_status status = sj_channel_open(keeper, 0, NULL, &channel);
    if (!sj_failed(status)) {
        status = ask_card_vkey(channel, ret_vkey);
    }
    sj_channel_close(&channel);
    sj_keeper_stop(&keeper);
    return status;
}

static int run(int argc, char **argv, const struct sj_command *command)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *path = NULL;
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option != 'c') {
            return sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
        }
        path = optarg;
    }
    struct sj_config config;
    int code = SJ_EXIT_OK;
    if (path == NULL || optind != argc) {
        return sj_cli_help(command, SJ_EXIT_USAGE);
    }
    if (!sj_cli_config(command, path, &config, &code)) {
        return code;
    }
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    const sj_status status = read_vkey(&config, &vkey);
    if (sj_failed(status)) {
        return sj_cli_fail(command, status, "see [keeper] root_key_file and [audit] origin");
    }
    (void)printf("%.*s\n", (int)vkey.len, (const char *)vkey.ptr);
    return SJ_EXIT_OK;
}

const struct sj_command sj_command_card_vkey = {"report-card", "vkey",
    "print the public key of report cards",
    "usage: sanjeh report-card vkey --config FILE\n\n"
    "Prints the C2SP vkey line that `sanjeh-verify --card` takes by --vkey.\n",
    run};
