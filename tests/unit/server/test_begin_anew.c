/* SPDX-License-Identifier: Apache-2.0
 *
 * The deed of `sanjeh audit incarnation` without its two persons (they sign in before anything changes): the server of the old origin
 * and the old recorder are refused, nobody else words the first entry, no draft crosses the seam and none vanishes there; and
 * whatever kills the command or its database on the way, it is whole or not at all, run again it finishes, and the old key
 * signs nothing more. Steps are replaced by the linker in this program alone (--wrap).
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anew.h"
#include "sanjeh/audit/bundle.h"
#include "sanjeh/audit/tar.h"

TEST(begin_anew_goes_on_under_its_own_origin_and_files_only)
{
    struct rig rig;
    struct sj_incarnation_plan done;
    char origin[SJ_NOTE_NAME_MAX + 1];
    anew_old_log(&rig);
    CHECK_OK(anew_command(&rig, true, &done));
    (void)snprintf(origin, sizeof origin, "%s", anew_origin_now(&rig));
    CHECK(strcmp(origin, done.said.origin) == 0);
    CHECK(!anew_starts(&rig, NULL));
    CHECK(strstr(rig.reason, origin) != NULL);
    CHECK(!anew_starts(&rig, origin)); /* what the old one has left is the old one's */
    anew_finish(&rig);
    CHECK(access(rig_file("signer.of-1-2"), F_OK) == 0);
    CHECK(anew_starts(&rig, origin));
    CHECK(anew_starts(&rig, origin)); /* nothing is begun a second time */
    anew_check_old_signer_ended();
    /* the old recorder in the new one's place, whatever the database says of it */
    CHECK(rename(rig_file("recorder.of-1"), rig_file("recorder")) == 0);
    CHECK(!anew_starts(&rig, origin));
    CHECK(strstr(rig.reason, "recorder") != NULL);
    CHECK(rig_forge(&rig, "update sanjeh.audit_former set recorders = '{}'"));
    (void)anew_starts(&rig, origin); /* it may start: nothing of it is believed */
    anew_check_entries(&rig);
    anew_end(&rig);
}

TEST(begin_anew_in_words_that_somebody_else_wrote_is_refused)
{
    struct rig rig;
    struct sj_incarnation_plan done;
    anew_old_log(&rig);
    /* and as if the oldest partition had been pruned: the new log's first entries have their place all the same */
    CHECK(rig_forge(&rig, "alter table sanjeh.audit_entry detach partition sanjeh.audit_entry_p0;"
                          " drop table sanjeh.audit_entry_p0"));
    CHECK_OK(anew_command(&rig, true, &done));
    CHECK(
        rig_number(&rig, "select count(*) from sanjeh.audit_partition_list() where first_index = 0"
                         " and name = 'audit_entry_p0'") == 1);
    CHECK(rig_forge(&rig, "update sanjeh.audit_incarnation set draft = set_byte(draft, 150,"
                          " get_byte(draft, 150) # 1)"));
    CHECK(!anew_starts(&rig, anew_origin_now(&rig)));
    CHECK(strstr(rig.reason, "edited") != NULL);
    anew_end(&rig);
}

static void somebody_connected(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_incarnation_plan done;
    rig_restart_keeper(rig);
    REQUIRE_OK(rig_connect(rig));
    CHECK_CODE(anew_command(rig, false, &done), CONFLICT);
    rig_disconnect(rig);
    sj_keeper_stop(&rig->keeper);
}

/* ---- drafts at the seam ---- */

static void export_former(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_context context;
    uint64_t size = 0;
    struct sj_uuid log;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    FILE *out = fopen(rig_file("bundle.tar"), "wb");
    REQUIRE(out != NULL);
    rig_restart_keeper(rig);
    REQUIRE_OK(rig_connect(rig));
    rig_record_context(rig, &context);
    CHECK_OK(sj_uuid_parse(
        sj_text_of(sj_pg_value(rig->pg->admin, "select log_id from sanjeh.audit_former")), &log));
    CHECK_OK(ask_log_vkey(rig->channel, &vkey));
    const struct sj_bundle_trust trust = {.vkey = sj_buf_text(&vkey), .former = &log};
    CHECK_OK(sj_bundle_export(rig->db, &context, &trust, 0, fileno(out), &size));
    CHECK(size > 0);
    (void)fclose(out);
    rig_disconnect(rig);
    sj_keeper_stop(&rig->keeper);
}

