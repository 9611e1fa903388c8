/* SPDX-License-Identifier: Apache-2.0
 *
 * C2SP tlog-policy: which log keys a checkpoint must carry, and which witnesses besides.
 *   log <vkey> [url] · witness <name> <vkey> [url] · group <name> all|any|<k> <member>… · quorum <name>|none
 */
#ifndef SJ_AUDIT_TLOG_POLICY_H
#define SJ_AUDIT_TLOG_POLICY_H

#include "sanjeh/crypto/note.h"

#define SJ_POLICY_NODES_MAX 96 /* witnesses and groups */
#define SJ_POLICY_NAME_MAX  255
#define SJ_POLICY_URL_MAX   255
#define SJ_POLICY_TEXT_MAX  65536

/* A witness, or a group of nodes defined before it. */
struct sj_policy_node {
    char name[SJ_POLICY_NAME_MAX + 1];
    char url[SJ_POLICY_URL_MAX + 1]; /* of a witness: its submission prefix; "" none */
    bool is_member;                  /* of a group: of one at most */
    bool is_group;
    size_t key;       /* of a witness: place in keys */
    size_t threshold; /* of a group */
    size_t member_count;
    uint8_t members[SJ_POLICY_NODES_MAX];
};

struct sj_tlog_policy {
    struct sj_note_key keys[SJ_NOTE_KEYS_MAX]; /* for sj_note_open */
    bool is_log[SJ_NOTE_KEYS_MAX];
    size_t key_count;
    struct sj_policy_node nodes[SJ_POLICY_NODES_MAX];
    size_t node_count;
    size_t quorum; /* a node; SJ_POLICY_NODES_MAX: none is asked for */
};

/* Errors: INVALID; reterr_line then holds the line number (from 1). Without a log there is nothing that it could accept: INVALID. */
SJ_MUST_CHECK sj_status sj_tlog_policy_parse(
    struct sj_view bytes, struct sj_tlog_policy *ret_policy, size_t *reterr_line);
/* The same for whoever knows the log from elsewhere: a policy without one is a policy, too. */
SJ_MUST_CHECK sj_status sj_tlog_policy_parse_witnesses(
    struct sj_view bytes, struct sj_tlog_policy *ret_policy, size_t *reterr_line);
/* Whether a log key named origin verified, and whether the quorum holds. */
bool sj_tlog_policy_has_log(
    const struct sj_tlog_policy *policy, const struct sj_note *note, struct sj_text origin);
bool sj_tlog_policy_has_quorum(const struct sj_tlog_policy *policy, const struct sj_note *note);

enum sj_note_state { SJ_NOTE_GOOD, SJ_NOTE_UNSIGNED, SJ_NOTE_FORGED, SJ_NOTE_MALFORMED };
/* A checkpoint by the policy: GOOD when a log key named like its origin signed it and no known key fails; MALFORMED when it has a line of
 * a known key and is no signed note, or no checkpoint. The quorum is asked for apart. What is returned borrows bytes; it is set when GOOD. A status only for our own failures. */
SJ_MUST_CHECK sj_status sj_tlog_policy_open(const struct sj_tlog_policy *policy,
    struct sj_view bytes, struct sj_note *ret_note, struct sj_checkpoint *ret_checkpoint,
    enum sj_note_state *ret_state);

#endif
