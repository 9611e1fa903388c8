/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the record do without its signer (attack 20)? It says so before a request has to find out, answers nothing, and keeps
 * nobody waiting for a keeper that has died. When it is back nobody has anything to say about the record.
 */
#include <signal.h>
#include <unistd.h>

#include "rig_panel.h"

#define DEADLINE_MS 40000 /* so that a refusal "at once" is far from it on any machine */
#define AT_ONCE_MS  15000

static void wait_until(struct rig *rig, bool ready)
{
    const int64_t end = sj_time_monotonic_ms() + 60000;
    while (sj_sequencer_is_ready(rig->sequencer) != ready && sj_time_monotonic_ms() < end) {
        sj_fiber_sleep_ms(20);
    }
    CHECK(sj_sequencer_is_ready(rig->sequencer) == ready);
}

static void with_rig(void (*first)(void *ctx), void (*second)(void *ctx))
{
    struct rig rig;
    struct insiders who;
    rig_fresh(&rig);
    insiders_remember(&who, &rig, NULL);
    sj_test_on_fiber(first, &rig);
    if (second != NULL) {
        rig_restart_keeper(&rig);
        sj_test_on_fiber(second, &rig);
        rig_restart_keeper(&rig);
    }
    insiders_expect(&who, &(struct panel){.verifier = NULL});
    rig_end(&rig);
}

static void freeze(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    CHECK(kill(sj_keeper_pid(rig->keeper), SIGSTOP) == 0);
    wait_until(rig, false); /* nobody has asked for anything */
    CHECK(kill(sj_keeper_pid(rig->keeper), SIGCONT) == 0);
    wait_until(rig, true);
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    rig_close(rig);
}

TEST(attack_20_record_is_not_ready_with_a_frozen_keeper)
{
    with_rig(freeze, NULL);
}

static void expect_quick_refusal(struct rig *rig)
{
    struct sj_receipt receipt;
    const int64_t started = sj_time_monotonic_ms();
    CHECK_CODE(rig_record(rig, "judge:read", &receipt), RECORD_UNAVAILABLE);
    CHECK(sj_time_monotonic_ms() - started < AT_ONCE_MS);
}

static void die_idle(void *ctx)
{
    struct rig *rig = ctx;
    rig->deadline_ms = DEADLINE_MS;
    REQUIRE_OK(rig_open(rig));
    CHECK(kill(sj_keeper_pid(rig->keeper), SIGKILL) == 0);
    wait_until(rig, false);
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

TEST(attack_20_record_refuses_at_once_when_the_keeper_has_died)
{
    with_rig(die_idle, die_busy);
}
