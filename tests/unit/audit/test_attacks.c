/* SPDX-License-Identifier: Apache-2.0
 *
 * Who speaks when a bundle is not what it seems (AUDIT 4.1: attacks 7, 16, 17), and does nobody else? Each bundle is put before everybody
 * who has seen an honest one (panel.h).
 */
#include <stdio.h>
#include <string.h>

#include "logmaker.h"
#include "panel.h"
#include "test.h"

#define COUNT  400
#define BATCH  50
#define OTHERS "other.example/audit"
#define LEAF_60                                                                                    \
    "tampered at 60: the entry does not give its leaf hash in the tile (" MAKER_ORIGIN " 100)"

static void put(struct outsiders *who, const struct maker *maker, enum maker_tiles tiles)
{
    const struct maker_output output = {.tiles = tiles};
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 24);
    maker_tar(maker, &output, &tar);
    maker_write(who->bundle, sj_buf_view(&tar));
}

static void ask(struct outsiders *who, const struct maker *maker, const struct panel *expected)
{
    put(who, maker, MAKER_TILES_SIGNED);
    outsiders_expect(who, maker->leaves, maker->count, expected);
}

/* Everybody has seen this log. */
static void begin(struct outsiders *who, const struct maker *maker)
{
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(2048);
    CHECK_OK(sj_buf_put_str(&lines, "log "));
    CHECK_OK(sj_note_key_format(&maker->key, &lines));
    CHECK_OK(sj_buf_put_byte(&lines, '\n'));
    outsiders_open(who, sj_buf_text(&lines), &maker->key, 1);
    put(who, maker, MAKER_TILES_SIGNED);
    outsiders_remember(who, maker->leaves, maker->count);
}

/* ---- attack 7 ---- */

static void other_status(struct sj_entry *entry)
{
    entry->draft.http_status = 403;
}

/* One key, two histories from entry 301 on. Each is whole by itself: only who holds something of the other one can tell. */
TEST(attack_07_two_trees_for_two_readers)
{
    static const struct panel held_against_the_other = {
        .since =
            "tampered at 300: entries 300 to 332 do not give the root of the checkpoint given by "
            "--since: rewritten or forked (" MAKER_ORIGIN " 333)",
        .state = "tampered at 301: the entry is not the one that the run before has checked "
                 "(" MAKER_ORIGIN " 350)",
        .seen =
            "tampered at 300: entries 300 to 332 do not give the root that witness north has seen: "
            "forked (" MAKER_ORIGIN " 333)",
        .witness = "422"};
    static const struct panel shorter_than_the_other = {
        .since =
            "incomplete at 333: stale: the checkpoint is older than the one given by --since (",
        .state =
            "incomplete at 333: stale: the checkpoint is older than the one that the run before "
            "has seen (",
        .seen =
            "incomplete at 333: stale: the log ends before the tree of size 400 that witness north "
            "has seen (",
        .witness = "409"};
    struct maker one;
    struct maker other;
    struct outsiders first;
    struct outsiders second;
    CHECK_OK(sj_crypto_init());
    maker_init(&one, 333, BATCH, 1);
    maker_init_edited(&other, COUNT, BATCH, 301, other_status);
    begin(&first, &one);
    begin(&second, &other);
    ask(&first, &other, &held_against_the_other);
    ask(&second, &one, &shorter_than_the_other);
    /* the two compare what they have, by hand: sizes may be the same */
    maker_clear(&one);
    maker_init(&one, COUNT, BATCH, 1);
    ask(&second, &one,
        &(struct panel){.since = "tampered at 350: entries 350 to 399 do not give the root of the "
                                 "checkpoint given by "
                                 "--since: rewritten or forked (" MAKER_ORIGIN " 400)",
            .state =
                "tampered: the tree of size 400 has not the root of the checkpoint (" MAKER_ORIGIN
                " 400)",
            .seen =
                "tampered at 350: entries 350 to 399 do not give the root that witness north has "
                "seen: forked (" MAKER_ORIGIN " 400)",
            .witness = "422"});
    maker_clear(&one);
    maker_clear(&other);
    outsiders_close(&first);
    outsiders_close(&second);
}

/* ---- attack 16 ---- */

