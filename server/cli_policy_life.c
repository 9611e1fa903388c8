/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh policy versions, draft, sign, activate: how does a policy come into force from the command line? As over the API: everyone
 * acts as himself with two factors; whoever signs shows them again, over the digest that he names. The server checks everything.
 */
#include "cli_ask.h"
#include "cli_policy.h"
#include "cli_remote.h"

#include "sanjeh/json/write.h"

#define WORDS_MAX 2
#define PATH_SIZE 160u

struct arguments {
    struct sj_cli_remote remote;
    const char *words[WORDS_MAX];
};

/* What is told of a version. */
struct version {
    char name[64];
    char state[32];
    char digest[80];
    char previous[80];
    int64_t number;
    int64_t need;
    int64_t version;
};

static bool take(int argc, char **argv, const struct sj_command *command, size_t words,
    struct arguments *arguments, int *ret_exit)
{
    static const struct option options[] = {
        SJ_CLI_REMOTE_OPTIONS, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    *arguments = (struct arguments){.remote = {.credentials_fd = -1, .why = ""}};
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h' || !sj_cli_remote_option(&arguments->remote, option, optarg)) {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    const bool good = arguments->remote.url != NULL && arguments->remote.user != NULL &&
                      (size_t)(argc - optind) == words;
    for (size_t i = 0; good && i < words; i++) {
        arguments->words[i] = argv[optind + (int)i];
    }
    if (!good) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
    }
    return good;
}

/* ---- what the server says ---- */

static sj_status read_version(struct sj_client *client, struct version *ret_version)
{
    *ret_version = (struct version){.number = 0};
    TRY(sj_client_text(client, "policy", ret_version->name, sizeof ret_version->name));
    TRY(sj_client_text(client, "state", ret_version->state, sizeof ret_version->state));
    TRY(sj_client_text(client, "digest", ret_version->digest, sizeof ret_version->digest));
    TRY(sj_client_text(client, "previous", ret_version->previous, sizeof ret_version->previous));
    TRY(sj_client_int(client, "number", &ret_version->number));
    TRY(sj_client_int(client, "need", &ret_version->need));
    return sj_client_int(client, "version", &ret_version->version);
}

static sj_status path_of(struct sj_cli_remote *remote, const char *id, const char *deed, char *ret)
{
    struct sj_uuid parsed;
    remote->why = "ID: of a version, as `sanjeh policy versions` names it";
    ENSURE(!sj_failed(sj_uuid_parse(sj_text_of(id), &parsed)), INVALID);
    remote->why = "";
    (void)snprintf(ret, PATH_SIZE, "/api/v1/policies/%s%s", id, deed);
    return SJ_DONE;
}

static sj_status find(struct sj_cli_remote *remote, const char *id, struct version *ret_version)
{
    char path[PATH_SIZE];
    TRY(path_of(remote, id, "", path));
    const struct sj_client_call call = {"GET", path, NULL, {NULL, 0}, 0};
    TRY(sj_client_send(remote->client, &call));
    return read_version(remote->client, ret_version);
}

static void tell(const struct version *version)
{
    (void)fprintf(stderr, "%s@%lld %s\nis %s; it needs %lld signatures\n", version->name,
        (long long)version->number, version->digest, version->state, (long long)version->need);
}

/* ---- versions ---- */

static int run_versions(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments;
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, 0, &arguments, &code)) {
        return code;
    }
    sj_status status = sj_cli_remote_open(&arguments.remote);
    if (!sj_failed(status)) {
        const struct sj_client_call call = {
            "GET", "/api/v1/policies?limit=500", NULL, {NULL, 0}, 0};
        status = sj_client_send(arguments.remote.client, &call);
    }
    return sj_cli_remote_end(&arguments.remote, command, status, /* print= */ true);
}

/* ---- draft ---- */

static sj_status put_file(
    struct sj_cli_remote *remote, struct sj_json *json, const char *member, const char *path)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_POLICY_BYTES_MAX + 8192u);
    struct sj_text text;
    remote->why =
        "POLICY and TESTS: files of UTF-8 text, or a folder with policy.json and tests.json";
    TRY(sj_cli_policy_read(
        path, strcmp(member, "policy") == 0 ? "policy.json" : "tests.json", &bytes));
    TRY(sj_text_check(sj_buf_view(&bytes), SJ_POLICY_BYTES_MAX, &text));
    sj_json_text(json, member, text);
    remote->why = "";
    return SJ_DONE;
}

static sj_status draft(struct arguments *arguments)
{
    struct sj_cli_remote *remote = &arguments->remote;
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF((size_t)4 * SJ_POLICY_BYTES_MAX);
    struct sj_json json = sj_json_begin(&body);
    sj_json_object(&json, NULL);
    TRY(put_file(remote, &json, "policy", arguments->words[0]));
    TRY(put_file(remote, &json, "tests", arguments->words[1]));
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    TRY(sj_cli_remote_open(remote));
    const struct sj_client_call call = {
        "POST", "/api/v1/policies", "application/json", sj_buf_view(&body), 0};
    struct version version;
    char id[SJ_UUID_TEXT_SIZE];
    TRY(sj_client_send(remote->client, &call));
    TRY(read_version(remote->client, &version));
    TRY(sj_client_text(remote->client, "id", id, sizeof id));
    tell(&version);
    (void)fprintf(stderr,
        "Next: others read it (GET /api/v1/policies/%s/diff), then each: sanjeh policy sign %s "
        "%s\n",
        id, id, version.digest);
    return SJ_DONE;
}

