/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh audit search, tail, index: how does an officer look into the record from the command line? As over the API: with both factors, and
 * each question is an entry. Answers are the API's JSON; a tail prints one entry a line.
 */
#include "cli.h"
#include "cli_remote.h"

#include "sanjeh/base/file.h"
#include "sanjeh/base/parse.h"

#include <fcntl.h>
#include <unistd.h>

enum {
    FROM = 256,
    TO,
    ACTOR,
    ACTION,
    OBJECT,
    UNIT,
    OUTCOME,
    REASON,
    LIMIT,
    CURSOR,
    APPROVAL,
    COUNTS,
    OUT,
    COMPARE,
    REBUILD
};

static const struct option options[] = {SJ_CLI_REMOTE_OPTIONS,
    {"from", required_argument, NULL, FROM}, {"to", required_argument, NULL, TO},
    {"actor", required_argument, NULL, ACTOR}, {"action", required_argument, NULL, ACTION},
    {"object", required_argument, NULL, OBJECT}, {"unit", required_argument, NULL, UNIT},
    {"outcome", required_argument, NULL, OUTCOME}, {"reason", required_argument, NULL, REASON},
    {"limit", required_argument, NULL, LIMIT}, {"cursor", required_argument, NULL, CURSOR},
    {"approval", required_argument, NULL, APPROVAL}, {"counts", required_argument, NULL, COUNTS},
    {"out", required_argument, NULL, OUT}, {"compare", no_argument, NULL, COMPARE},
    {"rebuild", no_argument, NULL, REBUILD}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

#define QUERY_MAX ((size_t)3 * 1024)

struct arguments {
    struct sj_cli_remote remote;
    struct sj_buf query;
    const char *out; /* a file for what was found; NULL: printed */
    bool is_compared;
    bool is_rebuilt;
};

/* RFC 3986 2.1: all but the unreserved. */
static sj_status put_encoded(struct sj_buf *out, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        const char c = *at;
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        char code[4];
        (void)snprintf(code, sizeof code, "%%%02X", (unsigned)(unsigned char)c);
        TRY(is_plain ? sj_buf_put_byte(out, (uint8_t)c) : sj_buf_put_str(out, code));
    }
    return SJ_DONE;
}

static sj_status add(struct arguments *arguments, const char *name, const char *value)
{
    struct sj_buf *query = &arguments->query;
    TRY(sj_buf_put_byte(query, query->len == 0 ? '?' : '&'));
    TRY(sj_buf_put_str(query, name));
    TRY(sj_buf_put_byte(query, '='));
    return put_encoded(query, value);
}

/* Which options each of the three commands takes. */
static bool is_of(const struct sj_command *command, int option)
{
    const bool is_search = strcmp(command->verb, "search") == 0;
    const bool is_tail = strcmp(command->verb, "tail") == 0;
    return (is_search && option >= FROM && option <= OUT) || (is_tail && option == FROM) ||
           (!is_search && !is_tail && option >= COMPARE && option <= REBUILD);
}

static bool take_option(struct arguments *arguments, const struct sj_command *command, int option)
{
    if (sj_cli_remote_option(&arguments->remote, option, optarg)) {
        return true;
    }
    if (option < FROM || option > REBUILD || !is_of(command, option)) {
        return false;
    }
    if (option == COMPARE || option == REBUILD) {
        arguments->is_compared = arguments->is_compared || option == COMPARE;
        arguments->is_rebuilt = arguments->is_rebuilt || option == REBUILD;
        return true;
    }
    if (option == OUT) {
        arguments->out = optarg;
        return !sj_failed(add(arguments, "format", "file"));
    }
    const struct option *found = options;
    while (found->val != option) {
        found++;
    }
    return !sj_failed(add(arguments, found->name, optarg));
}

static bool take(int argc, char **argv, const struct sj_command *command,
    struct arguments *arguments, int *ret_exit)
{
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h' || !take_option(arguments, command, option)) {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    if (arguments->remote.url == NULL || arguments->remote.user == NULL || optind != argc ||
        (arguments->is_compared && arguments->is_rebuilt)) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return true;
}

