/* SPDX-License-Identifier: Apache-2.0
 *
 * Does nothing get lost that only the recorder still has, and does a server refuse to go on without it? Attacks 6, 10 and 25 with
 * a real PostgreSQL and a real keeper; and every number that was given out has an entry or a void.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "state.h"

/* Entries whose bytes contain the text. */
static int64_t entries_with(const struct rig *rig, const char *text)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
        "select count(*) from sanjeh.audit_entry where position('%s'::bytea in entry) > 0", text);
    return rig_number(rig, sql);
}

static sj_status commit_deed(struct rig *rig, struct sj_draft *draft)
{
    struct sj_context context;
    struct sj_tx *tx = NULL;
    rig_deed_context(rig, &context);
    TRY(sj_tx_begin(rig->db, &context, &tx));
    return sj_sequencer_commit(rig->sequencer, &tx, draft, 1);
}

/* ---- attack 10 ---- */

static void commit_and_die(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_draft draft = rig_draft("judge:update");
    REQUIRE_OK(rig_open(rig));
    REQUIRE_OK(commit_deed(rig, &draft));
    kill(getpid(), SIGKILL);
}

static void expect_brought_back(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK(entries_with(rig, "judge:update") == 1);
    CHECK(entries_with(rig, "recovered=outcome-unknown") == 1);
    CHECK(sj_sequencer_stats(rig->sequencer).size == 5); /* open, deed, its close, open, recovery */
    rig_verify_clean(rig, 5);
    rig_close(rig);
}

TEST(attack_10_draft_deleted_from_the_outbox_after_kill_9_comes_from_the_recorder)
{
    struct rig rig;
    rig_fresh(&rig);
    rig_run_and_kill(&rig, commit_and_die);
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_outbox") == 1);
    CHECK(rig_forge(&rig, "delete from sanjeh.audit_outbox"));
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_brought_back, &rig);
    rig_end(&rig);
}

TEST(attack_10_draft_altered_in_the_outbox_after_kill_9_comes_from_the_recorder)
{
    struct rig rig;
    rig_fresh(&rig);
    rig_run_and_kill(&rig, commit_and_die);
    CHECK(rig_forge(&rig, "update sanjeh.audit_outbox set draft = set_byte(draft, 60, 7)"));
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_brought_back, &rig);
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_refused") == 1);
    rig_end(&rig);
}

static void expect_once(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK(entries_with(rig, "judge:update") == 1);
    CHECK(entries_with(rig, "recovered=outcome-unknown") == 0);
    rig_verify_clean(rig, 5);
    rig_close(rig);
}

TEST(a_draft_that_is_in_outbox_and_recorder_gets_one_entry)
{
    struct rig rig;
    rig_fresh(&rig);
    rig_run_and_kill(&rig, commit_and_die);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_once, &rig);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_once, &rig);
    rig_end(&rig);
}

/* While the server runs the draft is in its memory. */
static void delete_under_it(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    struct sj_draft draft = rig_draft("judge:update");
    REQUIRE_OK(rig_open(rig));
    REQUIRE_OK(commit_deed(rig, &draft));
    CHECK(rig_forge(rig, "delete from sanjeh.audit_outbox"));
    CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, true, &receipt));
    CHECK(receipt.index == 1 && entries_with(rig, "judge:update") == 1);
    rig_verify_clean(rig, 2);
    rig_close(rig);
}

TEST(attack_10_draft_deleted_under_a_running_server_is_in_its_memory)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(delete_under_it, &rig);
    rig_end(&rig);
}

/* ---- attack 6, the tail that is still in the recorder ---- */

static void expect_whole(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK(sj_sequencer_stats(rig->sequencer).size == 606); /* 302 and 302, open, recovery */
    CHECK(entries_with(rig, "put_back=302") == 1);
    rig_verify_clean(rig, 606);
    rig_close(rig);
}

TEST(attack_6_tail_that_the_database_lost_is_put_back_byte_for_byte)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(rig_short_run, &rig);
    CHECK(rig_forge(&rig, "create table public.h as table sanjeh.audit_head;"
                          "create table public.t as table sanjeh.audit_tenant"));
    sj_test_on_fiber(rig_short_run, &rig);
    CHECK(rig_forge(&rig,
        "create table public.e as table sanjeh.audit_entry;"
        "delete from sanjeh.audit_head; insert into sanjeh.audit_head table public.h;"
        "delete from sanjeh.audit_entry where idx >= (select size from public.h);"
        "delete from sanjeh.audit_tile where (n + 1) * 256 > (select size from public.h);"
        "truncate sanjeh.audit_tenant; insert into sanjeh.audit_tenant table public.t"));
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_whole, &rig);
    CHECK(rig_number(&rig, "select count(*) from public.e join sanjeh.audit_entry x using (idx, "
                           "entry, leaf_hash)") == 604);
    CHECK(rig_forge(&rig, "drop table public.h, public.e, public.t"));
    rig_end(&rig);
}

/* ---- attack 25 ---- */

static void expect_refused(void *ctx)
{
    struct rig *rig = ctx;
    CHECK_CODE(rig_open(rig), LOG_TAMPERED);
    CHECK(sj_text_starts(sj_text_of(rig->reason), "the recorder beside the database"));
    rig_disconnect(rig);
}

TEST(attack_25_server_without_its_recorder_does_not_start)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(rig_short_run, &rig);
    rig_keep_recorder(&rig);
    rig_new_recorder(&rig);
    sj_test_on_fiber(expect_refused, &rig);
    rig_new_recorder(&rig);
    rig_put_back_recorder(&rig);
    sj_test_on_fiber(rig_short_run, &rig);
    rig_end(&rig);
}

