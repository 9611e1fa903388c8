/* SPDX-License-Identifier: Apache-2.0
 *
 * The scrubber against a database superuser (attacks 1 to 4 of AUDIT 4.1), and its silence over a record that nobody touched. Each
 * attack is undone, so that each meets a whole record.
 */
#include "sanjeh/audit/scrub.h"

#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "state.h"

#define ENTRIES 700
#define SETUP                                                                                      \
    "drop schema if exists kept cascade; create schema kept;"                                      \
    "create table kept.e as table sanjeh.audit_entry; create table kept.t as table "               \
    "sanjeh.audit_tile;"                                                                           \
    "create table kept.h as table sanjeh.audit_head; create table kept.n as table "                \
    "sanjeh.audit_checkpoint;"                                                                     \
    "create table kept.c as table sanjeh.audit_tenant; create table kept.o as table "              \
    "sanjeh.file_opening; create table kept.p as table sanjeh.audit_payload"
#define PUT_BACK(table, copy)                                                                      \
    "delete from sanjeh." table " as x where not exists (select from kept." copy                   \
    " as k where k = x);"                                                                          \
    "insert into sanjeh." table " select * from kept." copy " except select * from sanjeh." table  \
    ";"
#define UNDO                                                                                       \
    PUT_BACK("audit_entry", "e")                                                                   \
    PUT_BACK("audit_tile", "t")                                                                    \
    PUT_BACK("audit_head", "h")                                                                    \
    PUT_BACK("audit_checkpoint", "n")                                                              \
    PUT_BACK("audit_tenant", "c")                                                                  \
    PUT_BACK("file_opening", "o")                                                                  \
    "delete from sanjeh.audit_payload; insert into sanjeh.audit_payload (idx, content) select "    \
    "idx, content from kept.p"

struct run {
    struct rig rig;
    struct sj_scrub_target target;
    struct sj_scrub_report report;
    uint64_t entries; /* to record */
};

static void wait_until_signed(struct rig *rig)
{
    while (sj_sequencer_stats(rig->sequencer).queued > 0) {
        sj_fiber_sleep_ms(1);
    }
}

/* Batches of 25: a note for each. */
static void record_some(struct run *run)
{
    struct rig *rig = &run->rig;
    for (uint64_t i = 0; i < run->entries; i++) {
        struct sj_draft draft = rig_draft("judge:read");
        struct sj_uuid subjects[2] = {{{3, (uint8_t)i}}, {{4, (uint8_t)i}}};
        struct sj_payload payload;
        CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(256);
        draft.tenant_tag.bytes[0] = (uint8_t)(i % 5);
        if (i % 100 == 60) {
            CHECK_OK(sj_payload_commit(&draft, sj_view_of("a reason", 8), &salted));
            payload = (struct sj_payload){.content = sj_buf_view(&salted)};
            draft.payload = &payload;
        }
        if (i % 100 == 50) {
            CHECK_OK(sj_subjects_seal(&draft, subjects, 2));
        }
        sj_sequencer_note(rig->sequencer, &draft);
        if (i % 25 == 24) {
            wait_until_signed(rig);
        }
    }
    sj_fiber_sleep_ms(120); /* the newest note is stored when the writer has been idle */
}

static void fill(void *ctx)
{
    struct run *run = ctx;
    REQUIRE_OK(rig_open(&run->rig));
    record_some(run);
    sj_sequencer_stop(run->rig.sequencer);
    sj_sequencer_scrub_target(run->rig.sequencer, &run->target);
    sj_sequencer_free(&run->rig.sequencer);
    rig_disconnect(&run->rig);
    CHECK(run->target.size >= run->entries);
}

static sj_status walk(struct run *run, const struct sj_context *context, struct sj_scrub **scrub,
    uint64_t until, bool *ret_done)
{
    *ret_done = false;
    while (!*ret_done && sj_scrub_position(*scrub) < until) {
        TRY(sj_scrub_step(*scrub, run->rig.db, context, ret_done));
    }
    return SJ_DONE;
}

