/* SPDX-License-Identifier: Apache-2.0
 *
 * `sanjeh account create`: who may sign in, made on the server's own machine with both factors, its roles checked
 * against the policy's separation of duty. The deed's draft is in the same transaction (cli_unit.c says why). An
 * attacker who could make this command skip a check would hold an account that no policy allows.
 */
#include "cli_desk.h"

#include "sanjeh/audit/entry.h"
#include "sanjeh/authn/authn.h"
#include "sanjeh/keys/scopes.h"
#include "sanjeh/policy/policy.h"
#include "sanjeh/text/persian.h"

#include <getopt.h>

#define ROLES_MAX 512

struct account_options {
    const char *config;
    const char *username;
    const char *display_name;
    const char *unit;
    const char *compartment;
    const char *judge;
    const char *judge_number;
    const char *judge_unit;
    const char *person_number;
    const char *person_unit;
    const char *password_file;
    const char *secret_file;
    char roles[ROLES_MAX]; /* joined by ',' */
    bool json;
};

static bool add_roles(struct account_options *options, const char *names)
{
    const size_t used = strlen(options->roles);
    const int put = snprintf(
        options->roles + used, sizeof options->roles - used, "%s%s", used == 0 ? "" : ",", names);
    return put > 0 && (size_t)put < sizeof options->roles - used;
}

/* Where the value of an option goes; NULL: it is none of these. */
static const char **slot_of(struct account_options *options, int option)
{
    switch (option) {
    case 'c':
        return &options->config;
    case 'u':
        return &options->username;
    case 'n':
        return &options->display_name;
    case 'U':
        return &options->unit;
    case 'K':
        return &options->compartment;
    case 'J':
        return &options->judge;
    case 'N':
        return &options->judge_number;
    case 'W':
        return &options->judge_unit;
    case 'P':
        return &options->person_number;
    case 'Q':
        return &options->person_unit;
    case 'p':
        return &options->password_file;
    case 's':
        return &options->secret_file;
    default:
        return NULL;
    }
}

static bool account_options_fit(const struct account_options *options)
{
    const bool has_judge = options->judge != NULL || options->judge_number != NULL;
    return sj_cli_is_text(options->username, 64) && sj_cli_is_text(options->display_name, 256) &&
           options->roles[0] != '\0' && sj_cli_is_text(options->roles, ROLES_MAX) &&
           (options->unit == NULL || sj_cli_is_text(options->unit, SJ_UNIT_CODE_MAX)) &&
           (options->compartment == NULL ||
               sj_cli_is_text(options->compartment, SJ_UNIT_CODE_MAX)) &&
           (options->judge_number == NULL || sj_cli_is_text(options->judge_number, 64)) &&
           (options->judge_number != NULL) == (options->judge_unit != NULL) &&
           (options->person_number == NULL || sj_cli_is_text(options->person_number, 64)) &&
           (options->person_number != NULL) == (options->person_unit != NULL) &&
           !(options->person_number != NULL && options->unit == NULL) &&
           !(options->judge != NULL && options->judge_number != NULL) &&
           !(has_judge && options->unit != NULL) &&
           !(options->compartment != NULL && options->unit == NULL);
}

