/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the record hold against load, crashes and a database superuser? With a real PostgreSQL and a real keeper:
 * group commit, restart, kill between commit and signature, rollback, forged tails and planted drafts.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "sanjeh/base/loop.h"
#include "sanjeh/base/time.h"
#include "sanjeh/crypto/random.h"
#include "state.h"

#define WAIT_MS 60000 /* for what does happen, on a loaded machine too */

/* ---- one record ---- */

static void one_record(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt = {0};
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(65536);
    REQUIRE_OK(rig_open(rig));
    CHECK(sj_sequencer_is_ready(rig->sequencer));
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    CHECK(receipt.index == 1); /* emitter-open is 0 */
    CHECK_OK(sj_sequencer_checkpoint(rig->sequencer, &note));
    CHECK(sj_text_starts(sj_buf_text(&note), "test.example/audit\n2\n"));
    CHECK(sj_sequencer_stats(rig->sequencer).size == 2);
    rig_verify_clean(rig, 2);
    rig_close(rig);
}

TEST(sequencer_signs_before_it_answers)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(one_record, &rig);
    rig_end(&rig);
}

static void export_part(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    uint64_t size = 0;
    struct sj_context context;
    REQUIRE_OK(rig_open(rig));
    for (int i = 0; i < 40; i++) {
        CHECK_OK(rig_record(rig, "judge:read", &receipt));
    }
    sj_fiber_sleep_ms(120);
    rig_record_context(rig, &context);
    CLEANUP(sj_closep) int sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
    CHECK_OK(sj_bundle_export(
        rig->db, &context, &(struct sj_bundle_trust){.vkey = SJ_TEXT("key")}, 0, sink, &size));
    CHECK(size == 41);
    CHECK_OK(sj_bundle_export(
        rig->db, &context, &(struct sj_bundle_trust){.vkey = SJ_TEXT("key")}, 20, sink, &size));
    CHECK(size == 20); /* each of these batches has its note */
    CHECK_OK(sj_bundle_export(rig->db, &context, &(struct sj_bundle_trust){.vkey = SJ_TEXT("key")},
        UINT64_MAX, sink, &size));
    CHECK(size == 41);
    CHECK(rig_forge(rig, "delete from sanjeh.audit_checkpoint where size < 30"));
    CHECK_CODE(sj_bundle_export(rig->db, &context,
                   &(struct sj_bundle_trust){.vkey = SJ_TEXT("key")}, 20, sink, &size),
        NOT_FOUND);
    rig_close(rig);
}

TEST(export_ends_at_a_signed_size)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(export_part, &rig);
    rig_end(&rig);
}

/* ---- group commit ---- */

struct crowd {
    struct rig *rig;
    unsigned each;
    unsigned running;
    unsigned good;
    unsigned busy;
    unsigned failed;
    uint64_t seen; /* sum of indices: every place once */
    struct sj_fiber *waiter;
};

static void crowd_fiber(void *ctx)
{
    struct crowd *crowd = ctx;
    for (unsigned i = 0; i < crowd->each; i++) {
        struct sj_receipt receipt;
        const sj_status status = rig_record(crowd->rig, "judge:list", &receipt);
        if (!sj_failed(status)) {
            crowd->good++;
            crowd->seen += receipt.index;
        } else if (status.code == SJ_BUSY) {
            crowd->busy++;
        } else {
            crowd->failed++;
        }
    }
    if (--crowd->running == 0) {
        sj_fiber_wake(crowd->waiter);
    }
}

static void run_crowd(struct crowd *crowd, unsigned fibers)
{
    crowd->running = fibers;
    crowd->waiter = sj_fiber_current();
    for (unsigned i = 0; i < fibers; i++) {
        CHECK_OK(sj_fiber_spawn(crowd->rig->loop, crowd_fiber, crowd));
    }
    while (crowd->running != 0) {
        sj_fiber_park();
    }
}

