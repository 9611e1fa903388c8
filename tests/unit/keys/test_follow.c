/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a keeper take over from another server's keeper what that one has signed, and nothing else (attack 26)?
 */
#include "keeper_fixture.h"
#include "sanjeh/crypto/merkle.h"
#include "sanjeh/crypto/note.h"
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
