/* SPDX-License-Identifier: Apache-2.0
 *
 * What is begun anew, and how? Which log ends, with which tree that somebody holds signed, and which drafts of committed deeds never got
 * their place in it; then one transaction puts all of it aside and leaves an empty log with its first entry's words. What waits in
 * the outbox and is none of the old log's own, or stands in it already, is refused before, as the sweeper would have done.
 */
#include "cli_incarnation.h"

#include "sanjeh/audit/outbox.h"
#include "sanjeh/audit/record.h"
#include "sanjeh/audit/sequencer.h"
#include "sanjeh/base/file.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/scopes.h"

#define NOTE_MAX        102400u
#define OWN_CONNECTIONS 2 /* what the desk opens */
#define CONTEXT_US      INT64_C(3000000000)

/* ---- what the record is ---- */

static sj_status record_context(struct sj_cli_desk *desk, struct sj_context *ret_context)
{
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    return ask_context(desk->channel, &scope, 1, sj_time_now() + CONTEXT_US, ret_context);
}

static sj_status read_one(struct sj_cli_desk *desk, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    const struct sj_query query = {sql, params, count};
    struct sj_context context;
    TRY(record_context(desk, &context));
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

static sj_status read_head(struct sj_cli_desk *desk, struct sj_incarnation_plan *plan)
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
    struct sj_cli_desk *desk, const struct sj_config *config, struct sj_incarnation_plan *plan)
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

/* Takes the note when the old log's key signed it and it says more than what is there. */
static sj_status consider(struct sj_view bytes, const struct sj_note_key *key, bool may_equal,
    struct sj_incarnation_plan *plan)
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
    return sj_sha256_one(bytes, &plan->said.note);
}

static sj_status consider_file(
    const char *path, const struct sj_note_key *key, struct sj_incarnation_plan *plan)
{
    const uint64_t before = plan->said.size;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(NOTE_MAX);
    ENSURE(!sj_failed(sj_read_file(path, &bytes)), BAD_CONFIG);
    TRY(consider(sj_buf_view(&bytes), key, true, plan));
    ENSURE(plan->said.size > before, BAD_CONFIG);
    return SJ_DONE;
}

static sj_status find_note(
    struct sj_cli_desk *desk, const char *checkpoint_path, struct sj_incarnation_plan *plan)
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
    TRY(checkpoint_path != NULL ? consider_file(checkpoint_path, &key, plan) : SJ_DONE);
    desk->why = "the database has no tree that this log's key has signed; give one by --checkpoint";
    ENSURE(plan->said.size != 0, NOT_FOUND);
    desk->why = "";
    return SJ_DONE;
}

/* ---- what waits for its place ---- */

static bool is_placed(
    const struct sj_rows *placed, size_t *next, struct sj_uuid emitter, int64_t seq)
{
    /* both ascend by emitter and number */
    while (*next < sj_rows_count(placed)) {
        const struct sj_uuid id = sj_row_id(placed, *next, 0);
        const int order = memcmp(id.bytes, emitter.bytes, sizeof id.bytes);
        const int64_t number = sj_row_i64(placed, *next, 1);
        if (order > 0 || (order == 0 && number >= seq)) {
            return order == 0 && number == seq;
        }
        (*next)++;
    }
    return false;
}

/* A walk over the outbox. */
struct walk {
    struct sj_cli_desk *desk;
    struct sj_incarnation_plan *plan;
    struct sj_rows *placed;
    struct sj_sha256_stream *hash;
    struct sj_outbox_key key;
    size_t next_placed;
    struct sj_uuid emitter; /* of the row before */
    int64_t seq;
    bool removes; /* what does not belong there goes aside, as the sweeper would do it */
    sj_incarnation_told *told;
};

static sj_status put_away(struct walk *walk)
{
    const struct sj_param params[] = {sj_p_id(&walk->emitter), sj_p_i64(walk->seq)};
    struct sj_context context;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(record_context(walk->desk, &context));
    TRY(sj_tx_begin(walk->desk->db, &context, &tx));
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_OUTBOX_REFUSE, params, SJ_COUNT(params), &rows));
    return sj_tx_commit(&tx);
}

static sj_status walk_row(struct walk *walk, const struct sj_rows *rows, size_t row)
{
    uint8_t length[4];
    bool ours = false;
    struct sj_draft draft;
    const struct sj_view bytes = sj_row_bytes(rows, row, 2);
    walk->emitter = sj_row_id(rows, row, 0);
    walk->seq = sj_row_i64(rows, row, 1);
    TRY(sj_outbox_open(walk->desk->channel, rows, row, &walk->key, &draft, &ours));
    if (!ours || is_placed(walk->placed, &walk->next_placed, walk->emitter, walk->seq)) {
        walk->plan->strangers++;
        return walk->removes ? put_away(walk) : SJ_DONE;
    }
    for (size_t i = 0; i < sizeof length; i++) {
        length[i] = (uint8_t)(bytes.len >> (24 - 8 * i));
    }
    walk->plan->said.unsequenced++;
    if (walk->told != NULL) {
        walk->told(&draft);
    }
    TRY(sj_sha256_stream_put(walk->hash, sj_view_of(length, sizeof length)));
    return sj_sha256_stream_put(walk->hash, bytes);
}

static sj_status walk_page(struct walk *walk, size_t *ret_rows)
{
    const struct sj_param params[] = {
        sj_p_i64(0), sj_p_id(&walk->emitter), sj_p_i64(walk->seq), sj_p_i64(0)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_one(walk->desk, SJ_SQL_AUDIT_OUTBOX_LIST, params, SJ_COUNT(params), &rows));
    *ret_rows = sj_rows_count(rows);
    for (size_t i = 0; i < *ret_rows; i++) {
        TRY(walk_row(walk, rows, i));
    }
    return SJ_DONE;
}

