/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh audit incarnation: how does a record go on whose recorder or signer's state is lost? Not under the same origin: nobody could
 * tell what was taken away. Two security officers begin a new log, which names in its first entry the last signed tree of the
 * old one that anybody holds. The server does not run meanwhile. One transaction puts the old log aside; then the old signer's file
 * is ended and moved. Killed anywhere, the command is run again and finishes; nobody is asked twice for the same deed.
 */
#include "cli_incarnation.h"

#include "sanjeh/audit/record.h"
#include "sanjeh/audit/sequencer.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/scopes.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#define REASON_MAX      2000u
#define REASON_MIN      10u
#define NOTE_MAX        102400u
#define OWN_CONNECTIONS 2 /* what the desk opens */

struct arguments {
    const char *config;
    const char *reason;
    const char *checkpoint;
    const char *note_sha256;
    const char *officers[SJ_INCARNATION_OFFICERS];
    size_t officer_count;
    int credentials_fd;
    bool dry_run;
};

static bool take_officer(struct arguments *arguments, const char *name)
{
    if (arguments->officer_count == SJ_INCARNATION_OFFICERS) {
        return false;
    }
    arguments->officers[arguments->officer_count++] = name;
    return true;
}

static bool take_one(struct arguments *arguments, int option, const char *value)
{
    int64_t number = 0;
    switch (option) {
    case 'c':
        arguments->config = value;
        return true;
    case 'r':
        arguments->reason = value;
        return sj_cli_is_text(value, REASON_MAX) && strlen(value) >= REASON_MIN;
    case 'k':
        arguments->checkpoint = value;
        return true;
    case 's':
        arguments->note_sha256 = value;
        return strlen(value) == 2 * (size_t)SJ_HASH_SIZE;
    case 'o':
        return take_officer(arguments, value);
    case 'f':
        if (sj_failed(sj_parse_i64(sj_text_of(value), 0, 1023, &number))) {
            return false;
        }
        arguments->credentials_fd = (int)number;
        return true;
    case 'n':
        arguments->dry_run = true;
        return true;
    default:
        return false;
    }
}

static bool take(int argc, char **argv, const struct sj_command *command,
    struct arguments *arguments, int *ret_exit)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
        {"reason", required_argument, NULL, 'r'}, {"checkpoint", required_argument, NULL, 'k'},
        {"note-sha256", required_argument, NULL, 's'}, {"officer", required_argument, NULL, 'o'},
        {"credentials-fd", required_argument, NULL, 'f'}, {"dry-run", no_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool good = true;
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            *ret_exit = sj_cli_help(command, SJ_EXIT_OK);
            return false;
        }
        good = good && take_one(arguments, option, optarg);
    }
    const bool is_deed = arguments->reason != NULL && arguments->note_sha256 != NULL &&
                         arguments->officer_count == SJ_INCARNATION_OFFICERS;
    if (!good || arguments->config == NULL || optind != argc || is_deed == arguments->dry_run) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return true;
}

/* ---- what the record is ---- */

struct plan {
    struct sj_incarnation said;
    struct sj_uuid log; /* the one that ends */
    uint64_t size;
    struct sj_hash root;
    bool is_done; /* the deed was done before; the files may be left */
    bool is_begun;
};

static sj_status read_one(struct sj_cli_desk *desk, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_RECORD};
    const struct sj_query query = {sql, params, count};
    struct sj_context context;
    TRY(sj_cli_desk_sign(desk, scopes, SJ_COUNT(scopes), &context));
    return sj_record_read(desk->db, &context, &query, ret_rows);
}

static sj_status take_text(struct sj_text text, char out[SJ_NOTE_NAME_MAX + 1])
{
    ENSURE(text.len <= SJ_NOTE_NAME_MAX, LIMIT_EXCEEDED);
    out[text.len] = '\0';
    return sj_copy(out, SJ_NOTE_NAME_MAX, text.ptr, text.len);
}

static sj_status former(struct sj_cli_desk *desk, uint64_t number, struct sj_rows **ret_rows)
{
    const struct sj_param param = sj_p_i32((int32_t)number);
    TRY(read_one(desk, SJ_SQL_AUDIT_FORMER_GET, &param, 1, ret_rows));
    ENSURE(sj_rows_count(*ret_rows) == 1, LOG_TAMPERED);
    return SJ_DONE;
}

