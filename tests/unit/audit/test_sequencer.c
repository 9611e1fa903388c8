/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the record hold against load, crashes and a database superuser? With a real PostgreSQL and a real keeper:
 * group commit, restart, kill between commit and signature, rollback, forged tails and planted drafts.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "sanjeh/base/loop.h"
#include "sanjeh/base/time.h"
#include "sanjeh/crypto/random.h"
#include "state.h"

static sj_status record(struct rig *rig, const char *action, struct sj_receipt *receipt)
{
    const struct sj_draft draft = rig_draft(action);
    return sj_sequencer_record(rig->sequencer, &draft, false, receipt);
}

static void verify_clean(struct rig *rig, uint64_t at_least)
{
    struct sj_verify_report report;
    sj_fiber_sleep_ms(120); /* the newest note is stored when the writer has been idle */
    CHECK_OK(rig_verify(rig, &report));
    CHECK(report.verdict == SJ_VERIFIED);
    CHECK(report.size >= at_least && report.entries_checked == report.size);
}

/* ---- one record ---- */

static void one_record(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt = {0};
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(65536);
    REQUIRE_OK(rig_open(rig));
    CHECK(sj_sequencer_is_ready(rig->sequencer));
    CHECK_OK(record(rig, "judge:read", &receipt));
    CHECK(receipt.index == 1); /* emitter-open is 0 */
    CHECK_OK(sj_sequencer_checkpoint(rig->sequencer, &note));
    CHECK(sj_text_starts(sj_buf_text(&note), "test.example/audit\n2\n"));
    CHECK(sj_sequencer_stats(rig->sequencer).size == 2);
    verify_clean(rig, 2);
    rig_close(rig);
}

TEST(sequencer_signs_before_it_answers)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(one_record, &rig);
    rig_end(&rig);
}

/* ---- group commit ---- */

struct crowd {
    struct rig *rig;
    unsigned each;
    unsigned running;
    unsigned good;
    unsigned busy;
    unsigned failed;
    uint64_t seen; /* sum of indices: every place once */
    struct sj_fiber *waiter;
};

static void crowd_fiber(void *ctx)
{
    struct crowd *crowd = ctx;
    for (unsigned i = 0; i < crowd->each; i++) {
        struct sj_receipt receipt;
        const sj_status status = record(crowd->rig, "judge:list", &receipt);
        if (!sj_failed(status)) {
            crowd->good++;
            crowd->seen += receipt.index;
        } else if (status.code == SJ_BUSY) {
            crowd->busy++;
        } else {
            crowd->failed++;
        }
    }
    if (--crowd->running == 0) {
        sj_fiber_wake(crowd->waiter);
    }
}

static void run_crowd(struct crowd *crowd, unsigned fibers)
{
    crowd->running = fibers;
    crowd->waiter = sj_fiber_current();
    for (unsigned i = 0; i < fibers; i++) {
        CHECK_OK(sj_fiber_spawn(crowd->rig->loop, crowd_fiber, crowd));
    }
    while (crowd->running != 0) {
        sj_fiber_park();
    }
}

static void sixty_four(void *ctx)
{
    struct rig *rig = ctx;
    struct crowd crowd = {.rig = rig, .each = 50};
    REQUIRE_OK(rig_open(rig));
    run_crowd(&crowd, 64);
    CHECK(crowd.good == 3200 && crowd.failed == 0 && crowd.busy == 0);
    CHECK(crowd.seen == 3200ull * 3201 / 2); /* 1 .. 3200 */
    const struct sj_sequencer_stats stats = sj_sequencer_stats(rig->sequencer);
    CHECK(stats.size == 3201 && stats.queued == 0);
    CHECK(stats.batches < 400); /* 64 at a time, not one by one */
    verify_clean(rig, 3201);
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_tile where level = 0") == 3201 / 256);
    rig_close(rig);
}

TEST(sequencer_commits_64_waiters_together)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(sixty_four, &rig);
    rig_end(&rig);
}

