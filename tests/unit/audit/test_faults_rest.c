/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the record hold when the rarer steps fail (attack 20)? Asking the keeper to sign what a batch left unsigned, or to follow another
 * server; the rows of openings, payloads, used numbers and voids: each "not done" and "done, but an error came back". And do a
 * superuser's settings weaken a batch? As in test_faults.c the linker puts the failures in, in this program alone.
 */
#include <stdio.h>

#include "rig_panel.h"
#include "state.h"

enum way { NOT_DONE, DONE_BUT_ERROR, WAYS };
enum point { POINT_NONE, POINT_EXTEND, POINT_RECOVER, POINT_FOLLOW, POINT_SQL = 100 };

static struct {
    int point;
    enum way way;
    int then; /* armed by the first strike; 0: nothing */
    enum way then_way;
    int struck;
} plan;

static void arm(int point, enum way way)
{
    plan.point = point;
    plan.way = way;
    plan.then = POINT_NONE;
    plan.struck = 0;
}

/* Once for each arming. */
static bool strikes(int point, enum way *ret_way)
{
    if (plan.point != point) {
        return false;
    }
    *ret_way = plan.way;
    plan.struck++;
    plan.point = plan.then;
    plan.way = plan.then_way;
    plan.then = POINT_NONE;
    return true;
}

/* ---- the steps ---- */

sj_status __real_sj_tx_send(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count);
sj_status __wrap_sj_tx_send(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count);
sj_status __wrap_sj_tx_send(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count)
{
    enum way way = NOT_DONE;
    const bool fails = strikes(POINT_SQL + (int)sql, &way);
    if (fails && way == NOT_DONE) {
        FAIL(DATABASE_UNAVAILABLE);
    }
    const sj_status status = __real_sj_tx_send(tx, sql, params, count);
    return fails ? SJ_FAILURE(DATABASE_UNAVAILABLE) : status;
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
    enum way way = NOT_DONE;
    if (strikes(POINT_EXTEND, &way)) {
        FAIL(KEEPER_UNAVAILABLE); /* not asked: the batch is committed and unsigned */
    }
    return __real_ask_extend_rotating(channel, old_size, leaves, count, root, rotation, note);
}

sj_status __real_ask_recover_rotating(struct sj_channel *channel, struct sj_uuid emitter,
    uint64_t old_size, const struct sj_hash *leaves, size_t count, const struct sj_hash *root,
    struct sj_view mac, struct sj_view rotation, struct sj_buf *note);
sj_status __wrap_ask_recover_rotating(struct sj_channel *channel, struct sj_uuid emitter,
    uint64_t old_size, const struct sj_hash *leaves, size_t count, const struct sj_hash *root,
    struct sj_view mac, struct sj_view rotation, struct sj_buf *note);
sj_status __wrap_ask_recover_rotating(struct sj_channel *channel, struct sj_uuid emitter,
    uint64_t old_size, const struct sj_hash *leaves, size_t count, const struct sj_hash *root,
    struct sj_view mac, struct sj_view rotation, struct sj_buf *note)
{
    enum way way = NOT_DONE;
    const bool fails = strikes(POINT_RECOVER, &way);
    if (fails && way == NOT_DONE) {
        FAIL(KEEPER_UNAVAILABLE);
    }
    const sj_status status = __real_ask_recover_rotating(
        channel, emitter, old_size, leaves, count, root, mac, rotation, note);
    return fails ? SJ_FAILURE(KEEPER_UNAVAILABLE) : status;
}

sj_status __real_ask_follow(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_peer_note *note);
sj_status __wrap_ask_follow(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_peer_note *note);
sj_status __wrap_ask_follow(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_peer_note *note)
{
    enum way way = NOT_DONE;
    const bool fails = strikes(POINT_FOLLOW, &way);
    if (fails && way == NOT_DONE) {
        FAIL(KEEPER_UNAVAILABLE);
    }
    const sj_status status = __real_ask_follow(channel, old_size, leaves, count, note);
    return fails ? SJ_FAILURE(KEEPER_UNAVAILABLE) : status;
}

