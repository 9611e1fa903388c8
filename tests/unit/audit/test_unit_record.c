/* SPDX-License-Identifier: Apache-2.0
 *
 * Does one unit's record verify by itself, and does everything that is left out, moved or taken from another unit show? From a
 * real record with a real keeper; the attacker carries the file, or rules the database.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"
#include "sanjeh/audit/unit_record.h"
#include "state.h"

#define UNIT  3
#define COUNT 40

struct world {
    struct rig rig;
    struct sj_buf file;
    char vkey[512];
};

static struct sj_uuid tag_of(uint8_t number)
{
    return (struct sj_uuid){{number, 0xEE}};
}

static void record_units(struct rig *rig)
{
    struct sj_receipt receipt;
    for (int i = 0; i < COUNT * 4; i++) {
        struct sj_draft draft = rig_draft("judge:read");
        draft.tenant_tag = tag_of((uint8_t)(1 + i % 4));
        CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
    }
}

static sj_status export_unit(struct rig *rig, struct sj_uuid tag, struct sj_buf *out, uint64_t *ret)
{
    struct sj_context context;
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    CLEANUP(sj_closep) int fd = memfd_create("unit", MFD_CLOEXEC);
    rig_record_context(rig, &context);
    TRY(sj_reading_open(rig->sequencer, rig->db, &context, &reading));
    TRY(sj_unit_export(reading, rig->db, &context, tag, fd, ret));
    const off_t size = lseek(fd, 0, SEEK_END);
    sj_buf_reset(out);
    TRY(sj_buf_reserve(out, (size_t)size));
    CHECK(pread(fd, out->ptr, (size_t)size, 0) == size);
    out->len = (size_t)size;
    return SJ_DONE;
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    CLEANUP(sj_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
}

static struct sj_verify_report verify(const struct world *world, const uint8_t *bytes, size_t len)
{
    char unit[96];
    char policy[96];
    char text[600];
    struct sj_verify_report report = {.verdict = SJ_INCOMPLETE};
    snprintf(unit, sizeof(unit), "/tmp/sanjeh-unit-%d-record", (int)getpid());
    snprintf(policy, sizeof(policy), "/tmp/sanjeh-unit-%d-policy", (int)getpid());
    snprintf(text, sizeof(text), "log %s\nquorum none\n", world->vkey);
    write_file(unit, bytes, len);
    write_file(policy, text, strlen(text));
    const struct sj_verify_options options = {.policy_path = policy};
    CHECK_OK(sj_bundle_verify(unit, &options, &report));
    unlink(unit);
    unlink(policy);
    return report;
}

/* Offsets of the records (entry and proof) behind the head; the first is the heads entry. */
static size_t skip_record(const uint8_t *bytes, size_t at)
{
    at += 2 + ((size_t)bytes[at] << 8 | bytes[at + 1]);
    return at + 2 + 32 * ((size_t)bytes[at] << 8 | bytes[at + 1]);
}

static size_t first_record(const struct sj_buf *file)
{
    const uint8_t *b = file->ptr;
    const size_t note = (size_t)b[8] << 24 | (size_t)b[9] << 16 | (size_t)b[10] << 8 | b[11];
    const size_t proof = 12 + note + 16 + 8 + 8;
    return proof + 2 + 32 * ((size_t)b[proof] << 8 | b[proof + 1]);
}

static void check_whole(struct world *world)
{
    const struct sj_verify_report report = verify(world, world->file.ptr, world->file.len);
    if (report.verdict != SJ_VERIFIED) {
        printf("    got %d: %s\n", (int)report.verdict, report.cause);
    }
    CHECK(report.verdict == SJ_VERIFIED && report.entries_checked == COUNT);
}

/* Every byte of it counts: whatever is changed, cut or added is never called whole. */
static void check_damages(struct world *world)
{
    const struct sj_buf *file = &world->file;
    size_t tampered = 0;
    for (size_t at = 8; at < file->len; at += 211) {
        file->ptr[at] ^= 1;
        const struct sj_verify_report report = verify(world, file->ptr, file->len);
        file->ptr[at] ^= 1;
        CHECK(report.verdict != SJ_VERIFIED);
        tampered += report.verdict == SJ_TAMPERED ? 1 : 0;
    }
    CHECK(tampered > 20);
    CHECK(verify(world, file->ptr, file->len - 1).verdict == SJ_INCOMPLETE);
    CLEANUP(sj_buf_clear) struct sj_buf longer = SJ_BUF(1 << 20);
    CHECK_OK(sj_buf_put_view(&longer, sj_buf_view(file)));
    CHECK_OK(sj_buf_put_byte(&longer, 0));
    CHECK(verify(world, longer.ptr, longer.len).verdict == SJ_TAMPERED);
}

