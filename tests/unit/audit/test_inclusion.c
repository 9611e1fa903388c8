/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a reader of one entry get what was signed or an error, never what somebody put in its place? A log of full
 * and partial tiles; every damage is made while the server runs.
 */
#include <stdio.h>

#include "fixture.h"

#define ENTRIES 67000 /* 65,536 and some: two levels of full tiles */

static enum sj_code read_code(struct rig *rig, uint64_t index)
{
    struct sj_context context;
    struct sj_entry entry;
    struct sj_hash leaf;
    rig_record_context(rig, &context);
    const sj_status status =
        sj_sequencer_entry(rig->sequencer, rig->db, &context, index, &entry, &leaf);
    CHECK(sj_failed(status) || entry.index == index);
    return status.code;
}

static void expect_all_true(struct rig *rig, uint64_t size)
{
    for (uint64_t index = 0; index < size; index += size < 1000 ? 1 : 997) {
        CHECK(read_code(rig, index) == SJ_OK);
    }
    CHECK(read_code(rig, size - 1) == SJ_OK);
    CHECK(read_code(rig, size) == SJ_NOT_FOUND);
}

static void fill(struct rig *rig, uint64_t size)
{
    const struct sj_draft draft = rig_draft("judge:read");
    struct sj_receipt receipt;
    while (sj_sequencer_stats(rig->sequencer).size < size) {
        const uint64_t left = size - sj_sequencer_stats(rig->sequencer).size;
        for (uint64_t i = 1; i < left && i < 1000; i++) {
            sj_sequencer_note(rig->sequencer, &draft);
        }
        CHECK_OK(rig_record(rig, "judge:read", &receipt));
    }
}

static void grow_and_read(void *ctx)
{
    static const uint64_t sizes[] = {1, 2, 3, 255, 256, 257, 600, ENTRIES};
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    for (size_t i = 0; i < SJ_COUNT(sizes); i++) {
        fill(rig, sizes[i]);
        expect_all_true(rig, sizes[i]);
    }
    rig_close(rig);
}

TEST(entry_is_proven_at_every_size)
{
    struct rig rig;
    rig_fresh(&rig);
    rig.queue_max = 8192;
    sj_test_on_fiber(grow_and_read, &rig);
    rig_end(&rig);
}

/* damage and its undo around an index that it must make unreadable, and one that nobody touched */
static const struct {
    const char *sql;
    uint64_t index;
    uint64_t beside;
} damages[] = {
    {"update sanjeh.audit_entry set entry = set_byte(entry, 120, get_byte(entry, 120) # 1) where"
     " idx = 5",
        5, 4},
    {"update sanjeh.audit_entry set entry = set_byte(entry, 120, get_byte(entry, 120) # 1),"
     " leaf_hash = sha256('\\x00'::bytea || set_byte(entry, 120, get_byte(entry, 120) # 1)) where"
     " idx = 5",
        5, 4},
    {"update sanjeh.audit_entry set entry = set_byte(entry, 120, get_byte(entry, 120) # 1),"
     " leaf_hash = sha256('\\x00'::bytea || set_byte(entry, 120, get_byte(entry, 120) # 1)) where"
     " idx = 598",
        598, 599},
    {"delete from sanjeh.audit_entry where idx = 300", 300, 301},
    {"update sanjeh.audit_entry set idx = -1 where idx = 7; update sanjeh.audit_entry set idx = 7"
     " where idx = 8; update sanjeh.audit_entry set idx = 8 where idx = -1",
        7, 9},
    {"update sanjeh.audit_entry set idx = -1 where idx = 7; update sanjeh.audit_entry set idx = 7"
     " where idx = 8; update sanjeh.audit_entry set idx = 8 where idx = -1",
        8, 6},
    {"update sanjeh.audit_tile set hashes = set_byte(hashes, 8000, get_byte(hashes, 8000) # 1)"
     " where level = 0 and n = 0",
        3, 300},
    {"delete from sanjeh.audit_tile where level = 0 and n = 1", 400, 550},
    {"update sanjeh.audit_entry set entry = 'x' where idx = 9", 9, 8},
};

static void damage_and_read(void *ctx)
{
    struct rig *rig = ctx;
    REQUIRE_OK(rig_open(rig));
    fill(rig, 600);
    CHECK(rig_forge(rig, "create table public.e as table sanjeh.audit_entry;"
                         "create table public.t as table sanjeh.audit_tile"));
    for (size_t i = 0; i < SJ_COUNT(damages); i++) {
        CHECK(read_code(rig, damages[i].index) == SJ_OK);
        CHECK(rig_forge(rig, damages[i].sql));
        const enum sj_code code = read_code(rig, damages[i].index);
        if (code != SJ_LOG_TAMPERED) {
            printf("    damage %zu: %s\n", i, sj_code_name(code));
            CHECK(false);
        }
        CHECK(read_code(rig, damages[i].beside) == SJ_OK);
        CHECK(rig_forge(rig, "truncate sanjeh.audit_entry, sanjeh.audit_tile;"
                             "insert into sanjeh.audit_entry table public.e;"
                             "insert into sanjeh.audit_tile table public.t"));
    }
    CHECK(rig_forge(rig, "drop table public.e, public.t"));
    rig_close(rig);
}

TEST(entry_that_was_changed_is_not_shown)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(damage_and_read, &rig);
    rig_end(&rig);
}

static void read_in_other_contexts(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_context context = {.text = ""};
    struct sj_entry entry;
    struct sj_hash leaf;
    uint64_t size = 0;
    REQUIRE_OK(rig_open(rig));
    CHECK_CODE(sj_sequencer_entry(rig->sequencer, rig->db, &context, 0, &entry, &leaf), FORBIDDEN);
    CHECK_CODE(sj_bundle_export(
                   rig->db, &context, &(struct sj_bundle_trust){.vkey = SJ_TEXT("x")}, 0, 1, &size),
        FORBIDDEN);
    rig_deed_context(rig, &context);
    CHECK_CODE(sj_sequencer_entry(rig->sequencer, rig->db, &context, 0, &entry, &leaf), FORBIDDEN);
    CHECK_CODE(sj_bundle_export(
                   rig->db, &context, &(struct sj_bundle_trust){.vkey = SJ_TEXT("x")}, 0, 1, &size),
        FORBIDDEN);
    rig_close(rig);
}

/* Hidden rows are never taken for lost ones. */
TEST(record_is_not_read_in_another_context)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(read_in_other_contexts, &rig);
    rig_end(&rig);
}
