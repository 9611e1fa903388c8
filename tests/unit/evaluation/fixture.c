/* SPDX-License-Identifier: Apache-2.0
 *
 * How do these tests get two units with keys? See fixture.h.
 */
#include "fixture.h"

#include "sanjeh/crypto/hash.h"
#include "sanjeh/keys/scopes.h"
#include "sanjeh/unit/unit.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

static struct place *the_place(void)
{
    static struct place place;
    return &place;
}

static char *root_path(void)
{
    static char path[64];
    return path;
}

#define REAL_FILES_MAX 4u

static void **real_files(void)
{
    static void *files[REAL_FILES_MAX];
    return files;
}

static void stop(void)
{
    for (size_t i = 0; i < REAL_FILES_MAX; i++) {
        sj_free(real_files()[i]);
    }
    struct place *place = the_place();
    sj_fields_free(&place->fields);
    sj_db_close(&place->db);
    sj_channel_close(&place->channel);
    sj_keeper_stop(&place->keeper);
    (void)unlink(root_path());
}

static void must(sj_status status, const char *what)
{
    if (sj_failed(status)) {
        fprintf(stderr, "fixture: %s: %s at %s\n", what, sj_code_name(status.code), status.where);
        exit(1);
    }
}

static void sign(const struct sj_uuid *scopes, size_t count, struct sj_context *ret_context)
{
    must(ask_context(the_place()->channel, scopes, count,
             sj_time_now() + INT64_C(600) * 1000 * 1000, ret_context),
        "context");
}

static struct sj_uuid make_unit(const char *code, struct sj_uuid parent)
{
    struct place *place = the_place();
    const struct sj_uuid scope = SJ_SCOPE_KEYS;
    struct sj_context context;
    sign(&scope, 1, &context);
    struct sj_tx *tx = NULL;
    struct sj_unit unit = {.code = sj_text_of(code),
        .parent = parent,
        .name_fa = SJ_TEXT("واحد آزمون"),
        .name_en = SJ_TEXT("Test unit")};
    must(sj_tx_begin(place->db, &context, &tx), "begin");
    must(sj_unit_create(tx, place->channel, &unit), "unit");
    must(sj_tx_commit(&tx), "commit");
    return unit.id;
}

static void start(struct place *place)
{
    must(sj_crypto_init(), "crypto");
    (void)snprintf(root_path(), 64, "/tmp/sanjeh-evaluation-%d", (int)getpid());
    must(sj_keeper_create_root(root_path()), "root key");
    const struct sj_keeper_config keeper = {
        .root_key_file = root_path(), .use = SJ_KEEPER_PROVISION, .channels = 1};
    must(sj_keeper_start(&keeper, &place->keeper), "keeper");
    must(sj_channel_open(place->keeper, 0, NULL, &place->channel), "channel");
    uint8_t pads[128];
    must(ask_context_pads(place->channel, pads), "pads");
    place->pg = sj_pg_start((struct sj_view){pads, sizeof(pads)});
    const struct sj_db_config config = {.conninfo = place->pg->app,
        .read_connections = 1,
        .write_connections = 2,
        .connect_timeout_ms = 5000,
        .statement_timeout_ms = 20000};
    must(sj_db_open(&config, NULL, &place->db), "database");
    must(sj_fields_new(place->db, place->channel, &place->fields), "fields");
    const struct sj_uuid none = {{0}};
    place->unit_a = make_unit("TEST-A", none);
    place->unit_b = make_unit("TEST-B", none);
    place->unit_c = make_unit("TEST-C", none);
    place->walls[0] = make_unit("TEST-C-1", place->unit_c);
    place->walls[1] = make_unit("TEST-C-2", place->unit_c);
    must(sj_fields_load_units(place->fields), "unit keys");
    (void)atexit(stop);
}

const struct place *place_get(void)
{
    struct place *place = the_place();
    if (place->pg == NULL) {
        start(place);
    }
    return place;
}

