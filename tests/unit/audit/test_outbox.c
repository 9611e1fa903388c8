/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a deed's draft always end in the log, once, and never one that nobody of ours made? Rows with their waiter,
 * without one, of a killed server, and planted by a superuser.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "state.h"

static sj_status put_committed(struct rig *rig, struct sj_draft *draft)
{
    struct sj_context context;
    rig_deed_context(rig, &context);
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    draft->emitter = sj_sequencer_emitter(rig->sequencer);
    draft->emitter_seq = sj_sequencer_next_seq(rig->sequencer);
    TRY(sj_tx_begin(rig->db, &context, &tx));
    TRY(sj_outbox_put(tx, sj_sequencer_emitter_key(rig->sequencer), draft));
    return sj_tx_commit(&tx);
}

static void write_path(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    struct sj_draft draft = rig_draft("judge:write");
    REQUIRE_OK(rig_open(rig));
    REQUIRE_OK(put_committed(rig, &draft));
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_outbox") == 1);
    CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, true, &receipt));
    CHECK(receipt.index == 1);
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_outbox") == 0);
    rig_verify_clean(rig, 2);
    rig_close(rig);
}

TEST(outbox_row_goes_with_its_entry)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(write_path, &rig);
    rig_end(&rig);
}

static void orphan(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    struct sj_draft draft = rig_draft("judge:write");
    REQUIRE_OK(rig_open(rig));
    REQUIRE_OK(put_committed(rig, &draft));
    sj_fiber_sleep_ms(2500);
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_outbox") == 0);
    CHECK(sj_sequencer_stats(rig->sequencer).size == 2);
    /* its waiter comes late: the same place, not a second entry */
    CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, true, &receipt));
    CHECK(receipt.index == 1 && sj_sequencer_stats(rig->sequencer).size == 2);
    rig_verify_clean(rig, 2);
    rig_close(rig);
}

TEST(outbox_row_without_a_waiter_is_swept)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(orphan, &rig);
    rig_end(&rig);
}

static void commit_deed_and_die(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_draft draft = rig_draft("judge:write");
    REQUIRE_OK(rig_open(rig));
    REQUIRE_OK(put_committed(rig, &draft));
    kill(getpid(), SIGKILL);
}

static void expect_swept_at_start(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_outbox") == 0);
    CHECK(
        sj_sequencer_stats(rig->sequencer).size == 5); /* open, write, its close, open, recovery */
    rig_verify_clean(rig, 5);
    rig_close(rig);
}

TEST(outbox_row_of_a_killed_server_is_in_the_log_after_the_next_start)
{
    struct rig rig;
    rig_fresh(&rig);
    rig_run_and_kill(&rig, commit_deed_and_die);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_swept_at_start, &rig);
    rig_end(&rig);
}

static void plant(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_draft draft = rig_draft("judge:write");
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(4096);
    CLEANUP(sj_buf_clear) struct sj_buf sql = SJ_BUF(8192);
    const char *text = "";
    REQUIRE_OK(rig_open(rig));
    draft.emitter = sj_sequencer_emitter(rig->sequencer);
    draft.emitter_seq = 1000;
    REQUIRE_OK(sj_draft_encode(&draft, &bytes));
    REQUIRE_OK(sj_buf_put_str(&sql, "insert into sanjeh.audit_outbox (emitter, seq, draft, mac)"
                                    " values ('"));
    char id[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(draft.emitter, id);
    REQUIRE_OK(sj_buf_put_str(&sql, id));
    REQUIRE_OK(sj_buf_put_str(&sql, "', 1000, '\\x"));
    REQUIRE_OK(sj_buf_put_hex(&sql, sj_buf_view(&bytes)));
    REQUIRE_OK(sj_buf_put_str(&sql, "', sha256('guess'))"));
    REQUIRE_OK(sj_buf_cstr(&sql, &text));
    CHECK(rig_forge(rig, text));
    sj_fiber_sleep_ms(2500);
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_outbox") == 0);
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_refused") == 1);
    CHECK(sj_sequencer_stats(rig->sequencer).size == 1);
    rig_verify_clean(rig, 1);
    rig_close(rig);
}

TEST(attack_26_planted_outbox_row_is_never_sequenced)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(plant, &rig);
    rig_end(&rig);
}

/* ---- the sweeper and a late waiter in one batch ---- */

static pid_t hold_head(const struct rig *rig)
{
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(sj_pg_run(rig->pg->admin, "begin; lock table sanjeh.audit_head in access exclusive"
                                        " mode; select pg_sleep(2.7); commit")
                  ? 0
                  : 1);
    }
    usleep(200000);
    return pid;
}

