/* SPDX-License-Identifier: Apache-2.0
 *
 * Do texts of people open for their own entry alone, stay when they were stored in clear by an older server, and end in every copy
 * when their keys are destroyed?
 */
#include <stdio.h>

#include "fixture.h"
#include "sanjeh/audit/payload.h"

static const struct sj_uuid anna = {{0xa, 1}};
static const struct sj_uuid bijan = {{0xb, 2}};
static const struct sj_uuid tag_a = {{1, 1}};
static const struct sj_uuid tag_b = {{2, 2}};

struct world {
    struct rig *rig;
    struct sj_payload_keys *keys;
    atomic_uint turned;
    uint64_t index;
};

static void world_open(struct world *world, struct rig *rig)
{
    *world = (struct world){.rig = rig};
    REQUIRE_OK(rig_open(rig));
    REQUIRE_OK(sj_payload_keys_new(rig->db, rig->channel, &world->turned, &world->keys));
    rig->payloads = world->keys;
}

static void world_close(struct world *world)
{
    world->rig->payloads = NULL;
    sj_payload_keys_free(&world->keys);
    rig_close(world->rig);
}

/* One entry with a text of its actor; its index. */
static uint64_t write_text(
    struct world *world, struct sj_uuid actor, struct sj_uuid tag, const char *text)
{
    struct sj_draft draft = rig_draft("audit:read");
    struct sj_payload payload;
    struct sj_receipt receipt = {.index = 0};
    CLEANUP(sj_buf_clear) struct sj_buf content = SJ_BUF(SJ_PAYLOAD_STORED);
    draft.actor = actor;
    draft.tenant_tag = tag;
    CHECK_OK(sj_payload_seal(world->keys, sj_sequencer_log_id(world->rig->sequencer), actor,
        sj_time_now(), sj_view_of(text, strlen(text)), &draft, &content, &payload));
    draft.payload = &payload;
    CHECK_OK(sj_sequencer_record(world->rig->sequencer, &draft, false, &receipt));
    return receipt.index;
}

