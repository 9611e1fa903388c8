/* SPDX-License-Identifier: Apache-2.0
 *
 * Who has seen this log, and where do they say so? A witness gives the newest checkpoint that it has cosigned to anybody
 * (C2SP tlog-witness: GET <monitoring prefix>/<hex of SHA-256 of the origin>/checkpoint). The policy's addresses of witnesses are taken for
 * those, too. Our token for the log is not shown to them.
 */
#include "verify_witness.h"

#include <stdio.h>

#include "sanjeh/audit/tlog_policy.h"
#include "sanjeh/base/file.h"
#include "sanjeh/base/memory.h"

void verify_witnesses_clear(struct verify_witnesses *witnesses)
{
    for (size_t i = 0; i < witnesses->count; i++) {
        verify_fetch_free(&witnesses->fetches[i]);
    }
    witnesses->count = 0;
}

sj_status verify_witnesses_add(
    struct verify_witnesses *witnesses, const char *name, const char *url, const char *ca_file)
{
    const struct verify_place place = {.url = url, .ca_file = ca_file};
    const size_t at = witnesses->count;
    ENSURE(at < SJ_VERIFY_WITNESSES_MAX, BAD_PARAMETER);
    TRY(verify_fetch_new(&place, &witnesses->fetches[at]));
    (void)snprintf(witnesses->names[at], sizeof witnesses->names[at], "%s", name);
    witnesses->list[at] = (struct sj_verify_witness){.name = witnesses->names[at],
        .fetch = verify_fetch_member,
        .fetch_ctx = witnesses->fetches[at]};
    witnesses->count++;
    return SJ_DONE;
}

static sj_status read_policy(const char *path, struct sj_tlog_policy *policy)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_POLICY_TEXT_MAX);
    size_t line = 0;
    TRY(sj_read_file(path, &text));
    ENSURE(!sj_failed(sj_tlog_policy_parse(sj_buf_view(&text), policy, &line)), BAD_PARAMETER);
    return SJ_DONE;
}

sj_status verify_witnesses_of_policy(
    struct verify_witnesses *witnesses, const char *policy_path, const char *ca_file)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_tlog_policy), &memory));
    CLEANUP(sj_freep) void *kept = memory;
    struct sj_tlog_policy *policy = kept;
    TRY(read_policy(policy_path, policy));
    for (size_t i = 0; i < policy->node_count; i++) {
        const struct sj_policy_node *node = &policy->nodes[i];
        if (!node->is_group && node->url[0] != '\0') {
            TRY(verify_witnesses_add(witnesses, node->name, node->url, ca_file));
        }
    }
    ENSURE(witnesses->count > 0, BAD_PARAMETER);
    return SJ_DONE;
}