static void late(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    struct sj_draft draft = rig_draft("judge:write");
    const struct sj_draft read = rig_draft("judge:read");
    rig->deadline_ms = 8000;
    REQUIRE_OK(rig_open(rig));
    REQUIRE_OK(put_committed(rig, &draft));
    const pid_t holder = hold_head(rig);
    sj_share_begin(
        rig->sequencer); /* so that the batch waits for the head before it takes drafts */
    sj_fiber_sleep_ms(700);
    sj_sequencer_note(rig->sequencer, &read); /* its batch waits for the lock, at most 2 s */
    for (int i = 0; i < 90 && sj_sequencer_stats(rig->sequencer).queued < 2; i++) {
        sj_fiber_sleep_ms(20); /* until the sweeper's draft waits for that batch */
    }
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_outbox") == 1);
    CHECK(sj_sequencer_stats(rig->sequencer).queued == 2);
    CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, true, &receipt));
    CHECK(receipt.index == 2 && sj_sequencer_stats(rig->sequencer).size == 3);
    CHECK(waitpid(holder, NULL, 0) == holder);
    rig_verify_clean(rig, 3);
    rig_close(rig);
}

TEST(outbox_row_gets_one_place_when_its_waiter_meets_the_sweeper)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(late, &rig);
    rig_end(&rig);
}

/* ---- the same row again ---- */

static void keep_rows(const struct rig *rig)
{
    CHECK(rig_forge(rig, "drop table if exists public.kept;"
                         "create table public.kept as table sanjeh.audit_outbox"));
}

static void replay_rows(const struct rig *rig)
{
    CHECK(rig_forge(rig, "insert into sanjeh.audit_outbox table public.kept"));
}

static void expect_refused(struct rig *rig, int64_t refused, uint64_t size)
{
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_outbox") == 0);
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_refused") == refused);
    CHECK(sj_sequencer_stats(rig->sequencer).size == size);
    rig_verify_clean(rig, size);
}

static void replay_own(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    struct sj_draft draft = rig_draft("judge:write");
    REQUIRE_OK(rig_open(rig));
    REQUIRE_OK(put_committed(rig, &draft));
    keep_rows(rig);
    CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, true, &receipt));
    replay_rows(rig);
    sj_fiber_sleep_ms(2500);
    expect_refused(rig, 1, 2);
    /* nor through a waiter */
    CHECK_CODE(sj_sequencer_record(rig->sequencer, &draft, true, &receipt), RECORD_UNAVAILABLE);
    CHECK(sj_sequencer_stats(rig->sequencer).size == 2);
    rig_close(rig);
}

static void replay_of_another_life(void *ctx)
{
    struct rig *rig = ctx;
    replay_rows(rig);
    REQUIRE_OK(rig_open(rig)); /* 2, close; and open again */
    sj_fiber_sleep_ms(100);
    expect_refused(rig, 2, 4);
    replay_rows(rig);
    sj_fiber_sleep_ms(2500);
    expect_refused(rig, 3, 4);
    rig_close(rig);
}

TEST(attack_11_replayed_outbox_row_is_never_sequenced_twice)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(replay_own, &rig);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(replay_of_another_life, &rig);
    rig_end(&rig);
}

static void write_and_fill(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    struct sj_draft draft = rig_draft("judge:write");
    const struct sj_draft read = rig_draft("judge:read");
    REQUIRE_OK(rig_open(rig));
    REQUIRE_OK(put_committed(rig, &draft));
    keep_rows(rig);
    CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, true, &receipt));
    while (sj_sequencer_stats(rig->sequencer).size < 17500) {
        for (int i = 0; i < 1000; i++) {
            sj_sequencer_note(rig->sequencer, &read);
        }
        CHECK_OK(rig_record(rig, "judge:read", &receipt));
    }
    CHECK(rig_number(rig, "select upto from sanjeh.audit_seen") >= 16384);
    rig_close(rig);
}

static void replay_after_fill(void *ctx)
{
    struct rig *rig = ctx;
    const int64_t before = rig_number(rig, "select count(*) from sanjeh.audit_refused");
    const int64_t size = rig_number(rig, "select size from sanjeh.audit_head");
    replay_rows(rig);
    REQUIRE_OK(rig_open(rig));
    sj_fiber_sleep_ms(100);
    expect_refused(rig, before + 1, (uint64_t)size + 1);
    rig_close(rig);
}

/* What was saved is used; what was saved and changed, or lost, is not believed or missed. */
TEST(outbox_replay_is_seen_whatever_became_of_the_saved_numbers)
{
    static const char *const damages[] = {"select 1",
        "update sanjeh.audit_seen set numbers = '\\x01'",
        "update sanjeh.audit_seen set upto = upto + 1", "delete from sanjeh.audit_seen"};
    struct rig rig;
    rig_fresh(&rig);
    rig.queue_max = 8192;
    sj_test_on_fiber(write_and_fill, &rig);
    for (size_t i = 0; i < SJ_COUNT(damages); i++) {
        CHECK(rig_forge(&rig, damages[i]));
        rig_restart_keeper(&rig);
        sj_test_on_fiber(replay_after_fill, &rig);
    }
    rig_end(&rig);
}