static bool take_account_options(int argc, char **argv, const struct sj_command *command,
    struct account_options *options, int *ret_exit)
{
    static const struct option known[] = {{"config", required_argument, NULL, 'c'},
        {"username", required_argument, NULL, 'u'}, {"display-name", required_argument, NULL, 'n'},
        {"unit", required_argument, NULL, 'U'}, {"compartment", required_argument, NULL, 'K'},
        {"judge", required_argument, NULL, 'J'}, {"judge-number", required_argument, NULL, 'N'},
        {"judge-unit", required_argument, NULL, 'W'},
        {"person-judge-number", required_argument, NULL, 'P'},
        {"person-judge-unit", required_argument, NULL, 'Q'}, {"role", required_argument, NULL, 'r'},
        {"roles", required_argument, NULL, 'r'}, {"password-file", required_argument, NULL, 'p'},
        {"totp-secret-file", required_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool good = true;
    for (int option = 0; (option = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        const char **slot = slot_of(options, option);
        if (slot != NULL) {
            *slot = optarg;
        } else if (option == 'r') {
            good = add_roles(options, optarg) && good;
        } else if (option == 'j') {
            options->json = true;
        } else {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    if (!good || optind != argc || !account_options_fit(options)) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return true;
}

static sj_status check_roles(
    struct sj_cli_desk *desk, const struct sj_config *config, const struct account_options *options)
{
    char detail[256] = "";
    CLEANUP(sj_policy_free) struct sj_policy *policy = NULL;
    desk->why = "see [policy] folder, and `sanjeh config check`";
    TRY(sj_policy_load(config->policy_folder, &policy, detail, sizeof detail));
    uint64_t roles = 0;
    struct sj_text rest = sj_text_of(options->roles);
    struct sj_text name;
    while (rest.len > 0 && sj_text_split(&rest, ',', &name)) {
        bool found = false;
        size_t bit = 0;
        sj_policy_role_find(policy, name, &found, &bit);
        desk->why = "--role: the policy has no such role, or it is named twice";
        ENSURE(found && (roles >> bit & 1u) == 0, INVALID);
        roles |= UINT64_C(1) << bit;
    }
    const char *constraint = NULL;
    desk->why = "--role: the policy keeps these roles apart (separation of duty)";
    ENSURE(sj_policy_roles_allowed(policy, roles, &constraint), INVALID);
    desk->why = "";
    return SJ_DONE;
}

static sj_status find_judge(struct sj_cli_desk *desk, const char *unit_code,
    const char *personnel_number, struct sj_uuid *ret_judge)
{
    struct sj_unit unit;
    TRY(sj_cli_desk_find_unit(
        desk, unit_code, "--judge-unit, --person-judge-unit: there is no such unit", &unit));
    desk->why = "--judge-number, --person-judge-number: the unit's register has no judge with it";
    CLEANUP(sj_buf_clear) struct sj_buf number = SJ_BUF(128);
    TRY(sj_personnel_number_check(sj_text_of(personnel_number), &number));
    const struct sj_text value = sj_buf_text(&number);
    struct sj_blind blind;
    TRY(ask_blind_index(desk->channel, unit.id, SJ_TABLE_JUDGE, SJ_INDEX_JUDGE_PERSONNEL_NUMBER, 1,
        SJ_INDEX_BITS_UNIQUE, &value, 1, &blind));
    CLEANUP(sj_array_clear) struct sj_array blinds = {.count = 0};
    TRY(sj_array_init(&blinds, SJ_OID_BYTEA, 256));
    TRY(sj_array_put(&blinds, blind.bytes, SJ_INDEX_BITS_UNIQUE / 8));
    const struct sj_uuid scopes[] = {SJ_SCOPE_MATCH};
    struct sj_context context;
    TRY(sj_cli_desk_sign(desk, scopes, SJ_COUNT(scopes), &context));
    const struct sj_param params[] = {
        sj_p_id(&unit.id), sj_p_i32(SJ_INDEX_JUDGE_PERSONNEL_NUMBER), sj_p_array(&blinds)};
    const struct sj_query query = {SJ_SQL_JUDGE_MATCH, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, &context, &query, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    *ret_judge = sj_row_id(rows, 0, 1);
    desk->why = "";
    return SJ_DONE;
}

/* A judge's own context shows the judge, in whichever unit's register; no row: there is none. */
static sj_status check_judge(struct sj_cli_desk *desk, struct sj_uuid judge)
{
    struct sj_context context;
    TRY(sj_cli_desk_sign(desk, &judge, 1, &context));
    const struct sj_param params[] = {sj_p_id(&judge)};
    const struct sj_query query = {SJ_SQL_JUDGE_FIND_SELF, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, &context, &query, 1, &rows));
    desk->why = "--judge: no unit's register has a judge with this id";
    ENSURE(sj_rows_count(rows) >= 1, NOT_FOUND);
    return SJ_DONE;
}

static sj_status fill_account(struct sj_cli_desk *desk, const struct account_options *options,
    struct sj_account *account, struct sj_uuid *ret_tag)
{
    *account = (struct sj_account){.username = sj_text_of(options->username),
        .display_name = sj_text_of(options->display_name),
        .roles = sj_text_of(options->roles)};
    struct sj_unit unit = {.version = 0};
    struct sj_unit compartment = {.version = 0};
    if (options->unit != NULL) {
        TRY(sj_cli_desk_find_unit(
            desk, options->unit, "--unit: there is no unit with this code", &unit));
    }
    if (options->compartment != NULL) {
        TRY(sj_cli_desk_find_unit(desk, options->compartment,
            "--compartment: there is none with this code", &compartment));
        desk->why = "--compartment: it is not one of --unit";
        ENSURE(sj_uuid_equal(compartment.parent, unit.id), INVALID);
    }
    desk->why = "--unit: this is a compartment; name its unit and give it as --compartment";
    ENSURE(sj_uuid_is_nil(unit.parent), INVALID);
    account->unit = unit.id;
    account->compartment = compartment.id;
    *ret_tag = unit.tag;
    if (options->judge != NULL) {
        desk->why = "--judge: must be the id of a judge";
        TRY(sj_uuid_parse(sj_text_of(options->judge), &account->judge));
        TRY(check_judge(desk, account->judge));
    }
    if (options->judge_number != NULL) {
        TRY(find_judge(desk, options->judge_unit, options->judge_number, &account->judge));
    }
    if (options->person_number != NULL) {
        TRY(find_judge(desk, options->person_unit, options->person_number, &account->person_judge));
    }
    desk->why = "";
    return SJ_DONE;
}

static sj_status create_account(struct sj_cli_desk *desk, const struct account_options *options,
    const struct sj_credentials *credentials, struct sj_account *ret_account)
{
    struct sj_account account;
    struct sj_uuid tag = {{0}};
    TRY(fill_account(desk, options, &account, &tag));
    const struct sj_uuid scopes[] = {SJ_SCOPE_AUTHN, SJ_SCOPE_KEYS};
    struct sj_context context;
    TRY(sj_cli_desk_sign(desk, scopes, SJ_COUNT(scopes), &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(desk->db, &context, &tx));
    desk->why =
        "--username: 3 to 64 of a-z, 0-9, '.', '_', '-', not used yet; a judge has one account";
    TRY(sj_account_create(tx, desk->fields, &account));
    desk->why = "the password needs 12 to 128 characters and must not be one that everybody tries";
    const struct sj_text password = {credentials->password, credentials->password_len};
    TRY(sj_credentials_set(tx, desk->fields, &account, password,
        sj_view_of(credentials->secret, sizeof credentials->secret)));
    desk->why = "";
    char detail[SJ_ENTRY_DETAIL_MAX + 1];
    (void)snprintf(detail, sizeof detail, "roles=%s", options->roles);
    TRY(sj_cli_desk_put_draft(desk, tx, "account:create", "account", account.id, tag, detail));
    TRY(sj_tx_commit(&tx));
    *ret_account = account;
    return SJ_DONE;
}

static void tell_account(const struct account_options *options, const struct sj_account *account,
    const struct sj_credentials *credentials)
{
    char id[SJ_UUID_TEXT_SIZE];
    char judge[SJ_UUID_TEXT_SIZE];
    char person[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(account->id, id);
    sj_uuid_format(account->judge, judge);
    sj_uuid_format(account->person_judge, person);
    if (options->json) {
        (void)printf("{\"id\":\"%s\",\"username\":\"%s\"", id, options->username);
        if (credentials->secret_is_new) {
            (void)printf(",\"totp_secret\":\"%s\"", credentials->secret_text);
        }
        if (!sj_uuid_is_nil(account->judge)) {
            (void)printf(",\"judge_id\":\"%s\"", judge);
        }
        if (!sj_uuid_is_nil(account->person_judge)) {
            (void)printf(",\"person_judge_id\":\"%s\"", person);
        }
        (void)fputs("}\n", stdout);
        return;
    }
    (void)printf("%s %s\n", id, options->username);
    if (credentials->secret_is_new) {
        sj_credentials_print(credentials, options->username);
    }
}

static int run_account_create(int argc, char **argv, const struct sj_command *command)
{
    struct account_options options = {.json = false};
    struct sj_config config;
    int code = SJ_EXIT_OK;
    if (!take_account_options(argc, argv, command, &options, &code) ||
        !sj_cli_config(command, options.config, &config, &code)) {
        return code;
    }
    CLEANUP(sj_credentials_wipe) struct sj_credentials credentials = {.password_len = 0};
    struct sj_cli_desk desk = {.why = ""};
    struct sj_account account = {.version = 0};
    sj_status status =
        sj_credentials_take(options.password_file, options.secret_file, &credentials, &desk.why);
    if (!sj_failed(status)) {
        status = check_roles(&desk, &config, &options);
    }
    if (!sj_failed(status)) {
        status = sj_cli_desk_open(&desk, &config);
    }
    if (!sj_failed(status)) {
        status = create_account(&desk, &options, &credentials, &account);
    }
    if (sj_failed(status)) {
        code = sj_cli_fail(command, status, desk.why);
    }
    sj_cli_desk_close(&desk);
    if (!sj_failed(status)) {
        tell_account(&options, &account, &credentials);
    }
    return code;
}

const struct sj_command sj_command_account_create = {"account", "create",
    "create an account with its two factors",
    "usage: sanjeh account create --config FILE --username NAME --display-name NAME --role "
    "ROLE...\n"
    "                             [--unit CODE [--compartment CODE]]\n"
    "                             [--judge ID | --judge-number NUMBER --judge-unit CODE]\n"
    "                             [--person-judge-number NUMBER --person-judge-unit CODE]\n"
    "                             [--password-file FILE] [--totp-secret-file FILE] [--json]\n\n"
    "With --person-judge-number an office account says which judge its holder is: separation is by "
    "person.\n"
    "Without --unit the account belongs to the platform or, with --judge, to that judge. Roles may "
    "be\n"
    "repeated or joined by commas; the policy's separation of duty holds. Without --password-file "
    "the\n"
    "terminal is asked. Without --totp-secret-file a secret is made and printed once, as an "
    "otpauth\n"
    "address and, on a terminal with qrencode(1), as a QR code.\n",
    run_account_create};
