/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh audit seal, prune: how does the oldest partition of the record leave the database? First it is written down, so that anybody can check it
 * by itself (seal). Then, with the approval of two security officers for exactly this file, it goes (prune): the file is verified
 * once more, and in one transaction the approval is used, the entry is put, the partition detached. Hashes stay: proofs of what is left
 * still hold. Killed at any moment it has happened whole or not at all.
 */
#include "cli_desk.h"

#include "sanjeh/approval/approval.h"
#include "sanjeh/audit/published.h"
#include "sanjeh/audit/sealed.h"
#include "sanjeh/audit/sequencer.h"
#include "sanjeh/audit/tlog_policy.h"
#include "sanjeh/base/file.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/json/write.h"
#include "sanjeh/keys/scopes.h"

#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#define DAY_US INT64_C(86400000000)

enum { CONFIG = 'c', FROM = 256, OUT, BEFORE, SEALED, POLICY, APPROVAL, DRY_RUN };

struct arguments {
    const char *config;
    const char *out;
    const char *sealed;
    const char *policy;
    const char *before_text;
    struct sj_uuid approval;
    uint64_t from;
    uint64_t before;
    bool has_from;
    bool has_before;
    bool dry_run;
    struct sj_config settings;
};

static bool take_option(struct arguments *arguments, int option)
{
    switch (option) {
    case CONFIG:
        arguments->config = optarg;
        return true;
    case FROM:
        arguments->has_from = true;
        return !sj_failed(sj_parse_u64(sj_text_of(optarg), 0, INT64_MAX, &arguments->from));
    case OUT:
        arguments->out = optarg;
        return true;
    case BEFORE:
        arguments->has_before = true;
        arguments->before_text = optarg;
        return !sj_failed(sj_parse_u64(sj_text_of(optarg), 1, INT64_MAX, &arguments->before));
    case SEALED:
        arguments->sealed = optarg;
        return true;
    case POLICY:
        arguments->policy = optarg;
        return true;
    case APPROVAL:
        return !sj_failed(sj_uuid_parse(sj_text_of(optarg), &arguments->approval));
    case DRY_RUN:
        arguments->dry_run = true;
        return true;
    default:
        return false;
    }
}

static bool is_whole(const struct sj_command *command, const struct arguments *arguments)
{
    const bool is_seal = strcmp(command->verb, "seal") == 0;
    const bool approved = !sj_uuid_is_nil(arguments->approval);
    if (arguments->config == NULL) {
        return false;
    }
    if (is_seal) {
        return arguments->out != NULL && arguments->has_from && !arguments->has_before &&
               arguments->sealed == NULL && arguments->policy == NULL && !approved &&
               !arguments->dry_run;
    }
    return arguments->has_before && arguments->sealed != NULL && arguments->policy != NULL &&
           approved != arguments->dry_run && arguments->out == NULL && !arguments->has_from;
}

static bool take(int argc, char **argv, const struct sj_command *command,
    struct arguments *arguments, int *ret_exit)
{
    static const struct option options[] = {{"config", required_argument, NULL, CONFIG},
        {"from", required_argument, NULL, FROM}, {"out", required_argument, NULL, OUT},
        {"before", required_argument, NULL, BEFORE}, {"sealed", required_argument, NULL, SEALED},
        {"policy", required_argument, NULL, POLICY},
        {"approval", required_argument, NULL, APPROVAL}, {"dry-run", no_argument, NULL, DRY_RUN},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h' || !take_option(arguments, option)) {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    if (optind != argc || !is_whole(command, arguments)) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return true;
}

static sj_status record_context(struct sj_cli_desk *desk, struct sj_context *ret_context)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_RECORD, SJ_SCOPE_APPROVAL};
    return sj_cli_desk_sign(desk, scopes, SJ_COUNT(scopes), ret_context);
}

/* ---- seal ---- */

