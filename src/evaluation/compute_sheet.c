/* SPDX-License-Identifier: Apache-2.0
 *
 * How is a figure of the file worked out, line by line? One JSON object an evaluation and round: definition, raw value, n, peers,
 * shrunk value, interval, sub-score or the reason for none, and the counts behind it. Sealed under the file's key; in
 * clear stand only coverage and the hash of the inputs.
 */
#include "compute_priv.h"

#include "sanjeh/crypto/random.h"
#include "sanjeh/json/write.h"
#include "sanjeh/text/persian.h"

#define COVERAGE_DECIMALS 2

static void write_decimal(
    struct sj_json *json, const char *name, bool is_there, struct sj_decimal value)
{
    if (!is_there) {
        sj_json_null(json, name);
        return;
    }
    char text[SJ_DECIMAL_TEXT_SIZE];
    sj_decimal_format(value, text);
    sj_json_number(json, name, sj_text_of(text));
}

static void write_definition(struct sj_json *json, const struct plan_item *item)
{
    sj_json_int(json, "no", item->no);
    sj_json_text(json, "code", item->code);
    sj_json_str(json, "family", sj_family_name(item->family));
    write_decimal(json, "weight", true, item->weight);
    if (!item->has_definition) {
        sj_json_null(json, "definition_version");
        return;
    }
    sj_json_int(json, "definition_version", item->version);
    if (item->is_computed) {
        sj_json_text(json, "formula", item->formula_text);
    } else {
        sj_json_null(json, "formula");
    }
    sj_json_text(json, "unit", item->measure);
    sj_json_int(json, "min_n", item->min_n);
    sj_json_object(json, "anchors");
    const bool is_band = item->anchors.direction == SJ_DIRECTION_BAND;
    const bool is_line = item->anchors.direction == SJ_DIRECTION_HIGHER ||
                         item->anchors.direction == SJ_DIRECTION_LOWER;
    sj_json_str(json, "direction", sj_direction_name(item->anchors.direction));
    write_decimal(json, "floor", is_band || is_line, item->anchors.floor);
    write_decimal(json, "target", is_line, item->anchors.target);
    write_decimal(json, "cap", is_band || is_line, item->anchors.cap);
    write_decimal(json, "low", is_band, item->anchors.low);
    write_decimal(json, "high", is_band, item->anchors.high);
    sj_json_object_end(json);
}

/* null: the group is not narrowed by it. */
static void write_class(struct sj_json *json, const char *name, size_t number)
{
    if (number == 0) {
        sj_json_null(json, name);
    } else {
        sj_json_int(json, name, (int64_t)number);
    }
}

static void write_peers(
    struct sj_json *json, const struct sj_peer_group *group, const struct peer_class *peers)
{
    const bool is_enough = group->count >= SJ_PEERS_MIN;
    sj_json_object(json, "peers");
    sj_json_str(json, "group", peer_kind_name(peers->court_kind));
    write_class(json, "grade_band", peers->grade_band);
    write_class(json, "province_class", peers->province_class);
    /* fewer than ten judges would be recognised in their mean */
    if (is_enough) {
        sj_json_int(json, "n", (int64_t)group->count);
    } else {
        sj_json_null(json, "n");
    }
    sj_json_str(json, "withheld", is_enough ? NULL : "SMALL_PEER_GROUP");
    write_decimal(json, "mean", is_enough, group->mean);
    write_decimal(json, "median", is_enough, group->median);
    write_decimal(json, "mad", is_enough, group->mad);
    sj_json_object_end(json);
}

static void write_inputs(
    struct sj_json *json, const struct plan_item *item, const struct target *target)
{
    if (!item->is_computed || target->workload_fault != NULL) {
        sj_json_null(json, "inputs");
        return;
    }
    sj_json_object(json, "inputs");
    for (size_t i = 0; i < SJ_INPUT_WORKLOAD_COUNT_; i++) {
        if ((item->formula.used >> i & 1u) != 0) {
            write_decimal(json, sj_workload_inputs[i].name, target->inputs[i].is_known,
                target->inputs[i].value);
        }
    }
    sj_json_object_end(json);
}