static void caller_init(
    struct caller *caller, enum sj_reach reach, const struct sj_uuid *scopes, size_t count)
{
    const struct place *place = place_get();
    caller->decision = (struct sj_decision){
        .permit = true, .reach = reach, .read_fields = UINT64_MAX, .write_fields = UINT64_MAX};
    caller->actor.account = caller->actor.person = (struct sj_uuid){{1, 2, 3}};
    sign(scopes, count, &caller->context);
    must(sj_arena_new((size_t)16 * 1024 * 1024, &caller->arena), "arena");
    caller->desk = (struct sj_desk){.db = place->db,
        .fields = place->fields,
        .context = &caller->context,
        .actor = &caller->actor,
        .decision = &caller->decision,
        .arena = caller->arena};
}

void caller_of_unit(struct caller *caller, struct sj_uuid unit)
{
    *caller = (struct caller){.actor = {.unit = unit}};
    caller_init(caller, SJ_REACH_UNIT, &unit, 1);
}

void caller_of_compartment(struct caller *caller, struct sj_uuid compartment)
{
    const struct sj_uuid scopes[] = {place_get()->unit_c, compartment};
    *caller = (struct caller){.actor = {.unit = scopes[0], .compartment = compartment}};
    caller_init(caller, SJ_REACH_UNIT, scopes, SJ_COUNT(scopes));
}

void caller_of_judge(struct caller *caller, struct sj_uuid judge)
{
    *caller = (struct caller){.actor = {.judge = judge}};
    caller_init(caller, SJ_REACH_SELF, &judge, 1);
}

void caller_clear(struct caller *caller)
{
    sj_tx_rollback(&caller->desk.tx);
    sj_arena_free(&caller->arena);
}

void caller_begin(struct caller *caller)
{
    must(sj_tx_begin(caller->desk.db, &caller->context, &caller->desk.tx), "begin");
}

sj_status caller_commit(struct caller *caller)
{
    return sj_tx_commit(&caller->desk.tx);
}

void caller_rollback(struct caller *caller)
{
    sj_tx_rollback(&caller->desk.tx);
}

sj_status import_text(struct caller *caller, enum sj_import_kind kind, const char *period,
    struct sj_view file, bool is_dry_run, struct sj_import **ret_import)
{
    struct sj_import_order order = {.kind = kind,
        .format = file.len > 0 && file.ptr[0] == '{' ? SJ_FORMAT_NDJSON : SJ_FORMAT_CSV,
        .has_period = period != NULL,
        .comment = SJ_TEXT("a comment on Aaronson"),
        .file = file,
        .is_dry_run = is_dry_run};
    if (period != NULL) {
        TRY(sj_period_parse(sj_text_of(period), &order.period));
    }
    caller_begin(caller);
    const sj_status status = sj_import_run(&caller->desk, NULL, &order, ret_import);
    if (sj_failed(status) || sj_import_outcome(*ret_import)->fault_total > 0) {
        caller_rollback(caller);
        return status;
    }
    return caller_commit(caller);
}

static void print_faults(const struct sj_import_outcome *outcome)
{
    for (size_t i = 0; i < outcome->fault_count && i < 5; i++) {
        fprintf(stderr, "  row %zu column %.*s: %s\n", outcome->faults[i].row,
            (int)outcome->faults[i].column.len, outcome->faults[i].column.ptr,
            outcome->faults[i].code);
    }
}

void import_accepted(
    struct caller *caller, enum sj_import_kind kind, const char *period, struct sj_view file)
{
    CLEANUP(sj_import_free) struct sj_import *import = NULL;
    must(import_text(caller, kind, period, file, false, &import), "import");
    print_faults(sj_import_outcome(import));
    CHECK(sj_import_outcome(import)->fault_total == 0);
    CHECK(!sj_uuid_is_nil(sj_import_outcome(import)->id));
}

const char *first_fault(
    struct caller *caller, enum sj_import_kind kind, const char *period, const char *file)
{
    CLEANUP(sj_import_free) struct sj_import *import = NULL;
    const sj_status status =
        import_text(caller, kind, period, sj_view_of(file, strlen(file)), false, &import);
    if (sj_failed(status)) {
        return sj_code_name(status.code);
    }
    const struct sj_import_outcome *outcome = sj_import_outcome(import);
    return outcome->fault_count == 0 ? "" : outcome->faults[0].code;
}

