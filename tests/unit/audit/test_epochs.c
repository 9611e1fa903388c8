/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the verifier ask for exactly the key of a size? Thieves of each key, epochs left out, repeated, appointed by nobody,
 * signatures taken off (AUDIT 4.1: attacks 14, 15).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "logmaker.h"
#include "sanjeh/audit/verify.h"
#include "sanjeh/crypto/rotation.h"
#include "test.h"

#define COUNT 400
#define BATCH 50
#define KEYS  4

/* Keys change at the ends of the batches 150 and 300. */
struct world {
    struct sj_signing_key *secrets[KEYS];
    struct sj_note_key keys[KEYS];
    uint64_t changes[2];        /* indices of the appointing entries */
    unsigned claimed_epochs[2]; /* what the entries say */
    bool without_change[2];     /* an appointing entry is an ordinary one */
    bool bad_proof;             /* of the second change */
    unsigned appointed[2];      /* which keys */
    unsigned appointed_from[2];
    uint64_t first_shift;
    /* who signs a tree of this size; -1: nobody the policy could know */
    int (*signer)(const struct world *world, uint64_t size);
    struct maker maker;
    struct maker_plan plan;
    struct maker_output output;
    struct sj_verify_options options;
    struct sj_verify_report report;
};

static int exact_key(const struct world *world, uint64_t size)
{
    return (size >= world->changes[0] + 2) + (size >= world->changes[1] + 2);
}

static void edit(void *ctx, struct sj_entry *entry)
{
    const struct world *world = ctx;
    for (unsigned i = 0; i < 2; i++) {
        if (entry->index != world->changes[i] || world->without_change[i]) {
            continue;
        }
        struct sj_rotation rotation = {
            .epoch = world->claimed_epochs[i], .first = entry->index + 2 + world->first_shift};
        CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(SJ_ENTRY_DETAIL_MAX);
        const struct sj_note_key *from = &world->keys[world->appointed_from[i]];
        memcpy(rotation.old_key, from->public_key, SJ_ED25519_PUBLIC);
        memcpy(rotation.new_key, world->keys[world->appointed[i]].public_key, SJ_ED25519_PUBLIC);
        CHECK_OK(sj_rotation_prove(
            SJ_TEXT(MAKER_ORIGIN), world->secrets[world->appointed[i]], &rotation));
        rotation.pop[7] ^= world->bad_proof && i == 1 ? 1 : 0;
        CHECK_OK(sj_rotation_format(&rotation, &detail));
        entry->draft.kind = SJ_ENTRY_KEY_ROTATE;
        CHECK_OK(sj_copy(entry->draft.action, SJ_ENTRY_ACTION_MAX, "key:rotate", 11));
        CHECK_OK(sj_copy(entry->draft.detail, SJ_ENTRY_DETAIL_MAX, detail.ptr, detail.len));
        entry->draft.detail[detail.len] = '\0';
    }
}

static void sign(void *ctx, uint64_t size, struct sj_text text, struct sj_buf *out)
{
    const struct world *world = ctx;
    const int who = world->signer(world, size);
    const size_t key = who < 0 ? KEYS - 1 : (size_t)who;
    CHECK_OK(sj_note_sign(text, &world->keys[key], world->secrets[key], out));
}

static void open_world(struct world *world)
{
    CHECK_OK(sj_crypto_init());
    *world = (struct world){.changes = {149, 299},
        .claimed_epochs = {1, 2},
        .appointed = {1, 2},
        .appointed_from = {0, 1},
        .signer = exact_key};
    for (size_t i = 0; i < KEYS; i++) {
        const struct sj_key seed = {{(uint8_t)(i + 1), 77}};
        uint8_t public_key[SJ_ED25519_PUBLIC];
        CHECK_OK(sj_signing_key_new(&seed, &world->secrets[i]));
        sj_signing_key_public(world->secrets[i], public_key);
        CHECK_OK(sj_note_key_make(SJ_TEXT(MAKER_ORIGIN), 1, public_key, &world->keys[i]));
    }
    world->plan = (struct maker_plan){.ctx = world, .edit = edit, .sign = sign};
}

static const char *path_of(const char *name)
{
    static char paths[4][96];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "/tmp/sanjeh-epochs-%d-%s", (int)getpid(), name);
    return path;
}

static void write_policy(const struct world *world, size_t key)
{
    CLEANUP(sj_buf_clear) struct sj_buf policy = SJ_BUF(4096);
    CHECK_OK(sj_buf_put_str(&policy, "log "));
    CHECK_OK(sj_note_key_format(&world->keys[key], &policy));
    CHECK_OK(sj_buf_put_str(&policy, "\nquorum none\n"));
    maker_write(path_of("policy"), sj_buf_view(&policy));
}

