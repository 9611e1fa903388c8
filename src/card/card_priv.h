/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this folder share.
 */
#ifndef CARD_PRIV_H
#define CARD_PRIV_H

#include "sanjeh/card/verify.h"

#define SJ_CARD_FORMAT "sanjeh-report-card/1"

void card_report_say(struct sj_card_report *report, enum sj_verdict verdict, const char *cause);

#endif
