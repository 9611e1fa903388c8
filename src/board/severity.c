/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a rater harsher or milder than the others on the same judges? Said to the calibration board as a suggestion, with at least
 * eight subjects (DOMAIN, method 5); nothing is corrected by it. Each pair is one file: the rater's mean sub-score against that of the
 * others, on the criteria that both marked, by the marks as they were given.
 */
#include "marks_priv.h"

#include "sanjeh/board/calibration.h"

#define SUBJECTS_MAX 200u /* files that calibration_file_list.sql gives at most */
#define SCRATCH_MAX  ((size_t)1024 * 1024)

struct rater {
    struct sj_uuid account;
    struct sj_mark_pair pairs[SUBJECTS_MAX];
    size_t count;
};
struct raters {
    struct rater of[SJ_SEVERITY_RATERS_MAX];
    size_t count;
};

static struct rater *rater_of(struct raters *raters, struct sj_uuid account)
{
    for (size_t i = 0; i < raters->count; i++) {
        if (sj_uuid_equal(raters->of[i].account, account)) {
            return &raters->of[i];
        }
    }
    if (raters->count == SJ_SEVERITY_RATERS_MAX) {
        return NULL;
    }
    struct rater *rater = &raters->of[raters->count++];
    rater->account = account;
    return rater;
}

/* The rater's and the others' sub-scores of one file: means over the criteria. *ret_has false: nothing to compare. */
static sj_status compare(const struct item_marks *items, size_t count, struct sj_uuid account,
    bool *ret_has, struct sj_mark_pair *ret_pair)
{
    struct sj_decimal own[SJ_MARKS_SEATS_MAX];
    struct sj_decimal others[SJ_MARKS_SEATS_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count && used < SJ_MARKS_SEATS_MAX; i++) {
        struct sj_decimal rest[SJ_MARKS_SEATS_MAX];
        size_t rest_count = 0;
        bool has_own = false;
        for (size_t m = 0; m < items[i].count; m++) {
            struct sj_decimal score;
            TRY(sj_mark_score(items[i].marks[m], items[i].criterion.scale_min,
                items[i].criterion.scale_max, &score));
            if (sj_uuid_equal(items[i].accounts[m], account)) {
                own[used] = score;
                has_own = true;
            } else {
                rest[rest_count++] = score;
            }
        }
        if (has_own && rest_count > 0) {
            TRY(sj_mean(rest, rest_count, &others[used]));
            used++;
        }
    }
    *ret_has = used > 0;
    if (!*ret_has) {
        return SJ_DONE;
    }
    TRY(sj_mean(own, used, &ret_pair->own));
    return sj_mean(others, used, &ret_pair->others);
}

/* Everybody who marked something here, once each. */
static size_t accounts_of(
    const struct item_marks *items, size_t count, struct sj_uuid accounts[SJ_MARKS_SEATS_MAX])
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t m = 0; m < items[i].count; m++) {
            size_t at = 0;
            while (at < found && !sj_uuid_equal(accounts[at], items[i].accounts[m])) {
                at++;
            }
            if (at == found && found < SJ_MARKS_SEATS_MAX) {
                accounts[found++] = items[i].accounts[m];
            }
        }
    }
    return found;
}

static sj_status note_file(
    const struct sj_desk *desk, struct sj_uuid evaluation, struct raters *raters)
{
    bool found = false;
    struct sj_file file;
    struct item_marks *items = NULL;
    size_t count = 0;
    TRY(sj_file_find(desk, evaluation, &found, &file));
    if (!found) {
        return SJ_DONE;
    }
    TRY(marks_given(desk, &file, &items, &count));
    struct sj_uuid accounts[SJ_MARKS_SEATS_MAX];
    const size_t account_count = accounts_of(items, count, accounts);
    for (size_t i = 0; i < account_count; i++) {
        struct sj_mark_pair pair;
        bool has = false;
        TRY(compare(items, count, accounts[i], &has, &pair));
        struct rater *rater = has ? rater_of(raters, accounts[i]) : NULL;
        if (rater != NULL && rater->count < SUBJECTS_MAX) {
            rater->pairs[rater->count++] = pair;
        }
    }
    return SJ_DONE;
}

sj_status sj_calibration_severity(const struct sj_desk *desk,
    const struct sj_calibration *calibration, struct sj_rater_report **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&calibration->cycle), sj_p_id(&desk->actor->account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_CALIBRATION_FILE_LIST, params, SJ_COUNT(params), &rows));
    CLEANUP(sj_arena_free) struct sj_arena *kept = NULL;
    CLEANUP(sj_arena_free) struct sj_arena *scratch = NULL;
    TRY(sj_arena_new(SCRATCH_MAX, &kept));
    TRY(sj_arena_new(SCRATCH_MAX, &scratch));
    void *memory;
    TRY(sj_arena_alloc(kept, sizeof(struct raters), &memory));
    struct raters *raters = memory;
    struct sj_desk file_desk = *desk;
    file_desk.arena = scratch; /* a page of files would not fit the request's */
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        TRY(note_file(&file_desk, sj_row_id(rows, row, 0), raters));
        sj_arena_reset(scratch);
    }
    TRY(room_for(desk, raters->count, sizeof(struct sj_rater_report), &memory));
    *ret_items = memory;
    *ret_count = raters->count;
    for (size_t i = 0; i < raters->count; i++) {
        (*ret_items)[i].account = raters->of[i].account;
        (*ret_items)[i].subjects = (int64_t)raters->of[i].count;
        TRY(sj_rater_severity(
            raters->of[i].pairs, raters->of[i].count, 100, &(*ret_items)[i].severity));
    }
    return SJ_DONE;
}
