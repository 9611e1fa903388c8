/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the verifier read what the record says about itself? Heads of the tenants' chains, numbers without deeds, payloads
 * moved, swapped and destroyed, entries pruned (AUDIT 4.1: attacks 8, 10, 24). Everything here is under a valid signature
 * where the attacker could have had one, and under the old one where he could not.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "heads.h"
#include "logmaker.h"
#include "ranges.h"
#include "sanjeh/audit/verify.h"
#include "sanjeh/crypto/random.h"
#include "test.h"

#define COUNT  600
#define BATCH  50
#define DAY_US INT64_C(86400000000)

enum what { PLAIN, HEADS, SAY };

/* What is special at an index. */
struct turn {
    uint64_t index;
    enum what what;
    enum sj_entry_kind kind;
    const char *detail;
    const char *payload;
    uint64_t emitter_seq; /* 0: as it is */
    uint8_t emitter;      /* 0: as it is */
};

struct world {
    const struct turn *turns;
    size_t turn_count;
    sj_time_us step; /* between two entries */
    struct sj_tenants tenants;
    struct sj_heads heads;
    size_t tampered_heads; /* index of the tenant whose head the entry gets wrong, + 1 */
    struct sj_buf payloads;
    struct sj_buf salted[8]; /* of the payloads, in order */
    size_t payload_count;
    struct maker maker;
    struct maker_plan plan;
    struct maker_output output;
    struct sj_verify_report report;
};

static void set_text(char *dst, size_t max, const char *text)
{
    CHECK_OK(sj_copy(dst, max, text, strlen(text)));
    dst[strlen(text)] = '\0';
}

static void put_payload(struct world *world, uint64_t index, struct sj_view content)
{
    const struct sj_payload payload = {.content = content};
    CLEANUP(sj_buf_clear) struct sj_buf stored = SJ_BUF(SJ_PAYLOAD_STORED);
    CHECK_OK(sj_payload_encode(&payload, &stored));
    CHECK_OK(sj_buf_put_u64(&world->payloads, index));
    CHECK_OK(sj_buf_put_u32(&world->payloads, (uint32_t)stored.len));
    CHECK_OK(sj_buf_put_view(&world->payloads, sj_buf_view(&stored)));
}

static void say_heads(struct world *world, struct sj_entry *entry)
{
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(SJ_ENTRY_DETAIL_MAX);
    if (world->tampered_heads != 0) {
        world->tenants.list[world->tampered_heads - 1].seq--;
    }
    CHECK_OK(sj_heads_detail(&world->heads, &world->tenants, entry->time, &detail));
    if (world->tampered_heads != 0) {
        world->tenants.list[world->tampered_heads - 1].seq++;
    }
    const char *said = NULL;
    CHECK_OK(sj_buf_cstr(&detail, &said));
    set_text(entry->draft.detail, SJ_ENTRY_DETAIL_MAX, said);
    entry->draft.kind = SJ_ENTRY_TENANT_HEADS;
}

static void edit(void *ctx, struct sj_entry *entry)
{
    struct world *world = ctx;
    if (world->step != 0) {
        entry->time = INT64_C(20000) * DAY_US + (sj_time_us)entry->index * world->step;
    }
    for (size_t i = 0; i < world->turn_count; i++) {
        const struct turn *turn = &world->turns[i];
        if (turn->index != entry->index) {
            continue;
        }
        if (turn->what == HEADS) {
            say_heads(world, entry);
        }
        if (turn->what == SAY) {
            entry->draft.kind = turn->kind;
            set_text(entry->draft.detail, SJ_ENTRY_DETAIL_MAX, turn->detail);
        }
        if (turn->payload != NULL) {
            struct sj_buf *salted = &world->salted[world->payload_count++];
            *salted = SJ_BUF(1024);
            CHECK_OK(sj_payload_commit(
                &entry->draft, sj_view_of(turn->payload, strlen(turn->payload)), salted));
        }
        if (turn->emitter != 0) {
            entry->draft.emitter = (struct sj_uuid){{turn->emitter}};
            entry->draft.emitter_seq = turn->emitter_seq;
        }
    }
}

