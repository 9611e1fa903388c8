/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as the document of a policy domain: refused with a place, or read.
 */
#include "sanjeh/authzen/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_policy_fault fault;
    CLEANUP(sj_domain_release) struct sj_domain *domain = NULL;
    const sj_status status = sj_domain_read(sj_view_of(data, size), 1, &domain, &fault);
    SJ_ASSERT(!sj_failed(status) || status.code != SJ_BAD_CONFIG || fault.why[0] != '\0');
    return 0;
}
