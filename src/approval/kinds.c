/* SPDX-License-Identifier: Apache-2.0
 *
 * Which deeds take two persons? The table of kinds.def.
 */
#include "approval_priv.h"

static const struct sj_approval_kind kinds[] = {
#define SJ_APPROVAL(action, type, role, need, units, ttl_s, by_hand, in_force)                     \
    {action, type, role, need, ttl_s, SJ_UNITS_##units, by_hand, in_force},
#include "sanjeh/approval/kinds.def"
#undef SJ_APPROVAL
};

size_t sj_approval_kind_count(void)
{
    return SJ_COUNT(kinds);
}

const struct sj_approval_kind *sj_approval_kind_at(size_t number)
{
    SJ_ASSERT(number < SJ_COUNT(kinds));
    return &kinds[number];
}

const struct sj_approval_kind *sj_approval_kind_find(struct sj_text action)
{
    for (size_t i = 0; i < SJ_COUNT(kinds); i++) {
        if (sj_text_is(action, kinds[i].action)) {
            return &kinds[i];
        }
    }
    return NULL;
}