/* Leaves record number `gone` out and says one entry less. */
static struct sj_verify_report without(struct world *world, size_t gone)
{
    const struct sj_buf *file = &world->file;
    CLEANUP(sj_buf_clear) struct sj_buf less = SJ_BUF(1 << 20);
    size_t at = first_record(file);
    for (size_t i = 0; i < gone; i++) {
        at = skip_record(file->ptr, at);
    }
    const size_t next = skip_record(file->ptr, at);
    CHECK_OK(sj_buf_put(&less, file->ptr, at));
    CHECK_OK(sj_buf_put(&less, file->ptr + next, file->len - next));
    const size_t note = (size_t)file->ptr[10] << 8 | file->ptr[11];
    less.ptr[12 + note + 16 + 7]--;
    return verify(world, less.ptr, less.len);
}

static void check_left_out(struct world *world)
{
    struct sj_verify_report report = without(world, 1 + 10);
    CHECK(report.verdict == SJ_TAMPERED);
    CHECK(strstr(report.cause, "does not continue its unit's chain") != NULL);
    /* the last one: only the heads know that it is missing */
    report = without(world, COUNT);
    CHECK(report.verdict == SJ_TAMPERED);
    CHECK(strstr(report.cause, "does not end where the tenants' heads say") != NULL);
}

static void check_others_stay_unseen(struct world *world)
{
    for (uint8_t other = 1; other <= 4; other++) {
        const struct sj_uuid tag = tag_of(other);
        const bool is_there =
            memmem(world->file.ptr, world->file.len, tag.bytes, sizeof(tag.bytes)) != NULL;
        CHECK(is_there == (other == UNIT));
    }
}

static void check_superuser(struct world *world)
{
    struct rig *rig = &world->rig;
    CLEANUP(sj_buf_clear) struct sj_buf file = SJ_BUF(1 << 20);
    uint64_t entries = 0;
    /* an entry of the unit is deleted; put back; given to another unit */
    CHECK(rig_forge(rig,
        "create table kept as select * from sanjeh.audit_entry where idx = (select"
        " min(idx) from sanjeh.audit_entry where substring(entry from 99 for 1) ="
        " '\\x03'); delete from sanjeh.audit_entry where idx in (select idx from kept)"));
    CHECK_CODE(export_unit(rig, tag_of(UNIT), &file, &entries), LOG_TAMPERED);
    CHECK(rig_forge(rig, "insert into sanjeh.audit_entry select * from kept; drop table kept"));
    CHECK_OK(export_unit(rig, tag_of(UNIT), &file, &entries));
    CHECK(rig_forge(rig, "update sanjeh.audit_entry set entry = overlay(entry placing '\\x02' from"
                         " 99 for 1) where substring(entry from 99 for 1) = '\\x03' and"
                         " idx = (select min(idx) from sanjeh.audit_entry where"
                         " substring(entry from 99 for 1) = '\\x03')"));
    CHECK_CODE(export_unit(rig, tag_of(UNIT), &file, &entries), LOG_TAMPERED);
}

static void run(void *ctx)
{
    struct world *world = ctx;
    struct rig *rig = &world->rig;
    uint64_t entries = 0;
    struct sj_signed_head head;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(512);
    rig->heads_ms = -1;
    REQUIRE_OK(rig_open(rig));
    record_units(rig);
    CHECK_CODE(
        export_unit(rig, tag_of(UNIT), &world->file, &entries), NOT_FOUND); /* no heads yet */
    REQUIRE_OK(sj_sequencer_note_heads(rig->sequencer));
    record_units(rig); /* what comes behind the heads is not in it */
    REQUIRE_OK(ask_signed_head(rig->channel, &head, &vkey));
    snprintf(world->vkey, sizeof(world->vkey), "%.*s", (int)vkey.len, (const char *)vkey.ptr);
    REQUIRE_OK(export_unit(rig, tag_of(UNIT), &world->file, &entries));
    CHECK(entries == COUNT);
    check_whole(world);
    check_others_stay_unseen(world);
    check_left_out(world);
    check_damages(world);
    CLEANUP(sj_buf_clear) struct sj_buf other = SJ_BUF(1 << 20);
    CHECK_CODE(export_unit(rig, tag_of(9), &other, &entries), NOT_FOUND);
    check_superuser(world);
    rig_close(rig);
}

TEST(unit_record_attack_8_is_whole_alone_and_shows_every_damage)
{
    struct world world = {.file = SJ_BUF(1 << 20)};
    rig_fresh(&world.rig);
    sj_test_on_fiber(run, &world);
    rig_end(&world.rig);
    sj_buf_clear(&world.file);
}
