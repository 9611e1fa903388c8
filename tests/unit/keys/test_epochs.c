/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the keeper change the log's key only as the record says, at no step twice, over a kill at each, and is the old key gone
 * afterwards? The steps: prepare, the entry that appoints, trees of both keys, finish.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "keeper_fixture.h"
#include "sanjeh/crypto/merkle.h"
#include "sanjeh/crypto/rotation.h"

/* A log of made-up leaves, and entries that appoint keys. */
struct log {
    struct sj_frontier frontier;
    struct sj_buf note;
};

static struct sj_hash number_leaf(uint64_t number)
{
    struct sj_hash leaf;
    CHECK_OK(sj_leaf_hash(sj_view_of(&number, sizeof(number)), &leaf));
    return leaf;
}

static sj_status grow(
    struct fixture *fixture, struct log *log, const struct sj_hash *leaf, struct sj_view rotation)
{
    struct sj_frontier next = log->frontier;
    struct sj_hash root;
    CHECK_OK(sj_frontier_append(&next, leaf));
    CHECK_OK(sj_frontier_root(&next, &root));
    sj_buf_reset(&log->note);
    TRY(ask_extend_rotating(
        fixture->channel, log->frontier.size, leaf, 1, &root, rotation, &log->note));
    log->frontier = next;
    return SJ_DONE;
}

static void grow_plain(struct fixture *fixture, struct log *log)
{
    const struct sj_hash leaf = number_leaf(log->frontier.size);
    REQUIRE_OK(grow(fixture, log, &leaf, sj_view_of(NULL, 0)));
}

/* The bytes of an entry as far as the keeper looks: kind, and the detail at the end with its length. */
static void entry_of(const struct sj_rotation *rotation, uint8_t kind, struct sj_buf *out)
{
    static const uint8_t head[73] = {1};
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(512);
    CHECK_OK(sj_rotation_format(rotation, &detail));
    CHECK_OK(sj_buf_put(out, head, sizeof(head)));
    CHECK_OK(sj_buf_put_byte(out, kind));
    CHECK_OK(sj_buf_put_u16(out, (uint16_t)detail.len));
    CHECK_OK(sj_buf_put_view(out, sj_buf_view(&detail)));
}

static sj_status appoint(
    struct fixture *fixture, struct log *log, const struct sj_rotation *rotation, uint8_t kind)
{
    struct sj_hash leaf;
    CLEANUP(sj_buf_clear) struct sj_buf entry = SJ_BUF(1024);
    entry_of(rotation, kind, &entry);
    CHECK_OK(sj_leaf_hash(sj_buf_view(&entry), &leaf));
    return grow(fixture, log, &leaf, sj_buf_view(&entry));
}

static bool signed_by(const struct log *log, const uint8_t key[SJ_ED25519_PUBLIC])
{
    struct sj_note_key note_key;
    struct sj_note note;
    CHECK_OK(sj_note_key_make(SJ_TEXT(FIXTURE_ORIGIN), 1, key, &note_key));
    return !sj_failed(sj_note_open(sj_buf_view(&log->note), &note_key, 1, &note));
}

static bool signed_by_lasting(struct fixture *fixture, const struct log *log)
{
    struct sj_note_key key;
    struct sj_note note;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    CHECK_OK(ask_log_vkey(fixture->channel, &vkey));
    CHECK_OK(sj_note_key_parse(sj_buf_text(&vkey), &key));
    return !sj_failed(sj_note_open(sj_buf_view(&log->note), &key, 1, &note));
}

static void open_log(struct fixture *fixture, struct log *log)
{
    fixture_files(fixture);
    REQUIRE_OK(fixture_start(fixture, SJ_KEEPER_SERVE));
    *log = (struct log){.note = SJ_BUF(4096)};
}

static void close_log(struct fixture *fixture, struct log *log)
{
    sj_buf_clear(&log->note);
    fixture_clear(fixture);
}

/* As from a crash: the process is killed, not asked to stop. */
static void kill_and_start(struct fixture *fixture)
{
    CHECK(kill(sj_keeper_pid(fixture->keeper), SIGKILL) == 0);
    fixture_stop(fixture);
    REQUIRE_OK(fixture_start(fixture, SJ_KEEPER_SERVE));
}

