/* SPDX-License-Identifier: Apache-2.0
 *
 * What do the figures of one judge come to after a correction? His own data as they stand now, seen beside the peers of the freeze:
 * these are read back from the sheet that is corrected. If the peers were computed again, one judge's correction would move the
 * results of others, who have theirs already.
 */
#include "compute_priv.h"

#include "sanjeh/json/decode.h"

#define ARENA_BYTES ((size_t)8 * 1024 * 1024)

enum {
    COLUMN_ORDER,
    COLUMN_OWNER,
    COLUMN_CYCLE,
    COLUMN_CUT,
    COLUMN_SHEET,
    COLUMN_KEY_VERSION,
    COLUMN_BODY,
    COLUMN_WRAPPED,
    COLUMN_ISSUER
};

/* ---- the former sheet ---- */

static sj_status open_former(const struct sj_desk *desk, const struct sj_rows *rows,
    struct sj_uuid evaluation, struct sj_json_doc **ret_doc)
{
    ENSURE(!sj_row_is_null(rows, 0, COLUMN_WRAPPED), DECRYPT);
    const struct sj_wrapped_dek key = {.unit = sj_row_id(rows, 0, COLUMN_ISSUER),
        .subject = evaluation,
        .version = (uint32_t)sj_row_i64(rows, 0, COLUMN_KEY_VERSION),
        .wrapped = sj_row_bytes(rows, 0, COLUMN_WRAPPED)};
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(SJ_SCORE_SHEET_BYTES);
    CLEANUP(sj_buf_clear) struct sj_buf quoted = SJ_BUF(2 * SJ_SCORE_SHEET_BYTES);
    TRY(sj_fields_open(desk->fields, &key, 1, &subject));
    TRY(sj_field_open(&subject, SJ_TABLE_EVALUATION_SCORE, SJ_COLUMN_EVALUATION_SCORE_BODY,
        sj_row_id(rows, 0, COLUMN_SHEET), SJ_FLE1_TEXT, sj_row_bytes(rows, 0, COLUMN_BODY),
        &plain));
    TRY(sj_json_quote_reals(sj_buf_text(&plain), &quoted));
    struct sj_text detail;
    return sj_json_doc_parse(sj_buf_view(&quoted), ret_doc, &detail, desk->arena);
}

/* 0 for null. */
static int64_t int_of(const struct sj_json_value *object, const char *name)
{
    int64_t number = 0;
    const struct sj_json_value *value = sj_json_get(object, name);
    return value != NULL && sj_json_as_int(value, &number) ? number : 0;
}

static sj_status decimal_of(
    const struct sj_json_value *object, const char *name, struct sj_decimal *ret_decimal)
{
    struct sj_text text;
    const struct sj_json_value *value = sj_json_get(object, name);
    *ret_decimal = (struct sj_decimal){int_of(object, name), 0};
    return value != NULL && sj_json_as_text(value, &text) ? sj_decimal_parse(text, ret_decimal)
                                                          : SJ_DONE;
}

static sj_status read_peers(const struct sj_json_value *line, struct frozen_peers *ret_frozen)
{
    *ret_frozen = (struct frozen_peers){.group = {.count = 0}};
    const struct sj_json_value *peers = sj_json_get(line, "peers");
    ENSURE(peers != NULL, DECRYPT);
    struct sj_text group = {"", 0};
    const struct sj_json_value *named = sj_json_get(peers, "group");
    if (named != NULL && sj_json_as_text(named, &group)) {
        ret_frozen->peers.court_kind = peer_kind_find(group);
    }
    ret_frozen->peers.grade_band = (size_t)int_of(peers, "grade_band");
    ret_frozen->peers.province_class = (size_t)int_of(peers, "province_class");
    ret_frozen->group.count = (size_t)int_of(peers, "n"); /* withheld: fewer than are looked at */
    TRY(decimal_of(peers, "mean", &ret_frozen->group.mean));
    TRY(decimal_of(peers, "median", &ret_frozen->group.median));
    return decimal_of(peers, "mad", &ret_frozen->group.mad);
}

static sj_status read_frozen(const struct sj_desk *desk, const struct plan *plan,
    const struct sj_json_doc *doc, const struct frozen_peers **ret_frozen)
{
    void *memory;
    TRY(sj_arena_alloc(desk->arena, plan->item_count * sizeof(struct frozen_peers), &memory));
    struct frozen_peers *frozen = memory;
    const struct sj_json_value *items = sj_json_get(sj_json_doc_root(doc), "items");
    ENSURE(items != NULL && sj_json_is_array(items), DECRYPT);
    for (size_t i = 0; i < plan->item_count; i++) {
        const struct sj_json_value *line = NULL;
        struct sj_text none;
        size_t at = 0;
        frozen[i] = (struct frozen_peers){.group = {.count = 0}};
        while (sj_json_next(items, &at, &none, &line)) {
            if (int_of(line, "no") == plan->items[i].no) {
                TRY(read_peers(line, &frozen[i]));
            }
        }
    }
    *ret_frozen = frozen;
    return SJ_DONE;
}

/* ---- the run ---- */

static sj_status store(struct sj_desk *server, const struct plan *plan, const struct target *target)
{
    struct run run = {.evaluations = 0};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(server->db, server->context, &tx));
    server->tx = tx;
    const sj_status status = sheets_store(server, plan, /* groups= */ NULL, target, 1, &run);
    server->tx = NULL;
    TRY(status);
    return sj_tx_commit(&tx);
}

static sj_status compute_one(
    struct sj_desk *server, const struct sj_rows *rows, struct sj_uuid evaluation)
{
    struct plan plan;
    TRY(plan_read(server, sj_row_id(rows, 0, COLUMN_CYCLE), &plan));
    plan.target_count = 1;
    plan.again.evaluation = evaluation;
    plan.again.correction = sj_row_id(rows, 0, COLUMN_ORDER);
    plan.again.cut = sj_row_time(rows, 0, COLUMN_CUT);
    CLEANUP(sj_json_doc_free) struct sj_json_doc *former = NULL;
    TRY(open_former(server, rows, evaluation, &former));
    void *memory;
    TRY(sj_arena_alloc(server->arena, plan.item_count * sizeof(struct reading), &memory));
    struct target target;
    size_t count = 0;
    TRY(targets_read(server, &plan, &target, memory, &count));
    ENSURE(count == 1, GUARD_UNMET);
    TRY(courts_read(server, &target, 1, &plan));
    TRY(read_frozen(server, &plan, former, &target.frozen));
    return store(server, &plan, &target);
}

sj_status sj_correction_compute(
    const struct sj_desk *desk, struct sj_uuid evaluation, bool *ret_done)
{
    *ret_done = false;
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct sj_context context;
    TRY(sj_arena_new(ARENA_BYTES, &arena));
    TRY(compute_context(desk, &context));
    struct sj_desk server = *desk;
    server.context = &context;
    server.arena = arena;
    server.tx = NULL;
    const struct sj_param params[] = {sj_p_id(&evaluation)};
    const struct sj_query sql = {SJ_SQL_CORRECTION_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(server.db, server.context, &sql, 1, &rows));
    if (sj_rows_count(rows) == 0) {
        return SJ_DONE;
    }
    TRY(compute_one(&server, rows, evaluation));
    *ret_done = true;
    return SJ_DONE;
}