static void sixty_four(void *ctx)
{
    struct rig *rig = ctx;
    struct crowd crowd = {.rig = rig, .each = 50};
    REQUIRE_OK(rig_open(rig));
    run_crowd(&crowd, 64);
    CHECK(crowd.good == 3200 && crowd.failed == 0 && crowd.busy == 0);
    CHECK(crowd.seen == 3200ull * 3201 / 2); /* 1 .. 3200 */
    const struct sj_sequencer_stats stats = sj_sequencer_stats(rig->sequencer);
    CHECK(stats.size == 3201 && stats.queued == 0);
    CHECK(stats.batches < 400); /* 64 at a time, not one by one */
    rig_verify_clean(rig, 3201);
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_tile where level = 0") == 3201 / 256);
    rig_close(rig);
}

TEST(sequencer_commits_64_waiters_together)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(sixty_four, &rig);
    rig_end(&rig);
}

static void flood(void *ctx)
{
    struct rig *rig = ctx;
    struct crowd crowd = {.rig = rig, .each = 1};
    rig->queue_max = 8;
    REQUIRE_OK(rig_open(rig));
    run_crowd(&crowd, 30);
    CHECK(crowd.good == 8 && crowd.busy == 22 && crowd.failed == 0);
    CHECK(sj_sequencer_stats(rig->sequencer).refused == 22);
    rig_verify_clean(rig, 9);
    rig_close(rig);
}

TEST(sequencer_is_busy_beyond_its_queue)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(flood, &rig);
    rig_end(&rig);
}

/* ---- other loops ---- */

struct other {
    struct crowd crowd;
    struct sj_loop *loop;
    atomic_bool done;
};

static void other_fiber(void *ctx)
{
    struct other *other = ctx;
    other->crowd.rig->loop = other->loop;
    run_crowd(&other->crowd, 32);
    atomic_store(&other->done, true);
    sj_loop_stop(other->loop);
}

static void start_other(void *ctx)
{
    struct other *other = ctx;
    CHECK_OK(sj_fiber_spawn(other->loop, other_fiber, other));
}

static void *other_thread(void *ctx)
{
    struct other *other = ctx;
    CHECK_OK(sj_loop_post(other->loop, start_other, other));
    CHECK_OK(sj_loop_run(other->loop));
    return NULL;
}

static void two_loops(void *ctx)
{
    struct rig *rig = ctx;
    struct rig far_rig;
    struct crowd near_crowd = {.rig = rig, .each = 40};
    struct other other = {.crowd = {.rig = &far_rig, .each = 40}};
    pthread_t thread;
    REQUIRE_OK(rig_open(rig));
    far_rig = *rig;
    REQUIRE_OK(sj_loop_new(&other.loop));
    REQUIRE(pthread_create(&thread, NULL, other_thread, &other) == 0);
    run_crowd(&near_crowd, 16);
    while (!atomic_load(&other.done)) {
        sj_fiber_sleep_ms(5);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(near_crowd.good == 640 && other.crowd.good == 1280);
    CHECK(near_crowd.seen + other.crowd.seen == 1920ull * 1921 / 2);
    rig_verify_clean(rig, 1921);
    rig_close(rig);
    sj_loop_free(&other.loop);
}

TEST(sequencer_takes_drafts_of_other_loops)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(two_loops, &rig);
    rig_end(&rig);
}

/* ---- restart ---- */

TEST(sequencer_continues_after_a_restart)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(rig_short_run, &rig);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(rig_short_run, &rig);
    CHECK(rig_number(&rig, "select size from sanjeh.audit_head") == 2 * 302);
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_checkpoint where size = 604") == 1);
    rig_end(&rig);
}

/* ---- kill -9 between commit and signature ---- */

static void expect_recovered(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK(sj_sequencer_stats(rig->sequencer).size == 5); /* open, read, its close, open, recovery */
    rig_verify_clean(rig, 5);
    rig_close(rig);
}

TEST(sequencer_finishes_a_batch_that_was_not_signed)
{
    struct rig rig;
    rig_fresh(&rig);
    rig_run_and_kill(&rig, rig_commit_and_die);
    rig_put_back_state(&rig);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_recovered, &rig);
    rig_end(&rig);
}

/* ---- a database that hangs or dies ---- */

#define HELD_LOCK                                                                                  \
    " from pg_locks where relation = 'sanjeh.audit_head'::regclass and granted and mode = "        \
    "'AccessExclusiveLock'"

