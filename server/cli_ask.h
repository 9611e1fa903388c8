/* SPDX-License-Identifier: Apache-2.0
 *
 * Password and code of a person who signs in.
 */
#ifndef SJ_SERVER_CLI_ASK_H
#define SJ_SERVER_CLI_ASK_H

#include "sanjeh/base/status.h"

#include <stddef.h>

#define SJ_CLI_LINE_MAX 1024u

/* Wipe it after use. */
struct sj_cli_answers {
    char line[2][SJ_CLI_LINE_MAX + 1]; /* password, code; no line ends */
    size_t len[2];
    size_t count;
};

/* fd -1: standard input; a terminal is asked, without echo. Errors: BAD_CONFIG (no line, too long a line). */
SJ_MUST_CHECK sj_status sj_cli_ask(int fd, struct sj_cli_answers *answers);

#endif
