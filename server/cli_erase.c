/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh audit erase: how are payloads of the record destroyed so that every proof still holds? Payload and salt go in one transaction with the
 * entry that names whose they were; the entries that committed to them stay, and a verifier calls them erased. It takes the approval of
 * two security officers for exactly this, and whoever holds the root key file does it. What other copies there are (replicas, backups, write-ahead log) is said, because no program reaches them.
 */
#include "cli_desk.h"

#include "sanjeh/approval/approval.h"
#include "sanjeh/audit/payload.h"
#include "sanjeh/audit/sequencer.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/json/write.h"
#include "sanjeh/keys/scopes.h"

#include <getopt.h>

#define RANGES_MAX  40u /* of one entry: docs/AUDIT.md 2.4 */
#define INDICES_MAX 20000u

struct arguments {
    const char *config;
    const char *indices;
    const char *subject;
    struct sj_uuid subject_id;
    struct sj_uuid approval;
    bool dry_run;
};

static bool take(int argc, char **argv, const struct sj_command *command,
    struct arguments *arguments, int *ret_exit)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
        {"indices", required_argument, NULL, 'i'}, {"subject", required_argument, NULL, 's'},
        {"approval", required_argument, NULL, 'a'}, {"dry-run", no_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool good = true;
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'c') {
            arguments->config = optarg;
        } else if (option == 'i') {
            arguments->indices = optarg;
        } else if (option == 's') {
            arguments->subject = optarg;
            good = good && !sj_failed(sj_uuid_parse(sj_text_of(optarg), &arguments->subject_id)) &&
                   !sj_uuid_is_nil(arguments->subject_id);
        } else if (option == 'a') {
            good = good && !sj_failed(sj_uuid_parse(sj_text_of(optarg), &arguments->approval));
        } else if (option == 'n') {
            arguments->dry_run = true;
        } else {
            *ret_exit = sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
            return false;
        }
    }
    if (!good || arguments->config == NULL || optind != argc ||
        (arguments->indices == NULL) == (arguments->subject == NULL) ||
        sj_uuid_is_nil(arguments->approval) != arguments->dry_run) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    return true;
}

/* Which of them have a payload, ascending. */
struct list {
    int64_t *indices; /* INDICES_MAX */
    size_t count;
};

/* Of the subject: numbers, and after the deed the generation that stays. */
struct keys {
    struct list numbers;
    uint32_t keep;
};

static sj_status look(struct sj_tx *tx, const struct arguments *arguments, int64_t first,
    int64_t last, struct list *list)
{
    const struct sj_param params[] = {
        arguments->subject == NULL ? sj_p_null() : sj_p_id(&arguments->subject_id), sj_p_i64(first),
        sj_p_i64(last)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PAYLOAD_FIND, params, SJ_COUNT(params), &rows));
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        const int64_t index = sj_row_i64(rows, i, 0);
        ENSURE(list->count < INDICES_MAX, LIMIT_EXCEEDED);
        if (list->count == 0 || index > list->indices[list->count - 1]) {
            list->indices[list->count++] = index;
        }
    }
    return SJ_DONE;
}

/* "4,7-9", ascending. */
static sj_status look_at_ranges(
    struct sj_tx *tx, const struct arguments *arguments, struct list *list)
{
    struct sj_text rest = sj_text_of(arguments->indices);
    struct sj_text item = {NULL, 0};
    while (sj_text_split(&rest, ',', &item)) {
        struct sj_text tail = item;
        struct sj_text head = {NULL, 0};
        uint64_t first = 0;
        uint64_t last = 0;
        ENSURE(sj_text_split(&tail, '-', &head), INVALID);
        TRY(sj_parse_u64(head, 0, INT64_MAX, &first));
        last = first;
        if (tail.len > 0) {
            TRY(sj_parse_u64(tail, first, INT64_MAX, &last));
        }
        TRY(look(tx, arguments, (int64_t)first, (int64_t)last, list));
    }
    return SJ_DONE;
}

/* As many as one entry can name: ranges of neighbours. Returns how many indices they cover. */
static size_t put_ranges(const struct list *list, size_t from, char *out, size_t size)
{
    size_t at = from;
    size_t used = 0;
    out[0] = '\0';
    for (unsigned range = 0; range < RANGES_MAX && at < list->count; range++) {
        size_t end = at + 1;
        char text[48];
        while (end < list->count && list->indices[end] == list->indices[end - 1] + 1) {
            end++;
        }
        const int len = end == at + 1
                            ? snprintf(text, sizeof text, "%s%lld", used == 0 ? "" : ",",
                                  (long long)list->indices[at])
                            : snprintf(text, sizeof text, "%s%lld-%lld", used == 0 ? "" : ",",
                                  (long long)list->indices[at], (long long)list->indices[end - 1]);
        if (len < 0 || used + (size_t)len >= size) {
            break;
        }
        (void)snprintf(out + used, size - used, "%s", text);
        used += (size_t)len;
        at = end;
    }
    return at - from;
}