static void write_line(struct sj_json *json, const struct plan_item *item,
    const struct sj_peer_group *group, const struct peer_class *peers, const struct target *target,
    const struct line *line)
{
    sj_json_object(json, NULL);
    write_definition(json, item);
    write_inputs(json, item, target);
    write_decimal(json, "raw", line->reading.has_value, line->reading.value);
    if (line->reading.has_n) {
        sj_json_int(json, "n", line->reading.n);
    } else {
        sj_json_null(json, "n");
    }
    if (line->reading.observations > 0) {
        sj_json_int(json, "observations", line->reading.observations);
    }
    write_peers(json, group, peers);
    write_decimal(json, "shrunk", line->has_shrunk, line->shrunk);
    if (line->has_interval) {
        sj_json_object(json, "interval");
        write_decimal(json, "low", true, line->interval.low);
        write_decimal(json, "high", true, line->interval.high);
        sj_json_object_end(json);
    } else {
        sj_json_null(json, "interval");
    }
    write_decimal(json, "robust_z", line->z.has_value, line->z.value);
    write_decimal(json, "sub_score", line->has_score, line->score);
    write_decimal(json, "score_low", line->has_interval, line->scores.low);
    write_decimal(json, "score_high", line->has_interval, line->scores.high);
    sj_json_str(json, "reason", line->reason);
    sj_json_str(json, "method", SJ_SCORE_METHOD);
    sj_json_bool(json, "contested", target->is_contested);
    sj_json_object_end(json);
}

/* One line a reading: number, code, version, value, n. Peers are inputs as well. */
static sj_status hash_line(const struct plan_item *item, const struct sj_peer_group *group,
    const struct line *line, struct sj_buf *text)
{
    char number[SJ_DECIMAL_TEXT_SIZE];
    TRY(sj_buf_put_byte(text, '\n'));
    TRY(sj_buf_put_text(text, item->code));
    TRY(sj_buf_put_byte(text, '/'));
    TRY(sj_buf_put_decimal(text, item->version));
    TRY(sj_buf_put_byte(text, '='));
    if (line->reading.has_value) {
        sj_decimal_format(line->reading.value, number);
        TRY(sj_buf_put_str(text, number));
    }
    TRY(sj_buf_put_byte(text, ';'));
    if (line->reading.has_n) {
        TRY(sj_buf_put_decimal(text, line->reading.n));
    }
    TRY(sj_buf_put_byte(text, ';'));
    sj_decimal_format(group->mean, number);
    return sj_buf_put_str(text, number);
}

static sj_status add(struct sj_decimal more, struct sj_decimal *sum)
{
    /* weights have two decimals: (2·sum + 2·more) / 2 by the mean of two is exact */
    const struct sj_decimal both[] = {*sum, more};
    struct sj_decimal mean;
    TRY(sj_mean(both, 2, &mean));
    return sj_decimal_ratio(mean.units, 2,
        mean.scale == 0   ? 1
        : mean.scale == 1 ? 10
        : mean.scale == 2 ? 100
                          : 1000,
        sum);
}

struct weights {
    struct sj_decimal indicators;
    struct sj_decimal covered;
    struct sj_decimal marks;
};

