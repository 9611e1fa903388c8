/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the record hold when any step of a batch fails (attack 20)? Every SQL statement, keeper call, write and fsync of a batch
 * and of a deed is made to fail in both ways, "not done" and "done, but an error came back", to hang, and to be the
 * last thing before and after kill -9. The steps are replaced by the linker in this program alone (--wrap): what is
 * shipped has no fault points. Whatever happens: what was acknowledged has its one entry at its place, nothing has two,
 * no number is left out, readiness tells the truth and nobody waits beyond his deadline; and afterwards nobody who could speak
 * about the record has anything to say (rig_panel.h), so the restart is clean.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig_panel.h"
#include "sanjeh/crypto/hash.h"
#include "state.h"

#define DEADLINE_MS 700
#define LATEST_MS                                                                                  \
    10000 /* a machine under load: far from what hangs, which hangs until it is let go */
#define HANG_MS 60000

enum way { WAY_NONE, NOT_DONE, DONE_BUT_ERROR, HANGS, KILL_BEFORE, KILL_AFTER, NO_SPACE };

enum point {
    POINT_NONE,
    POINT_COMMIT,
    POINT_READ,
    POINT_EXTEND,
    POINT_RECOVER,
    POINT_RECORDER_WRITE,
    POINT_RECORDER_SYNC,
    POINT_KEEPER_SYNC,
    POINT_SQL = 100 /* and the statement's number */
};

/* Shared with the keeper and with processes that are to be killed. */
struct plan {
    atomic_int point;
    atomic_int way;
    atomic_int struck;
    atomic_int released; /* what hangs may go on */
    pid_t front;
};
static struct plan *plan;

static void make_plan(void)
{
    if (plan == NULL) {
        plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        SJ_ASSERT(plan != MAP_FAILED);
    }
    atomic_store(&plan->point, POINT_NONE);
    atomic_store(&plan->struck, 0);
    plan->front = getpid();
}

static void arm(int point, enum way way)
{
    atomic_store(&plan->struck, 0);
    atomic_store(&plan->released, 0);
    atomic_store(&plan->way, (int)way);
    atomic_store(&plan->point, point);
}

/* Once for each arming. */
static enum way strike(int point)
{
    int expected = point;
    if (plan == NULL || !atomic_compare_exchange_strong(&plan->point, &expected, POINT_NONE)) {
        return WAY_NONE;
    }
    atomic_store(&plan->struck, 1);
    const enum way way = (enum way)atomic_load(&plan->way);
    if (way == KILL_BEFORE) {
        (void)kill(plan->front, SIGKILL);
        (void)pause();
    }
    return way;
}

static void strike_after(enum way way)
{
    if (way == KILL_AFTER) {
        (void)kill(plan->front, SIGKILL);
        (void)pause();
    }
}

static bool fails(enum way way)
{
    return way == NOT_DONE || way == DONE_BUT_ERROR;
}

/* ---- the steps ---- */

sj_status __real_sj_tx_commit(struct sj_tx **tx);
sj_status __wrap_sj_tx_commit(struct sj_tx **tx);
sj_status __wrap_sj_tx_commit(struct sj_tx **tx)
{
    const enum way way = strike(POINT_COMMIT);
    if (way == NOT_DONE) {
        sj_tx_rollback(tx);
        FAIL(DATABASE_UNAVAILABLE);
    }
    const sj_status status = __real_sj_tx_commit(tx);
    strike_after(way);
    return fails(way) ? SJ_FAILURE(DATABASE_UNAVAILABLE) : status;
}

sj_status __real_sj_tx_send(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count);
sj_status __wrap_sj_tx_send(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count);
sj_status __wrap_sj_tx_send(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count)
{
    const enum way way = strike(POINT_SQL + (int)sql);
    if (way == NOT_DONE) {
        FAIL(DATABASE_UNAVAILABLE);
    }
    const sj_status status = __real_sj_tx_send(tx, sql, params, count);
    strike_after(way);
    return fails(way) ? SJ_FAILURE(DATABASE_UNAVAILABLE) : status;
}

sj_status __real_sj_tx_query(struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows);
sj_status __wrap_sj_tx_query(struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows);
sj_status __wrap_sj_tx_query(struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    const enum way way = strike(POINT_SQL + (int)sql);
    if (way == NOT_DONE) {
        FAIL(DATABASE_UNAVAILABLE);
    }
    TRY(__real_sj_tx_query(tx, sql, params, count, ret_rows));
    strike_after(way);
    if (fails(way)) {
        sj_rows_free(ret_rows);
        FAIL(DATABASE_UNAVAILABLE);
    }
    return SJ_DONE;
}

