/* SPDX-License-Identifier: Apache-2.0
 *
 * Where do the two factors of a person come from? From the terminal without echo, from standard input when it is none, or from a
 * descriptor that another program left open. Read byte by byte: what stands behind the second line is not ours.
 */
#include "cli_ask.h"

#include "sanjeh/base/memory.h"

#include <stdio.h>
#include <termios.h>
#include <unistd.h>

static sj_status read_line(int fd, char *ret_line, size_t *ret_len)
{
    size_t len = 0;
    for (;;) {
        const ssize_t got = read(fd, ret_line + len, 1);
        ENSURE(got == 1 || (got == 0 && len > 0), BAD_CONFIG);
        if (got == 0 || ret_line[len] == '\n') {
            break;
        }
        len++;
        ENSURE(len < SJ_CLI_LINE_MAX, BAD_CONFIG);
    }
    while (len > 0 && ret_line[len - 1] == '\r') {
        len--;
    }
    ENSURE(len > 0, BAD_CONFIG);
    *ret_len = len;
    return SJ_DONE;
}

static sj_status read_both(int fd, bool is_terminal, struct sj_cli_answers *answers)
{
    static const char *const prompts[] = {"Password: ", "Code: "};
    for (size_t i = 0; i < SJ_COUNT(prompts); i++) {
        if (is_terminal) {
            (void)fputs(prompts[i], stderr);
        }
        TRY(read_line(fd, answers->line[i], &answers->len[i]));
        answers->count++;
        if (is_terminal) {
            (void)fputc('\n', stderr);
        }
    }
    return SJ_DONE;
}

sj_status sj_cli_ask(int fd, struct sj_cli_answers *answers)
{
    const int from = fd < 0 ? STDIN_FILENO : fd;
    struct termios shown = {0};
    const bool is_terminal = isatty(from) == 1 && tcgetattr(from, &shown) == 0;
    if (!is_terminal) {
        return read_both(from, false, answers);
    }
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    ENSURE(tcsetattr(from, TCSAFLUSH, &hidden) == 0, IO);
    const sj_status status = read_both(from, true, answers);
    (void)tcsetattr(from, TCSAFLUSH, &shown);
    return status;
}
