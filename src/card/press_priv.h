/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the press: what travels on its line, and printing itself.
 *   question: u32 length of the JSON, u8 language, 64 hex digits, JSON    answer: u16 code, u32 length, PDF
 */
#ifndef PRESS_PRIV_H
#define PRESS_PRIV_H

#include "sanjeh/card/press.h"

#define PRESS_HASH_DIGITS   64
#define PRESS_QUESTION_HEAD (4 + 1 + PRESS_HASH_DIGITS)
#define PRESS_ANSWER_HEAD   (2 + 4)
#define PRESS_READY         0x52u

/* Its end of the line, which is open when the program begins. */
#define PRESS_LINE 3

/* Whether the font that the sheets need is there. */
bool press_has_font(void);
/* Appends the PDF. hash: 64 digits, NUL-terminated. Errors: INVALID, OUT_OF_MEMORY, LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status press_print(
    struct sj_view json, enum sj_press_language language, const char *hash, struct sj_buf *ret_pdf);

#endif