static sj_status find_partition(struct sj_cli_desk *desk, const struct sj_context *context,
    uint64_t from, struct sj_partition *ret_partition, bool *ret_is_oldest)
{
    void *memory = NULL;
    size_t count = 0;
    TRY(sj_arena_alloc(desk->arena, SJ_PARTITIONS_MAX * sizeof(struct sj_partition), &memory));
    struct sj_partition *list = memory;
    TRY(sj_partition_list(desk->db, context, list, &count));
    for (size_t i = 0; i < count; i++) {
        if (list[i].first == from) {
            *ret_partition = list[i];
            *ret_is_oldest = i == 0;
            return SJ_DONE;
        }
    }
    desk->why = "--from: the first index of a partition; each has 4194304 entries";
    FAIL(NOT_FOUND);
}

static sj_status seal(
    struct sj_cli_desk *desk, const struct arguments *arguments, struct sj_hash *ret_manifest)
{
    struct sj_context context;
    struct sj_partition partition;
    bool oldest = false;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    CLEANUP(sj_buf_clear) struct sj_buf lines = SJ_BUF(SJ_POLICY_TEXT_MAX + 1);
    TRY(record_context(desk, &context));
    TRY(find_partition(desk, &context, arguments->from, &partition, &oldest));
    TRY(ask_log_vkey(desk->channel, &vkey));
    if (arguments->settings.publish_policy_file[0] != '\0') {
        TRY(sj_policy_trust_read(arguments->settings.publish_policy_file, &lines));
    }
    const struct sj_bundle_trust trust = {.vkey = sj_buf_text(&vkey), .lines = sj_buf_text(&lines)};
    desk->why = "--out: the file must not exist";
    CLEANUP(sj_closep) int fd = open(arguments->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ENSURE(fd >= 0, IO);
    desk->why = "no signed tree, seen by the witnesses, has the whole partition yet; or something "
                "of it is missing (sanjeh audit scrub)";
    TRY(sj_sealed_export(desk->db, &context, &trust, &partition, fd, ret_manifest));
    desk->why = "--out could not be written to the disk";
    ENSURE(fsync(fd) == 0, IO);
    desk->why = "";
    return SJ_DONE;
}

static void hex_of(const struct sj_hash *hash, char ret_text[2 * SJ_HASH_SIZE + 1])
{
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        (void)snprintf(ret_text + 2 * i, 3, "%02x", hash->bytes[i]);
    }
}

static int run_seal(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments = {.config = NULL};
    struct sj_hash manifest;
    char hex[2 * SJ_HASH_SIZE + 1];
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, &arguments, &code) ||
        !sj_cli_config(command, arguments.config, &arguments.settings, &code)) {
        return code;
    }
    struct sj_cli_desk desk = {.why = ""};
    sj_status status = sj_cli_desk_open(&desk, &arguments.settings);
    if (!sj_failed(status)) {
        status = seal(&desk, &arguments, &manifest);
    }
    if (sj_failed(status)) {
        code = sj_cli_fail(command, status, desk.why);
    } else {
        hex_of(&manifest, hex);
        (void)printf("%s\n", hex);
        (void)fprintf(
            stderr, "next: sanjeh-verify %s --policy FILE; keep it in two places\n", arguments.out);
    }
    sj_cli_desk_close(&desk);
    return code;
}

const struct sj_command sj_command_audit_seal = {"audit", "seal",
    "write a partition of the record down, to be pruned",
    "usage: sanjeh audit seal --config FILE --from INDEX --out FILE.tar\n\n"
    "The partition that begins at INDEX, as C2SP tlog-tiles with the first signed tree that has "
    "all of "
    "it and\n"
    "a manifest, whose SHA-256 is printed. sanjeh-verify checks the file by itself. Payloads are "
    "no "
    "part of it.\n",
    run_seal};

/* ---- prune ---- */

