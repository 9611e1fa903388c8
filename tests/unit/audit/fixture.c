/* SPDX-License-Identifier: Apache-2.0
 *
 * How do the sequencer's tests get a log of their own? See fixture.h.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sanjeh/base/parse.h"
#include "sanjeh/keys/scopes.h"

#define RIG_REGION ((size_t)4 * 1024 * 1024)

static char *folder(void)
{
    static char path[64];
    if (path[0] == '\0') {
        snprintf(path, sizeof(path), "/tmp/sanjeh-audit-XXXXXX");
        SJ_ASSERT(mkdtemp(path) != NULL);
    }
    return path;
}

static const char *file(const char *name)
{
    static char path[4][96];
    static unsigned next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof(path[0]), "%s/%s", folder(), name);
    return out;
}

/* The file of this name that belongs to one server. */
static const char *own_file(const struct rig *rig, const char *name)
{
    char full[32];
    snprintf(full, sizeof(full), "%s%s%s", name, rig->instance == NULL ? "" : "-",
        rig->instance == NULL ? "" : rig->instance);
    return file(full);
}

static const char *origin_of(const struct rig *rig)
{
    return rig->origin == NULL ? "test.example/audit" : rig->origin;
}

static void remove_folder(void)
{
    static const char *const names[] = {"root", "signer", "signer.payload", "signer.kept",
        "recorder", "recorder.kept", "bundle.tar", "policy", "signer-b", "recorder-b"};
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        unlink(file(names[i]));
    }
    rmdir(folder());
}

sj_status rig_second_keeper(const struct rig *rig, struct sj_keeper **ret_keeper)
{
    const struct sj_keeper_config config = {
        .root_key_file = file("root"),
        .signer_state = own_file(rig, "signer"),
        .payload_keys = file("signer.payload"),
        .instance = rig->instance,
        .origin = origin_of(rig),
        .use = SJ_KEEPER_SERVE,
        .channels = 2,
    };
    return sj_keeper_start(&config, ret_keeper);
}

static void start_keeper(struct rig *rig)
{
    const sj_status status = rig_second_keeper(rig, &rig->keeper);
    if (sj_failed(status)) {
        fprintf(stderr, "keeper: %s at %s\n", sj_code_name(status.code), status.where);
        exit(1);
    }
}

/* The database checks contexts with this keeper's key. */
static void fetch_pads(uint8_t pads[128])
{
    const struct sj_keeper_config config = {
        .root_key_file = file("root"), .use = SJ_KEEPER_PROVISION, .channels = 1};
    struct sj_keeper *keeper = NULL;
    struct sj_channel *channel = NULL;
    CHECK_OK(sj_keeper_start(&config, &keeper));
    CHECK_OK(sj_channel_open(keeper, 0, NULL, &channel));
    CHECK_OK(ask_context_pads(channel, pads));
    sj_channel_close(&channel);
    sj_keeper_stop(&keeper);
}

void rig_fresh(struct rig *rig)
{
    static bool prepared;
    static uint8_t pads[128];
    if (!prepared) {
        prepared = true;
        CHECK_OK(sj_crypto_init());
        CHECK_OK(sj_keeper_create_root(file("root")));
        atexit(remove_folder);
        fetch_pads(pads);
    }
    *rig = (struct rig){.pg = sj_pg_start(sj_view_of(pads, sizeof(pads)))};
    unlink(file("signer"));
    unlink(file("signer.payload"));
    unlink(file("recorder"));
    unlink(file("signer-b"));
    unlink(file("recorder-b"));
    CHECK(rig_forge(rig,
        "truncate sanjeh.audit_entry, sanjeh.audit_tile, sanjeh.audit_tenant,"
        " sanjeh.audit_checkpoint, sanjeh.audit_outbox, sanjeh.audit_refused, sanjeh.audit_seen,"
        " sanjeh.audit_payload, sanjeh.audit_payload_key, sanjeh.audit_payload_kek, "
        "sanjeh.audit_instance, sanjeh.audit_signer, sanjeh.audit_run, sanjeh.audit_day,"
        " sanjeh.file_opening;"
        "update sanjeh.audit_index_state set generation = 0, upto = 0, runs = '', mac = '';"
        "update sanjeh.audit_head set log_id = gen_random_uuid(), size = 0, base_size = 0,"
        " root = sha256(''), frontier = '', last_time_us = 0, batch_mac = ''"));
    start_keeper(rig);
}

