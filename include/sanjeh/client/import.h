/* SPDX-License-Identifier: Apache-2.0
 *
 * A bulk import seen from the sender: begin or go on, send the file, start, follow, read what was wrong. Where the file ends is
 * asked of the server, never remembered: whoever was cut off at any point goes on with the import's id alone.
 */
#ifndef SJ_CLIENT_IMPORT_H
#define SJ_CLIENT_IMPORT_H

#include "sanjeh/client/client.h"

#include <signal.h>

#define SJ_CLIENT_PART_MAX ((size_t)4 * 1024 * 1024)
#define SJ_CLIENT_PART_MIN ((size_t)64 * 1024)

struct sj_client_order { /* NULL: not said */
    const char *kind;
    const char *format;
    const char *accept;
    const char *period;
    const char *cycle;
    const char *comment;
    const char *supersedes;
    bool is_held;
};

struct sj_client_job {
    char id[40];
    char format[16];
    char state[16];
    char failure[48];      /* "" none */
    char contribution[40]; /* "" none yet */
    bool is_dry_run;
    bool is_held;
    int64_t bytes; /* where the next part begins */
    int64_t bytes_done;
    int64_t rows_read;
    int64_t rows_ok;
    int64_t rows_rejected;
};

/* How the caller looks on. */
struct sj_client_watch {
    void (*tell)(void *ctx, const struct sj_client_job *job, int64_t file_bytes);
    void *ctx;
    const volatile sig_atomic_t *stop; /* not 0: end before the next call, with SHUTTING_DOWN */
};

/* All: errors as of sj_client_send. */
SJ_MUST_CHECK sj_status sj_client_import_create(
    struct sj_client *client, const struct sj_client_order *order, struct sj_client_job *ret_job);
/* Errors also: INVALID (the id's form). */
SJ_MUST_CHECK sj_status sj_client_import_find(
    struct sj_client *client, const char *id, struct sj_client_job *ret_job);
/* Sends what the server does not have yet. A connection that breaks is made again, for about half a minute.
 * Errors: CONFLICT (the server has more than this file), IO (reading it), SHUTTING_DOWN. */
SJ_MUST_CHECK sj_status sj_client_import_send(struct sj_client *client, int fd, int64_t file_bytes,
    size_t part_bytes, const struct sj_client_watch *watch, struct sj_client_job *job);
/* Starts it unless it runs or has ended so, and follows it to its end. */
SJ_MUST_CHECK sj_status sj_client_import_run(struct sj_client *client, bool is_dry_run,
    int64_t file_bytes, const struct sj_client_watch *watch, struct sj_client_job *job);

struct sj_client_fault {
    int64_t row;
    struct sj_text column; /* empty: the whole row */
    struct sj_text code;
    struct sj_text detail;
};
/* Calls fn for each faulty row in the order in which they were found. */
SJ_MUST_CHECK sj_status sj_client_import_faults(struct sj_client *client,
    const struct sj_client_job *job, void (*fn)(void *ctx, const struct sj_client_fault *fault),
    void *ctx);
/* SHA-256 (hex) of the file as the server received it. */
SJ_MUST_CHECK sj_status sj_client_import_hash(
    struct sj_client *client, const struct sj_client_job *job, char ret_hex[65]);

#endif
