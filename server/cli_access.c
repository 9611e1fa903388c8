/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh access why, person, file, changes: who can see what, and why, from the command line? As over the API: the asker signs in with two
 * factors, holds policy:explain, and each question is an entry of the record. Answers are the API's, as JSON on standard output.
 */
#include "cli.h"
#include "cli_remote.h"

#include "sanjeh/json/write.h"

#define WORDS_MAX  3
#define WORD_BYTES 96u

enum { AT = 256, SINCE };

struct arguments {
    struct sj_cli_remote remote;
    const char *object; /* an evaluation */
    const char *at;     /* a moment that is past */
    const char *since;
    const char *words[WORDS_MAX];
    size_t word_count;
};

struct verb {
    const char *name;
    size_t least;
    size_t most;
};
static const struct verb verbs[] = {
    {"why", 2, 3}, {"person", 1, 1}, {"file", 1, 1}, {"changes", 0, 1}};

static const struct verb *verb_of(const struct sj_command *command)
{
    const struct verb *found = verbs;
    for (size_t i = 0; i < SJ_COUNT(verbs); i++) {
        found = strcmp(command->verb, verbs[i].name) == 0 ? &verbs[i] : found;
    }
    return found;
}

/* Ids, actions, fields: nothing that a path or a JSON text would read otherwise. */
static bool is_word(const char *word)
{
    const size_t len = strlen(word);
    bool good = len > 0 && len <= WORD_BYTES;
    for (size_t i = 0; good && i < len; i++) {
        const char c = word[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':';
    }
    return good;
}

/* A time as RFC 3339 writes it. */
static bool is_time(const char *word)
{
    sj_time_us time = 0;
    return !sj_failed(sj_time_parse(sj_text_of(word), &time));
}

static bool take_option(struct arguments *arguments, int option)
{
    switch (option) {
    case 'e':
        arguments->object = optarg;
        return is_word(optarg);
    case AT:
        arguments->at = optarg;
        return is_time(optarg);
    case SINCE:
        arguments->since = optarg;
        return is_time(optarg);
    default:
        return sj_cli_remote_option(&arguments->remote, option, optarg);
    }
}

static bool take(int argc, char **argv, const struct sj_command *command,
    struct arguments *arguments, int *ret_exit)
{
    static const struct option options[] = {SJ_CLI_REMOTE_OPTIONS,
        {"evaluation", required_argument, NULL, 'e'}, {"at", required_argument, NULL, AT},
        {"since", required_argument, NULL, SINCE}, {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    const struct verb *verb = verb_of(command);
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h' || !take_option(arguments, option)) {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    const size_t words = (size_t)(argc - optind);
    bool good = arguments->remote.url != NULL && arguments->remote.user != NULL &&
                words >= verb->least && words <= verb->most;
    for (size_t i = 0; good && i < words; i++) {
        arguments->words[i] = argv[optind + (int)i];
        good = is_word(arguments->words[i]);
    }
    arguments->word_count = words;
    if (!good) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
    }
    return good;
}

static sj_status put_question(const struct arguments *arguments, struct sj_buf *out)
{
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "account_id", arguments->words[0]);
    sj_json_str(&json, "action", arguments->words[1]);
    if (arguments->word_count > 2) {
        sj_json_str(&json, "field", arguments->words[2]);
    }
    if (arguments->object != NULL) {
        sj_json_str(&json, "object_type", "evaluation");
        sj_json_str(&json, "object_id", arguments->object);
    }
    if (arguments->at != NULL) {
        sj_json_str(&json, "at", arguments->at);
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status ask(
    const struct arguments *arguments, const struct verb *verb, struct sj_client *client)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(4096);
    char path[256];
    struct sj_client_call call = {.method = "GET", .path = path};
    const char *word = arguments->word_count > 0 ? arguments->words[0] : "0";
    if (strcmp(verb->name, "why") == 0) {
        (void)snprintf(path, sizeof path, "/api/v1/policies/explain");
        TRY(put_question(arguments, &body));
        call = (struct sj_client_call){"POST", path, "application/json", sj_buf_view(&body), 0};
    } else if (strcmp(verb->name, "person") == 0) {
        (void)snprintf(path, sizeof path, "/api/v1/accounts/%s/permissions", word);
    } else if (strcmp(verb->name, "file") == 0) {
        (void)snprintf(path, sizeof path, "/api/v1/evaluations/%s/readers?limit=500", word);
    } else if (arguments->since != NULL) {
        (void)snprintf(
            path, sizeof path, "/api/v1/policies/changes?limit=500&since=%s", arguments->since);
    } else {
        (void)snprintf(path, sizeof path, "/api/v1/assignment-changes?limit=500&after=%s", word);
    }
    return sj_client_send(client, &call);
}

static int run(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments = {.remote = {.credentials_fd = -1, .why = ""}};
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, &arguments, &code)) {
        return code;
    }
    struct sj_cli_remote *remote = &arguments.remote;
    sj_status status = sj_cli_remote_open(remote);
    if (!sj_failed(status)) {
        status = ask(&arguments, verb_of(command), remote->client);
    }
    return sj_cli_remote_end(remote, command, status, /* print= */ true);
}

#define COMMON                                                                                     \
    SJ_CLI_REMOTE_HELP                                                                             \
    "The asker holds policy:explain; the question is recorded. The answer is JSON.\n"

const struct sj_command sj_command_access_why = {"access", "why",
    "why may an account do something, or why not",
    "usage: sanjeh access why --url URL --user NAME [--ca FILE] [--evaluation ID] [--at TIME]\n"
    "                         [--credentials-fd N] ACCOUNT ACTION [FIELD]\n\n"
    "--at: a moment that is past (RFC 3339, ending in Z): by the policy, assignments and seats of "
    "then.\n" COMMON,
    run};
const struct sj_command sj_command_access_person = {"access", "person", "what may a person do",
    "usage: sanjeh access person --url URL --user NAME [--ca FILE] [--credentials-fd N] "
    "ACCOUNT\n\n" COMMON,
    run};
const struct sj_command sj_command_access_file = {"access", "file", "who can see a file",
    "usage: sanjeh access file --url URL --user NAME [--ca FILE] [--credentials-fd N] "
    "EVALUATION\n\n" COMMON,
    run};
const struct sj_command sj_command_access_changes = {"access", "changes",
    "what changed in policy and roles",
    "usage: sanjeh access changes --url URL --user NAME [--ca FILE] [--credentials-fd N]\n"
    "                             [NUMBER | --since TIME]\n\n"
    "--since: versions of the policy and assignments that changed after it (RFC 3339, ending in "
    "Z).\n"
    "NUMBER: of the assignments, as a decision names it (seq:NUMBER).\n" COMMON,
    run};
