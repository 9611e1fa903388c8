/* SPDX-License-Identifier: Apache-2.0
 *
 * How do all bytes get into a file, and out of one? write() and read() may take fewer, and a signal may end them.
 */
#include "sanjeh/base/file.h"

#include "sanjeh/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

sj_status sj_write_all(int fd, struct sj_view bytes)
{
    size_t done = 0;
    while (done < bytes.len) {
        const ssize_t written = write(fd, bytes.ptr + done, bytes.len - done);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        ENSURE(written > 0, IO);
        done += (size_t)written;
    }
    return SJ_DONE;
}

sj_status sj_read_rest(int fd, struct sj_buf *out)
{
    TRY(sj_buf_reserve(out, out->max - out->len));
    while (out->len < out->max) {
        const ssize_t got = read(fd, out->ptr + out->len, out->max - out->len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        ENSURE(got >= 0, IO);
        if (got == 0) {
            return SJ_DONE;
        }
        out->len += (size_t)got;
    }
    FAIL(LIMIT_EXCEEDED);
}

sj_status sj_read_at(int fd, uint64_t offset, uint8_t *dst, size_t len, size_t *ret_got)
{
    *ret_got = 0;
    while (*ret_got < len) {
        const ssize_t got = pread(fd, dst + *ret_got, len - *ret_got, (off_t)(offset + *ret_got));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        ENSURE(got >= 0, IO);
        if (got == 0) {
            break;
        }
        *ret_got += (size_t)got;
    }
    return SJ_DONE;
}

sj_status sj_read_file(const char *path, struct sj_buf *out)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0, BAD_PARAMETER);
    const sj_status status = sj_read_rest(fd, out);
    ENSURE(status.code != SJ_IO && status.code != SJ_LIMIT_EXCEEDED, BAD_PARAMETER);
    return status;
}