static void scrub(struct run *run)
{
    struct sj_context context;
    struct sj_scrub *scrub = NULL;
    bool done = false;
    rig_record_context(&run->rig, &context);
    CHECK_OK(sj_scrub_new(&run->target, &scrub));
    CHECK_OK(walk(run, &context, &scrub, UINT64_MAX, &done));
    CHECK(done);
    sj_scrub_report(scrub, &run->report);
    sj_scrub_free(&scrub);
}

static void begin(struct run *run, uint64_t entries)
{
    run->entries = entries;
    rig_fresh(&run->rig);
    CHECK(rig_forge(&run->rig, "truncate sanjeh.file_opening, sanjeh.audit_payload"));
    sj_test_on_fiber(fill, run);
    CHECK(rig_forge(&run->rig, SETUP));
}

struct attack {
    const char *sql;
    const char *cause; /* how it begins; NULL: none */
    int64_t index;     /* -1: none */
    uint64_t most;     /* findings: the damage itself and what follows from it; 0: not counted */
};

static void expect(struct run *run, const struct attack *attack)
{
    if (attack->sql != NULL) {
        CHECK(rig_forge(&run->rig, attack->sql));
    }
    scrub(run);
    const struct sj_scrub_report *report = &run->report;
    const bool is_alone = attack->most == 0 || report->findings <= attack->most;
    const bool found =
        attack->cause == NULL
            ? report->findings == 0
            : report->findings > 0 && sj_text_starts(sj_text_of(report->cause), attack->cause) &&
                  (attack->index < 0
                          ? !report->has_index
                          : report->has_index && report->index == (uint64_t)attack->index);
    if (!found || !is_alone) {
        printf("    %s\n    said: %llu findings, index %lld: %s\n",
            attack->sql == NULL ? "" : attack->sql, (unsigned long long)report->findings,
            report->has_index ? (long long)report->index : -1LL, report->cause);
        CHECK(false);
    }
    CHECK(rig_forge(&run->rig, UNDO));
}

struct attacks {
    struct run run;
    const struct attack *list;
    size_t count;
};

static void expect_each(void *ctx)
{
    struct attacks *attacks = ctx;
    const struct attack none = {NULL, NULL, -1, 0};
    REQUIRE_OK(rig_connect(&attacks->run.rig));
    expect(&attacks->run, &none);
    for (size_t i = 0; i < attacks->count; i++) {
        expect(&attacks->run, &attacks->list[i]);
    }
    expect(&attacks->run, &none);
    CHECK(attacks->run.report.entries == attacks->run.target.size);
    rig_disconnect(&attacks->run.rig);
}

static void expect_all(const struct attack *list, size_t count)
{
    struct attacks attacks = {.list = list, .count = count};
    begin(&attacks.run, ENTRIES);
    sj_test_on_fiber(expect_each, &attacks);
    rig_end(&attacks.run.rig);
}

#define EDIT(idx)                                                                                  \
    "update sanjeh.audit_entry set entry = set_byte(entry, 100, 1 + get_byte(entry, 100) % 255) "  \
    "where idx = " idx

TEST(attack_01_scrub_finds_deleted_edited_and_inserted_rows)
{
    static const struct attack attacks[] = {
        {"delete from sanjeh.audit_entry where idx = 0", "the entry is missing", 0, 3},
        {"delete from sanjeh.audit_entry where idx = 300", "the entry is missing", 300, 3},
        {"delete from sanjeh.audit_entry where idx = 650", "the entry is missing", 650, 3},
        {"delete from sanjeh.audit_entry where idx = (select size - 1 from sanjeh.audit_head)",
            "the entry is missing", 701, 3},
        {EDIT("0"), "the entry does not give its leaf hash", 0, 3},
        {EDIT("300"), "the entry does not give its leaf hash", 300, 3},
        {EDIT("701"), "the entry does not give its leaf hash", 701, 3},
        {EDIT("300") "; update sanjeh.audit_entry set leaf_hash = sha256('\\x00'::bytea || entry)",
            "the entry does not give its leaf hash in the tile", 300, 3},
        {EDIT("650") "; update sanjeh.audit_entry set leaf_hash = sha256('\\x00'::bytea || entry)",
            "the entry does not continue its tenant's chain", 650, 3},
        {"insert into sanjeh.audit_entry select 702, entry, leaf_hash from sanjeh.audit_entry "
         "where idx = 701",
            "entries stand outside of the log", -1, 1},
        {"insert into sanjeh.audit_entry select -1, entry, leaf_hash from sanjeh.audit_entry where "
         "idx = 0",
            "entries stand outside of the log", -1, 1},
    };
    expect_all(attacks, SJ_COUNT(attacks));
}

