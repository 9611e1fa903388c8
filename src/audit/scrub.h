/* SPDX-License-Identifier: Apache-2.0
 *
 * One walk of the scrubber, seen by its files only.
 */
#ifndef SJ_AUDIT_SCRUB_PRIV_H
#define SJ_AUDIT_SCRUB_PRIV_H

#include "ranges.h"
#include "sanjeh/audit/scrub.h"
#include "state.h"

struct sj_scrub {
    struct sj_scrub_target target;
    struct sj_scrub_report report;
    struct sj_edge edge;
    struct sj_frontier frontier;
    struct sj_tenants tenants;
    struct sj_uuid log_id;
    sj_time_us last_time;
    bool is_root_lost; /* a leaf is not known any more: roots above it say nothing new */
    struct sj_hash
        stored[SJ_TILE_WIDTH]; /* the stored tile of this step, or leaf hashes of its rows */
    bool has_stored;
    struct sj_ranges missing; /* indices of payloads that are not there */
    struct sj_ranges erased;  /* that entries say were erased */
    uint64_t minimum;         /* entries before it were pruned: their hashes stand in for them */
    uint64_t justified;       /* what prune entries allow it to be */
    /* of this step */
    struct sj_db *db;
    const struct sj_context *context;
};

/* Notes a finding; the first is kept. */
void sj_scrub_find(struct sj_scrub *s, const char *cause);
void sj_scrub_find_at(struct sj_scrub *s, uint64_t index, const char *cause);
SJ_MUST_CHECK sj_status sj_scrub_ask(struct sj_scrub *s, enum sj_sql sql,
    const struct sj_param *params, size_t count, struct sj_rows **ret_rows);

/* scrub_sides.c: openings and payloads of entries, tenants, rows where none can be. */
struct sj_scrub_sides {
    struct sj_rows *openings;
    struct sj_rows *payloads;
    size_t opening; /* next row */
    size_t payload;
};
void sj_scrub_sides_free(struct sj_scrub_sides *sides);
SJ_MUST_CHECK sj_status sj_scrub_sides_read(
    struct sj_scrub *s, uint64_t first, uint64_t end, struct sj_scrub_sides *ret_sides);
/* entry NULL: it is not there or does not decode; its sides are passed over. */
SJ_MUST_CHECK sj_status sj_scrub_sides_check(
    struct sj_scrub *s, struct sj_scrub_sides *sides, uint64_t index, const struct sj_entry *entry);
SJ_MUST_CHECK sj_status sj_scrub_tenants(struct sj_scrub *s);
/* What is missing and was not erased. */
SJ_MUST_CHECK sj_status sj_scrub_payloads(struct sj_scrub *s);
SJ_MUST_CHECK sj_status sj_scrub_strays(struct sj_scrub *s);

#endif
