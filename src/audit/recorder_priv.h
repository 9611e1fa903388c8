/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/audit only: the recorder's file, and its use by the sequencer.
 */
#ifndef SJ_AUDIT_RECORDER_PRIV_H
#define SJ_AUDIT_RECORDER_PRIV_H

#include <sys/types.h>

#include "sanjeh/audit/recorder.h"
#include "sanjeh/base/loop.h"
#include "sanjeh/crypto/fle1.h"
#include "sanjeh/crypto/hash.h"

#define RECORDER_REGIONS    2
#define RECORDER_PATH_MAX   512
#define RECORDER_REGION_MIN ((size_t)4 * 1024 * 1024)
#define RECORDER_REGION_MAX ((size_t)1024 * 1024 * 1024)
#define RECORDER_SPARE                                                                             \
    ((size_t)2560 * 1024) /* of a region, for what a start has to write behind it */
#define RECORDER_HEAD_SIZE (4 + 1 + 8 + 16 + SJ_HASH_SIZE)

enum { RECORDER_DRAFTS = 1, RECORDER_BATCH = 2 };

struct recorder_file {
    int fd;
    char path[RECORDER_PATH_MAX];
    size_t region_bytes;
    struct sj_uuid id;
    bool is_new;
    dev_t device;
    ino_t inode;
    mode_t mode;
};

struct recorder_frame {
    uint8_t kind;
    struct sj_uuid emitter; /* under whose key the MAC is */
    struct sj_view payload;
};

struct recorder_place {
    uint64_t generation; /* of the region; 0: nothing */
    uint64_t at;         /* byte within the region */
};

SJ_MUST_CHECK sj_status recorder_file_open(
    const char *path, size_t region_bytes, struct recorder_file *file);
void recorder_file_close(struct recorder_file *file);
/* Whether the name still leads to this file and it is as it was. Errors: IO. */
SJ_MUST_CHECK sj_status recorder_file_check(const struct recorder_file *file);
/* Durable on return. Empty bytes: the check, and what the disk says. Errors: IO. */
SJ_MUST_CHECK sj_status recorder_file_flush(
    const struct recorder_file *file, unsigned region, size_t at, struct sj_view bytes);
SJ_MUST_CHECK sj_status recorder_file_load(
    const struct recorder_file *file, unsigned region, struct sj_buf *ret_bytes);
SJ_MUST_CHECK sj_status recorder_frame_put(const struct sj_key *key,
    const struct recorder_frame *frame, const struct recorder_place *place, struct sj_buf *out);
/* The frame that begins at byte `at` of a region; *ret_there: there is something like one. */
SJ_MUST_CHECK sj_status recorder_frame_take(struct sj_view region, size_t at,
    struct recorder_frame *ret_frame, struct recorder_place *ret_place, struct sj_hash *ret_mac,
    bool *ret_there);
/* ---- in use: recorder.c ---- */

enum { RECORDER_PROBE = 0 }; /* asks the disk, writes nothing */

/* One piece of work, on its way to the recorder's thread and back. */
struct recorder_job;
/* An empty job of the running loop's fiber. Errors: RECORD_UNAVAILABLE when the disk has hung for a while. */
SJ_MUST_CHECK sj_status recorder_job_new(
    struct sj_recorder *recorder, uint8_t kind, struct recorder_job **ret_job);
/* To be filled before it is sent. */
struct sj_buf *recorder_job_payload(struct recorder_job *job);
/* Of a batch: the log's size behind it. */
void recorder_job_size(struct recorder_job *job, uint64_t size_after);
/* Of a draft: its number, one or more of them. */
SJ_MUST_CHECK sj_status recorder_job_number(struct recorder_job *job, uint64_t seq);
void recorder_send(struct recorder_job *job);
/* Parks until the job is durable; the job is gone on return, whatever happened. A job that was not sent is given back.
 * Errors: RECORD_UNAVAILABLE. */
SJ_MUST_CHECK sj_status recorder_wait(struct recorder_job **job, int64_t wait_ms);
void recorder_drop(struct recorder_job **job);

/* Where the file ends, as a scan has found it. */
struct recorder_end {
    unsigned region;
    uint64_t generation;
    uint64_t at;
};
/* Starts the thread behind the end. Until recorder_all_settled nothing is written over. Errors: OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status recorder_begin(struct sj_recorder *recorder, struct sj_uuid emitter,
    const struct sj_key *key, const struct recorder_end *end);
void recorder_all_settled(struct sj_recorder *recorder);
/* Whether the region that is not written to would be of use soon. */
bool recorder_wants_room(struct sj_recorder *recorder);
/* Frees that region when its batches are signed and is_settled holds for each of its drafts' numbers. */
void recorder_make_room(struct sj_recorder *recorder, uint64_t signed_size,
    bool (*is_settled)(void *ctx, uint64_t seq), void *ctx);
/* The last flush failed, or has not come back. Any thread. */
bool recorder_is_failing(const struct sj_recorder *recorder);
const struct recorder_file *recorder_file_of(const struct sj_recorder *recorder);

bool recorder_frame_holds(const struct sj_key *key, const struct recorder_frame *frame,
    const struct recorder_place *place, const struct sj_hash *mac);

#endif
