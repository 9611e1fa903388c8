/* SPDX-License-Identifier: Apache-2.0
 *
 * How many entries a second does the record take, beside what one would build otherwise? On one private PostgreSQL, in turns, several
 * rounds; medians with their spread, at 64, 256 and 1,000 rows a commit:
 *   - the sequencer with its keeper as in production (recorder, both keys): hashed, chained by tenant, in a tree, signed, durable before
 *     each waiter goes on
 *   - plain COPY of the same bytes into the same kind of table (partitioned, primary key), read by the server from a file
 *   - INSERT ... SELECT unnest of binary arrays into that table; BEGIN, INSERT and COMMIT pipelined, as a batch of the record is sent
 *   - a hash chain made inside each transaction, pgbench, prepared: the head row FOR UPDATE, or an advisory lock
 */
#include <fcntl.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "sanjeh/base/loop.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"

#define ROUNDS_MAX  15
#define FIBERS_MAX  1000
#define SAMPLES_MAX 2000000
#define ENTRY_BYTES 233 /* of the entry that bench_draft makes */

void sj_test_fail(const char *where, const char *what)
{
    fprintf(stderr, "bench_audit: %s: failed: %s\n", where, what);
    exit(1);
}

enum kind { SEQUENCER, COPY, UNNEST, CHAIN_ROW, CHAIN_ADVISORY };

/* size: waiters, rows a commit, or clients. */
static const struct method {
    const char *name;
    enum kind kind;
    unsigned size;
} methods[] = {
    {"sequencer, 64 waiters", SEQUENCER, 64},
    {"sequencer, 256 waiters", SEQUENCER, 256},
    {"sequencer, 1,000 waiters", SEQUENCER, 1000},
    {"plain COPY, 64 rows a commit", COPY, 64},
    {"plain COPY, 256 rows a commit", COPY, 256},
    {"plain COPY, 1,000 rows a commit", COPY, 1000},
    {"INSERT ... unnest, pipelined, 64 rows a commit", UNNEST, 64},
    {"INSERT ... unnest, pipelined, 256 rows a commit", UNNEST, 256},
    {"INSERT ... unnest, pipelined, 1,000 rows a commit", UNNEST, 1000},
    {"chain, head row FOR UPDATE, 8 clients", CHAIN_ROW, 8},
    {"chain, head row FOR UPDATE, 64 clients", CHAIN_ROW, 64},
    {"chain, advisory lock, 8 clients", CHAIN_ADVISORY, 8},
    {"chain, advisory lock, 64 clients", CHAIN_ADVISORY, 64},
};
#define METHODS SJ_COUNT(methods)

struct result {
    double rate;
    double per_batch; /* rows per commit; 0: one */
    double p50_ms;    /* 0: not measured */
    double p99_ms;
};

struct bench {
    unsigned rounds;
    unsigned seconds;
    struct result results[METHODS][ROUNDS_MAX];
    const struct sj_pg *pg;
};

static int compare_double(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return x < y ? -1 : (x > y ? 1 : 0);
}

/* ---- the sequencer ---- */

struct load {
    struct rig rig;
    unsigned fibers;
    unsigned seconds;
    unsigned running;
    int64_t until_ms;
    uint64_t done;
    double *samples; /* ms */
    size_t sample_count;
    struct sj_fiber *waiter;
    struct result result;
};

static struct sj_draft bench_draft(void)
{
    struct sj_draft draft = rig_draft("judge:read");
    draft.request_id.bytes[0] = 1;
    draft.actor.bytes[0] = 2;
    draft.object.bytes[0] = 3;
    draft.tenant_tag.bytes[0] = 4;
    return draft;
}

static void load_fiber(void *ctx)
{
    struct load *load = ctx;
    const struct sj_draft draft = bench_draft();
    while (sj_time_monotonic_ms() < load->until_ms) {
        struct sj_receipt receipt;
        const sj_time_us started = sj_time_now();
        CHECK_OK(sj_sequencer_record(load->rig.sequencer, &draft, false, &receipt));
        load->done++;
        if (load->sample_count < SAMPLES_MAX) {
            load->samples[load->sample_count++] = (double)(sj_time_now() - started) / 1000.0;
        }
    }
    if (--load->running == 0) {
        sj_fiber_wake(load->waiter);
    }
}

