/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the signer sign extensions of its own tree and nothing else, whatever happens to its file?
 */
#include "keeper_fixture.h"
#include "sanjeh/crypto/random.h"
#include "signer.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static struct sj_hash leaf_of(unsigned number)
{
    struct sj_hash leaf;
    CHECK_OK(sj_leaf_hash(sj_view_of(&number, sizeof(number)), &leaf));
    return leaf;
}

/* The root of leaves seed, seed + 1, … after size of them. */
static struct sj_hash root_of(unsigned seed, uint64_t size)
{
    struct sj_frontier frontier = {0};
    struct sj_hash root;
    for (uint64_t i = 0; i < size; i++) {
        const struct sj_hash leaf = leaf_of(seed + (unsigned)i);
        CHECK_OK(sj_frontier_append(&frontier, &leaf));
    }
    CHECK_OK(sj_frontier_root(&frontier, &root));
    return root;
}

static sj_status extend(
    struct sj_channel *channel, unsigned seed, uint64_t from, uint64_t to, struct sj_buf *ret_note)
{
    struct sj_hash leaves[64];
    for (uint64_t i = from; i < to; i++) {
        leaves[i - from] = leaf_of(seed + (unsigned)i);
    }
    const struct sj_hash root = root_of(seed, to);
    return ask_extend(channel, from, leaves, (size_t)(to - from), &root, ret_note);
}

static void check_note(struct sj_channel *channel, const struct sj_buf *bytes, uint64_t size)
{
    struct sj_signed_head head;
    struct sj_note_key key;
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    REQUIRE_OK(ask_signed_head(channel, &head, &vkey));
    REQUIRE_OK(sj_note_key_parse(sj_buf_text(&vkey), &key));
    REQUIRE_OK(sj_note_open(sj_buf_view(bytes), &key, 1, &note));
    REQUIRE_OK(sj_checkpoint_parse(note.text, &checkpoint));
    CHECK(sj_text_is(checkpoint.origin, FIXTURE_ORIGIN));
    CHECK(checkpoint.size == size && head.size == size);
    CHECK(sj_hash_equal(&checkpoint.root, &head.root));
}

TEST(signer_signs_extensions_that_verify)
{
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    uint64_t size = 0;
    for (uint64_t step = 1; step <= 20; step++) {
        CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
        CHECK_OK(extend(fixture.channel, 0, size, size + step, &note));
        size += step;
        check_note(fixture.channel, &note, size);
    }
    fixture_clear(&fixture);
}

TEST(signer_refuses_everything_but_an_extension)
{
    struct fixture fixture;
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    REQUIRE_OK(extend(fixture.channel, 0, 0, 5, &note));
    sj_buf_reset(&note);
    /* again, shorter, with a gap, and another history of the same length */
    CHECK_CODE(extend(fixture.channel, 0, 0, 5, &note), LOG_TAMPERED);
    CHECK_CODE(extend(fixture.channel, 0, 3, 7, &note), LOG_TAMPERED);
    CHECK_CODE(extend(fixture.channel, 0, 6, 8, &note), LOG_TAMPERED);
    CHECK_CODE(extend(fixture.channel, 1000, 5, 8, &note), LOG_TAMPERED);
    CHECK(note.len == 0);
    CHECK_OK(extend(fixture.channel, 0, 5, 8, &note));
    check_note(fixture.channel, &note, 8);
    fixture_clear(&fixture);
}

TEST(signer_goes_on_after_a_restart)
{
    struct fixture fixture;
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    fixture_files(&fixture);
    for (uint64_t round = 0; round < 5; round++) {
        REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
        sj_buf_reset(&note);
        CHECK_CODE(extend(fixture.channel, 7, round * 3 + 1, round * 3 + 2, &note), LOG_TAMPERED);
        REQUIRE_OK(extend(fixture.channel, 7, round * 3, round * 3 + 3, &note));
        check_note(fixture.channel, &note, round * 3 + 3);
        fixture_stop(&fixture);
    }
    fixture_clear(&fixture);
}

static void flip(const char *path, off_t at)
{
    uint8_t byte = 0;
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= 1;
    CHECK(pwrite(fd, &byte, 1, at) == 1);
    CHECK(close(fd) == 0);
}

TEST(signer_refuses_an_edited_state_file)
{
    struct fixture fixture;
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    REQUIRE_OK(extend(fixture.channel, 0, 0, 5, &note));
    fixture_stop(&fixture);
    /* the size, in both slots */
    flip(fixture.state, 23);
    flip(fixture.state, 4096 + 23);
    CHECK_CODE(fixture_start(&fixture, SJ_KEEPER_SERVE), LOG_TAMPERED);
    flip(fixture.state, 23);
    flip(fixture.state, 4096 + 23);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    fixture_stop(&fixture);
    CHECK(truncate(fixture.state, 4096) == 0);
    CHECK_CODE(fixture_start(&fixture, SJ_KEEPER_SERVE), LOG_TAMPERED);
    fixture_clear(&fixture);
}

TEST(signer_survives_a_torn_write_of_the_newest_slot)
{
    struct fixture fixture;
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    REQUIRE_OK(extend(fixture.channel, 0, 0, 5, &note)); /* generation 2: slot 0 */
    fixture_stop(&fixture);
    flip(fixture.state, 100);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    struct sj_signed_head head;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    REQUIRE_OK(ask_signed_head(fixture.channel, &head, &vkey));
    CHECK(head.size == 0);
    /* and the step can be taken again, with the same result only as far as the front offers it */
    sj_buf_reset(&note);
    CHECK_OK(extend(fixture.channel, 0, 0, 5, &note));
    fixture_clear(&fixture);
}