/* Makes the log as the world says and verifies it by the genesis key. */
static void make(struct world *world)
{
    maker_init_planned(&world->maker, COUNT, BATCH, &world->plan);
}

static void verify_by(struct world *world, size_t key)
{
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 24);
    char policy[96];
    char bundle[96];
    snprintf(policy, sizeof(policy), "%s", path_of("policy"));
    snprintf(bundle, sizeof(bundle), "%s", path_of("tar"));
    maker_tar(&world->maker, &world->output, &tar);
    maker_write(bundle, sj_buf_view(&tar));
    write_policy(world, key);
    world->options.policy_path = policy;
    CHECK_OK(sj_bundle_verify(bundle, &world->options, &world->report));
    unlink(policy);
    unlink(bundle);
}

static void expect(
    const struct world *world, enum sj_verdict verdict, int64_t index, const char *cause)
{
    const struct sj_verify_report *r = &world->report;
    const int64_t got = r->has_bad_index ? (int64_t)r->bad_index : -1;
    if (r->verdict != verdict || got != index || !sj_text_starts(sj_text_of(r->cause), cause)) {
        printf("    got %d at %lld: %s\n", (int)r->verdict, (long long)got, r->cause);
        CHECK(false);
    }
}

static void close_world(struct world *world)
{
    maker_clear(&world->maker);
    for (size_t i = 0; i < KEYS; i++) {
        sj_signing_key_free(&world->secrets[i]);
    }
}

TEST(epochs_of_an_honest_log_verify_from_the_genesis_key)
{
    struct world world;
    open_world(&world);
    make(&world);
    verify_by(&world, 0);
    expect(&world, SJ_VERIFIED, -1, "");
    CHECK(world.report.entries_checked == COUNT);
    /* whoever pins a later key instead cannot say who signed the trees before it */
    verify_by(&world, 1);
    CHECK(world.report.verdict == SJ_INCOMPLETE);
    close_world(&world);
}

/* The thief of the newest key signs trees of sizes that belong to the key before. */
static int newest_for_older(const struct world *world, uint64_t size)
{
    return size == 200 || size == 250 ? 2 : exact_key(world, size);
}

static int newest_for_genesis(const struct world *world, uint64_t size)
{
    (void)world;
    return size >= 100 ? 2 : 0;
}

/* A destroyed key that was not: its thief signs what comes after it. */
static int older_for_newest(const struct world *world, uint64_t size)
{
    return size == 350 ? 1 : exact_key(world, size);
}

static int older_for_head(const struct world *world, uint64_t size)
{
    return size == 400 ? 1 : exact_key(world, size);
}

TEST(epochs_attack_14_a_stolen_key_counts_for_its_own_sizes_only)
{
    static const struct {
        int (*signer)(const struct world *world, uint64_t size);
        const char *cause;
    } cases[] = {
        /* at that size nobody knows the later key yet */
        {newest_for_older, "a note among `notes` is not signed by the log"},
        {newest_for_genesis, "a note among `notes` is not signed by the log"},
        {older_for_newest, "a note among `notes` is signed with the log's key of another epoch"},
        {older_for_head, "a note among `notes` is signed with the log's key of another epoch"},
    };
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        struct world world;
        open_world(&world);
        world.signer = cases[i].signer;
        make(&world);
        verify_by(&world, 0);
        expect(&world, SJ_TAMPERED, -1, cases[i].cause);
        close_world(&world);
    }
}

TEST(epochs_attack_14_the_checkpoint_alone_by_another_epoch)
{
    struct world world;
    open_world(&world);
    world.signer = older_for_head;
    make(&world);
    /* without notes the change of key has no checkpoint by the old key: not even that is believed */
    world.output.without_notes = true;
    verify_by(&world, 0);
    expect(&world, SJ_INCOMPLETE, 149, "no checkpoint of size 150 by the log's old key");
    close_world(&world);
}

/* The thief of the newest key forks the log before its own epoch: he cannot sign there, so he appoints his key himself. */
static int thief_after_genesis(const struct world *world, uint64_t size)
{
    (void)world;
    return size >= 150 ? 2 : 0;
}

