/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a question reach the keeper and its answer the one who asked?
 * One channel a loop. Many fibers may ask at once: each question has an id, the answers come back in any company
 * and wake whom they belong to. Outside a fiber the same call blocks with poll(2). Nobody waits longer than two
 * seconds, and a keeper that is gone or talks nonsense is gone for good: KEEPER_UNAVAILABLE, never a hang.
 */
#include "keeper_priv.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/reader.h"
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define ASK_WAIT_MS 2000

/* A question that waits; lives on the asker's stack, listed in the order of asking. */
struct pending {
    struct pending *next;
    uint32_t id;
    bool is_sent;
    bool is_done;
    sj_status status;
    struct sj_fiber *fiber; /* NULL: the asker polls */
    struct sj_view question;
    struct sj_buf *ret_body;
};

struct sj_channel {
    struct keeper_line *line;
    struct sj_loop *loop;
    struct sj_watch *watch;
    struct pending *first;
    struct pending **last_link;
    uint8_t *message; /* WIRE_MESSAGE_MAX bytes, empty between turns */
};

static void pending_finish(struct pending *pending, sj_status status)
{
    pending->status = status;
    pending->is_done = true;
    if (pending->fiber != NULL) {
        sj_fiber_wake(pending->fiber);
    }
}

static void channel_unlink(struct sj_channel *channel, const struct pending *pending)
{
    struct pending **link = &channel->first;
    while (*link != NULL && *link != pending) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = pending->next;
        if (*link == NULL) {
            channel->last_link = link;
        }
    }
}

/* The line is broken for good; everybody who waits is told now. */
static void channel_break(struct sj_channel *channel)
{
    sj_watch_free(&channel->watch);
    sj_closep(&channel->line->fd);
    while (channel->first != NULL) {
        struct pending *pending = channel->first;
        channel_unlink(channel, pending);
        pending_finish(pending, SJ_FAILURE(KEEPER_UNAVAILABLE));
    }
}

static void channel_want(struct sj_channel *channel, bool is_blocked)
{
    if (channel->watch != NULL) {
        const uint32_t events = is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN;
        if (sj_failed(sj_watch_set(channel->watch, events))) {
            channel_break(channel);
        }
    }
}

/* Sends what is not sent yet, in order, as far as the socket takes it. */
static void channel_flush(struct sj_channel *channel)
{
    struct pending *pending = channel->first;
    while (pending != NULL && pending->is_sent) {
        pending = pending->next;
    }
    while (pending != NULL) {
        const ssize_t sent = send(channel->line->fd, pending->question.ptr, pending->question.len,
            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0 && errno == EAGAIN) {
            channel_want(channel, true);
            return;
        }
        if (sent < 0) {
            channel_break(channel);
            return;
        }
        pending->is_sent = true;
        pending = pending->next;
    }
    channel_want(channel, false);
}

/* An answer whose asker has given up finds nobody and is dropped. */
static sj_status take_answer(struct sj_channel *channel, struct sj_view message)
{
    struct sj_reader reader = sj_reader_of(message);
    uint32_t id = 0;
    uint16_t code = 0;
    TRY(sj_read_u32(&reader, &id));
    TRY(sj_read_u16(&reader, &code));
    ENSURE(code < SJ_CODE_COUNT_, PROTOCOL);
    struct pending *pending = channel->first;
    while (pending != NULL && pending->id != id) {
        pending = pending->next;
    }
    if (pending == NULL) {
        return SJ_DONE;
    }
    channel_unlink(channel, pending);
    sj_status status = SJ_DONE;
    if (code == SJ_OK) {
        status = sj_buf_put(pending->ret_body, reader.ptr, reader.left);
    } else {
        status = (sj_status){(enum sj_code)code, SJ_FILE_ ":" SJ_STR(__LINE__)};
    }
    pending_finish(pending, status);
    return SJ_DONE;
}

static void channel_receive(struct sj_channel *channel)
{
    while (channel->line->fd >= 0) {
        const ssize_t got =
            recv(channel->line->fd, channel->message, WIRE_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return;
        }
        if (got <= 0 || (size_t)got > WIRE_MESSAGE_MAX ||
            sj_failed(take_answer(channel, sj_view_of(channel->message, (size_t)got)))) {
            channel_break(channel);
            return;
        }
        sj_wipe(channel->message, (size_t)got);
    }
}