static sj_status destroy(struct sj_tx *tx, const struct list *list, size_t from, size_t count)
{
    struct sj_array array;
    TRY(sj_array_init(&array, SJ_OID_INT8, 32 + count * 12));
    sj_status status = SJ_DONE;
    for (size_t i = 0; i < count && !sj_failed(status); i++) {
        status = sj_array_put_i64(&array, list->indices[from + i]);
    }
    struct sj_rows *taken = NULL;
    if (!sj_failed(status)) {
        const struct sj_param param = sj_p_array(&array);
        status = sj_tx_query(tx, SJ_SQL_AUDIT_PAYLOAD_ERASE, &param, 1, &taken);
    }
    CLEANUP(sj_rows_free) struct sj_rows *rows = taken;
    sj_array_clear(&array);
    TRY(status);
    ENSURE(sj_row_i64(rows, 0, 0) == (int64_t)count, CONFLICT); /* somebody else is erasing */
    return SJ_DONE;
}

static sj_status put_entry(
    struct sj_cli_desk *desk, struct sj_tx *tx, const char *what, const char *detail)
{
    struct sj_draft draft = {.kind = SJ_ENTRY_ERASE,
        .emitter_seq = 1,
        .outcome = SJ_OUTCOME_PERMITTED,
        .action = "log:erase",
        .object_type = "log"};
    struct sj_key key;
    const int len = snprintf(draft.detail, sizeof draft.detail, "what=%s;%s", what, detail);
    ENSURE(len > 0 && (size_t)len < sizeof draft.detail, LIMIT_EXCEEDED);
    TRY(sj_uuid_new(&draft.emitter));
    TRY(sj_uuid_new(&draft.request_id));
    TRY(ask_emitter_key(desk->channel, draft.emitter, &key));
    const sj_status status = sj_outbox_put(tx, &key, &draft);
    sj_wipe(&key, sizeof key);
    return status;
}

/* Uses the approval up in tx: asked for by one security officer, approved by another, for these very words. */
static sj_status use_approval(struct sj_cli_desk *desk, struct sj_tx *tx,
    const struct sj_context *context, const struct arguments *arguments)
{
    const struct sj_approval_desk office = {.db = desk->db,
        .tx = tx,
        .context = context,
        .channel = desk->channel,
        .arena = desk->arena};
    const bool by_index = arguments->indices != NULL;
    CLEANUP(sj_buf_clear) struct sj_buf parameters = SJ_BUF(SJ_APPROVAL_PARAMETERS_MAX);
    struct sj_json json = sj_json_begin(&parameters);
    sj_json_object(&json, NULL);
    sj_json_str(&json, by_index ? "indices" : "subject",
        by_index ? arguments->indices : arguments->subject);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    bool found = false;
    struct sj_approval approval;
    desk->why = "--approval: not an approval of log:erase for exactly this that two security "
                "officers gave and nobody has used";
    TRY(sj_approval_find(&office, arguments->approval, &found, &approval, &(const char *){NULL}));
    ENSURE(found, GUARD_UNMET);
    const struct sj_actor nobody = {.account = approval.requested_by};
    const struct sj_approval_use use = {.kind = sj_approval_kind_find(SJ_TEXT("log:erase")),
        .approval = arguments->approval,
        .object = approval.object,
        .parameters = sj_buf_text(&parameters),
        .min_need = 1,
        .by_anybody = true};
    const char *why = NULL;
    TRY(sj_approval_take(&office, &nobody, &use, &approval, &why));
    desk->why = "";
    return SJ_DONE;
}

static sj_status look_at_keys(
    struct sj_tx *tx, const struct arguments *arguments, struct list *numbers)
{
    const struct sj_param param = sj_p_id(&arguments->subject_id);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_PAYLOAD_KEY_NUMBERS, &param, 1, &rows));
    for (size_t i = 0; i < sj_rows_count(rows) && i < INDICES_MAX; i++) {
        numbers->indices[numbers->count++] = sj_row_i64(rows, i, 0);
    }
    return SJ_DONE;
}

/* Payloads, and then the keys that sealed them: each as many entries as it takes to name them. */
static sj_status erase_all(struct sj_cli_desk *desk, struct sj_tx *tx, const struct list *list,
    struct keys *keys, const struct arguments *arguments)
{
    char ranges[SJ_ENTRY_DETAIL_MAX - 96];
    char detail[SJ_ENTRY_DETAIL_MAX - 32];
    for (size_t from = 0; from < list->count;) {
        const size_t count = put_ranges(list, from, ranges, sizeof ranges);
        (void)snprintf(detail, sizeof detail, "count=%zu;indices=%s", count, ranges);
        TRY(destroy(tx, list, from, count));
        TRY(put_entry(desk, tx, "payload", detail));
        from += count;
    }
    for (size_t from = 0; from < keys->numbers.count;) {
        const size_t count = put_ranges(&keys->numbers, from, ranges, sizeof ranges);
        (void)snprintf(detail, sizeof detail, "count=%zu;keys=%s", count, ranges);
        TRY(put_entry(desk, tx, "key", detail));
        from += count;
    }
    if (keys->numbers.count > 0) {
        desk->why = "the file of payloads' keys: see [keeper] payload_keys, and run this on a "
                    "server of the log";
        TRY(sj_payload_keys_destroy(desk->channel, tx, arguments->subject_id, &keys->keep));
        desk->why = "";
    }
    return SJ_DONE;
}

