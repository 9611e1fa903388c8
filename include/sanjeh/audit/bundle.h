/* SPDX-License-Identifier: Apache-2.0
 *
 * The exported record: a tar (POSIX ustar) or folder with `checkpoint`, `tile/<L>/<N>[.p/<W>]`,
 * `tile/entries/<N>[.p/<W>]` (C2SP tlog-tiles), `policy` (tlog-policy), `notes` (u16 length and note, for
 * every batch: lets the verifier narrow a damage down). Its check, with public keys alone: audit/verify.h.
 */
#ifndef SJ_AUDIT_BUNDLE_H
#define SJ_AUDIT_BUNDLE_H

#include "sanjeh/audit/verify.h"
#include "sanjeh/base/id.h"
#include "sanjeh/crypto/note.h"
#include "sanjeh/db/db.h"

struct sj_payload_keys;

/* Whom the bundle's `policy` names, and with what its payloads are opened. */
struct sj_bundle_trust {
    struct sj_text vkey; /* the log's key */
    struct sj_text
        lines; /* witnesses, groups and quorum (sj_policy_trust_read); empty: "quorum none" */
    struct sj_payload_keys *payloads; /* opens payloads for the bundle; NULL: it has none */
    const struct sj_uuid *
        former; /* a log that was put aside (sanjeh audit incarnation), by its id; NULL: the one that is written */
};

/* Writes the tar of entries 0 .. newest checkpoint to fd (or up to `to`, exclusive: then the newest signed
 * checkpoint at or below it; 0 means the newest). Rows that are missing are written as empty entries: the
 * verifier names them. context: of scope RECORD, to the end. With witnesses the checkpoint is
 * one that their quorum has cosigned, when they have seen the newest tree within a few seconds; else it lacks them. Runs on a fiber or blocking; writes to fd
 * block. ret_size: entries covered. Errors: NOT_FOUND (no checkpoint there), FORBIDDEN (another context, or it
 * ended), IO, those of the database. */
SJ_MUST_CHECK sj_status sj_bundle_export(struct sj_db *db, const struct sj_context *context,
    const struct sj_bundle_trust *trust, uint64_t to, int fd, uint64_t *ret_size);

#endif