/* The member of the exported bundle; empty when there is none. */
static struct sj_view member(const char *name)
{
    static uint8_t bundle[1024 * 1024];
    FILE *in = fopen(rig_file("bundle.tar"), "rb");
    SJ_ASSERT(in != NULL);
    const size_t len = fread(bundle, 1, sizeof bundle, in);
    (void)fclose(in);
    for (size_t at = 0; at + SJ_TAR_BLOCK <= len;) {
        struct sj_tar_member header;
        CHECK_OK(sj_tar_read_header(bundle + at, &header));
        at += SJ_TAR_BLOCK;
        if (header.is_end || strcmp(header.name, name) == 0) {
            return sj_view_of(bundle + at, header.is_end ? 0 : (size_t)header.size);
        }
        at += ((size_t)header.size + SJ_TAR_BLOCK - 1) / SJ_TAR_BLOCK * SJ_TAR_BLOCK;
    }
    return sj_view_of(NULL, 0);
}

/* As an officer with tar and sha256sum. */
static void check_unsequenced_member(const struct rig *rig, const struct sj_incarnation_plan *done)
{
    char line[512];
    char said[2 * SJ_HASH_SIZE + 1] = "";
    struct sj_hash found;
    const struct sj_view drafts = member("unsequenced");
    CHECK(drafts.len > 100);
    CHECK_OK(sj_sha256(&drafts, 1, &found));
    CHECK(sj_hash_equal(&found, &done->said.unsequenced_hash));
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        (void)snprintf(said + 2 * i, 3, "%02x", done->said.unsequenced_hash.bytes[i]);
    }
    (void)snprintf(line, sizeof line,
        "select count(*) from sanjeh.audit_incarnation where"
        " position('unsequenced=1;unsequenced_sha256=%s;'::bytea in draft) > 0",
        said);
    CHECK(rig_number(rig, line) == 1);
}

/* A draft that stands in the old log, one that was never ours, and one whose deed was committed when the server died. */
TEST(begin_anew_no_draft_crosses_the_seam_and_none_vanishes)
{
    struct rig rig;
    struct sj_incarnation_plan plan_now;
    struct sj_incarnation_plan done;
    struct sj_cli_desk desk = {.why = ""};
    const struct sj_config config = anew_config(ORIGIN);
    anew_old_log(&rig);
    CHECK(
        rig_forge(&rig, "insert into sanjeh.audit_outbox table public.kept on conflict do nothing;"
                        "insert into sanjeh.audit_outbox (emitter, seq, draft, mac) values"
                        " (gen_random_uuid(), 1, '\\x01', sha256('guess'))"));
    REQUIRE_OK(anew_open_desk(&desk, &config, rig.pg->app));
    CHECK_OK(sj_incarnation_look(&desk, &config, NULL, NULL, &plan_now));
    CHECK(plan_now.said.unsequenced == 1 && plan_now.strangers == 2);
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_outbox") == 3); /* it only looked */
    anew_close_desk(&desk);
    sj_test_on_fiber(somebody_connected, &rig);
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_former") == 0);
    anew_finish_as(&rig, &done);
    CHECK(done.said.unsequenced == 1 &&
          sj_hash_equal(&done.said.unsequenced_hash, &plan_now.said.unsequenced_hash));
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_outbox") == 0);
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_refused") == 2);
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_former_outbox where"
                           " position('court:write'::bytea in draft) > 0") == 1);
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_former_outbox") == 1);
    sj_test_on_fiber(export_former, &rig);
    check_unsequenced_member(&rig, &done);
    (void)unlink(rig_file("signer")); /* the exporter's keeper left them */
    (void)unlink(rig_file("recorder"));
    /* what was kept of the old log, in the outbox at the new one's first start, while it runs, and at its next start */
    CHECK(rig_forge(&rig, "insert into sanjeh.audit_outbox table public.kept"));
    CHECK(anew_starts_with(&rig, done.said.origin, /* replays= */ true));
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_refused") == 6);
    CHECK(rig_forge(&rig, "insert into sanjeh.audit_outbox table public.kept"));
    CHECK(anew_starts(&rig, done.said.origin));
    CHECK(rig_number(&rig, "select count(*) from sanjeh.audit_refused") == 8);
    anew_end(&rig);
}

/* ---- kill -9 ---- */

