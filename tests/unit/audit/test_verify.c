/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the verifier notice every way to damage a record, say the right thing about it, and never accuse wrongly?
 * Attacks of a database superuser or of whoever carries the bundle: edit, delete, swap, truncate, reorder,
 * rewrite, strip, replay, and archives that are no archives.
 */
#include <stdio.h>
#include <unistd.h>

#include "logmaker.h"
#include "sanjeh/audit/tar.h"
#include "sanjeh/audit/verify.h"
#include "sanjeh/base/memory.h"
#include "test.h"

#define COUNT 700
#define BATCH 50

static const char *path_of(const char *name)
{
    static char paths[256][96]; /* one for each first letter: tests keep the pointers */
    char *path = paths[(unsigned char)name[0]];
    snprintf(path, sizeof(paths[0]), "/tmp/sanjeh-verify-%d-%s", (int)getpid(), name);
    return path;
}

struct scene {
    struct maker maker;
    struct maker_output output;
    struct sj_verify_options options;
    struct sj_verify_report report;
    const struct maker *trusted; /* whose key the policy names; NULL: the maker's */
};

static void open_scene(struct scene *scene, size_t count)
{
    CHECK_OK(sj_crypto_init());
    *scene = (struct scene){0};
    maker_init(&scene->maker, count, BATCH, 1);
}

static void write_policy(const struct maker *maker)
{
    CLEANUP(sj_buf_clear) struct sj_buf policy = SJ_BUF(4096);
    maker_policy(maker, &policy);
    maker_write(path_of("policy"), sj_buf_view(&policy));
}

static void verify_bytes(struct scene *scene, struct sj_view bytes)
{
    maker_write(path_of("tar"), bytes);
    write_policy(scene->trusted != NULL ? scene->trusted : &scene->maker);
    scene->options.policy_path = path_of("policy");
    CHECK_OK(sj_bundle_verify(path_of("tar"), &scene->options, &scene->report));
    unlink(path_of("tar"));
    unlink(path_of("policy"));
}

static void verify(struct scene *scene)
{
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 26);
    maker_tar(&scene->maker, &scene->output, &tar);
    verify_bytes(scene, sj_buf_view(&tar));
}

static void close_scene(struct scene *scene)
{
    maker_clear(&scene->maker);
}

static void expect(
    const struct scene *scene, enum sj_verdict verdict, int64_t index, const char *cause)
{
    const struct sj_verify_report *r = &scene->report;
    const int64_t got = r->has_bad_index ? (int64_t)r->bad_index : -1;
    if (r->verdict != verdict || got != index || !sj_text_starts(sj_text_of(r->cause), cause)) {
        printf("    got %d at %lld: %s (%s)\n", (int)r->verdict, (long long)got, r->cause,
            r->checkpoint);
        CHECK(false);
    }
}

TEST(verify_accepts_a_whole_log_of_every_size)
{
    static const size_t sizes[] = {0, 1, 2, 255, 256, 257, 700, 65536, 66000};
    for (size_t i = 0; i < SJ_COUNT(sizes); i++) {
        struct scene scene;
        open_scene(&scene, sizes[i]);
        verify(&scene);
        expect(&scene, SJ_VERIFIED, -1, "");
        CHECK(scene.report.size == sizes[i] && scene.report.entries_checked == sizes[i]);
        close_scene(&scene);
    }
}

TEST(verify_finds_any_changed_byte_of_any_entry)
{
    for (size_t i = 0; i < COUNT; i += 37) {
        struct scene scene;
        open_scene(&scene, COUNT);
        scene.maker.entries[i].ptr[i % scene.maker.entries[i].len] ^= 1;
        verify(&scene);
        expect(&scene, SJ_TAMPERED, (int64_t)i, "the entry does not give its leaf hash");
        close_scene(&scene);
    }
}

TEST(verify_narrows_a_rewrite_down_to_its_batch)
{
    struct scene scene;
    open_scene(&scene, COUNT);
    scene.output.tiles = MAKER_TILES_ENTRIES;
    /* the last byte of the detail: still a valid entry */
    struct sj_buf *entry = &scene.maker.entries[333];
    entry->ptr[entry->len - 1] = '9';
    verify(&scene);
    /* the tenant's next entry contradicts it even before the note of size 350 does */
    expect(&scene, SJ_TAMPERED, 336, "the entry does not continue its tenant's chain");
    CHECK(sj_text_is(sj_text_of(scene.report.checkpoint), MAKER_ORIGIN " 350"));
    close_scene(&scene);
}

