/* SPDX-License-Identifier: Apache-2.0
 *
 * Has something changed around the record? What guards it in the database, who passes all guards, and the clock by which its entries are
 * dated. The last look is kept under a MAC, so that a change made while the server was down shows at its start.
 */
#include "watch_priv.h"

#include "sanjeh/audit/record.h"
#include "sanjeh/base/log.h"

#include <time.h>

#define SCENERY    "scenery"
#define SUPERUSERS "superusers"
#define NAMED      12u /* changes that an alarm names */
#define SESSIONS   64u
#define SECOND_US  INT64_C(1000000)

/* ---- the clock ---- */

static int64_t now_us(clockid_t clock)
{
    struct timespec now;
    return clock_gettime(clock, &now) == 0 ? now.tv_sec * SECOND_US + now.tv_nsec / 1000 : 0;
}

static sj_status tell_jump(struct sj_watcher *w, int64_t jump_us)
{
    char cause[SJ_ALARM_CAUSE_SIZE];
    struct sj_context context;
    struct sj_raised raised = {.count = 0};
    struct sj_draft draft = {.kind = SJ_ENTRY_CLOCK,
        .outcome = SJ_OUTCOME_PERMITTED,
        .action = "clock:jump",
        .object_type = "clock"};
    (void)snprintf(draft.detail, sizeof draft.detail, "jump_ms=%lld", (long long)(jump_us / 1000));
    (void)snprintf(cause, sizeof cause, "direction=%s", jump_us > 0 ? "forward" : "back");
    struct sj_alarm_news news = {
        .rule = SJ_ALARM_CLOCK, .cause = cause, .detail = draft.detail, .count = 1};
    w->context_until = 0; /* it was dated by the other clock */
    TRY(sj_watcher_context(w, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(w->db, &context, &tx));
    TRY(sj_sequencer_put(w->server->sequencer, tx, &draft, 1));
    TRY(sj_watcher_raise(w, tx, &news, &raised));
    return sj_watcher_commit(w, &tx, &raised);
}

/* Steps only: a clock that is slewed (adjtime, NTP) moves less than half a millisecond a second. */
sj_status sj_watcher_check_clock(struct sj_watcher *w)
{
    const int64_t offset = now_us(CLOCK_REALTIME) - now_us(CLOCK_BOOTTIME);
    const int64_t jump = offset - w->clock_offset_us;
    const int64_t most = w->server->config.alarms.rules[SJ_ALARM_CLOCK].threshold * 1000;
    const bool jumped = w->has_clock && (jump > most || jump < -most);
    w->clock_offset_us = offset;
    w->has_clock = true;
    return jumped ? tell_jump(w, jump) : SJ_DONE;
}

/* ---- looks that are kept ---- */

static sj_status put_config(
    struct sj_watcher *w, struct sj_tx *tx, const char *action, const char *detail)
{
    struct sj_draft draft = {
        .kind = SJ_ENTRY_CONFIG, .outcome = SJ_OUTCOME_PERMITTED, .object_type = "database"};
    (void)snprintf(draft.action, sizeof draft.action, "%s", action);
    (void)snprintf(draft.detail, sizeof draft.detail, "%s", detail);
    return sj_sequencer_put(w->server->sequencer, tx, &draft, 1);
}

static void hex_of(const struct sj_hash *hash, char out[2 * 16 + 1])
{
    for (size_t i = 0; i < 16; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", hash->bytes[i]);
    }
}

/* What the first changes are, and how many there are. */
static size_t describe(struct sj_text before, struct sj_text now, char *out, size_t size)
{
    struct sj_scenery_walk walk = {before, now};
    struct sj_scenery_change change;
    size_t count = 0;
    size_t used = 0;
    out[0] = '\0';
    while (sj_scenery_next(&walk, &change)) {
        if (count++ < NAMED && used < size) {
            const int len = snprintf(out + used, size - used, "%s%s %.*s", used == 0 ? "" : ", ",
                change.how, (int)(change.name.len < 80 ? change.name.len : 80), change.name.ptr);
            used += len > 0 ? (size_t)len : 0;
        }
    }
    return count;
}

static sj_status tell_scenery(
    struct sj_watcher *w, struct sj_tx *tx, struct sj_text now, struct sj_raised *raised)
{
    char what[SJ_ALARM_DETAIL_SIZE - 64];
    char detail[SJ_ALARM_DETAIL_SIZE];
    char cause[SJ_ALARM_CAUSE_SIZE];
    char digest[33];
    struct sj_hash hash;
    const size_t count = describe(sj_buf_text(&w->scenery), now, what, sizeof what);
    TRY(sj_sha256_one(sj_text_bytes(now), &hash));
    hex_of(&hash, digest);
    (void)snprintf(cause, sizeof cause, "scenery=%s", digest);
    (void)snprintf(detail, sizeof detail, "changes=%zu;what=%s", count, what);
    struct sj_alarm_news news = {
        .rule = SJ_ALARM_SCHEMA, .cause = cause, .detail = detail, .count = count};
    return sj_watcher_raise(w, tx, &news, raised);
}

static sj_status keep_scenery(struct sj_watcher *w, const struct sj_context *context,
    struct sj_text now, int64_t migration, bool forged)
{
    char detail[128];
    char digest[33];
    struct sj_hash hash;
    struct sj_raised raised = {.count = 0};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(w->db, context, &tx));
    if (forged) {
        struct sj_alarm_news news = {
            .rule = SJ_ALARM_SCHEMA, .cause = "forged=" SCENERY, .detail = "", .count = 1};
        TRY(sj_watcher_raise(w, tx, &news, &raised));
    } else if (w->has_scenery && migration == w->migration) {
        TRY(tell_scenery(w, tx, now, &raised));
    }
    TRY(sj_sha256_one(sj_text_bytes(now), &hash));
    hex_of(&hash, digest);
    (void)snprintf(
        detail, sizeof detail, "scenery=%s;migration=%lld", digest, (long long)migration);
    TRY(put_config(w, tx, "schema:look", detail));
    TRY(sj_follower_save(tx, &w->key, SCENERY, (uint64_t)migration, sj_text_bytes(now)));
    return sj_watcher_commit(w, &tx, &raised);
}

