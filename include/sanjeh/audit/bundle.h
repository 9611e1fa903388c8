/* SPDX-License-Identifier: Apache-2.0
 *
 * The exported record: a tar (POSIX ustar) or folder with `checkpoint`, `tile/<L>/<N>[.p/<W>]`,
 * `tile/entries/<N>[.p/<W>]` (C2SP tlog-tiles), `policy` (tlog-policy), `notes` (u16 length and note, for
 * every batch: lets the verifier narrow a damage down) — and the check of such a bundle with public keys
 * alone.
 */
#ifndef SJ_AUDIT_BUNDLE_H
#define SJ_AUDIT_BUNDLE_H

#include "sanjeh/crypto/note.h"
#include "sanjeh/db/db.h"

/* Writes the tar of entries 0 .. newest checkpoint (or to, exclusive: then the newest signed checkpoint at or
 * below it) to fd. Rows that are missing are written as empty entries: the verifier names them.
 * vkey: line of the log's key for `policy`. Runs on a fiber or blocking. ret_size: entries covered. */
SJ_MUST_CHECK sj_status sj_bundle_export(struct sj_db *db, const struct sj_context *context,
    struct sj_text vkey, uint64_t to, int fd, uint64_t *ret_size);

enum sj_verdict { SJ_VERIFIED = 0, SJ_TAMPERED = 1, SJ_INCOMPLETE = 2 };

struct sj_verify_options {
    const char *policy_path; /* tlog-policy; mandatory */
    const char *since_path;  /* an older checkpoint that must be consistent; or NULL */
    int64_t max_age_s;       /* 0: no freshness check */
};

struct sj_verify_report {
    enum sj_verdict verdict;
    uint64_t size;
    uint64_t entries_checked;
    bool has_bad_index;
    uint64_t bad_index;
    char cause[256];      /* what was found, for people */
    char checkpoint[128]; /* the checkpoint it contradicts: "origin size" */
};

/* path: a tar file or a folder. Streams, constant memory. A status only for our own failures and usage
 * (BAD_PARAMETER: unreadable policy or arguments). */
SJ_MUST_CHECK sj_status sj_bundle_verify(
    const char *path, const struct sj_verify_options *options, struct sj_verify_report *ret_report);

#endif
