/* SPDX-License-Identifier: Apache-2.0
 *
 * Do the entries' times fit what others' clocks said? A token of time (RFC 3161) over a tree says that its entries were there then: none of them may
 * be later, and none behind them earlier. Witnesses' cosignatures of the checkpoint bound the end. Clocks of several houses differ by
 * seconds; five minutes are no forgery.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "sanjeh/crypto/timestamp.h"

#define SKEW_S INT64_C(300)

static sj_status read_part(struct sj_check *c, struct sj_buf *part, bool *ret_read)
{
    uint8_t head[2];
    size_t got = 0;
    *ret_read = false;
    sj_buf_reset(part);
    TRY(sj_stream_read(&c->stamps, head, sizeof(head), &got));
    const size_t len = got == sizeof(head) ? (size_t)head[0] << 8 | head[1] : 0;
    if (len == 0) {
        return SJ_DONE;
    }
    TRY(sj_buf_reserve(part, len));
    TRY(sj_stream_read(&c->stamps, part->ptr, len, &got));
    part->len = got;
    *ret_read = got == len;
    return SJ_DONE;
}

/* Size and root of the stamped note: the root is compared with the recomputed one, so its signature adds nothing here. */
static bool take_tree(struct sj_view note, struct sj_pin *pin)
{
    struct sj_checkpoint checkpoint;
    struct sj_text text;
    size_t len = note.len;
    while (len > 2 && !(note.ptr[len - 1] == '\n' && note.ptr[len - 2] == '\n')) {
        len--;
    }
    if (len <= 2 || sj_failed(sj_text_check(sj_view_of(note.ptr, len - 1), SJ_NOTE_MAX, &text)) ||
        sj_failed(sj_checkpoint_parse(text, &checkpoint))) {
        return false;
    }
    *pin = (struct sj_pin){true, checkpoint.size, checkpoint.root};
    return true;
}

static sj_status advance(struct sj_check *c)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(65536);
    CLEANUP(sj_buf_clear) struct sj_buf token = SJ_BUF(65536);
    const uint64_t before = c->stamp.is_set ? c->stamp.size : 0;
    bool has_note = false;
    bool has_token = false;
    bool valid = false;
    c->stamp.is_set = false;
    TRY(read_part(c, &note, &has_note));
    if (note.len == 0 && !has_note) {
        return SJ_DONE; /* the end */
    }
    TRY(read_part(c, &token, &has_token));
    if (!has_note || !has_token || !take_tree(sj_buf_view(&note), &c->stamp) ||
        c->stamp.size < before) {
        c->stamp.is_set = false;
        sj_check_incomplete(c, "the list of tokens of time is cut short or out of order");
        return SJ_DONE;
    }
    TRY(sj_timestamp_verify(sj_buf_view(&token), sj_buf_view(&note), NULL, c->options->tsa_ca_path,
        &valid, &c->stamp_s));
    if (!valid) {
        c->stamp.is_set = false;
        sj_check_incomplete(c, "a token of time does not hold by --tsa-ca");
    }
    return SJ_DONE;
}

sj_status sj_check_open_times(struct sj_check *c)
{
    const struct sj_member_key key = {.kind = SJ_MEMBER_TIMESTAMPS};
    bool found = false;
    if (c->options->tsa_ca_path == NULL) {
        return SJ_DONE;
    }
    TRY(sj_source_stream(&c->source, &key, &c->stamps, &found));
    if (!found) {
        sj_check_incomplete(c, "the bundle has no tokens of time");
        return SJ_DONE;
    }
    sj_status status = advance(c);
    while (!sj_failed(status) && c->stamp.is_set && c->stamp.size < c->begin) {
        status = advance(c); /* the run before has held entries against it */
    }
    ENSURE(status.code != SJ_BAD_CONFIG, BAD_PARAMETER); /* the authority's file */
    return status;
}

static int64_t newest_s(const struct sj_check *c)
{
    return c->last_time / 1000000;
}

sj_status sj_check_times(struct sj_check *c)
{
    /* the newest entry of the run before is in front of its last token */
    const bool is_new = c->frontier.size > c->begin;
    if (is_new && c->earliest_s > 0 && newest_s(c) < c->earliest_s) {
        sj_check_tampered_at(c, c->frontier.size - 1,
            "the entry's time is before a token of time over the entries in front of it");
        return SJ_DONE;
    }
    while (c->stamp.is_set && c->stamp.size == c->frontier.size && !c->stopped) {
        struct sj_hash root;
        TRY(sj_frontier_root(&c->frontier, &root));
        if (!sj_hash_equal(&root, &c->stamp.root)) {
            sj_check_tampered(c, "a token of time was given over another tree of this size");
        } else if (newest_s(c) > c->stamp_s + SKEW_S) {
            sj_check_tampered_at(c, c->frontier.size == 0 ? 0 : c->frontier.size - 1,
                "the entry's time is after a token of time over it");
        } else {
            c->earliest_s = c->is_foreign || c->frontier.size == 0 ? 0 : c->stamp_s - SKEW_S;
            TRY(advance(c));
        }
    }
    return SJ_DONE;
}

void sj_check_cosigned_time(struct sj_check *c)
{
    if (!c->is_foreign && c->cosigned_s > 0 && newest_s(c) > c->cosigned_s + SKEW_S) {
        sj_check_tampered_at(c, c->frontier.size == 0 ? 0 : c->frontier.size - 1,
            "the entry's time is after its witnesses saw it");
    }
}
