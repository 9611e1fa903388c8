/* SPDX-License-Identifier: Apache-2.0
 *
 * The half of sanjeh-verify that checks a receipt.
 */
#ifndef SJ_SERVER_VERIFY_PROOF_H
#define SJ_SERVER_VERIFY_PROOF_H

#include "verify_show.h"

struct verify_proof {
    const char *proof; /* C2SP tlog-proof, or the JSON of /api/v1/audit/receipts/{request_id} */
    const char *policy;
    const char *entry; /* file with the entry's bytes; or NULL */
    const char *leaf;  /* its hash in base64 or hex, as in the header Audit-Leaf; or NULL */
};

/* Prints the verdict; the program's exit status. */
int verify_proof_run(const struct verify_proof *arguments, struct verify_show *show);

#endif