/* ---- one record that uses all of a batch's statements ---- */

static int64_t acknowledged;

static sj_status record(struct rig *rig)
{
    struct sj_uuid subject = {{9, 9, 9}};
    struct sj_draft draft = rig_draft("judge:opened");
    struct sj_payload payload = {.key_version = 0};
    struct sj_receipt receipt;
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(256);
    CHECK_OK(sj_payload_commit(&draft, sj_view_of("a reason", 8), &salted));
    payload.content = sj_buf_view(&salted);
    draft.payload = &payload;
    CHECK_OK(sj_subjects_seal(&draft, &subject, 1));
    const sj_status status = sj_sequencer_record(rig->sequencer, &draft, false, &receipt);
    acknowledged += sj_failed(status) ? 0 : 1;
    return status;
}

static void await_ready(struct rig *rig)
{
    const int64_t until = sj_time_monotonic_ms() + 60000;
    while (!sj_sequencer_is_ready(rig->sequencer) && sj_time_monotonic_ms() < until) {
        sj_fiber_sleep_ms(10);
    }
    CHECK(sj_sequencer_is_ready(rig->sequencer));
}

/* Every entry has exactly its opening and its payload, and nothing else has one; what was acknowledged is there. */
static void check_sides(const struct rig *rig)
{
#define OPENED "position('judge:opened'::bytea in e.entry) > 0"
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_entry as e where " OPENED) >=
          acknowledged);
    CHECK(rig_number(rig,
              "select count(*) from sanjeh.audit_entry as e left join sanjeh.audit_payload as p"
              " on p.idx = e.idx left join sanjeh.file_opening as o on o.entry_index = e.idx where"
              " (" OPENED ") <> (p.idx is not null) or (" OPENED
              ") <> (o.entry_index is not null)") == 0);
    CHECK(rig_number(rig,
              "select count(*) from sanjeh.file_opening where entry_index >= (select size from"
              " sanjeh.audit_head)") == 0);
}

static void fail_once(struct rig *rig, int point, enum way way)
{
    await_ready(rig);
    arm(point, way);
    CHECK_CODE(record(rig), RECORD_UNAVAILABLE);
    CHECK(plan.struck == 1);
    await_ready(rig);
    CHECK_OK(record(rig));
}

static void fail_sides(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK_OK(record(rig));
    for (enum way way = NOT_DONE; way < WAYS; way++) {
        fail_once(rig, POINT_SQL + SJ_SQL_AUDIT_OPENING_PUT, way);
        fail_once(rig, POINT_SQL + SJ_SQL_AUDIT_PAYLOAD_PUT, way);
        await_ready(rig);
        /* used numbers go along with a batch when enough have come */
        rig->sequencer->seen_saved = rig->sequencer->seen_upto - 20000;
        fail_once(rig, POINT_SQL + SJ_SQL_AUDIT_SEEN_PUT, way);
    }
    check_sides(rig);
    rig_close(rig);
}

static void with_rig(void (*fn)(void *ctx))
{
    struct rig rig;
    struct insiders who;
    rig_fresh(&rig);
    acknowledged = 0;
    arm(POINT_NONE, NOT_DONE);
    insiders_remember(&who, &rig, NULL);
    sj_test_on_fiber(fn, &rig);
    check_sides(&rig);
    insiders_expect(&who, &(struct panel){.verifier = NULL});
    rig_end(&rig);
}

TEST(attack_20_rows_of_openings_payloads_and_used_numbers_fail_in_both_ways)
{
    with_rig(fail_sides);
}

/* ---- voids ---- */

static int64_t voids(const struct rig *rig)
{
    return rig_number(rig,
        "select count(*) from sanjeh.audit_entry where position('log:void'::bytea in entry) > 0");
}