static sj_status read_text(struct world *world, uint64_t index, struct sj_buf *salted)
{
    struct sj_context context;
    struct sj_entry entry;
    struct sj_hash leaf;
    const struct sj_param param = sj_p_i64((int64_t)index);
    const struct sj_query query = {SJ_SQL_AUDIT_PAYLOAD_GET, &param, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    rig_record_context(world->rig, &context);
    TRY(sj_sequencer_entry(world->rig->sequencer, world->rig->db, &context, index, &entry, &leaf));
    TRY(sj_db_read(world->rig->db, &context, &query, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1, IO);
    return sj_payload_open(world->keys, &entry, sj_row_bytes(rows, 0, 0), salted);
}

static bool reads(struct world *world, uint64_t index, const char *text)
{
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(SJ_PAYLOAD_STORED);
    const sj_status status = read_text(world, index, &salted);
    return !sj_failed(status) && salted.len == SJ_PAYLOAD_SALT + strlen(text) &&
           memcmp(salted.ptr + SJ_PAYLOAD_SALT, text, strlen(text)) == 0;
}

static enum sj_code code_of(struct world *world, uint64_t index)
{
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(SJ_PAYLOAD_STORED);
    return read_text(world, index, &salted).code;
}

static void seal_and_read(void *ctx)
{
    struct world world;
    struct sj_verify_report report;
    world_open(&world, ctx);
    const uint64_t first = write_text(&world, anna, tag_a, "why I looked");
    const uint64_t second = write_text(&world, anna, tag_a, "and again");
    const uint64_t third = write_text(&world, bijan, tag_b, "why he looked");
    CHECK(reads(&world, first, "why I looked") && reads(&world, second, "and again") &&
          reads(&world, third, "why he looked"));
    CHECK(rig_number(world.rig, "select count(*) from sanjeh.audit_payload where position('look'"
                                " in encode(content, 'escape')) > 0") == 0);
    CHECK(rig_number(world.rig, "select count(*) from sanjeh.audit_payload_key") == 2);
    REQUIRE_OK(rig_verify(world.rig, &report)); /* with all of them in clear */
    CHECK(report.verdict == SJ_VERIFIED);
    atomic_fetch_add(&world.turned, 1); /* forgets; the keeper opens them again */
    CHECK(reads(&world, first, "why I looked") && reads(&world, third, "why he looked"));
    world_close(&world);
}

TEST(payload_is_sealed_for_its_writer_and_month_and_goes_with_an_export)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(seal_and_read, &rig);
    rig_end(&rig);
}

/* Attack 8: what a superuser moves to another entry or tenant does not open, and an export that has it is called tampered. */
static void expect_contradiction(struct world *world, uint64_t index, const char *sql)
{
    struct sj_verify_report report;
    CHECK(rig_forge(world->rig, sql));
    CHECK(code_of(world, index) == SJ_DECRYPT);
    REQUIRE_OK(rig_verify(world->rig, &report));
    CHECK(report.verdict == SJ_TAMPERED && report.has_bad_index);
}

#define SWAPPED                                                                                    \
    "update sanjeh.audit_payload p set content = (select q.content from sanjeh.audit_payload q"    \
    " where q.idx = case p.idx when %llu then %llu else %llu end) where p.idx in (%llu, %llu)"

static void swap(void *ctx)
{
    struct world world;
    struct sj_verify_report report;
    char sql[512];
    world_open(&world, ctx);
    const uint64_t a = write_text(&world, anna, tag_a, "one reason");
    const uint64_t b = write_text(&world, anna, tag_a, "two reason");
    const uint64_t c = write_text(&world, bijan, tag_b, "his reason");
    const uint64_t others[] = {b, c};
    for (size_t i = 0; i < SJ_COUNT(others); i++) {
        (void)snprintf(sql, sizeof sql, SWAPPED, (unsigned long long)a,
            (unsigned long long)others[i], (unsigned long long)a, (unsigned long long)a,
            (unsigned long long)others[i]);
        expect_contradiction(&world, a, sql);
        CHECK(code_of(&world, others[i]) == SJ_DECRYPT);
        CHECK(rig_forge(world.rig, sql)); /* back */
        CHECK(reads(&world, a, "one reason"));
    }
    REQUIRE_OK(rig_verify(world.rig, &report));
    CHECK(report.verdict == SJ_VERIFIED);
    /* under another tenant's name: the key does not open, whoever holds it */
    (void)snprintf(sql, sizeof sql,
        "update sanjeh.audit_payload set content = '\\x02020000000000000000000000000000' ||"
        " substring(content from 17) where idx = %llu",
        (unsigned long long)a);
    expect_contradiction(&world, a, sql);
    world_close(&world);
}

TEST(attack_08_a_payload_moved_to_another_entry_or_tenant_does_not_open)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(swap, &rig);
    rig_end(&rig);
}

/* As an older server stored it. */
static uint64_t write_clear(struct rig *rig, struct sj_uuid actor, const char *text)
{
    struct sj_draft draft = rig_draft("audit:read");
    struct sj_payload payload;
    struct sj_receipt receipt = {.index = 0};
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(256);
    draft.actor = actor;
    CHECK_OK(sj_payload_commit(&draft, sj_view_of(text, strlen(text)), &salted));
    payload = (struct sj_payload){.content = sj_buf_view(&salted)};
    draft.payload = &payload;
    CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
    return receipt.index;
}

static void upgrade(void *ctx)
{
    struct rig *rig = ctx;
    struct world world;
    uint64_t index[70];
    int64_t from = 0;
    bool more = true;
    char text[32];
    char sql[256];
    world_open(&world, rig);
    for (size_t i = 0; i < SJ_COUNT(index); i++) {
        (void)snprintf(text, sizeof text, "old reason %zu", i);
        index[i] = write_clear(rig, i % 2 == 0 ? anna : bijan, text);
    }
    /* one is not what its entry says: it stays, for the scrubber */
    (void)snprintf(sql, sizeof sql,
        "update sanjeh.audit_payload set content = content || '\\x00' where idx = %llu",
        (unsigned long long)index[69]);
    CHECK(rig_forge(rig, sql));
    for (unsigned steps = 0; more && steps < 10; steps++) {
        CHECK_OK(sj_payload_seal_clear(world.keys, &from, &more));
    }
    CHECK(!more);
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_payload where subject_id ="
                          " '00000000-0000-0000-0000-000000000000'") == 1);
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_payload") == 70);
    for (size_t i = 0; i < 69; i++) {
        (void)snprintf(text, sizeof text, "old reason %zu", i);
        CHECK(reads(&world, index[i], text));
    }
    world_close(&world);
}