static void placed(void *ctx, const struct sj_entry *entry, const struct sj_hash *leaf)
{
    struct world *world = ctx;
    struct sj_tenant *tenant = NULL;
    CHECK_OK(sj_tenants_get(&world->tenants, entry->draft.tenant_tag, &tenant));
    CHECK_OK(sj_heads_see(
        &world->heads, entry->draft.tenant_tag, sj_text_of(entry->draft.action), entry->time));
    tenant->seq = entry->tenant_seq;
    tenant->leaf = *leaf;
}

static void open_world(struct world *world, const struct turn *turns, size_t count)
{
    CHECK_OK(sj_crypto_init());
    *world = (struct world){.turns = turns, .turn_count = count};
    world->payloads = SJ_BUF(1 << 20);
    CHECK_OK(sj_tenants_init(&world->tenants, 100));
    CHECK_OK(sj_heads_init(&world->heads));
    world->plan = (struct maker_plan){.ctx = world, .edit = edit, .placed = placed};
}

static void make(struct world *world)
{
    maker_init_planned(&world->maker, COUNT, BATCH, &world->plan);
}

static void verify(struct world *world)
{
    CLEANUP(sj_buf_clear) struct sj_buf tar = SJ_BUF(1 << 24);
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(4096);
    char policy[96];
    char bundle[96];
    snprintf(policy, sizeof(policy), "/tmp/sanjeh-meaning-%d-policy", (int)getpid());
    snprintf(bundle, sizeof(bundle), "/tmp/sanjeh-meaning-%d-tar", (int)getpid());
    maker_tar(&world->maker, &world->output, &tar);
    maker_policy(&world->maker, &text);
    maker_write(bundle, sj_buf_view(&tar));
    maker_write(policy, sj_buf_view(&text));
    const struct sj_verify_options options = {.policy_path = policy};
    CHECK_OK(sj_bundle_verify(bundle, &options, &world->report));
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
    sj_tenants_clear(&world->tenants);
    sj_heads_clear(&world->heads);
    sj_buf_clear(&world->payloads);
    for (size_t i = 0; i < SJ_COUNT(world->salted); i++) {
        sj_buf_clear(&world->salted[i]);
    }
}

/* ---- heads ---- */

TEST(meaning_heads_agree_with_the_chains_over_midnight)
{
    static const struct turn turns[] = {
        {.index = 0, .what = HEADS}, {.index = 100, .what = HEADS}, {.index = 599, .what = HEADS}};
    struct world world;
    open_world(&world, turns, SJ_COUNT(turns));
    world.step = DAY_US / 100; /* six days, one begins at the second heads */
    make(&world);
    verify(&world);
    expect(&world, SJ_VERIFIED, -1, "");
    /* the first entry of a day tells the counts of the whole day before */
    struct sj_entry entry;
    REQUIRE_OK(sj_entry_decode(sj_buf_view(&world.maker.entries[100]), &entry));
    CHECK(strstr(entry.draft.detail, ";day=2024-10-04;counts=3;") != NULL);
    close_world(&world);
}

TEST(meaning_heads_that_hide_a_tenants_last_entry)
{
    static const struct turn turns[] = {{.index = 100, .what = HEADS}};
    struct world world;
    open_world(&world, turns, SJ_COUNT(turns));
    world.tampered_heads = 2;
    make(&world);
    verify(&world);
    expect(&world, SJ_TAMPERED, 100, "the heads of the tenants' chains are not what");
    close_world(&world);
}

TEST(meaning_heads_that_say_something_else)
{
    static const struct turn turns[] = {
        {.index = 100, .what = SAY, .kind = SJ_ENTRY_TENANT_HEADS, .detail = "tenants=3"}};
    struct world world;
    open_world(&world, turns, SJ_COUNT(turns));
    make(&world);
    verify(&world);
    expect(&world, SJ_TAMPERED, 100, "the heads of the tenants' chains are not what");
    close_world(&world);
}

