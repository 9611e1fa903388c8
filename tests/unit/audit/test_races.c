/* SPDX-License-Identifier: Apache-2.0
 *
 * Who wins when two are at the head at once (attack 19), and does a bit that flips between hashing and sending reach the record (attack
 * 21)? And does a clock that is set back or forward (attack 9)? Two servers on one record, each with a keeper, recorder and fibers of its own; a batch that stalls between its check of the head
 * and its commit; two keepers on one memory. The steps that stall or flip are put in by the linker in this program alone (--wrap): what
 * is shipped has no such points.
 */
#include <stdio.h>
#include <unistd.h>

#include "rig_panel.h"
#include "state.h"

#define STALL_MS 600 /* longer than a batch waits for a head that another one holds */

/* ---- what the linker puts in ---- */

static const void *stall_fiber; /* whose next batch waits before its commit; NULL: nobody's */
static bool has_appended;       /* that batch */
static bool stalled;
static char *kill_backend; /* statement that ends it meanwhile; NULL: it lives */
static const struct rig *killer;
static int flip_at = -1; /* the byte from the end of the next entry; -1: none */
static bool flip_leaf;   /* of the next batch, when its leaves go to the keeper */

sj_status __real_sj_tx_commit(struct sj_tx **tx);
sj_status __wrap_sj_tx_commit(struct sj_tx **tx);
sj_status __wrap_sj_tx_commit(struct sj_tx **tx)
{
    if (has_appended && sj_fiber_current() == stall_fiber) {
        stall_fiber = NULL;
        has_appended = false;
        stalled = true;
        sj_fiber_sleep_ms(STALL_MS);
        if (kill_backend != NULL) {
            CHECK(sj_pg_run(killer->pg->admin, kill_backend));
        }
    }
    return __real_sj_tx_commit(tx);
}

sj_status __real_sj_tx_send(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count);
sj_status __wrap_sj_tx_send(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count);
sj_status __wrap_sj_tx_send(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count)
{
    if (sql == SJ_SQL_AUDIT_APPEND && stall_fiber != NULL && sj_fiber_current() == stall_fiber) {
        has_appended = true;
    }
    return __real_sj_tx_send(tx, sql, params, count);
}

sj_status __real_sj_array_put(struct sj_array *array, const void *ptr, size_t len);
sj_status __wrap_sj_array_put(struct sj_array *array, const void *ptr, size_t len);
sj_status __wrap_sj_array_put(struct sj_array *array, const void *ptr, size_t len)
{
    TRY(__real_sj_array_put(array, ptr, len));
    if (flip_at >= 0 && len > SJ_ENTRY_HEAD_SIZE + SJ_BODY_FIXED_SIZE) {
        array->bytes.ptr[array->bytes.len - 1 - (size_t)flip_at] ^= 0x10;
        flip_at = -1;
    }
    return SJ_DONE;
}

static sj_time_us clock_set_by; /* in this process; keeper and database have the right one */

sj_time_us __real_sj_time_now(void);
sj_time_us __wrap_sj_time_now(void);
sj_time_us __wrap_sj_time_now(void)
{
    return __real_sj_time_now() + clock_set_by;
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
    struct sj_hash flipped[1] = {leaves[0]};
    if (!flip_leaf || count != 1) {
        return __real_ask_extend_rotating(channel, old_size, leaves, count, root, rotation, note);
    }
    flip_leaf = false;
    flipped[0].bytes[7] ^= 0x04;
    return __real_ask_extend_rotating(channel, old_size, flipped, 1, root, rotation, note);
}

/* ---- two servers ---- */

struct pair {
    struct rig a;
    struct rig b;
    unsigned running;
    unsigned done;
    struct sj_fiber *waiter;
};

#define FIBERS  6
#define ENTRIES 12

struct racer {
    struct pair *pair;
    struct rig *rig;
};

static void race(void *ctx)
{
    const struct racer *racer = ctx;
    struct sj_receipt receipt;
    for (int i = 0; i < ENTRIES; i++) {
        racer->pair->done += sj_failed(rig_record(racer->rig, "judge:race", &receipt)) ? 0 : 1;
    }
    racer->pair->running--;
    if (racer->pair->waiter != NULL) {
        sj_fiber_wake(racer->pair->waiter);
    }
}

