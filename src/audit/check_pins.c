/* SPDX-License-Identifier: Apache-2.0
 *
 * Do the entries so far give the root that was signed at this size? Asked at the size of every note in the bundle,
 * of the caller's --since and of the checkpoint. Notes between narrow a damage down to a batch; without them only
 * the last root would speak. Recomputing the root at an older size is the whole of consistency: no proof is
 * believed.
 */
#include <stdio.h>

#include "check.h"

static sj_status next_note_bytes(struct sj_check *c, struct sj_buf *note, bool *ret_found)
{
    uint8_t head[2];
    size_t got = 0;
    *ret_found = false;
    TRY(sj_stream_read(&c->notes, head, sizeof(head), &got));
    if (got == 0) {
        return SJ_DONE;
    }
    const size_t len = (size_t)head[0] << 8 | head[1];
    sj_buf_reset(note);
    if (got == sizeof(head) && len != 0) {
        TRY(sj_buf_reserve(note, len));
        TRY(sj_stream_read(&c->notes, note->ptr, len, &got));
        note->len = got;
    }
    if (len == 0 || note->len != len) {
        sj_check_incomplete(c, "the list of notes is cut short");
        c->has_notes = false;
        return SJ_DONE;
    }
    *ret_found = true;
    return SJ_DONE;
}

/* What the note says; whether it is signed is asked at its size. */
static void take_note(struct sj_check *c)
{
    struct sj_checkpoint checkpoint;
    if (!sj_check_read_note(sj_buf_view(&c->next_note_bytes), &checkpoint) ||
        !sj_text_equal(checkpoint.origin, sj_text_of(c->origin))) {
        sj_check_tampered(c, "a note among `notes` is not signed by the log");
        return;
    }
    if (c->next_note.is_set && checkpoint.size <= c->next_note.size) {
        sj_check_tampered(c, "the notes are not in ascending order");
        return;
    }
    c->next_note = (struct sj_pin){true, checkpoint.size, checkpoint.root};
    if (checkpoint.size > c->head.size) {
        sj_check_incomplete(c, "stale: a newer note than the checkpoint is among `notes`");
        c->has_notes = false;
    }
}

static sj_status advance(struct sj_check *c)
{
    if (!c->has_notes) {
        c->next_note.is_set = false;
        return SJ_DONE;
    }
    bool found = false;
    TRY(next_note_bytes(c, &c->next_note_bytes, &found));
    if (!found) {
        c->has_notes = false;
        c->next_note.is_set = false;
        return SJ_DONE;
    }
    take_note(c);
    return SJ_DONE;
}

sj_status sj_check_open_notes(struct sj_check *c)
{
    const struct sj_member_key key = {.kind = SJ_MEMBER_NOTES};
    TRY(sj_source_stream(&c->source, &key, &c->notes, &c->has_notes));
    TRY(c->has_notes ? advance(c) : SJ_DONE);
    while (c->begin != 0 && c->next_note.is_set && c->next_note.size <= c->begin && !c->stopped) {
        c->is_proven = sj_check_is_proven(c);
        TRY(advance(c)); /* the run before has looked at it */
    }
    return SJ_DONE;
}

static void name_pin(struct sj_check *c, const struct sj_pin *pin)
{
    if (c->report->verdict == SJ_TAMPERED) {
        (void)snprintf(c->report->checkpoint, sizeof(c->report->checkpoint), "%s %llu", c->origin,
            (unsigned long long)pin->size);
    }
}

void sj_check_contradict(struct sj_check *c, const struct sj_pin *pin, const char *what)
{
    char cause[240];
    if (c->good_size < pin->size) {
        (void)snprintf(cause, sizeof(cause), "entries %llu to %llu do not give the root %s",
            (unsigned long long)c->good_size, (unsigned long long)pin->size - 1, what);
        sj_check_tampered_at(c, c->good_size, cause);
    } else { /* a tree that is already known, all of it */
        (void)snprintf(cause, sizeof(cause), "the tree of size %llu has not the root %s",
            (unsigned long long)pin->size, what);
        sj_check_tampered(c, cause);
    }
    name_pin(c, pin);
}

static bool is_due(const struct sj_check *c, const struct sj_pin *pin)
{
    return pin->is_set && pin->size == c->frontier.size;
}

static sj_status check_note_signed(struct sj_check *c)
{
    struct sj_note note;
    enum sj_signed by = SJ_SIGNED_NOT;
    TRY(sj_check_signed(c, sj_buf_view(&c->next_note_bytes), &note, &by));
    if (c->stopped || by == SJ_SIGNED_GOOD) {
        c->is_proven = c->is_proven || by == SJ_SIGNED_GOOD;
        return SJ_DONE;
    }
    sj_check_tampered(c, by == SJ_SIGNED_OTHER_EPOCH
                             ? "a note among `notes` is signed with the log's key of another epoch"
                             : "a note among `notes` is not signed by the log");
    name_pin(c, &c->next_note);
    return SJ_DONE;
}

static bool older_is_due(const struct sj_check *c)
{
    return c->older_next < c->older_count && is_due(c, &c->older[c->older_next].pin);
}

static sj_status check_older(struct sj_check *c, const struct sj_hash *root)
{
    while (older_is_due(c) && !c->stopped) {
        TRY(sj_check_older_due(c, &c->older[c->older_next++], root));
    }
    return SJ_DONE;
}

sj_status sj_check_pins(struct sj_check *c)
{
    const bool note_due = is_due(c, &c->next_note);
    struct sj_hash root;
    if (!note_due && !older_is_due(c) && !is_due(c, &c->head)) {
        return SJ_DONE;
    }
    TRY(sj_frontier_root(&c->frontier, &root));
    TRY(check_older(c, &root));
    TRY(note_due && !c->stopped ? check_note_signed(c) : SJ_DONE);
    if (c->stopped) {
        return SJ_DONE;
    }
    if (note_due && !sj_hash_equal(&root, &c->next_note.root)) {
        sj_check_contradict(c, &c->next_note, "that was signed then");
    } else if (is_due(c, &c->head) && !sj_hash_equal(&root, &c->head.root)) {
        sj_check_contradict(c, &c->head, "of the checkpoint");
    } else {
        c->good_size = c->frontier.size;
        return note_due ? advance(c) : SJ_DONE;
    }
    return SJ_DONE;
}
