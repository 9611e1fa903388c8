/* SPDX-License-Identifier: Apache-2.0
 *
 * What can a database superuser do to the record? Stop it: an older database, an edited tail, a forged batch are
 * refused with the place named. And what may the application's own role do? Append.
 */
#include <stdio.h>

#include "fixture.h"
#include "state.h"

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
    rig_run_and_kill(&rig, rig_commit_and_die);
    rig_put_back_state(&rig);
    CHECK(rig_forge(&rig, "update sanjeh.audit_head set batch_mac = sha256('x')"));
    rig_restart_keeper(&rig);
    sj_test_on_fiber(expect_tampered, &rig);
    rig_end(&rig);
}

static void expect_rolled_back(void *ctx)
{
    struct rig *rig = ctx;
    CHECK_CODE(rig_open(rig), LOG_ROLLED_BACK);
    CHECK(sj_text_starts(sj_text_of(rig->reason), "the log in the database is older"));
    rig_disconnect(rig);
}

TEST(attack_6_older_database_beyond_the_recorder_is_refused)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(rig_short_run, &rig);
    CHECK(rig_forge(&rig, "create table public.h as table sanjeh.audit_head;"
                          "create table public.e as table sanjeh.audit_entry;"
                          "create table public.t as table sanjeh.audit_tenant"));
    sj_test_on_fiber(rig_short_run, &rig);
    CHECK(rig_forge(&rig,
        "delete from sanjeh.audit_head; insert into sanjeh.audit_head table public.h;"
        "truncate sanjeh.audit_entry; insert into sanjeh.audit_entry table public.e;"
        "truncate sanjeh.audit_tenant; insert into sanjeh.audit_tenant table public.t;"
        "drop table public.h, public.e, public.t; update sanjeh.audit_instance set recorder = "
        "null"));
    rig_new_recorder(
        &rig); /* as after more than it holds; otherwise the tail is put back: test_recorder.c */
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
        sj_test_on_fiber(rig_short_run, &rig);
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
    struct sj_context context;
    rig_record_context(forgery->rig, &context);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(forgery->rig->db, &context, &query, 1, &rows));
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
    struct sj_context context;
    struct sj_tx *tx = NULL;
    rig_record_context(forgery->rig, &context);
    TRY(sj_tx_begin(forgery->rig->db, &context, &tx));
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

TEST(attack_26_forged_tail_is_never_signed)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(rig_short_run, &rig);
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
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    CHECK_OK(forge_one(&forgery));
    CHECK_CODE(rig_record(rig, "judge:read", &receipt), RECORD_UNAVAILABLE);
    sj_fiber_sleep_ms(300);
    CHECK(!sj_sequencer_is_ready(rig->sequencer));
    CHECK_CODE(rig_record(rig, "judge:read", &receipt), RECORD_UNAVAILABLE);
    rig_close(rig);
}

TEST(attack_26_forged_growth_between_batches_is_never_built_upon)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(forge_beside, &rig);
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
        "insert into sanjeh.audit_seen values (true, 1, '', '')",
        "select sanjeh.audit_checkpoint_put(1, '')",
        "insert into sanjeh.audit_outbox (emitter, seq, draft, mac) values (gen_random_uuid(), 1, "
        "'',"
        " '')",
    };
    struct rig rig;
    rig_fresh(&rig);
    for (size_t i = 0; i < SJ_COUNT(refused); i++) {
        CHECK(sj_text_is(sj_text_of(sj_pg_state(rig.pg->app, refused[i])), "42501"));
    }
    CHECK(sj_text_is(
        sj_text_of(sj_pg_value(rig.pg->app, "select count(*) from sanjeh.audit_head")), "0"));
    CHECK(sj_text_is(
        sj_text_of(sj_pg_value(rig.pg->auditor, "select count(*) from sanjeh.audit_head")), "1"));
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