static void rotate(struct fixture *fixture, struct log *log, struct sj_epoch_status *status)
{
    REQUIRE_OK(ask_prepare_epoch(fixture->channel, status));
    status->rotation.first = log->frontier.size + 2;
    REQUIRE_OK(appoint(fixture, log, &status->rotation, 11));
    grow_plain(fixture, log);
    REQUIRE_OK(ask_finish_epoch(fixture->channel, status));
}

TEST(epochs_every_tree_carries_the_lasting_key_and_that_of_its_epoch)
{
    struct fixture fixture;
    struct log log;
    struct sj_epoch_status status;
    open_log(&fixture, &log);
    REQUIRE_OK(ask_epochs(fixture.channel, &status));
    CHECK(status.phase == SJ_EPOCH_STEADY && status.number == 0);
    CHECK(memcmp(status.genesis, status.now, SJ_ED25519_PUBLIC) == 0);
    grow_plain(&fixture, &log);
    CHECK(signed_by(&log, status.genesis) && signed_by_lasting(&fixture, &log));
    /* the same keys after a restart */
    kill_and_start(&fixture);
    grow_plain(&fixture, &log);
    CHECK(signed_by(&log, status.genesis) && signed_by_lasting(&fixture, &log));
    close_log(&fixture, &log);
}

TEST(epochs_of_a_log_that_ended_sign_no_more_and_no_keeper_takes_its_file)
{
    struct fixture fixture;
    struct log log;
    struct sj_epoch_status status;
    open_log(&fixture, &log);
    grow_plain(&fixture, &log);
    REQUIRE_OK(ask_prepare_epoch(fixture.channel, &status));
    REQUIRE_OK(ask_log_end(fixture.channel));
    const struct sj_hash leaf = number_leaf(log.frontier.size);
    CHECK_CODE(grow(&fixture, &log, &leaf, sj_view_of(NULL, 0)), LOG_TAMPERED);
    CHECK_CODE(ask_note_again(fixture.channel, &log.note), LOG_TAMPERED);
    CHECK_CODE(ask_prepare_epoch(fixture.channel, &status), LOG_TAMPERED);
    fixture_stop(&fixture);
    CHECK_CODE(fixture_start(&fixture, SJ_KEEPER_SERVE), LOG_TAMPERED);
    close_log(&fixture, &log);
}

TEST(epochs_change_step_by_step_over_a_kill_at_each)
{
    struct fixture fixture;
    struct log log;
    struct sj_epoch_status status;
    struct sj_epoch_status again;
    bool holds = false;
    open_log(&fixture, &log);
    grow_plain(&fixture, &log);
    REQUIRE_OK(ask_prepare_epoch(fixture.channel, &status));
    CHECK(status.phase == SJ_EPOCH_PREPARED && status.rotation.epoch == 1);
    CHECK_OK(sj_rotation_check(SJ_TEXT(FIXTURE_ORIGIN), &status.rotation, &holds));
    CHECK(holds);
    kill_and_start(&fixture);
    /* the same key again: an entry that was written meanwhile still appoints it */
    REQUIRE_OK(ask_prepare_epoch(fixture.channel, &again));
    CHECK(memcmp(&again, &status, sizeof(status)) == 0);
    grow_plain(&fixture, &log);
    CHECK(signed_by(&log, status.now) && !signed_by(&log, status.rotation.new_key));

    status.rotation.first = log.frontier.size + 2;
    REQUIRE_OK(appoint(&fixture, &log, &status.rotation, 11));
    /* the old key alone covers its successor's appointment */
    CHECK(signed_by(&log, status.now) && !signed_by(&log, status.rotation.new_key));
    CHECK_CODE(ask_finish_epoch(fixture.channel, &again), CONFLICT);
    kill_and_start(&fixture);
    REQUIRE_OK(ask_epochs(fixture.channel, &again));
    CHECK(again.phase == SJ_EPOCH_OVERLAP && again.rotation.first == status.rotation.first);
    grow_plain(&fixture, &log);
    CHECK(signed_by(&log, status.now) && signed_by(&log, status.rotation.new_key));
    kill_and_start(&fixture);
    REQUIRE_OK(ask_finish_epoch(fixture.channel, &again));
    CHECK(again.phase == SJ_EPOCH_STEADY && again.number == 1);
    CHECK(memcmp(again.now, status.rotation.new_key, SJ_ED25519_PUBLIC) == 0);
    kill_and_start(&fixture);
    grow_plain(&fixture, &log);
    CHECK(!signed_by(&log, status.now) && signed_by(&log, status.rotation.new_key));
    CHECK(signed_by_lasting(&fixture, &log));
    REQUIRE_OK(ask_epochs(fixture.channel, &again));
    CHECK(memcmp(again.genesis, status.genesis, SJ_ED25519_PUBLIC) == 0);
    close_log(&fixture, &log);
}

