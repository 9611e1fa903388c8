/* SPDX-License-Identifier: Apache-2.0
 *
 * One verification under way, seen by the verifier's files only. Order: policy -> checkpoint -> state and older checkpoints ->
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

#define SJ_OLDER_MAX  (SJ_VERIFY_WITNESSES_MAX + 2)
#define SJ_OLDER_NAME 160

/* A size whose root is known from a signature. */
struct sj_pin {
    bool is_set;
    uint64_t size;
    struct sj_hash root;
};

/* A checkpoint from elsewhere that this log must continue: the caller's, that of the run before, or what a witness has seen. */
enum sj_older_kind { SJ_OLDER_SINCE, SJ_OLDER_STATE, SJ_OLDER_WITNESS };
struct sj_older {
    enum sj_older_kind kind;
    struct sj_pin pin;
    struct sj_buf note;
    bool is_cosigned;         /* by the witness of the policy who gave it */
    int64_t cosigned_s;       /* and when */
    char name[SJ_OLDER_NAME]; /* "of the checkpoint given by --since" and the like */
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
    struct sj_older older[SJ_OLDER_MAX]; /* ascending by size once they are all there */
    size_t older_count;
    size_t older_next;          /* whose size has not been reached */
    struct sj_pin since_former; /* --since, when it is of the log before */
    char since_origin[SJ_NOTE_NAME_MAX + 1];
    uint64_t begin;           /* entries that a run before has checked */
    struct sj_buf checkpoint; /* the bundle's */
    bool
        is_proven; /* a signature in the bundle itself has been verified by the policy: else nothing may be called tampered */
    struct sj_key_line lines[SJ_NOTE_KEYS_MAX];
    size_t line_count;
    int64_t cosigned_s; /* newest verified cosignature of the checkpoint; 0: none */
    const struct sj_older
        *ahead; /* a witness that has seen more than this file has; judged with --max-age */
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
    struct sj_hash policy_digest;
    struct sj_hash tsa_digest;
    bool state_had_payloads;
    uint64_t findings;        /* of what is missing */
    uint64_t findings_opened; /* when the walk over the entries began */
    bool is_state_spoilt;     /* the walk has found something: the next one must find it again */
    int64_t saved_ms;         /* when the state was written last, or the run began */
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

/* check_incarnation.c */
/* --since of another log: one that this log may go on from. Errors: BAD_PARAMETER (the policy does not vouch for it). */
SJ_MUST_CHECK sj_status sj_check_former_since(
    struct sj_check *c, struct sj_view bytes, const struct sj_checkpoint *checkpoint);
/* An entry that says so. *ret_cause as above. */
SJ_MUST_CHECK sj_status sj_check_incarnation(
    struct sj_check *c, const struct sj_entry *entry, const char **ret_cause);
/* When the walk is at its end: whether --since was answered. */
void sj_check_former_end(struct sj_check *c);

/* check_note.c */
/* What a note says, unverified. False: it is none, or speaks of another log. Borrows bytes. */
bool sj_check_read_note(struct sj_view bytes, struct sj_checkpoint *ret_checkpoint);
/* Nobody whom the caller trusts has signed: that ends the check, and accuses nobody. */
void sj_check_unsigned(struct sj_check *c);
/* Whether anybody has signed what is in the bundle, as far as the keys in force here can tell. The caller's pins are no part of it. */
bool sj_check_is_proven(const struct sj_check *c);
/* The checkpoint's signature and quorum, by the keys of its size, when the walk has come to its end. */
SJ_MUST_CHECK sj_status sj_check_head_signed(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_policy(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_checkpoint(struct sj_check *c);
void sj_check_freshness(struct sj_check *c);

/* check_older.c */
/* What the caller and witnesses have seen before; those larger than the log are judged here. */
SJ_MUST_CHECK sj_status sj_check_older_open(struct sj_check *c);
/* Those below c->begin, whose entries are not read again: by a proof made from the log's tiles. */
SJ_MUST_CHECK sj_status sj_check_older_before(struct sj_check *c);
/* At the end: a file that is behind a witness by more than --max-age. */
void sj_check_older_age(struct sj_check *c, int64_t newest_s);
/* Room for one more; its note is empty. NULL: there is none. */
struct sj_older *sj_check_older_new(struct sj_check *c, enum sj_older_kind kind, const char *name);
/* One whose size the walk has reached: its signature, and the root against its own. */
SJ_MUST_CHECK sj_status sj_check_older_due(
    struct sj_check *c, const struct sj_older *older, const struct sj_hash *root);

/* check_state.c, check_state_read.c: where a run has come to, for the next one (docs/AUDIT.md 7.2). */
SJ_MUST_CHECK sj_status sj_check_state_load(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_state_save(struct sj_check *c);
/* After each bundle: shows how far it is, saves now and then. *ret_go false: the caller wants it to end here. */
SJ_MUST_CHECK sj_status sj_check_state_tick(struct sj_check *c, bool *ret_go);
/* The caller's own file, policy or wish cannot be used: BAD_PARAMETER, with the reason. */
SJ_MUST_CHECK sj_status sj_check_refuse(struct sj_check *c, const char *why);

/* check_sealed.c: a piece of the log, sealed for good. */
SJ_MUST_CHECK sj_status sj_check_is_sealed(struct sj_check *c, bool *ret_sealed);
SJ_MUST_CHECK sj_status sj_check_sealed(struct sj_check *c);

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
/* found_verify.c: what a search found, a file with a form of its own. */
bool sj_check_is_found(const char *path);
SJ_MUST_CHECK sj_status sj_check_found(struct sj_check *c, const char *path);

/* check_pins.c: roots at signed sizes; call after every entry, and once at the beginning. */
/* The root of the entries from the newest agreed size on is not the one of this pin. */
void sj_check_contradict(struct sj_check *c, const struct sj_pin *pin, const char *what);
SJ_MUST_CHECK sj_status sj_check_open_notes(struct sj_check *c);
SJ_MUST_CHECK sj_status sj_check_pins(struct sj_check *c);

#endif