static sj_status read_head(struct sj_cli_desk *desk, struct plan *plan)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_one(desk, SJ_SQL_AUDIT_HEAD_GET, NULL, 0, &rows));
    ENSURE(sj_rows_count(rows) == 1, LOG_TAMPERED);
    const struct sj_view root = sj_row_bytes(rows, 0, 2);
    plan->log = sj_row_id(rows, 0, 0);
    plan->size = (uint64_t)sj_row_i64(rows, 0, 1);
    plan->is_begun = plan->size != 0;
    ENSURE(root.len == SJ_HASH_SIZE, LOG_TAMPERED);
    return sj_copy(plan->root.bytes, SJ_HASH_SIZE, root.ptr, root.len);
}

/* The origin in the configuration is that of the log that ends, or, when the deed is done, may be either. */
static sj_status read_succession(
    struct sj_cli_desk *desk, const struct sj_config *config, struct plan *plan)
{
    CLEANUP(sj_rows_free) struct sj_rows *newest = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *before = NULL;
    struct sj_uuid first = plan->log;
    plan->said.number = 2;
    TRY(take_text(sj_text_of(config->origin), plan->said.former));
    TRY(read_one(desk, SJ_SQL_AUDIT_INCARNATION_NEWEST, NULL, 0, &newest));
    if (sj_rows_count(newest) == 1) {
        const uint64_t number = (uint64_t)sj_row_i64(newest, 0, 0);
        TRY(former(desk, number - 1, &before));
        const struct sj_text origin = sj_row_text(newest, 0, 2);
        plan->is_done = !plan->is_begun || !sj_text_is(origin, config->origin);
        if (plan->is_done) {
            plan->said.number = number;
            TRY(take_text(sj_row_text(before, 0, 1), plan->said.former));
            return take_text(origin, plan->said.origin);
        }
        sj_rows_free(&before);
        TRY(former(desk, 1, &before));
        first = sj_row_id(before, 0, 0);
        plan->said.number = number + 1;
    }
    return sj_incarnation_origin(
        sj_text_of(config->origin), first, plan->said.number, plan->said.origin);
}

/* ---- its last signed tree ---- */

static sj_status hash_note(struct sj_view note, struct sj_hash *ret_hash)
{
    return sj_sha256(&note, 1, ret_hash);
}

/* Takes the note when the old log's key signed it and it says more than what is there. */
static sj_status consider(
    struct sj_view bytes, const struct sj_note_key *key, bool may_equal, struct plan *plan)
{
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    if (sj_failed(sj_note_open(bytes, key, 1, &note)) ||
        sj_failed(sj_checkpoint_parse(note.text, &checkpoint)) ||
        !sj_text_is(checkpoint.origin, key->name) || checkpoint.size < plan->said.size ||
        (checkpoint.size == plan->said.size && !may_equal)) {
        return SJ_DONE;
    }
    plan->said.size = checkpoint.size;
    plan->said.root = checkpoint.root;
    return hash_note(bytes, &plan->said.note);
}

static sj_status consider_file(const char *path, const struct sj_note_key *key, struct plan *plan)
{
    const uint64_t before = plan->said.size;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(NOTE_MAX);
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0, BAD_CONFIG);
    TRY(sj_buf_reserve(&bytes, NOTE_MAX));
    const ssize_t got = read(fd, bytes.ptr, NOTE_MAX);
    ENSURE(got > 0 && got < (ssize_t)NOTE_MAX, BAD_CONFIG);
    bytes.len = (size_t)got;
    TRY(consider(sj_buf_view(&bytes), key, true, plan));
    ENSURE(plan->said.size > before, BAD_CONFIG);
    return SJ_DONE;
}