static void run_load(void *ctx)
{
    struct load *load = ctx;
    CHECK_OK(rig_open(&load->rig));
    load->until_ms = sj_time_monotonic_ms() + (int64_t)load->seconds * 1000;
    const uint64_t batches = sj_sequencer_stats(load->rig.sequencer).batches;
    const sj_time_us started = sj_time_now();
    load->waiter = sj_fiber_current();
    load->running = load->fibers;
    for (unsigned i = 0; i < load->fibers; i++) {
        CHECK_OK(sj_fiber_spawn(load->rig.loop, load_fiber, load));
    }
    while (load->running != 0) {
        sj_fiber_park();
    }
    const double seconds = (double)(sj_time_now() - started) / 1e6;
    const uint64_t after = sj_sequencer_stats(load->rig.sequencer).batches;
    load->result.rate = (double)load->done / seconds;
    load->result.per_batch = (double)load->done / (double)(after - batches);
    rig_close(&load->rig);
}

struct turn {
    sj_loop_fn *fn;
    void *ctx;
    struct sj_loop *loop;
};

static void turn_fiber(void *ctx)
{
    struct turn *turn = ctx;
    turn->fn(turn->ctx);
    sj_loop_stop(turn->loop);
}

static void start_turn(void *ctx)
{
    struct turn *turn = ctx;
    CHECK_OK(sj_fiber_spawn(turn->loop, turn_fiber, turn));
}

/* The harness' own, without its main. */
void sj_test_on_fiber(void (*fn)(void *ctx), void *ctx)
{
    struct turn turn = {.fn = fn, .ctx = ctx};
    CHECK_OK(sj_loop_new(&turn.loop));
    CHECK_OK(sj_loop_post(turn.loop, start_turn, &turn));
    CHECK_OK(sj_loop_run(turn.loop));
    sj_loop_free(&turn.loop);
}

static struct result run_sequencer(const struct bench *bench, unsigned fibers)
{
    void *memory = NULL;
    struct load load = {.fibers = fibers, .seconds = bench->seconds};
    rig_fresh(&load.rig);
    CHECK_OK(sj_alloc(SAMPLES_MAX, sizeof(double), &memory));
    load.samples = memory;
    sj_test_on_fiber(run_load, &load);
    rig_end(&load.rig);
    CHECK(load.sample_count != 0);
    qsort(load.samples, load.sample_count, sizeof(double), compare_double);
    load.result.p50_ms = load.samples[load.sample_count / 2];
    load.result.p99_ms = load.samples[load.sample_count * 99 / 100];
    sj_free(memory);
    return load.result;
}

/* ---- the others ---- */

static const char tables_sql[] =
    "create schema bench;"
    "create table bench.head (size int8 not null, hash bytea not null);"
    "insert into bench.head values (0, sha256(''));"
    "create table bench.chain (idx int8 primary key, entry bytea not null, hash bytea not null);"
    "create table bench.chain_locked (like bench.chain including all);"
    "create sequence bench.place minvalue 0;"
    "create table bench.copied (idx int8 not null default nextval('bench.place') primary key,"
    " entry bytea not null, leaf_hash bytea not null) partition by range (idx);"
    "do $$ begin for i in 0..63 loop execute format('create table bench.copied_%s partition of "
    "bench.copied"
    " for values from (%s) to (%s)', i, i::int8 * 4194304, (i::int8 + 1) * 4194304); end loop; end "
    "$$;"
    "create function bench.append(p_entry bytea) returns void language plpgsql as $$"
    " declare h bench.head; begin"
    " select * into h from bench.head for update;"
    " h.hash := sha256(h.hash || p_entry);"
    " insert into bench.chain values (h.size, p_entry, h.hash);"
    " update bench.head set size = h.size + 1, hash = h.hash;"
    " end $$;"
    "create function bench.append_locked(p_entry bytea) returns void language plpgsql as $$"
    " declare h bench.chain_locked; begin"
    " perform pg_advisory_xact_lock(20261126);"
    " select * into h from bench.chain_locked order by idx desc limit 1;"
    " insert into bench.chain_locked values (coalesce(h.idx + 1, 0), p_entry, "
    "sha256(coalesce(h.hash, '') "
    "|| p_entry));"
    " end $$;";