TEST(epochs_no_key_takes_over_but_the_one_that_was_made)
{
    struct fixture fixture;
    struct log log;
    struct sj_epoch_status status;
    open_log(&fixture, &log);
    grow_plain(&fixture, &log);
    REQUIRE_OK(ask_epochs(fixture.channel, &status));
    /* nothing was prepared */
    status.rotation.first = log.frontier.size + 2;
    CHECK_CODE(appoint(&fixture, &log, &status.rotation, 11), LOG_TAMPERED);
    REQUIRE_OK(ask_prepare_epoch(fixture.channel, &status));
    status.rotation.first = log.frontier.size + 2;
    struct sj_rotation other = status.rotation;
    other.new_key[0] ^= 1; /* a key of somebody else's */
    CHECK_CODE(appoint(&fixture, &log, &other, 11), LOG_TAMPERED);
    other = status.rotation;
    other.first++;
    CHECK_CODE(appoint(&fixture, &log, &other, 11), LOG_TAMPERED);
    CHECK_CODE(appoint(&fixture, &log, &status.rotation, 1), LOG_TAMPERED);
    /* the right words beside a leaf that is another entry's */
    CLEANUP(sj_buf_clear) struct sj_buf entry = SJ_BUF(1024);
    const struct sj_hash leaf = number_leaf(99);
    entry_of(&status.rotation, 11, &entry);
    CHECK_CODE(grow(&fixture, &log, &leaf, sj_buf_view(&entry)), LOG_TAMPERED);
    REQUIRE_OK(ask_epochs(fixture.channel, &status));
    CHECK(status.phase == SJ_EPOCH_PREPARED);
    grow_plain(&fixture, &log); /* nothing of it has touched the tree */
    close_log(&fixture, &log);
}

static size_t read_whole(const char *path, uint8_t *bytes, size_t max)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = read(fd, bytes, max);
    CHECK(fd >= 0 && got > 0 && close(fd) == 0);
    return (size_t)got;
}

TEST(epochs_a_destroyed_key_is_in_neither_slot)
{
    static uint8_t before[8192];
    static uint8_t after[8192];
    struct fixture fixture;
    struct log log;
    struct sj_epoch_status status;
    open_log(&fixture, &log);
    grow_plain(&fixture, &log);
    grow_plain(&fixture, &log);
    CHECK(read_whole(fixture.state, before, sizeof(before)) == sizeof(before));
    /* the sealed seed of key 0, in both slots: 24 + 64 * 32 + 184 */
    const uint8_t *sealed = before + 2072 + 184;
    CHECK(memcmp(sealed, sealed + 4096, 125) == 0 && sealed[0] != 0);
    rotate(&fixture, &log, &status);
    CHECK(read_whole(fixture.state, after, sizeof(after)) == sizeof(after));
    CHECK(memmem(after, sizeof(after), sealed, 125) == NULL);
    CHECK(memmem(after, sizeof(after), sealed, 40) == NULL);
    close_log(&fixture, &log);
}

static void put_back(const char *path, const uint8_t *bytes, size_t from, size_t len)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && pwrite(fd, bytes + from, len, (off_t)from) == (ssize_t)len);
    CHECK(close(fd) == 0);
}