TEST(verify_finds_a_rewrite_of_the_last_entry)
{
    struct scene scene;
    open_scene(&scene, COUNT);
    scene.output.tiles = MAKER_TILES_ENTRIES;
    struct sj_buf *entry = &scene.maker.entries[COUNT - 1];
    entry->ptr[entry->len - 1] = '8';
    verify(&scene);
    expect(&scene, SJ_TAMPERED, 650, "entries 650 to 699 do not give the root");
    CHECK(sj_text_is(sj_text_of(scene.report.checkpoint), MAKER_ORIGIN " 700"));
    close_scene(&scene);
}

TEST(verify_finds_a_removed_entry)
{
    static const size_t places[] = {0, 1, 255, 256, 500, COUNT - 1};
    for (size_t i = 0; i < SJ_COUNT(places); i++) {
        struct scene scene;
        open_scene(&scene, COUNT);
        sj_buf_reset(&scene.maker.entries[places[i]]);
        verify(&scene);
        CHECK(scene.report.verdict == SJ_TAMPERED && scene.report.bad_index == places[i]);
        close_scene(&scene);
    }
}

static void swap(struct maker *maker, size_t a, size_t b)
{
    const struct sj_buf kept = maker->entries[a];
    maker->entries[a] = maker->entries[b];
    maker->entries[b] = kept;
}

TEST(verify_finds_two_entries_that_changed_places)
{
    struct scene scene;
    open_scene(&scene, COUNT);
    swap(&scene.maker, 100, 400);
    verify(&scene);
    expect(&scene, SJ_TAMPERED, 100, "the entry does not give its leaf hash");
    scene.output.tiles = MAKER_TILES_ENTRIES; /* tiles made to fit */
    verify(&scene);
    expect(&scene, SJ_TAMPERED, 100, "the entry names another index than its place");
    close_scene(&scene);
}

TEST(verify_finds_a_reordered_batch)
{
    struct scene scene;
    open_scene(&scene, COUNT);
    scene.output.tiles = MAKER_TILES_ENTRIES;
    for (size_t i = 0; i < BATCH / 2; i++) {
        swap(&scene.maker, 200 + i, 249 - i);
    }
    verify(&scene);
    expect(&scene, SJ_TAMPERED, 200, "the entry names another index than its place");
    close_scene(&scene);
}

TEST(verify_finds_a_tail_that_was_cut_off)
{
    struct scene scene;
    open_scene(&scene, COUNT);
    scene.maker.count = 600; /* the checkpoint still says 700 */
    verify(&scene);
    expect(&scene, SJ_INCOMPLETE, 512, "tile 0/2 is missing");
    close_scene(&scene);
}

/* ---- entries that say something wrong, under a valid signature ---- */

static void wrong_index(struct sj_entry *entry)
{
    entry->index++;
}

static void wrong_log(struct sj_entry *entry)
{
    entry->log_id.bytes[15] = 1;
}

static void earlier(struct sj_entry *entry)
{
    entry->time -= 1001;
}

static void other_tenant(struct sj_entry *entry)
{
    const bool is_first = entry->draft.tenant_tag.bytes[0] == 10;
    entry->draft.tenant_tag.bytes[0] = is_first ? 11 : 10;
}

static void skipped(struct sj_entry *entry)
{
    entry->tenant_seq++;
}

static void replayed(struct sj_entry *entry)
{
    entry->draft.emitter_seq -= 10;
}

TEST(verify_holds_entries_against_each_other)
{
    static const struct {
        maker_edit_fn *edit;
        const char *cause;
    } cases[] = {
        {wrong_index, "the entry names another index"},
        {wrong_log, "the entry belongs to another log"},
        {earlier, "the entry's time is before"},
        {other_tenant, "the entry does not continue its tenant's chain"},
        {skipped, "the entry does not continue its tenant's chain"},
        {replayed, "the entry repeats a number of its emitter"},
    };
    CHECK_OK(sj_crypto_init());
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        struct scene scene = {0};
        maker_init_edited(&scene.maker, COUNT, BATCH, 321, cases[i].edit);
        verify(&scene);
        expect(&scene, SJ_TAMPERED, 321, cases[i].cause);
        close_scene(&scene);
    }
}

TEST(verify_goes_on_behind_a_replay)
{
    struct scene scene = {0};
    CHECK_OK(sj_crypto_init());
    maker_init_edited(&scene.maker, COUNT, BATCH, 321, replayed);
    verify(&scene);
    CHECK(scene.report.entries_checked == COUNT);
    sj_buf_reset(&scene.maker.entries[500]);
    verify(&scene);
    expect(&scene, SJ_TAMPERED, 321,
        "the entry repeats a number of its emitter: a replayed draft; besides, at index 500: the "
        "entry was removed");
    close_scene(&scene);
    /* a rewritten stretch that begins before it is the worse damage: its tenant's next entry is behind the note */
    maker_init_edited(&scene.maker, COUNT, BATCH, 321, replayed);
    scene.output.tiles = MAKER_TILES_ENTRIES;
    scene.maker.entries[348].ptr[120] ^= 1;
    verify(&scene);
    expect(&scene, SJ_TAMPERED, 300, "entries 300 to 349 do not give the root");
    close_scene(&scene);
}

