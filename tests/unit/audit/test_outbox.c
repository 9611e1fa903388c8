/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a deed's draft always end in the log, once, and never one that nobody of ours made? Rows with their waiter,
 * without one, of a killed server, and planted by a superuser.
 */
#include <signal.h>
#include <unistd.h>

#include "fixture.h"

static sj_status put_committed(struct rig *rig, struct sj_draft *draft)
{
    const struct sj_context context = {.text = ""};
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
    CHECK(sj_sequencer_stats(rig->sequencer).size == 4); /* open, write, open, recovery */
    rig_verify_clean(rig, 4);
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

TEST(outbox_row_that_was_planted_is_never_sequenced)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(plant, &rig);
    rig_end(&rig);
}