static sj_status find_note(
    struct sj_cli_desk *desk, const struct arguments *arguments, struct plan *plan)
{
    struct sj_note_key key;
    const struct sj_param newest = sj_p_i64(INT64_MAX);
    CLEANUP(sj_rows_free) struct sj_rows *cosigned = NULL;
    CLEANUP(sj_rows_free) struct sj_rows *stored = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    TRY(ask_log_vkey(desk->channel, &vkey));
    TRY(sj_note_key_parse(sj_buf_text(&vkey), &key));
    TRY(read_one(desk, SJ_SQL_AUDIT_CHECKPOINT_NEWEST, &newest, 1, &stored));
    if (sj_rows_count(stored) == 1) {
        TRY(consider(sj_row_bytes(stored, 0, 1), &key, true, plan));
    }
    TRY(read_one(desk, SJ_SQL_AUDIT_COSIGNED_NEWEST, &newest, 1, &cosigned));
    if (sj_rows_count(cosigned) == 1) {
        TRY(consider(sj_row_bytes(cosigned, 0, 1), &key, true, plan));
    }
    desk->why = "--checkpoint: a signed note of this log, of a larger tree than the database has";
    TRY(arguments->checkpoint != NULL ? consider_file(arguments->checkpoint, &key, plan) : SJ_DONE);
    desk->why = "the database has no tree that this log's key has signed; give one by --checkpoint";
    ENSURE(plan->said.size != 0, NOT_FOUND);
    desk->why = "";
    return SJ_DONE;
}

/* ---- the deed ---- */

static sj_status compose(struct sj_cli_desk *desk, const struct arguments *arguments,
    struct plan *plan, struct sj_draft *draft, struct sj_buf *salted)
{
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(SJ_ENTRY_DETAIL_MAX);
    *draft = (struct sj_draft){.kind = SJ_ENTRY_INCARNATION,
        .emitter_seq = 1,
        .actor = plan->said.officers[0],
        .outcome = SJ_OUTCOME_PERMITTED,
        .action = SJ_INCARNATION_ACTION,
        .object_type = "log"};
    desk->why = "[audit] origin is too long to be continued";
    TRY(sj_uuid_new(&plan->said.log));
    TRY(sj_uuid_new(&draft->emitter));
    TRY(sj_uuid_new(&draft->request_id));
    TRY(sj_incarnation_format(&plan->said, &detail));
    desk->why = "";
    draft->object = plan->said.log;
    TRY(sj_copy(draft->detail, SJ_ENTRY_DETAIL_MAX, detail.ptr, detail.len));
    draft->detail[detail.len] = '\0';
    return sj_payload_commit(
        draft, sj_view_of(arguments->reason, strlen(arguments->reason)), salted);
}

static sj_status commit(struct sj_cli_desk *desk, const struct plan *plan,
    const struct sj_draft *draft, struct sj_view salted)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_RECORD};
    const struct sj_payload payload = {.content = salted};
    struct sj_context context;
    struct sj_hash mac;
    CLEANUP(sj_key_wipe) struct sj_key key;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf stored = SJ_BUF(SJ_PAYLOAD_STORED);
    TRY(sj_draft_encode(draft, &bytes));
    TRY(sj_payload_encode(&payload, &stored));
    TRY(ask_emitter_key(desk->channel, draft->emitter, &key));
    TRY(sj_outbox_mac(&key, sj_buf_view(&bytes), &mac));
    const struct sj_param params[] = {sj_p_id(&plan->log), sj_p_i64((int64_t)plan->size),
        sj_p_bytes(sj_view_of(plan->root.bytes, SJ_HASH_SIZE)),
        sj_p_text(sj_text_of(plan->said.former)), sj_p_i32((int32_t)plan->said.number),
        sj_p_id(&plan->said.log), sj_p_text(sj_text_of(plan->said.origin)),
        sj_p_id(&draft->emitter), sj_p_bytes(sj_buf_view(&bytes)), sj_p_bytes(sj_buf_view(&stored)),
        sj_p_bytes(sj_view_of(mac.bytes, SJ_HASH_SIZE)), sj_p_i32(OWN_CONNECTIONS)};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_cli_desk_sign(desk, scopes, SJ_COUNT(scopes), &context));
    TRY(sj_tx_begin(desk->db, &context, &tx));
    desk->why = "a server or another command is connected, or the record has changed meanwhile";
    TRY(sj_tx_send(tx, SJ_SQL_AUDIT_INCARNATE, params, SJ_COUNT(params)));
    TRY(sj_tx_commit(&tx));
    desk->why = "";
    return SJ_DONE;
}

static void print_hash(const char *name, const struct sj_hash *hash)
{
    (void)fprintf(stderr, "  %s ", name);
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        (void)fprintf(stderr, "%02x", hash->bytes[i]);
    }
    (void)fputc('\n', stderr);
}

