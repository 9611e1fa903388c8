/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper: a process that holds the root key, the unit keys and the log's signing key with its own
 * memory of what it signed. No network, no SQL. Forked before any thread and before any key is read.
 * The front asks over SOCK_SEQPACKET pairs, one per loop; what may be asked depends on the phase, and
 * everything else closes the channel. On a fiber a question parks it; elsewhere it blocks.
 *
 * Hierarchy (NIST SP 800-57 terms in docs/KEYS.md):
 *   root key -> unit KEK (epoch) -> subject DEK (version) -> field key -> value key
 *            -> unit index root -> blind index keys
 *            -> context key (row security), password pepper, seal keys (rows that are believed), emitter keys
 *               (outbox MAC), log signing seed
 */
#ifndef SJ_KEYS_KEEPER_H
#define SJ_KEYS_KEEPER_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"
#include "sanjeh/base/loop.h"
#include "sanjeh/base/time.h"
#include "sanjeh/crypto/fle1.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/db/db.h"
#include "sanjeh/keys/card_claim.h"
#include "sanjeh/keys/epoch.h"

struct sj_keeper;  /* the process, seen from its parent */
struct sj_channel; /* one loop's line to it */

/* PROVISION: migrate and account creation on the local machine; never signs the log.
 * SERVE: the server. */
enum sj_keeper_use { SJ_KEEPER_PROVISION, SJ_KEEPER_SERVE };

struct sj_keeper_config {
    const char *root_key_file; /* 32 bytes, mode 0400/0600; created by sj_keeper_create_root */
    const char *signer_state;  /* fsynced frontier of the signed log; SERVE only */
    /* The key that wraps those of payloads; NULL: signer_state with ".payload" behind it. All servers of a log have the same. */
    const char *payload_keys;
    const char *origin; /* log origin, also the key name of its notes; SERVE only */
    /* Which server of the log this is: NULL or "" for the first, else 1 to 32 of a-z, 0-9, '-'. Each has a log key and a
     * signer state of its own under the one origin. */
    const char *instance;
    const char *user; /* to drop to when started as root; NULL: stay */
    enum sj_keeper_use use;
    unsigned channels;
};

#define SJ_INSTANCE_MAX 32
bool sj_instance_name_is_good(const char *name);

/* Makes the file with a fresh root key, mode 0400. Errors: IO (also when it exists). */
SJ_MUST_CHECK sj_status sj_keeper_create_root(const char *path);
/* Forks. Returns when the keeper is sandboxed and has its keys; its reason to refuse becomes the status.
 * Errors: BAD_CONFIG (key file, origin, user), CONFLICT (another keeper holds the signer's state), LOG_TAMPERED (the
 * state was edited, or belongs to another root key or origin), KEEPER_UNAVAILABLE, IO. */
SJ_MUST_CHECK sj_status sj_keeper_start(
    const struct sj_keeper_config *config, struct sj_keeper **ret_keeper);
/* Ends the lines and waits for the process (kills it after 2 s). Close the channels first. */
void sj_keeper_stop(struct sj_keeper **keeper);
int sj_keeper_pid(const struct sj_keeper *keeper);
/* A process that is not the keeper any more (after fork of helpers) is not supported. */
bool sj_keeper_is_alive(const struct sj_keeper *keeper);
/* The channel of a loop (0 .. channels-1); loop NULL: blocking. Call on the loop's thread (or before it runs). After
 * sj_channel_close the same number can be opened again. Errors: KEEPER_UNAVAILABLE, CONFLICT (open already),
 * BAD_CONFIG (no such number). */
SJ_MUST_CHECK sj_status sj_channel_open(struct sj_keeper *keeper, unsigned number,
    struct sj_loop *loop, struct sj_channel **ret_channel);
void sj_channel_close(struct sj_channel **channel);
/* False for good once the keeper has gone or talked nonsense: every question then fails at once. On the loop's thread. */
bool sj_channel_is_open(const struct sj_channel *channel);

