/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a proof cost, and how long does an officer wait for the first page of a search? On one private PostgreSQL with a real
 * keeper: a log of so many entries, made by the sequencer itself (1,000 accounts, 100,000 objects, drawn from a seeded generator),
 * then
 *   proof   inclusion proofs of random entries in the whole tree: CPU of this process and wall time, each proof checked; beside
 *           checking one of them (RFC 9162 2.1.3.2)
 *   search  the index made from nothing, then first pages of 50 by account and by object: places, entries, tiles, proofs; beside the
 *           page from a plain table with a B-tree on the same columns, without any proof
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixture.h"
#include "sanjeh/audit/index.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"

#define ACCOUNTS         1000u
#define OBJECTS          100000u
#define PAGE             50u
#define RUNS_MAX         100000u
#define STEPS_FAILED_MAX 20u

void sj_test_fail(const char *where, const char *what)
{
    fprintf(stderr, "bench_reading: %s: failed: %s\n", where, what);
    exit(1);
}

struct bench {
    struct rig rig;
    struct sj_context context;
    uint64_t entries;
    uint64_t runs;
    bool is_search;
    uint64_t seed;
    double samples[RUNS_MAX];
};

static uint64_t draw(struct bench *b, uint64_t below)
{
    b->seed = b->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (b->seed >> 33) % below;
}

