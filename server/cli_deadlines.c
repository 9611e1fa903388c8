/* SPDX-License-Identifier: Apache-2.0
 *
 * What is due, lapsed and escalated, for one person or for everybody? The same list as /deadlines, read on the machine itself
 * under the scopes that the person's own session would have; codes and days only, no file is opened. The reading is on the record.
 */
#include "cli_desk.h"

#include "sanjeh/base/time.h"
#include "sanjeh/cycle/calendar.h"
#include "sanjeh/json/decode.h"
#include "sanjeh/keys/scopes.h"

#include <getopt.h>

#define PAGE 500u

struct arguments {
    const char *config;
    const char *account;
    const char *state;
    bool json;
};

static bool take(int argc, char **argv, const struct sj_command *command,
    struct arguments *arguments, int *ret_exit)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
        {"account", required_argument, NULL, 'a'}, {"state", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'c') {
            arguments->config = optarg;
        } else if (option == 'a') {
            arguments->account = optarg;
        } else if (option == 's') {
            arguments->state = optarg;
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

/* The context that the person's own session has; without a name the server's over evaluations. */
static sj_status sign(struct sj_cli_desk *cli, const char *account, struct sj_uuid *ret_account,
    struct sj_context *ret_context)
{
    const struct sj_uuid everything[] = {SJ_SCOPE_EVALUATION};
    *ret_account = (struct sj_uuid){{0}};
    if (account == NULL) {
        return sj_cli_desk_sign(cli, everything, SJ_COUNT(everything), ret_context);
    }
    const struct sj_uuid reading[] = {SJ_SCOPE_ADMIN};
    struct sj_context context;
    TRY(sj_cli_desk_sign(cli, reading, SJ_COUNT(reading), &context));
    const struct sj_param params[] = {sj_p_text(sj_text_of(account))};
    const struct sj_query query = {SJ_SQL_ACCOUNT_SCOPES, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(cli->db, &context, &query, 1, &rows));
    cli->why = "--account: no active account has this name";
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    cli->why = "";
    struct sj_uuid scopes[4];
    size_t count = 0;
    for (unsigned column = 0; column < SJ_COUNT(scopes); column++) {
        if (!sj_row_is_null(rows, 0, column)) {
            scopes[count++] = sj_row_id(rows, 0, column);
        }
    }
    *ret_account = sj_row_id(rows, 0, 0);
    return sj_cli_desk_sign(cli, scopes, count, ret_context);
}

static sj_status note(struct sj_cli_desk *cli, struct sj_uuid account)
{
    const struct sj_uuid scope = SJ_SCOPE_EVALUATION;
    struct sj_context context;
    TRY(sj_cli_desk_sign(cli, &scope, 1, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(cli->db, &context, &tx));
    TRY(sj_cli_desk_put_draft(
        cli, tx, "deadline:list", "account", account, (struct sj_uuid){{0}}, "by=operator"));
    return sj_tx_commit(&tx);
}

/* "" for a member that is absent or null. */
static struct sj_text member(const struct sj_json_value *object, const char *name)
{
    struct sj_text text = {"", 0};
    const struct sj_json_value *value = sj_json_get(object, name);
    return value != NULL && sj_json_as_text(value, &text) ? text : (struct sj_text){"", 0};
}

#define TEHRAN_US INT64_C(12600000000) /* UTC+3:30 all year since 1401; deadlines lie after it */
#define DAY_US    INT64_C(86400000000)

/* For people: the day by both calendars, then what, whose, how it stands, which file. */
static sj_status print_row(struct sj_arena *arena, struct sj_text document)
{
    struct sj_text detail;
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    TRY(sj_json_doc_parse(sj_text_bytes(document), &doc, &detail, arena));
    const struct sj_json_value *row = sj_json_doc_root(doc);
    sj_time_us due;
    TRY(sj_time_parse(member(row, "due_at"), &due));
    const int64_t days = (due + TEHRAN_US) / DAY_US;
    const struct sj_date jalali = sj_jalali_from_days(days);
    const struct sj_date gregorian = sj_date_from_days(days);
    const struct sj_text code = member(row, "code");
    const struct sj_text holder = member(row, "holder");
    const struct sj_text state = member(row, "state");
    const struct sj_text escalated = member(row, "escalated_to");
    const struct sj_text evaluation = member(row, "evaluation_id");
    (void)printf("%04d-%02u-%02u  %04d-%02u-%02u  %-19.*s %-13.*s %-9.*s %-8.*s %.*s\n",
        jalali.year, jalali.month, jalali.day, gregorian.year, gregorian.month, gregorian.day,
        (int)code.len, code.ptr, (int)holder.len, holder.ptr, (int)state.len, state.ptr,
        (int)escalated.len, escalated.ptr, (int)evaluation.len, evaluation.ptr);
    return SJ_DONE;
}

static sj_status print_page(struct sj_arena *arena, const struct sj_documents *page, bool is_json)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct sj_text document = page->items[i].json;
        if (is_json) {
            (void)printf("%.*s\n", (int)document.len, document.ptr);
        } else {
            TRY(print_row(arena, document));
        }
    }
    return SJ_DONE;
}

static sj_status print_all(struct sj_cli_desk *cli, const struct arguments *arguments)
{
    struct sj_uuid account;
    struct sj_context context;
    TRY(sign(cli, arguments->account, &account, &context));
    TRY(note(cli, account));
    const struct sj_text state =
        arguments->state == NULL ? (struct sj_text){"", 0} : sj_text_of(arguments->state);
    if (!arguments->json) {
        (void)puts("due (jalali) due          code                holder        state     escal.   "
                   "evaluation");
    }
    struct sj_documents page = {.count = 0};
    do {
        CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
        TRY(sj_arena_new((size_t)4 * 1024 * 1024, &arena));
        const struct sj_desk desk = {
            .db = cli->db, .fields = cli->fields, .context = &context, .arena = arena};
        const struct sj_paging paging = {.after = page.last, .limit = PAGE};
        TRY(sj_deadline_list(
            &desk, state, arguments->account != NULL, (struct sj_uuid){{0}}, paging, &page));
        TRY(print_page(arena, &page, arguments->json));
    } while (!sj_uuid_is_nil(page.last));
    return SJ_DONE;
}

static int run(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments = {.json = false};
    struct sj_config config;
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, &arguments, &code) ||
        !sj_cli_config(command, arguments.config, &config, &code)) {
        return code;
    }
    struct sj_cli_desk cli = {.why = ""};
    sj_status status = sj_cli_desk_open(&cli, &config);
    if (!sj_failed(status)) {
        status = print_all(&cli, &arguments);
    }
    if (sj_failed(status)) {
        code = sj_cli_fail(command, status, cli.why);
    }
    sj_cli_desk_close(&cli);
    return code;
}

const struct sj_command sj_command_deadlines = {"deadlines", NULL,
    "list what is due, lapsed and escalated",
    "usage: sanjeh deadlines --config FILE [--account NAME] [--state STATE] [--json]\n\n"
    "With --account what that person has to keep or was escalated to him, else everything. STATE: "
    "open, met,\n"
    "lapsed, stopped, cancelled. Days by the Jalali and the Gregorian calendar, as they end in "
    "Tehran; --json\n"
    "prints one object a line with times in UTC. The reading is recorded.\n",
    run};
