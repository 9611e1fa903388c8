/* SPDX-License-Identifier: Apache-2.0
 *
 * POSIX ustar (IEEE 1003.1-1988 interchange format), as much as a bundle needs: regular files with short names.
 */
#ifndef SJ_AUDIT_TAR_H
#define SJ_AUDIT_TAR_H

#include "sanjeh/base/buf.h"

#define SJ_TAR_BLOCK    512u
#define SJ_TAR_NAME_MAX 256 /* prefix, slash and name, and NUL */

/* Appends one member's header: mode 0644, no owner, no time. Errors: LIMIT_EXCEEDED (name, size). */
SJ_MUST_CHECK sj_status sj_tar_put_header(struct sj_buf *out, struct sj_text name, uint64_t size);
/* Zeros up to the next block. */
SJ_MUST_CHECK sj_status sj_tar_put_padding(struct sj_buf *out, uint64_t size);
/* Two zero blocks. */
SJ_MUST_CHECK sj_status sj_tar_put_end(struct sj_buf *out);

struct sj_tar_member {
    char name[SJ_TAR_NAME_MAX]; /* NUL-terminated, leading "./" taken off */
    bool is_file;
    bool is_end; /* a zero block */
    uint64_t size;
};
/* Hostile bytes. Errors: PROTOCOL (not a header, wrong checksum). */
SJ_MUST_CHECK sj_status sj_tar_read_header(
    const uint8_t block[SJ_TAR_BLOCK], struct sj_tar_member *ret_member);

#endif
