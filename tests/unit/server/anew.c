/* SPDX-License-Identifier: Apache-2.0
 *
 * See anew.h.
 */
#include "anew.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "state.h"

#define PATIENCE_S 60
#define REASON     "the recorder's disk was lost"

/* ---- the command ---- */

struct sj_config anew_config(const char *origin)
{
    struct sj_config config = {.statement_timeout_ms = 60000};
    (void)snprintf(config.root_key_file, sizeof config.root_key_file, "%s", rig_file("root"));
    (void)snprintf(config.signer_state, sizeof config.signer_state, "%s", rig_file("signer"));
    (void)snprintf(config.recorder, sizeof config.recorder, "%s", rig_file("recorder"));
    (void)snprintf(config.origin, sizeof config.origin, "%s", origin);
    return config;
}

sj_status anew_open_desk(
    struct sj_cli_desk *desk, const struct sj_config *config, const char *conninfo)
{
    const struct sj_keeper_config keeper = {.root_key_file = config->root_key_file,
        .origin = config->origin,
        .use = SJ_KEEPER_PROVISION,
        .channels = 1};
    const struct sj_db_config db = {.conninfo = conninfo,
        .read_connections = 1,
        .write_connections = 1,
        .connect_timeout_ms = 5000,
        .statement_timeout_ms = config->statement_timeout_ms};
    TRY(sj_keeper_start(&keeper, &desk->keeper));
    TRY(sj_channel_open(desk->keeper, 0, NULL, &desk->channel));
    return sj_db_open(&db, NULL, &desk->db);
}

void anew_close_desk(struct sj_cli_desk *desk)
{
    sj_db_close(&desk->db);
    sj_channel_close(&desk->channel);
    sj_keeper_stop(&desk->keeper);
}

static sj_status put_files_aside(
    const struct sj_config *config, const struct sj_incarnation_plan *plan_of, const char **why)
{
    const struct sj_incarnation_files files = {.config = config,
        .former = plan_of->said.former,
        .origin = plan_of->said.origin,
        .former_number = plan_of->said.number - 1,
        .is_begun = plan_of->is_begun};
    return sj_incarnation_put_aside(&files, why);
}

static sj_status look_and_do(struct sj_cli_desk *desk, const struct sj_config *config,
    bool with_files, struct sj_incarnation_plan *ret_plan)
{
    TRY(sj_incarnation_look(desk, config, NULL, NULL, ret_plan));
    ret_plan->said.officers[0].bytes[15] = 1;
    ret_plan->said.officers[1].bytes[15] = 2;
    TRY(ret_plan->is_done ? SJ_DONE : sj_incarnation_commit(desk, config, REASON, ret_plan));
    return with_files ? put_files_aside(config, ret_plan, &desk->why) : SJ_DONE;
}

sj_status anew_command(const struct rig *rig, bool with_files, struct sj_incarnation_plan *ret_plan)
{
    struct sj_cli_desk desk = {.why = ""};
    const struct sj_config config = anew_config(ORIGIN);
    sj_status status = anew_open_desk(&desk, &config, rig->pg->app);
    if (!sj_failed(status)) {
        status = look_and_do(&desk, &config, with_files, ret_plan);
    }
    anew_close_desk(&desk);
    return status;
}

void anew_finish_as(const struct rig *rig, struct sj_incarnation_plan *ret_plan)
{
    const int64_t until = sj_time_monotonic_ms() + PATIENCE_S * 1000;
    sj_status status = anew_command(rig, true, ret_plan);
    while (status.code == SJ_CONFLICT && sj_time_monotonic_ms() < until) {
        usleep(20000);
        status = anew_command(rig, true, ret_plan);
    }
    CHECK_OK(status);
}

void anew_finish(const struct rig *rig)
{
    struct sj_incarnation_plan done;
    anew_finish_as(rig, &done);
}

/* ---- the old log ---- */

static sj_status put_committed(struct rig *rig, struct sj_draft *draft)
{
    struct sj_context context;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    rig_deed_context(rig, &context);
    draft->emitter = sj_sequencer_emitter(rig->sequencer);
    draft->emitter_seq = sj_sequencer_next_seq(rig->sequencer);
    TRY(sj_tx_begin(rig->db, &context, &tx));
    TRY(sj_outbox_put(tx, sj_sequencer_emitter_key(rig->sequencer), draft));
    return sj_tx_commit(&tx);
}

/* One deed gets its place, one is committed when the server dies; somebody keeps both drafts. */
static void write_and_die(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    struct sj_draft placed = rig_draft("judge:write");
    struct sj_draft late = rig_draft("court:write");
    REQUIRE_OK(rig_open(rig));
    REQUIRE_OK(put_committed(rig, &placed));
    CHECK(rig_forge(rig, "create table public.kept as table sanjeh.audit_outbox"));
    CHECK_OK(sj_sequencer_record(rig->sequencer, &placed, true, &receipt));
    sj_fiber_sleep_ms(120); /* until the newest note is stored */
    REQUIRE_OK(put_committed(rig, &late));
    CHECK(rig_forge(rig, "insert into public.kept table sanjeh.audit_outbox"));
    (void)kill(getpid(), SIGKILL);
}

void anew_remove_aside(void)
{
    static const char *const names[] = {"signer.of-1", "signer.of-1-2", "signer.of-1-3",
        "recorder.of-1", "recorder.of-1-2", "recorder.of-1-3"};
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        (void)unlink(rig_file(names[i]));
    }
}