enum trick {
    STRANGER,     /* a key of nobody under the log's name */
    OTHERS_KEY,   /* the other log's key, under its own name, over this log's trees */
    OTHERS_NAME,  /* this log's key under the other log's name */
    OTHERS_TREES, /* the other log's name in the trees, its key under them */
    TRICKS
};

struct imposter {
    enum trick trick;
    struct sj_signing_key *own;
    struct sj_signing_key *secret;
    struct sj_note_key key;
};

static void sign_falsely(void *ctx, uint64_t size, struct sj_text text, struct sj_buf *out)
{
    const struct imposter *imposter = ctx;
    CLEANUP(sj_buf_clear) struct sj_buf others = SJ_BUF(1024);
    (void)size;
    CHECK_OK(sj_buf_put_str(&others, OTHERS));
    CHECK_OK(sj_buf_put(&others, text.ptr + strlen(MAKER_ORIGIN), text.len - strlen(MAKER_ORIGIN)));
    CHECK_OK(sj_note_sign(imposter->trick == OTHERS_TREES ? sj_buf_text(&others) : text,
        &imposter->key, imposter->trick == OTHERS_NAME ? imposter->own : imposter->secret, out));
}

static struct sj_signing_key *key_of(
    uint8_t first, uint8_t second, const char *name, struct sj_note_key *key)
{
    const struct sj_key seed = {{first, second}};
    struct sj_signing_key *secret = NULL;
    uint8_t public_key[SJ_ED25519_PUBLIC];
    CHECK_OK(sj_signing_key_new(&seed, &secret));
    sj_signing_key_public(secret, public_key);
    CHECK_OK(sj_note_key_make(sj_text_of(name), 1, public_key, key));
    return secret;
}

static void make_imposter(enum trick trick, const struct maker *honest, struct imposter *imposter)
{
    struct sj_note_key unused;
    uint8_t public_key[SJ_ED25519_PUBLIC];
    *imposter = (struct imposter){.trick = trick};
    imposter->own = key_of(1, 42, MAKER_ORIGIN, &unused);
    imposter->secret = trick == STRANGER ? key_of(9, 9, MAKER_ORIGIN, &imposter->key)
                                         : key_of(2, 2, OTHERS, &imposter->key);
    if (trick == OTHERS_NAME) {
        sj_signing_key_public(imposter->own, public_key);
        CHECK_OK(sj_note_key_make(SJ_TEXT(OTHERS), 1, public_key, &imposter->key));
    }
    CHECK(memcmp(unused.public_key, honest->key.public_key, SJ_ED25519_PUBLIC) == 0);
}

/* Both logs are in everybody's policy. */
static void begin_with_other(struct outsiders *who, const struct maker *maker)
{
    struct sj_note_key keys[2] = {maker->key};
    struct sj_signing_key *secret = key_of(2, 2, OTHERS, &keys[1]);
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(2048);
    for (size_t i = 0; i < 2; i++) {
        CHECK_OK(sj_buf_put_str(&lines, "log "));
        CHECK_OK(sj_note_key_format(&keys[i], &lines));
        CHECK_OK(sj_buf_put_byte(&lines, '\n'));
    }
    sj_signing_key_free(&secret);
    outsiders_open(who, sj_buf_text(&lines), keys, 2);
    put(who, maker, MAKER_TILES_SIGNED);
    outsiders_remember(who, maker->leaves, maker->count);
}

#define NOT_ITS_KEY                                                                                \
    "tampered: the checkpoint's signature by a key of the policy does not hold (" MAKER_ORIGIN     \
    " 400)"
#define UNSIGNED "incomplete: the checkpoint has no signature by a log of the policy"

static void ask_imposter(struct outsiders *who, const struct maker *honest, enum trick trick,
    const struct panel *expected)
{
    struct imposter imposter;
    struct maker maker;
    make_imposter(trick, honest, &imposter);
    struct maker_plan plan = {.ctx = &imposter, .sign = sign_falsely};
    maker_init_planned(&maker, COUNT, BATCH, &plan);
    ask(who, &maker, expected);
    maker_clear(&maker);
    sj_signing_key_free(&imposter.own);
    sj_signing_key_free(&imposter.secret);
}