static void flood(void *ctx)
{
    struct rig *rig = ctx;
    struct crowd crowd = {.rig = rig, .each = 1};
    rig->queue_max = 8;
    REQUIRE_OK(rig_open(rig));
    run_crowd(&crowd, 30);
    CHECK(crowd.good == 8 && crowd.busy == 22 && crowd.failed == 0);
    CHECK(sj_sequencer_stats(rig->sequencer).refused == 22);
    verify_clean(rig, 9);
    rig_close(rig);
}

TEST(sequencer_is_busy_beyond_its_queue)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(flood, &rig);
    rig_end(&rig);
}

/* ---- other loops ---- */

struct other {
    struct crowd crowd;
    struct sj_loop *loop;
    atomic_bool done;
};

static void other_fiber(void *ctx)
{
    struct other *other = ctx;
    other->crowd.rig->loop = other->loop;
    run_crowd(&other->crowd, 32);
    atomic_store(&other->done, true);
    sj_loop_stop(other->loop);
}

static void start_other(void *ctx)
{
    struct other *other = ctx;
    CHECK_OK(sj_fiber_spawn(other->loop, other_fiber, other));
}

static void *other_thread(void *ctx)
{
    struct other *other = ctx;
    CHECK_OK(sj_loop_post(other->loop, start_other, other));
    CHECK_OK(sj_loop_run(other->loop));
    return NULL;
}

static void two_loops(void *ctx)
{
    struct rig *rig = ctx;
    struct rig far_rig;
    struct crowd near_crowd = {.rig = rig, .each = 40};
    struct other other = {.crowd = {.rig = &far_rig, .each = 40}};
    pthread_t thread;
    REQUIRE_OK(rig_open(rig));
    far_rig = *rig;
    REQUIRE_OK(sj_loop_new(&other.loop));
    REQUIRE(pthread_create(&thread, NULL, other_thread, &other) == 0);
    run_crowd(&near_crowd, 16);
    while (!atomic_load(&other.done)) {
        sj_fiber_sleep_ms(5);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(near_crowd.good == 640 && other.crowd.good == 1280);
    CHECK(near_crowd.seen + other.crowd.seen == 1920ull * 1921 / 2);
    verify_clean(rig, 1921);
    rig_close(rig);
    sj_loop_free(&other.loop);
}

TEST(sequencer_takes_drafts_of_other_loops)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(two_loops, &rig);
    rig_end(&rig);
}

/* ---- restart ---- */

static void short_run(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    for (int i = 0; i < 300; i++) {
        CHECK_OK(record(rig, "judge:read", &receipt));
    }
    verify_clean(rig, 301);
    rig_close(rig);
}

TEST(sequencer_continues_after_a_restart)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(short_run, &rig);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(short_run, &rig);
    CHECK(rig_number(&rig, "select size from sanjeh.audit_head") == 2 * 302);
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_checkpoint where size = 604") == 1);
    rig_end(&rig);
}

/* ---- kill -9 between commit and signature ---- */

static void commit_and_die(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    rig_keep_state(rig);
    REQUIRE_OK(record(rig, "judge:read", &receipt));
    kill(getpid(), SIGKILL);
}

/* A process of its own runs until it has committed a batch behind the kept state, and is killed. */
static void run_and_kill(struct rig *rig, void (*fn)(void *ctx))
{
    sj_keeper_stop(&rig->keeper);
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        rig_restart_keeper(rig);
        sj_test_on_fiber(fn, rig);
        _exit(1);
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    usleep(200000); /* its keeper sees the lines close */
}

static void expect_recovered(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    CHECK(sj_sequencer_stats(rig->sequencer).size == 4); /* open, read, open, recovery */
    verify_clean(rig, 4);
    rig_close(rig);
}

TEST(sequencer_finishes_a_batch_that_was_not_signed)
{
    struct rig rig;
    rig_fresh(&rig);
    run_and_kill(&rig, commit_and_die);
    rig_put_back_state(&rig);
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_recovered, &rig);
    rig_end(&rig);
}

static void expect_tampered(void *ctx)
{
    struct rig *rig = ctx;
    CHECK_CODE(rig_open(rig), LOG_TAMPERED);
    CHECK(rig->sequencer == NULL && rig->reason[0] != '\0');
    rig_disconnect(rig);
}

