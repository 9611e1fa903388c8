/* SPDX-License-Identifier: Apache-2.0
 *
 * Where do secrets that outlive one call stay?
 * In pages of their own between two that cannot be touched: locked against swapping, left out of core files,
 * gone in a forked child, wiped when freed. The lock may fail where RLIMIT_MEMLOCK is small (the packaged unit
 * lifts it); the rest never may. An over-read from a neighbouring buffer faults instead of leaking a key.
 */
#include "sanjeh/crypto/secret.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/crypto/random.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX 4096

struct sj_secret {
    uint8_t *region; /* guard, page(s), guard */
    size_t region_size;
    uint8_t *bytes; /* ends at the upper guard: reading one byte too far faults */
    size_t len;
};

static size_t page_size(void)
{
    const long size = sysconf(_SC_PAGESIZE);
    SJ_ASSERT(size > 0 && size <= 1 << 20);
    return (size_t)size;
}

static sj_status map_region(struct sj_secret *secret, size_t len)
{
    const size_t page = page_size();
    const size_t inner = (len + page - 1) / page * page;
    void *region = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ENSURE(region != MAP_FAILED, OUT_OF_MEMORY);
    secret->region = region;
    secret->region_size = inner + 2 * page;
    uint8_t *pages = secret->region + page;
    ENSURE(mprotect(pages, inner, PROT_READ | PROT_WRITE) == 0, OUT_OF_MEMORY);
    ENSURE(madvise(pages, inner, MADV_DONTDUMP) == 0, CRYPTO);
    ENSURE(madvise(pages, inner, MADV_DONTFORK) == 0, CRYPTO);
    (void)mlock(pages, inner);
    secret->bytes = pages + inner - len;
    secret->len = len;
    return SJ_DONE;
}

static sj_status secret_alloc(size_t len, struct sj_secret **ret_secret)
{
    ENSURE(len >= 1 && len <= SECRET_MAX, LIMIT_EXCEEDED);
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_secret), &memory));
    CLEANUP(sj_secret_free) struct sj_secret *secret = memory;
    TRY(map_region(secret, len));
    *ret_secret = TAKE(secret);
    return SJ_DONE;
}

sj_status sj_secret_new(struct sj_view bytes, struct sj_secret **ret_secret)
{
    CLEANUP(sj_secret_free) struct sj_secret *secret = NULL;
    TRY(secret_alloc(bytes.len, &secret));
    TRY(sj_copy(secret->bytes, secret->len, bytes.ptr, bytes.len));
    *ret_secret = TAKE(secret);
    return SJ_DONE;
}

sj_status sj_secret_random(size_t len, struct sj_secret **ret_secret)
{
    CLEANUP(sj_secret_free) struct sj_secret *secret = NULL;
    TRY(secret_alloc(len, &secret));
    TRY(sj_random(secret->bytes, len));
    *ret_secret = TAKE(secret);
    return SJ_DONE;
}

static sj_status read_exactly(int fd, uint8_t *dst, size_t len)
{
    size_t done = 0;
    while (done < len) {
        const ssize_t got = read(fd, dst + done, len - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        ENSURE(got > 0, IO);
        done += (size_t)got;
    }
    return SJ_DONE;
}

sj_status sj_secret_read_file(const char *path, size_t len, struct sj_secret **ret_secret)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ENSURE(fd >= 0, IO);
    struct stat info;
    ENSURE(fstat(fd, &info) == 0, IO);
    ENSURE(S_ISREG(info.st_mode) && (info.st_mode & 0077) == 0, BAD_CONFIG);
    ENSURE(info.st_size >= 0 && (size_t)info.st_size == len, BAD_CONFIG);
    CLEANUP(sj_secret_free) struct sj_secret *secret = NULL;
    TRY(secret_alloc(len, &secret));
    TRY(read_exactly(fd, secret->bytes, len));
    *ret_secret = TAKE(secret);
    return SJ_DONE;
}

void sj_secret_free(struct sj_secret **secret)
{
    struct sj_secret *gone = *secret;
    *secret = NULL;
    if (gone == NULL) {
        return;
    }
    if (gone->bytes != NULL) {
        sj_wipe(gone->bytes, gone->len);
    }
    if (gone->region != NULL) {
        (void)munmap(gone->region, gone->region_size);
    }
    sj_free(gone);
}

sj_status sj_secret_use(const struct sj_secret *secret, sj_secret_fn *fn, void *ctx)
{
    return fn(sj_view_of(secret->bytes, secret->len), ctx);
}

bool sj_secret_equal(const struct sj_secret *a, const struct sj_secret *b)
{
    return a->len == b->len && sj_equal_ct(a->bytes, b->bytes, a->len);
}
