/* SPDX-License-Identifier: Apache-2.0
 *
 * The watch's own state, touched by its fiber alone.
 */
#ifndef SJ_SERVER_WATCH_PRIV_H
#define SJ_SERVER_WATCH_PRIV_H

#include "watch.h"

#include "sanjeh/audit/scrub.h"
#include "sanjeh/watch/scenery.h"

#define SJ_WATCH_RAISED_MAX 32u

struct sj_watcher {
    struct sj_server *server;
    struct sj_db *db;
    struct sj_key key; /* of the log: MAC of what is kept */
    bool has_key;
    struct sj_context context; /* of scope RECORD */
    sj_time_us context_until;

    struct sj_rules *rules;
    bool is_following;
    uint64_t next;       /* entry to be read */
    uint64_t saved;      /* where a restart goes on */
    int64_t saved_at_ms; /* 0: not yet */
    int64_t holidays_at_ms;

    bool has_scenery;
    struct sj_buf scenery;
    int64_t migration;
    bool has_superusers;
    struct sj_buf superusers;
    int64_t looked_at_ms;
    int64_t counted_at_ms;

    struct sj_scrub *scrub; /* NULL: none under way */
    bool has_scrub_state;
    sj_time_us scrub_started;  /* 0: never */
    sj_time_us scrub_finished; /* 0: not yet */
    int64_t scrub_saved_ms;

    int64_t clock_offset_us; /* wall minus monotonic at the last look */
    bool has_clock;
    struct sj_draft drafts[SJ_WATCH_RAISED_MAX]; /* of alarms, until their commit */
    sj_status told;                              /* how the last tick ended */
};

/* watch.c: the context with which the watch works. */
SJ_MUST_CHECK sj_status sj_watcher_context(struct sj_watcher *w, struct sj_context *ret_context);
/* Commits what was raised within tx and what else it carries; then brings the entries. Consumes tx. */
struct sj_raised {
    size_t count;
    enum sj_alarm_rule rules[SJ_WATCH_RAISED_MAX];
};
SJ_MUST_CHECK sj_status sj_watcher_commit(
    struct sj_watcher *w, struct sj_tx **tx, struct sj_raised *raised);
/* Raises into raised; one too many is left out and said in the log. */
SJ_MUST_CHECK sj_status sj_watcher_raise(
    struct sj_watcher *w, struct sj_tx *tx, struct sj_alarm_news *news, struct sj_raised *raised);

/* watch_follow.c: entries against the rules, up to what is signed. */
SJ_MUST_CHECK sj_status sj_watcher_follow(struct sj_watcher *w);
/* watch_look.c: scenery, superusers, clock. */
SJ_MUST_CHECK sj_status sj_watcher_look(struct sj_watcher *w);
SJ_MUST_CHECK sj_status sj_watcher_check_clock(struct sj_watcher *w);
/* watch_scrub.c */
SJ_MUST_CHECK sj_status sj_watcher_scrub(struct sj_watcher *w);

#endif
