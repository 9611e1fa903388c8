/* SPDX-License-Identifier: Apache-2.0
 *
 * Alarms as they are kept: an entry of the record (kind alarm) and a row for the security officer, written in one transaction and
 * once for rule, cause and window. The one way for every part of the server to raise one. And where followers of the
 * record keep how far they are, under a MAC.
 */
#ifndef SJ_WATCH_ALARM_H
#define SJ_WATCH_ALARM_H

#include "sanjeh/audit/sequencer.h"
#include "sanjeh/base/arena.h"
#include "sanjeh/db/db.h"
#include "sanjeh/watch/rules.h"

#define SJ_ALARM_DETAIL_SIZE 512
#define SJ_ALARM_REASON_MAX  1000

/* What is raised. cause and detail are "key=value;…" of printable ASCII; anything else in them becomes '?'. */
struct sj_alarm_news {
    enum sj_alarm_rule rule;
    const char *cause;
    const char *detail;    /* "" for none */
    struct sj_uuid object; /* what it is about; nil: the alarm itself stands in the entry */
    sj_time_us window_start;
    int64_t window_s;
    uint64_t count;
    bool has_entries;
    uint64_t first;
    uint64_t last;
};

/* Within a transaction whose context has scope RECORD. *ret_raised false: it was raised before. Else ret_draft is in the outbox:
 * after the commit sj_sequencer_record(…, in_outbox) brings it at once, and the sweeper does otherwise. */
SJ_MUST_CHECK sj_status sj_alarm_raise(struct sj_tx *tx, struct sj_sequencer *sequencer,
    const struct sj_alarm_news *news, bool *ret_raised, struct sj_draft *ret_draft);

struct sj_alarm {
    struct sj_uuid id;
    struct sj_text rule;
    struct sj_text cause;
    struct sj_text detail;
    sj_time_us window_start;
    int64_t window_s;
    int64_t hits;
    int64_t first; /* -1: it is not about entries */
    int64_t last;
    sj_time_us raised_at;
    sj_time_us acknowledged_at; /* 0: not yet */
    struct sj_uuid acknowledged_by;
    struct sj_text reason;
    int64_t version;
};

struct sj_alarm_filter {
    struct sj_text rule; /* empty: any */
    bool open;           /* those alone that nobody has acknowledged */
};
/* Contexts of scope RECORD. Errors: FORBIDDEN when the context has it not. */
SJ_MUST_CHECK sj_status sj_alarm_list(struct sj_db *db, const struct sj_context *context,
    struct sj_arena *arena, const struct sj_alarm_filter *filter, struct sj_uuid after,
    size_t limit, struct sj_alarm **ret_items, size_t *ret_count);
SJ_MUST_CHECK sj_status sj_alarm_find(struct sj_db *db, const struct sj_context *context,
    struct sj_arena *arena, struct sj_uuid id, bool *ret_found, struct sj_alarm *ret_alarm);
/* Errors: CONFLICT when somebody was faster. Fills alarm. */
SJ_MUST_CHECK sj_status sj_alarm_acknowledge(
    struct sj_tx *tx, struct sj_uuid account, struct sj_text reason, struct sj_alarm *alarm);
/* Alarms that nobody has acknowledged, by rule. */
SJ_MUST_CHECK sj_status sj_alarm_open(
    struct sj_db *db, const struct sj_context *context, uint64_t ret_open[SJ_ALARM_RULE_COUNT_]);

/* ---- followers ---- */

#define SJ_FOLLOWER_STATE_MAX ((size_t)1024 * 1024)

/* Where a follower goes on. *ret_known false: there is no row, or (then *ret_forged) one that this server did not write: it begins
 * anew. ret_state is appended to; NULL when it is of no interest. key: that of the log, ask_emitter_key(log id). */
SJ_MUST_CHECK sj_status sj_follower_load(struct sj_db *db, const struct sj_context *context,
    const struct sj_key *key, const char *name, bool *ret_known, bool *ret_forged,
    uint64_t *ret_position, struct sj_buf *ret_state);
/* Travels with the commit. */
SJ_MUST_CHECK sj_status sj_follower_save(struct sj_tx *tx, const struct sj_key *key,
    const char *name, uint64_t position, struct sj_view state);

#endif