TEST(signer_state_is_bound_to_root_and_origin)
{
    struct fixture fixture;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    fixture_stop(&fixture);
    struct sj_keeper_config config = fixture_config(&fixture, SJ_KEEPER_SERVE);
    config.origin = "log.example/other";
    CHECK_CODE(sj_keeper_start(&config, &fixture.keeper), LOG_TAMPERED);
    config.origin = "not a key name";
    CHECK_CODE(sj_keeper_start(&config, &fixture.keeper), BAD_CONFIG);
    CHECK(unlink(fixture.root) == 0);
    CHECK_OK(sj_keeper_create_root(fixture.root));
    CHECK_CODE(fixture_start(&fixture, SJ_KEEPER_SERVE), LOG_TAMPERED);
    fixture_clear(&fixture);
}

TEST(signer_state_is_held_by_one_keeper)
{
    struct fixture fixture;
    struct sj_keeper *second = NULL;
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    const struct sj_keeper_config config = fixture_config(&fixture, SJ_KEEPER_SERVE);
    CHECK_CODE(sj_keeper_start(&config, &second), CONFLICT);
    CHECK(second == NULL);
    fixture_clear(&fixture);
}

static struct sj_hash batch_mac(
    struct sj_channel *channel, struct sj_uuid emitter, uint64_t from, uint64_t to, unsigned seed)
{
    struct sj_key key;
    struct sj_hash mac;
    const struct sj_hash old_root = root_of(seed, from);
    const struct sj_hash new_root = root_of(seed, to);
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(256);
    CHECK_OK(ask_emitter_key(channel, emitter, &key));
    CHECK_OK(sj_buf_put_str(&text, "sanjeh/batch"));
    CHECK_OK(sj_buf_put_u64(&text, from));
    CHECK_OK(sj_buf_put(&text, old_root.bytes, SJ_HASH_SIZE));
    CHECK_OK(sj_buf_put_u64(&text, to));
    CHECK_OK(sj_buf_put(&text, new_root.bytes, SJ_HASH_SIZE));
    const struct sj_view part = sj_buf_view(&text);
    CHECK_OK(sj_hmac_sha256(sj_view_of(key.bytes, SJ_KEY_SIZE), &part, 1, &mac));
    return mac;
}

TEST(signer_recovers_a_batch_only_with_its_mac)
{
    struct fixture fixture;
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    REQUIRE_OK(extend(fixture.channel, 0, 0, 3, &note));
    const struct sj_uuid emitter = {{5}};
    const struct sj_uuid other = {{6}};
    const struct sj_hash leaves[] = {leaf_of(3), leaf_of(4)};
    const struct sj_hash root = root_of(0, 5);
    const struct sj_hash mac = batch_mac(fixture.channel, emitter, 3, 5, 0);
    struct sj_hash bad = mac;
    bad.bytes[31] ^= 1;
    sj_buf_reset(&note);
    CHECK_CODE(ask_recover(fixture.channel, emitter, 3, leaves, 2, &root,
                   sj_view_of(bad.bytes, SJ_HASH_SIZE), &note),
        LOG_TAMPERED);
    CHECK_CODE(ask_recover(fixture.channel, other, 3, leaves, 2, &root,
                   sj_view_of(mac.bytes, SJ_HASH_SIZE), &note),
        LOG_TAMPERED);
    CHECK_CODE(ask_recover(
                   fixture.channel, emitter, 3, leaves, 2, &root, sj_view_of(mac.bytes, 31), &note),
        LOG_TAMPERED);
    CHECK(note.len == 0);
    CHECK_OK(ask_recover(
        fixture.channel, emitter, 3, leaves, 2, &root, sj_view_of(mac.bytes, SJ_HASH_SIZE), &note));
    check_note(fixture.channel, &note, 5);
    CHECK_CODE(ask_recover(fixture.channel, emitter, 3, leaves, 2, &root,
                   sj_view_of(mac.bytes, SJ_HASH_SIZE), &note),
        LOG_TAMPERED);
    fixture_clear(&fixture);
}

TEST(signer_takes_a_full_batch)
{
    static struct sj_hash leaves[1024];
    struct fixture fixture;
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    for (unsigned i = 0; i < 1024; i++) {
        leaves[i] = leaf_of(i);
    }
    const struct sj_hash root = root_of(0, 1024);
    CHECK_CODE(ask_extend(fixture.channel, 0, leaves, 0, &root, &note), LIMIT_EXCEEDED);
    CHECK_OK(ask_extend(fixture.channel, 0, leaves, 1024, &root, &note));
    check_note(fixture.channel, &note, 1024);
    fixture_clear(&fixture);
}

TEST(signer_key_is_known_before_anything_is_signed)
{
    struct fixture fixture;
    struct sj_signed_head head;
    CLEANUP(sj_buf_clear) struct sj_buf early = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf late = SJ_BUF(1024);
    fixture_files(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_PROVISION));
    CHECK_OK(ask_log_vkey(fixture.channel, &early));
    fixture_stop(&fixture);
    REQUIRE_OK(fixture_start(&fixture, SJ_KEEPER_SERVE));
    CHECK_OK(ask_signed_head(fixture.channel, &head, &late));
    CHECK(early.len > 0 && sj_view_equal(sj_buf_view(&early), sj_buf_view(&late)));
    fixture_stop(&fixture);
    struct sj_keeper_config config = fixture_config(&fixture, SJ_KEEPER_PROVISION);
    config.origin = NULL;
    REQUIRE_OK(sj_keeper_start(&config, &fixture.keeper));
    REQUIRE_OK(sj_channel_open(fixture.keeper, 0, NULL, &fixture.channel));
    CHECK_CODE(ask_log_vkey(fixture.channel, &early), BAD_CONFIG);
    fixture_clear(&fixture);
}