static sj_status walk_all(struct walk *walk)
{
    size_t rows = 1;
    walk->plan->strangers = 0;
    walk->plan->said.unsequenced = 0;
    walk->seq = INT64_MIN;
    TRY(read_one(walk->desk, SJ_SQL_AUDIT_OUTBOX_PLACED, NULL, 0, &walk->placed));
    TRY(sj_sha256_stream_new(&walk->hash));
    while (rows != 0) {
        TRY(walk_page(walk, &rows));
    }
    return sj_sha256_stream_end(walk->hash, &walk->plan->said.unsequenced_hash);
}

static sj_status look_at_outbox(struct sj_cli_desk *desk, struct sj_incarnation_plan *plan,
    bool removes, sj_incarnation_told *told)
{
    struct walk walk = {.desk = desk, .plan = plan, .removes = removes, .told = told};
    const sj_status status = walk_all(&walk);
    sj_rows_free(&walk.placed);
    sj_sha256_stream_free(&walk.hash);
    sj_wipe(&walk.key, sizeof walk.key);
    return status;
}

/* ---- the deed ---- */

/* What the first entry says stands under a key of the log that begins. */
static sj_status key_of_new_log(const struct sj_config *config, const char *origin,
    struct sj_uuid emitter, struct sj_key *ret_key)
{
    const struct sj_keeper_config keeper_config = {.root_key_file = config->root_key_file,
        .origin = origin,
        .instance = config->instance,
        .use = SJ_KEEPER_PROVISION,
        .channels = 1};
    struct sj_keeper *keeper = NULL;
    struct sj_channel *channel = NULL;
    TRY(sj_keeper_start(&keeper_config, &keeper));
    sj_status status = sj_channel_open(keeper, 0, /* loop= */ NULL, &channel);
    if (!sj_failed(status)) {
        status = ask_emitter_key(channel, emitter, ret_key);
    }
    sj_channel_close(&channel);
    sj_keeper_stop(&keeper);
    return status;
}

static sj_status compose(struct sj_cli_desk *desk, const char *reason,
    struct sj_incarnation_plan *plan, struct sj_draft *draft, struct sj_buf *salted)
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
    return sj_payload_commit(draft, sj_view_of(reason, strlen(reason)), salted);
}

static sj_status commit(struct sj_cli_desk *desk, const struct sj_config *config,
    const struct sj_incarnation_plan *plan, const struct sj_draft *draft, struct sj_view salted)
{
    const struct sj_payload payload = {.content = salted};
    struct sj_context context;
    struct sj_hash mac;
    CLEANUP(sj_key_wipe) struct sj_key key;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf stored = SJ_BUF(SJ_PAYLOAD_STORED);
    TRY(sj_draft_encode(draft, &bytes));
    TRY(sj_payload_encode(&payload, &stored));
    TRY(key_of_new_log(config, plan->said.origin, draft->emitter, &key));
    TRY(sj_outbox_mac(&key, sj_buf_view(&bytes), &mac));
    const struct sj_param params[] = {sj_p_id(&plan->log), sj_p_i64((int64_t)plan->size),
        sj_p_bytes(sj_view_of(plan->root.bytes, SJ_HASH_SIZE)),
        sj_p_text(sj_text_of(plan->said.former)), sj_p_i32((int32_t)plan->said.number),
        sj_p_id(&plan->said.log), sj_p_text(sj_text_of(plan->said.origin)),
        sj_p_id(&draft->emitter), sj_p_bytes(sj_buf_view(&bytes)), sj_p_bytes(sj_buf_view(&stored)),
        sj_p_bytes(sj_view_of(mac.bytes, SJ_HASH_SIZE)), sj_p_i32(OWN_CONNECTIONS),
        sj_p_bytes(sj_view_of(plan->said.unsequenced_hash.bytes, SJ_HASH_SIZE))};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(record_context(desk, &context));
    TRY(sj_tx_begin(desk->db, &context, &tx));
    desk->why = "a server or another command is connected, or the record has changed meanwhile";
    TRY(sj_tx_send(tx, SJ_SQL_AUDIT_INCARNATE, params, SJ_COUNT(params)));
    TRY(sj_tx_commit(&tx));
    desk->why = "";
    return SJ_DONE;
}

sj_status sj_incarnation_look(struct sj_cli_desk *desk, const struct sj_config *config,
    const char *checkpoint_path, sj_incarnation_told *told, struct sj_incarnation_plan *ret_plan)
{
    *ret_plan = (struct sj_incarnation_plan){.is_done = false};
    TRY(read_head(desk, ret_plan));
    TRY(read_succession(desk, config, ret_plan));
    if (ret_plan->is_done) {
        return SJ_DONE;
    }
    ret_plan->said.stored = ret_plan->size;
    TRY(find_note(desk, checkpoint_path, ret_plan));
    return look_at_outbox(desk, ret_plan, /* removes= */ false, told);
}

sj_status sj_incarnation_commit(struct sj_cli_desk *desk, const struct sj_config *config,
    const char *reason, struct sj_incarnation_plan *plan)
{
    struct sj_draft draft;
    CLEANUP(sj_buf_clear)
    struct sj_buf salted = SJ_BUF(SJ_PAYLOAD_SALT + SJ_INCARNATION_REASON_MAX);
    TRY(look_at_outbox(desk, plan, /* removes= */ true, /* told= */ NULL));
    TRY(compose(desk, reason, plan, &draft, &salted));
    TRY(commit(desk, config, plan, &draft, sj_buf_view(&salted)));
    plan->is_begun = false;
    return SJ_DONE;
}
