/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a change of key come to its end when another server had to sign it? Two servers, two keepers, one record: the keeper of
 * the first has prepared its next key, the entry is committed, and the keeper dies before it has signed. The second
 * one signs that batch and goes on. Whoever pins both first keys must find the whole log signed by exactly the keys of each size.
 */
#include <signal.h>
#include <stdlib.h>

#include "fixture.h"
#include "state.h"

#define KIND_ROTATE_COUNT "select count(*) from sanjeh.audit_entry where get_byte(entry, 73) = 11"

struct pair {
    struct rig a;
    struct rig b;
    unsigned between; /* entries of B behind the change, before A comes back */
};

static void record(struct rig *rig, unsigned count)
{
    struct sj_receipt receipt;
    for (unsigned i = 0; i < count; i++) {
        CHECK_OK(rig_record(rig, "judge:read", &receipt));
    }
}

static void start(struct rig *rig)
{
    rig->key_epoch_ms = -1;
    rig->by_genesis = true;
    REQUIRE_OK(rig_open(rig));
}

static struct sj_epoch_status epochs_of(struct rig *rig)
{
    struct sj_epoch_status status = {.number = UINT64_MAX};
    CHECK_OK(ask_epochs(rig->channel, &status));
    return status;
}

/* A's keeper has prepared the key and dies; the entry that appoints it is committed all the same. */
static void commit_without_keeper(struct rig *a)
{
    const int64_t before = rig_number(a, KIND_ROTATE_COUNT);
    REQUIRE_OK(ask_prepare_epoch(a->channel, &a->sequencer->late.epoch));
    CHECK(kill(sj_keeper_pid(a->keeper), SIGKILL) == 0);
    CHECK_CODE(sj_sequencer_record_own(a->sequencer, SJ_ENTRY_KEY_ROTATE, "key:rotate", ""),
        RECORD_UNAVAILABLE);
    CHECK(rig_number(a, KIND_ROTATE_COUNT) == before + 1);
    rig_close(a);
}

static void wait_for_epoch(struct rig *rig, uint64_t number)
{
    const int64_t until = sj_time_monotonic_ms() + 60000;
    while (epochs_of(rig).number < number && sj_time_monotonic_ms() < until) {
        record(rig, 1);
        sj_fiber_sleep_ms(50);
    }
    CHECK(epochs_of(rig).number == number && epochs_of(rig).phase == SJ_EPOCH_STEADY);
}

static void come_back(struct pair *pair)
{
    struct rig *a = &pair->a;
    rig_restart_keeper(a);
    start(a);
    /* the change is taken up where the other server's signature left it, not begun a second time */
    CHECK(epochs_of(a).phase == SJ_EPOCH_OVERLAP);
    CHECK(rig_number(a, KIND_ROTATE_COUNT) == 1);
    rig_trust(&pair->b, a);
    rig_verify_clean(a, 5); /* while both keys sign */
    wait_for_epoch(a, 1);
    record(a, 3);
    record(&pair->b, 3);
    record(a, 1);
    CHECK(rig_number(a, KIND_ROTATE_COUNT) == 1);
    rig_verify_clean(a, 5 + pair->between);
    rig_close(a);
}

static void beside_a_running_server(void *ctx)
{
    struct pair *pair = ctx;
    start(&pair->a);
    start(&pair->b);
    record(&pair->a, 3);
    record(&pair->b, 2);
    record(&pair->a, 1);
    commit_without_keeper(&pair->a);
    record(&pair->b, pair->between);
    come_back(pair);
    rig_close(&pair->b);
}

static bool is_long(void)
{
    const char *text = getenv("SANJEH_LONG");
    return text != NULL && text[0] == '1';
}

static void with_pair(unsigned between, void (*fn)(void *ctx))
{
    static struct pair pair;
    pair.between = between;
    rig_fresh(&pair.a);
    rig_beside(&pair.a, "b", &pair.b);
    sj_test_on_fiber(fn, &pair);
    rig_end(&pair.a);
    rig_end(&pair.b);
}

TEST(change_of_key_is_completed_after_another_server_signed_it_and_went_on)
{
    with_pair(40, beside_a_running_server);
}

static void beside_a_server_that_starts(void *ctx)
{
    struct pair *pair = ctx;
    start(&pair->a);
    record(&pair->a, 3);
    commit_without_keeper(&pair->a);
    start(
        &pair->b); /* finds the batch unsigned, and that its last entry is another server's change */
    CHECK(epochs_of(&pair->b).phase == SJ_EPOCH_STEADY && epochs_of(&pair->b).number == 0);
    record(&pair->b, pair->between);
    come_back(pair);
    rig_close(&pair->b);
}

TEST(change_of_key_is_completed_after_a_server_that_started_later_signed_it)
{
    if (is_long()) { /* waits of seconds */
        with_pair(2, beside_a_server_that_starts);
    }
}

/* Killed when its keeper had taken the change over and the note was not stored yet. */
static void note_is_lost(void *ctx)
{
    struct pair *pair = ctx;
    start(&pair->a);
    start(&pair->b);
    record(&pair->a, 3);
    commit_without_keeper(&pair->a);
    record(&pair->b, pair->between);
    rig_restart_keeper(&pair->a);
    start(&pair->a);
    CHECK(epochs_of(&pair->a).phase == SJ_EPOCH_OVERLAP);
    /* the lines under the other server's note are gone: as if the process had died before it stored them */
    CHECK(rig_forge(&pair->a,
        "update sanjeh.audit_checkpoint set note = convert_to((select string_agg(l, E'\\n' order "
        "by n) from"
        " (select l, n from unnest(string_to_array(convert_from(note, 'UTF8'), E'\\n')) with "
        "ordinality as t(l, n)"
        "   where n <= 6) as kept) || E'\\n', 'UTF8')"
        " where size = (select idx + 1 from sanjeh.audit_entry where get_byte(entry, 73) = 11)"));
    wait_for_epoch(&pair->a, 1); /* not before they are stored again */
    rig_trust(&pair->b, &pair->a);
    rig_verify_clean(&pair->a, 5);
    rig_close(&pair->a);
    rig_close(&pair->b);
}

TEST(old_key_is_not_destroyed_before_its_signature_of_the_change_is_stored)
{
    if (is_long()) {
        with_pair(5, note_is_lost);
    }
}

/* Lines may be added to a note; nothing of it can be taken away or changed, its size neither. */
static void only_added(void *ctx)
{
    struct pair *pair = ctx;
    start(&pair->a);
    record(&pair->a, 2);
    rig_verify_clean(&pair->a, 1);
    CHECK(!sj_pg_run(
        pair->a.pg->admin, "update sanjeh.audit_checkpoint set note = substr(note, 1, 20)"));
    CHECK(
        !sj_pg_run(pair->a.pg->admin, "update sanjeh.audit_checkpoint set note = '\\x00' || note"));
    CHECK(!sj_pg_run(pair->a.pg->admin, "update sanjeh.audit_checkpoint set size = size + 1000"));
    CHECK(!sj_pg_run(pair->a.pg->admin, "delete from sanjeh.audit_checkpoint"));
    CHECK(
        sj_pg_run(pair->a.pg->admin, "update sanjeh.audit_checkpoint set note = note || '\\x0a'"));
    rig_close(&pair->a);
}

TEST(notes_only_gain_lines)
{
    with_pair(0, only_added);
}