static sj_status remember(struct sj_buf *buf, struct sj_text text)
{
    sj_buf_reset(buf);
    return sj_buf_put_text(buf, text);
}

static sj_status look_at_scenery(struct sj_watcher *w, const struct sj_context *context)
{
    bool forged = false;
    if (!w->has_scenery) {
        uint64_t migration = 0;
        sj_buf_reset(&w->scenery);
        TRY(sj_follower_load(
            w->db, context, &w->key, SCENERY, &w->has_scenery, &forged, &migration, &w->scenery));
        w->migration = (int64_t)migration;
    }
    int64_t migration = 0;
    CLEANUP(sj_buf_clear) struct sj_buf now = SJ_BUF(SJ_SCENERY_MAX);
    TRY(sj_scenery_look(w->db, context, &migration, &now));
    const struct sj_text text = sj_buf_text(&now);
    if (w->has_scenery && migration == w->migration &&
        sj_text_equal(text, sj_buf_text(&w->scenery))) {
        return SJ_DONE;
    }
    TRY(keep_scenery(w, context, text, migration, forged));
    TRY(remember(&w->scenery, text));
    w->migration = migration;
    w->has_scenery = true;
    return SJ_DONE;
}

/* ---- superusers ---- */

static sj_status tell_superusers(struct sj_watcher *w, struct sj_tx *tx, struct sj_text now,
    bool forged, struct sj_raised *raised)
{
    if (forged) {
        struct sj_alarm_news news = {
            .rule = SJ_ALARM_SUPERUSER, .cause = "forged=" SUPERUSERS, .detail = "", .count = 1};
        return sj_watcher_raise(w, tx, &news, raised);
    }
    struct sj_scenery_walk walk = {sj_buf_text(&w->superusers), now};
    struct sj_scenery_change change;
    while (w->has_superusers && sj_scenery_next(&walk, &change)) {
        char cause[SJ_ALARM_CAUSE_SIZE];
        if (strcmp(change.how, "gone") == 0 || raised->count == SJ_WATCH_RAISED_MAX) {
            continue;
        }
        (void)snprintf(cause, sizeof cause, "role=%.*s",
            (int)(change.name.len < 63 ? change.name.len : 63), change.name.ptr);
        struct sj_alarm_news news = {
            .rule = SJ_ALARM_SUPERUSER, .cause = cause, .detail = "", .count = 1};
        TRY(sj_watcher_raise(w, tx, &news, raised));
    }
    return SJ_DONE;
}

