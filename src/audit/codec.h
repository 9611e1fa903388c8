/* SPDX-License-Identifier: Apache-2.0
 *
 * The two halves of an entry's bytes, for those who join them: the sequencer keeps drafts as bodies (encoded by
 * the caller, on the caller's thread) and only puts the head in front of them. Layout: docs/AUDIT.md 2.
 */
#ifndef SJ_AUDIT_CODEC_H
#define SJ_AUDIT_CODEC_H

#include "sanjeh/audit/entry.h"

#define SJ_ENTRY_VERSION 1
#define SJ_DRAFT_VERSION 1
/* version, log id, index, time, tenant sequence, tenant's previous leaf */
#define SJ_ENTRY_HEAD_SIZE (1 + 16 + 8 + 8 + 8 + 32)
/* kind, emitter, sequence, tenant, request, actor, object, outcome, status, policy, payload, three texts */
#define SJ_BODY_FIXED_SIZE (1 + 16 + 8 + 4 * 16 + 1 + 2 + 4 + 4 + 32 + 1 + 1 + 2)
#define SJ_BODY_MAX                                                                                \
    (SJ_BODY_FIXED_SIZE + SJ_ENTRY_ACTION_MAX + SJ_ENTRY_TYPE_MAX + SJ_ENTRY_DETAIL_MAX)

/* The body alone, appended. Errors: INVALID when a field has no encoding; out then has no more bytes. */
SJ_MUST_CHECK sj_status sj_body_encode(const struct sj_draft *draft, struct sj_buf *out);

/* Gives an encoded body its emitter's number. */
void sj_body_number(struct sj_buf *body, uint64_t seq);

/* What the sequencer decides about an entry. */
struct sj_place {
    struct sj_uuid log_id;
    uint64_t index;
    sj_time_us time;
    uint64_t tenant_seq;
    struct sj_hash tenant_prev;
};
SJ_MUST_CHECK sj_status sj_place_encode(const struct sj_place *place, struct sj_buf *out);

#endif