TEST(meaning_heads_prove_each_tenant)
{
    static const struct turn turns[] = {{.index = 100, .what = HEADS}};
    struct world world;
    open_world(&world, turns, SJ_COUNT(turns));
    make(&world);
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(SJ_ENTRY_DETAIL_MAX);
    struct sj_heads_claim claim;
    struct sj_heads_proof proof;
    CHECK_OK(sj_heads_detail(&world.heads, &world.tenants, 0, &detail));
    REQUIRE_OK(sj_heads_parse(sj_buf_text(&detail), &claim));
    CHECK(claim.tenants == world.tenants.map.count);
    for (size_t i = 0; i < world.tenants.map.count; i++) {
        const struct sj_tenant *tenant = &world.tenants.list[i];
        struct sj_tenant older = *tenant;
        struct sj_hash leaf;
        bool valid = false;
        REQUIRE_OK(sj_heads_prove(&world.tenants, tenant->tag, &proof));
        CHECK_OK(sj_heads_leaf(tenant, &leaf));
        CHECK_OK(sj_inclusion_verify(proof.place, claim.tenants, &leaf, proof.proof.hashes,
            proof.proof.count, &claim.root, &valid));
        CHECK(valid);
        older.seq--; /* an older end of the chain has no proof in these heads */
        CHECK_OK(sj_heads_leaf(&older, &leaf));
        CHECK_OK(sj_inclusion_verify(proof.place, claim.tenants, &leaf, proof.proof.hashes,
            proof.proof.count, &claim.root, &valid));
        CHECK(!valid);
    }
    CHECK_CODE(sj_heads_prove(&world.tenants, (struct sj_uuid){{99}}, &proof), NOT_FOUND);
    close_world(&world);
}

/* ---- numbers ---- */

TEST(meaning_numbers_left_out_by_an_emitter_that_promised)
{
    static const struct turn turns[] = {{.index = 10,
                                            .what = SAY,
                                            .kind = SJ_ENTRY_EMITTER_OPEN,
                                            .detail = "voids=1",
                                            .emitter = 9,
                                            .emitter_seq = 1},
        {.index = 11, .emitter = 9, .emitter_seq = 2},
        {.index = 12,
            .what = SAY,
            .kind = SJ_ENTRY_VOID,
            .detail = "cause=lost;to=5",
            .emitter = 9,
            .emitter_seq = 4},
        {.index = 13,
            .what = SAY,
            .kind = SJ_ENTRY_EMITTER_CLOSE,
            .detail = "",
            .emitter = 9,
            .emitter_seq = 6},
        {.index = 14, .emitter = 9, .emitter_seq = 3}};
    struct world world;
    open_world(&world, turns, SJ_COUNT(turns));
    make(&world);
    verify(&world);
    expect(&world, SJ_VERIFIED, -1, "");
    close_world(&world);
    /* attack 10: the draft with number 3 was taken out of the outbox before it had its place */
    open_world(&world, turns, SJ_COUNT(turns) - 1);
    make(&world);
    verify(&world);
    expect(&world, SJ_INCOMPLETE, -1, "number 3 of emitter 09000000-");
    close_world(&world);
    /* who did not promise, or has not ended, is not asked */
    open_world(&world, turns, SJ_COUNT(turns) - 2);
    make(&world);
    verify(&world);
    expect(&world, SJ_VERIFIED, -1, "");
    close_world(&world);
}

/* ---- payloads ---- */

static const struct turn two_payloads[] = {{.index = 30, .payload = "first"},
    {.index = 40, .payload = "second"},
    {.index = 500,
        .what = SAY,
        .kind = SJ_ENTRY_ERASE,
        .detail = "what=payload;count=1;indices=30"}};