TEST(epochs_attack_14_a_fork_that_appoints_the_stolen_key_itself)
{
    struct world world;
    open_world(&world);
    world.appointed[0] = 2; /* straight from the genesis key to the stolen one */
    world.without_change[1] = true;
    world.signer = thief_after_genesis; /* the covering tree of size 150 too: he has no other key */
    make(&world);
    verify_by(&world, 0);
    expect(&world, SJ_TAMPERED, -1,
        "a note among `notes` is signed with the log's key of another epoch");
    close_world(&world);
}

TEST(epochs_attack_15_a_skipped_epoch)
{
    struct world world;
    open_world(&world);
    world.without_change[0] =
        true; /* epoch 1 taken out: the second change starts from an unknown key */
    make(&world);
    verify_by(&world, 0);
    expect(&world, SJ_TAMPERED, -1, "a note among `notes` is not signed by the log");
    maker_clear(&world.maker);
    /* the same with the gap closed by the thief's hand: epoch 2 straight after epoch 0 */
    world.appointed_from[1] = 0;
    world.signer = exact_key;
    world.changes[0] = COUNT + 1;
    make(&world);
    verify_by(&world, 0);
    expect(&world, SJ_TAMPERED, 299, "an epoch of the log's keys is skipped or repeated");
    close_world(&world);
}

TEST(epochs_attack_15_wrong_appointments)
{
    static const char *const causes[] = {"an epoch of the log's keys is skipped or repeated",
        "the change of the log's key starts from a key that was never one",
        "the change of the log's key names another size than its place",
        "the log's new key does not prove its possession",
        "the log's new key is one that it has already"};
    for (unsigned i = 0; i < SJ_COUNT(causes); i++) {
        struct world world;
        open_world(&world);
        world.claimed_epochs[1] = i == 0 ? 3 : 2;
        world.appointed_from[1] = i == 1 ? 3 : 1;
        world.first_shift = i == 2 ? 1 : 0;
        world.bad_proof = i == 3;
        world.appointed[1] = i == 4 ? 1 : 2;
        make(&world);
        verify_by(&world, 0);
        expect(&world, SJ_TAMPERED, i == 2 ? 149 : 299, causes[i]);
        close_world(&world);
    }
}

static int nobody(const struct world *world, uint64_t size)
{
    (void)world;
    (void)size;
    return -1;
}

static int nobody_at_the_end(const struct world *world, uint64_t size)
{
    return size == 400 ? -1 : exact_key(world, size);
}

TEST(epochs_attack_15_stripped_signatures_and_an_unsigned_export)
{
    struct world world;
    open_world(&world);
    world.signer = nobody;
    make(&world);
    verify_by(&world, 0);
    expect(&world, SJ_INCOMPLETE, -1, "the checkpoint has no signature by a log of the policy");
    /* damage under no signature contradicts nobody: still unsigned, never "tampered" */
    world.maker.entries[33].ptr[20] ^= 1;
    verify_by(&world, 0);
    expect(&world, SJ_INCOMPLETE, -1, "the checkpoint has no signature by a log of the policy");
    maker_clear(&world.maker);
    world.signer = nobody_at_the_end;
    make(&world);
    verify_by(&world, 0);
    expect(&world, SJ_TAMPERED, -1, "a note among `notes` is not signed by the log");
    close_world(&world);
}

static void since_of(struct world *world, uint64_t size, int signer, const char *path)
{
    struct sj_frontier frontier = {.size = 0};
    struct sj_hash root;
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(4096);
    for (uint64_t i = 0; i < size; i++) {
        CHECK_OK(sj_frontier_append(&frontier, &world->maker.leaves[i]));
    }
    CHECK_OK(sj_frontier_root(&frontier, &root));
    CHECK_OK(sj_checkpoint_format(SJ_TEXT(MAKER_ORIGIN), size, &root, &text));
    CHECK_OK(sj_note_sign(sj_buf_text(&text), &world->keys[signer], world->secrets[signer], &note));
    maker_write(path, sj_buf_view(&note));
}

TEST(epochs_hold_for_the_callers_own_older_checkpoint)
{
    struct world world;
    char since[96];
    open_world(&world);
    make(&world);
    snprintf(since, sizeof(since), "%s", path_of("since"));
    world.options.since_path = since;
    since_of(&world, 220, 1, since);
    verify_by(&world, 0);
    expect(&world, SJ_VERIFIED, -1, "");
    since_of(&world, 220, 0, since); /* the same tree by a key that was destroyed before */
    verify_by(&world, 0);
    expect(&world, SJ_TAMPERED, -1, "the checkpoint given by --since is signed with the log's key");
    unlink(since);
    close_world(&world);
}