sj_status __real_sj_db_read(struct sj_db *db, const struct sj_context *context,
    const struct sj_query *queries, size_t count, struct sj_rows **ret_rows);
sj_status __wrap_sj_db_read(struct sj_db *db, const struct sj_context *context,
    const struct sj_query *queries, size_t count, struct sj_rows **ret_rows);
sj_status __wrap_sj_db_read(struct sj_db *db, const struct sj_context *context,
    const struct sj_query *queries, size_t count, struct sj_rows **ret_rows)
{
    if (fails(strike(POINT_READ))) {
        FAIL(DATABASE_UNAVAILABLE);
    }
    return __real_sj_db_read(db, context, queries, count, ret_rows);
}

sj_status __real_ask_extend_rotating(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_hash *root, struct sj_view rotation,
    struct sj_buf *note);
sj_status __wrap_ask_extend_rotating(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_hash *root, struct sj_view rotation,
    struct sj_buf *note);
sj_status __wrap_ask_extend_rotating(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_hash *root, struct sj_view rotation,
    struct sj_buf *note)
{
    const enum way way = strike(POINT_EXTEND);
    if (way == NOT_DONE) {
        FAIL(KEEPER_UNAVAILABLE);
    }
    const sj_status status =
        __real_ask_extend_rotating(channel, old_size, leaves, count, root, rotation, note);
    strike_after(way);
    return fails(way) ? SJ_FAILURE(KEEPER_UNAVAILABLE) : status;
}

sj_status __real_ask_recover(struct sj_channel *channel, struct sj_uuid emitter, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_hash *root, struct sj_view mac,
    struct sj_buf *note);
sj_status __wrap_ask_recover(struct sj_channel *channel, struct sj_uuid emitter, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_hash *root, struct sj_view mac,
    struct sj_buf *note);
sj_status __wrap_ask_recover(struct sj_channel *channel, struct sj_uuid emitter, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_hash *root, struct sj_view mac,
    struct sj_buf *note)
{
    const enum way way = strike(POINT_RECOVER);
    if (way == NOT_DONE) {
        FAIL(KEEPER_UNAVAILABLE);
    }
    const sj_status status =
        __real_ask_recover(channel, emitter, old_size, leaves, count, root, mac, note);
    strike_after(way);
    return fails(way) ? SJ_FAILURE(KEEPER_UNAVAILABLE) : status;
}

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
    const bool is_front = plan != NULL && getpid() == plan->front;
    const enum way way = strike(is_front ? POINT_RECORDER_SYNC : POINT_KEEPER_SYNC);
    for (int i = 0; way == HANGS && i < HANG_MS / 10 && !atomic_load(&plan->released); i++) {
        (void)usleep(10000);
    }
    const int result = way == NOT_DONE ? -1 : __real_fdatasync(fd);
    strike_after(way);
    errno = fails(way) ? EIO : errno;
    return fails(way) ? -1 : result;
}

ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    const bool is_front = plan != NULL && getpid() == plan->front;
    const enum way way = is_front ? strike(POINT_RECORDER_WRITE) : WAY_NONE;
    if (way == NO_SPACE || way == NOT_DONE) {
        errno = way == NO_SPACE ? ENOSPC : EIO;
        return -1;
    }
    const ssize_t result = __real_pwrite(fd, bytes, way == DONE_BUT_ERROR ? len / 2 : len, at);
    strike_after(way);
    errno = fails(way) ? EIO : errno;
    return fails(way) ? -1 : result;
}

/* ---- what was asked and what was answered ---- */

#define ASKED_MAX 512

struct asked {
    bool is_acknowledged;
    uint64_t index;
    struct sj_hash leaf;
};
static struct asked asked[ASKED_MAX];
static size_t asked_count;

static struct sj_draft next_draft(void)
{
    struct sj_draft draft = rig_draft("judge:read");
    snprintf(draft.detail, sizeof(draft.detail), "asked=<%zu>", asked_count);
    return draft;
}

static void note_answer(sj_status status, const struct sj_receipt *receipt)
{
    asked[asked_count++] = (struct asked){
        .is_acknowledged = !sj_failed(status), .index = receipt->index, .leaf = receipt->leaf};
}