static sj_status sums_of(const struct weights *weights, struct sheet_sums *ret_sums)
{
    struct sj_decimal reachable = weights->covered;
    TRY(add(weights->marks, &reachable));
    ret_sums->reachable = sj_decimal_round(reachable, COVERAGE_DECIMALS);
    ret_sums->indicators = (struct sj_decimal){0, 0};
    if (weights->indicators.units > 0) {
        /* both with two decimals as whole numbers */
        const struct sj_decimal *const parts[] = {&weights->covered, &weights->indicators};
        int64_t hundredths[2];
        for (size_t i = 0; i < 2; i++) {
            hundredths[i] = parts[i]->units * (parts[i]->scale == 0      ? 100
                                                  : parts[i]->scale == 1 ? 10
                                                                         : 1);
        }
        TRY(sj_decimal_ratio(hundredths[0], 100, hundredths[1], &ret_sums->indicators));
        ret_sums->indicators = sj_decimal_round(ret_sums->indicators, COVERAGE_DECIMALS);
    }
    return SJ_DONE;
}

/* What the indicators alone come to, with the interval that the board's marks will not change the parts of. */
static sj_status write_total(
    struct sj_json *json, const struct sj_score_item *items, size_t item_count)
{
    struct sj_score_total total;
    TRY(sj_score_total(items, item_count, /* coverage_min= */ 0, &total));
    sj_json_object(json, "indicators");
    write_decimal(json, "score", total.is_sufficient, total.score);
    if (total.has_interval) {
        sj_json_object(json, "interval");
        write_decimal(json, "low", true, total.interval.low);
        write_decimal(json, "high", true, total.interval.high);
        write_decimal(json, "weight", true, total.interval_weight);
        sj_json_object_end(json);
    } else {
        sj_json_null(json, "interval");
    }
    sj_json_object_end(json);
    return SJ_DONE;
}

static struct sj_score_item score_item(const struct plan_item *item, const struct line *line)
{
    return (struct sj_score_item){.no = item->no,
        .family = item->family,
        .weight = item->weight,
        .has_score = line != NULL && line->has_score,
        .score = line == NULL ? (struct sj_decimal){0, 0} : line->score,
        .has_interval = line != NULL && line->has_interval,
        .interval = line == NULL ? (struct sj_interval){{0, 0}, {0, 0}} : line->scores};
}

static const struct sj_peer_group *peers_of(const struct sj_peer_group *groups, size_t item,
    const struct target *target, struct peer_class *ret_class)
{
    if (target->frozen == NULL) {
        return peers_for(groups, item, target, ret_class);
    }
    *ret_class = target->frozen[item].peers;
    return &target->frozen[item].group;
}

static sj_status write_items(struct sj_json *json, const struct plan *plan,
    const struct sj_peer_group *groups, const struct target *target, struct weights *weights,
    struct sj_score_item *ret_items, struct sj_buf *inputs)
{
    for (size_t i = 0; i < plan->item_count; i++) {
        const struct plan_item *item = &plan->items[i];
        ret_items[i] = score_item(item, NULL);
        if (item->is_mark) {
            TRY(add(item->weight, &weights->marks));
            continue;
        }
        struct line line;
        struct peer_class peers;
        const struct sj_peer_group *group = peers_of(groups, i, target, &peers);
        TRY(line_compute(item, group, &target->readings[i], &line));
        ret_items[i] = score_item(item, &line);
        TRY(add(item->weight, &weights->indicators));
        if (line.has_score) {
            TRY(add(item->weight, &weights->covered));
        }
        TRY(hash_line(item, group, &line, inputs));
        write_line(json, item, group, &peers, target, &line);
    }
    return SJ_DONE;
}

