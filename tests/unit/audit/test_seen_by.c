/* SPDX-License-Identifier: Apache-2.0
 *
 * Is what witnesses have seen held against the log (C2SP tlog-witness, monitoring copies), and is the one that contradicts named? A file may be
 * an old one; a log at an address that ends before what it has shown elsewhere has gone back.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "longlog.h"
#include "sanjeh/audit/verify.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/time.h"
#include "sanjeh/crypto/note.h"
#include "test.h"

#define SIZE 2000u

struct place {
    char folder[64];
    char bundle[96];
    char log[96];
    char policy[96];
    struct sj_signing_key *secret;
    struct sj_note_key key;
    struct sj_buf copy; /* what the witness gives; empty: nothing */
    bool is_away;
    unsigned late; /* how often the log gives its old checkpoint still */
    struct sj_buf old_checkpoint;
    struct sj_verify_witness witness;
    struct sj_verify_options options;
    struct sj_verify_report report;
};

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static void read_into(const char *path, struct sj_buf *out, bool *ret_found)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    *ret_found = fd >= 0;
    if (fd < 0) {
        return;
    }
    sj_buf_reset(out);
    CHECK_OK(sj_buf_reserve(out, 1 << 20));
    const ssize_t got = read(fd, out->ptr, 1 << 20);
    CHECK(got > 0);
    out->len = (size_t)got;
    (void)close(fd);
}

static sj_status give_copy(
    void *ctx, struct sj_text name, size_t max, struct sj_buf *ret_bytes, bool *ret_found)
{
    const struct place *place = ctx;
    struct sj_hash hash;
    CLEANUP(sj_buf_clear) struct sj_buf wanted = SJ_BUF(128);
    ENSURE(!place->is_away, SERVER_UNREACHABLE);
    CHECK_OK(sj_sha256_one(sj_text_bytes(SJ_TEXT(LONGLOG_ORIGIN)), &hash));
    CHECK_OK(sj_buf_put_hex(&wanted, sj_view_of(hash.bytes, SJ_HASH_SIZE)));
    CHECK_OK(sj_buf_put_str(&wanted, "/checkpoint"));
    CHECK(sj_text_equal(name, sj_buf_text(&wanted)) && place->copy.len < max);
    *ret_found = place->copy.len != 0;
    return sj_buf_put_view(ret_bytes, sj_buf_view(&place->copy));
}

/* The log as an address would give it. */
static sj_status give_piece(
    void *ctx, struct sj_text name, size_t max, struct sj_buf *ret_bytes, bool *ret_found)
{
    struct place *place = ctx;
    char path[256];
    (void)max;
    sj_buf_reset(ret_bytes);
    if (sj_text_is(name, "checkpoint") && place->late != 0) {
        place->late--;
        *ret_found = true;
        return sj_buf_put_view(ret_bytes, sj_buf_view(&place->old_checkpoint));
    }
    snprintf(path, sizeof path, "%s/%.*s", place->log, (int)name.len, name.ptr);
    CLEANUP(sj_buf_clear) struct sj_buf piece = SJ_BUF(1 << 20);
    read_into(path, &piece, ret_found);
    return *ret_found ? sj_buf_put_view(ret_bytes, sj_buf_view(&piece)) : SJ_DONE;
}

static void make_log(const struct place *place, uint64_t entries, uint64_t command_every)
{
    struct longlog_sizes sizes;
    const struct longlog_plan plan = {.folder = place->folder,
        .entries = entries,
        .batch = 50,
        .command_every = command_every,
        .bend = UINT64_MAX,
        .repeat = UINT64_MAX};
    (void)nftw(place->log, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    longlog_make(&plan, &sizes);
}

/* The log's checkpoint as it is now, with the witness's line. */
static void see(struct place *place, bool with_line)
{
    char path[128];
    bool found = false;
    snprintf(path, sizeof path, "%s/checkpoint", place->log);
    read_into(path, &place->copy, &found);
    CHECK(found);
    const uint8_t *end = memmem(place->copy.ptr, place->copy.len, "\n\n", 2);
    CHECK(end != NULL);
    const struct sj_text text = {
        (const char *)place->copy.ptr, (size_t)(end - place->copy.ptr) + 1};
    CLEANUP(sj_buf_clear) struct sj_buf line = SJ_BUF(1024);
    CHECK_OK(sj_note_cosign(text, &place->key, place->secret, 1790000000, &line));
    if (with_line) {
        CHECK_OK(sj_buf_put_view(&place->copy, sj_buf_view(&line)));
    }
}

static void write_policy(const struct place *place)
{
    char plain[128];
    bool found = false;
    CLEANUP(sj_buf_clear) struct sj_buf policy = SJ_BUF(1 << 21);
    snprintf(plain, sizeof plain, "%s/policy", place->folder);
    read_into(plain, &policy, &found);
    CHECK(found && policy.len > 12);
    policy.len -= strlen("quorum none\n");
    CHECK_OK(sj_buf_put_str(&policy, "witness north "));
    CHECK_OK(sj_note_key_format(&place->key, &policy));
    CHECK_OK(sj_buf_put_str(&policy, "\nquorum none\n"));
    const int fd = open(place->policy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, policy.ptr, policy.len) == (ssize_t)policy.len);
    (void)close(fd);
}