static sj_status ask_read(struct rig *rig)
{
    struct sj_receipt receipt = {0};
    const struct sj_draft draft = next_draft();
    const int64_t started = sj_time_monotonic_ms();
    const sj_status status = sj_sequencer_record(rig->sequencer, &draft, false, &receipt);
    CHECK(sj_time_monotonic_ms() - started < LATEST_MS);
    note_answer(status, &receipt);
    return status;
}

/* A deed as the server does it: commit with its draft, then the entry; a failure is recorded under its number. */
static sj_status ask_deed(struct rig *rig)
{
    struct sj_receipt receipt = {0};
    struct sj_context context;
    struct sj_tx *tx = NULL;
    struct sj_draft draft = next_draft();
    rig_deed_context(rig, &context);
    TRY(sj_tx_begin(rig->db, &context, &tx));
    sj_status status = sj_sequencer_commit(rig->sequencer, &tx, &draft, 1);
    if (!sj_failed(status)) {
        status = sj_sequencer_record(rig->sequencer, &draft, true, &receipt);
    }
    note_answer(status, &receipt);
    return status;
}

/* Every acknowledged one has its entry at its place; nobody has two. */
static void check_answers(const struct rig *rig)
{
    for (size_t i = 0; i < asked_count; i++) {
        char sql[300];
        snprintf(sql, sizeof(sql),
            "select count(*) from sanjeh.audit_entry where position('asked=<%zu>'::bytea in entry) "
            "> 0",
            i);
        const int64_t entries = rig_number(rig, sql);
        if (entries > 1 || (asked[i].is_acknowledged && entries != 1)) {
            printf("    asked %zu has %lld entries\n", i, (long long)entries);
            CHECK(false);
        }
        if (asked[i].is_acknowledged) {
            char leaf[2 * SJ_HASH_SIZE + 1] = "";
            for (size_t j = 0; j < SJ_HASH_SIZE; j++) {
                snprintf(leaf + 2 * j, 3, "%02x", asked[i].leaf.bytes[j]);
            }
            snprintf(sql, sizeof(sql),
                "select count(*) from sanjeh.audit_entry where idx = %llu and leaf_hash = '\\x%s'"
                " and position('asked=<%zu>'::bytea in entry) > 0",
                (unsigned long long)asked[i].index, leaf, i);
            CHECK(rig_number(rig, sql) == 1);
        }
    }
}

static void await_ready(struct rig *rig)
{
    const int64_t until = sj_time_monotonic_ms() + 60000;
    while (!sj_sequencer_is_ready(rig->sequencer) && sj_time_monotonic_ms() < until) {
        sj_fiber_sleep_ms(10);
    }
    CHECK(sj_sequencer_is_ready(rig->sequencer));
}

/* ---- errors ---- */

struct fault {
    int point;
    enum way way;
    bool is_deed;
    bool may_succeed; /* the step is not one that the answer waits for */
};

static const struct fault faults[] = {
    {POINT_SQL + SJ_SQL_AUDIT_APPEND, NOT_DONE, false, false},
    {POINT_SQL + SJ_SQL_AUDIT_APPEND, DONE_BUT_ERROR, false, false},
    {POINT_COMMIT, NOT_DONE, false, false},
    {POINT_COMMIT, DONE_BUT_ERROR, false, false},
    {POINT_EXTEND, NOT_DONE, false, false},
    {POINT_EXTEND, DONE_BUT_ERROR, false, false},
    {POINT_RECORDER_WRITE, NOT_DONE, false, false},
    {POINT_RECORDER_WRITE, DONE_BUT_ERROR, false, false},
    {POINT_RECORDER_WRITE, NO_SPACE, false, false},
    {POINT_RECORDER_SYNC, NOT_DONE, false, true}, /* or the probe's */
    {POINT_RECORDER_SYNC, DONE_BUT_ERROR, false, true},
    {POINT_KEEPER_SYNC, NOT_DONE, false, false},
    {POINT_KEEPER_SYNC, DONE_BUT_ERROR, false, false},
    {POINT_SQL + SJ_SQL_AUDIT_CHECKPOINT_PUT, NOT_DONE, false, true},
    {POINT_SQL + SJ_SQL_AUDIT_CHECKPOINT_PUT, DONE_BUT_ERROR, false, true},
    {POINT_SQL + SJ_SQL_AUDIT_OUTBOX_PUT, NOT_DONE, true, false},
    {POINT_SQL + SJ_SQL_AUDIT_OUTBOX_PUT, DONE_BUT_ERROR, true, false},
    {POINT_COMMIT, NOT_DONE, true, false},
    {POINT_COMMIT, DONE_BUT_ERROR, true, false},
    {POINT_RECORDER_WRITE, NOT_DONE, true, false},
    {POINT_READ, NOT_DONE, false, true},
};

