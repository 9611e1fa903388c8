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

#define WAIT_MS    60000 /* for what does happen, on a loaded machine too */
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

/* So many entries of a kind, or a minute has gone. */
static void wait_for_kind(struct rig *rig, const char *count, int64_t least)
{
    const int64_t until = sj_time_monotonic_ms() + WAIT_MS;
    while (rig_number(rig, count) < least && sj_time_monotonic_ms() < until) {
        sj_fiber_sleep_ms(20);
    }
    CHECK(rig_number(rig, count) >= least);
}

static void run_with_heads(void *ctx)
{
    struct rig *rig = ctx;
    rig->heads_ms = 300;
    REQUIRE_OK(rig_open(rig));
    for (int round = 0; round < 2; round++) {
        const int64_t before = rig_number(rig, KIND_COUNT "10");
        record_some(rig, 20);
        wait_for_kind(rig, KIND_COUNT "10", before + 1);
    }
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

static bool is_at(struct rig *rig, uint64_t number, enum sj_epoch_phase phase)
{
    struct sj_epoch_status status = {.number = UINT64_MAX};
    CHECK_OK(ask_epochs(rig->channel, &status));
    return status.number == number && status.phase == phase;
}

/* Records until the log's key stands there, or a minute has gone. */
static void wait_for_phase(struct rig *rig, uint64_t number, enum sj_epoch_phase phase)
{
    const int64_t until = sj_time_monotonic_ms() + WAIT_MS;
    while (!is_at(rig, number, phase) && sj_time_monotonic_ms() < until) {
        record_some(rig, 3);
        sj_fiber_sleep_ms(100);
    }
    CHECK(is_at(rig, number, phase));
}

static void wait_for_epoch(struct rig *rig, uint64_t number)
{
    wait_for_phase(rig, number, SJ_EPOCH_STEADY);
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
    wait_for_kind(rig, KIND_COUNT "11", 1); /* nobody records anything */
    rig_verify_clean(rig, 2);               /* open, the change */
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

/* Witnesses that have not seen the change; the test lets them see it. */
struct witnesses {
    struct rig *rig;
    unsigned asked;
    bool have_seen;
};

static bool hold_back(void *ctx, uint64_t size)
{
    struct witnesses *witnesses = ctx;
    (void)size;
    witnesses->asked++;
    return witnesses->have_seen;
}

static void wait_for_witnesses(void *ctx)
{
    struct witnesses *witnesses = ctx;
    struct rig *rig = witnesses->rig;
    rig->key_epoch_ms = -1;
    rig->by_genesis = true;
    REQUIRE_OK(rig_open(rig));
    rig->sequencer->config.is_cosigned = hold_back;
    rig->sequencer->config.cosigned_ctx = witnesses;
    sj_sequencer_rotate_key(rig->sequencer);
    wait_for_phase(rig, 0, SJ_EPOCH_OVERLAP);
    const int64_t until = sj_time_monotonic_ms() + WAIT_MS;
    while (witnesses->asked < 3 && sj_time_monotonic_ms() < until) {
        sj_fiber_sleep_ms(20);
    }
    CHECK(witnesses->asked >= 3); /* the change could have ended as often */
    CHECK(is_at(rig, 0, SJ_EPOCH_OVERLAP));
    rig_verify_clean(rig, 4); /* both keys sign meanwhile */
    witnesses->have_seen = true;
    wait_for_epoch(rig, 1);
    rig_verify_clean(rig, 5);
    rig_close(rig);
}

TEST(late_old_key_stays_until_witnesses_have_seen_the_change)
{
    struct rig rig;
    rig_fresh(&rig);
    struct witnesses witnesses = {.rig = &rig};
    sj_test_on_fiber(wait_for_witnesses, &witnesses);
    rig_end(&rig);
}