void rig_beside(const struct rig *first, const char *name, struct rig *rig)
{
    *rig = (struct rig){.pg = first->pg, .instance = name};
    start_keeper(rig);
}

void rig_restart_keeper(struct rig *rig)
{
    sj_keeper_stop(&rig->keeper);
    start_keeper(rig);
}

void rig_end(struct rig *rig)
{
    sj_keeper_stop(&rig->keeper);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    const int in = open(from, O_RDONLY | O_CLOEXEC);
    const int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t got = 0;
    while ((got = read(in, bytes, sizeof(bytes))) > 0) {
        CHECK(write(out, bytes, (size_t)got) == got);
    }
    CHECK(got == 0);
    close(in);
    close(out);
}

void rig_keep_state(const struct rig *rig)
{
    (void)rig;
    copy_file(file("signer"), file("signer.kept"));
}

void rig_put_back_state(const struct rig *rig)
{
    (void)rig;
    copy_file(file("signer.kept"), file("signer"));
}

const char *rig_recorder_path(void)
{
    return file("recorder");
}

void rig_new_recorder(const struct rig *rig)
{
    (void)rig;
    CHECK(unlink(file("recorder")) == 0);
}

void rig_keep_recorder(const struct rig *rig)
{
    (void)rig;
    copy_file(file("recorder"), file("recorder.kept"));
}

void rig_put_back_recorder(const struct rig *rig)
{
    (void)rig;
    CHECK(rename(file("recorder.kept"), file("recorder")) == 0);
}

sj_status rig_connect(struct rig *rig)
{
    rig->loop = sj_loop_current();
    const struct sj_db_config config = {
        .conninfo = rig->pg->app,
        .read_connections = 1,
        .write_connections = 2,
        .connect_timeout_ms = 5000,
        .statement_timeout_ms = 5000,
    };
    TRY(sj_db_open(&config, rig->loop, &rig->db));
    return sj_channel_open(rig->keeper, 0, rig->loop, &rig->channel);
}

void rig_disconnect(struct rig *rig)
{
    sj_recorder_close(&rig->recorder);
    sj_channel_close(&rig->channel);
    sj_db_close(&rig->db);
}

sj_status rig_start(struct rig *rig)
{
    TRY(sj_recorder_open(own_file(rig, "recorder"), RIG_REGION, &rig->recorder));
    const struct sj_sequencer_config config = {
        .db = rig->db,
        .recorder = rig->recorder,
        .channel = rig->channel,
        .loop = rig->loop,
        .origin = origin_of(rig),
        .instance = rig->instance,
        .queue_max = rig->queue_max,
        .heads_ms = rig->heads_ms,
        .key_epoch_ms = rig->key_epoch_ms,
        .deadline_ms = rig->deadline_ms,
    };
    return sj_sequencer_start(&config, &rig->sequencer, rig->reason, sizeof(rig->reason));
}

void rig_stop(struct rig *rig)
{
    if (rig->sequencer != NULL) {
        sj_sequencer_stop(rig->sequencer);
    }
    sj_sequencer_free(&rig->sequencer);
    sj_recorder_close(&rig->recorder);
}

sj_status rig_open(struct rig *rig)
{
    TRY(rig_connect(rig));
    return rig_start(rig);
}

void rig_close(struct rig *rig)
{
    rig_stop(rig);
    rig_disconnect(rig);
}

const char *rig_file(const char *name)
{
    return file(name);
}

void rig_record_context(struct rig *rig, struct sj_context *ret_context)
{
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    CHECK_OK(ask_context(rig->channel, &scope, 1, sj_time_now() + 600000000, ret_context));
}

void rig_deed_context(struct rig *rig, struct sj_context *ret_context)
{
    const struct sj_uuid unit = {{7, 7, 7}};
    CHECK_OK(ask_context(rig->channel, &unit, 1, sj_time_now() + 600000000, ret_context));
}

struct sj_draft rig_draft(const char *action)
{
    struct sj_draft draft = {
        .kind = SJ_ENTRY_ACCESS, .outcome = SJ_OUTCOME_PERMITTED, .http_status = 200};
    snprintf(draft.action, sizeof(draft.action), "%s", action);
    snprintf(draft.object_type, sizeof(draft.object_type), "judge");
    snprintf(draft.detail, sizeof(draft.detail), "fields=11");
    return draft;
}