static void one_fault(struct rig *rig, const struct fault *fault)
{
    sj_status status = SJ_DONE;
    bool is_mine =
        false; /* a batch of the server's own, voids after the fault before, may be struck instead */
    for (int tries = 0; tries < 20 && !is_mine; tries++) {
        await_ready(rig);
        arm(fault->point, fault->way);
        status = fault->is_deed ? ask_deed(rig) : ask_read(rig);
        for (int i = 0; i < 6000 && atomic_load(&plan->struck) == 0; i++) {
            sj_fiber_sleep_ms(10);
        }
        is_mine = fault->may_succeed || sj_failed(status);
    }
    if (atomic_load(&plan->struck) == 0 || (!fault->may_succeed && !sj_failed(status))) {
        printf("    point %d, way %d: struck %d, answered %s\n", fault->point, (int)fault->way,
            atomic_load(&plan->struck), sj_code_name(status.code));
        CHECK(false);
    }
    await_ready(rig);
    CHECK_OK(ask_read(rig)); /* it goes on */
    CHECK_OK(ask_deed(rig));
}

static void all_faults(void *ctx)
{
    struct rig *rig = ctx;
    rig->deadline_ms = DEADLINE_MS;
    REQUIRE_OK(rig_open(rig));
    for (size_t i = 0; i < SJ_COUNT(faults); i++) {
        one_fault(rig, &faults[i]);
    }
    sj_share_begin(rig->sequencer); /* as beside another server: the head is locked first */
    one_fault(rig, &(struct fault){POINT_SQL + SJ_SQL_AUDIT_HEAD_LOCK, NOT_DONE, false, true});
    one_fault(
        rig, &(struct fault){POINT_SQL + SJ_SQL_AUDIT_HEAD_LOCK, DONE_BUT_ERROR, false, true});
    rig_close(rig);
}

/* fn on a record that is remembered; what was answered stands, and then everybody is silent. */
static void go_through(void (*fn)(void *ctx))
{
    struct rig rig;
    struct insiders who;
    make_plan();
    asked_count = 0;
    rig_fresh(&rig);
    insiders_remember(&who, &rig, NULL);
    sj_test_on_fiber(fn, &rig);
    check_answers(&rig);
    insiders_expect(&who, &(struct panel){.verifier = NULL});
    rig_end(&rig);
}

/* All rows in one record: what any of them had left behind would still be there at its end. */
TEST(attack_20_every_step_fails_in_both_ways_and_leaves_nothing_to_be_told)
{
    go_through(all_faults);
}

/* ---- hangs ---- */

static void hang_disk(void *ctx)
{
    struct rig *rig = ctx;
    rig->deadline_ms = DEADLINE_MS;
    REQUIRE_OK(rig_open(rig));
    CHECK_OK(ask_read(rig));
    arm(POINT_RECORDER_SYNC, HANGS);
    while (atomic_load(&plan->struck) == 0) {
        sj_ignore(ask_read(rig), "the probe may have met it");
    }
    CHECK_CODE(ask_read(rig), RECORD_UNAVAILABLE);
    CHECK(!sj_sequencer_is_ready(rig->sequencer));
    CHECK_CODE(ask_deed(rig), RECORD_UNAVAILABLE);
    atomic_store(&plan->released, 1);
    await_ready(rig);
    CHECK_OK(ask_read(rig));
    CHECK_OK(ask_deed(rig));
    rig_close(rig);
}

TEST(attack_20_hung_disk_keeps_nobody_beyond_the_deadline)
{
    go_through(hang_disk);
}

