/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh audit incarnation: how does a record go on whose recorder or signer's state is lost? Not under the same origin: nobody could
 * tell what was taken away. Two security officers begin a new log, which names in its first entry the last signed tree of the
 * old one that anybody holds. The server does not run meanwhile. One transaction puts the old log aside; then the old signer's file
 * is ended and moved. Killed anywhere, the command is run again and finishes; nobody is asked twice for the same deed.
 */
#include "cli_incarnation.h"

#include "sanjeh/base/parse.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#define REASON_MIN 10u
#define COPYING_MS                                                                                 \
    3600000 /* the old log's rows are copied in one statement: minutes for ten million */

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
        return sj_cli_is_text(value, SJ_INCARNATION_REASON_MAX) && strlen(value) >= REASON_MIN;
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

/* ---- the deed ---- */

static void print_hash(const char *name, const struct sj_hash *hash)
{
    (void)fprintf(stderr, "  %s ", name);
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        (void)fprintf(stderr, "%02x", hash->bytes[i]);
    }
    (void)fputc('\n', stderr);
}

/* Before the plan: it is known only when the outbox was read. */
static void tell_draft(const struct sj_draft *draft)
{
    char object[SJ_UUID_TEXT_SIZE];
    char actor[SJ_UUID_TEXT_SIZE];
    char request[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(draft->object, object);
    sj_uuid_format(draft->actor, actor);
    sj_uuid_format(draft->request_id, request);
    (void)fprintf(stderr, "without a place: %s of %s %s by %s, request %s\n", draft->action,
        draft->object_type, object, actor, request);
}

static void tell_plan(const struct sj_incarnation_plan *plan)
{
    (void)fprintf(stderr,
        "the log that ends: %s\n  its last tree that somebody holds signed: size %llu\n",
        plan->said.former, (unsigned long long)plan->said.size);
    print_hash("root", &plan->said.root);
    print_hash("note-sha256", &plan->said.note);
    (void)fprintf(stderr,
        "  entries in the database: %llu\n  drafts of committed deeds without a place in it: "
        "%llu\n",
        (unsigned long long)plan->size, (unsigned long long)plan->said.unsequenced);
    if (plan->strangers != 0) {
        (void)fprintf(stderr,
            "  drafts that are none of this log's or stand in it already: %llu, to be refused\n",
            (unsigned long long)plan->strangers);
    }
    (void)fprintf(stderr, "the log that begins: %s\n", plan->said.origin);
}

static bool is_the_note(const struct sj_incarnation_plan *plan, const char *hex)
{
    uint8_t bytes[SJ_HASH_SIZE];
    return !sj_failed(sj_parse_hex(sj_text_of(hex), bytes, SJ_HASH_SIZE)) &&
           memcmp(bytes, plan->said.note.bytes, SJ_HASH_SIZE) == 0;
}

static sj_status do_deed(struct sj_cli_desk *desk, const struct sj_config *config,
    const struct arguments *arguments, struct sj_incarnation_plan *plan)
{
    tell_plan(plan);
    if (arguments->dry_run) {
        return SJ_DONE;
    }
    desk->why = "--note-sha256: not that of the tree named above; look at it with --dry-run";
    ENSURE(is_the_note(plan, arguments->note_sha256), GUARD_UNMET);
    TRY(sj_incarnation_officers(
        desk, config, arguments->officers, arguments->credentials_fd, plan->said.officers));
    return sj_incarnation_commit(desk, config, arguments->reason, plan);
}

static sj_status begin_anew(
    struct sj_cli_desk *desk, const struct sj_config *config, const struct arguments *arguments)
{
    struct sj_incarnation_plan plan;
    TRY(sj_incarnation_look(
        desk, config, arguments->checkpoint, arguments->dry_run ? tell_draft : NULL, &plan));
    if (!plan.is_done) {
        TRY(do_deed(desk, config, arguments, &plan));
    } else {
        (void)fprintf(stderr,
            "the record was begun anew before, under %s; what is left to do are its files\n",
            plan.said.origin);
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
    struct sj_cli_desk desk = {.why = "", .of_any_log = true};
    config.statement_timeout_ms = COPYING_MS;
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