static sj_status erase(struct sj_cli_desk *desk, const struct arguments *arguments,
    struct list *list, struct keys *keys)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_RECORD, SJ_SCOPE_APPROVAL};
    struct sj_context context;
    TRY(sj_cli_desk_sign(desk, scopes, SJ_COUNT(scopes), &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(desk->db, &context, &tx));
    if (!arguments->dry_run) {
        TRY(use_approval(desk, tx, &context, arguments));
    }
    if (arguments->subject != NULL) {
        TRY(look(tx, arguments, 0, INT64_MAX, list));
        TRY(look_at_keys(tx, arguments, &keys->numbers));
    } else {
        desk->why = "--indices: numbers and ranges, ascending: 4,7-9";
        TRY(look_at_ranges(tx, arguments, list));
        desk->why = "";
    }
    if (arguments->dry_run || (list->count == 0 && keys->numbers.count == 0)) {
        return SJ_DONE;
    }
    TRY(erase_all(desk, tx, list, keys, arguments));
    TRY(sj_tx_commit(&tx));
    struct sj_payload_file file;
    desk->why = "payloads and keys are gone; that copies of the database cannot be opened any more "
                "waits for the next start of a server, or for this command once more";
    TRY(keys->keep == 0 ? SJ_DONE : ask_payload_finish(desk->channel, keys->keep, &file));
    desk->why = "";
    return SJ_DONE;
}

static void tell(
    const struct arguments *arguments, const struct list *list, const struct keys *keys)
{
    char ranges[SJ_ENTRY_DETAIL_MAX - 64];
    const size_t named = put_ranges(list, 0, ranges, sizeof ranges);
    (void)fprintf(stderr, "%zu payloads %s: %s%s\n", list->count,
        arguments->dry_run ? "would be destroyed" : "destroyed with their salts",
        list->count == 0 ? "none" : ranges, named < list->count ? ",..." : "");
    if (arguments->subject != NULL) {
        (void)fprintf(stderr, "%zu keys %s\n", keys->numbers.count,
            arguments->dry_run ? "would be destroyed" : "destroyed");
    }
    if (!arguments->dry_run && keys->keep != 0) {
        (void)fputs("next: copy the file of [keeper] payload_keys to the log's other servers, and "
                    "destroy its old copies;\nwhat write-ahead log, replicas and backups hold of "
                    "this subject opens no longer.\n",
            stderr);
    } else if (!arguments->dry_run && list->count > 0) {
        (void)fputs(
            "next: vacuum sanjeh.audit_payload as a superuser; write-ahead log, replicas and "
            "backups keep what they\nhave, sealed by a key that seals others, too (--subject "
            "destroys keys). sanjeh-verify holds the\nerasure against its entry.\n",
            stderr);
    }
}

static int run(int argc, char **argv, const struct sj_command *command)
{
    struct arguments arguments = {.config = NULL};
    struct sj_config config;
    struct list list = {.count = 0};
    struct keys keys = {.keep = 0};
    int code = SJ_EXIT_OK;
    if (!take(argc, argv, command, &arguments, &code) ||
        !sj_cli_config(command, arguments.config, &config, &code)) {
        return code;
    }
    struct sj_cli_desk desk = {.why = ""};
    CLEANUP(sj_freep) void *memory = NULL;
    sj_status status = sj_alloc((size_t)2 * INDICES_MAX, sizeof(int64_t), &memory);
    list.indices = memory;
    keys.numbers.indices = memory == NULL ? NULL : list.indices + INDICES_MAX;
    if (!sj_failed(status)) {
        status = sj_cli_desk_open(&desk, &config);
    }
    if (!sj_failed(status)) {
        status = erase(&desk, &arguments, &list, &keys);
    }
    if (sj_failed(status)) {
        code = sj_cli_fail(command, status, desk.why);
    } else {
        tell(&arguments, &list, &keys);
    }
    sj_cli_desk_close(&desk);
    return code;
}

const struct sj_command sj_command_audit_erase = {"audit", "erase",
    "destroy payloads of the record; proofs stay",
    "usage: sanjeh audit erase --config FILE (--indices LIST | --subject ID) (--approval ID | "
    "--dry-run)\n\n"
    "--indices: destroys payload and salt of entries (4,7-9) in this database; the key that sealed "
    "them seals\n"
    "others too and stays, so a copy of the database from before still has them and opens with the "
    "keys.\n"
    "--subject: of all whose payload is sealed for a subject, together with the keys that sealed "
    "them: they open\n"
    "in no copy any more. Either appends the entry that says so. --dry-run: says what would go. At "
    "most 20000\nat once.\n"
    "--approval: POST /api/v1/approvals, action log:erase, parameters {\"indices\": LIST} or "
    "{\"subject\": ID},\n"
    "by one security officer, approved by another.\n",
    run};
