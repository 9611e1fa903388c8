/* SPDX-License-Identifier: Apache-2.0
 *
 * What sanjeh-verify says: the verdict, and on a terminal how far it is.
 */
#ifndef SJ_SERVER_VERIFY_SHOW_H
#define SJ_SERVER_VERIFY_SHOW_H

#include "sanjeh/audit/verify.h"

#define VERIFY_EXIT_USAGE 3

struct verify_show {
    bool json;
    bool quiet; /* no progress, and no text about a log that holds */
    /* of the progress */
    bool is_shown;
    int64_t began_ms;
    int64_t told_ms;
    uint64_t first;
};

/* SIGINT and SIGTERM then end the check behind the bundle at hand, with its state kept. */
void verify_show_catch_signals(void);
/* A sj_verify_tick_fn over a struct verify_show *: a line on the terminal, four times a second. */
bool verify_show_tick(void *show, uint64_t checked, uint64_t size);
/* Takes the line of the progress away. */
void verify_show_end(struct verify_show *show);
/* Prints the verdict; the program's exit status. */
int verify_show_report(struct verify_show *show, const struct sj_verify_report *report);
/* "sanjeh-verify: what: about" on standard error; the exit status for it. */
int verify_show_complain(const char *what, const char *about);

#endif
