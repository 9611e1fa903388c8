/* SPDX-License-Identifier: Apache-2.0
 *
 * One verification under way, seen by the verifier's files only. Order: policy -> checkpoint -> since ->
 * entries (with tiles, notes and chains along the way) -> root -> freshness.
 */
#ifndef SJ_AUDIT_CHECK_H
#define SJ_AUDIT_CHECK_H

#include "heads.h"
#include "numbers.h"
#include "ranges.h"
#include "sanjeh/audit/entry.h"
#include "sanjeh/audit/tlog_policy.h"
#include "sanjeh/audit/verify.h"
#include "sanjeh/crypto/rotation.h"
#include "source.h"
#include "tenants.h"
#include "tiles.h"

/* A size whose root is known from a signature. */
struct sj_pin {
    bool is_set;
    uint64_t size;
    struct sj_hash root;
};

/* The keys of one signer, one after another. */
struct sj_key_line {
    size_t
        policy_key; /* whose place its key in force has; SJ_NOTE_KEYS_MAX: the policy does not name it */
    uint64_t epoch; /* of the key in force */
    uint8_t key[SJ_ED25519_PUBLIC];
    bool has_next; /* appointed by an entry, not in force yet */
    uint8_t next[SJ_ED25519_PUBLIC];
    uint64_t first;  /* the size from which on it is */
    bool is_covered; /* the key in force has signed the size before */
    bool has_past;
    uint8_t past[SJ_ED25519_PUBLIC];
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
    struct sj_buf checkpoint; /* the bundle's, and --since's */
    struct sj_buf since_note;
    bool
        is_proven; /* some signature by the policy has been verified: else nothing may be called tampered */
    struct sj_key_line lines[SJ_NOTE_KEYS_MAX];
    size_t line_count;
    int64_t cosigned_s; /* newest verified cosignature of the checkpoint; 0: none */
    struct sj_stream notes;
    bool has_notes;
    struct sj_stream stamps; /* tokens of time */
    struct sj_pin stamp;     /* the next one's tree */
    int64_t stamp_s;
    int64_t earliest_s; /* of an entry here; 0: not known */
    struct sj_pin next_note;
    struct sj_buf
        next_note_bytes; /* not verified until its size is reached: an entry before may change the key */
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
    struct sj_numbers numbers;
    struct sj_heads heads;
    struct sj_stream payloads;
    bool has_payloads;        /* the bundle has them: each that is missing must have been erased */
    uint64_t next_payload;    /* UINT64_MAX: no more */
    struct sj_buf payload;    /* as it is stored */
    struct sj_ranges missing; /* indices of payloads that are not there */
    struct sj_ranges erased;  /* of those that the record says were destroyed */
    uint64_t pruned;          /* entries at the beginning whose bundles are not there */
    uint64_t prunable;        /* that the record says may be missing */
};

/* check_report.c. Only the first tampering counts; it outweighs what was incomplete before. */
void sj_check_tampered(struct sj_check *c, const char *cause);
void sj_check_tampered_at(struct sj_check *c, uint64_t index, const char *cause);
/* A repeated draft: tampering that does not stop the check. */
void sj_check_replayed_at(struct sj_check *c, uint64_t index, const char *cause);
void sj_check_incomplete(struct sj_check *c, const char *cause);
void sj_check_incomplete_at(struct sj_check *c, uint64_t index, const char *cause);

/* check_keys.c */
/* When the origin is known. */
void sj_check_keys_begin(struct sj_check *c);
/* An entry that appoints the log's next key. *ret_cause: what is wrong with it; NULL: nothing. */
SJ_MUST_CHECK sj_status sj_check_rotation(
    struct sj_check *c, const struct sj_entry *entry, const char **ret_cause);
enum sj_signed { SJ_SIGNED_GOOD, SJ_SIGNED_NOT, SJ_SIGNED_OTHER_EPOCH, SJ_SIGNED_FORGED };
/* A note of the size that the walk has reached, by the keys in force there. Stops the check when a key in force cannot be
 * known. ret_note borrows bytes. */
SJ_MUST_CHECK sj_status sj_check_signed(
    struct sj_check *c, struct sj_view bytes, struct sj_note *ret_note, enum sj_signed *ret_signed);

/* check_note.c */
/* What a note says, unverified. False: it is none, or speaks of another log. Borrows bytes. */
bool sj_check_read_note(struct sj_view bytes, struct sj_checkpoint *ret_checkpoint);
/* The checkpoint's signature and quorum, by the keys of its size, when the walk has come to its end. */
SJ_MUST_CHECK sj_status sj_check_head_signed(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_policy(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_checkpoint(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_since(struct sj_check *c);
void sj_check_freshness(struct sj_check *c);

/* check_entries.c */
SJ_MUST_CHECK sj_status sj_check_entries(struct sj_check *c);
/* check_payloads.c */
SJ_MUST_CHECK sj_status sj_check_open_payloads(struct sj_check *c);
/* The payload of this entry, and what an erase or prune entry allows to be missing. *ret_cause as above. */
SJ_MUST_CHECK sj_status sj_check_payload(
    struct sj_check *c, const struct sj_entry *entry, const char **ret_cause);
/* What is missing without a word about it, and numbers that emitters have left out; when the walk is at its end. */
void sj_check_rest(struct sj_check *c);

/* check_times.c: tokens of time, when --tsa-ca is given; call after every entry, and once at size 0. */
SJ_MUST_CHECK sj_status sj_check_open_times(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_times(struct sj_check *c);
void sj_check_cosigned_time(struct sj_check *c);
/* unit_verify.c: the record of one unit. */
bool sj_check_is_unit(const char *path);
SJ_MUST_CHECK sj_status sj_check_unit(struct sj_check *c, const char *path);

/* check_pins.c: roots at signed sizes; call after every entry, and once at size 0. */
SJ_MUST_CHECK sj_status sj_check_open_notes(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_pins(struct sj_check *c);

#endif