static sj_status verify(struct sj_cli_desk *desk, const struct arguments *arguments,
    struct sj_verify_report *ret_report)
{
    const struct sj_verify_options options = {.policy_path = arguments->policy};
    desk->why = "--sealed does not verify by --policy: see sanjeh-verify";
    TRY(sj_bundle_verify(arguments->sealed, &options, ret_report));
    ENSURE(ret_report->verdict == SJ_VERIFIED && ret_report->is_sealed, GUARD_UNMET);
    desk->why = "--sealed: it has other entries than those before --before";
    ENSURE(ret_report->sealed_end == arguments->before, GUARD_UNMET);
    desk->why = "";
    return SJ_DONE;
}

/* Its newest entry is old enough, by the time that the entry bears. */
static sj_status check_age(
    struct sj_cli_desk *desk, const struct sj_context *context, const struct arguments *arguments)
{
    const struct sj_param params[] = {
        sj_p_i64((int64_t)arguments->before - 1), sj_p_i64((int64_t)arguments->before)};
    const struct sj_query query = {SJ_SQL_AUDIT_ENTRY_RANGE, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    struct sj_entry *entry = NULL;
    void *memory = NULL;
    TRY(sj_arena_alloc(desk->arena, sizeof(struct sj_entry), &memory));
    entry = memory;
    TRY(sj_db_read(desk->db, context, &query, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    ENSURE(!sj_failed(sj_entry_decode(sj_row_bytes(rows, 0, 1), entry)), LOG_TAMPERED);
    desk->why = "the partition is younger than [audit] retention_d";
    ENSURE(sj_time_now() - entry->time >= arguments->settings.retention_d * DAY_US, GUARD_UNMET);
    desk->why = "";
    return SJ_DONE;
}

static sj_status check_witnessed(
    struct sj_cli_desk *desk, const struct sj_context *context, const struct arguments *arguments)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(SJ_NOTE_MAX);
    uint64_t size = 0;
    int64_t cosigned_s = 0;
    if (arguments->settings.publish_policy_file[0] == '\0') {
        return SJ_DONE;
    }
    desk->why = "the witnesses have not seen these entries";
    TRY(sj_published_newest(desk->db, context, INT64_MAX, &note, &size, &cosigned_s));
    ENSURE(size >= arguments->before, GUARD_UNMET);
    desk->why = "";
    return SJ_DONE;
}

static sj_status use_approval(struct sj_cli_desk *desk, struct sj_tx *tx,
    const struct sj_context *context, const struct arguments *arguments, const char *manifest)
{
    const struct sj_approval_desk office = {.db = desk->db,
        .tx = tx,
        .context = context,
        .channel = desk->channel,
        .arena = desk->arena};
    CLEANUP(sj_buf_clear) struct sj_buf parameters = SJ_BUF(SJ_APPROVAL_PARAMETERS_MAX);
    struct sj_json json = sj_json_begin(&parameters);
    bool found = false;
    struct sj_approval approval;
    const char *why = NULL;
    sj_json_object(&json, NULL);
    sj_json_str(&json, "before", arguments->before_text);
    sj_json_str(&json, "export_sha256", manifest);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    desk->why = "--approval: not an approval of log:prune for exactly this that two security "
                "officers gave and nobody has used";
    TRY(sj_approval_find(&office, arguments->approval, &found, &approval, &why));
    ENSURE(found, GUARD_UNMET);
    const struct sj_actor nobody = {.account = approval.requested_by};
    const struct sj_approval_use use = {.kind = sj_approval_kind_find(SJ_TEXT("log:prune")),
        .approval = arguments->approval,
        .object = approval.object,
        .parameters = sj_buf_text(&parameters),
        .min_need = 1,
        .by_anybody = true};
    TRY(sj_approval_take(&office, &nobody, &use, &approval, &why));
    desk->why = "";
    return SJ_DONE;
}

static sj_status put_entry(struct sj_cli_desk *desk, struct sj_tx *tx,
    const struct arguments *arguments, const struct sj_verify_report *report, const char *manifest)
{
    char id[SJ_UUID_TEXT_SIZE];
    struct sj_key key;
    struct sj_draft draft = {.kind = SJ_ENTRY_PRUNE,
        .emitter_seq = 1,
        .outcome = SJ_OUTCOME_PERMITTED,
        .action = "log:prune",
        .object_type = "log"};
    sj_uuid_format(arguments->approval, id);
    (void)snprintf(draft.detail, sizeof draft.detail,
        "minimum=%llu;size=%llu;export_sha256=%s;approval=%s",
        (unsigned long long)arguments->before, (unsigned long long)report->size, manifest, id);
    TRY(sj_uuid_new(&draft.emitter));
    TRY(sj_uuid_new(&draft.request_id));
    TRY(ask_emitter_key(desk->channel, draft.emitter, &key));
    const sj_status status = sj_outbox_put(tx, &key, &draft);
    sj_wipe(&key, sizeof key);
    return status;
}

static sj_status prune(struct sj_cli_desk *desk, const struct arguments *arguments)
{
    struct sj_context context;
    struct sj_verify_report report;
    struct sj_partition partition;
    char manifest[2 * SJ_HASH_SIZE + 1];
    bool oldest = false;
    TRY(verify(desk, arguments, &report));
    hex_of(&report.manifest, manifest);
    TRY(record_context(desk, &context));
    TRY(find_partition(desk, &context, report.sealed_first, &partition, &oldest));
    desk->why = "only the oldest partition is pruned, whole";
    ENSURE(oldest && partition.end == arguments->before, GUARD_UNMET);
    TRY(check_age(desk, &context, arguments));
    TRY(check_witnessed(desk, &context, arguments));
    if (arguments->dry_run) {
        (void)printf("%s\n", manifest);
        return SJ_DONE;
    }
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_begin(desk->db, &context, &tx));
    TRY(use_approval(desk, tx, &context, arguments, manifest));
    TRY(put_entry(desk, tx, arguments, &report, manifest));
    const struct sj_param params[] = {sj_p_i64((int64_t)partition.first),
        sj_p_i64((int64_t)partition.end),
        sj_p_bytes(sj_view_of(report.manifest.bytes, SJ_HASH_SIZE))};
    desk->why = "the partition that is being filled stays; if the database was busy, try again";
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PRUNE, params, SJ_COUNT(params), &rows));
    desk->why = "";
    return sj_tx_commit(&tx);
}

