/* SPDX-License-Identifier: Apache-2.0
 *
 * C2SP tlog-proof: an inclusion proof with the checkpoint that it leads to, as one file that is checked offline. Written by
 * sj_proof_format (audit/proof.h).
 *   c2sp.org/tlog-proof@v1 \n [extra <base64> \n] index <n> \n {<base64 hash> \n} \n <checkpoint, verbatim>
 */
#ifndef SJ_AUDIT_TLOG_PROOF_H
#define SJ_AUDIT_TLOG_PROOF_H

#include "sanjeh/audit/proof.h"
#include "sanjeh/audit/tlog_policy.h"

#define SJ_TLOG_PROOF_MAX (SJ_NOTE_MAX + 16 * 1024)

struct sj_tlog_proof {
    struct sj_text
        extra; /* base64 as it stands there; empty when there is none. Nobody vouches for it */
    uint64_t index;
    struct sj_proof proof;
    struct sj_view checkpoint; /* the signed note; borrowed */
};

/* Hostile bytes; the checkpoint is not looked into. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_tlog_proof_parse(struct sj_view bytes, struct sj_tlog_proof *ret_proof);
enum sj_tlog_proof_verdict {
    SJ_PROOF_HOLDS,
    SJ_PROOF_MALFORMED,
    SJ_PROOF_UNSIGNED,  /* no signature by a log of the policy */
    SJ_PROOF_FORGED,    /* a known key's signature fails, or a log's key under another name */
    SJ_PROOF_NO_QUORUM, /* signed, the leaf is in the tree, but the witnesses are too few */
    SJ_PROOF_WRONG,     /* the leaf is not at that place in the signed tree */
};
/* Whether the leaf stands in a log of the policy. checkpoint's origin borrows bytes; set from UNSIGNED on where it parses. */
SJ_MUST_CHECK sj_status sj_tlog_proof_verify(struct sj_view bytes,
    const struct sj_tlog_policy *policy, const struct sj_hash *leaf,
    enum sj_tlog_proof_verdict *ret_verdict);

#endif
