/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh rbac FUNCTION: the functions of INCITS 359 from the command line, by the standard's names, several of them in one session when need
 * be. As over the API: the caller acts as himself, the server checks every precondition. Answers are the API's, one line each.
 */
#include "cli_policy.h"
#include "cli_remote.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/json/write.h"

#define BODY_MAX ((size_t)4 * 1024 * 1024)
#define FILE_MAX ((size_t)768 * 1024)
#define CALLS    16u

enum function_kind { EDIT, DEED, ASK, SIGN_IN };

struct function {
    const char *name;
    enum function_kind kind;
    const char *arguments;
};
static const struct function functions[] = {
#define SJ_RBAC_FUNCTION(name, kind, arguments) {#name, kind, arguments},
#include "sanjeh/rbac/functions.def"
#undef SJ_RBAC_FUNCTION
};

/* One function as it was asked for: words[0] is its name. */
struct call {
    const struct function *function;
    char **words;
    size_t count;
};

struct arguments {
    struct sj_cli_remote remote;
    struct call calls[CALLS];
    size_t count;
};

static const struct function *function_of(const char *name)
{
    for (size_t i = 0; i < SJ_COUNT(functions); i++) {
        if (strcmp(functions[i].name, name) == 0) {
            return &functions[i];
        }
    }
    return NULL;
}

/* The mark of an argument of the function: ' ' for a text, '#', '+', '@'; 0: it has no such argument. */
static char mark_of(const struct function *function, const char *name, size_t len)
{
    struct sj_text rest = sj_text_of(function->arguments);
    struct sj_text word;
    while (rest.len > 0 && sj_text_split(&rest, ' ', &word)) {
        size_t own = word.len;
        char mark = ' ';
        while (own > 0 && strchr("?#+@", word.ptr[own - 1]) != NULL) {
            mark = word.ptr[own - 1] == '?' ? mark : word.ptr[own - 1];
            own--;
        }
        if (own == len && strncmp(word.ptr, name, len) == 0) {
            return mark;
        }
    }
    return '\0';
}

/* FUNCTION [NAME=VALUE]… [, FUNCTION …] */
static bool take_words(int argc, char **argv, struct arguments *arguments)
{
    bool begins = true;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], ",") == 0) {
            begins = true;
            continue;
        }
        if (begins) {
            if (arguments->count == CALLS) {
                return false;
            }
            arguments->calls[arguments->count++] =
                (struct call){.function = function_of(argv[i]), .words = argv + i};
        }
        struct call *call = &arguments->calls[arguments->count - 1];
        const char *sign = strchr(argv[i], '=');
        const bool is_argument = call->function != NULL && sign != NULL &&
                                 mark_of(call->function, argv[i], (size_t)(sign - argv[i])) != '\0';
        if (call->function == NULL || (!begins && !is_argument)) {
            (void)fprintf(
                stderr, "sanjeh rbac: '%s' is no function, or none of its arguments\n", argv[i]);
            return false;
        }
        call->count++;
        begins = false;
    }
    return arguments->count > 0;
}

static bool take(int argc, char **argv, const struct sj_command *command,
    struct arguments *arguments, int *ret_exit)
{
    static const struct option options[] = {
        SJ_CLI_REMOTE_OPTIONS, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h' || !sj_cli_remote_option(&arguments->remote, option, optarg)) {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    if (arguments->remote.url == NULL || arguments->remote.user == NULL ||
        !take_words(argc - optind, argv + optind, arguments)) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return true;
}

/* ---- what is sent ---- */

static void put_list(struct sj_json *json, const char *name, const char *value)
{
    struct sj_text rest = sj_text_of(value);
    struct sj_text item;
    sj_json_array(json, name);
    while (rest.len > 0 && sj_text_split(&rest, ',', &item)) {
        sj_json_text(json, NULL, item);
    }
    sj_json_array_end(json);
}

static sj_status put_file(
    struct sj_cli_remote *remote, struct sj_json *json, const char *name, const char *path)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_POLICY_BYTES_MAX + 8192u);
    struct sj_text text;
    remote->why = "a file of UTF-8 text, at most 768 KiB";
    TRY(sj_cli_policy_read(path, "tests.json", &bytes));
    TRY(sj_text_check(sj_buf_view(&bytes), FILE_MAX, &text));
    sj_json_text(json, name, text);
    remote->why = "";
    return SJ_DONE;
}

/* draft: id of what the call before made; "" for none. */
static sj_status put_argument(struct sj_cli_remote *remote, struct sj_json *json,
    const struct call *call, const char *word, const char *draft)
{
    const char *value = strchr(word, '=') + 1;
    const size_t len = (size_t)(value - word) - 1;
    char name[32] = "";
    struct sj_text text;
    int64_t number = 0;
    TRY(sj_copy(name, sizeof name - 1, word, len));
    remote->why = "NAME=VALUE: UTF-8 text, a number where one is due";
    TRY(sj_text_check(sj_view_of(value, strlen(value)), 4096, &text));
    switch (mark_of(call->function, word, len)) {
    case '#':
        TRY(sj_parse_i64(text, -1000000, 1000000, &number));
        sj_json_int(json, name, number);
        break;
    case '+':
        put_list(json, name, value);
        break;
    case '@':
        TRY(put_file(remote, json, name, value));
        break;
    default:
        sj_json_text(json, name,
            strcmp(name, "draft_id") == 0 && sj_text_is(text, "-") ? sj_text_of(draft) : text);
        break;
    }
    remote->why = "";
    return SJ_DONE;
}