static void put_entry_hex(FILE *file, unsigned number)
{
    for (unsigned i = 0; i < ENTRY_BYTES; i++) {
        fprintf(file, "%02x", (number * 31 + i * 7) & 0xFF);
    }
}

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && chmod(path, 0644) == 0);
    return file;
}

static void end_file(FILE *file)
{
    CHECK(fclose(file) == 0);
}

static void path_in(const struct bench *bench, const char *name, char out[160])
{
    const int len = snprintf(out, 160, "%s/%s", bench->pg->folder, name);
    CHECK(len > 0 && len < 160);
}

static void make_script(const struct bench *bench, const char *name, const char *function)
{
    char path[160];
    path_in(bench, name, path);
    FILE *script = create(path);
    fprintf(script, "select bench.%s('\\x", function);
    put_entry_hex(script, 1);
    fputs("'::bytea);\n", script);
    end_file(script);
}

static void make_files(const struct bench *bench)
{
    static const unsigned rows[] = {64, 256, 1000};
    char path[160];
    make_script(bench, "chain.sql", "append");
    make_script(bench, "locked.sql", "append_locked");
    for (size_t i = 0; i < SJ_COUNT(rows); i++) {
        char name[32];
        snprintf(name, sizeof(name), "copy_%u", rows[i]);
        path_in(bench, name, path);
        FILE *data = create(path);
        for (unsigned row = 0; row < rows[i]; row++) {
            fputs("\\\\x", data);
            put_entry_hex(data, row);
            fputs("\t\\\\x", data);
            for (unsigned byte = 0; byte < 32; byte++) {
                fprintf(data, "%02x", (row + byte) & 0xFF);
            }
            fputc('\n', data);
        }
        end_file(data);
    }
}

/* pgbench's own tps line. */
static double read_tps(FILE *output)
{
    char line[512];
    double tps = -1;
    while (fgets(line, sizeof(line), output) != NULL) {
        if (sj_text_starts(sj_text_of(line), "tps = ")) {
            uint64_t whole = 0;
            struct sj_text rest = {line + 6, strcspn(line + 6, ".")};
            CHECK_OK(sj_parse_u64(rest, 0, UINT32_MAX, &whole));
            tps = (double)whole;
        }
    }
    return tps;
}

static struct result run_chain(const struct bench *bench, const char *name, unsigned clients)
{
    char script[160];
    char text[2][16];
    int pipe_fds[2];
    path_in(bench, name, script);
    snprintf(text[0], sizeof(text[0]), "%u", clients);
    snprintf(text[1], sizeof(text[1]), "%u", bench->seconds);
    CHECK(pipe(pipe_fds) == 0);
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(pipe_fds[1], 1);
        close(pipe_fds[0]);
        execl("/usr/lib/postgresql/15/bin/pgbench", "pgbench", "-n", "-M", "prepared", "-j", "2",
            "-c", text[0], "-T", text[1], "-f", script, bench->pg->admin, (char *)NULL);
        _exit(127);
    }
    close(pipe_fds[1]);
    FILE *output = fdopen(pipe_fds[0], "r");
    const double tps = output == NULL ? -1 : read_tps(output);
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0 && tps > 0);
    fclose(output);
    return (struct result){.rate = tps};
}

/* The server reads the file itself: no client work at all, one connection, a commit every so many rows. */
static struct result run_copy(const struct bench *bench, unsigned rows)
{
    char path[160];
    char name[32];
    const unsigned commits = 200;
    CLEANUP(sj_buf_clear) struct sj_buf sql = SJ_BUF(1 << 20);
    const char *text = "";
    snprintf(name, sizeof(name), "copy_%u", rows);
    path_in(bench, name, path);
    for (unsigned i = 0; i < commits; i++) {
        CHECK_OK(sj_buf_put_str(&sql, "begin; copy bench.copied (entry, leaf_hash) from '"));
        CHECK_OK(sj_buf_put_str(&sql, path));
        CHECK_OK(sj_buf_put_str(&sql, "'; commit;"));
    }
    CHECK_OK(sj_buf_cstr(&sql, &text));
    uint64_t total = 0;
    const sj_time_us started = sj_time_now();
    while (sj_time_now() - started < (sj_time_us)bench->seconds * 1000000) {
        CHECK(sj_pg_run(bench->pg->admin, text));
        total += (uint64_t)commits * rows;
    }
    const double seconds = (double)(sj_time_now() - started) / 1e6;
    return (struct result){.rate = (double)total / seconds, .per_batch = rows};
}

