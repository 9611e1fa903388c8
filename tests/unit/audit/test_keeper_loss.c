/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the record do without its signer? It says so before a request has to find out, answers nothing, and keeps
 * nobody waiting for a keeper that has died.
 */
#include <signal.h>
#include <unistd.h>

#include "fixture.h"

static void wait_until(struct rig *rig, bool ready, int64_t at_most_ms)
{
    const int64_t end = sj_time_monotonic_ms() + at_most_ms;
    while (sj_sequencer_is_ready(rig->sequencer) != ready && sj_time_monotonic_ms() < end) {
        sj_fiber_sleep_ms(20);
    }
    CHECK(sj_sequencer_is_ready(rig->sequencer) == ready);
}

static void freeze(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    CHECK(kill(sj_keeper_pid(rig->keeper), SIGSTOP) == 0);
    wait_until(rig, false, 4000); /* nobody has asked for anything */
    CHECK(kill(sj_keeper_pid(rig->keeper), SIGCONT) == 0);
    wait_until(rig, true, 4000);
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    rig_verify_clean(rig, 3);
    rig_close(rig);
}

TEST(record_is_not_ready_with_a_frozen_keeper)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(freeze, &rig);
    rig_end(&rig);
}

static void expect_quick_refusal(struct rig *rig)
{
    struct sj_receipt receipt;
    const int64_t started = sj_time_monotonic_ms();
    CHECK_CODE(rig_record(rig, "judge:read", &receipt), RECORD_UNAVAILABLE);
    CHECK(sj_time_monotonic_ms() - started < 1000); /* at once, on a loaded machine */
}

static void die_idle(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK(kill(sj_keeper_pid(rig->keeper), SIGKILL) == 0);
    wait_until(rig, false, 3000);
    expect_quick_refusal(rig);
    rig_close(rig);
}

static void die_busy(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    CHECK(kill(sj_keeper_pid(rig->keeper), SIGKILL) == 0);
    for (int i = 0; i < 5; i++) {
        expect_quick_refusal(rig);
    }
    CHECK(!sj_sequencer_is_ready(rig->sequencer));
    rig_close(rig);
}

TEST(record_refuses_at_once_when_the_keeper_has_died)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(die_idle, &rig);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(die_busy, &rig);
    rig_end(&rig);
}