#define SWAP(a, b)                                                                                 \
    "update sanjeh.audit_entry set idx = -1 where idx = " a                                        \
    "; update sanjeh.audit_entry set idx = " a " where idx = " b                                   \
    "; update sanjeh.audit_entry set idx = " b " where idx = -1"

TEST(attack_02_scrub_finds_swapped_and_reordered_rows)
{
    static const struct attack attacks[] = {
        {SWAP("100", "101"), "the entry does not give its leaf hash in the tile", 100, 5},
        {SWAP("10", "690"), "the entry does not give its leaf hash in the tile", 10, 5},
        {SWAP("680", "690"), "the entry names another index than its place", 680, 5},
        {"update sanjeh.audit_entry set idx = idx + 10000 where idx between 600 and 649;"
         "update sanjeh.audit_entry set idx = 600 + 649 + 10000 - idx where idx >= 10000",
            "the entry names another index than its place", 600, 56},
    };
    expect_all(attacks, SJ_COUNT(attacks));
}

/* ---- attack 3: everything made anew from a changed entry, so that it fits in itself ---- */

struct forger {
    struct run *run;
    struct sj_edge edge;
    struct sj_frontier frontier;
    struct sj_buf sql;
};

static sj_status put_hex(struct sj_buf *out, const void *bytes, size_t len)
{
    TRY(sj_buf_put_str(out, "'\\x"));
    TRY(sj_buf_put_hex(out, sj_view_of(bytes, len)));
    return sj_buf_put_str(out, "'");
}

static sj_status forge_tile(
    void *ctx, unsigned level, uint64_t n, const struct sj_hash hashes[SJ_TILE_WIDTH])
{
    struct forger *f = ctx;
    char head[96];
    (void)snprintf(head, sizeof head, "insert into sanjeh.audit_tile values (%u, %llu, ", level,
        (unsigned long long)n);
    TRY(sj_buf_put_str(&f->sql, head));
    TRY(put_hex(&f->sql, hashes, SJ_TILE_BYTES));
    return sj_buf_put_str(&f->sql, ");");
}

static sj_status forge_tree(struct forger *f, const struct sj_rows *rows)
{
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        struct sj_hash leaf;
        TRY(sj_leaf_hash(sj_row_bytes(rows, i, 1), &leaf));
        TRY(sj_edge_append(&f->edge, &leaf, forge_tile, f));
        TRY(sj_frontier_append(&f->frontier, &leaf));
    }
    struct sj_hash root;
    TRY(sj_frontier_root(&f->frontier, &root));
    TRY(sj_buf_put_str(&f->sql, "update sanjeh.audit_head set root = "));
    TRY(put_hex(&f->sql, root.bytes, SJ_HASH_SIZE));
    TRY(sj_buf_put_str(&f->sql, ", frontier = '\\x"));
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((f->frontier.size >> bit & 1) != 0) {
            TRY(sj_buf_put_hex(&f->sql, sj_view_of(f->frontier.hashes[bit].bytes, SJ_HASH_SIZE)));
        }
    }
    return sj_buf_put_str(&f->sql, "';");
}

static void forge(struct forger *f)
{
    struct sj_context context;
    const struct sj_param params[] = {sj_p_i64(0), sj_p_i64((int64_t)f->run->target.size)};
    const struct sj_query query = {SJ_SQL_AUDIT_ENTRY_RANGE, params, SJ_COUNT(params)};
    struct sj_rows *rows = NULL;
    rig_record_context(&f->run->rig, &context);
    CHECK_OK(sj_record_read(f->run->rig.db, &context, &query, &rows));
    CHECK_OK(forge_tree(f, rows));
    sj_rows_free(&rows);
}