static sj_status keep_superusers(
    struct sj_watcher *w, const struct sj_context *context, struct sj_text now, bool forged)
{
    char detail[64];
    char digest[33];
    struct sj_hash hash;
    struct sj_raised raised = {.count = 0};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(w->db, context, &tx));
    TRY(tell_superusers(w, tx, now, forged, &raised));
    TRY(sj_sha256_one(sj_text_bytes(now), &hash));
    hex_of(&hash, digest);
    (void)snprintf(detail, sizeof detail, "superusers=%s", digest);
    TRY(put_config(w, tx, "superuser:look", detail));
    TRY(sj_follower_save(tx, &w->key, SUPERUSERS, 0, sj_text_bytes(now)));
    TRY(sj_watcher_commit(w, &tx, &raised));
    return remember(&w->superusers, now);
}

static sj_status look_at_superusers(struct sj_watcher *w, const struct sj_context *context)
{
    bool forged = false;
    if (!w->has_superusers) {
        uint64_t position = 0;
        sj_buf_reset(&w->superusers);
        TRY(sj_follower_load(w->db, context, &w->key, SUPERUSERS, &w->has_superusers, &forged,
            &position, &w->superusers));
    }
    CLEANUP(sj_buf_clear) struct sj_buf now = SJ_BUF(SJ_SCENERY_MAX);
    TRY(sj_superusers_look(w->db, context, &now));
    if (w->has_superusers && sj_text_equal(sj_buf_text(&now), sj_buf_text(&w->superusers))) {
        return SJ_DONE;
    }
    TRY(keep_superusers(w, context, sj_buf_text(&now), forged));
    w->has_superusers = true;
    return SJ_DONE;
}

/* A short session between two looks is not seen: evidence, no protection. */
static sj_status look_at_sessions(struct sj_watcher *w, const struct sj_context *context)
{
    if (w->server->config.alarms.rules[SJ_ALARM_SUPERUSER_SESSION].on == 0) {
        return SJ_DONE;
    }
    const struct sj_query query = {.sql = SJ_SQL_SUPERUSER_SESSION_LIST};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(w->db, context, &query, &rows));
    if (sj_rows_count(rows) == 0) {
        return SJ_DONE;
    }
    struct sj_raised raised = {.count = 0};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(w->db, context, &tx));
    for (size_t i = 0; i < sj_rows_count(rows) && i < SJ_WATCH_RAISED_MAX; i++) {
        char cause[SJ_ALARM_CAUSE_SIZE];
        const struct sj_text role = sj_row_text(rows, i, 0);
        (void)snprintf(cause, sizeof cause, "role=%.*s", (int)role.len, role.ptr);
        struct sj_alarm_news news = {.rule = SJ_ALARM_SUPERUSER_SESSION,
            .cause = cause,
            .detail = "",
            .count = (uint64_t)sj_row_i64(rows, i, 1)};
        TRY(sj_watcher_raise(w, tx, &news, &raised));
    }
    return sj_watcher_commit(w, &tx, &raised);
}

/* One whole partition is always there behind the one that is being filled. */
static sj_status look_at_partitions(struct sj_watcher *w, const struct sj_context *context)
{
    struct sj_raised none = {.count = 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(w->db, context, &tx));
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PARTITION_ADD, NULL, 0, &rows));
    if (sj_row_i64(rows, 0, 0) == 0) {
        return SJ_DONE;
    }
    TRY(put_config(w, tx, "log:partition", "made=1"));
    return sj_watcher_commit(w, &tx, &none);
}

sj_status sj_watcher_look(struct sj_watcher *w)
{
    const int64_t now_ms = sj_time_monotonic_ms();
    struct sj_context context;
    if (w->looked_at_ms != 0 && now_ms - w->looked_at_ms < w->server->config.alarms_look_s * 1000) {
        return SJ_DONE;
    }
    TRY(sj_watcher_context(w, &context));
    TRY(look_at_scenery(w, &context));
    TRY(look_at_superusers(w, &context));
    TRY(look_at_sessions(w, &context));
    TRY(look_at_partitions(w, &context));
    w->looked_at_ms = now_ms;
    (void)atomic_fetch_add(&w->server->watch_looks, 1);
    return SJ_DONE;
}
