/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a keeper take over from another server's keeper what that one has signed, and nothing else (attack 26)?
 */
#include "keeper_fixture.h"
#include "sanjeh/crypto/merkle.h"
#include "sanjeh/crypto/note.h"
#include "sanjeh/crypto/rotation.h"
#include <string.h>

struct server {
    struct sj_keeper *keeper;
    struct sj_channel *channel;
};

static void start(const struct fixture *files, const char *instance, struct server *server)
{
    static char state[128];
    struct sj_keeper_config config = fixture_config(files, SJ_KEEPER_SERVE);
    (void)snprintf(state, sizeof(state), "%s-%s", files->state, instance);
    config.signer_state = state;
    config.instance = instance;
    REQUIRE_OK(sj_keeper_start(&config, &server->keeper));
    REQUIRE_OK(sj_channel_open(server->keeper, 0, NULL, &server->channel));
}

static void stop(struct server *server)
{
    sj_channel_close(&server->channel);
    sj_keeper_stop(&server->keeper);
}

static struct sj_hash leaf_of(uint64_t seed, uint64_t number)
{
    const uint64_t both[] = {seed, number};
    struct sj_hash leaf;
    CHECK_OK(sj_leaf_hash(sj_view_of(both, sizeof(both)), &leaf));
    return leaf;
}

static void leaves_of(uint64_t seed, uint64_t from, uint64_t to, struct sj_hash *ret_leaves)
{
    for (uint64_t i = from; i < to; i++) {
        ret_leaves[i - from] = leaf_of(seed, i);
    }
}

static sj_status extend(
    struct server *server, uint64_t seed, uint64_t from, uint64_t to, struct sj_buf *ret_note)
{
    struct sj_frontier frontier = {0};
    struct sj_hash root;
    struct sj_hash leaves[64];
    for (uint64_t i = 0; i < to; i++) {
        const struct sj_hash leaf = leaf_of(seed, i);
        CHECK_OK(sj_frontier_append(&frontier, &leaf));
    }
    CHECK_OK(sj_frontier_root(&frontier, &root));
    leaves_of(seed, from, to, leaves);
    sj_buf_reset(ret_note);
    return ask_extend(server->channel, from, leaves, (size_t)(to - from), &root, ret_note);
}

static sj_status follow(struct server *server, uint64_t seed, uint64_t from, uint64_t to,
    const struct sj_peer_note *note)
{
    struct sj_hash leaves[64];
    leaves_of(seed, from, to, leaves);
    return ask_follow(server->channel, from, leaves, (size_t)(to - from), note);
}

static uint64_t size_of(struct server *server)
{
    struct sj_signed_head head;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    CHECK_OK(ask_signed_head(server->channel, &head, &vkey));
    return head.size;
}

/* Two servers of one log; `a` has signed five leaves of seed 1. */
struct pair {
    struct fixture files;
    struct server a;
    struct server b;
    struct sj_buf note;
    struct sj_buf vkey;
    struct sj_peer_note peer;
};

static void pair_start(struct pair *pair)
{
    *pair = (struct pair){.note = SJ_BUF(4096), .vkey = SJ_BUF(1024)};
    fixture_files(&pair->files);
    start(&pair->files, "a", &pair->a);
    start(&pair->files, "b", &pair->b);
    REQUIRE_OK(extend(&pair->a, 1, 0, 5, &pair->note));
    pair->peer.instance = sj_text_of("a");
    CHECK_OK(ask_voucher(pair->a.channel, &pair->peer.voucher, &pair->vkey));
    pair->peer.vkey = sj_buf_text(&pair->vkey);
    pair->peer.note = sj_buf_view(&pair->note);
}

static void pair_end(struct pair *pair)
{
    stop(&pair->a);
    stop(&pair->b);
    sj_buf_clear(&pair->note);
    sj_buf_clear(&pair->vkey);
    fixture_clear(&pair->files);
}

TEST(two_servers_sign_one_tree_in_turn)
{
    struct pair pair;
    struct sj_peer_note back = {.instance = sj_text_of("b")};
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf again = SJ_BUF(4096);
    pair_start(&pair);
    CHECK_OK(follow(&pair.b, 1, 0, 3, NULL)); /* a page of it */
    CHECK(size_of(&pair.b) == 0);
    CHECK_OK(follow(&pair.b, 1, 3, 5, &pair.peer));
    CHECK(size_of(&pair.b) == 5);
    CHECK_OK(extend(&pair.b, 1, 5, 9, &note));
    CHECK_OK(ask_voucher(pair.b.channel, &back.voucher, &vkey));
    CHECK(!sj_text_equal(sj_buf_text(&vkey), pair.peer.vkey));
    back.vkey = sj_buf_text(&vkey);
    back.note = sj_buf_view(&note);
    CHECK_CODE(extend(&pair.a, 1, 9, 10, &again), LOG_TAMPERED);
    CHECK_OK(follow(&pair.a, 1, 5, 9, &back));
    CHECK_OK(extend(&pair.a, 1, 9, 10, &again));
    CHECK_OK(ask_note_again(pair.a.channel, &note));
    pair_end(&pair);
}