static void on_events(void *ctx, uint32_t events)
{
    struct sj_channel *channel = ctx;
    if ((events & ~(uint32_t)EPOLLOUT) != 0) {
        channel_receive(channel);
    }
    if ((events & EPOLLOUT) != 0 && channel->line->fd >= 0) {
        channel_flush(channel);
    }
}

static void wait_on_fiber(const struct pending *pending, int64_t deadline)
{
    while (!pending->is_done) {
        const int64_t left = deadline - sj_time_monotonic_ms();
        if (left <= 0) {
            return;
        }
        (void)sj_fiber_park_for(left);
    }
}

static void wait_blocking(
    struct sj_channel *channel, const struct pending *pending, int64_t deadline)
{
    while (!pending->is_done) {
        const int64_t left = deadline - sj_time_monotonic_ms();
        if (left <= 0) {
            return;
        }
        struct pollfd polled = {.fd = channel->line->fd,
            .events = (short)(pending->is_sent ? POLLIN : POLLIN | POLLOUT)};
        if (poll(&polled, 1, (int)left) <= 0) {
            continue;
        }
        channel_receive(channel);
        if (channel->line->fd >= 0 && !pending->is_done) {
            channel_flush(channel);
        }
    }
}

static void channel_wait(struct sj_channel *channel, struct pending *pending)
{
    const int64_t deadline = sj_time_monotonic_ms() + ASK_WAIT_MS;
    channel_flush(channel);
    if (pending->fiber != NULL) {
        wait_on_fiber(pending, deadline);
    } else {
        wait_blocking(channel, pending, deadline);
    }
    if (!pending->is_done) {
        channel_unlink(channel, pending);
        pending->status = SJ_FAILURE(KEEPER_UNAVAILABLE);
    }
}

sj_status channel_ask(
    struct sj_channel *channel, enum wire_kind kind, struct sj_view body, struct sj_buf *ret_body)
{
    ENSURE(channel->line->fd >= 0, KEEPER_UNAVAILABLE);
    const bool parks = channel->loop != NULL && sj_loop_current() == channel->loop;
    struct pending pending = {.id = channel->line->next_id++,
        .status = SJ_DONE,
        .fiber = parks ? sj_fiber_current() : NULL,
        .ret_body = ret_body};
    CLEANUP(sj_buf_clear) struct sj_buf question = SJ_BUF(WIRE_MESSAGE_MAX);
    TRY(sj_buf_reserve(&question, WIRE_QUESTION_HEAD + body.len));
    TRY(sj_buf_put_u32(&question, pending.id));
    TRY(sj_buf_put_byte(&question, (uint8_t)kind));
    TRY(sj_buf_put_view(&question, body));
    pending.question = sj_buf_view(&question);
    sj_buf_reset(ret_body);
    *channel->last_link = &pending;
    channel->last_link = &pending.next;
    channel_wait(channel, &pending);
    return pending.status;
}

bool sj_channel_is_open(const struct sj_channel *channel)
{
    return channel->line->fd >= 0;
}

struct sj_loop *channel_loop(const struct sj_channel *channel)
{
    return channel->loop;
}

sj_status sj_channel_open(struct sj_keeper *keeper, unsigned number, struct sj_loop *loop,
    struct sj_channel **ret_channel)
{
    ENSURE(number < keeper->line_count, BAD_CONFIG);
    struct keeper_line *line = &keeper->lines[number];
    ENSURE(line->fd >= 0, KEEPER_UNAVAILABLE);
    ENSURE(!line->is_taken, CONFLICT);
    void *memory = NULL;
    void *message = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_channel), &memory));
    CLEANUP(sj_freep) struct sj_channel *channel = memory;
    TRY(sj_alloc(1, WIRE_MESSAGE_MAX, &message));
    CLEANUP(sj_freep) uint8_t *bytes = message;
    channel->line = line;
    channel->loop = loop;
    channel->last_link = &channel->first;
    if (loop != NULL) {
        TRY(sj_watch_new(loop, line->fd, EPOLLIN, on_events, channel, &channel->watch));
    }
    channel->message = TAKE(bytes);
    line->is_taken = true;
    *ret_channel = TAKE(channel);
    return SJ_DONE;
}

void sj_channel_close(struct sj_channel **channel)
{
    struct sj_channel *gone = *channel;
    *channel = NULL;
    if (gone == NULL) {
        return;
    }
    SJ_ASSERT(gone->first == NULL);
    sj_watch_free(&gone->watch);
    gone->line->is_taken = false;
    sj_free(gone->message);
    sj_free(gone);
}
