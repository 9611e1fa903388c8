/* SPDX-License-Identifier: Apache-2.0
 *
 * Text that people write to each other in a file: trimmed, bounded, free of what deceives the eye.
 */
#ifndef SJ_REMEDY_PROSE_H
#define SJ_REMEDY_PROSE_H

#include "sanjeh/base/view.h"

/* Trims *text in place (the same bytes, fewer). NULL when it is fit, else the code: EMPTY, TOO_LONG, CONTROL_CHARACTER (a
 * control but tab and line ends, or a direction override). max: bytes after trimming. */
const char *sj_remedy_prose(struct sj_text *text, size_t max);
/* Words, apart by white space. */
size_t sj_remedy_words(struct sj_text text);
/* A mark as people write it: 0 to 100 with at most two decimals, any digits. The canonical form goes to ret_mark
 * (8 bytes with NUL). False: it is none. */
bool sj_remedy_mark(struct sj_text text, char ret_mark[8]);

#endif
