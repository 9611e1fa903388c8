/* SPDX-License-Identifier: Apache-2.0
 *
 * How does an alarm reach people? As a row that they acknowledge and an entry that nobody takes back, in one transaction. The
 * row's key (rule, cause, window) makes it one: whoever evaluates the same entries again, after a restart or on a second
 * server, raises nothing twice. A superuser who deletes rows has the alarm raised again; its entry stands.
 */
#include "sanjeh/watch/alarm.h"

#include <stdio.h>

#include "sanjeh/audit/record.h"
#include "sanjeh/crypto/random.h"

/* ---- raising ---- */

static void to_printable(const char *from, char *to, size_t size)
{
    size_t i = 0;
    for (; i + 1 < size && from[i] != '\0'; i++) {
        to[i] = from[i] >= 0x20 && from[i] <= 0x7E ? from[i] : '?';
    }
    to[i] = '\0';
}

static sj_status fill_draft(const struct sj_alarm_news *news, struct sj_uuid id, const char *cause,
    const char *detail, struct sj_draft *draft)
{
    char since[SJ_TIME_TEXT_SIZE];
    char entries[64] = "";
    *draft = (struct sj_draft){.kind = SJ_ENTRY_ALARM,
        .object = sj_uuid_is_nil(news->object) ? id : news->object,
        .outcome = SJ_OUTCOME_FAILED,
        .action = "alarm:raise"};
    (void)snprintf(draft->object_type, sizeof draft->object_type, "%s",
        sj_uuid_is_nil(news->object) ? "alarm" : sj_alarm_rule_name(news->rule));
    sj_time_format(news->window_start, since);
    if (news->has_entries) {
        (void)snprintf(entries, sizeof entries, ";first=%llu;last=%llu",
            (unsigned long long)news->first, (unsigned long long)news->last);
    }
    const int len = snprintf(draft->detail, sizeof draft->detail,
        "rule=%s;cause=(%s);count=%llu;since=%s;window_s=%lld%s%s%s",
        sj_alarm_rule_name(news->rule), cause, (unsigned long long)news->count, since,
        (long long)news->window_s, entries, detail[0] == '\0' ? "" : ";", detail);
    ENSURE(len > 0 && (size_t)len < sizeof draft->detail, LIMIT_EXCEEDED);
    return SJ_DONE;
}

sj_status sj_alarm_raise(struct sj_tx *tx, struct sj_sequencer *sequencer,
    const struct sj_alarm_news *news, bool *ret_raised, struct sj_draft *ret_draft)
{
    char cause[SJ_ALARM_CAUSE_SIZE];
    char detail[SJ_ALARM_DETAIL_SIZE];
    struct sj_uuid id;
    ENSURE(sj_alarm_rule_name(news->rule) != NULL, INTERNAL);
    to_printable(news->cause, cause, sizeof cause);
    to_printable(news->detail, detail, sizeof detail);
    TRY(sj_uuid_new(&id));
    const struct sj_param params[] = {sj_p_id(&id),
        sj_p_text(sj_text_of(sj_alarm_rule_name(news->rule))), sj_p_text(sj_text_of(cause)),
        sj_p_time(news->window_start), sj_p_i64(news->window_s), sj_p_i64((int64_t)news->count),
        news->has_entries ? sj_p_i64((int64_t)news->first) : sj_p_null(),
        news->has_entries ? sj_p_i64((int64_t)news->last) : sj_p_null(),
        sj_p_text(sj_text_of(detail))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_ALARM_INSERT, params, SJ_COUNT(params), &rows));
    *ret_raised = sj_rows_count(rows) == 1;
    if (!*ret_raised) {
        return SJ_DONE;
    }
    TRY(fill_draft(news, id, cause, detail, ret_draft));
    return sj_sequencer_put(sequencer, tx, ret_draft, 1);
}

/* ---- reading, acknowledging ---- */

