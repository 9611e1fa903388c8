/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a check that goes on where the one before has stopped say what a whole one says? And does it begin only where a signed tree says that
 * it may? A state is also a pin: whatever is wrong with it is said, never passed over.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "longlog.h"
#include "sanjeh/audit/verify.h"
#include "sanjeh/base/memory.h"
#include "test.h"

#define FIRST  3000u
#define SECOND 9000u

struct place {
    char folder[64];
    char bundle[96];
    char log[96];
    char policy[96];
    char lasting[96];
    char state[96];
    char note[96];
    struct sj_verify_options options;
    struct sj_verify_report report;
    uint64_t ticks_left; /* 0: it may run to its end */
};

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static void open_place(struct place *place)
{
    *place = (struct place){0};
    snprintf(place->folder, sizeof place->folder, "/tmp/sanjeh-state-XXXXXX");
    CHECK(mkdtemp(place->folder) != NULL);
    snprintf(place->bundle, sizeof place->bundle, "%s/bundle.tar", place->folder);
    snprintf(place->log, sizeof place->log, "%s/log", place->folder);
    snprintf(place->policy, sizeof place->policy, "%s/policy", place->folder);
    snprintf(place->lasting, sizeof place->lasting, "%s/policy.lasting", place->folder);
    snprintf(place->state, sizeof place->state, "%s/state", place->folder);
    snprintf(place->note, sizeof place->note, "%s/note", place->folder);
    place->options =
        (struct sj_verify_options){.policy_path = place->policy, .state_path = place->state};
}