/* ---- questions; all fail with KEEPER_UNAVAILABLE when the keeper is gone or slow (2 s), and those that use a
 * unit's key with NOT_FOUND when it is not loaded. A question that the phase does not permit closes the channel. */

/* A fresh unit: KEK of epoch 1 and index root, wrapped by the root key with the unit as context. A later epoch gets a
 * fresh KEK and keeps the index root of the loaded unit. Not loaded by itself: store it, then ask_load_unit_key.
 * Errors: INVALID (epoch 0, or a later one of a unit that is not loaded). */
SJ_MUST_CHECK sj_status ask_new_unit_key(
    struct sj_channel *channel, struct sj_uuid unit, uint32_t epoch, struct sj_buf *ret_wrapped);
/* Gives the keeper a stored wrapped unit key. Needed once per unit and epoch before the questions below.
 * Errors: DECRYPT for a wrong or moved one; CONFLICT when another key is loaded for the same epoch. */
SJ_MUST_CHECK sj_status ask_load_unit_key(
    struct sj_channel *channel, struct sj_uuid unit, uint32_t epoch, struct sj_view wrapped);
/* A fresh subject DEK wrapped by the unit's newest KEK, and the DEK itself. */
SJ_MUST_CHECK sj_status ask_new_subject_key(struct sj_channel *channel, struct sj_uuid unit,
    struct sj_uuid subject, uint32_t version, struct sj_buf *ret_wrapped, struct sj_key *ret_dek);
/* The same for up to SJ_UNWRAP_MAX subjects in one question. ret_wrapped gets count pieces of *ret_wrapped_len bytes in
 * the order of subjects. */
#define SJ_UNWRAP_MAX 256
SJ_MUST_CHECK sj_status ask_new_subject_keys(struct sj_channel *channel, struct sj_uuid unit,
    const struct sj_uuid *subjects, size_t count, uint32_t version, size_t *ret_wrapped_len,
    struct sj_buf *ret_wrapped, struct sj_key *ret_deks);
struct sj_wrapped_dek {
    struct sj_uuid unit;
    struct sj_uuid subject;
    uint32_t version;
    struct sj_view wrapped;
};
/* Opens up to SJ_UNWRAP_MAX in one question. One bad item fails all with DECRYPT. */
SJ_MUST_CHECK sj_status ask_unwrap(struct sj_channel *channel, const struct sj_wrapped_dek *items,
    size_t count, struct sj_key *ret_deks);
/* Leftmost bits of HMAC(K_bi, value), big endian, unused low bits of the last byte zero; bits 8..128.
 * count values at once (at most 256); each result has 16 bytes, those beyond bits are zero. */
struct sj_blind {
    uint8_t bytes[16];
};
SJ_MUST_CHECK sj_status ask_blind_index(struct sj_channel *channel, struct sj_uuid unit,
    uint32_t table, uint32_t index, uint32_t version, unsigned bits, const struct sj_text *values,
    size_t count, struct sj_blind *ret_blinds);
/* Signs a row-security context for the scopes (units, compartment, judge or named system scopes; 1 to 11), valid
 * until expires (at most one hour ahead). Errors: INVALID. */
SJ_MUST_CHECK sj_status ask_context(struct sj_channel *channel, const struct sj_uuid *scopes,
    size_t count, sj_time_us expires, struct sj_context *ret_context);
/* PROVISION only: inner||outer HMAC pads of the context key, 128 bytes. */
SJ_MUST_CHECK sj_status ask_context_pads(struct sj_channel *channel, uint8_t ret_pads[128]);
/* HMAC(pepper of version, tag): the second half of a password verifier. */
SJ_MUST_CHECK sj_status ask_pepper(struct sj_channel *channel, uint32_t version,
    const struct sj_hash *tag, struct sj_hash *ret_mac);
/* Seals of rows that the server believes: HMAC under a key of the purpose alone, so that a row written past the server
 * (a database superuser's) is not believed, and no seal of one purpose passes for one of another. The hash covers
 * everything that the row says. Compare with sj_hash_equal. Errors: INVALID (no such purpose). */