static void fail_settling(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK_OK(record(rig));
    for (enum way way = NOT_DONE; way < WAYS; way++) {
        uint64_t swept = 0;
        (void)sj_sequencer_next_seq(rig->sequencer); /* of a deed that was rolled back */
        arm(POINT_SQL + SJ_SQL_AUDIT_OUTBOX_SETTLE, way);
        CHECK_CODE(sj_settle_all(rig->sequencer), DATABASE_UNAVAILABLE);
        CHECK(plan.struck == 1);
        CHECK_OK(sj_settle_all(rig->sequencer));
        CHECK_OK(sj_sweep_run(rig->sequencer, 0, &swept));
        CHECK(voids(rig) == (int64_t)way + 1);
    }
    rig_close(rig);
    CHECK(voids(rig) == WAYS);
}

TEST(attack_20_settling_of_numbers_fails_in_both_ways)
{
    with_rig(fail_settling);
}

/* ---- keeper ---- */

static void fail_recovering(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK_OK(record(rig));
    for (enum way way = NOT_DONE; way < WAYS; way++) {
        await_ready(rig);
        arm(POINT_EXTEND, NOT_DONE);
        plan.then = POINT_RECOVER;
        plan.then_way = way;
        CHECK_CODE(record(rig), RECORD_UNAVAILABLE);
        await_ready(rig);
        CHECK(plan.struck == 2);
        CHECK_OK(record(rig));
    }
    rig_close(rig);
}

TEST(attack_20_signing_of_an_unsigned_batch_fails_in_both_ways)
{
    with_rig(fail_recovering);
}

struct pair {
    struct rig a;
    struct rig b;
};

static void fail_following(void *ctx)
{
    struct pair *pair = ctx;
    struct rig *a = &pair->a;
    struct rig *b = &pair->b;
    REQUIRE_OK(rig_open(a));
    REQUIRE_OK(rig_open(b));
    for (enum way way = NOT_DONE; way < WAYS; way++) {
        await_ready(b);
        CHECK_OK(record(a));
        arm(POINT_FOLLOW, way);
        sj_ignore(record(b), "refused, or behind a second look at the head");
        CHECK(plan.struck == 1);
        await_ready(b);
        CHECK_OK(record(b));
        CHECK_OK(record(a));
    }
    rig_close(b);
    rig_close(a);
}

TEST(attack_20_following_another_server_fails_in_both_ways)
{
    struct pair pair;
    struct insiders who;
    rig_fresh(&pair.a);
    rig_beside(&pair.a, "b", &pair.b);
    acknowledged = 0;
    arm(POINT_NONE, NOT_DONE);
    insiders_remember(&who, &pair.a, &pair.b);
    sj_test_on_fiber(fail_following, &pair);
    check_sides(&pair.a);
    insiders_expect(&who, &(struct panel){.verifier = NULL});
    rig_end(&pair.b);
    rig_end(&pair.a);
}

/* ---- a superuser's settings ---- */

static void record_without_durability(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK(sj_pg_run(rig->pg->admin, "alter system set synchronous_commit = off"));
    CHECK(sj_pg_run(rig->pg->admin,
        "select pg_reload_conf(); alter role sanjeh_app set synchronous_commit = off;"
        "create function public.want_durable() returns trigger language plpgsql as $$ begin"
        " if current_setting('synchronous_commit') <> 'on' then raise exception 'not durable'; end "
        "if;"
        " return new; end $$;"
        "create trigger want_durable before insert on sanjeh.audit_entry for each row execute "
        "function"
        " public.want_durable(); alter table sanjeh.audit_entry enable always trigger "
        "want_durable"));
    CHECK_OK(record(rig));
    rig_close(rig);
    REQUIRE_OK(rig_open(rig)); /* connections of its own, made after the settings */
    CHECK_OK(record(rig));
    rig_close(rig);
}

TEST(attack_13_synchronous_commit_switched_off_does_not_reach_a_batch)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(record_without_durability, &rig);
    CHECK(sj_pg_run(rig.pg->admin, "alter system reset synchronous_commit"));
    CHECK(sj_pg_run(rig.pg->admin,
        "drop trigger want_durable on sanjeh.audit_entry; drop function public.want_durable();"
        "alter role sanjeh_app reset synchronous_commit; select pg_reload_conf()"));
    rig_end(&rig);
}
