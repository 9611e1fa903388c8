/* SPDX-License-Identifier: Apache-2.0
 *
 * Where does a server have its policy from, and how does it follow the others? The folder on its disk is trusted once: as the
 * installed version, when the database has none that was signed (ADR 0020). From then on the database says what is in force, and
 * is believed under seals and signatures alone. A version that does not fit changes nothing but raises an alarm: the point in
 * force stays. Notifications tell of activations; without them the worker looks once a minute.
 */
#include "policy_worker.h"

#include "policy_life.h"
#include "worker.h"

#include "sanjeh/base/log.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/scopes.h"

#include <fcntl.h>
#include <sys/stat.h>

#define TICK_MS        100
#define TICKS_OF_LOOK  600u /* a minute */
#define TICKS_OF_RETRY 10u
#define CONTEXT_US     (INT64_C(60) * 1000 * 1000)

/* ---- what stands on the disk ---- */

static sj_status read_file(const char *folder, const char *name, struct sj_buf *out)
{
    CLEANUP(sj_buf_clear) struct sj_buf path = SJ_BUF(4096);
    TRY(sj_buf_put_str(&path, folder));
    TRY(sj_buf_put_byte(&path, '/'));
    TRY(sj_buf_put_str(&path, name));
    const char *file = NULL;
    TRY(sj_buf_cstr(&path, &file));
    CLEANUP(sj_closep) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ENSURE(fd >= 0, BAD_CONFIG);
    struct stat info;
    ENSURE(fstat(fd, &info) == 0 && S_ISREG(info.st_mode), BAD_CONFIG);
    for (;;) {
        uint8_t chunk[4096];
        const ssize_t got = read(fd, chunk, sizeof chunk);
        ENSURE(got >= 0, IO);
        if (got == 0) {
            return SJ_DONE;
        }
        ENSURE(!sj_failed(sj_buf_put(out, chunk, (size_t)got)), BAD_CONFIG);
    }
}

sj_status sj_policy_install(struct sj_server *server, char *reterr_detail, size_t size)
{
    const char *folder = server->config.policy_folder;
    server->installed = SJ_BUF(SJ_POLICY_DRAFT_MAX);
    server->installed_tests = SJ_BUF(SJ_POLICY_DRAFT_MAX);
    if (sj_failed(read_file(folder, "policy.json", &server->installed))) {
        (void)snprintf(reterr_detail, size, "policy.json cannot be read from the policy's folder");
        FAIL(BAD_CONFIG);
    }
    if (sj_failed(read_file(folder, "tests.json", &server->installed_tests))) {
        sj_buf_reset(
            &server->installed_tests); /* a policy without tests can be installed, not activated */
    }
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_policy_active), &memory));
    CLEANUP(sj_policy_active_free) struct sj_policy_active *active = memory;
    TRY(sj_policy_parse(sj_buf_view(&server->installed), &active->policy, reterr_detail, size));
    return sj_policy_point_new(&active, &server->point);
}

/* ---- registering it ---- */

struct registering {
    struct sj_server *server;
    struct sj_approval_desk desk;
    struct sj_draft draft;
    bool is_new;
};

static sj_status insert_installed(struct registering *r, const struct sj_policy *policy,
    struct sj_text previous, int64_t activation)
{
    char empty[SJ_DIGEST_TEXT_SIZE];
    TRY(sj_digest_of(sj_view_of("", 0), empty));
    struct sj_policy_version version = {.policy = sj_text_of(sj_policy_id(policy)),
        .number = sj_policy_version(policy),
        .owner_unit = SJ_TEXT(""),
        .document = sj_buf_text(&r->server->installed),
        .tests = sj_buf_text(&r->server->installed_tests),
        .digest = sj_text_of(sj_policy_digest(policy)),
        .previous = previous,
        .report_digest = sj_text_of(empty),
        .diff_digest = sj_text_of(empty),
        .report = SJ_TEXT("{}"),
        .diff = SJ_TEXT("{}"),
        .created_at = sj_time_now(),
        .activation = activation};
    version.activated_at = version.created_at;
    TRY(sj_uuid_new(&version.id));
    if (version.tests.ptr == NULL) {
        version.tests = SJ_TEXT("");
    }
    TRY(sj_version_advance(&r->desk, activation));
    TRY(sj_version_insert(&r->desk, &version));
    r->draft = (struct sj_draft){.kind = SJ_ENTRY_CONFIG,
        .object = version.id,
        .outcome = SJ_OUTCOME_PERMITTED,
        .policy_version = version.number,
        .action = "policy:install",
        .object_type = "policy"};
    (void)snprintf(r->draft.detail, sizeof r->draft.detail,
        "id=%.64s;version=%u;digest=%s;previous=%.*s;activation=%lld", sj_policy_id(policy),
        version.number, sj_policy_digest(policy), (int)previous.len, previous.ptr,
        (long long)activation);
    r->is_new = true;
    return sj_sequencer_put(r->server->sequencer, r->desk.tx, &r->draft, 1);
}

/* An installed version gives way to a newer installed one; a signed one only to a signed one. */
static sj_status choose(struct registering *r, const struct sj_policy *policy)
{
    int64_t last = 0;
    TRY(sj_version_head(&r->desk, &last));
    struct sj_policy_version *versions = NULL;
    size_t count = 0;
    TRY(sj_version_in_force(&r->desk, 0, &versions, &count));
    if (count == 0) {
        ENSURE(last == 0, CONFLICT); /* somebody took away what was in force */
        return insert_installed(r, policy, SJ_TEXT(""), 1);
    }
    const struct sj_policy_version *root = &versions[0];
    if (sj_text_is(root->digest, sj_policy_digest(policy))) {
        return SJ_DONE;
    }
    const bool newer =
        sj_policy_version(policy) > root->number && sj_text_is(root->policy, sj_policy_id(policy));
    if (sj_text_is(root->origin, "installed") && newer) {
        TRY(sj_version_end(&r->desk, root->policy));
        return insert_installed(r, policy, root->digest, last + 1);
    }
    SJ_LOG(NOTICE, "policy.installed.ignored", sj_log_int("installed", sj_policy_version(policy)),
        sj_log_int("in_force", root->number), sj_log_text("origin", root->origin));
    return SJ_DONE;
}

