/* SPDX-License-Identifier: Apache-2.0
 *
 * How do all bytes get into a file? write() may take fewer, and a signal may end it.
 */
#include "sanjeh/base/file.h"

#include <errno.h>
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