static void clear(const struct rig *rig)
{
    anew_remove_aside();
    CHECK(rig_forge(rig,
        "truncate sanjeh.audit_incarnation, sanjeh.audit_former, sanjeh.audit_former_entry,"
        " sanjeh.audit_former_checkpoint, sanjeh.audit_former_tile, sanjeh.audit_former_payload,"
        " sanjeh.audit_former_outbox; drop table if exists public.kept"));
}

/* Processes are killed here, never the machine: the database need not wait for its disk,
 * which the deed's many small tables would take most of the time for. */
void anew_old_log(struct rig *rig)
{
    rig_fresh(rig);
    CHECK(sj_pg_run(rig->pg->admin, "alter system set fsync = off") &&
          sj_pg_run(rig->pg->admin, "select pg_reload_conf()"));
    clear(rig);
    rig_run_and_kill(rig, write_and_die);
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_outbox") == 1);
}

void anew_end(struct rig *rig)
{
    rig->origin = NULL;
    clear(rig);
    rig_end(rig);
}

/* ---- servers ---- */

struct server {
    struct rig *rig;
    bool works;
    bool replays; /* every old draft into its outbox while it runs */
};

void anew_check_entries(const struct rig *rig)
{
    CHECK(rig_number(rig,
              "select count(*) from sanjeh.audit_entry where (get_byte(entry, 73) = 19) <>"
              " (idx = 0) or position('judge:write'::bytea in entry) > 0 or"
              " position('court:write'::bytea in entry) > 0") == 0);
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_entry where idx = 0") == 1);
}

/* Until the sweeper has looked at them. */
static void replay_old_drafts(struct rig *rig)
{
    const int64_t until = sj_time_monotonic_ms() + PATIENCE_S * 1000;
    const int64_t before = rig_number(rig, "select count(*) from sanjeh.audit_refused");
    const uint64_t size = sj_sequencer_stats(rig->sequencer).size;
    CHECK(rig_forge(rig, "insert into sanjeh.audit_outbox table public.kept"));
    while (rig_number(rig, "select count(*) from sanjeh.audit_outbox") != 0 &&
           sj_time_monotonic_ms() < until) {
        sj_fiber_sleep_ms(50);
    }
    CHECK(rig_number(rig, "select count(*) from sanjeh.audit_refused") == before + 2);
    CHECK(sj_sequencer_stats(rig->sequencer).size == size && sj_sequencer_is_ready(rig->sequencer));
}

static void open_and_record(void *ctx)
{
    struct server *server = ctx;
    struct rig *rig = server->rig;
    struct sj_receipt receipt;
    const sj_status status = rig_open(rig);
    server->works = !sj_failed(status);
    if (sj_failed(status)) {
        CHECK_CODE(status, LOG_TAMPERED);
        rig_disconnect(rig);
        return;
    }
    CHECK_OK(rig_record(rig, "judge:read", &receipt));
    if (server->replays) {
        replay_old_drafts(rig);
        CHECK_OK(rig_record(rig, "judge:read", &receipt));
    }
    anew_check_entries(rig);
    rig_verify_clean(rig, 3);
    rig_close(rig);
}

bool anew_starts_with(struct rig *rig, const char *origin, bool replays)
{
    struct server server = {.rig = rig, .replays = replays};
    rig->origin = origin;
    rig->sequencer = NULL;
    const sj_status status = rig_second_keeper(rig, &rig->keeper);
    if (sj_failed(status)) {
        CHECK_CODE(status, LOG_TAMPERED);
        return false;
    }
    sj_test_on_fiber(open_and_record, &server);
    sj_keeper_stop(&rig->keeper);
    return server.works;
}

bool anew_starts(struct rig *rig, const char *origin)
{
    return anew_starts_with(rig, origin, /* replays= */ false);
}

const char *anew_origin_now(const struct rig *rig)
{
    static char origin[SJ_NOTE_NAME_MAX + 1];
    (void)snprintf(origin, sizeof origin, "%s",
        sj_pg_value(rig->pg->admin,
            "select origin from sanjeh.audit_incarnation order by number desc limit 1"));
    return origin;
}

void anew_copy_file(const char *from, const char *to, size_t zero_from, size_t zero_len)
{
    static char bytes[65536];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    REQUIRE(in != NULL && out != NULL);
    const size_t len = fread(bytes, 1, sizeof bytes, in);
    CHECK(len > 0 && len < sizeof bytes && zero_from + zero_len <= len);
    memset(bytes + zero_from, 0, zero_len);
    CHECK(fwrite(bytes, 1, len, out) == len);
    (void)fclose(in);
    (void)fclose(out);
}

void anew_check_old_signer_ended(void)
{
    FILE *file = fopen(rig_file("signer.of-1"), "rb");
    REQUIRE(file != NULL && fseek(file, 0, SEEK_END) == 0);
    const size_t half = (size_t)ftell(file) / 2;
    (void)fclose(file);
    for (size_t i = 0; i < 3; i++) {
        struct sj_keeper *keeper = NULL;
        anew_copy_file(
            rig_file("signer.of-1"), rig_file("signer.kept"), i == 2 ? half : 0, i == 0 ? 0 : half);
        const struct sj_keeper_config config = {.root_key_file = rig_file("root"),
            .signer_state = rig_file("signer.kept"),
            .payload_keys = rig_file("signer.payload"),
            .origin = ORIGIN,
            .use = SJ_KEEPER_SERVE,
            .channels = 1};
        CHECK_CODE(sj_keeper_start(&config, &keeper), LOG_TAMPERED);
        sj_keeper_stop(&keeper);
    }
}