struct plan {
    atomic_uint steps;
    unsigned kill_at;     /* 0: nothing is struck */
    const char *of_these; /* counts those alone; NULL: all */
    pid_t front;          /* the command's process */
    char struck[48];
};
static struct plan *plan;

static void step(const char *name)
{
    if (plan == NULL || plan->kill_at == 0 ||
        (plan->of_these != NULL && strcmp(plan->of_these, name) != 0) ||
        atomic_fetch_add(&plan->steps, 1) + 1 != plan->kill_at) {
        return;
    }
    (void)snprintf(plan->struck, sizeof plan->struck, "%s", name);
    (void)kill(plan->front, SIGKILL);
    (void)pause(); /* a keeper ends with it */
}

#define REPLACE(type, name, parameters, arguments, after)                                          \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        step("before " #name);                                                                     \
        const type result = __real_##name arguments;                                               \
        after;                                                                                     \
        return result;                                                                             \
    }
REPLACE(sj_status, sj_tx_commit, (struct sj_tx * *tx), (tx), step("after sj_tx_commit"))
REPLACE(sj_status, ask_log_end, (struct sj_channel * channel), (channel), step("after ask_log_end"))
/* behind each of these is before the next one */
REPLACE(ssize_t, pwrite, (int fd, const void *bytes, size_t len, off_t at), (fd, bytes, len, at),
    (void)0)
REPLACE(int, fdatasync, (int fd), (fd), (void)0)
REPLACE(int, rename, (const char *from, const char *to), (from, to), (void)0)
REPLACE(int, fsync, (int fd), (fd), (void)0)

static bool is_begun_anew(const struct rig *rig)
{
    const bool is_former = rig_number(rig, "select count(*) from sanjeh.audit_former") == 1;
    CHECK(is_former == (rig_number(rig, "select count(*) from sanjeh.audit_incarnation") == 1));
    CHECK(is_former == (rig_number(rig, "select count(*) from sanjeh.audit_former_outbox") == 1));
    CHECK(is_former == (rig_number(rig, "select count(*) from sanjeh.audit_outbox") == 0));
    CHECK(is_former == (rig_number(rig, "select count(*) from sanjeh.audit_former_entry") > 0));
    CHECK(is_former == (rig_number(rig, "select count(*) from sanjeh.audit_entry") == 0));
    CHECK(is_former == (rig_number(rig, "select size from sanjeh.audit_head") == 0));
    return is_former;
}