TEST(meaning_payloads_that_fit)
{
    struct world world;
    open_world(&world, two_payloads, SJ_COUNT(two_payloads));
    make(&world);
    verify(&world); /* an export without payloads says nothing about them */
    expect(&world, SJ_VERIFIED, -1, "");
    world.output.payloads = &world.payloads;
    put_payload(&world, 30, sj_buf_view(&world.salted[0]));
    put_payload(&world, 40, sj_buf_view(&world.salted[1]));
    verify(&world);
    expect(&world, SJ_VERIFIED, -1, "");
    close_world(&world);
}

TEST(meaning_attack_8_payloads_swapped_moved_or_changed)
{
    struct world world;
    open_world(&world, two_payloads, SJ_COUNT(two_payloads));
    make(&world);
    world.output.payloads = &world.payloads;
    put_payload(&world, 30, sj_buf_view(&world.salted[1]));
    put_payload(&world, 40, sj_buf_view(&world.salted[0]));
    verify(&world);
    expect(&world, SJ_TAMPERED, 30, "the payload is not the one that the entry commits to");
    sj_buf_reset(&world.payloads);
    put_payload(&world, 31, sj_buf_view(&world.salted[0]));
    verify(&world);
    expect(&world, SJ_TAMPERED, 31, "a payload stands at an entry that has none");
    sj_buf_reset(&world.payloads);
    world.salted[1].ptr[world.salted[1].len - 1] ^= 1;
    put_payload(&world, 40, sj_buf_view(&world.salted[1]));
    verify(&world);
    expect(&world, SJ_TAMPERED, 40, "the payload is not the one that the entry commits to");
    close_world(&world);
}

TEST(meaning_attack_8_an_entry_moved_to_another_tenant)
{
    struct world world;
    open_world(&world, NULL, 0);
    make(&world);
    world.output.tiles = MAKER_TILES_ENTRIES; /* as superuser: tiles are made to fit */
    /* entry 31 belongs to tenant 11; its tag (offset 98) becomes that of tenant 12, the entry's bytes are sound */
    world.maker.entries[31].ptr[98] = 12;
    verify(&world);
    expect(&world, SJ_TAMPERED, 31, "the entry does not continue its tenant's chain");
    close_world(&world);
}

TEST(meaning_attack_24_erasure_leaves_everything_else_provable)
{
    struct world world;
    open_world(&world, two_payloads, SJ_COUNT(two_payloads));
    make(&world);
    world.output.payloads = &world.payloads;
    put_payload(&world, 40, sj_buf_view(&world.salted[1])); /* the other subject's is untouched */
    verify(&world);
    expect(&world, SJ_VERIFIED, -1, "");
    /* and the one that nobody said was erased is missed */
    sj_buf_reset(&world.payloads);
    put_payload(&world, 30, sj_buf_view(&world.salted[0]));
    verify(&world);
    expect(&world, SJ_INCOMPLETE, 40, "the entry's payload is missing and nothing says");
    close_world(&world);
}

TEST(meaning_attack_24_the_commitment_cannot_be_guessed_without_its_salt)
{
    static const char *const answers[] = {"yes", "no", "first", "second"};
    struct world world;
    open_world(&world, two_payloads, SJ_COUNT(two_payloads));
    make(&world);
    struct sj_entry entry;
    REQUIRE_OK(sj_entry_decode(sj_buf_view(&world.maker.entries[30]), &entry));
    /* whoever knows every possible answer, and even tries the salts that others have had, learns nothing */
    for (size_t i = 0; i < SJ_COUNT(answers); i++) {
        for (unsigned salt = 0; salt < 3; salt++) {
            CLEANUP(sj_buf_clear) struct sj_buf guess = SJ_BUF(256);
            bool fits = true;
            const uint8_t zeros[SJ_PAYLOAD_SALT] = {0};
            CHECK_OK(sj_buf_put(
                &guess, salt == 1 ? world.salted[1].ptr : zeros, salt == 2 ? 0 : SJ_PAYLOAD_SALT));
            CHECK_OK(sj_buf_put_str(&guess, answers[i]));
            CHECK_OK(sj_payload_fits(
                entry.draft.payload_len, &entry.draft.payload_commit, sj_buf_view(&guess), &fits));
            CHECK(!fits);
        }
    }
    close_world(&world);
}

