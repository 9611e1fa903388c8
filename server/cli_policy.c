/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh policy check, test: is this file a policy, and does it do what its tests say? Works on files alone, needs no
 * server and no database.
 */
#include "cli_policy.h"

#include "sanjeh/policy/policy.h"
#include "sanjeh/policy/suite.h"

#include <fcntl.h>
#include <getopt.h>
#include <sys/stat.h>

static const struct option options[] = {{"json", no_argument, NULL, 'j'},
    {"domain", no_argument, NULL, 'd'}, {"unit-file", required_argument, NULL, 'u'},
    {"units", required_argument, NULL, 't'}, {"min-coverage", required_argument, NULL, 'm'},
    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static bool take_number(const char *text, uint32_t *ret_number)
{
    uint32_t number = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || number > 100) {
            return false;
        }
        number = number * 10 + (uint32_t)(*c - '0');
    }
    *ret_number = number;
    return text[0] != '\0' && number <= 100;
}

static bool take_option(struct sj_cli_policy *out, int option)
{
    switch (option) {
    case 'j':
        out->json = true;
        return true;
    case 'd':
        out->domain = true;
        return true;
    case 't':
        out->units = optarg;
        return true;
    case 'm':
        return take_number(optarg, &out->min_coverage);
    case 'u':
        if (out->unit_file_count == SJ_CLI_POLICY_FILES) {
            return false;
        }
        out->unit_files[out->unit_file_count++] = optarg;
        return true;
    default:
        return false;
    }
}

bool sj_cli_policy_args(int argc, char **argv, const struct sj_command *command, size_t least,
    size_t most, struct sj_cli_policy *out, int *ret_exit)
{
    *out = (struct sj_cli_policy){0};
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h' || !take_option(out, option)) {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    const size_t words = (size_t)(argc - optind);
    if (words < least || words > most || words > SJ_COUNT(out->words)) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    for (size_t i = 0; i < words; i++) {
        out->words[i] = argv[optind + (int)i];
    }
    out->word_count = words;
    return true;
}

void sj_cli_policy_print(const struct sj_buf *text)
{
    (void)fwrite(text->ptr, 1, text->len, stdout);
    if (text->len == 0 || text->ptr[text->len - 1] != '\n') {
        (void)fputc('\n', stdout);
    }
}

static sj_status put_string(struct sj_buf *out, const char *text)
{
    TRY(sj_buf_put_byte(out, '"'));
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            TRY(sj_buf_put_byte(out, '\\'));
        }
        TRY(sj_buf_put_byte(out, (uint8_t)*text < 0x20 ? ' ' : (uint8_t)*text));
    }
    return sj_buf_put_byte(out, '"');
}

static sj_status put_fault(
    const char *file, const struct sj_policy_fault *fault, struct sj_buf *out)
{
    TRY(sj_buf_put_str(out, "{\"errors\":[{\"column\":"));
    TRY(sj_buf_put_decimal(out, fault->column));
    TRY(sj_buf_put_str(out, ",\"detail\":"));
    TRY(put_string(out, fault->why));
    TRY(sj_buf_put_str(out, ",\"file\":"));
    TRY(put_string(out, file));
    TRY(sj_buf_put_str(out, ",\"line\":"));
    TRY(sj_buf_put_decimal(out, fault->line));
    TRY(sj_buf_put_str(out, ",\"pointer\":"));
    TRY(put_string(out, fault->pointer));
    return sj_buf_put_str(out, "}],\"valid\":false}");
}

int sj_cli_policy_fault(
    const struct sj_cli_policy *args, const char *file, const struct sj_policy_fault *fault)
{
    (void)fprintf(stderr, "%s:%u:%u: %s: %s\n", file, fault->line, fault->column,
        fault->pointer[0] == '\0' ? "(document)" : fault->pointer, fault->why);
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(65536);
    if (args->json && !sj_failed(put_fault(file, fault, &text))) {
        sj_cli_policy_print(&text);
    }
    return SJ_EXIT_USAGE;
}

static sj_status read_all(int fd, struct sj_buf *out)
{
    for (;;) {
        uint8_t chunk[4096];
        const ssize_t got = read(fd, chunk, sizeof chunk);
        ENSURE(got >= 0, IO);
        if (got == 0) {
            return SJ_DONE;
        }
        TRY(sj_buf_put(out, chunk, (size_t)got));
    }
}

sj_status sj_cli_policy_read(const char *path, const char *name, struct sj_buf *out)
{
    struct stat info;
    CLEANUP(sj_buf_clear) struct sj_buf full = SJ_BUF(8192);
    TRY(sj_buf_put_str(&full, path));
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        TRY(sj_buf_put_byte(&full, '/'));
        TRY(sj_buf_put_str(&full, name));
    }
    const char *file = NULL;
    TRY(sj_buf_cstr(&full, &file));
    CLEANUP(sj_closep) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ENSURE(fd >= 0, NOT_FOUND);
    return read_all(fd, out);
}

static bool load_one(
    struct sj_cli_policy *args, const char *path, const struct sj_policy *under, int *ret_exit)
{
    CLEANUP(sj_buf_clear) struct sj_buf json = SJ_BUF(SJ_POLICY_BYTES_MAX + 8192u);
    struct sj_policy_fault fault = {.why = "cannot be read, or is larger than 4 MiB"};
    if (sj_failed(sj_cli_policy_read(path, "policy.json", &json))) {
        *ret_exit = sj_cli_policy_fault(args, path, &fault);
        return false;
    }
    const struct sj_policy_options how = {.under = under, .own = under == NULL && !args->domain};
    const sj_status status =
        sj_policy_read(sj_buf_view(&json), &how, &args->files[args->file_count], &fault);
    if (sj_failed(status)) {
        *ret_exit = sj_cli_policy_fault(args, path, &fault);
        return false;
    }
    args->file_count++;
    return true;
}