enum sj_seal_purpose {
    SJ_SEAL_ACCOUNT = 1,
    SJ_SEAL_PASSWORD = 2,
    SJ_SEAL_CHALLENGE = 3,
    SJ_SEAL_SESSION = 4,
    SJ_SEAL_APPROVAL = 5, /* a request for what takes two persons */
    SJ_SEAL_APPROVAL_VOTE = 6,
    SJ_SEAL_POLICY = 7, /* a version of the policy */
    SJ_SEAL_POLICY_DOMAIN = 8,
    SJ_SEAL_SESSION_ROLE = 9, /* what a session chose among its roles */
    SJ_SEAL_STEP_UP = 10,     /* a second factor shown again */
    SJ_SEAL_BREAK_GLASS = 11, /* a file opened in an emergency, a notice postponed */
    SJ_SEAL_ENROLMENT = 12    /* the way to the factors of a new account */
};
#define SJ_SEAL_PURPOSE_LAST SJ_SEAL_ENROLMENT
SJ_MUST_CHECK sj_status ask_seal(struct sj_channel *channel, enum sj_seal_purpose purpose,
    const struct sj_hash *hash, struct sj_hash *ret_mac);
/* Up to SJ_SEALS_MAX in one question. */
#define SJ_SEALS_MAX 24
struct sj_seal_item {
    enum sj_seal_purpose purpose;
    struct sj_hash hash;
};
SJ_MUST_CHECK sj_status ask_seals(struct sj_channel *channel, const struct sj_seal_item *items,
    size_t count, struct sj_hash *ret_macs);
/* The outbox MAC key of an emitter (a process that writes drafts) in the keeper's log: in one that goes on from another it is its own. */
SJ_MUST_CHECK sj_status ask_emitter_key(
    struct sj_channel *channel, struct sj_uuid emitter, struct sj_key *ret_key);

/* ---- the log signer (SERVE) ---- */

struct sj_signed_head {
    uint64_t size;
    struct sj_hash root;
};
/* What the keeper signed last, and its public key as a vkey line ("name+hash+base64"). */
SJ_MUST_CHECK sj_status ask_signed_head(
    struct sj_channel *channel, struct sj_signed_head *ret_head, struct sj_buf *ret_vkey);
/* The public key of the log (config origin) as a vkey line, appended; also in PROVISION, where nothing is
 * ever signed and no signer state is touched. */
SJ_MUST_CHECK sj_status ask_log_vkey(struct sj_channel *channel, struct sj_buf *ret_vkey);
/* Extends its own tree by the leaves, checks that this gives new_root, stores its state durably, signs.
 * Appends the signed note (C2SP signed-note, checkpoint body) to ret_note. At most 1,024 leaves.
 * Errors: LOG_TAMPERED when old_size or new_root does not fit; nothing was signed. */
SJ_MUST_CHECK sj_status ask_extend(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_hash *new_root,
    struct sj_buf *ret_note);
/* The newest entry of the batch is the one that appoints the log's next key, as ask_prepare_epoch told it with first the new
 * size + 1: from then on both keys sign. Errors as above, and LOG_TAMPERED when it is not that entry. */
SJ_MUST_CHECK sj_status ask_extend_rotating(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_hash *new_root,
    struct sj_view rotation, struct sj_buf *ret_note);
/* Recovery of one committed but unsigned batch: the same, but only with the batch MAC
 * HMAC(emitter key, "sanjeh/batch" || old_size || old_root || new_size || new_root) that the front
 * stored in the head row. Errors: LOG_TAMPERED when the MAC is not ours. */
SJ_MUST_CHECK sj_status ask_recover(struct sj_channel *channel, struct sj_uuid emitter,
    uint64_t old_size, const struct sj_hash *leaves, size_t count, const struct sj_hash *new_root,
    struct sj_view mac, struct sj_buf *ret_note);