/* What was found, with its proofs, into a file that is not there yet. */
static sj_status keep(const struct arguments *arguments)
{
    CLEANUP(sj_closep) int fd = open(arguments->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ENSURE(fd >= 0, IO);
    TRY(sj_write_all(fd, sj_client_body(arguments->remote.client)));
    ENSURE(fsync(fd) == 0, IO);
    (void)fprintf(stderr, "next: sanjeh-verify %s --policy FILE\n", arguments->out);
    return SJ_DONE;
}

/* The `data:` lines of the events, each a document on a line of its own. */
struct lines {
    struct sj_buf line;
};

static sj_status print_events(void *ctx, struct sj_view bytes)
{
    struct lines *lines = ctx;
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] != '\n') {
            TRY(sj_buf_put_byte(&lines->line, bytes.ptr[i]));
            continue;
        }
        const struct sj_text text = sj_buf_text(&lines->line);
        if (sj_text_starts(text, "data: ")) {
            (void)printf("%.*s\n", (int)(text.len - 6), text.ptr + 6);
            ENSURE(fflush(stdout) == 0, IO);
        }
        sj_buf_reset(&lines->line);
    }
    return SJ_DONE;
}

static sj_status tail(struct arguments *arguments, const char *path)
{
    struct lines lines = {.line = SJ_BUF((size_t)64 * 1024)};
    const sj_status status = sj_client_follow(arguments->remote.client, path, print_events, &lines);
    sj_buf_clear(&lines.line);
    return status;
}

static sj_status ask(struct arguments *arguments, const struct sj_command *command)
{
    char path[QUERY_MAX + 64];
    const char *place = "/api/v1/audit/entries";
    const bool is_tail = strcmp(command->verb, "tail") == 0;
    if (is_tail) {
        place = "/api/v1/audit/tail";
    } else if (strcmp(command->verb, "index") == 0) {
        place = arguments->is_rebuilt ? "/api/v1/audit/index/rebuild" : "/api/v1/audit/index";
        TRY(arguments->is_compared ? add(arguments, "compare", "true") : SJ_DONE);
    }
    const struct sj_text query = sj_buf_text(&arguments->query);
    const int len = snprintf(path, sizeof path, "%s%.*s", place, (int)query.len, query.ptr);
    ENSURE(len > 0 && (size_t)len < sizeof path, LIMIT_EXCEEDED);
    if (is_tail) {
        return tail(arguments, path);
    }
    const struct sj_client_call call = {
        .method = arguments->is_rebuilt ? "POST" : "GET", .path = path};
    TRY(sj_client_send(arguments->remote.client, &call));
    return arguments->out != NULL ? keep(arguments) : SJ_DONE;
}

static int run(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments = {
        .remote = {.credentials_fd = -1, .why = ""}, .query = SJ_BUF(QUERY_MAX)};
    int code = SJ_EXIT_OK;
    if (take(argc, argv, command, &arguments, &code)) {
        sj_status status = sj_cli_remote_open(&arguments.remote);
        if (!sj_failed(status)) {
            status = ask(&arguments, command);
        }
        code = sj_cli_remote_end(&arguments.remote, command, status,
            /* print= */ strcmp(command->verb, "tail") != 0 && arguments.out == NULL);
    }
    sj_buf_clear(&arguments.query);
    return code;
}

const struct sj_command sj_command_audit_search = {"audit", "search",
    "look something up in the record",
    "usage: sanjeh audit search --url URL --user NAME [--ca FILE] [--credentials-fd N]\n"
    "                           [--from INDEX|TIME] [--to INDEX|TIME] [--actor ID] [--action "
    "NAME]\n"
    "                           [--object ID] [--unit CODE] [--outcome denied|permitted|failed]\n"
    "                           [--reason TEXT] [--limit N] [--cursor TEXT] [--approval ID]\n"
    "                           [--counts all] [--out FILE]\n\n" SJ_CLI_REMOTE_HELP
    "Newest first; every hit is proven. The search and its reason are an entry of the record.\n"
    "--approval: another officer's, of exactly this search, where the server asks for one. "
    "--counts: hold\nlong days against their signed counts, too. --out: write question, hits, "
    "proofs and signed counts\ninto a new file, which sanjeh-verify checks; 1,500 hits at most, "
    "the newest.\n",
    run};
const struct sj_command sj_command_audit_tail = {"audit", "tail", "follow the record",
    "usage: sanjeh audit tail --url URL --user NAME [--ca FILE] [--credentials-fd N] [--from "
    "INDEX]\n\n" SJ_CLI_REMOTE_HELP
    "One entry a line, as JSON, as soon as it is signed. Ends with the session.\n",
    run};
const struct sj_command sj_command_audit_index = {"audit", "index",
    "compare the record's index with the entries, or make it anew",
    "usage: sanjeh audit index --url URL --user NAME [--ca FILE] [--credentials-fd N]\n"
    "                          [--compare | --rebuild]\n\n" SJ_CLI_REMOTE_HELP
    "--compare: every entry is read and proven, every posting looked at. --rebuild: the server "
    "empties "
    "the\nindex and makes it anew from the entries; searches say how far it is.\n",
    run};
