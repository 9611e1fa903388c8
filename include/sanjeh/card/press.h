/* SPDX-License-Identifier: Apache-2.0
 *
 * The press: a process that turns the canonical JSON of a report card into a PDF and can do nothing else. A program of its own
 * (sanjehd-press), started before threads and before any key is read here; it opens its fonts, then takes a sandbox without files, sockets
 * and new processes. The same JSON, language and hash give the same bytes, always (docs/REPORT-CARD.md).
 */
#ifndef SJ_CARD_PRESS_H
#define SJ_CARD_PRESS_H

#include "sanjeh/base/buf.h"
#include "sanjeh/crypto/hash.h"

struct sj_press;

enum sj_press_language { SJ_PRESS_FA, SJ_PRESS_EN };

#define SJ_PRESS_PDF_MAX ((size_t)8 * 1024 * 1024)

/* program: path of sanjehd-press. user: to drop to when started as root; NULL: stay. The environment is not handed on. Errors: BAD_CONFIG
 * (no font "Amiri": fonts-hosny-amiri), BUSY (no such program), IO. */
SJ_MUST_CHECK sj_status sj_press_start(
    const char *program, const char *user, struct sj_press **ret_press);
/* Ends it; NULL-safe. */
void sj_press_stop(struct sj_press **press);
/* Any thread; one at a time. Blocks up to 10 s: call it by sj_work_run from a fiber. content is the hash printed in the
 * footer. Appends the PDF. Errors: INVALID (not a card), BUSY (the press has gone or is slow: it does not come back before
 * the server starts again), OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_press_print(struct sj_press *press, struct sj_view json,
    const struct sj_hash *content, enum sj_press_language language, struct sj_buf *ret_pdf);

#endif
