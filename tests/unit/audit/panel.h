/* SPDX-License-Identifier: Apache-2.0
 *
 * Everybody who could speak about a record, asked at once, so that a test says who does and that nobody else does (AUDIT 4.1: "the named
 * detector speaks, and nothing else does"). Outsiders have a bundle: the verifier by itself, with a pin, a state, a witness, tokens of
 * time; and the witness, shown its checkpoint. What they hold is from before the attack. Insiders, of a rig, are in rig_panel.h.
 */
#ifndef SJ_TEST_AUDIT_PANEL_H
#define SJ_TEST_AUDIT_PANEL_H

#include "sanjeh/audit/verify.h"
#include "sanjeh/crypto/note.h"
#include "sanjeh/witness/witness.h"

/* The beginning of what each says; NULL: it must be silent. A verifier says "tampered at 60: cause (origin size)", or "incomplete …",
 * or "refused: …"; the words of the others stand below. */
struct panel {
    const char *verifier; /* the bundle by itself */
    const char *since;    /* against the checkpoint of before */
    const char *state;    /* going on from the run of before */
    const char *seen;     /* against what the witness gave to monitors */
    const char *tokens;   /* by the authority's certificate, when there is one */
    const char *
        witness; /* shown the bundle's checkpoint with the best proof that its tree gives: "409" … */
    /* of a rig alone */
    const char *scrubber; /* "at 290: cause", or "cause" */
    const char *start;    /* the reason for which a server does not start */
    const char *units;    /* exporting, or verifying, a unit's record by itself */
    const char *alarms;   /* rules over the entries, as shipped: "bulk-reads" … */
    const char *scenery;  /* a look at what guards the record: "changed table …" */
};

#define PANEL_VOICES 11u
#define PANEL_SAYS   600u
struct outsiders {
    char folder[64];
    char bundle
        [96]; /* where the test puts the bundle that is asked about; the one of before is remembered from there */
    char policy[96]; /* written here: the log's keys, witness "north", quorum none */
    char before[96];
    char since[96];
    char state[96];
    const char *tsa_ca; /* NULL: no tokens */
    struct sj_note_key witness_key;
    struct sj_signing_key *witness_secret;
    struct sj_witness *witness;
    struct sj_buf copy;                  /* what the witness gave to monitors before */
    struct sj_buf copy_of;               /* under this name */
    char said[PANEL_VOICES][PANEL_SAYS]; /* in the order of struct panel; "": silent */
};

/* log_lines: those of the policy. keys: by which the witness knows the log. */
void outsiders_open(struct outsiders *who, struct sj_text log_lines, const struct sj_note_key *keys,
    size_t key_count);
void outsiders_close(struct outsiders *who);
/* The bundle is the one of before: it must verify, the state is written, its checkpoint pinned and cosigned. leaves: of its tree. */
void outsiders_remember(struct outsiders *who, const struct sj_hash *leaves, size_t count);
/* Asks all of them about the bundle. leaves: of the tree that its checkpoint signs, as far as the attacker has them. */
void outsiders_hear(struct outsiders *who, const struct sj_hash *leaves, size_t count);
/* The same, and what they said is what is expected; the bundle of before still holds for everybody. */
void outsiders_expect(struct outsiders *who, const struct sj_hash *leaves, size_t count,
    const struct panel *expected);
/* What was said last against what is expected. */
void panel_compare(const struct outsiders *who, const struct panel *expected);
/* The bundle's checkpoint, emptied first. */
void outsiders_checkpoint(const char *bundle, struct sj_buf *out);
/* The words of a report, as above. */
void panel_say_report(
    sj_status status, const struct sj_verify_report *report, char out[PANEL_SAYS]);

#endif
