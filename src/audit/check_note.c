/* SPDX-License-Identifier: Apache-2.0
 *
 * Which sizes and roots are known from signatures before an entry is read? The checkpoint's, by the caller's
 * policy (policy_note.c): the bundle's own copy of a policy is never read. A forged signature is tampering (1), a missing
 * one is "unsigned" (2): the two are told apart because one accuses and the other does not.
 */
#include <stdio.h>

#include "check.h"

#include "sanjeh/base/file.h"

/* The text before the last blank line (C2SP signed-note). */
bool sj_check_read_note(struct sj_view bytes, struct sj_checkpoint *ret_checkpoint)
{
    struct sj_text text;
    if (sj_failed(sj_text_check(bytes, SJ_NOTE_MAX, &text))) {
        return false;
    }
    for (size_t end = text.len; end >= 2; end--) {
        if (text.ptr[end - 1] == '\n' && text.ptr[end - 2] == '\n') {
            text.len = end - 1;
            return !sj_failed(sj_checkpoint_parse(text, ret_checkpoint));
        }
    }
    return false;
}

sj_status sj_check_policy(struct sj_check *c)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_POLICY_TEXT_MAX);
    size_t line = 0;
    ENSURE(c->options->policy_path != NULL, BAD_PARAMETER);
    if (sj_failed(sj_read_file(c->options->policy_path, &text)) ||
        sj_failed(sj_tlog_policy_parse(sj_buf_view(&text), &c->policy, &line))) {
        return sj_check_refuse(c, "the policy cannot be read, or is none");
    }
    return sj_sha256_one(sj_buf_view(&text), &c->policy_digest);
}

static bool has_log_of(const struct sj_tlog_policy *policy, struct sj_text origin)
{
    bool found = false;
    for (size_t i = 0; i < policy->key_count; i++) {
        found =
            found || (policy->is_log[i] && sj_text_equal(sj_text_of(policy->keys[i].name), origin));
    }
    return found;
}

static sj_status keep_head(struct sj_check *c, const struct sj_checkpoint *checkpoint)
{
    TRY(sj_copy(c->origin, SJ_NOTE_NAME_MAX, checkpoint->origin.ptr, checkpoint->origin.len));
    c->origin[checkpoint->origin.len] = '\0';
    c->head = (struct sj_pin){true, checkpoint->size, checkpoint->root};
    c->report->size = checkpoint->size;
    sj_check_keys_begin(c);
    return SJ_DONE;
}

void sj_check_unsigned(struct sj_check *c)
{
    sj_check_incomplete(c, "the checkpoint has no signature by a log of the policy");
    c->stopped = true;
}

static bool is_signed(const struct sj_check *c, const struct sj_buf *bytes)
{
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    enum sj_note_state state = SJ_NOTE_UNSIGNED;
    return !sj_failed(
               sj_tlog_policy_open(&c->policy, sj_buf_view(bytes), &note, &checkpoint, &state)) &&
           (state == SJ_NOTE_GOOD || state == SJ_NOTE_FORGED);
}

/* The key that a policy names may have passed on since: then the checkpoint is not signed by it, but the note that comes next is. */
bool sj_check_is_proven(const struct sj_check *c)
{
    return c->is_proven || is_signed(c, &c->checkpoint) ||
           (c->next_note.is_set && is_signed(c, &c->next_note_bytes));
}

/* What the checkpoint says is the claim that is checked; by whose key it must be signed is known at its size only. */
sj_status sj_check_checkpoint(struct sj_check *c)
{
    const struct sj_member_key key = {.kind = SJ_MEMBER_CHECKPOINT};
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    enum sj_note_state state = SJ_NOTE_UNSIGNED;
    bool found = false;
    TRY(sj_source_read(&c->source, &key, SJ_NOTE_MAX, &c->checkpoint, &found));
    if (!found) {
        sj_check_incomplete(c, "the checkpoint is missing");
        c->stopped = true;
        return SJ_DONE;
    }
    const struct sj_view bytes = sj_buf_view(&c->checkpoint);
    TRY(sj_tlog_policy_open(&c->policy, bytes, &note, &checkpoint, &state));
    c->is_proven = state == SJ_NOTE_GOOD || state == SJ_NOTE_FORGED;
    if (state == SJ_NOTE_MALFORMED) {
        sj_check_incomplete(c, "the checkpoint cannot be read");
        c->stopped = true;
        return SJ_DONE;
    }
    if (state == SJ_NOTE_FORGED) {
        sj_check_tampered(c, "the checkpoint's signature by a key of the policy does not hold");
        if (sj_check_read_note(bytes, &checkpoint)) { /* which one, by its own word */
            (void)snprintf(c->report->checkpoint, sizeof(c->report->checkpoint), "%.*s %llu",
                (int)checkpoint.origin.len, checkpoint.origin.ptr,
                (unsigned long long)checkpoint.size);
        }
        return SJ_DONE;
    }
    if (state == SJ_NOTE_UNSIGNED &&
        (!sj_check_read_note(bytes, &checkpoint) || !has_log_of(&c->policy, checkpoint.origin))) {
        sj_check_unsigned(c);
        return SJ_DONE;
    }
    return keep_head(c, &checkpoint);
}

sj_status sj_check_head_signed(struct sj_check *c)
{
    struct sj_note note;
    enum sj_signed by = SJ_SIGNED_NOT;
    TRY(sj_check_signed(c, sj_buf_view(&c->checkpoint), &note, &by));
    if (c->stopped) {
        return SJ_DONE;
    }
    switch (by) {
    case SJ_SIGNED_GOOD:
        break;
    case SJ_SIGNED_NOT:
        sj_check_unsigned(c);
        return SJ_DONE;
    case SJ_SIGNED_OTHER_EPOCH:
        sj_check_tampered(c, "the checkpoint is signed with the log's key of another epoch");
        return SJ_DONE;
    case SJ_SIGNED_FORGED:
        sj_check_tampered(c, "the checkpoint's signature by a key of the policy does not hold");
        return SJ_DONE;
    }
    for (size_t i = 0; i < c->policy.key_count; i++) {
        if (note.verified[i] && note.cosigned_s[i] > c->cosigned_s) {
            c->cosigned_s = note.cosigned_s[i];
        }
    }
    if (!sj_tlog_policy_has_quorum(&c->policy, &note)) {
        sj_check_incomplete(c, "the checkpoint lacks the quorum of witnesses");
    }
    return SJ_DONE;
}

void sj_check_freshness(struct sj_check *c)
{
    if (c->options->max_age_s == 0) {
        return;
    }
    const int64_t entry_s = c->last_time / 1000000;
    const int64_t newest = c->cosigned_s > entry_s ? c->cosigned_s : entry_s;
    const int64_t now = sj_time_now() / 1000000;
    if (now - newest > c->options->max_age_s) {
        sj_check_incomplete(c, "stale: the newest entry is older than --max-age");
    }
    sj_check_older_age(c, newest);
}