TEST(meaning_an_erasure_by_list_needs_the_list)
{
    struct world world;
    uint8_t list[16] = {0};
    struct sj_hash hash;
    char detail[200];
    list[7] = 30;
    list[15] = 40;
    CHECK_OK(sj_crypto_init());
    CHECK_OK(sj_sha256_one(sj_view_of(list, sizeof(list)), &hash));
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(256);
    CHECK_OK(sj_buf_put_hex(&hex, sj_view_of(hash.bytes, SJ_HASH_SIZE)));
    snprintf(detail, sizeof(detail), "what=payload;count=2;indices_sha256=%.*s", (int)hex.len,
        (const char *)hex.ptr);
    const struct turn turns[] = {{.index = 30, .payload = "first"},
        {.index = 40, .payload = "second"},
        {.index = 500, .what = SAY, .kind = SJ_ENTRY_ERASE, .detail = detail, .payload = "x"}};
    open_world(&world, turns, SJ_COUNT(turns));
    make(&world);
    world.output.payloads = &world.payloads;
    put_payload(&world, 500, sj_buf_view(&world.salted[2]));
    verify(&world);
    expect(&world, SJ_TAMPERED, 500, "an erasure's list is not the one that it names");
    close_world(&world);
}

/* ---- pruning ---- */

TEST(meaning_pruned_entries_verify_by_their_hashes)
{
    static const struct turn turns[] = {{.index = 550,
        .what = SAY,
        .kind = SJ_ENTRY_PRUNE,
        .detail = "minimum=256;size=500;export_sha256=00;approval=00"}};
    struct world world;
    open_world(&world, turns, SJ_COUNT(turns));
    make(&world);
    world.output.skip_bundle = 1;
    verify(&world);
    expect(&world, SJ_VERIFIED, -1, "");
    world.output.skip_bundle = 2; /* not the one that was pruned */
    verify(&world);
    expect(&world, SJ_INCOMPLETE, 256, "the bundle of entries is missing");
    close_world(&world);
    open_world(&world, NULL, 0);
    make(&world);
    world.output.skip_bundle = 1; /* nobody said that it was */
    verify(&world);
    expect(&world, SJ_INCOMPLETE, 0, "the bundle of entries is missing");
    close_world(&world);
}

TEST(ranges_are_a_set)
{
    struct sj_ranges some = {NULL, 0, 0};
    struct sj_ranges all = {NULL, 0, 0};
    uint64_t number = 0;
    bool in[64] = {false};
    uint32_t state = 12345;
    for (unsigned round = 0; round < 200; round++) {
        state = state * 1664525u + 1013904223u;
        const uint64_t first = (state >> 8) % 60;
        const uint64_t last = first + (state >> 20) % 4;
        CHECK_OK(sj_ranges_add(&some, first, last));
        for (uint64_t i = first; i <= last; i++) {
            in[i] = true;
        }
        for (uint64_t i = 0; i < 64; i++) {
            struct sj_ranges one = {NULL, 0, 0};
            CHECK_OK(sj_ranges_add(&one, i, i));
            CHECK(sj_ranges_find_outside(&one, &some, &number) == !in[i]);
            sj_ranges_clear(&one);
        }
        if (round == 8) {
            CHECK(some.count > 3);
        }
    }
    CHECK_OK(sj_ranges_add(&all, 0, 40));
    CHECK(sj_ranges_find_outside(&some, &all, &number) && number > 40);
    sj_ranges_clear(&some);
    sj_ranges_clear(&all);
}