/* Somebody else has the head until he is told to let it go. */
static pid_t hold_head(const struct rig *rig)
{
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(sj_pg_run(rig->pg->admin,
                  "begin; lock table sanjeh.audit_head in access exclusive mode;"
                  " select pg_sleep(600); commit")
                  ? 0
                  : 1);
    }
    const int64_t until = sj_time_monotonic_ms() + WAIT_MS;
    while (rig_number(rig, "select count(*)" HELD_LOCK) == 0 && sj_time_monotonic_ms() < until) {
        usleep(10000);
    }
    CHECK(rig_number(rig, "select count(*)" HELD_LOCK) == 1);
    return pid;
}

static void await_ready(struct rig *rig, bool ready)
{
    const int64_t until = sj_time_monotonic_ms() + WAIT_MS;
    while (sj_sequencer_is_ready(rig->sequencer) != ready && sj_time_monotonic_ms() < until) {
        sj_fiber_sleep_ms(10);
    }
    CHECK(sj_sequencer_is_ready(rig->sequencer) == ready);
}

static void hang(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    rig->deadline_ms = 500;
    REQUIRE_OK(rig_open(rig));
    const pid_t holder = hold_head(rig);
    const int64_t started = sj_time_monotonic_ms();
    CHECK_CODE(rig_record(rig, "judge:read", &receipt), RECORD_UNAVAILABLE);
    const int64_t took = sj_time_monotonic_ms() - started;
    CHECK(took >= 490 && took < 10000); /* far below the ten minutes that it hangs */
    await_ready(rig, false);
    CHECK(sj_pg_run(rig->pg->admin, "select pg_cancel_backend(pid)" HELD_LOCK));
    CHECK(waitpid(holder, NULL, 0) == holder);
    rig->sequencer->config.deadline_ms = 30000; /* what follows is no matter of time */
    await_ready(rig, true);
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    CHECK(receipt.index == 1); /* what was refused was not written */
    rig_verify_clean(rig, 2);
    rig_close(rig);
}

TEST(sequencer_answers_within_its_deadline_when_the_database_hangs)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(hang, &rig);
    rig_end(&rig);
}

struct storm {
    struct rig *rig;
    bool stop;
    unsigned running;
    uint64_t good;
    uint64_t highest;
    struct sj_fiber *waiter;
};

static void storm_fiber(void *ctx)
{
    struct storm *storm = ctx;
    while (!storm->stop) {
        struct sj_receipt receipt;
        if (!sj_failed(rig_record(storm->rig, "judge:read", &receipt))) {
            storm->good++;
            storm->highest = receipt.index > storm->highest ? receipt.index : storm->highest;
        } else {
            sj_fiber_sleep_ms(10);
        }
    }
    if (--storm->running == 0) {
        sj_fiber_wake(storm->waiter);
    }
}

static void crash_under_load(void *ctx)
{
    struct rig *rig = ctx;
    struct storm storm = {.rig = rig, .running = 16, .waiter = sj_fiber_current()};
    REQUIRE_OK(rig_open(rig));
    for (unsigned i = 0; i < 16; i++) {
        CHECK_OK(sj_fiber_spawn(rig->loop, storm_fiber, &storm));
    }
    for (int i = 0; i < 3; i++) {
        sj_fiber_sleep_ms(200);
        sj_pg_crash();
        sj_pg_resume(NULL);
        const uint64_t before = storm.good;
        const int64_t until = sj_time_monotonic_ms() + WAIT_MS;
        while (storm.good < before + 16 && sj_time_monotonic_ms() < until) {
            sj_fiber_sleep_ms(20);
        }
        CHECK(storm.good >= before + 16); /* it picked up by itself */
    }
    storm.stop = true;
    while (storm.running != 0) {
        sj_fiber_park();
    }
    await_ready(rig, true);
    rig_verify_clean(rig, storm.highest + 1);
    rig_close(rig);
}

TEST(sequencer_survives_crashes_of_the_database_under_load)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(crash_under_load, &rig);
    rig_end(&rig);
}