/* ---- signatures ---- */

TEST(verify_does_not_accept_another_key)
{
    struct scene scene;
    struct scene other;
    open_scene(&scene, 60);
    CHECK_OK(sj_crypto_init());
    other = (struct scene){0};
    maker_init(&other.maker, 60, BATCH, 2);
    scene.trusted = &other.maker;
    verify(&scene);
    expect(&scene, SJ_INCOMPLETE, -1, "the checkpoint has no signature by a log");
    close_scene(&scene);
    close_scene(&other);
}

TEST(verify_finds_a_checkpoint_that_was_edited)
{
    struct scene scene;
    open_scene(&scene, 60);
    CHECK(scene.maker.checkpoint.ptr[sizeof(MAKER_ORIGIN)] == '6');
    scene.maker.checkpoint.ptr[sizeof(MAKER_ORIGIN)] = '5';
    verify(&scene);
    expect(&scene, SJ_TAMPERED, -1, "the checkpoint's signature");
    close_scene(&scene);
}

TEST(verify_says_unsigned_when_the_signature_is_stripped)
{
    struct scene scene;
    open_scene(&scene, 60);
    struct sj_buf *checkpoint = &scene.maker.checkpoint;
    while (checkpoint->len > 2 && !(checkpoint->ptr[checkpoint->len - 1] == '\n' &&
                                      checkpoint->ptr[checkpoint->len - 2] == '\n')) {
        checkpoint->len--;
    }
    verify(&scene);
    expect(&scene, SJ_INCOMPLETE, -1, "the checkpoint has no signature by a log");
    scene.output.without_checkpoint = true;
    verify(&scene);
    expect(&scene, SJ_INCOMPLETE, -1, "the checkpoint is missing");
    close_scene(&scene);
}

TEST(verify_finds_a_forged_note_among_the_notes)
{
    struct scene scene;
    open_scene(&scene, COUNT);
    /* "maker.example/audit\n50\n": the size of the first note */
    CHECK(scene.maker.notes.ptr[2 + sizeof(MAKER_ORIGIN)] == '5');
    scene.maker.notes.ptr[2 + sizeof(MAKER_ORIGIN)] = '4';
    verify(&scene);
    expect(&scene, SJ_TAMPERED, -1, "a note among `notes` is not signed by the log");
    close_scene(&scene);
}

TEST(verify_notices_an_older_checkpoint_beside_newer_notes)
{
    struct scene scene;
    struct scene old;
    open_scene(&scene, COUNT);
    open_scene(&old, 500);
    /* replay: an older, valid checkpoint; `notes` were forgotten */
    sj_buf_reset(&scene.maker.checkpoint);
    CHECK_OK(sj_buf_put_view(&scene.maker.checkpoint, sj_buf_view(&old.maker.checkpoint)));
    scene.maker.count = 500;
    verify(&scene);
    expect(&scene, SJ_INCOMPLETE, -1, "stale: a newer note than the checkpoint");
    close_scene(&scene);
    close_scene(&old);
}

/* ---- --since and --max-age ---- */

static void pin(struct scene *scene, const struct maker *maker)
{
    maker_write(path_of("since"), sj_buf_view(&maker->checkpoint));
    scene->options.since_path = path_of("since");
}

TEST(verify_holds_the_log_against_an_older_checkpoint)
{
    struct scene scene;
    struct scene old;
    open_scene(&scene, COUNT);
    open_scene(&old, 333);
    pin(&scene, &old.maker);
    verify(&scene);
    expect(&scene, SJ_VERIFIED, -1, "");
    unlink(path_of("since"));
    close_scene(&scene);
    close_scene(&old);
}

TEST(verify_notices_a_rollback_through_a_newer_checkpoint)
{
    struct scene scene;
    struct scene newer;
    open_scene(&scene, 500);
    open_scene(&newer, COUNT);
    pin(&scene, &newer.maker);
    verify(&scene);
    expect(&scene, SJ_INCOMPLETE, 500, "stale: the checkpoint is older than the one given");
    unlink(path_of("since"));
    close_scene(&scene);
    close_scene(&newer);
}