static void open_place(struct place *place)
{
    const struct sj_key seed = {{0x77, 1}};
    uint8_t public_key[SJ_ED25519_PUBLIC];
    *place = (struct place){.copy = SJ_BUF(1 << 21), .old_checkpoint = SJ_BUF(1 << 21)};
    CHECK_OK(sj_crypto_init());
    CHECK_OK(sj_signing_key_new(&seed, &place->secret));
    sj_signing_key_public(place->secret, public_key);
    CHECK_OK(sj_note_key_make(SJ_TEXT("witness.example/north"), 4, public_key, &place->key));
    snprintf(place->folder, sizeof place->folder, "/tmp/sanjeh-seen-XXXXXX");
    CHECK(mkdtemp(place->folder) != NULL);
    snprintf(place->bundle, sizeof place->bundle, "%s/bundle.tar", place->folder);
    snprintf(place->log, sizeof place->log, "%s/log", place->folder);
    snprintf(place->policy, sizeof place->policy, "%s/both", place->folder);
    place->witness =
        (struct sj_verify_witness){.name = "north", .fetch = give_copy, .fetch_ctx = place};
    place->options = (struct sj_verify_options){
        .policy_path = place->policy, .witnesses = &place->witness, .witness_count = 1};
}

static void close_place(struct place *place)
{
    CHECK(nftw(place->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    sj_buf_clear(&place->copy);
    sj_buf_clear(&place->old_checkpoint);
    sj_signing_key_free(&place->secret);
}

/* The witness has seen the log at `seen` entries; there are `now`. */
static void open_seen(struct place *place, uint64_t seen, uint64_t now)
{
    open_place(place);
    make_log(place, seen, 10);
    write_policy(place);
    see(place, true);
    make_log(place, now, 10);
}

static void at_an_address(struct place *place)
{
    place->options.fetch = give_piece;
    place->options.fetch_ctx = place;
}

static void expect(struct place *place, enum sj_verdict verdict, const char *cause)
{
    CHECK_OK(sj_bundle_verify(place->bundle, &place->options, &place->report));
    if (place->report.verdict != verdict ||
        !sj_text_starts(sj_text_of(place->report.cause), cause)) {
        printf("    got %d: %s\n", (int)place->report.verdict, place->report.cause);
        CHECK(false);
    }
}

TEST(seen_by_a_witness_is_continued)
{
    static const uint64_t sizes[] = {1, 256, 1234, SIZE};
    for (size_t i = 0; i < SJ_COUNT(sizes); i++) {
        struct place place;
        open_seen(&place, sizes[i], SIZE);
        expect(&place, SJ_VERIFIED, "");
        at_an_address(&place);
        expect(&place, SJ_VERIFIED, "");
        close_place(&place);
    }
}

TEST(seen_by_attack_4_a_log_behind_its_witness_has_gone_back)
{
    struct place place;
    open_seen(&place, SIZE + 70, SIZE);
    /* a file may be of yesterday */
    expect(&place, SJ_INCOMPLETE,
        "stale: the log ends before the tree of size 2070 that witness north has seen");
    at_an_address(&place);
    expect(&place, SJ_TAMPERED,
        "rolled back: the log ends before the tree of size 2070 that witness north has seen");
    CHECK(place.report.has_bad_index && place.report.bad_index == SIZE);
    CHECK(sj_text_is(sj_text_of(place.report.checkpoint), LONGLOG_ORIGIN " 2070"));
    close_place(&place);
}

/* A file of a log that lives is always a little behind: how much is allowed the caller says. */
TEST(seen_by_a_witness_a_little_after_the_file_was_made)
{
    struct place place;
    open_seen(&place, SIZE + 70, SIZE);
    const int64_t age = sj_time_now() / 1000000 - 1790000000; /* of the log's first entry */
    place.options.max_age_s = age + 100; /* the witness saw it 4 s before the last entry's time */
    expect(&place, SJ_VERIFIED, "");
    const struct sj_text text = {(const char *)place.copy.ptr,
        (size_t)((const uint8_t *)memmem(place.copy.ptr, place.copy.len, "\n\n", 2) -
                 place.copy.ptr) +
            1};
    CLEANUP(sj_buf_clear) struct sj_buf line = SJ_BUF(1024);
    CHECK_OK(sj_note_cosign(
        text, &place.key, place.secret, 1790000000 + place.options.max_age_s + 100, &line));
    place.copy.len -= line.len; /* its line of before is as long */
    CHECK_OK(sj_buf_put_view(&place.copy, sj_buf_view(&line)));
    expect(&place, SJ_INCOMPLETE, "stale: older by more than --max-age than the tree of size 2070");
    close_place(&place);
}

TEST(seen_by_a_witness_before_the_log_publishes_is_waited_for)
{
    struct place place;
    char path[128];
    bool found = false;
    open_place(&place);
    make_log(&place, SIZE, 10);
    write_policy(&place);
    snprintf(path, sizeof path, "%s/checkpoint", place.log);
    read_into(path, &place.old_checkpoint, &found);
    make_log(&place, SIZE + 70, 10);
    see(&place, true);
    at_an_address(&place);
    place.late = 3;
    place.options.patience_ms = 60000;
    expect(&place, SJ_VERIFIED, "");
    CHECK(place.late == 0 && place.report.size == SIZE + 70);
    close_place(&place);
}

TEST(seen_by_a_witness_that_cannot_be_asked_is_said)
{
    struct place place;
    open_seen(&place, 1000, SIZE);
    place.is_away = true;
    expect(&place, SJ_INCOMPLETE, "witness north: it cannot be asked");
    place.is_away = false;
    sj_buf_reset(&place.copy);
    expect(&place, SJ_INCOMPLETE, "witness north: it has never seen this log");
    /* a copy without its line, or with a line over another tree, is nobody's word */
    see(&place, false);
    expect(&place, SJ_INCOMPLETE, "witness north: what it gives is no checkpoint");
    see(&place, true);
    place.copy.ptr[place.copy.len - 8] ^= 1;
    expect(&place, SJ_INCOMPLETE, "witness north: what it gives is no checkpoint");
    close_place(&place);
}