static void open_pair(struct pair *pair)
{
    pair->a.deadline_ms = pair->b.deadline_ms = 20000; /* nobody is refused for a loaded machine */
    REQUIRE_OK(rig_open(&pair->a));
    REQUIRE_OK(rig_open(&pair->b));
}

static void close_pair(struct pair *pair)
{
    rig_close(&pair->b);
    rig_close(&pair->a);
}

/* Whatever the two do to each other, afterwards nobody has anything to say about it. */
static void with_pair(void (*fn)(void *ctx))
{
    static struct pair pair;
    static struct insiders who;
    rig_fresh(&pair.a);
    rig_beside(&pair.a, "b", &pair.b);
    pair.a.by_genesis = pair.b.by_genesis = true;
    insiders_remember(&who, &pair.a, &pair.b);
    sj_test_on_fiber(fn, &pair);
    insiders_expect(&who, &(struct panel){.verifier = NULL});
    rig_end(&pair.b);
    rig_end(&pair.a);
}

static void two_sequencers(void *ctx)
{
    struct pair *pair = ctx;
    struct racer racers[2 * FIBERS];
    pair->done = 0;
    pair->running = 2 * FIBERS;
    pair->waiter = NULL;
    open_pair(pair);
    for (size_t i = 0; i < 2 * FIBERS; i++) {
        racers[i] = (struct racer){pair, i % 2 == 0 ? &pair->a : &pair->b};
        CHECK_OK(sj_fiber_spawn(sj_loop_current(), race, &racers[i]));
    }
    pair->waiter = sj_fiber_current();
    while (pair->running > 0) {
        sj_fiber_park();
    }
    CHECK(pair->done == 2 * FIBERS * ENTRIES);
    CHECK(rig_number(&pair->a,
              "select count(*) from sanjeh.audit_entry where"
              " position('judge:race'::bytea in entry) > 0") == 2 * FIBERS * ENTRIES);
    CHECK(rig_number(&pair->a, "select count(*) - max(idx) from sanjeh.audit_entry") == 1);
    close_pair(pair);
}

TEST(attack_19_two_sequencers_at_one_head_lose_nothing_and_number_nothing_twice)
{
    with_pair(two_sequencers);
}

/* ---- a stalled batch ---- */

static void record_on_a(void *ctx)
{
    struct pair *pair = ctx;
    struct sj_receipt receipt;
    pair->done += sj_failed(rig_record(&pair->a, "judge:read", &receipt)) ? 0 : 1;
    pair->running--;
}

static void stall(struct pair *pair)
{
    struct sj_receipt receipt;
    CHECK_OK(rig_record(
        &pair->a, "judge:read", &receipt)); /* it knows where the other one has come to */
    pair->done = 0;
    pair->running = 1;
    stalled = false;
    stall_fiber = pair->a.sequencer->writer;
    CHECK_OK(sj_fiber_spawn(sj_loop_current(), record_on_a, pair));
    while (!stalled) {
        sj_fiber_sleep_ms(1);
    }
    /* the batch of A has compared and set the head, and has not committed */
    CHECK_OK(rig_record(&pair->b, "judge:read", &receipt));
    const int64_t until = sj_time_monotonic_ms() + 60000;
    while (pair->running > 0 && sj_time_monotonic_ms() < until) {
        sj_fiber_sleep_ms(5);
    }
    CHECK(pair->running == 0);
}

static void stalled_batch(void *ctx)
{
    struct pair *pair = ctx;
    open_pair(pair);
    stall(pair);
    CHECK(pair->done == 1);
    close_pair(pair);
}

TEST(attack_19_batch_stalled_between_check_and_commit_keeps_its_place)
{
    with_pair(stalled_batch);
}

static void await_ready(struct rig *rig)
{
    const int64_t until = sj_time_monotonic_ms() + 60000;
    while (!sj_sequencer_is_ready(rig->sequencer) && sj_time_monotonic_ms() < until) {
        sj_fiber_sleep_ms(10);
    }
    CHECK(sj_sequencer_is_ready(rig->sequencer));
}

