/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh audit scrub: is everything in the database what was signed, now? The server's daily walk at once, also when it is
 * stopped. What the log has to be is the newest stored note that a key of the log's servers signed. The result is an entry of the record; a
 * server raises the alarm when it reads one that found something.
 */
#include "cli_desk.h"

#include "sanjeh/audit/scrub.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/json/write.h"
#include "sanjeh/keys/scopes.h"

#include <getopt.h>

#define KEYS_MAX   SJ_NOTE_KEYS_MAX
#define CONTEXT_US (INT64_C(3540) * 1000000) /* the keeper grants an hour */

struct arguments {
    const char *config;
    bool json;
};

static bool take(int argc, char **argv, const struct sj_command *command,
    struct arguments *arguments, int *ret_exit)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'c') {
            arguments->config = optarg;
        } else if (option == 'j') {
            arguments->json = true;
        } else {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    if (arguments->config == NULL || optind != argc) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return true;
}

static sj_status renew(struct sj_cli_desk *desk, sj_time_us *until, struct sj_context *context)
{
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    const sj_time_us now = sj_time_now();
    if (*until - now > CONTEXT_US / 2) {
        return SJ_DONE;
    }
    *until = now + CONTEXT_US;
    return ask_context(desk->channel, &scope, 1, *until, context);
}

static sj_status walk(
    struct sj_cli_desk *desk, struct sj_scrub *scrub, sj_time_us *until, struct sj_context *context)
{
    bool done = false;
    while (!done) {
        TRY(renew(desk, until, context));
        TRY(sj_scrub_step(scrub, desk->db, context, &done));
    }
    return SJ_DONE;
}

static sj_status record(struct sj_cli_desk *desk, const struct sj_context *context,
    const struct sj_scrub_report *report, int64_t seconds)
{
    struct sj_draft draft;
    struct sj_key key;
    sj_scrub_draft(report, seconds, &draft);
    draft.emitter_seq = 1;
    TRY(sj_uuid_new(&draft.emitter));
    TRY(sj_uuid_new(&draft.request_id));
    TRY(ask_emitter_key(desk->channel, draft.emitter, &key));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    sj_status status = sj_tx_begin(desk->db, context, &tx);
    if (!sj_failed(status)) {
        status = sj_outbox_put(tx, &key, &draft);
    }
    sj_wipe(&key, sizeof key);
    TRY(status);
    return sj_tx_commit(&tx);
}

struct keys {
    struct sj_note_key list[KEYS_MAX];
    size_t count;
};

/* This server's key and those of the others, as far as a keeper of the same root has vouched for them: what the database says alone
 * counts for nothing. */
static sj_status collect_keys(
    struct sj_cli_desk *desk, const struct sj_context *context, struct keys *keys)
{
    const struct sj_query query = {SJ_SQL_AUDIT_SIGNER_LIST, NULL, 0};
    CLEANUP(sj_buf_clear) struct sj_buf own = SJ_BUF(1024);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask_log_vkey(desk->channel, &own));
    TRY(sj_note_key_parse(sj_buf_text(&own), &keys->list[keys->count++]));
    TRY(sj_db_read(desk->db, context, &query, 1, &rows));
    for (size_t i = 0; i < sj_rows_count(rows) && keys->count < KEYS_MAX; i++) {
        struct sj_hash voucher;
        const struct sj_text vkey = sj_row_text(rows, i, 1);
        const struct sj_view bytes = sj_row_bytes(rows, i, 2);
        if (sj_text_equal(vkey, sj_buf_text(&own)) || bytes.len != SJ_HASH_SIZE) {
            continue;
        }
        TRY(sj_copy(voucher.bytes, SJ_HASH_SIZE, bytes.ptr, bytes.len));
        const sj_status status =
            ask_vouched(desk->channel, sj_row_text(rows, i, 0), vkey, &voucher);
        ENSURE(!sj_failed(status) || status.code == SJ_LOG_TAMPERED, KEEPER_UNAVAILABLE);
        if (!sj_failed(status)) {
            TRY(sj_note_key_parse(vkey, &keys->list[keys->count++]));
        }
    }
    return SJ_DONE;
}

static sj_status scrub(struct sj_cli_desk *desk, struct sj_scrub_report *ret_report)
{
    struct keys keys = {.count = 0};
    struct sj_context context;
    struct sj_scrub_target target;
    sj_time_us until = 0;
    const sj_time_us started = sj_time_now();
    CLEANUP(sj_scrub_free) struct sj_scrub *scrub = NULL;
    TRY(renew(desk, &until, &context));
    TRY(collect_keys(desk, &context, &keys));
    desk->why = "the newest stored note carries no signature of a key of the log's servers";
    TRY(sj_scrub_stored_target(desk->db, &context, keys.list, keys.count, &target));
    desk->why = "";
    TRY(sj_scrub_new(&target, &scrub));
    TRY(walk(desk, scrub, &until, &context));
    sj_scrub_report(scrub, ret_report);
    return record(desk, &context, ret_report, (sj_time_now() - started) / 1000000);
}

static sj_status print_json(const struct sj_scrub_report *report)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(4096);
    struct sj_json json = sj_json_begin(&out);
    sj_json_object(&json, NULL);
    sj_json_int(&json, "entries", (int64_t)report->entries);
    sj_json_int(&json, "size", (int64_t)report->size);
    sj_json_int(&json, "findings", (int64_t)report->findings);
    if (report->has_index) {
        sj_json_int(&json, "index", (int64_t)report->index);
    }
    if (report->findings > 0) {
        sj_json_str(&json, "cause", report->cause);
    }
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    (void)printf("%.*s\n", (int)out.len, (const char *)out.ptr);
    return SJ_DONE;
}

static int tell(const struct sj_scrub_report *report)
{
    if (report->findings == 0) {
        (void)fprintf(stderr, "%llu entries and all that stands beside them are what was signed\n",
            (unsigned long long)report->entries);
        return SJ_EXIT_OK;
    }
    (void)fprintf(stderr, "%llu findings; the first", (unsigned long long)report->findings);
    if (report->has_index) {
        (void)fprintf(stderr, ", at index %llu", (unsigned long long)report->index);
    }
    (void)fprintf(stderr,
        ": %s\nnext: keep the database as it is, sanjeh audit export, sanjeh-verify --since with a "
        "checkpoint from outside\n",
        report->cause);
    return SJ_EXIT_FAILED;
}

static int run(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments = {.config = NULL};
    struct sj_config config;
    struct sj_scrub_report report = {.size = 0};
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, &arguments, &code) ||
        !sj_cli_config(command, arguments.config, &config, &code)) {
        return code;
    }
    struct sj_cli_desk desk = {.why = ""};
    sj_status status = sj_cli_desk_open(&desk, &config);
    if (!sj_failed(status)) {
        status = scrub(&desk, &report);
    }
    if (!sj_failed(status) && arguments.json) {
        status = print_json(&report);
    }
    code = sj_failed(status) ? sj_cli_fail(command, status, desk.why) : tell(&report);
    sj_cli_desk_close(&desk);
    return code;
}

const struct sj_command sj_command_audit_scrub = {"audit", "scrub",
    "hash the whole record again, now",
    "usage: sanjeh audit scrub --config FILE [--json]\n\n"
    "Entries, tiles, roots at signed sizes, tenants and what entries commit to, straight from the\n"
    "database; the server need not run. Exit 0: all is what was signed, 1: something is not. The\n"
    "result becomes an entry of the record.\n",
    run};