static sj_status register_installed(struct sj_server *server)
{
    struct sj_worker *worker = &server->workers[0];
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(SJ_LIFE_ARENA_MAX, &arena));
    const struct sj_uuid scope = SJ_SCOPE_APPROVAL;
    struct sj_context context;
    TRY(ask_context(worker->channel, &scope, 1, sj_time_now() + CONTEXT_US, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(worker->db, &context, &tx));
    struct registering r = {.server = server,
        .desk = {.db = worker->db,
            .tx = tx,
            .context = &context,
            .channel = worker->channel,
            .arena = arena}};
    const struct sj_policy_active *active = sj_policy_pin(server->point, 0);
    const sj_status status = choose(&r, active->policy);
    sj_policy_unpin(server->point, 0, &active);
    TRY(status);
    TRY(sj_tx_commit(&tx));
    struct sj_receipt receipt;
    return r.is_new
               ? sj_sequencer_record(server->sequencer, &r.draft, /* in_outbox= */ true, &receipt)
               : SJ_DONE;
}

/* ---- following ---- */

void sj_policy_alarm(struct sj_server *server, sj_status status, const char *what)
{
    (void)atomic_fetch_add(&server->policy_alarms, 1);
    SJ_LOG(ERROR, "policy.activation.failed", sj_log_status(status), sj_log_str("what", what));
    struct sj_draft draft = {.kind = SJ_ENTRY_CONFIG,
        .outcome = SJ_OUTCOME_FAILED,
        .action = "policy:alarm",
        .object_type = "policy"};
    (void)snprintf(draft.detail, sizeof draft.detail, "what=%.64s;code=%.64s", what,
        sj_code_name(status.code));
    if (server->sequencer != NULL) {
        sj_sequencer_note(server->sequencer, &draft);
    }
}

void sj_policy_publish(struct sj_server *server, struct sj_policy_active **next)
{
    const sj_status status = sj_policy_swap(server->point, next);
    if (sj_failed(status)) {
        sj_policy_alarm(server, status, "swap");
        sj_policy_active_free(next);
        atomic_store(&server->policy_stale, true);
        return;
    }
    const struct sj_policy_active *active = sj_policy_pin(server->point, 0);
    SJ_LOG(NOTICE, "policy.in_force", sj_log_str("id", sj_policy_id(active->policy)),
        sj_log_int("version", sj_policy_version(active->policy)),
        sj_log_str("digest", sj_policy_digest(active->policy)),
        sj_log_int("unit_files", (int64_t)active->file_count),
        sj_log_int("activation", active->activation));
    sj_policy_unpin(server->point, 0, &active);
}

static bool is_newer(struct sj_server *server, const struct sj_policy_active *next)
{
    const struct sj_policy_active *now = sj_policy_pin(server->point, 0);
    const bool newer = next->activation > now->activation;
    sj_policy_unpin(server->point, 0, &now);
    return newer;
}

/* Looks at the database; what is newer there comes into force here. */
static sj_status follow(struct sj_server *server)
{
    CLEANUP(sj_policy_active_free) struct sj_policy_active *next = NULL;
    bool found = false;
    TRY(sj_policy_at(&server->workers[0], 0, &found, &next));
    ENSURE(found, CONFLICT);
    if (is_newer(server, next)) {
        sj_policy_publish(server, &next);
    }
    return SJ_DONE;
}

sj_status sj_policy_boot(struct sj_server *server, char *reterr_reason, size_t size)
{
    sj_status status = register_installed(server);
    if (!sj_failed(status)) {
        status = follow(server);
    }
    if (status.code == SJ_CONFLICT || status.code == SJ_INVALID) {
        (void)snprintf(reterr_reason, size,
            "the policy in force in the database has no right seal, not the signatures that it "
            "needs, or cannot be read");
        FAIL(UNSAFE_DATABASE);
    }
    return status;
}

void sj_policy_on_notify(void *ctx, struct sj_text channel, struct sj_text payload)
{
    (void)channel;
    (void)payload;
    struct sj_server *server = ctx;
    atomic_store(&server->policy_stale, true);
}

static void run(void *ctx)
{
    struct sj_server *server = ctx;
    unsigned ticks = 1;
    unsigned patience = 0;
    bool told = false;
    while (!atomic_load(&server->stopping)) {
        const bool due = ticks++ % TICKS_OF_LOOK == 0 || atomic_load(&server->policy_stale);
        if (due && patience == 0) {
            atomic_store(&server->policy_stale, false);
            const sj_status status = follow(server);
            if (sj_failed(status)) {
                atomic_store(&server->policy_stale, true);
                patience = TICKS_OF_RETRY;
            }
            if (sj_failed(status) && !told) {
                sj_policy_alarm(server, status, "follow");
            }
            told = sj_failed(status);
        }
        patience -= patience > 0 ? 1 : 0;
        sj_fiber_sleep_ms(TICK_MS);
    }
    sj_background_end(server);
}

sj_status sj_policy_worker_start(struct sj_server *server)
{
    return sj_background_start(server, run, server);
}
