/* SPDX-License-Identifier: Apache-2.0
 *
 * What a tenant-heads entry commits to (docs/AUDIT.md 2.2): where every tenant's chain stands, and how often each action of
 * each tenant has happened in the day. The sequencer writes it, the verifier makes it again; both count here.
 */
#ifndef SJ_AUDIT_HEADS_H
#define SJ_AUDIT_HEADS_H

#include "sanjeh/audit/proof.h"
#include "sanjeh/base/reader.h"
#include "sanjeh/base/time.h"
#include "tenants.h"

#define SJ_HEADS_DETAIL_MAX 320

/* One tenant and action of the day. */
struct sj_heads_pair {
    struct sj_uuid tag;
    size_t action;
    uint64_t count;
};

struct sj_heads {
    bool has_day;
    int64_t day; /* days since 1970-01-01, of the newest entry seen */
    struct sj_idmap tag_map;
    struct sj_idmap action_map;
    struct sj_heads_action *actions;
    size_t action_capacity;
    struct sj_idmap pair_map;
    struct sj_heads_pair *pairs;
    size_t pair_capacity;
};

SJ_MUST_CHECK sj_status sj_heads_init(struct sj_heads *heads);
void sj_heads_clear(struct sj_heads *heads);
/* One entry more, in the log's order. Errors: LIMIT_EXCEEDED (more actions or pairs than any log of ours has). */
SJ_MUST_CHECK sj_status sj_heads_see(
    struct sj_heads *heads, struct sj_uuid tag, struct sj_text action, sj_time_us time);
/* The same for n entries of one tenant and action, all of this day. */
SJ_MUST_CHECK sj_status sj_heads_add(
    struct sj_heads *heads, struct sj_uuid tag, struct sj_text action, int64_t day, uint64_t n);
int64_t sj_heads_day(sj_time_us time);
/* The leaves of the day's counts as they are hashed, one behind the other, in their order. */
SJ_MUST_CHECK sj_status sj_heads_put_counts(const struct sj_heads *heads, struct sj_buf *out);
/* One of them. action points into the reader's bytes. Errors: INVALID. */
struct sj_heads_count {
    struct sj_uuid tag;
    struct sj_text action;
    uint64_t count;
    struct sj_hash leaf;
};
SJ_MUST_CHECK sj_status sj_heads_take_count(
    struct sj_reader *reader, struct sj_heads_count *ret_count);

/* Number i of the day's pairs, below pair_map.count; and back into heads that have no such pair. Errors: INVALID. */
void sj_heads_pair(const struct sj_heads *heads, size_t i, struct sj_uuid *ret_tag,
    struct sj_text *ret_action, uint64_t *ret_count);
SJ_MUST_CHECK sj_status sj_heads_put_back(
    struct sj_heads *heads, int64_t day, struct sj_uuid tag, struct sj_text action, uint64_t count);
/* The claim about all entries so far, made into the detail of an entry of this time (which is the day when there is none
 * before it). */
SJ_MUST_CHECK sj_status sj_heads_detail(const struct sj_heads *heads,
    const struct sj_tenants *tenants, sj_time_us time, struct sj_buf *out);

/* The leaf of one tenant in the tree of `root`: SHA-256(0x00 || tag || sequence || leaf hash). */
SJ_MUST_CHECK sj_status sj_heads_leaf(const struct sj_tenant *tenant, struct sj_hash *ret_leaf);
/* The tag's place among all tags, their number, and the proof of its leaf in the tree of `root`. Errors: NOT_FOUND (the tag
 * has no entry). */
struct sj_heads_proof {
    uint64_t place;
    uint64_t tenants;
    struct sj_proof proof;
};
SJ_MUST_CHECK sj_status sj_heads_prove(
    const struct sj_tenants *tenants, struct sj_uuid tag, struct sj_heads_proof *ret_proof);
/* What a detail says. Hostile. Errors: INVALID. */
struct sj_heads_claim {
    uint64_t tenants;
    struct sj_hash root;
    int64_t day; /* days since 1970-01-01, that the counts are of */
    uint64_t counts;
    struct sj_hash counts_root;
};
SJ_MUST_CHECK sj_status sj_heads_parse(struct sj_text detail, struct sj_heads_claim *ret_claim);

#endif