static int run_prune(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments = {.config = NULL};
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, &arguments, &code) ||
        !sj_cli_config(command, arguments.config, &arguments.settings, &code)) {
        return code;
    }
    struct sj_cli_desk desk = {.why = ""};
    sj_status status = sj_crypto_init();
    if (!sj_failed(status)) {
        status = sj_cli_desk_open(&desk, &arguments.settings);
    }
    if (!sj_failed(status)) {
        status = prune(&desk, &arguments);
    }
    if (sj_failed(status)) {
        code = sj_cli_fail(command, status, desk.why);
    } else {
        (void)fprintf(stderr, "entries before %s %s\n", arguments.before_text,
            arguments.dry_run ? "could be pruned" : "were pruned; their hashes stay");
    }
    sj_cli_desk_close(&desk);
    return code;
}

const struct sj_command sj_command_audit_prune = {"audit", "prune",
    "let the oldest partition of the record go",
    "usage: sanjeh audit prune --config FILE --before INDEX --sealed FILE.tar --policy FILE\n"
    "                          (--approval ID | --dry-run)\n\n"
    "Verifies the sealed export (sanjeh audit seal) by the policy, and that it is the oldest "
    "partition, older than\n"
    "[audit] retention_d, seen by the witnesses, and not the one that is being filled. Then the "
    "partition goes,\n"
    "and an entry says so; hashes and proofs stay. --dry-run: only checks.\n"
    "--approval: POST /api/v1/approvals, action log:prune, parameters {\"before\": INDEX, "
    "\"export_sha256\": HEX},\n"
    "by one security officer, approved by another.\n",
    run_prune};