/* The database's disk is full: its own refusal of the insert. */
static void full_database(void *ctx)
{
    struct rig *rig = ctx;
    rig->deadline_ms = DEADLINE_MS;
    REQUIRE_OK(rig_open(rig));
    CHECK(sj_pg_run(rig->pg->admin,
        "create function public.no_space() returns trigger language plpgsql as"
        " $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$;"
        "create trigger no_space before insert on sanjeh.audit_entry execute function "
        "public.no_space()"));
    CHECK_CODE(ask_read(rig), RECORD_UNAVAILABLE);
    CHECK(
        !sj_sequencer_is_ready(rig->sequencer) || sj_failed(ask_read(rig))); /* between two tries */
    CHECK(sj_pg_run(rig->pg->admin,
        "drop trigger no_space on sanjeh.audit_entry; drop function public.no_space()"));
    await_ready(rig);
    CHECK_OK(ask_read(rig));
    rig_close(rig);
}

TEST(attack_20_full_disk_of_the_database_answers_nothing_and_ends)
{
    go_through(full_database);
}

/* ---- kill -9 ---- */

struct death {
    int point;
    enum way way;
    bool is_deed;
};
static const struct death deaths[] = {
    {POINT_RECORDER_SYNC, KILL_BEFORE, false},
    {POINT_COMMIT, KILL_BEFORE, false},
    {POINT_COMMIT, KILL_AFTER, false},
    {POINT_EXTEND, KILL_AFTER, false},
    {POINT_COMMIT, KILL_BEFORE, true},
    {POINT_COMMIT, KILL_AFTER, true},
    /* the others with SANJEH_LONG */
    {POINT_RECORDER_WRITE, KILL_BEFORE, false},
    {POINT_RECORDER_WRITE, KILL_AFTER, false},
    {POINT_RECORDER_SYNC, KILL_AFTER, false},
    {POINT_SQL + SJ_SQL_AUDIT_APPEND, KILL_BEFORE, false},
    {POINT_SQL + SJ_SQL_AUDIT_APPEND, KILL_AFTER, false},
    {POINT_EXTEND, KILL_BEFORE, false},
    {POINT_SQL + SJ_SQL_AUDIT_OUTBOX_PUT, KILL_BEFORE, true},
    {POINT_SQL + SJ_SQL_AUDIT_OUTBOX_PUT, KILL_AFTER, true},
    {POINT_RECORDER_SYNC, KILL_BEFORE, true},
    {POINT_RECORDER_SYNC, KILL_AFTER, true},
};
#define DEATHS_ALWAYS 6

static const struct death *death;

static void die_there(void *ctx)
{
    struct rig *rig = ctx;
    plan->front = getpid();
    REQUIRE_OK(rig_open(rig));
    CHECK_OK(ask_read(rig));
    CHECK_OK(ask_deed(rig));
    sj_fiber_sleep_ms(20);
    arm(death->point, death->way);
    sj_ignore(death->is_deed ? ask_deed(rig) : ask_read(rig), "it does not come back");
    sj_fiber_sleep_ms(60000);
}

static void start_again(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK(sj_sequencer_is_ready(rig->sequencer));
    CHECK_OK(ask_read(rig));
    rig_close(rig);
}

static void die_and_start(const struct death *where)
{
    struct rig rig;
    struct insiders who;
    make_plan();
    asked_count = 0;
    death = where;
    rig_fresh(&rig);
    insiders_remember(&who, &rig, NULL);
    rig_run_and_kill(&rig, die_there);
    /* what the dead process had answered: a read and a deed; the third was never answered */
    asked[0] = asked[1] = asked[2] = (struct asked){.is_acknowledged = false};
    asked_count = 3;
    make_plan();
    rig_restart_keeper(&rig);
    sj_test_on_fiber(start_again, &rig);
    check_answers(&rig);
    for (size_t i = 0; i < 2; i++) {
        char sql[200];
        snprintf(sql, sizeof(sql),
            "select count(*) from sanjeh.audit_entry where position('asked=<%zu>'::bytea in entry) "
            "> 0",
            i);
        CHECK(rig_number(&rig, sql) == 1);
    }
    insiders_expect(&who, &(struct panel){.verifier = NULL});
    rig_end(&rig);
}

TEST(attack_20_kill_9_at_each_step_loses_nothing_and_leaves_nothing_to_be_told)
{
    const char *text = getenv("SANJEH_LONG");
    const size_t count = text != NULL && text[0] == '1' ? SJ_COUNT(deaths) : (size_t)DEATHS_ALWAYS;
    for (size_t i = 0; i < count; i++) {
        die_and_start(&deaths[i]);
    }
}