bool sj_cli_policy_load(struct sj_cli_policy *args, const char *path, int *ret_exit)
{
    if (!load_one(args, path, NULL, ret_exit)) {
        return false;
    }
    for (size_t i = 0; i < args->unit_file_count; i++) {
        if (!load_one(args, args->unit_files[i], args->files[0], ret_exit)) {
            return false;
        }
    }
    return true;
}

void sj_cli_policy_clear(struct sj_cli_policy *args)
{
    while (args->file_count > 0) {
        sj_policy_free(&args->files[--args->file_count]);
    }
}

/* ---- check ---- */

static int run_check(int argc, char **argv, const struct sj_command *command)
{
    CLEANUP(sj_cli_policy_clear) struct sj_cli_policy args = {0};
    int code = SJ_EXIT_OK;
    if (!sj_cli_policy_args(argc, argv, command, 1, 1, &args, &code) ||
        !sj_cli_policy_load(&args, args.words[0], &code)) {
        return code;
    }
    const struct sj_policy *policy = args.files[0];
    (void)fprintf(args.json ? stderr : stdout,
        "%s version %u is valid: %zu rules, %zu roles, %zu constraints; %s\n", sj_policy_id(policy),
        sj_policy_version(policy), sj_policy_rule_count(policy), sj_policy_role_count(policy),
        sj_policy_sod_count(policy), sj_policy_digest(policy));
    if (args.json) {
        (void)printf("{\"digest\":\"%s\",\"valid\":true,\"version\":%u}\n",
            sj_policy_digest(policy), sj_policy_version(policy));
    }
    return SJ_EXIT_OK;
}

const struct sj_command sj_command_policy_check = {"policy", "check",
    "is this file a policy that can be enforced",
    "usage: sanjeh policy check FILE|FOLDER [--domain] [--unit-file FILE]... [--json]\n\n"
    "Reads a file of format policy/1 as the server would. A folder stands for its policy.json.\n"
    "  --domain     a policy for another system: types, actions and fields are the file's own\n"
    "  --unit-file  also a unit's file under it\n"
    "  --json       the result on standard output as JSON\n"
    "Exit: 0 valid, 2 refused; file, line, column and JSON pointer on standard error.\n",
    run_check};

/* ---- test ---- */

static int end_test(const struct sj_cli_policy *args, const struct sj_command *command,
    const char *file, const struct sj_suite_report *report)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(64u << 20);
    const sj_status status = args->json ? sj_suite_report_json(report, &text)
                                        : sj_suite_report_text(report, file, &text);
    if (sj_failed(status)) {
        return sj_cli_fail(command, status, "");
    }
    sj_cli_policy_print(&text);
    const bool covered = report->coverage >= args->min_coverage;
    if (!covered) {
        (void)fprintf(stderr, "coverage is below %u %%\n", args->min_coverage);
    }
    return report->passed && covered ? SJ_EXIT_OK : SJ_EXIT_FAILED;
}

static int run_tests(struct sj_cli_policy *args, const struct sj_command *command, const char *file)
{
    CLEANUP(sj_buf_clear) struct sj_buf json = SJ_BUF(SJ_POLICY_BYTES_MAX + 8192u);
    struct sj_policy_fault fault = {.why = "cannot be read, or is larger than 4 MiB"};
    if (sj_failed(sj_cli_policy_read(file, "tests.json", &json))) {
        return sj_cli_policy_fault(args, file, &fault);
    }
    CLEANUP(sj_policy_suite_free) struct sj_policy_suite *suite = NULL;
    const struct sj_policy *files[SJ_CLI_POLICY_FILES + 1];
    for (size_t i = 0; i < args->file_count; i++) {
        files[i] = args->files[i];
    }
    if (sj_failed(
            sj_policy_suite_read(sj_buf_view(&json), files, args->file_count, &suite, &fault))) {
        return sj_cli_policy_fault(args, file, &fault);
    }
    const struct sj_suite_report *report = NULL;
    const sj_status status = sj_policy_suite_run(suite, &report);
    return sj_failed(status) ? sj_cli_fail(command, status, "")
                             : end_test(args, command, file, report);
}

static int run_test(int argc, char **argv, const struct sj_command *command)
{
    CLEANUP(sj_cli_policy_clear) struct sj_cli_policy args = {0};
    int code = SJ_EXIT_OK;
    if (!sj_cli_policy_args(argc, argv, command, 1, 2, &args, &code) ||
        !sj_cli_policy_load(&args, args.words[0], &code)) {
        return code;
    }
    return run_tests(&args, command, args.words[args.word_count - 1]);
}

const struct sj_command sj_command_policy_test = {"policy", "test",
    "does a policy do what its tests say",
    "usage: sanjeh policy test FOLDER|POLICY [TESTS] [--domain] [--unit-file FILE]... "
    "[--min-coverage N] [--json]\n\n"
    "Runs a document of format policy-tests/1. A folder stands for its policy.json and "
    "tests.json.\n"
    "  --domain          a policy for another system\n"
    "  --unit-file FILE  also a unit's file under it; \"policy\" of the tests names whose rules "
    "count\n"
    "  --min-coverage N  fail below N per cent of rules reached\n"
    "  --json            the report on standard output as JSON\n"
    "Exit: 0 passed, 1 a test failed, an invariant is not proven or too few rules are reached, 2 "
    "a\n"
    "file was refused.\n",
    run_test};