TEST(epochs_a_crash_between_the_two_slots_does_not_keep_the_old_key)
{
    static uint8_t before[8192];
    static uint8_t after[8192];
    struct fixture fixture;
    struct log log;
    struct sj_epoch_status status;
    open_log(&fixture, &log);
    grow_plain(&fixture, &log);
    REQUIRE_OK(ask_prepare_epoch(fixture.channel, &status));
    status.rotation.first = log.frontier.size + 2;
    REQUIRE_OK(appoint(&fixture, &log, &status.rotation, 11));
    grow_plain(&fixture, &log);
    CHECK(read_whole(fixture.state, before, sizeof(before)) == sizeof(before));
    REQUIRE_OK(ask_finish_epoch(fixture.channel, &status));
    fixture_stop(&fixture);
    /* finish writes generations n + 1 and n + 2; the slot of the second is put back as it was before */
    CHECK(read_whole(fixture.state, after, sizeof(after)) == sizeof(after));
    const size_t second = memcmp(after + 8, after + 4096 + 8, 8) > 0 ? 0 : 4096;
    put_back(fixture.state, before, second, 4096);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    REQUIRE_OK(ask_epochs(fixture.channel, &status));
    CHECK(status.number == 1 && status.phase == SJ_EPOCH_STEADY);
    CHECK(read_whole(fixture.state, after, sizeof(after)) == sizeof(after));
    CHECK(memmem(after, sizeof(after), before + 2072 + 184, 125) == NULL);
    close_log(&fixture, &log);
}

TEST(epochs_are_told_beside_a_running_keeper_and_not_before_there_is_one)
{
    struct fixture fixture;
    struct sj_epoch_status status;
    struct sj_epoch_status seen;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CHECK_CODE(ask_epochs(fixture.channel, &status), NOT_FOUND);
    fixture_stop(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    REQUIRE_OK(ask_prepare_epoch(fixture.channel, &status));
    const struct sj_keeper_config config = fixture_config(&fixture, SJ_KEEPER_PROVISION);
    struct sj_keeper *second = NULL;
    struct sj_channel *channel = NULL;
    REQUIRE_OK(sj_keeper_start(&config, &second));
    REQUIRE_OK(sj_channel_open(second, 0, NULL, &channel));
    REQUIRE_OK(ask_epochs(channel, &seen));
    CHECK(memcmp(&seen, &status, sizeof(seen)) == 0);
    CHECK_CODE(ask_prepare_epoch(channel, &seen),
        KEEPER_UNAVAILABLE); /* not permitted: the line is closed */
    sj_channel_close(&channel);
    sj_keeper_stop(&second);
    fixture_clear(&fixture);
}

/* The file of a keeper of before there were epochs. */
static void write_former_state(const struct fixture *fixture)
{
    static uint8_t bytes[8192];
    uint8_t root[32];
    struct sj_key key;
    struct sj_hash mac;
    CHECK(read_whole(fixture->root, root, sizeof(root)) == sizeof(root));
    const struct sj_view info[] = {
        sj_view_of("sanjeh/1/signer-state", 21), sj_view_of(FIXTURE_ORIGIN, 16)};
    CHECK_OK(sj_hkdf_expand(sj_view_of(root, sizeof(root)), info, 2, key.bytes, SJ_KEY_SIZE));
    memcpy(bytes, "SJSIGN\0\1", 8);
    bytes[15] = 1; /* generation; size 0 */
    const struct sj_view part = sj_view_of(bytes, 2072);
    CHECK_OK(sj_hmac_sha256(sj_view_of(key.bytes, SJ_KEY_SIZE), &part, 1, &mac));
    memcpy(bytes + 2072, mac.bytes, SJ_HASH_SIZE);
    const int fd = open(fixture->state, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes));
    CHECK(close(fd) == 0);
}

TEST(epochs_begin_for_a_log_of_before_there_were_any)
{
    struct fixture fixture;
    struct log log = {.note = SJ_BUF(4096)};
    struct sj_epoch_status first;
    struct sj_epoch_status status;
    CHECK_OK(sj_crypto_init());
    fixture_files(&fixture);
    write_former_state(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CHECK_CODE(ask_epochs(fixture.channel, &status), NOT_FOUND);
    fixture_stop(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    REQUIRE_OK(ask_epochs(fixture.channel, &first));
    kill_and_start(&fixture); /* nothing was signed yet, and the key is kept all the same */
    REQUIRE_OK(ask_epochs(fixture.channel, &status));
    CHECK(memcmp(&first, &status, sizeof(first)) == 0);
    grow_plain(&fixture, &log);
    CHECK(signed_by(&log, first.genesis));
    close_log(&fixture, &log);
}