static void tell_plan(const struct plan *plan)
{
    (void)fprintf(stderr,
        "the log that ends: %s\n  its last tree that somebody holds signed: size %llu\n",
        plan->said.former, (unsigned long long)plan->said.size);
    print_hash("root", &plan->said.root);
    print_hash("note-sha256", &plan->said.note);
    (void)fprintf(stderr, "  entries in the database: %llu\nthe log that begins: %s\n",
        (unsigned long long)plan->size, plan->said.origin);
}

static bool is_the_note(const struct plan *plan, const char *hex)
{
    uint8_t bytes[SJ_HASH_SIZE];
    return !sj_failed(sj_parse_hex(sj_text_of(hex), bytes, SJ_HASH_SIZE)) &&
           memcmp(bytes, plan->said.note.bytes, SJ_HASH_SIZE) == 0;
}

static sj_status do_deed(struct sj_cli_desk *desk, const struct sj_config *config,
    const struct arguments *arguments, struct plan *plan)
{
    struct sj_draft draft;
    CLEANUP(sj_buf_clear) struct sj_buf salted = SJ_BUF(SJ_PAYLOAD_SALT + REASON_MAX);
    tell_plan(plan);
    if (arguments->dry_run) {
        return SJ_DONE;
    }
    desk->why = "--note-sha256: not that of the tree named above; look at it with --dry-run";
    ENSURE(is_the_note(plan, arguments->note_sha256), GUARD_UNMET);
    TRY(sj_incarnation_officers(
        desk, config, arguments->officers, arguments->credentials_fd, plan->said.officers));
    plan->said.stored = plan->size;
    TRY(compose(desk, arguments, plan, &draft, &salted));
    return commit(desk, plan, &draft, sj_buf_view(&salted));
}

static sj_status begin_anew(
    struct sj_cli_desk *desk, const struct sj_config *config, const struct arguments *arguments)
{
    struct plan plan = {.is_done = false};
    TRY(read_head(desk, &plan));
    TRY(read_succession(desk, config, &plan));
    if (!plan.is_done) {
        TRY(find_note(desk, arguments, &plan));
        TRY(do_deed(desk, config, arguments, &plan));
        plan.is_begun = false;
    } else {
        (void)fprintf(stderr, "the record was begun anew before; its files are put right\n");
    }
    if (arguments->dry_run) {
        return SJ_DONE;
    }
    const struct sj_incarnation_files files = {.config = config,
        .former = plan.said.former,
        .origin = plan.said.origin,
        .former_number = plan.said.number - 1,
        .is_begun = plan.is_begun};
    TRY(sj_incarnation_put_aside(&files, &desk->why));
    (void)fprintf(stderr,
        "next: set [audit] origin = %s and start sanjehd; keep the old key in the policies and add "
        "the new\n"
        "one (sanjeh audit vkey); sanjeh audit export --incarnation %llu gives the old log\n",
        plan.said.origin, (unsigned long long)plan.said.number - 1);
    return SJ_DONE;
}

static int run(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments = {.credentials_fd = -1};
    struct sj_config config;
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, &arguments, &code) ||
        !sj_cli_config(command, arguments.config, &config, &code)) {
        return code;
    }
    struct sj_cli_desk desk = {.why = ""};
    sj_status status = sj_cli_desk_open(&desk, &config);
    if (!sj_failed(status)) {
        status = begin_anew(&desk, &config, &arguments);
    }
    if (sj_failed(status)) {
        code = sj_cli_fail(command, status, desk.why);
    }
    sj_cli_desk_close(&desk);
    return code;
}

const struct sj_command sj_command_audit_incarnation = {"audit", "incarnation",
    "begin the record anew when its recorder or signer is lost",
    "usage: sanjeh audit incarnation --config FILE (--dry-run | --note-sha256 HASH --reason TEXT "
    "--officer NAME\n"
    "       --officer NAME) [--checkpoint FILE] [--credentials-fd N]\n\n"
    "The server must not run. --dry-run says which signed tree the record ends with, and its hash; "
    "the deed names\n"
    "that hash. Two persons with the role security-officer sign in: password and code of the "
    "first, then of the\n"
    "second, one line each, from the terminal or --credentials-fd. --checkpoint: a signed tree "
    "that a witness or\n"
    "a receipt has and the database lacks. Run it again when it was interrupted.\n",
    run};
