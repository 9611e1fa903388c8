/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a running record say where its tenants stand, and change its key, so that the verifier agrees from the first key on?
 * With a real keeper and database, over restarts and a kill between commit and signature.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "fixture.h"
#include "state.h"

#define KIND_COUNT "select count(*) from sanjeh.audit_entry where get_byte(entry, 73) = "

static void record_some(struct rig *rig, int count)
{
    struct sj_receipt receipt;
    for (int i = 0; i < count; i++) {
        struct sj_draft draft = rig_draft(i % 3 == 0 ? "judge:read" : "evaluation:list");
        draft.tenant_tag = (struct sj_uuid){{(uint8_t)(1 + i % 4)}};
        CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
    }
}

static void run_with_heads(void *ctx)
{
    struct rig *rig = ctx;
    rig->heads_ms = 300;
    REQUIRE_OK(rig_open(rig));
    for (int round = 0; round < 2; round++) {
        record_some(rig, 20);
        sj_fiber_sleep_ms(1100);
    }
    CHECK(rig_number(rig, KIND_COUNT "10") >= 1);
    rig_verify_clean(rig, 40);
    rig_close(rig);
}

TEST(late_heads_of_a_running_record_hold)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(run_with_heads, &rig);
    /* another start counts the day again from the entries */
    rig_restart_keeper(&rig);
    sj_test_on_fiber(run_with_heads, &rig);
    rig_end(&rig);
}

/* Until the log's key has changed so often, or five seconds have gone. */
static void wait_for_epoch(struct rig *rig, uint64_t number)
{
    struct sj_epoch_status status = {.number = 0};
    for (int i = 0; i < 50 && !(status.number == number && status.phase == SJ_EPOCH_STEADY); i++) {
        record_some(rig, 3);
        sj_fiber_sleep_ms(100);
        CHECK_OK(ask_epochs(rig->channel, &status));
    }
    CHECK(status.number == number && status.phase == SJ_EPOCH_STEADY);
}

static void rotate_twice(void *ctx)
{
    struct rig *rig = ctx;
    rig->key_epoch_ms = -1;
    rig->by_genesis = true;
    REQUIRE_OK(rig_open(rig));
    record_some(rig, 5);
    for (uint64_t number = 1; number <= 2; number++) {
        sj_sequencer_rotate_key(rig->sequencer);
        wait_for_epoch(rig, number);
    }
    record_some(rig, 5);
    CHECK(rig_number(rig, KIND_COUNT "11") == 2);
    rig_verify_clean(rig, 20);
    /* by the lasting key the same log verifies too */
    rig->by_genesis = false;
    rig_verify_clean(rig, 20);
    rig_close(rig);
}

static void go_on(void *ctx)
{
    struct rig *rig = ctx;
    rig->key_epoch_ms = -1;
    rig->by_genesis = true;
    REQUIRE_OK(rig_open(rig));
    record_some(rig, 5);
    rig_verify_clean(rig, 25);
    rig_close(rig);
}

TEST(late_key_changes_when_asked_and_the_verifier_follows)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(rotate_twice, &rig);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(go_on, &rig);
    rig_end(&rig);
}

static void rotate_by_itself(void *ctx)
{
    struct rig *rig = ctx;
    rig->key_epoch_ms = 1500;
    rig->by_genesis = true;
    REQUIRE_OK(rig_open(rig));
    sj_fiber_sleep_ms(3300); /* nobody records anything */
    CHECK(rig_number(rig, KIND_COUNT "11") >= 1);
    rig_verify_clean(rig, 3);
    rig_close(rig);
}

TEST(late_key_changes_by_itself_when_its_epoch_is_over)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(rotate_by_itself, &rig);
    rig_end(&rig);
}

/* The entry that appoints the key is committed, and the keeper never signed it. */
static void appoint_and_die(void *ctx)
{
    struct rig *rig = ctx;
    rig->key_epoch_ms = -1;
    REQUIRE_OK(rig_open(rig));
    record_some(rig, 5);
    REQUIRE_OK(ask_prepare_epoch(rig->channel, &rig->sequencer->late.epoch));
    rig_keep_state(rig);
    REQUIRE_OK(sj_sequencer_record_own(rig->sequencer, SJ_ENTRY_KEY_ROTATE, "key:rotate", ""));
    kill(getpid(), SIGKILL);
}

static void finish_change(void *ctx)
{
    struct rig *rig = ctx;
    rig->key_epoch_ms = -1;
    rig->by_genesis = true;
    REQUIRE_OK(rig_open(rig));
    wait_for_epoch(rig, 1);
    CHECK(rig_number(rig, KIND_COUNT "11") == 1);
    rig_verify_clean(rig, 10);
    rig_close(rig);
}

TEST(late_key_change_goes_on_after_a_kill_between_commit_and_signature)
{
    struct rig rig;
    rig_fresh(&rig);
    rig_run_and_kill(&rig, appoint_and_die);
    rig_put_back_state(&rig);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(finish_change, &rig);
    rig_end(&rig);
}

/* The key exists, and nothing says so. */
static void prepare_and_die(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_epoch_status status;
    rig->key_epoch_ms = -1;
    REQUIRE_OK(rig_open(rig));
    record_some(rig, 5);
    REQUIRE_OK(ask_prepare_epoch(rig->channel, &status));
    kill(getpid(), SIGKILL);
}

TEST(late_key_change_goes_on_after_a_kill_before_its_entry)
{
    struct rig rig;
    rig_fresh(&rig);
    rig_run_and_kill(&rig, prepare_and_die);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(finish_change, &rig);
    rig_end(&rig);
}

static bool hold_back(void *ctx, uint64_t size)
{
    const struct rig *rig = ctx;
    (void)size;
    return rig->deadline_ms == 1999; /* what the test sets to let it go */
}

static void wait_for_witnesses(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_epoch_status status;
    rig->key_epoch_ms = -1;
    rig->by_genesis = true;
    REQUIRE_OK(rig_open(rig));
    rig->sequencer->config.is_cosigned = hold_back;
    rig->sequencer->config.cosigned_ctx = rig;
    sj_sequencer_rotate_key(rig->sequencer);
    for (int i = 0; i < 14; i++) {
        record_some(rig, 1);
        sj_fiber_sleep_ms(100);
    }
    REQUIRE_OK(ask_epochs(rig->channel, &status));
    CHECK(status.number == 0 && status.phase == SJ_EPOCH_OVERLAP);
    rig_verify_clean(rig, 10); /* both keys sign meanwhile */
    rig->deadline_ms = 1999;
    wait_for_epoch(rig, 1);
    rig_verify_clean(rig, 18); /* open, 14, the change, at least 3 */
    rig_close(rig);
}

TEST(late_old_key_stays_until_witnesses_have_seen_the_change)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(wait_for_witnesses, &rig);
    rig_end(&rig);
}