/* The same of a batch whose newest entry appoints the log's next key. */
SJ_MUST_CHECK sj_status ask_recover_rotating(struct sj_channel *channel, struct sj_uuid emitter,
    uint64_t old_size, const struct sj_hash *leaves, size_t count, const struct sj_hash *new_root,
    struct sj_view mac, struct sj_view rotation, struct sj_buf *ret_note);

/* ---- the log's keys, one after another ---- */

/* In PROVISION what the signer's file says (config signer_state): NOT_FOUND when there is none yet. */
SJ_MUST_CHECK sj_status ask_epochs(struct sj_channel *channel, struct sj_epoch_status *ret_status);
/* Makes the next key, or tells of the one that is there (SERVE). */
SJ_MUST_CHECK sj_status ask_prepare_epoch(
    struct sj_channel *channel, struct sj_epoch_status *ret_status);
/* Destroys the old key (SERVE). Errors: CONFLICT (the next has not signed yet). */
SJ_MUST_CHECK sj_status ask_finish_epoch(
    struct sj_channel *channel, struct sj_epoch_status *ret_status);

/* Signs again what was signed last: the same text, appended. Errors: NOT_FOUND (nothing was signed yet). */
SJ_MUST_CHECK sj_status ask_note_again(struct sj_channel *channel, struct sj_buf *ret_note);

/* ---- several servers on one log (SERVE) ---- */

/* The keeper's word, for keepers of the same root, that the vkey is this instance's log key now. vkey appended. */
SJ_MUST_CHECK sj_status ask_voucher(
    struct sj_channel *channel, struct sj_hash *ret_voucher, struct sj_buf *ret_vkey);
/* Whether a keeper of the same root has vouched for this key of this instance (PROVISION, too). Errors: LOG_TAMPERED (none has). */
SJ_MUST_CHECK sj_status ask_vouched(struct sj_channel *channel, struct sj_text instance,
    struct sj_text vkey, const struct sj_hash *voucher);
/* Another server's note, and its key as vouched for. */
struct sj_peer_note {
    struct sj_text instance;
    struct sj_text vkey;
    struct sj_hash voucher;
    struct sj_view note;
};
/* In phase OVERLAP: the tree that ends in the entry which appoints the next key, signed by the old one, however far the log has
 * grown since; appended. Errors: NOT_FOUND (no change is under way). */
SJ_MUST_CHECK sj_status ask_note_change(struct sj_channel *channel, struct sj_buf *ret_note);
/* The log has ended: its epochs' keys are destroyed in the signer's file, which no keeper takes any more; nothing more is signed. */
SJ_MUST_CHECK sj_status ask_log_end(struct sj_channel *channel);
/* As ask_follow without a note, where the last leaf is that of `entry`, which appoints this keeper's prepared key: another
 * server signs for this one. With the note that covers it the change is under way, as if it had been signed here.
 * Errors: LOG_TAMPERED (it is not that entry). */
SJ_MUST_CHECK sj_status ask_follow_change(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, struct sj_view entry);
/* Leaves (0 to 1,024) that follow what was signed, or what was followed before; nothing is believed yet. With a note the
 * keeper computes the root of all that was followed and takes it over as signed when the note of another instance
 * says the same. Errors: LOG_TAMPERED (nothing was taken over), LOG_ROLLED_BACK (the note is this instance's own). */
SJ_MUST_CHECK sj_status ask_follow(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_peer_note *note);

/* ---- the signer of report cards: a key of its own, key name "<origin>/report-card" ---- */

/* Its public key as a vkey line, appended; PROVISION and SERVE. Errors: BAD_CONFIG (no origin configured). */
SJ_MUST_CHECK sj_status ask_card_vkey(struct sj_channel *channel, struct sj_buf *ret_vkey);
/* Signs one card (SERVE). Appends a C2SP signed note whose text is five lines: SJ_CARD_NOTE_FORMAT, evaluation, number,
 * former and content in lower-case hex. Errors: INVALID (number and former do not fit each other). */
SJ_MUST_CHECK sj_status ask_sign_card(
    struct sj_channel *channel, const struct sj_card_claim *claim, struct sj_buf *ret_note);

#endif
