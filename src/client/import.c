/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a file get to the server by any number of attempts? The server says where its copy ends, the next part begins there. A part
 * whose answer was lost is not sent twice: WRONG_OFFSET leads to the same question. Nothing is kept on this side.
 */
#include "sanjeh/client/import.h"

#include "client_priv.h"

#include "sanjeh/json/write.h"

#include <time.h>
#include <unistd.h>

#define TRIES_MAX   8u
#define WAIT_MS     250u
#define POLL_MS     300
#define PATH_SIZE   160u
#define FAULTS_PAGE 500

/* ---- the job ---- */

static sj_status read_job(const struct sj_client *client, struct sj_client_job *ret_job)
{
    CLEANUP(answer_clear) struct answer answer = {.root = NULL};
    TRY(answer_open(client, &answer));
    *ret_job = (struct sj_client_job){.bytes = member_int(answer.root, "bytes"),
        .bytes_done = member_int(answer.root, "bytes_done"),
        .rows_read = member_int(answer.root, "rows_read"),
        .rows_ok = member_int(answer.root, "rows_ok"),
        .rows_rejected = member_int(answer.root, "rows_rejected"),
        .is_dry_run = member_bool(answer.root, "dry_run"),
        .is_held = member_bool(answer.root, "hold")};
    member_text(answer.root, "id", ret_job->id, sizeof ret_job->id);
    member_text(answer.root, "format", ret_job->format, sizeof ret_job->format);
    member_text(answer.root, "state", ret_job->state, sizeof ret_job->state);
    member_text(answer.root, "failure", ret_job->failure, sizeof ret_job->failure);
    member_text(
        answer.root, "contribution_id", ret_job->contribution, sizeof ret_job->contribution);
    ENSURE(ret_job->id[0] != '\0' && ret_job->state[0] != '\0', INTERNAL);
    return SJ_DONE;
}

sj_status sj_client_import_create(
    struct sj_client *client, const struct sj_client_order *order, struct sj_client_job *ret_job)
{
    const char *const names[] = {
        "kind", "format", "accept", "period", "cycle", "comment", "supersedes"};
    const char *const values[] = {order->kind, order->format, order->accept, order->period,
        order->cycle, order->comment, order->supersedes};
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(16384);
    struct sj_json json = sj_json_begin(&body);
    sj_json_object(&json, NULL);
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        if (values[i] != NULL) {
            struct sj_text text;
            TRY(sj_text_check(sj_view_of(values[i], strlen(values[i])), 4096, &text));
            sj_json_text(&json, names[i], text);
        }
    }
    if (order->is_held) {
        sj_json_bool(&json, "hold", true);
    }
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    const struct sj_client_call call = {
        "POST", "/api/v1/imports", "application/json", sj_buf_view(&body), 0};
    TRY(sj_client_send(client, &call));
    return read_job(client, ret_job);
}

sj_status sj_client_import_find(
    struct sj_client *client, const char *id, struct sj_client_job *ret_job)
{
    struct sj_uuid parsed;
    ENSURE(!sj_failed(sj_uuid_parse(sj_text_of(id), &parsed)), INVALID);
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "/api/v1/imports/%s", id);
    const struct sj_client_call call = {"GET", path, NULL, {NULL, 0}, 0};
    TRY(sj_client_send(client, &call));
    return read_job(client, ret_job);
}

/* ---- patience ---- */

static void sleep_ms(unsigned ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL); /* a signal may cut it short: the caller looks at its flag */
}

static bool is_passing(sj_status status)
{
    return status.code == SJ_SERVER_UNREACHABLE || status.code == SJ_BUSY ||
           status.code == SJ_TOO_MANY_REQUESTS;
}

/* Asks where the import stands until there is an answer, about a minute. */
static sj_status find_again(
    struct sj_client *client, const struct sj_client_watch *watch, struct sj_client_job *job)
{
    char id[sizeof job->id];
    (void)snprintf(id, sizeof id, "%s", job->id);
    for (unsigned tries = 0;; tries++) {
        ENSURE(*watch->stop == 0, SHUTTING_DOWN);
        const sj_status status = sj_client_import_find(client, id, job);
        if (!is_passing(status) || tries == TRIES_MAX) {
            return status;
        }
        sleep_ms(WAIT_MS << tries);
    }
}

/* ---- the file ---- */

static sj_status read_part(int fd, int64_t at, size_t size, struct sj_buf *part)
{
    sj_buf_reset(part);
    TRY(sj_buf_reserve(part, size));
    uint8_t piece[16384];
    while (part->len < size) {
        const size_t left = size - part->len;
        const ssize_t got = pread(
            fd, piece, left < sizeof piece ? left : sizeof piece, (off_t)(at + (int64_t)part->len));
        ENSURE(got > 0, IO); /* also a file that became shorter */
        TRY(sj_buf_put(part, piece, (size_t)got));
    }
    return SJ_DONE;
}

static sj_status send_part(
    struct sj_client *client, const struct sj_buf *part, struct sj_client_job *job)
{
    char path[PATH_SIZE];
    (void)snprintf(
        path, sizeof path, "/api/v1/imports/%s/parts?offset=%lld", job->id, (long long)job->bytes);
    const struct sj_client_call call = {"POST", path,
        strcmp(job->format, "csv") == 0 ? "text/csv" : "application/x-ndjson", sj_buf_view(part),
        0};
    TRY(sj_client_send(client, &call));
    return read_job(client, job);
}

