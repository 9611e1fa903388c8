/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the verifier ask for exactly the key of a size? Thieves of each key, epochs left out, repeated, appointed by nobody,
 * signatures taken off (AUDIT 4.1: attacks 14, 15).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "logmaker.h"
#include "panel.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/rotation.h"
#include "test.h"

#define COUNT 400
#define BATCH 50
#define KEYS  4

#define NO_LINE (-2)

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
    uint64_t fork_from;    /* whose entry, and all behind it, are others; UINT64_MAX: none */
    size_t damaged;        /* an entry that was changed afterwards; 0: none */
    uint64_t dropped_from; /* sizes whose notes are left out; 0: none */
    uint64_t dropped_to;
    /* who signs a tree of this size; -1: nobody the policy could know; NO_LINE: there is no line at all */
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
    if (entry->index == world->fork_from) {
        entry->draft.http_status = 403;
    }
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
    if (who == NO_LINE) {
        CHECK_OK(sj_buf_put_text(out, text));
        CHECK_OK(sj_buf_put_byte(out, '\n'));
        return;
    }
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
        .fork_from = UINT64_MAX,
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

/* The thief of the newest key forks the log before its own epoch: he cannot sign there, so he appoints his key himself. */
static int thief_after_genesis(const struct world *world, uint64_t size)
{
    (void)world;
    return size >= 150 ? 2 : 0;
}

/* He has the current key and everything that it ever signed. */
static int thief_from_200(const struct world *world, uint64_t size)
{
    return size > 200 ? 2 : exact_key(world, size);
}

/* ---- everybody is asked ---- */

static void drop_notes(struct world *world)
{
    struct sj_buf *notes = &world->maker.notes;
    CLEANUP(sj_buf_clear) struct sj_buf kept = SJ_BUF(1 << 20);
    for (size_t at = 0; at < notes->len;) {
        const size_t len = 2 + ((size_t)notes->ptr[at] << 8 | notes->ptr[at + 1]);
        uint64_t size = 0;
        struct sj_text rest = {(const char *)notes->ptr + at + 2, len - 2};
        struct sj_text line;
        CHECK(sj_text_split(&rest, '\n', &line) && sj_text_split(&rest, '\n', &line));
        CHECK_OK(sj_parse_u64(line, 0, UINT64_MAX, &size));
        if (size < world->dropped_from || size > world->dropped_to) {
            CHECK_OK(sj_buf_put(&kept, notes->ptr + at, len));
        }
        at += len;
    }
    sj_buf_reset(notes);
    CHECK_OK(sj_buf_put_view(notes, sj_buf_view(&kept)));
}

static void put(struct outsiders *who, const struct world *world)
{
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 24);
    maker_tar(&world->maker, &world->output, &tar);
    maker_write(who->bundle, sj_buf_view(&tar));
}

/* Everybody has seen the honest log at that size; the policy names the first key, the witness knows all that were ever in force. */
static void begin(struct outsiders *who, size_t seen)
{
    struct world honest;
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(1024);
    open_world(&honest);
    maker_init_planned(&honest.maker, seen, BATCH, &honest.plan);
    CHECK_OK(sj_buf_put_str(&lines, "log "));
    CHECK_OK(sj_note_key_format(&honest.keys[0], &lines));
    CHECK_OK(sj_buf_put_byte(&lines, '\n'));
    outsiders_open(who, sj_buf_text(&lines), honest.keys, KEYS - 1);
    put(who, &honest);
    outsiders_remember(who, honest.maker.leaves, seen);
    close_world(&honest);
}

static void tell(struct world *world, size_t seen, const struct panel *expected)
{
    struct outsiders who;
    begin(&who, seen);
    make(world);
    if (world->damaged != 0) {
        world->maker.entries[world->damaged].ptr[20] ^= 1;
    }
    if (world->dropped_to != 0) {
        drop_notes(world);
    }
    put(&who, world);
    outsiders_expect(&who, world->maker.leaves, COUNT, expected);
    outsiders_close(&who);
    close_world(world);
}

/* All who read the bundle say the same; the witness, who reads its checkpoint alone, says this or nothing. */
static void tell_same(struct world *world, size_t seen, const char *cause, const char *witness)
{
    tell(world, seen,
        &(struct panel){
            .verifier = cause, .since = cause, .state = cause, .seen = cause, .witness = witness});
}

#define NOT_SIGNED "tampered: a note among `notes` is not signed by the log (" MAKER_ORIGIN
#define OTHER_KEY                                                                                  \
    "tampered: a note among `notes` is signed with the log's key of another epoch (" MAKER_ORIGIN
#define UNSIGNED "incomplete: the checkpoint has no signature by a log of the policy"

/* Inside its own epoch a stolen key signs what it likes: only who has seen the true tree can tell. */
static const struct panel forked_inside = {.since =
                                               "tampered at 350: entries 350 to 399 do not give "
                                               "the root of the checkpoint given by --since: "
                                               "rewritten or forked (" MAKER_ORIGIN " 400)",
    .state =
        "tampered: the tree of size 400 has not the root of the checkpoint (" MAKER_ORIGIN " 400)",
    .seen = "tampered at 350: entries 350 to 399 do not give the root that witness north has seen: "
            "forked "
            "(" MAKER_ORIGIN " 400)",
    .witness = "422"};