sj_status sheet_write(const struct plan *plan, const struct sj_peer_group *groups,
    const struct target *target, struct sj_buf *ret_body, struct sheet_sums *ret_sums,
    struct sj_hash *ret_inputs)
{
    CLEANUP(sj_buf_clear) struct sj_buf inputs = SJ_BUF(16384);
    struct weights weights = {{0, 0}, {0, 0}, {0, 0}};
    char period[22];
    sj_period_format((struct sj_period){plan->from_day, plan->to_day}, period);
    TRY(sj_buf_put_str(&inputs, SJ_SCORE_METHOD "\n"));
    TRY(sj_buf_put_str(&inputs, period));
    struct sj_json json = sj_json_begin(ret_body);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "method", SJ_SCORE_METHOD);
    sj_json_str(&json, "period", period);
    sj_json_id(&json, "cycle_id", plan->cycle);
    sj_json_id(&json, "evaluation_id", target->evaluation);
    sj_json_int(&json, "round", target->round);
    sj_json_array(&json, "items");
    struct sj_score_item items[SJ_SCORE_ITEMS_MAX];
    ENSURE(plan->item_count <= SJ_SCORE_ITEMS_MAX, LIMIT_EXCEEDED);
    TRY(write_items(&json, plan, groups, target, &weights, items, &inputs));
    sj_json_array_end(&json);
    TRY(write_total(&json, items, plan->item_count));
    TRY(courts_write(&json, plan, target));
    TRY(sums_of(&weights, ret_sums));
    write_decimal(&json, "coverage", true, ret_sums->indicators);
    write_decimal(&json, "reachable_weight", true, ret_sums->reachable);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    return sj_sha256_one(sj_buf_view(&inputs), ret_inputs);
}

/* ---- sealed and stored ---- */

enum {
    SHEET_UNIT,
    SHEET_ID,
    SHEET_SCOPE,
    SHEET_EVALUATION,
    SHEET_JUDGE,
    SHEET_ROUND,
    SHEET_BODY,
    SHEET_KEY_VERSION,
    SHEET_COVERAGE,
    SHEET_INPUTS,
    SHEET_COLUMNS_
};

static const uint32_t sheet_oids[SHEET_COLUMNS_] = {SJ_OID_UUID, SJ_OID_UUID, SJ_OID_UUID,
    SJ_OID_UUID, SJ_OID_UUID, SJ_OID_INT4, SJ_OID_BYTEA, SJ_OID_INT4, SJ_OID_TEXT, SJ_OID_BYTEA};
static const uint32_t coverage_oids[] = {SJ_OID_UUID, SJ_OID_TEXT};

struct page {
    struct columns sheets;
    struct columns coverages;
};

static void page_clear(struct page *page)
{
    columns_clear(&page->sheets);
    columns_clear(&page->coverages);
}

static sj_status put_sheet(const struct target *target, const struct sj_subject *subject,
    const struct sheet_sums *sums, struct sj_view body, const struct sj_hash *inputs,
    struct page *page)
{
    struct sj_uuid id = target->sheet;
    if (sj_uuid_is_nil(id)) {
        TRY(sj_uuid_new(&id));
    }
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(SJ_SCORE_SHEET_BYTES + 256);
    TRY(sj_field_seal(subject, SJ_TABLE_EVALUATION_SCORE, SJ_COLUMN_EVALUATION_SCORE_BODY, id,
        SJ_FLE1_TEXT, body, &blob));
    struct columns *sheets = &page->sheets;
    const struct {
        size_t column;
        struct sj_uuid id;
    } ids[] = {{SHEET_UNIT, target->issuer_unit}, {SHEET_ID, id},
        {SHEET_SCOPE, target->issuer_scope}, {SHEET_EVALUATION, target->evaluation},
        {SHEET_JUDGE, target->judge}};
    for (size_t i = 0; i < SJ_COUNT(ids); i++) {
        TRY(put_id(&sheets->of[ids[i].column], ids[i].id));
    }
    char coverage[SJ_DECIMAL_TEXT_SIZE];
    sj_decimal_format(sums->indicators, coverage);
    TRY(sj_array_put_i32(&sheets->of[SHEET_ROUND], (int32_t)target->round));
    TRY(put_blob(&sheets->of[SHEET_BODY], sj_buf_view(&blob)));
    TRY(sj_array_put_i32(&sheets->of[SHEET_KEY_VERSION], (int32_t)subject->version));
    TRY(put_text(&sheets->of[SHEET_COVERAGE], sj_text_of(coverage)));
    TRY(put_blob(&sheets->of[SHEET_INPUTS], sj_view_of(inputs->bytes, SJ_HASH_SIZE)));
    sj_decimal_format(sums->reachable, coverage);
    TRY(put_id(&page->coverages.of[0], target->evaluation));
    return put_text(&page->coverages.of[1], sj_text_of(coverage));
}