static bool is_open(const struct sj_client_job *job)
{
    return strcmp(job->state, "draft") == 0 || strcmp(job->state, "uploading") == 0;
}

sj_status sj_client_import_send(struct sj_client *client, int fd, int64_t file_bytes,
    size_t part_bytes, const struct sj_client_watch *watch, struct sj_client_job *job)
{
    CLEANUP(sj_buf_clear) struct sj_buf part = SJ_BUF(SJ_CLIENT_PART_MAX + 1);
    while (is_open(job) && job->bytes < file_bytes) {
        ENSURE(*watch->stop == 0, SHUTTING_DOWN);
        const int64_t left = file_bytes - job->bytes;
        TRY(read_part(
            fd, job->bytes, left < (int64_t)part_bytes ? (size_t)left : part_bytes, &part));
        const sj_status status = send_part(client, &part, job);
        const bool is_elsewhere = strcmp(sj_client_problem(client), "WRONG_OFFSET") == 0;
        if (is_passing(status) || is_elsewhere) {
            TRY(find_again(client, watch, job));
        } else {
            TRY(status);
        }
        watch->tell(watch->ctx, job, file_bytes);
    }
    if (job->bytes != file_bytes) {
        client_say(
            client, "the server has another file under this import: it is not as long as this one");
        FAIL(CONFLICT);
    }
    return SJ_DONE;
}

/* ---- the work ---- */

static sj_status start(struct sj_client *client, bool is_dry_run, struct sj_client_job *job)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "/api/v1/imports/%s/start%s", job->id,
        is_dry_run ? "?dry_run=true" : "");
    const struct sj_client_call call = {"POST", path, NULL, {NULL, 0}, 0};
    TRY(sj_client_send(client, &call));
    return read_job(client, job);
}

static bool has_ended(const struct sj_client_job *job)
{
    return strcmp(job->state, "done") == 0 || strcmp(job->state, "failed") == 0 ||
           strcmp(job->state, "cancelled") == 0;
}

sj_status sj_client_import_run(struct sj_client *client, bool is_dry_run, int64_t file_bytes,
    const struct sj_client_watch *watch, struct sj_client_job *job)
{
    const bool was_checked = has_ended(job) && strcmp(job->state, "done") == 0 && job->is_dry_run;
    if (is_open(job) || (was_checked && !is_dry_run)) {
        const sj_status status = start(client, is_dry_run, job);
        if (!is_passing(status)) {
            TRY(status); /* else whether it began is asked below */
        }
    }
    for (;;) {
        TRY(find_again(client, watch, job));
        watch->tell(watch->ctx, job, file_bytes);
        if (has_ended(job)) {
            return SJ_DONE;
        }
        if (is_open(job)) { /* the answer was lost before it began */
            const sj_status status = start(client, is_dry_run, job);
            if (!is_passing(status)) {
                TRY(status);
            }
        }
        sleep_ms(POLL_MS);
    }
}

/* ---- what was wrong ---- */

static sj_status read_faults(struct sj_client *client,
    void (*fn)(void *ctx, const struct sj_client_fault *fault), void *ctx, char *ret_next,
    size_t next_size)
{
    CLEANUP(answer_clear) struct answer answer = {.root = NULL};
    TRY(answer_open(client, &answer));
    const struct sj_json_value *items = sj_json_get(answer.root, "items");
    ENSURE(items != NULL && sj_json_is_array(items), INTERNAL);
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *item = NULL;
    while (sj_json_next(items, &at, &name, &item)) {
        char column[80];
        char code[48];
        char detail[256];
        member_text(item, "column", column, sizeof column);
        member_text(item, "code", code, sizeof code);
        member_text(item, "detail", detail, sizeof detail);
        const struct sj_client_fault fault = {.row = member_int(item, "row"),
            .column = sj_text_of(column),
            .code = sj_text_of(code),
            .detail = sj_text_of(detail)};
        fn(ctx, &fault);
    }
    member_text(answer.root, "next", ret_next, next_size);
    return SJ_DONE;
}

sj_status sj_client_import_faults(struct sj_client *client, const struct sj_client_job *job,
    void (*fn)(void *ctx, const struct sj_client_fault *fault), void *ctx)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    char next[256] = "";
    do {
        char path[PATH_SIZE + sizeof next];
        ENSURE(strspn(next, plain) == strlen(next), INTERNAL);
        (void)snprintf(path, sizeof path, "/api/v1/imports/%s/errors?limit=%d%s%s", job->id,
            FAULTS_PAGE, next[0] == '\0' ? "" : "&cursor=", next);
        const struct sj_client_call call = {"GET", path, NULL, {NULL, 0}, 0};
        TRY(sj_client_send(client, &call));
        TRY(read_faults(client, fn, ctx, next, sizeof next));
    } while (next[0] != '\0');
    return SJ_DONE;
}

sj_status sj_client_import_hash(
    struct sj_client *client, const struct sj_client_job *job, char ret_hex[65])
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "/api/v1/contributions/%s", job->contribution);
    const struct sj_client_call call = {"GET", path, NULL, {NULL, 0}, 0};
    TRY(sj_client_send(client, &call));
    CLEANUP(answer_clear) struct answer answer = {.root = NULL};
    TRY(answer_open(client, &answer));
    member_text(answer.root, "file_sha256", ret_hex, 65);
    return SJ_DONE;
}