TEST(payloads_in_clear_of_an_older_server_are_sealed_and_none_is_lost)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(upgrade, &rig);
    rig_end(&rig);
}

/* ---- the end of a subject's keys ---- */

/* On its own connection and keeper, as the command does. */
static void destroy_keys(struct rig *rig, struct sj_uuid subject, bool commits, bool finishes)
{
    struct sj_keeper *keeper = NULL;
    struct sj_channel *channel = NULL;
    struct sj_context context;
    struct sj_payload_file file;
    struct sj_tx *tx = NULL;
    uint32_t keep = 0;
    const struct sj_keeper_config config = {.root_key_file = rig_file("root"),
        .payload_keys = rig_file("signer.payload"),
        .origin = "test.example/audit",
        .use = SJ_KEEPER_PROVISION,
        .channels = 1};
    REQUIRE_OK(sj_keeper_start(&config, &keeper));
    REQUIRE_OK(sj_channel_open(keeper, 0, NULL, &channel));
    rig_record_context(rig, &context);
    REQUIRE_OK(sj_tx_begin(rig->db, &context, &tx));
    REQUIRE_OK(sj_payload_keys_destroy(channel, tx, subject, &keep));
    if (commits) {
        REQUIRE_OK(sj_tx_commit(&tx));
    } else {
        sj_tx_rollback(&tx);
    }
    if (finishes) {
        REQUIRE_OK(ask_payload_finish(channel, keep, &file));
    }
    sj_channel_close(&channel);
    sj_keeper_stop(&keeper);
}

#define KEEP_COPY                                                                                  \
    "create table if not exists public.copy_of_keys as select * from sanjeh.audit_payload_key"
#define PUT_BACK                                                                                   \
    "delete from sanjeh.audit_payload_key; insert into sanjeh.audit_payload_key"                   \
    " select * from public.copy_of_keys"

static void end_keys(void *ctx)
{
    struct rig *rig = ctx;
    struct world world;
    world_open(&world, rig);
    const uint64_t hers = write_text(&world, anna, tag_a, "her reason");
    const uint64_t his = write_text(&world, bijan, tag_a, "his reason");
    CHECK(rig_forge(rig, "drop table if exists public.copy_of_keys"));
    CHECK(rig_forge(rig, KEEP_COPY));      /* a backup */
    destroy_keys(rig, anna, false, false); /* cut short before the commit: nothing has happened */
    atomic_fetch_add(&world.turned, 1);
    CHECK(reads(&world, hers, "her reason") && reads(&world, his, "his reason"));
    destroy_keys(rig, anna, true, false); /* after it: the next start ends it */
    atomic_fetch_add(&world.turned, 1);
    CHECK(code_of(&world, hers) == SJ_NOT_FOUND && reads(&world, his, "his reason"));
    CHECK_OK(sj_payload_settle(world.keys));
    CHECK(reads(&world, his, "his reason"));
    /* whoever puts the backup's keys back, with root key and all, opens nothing */
    CHECK(rig_forge(
        rig, "create table public.keys_now as select * from sanjeh.audit_payload_key;" PUT_BACK));
    atomic_fetch_add(&world.turned, 1);
    CHECK(code_of(&world, hers) == SJ_NOT_FOUND && code_of(&world, his) == SJ_NOT_FOUND);
    CHECK(
        rig_forge(rig, "delete from sanjeh.audit_payload_key; insert into sanjeh.audit_payload_key"
                       " select * from public.keys_now; drop table public.keys_now"));
    atomic_fetch_add(&world.turned, 1);
    CHECK(reads(&world, his, "his reason"));
    /* her next text has a new key; and his go as well */
    const uint64_t again = write_text(&world, anna, tag_a, "another one");
    CHECK(reads(&world, again, "another one"));
    destroy_keys(rig, bijan, true, true);
    atomic_fetch_add(&world.turned, 1);
    CHECK(reads(&world, again, "another one") && code_of(&world, his) == SJ_NOT_FOUND);
    CHECK(rig_forge(rig, "drop table public.copy_of_keys"));
    world_close(&world);
}

TEST(attack_24_keys_of_a_subject_are_gone_from_every_copy_and_others_stay)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(end_keys, &rig);
    rig_end(&rig);
}
