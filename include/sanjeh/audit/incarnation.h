/* SPDX-License-Identifier: Apache-2.0
 *
 * A log that goes on from one that ended, because its recorder or its signer's state was lost: what its first entry says. Two
 * officers decided it; the reason is the entry's payload (docs/AUDIT.md 2.6).
 */
#ifndef SJ_AUDIT_INCARNATION_H
#define SJ_AUDIT_INCARNATION_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/crypto/note.h"

#define SJ_INCARNATION_ACTION   "log:incarnation"
#define SJ_INCARNATION_OFFICERS 2

struct sj_incarnation {
    uint64_t number;    /* 2 and more: the first log has none */
    struct sj_uuid log; /* the new log's id */
    char origin[SJ_NOTE_NAME_MAX + 1];
    char former[SJ_NOTE_NAME_MAX + 1]; /* origin of the log before */
    uint64_t size;                     /* its last tree that somebody holds signed */
    struct sj_hash root;
    struct sj_hash note; /* SHA-256 of that signed note, as it is */
    uint64_t
        stored; /* entries of it that the database had at the end: fewer when a tail was lost */
    uint64_t unsequenced; /* drafts of committed deeds that never got their place in it */
    struct sj_hash
        unsequenced_hash; /* SHA-256 of them: u32 length and draft, by emitter and number */
    struct sj_uuid officers[SJ_INCARNATION_OFFICERS]; /* accounts */
};

/* The entry's detail, appended; it has exactly one form. Errors: LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status sj_incarnation_format(
    const struct sj_incarnation *incarnation, struct sj_buf *ret_detail);
/* Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_incarnation_parse(
    struct sj_text detail, struct sj_incarnation *ret_incarnation);
/* The origin of this number: that of the first log, "/", the first log's id, "/", number. base is any origin of the same succession.
 * Errors: LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status sj_incarnation_origin(struct sj_text base, struct sj_uuid first_log,
    uint64_t number, char ret_origin[SJ_NOTE_NAME_MAX + 1]);

#endif