static void close_place(const struct place *place)
{
    CHECK(nftw(place->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static void make_log(const struct place *place, uint64_t entries, uint64_t bend, uint64_t repeat)
{
    struct longlog_sizes sizes;
    const struct longlog_plan plan = {.folder = place->folder,
        .entries = entries,
        .batch = 60,
        .command_every = 10,
        .rotate_every = 4000,
        .bend = bend,
        .repeat = repeat};
    (void)nftw(place->log, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    longlog_make(&plan, &sizes);
}

static void make_good(const struct place *place, uint64_t entries)
{
    make_log(place, entries, UINT64_MAX, UINT64_MAX);
}

static bool count_down(void *ctx, uint64_t checked, uint64_t size)
{
    struct place *place = ctx;
    (void)checked;
    (void)size;
    return place->ticks_left != 0 && --place->ticks_left == 0;
}

static enum sj_code run(struct place *place, const char *path)
{
    place->options.tick = count_down;
    place->options.tick_ctx = place;
    return sj_bundle_verify(path, &place->options, &place->report).code;
}

/* Verdict, place and where it began; with what was found when it is something else. */
static void expect(const struct place *place, enum sj_verdict verdict, int64_t index, uint64_t from)
{
    const struct sj_verify_report *r = &place->report;
    const int64_t got = r->has_bad_index ? (int64_t)r->bad_index : -1;
    if (r->verdict != verdict || (index >= 0 && got != index) || r->resumed_from != from ||
        r->is_interrupted) {
        printf("    got %d at %lld from %llu: %s\n", (int)r->verdict, (long long)got,
            (unsigned long long)r->resumed_from, r->cause);
        CHECK(false);
    }
}

static void expect_refused(struct place *place, const char *path, const char *cause)
{
    const enum sj_code code = run(place, path);
    if (code != SJ_BAD_PARAMETER || !sj_text_starts(sj_text_of(place->report.cause), cause)) {
        printf("    got %s: %s\n", sj_code_name(code), place->report.cause);
        CHECK(false);
    }
}

/* A place whose state stands at FIRST. */
static void open_checked(struct place *place)
{
    open_place(place);
    make_good(place, FIRST);
    CHECK(run(place, place->bundle) == SJ_OK);
    expect(place, SJ_VERIFIED, -1, 0);
}

TEST(state_goes_on_where_the_run_before_has_stopped)
{
    struct place place;
    struct stat info;
    open_checked(&place);
    CHECK(stat(place.state, &info) == 0 && (info.st_mode & 0777) == 0600);
    /* nothing new */
    CHECK(run(&place, place.bundle) == SJ_OK);
    expect(&place, SJ_VERIFIED, -1, FIRST);
    CHECK(place.report.entries_checked == FIRST);
    /* much new, two changes of the key among it */
    make_good(&place, SECOND);
    CHECK(run(&place, place.bundle) == SJ_OK);
    expect(&place, SJ_VERIFIED, -1, FIRST);
    CHECK(place.report.entries_checked == SECOND && place.report.size == SECOND);
    CHECK(run(&place, place.bundle) == SJ_OK);
    expect(&place, SJ_VERIFIED, -1, SECOND);
    close_place(&place);
}

TEST(state_lets_what_was_checked_alone)
{
    struct place place;
    char piece[160];
    open_place(&place);
    place.options.policy_path = place.lasting;
    make_good(&place, FIRST);
    CHECK(run(&place, place.log) == SJ_OK);
    expect(&place, SJ_VERIFIED, -1, 0);
    make_good(&place, SECOND);
    for (unsigned n = 0; n < FIRST / 256; n++) {
        snprintf(piece, sizeof piece, "%s/tile/entries/%03u", place.log, n);
        CHECK(unlink(piece) == 0);
    }
    CHECK(run(&place, place.log) == SJ_OK);
    expect(&place, SJ_VERIFIED, -1, FIRST);
    place.options.state_path = NULL;
    CHECK(run(&place, place.log) == SJ_OK);
    CHECK(place.report.verdict == SJ_INCOMPLETE);
    close_place(&place);
}

/* With and without the state the same is found. */
static void expect_same(uint64_t bend, uint64_t repeat)
{
    struct place place;
    open_checked(&place);
    make_log(&place, SECOND, bend, repeat);
    CHECK(run(&place, place.bundle) == SJ_OK);
    const struct sj_verify_report resumed = place.report;
    CHECK(resumed.resumed_from == FIRST && resumed.verdict == SJ_TAMPERED);
    place.options.state_path = NULL;
    CHECK(run(&place, place.bundle) == SJ_OK);
    expect(&place, SJ_TAMPERED, (int64_t)resumed.bad_index, 0);
    CHECK(sj_text_is(sj_text_of(resumed.cause), place.report.cause));
    CHECK(sj_text_is(sj_text_of(resumed.checkpoint), place.report.checkpoint));
    close_place(&place);
}

TEST(state_finds_what_a_whole_run_finds_behind_it)
{
    expect_same(FIRST, UINT64_MAX);      /* the first new entry, in a bundle that was there */
    expect_same(4444, UINT64_MAX);       /* further on */
    expect_same(SECOND - 1, UINT64_MAX); /* the last */
    expect_same(UINT64_MAX, FIRST + 3);  /* number 1 of a command that the run before has seen */
}

TEST(state_notices_a_change_of_the_bundle_that_has_grown)
{
    struct place place;
    open_checked(&place);
    make_log(&place, SECOND, FIRST - 5, UINT64_MAX);
    CHECK(run(&place, place.bundle) == SJ_OK);
    expect(&place, SJ_TAMPERED, FIRST - 5, FIRST);
    close_place(&place);
}

TEST(state_attack_5_an_older_log_is_stale_by_it)
{
    struct place place;
    open_checked(&place);
    make_good(&place, 2000);
    CHECK(run(&place, place.bundle) == SJ_OK);
    CHECK(place.report.verdict == SJ_INCOMPLETE);
    CHECK(sj_text_starts(sj_text_of(place.report.cause), "stale: the checkpoint is older"));
    /* and the state is still the old one */
    make_good(&place, SECOND);
    CHECK(run(&place, place.bundle) == SJ_OK);
    expect(&place, SJ_VERIFIED, -1, FIRST);
    close_place(&place);
}

TEST(state_of_a_run_that_was_ended_again_and_again)
{
    struct place place;
    unsigned runs = 0;
    open_place(&place);
    make_good(&place, SECOND);
    uint64_t before = 0;
    for (;; runs++) {
        place.ticks_left = 5;
        CHECK(run(&place, place.bundle) == SJ_OK);
        if (!place.report.is_interrupted) {
            break;
        }
        CHECK(place.report.resumed_from == before);
        before = place.report.entries_checked;
        CHECK(before % 256 == 0 && runs < 20);
    }
    CHECK(runs == SECOND / 256 / 5);
    expect(&place, SJ_VERIFIED, -1, before);
    CHECK(place.report.entries_checked == SECOND);
    close_place(&place);
}

TEST(state_half_way_is_held_to_the_checkpoint_that_it_was_on_its_way_to)
{
    struct place place;
    open_place(&place);
    make_good(&place, SECOND);
    place.ticks_left = 5;
    CHECK(run(&place, place.bundle) == SJ_OK && place.report.is_interrupted);
    place.ticks_left = 0;
    /* meanwhile the log went back, behind the place even */
    make_good(&place, 5000);
    CHECK(run(&place, place.bundle) == SJ_OK);
    CHECK(place.report.verdict == SJ_INCOMPLETE && place.report.resumed_from == 1280);
    /* or has grown: then all is well */
    make_good(&place, SECOND + 500);
    CHECK(run(&place, place.bundle) == SJ_OK);
    expect(&place, SJ_VERIFIED, -1, 1280);
    close_place(&place);
}

/* ---- what is no state ---- */

static struct sj_buf read_state(const struct place *place)
{
    struct sj_buf bytes = SJ_BUF(1 << 22);
    const int fd = open(place->state, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_OK(sj_buf_reserve(&bytes, bytes.max));
    const ssize_t got = read(fd, bytes.ptr, bytes.max);
    CHECK(got > 0);
    bytes.len = (size_t)got;
    (void)close(fd);
    return bytes;
}

static void write_state(const struct place *place, const struct sj_buf *bytes, size_t len)
{
    const int fd = open(place->state, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, bytes->ptr, len) == (ssize_t)len);
    (void)close(fd);
}

static void seal(struct sj_buf *bytes)
{
    struct sj_hash digest;
    CHECK_OK(sj_sha256_one(sj_view_of(bytes->ptr, bytes->len - SJ_HASH_SIZE), &digest));
    CHECK_OK(
        sj_copy(bytes->ptr + bytes->len - SJ_HASH_SIZE, SJ_HASH_SIZE, digest.bytes, SJ_HASH_SIZE));
}

TEST(state_that_is_damaged_is_refused)
{
    struct place place;
    open_checked(&place);
    CLEANUP(sj_buf_clear) struct sj_buf whole = read_state(&place);
    for (size_t at = 0; at < whole.len; at += 1 + whole.len / 150) {
        whole.ptr[at] ^= 0x40;
        write_state(&place, &whole, whole.len);
        expect_refused(&place, place.bundle, "the state is damaged");
        whole.ptr[at] ^= 0x40;
    }
    static const size_t lengths[] = {0, 1, 31, 32, 33, 100};
    for (size_t i = 0; i < SJ_COUNT(lengths); i++) {
        write_state(&place, &whole, lengths[i]);
        expect_refused(&place, place.bundle, "the state is damaged");
    }
    write_state(&place, &whole, whole.len - 1);
    expect_refused(&place, place.bundle, "the state is damaged");
    write_state(&place, &whole, whole.len);
    CHECK(run(&place, place.bundle) == SJ_OK);
    expect(&place, SJ_VERIFIED, -1, FIRST);
    close_place(&place);
}

/* Somebody who can write the file can seal it, too: no byte of the tree gets him further, none makes the program fall. */
TEST(state_that_was_sealed_anew_must_still_lead_to_what_was_signed)
{
    struct place place;
    uint64_t refused = 0;
    uint64_t tried = 0;
    open_checked(&place);
    make_good(&place, SECOND);
    CLEANUP(sj_buf_clear) struct sj_buf whole = read_state(&place);
    for (size_t at = 0; at + SJ_HASH_SIZE < whole.len; at += 1 + whole.len / 200) {
        whole.ptr[at] ^= 0x01;
        seal(&whole);
        write_state(&place, &whole, whole.len);
        const enum sj_code code = run(&place, place.bundle);
        CHECK(code == SJ_OK || code == SJ_BAD_PARAMETER);
        tried++;
        refused += code == SJ_BAD_PARAMETER || place.report.verdict != SJ_VERIFIED;
        whole.ptr[at] ^= 0x01;
    }
    /* what passes are numbers of emitters that never come again and what an emitter has promised */
    CHECK(tried > 100 && refused > 25);
    close_place(&place);
}

TEST(state_with_another_edge_is_refused)
{
    struct place place;
    open_checked(&place);
    CLEANUP(sj_buf_clear) struct sj_buf whole = read_state(&place);
    const size_t note_at = 75 + strlen(LONGLOG_ORIGIN) + 64; /* docs/AUDIT.md 7.2 */
    CHECK(whole.ptr[note_at] == 0 && whole.ptr[note_at + 1] == 0);
    uint8_t *edge =
        whole.ptr + note_at + 4 + ((size_t)whole.ptr[note_at + 2] << 8 | whole.ptr[note_at + 3]);
    for (size_t hash = 20; hash < 190; hash += 40) {
        edge[hash * SJ_HASH_SIZE] ^= 1;
        seal(&whole);
        write_state(&place, &whole, whole.len);
        expect_refused(&place, place.bundle, "the state does not lead to the checkpoint");
        edge[hash * SJ_HASH_SIZE] ^= 1;
    }
    close_place(&place);
}

TEST(state_of_another_policy_or_file_is_refused)
{
    struct place place;
    char other[128];
    open_checked(&place);
    place.options.policy_path = place.lasting;
    expect_refused(&place, place.bundle, "the state was made with another policy");
    place.options.policy_path = place.policy;
    expect_refused(&place, place.log, "the state was made from a log with its payloads");
    CHECK(chmod(place.state, 0620) == 0);
    expect_refused(&place, place.bundle, "others can write to the file given by --state");
    CHECK(chmod(place.state, 0600) == 0);
    snprintf(other, sizeof other, "%s.other", place.state);
    CHECK(rename(place.state, other) == 0 && symlink(other, place.state) == 0);
    expect_refused(&place, place.bundle, "the file given by --state cannot be read");
    CHECK(unlink(place.state) == 0 && rename(other, place.state) == 0);
    place.options.since_path = place.bundle;
    expect_refused(&place, place.bundle, "the --since note cannot be read");
    close_place(&place);
}

TEST(state_that_cannot_be_written_is_said)
{
    struct place place;
    open_place(&place);
    make_good(&place, 100);
    snprintf(place.state, sizeof place.state, "%s/nowhere/state", place.folder);
    CHECK(run(&place, place.bundle) == SJ_IO && place.report.is_refused);
    close_place(&place);
}

/* ---- older checkpoints than the state ---- */

static void keep_note(const struct place *place)
{
    char from[128];
    snprintf(from, sizeof from, "%s/checkpoint", place->log);
    CHECK(rename(from, place->note) == 0);
}

TEST(state_holds_a_pin_below_it_by_the_tiles)
{
    static const uint64_t pins[] = {1, 255, 256, 257, 1200, 2816, FIRST - 1, FIRST, 4100};
    for (size_t i = 0; i < SJ_COUNT(pins); i++) {
        struct place place;
        open_place(&place);
        make_good(&place, pins[i]);
        keep_note(&place);
        make_good(&place, FIRST);
        CHECK(run(&place, place.bundle) == SJ_OK);
        make_good(&place, SECOND);
        place.options.since_path = place.note;
        CHECK(run(&place, place.bundle) == SJ_OK);
        expect(&place, SJ_VERIFIED, -1, FIRST);
        close_place(&place);
    }
}

TEST(state_holds_a_pin_below_it_of_another_history)
{
    struct place place;
    open_place(&place);
    make_log(&place, 1200, 700, UINT64_MAX); /* its entries are bent, its tree is not */
    keep_note(&place);
    make_good(&place, FIRST);
    CHECK(run(&place, place.bundle) == SJ_OK);
    place.options.since_path = place.note;
    CHECK(run(&place, place.bundle) == SJ_OK);
    expect(&place, SJ_VERIFIED, -1, FIRST);
    /* one that the log's key has signed over another tree */
    struct longlog_sizes sizes;
    const struct longlog_plan fork = {.folder = place.folder,
        .entries = 1200,
        .batch = 60,
        .command_every = 9,
        .bend = UINT64_MAX,
        .repeat = UINT64_MAX};
    longlog_make(&fork, &sizes);
    keep_note(&place);
    make_good(&place, SECOND);
    CHECK(run(&place, place.bundle) == SJ_OK);
    CHECK(place.report.verdict == SJ_TAMPERED);
    CHECK(sj_text_starts(sj_text_of(place.report.cause), "entries 0 to 1199 do not give the root"));
    close_place(&place);
}
