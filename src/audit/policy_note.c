/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose signature stands under this checkpoint? The caller's policy is the only source of trust. A line of a known key that
 * fails is forgery; no line of a known key is "unsigned"; a log's key under another log's name vouches for nothing. What is no note or
 * no checkpoint was damaged on its way, or its signer is at fault: it accuses nobody.
 */
#include "sanjeh/audit/tlog_policy.h"

#include <string.h>

#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"

#define DASH "\xE2\x80\x94 "

/* Whether a signature line carries the name and id of a key of the policy. */
static bool is_line_of(struct sj_text line, const struct sj_note_key *key)
{
    struct sj_text name;
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(SJ_NOTE_MAX);
    if (!sj_text_starts(line, DASH)) {
        return false;
    }
    line.ptr += strlen(DASH);
    line.len -= strlen(DASH);
    return sj_text_split(&line, ' ', &name) && sj_text_equal(name, sj_text_of(key->name)) &&
           !sj_failed(sj_parse_base64(line, &blob)) && blob.len >= 4 &&
           sj_view_equal(sj_view_of(blob.ptr, 4), sj_view_of(key->id, 4));
}

static bool claims_known_key(const struct sj_tlog_policy *policy, struct sj_view bytes)
{
    struct sj_text rest;
    struct sj_text line;
    if (sj_failed(sj_text_check(bytes, SJ_NOTE_MAX, &rest))) {
        return false;
    }
    while (sj_text_split(&rest, '\n', &line)) {
        for (size_t i = 0; i < policy->key_count; i++) {
            if (is_line_of(line, &policy->keys[i])) {
                return true;
            }
        }
    }
    return false;
}

sj_status sj_tlog_policy_open(const struct sj_tlog_policy *policy, struct sj_view bytes,
    struct sj_note *ret_note, struct sj_checkpoint *ret_checkpoint, enum sj_note_state *ret_state)
{
    const sj_status opened = sj_note_open(bytes, policy->keys, policy->key_count, ret_note);
    *ret_state = SJ_NOTE_FORGED;
    if (sj_failed(opened)) {
        if (opened.code != SJ_INVALID) {
            return opened;
        }
        if (!claims_known_key(policy, bytes)) {
            *ret_state = SJ_NOTE_UNSIGNED;
        } else if (!sj_note_is_well_formed(bytes)) {
            *ret_state = SJ_NOTE_MALFORMED;
        }
        return SJ_DONE;
    }
    if (sj_failed(sj_checkpoint_parse(ret_note->text, ret_checkpoint))) {
        *ret_state = SJ_NOTE_MALFORMED;
        return SJ_DONE;
    }
    if (sj_tlog_policy_has_log(policy, ret_note, ret_checkpoint->origin)) {
        *ret_state = SJ_NOTE_GOOD;
        return SJ_DONE;
    }
    /* witnesses alone vouch for a log that the policy does not name */
    for (size_t i = 0; i < policy->key_count; i++) {
        if (policy->is_log[i] && ret_note->verified[i]) {
            return SJ_DONE; /* a log's key under another log's name */
        }
    }
    *ret_state = SJ_NOTE_UNSIGNED;
    return SJ_DONE;
}
