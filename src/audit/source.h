/* SPDX-License-Identifier: Apache-2.0
 *
 * A bundle to read from: a tar file or a folder, the same questions to both. Everything in it is hostile.
 */
#ifndef SJ_AUDIT_SOURCE_H
#define SJ_AUDIT_SOURCE_H

#include "sanjeh/audit/tile_path.h"
#include "sanjeh/audit/verify.h"

enum sj_member_kind {
    SJ_MEMBER_CHECKPOINT,
    SJ_MEMBER_NOTES,
    SJ_MEMBER_PAYLOADS,
    SJ_MEMBER_TIMESTAMPS,
    SJ_MEMBER_MANIFEST, /* of a sealed export */
    SJ_MEMBER_BEFORE,
    SJ_MEMBER_POLICY, /* whose hash a manifest names; nobody believes it */
    SJ_MEMBER_TILE
};

struct sj_member_key {
    enum sj_member_kind kind;
    struct sj_tile_name tile; /* zero for the others */
};

struct sj_source {
    int fd;                    /* the tar or the folder */
    sj_verify_fetch_fn *fetch; /* or neither of them */
    void *fetch_ctx;
    bool is_folder;
    struct sj_source_member *members; /* of a tar, sorted by key */
    size_t count;
    size_t capacity;
};

enum sj_source_state {
    SJ_SOURCE_WHOLE,
    SJ_SOURCE_NO_TAR,    /* what is there is no archive */
    SJ_SOURCE_CUT,       /* it ends inside a member */
    SJ_SOURCE_AMBIGUOUS, /* a member is there twice */
};

/* Errors: BAD_PARAMETER (no such file or folder), IO, LIMIT_EXCEEDED, OUT_OF_MEMORY. A cut archive can be read as
 * far as it goes. */
SJ_MUST_CHECK sj_status sj_source_open(
    const char *path, struct sj_source *ret_source, enum sj_source_state *ret_state);
/* Idempotent, safe on a zeroed source whose fd is -1. */
void sj_source_close(struct sj_source *source);
/* What a name stands for. False: no bundle has such a member. */
bool sj_source_key(struct sj_text name, struct sj_member_key *ret_key);
/* The whole member, at most max bytes, into ret_bytes (emptied first). *ret_found false: absent, or longer. */
SJ_MUST_CHECK sj_status sj_source_read(const struct sj_source *source,
    const struct sj_member_key *key, size_t max, struct sj_buf *ret_bytes, bool *ret_found);

/* A long member, piece by piece. */
struct sj_stream {
    int fd;
    bool owns_fd;
    uint64_t offset;
    uint64_t left;
    uint8_t buffer[8192];
    size_t filled;
    size_t used;
};
SJ_MUST_CHECK sj_status sj_source_stream(const struct sj_source *source,
    const struct sj_member_key *key, struct sj_stream *ret_stream, bool *ret_found);
void sj_stream_close(struct sj_stream *stream);
/* *ret_got: less than len only at the end. */
SJ_MUST_CHECK sj_status sj_stream_read(
    struct sj_stream *stream, uint8_t *dst, size_t len, size_t *ret_got);

#endif