static sj_status note_run(const struct plan *plan, const struct sheet_sums *sums,
    const struct sj_hash *inputs, struct run *run)
{
    const struct sj_view parts[] = {
        sj_view_of(run->inputs.bytes, SJ_HASH_SIZE), sj_view_of(inputs->bytes, SJ_HASH_SIZE)};
    struct sj_hash chained;
    TRY(sj_sha256(parts, SJ_COUNT(parts), &chained));
    run->inputs = chained;
    run->evaluations++;
    if (sj_decimal_compare(sums->reachable, (struct sj_decimal){plan->coverage_min, 0}) >= 0) {
        run->sufficient++;
    }
    return SJ_DONE;
}

static sj_status store_page(const struct sj_desk *desk, const struct plan *plan, struct page *page)
{
    struct sj_param params[SHEET_COLUMNS_ + 1];
    columns_params(&page->sheets, params);
    params[SHEET_COLUMNS_] = sj_p_id_or_null(&plan->again.correction);
    TRY(sj_tx_query(desk->tx, SJ_SQL_EVALUATION_SCORE_PUT_MANY, params, SHEET_COLUMNS_ + 1, NULL));
    columns_params(&page->coverages, params);
    return sj_tx_query(
        desk->tx, SJ_SQL_EVALUATION_COVERAGE_SET_MANY, params, SJ_COUNT(coverage_oids), NULL);
}

static sj_status seal_page(const struct sj_desk *desk, const struct plan *plan,
    const struct sj_peer_group *groups, const struct target *targets, size_t count,
    const struct sj_subject *subjects, struct run *run)
{
    CLEANUP(page_clear) struct page page = {.sheets = {.count = 0}};
    TRY(columns_init(&page.sheets, sheet_oids, SHEET_COLUMNS_));
    TRY(columns_init(&page.coverages, coverage_oids, SJ_COUNT(coverage_oids)));
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(SJ_SCORE_SHEET_BYTES);
    for (size_t i = 0; i < count; i++) {
        struct sheet_sums sums;
        struct sj_hash inputs;
        sj_buf_reset(&body);
        TRY(sheet_write(plan, groups, &targets[i], &body, &sums, &inputs));
        TRY(put_sheet(&targets[i], &subjects[i], &sums, sj_buf_view(&body), &inputs, &page));
        TRY(note_run(plan, &sums, &inputs, run));
    }
    return store_page(desk, plan, &page);
}

sj_status sheets_store(const struct sj_desk *desk, const struct plan *plan,
    const struct sj_peer_group *groups, const struct target *targets, size_t count, struct run *run)
{
    SJ_ASSERT(count > 0 && count <= COMPUTE_PAGE);
    struct sj_uuid ids[COMPUTE_PAGE];
    for (size_t i = 0; i < count; i++) {
        /* one cycle has one issuer */
        ENSURE(sj_uuid_equal(targets[i].issuer_unit, targets[0].issuer_unit), INTERNAL);
        ids[i] = targets[i].evaluation;
    }
    CLEANUP(sj_freep) struct sj_subject *subjects = NULL;
    void *memory;
    TRY(sj_alloc(count, sizeof(struct sj_subject), &memory));
    subjects = memory;
    TRY(sj_fields_subjects_for_write(
        desk->fields, desk->tx, targets[0].issuer_unit, ids, count, subjects));
    const sj_status status = seal_page(desk, plan, groups, targets, count, subjects, run);
    for (size_t i = 0; i < count; i++) {
        sj_subject_clear(&subjects[i]);
    }
    return status;
}
