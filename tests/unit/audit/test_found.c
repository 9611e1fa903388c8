/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the file of a search hold by itself, and does every hit that is left out, changed or put in show? From a real record with a real
 * keeper; the attacker carries the file.
 */
#include "sanjeh/audit/found.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

#define ENTRIES 90
#define HITS    (ENTRIES / 6) /* of unit_a, judge:read */

static const struct sj_uuid unit_a = {{0xAA, 1}};
static const struct sj_uuid unit_b = {{0xBB, 2}};

struct world {
    struct rig rig;
    struct sj_buf file;
    struct sj_found_question question;
    char vkey[512];
};

static void fill(struct rig *rig)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        struct sj_draft draft = rig_draft(i % 2 == 0 ? "judge:read" : "court:read");
        struct sj_receipt receipt;
        draft.tenant_tag = i % 3 == 0 ? unit_a : unit_b;
        CHECK_OK(sj_sequencer_record(rig->sequencer, &draft, false, &receipt));
    }
    CHECK_OK(sj_sequencer_note_heads(rig->sequencer));
}

/* What the server does for `unit=…&action=…&format=file`; without: this hit is left out. */
static void save(struct world *world, struct sj_reading *reading, const struct sj_context *context,
    size_t without, bool with_days)
{
    struct rig *rig = &world->rig;
    struct sj_days *days = NULL;
    struct sj_index *index = NULL;
    struct sj_days_report report;
    size_t count = 0;
    CLEANUP(sj_buf_clear) struct sj_buf hits = SJ_BUF(1 << 20);
    CHECK_OK(sj_days_new(&days));
    CHECK_OK(sj_index_new(sj_sequencer_record_key(rig->sequencer), &index));
    for (bool more = true; more;) {
        CHECK_OK(sj_index_step(index, reading, rig->db, context, &more));
    }
    for (bool more = true; more;) {
        CHECK_OK(sj_days_step(days, reading, rig->db, context, &more));
    }
    const struct sj_days_question asked = {.tag = unit_a,
        .action = SJ_TEXT("judge:read"),
        .below = UINT64_MAX,
        .high = UINT64_MAX,
        .places_max = 10000};
    CHECK_OK(sj_days_compare(index, reading, rig->db, context, &asked, &report));
    CHECK(report.is_compared && report.is_agreed);
    for (uint64_t at = sj_reading_size(reading); at > 0; at--) {
        struct sj_hit hit = {.index = at - 1};
        uint64_t bad = 0;
        CHECK_OK(sj_reading_entries(reading, &hit, 1, &bad));
        if (sj_found_fits(&world->question, &hit.entry) && ++count != without) {
            CHECK_OK(sj_found_put_hit(reading, &hit, &hits));
        }
    }
    CHECK(count == HITS);
    sj_buf_reset(&world->file);
    CHECK_OK(
        sj_found_put_head(reading, &world->question, count - (without == 0 ? 0 : 1), &world->file));
    CHECK_OK(sj_buf_put_view(&world->file, sj_buf_view(&hits)));
    CHECK_OK(sj_found_put_days(reading, rig->db, context, &world->question,
        with_days ? &report : NULL, 1 << 20, &world->file));
    sj_index_free(&index);
    sj_days_free(&days);
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    CLEANUP(sj_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
}

static struct sj_verify_report verify(const struct world *world, size_t len)
{
    char found[96];
    char policy[96];
    char text[600];
    struct sj_verify_report report = {.verdict = SJ_INCOMPLETE};
    snprintf(found, sizeof(found), "/tmp/sanjeh-found-%d-file", (int)getpid());
    snprintf(policy, sizeof(policy), "/tmp/sanjeh-found-%d-policy", (int)getpid());
    snprintf(text, sizeof(text), "log %s\nquorum none\n", world->vkey);
    write_file(found, world->file.ptr, len);
    write_file(policy, text, strlen(text));
    const struct sj_verify_options options = {.policy_path = policy};
    CHECK_OK(sj_bundle_verify(found, &options, &report));
    unlink(found);
    unlink(policy);
    return report;
}

static enum sj_verdict verdict(const struct world *world)
{
    return verify(world, world->file.len).verdict;
}

/* Where the question begins. */
static size_t question_at(const struct sj_buf *file)
{
    const uint8_t *b = file->ptr;
    return 12 + ((size_t)b[8] << 24 | (size_t)b[9] << 16 | (size_t)b[10] << 8 | b[11]);
}

static void check_whole(struct world *world)
{
    const struct sj_verify_report report = verify(world, world->file.len);
    if (report.verdict != SJ_VERIFIED) {
        printf("    got %d: %s\n", (int)report.verdict, report.cause);
    }
    CHECK(report.verdict == SJ_VERIFIED && report.entries_checked == HITS);
    CHECK(strstr(report.note, "hits: 15; ") != NULL && strstr(report.note, "counts: 0") == NULL);
}

static void check_damages(struct world *world)
{
    struct sj_buf *file = &world->file;
    const size_t hits = question_at(file) + 16 * 3 + 1 + strlen("judge:read") + 1 + 8 * 3 + 1;
    size_t tampered = 0;
    for (size_t at = 8; at < file->len;
         at += at < hits ? hits : 37) { /* a byte of the note, then all behind the question */
        file->ptr[at] ^= 1;
        const enum sj_verdict found = verdict(world);
        file->ptr[at] ^= 1;
        CHECK(found != SJ_VERIFIED);
        tampered += found == SJ_TAMPERED ? 1 : 0;
    }
    CHECK(tampered > 100);
    CHECK(verify(world, file->len - 1).verdict == SJ_INCOMPLETE);
    /* another question under the same hits */
    const size_t changes[] = {0, 16, 32, 48 + 3, 48 + 1 + strlen("judge:read")};
    for (size_t i = 0; i < SJ_COUNT(changes); i++) {
        uint8_t *byte = &file->ptr[question_at(file) + changes[i]];
        *byte ^= 1;
        CHECK(verdict(world) != SJ_VERIFIED);
        *byte ^= 1;
    }
    CHECK_OK(sj_buf_put_byte(file, 0));
    CHECK(verdict(world) == SJ_TAMPERED);
}

static void check_left_out(
    struct world *world, struct sj_reading *reading, const struct sj_context *context)
{
    for (size_t gone = 1; gone <= HITS; gone += HITS - 1) {
        save(world, reading, context, gone, /* with_days= */ true);
        const struct sj_verify_report report = verify(world, world->file.len);
        CHECK(report.verdict == SJ_INCOMPLETE && strstr(report.cause, "has committed to"));
    }
    /* without the counts nobody can know, and the file does not say that a day is whole */
    save(world, reading, context, 1, /* with_days= */ false);
    const struct sj_verify_report report = verify(world, world->file.len);
    CHECK(report.verdict == SJ_VERIFIED && strstr(report.note, "by the signed counts: 0") != NULL);
    world->question.is_complete = false;
    save(world, reading, context, 0, /* with_days= */ true);
    CHECK(verdict(world) == SJ_INCOMPLETE);
    world->question.is_complete = true;
}

static void run(void *ctx)
{
    struct world *world = ctx;
    struct rig *rig = &world->rig;
    struct sj_context context;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(512);
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    REQUIRE_OK(rig_open(rig));
    fill(rig);
    rig_record_context(rig, &context);
    REQUIRE_OK(sj_reading_open(rig->sequencer, rig->db, &context, &reading));
    REQUIRE_OK(ask_log_vkey(rig->channel, &vkey));
    CHECK_OK(sj_copy(world->vkey, sizeof(world->vkey) - 1, vkey.ptr, vkey.len));
    world->question = (struct sj_found_question){.tag = unit_a,
        .action = SJ_TEXT("judge:read"),
        .below = sj_reading_size(reading),
        .indexed = sj_reading_size(reading),
        .is_complete = true};
    save(world, reading, &context, 0, /* with_days= */ true);
    check_whole(world);
    check_damages(world);
    check_left_out(world, reading, &context);
    sj_reading_close(&reading);
    rig_close(rig);
}

TEST(found_attack_12_a_hit_left_out_of_the_file_contradicts_the_signed_counts)
{
    static struct world world;
    world.file = SJ_BUF(1 << 20);
    rig_fresh(&world.rig);
    sj_test_on_fiber(run, &world);
    rig_end(&world.rig);
    sj_buf_clear(&world.file);
}