TEST(sequencer_refuses_an_unsigned_batch_with_another_mac)
{
    struct rig rig;
    rig_fresh(&rig);
    run_and_kill(&rig, commit_and_die);
    rig_put_back_state(&rig);
    CHECK(rig_forge(&rig, "update sanjeh.audit_head set batch_mac = sha256('x')"));
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_tampered, &rig);
    rig_end(&rig);
}

/* ---- a database superuser ---- */

static void expect_rolled_back(void *ctx)
{
    struct rig *rig = ctx;
    CHECK_CODE(rig_open(rig), LOG_ROLLED_BACK);
    CHECK(sj_text_starts(sj_text_of(rig->reason), "the log in the database is older"));
    rig_disconnect(rig);
}

TEST(sequencer_notices_an_older_database)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(short_run, &rig);
    CHECK(rig_forge(&rig, "create table public.h as table sanjeh.audit_head;"
                          "create table public.e as table sanjeh.audit_entry;"
                          "create table public.t as table sanjeh.audit_tenant"));
    sj_test_on_fiber(short_run, &rig);
    CHECK(rig_forge(&rig,
        "delete from sanjeh.audit_head; insert into sanjeh.audit_head table public.h;"
        "truncate sanjeh.audit_entry; insert into sanjeh.audit_entry table public.e;"
        "truncate sanjeh.audit_tenant; insert into sanjeh.audit_tenant table public.t;"
        "drop table public.h, public.e, public.t"));
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_rolled_back, &rig);
    rig_end(&rig);
}

struct edit {
    const char *sql;
    const char *reason; /* how it begins */
};

static void expect_edit_seen(struct rig *rig, const struct edit *edit)
{
    CHECK(rig_forge(rig, edit->sql));
    sj_test_on_fiber(expect_tampered, rig);
    if (!sj_text_starts(sj_text_of(rig->reason), edit->reason)) {
        printf("    said: %s\n", rig->reason);
        CHECK(false);
    }
    rig_restart_keeper(rig);
}

TEST(sequencer_refuses_an_edited_tail)
{
    static const struct edit edits[] = {
        {"update sanjeh.audit_entry set entry = set_byte(entry, 100, 1) where idx = 290",
            "an entry was changed at index 290"},
        {"update sanjeh.audit_entry set entry = set_byte(entry, 100, 1),"
         " leaf_hash = sha256('\\x00'::bytea || set_byte(entry, 100, 1)) where idx = 290",
            "the newest entries do not give the signed root"},
        {"update sanjeh.audit_entry set idx = 999999 where idx = 300;",
            "an entry is missing at index 300"},
        {"update sanjeh.audit_tile set hashes = set_byte(hashes, 5, 1 + get_byte(hashes, 5) % 255)",
            "the tiles do not give the signed root"},
        {"update sanjeh.audit_head set root = sha256('x')",
            "the head's frontier does not give its root"},
        {"delete from sanjeh.audit_head", "the head row is missing or damaged"},
        {"update sanjeh.audit_tenant set last_leaf = sha256('x')",
            "a tenant's chain does not end in its entry"},
    };
    for (size_t i = 0; i < SJ_COUNT(edits); i++) {
        struct rig rig;
        rig_fresh(&rig);
        sj_test_on_fiber(short_run, &rig);
        expect_edit_seen(&rig, &edits[i]);
        if (rig_number(&rig, "select count(*) from sanjeh.audit_head") == 0) {
            CHECK(rig_forge(&rig,
                "insert into sanjeh.audit_head values (true, gen_random_uuid(), 0, sha256(''), '',"
                " 0, gen_random_uuid(), 0, '')"));
        }
        rig_end(&rig);
    }
}

/* With the application's own rights: entry, tree and head all consistent, only the keeper never saw it. */
struct forgery {
    struct rig *rig;
    struct sj_frontier frontier;
    struct sj_hash old_root;
};