TEST(verify_notices_a_stale_log)
{
    struct scene scene;
    open_scene(&scene, 60);
    scene.options.max_age_s = 3600;
    verify(&scene);
    expect(&scene, SJ_INCOMPLETE, -1, "stale: the newest entry is older");
    scene.options.max_age_s = INT64_C(315576000000);
    verify(&scene);
    expect(&scene, SJ_VERIFIED, -1, "");
    close_scene(&scene);
}

/* ---- archives ---- */

TEST(verify_calls_missing_pieces_incomplete)
{
    struct scene scene;
    open_scene(&scene, COUNT);
    scene.output.skip_bundle = 2;
    verify(&scene);
    expect(&scene, SJ_INCOMPLETE, 256, "the bundle of entries is missing");
    scene.output.skip_bundle = 0;
    scene.output.skip_tile = 3;
    verify(&scene);
    expect(&scene, SJ_INCOMPLETE, 512, "tile 0/2 is missing");
    CHECK(scene.report.entries_checked == COUNT);
    scene.output.tiles = MAKER_TILES_NONE;
    verify(&scene);
    CHECK(scene.report.verdict == SJ_INCOMPLETE);
    close_scene(&scene);
}

TEST(verify_prefers_tampering_over_what_is_missing)
{
    struct scene scene;
    open_scene(&scene, COUNT);
    scene.output.skip_tile = 1;
    scene.maker.entries[600].ptr[100] ^= 1;
    verify(&scene);
    CHECK(scene.report.verdict == SJ_TAMPERED && scene.report.bad_index == 600);
    close_scene(&scene);
}

TEST(verify_finds_a_changed_upper_tile)
{
    struct scene scene;
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 26);
    open_scene(&scene, COUNT);
    maker_tar(&scene.maker, &scene.output, &tar);
    /* the last member is tile/1/000.p/2: its hashes begin three blocks before the end */
    tar.ptr[tar.len - 3 * SJ_TAR_BLOCK] ^= 1;
    verify_bytes(&scene, sj_buf_view(&tar));
    expect(&scene, SJ_TAMPERED, -1, "tile 1/0 is not what the entries give");
    close_scene(&scene);
}

TEST(verify_never_calls_a_cut_archive_whole)
{
    struct scene scene;
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 26);
    open_scene(&scene, 300);
    maker_tar(&scene.maker, &scene.output, &tar);
    for (size_t len = 0; len < tar.len; len += 331) {
        verify_bytes(&scene, sj_view_of(tar.ptr, len));
        /* with one of the two end blocks every member is there */
        const bool is_whole = len >= tar.len - SJ_TAR_BLOCK;
        CHECK(scene.report.verdict == (is_whole ? SJ_VERIFIED : SJ_INCOMPLETE));
    }
    close_scene(&scene);
}

TEST(verify_refuses_a_member_that_stands_twice)
{
    struct scene scene;
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 26);
    open_scene(&scene, 60);
    CHECK_OK(sj_tar_put_header(&tar, SJ_TEXT("checkpoint"), scene.maker.checkpoint.len));
    CHECK_OK(sj_buf_put_view(&tar, sj_buf_view(&scene.maker.checkpoint)));
    CHECK_OK(sj_tar_put_padding(&tar, scene.maker.checkpoint.len));
    maker_tar(&scene.maker, &scene.output, &tar);
    verify_bytes(&scene, sj_buf_view(&tar));
    expect(&scene, SJ_TAMPERED, -1, "a member stands twice");
    close_scene(&scene);
}

/* ---- usage ---- */

TEST(verify_says_usage_for_what_the_caller_gave_wrongly)
{
    struct scene scene;
    open_scene(&scene, 10);
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 24);
    maker_tar(&scene.maker, &scene.output, &tar);
    maker_write(path_of("tar"), sj_buf_view(&tar));
    scene.options.policy_path = "/nonexistent";
    CHECK_CODE(sj_bundle_verify(path_of("tar"), &scene.options, &scene.report), BAD_PARAMETER);
    scene.options.policy_path = path_of("tar");
    CHECK_CODE(sj_bundle_verify(path_of("tar"), &scene.options, &scene.report), BAD_PARAMETER);
    write_policy(&scene.maker);
    scene.options.policy_path = path_of("policy");
    CHECK_CODE(sj_bundle_verify("/nonexistent", &scene.options, &scene.report), BAD_PARAMETER);
    scene.options.since_path = path_of("policy");
    CHECK_CODE(sj_bundle_verify(path_of("tar"), &scene.options, &scene.report), BAD_PARAMETER);
    unlink(path_of("tar"));
    unlink(path_of("policy"));
    close_scene(&scene);
}
