/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/approval only: seals of policy versions.
 */
#ifndef SJ_APPROVAL_VERSION_PRIV_H
#define SJ_APPROVAL_VERSION_PRIV_H

#include "approval_priv.h"
#include "sanjeh/approval/version.h"

/* Sets version->seal. */
SJ_MUST_CHECK sj_status version_seal_make(
    struct sj_channel *channel, struct sj_policy_version *version);
/* Errors: CONFLICT when it does not fit; the log says so. */
SJ_MUST_CHECK sj_status version_seal_prove(
    struct sj_channel *channel, const struct sj_policy_version *version);

#endif
