/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, where the system's calls are less than what is wanted.
 */
#ifndef SJ_BASE_FILE_H
#define SJ_BASE_FILE_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/status.h"
#include "sanjeh/base/view.h"

/* All of the bytes, however many calls it takes; blocks. Errors: IO. */
SJ_MUST_CHECK sj_status sj_write_all(int fd, struct sj_view bytes);
/* What is left of a file, behind what out has. Errors: IO; LIMIT_EXCEEDED when out would be as long as its max, or longer. */
SJ_MUST_CHECK sj_status sj_read_rest(int fd, struct sj_buf *out);
/* What stands at offset, up to len bytes; *ret_got is less at the end of the file alone. Errors: IO. */
SJ_MUST_CHECK sj_status sj_read_at(
    int fd, uint64_t offset, uint8_t *dst, size_t len, size_t *ret_got);
/* A file of the caller, whole. Errors: BAD_PARAMETER when it cannot be read, or is as long as out's max. */
SJ_MUST_CHECK sj_status sj_read_file(const char *path, struct sj_buf *out);

#endif