static sj_status read_signed_frontier(struct forgery *forgery, struct sj_uuid *ret_log)
{
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_HEAD_GET};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(forgery->rig->db, &sj_audit_context, &query, 1, &rows));
    *ret_log = sj_row_id(rows, 0, 0);
    forgery->frontier.size = (uint64_t)sj_row_i64(rows, 0, 1);
    struct sj_view hashes = sj_row_bytes(rows, 0, 3);
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((forgery->frontier.size >> bit & 1) != 0) {
            TRY(sj_copy(forgery->frontier.hashes[bit].bytes, 32, hashes.ptr, 32));
            hashes.ptr += 32;
        }
    }
    return sj_frontier_root(&forgery->frontier, &forgery->old_root);
}

static sj_status put_frontier(const struct sj_frontier *frontier, struct sj_buf *out)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((frontier->size >> bit & 1) != 0) {
            TRY(sj_buf_put(out, frontier->hashes[bit].bytes, 32));
        }
    }
    return SJ_DONE;
}

static sj_status forge_entry(
    const struct forgery *forgery, struct sj_uuid log, struct sj_buf *out, struct sj_hash *leaf)
{
    struct sj_entry entry = {.index = forgery->frontier.size,
        .log_id = log,
        .time = sj_time_now(),
        .tenant_seq = 1,
        .draft = rig_draft("judge:forged")};
    entry.draft.tenant_tag.bytes[0] = 9;
    entry.draft.emitter_seq = 1;
    TRY(sj_entry_encode(&entry, out));
    return sj_leaf_hash(sj_buf_view(out), leaf);
}

static sj_status append_forged(
    struct forgery *forgery, struct sj_uuid log, struct sj_view entry, const struct sj_hash *leaf)
{
    struct sj_array arrays[2];
    struct sj_array none[4];
    static const uint32_t oids[4] = {SJ_OID_UUID, SJ_OID_INT8, SJ_OID_INT4, SJ_OID_BYTEA};
    const struct sj_uuid emitter = {{1}};
    const struct sj_hash guess = {{7}};
    const uint64_t old_size = forgery->frontier.size;
    struct sj_hash root;
    CLEANUP(sj_buf_clear) struct sj_buf hashes = SJ_BUF(64 * 32);
    TRY(sj_frontier_append(&forgery->frontier, leaf));
    TRY(sj_frontier_root(&forgery->frontier, &root));
    TRY(put_frontier(&forgery->frontier, &hashes));
    for (size_t i = 0; i < 4; i++) {
        TRY(sj_array_init(&none[i], oids[i], 64));
    }
    for (size_t i = 0; i < 2; i++) {
        TRY(sj_array_init(&arrays[i], SJ_OID_BYTEA, 8192));
    }
    TRY(sj_array_put(&arrays[0], entry.ptr, entry.len));
    TRY(sj_array_put(&arrays[1], leaf->bytes, 32));
    const struct sj_param params[] = {sj_p_id(&log), sj_p_i64((int64_t)old_size),
        sj_p_bytes(sj_view_of(forgery->old_root.bytes, 32)), sj_p_i64((int64_t)old_size + 1),
        sj_p_bytes(sj_view_of(root.bytes, 32)), sj_p_bytes(sj_buf_view(&hashes)),
        sj_p_i64(sj_time_now()), sj_p_id(&emitter), sj_p_bytes(sj_view_of(guess.bytes, 32)),
        sj_p_array(&arrays[0]), sj_p_array(&arrays[1]), sj_p_array(&none[0]), sj_p_array(&none[1]),
        sj_p_array(&none[2]), sj_p_array(&none[1]), sj_p_array(&none[3]), sj_p_array(&none[0]),
        sj_p_array(&none[1]), sj_p_array(&none[3]), sj_p_array(&none[1]), sj_p_i64(0), sj_p_null()};
    struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(forgery->rig->db, &sj_audit_context, &tx));
    const sj_status sent = sj_tx_send(tx, SJ_SQL_AUDIT_APPEND, params, SJ_COUNT(params));
    sj_ignore(sent, "the commit says it again");
    const sj_status status = sj_tx_commit(&tx);
    forgery->old_root = root;
    for (size_t i = 0; i < 4; i++) {
        sj_array_clear(&none[i]);
    }
    sj_array_clear(&arrays[0]);
    sj_array_clear(&arrays[1]);
    return status;
}

