/* SPDX-License-Identifier: Apache-2.0
 *
 * How far does a bulk import come in one transaction, and what is it afterwards? A step takes some thousand records
 * behind the cursor through the stages of every import, notes each fault, and moves the cursor with them: a repeat
 * after a crash begins behind the last row that is there, and natural keys refuse what would come twice. A file that
 * goes in whole or not is checked from end to end first; when a row fails all the same while it is written (another
 * batch came between), everything of it is taken out of force in that step.
 */
#include "bulk_priv.h"
#include "contribution_priv.h"

#include "sanjeh/crypto/random.h"

#define WINDOW_BYTES  ((int64_t)4 * 1024 * 1024)
#define WINDOW_MARGIN ((int64_t)512 * 1024)
#define ERRORS_INSERT 10000u
#define PATIENCE_MS   120000

struct step {
    const struct sj_desk *desk;
    const struct sj_bulk_way *way;
    struct sj_bulk *job;
    bool is_check;
    bool is_whole;
};

static bool is_state(const struct sj_bulk *job, const char *state)
{
    return sj_text_is(job->state, state);
}

static sj_status save(const struct sj_desk *desk, const struct sj_bulk *job, int64_t from_byte)
{
    const struct sj_param params[] = {sj_p_id(&job->unit), sj_p_id(&job->id), sj_p_text(job->state),
        sj_p_text_or_null(job->failure), sj_p_i64(job->at_byte), sj_p_i64(job->at_row),
        sj_p_i64(job->rows_read), sj_p_i64(job->rows_ok), sj_p_i64(job->rows_rejected),
        job->header.len == 0 ? sj_p_null() : sj_p_bytes(job->header),
        sj_p_id_or_null(&job->contribution), sj_p_i64(from_byte)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_IMPORT_JOB_PROGRESS, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, SERIALIZATION);
    return SJ_DONE;
}

/* ---- the contribution that the rows belong to ---- */

static sj_status open_contribution(const struct step *step)
{
    struct sj_bulk *job = step->job;
    if (step->is_check || !sj_uuid_is_nil(job->contribution)) {
        return SJ_DONE;
    }
    struct new_contribution item = {.kind = job->kind,
        .format = job->format,
        .has_period = job->has_period,
        .period = job->period,
        .cycle = job->cycle,
        .byte_size = (size_t)job->bytes,
        .is_held = job->is_held,
        .is_running = true,
        .supersedes = job->is_held ? job->supersedes : (struct sj_uuid){{0}}};
    TRY(sj_uuid_new_ordered(&item.id));
    TRY(bulk_hash(step->desk, job, &item.file_sha256));
    TRY(bulk_comment(step->desk, job, &item.comment));
    TRY(contribution_insert(step->desk, &item));
    job->contribution = item.id;
    return SJ_DONE;
}

static sj_status note_contribution(const struct sj_desk *desk, const struct sj_bulk *job,
    const struct sj_import_outcome *outcome, const char *state)
{
    const bool has_period = outcome != NULL && outcome->has_period && !job->has_period;
    const struct sj_param params[] = {sj_p_id(&job->unit), sj_p_id(&job->contribution),
        sj_p_i64(job->rows_ok), sj_p_i64(job->rows_rejected), sj_p_text(sj_text_of(state)),
        has_period ? sj_p_day(outcome->period.from_day) : sj_p_null(),
        has_period ? sj_p_day(outcome->period.to_day) : sj_p_null()};
    return sj_tx_query(desk->tx, SJ_SQL_CONTRIBUTION_PROGRESS, params, SJ_COUNT(params), NULL);
}

sj_status contribution_withdraw(const struct sj_desk *desk, struct sj_uuid id)
{
    const struct sj_param params[] = {sj_p_id(&desk->actor->unit), sj_p_id(&id)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_FACT_WITHDRAW, params, SJ_COUNT(params), NULL));
    return sj_tx_query(desk->tx, SJ_SQL_VALUE_WITHDRAW, params, SJ_COUNT(params), NULL);
}

/* ---- faults ---- */

static sj_status flush_errors(const struct step *step, struct columns *columns)
{
    if (columns->of[0].count == 0) {
        return SJ_DONE;
    }
    struct sj_param params[5] = {sj_p_id(&step->job->unit), sj_p_id(&step->job->id)};
    columns_params(columns, params + 2);
    TRY(sj_tx_query(
        step->desk->tx, SJ_SQL_IMPORT_ERROR_INSERT_MANY, params, SJ_COUNT(params), NULL));
    columns_reset(columns);
    return SJ_DONE;
}

