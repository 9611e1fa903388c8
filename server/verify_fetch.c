/* SPDX-License-Identifier: Apache-2.0
 *
 * How does the verifier read a log that lies at an address? Piece by piece, each asked again with growing pauses when the way to it breaks.
 * Full tiles and bundles never change: with a cache folder they are kept, so a check that was interrupted goes on, and a later one asks
 * only for what is new. What comes from there is hashed like everything else: a cache that lies is found out as a log that does.
 */
#include "verify_fetch.h"

#include "sanjeh/base/memory.h"
#include "sanjeh/fetch/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TRIES      6u
#define PAUSE_MS   200u
#define CONNECT_MS 10000
#define PIECE_MS   60000
#define TOKEN_SIZE 512u

struct verify_fetch {
    struct sj_fetch *fetch;
    char url[SJ_FETCH_URL_MAX];
    int cache; /* -1: none */
    char why[SJ_FETCH_WHY + 64];
};

const char *verify_fetch_why(const struct verify_fetch *fetch)
{
    return fetch->why;
}

void verify_fetch_free(struct verify_fetch **fetch)
{
    struct verify_fetch *self = TAKE(*fetch);
    if (self != NULL) {
        sj_fetch_free(&self->fetch);
        sj_closep(&self->cache);
        sj_free(self);
    }
}

static sj_status read_token(const char *path, char token[TOKEN_SIZE])
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0, BAD_PARAMETER);
    const ssize_t got = read(fd, token, TOKEN_SIZE - 1);
    ENSURE(got > 0 && (size_t)got < TOKEN_SIZE - 1, BAD_PARAMETER);
    token[got] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    return SJ_DONE;
}

static sj_status open_cache(const char *path, int *ret_fd)
{
    ENSURE(mkdir(path, 0755) == 0 || errno == EEXIST, BAD_PARAMETER);
    *ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ENSURE(*ret_fd >= 0, BAD_PARAMETER);
    return SJ_DONE;
}

sj_status verify_fetch_new(const struct verify_place *place, struct verify_fetch **ret_fetch)
{
    char token[TOKEN_SIZE] = "";
    void *memory = NULL;
    TRY(sj_fetch_init());
    TRY(sj_alloc(1, sizeof(struct verify_fetch), &memory));
    CLEANUP(verify_fetch_free) struct verify_fetch *self = memory;
    self->cache = -1;
    ENSURE(sj_fetch_url_is_good(place->url) && strlen(place->url) + 128 < sizeof self->url,
        BAD_PARAMETER);
    (void)snprintf(self->url, sizeof self->url, "%s", place->url);
    const size_t len = strlen(self->url);
    if (self->url[len - 1] == '/') {
        self->url[len - 1] = '\0';
    }
    if (place->token_file != NULL) {
        TRY(read_token(place->token_file, token));
    }
    if (place->cache != NULL) {
        TRY(open_cache(place->cache, &self->cache));
    }
    const struct sj_fetch_config config = {.ca_file = place->ca_file,
        .bearer = place->token_file == NULL ? NULL : token,
        .connect_ms = CONNECT_MS};
    const sj_status status = sj_fetch_new(&config, &self->fetch);
    sj_wipe(token, sizeof token);
    ENSURE(status.code != SJ_INVALID, BAD_PARAMETER);
    TRY(status);
    *ret_fetch = TAKE(self);
    return SJ_DONE;
}

/* ---- the cache ---- */

static bool may_be_kept(const char *name)
{
    return strncmp(name, "tile/", 5) == 0 && strstr(name, ".p/") == NULL;
}

static bool read_kept(
    const struct verify_fetch *self, const char *name, size_t max, struct sj_buf *out)
{
    struct stat info;
    CLEANUP(sj_closep) int fd = openat(self->cache, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < 0 ||
        (uint64_t)info.st_size > max || sj_failed(sj_buf_reserve(out, (size_t)info.st_size + 1))) {
        return false;
    }
    while (out->len < (size_t)info.st_size) {
        const ssize_t got = read(fd, out->ptr + out->len, (size_t)info.st_size - out->len);
        if (got <= 0) {
            sj_buf_reset(out);
            return false;
        }
        out->len += (size_t)got;
    }
    return true;
}

/* A cache that cannot be written to only costs the next check its time. */
static void keep(const struct verify_fetch *self, const char *name, const struct sj_buf *bytes)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s", name);
    for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdirat(self->cache, path, 0755);
        *slash = '/';
    }
    CLEANUP(sj_closep)
    int fd = openat(self->cache, "piece.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd >= 0 && write(fd, bytes->ptr, bytes->len) == (ssize_t)bytes->len) {
        (void)renameat(self->cache, "piece.new", self->cache, name);
    }
}

/* ---- asking ---- */

static bool is_passing(sj_status status, unsigned http)
{
    return sj_failed(status) ? status.code == SJ_SERVER_UNREACHABLE
                             : http == 429 || (http >= 500 && http <= 504);
}

static void pause_ms(unsigned ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
}

static sj_status ask(
    struct verify_fetch *self, const char *url, size_t max, struct sj_fetch_answer *answer)
{
    const struct sj_fetch_request request = {.url = url, .answer_max = max, .timeout_ms = PIECE_MS};
    for (unsigned tries = 0;; tries++) {
        const sj_status status = sj_fetch_run(self->fetch, &request, answer);
        if (!is_passing(status, answer->http) || tries + 1 == TRIES) {
            return status;
        }
        sj_buf_clear(&answer->body);
        pause_ms(PAUSE_MS << tries);
    }
}

static sj_status fetch_piece(struct verify_fetch *self, const char *name, size_t max,
    struct sj_buf *ret_bytes, bool *ret_found)
{
    char url[SJ_FETCH_URL_MAX + 256];
    struct sj_fetch_answer answer;
    (void)snprintf(url, sizeof url, "%s/%s", self->url, name);
    const sj_status status = ask(self, url, max, &answer);
    if (status.code == SJ_BODY_TOO_LARGE) {
        return SJ_DONE; /* as a file that is too long */
    }
    if (sj_failed(status)) {
        (void)snprintf(self->why, sizeof self->why, "%.100s: %s", name, sj_fetch_why(self->fetch));
        return status;
    }
    CLEANUP(sj_buf_clear) struct sj_buf body = answer.body;
    if (answer.http == 404 || answer.http == 410) {
        return SJ_DONE;
    }
    if (answer.http != 200) {
        (void)snprintf(self->why, sizeof self->why, "%.100s: HTTP status %u", name, answer.http);
        FAIL(SERVER_UNREACHABLE);
    }
    *ret_found = true;
    return sj_buf_put_view(ret_bytes, sj_buf_view(&body));
}

sj_status verify_fetch_member(
    void *fetch, struct sj_text name, size_t max, struct sj_buf *ret_bytes, bool *ret_found)
{
    struct verify_fetch *self = fetch;
    char path[192];
    *ret_found = false;
    sj_buf_reset(ret_bytes);
    ENSURE(name.len < sizeof path, INTERNAL);
    (void)snprintf(path, sizeof path, "%.*s", (int)name.len, name.ptr);
    const bool is_kept = self->cache >= 0 && may_be_kept(path);
    if (is_kept && read_kept(self, path, max, ret_bytes)) {
        *ret_found = true;
        return SJ_DONE;
    }
    TRY(fetch_piece(self, path, max, ret_bytes, ret_found));
    if (*ret_found && is_kept) {
        keep(self, path, ret_bytes);
    }
    return SJ_DONE;
}