static sj_status send_body(
    struct sj_cli_remote *remote, const struct call *call, const char *path, const char *draft)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(BODY_MAX);
    struct sj_json json = sj_json_begin(&body);
    sj_json_object(&json, NULL);
    for (size_t i = 1; i < call->count; i++) {
        TRY(put_argument(remote, &json, call, call->words[i], draft));
    }
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    const struct sj_client_call sent = {"POST", path, "application/json", sj_buf_view(&body), 0};
    return sj_client_send(remote->client, &sent);
}

static sj_status put_encoded(struct sj_buf *path, const char *value)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const char *c = value; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                              (byte >= '0' && byte <= '9') || strchr("-._~", *c) != NULL;
        if (is_plain) {
            TRY(sj_buf_put_byte(path, byte));
        } else {
            const char coded[4] = {'%', hex[byte >> 4], hex[byte & 15], '\0'};
            TRY(sj_buf_put_str(path, coded));
        }
    }
    return SJ_DONE;
}

static sj_status send_query(struct sj_cli_remote *remote, const struct call *call, const char *path)
{
    CLEANUP(sj_buf_clear) struct sj_buf full = SJ_BUF(8192);
    TRY(sj_buf_put_str(&full, path));
    TRY(sj_buf_put_str(&full, "?limit=500"));
    for (size_t i = 1; i < call->count; i++) {
        const char *value = strchr(call->words[i], '=') + 1;
        TRY(sj_buf_put_str(&full, "&"));
        TRY(sj_buf_put(&full, call->words[i], (size_t)(value - call->words[i])));
        TRY(put_encoded(&full, value));
    }
    TRY(sj_buf_put_byte(&full, '\0'));
    const struct sj_client_call sent = {"GET", (const char *)full.ptr, NULL, {NULL, 0}, 0};
    return sj_client_send(remote->client, &sent);
}

/* ---- one session ---- */

static void print_answer(const struct sj_client *client)
{
    const struct sj_view body = sj_client_body(client);
    if (body.len > 0) {
        (void)fwrite(body.ptr, 1, body.len, stdout);
        (void)fputc('\n', stdout);
    }
}

/* CreateSession can only be the first: its roles are those that the session has from the start. */
static sj_status open_session(struct arguments *arguments)
{
    const struct call *first = &arguments->calls[0];
    if (first->function->kind == SIGN_IN && first->count > 1) {
        const char *value = strchr(first->words[1], '=') + 1;
        arguments->remote.roles = value;
    }
    return sj_cli_remote_open(&arguments->remote);
}

static sj_status do_calls(struct arguments *arguments)
{
    struct sj_cli_remote *remote = &arguments->remote;
    char draft[64] = "";
    TRY(open_session(arguments));
    for (size_t i = 0; i < arguments->count; i++) {
        const struct call *call = &arguments->calls[i];
        char path[96];
        (void)snprintf(path, sizeof path, "/api/v1/rbac/%s", call->function->name);
        if (call->function->kind == SIGN_IN) {
            remote->why = "CreateSession: the first function, or none";
            ENSURE(i == 0, INVALID);
            remote->why = "";
            continue;
        }
        if (call->function->kind == ASK) {
            TRY(send_query(remote, call, path));
        } else {
            TRY(send_body(remote, call, path, draft));
        }
        if (call->function->kind == EDIT) {
            TRY(sj_client_text(remote->client, "id", draft, sizeof draft));
        }
        print_answer(remote->client);
    }
    return SJ_DONE;
}

static int run(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments = {.remote = {.credentials_fd = -1, .why = ""}};
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, &arguments, &code)) {
        return code;
    }
    const sj_status status = do_calls(&arguments);
    return sj_cli_remote_end(&arguments.remote, command, status, /* print= */ false);
}

const struct sj_command sj_command_rbac = {"rbac", NULL, "functions of INCITS 359",
    "usage: sanjeh rbac " SJ_CLI_REMOTE_USAGE " FUNCTION [NAME=VALUE]... [, FUNCTION ...]\n\n"
    "Several functions, with a \",\" between them, are done in one session. draft_id=- is the "
    "draft "
    "that the function\nbefore made. Lists are joined by ','; tests= names a "
    "file.\n" SJ_CLI_REMOTE_HELP
    "\nFunctions (\"?\" may be left out, \"#\" a number, \"+\" a list, \"@\" a file):\n"
#define SJ_RBAC_FUNCTION(name, kind, arguments) "  " #name " " arguments "\n"
#include "sanjeh/rbac/functions.def"
#undef SJ_RBAC_FUNCTION
    ,
    run};
