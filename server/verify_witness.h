/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom does sanjeh-verify ask what they have seen of the log?
 */
#ifndef SJ_SERVER_VERIFY_WITNESS_H
#define SJ_SERVER_VERIFY_WITNESS_H

#include "verify_fetch.h"

struct verify_witnesses {
    struct sj_verify_witness list[SJ_VERIFY_WITNESSES_MAX];
    struct verify_fetch *fetches[SJ_VERIFY_WITNESSES_MAX];
    char names[SJ_VERIFY_WITNESSES_MAX][256];
    size_t count;
};

void verify_witnesses_clear(struct verify_witnesses *witnesses);
/* A witness by the address of its monitoring copies; name: for people, or that of a witness of the policy. Errors: BAD_PARAMETER. */
SJ_MUST_CHECK sj_status verify_witnesses_add(
    struct verify_witnesses *witnesses, const char *name, const char *url, const char *ca_file);
/* All of a policy that have an address. Errors: BAD_PARAMETER (no policy, or none of them has one). */
SJ_MUST_CHECK sj_status verify_witnesses_of_policy(
    struct verify_witnesses *witnesses, const char *policy_path, const char *ca_file);

#endif