TEST(a_key_is_vouched_for_by_a_keeper_of_the_same_root_or_not_at_all)
{
    struct pair pair;
    pair_start(&pair);
    const struct sj_hash voucher = pair.peer.voucher;
    struct sj_hash wrong = voucher;
    wrong.bytes[31] ^= 1;
    CHECK_OK(ask_vouched(pair.b.channel, pair.peer.instance, pair.peer.vkey, &voucher));
    CHECK_CODE(
        ask_vouched(pair.b.channel, pair.peer.instance, pair.peer.vkey, &wrong), LOG_TAMPERED);
    CHECK_CODE(
        ask_vouched(pair.b.channel, sj_text_of("c"), pair.peer.vkey, &voucher), LOG_TAMPERED);
    CHECK_CODE(ask_vouched(pair.b.channel, pair.peer.instance, sj_text_of("another+key"), &voucher),
        LOG_TAMPERED);
    pair_end(&pair);
}

TEST(attack_26_growth_without_the_other_servers_note_is_not_taken_over)
{
    struct pair pair;
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    pair_start(&pair);
    /* no note at all: neither taken over nor signed on top of */
    CHECK_OK(follow(&pair.b, 1, 0, 5, NULL));
    CHECK_CODE(extend(&pair.b, 1, 5, 6, &note), LOG_TAMPERED);
    CHECK(size_of(&pair.b) == 0);
    /* a forged entry behind, before, and in place of what the note covers */
    CHECK_CODE(follow(&pair.b, 1, 0, 6, &pair.peer), LOG_TAMPERED);
    CHECK_CODE(follow(&pair.b, 1, 0, 4, &pair.peer), LOG_TAMPERED);
    CHECK_CODE(follow(&pair.b, 2, 0, 5, &pair.peer), LOG_TAMPERED);
    CHECK(size_of(&pair.b) == 0);
    CHECK_OK(follow(&pair.b, 1, 0, 5, &pair.peer));
    CHECK(size_of(&pair.b) == 5);
    CHECK_CODE(follow(&pair.b, 1, 5, 5, &pair.peer), LOG_TAMPERED); /* nothing new */
    pair_end(&pair);
}

/* The bytes of an entry as far as the keeper looks: kind, and the detail at the end with its length. */
static struct sj_hash entry_of(const struct sj_rotation *rotation, uint8_t kind, struct sj_buf *out)
{
    static const uint8_t head[73] = {1};
    struct sj_hash leaf;
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(512);
    CHECK_OK(sj_rotation_format(rotation, &detail));
    sj_buf_reset(out);
    CHECK_OK(sj_buf_put(out, head, sizeof(head)));
    CHECK_OK(sj_buf_put_byte(out, kind));
    CHECK_OK(sj_buf_put_u16(out, (uint16_t)detail.len));
    CHECK_OK(sj_buf_put_view(out, sj_buf_view(&detail)));
    CHECK_OK(sj_leaf_hash(sj_buf_view(out), &leaf));
    return leaf;
}

/* b signs leaves 5 (the given one) and 6 behind the five of seed 1. */
static void extend_over_change(struct pair *pair, const struct sj_hash *change, struct sj_buf *note)
{
    struct sj_frontier frontier = {0};
    struct sj_hash root;
    const struct sj_hash leaves[] = {*change, leaf_of(1, 6)};
    for (uint64_t i = 0; i < 5; i++) {
        const struct sj_hash leaf = leaf_of(1, i);
        CHECK_OK(sj_frontier_append(&frontier, &leaf));
    }
    CHECK_OK(sj_frontier_append(&frontier, &leaves[0]));
    CHECK_OK(sj_frontier_append(&frontier, &leaves[1]));
    CHECK_OK(sj_frontier_root(&frontier, &root));
    CHECK_OK(follow(&pair->b, 1, 0, 5, &pair->peer));
    CHECK_OK(ask_extend(pair->b.channel, 5, leaves, 2, &root, note));
}

