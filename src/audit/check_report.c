/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said about a finding? Tampering stops the check: what comes behind it proves nothing. But a draft that was
 * replayed stands in a tree that holds, so the check goes on, and a damage that it meets is named beside it, or in its
 * place when it lies before. What is missing is remembered and the check goes on where it can, because a missing piece
 * may hide a tampered one. One verdict is never reported as the other.
 */
#include <stdio.h>

#include "check.h"

static void say(struct sj_check *c, const char *cause, bool has_index, uint64_t index)
{
    struct sj_verify_report *r = c->report;
    /* the next size under a signature that covers the place, else the checkpoint itself */
    const struct sj_pin *pin =
        has_index && c->next_note.is_set && c->next_note.size > index ? &c->next_note : &c->head;
    r->has_bad_index = has_index;
    r->bad_index = index;
    /* both are cut when they do not fit: texts for people */
    (void)snprintf(r->cause, sizeof(r->cause), "%s", cause);
    r->checkpoint[0] = '\0';
    if (pin->is_set) {
        (void)snprintf(r->checkpoint, sizeof(r->checkpoint), "%s %llu", c->origin,
            (unsigned long long)pin->size);
    }
}

/* Behind the replay that was reported. */
static void say_besides(struct sj_check *c, const char *cause, bool has_index, uint64_t index)
{
    char *end = c->report->cause + strlen(c->report->cause);
    const size_t room = sizeof(c->report->cause) - (size_t)(end - c->report->cause);
    if (has_index) {
        (void)snprintf(end, room, "; besides, at index %llu: %s", (unsigned long long)index, cause);
    } else {
        (void)snprintf(end, room, "; besides: %s", cause);
    }
}

static void tampered(struct sj_check *c, const char *cause, bool has_index, uint64_t index)
{
    if (!sj_check_is_proven(c)) {
        /* nothing here was signed by anybody the caller trusts: it contradicts nobody */
        sj_check_unsigned(c);
        return;
    }
    const bool goes_on = c->has_replay && !c->stopped;
    if (c->report->verdict != SJ_TAMPERED ||
        (goes_on && has_index && index <= c->report->bad_index)) {
        say(c, cause, has_index, index);
        c->report->verdict = SJ_TAMPERED;
    } else if (goes_on) {
        say_besides(c, cause, has_index, index);
    }
    c->stopped = true;
}

static void incomplete(struct sj_check *c, const char *cause, bool has_index, uint64_t index)
{
    c->findings++;
    if (c->report->verdict == SJ_VERIFIED) {
        say(c, cause, has_index, index);
        c->report->verdict = SJ_INCOMPLETE;
    }
}

void sj_check_tampered(struct sj_check *c, const char *cause)
{
    tampered(c, cause, false, 0);
}

void sj_check_tampered_at(struct sj_check *c, uint64_t index, const char *cause)
{
    tampered(c, cause, true, index);
}

void sj_check_replayed_at(struct sj_check *c, uint64_t index, const char *cause)
{
    if (!sj_check_is_proven(c)) {
        tampered(c, cause, true, index);
        return;
    }
    if (c->report->verdict != SJ_TAMPERED) {
        say(c, cause, true, index);
        c->report->verdict = SJ_TAMPERED;
    }
    c->has_replay = true;
}

void sj_check_incomplete(struct sj_check *c, const char *cause)
{
    incomplete(c, cause, false, 0);
}

void sj_check_incomplete_at(struct sj_check *c, uint64_t index, const char *cause)
{
    incomplete(c, cause, true, index);
}

sj_status sj_check_refuse(struct sj_check *c, const char *why)
{
    (void)snprintf(c->report->cause, sizeof(c->report->cause), "%s", why);
    c->report->is_refused = true;
    FAIL(BAD_PARAMETER);
}

const char *sj_verdict_name(enum sj_verdict verdict)
{
    switch (verdict) {
    case SJ_VERIFIED:
        return "verified";
    case SJ_TAMPERED:
        return "tampered";
    case SJ_INCOMPLETE:
        return "incomplete";
    }
    return "incomplete";
}
