/* SPDX-License-Identifier: Apache-2.0
 *
 * The half of sanjeh-verify that checks report cards.
 */
#ifndef SJ_SERVER_VERIFY_CARD_H
#define SJ_SERVER_VERIFY_CARD_H

#include <stdbool.h>

struct verify_card {
    const char *card; /* a JSON file, or a folder when note is NULL */
    const char *note;
    const char *vkey;
    bool json;
};

/* Prints the verdict; the program's exit status. */
int verify_card_run(const struct verify_card *arguments);

#endif
