/* SPDX-License-Identifier: Apache-2.0
 *
 * Does this log go on from another, and from the one that the caller knows? Its first entry names the last signed tree of the log
 * before. A caller who gives a checkpoint of that log by --since learns whether it is the very tree that was named, another one
 * of the same size (a fork), or one that the new log does not reach: then entries were given up, and somebody said so.
 */
#include "sanjeh/audit/incarnation.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

sj_status sj_check_former_since(
    struct sj_check *c, struct sj_view bytes, const struct sj_checkpoint *checkpoint)
{
    struct sj_note note;
    struct sj_checkpoint opened;
    enum sj_note_state state = SJ_NOTE_UNSIGNED;
    TRY(sj_tlog_policy_open(&c->policy, bytes, &note, &opened, &state));
    if (state != SJ_NOTE_GOOD || checkpoint->origin.len > SJ_NOTE_NAME_MAX) {
        return sj_check_refuse(
            c, "the --since note is of another log, and not signed by one of the policy");
    }
    TRY(sj_copy(c->since_origin, SJ_NOTE_NAME_MAX, checkpoint->origin.ptr, checkpoint->origin.len));
    c->since_origin[checkpoint->origin.len] = '\0';
    c->since_former = (struct sj_pin){true, checkpoint->size, checkpoint->root};
    return SJ_DONE;
}

static void compare(struct sj_check *c, const struct sj_incarnation *said)
{
    char cause[200];
    const struct sj_pin *since = &c->since_former;
    c->since_former.is_set = false;
    if (since->size == said->size && sj_hash_equal(&since->root, &said->root)) {
        return;
    }
    if (since->size == said->size) {
        sj_check_tampered_at(c, 0,
            "the log goes on from another tree than the one given by --since: the log before was "
            "forked");
        return;
    }
    (void)snprintf(cause, sizeof(cause),
        since->size > said->size ? "the log goes on from size %llu of the log before; entries up "
                                   "to %llu, the size given by "
                                   "--since, were given up"
                                 : "the log goes on from size %llu of the log before; whether that "
                                   "contains size %llu is "
                                   "told by its own export",
        (unsigned long long)said->size, (unsigned long long)since->size);
    sj_check_incomplete_at(c, 0, cause);
}

sj_status sj_check_incarnation(
    struct sj_check *c, const struct sj_entry *entry, const char **ret_cause)
{
    struct sj_incarnation said;
    if (entry->index != 0) {
        *ret_cause = "a log goes on from another one in its first entry only";
    } else if (sj_failed(sj_incarnation_parse(sj_text_of(entry->draft.detail), &said))) {
        *ret_cause = "what the log goes on from cannot be read";
    } else if (strcmp(said.origin, c->origin) != 0 || !sj_uuid_equal(said.log, entry->log_id)) {
        *ret_cause = "the first entry was written for another log";
    } else {
        (void)snprintf(c->report->goes_on_from, sizeof(c->report->goes_on_from), "%s %llu",
            said.former, (unsigned long long)said.size);
        if (c->since_former.is_set && strcmp(said.former, c->since_origin) == 0) {
            compare(c, &said);
        }
    }
    return SJ_DONE;
}

void sj_check_former_end(struct sj_check *c)
{
    if (c->since_former.is_set && c->begin != 0) {
        sj_check_incomplete(c, "what the log goes on from is said by a run without --state");
    } else if (c->since_former.is_set) {
        sj_check_incomplete(c,
            "the log does not say that it goes on from the one of the checkpoint given by --since");
    }
}