static sj_status forge_one(struct forgery *forgery)
{
    struct sj_uuid log;
    struct sj_hash leaf;
    CLEANUP(sj_buf_clear) struct sj_buf entry = SJ_BUF(SJ_ENTRY_MAX);
    TRY(read_signed_frontier(forgery, &log));
    TRY(forge_entry(forgery, log, &entry, &leaf));
    return append_forged(forgery, log, sj_buf_view(&entry), &leaf);
}

static void forge_tail(void *ctx)
{
    struct forgery forgery = {.rig = ctx};
    REQUIRE_OK(rig_connect(forgery.rig));
    CHECK_OK(forge_one(&forgery));
    rig_disconnect(forgery.rig);
}

TEST(sequencer_refuses_a_forged_tail)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(short_run, &rig);
    sj_test_on_fiber(forge_tail, &rig);
    CHECK(rig_number(&rig, "select size from sanjeh.audit_head") == 303);
    sj_test_on_fiber(expect_tampered, &rig);
    CHECK(sj_text_starts(sj_text_of(rig.reason), "the unsigned tail is not a batch of ours"));
    sj_test_on_fiber(forge_tail, &rig);
    sj_test_on_fiber(expect_tampered, &rig);
    CHECK(sj_text_starts(sj_text_of(rig.reason), "entries were added beyond the last batch"));
    rig_end(&rig);
}

/* While the server runs: the head moves under it, the keeper does not follow. */
static void forge_beside(void *ctx)
{
    struct rig *rig = ctx;
    struct forgery forgery = {.rig = rig};
    struct sj_receipt receipt;
    rig->deadline_ms = 1000;
    REQUIRE_OK(rig_open(rig));
    CHECK_OK(record(rig, "judge:read", &receipt));
    CHECK_OK(forge_one(&forgery));
    CHECK_CODE(record(rig, "judge:read", &receipt), RECORD_UNAVAILABLE);
    sj_fiber_sleep_ms(300);
    CHECK(!sj_sequencer_is_ready(rig->sequencer));
    CHECK_CODE(record(rig, "judge:read", &receipt), RECORD_UNAVAILABLE);
    rig_close(rig);
}

TEST(sequencer_stops_for_good_when_somebody_else_appends)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(forge_beside, &rig);
    rig_end(&rig);
}

/* ---- outbox ---- */

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
    verify_clean(rig, 2);
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
    verify_clean(rig, 2);
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
    verify_clean(rig, 4);
    rig_close(rig);
}

TEST(outbox_row_of_a_killed_server_is_in_the_log_after_the_next_start)
{
    struct rig rig;
    rig_fresh(&rig);
    run_and_kill(&rig, commit_deed_and_die);
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
    verify_clean(rig, 1);
    rig_close(rig);
}

TEST(outbox_row_that_was_planted_is_never_sequenced)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(plant, &rig);
    rig_end(&rig);
}

/* ---- a database that hangs or dies ---- */

static pid_t hold_head(const struct rig *rig, const char *seconds)
{
    const pid_t pid = fork();
    if (pid == 0) {
        char sql[200];
        snprintf(sql, sizeof(sql),
            "begin; lock table sanjeh.audit_head in access exclusive mode; select pg_sleep(%s);"
            " commit",
            seconds);
        _exit(sj_pg_run(rig->pg->admin, sql) ? 0 : 1);
    }
    usleep(300000);
    return pid;
}

static void hang(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    rig->deadline_ms = 500;
    REQUIRE_OK(rig_open(rig));
    const pid_t holder = hold_head(rig, "1.5");
    const int64_t started = sj_time_monotonic_ms();
    CHECK_CODE(record(rig, "judge:read", &receipt), RECORD_UNAVAILABLE);
    const int64_t took = sj_time_monotonic_ms() - started;
    CHECK(took >= 490 && took < 900);
    sj_fiber_sleep_ms(100);
    CHECK(!sj_sequencer_is_ready(rig->sequencer));
    sj_fiber_sleep_ms(1500);
    CHECK(waitpid(holder, NULL, 0) == holder);
    CHECK(sj_sequencer_is_ready(rig->sequencer));
    CHECK_OK(record(rig, "judge:read", &receipt));
    verify_clean(rig, 3);
    rig_close(rig);
}