static sj_status note_errors(const struct step *step, const struct sj_import_outcome *outcome)
{
    static const uint32_t oids[] = {SJ_OID_INT8, SJ_OID_TEXT, SJ_OID_TEXT};
    CLEANUP(columns_clear) struct columns columns = {.count = 0};
    TRY(columns_init(&columns, oids, SJ_COUNT(oids)));
    for (size_t i = 0; i < outcome->fault_count; i++) {
        TRY(sj_array_put_i64(&columns.of[0], (int64_t)outcome->faults[i].row));
        TRY(put_text(&columns.of[1], outcome->faults[i].column));
        TRY(put_text(&columns.of[2], sj_text_of(outcome->faults[i].code)));
        if (columns.of[0].count == ERRORS_INSERT) {
            TRY(flush_errors(step, &columns));
        }
    }
    return flush_errors(step, &columns);
}

/* ---- where the job stands afterwards ---- */

/* Rows that come into force later, all at once: by an acceptance or in the place of another batch. */
static bool lies_apart(const struct sj_bulk *job)
{
    return job->is_held || !sj_uuid_is_nil(job->supersedes);
}

sj_status bulk_abandon(const struct sj_desk *desk, const struct sj_bulk *job)
{
    if (!sj_text_is(job->accept, "all_or_nothing") && !lies_apart(job)) {
        return note_contribution(desk, job, NULL, "accepted");
    }
    TRY(contribution_withdraw(desk, job->contribution));
    return note_contribution(desk, job, NULL, "rejected");
}

static sj_status fail(const struct step *step, const char *code)
{
    struct sj_bulk *job = step->job;
    job->state = SJ_TEXT("failed");
    job->failure = sj_text_of(code);
    return sj_uuid_is_nil(job->contribution) ? SJ_DONE : bulk_abandon(step->desk, job);
}

/* Every row is there: it waits for a person, or is in force from here on. */
static sj_status settle(const struct step *step)
{
    struct sj_bulk *job = step->job;
    job->state = SJ_TEXT("done");
    if (job->is_held) {
        return SJ_DONE;
    }
    if (!sj_uuid_is_nil(job->supersedes)) {
        sj_tx_be_patient(step->desk->tx, PATIENCE_MS);
        TRY(sj_tx_query(step->desk->tx, SJ_SQL_CONTRIBUTION_TUNE, NULL, 0, NULL));
        TRY(contribution_replace(step->desk, job->contribution, job->supersedes, job->kind));
    }
    return note_contribution(step->desk, job, NULL, "accepted");
}

static sj_status finish_pass(const struct step *step)
{
    struct sj_bulk *job = step->job;
    if (!step->is_check) {
        return settle(step);
    }
    if (job->is_dry_run) {
        job->state = SJ_TEXT("done");
        return SJ_DONE;
    }
    if (job->rows_rejected > 0) {
        return fail(step, "ROWS_REJECTED");
    }
    job->state = SJ_TEXT("writing");
    job->at_byte = job->at_row = job->rows_read = job->rows_ok = 0;
    job->header = (struct sj_view){NULL, 0};
    return SJ_DONE;
}

static sj_status take_outcome(
    const struct step *step, const struct sj_import_outcome *outcome, struct sj_view window)
{
    struct sj_bulk *job = step->job;
    TRY(note_errors(step, outcome));
    if (outcome->is_unreadable) {
        return fail(step, "BAD_HEADER");
    }
    if (outcome->header_bytes > 0) {
        TRY(sj_arena_copy(
            step->desk->arena, (struct sj_view){window.ptr, outcome->header_bytes}, &job->header));
    }
    job->at_byte += (int64_t)outcome->consumed;
    job->at_row = (int64_t)outcome->row_last;
    job->rows_read += (int64_t)(outcome->rows_ok + outcome->rows_rejected);
    job->rows_ok += (int64_t)outcome->rows_ok;
    job->rows_rejected += (int64_t)outcome->rows_rejected;
    if (!step->is_check && step->is_whole && outcome->fault_total > 0) {
        return fail(step, "ROWS_REJECTED");
    }
    if (!step->is_check) {
        TRY(note_contribution(step->desk, job, outcome, "received"));
    }
    return job->at_byte == job->bytes ? finish_pass(step) : SJ_DONE;
}