/* The line for a policy. */
static sj_status key_line(struct rig *rig, struct sj_buf *vkey)
{
    struct sj_signed_head head;
    struct sj_epoch_status status;
    struct sj_note_key key;
    if (!rig->by_genesis) {
        return ask_signed_head(rig->channel, &head, vkey);
    }
    TRY(ask_epochs(rig->channel, &status));
    TRY(sj_note_key_make(sj_text_of(origin_of(rig)), 1, status.genesis, &key));
    return sj_note_key_format(&key, vkey);
}

void rig_trust(struct rig *rig, struct rig *other)
{
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    CHECK_OK(key_line(rig, &vkey));
    snprintf(other->also, sizeof(other->also), "log %.*s\n", (int)vkey.len, (const char *)vkey.ptr);
}

sj_status rig_export(struct rig *rig, const char *path, struct sj_buf *ret_lines)
{
    uint64_t size = 0;
    struct sj_context context;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    TRY(key_line(rig, &vkey));
    TRY(sj_buf_put_str(ret_lines, "log "));
    TRY(sj_buf_put_view(ret_lines, sj_buf_view(&vkey)));
    TRY(sj_buf_put_byte(ret_lines, '\n'));
    TRY(sj_buf_put_str(ret_lines, rig->also));
    CLEANUP(sj_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ENSURE(fd >= 0, IO);
    rig_record_context(rig, &context);
    const struct sj_bundle_trust trust = {.vkey = sj_buf_text(&vkey), .payloads = rig->payloads};
    return sj_bundle_export(rig->db, &context, &trust, 0, fd, &size);
}

static sj_status write_policy(struct sj_text lines)
{
    CLEANUP(sj_closep)
    int fd = open(file("policy"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ENSURE(fd >= 0, IO);
    CHECK(dprintf(fd, "%.*squorum none\n", (int)lines.len, lines.ptr) > 0);
    return SJ_DONE;
}

sj_status rig_verify(struct rig *rig, struct sj_verify_report *report)
{
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(2048);
    TRY(rig_export(rig, file("bundle.tar"), &lines));
    TRY(write_policy(sj_buf_text(&lines)));
    const struct sj_verify_options options = {.policy_path = file("policy")};
    TRY(sj_bundle_verify(file("bundle.tar"), &options, report));
    if (report->verdict != SJ_VERIFIED) {
        printf("    verdict %d, index %lld: %s (%s)\n", (int)report->verdict,
            report->has_bad_index ? (long long)report->bad_index : -1LL, report->cause,
            report->checkpoint);
    }
    return SJ_DONE;
}

bool rig_forge(const struct rig *rig, const char *sql)
{
    char text[4096];
    const int len = snprintf(text, sizeof(text), "set session_replication_role = replica; %s", sql);
    return len > 0 && (size_t)len < sizeof(text) && sj_pg_run(rig->pg->admin, text);
}

int64_t rig_number(const struct rig *rig, const char *sql)
{
    int64_t value = -1;
    CHECK_OK(
        sj_parse_i64(sj_text_of(sj_pg_value(rig->pg->admin, sql)), INT64_MIN, INT64_MAX, &value));
    return value;
}

sj_status rig_record(struct rig *rig, const char *action, struct sj_receipt *receipt)
{
    const struct sj_draft draft = rig_draft(action);
    return sj_sequencer_record(rig->sequencer, &draft, false, receipt);
}

void rig_verify_clean(struct rig *rig, uint64_t at_least)
{
    struct sj_verify_report report;
    sj_fiber_sleep_ms(120); /* the newest note is stored when the writer has been idle */
    CHECK_OK(rig_verify(rig, &report));
    CHECK(report.verdict == SJ_VERIFIED);
    CHECK(report.size >= at_least && report.entries_checked == report.size);
}

void rig_short_run(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    for (int i = 0; i < 300; i++) {
        CHECK_OK(rig_record(rig, "judge:read", &receipt));
    }
    rig_verify_clean(rig, 301);
    rig_close(rig);
}

void rig_commit_and_die(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_receipt receipt;
    REQUIRE_OK(rig_open(rig));
    rig_keep_state(rig);
    REQUIRE_OK(rig_record(rig, "judge:read", &receipt));
    kill(getpid(), SIGKILL);
}

/* A process of its own runs until it has committed a batch behind the kept state, and is killed. */
void rig_run_and_kill(struct rig *rig, void (*fn)(void *ctx))
{
    sj_keeper_stop(&rig->keeper);
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        rig_restart_keeper(rig);
        sj_test_on_fiber(fn, rig);
        _exit(1);
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    usleep(200000); /* its keeper sees the lines close */
}