static void rewrite(struct run *run, const char *index, const char *then)
{
    struct forger f = {.run = run, .sql = SJ_BUF(1 << 20)};
    char edit[512];
    const char *sql = NULL;
    (void)snprintf(edit, sizeof edit,
        "update sanjeh.audit_entry set entry = set_byte(entry, 169 - 4, 77) where idx = %s;"
        "update sanjeh.audit_entry set leaf_hash = sha256('\\x00'::bytea || entry)",
        index);
    CHECK(rig_forge(&run->rig, edit));
    CHECK_OK(sj_buf_put_str(
        &f.sql, "set session_replication_role = replica; delete from sanjeh.audit_tile;"));
    forge(&f);
    CHECK_OK(sj_buf_put_str(&f.sql, then));
    CHECK_OK(sj_buf_cstr(&f.sql, &sql));
    CHECK(sj_pg_run(run->rig.pg->admin, sql));
    sj_buf_clear(&f.sql);
}

static void rewrite_twice(void *ctx)
{
    struct run *run = ctx;
    struct attack attack = {NULL, "the entries do not give the root of the note of", -1, 1};
    REQUIRE_OK(rig_connect(&run->rig));
    rewrite(run, "701", "");
    expect(run, &attack);
    rewrite(run, "701", "delete from sanjeh.audit_checkpoint");
    attack.cause = "the entries do not give the root that was signed";
    expect(run, &attack);
    rig_disconnect(&run->rig);
}

TEST(attack_03_scrub_finds_a_rewrite_that_fits_in_itself)
{
    struct run run;
    begin(&run, ENTRIES);
    sj_test_on_fiber(rewrite_twice, &run);
    rig_end(&run.rig);
}

TEST(attack_04_scrub_finds_a_cut_tail)
{
    static const struct attack attacks[] = {
        {"delete from sanjeh.audit_entry where idx >= 600; update sanjeh.audit_head set size = 600,"
         " base_size = 599; delete from sanjeh.audit_checkpoint where size > 600",
            "the entry is missing", 600, 103},
        {"delete from sanjeh.audit_entry where idx >= 512; update sanjeh.audit_head set size = 512,"
         " base_size = 511; delete from sanjeh.audit_checkpoint where size > 512",
            "the entry is missing", 512, 191},
    };
    expect_all(attacks, SJ_COUNT(attacks));
}

TEST(scrub_checks_tiles_notes_tenants_openings)
{
    static const struct attack attacks[] = {
        {"update sanjeh.audit_tile set hashes = set_byte(hashes, 5, 1 + get_byte(hashes, 5) % 255) "
         "where n = 1",
            "the entry does not give its leaf hash in the tile", 256, 0},
        {"delete from sanjeh.audit_tile where n = 1", "tile 0/1 is missing", -1, 0},
        {"insert into sanjeh.audit_tile select 0, 2, hashes from sanjeh.audit_tile where n = 1",
            "tiles stand where none can be", -1, 0},
        {"update sanjeh.audit_checkpoint set note = set_byte(note, 40, 65) where size = (select "
         "min(size) from sanjeh.audit_checkpoint where size > 400)",
            "the entries do not give the root of the note of", -1, 0},
        {"update sanjeh.audit_tenant set seq = seq + 1 where last_idx > 690",
            "a tenant's chain does not end", -1, 0},
        {"delete from sanjeh.audit_tenant where tenant_tag::text like '01%'",
            "a tenant's chain is missing", -1, 0},
        {"delete from sanjeh.file_opening where entry_index = (select min(entry_index) from "
         "sanjeh.file_opening) and subject_id::text like '03%'",
            "whose files the entry opened", 51, 0},
        {"insert into sanjeh.file_opening values (gen_random_uuid(), 7)",
            "whose files the entry opened", 7, 0},
        {"insert into sanjeh.file_opening values (gen_random_uuid(), 700000)",
            "openings of entries", -1, 0},
        {"delete from sanjeh.file_opening where entry_index = 51", "whose files the entry opened",
            51, 0},
        {"delete from sanjeh.audit_payload where idx in (161, 261)",
            "the payload is missing and no entry says that it was erased", 161, 0},
        {"update sanjeh.audit_payload set content = set_byte(content, 70, 1 + get_byte(content, 70)"
         " % 255) where idx = 161",
            "the payload is not what the entry commits to", 161, 0},
        {"insert into sanjeh.audit_payload (idx, content) values (7, decode(repeat('00', 80), "
         "'hex'))",
            "the payload is not what the entry commits to", 7, 0},
    };
    expect_all(attacks, SJ_COUNT(attacks));
}