static int run_draft(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments;
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, 2, &arguments, &code)) {
        return code;
    }
    const sj_status status = draft(&arguments);
    return sj_cli_remote_end(&arguments.remote, command, status, /* print= */ true);
}

/* ---- sign ---- */

static sj_status put_proof(
    struct sj_cli_remote *remote, const struct version *version, struct sj_buf *body)
{
    struct sj_cli_answers answers = {.count = 0};
    struct sj_text password = {"", 0};
    struct sj_text code = {"", 0};
    remote->why = "both factors again: password and the next code, one line each";
    (void)fputs(
        "Signing wants both factors again; a code works once, so wait for the next.\n", stderr);
    sj_status status = sj_cli_ask(remote->credentials_fd, &answers);
    if (!sj_failed(status)) {
        status =
            sj_text_check(sj_view_of(answers.line[0], answers.len[0]), SJ_CLI_LINE_MAX, &password);
    }
    if (!sj_failed(status)) {
        status = sj_text_check(sj_view_of(answers.line[1], answers.len[1]), SJ_CLI_LINE_MAX, &code);
    }
    if (!sj_failed(status)) {
        remote->why = "";
        struct sj_json json = sj_json_begin(body);
        sj_json_object(&json, NULL);
        sj_json_str(&json, "method", "password+totp");
        sj_json_text(&json, "password", password);
        sj_json_text(&json, "code", code);
        sj_json_str(&json, "digest", version->digest);
        sj_json_object_end(&json);
        status = sj_json_end(&json);
    }
    sj_wipe(&answers, sizeof answers);
    return status;
}

static sj_status sign(struct arguments *arguments)
{
    struct sj_cli_remote *remote = &arguments->remote;
    struct version version;
    char path[PATH_SIZE];
    TRY(sj_cli_remote_open(remote));
    TRY(find(remote, arguments->words[0], &version));
    tell(&version);
    remote->why = "DIGEST is not that of this version: what you read is not what you would sign";
    ENSURE(strcmp(version.digest, arguments->words[1]) == 0, CONFLICT);
    remote->why = "";
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(8192);
    TRY(put_proof(remote, &version, &body));
    TRY(path_of(remote, arguments->words[0], "/sign", path));
    const struct sj_client_call call = {
        "POST", path, "application/json", sj_buf_view(&body), version.version};
    TRY(sj_client_send(remote->client, &call));
    (void)fprintf(stderr, "Signed. Next, when enough persons have: sanjeh policy activate %s\n",
        arguments->words[0]);
    return SJ_DONE;
}

static int run_sign(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments;
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, 2, &arguments, &code)) {
        return code;
    }
    const sj_status status = sign(&arguments);
    return sj_cli_remote_end(&arguments.remote, command, status, /* print= */ false);
}

/* ---- activate ---- */

static sj_status activate(struct arguments *arguments)
{
    struct sj_cli_remote *remote = &arguments->remote;
    struct version version;
    char path[PATH_SIZE];
    TRY(sj_cli_remote_open(remote));
    TRY(find(remote, arguments->words[0], &version));
    TRY(path_of(remote, arguments->words[0], "/activate", path));
    const struct sj_client_call call = {
        "POST", path, "application/json", sj_view_of("{}", 2), version.version};
    TRY(sj_client_send(remote->client, &call));
    TRY(read_version(remote->client, &version));
    tell(&version);
    return SJ_DONE;
}

static int run_activate(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments;
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, 1, &arguments, &code)) {
        return code;
    }
    const sj_status status = activate(&arguments);
    return sj_cli_remote_end(&arguments.remote, command, status, /* print= */ false);
}

#define EXITS                                                                                      \
    "\nExit status: 0 done, 1 failed, 2 usage or refused with its place, 3 not signed in or not "  \
    "allowed, 4 "                                                                                  \
    "not found, 5 the moment\nor the digest is not right, 6 not reachable or not trusted.\n"

const struct sj_command sj_command_policy_versions = {"policy", "versions",
    "drafts, versions in force and versions of the past",
    "usage: sanjeh policy versions " SJ_CLI_REMOTE_USAGE "\n\n" SJ_CLI_REMOTE_HELP
    "The answer is JSON.\n" EXITS,
    run_versions};
const struct sj_command sj_command_policy_draft = {"policy", "draft",
    "hand in a version: read, tested and compared by the server",
    "usage: sanjeh policy draft " SJ_CLI_REMOTE_USAGE " POLICY TESTS\n\n" SJ_CLI_REMOTE_HELP
    "POLICY, TESTS: files, or the folder that has policy.json and tests.json. Try them before:\n"
    "`sanjeh policy check`, `sanjeh policy test`. The draft with its report is printed as "
    "JSON.\n" EXITS,
    run_draft};
const struct sj_command sj_command_policy_sign = {"policy", "sign",
    "sign the version that has this digest",
    "usage: sanjeh policy sign " SJ_CLI_REMOTE_USAGE " ID DIGEST\n\n" SJ_CLI_REMOTE_HELP
    "DIGEST: sha256:… of the version that you have read (`sanjeh policy check` says it of a "
    "file).\n"
    "Password and code are asked a second time: a signature is both factors over this digest. "
    "Without a terminal\n"
    "they are the third and fourth line.\n" EXITS,
    run_sign};
const struct sj_command sj_command_policy_activate = {"policy", "activate",
    "put a signed version into force on all servers",
    "usage: sanjeh policy activate " SJ_CLI_REMOTE_USAGE " ID\n\n" SJ_CLI_REMOTE_HELP
    "Everything is checked once more; what fails leaves the policy in force as it is.\n" EXITS,
    run_activate};