static sj_status take_row(
    struct sj_arena *arena, const struct sj_rows *rows, size_t row, struct sj_alarm *alarm)
{
    *alarm = (struct sj_alarm){.id = sj_row_id(rows, row, 0),
        .window_start = sj_row_time(rows, row, 3),
        .window_s = sj_row_i64(rows, row, 4),
        .hits = sj_row_i64(rows, row, 5),
        .first = sj_row_is_null(rows, row, 6) ? -1 : sj_row_i64(rows, row, 6),
        .last = sj_row_is_null(rows, row, 7) ? -1 : sj_row_i64(rows, row, 7),
        .raised_at = sj_row_time(rows, row, 9),
        .acknowledged_at = sj_row_is_null(rows, row, 10) ? 0 : sj_row_time(rows, row, 10),
        .acknowledged_by = sj_row_id(rows, row, 11),
        .version = sj_row_i64(rows, row, 13)};
    TRY(sj_arena_text(arena, sj_row_text(rows, row, 1), &alarm->rule));
    TRY(sj_arena_text(arena, sj_row_text(rows, row, 2), &alarm->cause));
    TRY(sj_arena_text(arena, sj_row_text(rows, row, 8), &alarm->detail));
    if (!sj_row_is_null(rows, row, 12)) {
        TRY(sj_arena_text(arena, sj_row_text(rows, row, 12), &alarm->reason));
    }
    return SJ_DONE;
}

sj_status sj_alarm_list(struct sj_db *db, const struct sj_context *context, struct sj_arena *arena,
    const struct sj_alarm_filter *filter, struct sj_uuid after, size_t limit,
    struct sj_alarm **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&after), sj_p_i64((int64_t)limit),
        sj_p_text(filter->rule.len == 0 ? SJ_TEXT("") : filter->rule), sj_p_bool(filter->open)};
    const struct sj_query query = {SJ_SQL_ALARM_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(db, context, &query, &rows));
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (sj_rows_count(rows) + 1) * sizeof(struct sj_alarm), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    for (size_t i = 0; i < *ret_count; i++) {
        TRY(take_row(arena, rows, i, &(*ret_items)[i]));
    }
    return SJ_DONE;
}

sj_status sj_alarm_find(struct sj_db *db, const struct sj_context *context, struct sj_arena *arena,
    struct sj_uuid id, bool *ret_found, struct sj_alarm *ret_alarm)
{
    const struct sj_param param = sj_p_id(&id);
    const struct sj_query query = {SJ_SQL_ALARM_FIND, &param, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(db, context, &query, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? take_row(arena, rows, 0, ret_alarm) : SJ_DONE;
}

sj_status sj_alarm_acknowledge(
    struct sj_tx *tx, struct sj_uuid account, struct sj_text reason, struct sj_alarm *alarm)
{
    const struct sj_param params[] = {sj_p_id(&alarm->id), sj_p_id(&account), sj_p_text(reason)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_ALARM_ACKNOWLEDGE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, CONFLICT);
    alarm->acknowledged_at = sj_row_time(rows, 0, 0);
    alarm->version = sj_row_i64(rows, 0, 1);
    alarm->acknowledged_by = account;
    alarm->reason = reason;
    return SJ_DONE;
}

static void count_rule(struct sj_text rule, uint64_t count, uint64_t open[SJ_ALARM_RULE_COUNT_])
{
    for (size_t i = 0; i < SJ_ALARM_RULE_COUNT_; i++) {
        if (sj_text_is(rule, sj_alarm_rule_name((enum sj_alarm_rule)i))) {
            open[i] = count;
        }
    }
}

sj_status sj_alarm_open(
    struct sj_db *db, const struct sj_context *context, uint64_t ret_open[SJ_ALARM_RULE_COUNT_])
{
    const struct sj_query query = {.sql = SJ_SQL_ALARM_OPEN_COUNT};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(db, context, &query, &rows));
    for (size_t i = 0; i < SJ_ALARM_RULE_COUNT_; i++) {
        ret_open[i] = 0;
    }
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        count_rule(sj_row_text(rows, i, 0), (uint64_t)sj_row_i64(rows, i, 1), ret_open);
    }
    return SJ_DONE;
}