/* The witness's line of an older checkpoint, put under this one. */
static void move_cosignature(struct outsiders *who, struct maker *maker)
{
    struct sj_hash hash;
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(128);
    CLEANUP(sj_buf_clear) struct sj_buf seen = SJ_BUF(SJ_NOTE_MAX + 1);
    CHECK_OK(sj_sha256_one(sj_text_bytes(SJ_TEXT(MAKER_ORIGIN)), &hash));
    CHECK_OK(sj_buf_put_hex(&hex, sj_view_of(hash.bytes, SJ_HASH_SIZE)));
    CHECK_OK(sj_witness_latest(who->witness, sj_buf_text(&hex), &seen));
    const uint8_t *line = memmem(seen.ptr, seen.len, "\xe2\x80\x94 witness.example/north", 25);
    CHECK(line != NULL);
    CHECK_OK(sj_buf_put(&maker->checkpoint, line, seen.len - (size_t)(line - seen.ptr)));
}

TEST(attack_16_anothers_key_name_tree_or_cosignature)
{
    struct maker honest;
    struct maker longer;
    struct outsiders who;
    CHECK_OK(sj_crypto_init());
    maker_init(&honest, 150, BATCH, 1);
    begin_with_other(&who, &honest);
    /* a witness says no more than that no key of the log has signed */
    ask_imposter(&who, &honest, STRANGER,
        &(struct panel){.verifier = UNSIGNED,
            .since = UNSIGNED,
            .state = UNSIGNED,
            .seen = UNSIGNED,
            .witness = "403"});
    ask_imposter(&who, &honest, OTHERS_KEY,
        &(struct panel){.verifier = NOT_ITS_KEY,
            .since = NOT_ITS_KEY,
            .state = NOT_ITS_KEY,
            .seen = NOT_ITS_KEY,
            .witness = "403"});
    ask_imposter(&who, &honest, OTHERS_NAME,
        &(struct panel){.verifier = UNSIGNED,
            .since = UNSIGNED,
            .state = UNSIGNED,
            .seen = UNSIGNED,
            .witness = "403"});
    /* a whole log of somebody whom the policy trusts: that it is not the one is seen by what was held of that one */
    ask_imposter(&who, &honest, OTHERS_TREES,
        &(struct panel){.since = "incomplete: the log does not say that it goes on from the one of "
                                 "the checkpoint given "
                                 "by --since (" OTHERS " 400)",
            .state = "refused: the state is that of another log",
            .seen = "incomplete: witness north: it has never seen this log (" OTHERS " 400)"});
    maker_init(&longer, COUNT, BATCH, 1);
    move_cosignature(&who, &longer);
    /* the witness does not read others' lines, its own neither: the log's key has signed what continues */
    ask(&who, &longer,
        &(struct panel){.verifier = NOT_ITS_KEY,
            .since = NOT_ITS_KEY,
            .state = NOT_ITS_KEY,
            .seen = NOT_ITS_KEY});
    maker_clear(&longer);
    maker_clear(&honest);
    outsiders_close(&who);
}

/* ---- attack 17 ---- */

/* The witness has nothing to say: the tree is the one that it knows. */
TEST(attack_17_trees_and_proofs_hold_over_other_entries)
{
    static const struct panel leaves_differ = {
        .verifier = LEAF_60, .since = LEAF_60, .state = LEAF_60, .seen = LEAF_60};
#define CHAIN_61                                                                                   \
    "tampered at 63: the entry does not continue its tenant's chain (" MAKER_ORIGIN " 100)"
    static const struct panel chain_differs = {
        .verifier = CHAIN_61, .since = CHAIN_61, .state = CHAIN_61, .seen = CHAIN_61};
    struct maker honest;
    struct maker maker;
    struct outsiders who;
    CHECK_OK(sj_crypto_init());
    maker_init(&honest, BATCH, BATCH, 1);
    begin(&who, &honest);
    maker_init(&maker, COUNT, BATCH, 1);
    for (size_t i = 60; i < 70; i++) {
        struct sj_buf *entry = &maker.entries[i];
        entry->ptr[entry->len - 1] ^= 1;
    }
    ask(&who, &maker, &leaves_differ);
    /* and the other way round: the tiles follow the entries */
    put(&who, &maker, MAKER_TILES_ENTRIES);
    outsiders_expect(&who, maker.leaves, maker.count, &chain_differs);
    maker_clear(&maker);
    maker_clear(&honest);
    outsiders_close(&who);
}