/* In a process of its own; false: it was not killed, the command has fewer such steps. */
static bool run_killed_at(const struct rig *rig, const char *of_these, unsigned kill_at)
{
    int status = 0;
    struct sj_incarnation_plan done;
    plan->of_these = of_these;
    atomic_store(&plan->steps, 0);
    (void)fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        plan->front = getpid();
        plan->kill_at = kill_at;
        _exit(sj_failed(anew_command(rig, true, &done)) ? 1 : 0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    plan->kill_at = 0;
    CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    if (WIFSIGNALED(status)) {
        printf("    killed %s\n", plan->struck);
    }
    return WIFSIGNALED(status);
}

static void make_plan(void)
{
    plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    SJ_ASSERT(plan != MAP_FAILED);
}

static void drop_plan(void)
{
    (void)munmap(plan, sizeof *plan);
    plan = NULL;
}

/* As the old server left them; what the deed did to the database stays. */
static void files_as_before(void)
{
    CHECK(rename(rig_file("recorder.of-1"), rig_file("recorder")) == 0);
    anew_remove_aside();
    anew_copy_file(rig_file("signer-b"), rig_file("signer"), 0, 0);
}

TEST(begin_anew_killed_at_each_step_is_finished_by_the_next_run)
{
    struct rig rig;
    unsigned number = 0;
    bool was_killed = true;
    make_plan();
    anew_old_log(&rig);
    anew_copy_file(rig_file("signer"), rig_file("signer-b"), 0, 0);
    CHECK(run_killed_at(&rig, "before sj_tx_commit", 1));
    CHECK(!is_begun_anew(&rig));
    CHECK(run_killed_at(&rig, "after sj_tx_commit", 1));
    CHECK(is_begun_anew(&rig));
    anew_finish(&rig);
    while (was_killed) {
        files_as_before();
        was_killed = run_killed_at(&rig, NULL, ++number);
        CHECK(is_begun_anew(&rig));
        CHECK(number % 2 == 0 || !anew_starts(&rig, NULL)); /* the server of the old origin */
        anew_finish(&rig);
        CHECK(access(rig_file("recorder.of-1"), F_OK) == 0);
        anew_check_old_signer_ended();
    }
    CHECK(number == 11); /* ten steps and none */
    CHECK(anew_starts(&rig, anew_origin_now(&rig)));
    drop_plan();
    anew_end(&rig);
}

/* Between the kill and the next run somebody starts servers, with either origin. */
TEST(begin_anew_servers_that_come_between_are_refused_and_hinder_nothing)
{
    static const struct {
        const char *step;
        unsigned number;
    } deaths[] = {{"after sj_tx_commit", 1}, {"before rename", 2}};
    make_plan();
    for (size_t i = 0; i < SJ_COUNT(deaths); i++) {
        struct rig rig;
        char origin[SJ_NOTE_NAME_MAX + 1];
        anew_old_log(&rig);
        CHECK(run_killed_at(&rig, deaths[i].step, deaths[i].number));
        CHECK(is_begun_anew(&rig));
        (void)snprintf(origin, sizeof origin, "%s", anew_origin_now(&rig));
        CHECK(!anew_starts(
            &rig, origin)); /* the signer's file, or the recorder, is still the old one */
        CHECK(!anew_starts(&rig, NULL));
        CHECK(!anew_starts(&rig, origin));
        anew_finish(&rig);
        CHECK(anew_starts(&rig, origin));
        anew_finish(&rig); /* once more, for nothing */
        CHECK(anew_starts(&rig, origin));
        anew_check_old_signer_ended();
        anew_end(&rig);
    }
    drop_plan();
}

/* ---- the database dies ---- */

/* A backend ends at the numbered one of: each insert into a table that was put aside or of the beginning, each change of a table. */
#define STRIKE                                                                                     \
    "create sequence public.struck; create table public.strike (at int8);"                         \
    "create function public.strike() returns void language plpgsql security definer as $$ begin"   \
    " if nextval('public.struck') = (select s.at from public.strike as s) then"                    \
    " perform pg_terminate_backend(pg_backend_pid()); end if; end $$;"                             \
    "create function public.strike_insert() returns trigger language plpgsql security definer"     \
    " as $$ begin perform public.strike(); return null; end $$;"                                   \
    "create function public.strike_change() returns event_trigger language plpgsql security"       \
    " definer as $$ begin perform public.strike(); end $$;"                                        \
    "do $$ declare t text; begin for t in select c.oid::regclass from pg_class as c where"         \
    " c.relnamespace = 'sanjeh'::regnamespace and c.relkind = 'r' and (c.relname like"             \
    " 'audit_former%' or c.relname = 'audit_incarnation') loop execute format('create trigger"     \
    " struck before insert on %s for each statement execute function public.strike_insert()', t);" \
    " end loop; end $$"
#define STRIDE 7
#define UNSTRIKE                                                                                   \
    "drop event trigger struck; drop function public.strike_change(), public.strike_insert()"      \
    " cascade; drop function public.strike(); drop table public.strike; drop sequence "            \
    "public.struck"

TEST(begin_anew_with_a_database_that_dies_between_statements_is_not_done)
{
    struct rig rig;
    struct sj_incarnation_plan done;
    char line[128];
    int64_t statement = 1;
    anew_old_log(&rig);
    CHECK(sj_pg_run(rig.pg->admin, STRIKE));
    CHECK(sj_pg_run(rig.pg->admin, "create event trigger struck on ddl_command_start execute "
                                   "function public.strike_change()"));
    sj_status status = {.code = SJ_DATABASE_UNAVAILABLE};
    while (sj_failed(status)) {
        (void)snprintf(line, sizeof line,
            "truncate public.strike; insert into public.strike values (%lld); select "
            "setval('public.struck', 1, false)",
            (long long)statement);
        CHECK(sj_pg_run(rig.pg->admin, line));
        status = anew_command(&rig, false, &done);
        REQUIRE(status.code == SJ_OK || status.code == SJ_DATABASE_UNAVAILABLE);
        CHECK(is_begun_anew(&rig) == !sj_failed(status));
        statement += STRIDE;
    }
    CHECK(statement > 50);
    CHECK(sj_pg_run(rig.pg->admin, UNSTRIKE));
    anew_finish(&rig);
    CHECK(anew_starts(&rig, anew_origin_now(&rig)));
    anew_end(&rig);
}
