/* SPDX-License-Identifier: Apache-2.0
 *
 * What does another system of the judiciary let us decide? A policy domain is a policy of its own (policy/1) with the
 * subjects and resources that it talks about, apart from Sanjeh's data. Its document is what an administrator PUT:
 *   {"policy": <policy/1>, "entities": {"units": [{"id", "parent"?}], "subjects": [{"type","id","properties"?,"roles"?}],
 *    "resources": [{"type","id","properties"?}]}}
 * A role is "reader" or {"role", "unit"?, "from"?, "until"?, "active"?}; without a unit it is held in the subject's own ("unit" of
 * its properties). Roles may also stand in the properties. Units that are declared nowhere are roots of their own.
 * A domain never changes after it was read, so any thread may ask it; it is shared by counting.
 */
#ifndef SJ_AUTHZEN_DOMAIN_H
#define SJ_AUTHZEN_DOMAIN_H

#include "sanjeh/policy/engine.h"

struct sj_domain;

#define SJ_DOMAIN_NAME_MAX     64
#define SJ_DOMAIN_BYTES_MAX    ((size_t)8 * 1024 * 1024)
#define SJ_DOMAIN_ENTITIES_MAX 200000u /* subjects, and resources */

/* 1 to 64 of [a-z0-9-], a letter first, and no word of the paths below /access/v1. */
bool sj_domain_name_is_valid(struct sj_text name);
/* version is what decisions name beside the policy's digest. Errors: BAD_CONFIG with the place in *reterr_fault (pointer and line
 * are those of the whole document); OUT_OF_MEMORY. One reference for the caller. */
SJ_MUST_CHECK sj_status sj_domain_read(struct sj_view document, int64_t version,
    struct sj_domain **ret_domain, struct sj_policy_fault *reterr_fault);
/* Memory that the domain's texts are borrowed from lives as long as it does. */
void sj_domain_keep(struct sj_domain *domain, struct sj_arena **arena);
struct sj_domain *sj_domain_share(struct sj_domain *domain);
/* Gives a reference back; the last one frees. For CLEANUP. */
void sj_domain_release(struct sj_domain **domain);
int64_t sj_domain_version(const struct sj_domain *domain);
const char *sj_domain_digest(const struct sj_domain *domain); /* of its policy */
const struct sj_policy_set *sj_domain_set(const struct sj_domain *domain);
size_t sj_domain_subject_count(const struct sj_domain *domain);
size_t sj_domain_resource_count(const struct sj_domain *domain);

#endif