static void check_change_note(struct server *server, const struct sj_epoch_status *status)
{
    struct sj_note_key key;
    struct sj_note opened;
    struct sj_checkpoint checkpoint;
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    CHECK_OK(ask_note_change(server->channel, &note));
    CHECK_OK(sj_note_key_make(SJ_TEXT(FIXTURE_ORIGIN), 1, status->genesis, &key));
    REQUIRE_OK(sj_note_open(sj_buf_view(&note), &key, 1, &opened));
    REQUIRE_OK(sj_checkpoint_parse(opened.text, &checkpoint));
    CHECK(checkpoint.size == 6);
    CHECK_OK(sj_note_key_make(SJ_TEXT(FIXTURE_ORIGIN), 1, status->rotation.new_key, &key));
    CHECK_CODE(sj_note_open(sj_buf_view(&note), &key, 1, &opened), INVALID);
}

TEST(an_own_change_of_key_signed_by_another_server_counts_with_its_note_alone)
{
    struct pair pair;
    struct sj_epoch_status status;
    struct sj_peer_note back = {.instance = sj_text_of("b")};
    const struct sj_hash rest = leaf_of(1, 6);
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf entry = SJ_BUF(1024);
    pair_start(&pair);
    REQUIRE_OK(ask_prepare_epoch(pair.a.channel, &status));
    status.rotation.first = 7;
    const struct sj_hash other = entry_of(&status.rotation, 1, &entry);
    CHECK_CODE(ask_follow_change(pair.a.channel, 5, &other, 1, sj_buf_view(&entry)), LOG_TAMPERED);
    const struct sj_hash leaf = entry_of(&status.rotation, 11, &entry);
    CHECK_CODE(ask_follow_change(pair.a.channel, 5, &other, 1, sj_buf_view(&entry)), LOG_TAMPERED);
    CHECK_CODE(ask_follow_change(pair.b.channel, 0, &leaf, 1, sj_buf_view(&entry)), LOG_TAMPERED);
    extend_over_change(&pair, &leaf, &note);
    CHECK_OK(ask_voucher(pair.b.channel, &back.voucher, &vkey));
    back.vkey = sj_buf_text(&vkey);
    back.note = sj_buf_view(&note);
    /* seen, and covered by nobody's signature: nothing has changed */
    CHECK_OK(ask_follow_change(pair.a.channel, 5, &leaf, 1, sj_buf_view(&entry)));
    CHECK_OK(ask_epochs(pair.a.channel, &status));
    CHECK(status.phase == SJ_EPOCH_PREPARED && size_of(&pair.a) == 5);
    CHECK_CODE(ask_note_change(pair.a.channel, &note), NOT_FOUND);
    CHECK_OK(ask_follow(pair.a.channel, 6, &rest, 1, &back));
    CHECK_OK(ask_epochs(pair.a.channel, &status));
    CHECK(status.phase == SJ_EPOCH_OVERLAP && status.rotation.first == 7 && size_of(&pair.a) == 7);
    check_change_note(&pair.a, &status);
    stop(&pair.a);
    start(&pair.files, "a", &pair.a);
    check_change_note(&pair.a, &status);
    CHECK_OK(ask_finish_epoch(pair.a.channel, &status));
    CHECK_CODE(ask_note_change(pair.a.channel, &note), NOT_FOUND);
    pair_end(&pair);
}

TEST(a_key_that_no_keeper_vouches_for_is_not_followed)
{
    struct pair pair;
    struct sj_peer_note peer;
    pair_start(&pair);
    peer = pair.peer;
    peer.voucher.bytes[0] ^= 1;
    CHECK_CODE(follow(&pair.b, 1, 0, 5, &peer), LOG_TAMPERED);
    peer = pair.peer;
    peer.instance = sj_text_of("c");
    CHECK_CODE(follow(&pair.b, 1, 0, 5, &peer), LOG_TAMPERED);
    CHECK(size_of(&pair.b) == 0);
    pair_end(&pair);
}

TEST(an_own_note_beyond_the_own_memory_is_a_rollback)
{
    struct pair pair;
    char state[128];
    pair_start(&pair);
    (void)snprintf(state, sizeof(state), "%s-a", pair.files.state);
    stop(&pair.a);
    CHECK(unlink(state) == 0);
    start(&pair.files, "a", &pair.a);
    CHECK_CODE(follow(&pair.a, 1, 0, 5, &pair.peer), LOG_ROLLED_BACK);
    CHECK(size_of(&pair.a) == 0);
    pair_end(&pair);
}

TEST(instance_names_are_checked)
{
    static const char *const bad[] = {
        "A", "-a", "a b", "a\n", "a/b", "0123456789012345678901234567890123", "\xd9\x85"};
    CHECK(sj_instance_name_is_good(NULL) && sj_instance_name_is_good(""));
    CHECK(sj_instance_name_is_good("b") && sj_instance_name_is_good("second-2"));
    for (size_t i = 0; i < SJ_COUNT(bad); i++) {
        CHECK(!sj_instance_name_is_good(bad[i]));
    }
}