TEST(attack_25_older_copy_of_the_recorder_is_refused)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(rig_short_run, &rig);
    rig_keep_recorder(&rig);
    sj_test_on_fiber(rig_short_run, &rig);
    rig_put_back_recorder(&rig);
    sj_test_on_fiber(expect_refused, &rig);
    rig_end(&rig);
}

static void unlink_it(void)
{
    CHECK(unlink(rig_recorder_path()) == 0);
}

static void move_it(void)
{
    char other[128];
    snprintf(other, sizeof(other), "%s.moved", rig_recorder_path());
    CHECK(rename(rig_recorder_path(), other) == 0 && unlink(other) == 0);
}

static void close_it(void)
{
    CHECK(chmod(rig_recorder_path(), 0) == 0);
}

static void cut_it(void)
{
    CHECK(truncate(rig_recorder_path(), 8192) == 0);
}

static void (*spoil)(void);

static void spoil_while_open(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    struct sj_draft draft = rig_draft("judge:update");
    REQUIRE_OK(rig_open(rig));
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    spoil();
    CHECK_CODE(rig_record(rig, "judge:read", &receipt), RECORD_UNAVAILABLE);
    CHECK_CODE(commit_deed(rig, &draft), RECORD_UNAVAILABLE);
    CHECK(!sj_sequencer_is_ready(rig->sequencer));
    sj_fiber_sleep_ms(1200);
    CHECK(!sj_sequencer_is_ready(rig->sequencer));
    CHECK(entries_with(rig, "judge:update") == 0);
    CHECK(rig_number(rig, "select size from sanjeh.audit_head") == 2);
    rig_verify_clean(rig, 2);
    rig_close(rig);
}

TEST(attack_25_recorder_that_goes_while_it_is_open_stops_the_record)
{
    static void (*const ways[])(void) = {unlink_it, move_it, close_it, cut_it};
    for (size_t i = 0; i < SJ_COUNT(ways); i++) {
        struct rig rig;
        rig_fresh(&rig);
        spoil = ways[i];
        sj_test_on_fiber(spoil_while_open, &rig);
        rig_end(&rig);
    }
}

/* ---- numbers ---- */

/* A deed whose number was taken and that was rolled back. */
static void roll_back(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    struct sj_context context;
    struct sj_tx *tx = NULL;
    struct sj_draft draft = rig_draft("judge:update");
    REQUIRE_OK(rig_open(rig));
    rig_deed_context(rig, &context);
    REQUIRE_OK(sj_tx_begin(rig->db, &context, &tx));
    draft.emitter = sj_sequencer_emitter(rig->sequencer);
    draft.emitter_seq = sj_sequencer_next_seq(rig->sequencer);
    CHECK_OK(sj_outbox_put(tx, sj_sequencer_emitter_key(rig->sequencer), &draft));
    sj_tx_rollback(&tx);
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    for (int i = 0; i < 600 && entries_with(rig, "log:void") == 0; i++) {
        sj_fiber_sleep_ms(100); /* while it runs, after seconds */
    }
    CHECK(entries_with(rig, "log:void") == 1 && entries_with(rig, "judge:update") == 0);
    (void)sj_sequencer_next_seq(rig->sequencer); /* at the stop, at once */
    (void)sj_sequencer_next_seq(rig->sequencer);
    rig_close(rig);
    CHECK(entries_with(rig, "log:void") == 3);
}

static void verify_only(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_connect(rig));
    rig_verify_clean(rig, 6); /* open, read, three voids, close */
    rig_disconnect(rig);
}

TEST(a_number_whose_deed_was_rolled_back_gets_a_void)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(roll_back, &rig);
    sj_test_on_fiber(verify_only, &rig);
    rig_end(&rig);
}

static void take_numbers_and_die(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    (void)sj_sequencer_next_seq(rig->sequencer);
    (void)sj_sequencer_next_seq(rig->sequencer);
    REQUIRE_OK(rig_record(rig, "judge:read", &receipt));
    kill(getpid(), SIGKILL);
}

static void expect_voids(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK(entries_with(rig, "log:void") == 2);
    CHECK(entries_with(rig, "by=recovery") == 1);
    rig_verify_clean(rig, 7);
    rig_close(rig);
}

TEST(numbers_of_a_killed_server_get_voids_and_its_life_a_close)
{
    struct rig rig;
    rig_fresh(&rig);
    rig_run_and_kill(&rig, take_numbers_and_die);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_voids, &rig);
    rig_end(&rig);
}

/* ---- size ---- */

static void much(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    for (int i = 0; i < 40; i++) { /* each takes 300 kB: 12 MB through a file of 8 */
        for (int j = 0; j < 600; j++) {
            struct sj_draft draft = rig_draft("judge:list");
            memset(draft.detail, 'x', 300);
            sj_sequencer_note(rig->sequencer, &draft);
        }
        CHECK_OK(rig_record(rig, "judge:read", &receipt));
    }
    CHECK(receipt.index == 40 * 601);
    rig_close(rig);
    struct stat info;
    CHECK(stat(rig_recorder_path(), &info) == 0 && info.st_size == 4096 + 2 * 4 * 1024 * 1024);
}

TEST(recorder_goes_round_in_a_file_of_one_size)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(much, &rig);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(rig_short_run, &rig);
    rig_end(&rig);
}