/* One connection; BEGIN, INSERT and COMMIT in one round trip, one batch under way, as the record does it. */
static void send_batch(PGconn *conn, struct sj_array *entries, struct sj_array *leaves)
{
    const struct sj_param params[] = {sj_p_array(entries), sj_p_array(leaves)};
    const char *values[] = {params[0].ptr, params[1].ptr};
    const int lengths[] = {params[0].len, params[1].len};
    static const int formats[] = {1, 1};
    CHECK(PQsendQueryParams(conn, "begin", 0, NULL, NULL, NULL, NULL, 1) == 1);
    CHECK(PQsendQueryPrepared(conn, "put", 2, values, lengths, formats, 1) == 1);
    CHECK(PQsendQueryParams(conn, "commit", 0, NULL, NULL, NULL, NULL, 1) == 1);
    CHECK(PQpipelineSync(conn) == 1);
    for (bool is_synced = false; !is_synced;) {
        PGresult *result = PQgetResult(conn);
        const ExecStatusType status = result == NULL ? PGRES_COMMAND_OK : PQresultStatus(result);
        CHECK(status == PGRES_COMMAND_OK || status == PGRES_PIPELINE_SYNC);
        is_synced = result != NULL && status == PGRES_PIPELINE_SYNC;
        PQclear(result);
    }
}

static struct result run_unnest(const struct bench *bench, unsigned rows)
{
    CLEANUP(sj_array_clear) struct sj_array entries = {.count = 0};
    CLEANUP(sj_array_clear) struct sj_array leaves = {.count = 0};
    uint8_t entry[ENTRY_BYTES];
    PGconn *conn = PQconnectdb(bench->pg->admin);
    CHECK(PQstatus(conn) == CONNECTION_OK);
    PQclear(PQprepare(conn, "put",
        "insert into bench.copied (entry, leaf_hash) select * from unnest($1::bytea[], "
        "$2::bytea[])",
        0, NULL));
    CHECK(PQenterPipelineMode(conn) == 1);
    uint64_t total = 0;
    const sj_time_us started = sj_time_now();
    CHECK_OK(sj_array_init(&entries, SJ_OID_BYTEA, 1 << 20));
    CHECK_OK(sj_array_init(&leaves, SJ_OID_BYTEA, 1 << 20));
    while (sj_time_now() - started < (sj_time_us)bench->seconds * 1000000) {
        sj_array_reset(&entries);
        sj_array_reset(&leaves);
        for (unsigned row = 0; row < rows; row++) {
            for (unsigned i = 0; i < ENTRY_BYTES; i++) {
                entry[i] = (uint8_t)((row * 31 + i * 7) & 0xFF);
            }
            CHECK_OK(sj_array_put(&entries, entry, sizeof entry));
            CHECK_OK(sj_array_put(&leaves, entry, 32));
        }
        send_batch(conn, &entries, &leaves);
        total += rows;
    }
    const double seconds = (double)(sj_time_now() - started) / 1e6;
    PQfinish(conn);
    return (struct result){.rate = (double)total / seconds, .per_batch = rows};
}

/* ---- the table ---- */

static struct result run_one(const struct bench *bench, const struct method *method)
{
    CHECK(sj_pg_run(bench->pg->admin, "checkpoint"));
    switch (method->kind) {
    case SEQUENCER:
        return run_sequencer(bench, method->size);
    case COPY:
        return run_copy(bench, method->size);
    case UNNEST:
        return run_unnest(bench, method->size);
    case CHAIN_ROW:
        return run_chain(bench, "chain.sql", method->size);
    case CHAIN_ADVISORY:
        return run_chain(bench, "locked.sql", method->size);
    }
    exit(1);
}

struct middle {
    double rate, low, high, per_batch, p50, p99;
};