/* ---- in pieces ---- */

static void scrub_in_pieces(void *ctx)
{
    struct run *run = ctx;
    struct sj_context context;
    struct sj_scrub *scrub = NULL;
    bool done = false;
    REQUIRE_OK(rig_connect(&run->rig));
    rig_record_context(&run->rig, &context);
    CHECK_OK(sj_scrub_new(&run->target, &scrub));
    for (uint64_t until = 1; !done; until += 256) {
        CHECK_OK(walk(run, &context, &scrub, until, &done));
        CLEANUP(sj_buf_clear) struct sj_buf state = SJ_BUF(1 << 20);
        CHECK_OK(sj_scrub_encode(scrub, &state));
        struct sj_scrub *other = NULL;
        CHECK_CODE(
            sj_scrub_decode(sj_view_of(state.ptr, state.len - 1), &run->target, &other), PROTOCOL);
        REQUIRE_OK(done ? SJ_DONE : sj_scrub_decode(sj_buf_view(&state), &run->target, &other));
        if (!done) {
            sj_scrub_free(&scrub);
            scrub = other;
        }
    }
    sj_scrub_report(scrub, &run->report);
    sj_scrub_free(&scrub);
    rig_disconnect(&run->rig);
}

TEST(scrub_goes_on_from_where_it_was)
{
    struct run run;
    begin(&run, ENTRIES);
    sj_test_on_fiber(scrub_in_pieces, &run);
    CHECK(run.report.findings == 0 && run.report.entries == run.target.size);
    CHECK(rig_forge(&run.rig, EDIT("100")));
    sj_test_on_fiber(scrub_in_pieces, &run);
    CHECK(run.report.findings > 0 && run.report.has_index && run.report.index == 100);
    rig_end(&run.rig);
}

/* ---- no false alarm ---- */

static void fill_many(void *ctx)
{
    struct run *run = ctx;
    struct rig *rig = &run->rig;
    rig->deadline_ms = 60000;
    REQUIRE_OK(rig_open(rig));
    for (uint64_t i = 0; i < run->entries;) {
        const struct sj_sequencer_stats stats = sj_sequencer_stats(rig->sequencer);
        if (stats.queued > 3000) {
            sj_fiber_sleep_ms(1);
            continue;
        }
        for (unsigned k = 0; k < 512; k++, i++) {
            struct sj_draft draft = rig_draft(k % 7 == 0 ? "judge:list" : "judge:read");
            struct sj_uuid subjects[2] = {{{3, (uint8_t)k}}, {{4, (uint8_t)i}}};
            draft.tenant_tag.bytes[0] = (uint8_t)(k % 11);
            draft.actor.bytes[3] = (uint8_t)(k % 200);
            if (k % 16 == 5) {
                CHECK_OK(sj_subjects_seal(&draft, subjects, 2));
            }
            sj_sequencer_note(rig->sequencer, &draft);
        }
    }
    wait_until_signed(rig);
    sj_fiber_sleep_ms(200);
    sj_sequencer_scrub_target(rig->sequencer, &run->target);
    scrub(run);
    rig_close(rig);
}

TEST(scrub_finds_nothing_in_a_clean_run)
{
    struct run run;
    const char *is_long = getenv("SANJEH_LONG");
    run.entries = is_long != NULL && is_long[0] == '1' ? 1000000 : 20000;
    rig_fresh(&run.rig);
    CHECK(rig_forge(&run.rig, "truncate sanjeh.file_opening, sanjeh.audit_payload"));
    sj_test_on_fiber(fill_many, &run);
    CHECK(run.target.size >= run.entries);
    if (run.report.findings != 0) {
        printf("    %s\n", run.report.cause);
    }
    CHECK(run.report.findings == 0 && run.report.entries == run.target.size);
    rig_end(&run.rig);
}
