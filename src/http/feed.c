/* SPDX-License-Identifier: Apache-2.0
 *
 * How does an answer leave that is not ready when it begins? The head is queued, the request ends, and the handler's fiber writes the
 * body piece by piece into a bounded buffer that libmicrohttpd empties; a full buffer parks the fiber, an empty one the connection.
 * A client that reads too slowly, or is gone, ends the feed: the fiber learns it at its next write, and how many bytes went out.
 */
#include "http_priv.h"
#include "sanjeh/base/time.h"

#include <sys/socket.h>

#define BUFFER_MAX  ((size_t)64 * 1024)
#define BLOCK       ((size_t)16 * 1024)
#define PATIENCE_MS 60000 /* without a byte taken */

struct sj_feed {
    struct conn *conn; /* NULL: the answer is over, or its client is gone */
    struct sj_fiber *writer;
    struct sj_buf waiting; /* not yet taken */
    size_t taken;          /* of waiting */
    uint64_t sent;
    uint64_t size;    /* SJ_FEED_ENDLESS: the end is what is written last */
    bool is_ended;    /* nothing more is written */
    bool is_finished; /* libmicrohttpd has taken everything */
    bool is_orphan;   /* the writer has let go: freed with the response */
};

static void feed_free(struct sj_feed *feed)
{
    sj_buf_clear(&feed->waiting);
    sj_free(feed);
}

static void wake_writer(struct sj_feed *feed)
{
    if (feed->writer != NULL) {
        sj_fiber_wake(feed->writer);
        feed->writer = NULL;
    }
}

/* libmicrohttpd asks for bytes; on the loop's thread. */
static ssize_t on_read(void *cls, uint64_t position, char *out, size_t max)
{
    struct sj_feed *feed = cls;
    struct conn *conn = feed->conn;
    const size_t left = feed->waiting.len - feed->taken;
    (void)position;
    if (left == 0 && feed->is_ended) {
        feed->is_finished = true;
        wake_writer(feed);
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (left == 0) {
        conn->deadline_ms = INT64_MAX;
        MHD_suspend_connection(conn->mhd);
        conn->is_suspended = true;
        return 0;
    }
    const size_t count = left < max ? left : max;
    if (sj_failed(sj_copy(out, max, feed->waiting.ptr + feed->taken, count))) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    feed->taken += count;
    feed->sent += count;
    conn->deadline_ms = sj_time_monotonic_ms() + PATIENCE_MS;
    if (feed->taken == feed->waiting.len) {
        sj_buf_reset(&feed->waiting);
        feed->taken = 0;
    }
    wake_writer(feed);
    return (ssize_t)count;
}

/* The response is over, however it ended. */
static void on_over(void *cls)
{
    struct sj_feed *feed = cls;
    feed->conn = NULL;
    wake_writer(feed);
    if (feed->is_orphan) {
        feed_free(feed);
    }
}

static void resume(struct sj_feed *feed)
{
    struct conn *conn = feed->conn;
    if (conn != NULL && conn->is_suspended) {
        conn->is_suspended = false;
        conn->deadline_ms = sj_time_monotonic_ms() + PATIENCE_MS;
        MHD_resume_connection(conn->mhd);
        sj_http_pump_later(conn->http);
    }
}

sj_status sj_respond_feed(struct sj_request *request, const struct sj_response *response,
    uint64_t size, struct sj_feed **ret_feed)
{
    void *memory = NULL;
    struct conn *conn = request->conn;
    ENSURE(conn != NULL, IO);
    TRY(sj_alloc(1, sizeof(struct sj_feed), &memory));
    struct sj_feed *feed = memory;
    feed->waiting = SJ_BUF(BUFFER_MAX);
    feed->conn = conn;
    feed->size = size;
    struct MHD_Response *made = MHD_create_response_from_callback(
        size == SJ_FEED_ENDLESS ? MHD_SIZE_UNKNOWN : size, BLOCK, on_read, feed, on_over);
    if (made == NULL) {
        feed_free(feed);
        FAIL(OUT_OF_MEMORY);
    }
    SJ_ASSERT(conn->request == request && conn->phase == PHASE_HANDLER);
    sj_http_conn_phase(conn, PHASE_FEED);
    const bool is_queued = sj_http_queue(request, response, made);
    MHD_destroy_response(made);
    conn->request = NULL;
    sj_http_request_release(conn->http, &request);
    if (!is_queued) {
        conn->is_doomed = true;
        shutdown(conn->fd, SHUT_RDWR);
    }
    if (conn->is_suspended) {
        conn->is_suspended = false;
        MHD_resume_connection(conn->mhd);
        sj_http_pump_later(conn->http);
    }
    *ret_feed = feed;
    return SJ_DONE;
}

/* A full buffer has room again when all of it was taken. */
static sj_status wait_for_room(struct sj_feed *feed)
{
    while (feed->conn != NULL && feed->waiting.len == BUFFER_MAX) {
        const uint64_t before = feed->sent;
        feed->writer = sj_fiber_current();
        (void)sj_fiber_park_for(PATIENCE_MS);
        feed->writer = NULL;
        ENSURE(feed->sent != before || feed->conn == NULL, IO);
    }
    ENSURE(feed->conn != NULL, IO);
    return SJ_DONE;
}

sj_status sj_feed_write(struct sj_feed *feed, struct sj_view bytes)
{
    SJ_ASSERT(!feed->is_ended && sj_fiber_current() != NULL);
    while (bytes.len > 0) {
        TRY(wait_for_room(feed));
        const size_t room = BUFFER_MAX - feed->waiting.len;
        const size_t count = bytes.len < room ? bytes.len : room;
        TRY(sj_buf_put(&feed->waiting, bytes.ptr, count));
        bytes.ptr += count;
        bytes.len -= count;
        resume(feed);
    }
    return SJ_DONE;
}

bool sj_feed_is_gone(const struct sj_feed *feed)
{
    return feed->conn == NULL;
}

/* A body of a known size is over with its last byte, another one when its end was asked for. */
static bool is_out(const struct sj_feed *feed)
{
    return feed->is_finished || (feed->size != SJ_FEED_ENDLESS && feed->sent == feed->size);
}

static void wait_for_the_end(struct sj_feed *feed)
{
    bool moves = true;
    while (feed->conn != NULL && !is_out(feed) && moves) {
        const uint64_t before = feed->sent;
        feed->writer = sj_fiber_current();
        (void)sj_fiber_park_for(PATIENCE_MS);
        feed->writer = NULL;
        moves = feed->sent != before || is_out(feed);
    }
}

void sj_feed_end(struct sj_feed **ret_feed, bool is_whole, uint64_t *ret_sent, bool *ret_complete)
{
    struct sj_feed *feed = *ret_feed;
    *ret_feed = NULL;
    if (is_whole) {
        feed->is_ended = true;
        resume(feed);
        wait_for_the_end(feed);
        *ret_complete = is_out(feed);
    } else {
        *ret_complete = false;
        if (feed->conn != NULL) {
            shutdown(feed->conn->fd, SHUT_RDWR); /* a body that breaks off must not look whole */
        }
        feed->is_ended = true;
        resume(feed);
    }
    *ret_sent = feed->sent;
    if (feed->conn == NULL) {
        feed_free(feed);
    } else {
        feed->is_orphan = true;
    }
}