static struct middle median_of(const struct bench *bench, size_t method)
{
    double columns[4][ROUNDS_MAX];
    for (unsigned i = 0; i < bench->rounds; i++) {
        const struct result *r = &bench->results[method][i];
        columns[0][i] = r->rate;
        columns[1][i] = r->per_batch;
        columns[2][i] = r->p50_ms;
        columns[3][i] = r->p99_ms;
    }
    for (size_t c = 0; c < SJ_COUNT(columns); c++) {
        qsort(columns[c], bench->rounds, sizeof(double), compare_double);
    }
    const unsigned half = bench->rounds / 2;
    return (struct middle){columns[0][half], columns[0][0], columns[0][bench->rounds - 1],
        columns[1][half], columns[2][half], columns[3][half]};
}

/* The rate of COPY of as many rows a commit. */
static double copy_rate(const struct bench *bench, unsigned size)
{
    double rate = 0;
    for (size_t m = 0; m < METHODS; m++) {
        const bool is_it = methods[m].kind == COPY && methods[m].size == size;
        rate = is_it ? median_of(bench, m).rate : rate;
    }
    return rate;
}

static void print_table(const struct bench *bench)
{
    double best_chain = 0;
    for (size_t m = 0; m < METHODS; m++) {
        const double rate = methods[m].kind >= CHAIN_ROW ? median_of(bench, m).rate : 0;
        best_chain = rate > best_chain ? rate : best_chain;
    }
    printf("\n%u rounds of %u s, entries of %d bytes; median (lowest-highest)\n\n", bench->rounds,
        bench->seconds, ENTRY_BYTES);
    printf("| what | entries/s | rows per commit | p50 / p99 ms | x best chain | x COPY of as many "
           "|\n");
    printf("|---|---|---|---|---|---|\n");
    for (size_t m = 0; m < METHODS; m++) {
        const struct middle r = median_of(bench, m);
        const double copy = copy_rate(bench, methods[m].size);
        printf("| %s | %.0f (%.0f-%.0f) | %.0f |", methods[m].name, r.rate, r.low, r.high,
            r.per_batch <= 0 ? 1.0 : r.per_batch);
        if (r.p50 > 0) {
            printf(" %.1f / %.1f |", r.p50, r.p99);
        } else {
            printf(" - |");
        }
        printf(" %.1f |", r.rate / best_chain);
        if (methods[m].kind < CHAIN_ROW && copy > 0) {
            printf(" %.2f |\n", r.rate / copy);
        } else {
            printf(" - |\n");
        }
    }
}

static bool parse_count(const char *text, unsigned max, unsigned *ret)
{
    uint64_t value = 0;
    if (sj_failed(sj_parse_u64(sj_text_of(text), 1, max, &value))) {
        return false;
    }
    *ret = (unsigned)value;
    return true;
}

static bool parse_arguments(int argc, char **argv, struct bench *bench)
{
    for (int i = 1; i < argc; i += 2) {
        const struct sj_text name = sj_text_of(argv[i]);
        unsigned *target = sj_text_is(name, "--rounds")    ? &bench->rounds
                           : sj_text_is(name, "--seconds") ? &bench->seconds
                                                           : NULL;
        const unsigned max = target == &bench->rounds ? ROUNDS_MAX : 600;
        if (target == NULL || i + 1 == argc || !parse_count(argv[i + 1], max, target)) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct bench bench = {.rounds = 5, .seconds = 3};
    if (!parse_arguments(argc, argv, &bench)) {
        fprintf(stderr, "usage: bench_audit [--rounds N] [--seconds N]\n");
        return 3;
    }
    struct rig first; /* makes the database with the key of the keeper that signs contexts */
    rig_fresh(&first);
    rig_end(&first);
    bench.pg = first.pg;
    /* the tests' cluster is small: room for 64 clients and for the working set */
    static const char *const options[] = {
        "-c", "max_connections=100", "-c", "shared_buffers=256MB", NULL};
    sj_pg_crash();
    sj_pg_resume(options);
    CHECK(sj_pg_run(bench.pg->admin, tables_sql));
    make_files(&bench);
    for (unsigned round = 0; round < bench.rounds; round++) {
        for (size_t m = 0; m < METHODS; m++) {
            bench.results[m][round] = run_one(&bench, &methods[m]);
            printf("round %u: %s: %.0f entries/s\n", round + 1, methods[m].name,
                bench.results[m][round].rate);
            fflush(stdout);
        }
    }
    print_table(&bench);
    return 0;
}