struct sj_view real_file(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/tests/data/real/%s", SJ_TEST_SOURCE, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) {
        fprintf(stderr, "fixture: cannot read %s\n", path);
        exit(1);
    }
    const size_t size = (size_t)info.st_size;
    void *bytes = NULL;
    must(sj_alloc(size + 1, 1, &bytes), "memory");
    if (read(fd, bytes, size) != (ssize_t)size) {
        exit(1);
    }
    (void)close(fd);
    size_t slot = 0;
    while (slot < REAL_FILES_MAX && real_files()[slot] != NULL) {
        slot++;
    }
    SJ_ASSERT(slot < REAL_FILES_MAX);
    real_files()[slot] = bytes;
    return sj_view_of(bytes, size);
}

const char *value_of(const char *sql)
{
    return sj_pg_value(place_get()->pg->admin, sql);
}

/* ---- the real data as imports ---- */

bool next_line(struct table *table)
{
    table->count = 0;
    if (table->rest.len == 0) {
        return false;
    }
    size_t at = 0;
    const char *bytes = (const char *)table->rest.ptr;
    while (at < table->rest.len && bytes[at] != '\n') {
        const bool is_quoted = bytes[at] == '"';
        const size_t start = is_quoted ? at + 1 : at;
        size_t end = start;
        while (
            end < table->rest.len && bytes[end] != '\n' && bytes[end] != (is_quoted ? '"' : ',')) {
            end++;
        }
        table->cells[table->count++] = (struct sj_text){bytes + start, end - start};
        at = is_quoted ? end + 1 : end;
        at += at < table->rest.len && bytes[at] == ',' ? 1 : 0;
    }
    table->rest.ptr += at + 1;
    table->rest.len -= at + 1 < table->rest.len ? at + 1 : table->rest.len;
    return table->count > 0;
}

void put(struct sj_buf *buf, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    CHECK_OK(sj_buf_put_str(buf, text));
}

void survey_files(struct sj_buf *roster, struct sj_buf *means)
{
    static const char *const criteria[] = {"", "", "INTG", "DMNR", "DILG", "CFMG", "DECI", "PREP",
        "FAMI", "ORAL", "WRIT", "PHYS", "RTEN"};
    struct table table = {.rest = real_file("us_judge_ratings.csv")};
    put(roster, "personnel_number,name\n");
    put(means, "judge,criterion,mean,n\n");
    (void)next_line(&table);
    for (int number = 1; next_line(&table); number++) {
        put(roster, "HRD-%04d,\"%.*s\"\n", number, (int)table.cells[0].len, table.cells[0].ptr);
        for (size_t i = 2; i < table.count; i++) {
            put(means, "HRD-%04d,%s,%.*s,\n", number, criteria[i], (int)table.cells[i].len,
                table.cells[i].ptr);
        }
    }
}

void workload_files(struct sj_buf *roster, struct sj_buf *facts)
{
    struct table table = {.rest = real_file("alj_workload_fy2025.csv")};
    put(roster, "personnel_number,name\n");
    put(facts, "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,"
               "resolved,pending_end\n");
    (void)next_line(&table);
    CLEANUP(sj_buf_clear) struct sj_buf known = SJ_BUF(1 << 20);
    while (next_line(&table)) {
        const struct sj_text judge = table.cells[0];
        put(facts, "%.*s,%.*s,2024-10-01/2025-09-30,,,,,,%.*s,\n", (int)judge.len, judge.ptr,
            (int)table.cells[1].len, table.cells[1].ptr, (int)table.cells[2].len,
            table.cells[2].ptr);
        if (known.len == 0 || memmem(known.ptr, known.len, judge.ptr, judge.len) == NULL) {
            put(roster, "%.*s,%.*s\n", (int)judge.len, judge.ptr, (int)judge.len, judge.ptr);
            CHECK_OK(sj_buf_put_text(&known, judge));
            CHECK_OK(sj_buf_put_byte(&known, ' '));
        }
    }
}
