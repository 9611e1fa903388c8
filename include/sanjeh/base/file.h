/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, where the system's calls are less than what is wanted.
 */
#ifndef SJ_BASE_FILE_H
#define SJ_BASE_FILE_H

#include "sanjeh/base/status.h"
#include "sanjeh/base/view.h"

/* All of the bytes, however many calls it takes; blocks. Errors: IO. */
SJ_MUST_CHECK sj_status sj_write_all(int fd, struct sj_view bytes);

#endif