TEST(sequencer_answers_within_its_deadline_when_the_database_hangs)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(hang, &rig);
    rig_end(&rig);
}

struct storm {
    struct rig *rig;
    bool stop;
    unsigned running;
    uint64_t good;
    uint64_t highest;
    struct sj_fiber *waiter;
};

static void storm_fiber(void *ctx)
{
    struct storm *storm = ctx;
    while (!storm->stop) {
        struct sj_receipt receipt;
        if (!sj_failed(record(storm->rig, "judge:read", &receipt))) {
            storm->good++;
            storm->highest = receipt.index > storm->highest ? receipt.index : storm->highest;
        } else {
            sj_fiber_sleep_ms(10);
        }
    }
    if (--storm->running == 0) {
        sj_fiber_wake(storm->waiter);
    }
}

static void crash_under_load(void *ctx)
{
    struct rig *rig = ctx;
    struct storm storm = {.rig = rig, .running = 16, .waiter = sj_fiber_current()};
    REQUIRE_OK(rig_open(rig));
    for (unsigned i = 0; i < 16; i++) {
        CHECK_OK(sj_fiber_spawn(rig->loop, storm_fiber, &storm));
    }
    for (int i = 0; i < 3; i++) {
        sj_fiber_sleep_ms(200);
        sj_pg_crash();
        sj_pg_resume(NULL);
        const uint64_t before = storm.good;
        sj_fiber_sleep_ms(1500);
        CHECK(storm.good > before); /* it picked up by itself */
    }
    storm.stop = true;
    while (storm.running != 0) {
        sj_fiber_park();
    }
    CHECK(sj_sequencer_is_ready(rig->sequencer));
    verify_clean(rig, storm.highest + 1);
    rig_close(rig);
}

TEST(sequencer_survives_crashes_of_the_database_under_load)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(crash_under_load, &rig);
    rig_end(&rig);
}

/* ---- rights ---- */

TEST(application_role_may_only_append)
{
    static const char *const refused[] = {
        "update sanjeh.audit_head set size = 0",
        "delete from sanjeh.audit_entry",
        "update sanjeh.audit_entry set entry = ''",
        "truncate sanjeh.audit_entry",
        "insert into sanjeh.audit_entry values (99, '', '')",
        "delete from sanjeh.audit_outbox",
        "update sanjeh.audit_outbox set draft = ''",
        "insert into sanjeh.audit_checkpoint values (1, '')",
        "delete from sanjeh.audit_checkpoint",
        "update sanjeh.audit_tenant set seq = 1",
        "delete from sanjeh.audit_tile",
        "delete from sanjeh.audit_refused",
    };
    struct rig rig;
    rig_fresh(&rig);
    for (size_t i = 0; i < SJ_COUNT(refused); i++) {
        CHECK(sj_text_is(sj_text_of(sj_pg_state(rig.pg->app, refused[i])), "42501"));
    }
    CHECK(sj_pg_run(rig.pg->app, "select count(*) from sanjeh.audit_head"));
    rig_end(&rig);
}

TEST(owner_role_meets_the_triggers)
{
    static const char *const refused[] = {
        "set role sanjeh_owner; update sanjeh.audit_head set size = 0",
        "set role sanjeh_owner; truncate sanjeh.audit_entry",
        "set role sanjeh_owner; truncate sanjeh.audit_outbox",
        "set role sanjeh_owner; delete from sanjeh.audit_head",
    };
    struct rig rig;
    rig_fresh(&rig);
    for (size_t i = 0; i < SJ_COUNT(refused); i++) {
        CHECK(sj_text_is(sj_text_of(sj_pg_state(rig.pg->migrator, refused[i])), "42501"));
    }
    rig_end(&rig);
}