/* Its connection is taken away while it stalls: the other server's batch stands at the head that it had checked. */
static void stalled_and_cut(void *ctx)
{
    struct pair *pair = ctx;
    struct sj_receipt receipt;
    static char statement[] = "select pg_terminate_backend(a.pid) from pg_stat_activity as a join "
                              "pg_locks as l on l.pid = a.pid"
                              " where l.relation = 'sanjeh.audit_head'::regclass and l.mode = "
                              "'RowExclusiveLock' and l.granted"
                              " and a.wait_event_type is distinct from 'Lock'";
    open_pair(pair);
    killer = &pair->a;
    kill_backend = statement;
    stall(pair);
    kill_backend = NULL;
    CHECK(pair->done == 0); /* it was not committed, and nobody was told otherwise */
    await_ready(&pair->a);
    CHECK_OK(rig_record(&pair->a, "judge:read", &receipt));
    CHECK_OK(rig_record(&pair->b, "judge:read", &receipt));
    close_pair(pair);
}

TEST(attack_19_batch_that_loses_its_head_while_it_stalls_is_not_acknowledged)
{
    with_pair(stalled_and_cut);
}

/* ---- two signers ---- */

TEST(attack_19_two_signers_cannot_share_one_memory)
{
    struct rig rig;
    struct insiders who;
    struct sj_keeper *second = NULL;
    rig_fresh(&rig);
    insiders_remember(&who, &rig, NULL);
    CHECK_CODE(rig_second_keeper(&rig, &second), CONFLICT);
    CHECK(second == NULL);
    insiders_expect(&who, &(struct panel){.verifier = NULL});
    rig_end(&rig);
}

/* ---- a flipped bit ---- */

static void flip_bits(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    const int64_t before = rig_number(rig, "select size from sanjeh.audit_head");
    static const int places[] = {0, 40, SJ_BODY_FIXED_SIZE, SJ_BODY_FIXED_SIZE + 60};
    for (size_t i = 0; i < SJ_COUNT(places); i++) {
        flip_at = places[i];
        CHECK_CODE(rig_record(rig, "judge:read", &receipt), RECORD_UNAVAILABLE);
        CHECK(flip_at == -1); /* it was flipped */
        CHECK(rig_number(rig, "select size from sanjeh.audit_head") == before);
        await_ready(rig);
    }
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    CHECK(receipt.index == (uint64_t)before);
    /* on its way to the keeper: it is committed by then, and not signed; nobody is answered */
    flip_leaf = true;
    CHECK_CODE(rig_record(rig, "judge:read", &receipt), RECORD_UNAVAILABLE);
    CHECK(!flip_leaf);
    await_ready(rig);
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    CHECK(receipt.index == (uint64_t)before + 2);
    rig_close(rig);
}

/* Named: the batch itself, which is not acknowledged. Afterwards nobody has anything to say. */
TEST(attack_21_bit_that_flips_after_hashing_is_caught_by_the_batch_and_the_keeper_alone)
{
    struct rig rig;
    struct insiders who;
    rig_fresh(&rig);
    insiders_remember(&who, &rig, NULL);
    sj_test_on_fiber(flip_bits, &rig);
    insiders_expect(&who, &(struct panel){.verifier = NULL});
    rig_end(&rig);
}

/* ---- the clock ---- */

#define TIME_OF "('x' || encode(substring(entry from 26 for 8), 'hex'))::bit(64)::bigint"

static void set_clock(void *ctx)
{
    static const sj_time_us steps[] = {-300, 300, -300, 0};
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    for (size_t i = 0; i < SJ_COUNT(steps); i++) {
        clock_set_by = steps[i] * 1000000;
        CHECK_OK(rig_record(rig, "judge:read", &receipt));
        CHECK_OK(rig_record(rig, "judge:read", &receipt));
    }
    clock_set_by = 0;
    rig_close(rig);
    CHECK(rig_number(rig, "select count(*) from (select " TIME_OF " as at, lag(" TIME_OF
                          ") over (order by idx) as before from sanjeh.audit_entry) as t"
                          " where at < before") == 0);
    /* no entry was dated back, and the clock's way forward stays in the record, for who has another clock */
    CHECK(rig_number(rig, "select (max(" TIME_OF
                          ") - extract(epoch from clock_timestamp()) * 1000000)::bigint / 1000000"
                          " from sanjeh.audit_entry") > 200);
}

/* Named: whoever looks at the clock itself (the server's watch, tests/api/test_alarms.py), cosignatures and tokens (test_times.c). */
TEST(attack_09_clock_set_back_and_forward_under_a_running_record_reorders_nothing)
{
    struct rig rig;
    struct insiders who;
    rig_fresh(&rig);
    insiders_remember(&who, &rig, NULL);
    sj_test_on_fiber(set_clock, &rig);
    insiders_expect(&who, &(struct panel){.verifier = NULL});
    rig_end(&rig);
}
