/* SPDX-License-Identifier: Apache-2.0
 *
 * One verification under way, seen by the verifier's files only. Order: policy -> checkpoint -> since ->
 * entries (with tiles, notes and chains along the way) -> root -> freshness.
 */
#ifndef SJ_AUDIT_CHECK_H
#define SJ_AUDIT_CHECK_H

#include "emitters.h"
#include "sanjeh/audit/entry.h"
#include "sanjeh/audit/tlog_policy.h"
#include "sanjeh/audit/verify.h"
#include "source.h"
#include "tenants.h"
#include "tiles.h"

/* A size whose root is known from a signature. */
struct sj_pin {
    bool is_set;
    uint64_t size;
    struct sj_hash root;
};

struct sj_check {
    const struct sj_verify_options *options;
    struct sj_verify_report *report;
    bool stopped; /* a finding after which nothing more can be said */
    bool has_replay;
    struct sj_tlog_policy policy;
    struct sj_source source;
    char origin[SJ_NOTE_NAME_MAX + 1];
    struct sj_pin head;
    struct sj_pin since;
    int64_t cosigned_s; /* newest verified cosignature of the checkpoint; 0: none */
    struct sj_stream notes;
    bool has_notes;
    struct sj_pin next_note;
    uint64_t good_size; /* newest size whose root agreed with a signature */
    struct sj_frontier frontier;
    struct sj_edge edge;
    struct sj_buf bundle;
    struct sj_buf tile;
    bool has_tile;
    struct sj_buf scratch;
    bool is_foreign; /* another log's entries: the tree alone is checked */
    struct sj_uuid log_id;
    sj_time_us last_time;
    struct sj_tenants tenants;
    struct sj_emitters emitters;
};

/* check_report.c. Only the first tampering counts; it outweighs what was incomplete before. */
void sj_check_tampered(struct sj_check *c, const char *cause);
void sj_check_tampered_at(struct sj_check *c, uint64_t index, const char *cause);
/* A repeated draft: tampering that does not stop the check. */
void sj_check_replayed_at(struct sj_check *c, uint64_t index, const char *cause);
void sj_check_incomplete(struct sj_check *c, const char *cause);
void sj_check_incomplete_at(struct sj_check *c, uint64_t index, const char *cause);

/* check_note.c */
/* A checkpoint by the policy: a log key named like its origin, and none of the known keys failing. ret_note
 * borrows bytes. */
SJ_MUST_CHECK sj_status sj_check_note(const struct sj_check *c, struct sj_view bytes,
    struct sj_note *ret_note, struct sj_checkpoint *ret_checkpoint, enum sj_note_state *ret_state);
SJ_MUST_CHECK sj_status sj_check_policy(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_checkpoint(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_since(struct sj_check *c);
void sj_check_freshness(struct sj_check *c);

/* check_entries.c */
SJ_MUST_CHECK sj_status sj_check_entries(struct sj_check *c);
/* check_pins.c: roots at signed sizes; call after every entry, and once at size 0. */
SJ_MUST_CHECK sj_status sj_check_open_notes(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_pins(struct sj_check *c);

#endif