static double now_us(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static struct sj_uuid id_of(uint8_t kind, uint64_t number)
{
    struct sj_uuid id = {{kind, 0x5A}};
    for (size_t i = 0; i < 8; i++) {
        id.bytes[8 + i] = (uint8_t)(number >> (56 - 8 * i) & 0xFF);
    }
    return id;
}

struct on_fiber {
    struct sj_loop *loop;
    void (*fn)(void *ctx);
    void *ctx;
};

static void fiber_main(void *ctx)
{
    const struct on_fiber *run = ctx;
    run->fn(run->ctx);
    sj_loop_stop(run->loop);
}

static void spawn(void *ctx)
{
    const struct on_fiber *run = ctx;
    CHECK_OK(sj_fiber_spawn(run->loop, fiber_main, ctx));
}

void sj_test_on_fiber(void (*fn)(void *ctx), void *ctx)
{
    struct on_fiber run = {.fn = fn, .ctx = ctx};
    CHECK_OK(sj_loop_new(&run.loop));
    CHECK_OK(sj_loop_post(run.loop, spawn, &run));
    CHECK_OK(sj_loop_run(run.loop));
    sj_loop_free(&run.loop);
}

static void fill(struct bench *b)
{
    struct sj_draft draft = rig_draft("judge:read");
    struct sj_receipt receipt;
    const double began = now_us(CLOCK_MONOTONIC);
    for (uint64_t i = sj_sequencer_stats(b->rig.sequencer).size; i < b->entries; i++) {
        draft.actor = id_of(0xAC, draw(b, ACCOUNTS));
        draft.object = id_of(0x0B, draw(b, OBJECTS));
        draft.request_id = id_of(0x4E, i);
        if (i % 4000 == 3999 || i + 1 >= b->entries) {
            CHECK_OK(sj_sequencer_record(b->rig.sequencer, &draft, false, &receipt));
        } else {
            sj_sequencer_note(b->rig.sequencer, &draft);
        }
    }
    fprintf(stderr, "%llu entries in %.1f s\n",
        (unsigned long long)sj_sequencer_stats(b->rig.sequencer).size,
        (now_us(CLOCK_MONOTONIC) - began) / 1e6);
}

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static void print_row(struct bench *b, const char *what, double cpu_us)
{
    qsort(b->samples, (size_t)b->runs, sizeof b->samples[0], by_size);
    printf("| %s | %.3f | %.3f | %.3f |\n", what, cpu_us / 1e3, b->samples[b->runs / 2] / 1e3,
        b->samples[b->runs * 99 / 100] / 1e3);
}

static void print_head(const struct bench *b, const struct sj_reading *reading)
{
    printf(
        "%llu entries, %llu runs\n\n| | CPU, ms | p50, ms | p99, ms |\n| --- | --- | --- | --- |\n",
        (unsigned long long)sj_reading_size(reading), (unsigned long long)b->runs);
}

static void measure_proofs(struct bench *b, struct sj_reading *reading)
{
    const struct sj_hash root = sj_reading_root(reading);
    const uint64_t size = sj_reading_size(reading);
    struct sj_proof proof = {.count = 0};
    struct sj_hash leaf;
    bool is_valid = false;
    uint64_t index = 0;
    print_head(b, reading);
    double cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
    for (uint64_t i = 0; i < b->runs; i++) {
        const double began = now_us(CLOCK_MONOTONIC);
        index = draw(b, size);
        CHECK_OK(sj_reading_inclusion(reading, index, 0, &leaf, &proof));
        b->samples[i] = now_us(CLOCK_MONOTONIC) - began;
    }
    cpu = (now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)b->runs;
    print_row(b, "inclusion proof, made and checked", cpu);
    cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
    for (uint64_t i = 0; i < b->runs; i++) {
        const double began = now_us(CLOCK_MONOTONIC);
        CHECK_OK(
            sj_inclusion_verify(index, size, &leaf, proof.hashes, proof.count, &root, &is_valid));
        b->samples[i] = now_us(CLOCK_MONOTONIC) - began;
    }
    CHECK(is_valid);
    cpu = (now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)b->runs;
    print_row(b, "checking it alone", cpu);
}

static void make_index(struct bench *b, struct sj_reading *reading, struct sj_index *index)
{
    /* as autovacuum does beside a server: a plan made for an empty table reads a whole level of tiles for one of them */
    CHECK(rig_forge(&b->rig, "analyze sanjeh.audit_tile, sanjeh.audit_entry"));
    const double began = now_us(CLOCK_MONOTONIC);
    unsigned failed = 0; /* what ran out of time is done again, as the server does */
    for (bool more = true; more && failed < STEPS_FAILED_MAX;) {
        const sj_status status = sj_index_step(index, reading, b->rig.db, &b->context, &more);
        if (sj_failed(status)) {
            fprintf(
                stderr, "a step of the index: %s at %s\n", sj_code_name(status.code), status.where);
            more = true;
            failed++;
        }
        rig_record_context(&b->rig, &b->context); /* an hour is not enough for a long one */
    }
    const struct sj_index_status status = sj_index_status(index);
    CHECK(!status.is_broken && status.upto == sj_reading_size(reading));
    fprintf(stderr, "%llu entries indexed in %.1f s\n", (unsigned long long)status.upto,
        (now_us(CLOCK_MONOTONIC) - began) / 1e6);
}

static void measure_pages(struct bench *b, struct sj_reading *reading, struct sj_index *index,
    enum sj_index_kind kind, struct sj_hit *hits)
{
    double cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
    for (uint64_t i = 0; i < b->runs; i++) {
        const struct sj_uuid id =
            kind == SJ_INDEX_ACTOR ? id_of(0xAC, draw(b, ACCOUNTS)) : id_of(0x0B, draw(b, OBJECTS));
        struct sj_index_page page;
        int64_t token = 0;
        uint64_t bad = 0;
        const double began = now_us(CLOCK_MONOTONIC);
        CHECK_OK(sj_index_token(index, kind, sj_view_of(id.bytes, sizeof id.bytes), &token));
        CHECK_OK(sj_index_find(index, b->rig.db, &b->context, token, 0, UINT64_MAX, &page));
        const size_t count = page.count < PAGE ? page.count : PAGE;
        for (size_t k = 0; k < count; k++) {
            hits[k].index = page.indices[k];
        }
        CHECK_OK(sj_reading_entries(reading, hits, count, &bad));
        CHECK(page.is_complete);
        b->samples[i] = now_us(CLOCK_MONOTONIC) - began;
    }
    cpu = (now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)b->runs;
    print_row(b,
        kind == SJ_INDEX_ACTOR ? "first page of 50 by account, proven"
                               : "first page of 50 by object, proven",
        cpu);
}

/* What one would build otherwise: the same rows, a B-tree, and belief. Times are the server's own. */
static void measure_plain(struct bench *b)
{
    CHECK(rig_forge(&b->rig, "create unlogged table public.plain as select idx, substring(entry "
                             "from 131 for 16) as actor,"
                             " entry from sanjeh.audit_entry; create index on public.plain (actor, "
                             "idx desc); analyze public.plain"));
    const int64_t us =
        rig_number(&b->rig, "with keys as (select distinct actor from public.plain limit 200), "
                            "began as (select clock_timestamp() as at),"
                            " pages as (select count(*) as n from keys, began, lateral (select "
                            "idx, entry from public.plain p where"
                            " p.actor = keys.actor order by idx desc limit 50) as page)"
                            " select (extract(epoch from clock_timestamp() - began.at) * 1e6 / "
                            "200)::int8 from pages, began");
    printf("| the page from a plain table, believed | | %.3f | |\n", (double)us / 1e3);
    CHECK(rig_forge(&b->rig, "drop table public.plain"));
}

static void run(void *ctx)
{
    struct bench *b = ctx;
    struct sj_reading *reading = NULL;
    CHECK_OK(rig_open(&b->rig));
    fill(b);
    rig_record_context(&b->rig, &b->context);
    CHECK_OK(sj_reading_open(b->rig.sequencer, b->rig.db, &b->context, &reading));
    if (!b->is_search) {
        measure_proofs(b, reading);
    } else {
        struct sj_index *index = NULL;
        void *hits = NULL;
        CHECK_OK(sj_alloc(PAGE, sizeof(struct sj_hit), &hits));
        CHECK_OK(sj_index_new(sj_sequencer_record_key(b->rig.sequencer), &index));
        make_index(b, reading, index);
        print_head(b, reading);
        measure_pages(b, reading, index, SJ_INDEX_ACTOR, hits);
        measure_pages(b, reading, index, SJ_INDEX_OBJECT, hits);
        measure_plain(b);
        sj_index_free(&index);
        sj_free(hits);
    }
    sj_reading_close(&reading);
    rig_close(&b->rig);
}

static uint64_t number_of(const char *text, uint64_t max)
{
    uint64_t number = 0;
    if (sj_failed(sj_parse_u64(sj_text_of(text), 1, max, &number))) {
        fprintf(stderr, "usage: bench_reading proof|search [ENTRIES [RUNS]]\n");
        exit(2);
    }
    return number;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const bool is_good =
        argc >= 2 && argc <= 4 && (strcmp(argv[1], "proof") == 0 || strcmp(argv[1], "search") == 0);
    if (!is_good) {
        fprintf(stderr, "usage: bench_reading proof|search [ENTRIES [RUNS]]\n");
        return 2;
    }
    bench.is_search = strcmp(argv[1], "search") == 0;
    bench.entries = argc > 2 ? number_of(argv[2], 100000000) : 10000000;
    bench.runs = argc > 3 ? number_of(argv[3], RUNS_MAX) : 2000;
    bench.seed = 20261126;
    rig_fresh(&bench.rig);
    bench.rig.queue_max = 8192;
    sj_test_on_fiber(run, &bench);
    rig_end(&bench.rig);
    return 0;
}