/* For sizes before its epoch it counts for nobody. A run that goes on from the true tree meets the root first. */
static const struct panel forked_before = {.verifier = NOT_SIGNED " 250)",
    .since = NOT_SIGNED " 250)",
    .state =
        "tampered: the tree of size 400 has not the root of the checkpoint (" MAKER_ORIGIN " 400)",
    .seen = NOT_SIGNED " 250)",
    .witness = "422"};
static const struct panel appointed_himself = {.verifier = OTHER_KEY " 150)",
    .since = OTHER_KEY " 150)",
    .state =
        "tampered: the tree of size 400 has not the root of the checkpoint (" MAKER_ORIGIN " 400)",
    .seen = OTHER_KEY " 150)",
    .witness = "422"};

static void tell_fork(uint64_t from, int (*signer)(const struct world *world, uint64_t size),
    bool appoints, const struct panel *expected)
{
    struct world world;
    open_world(&world);
    world.fork_from = from;
    world.signer = signer;
    if (appoints) {
        world.appointed[0] = 2; /* straight from the genesis key to the stolen one */
        world.without_change[1] = true;
    }
    tell(&world, COUNT, expected);
}

static void tell_keys(
    int (*signer)(const struct world *world, uint64_t size), bool without_notes, const char *cause)
{
    struct world world;
    open_world(&world);
    world.signer = signer;
    world.output.without_notes = without_notes;
    tell_same(&world, BATCH, cause, NULL); /* a witness knows no epochs, and the tree continues */
}

TEST(attack_14_stolen_key_forks_from_an_old_size_or_signs_for_another_epoch)
{
    tell_fork(350, exact_key, false, &forked_inside);
    tell_fork(200, thief_from_200, false, &forked_before);
    /* he has no other key for the tree that covers the change either */
    tell_fork(149, thief_after_genesis, true, &appointed_himself);
    /* a later key for an older range: at that size nobody knows it yet */
    tell_keys(newest_for_older, false, NOT_SIGNED " 200)");
    tell_keys(newest_for_genesis, false, NOT_SIGNED " 100)");
    /* a destroyed key that was not */
    tell_keys(older_for_newest, false, OTHER_KEY " 350)");
    tell_keys(older_for_head, false, OTHER_KEY " 400)");
    /* without notes the change of key has no checkpoint by the old key: not even that is believed */
    tell_keys(
        older_for_head, true, "incomplete at 149: no checkpoint of size 150 by the log's old key");
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

static int stripped(const struct world *world, uint64_t size)
{
    (void)world;
    (void)size;
    return NO_LINE;
}

/* Taken off the newest tree only. */
static int stripped_at_the_end(const struct world *world, uint64_t size)
{
    return size == COUNT ? NO_LINE : exact_key(world, size);
}

static void tell_unsigned(
    int (*signer)(const struct world *world, uint64_t size), size_t damaged, const char *cause)
{
    struct world world;
    open_world(&world);
    world.signer = signer;
    world.damaged = damaged;
    tell_same(
        &world, BATCH, cause, "403"); /* the witness, too, takes what a key of the log has signed */
}

static void tell_epochs(unsigned way, const char *cause)
{
    struct world world;
    open_world(&world);
    switch (way) {
    case 0: /* epoch 1 taken out: the second change starts from an unknown key */
        world.without_change[0] = true;
        break;
    case 1: /* the gap closed by the thief's hand: epoch 2 straight after epoch 0 */
        world.appointed_from[1] = 0;
        world.changes[0] = COUNT + 1;
        break;
    case 2: /* nothing is told of epoch 1: as if it had been empty */
        world.dropped_from = 151;
        world.dropped_to = 300;
        break;
    default:
        world.claimed_epochs[1] = way == 3 ? 3 : 2;
        world.appointed_from[1] = way == 4 ? 3 : 1;
        world.first_shift = way == 5 ? 1 : 0;
        world.bad_proof = way == 6;
        world.appointed[1] = way == 7 ? 1 : 2;
        break;
    }
    tell_same(&world, BATCH, cause, NULL); /* the witness reads no entries */
}

TEST(attack_15_epochs_skipped_or_left_out_signatures_stripped_or_none)
{
    static const char *const causes[] = {NOT_SIGNED " 200)",
        "tampered at 299: an epoch of the log's keys is skipped or repeated (",
        "incomplete at 299: no checkpoint of size 300 by the log's old key",
        "tampered at 299: an epoch of the log's keys is skipped or repeated (",
        "tampered at 299: the change of the log's key starts from a key that was never one (",
        "tampered at 149: the change of the log's key names another size than its place (",
        "tampered at 299: the log's new key does not prove its possession (",
        "tampered at 299: the log's new key is one that it has already ("};
    for (unsigned way = 0; way < SJ_COUNT(causes); way++) {
        tell_epochs(way, causes[way]);
    }
    tell_unsigned(nobody, 0, UNSIGNED);
    /* damage under no signature contradicts nobody: still unsigned, never "tampered" */
    tell_unsigned(nobody, 33, UNSIGNED);
    tell_unsigned(stripped, 0, UNSIGNED);
    tell_unsigned(nobody_at_the_end, 0, NOT_SIGNED " 400)");
    tell_unsigned(stripped_at_the_end, 0, NOT_SIGNED " 400)");
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