/* ---- one piece ---- */

static struct sj_import_order order_of(const struct step *step, struct sj_view window, bool is_last)
{
    const struct sj_bulk *job = step->job;
    const bool is_roster = sj_text_is(job->kind, "roster");
    return (struct sj_import_order){.kind = sj_import_kind_of(job->kind),
        .format = sj_import_format_of(job->format),
        .has_period = job->has_period,
        .period = job->period,
        .cycle = step->is_check ? (struct sj_text){"", 0} : job->cycle,
        .file = window,
        .is_dry_run = step->is_check,
        .keeps_valid = !step->is_whole,
        .without_values = true,
        .piece = {.is_piece = true,
            .is_last = is_last,
            .header = job->header,
            .row_before = (size_t)job->at_row,
            .rows_max =
                is_roster && step->is_whole ? SJ_IMPORT_ROWS_MAX : (size_t)SJ_BULK_ROWS_STEP,
            .contribution = job->contribution,
            .lies_apart = lies_apart(job),
            .supersedes = job->supersedes,
            .trusts_index =
                !step->is_check && !is_roster && !lies_apart(job) && !step->way->is_careful,
            .memo = step->way->memo}};
}

/* So many bytes as the rows of a step take if they go on like those before: each byte is opened once. */
static int64_t window_of(const struct sj_bulk *job)
{
    if (job->at_row < 2) {
        return WINDOW_BYTES;
    }
    const int64_t likely = job->at_byte / job->at_row * (int64_t)SJ_BULK_ROWS_STEP;
    const int64_t room = likely + likely / 16 + WINDOW_MARGIN;
    return room < WINDOW_BYTES ? room : WINDOW_BYTES;
}

static sj_status work_piece(const struct step *step)
{
    struct sj_bulk *job = step->job;
    const bool is_at_once = step->is_whole && sj_text_is(job->kind, "roster");
    if (is_at_once && job->bytes > SJ_BULK_ROSTER_MAX) {
        return fail(step, "ROSTER_TOO_LARGE"); /* people cannot be taken out of force again */
    }
    TRY(open_contribution(step));
    const int64_t window_max = is_at_once ? SJ_BULK_ROSTER_MAX : window_of(job);
    const int64_t left = job->bytes - job->at_byte;
    const int64_t size = left < window_max ? left : window_max;
    CLEANUP(sj_buf_clear) struct sj_buf window = SJ_BUF((size_t)SJ_BULK_ROSTER_MAX + 1);
    TRY(bulk_read(step->desk, job->id, job->at_byte, job->at_byte + size, &window));
    const struct sj_import_order order = order_of(step, sj_buf_view(&window), size == left);
    CLEANUP(sj_import_free) struct sj_import *import = NULL;
    TRY(sj_import_run(step->desk, step->way->pool, &order, &import));
    return take_outcome(step, sj_import_outcome(import), sj_buf_view(&window));
}

sj_status sj_bulk_step(const struct sj_desk *desk, const struct sj_bulk_way *way, struct sj_uuid id,
    bool *ret_moved, struct sj_bulk *ret_job)
{
    SJ_ASSERT(desk->tx != NULL);
    *ret_moved = false;
    bool found = false;
    TRY(sj_bulk_find(desk, id, &found, ret_job));
    if (!found || (!is_state(ret_job, "checking") && !is_state(ret_job, "writing"))) {
        return SJ_DONE;
    }
    const struct step step = {desk, way, ret_job, is_state(ret_job, "checking"),
        sj_text_is(ret_job->accept, "all_or_nothing")};
    const int64_t from_byte = ret_job->at_byte;
    TRY(work_piece(&step));
    TRY(save(desk, ret_job, from_byte));
    *ret_moved = true;
    return SJ_DONE;
}

sj_status sj_bulk_fail(const struct sj_desk *desk, struct sj_uuid id, const char *code)
{
    bool found = false;
    struct sj_bulk job;
    TRY(sj_bulk_find(desk, id, &found, &job));
    if (!found || (!is_state(&job, "checking") && !is_state(&job, "writing"))) {
        return SJ_DONE;
    }
    const struct step step = {
        desk, NULL, &job, is_state(&job, "checking"), sj_text_is(job.accept, "all_or_nothing")};
    const int64_t from_byte = job.at_byte;
    TRY(fail(&step, code));
    return save(desk, &job, from_byte);
}
