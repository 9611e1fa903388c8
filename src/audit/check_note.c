/* SPDX-License-Identifier: Apache-2.0
 *
 * Which sizes and roots are known from signatures before an entry is read? The checkpoint's and --since's, by the caller's
 * policy (policy_note.c): the bundle's own copy of a policy is never read. A forged signature is tampering (1), a missing
 * one is "unsigned" (2): the two are told apart because one accuses and the other does not.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of the caller: its absence is a usage error. */
static sj_status read_file(const char *path, size_t max, struct sj_buf *out)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0, BAD_PARAMETER);
    TRY(sj_buf_reserve(out, max));
    while (out->len < max) {
        const ssize_t got = read(fd, out->ptr + out->len, max - out->len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        ENSURE(got >= 0, BAD_PARAMETER);
        if (got == 0) {
            return SJ_DONE;
        }
        out->len += (size_t)got;
    }
    FAIL(BAD_PARAMETER); /* as long as the limit, or longer */
}

sj_status sj_check_note(const struct sj_check *c, struct sj_view bytes, struct sj_note *ret_note,
    struct sj_checkpoint *ret_checkpoint, enum sj_note_state *ret_state)
{
    return sj_tlog_policy_open(&c->policy, bytes, ret_note, ret_checkpoint, ret_state);
}

sj_status sj_check_policy(struct sj_check *c)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_POLICY_TEXT_MAX);
    size_t line = 0;
    ENSURE(c->options->policy_path != NULL, BAD_PARAMETER);
    TRY(read_file(c->options->policy_path, SJ_POLICY_TEXT_MAX, &text));
    ENSURE(!sj_failed(sj_tlog_policy_parse(sj_buf_view(&text), &c->policy, &line)), BAD_PARAMETER);
    return SJ_DONE;
}

static sj_status keep_head(
    struct sj_check *c, const struct sj_note *note, const struct sj_checkpoint *checkpoint)
{
    TRY(sj_copy(c->origin, SJ_NOTE_NAME_MAX, checkpoint->origin.ptr, checkpoint->origin.len));
    c->origin[checkpoint->origin.len] = '\0';
    c->head = (struct sj_pin){true, checkpoint->size, checkpoint->root};
    c->report->size = checkpoint->size;
    for (size_t i = 0; i < c->policy.key_count; i++) {
        if (note->verified[i] && note->cosigned_s[i] > c->cosigned_s) {
            c->cosigned_s = note->cosigned_s[i];
        }
    }
    return SJ_DONE;
}

sj_status sj_check_checkpoint(struct sj_check *c)
{
    const struct sj_member_key key = {.kind = SJ_MEMBER_CHECKPOINT};
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_NOTE_MAX);
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    enum sj_note_state state = SJ_NOTE_UNSIGNED;
    bool found = false;
    TRY(sj_source_read(&c->source, &key, SJ_NOTE_MAX, &bytes, &found));
    if (!found) {
        sj_check_incomplete(c, "the checkpoint is missing");
        c->stopped = true;
        return SJ_DONE;
    }
    TRY(sj_check_note(c, sj_buf_view(&bytes), &note, &checkpoint, &state));
    if (state == SJ_NOTE_FORGED) {
        sj_check_tampered(c, "the checkpoint's signature by a key of the policy does not hold");
    } else if (state == SJ_NOTE_UNSIGNED) {
        sj_check_incomplete(c, "the checkpoint has no signature by a log of the policy");
        c->stopped = true;
    } else {
        TRY(keep_head(c, &note, &checkpoint));
        if (!sj_tlog_policy_has_quorum(&c->policy, &note)) {
            sj_check_incomplete(c, "the checkpoint lacks the quorum of witnesses");
        }
    }
    return SJ_DONE;
}

sj_status sj_check_since(struct sj_check *c)
{
    if (c->options->since_path == NULL) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_NOTE_MAX + 1);
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    enum sj_note_state state = SJ_NOTE_UNSIGNED;
    TRY(read_file(c->options->since_path, SJ_NOTE_MAX + 1, &bytes));
    TRY(sj_check_note(c, sj_buf_view(&bytes), &note, &checkpoint, &state));
    ENSURE(state == SJ_NOTE_GOOD, BAD_PARAMETER); /* the caller's own pin must hold */
    ENSURE(sj_text_equal(checkpoint.origin, sj_text_of(c->origin)), BAD_PARAMETER);
    c->since = (struct sj_pin){true, checkpoint.size, checkpoint.root};
    if (checkpoint.size > c->head.size) {
        sj_check_incomplete_at(
            c, c->head.size, "stale: the checkpoint is older than the one given by --since");
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
}
