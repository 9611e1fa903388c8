/* SPDX-License-Identifier: Apache-2.0
 *
 * How is a condition on the resource said in SQL? Only names that are ours become text; every value, even the name of a property, is a
 * parameter. Where SQL is not Kleene (an empty array, JSON's null) a "case" makes it so.
 */
#include "residual_priv.h"

#define UNITS_MAX 16384u

static sj_status put(struct sj_buf *out, const char *text)
{
    return sj_buf_put_str(out, text);
}

static sj_status cannot(struct residing *with, const char *why)
{
    with->why = with->why == NULL ? why : with->why;
    return SJ_DONE;
}

/* ---- parameters ---- */

static const char *sql_type(uint8_t kind)
{
    switch ((enum sj_attr_kind)kind) {
    case SJ_ATTR_BOOL:
        return "bool";
    case SJ_ATTR_INT:
        return "int8";
    case SJ_ATTR_TIME:
        return "timestamptz";
    case SJ_ATTR_STRING:
    case SJ_ATTR_ENUM:
    case SJ_ATTR_UNIT:
    case SJ_ATTR_IP:
    case SJ_ATTR_SET:
    case SJ_ATTR_NONE:
        break;
    }
    return "text";
}

/* "$3::text" */
static sj_status put_param(
    struct residing *with, struct sj_text value, const char *type, bool array, struct sj_buf *out)
{
    uint32_t at = 0;
    while (at < with->param_count &&
           (!sj_text_equal(with->params[at], value) || strcmp(with->casts[at], type) != 0 ||
               with->arrays[at] != array)) {
        at++;
    }
    if (at == SJ_RESIDUAL_PARAMS) {
        return cannot(with, "the condition would be too large");
    }
    if (at == with->param_count) {
        TRY(sj_arena_text(with->arena, value, &with->params[at]));
        with->casts[at] = type;
        with->arrays[at] = array;
        with->param_count++;
    }
    TRY(put(out, "$"));
    TRY(sj_buf_put_decimal(out, (int64_t)with->table->first + at));
    TRY(put(out, "::"));
    TRY(put(out, type));
    return put(out, array ? "[]" : "");
}

static sj_status value_text(const struct residing *with, const struct sj_attr_type *type,
    const struct sj_attr_value *value, struct sj_buf *out)
{
    switch ((enum sj_attr_kind)value->kind) {
    case SJ_ATTR_STRING:
        return sj_buf_put_text(out, value->text);
    case SJ_ATTR_BOOL:
        return put(out, value->number != 0 ? "true" : "false");
    case SJ_ATTR_INT:
        return sj_buf_put_decimal(out, value->number);
    case SJ_ATTR_ENUM:
        return put(out, type->words[value->number]);
    case SJ_ATTR_UNIT:
        return sj_buf_put_text(
            out, sj_policy_set_unit_name(with->pass.set, (uint32_t)value->number));
    case SJ_ATTR_TIME: {
        char text[SJ_TIME_TEXT_SIZE];
        sj_time_format(value->number, text);
        return put(out, text);
    }
    case SJ_ATTR_IP:
    case SJ_ATTR_SET:
    case SJ_ATTR_NONE:
        break;
    }
    FAIL(INTERNAL);
}

/* An element of an array's text form. */
static sj_status put_element(struct sj_text text, bool first, struct sj_buf *out)
{
    TRY(put(out, first ? "\"" : ",\""));
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\') {
            TRY(sj_buf_put_byte(out, '\\'));
        }
        TRY(sj_buf_put_byte(out, (uint8_t)text.ptr[i]));
    }
    return sj_buf_put_byte(out, '"');
}

static sj_status put_scalar(struct residing *with, const struct sj_attr_type *type,
    const struct sj_attr_value *value, struct sj_buf *out)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_RESIDUAL_BYTES);
    TRY(value_text(with, type, value, &text));
    return put_param(with, sj_buf_text(&text), sql_type(value->kind), false, out);
}

/* ---- attributes of the row ---- */

static const struct sj_residual_column *column_of(
    const struct residing *with, const struct cond_node *reference)
{
    return reference->slot < with->table->count &&
                   with->table->columns[reference->slot].column != NULL
               ? &with->table->columns[reference->slot]
               : NULL;
}

/* (t."c" -> $1::text) or t."c" */
static sj_status put_place(struct residing *with, const struct sj_residual_column *column,
    const char *arrow, struct sj_buf *out)
{
    TRY(put(out, column->property == NULL ? "" : "("));
    TRY(put(out, with->table->alias));
    TRY(put(out, ".\""));
    TRY(put(out, column->column));
    TRY(put(out, "\""));
    if (column->property == NULL) {
        return SJ_DONE;
    }
    TRY(put(out, arrow));
    TRY(put_param(with, sj_text_of(column->property), "text", false, out));
    return put(out, ")");
}

static const char *json_type(uint8_t kind)
{
    return kind == SJ_ATTR_BOOL ? "boolean" : (kind == SJ_ATTR_INT ? "number" : "string");
}

/* A scalar of the row; of a property only where the JSON is of the type. */
static sj_status put_row(
    struct residing *with, const struct cond_node *reference, struct sj_buf *out)
{
    const struct sj_residual_column *column = column_of(with, reference);
    if (column == NULL || reference->kind == SJ_ATTR_IP) {
        return cannot(with, column == NULL ? "an attribute is not stored" : "an address");
    }
    if (column->property == NULL) {
        return put_place(with, column, "", out);
    }
    TRY(put(out, "(case when jsonb_typeof("));
    TRY(put_place(with, column, " -> ", out));
    TRY(put(out, ") = '"));
    TRY(put(out, json_type(reference->kind)));
    TRY(put(out, "' then "));
    TRY(put_place(with, column, " ->> ", out));
    TRY(put(out, reference->kind == SJ_ATTR_INT ? "::numeric::" : "::"));
    TRY(put(out, sql_type(reference->kind)));
    return put(out, " end)");
}

static bool of_row(const struct cond_node *node)
{
    return node->op == COND_REF && node->place == SJ_OF_RESOURCE;
}

static sj_status put_operand(struct residing *with, const struct rest *rest,
    const struct cond_node *node, struct sj_buf *out)
{
    if (of_row(node)) {
        return put_row(with, node, out);
    }
    struct sj_attr_value scratch;
    const struct sj_attr_value *value = cond_value(rest->world, node, &scratch);
    SJ_ASSERT(value != NULL);
    return value->kind == SJ_ATTR_IP ? cannot(with, "an address")
                                     : put_scalar(with, node->type, value, out);
}

/* ---- membership ---- */

/* A known set as one array; units of literals become units of the tree. */
static sj_status put_array(struct residing *with, const struct rest *rest,
    const struct cond_node *node, const struct sj_attr_value *set, struct sj_buf *out)
{
    CLEANUP(sj_buf_clear) struct sj_buf array = SJ_BUF(SJ_RESIDUAL_BYTES);
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_RESIDUAL_BYTES);
    TRY(put(&array, "{"));
    for (uint32_t i = 0; i < set->count; i++) {
        struct sj_attr_value item = set->items[i];
        if (node->op == COND_LITERAL && item.kind == SJ_ATTR_UNIT) {
            item.number = rest->world->file->units[item.number];
        }
        TRY(value_text(with, node->type, &item, &text));
        TRY(put_element(sj_buf_text(&text), i == 0, &array));
        sj_buf_reset(&text);
    }
    TRY(put(&array, "}"));
    return put_param(with, sj_buf_text(&array), sql_type(set->of), true, out);
}

static sj_status member_of_known(struct residing *with, const struct rest *rest,
    const struct cond_node *element, const struct cond_node *set, struct sj_buf *out)
{
    struct sj_attr_value scratch;
    const struct sj_attr_value *items = cond_value(rest->world, set, &scratch);
    SJ_ASSERT(items != NULL);
    if (items->of == SJ_ATTR_IP) {
        return cannot(with, "an address");
    }
    if (items->count == 0) { /* SQL would say false even of NULL */
        TRY(put(out, "(case when "));
        TRY(put_row(with, element, out));
        return put(out, " is not null then false end)");
    }
    TRY(put(out, "("));
    TRY(put_row(with, element, out));
    TRY(put(out, " = any("));
    TRY(put_array(with, rest, set, items, out));
    return put(out, "))");
}

static sj_status member_of_row(struct residing *with, const struct rest *rest,
    const struct cond_node *element, const struct cond_node *set, struct sj_buf *out)
{
    const struct sj_residual_column *column = column_of(with, set);
    const uint8_t of = set->type->of;
    if (column == NULL || of == SJ_ATTR_IP || (column->property != NULL && of == SJ_ATTR_TIME)) {
        return cannot(with, column == NULL ? "an attribute is not stored" : "a set of such values");
    }
    if (column->property != NULL) {
        TRY(put(out, "(case when jsonb_typeof("));
        TRY(put_place(with, column, " -> ", out));
        TRY(put(out, ") = 'array' then "));
        TRY(put_place(with, column, " -> ", out));
        TRY(put(out, " @> to_jsonb("));
        TRY(put_operand(with, rest, element, out));
        return put(out, ") end)");
    }
    /* NULL = any('{}') is false in SQL. */
    TRY(put(out, "(case when "));
    TRY(put_operand(with, rest, element, out));
    TRY(put(out, " is not null then "));
    TRY(put_operand(with, rest, element, out));
    TRY(put(out, " = any("));
    TRY(put_place(with, column, "", out));
    return put(out, ") end)");
}

/* ---- units ---- */

/* The units below a unit, or those above it, itself among them. */
static sj_status put_units(struct residing *with, uint32_t unit, bool below, struct sj_buf *out)
{
    const struct sj_policy_set *set = with->pass.set;
    CLEANUP(sj_buf_clear) struct sj_buf array = SJ_BUF(SJ_RESIDUAL_BYTES);
    bool first = true;
    if (set->unit_count > UNITS_MAX) {
        return cannot(with, "the condition would be too large");
    }
    TRY(put(&array, "{"));
    for (uint32_t i = 0; i < set->unit_count; i++) {
        if (below ? sj_policy_set_within(set, i, unit) : sj_policy_set_within(set, unit, i)) {
            TRY(put_element(set->units[i].name, first, &array));
            first = false;
        }
    }
    TRY(put(&array, "}"));
    return put_param(with, sj_buf_text(&array), "text", true, out);
}

static sj_status put_within(struct residing *with, const struct rest *rest,
    const struct cond_node *pair, struct sj_buf *out)
{
    if (of_row(&pair[0]) && of_row(&pair[1])) {
        return cannot(with, "two units of the row");
    }
    const uint32_t row = of_row(&pair[0]) ? 0 : 1;
    struct sj_attr_value scratch;
    const struct sj_attr_value *known = cond_value(rest->world, &pair[1 - row], &scratch);
    SJ_ASSERT(known != NULL);
    TRY(put(out, "("));
    TRY(put_row(with, &pair[row], out));
    TRY(put(out, " = any("));
    TRY(put_units(with, (uint32_t)known->number, row == 0, out));
    return put(out, "))");
}

sj_status residual_unit(struct residing *with, const struct rest *rest, struct sj_buf *out)
{
    const struct sj_policy *root = with->pass.set->files[0].policy;
    const struct sj_policy_attr *attr = &root->types[with->type].attrs[with->unit_slot];
    const struct cond_node reference = {.op = COND_REF,
        .place = SJ_OF_RESOURCE,
        .kind = SJ_ATTR_UNIT,
        .slot = (uint16_t)with->unit_slot,
        .type = &attr->type};
    TRY(put(out, "("));
    TRY(put_row(with, &reference, out));
    if (rest->below) {
        TRY(put(out, " = any("));
        TRY(put_units(with, rest->unit, true, out));
        return put(out, "))");
    }
    const struct sj_attr_value unit = {.kind = SJ_ATTR_UNIT, .number = rest->unit};
    TRY(put(out, " = "));
    TRY(put_scalar(with, &attr->type, &unit, out));
    return put(out, ")");
}

/* ---- comparisons ---- */

sj_status residual_leaf(struct residing *with, const struct rest *rest, struct sj_buf *out)
{
    static const char *const signs[] = {[COND_EQ] = " = ",
        [COND_NE] = " <> ",
        [COND_LT] = " < ",
        [COND_LE] = " <= ",
        [COND_GT] = " > ",
        [COND_GE] = " >= ",
        [COND_BEFORE] = " < ",
        [COND_AFTER] = " > "};
    const struct cond_node *nodes = rest->world->file->policy->nodes;
    const struct cond_node *node = &nodes[rest->node];
    const struct cond_node *pair = &nodes[node->first];
    if (node->op == COND_IN || node->op == COND_HAS) {
        const struct cond_node *set = &pair[node->op == COND_IN ? 1 : 0];
        const struct cond_node *element = &pair[node->op == COND_IN ? 0 : 1];
        return of_row(set) ? member_of_row(with, rest, element, set, out)
                           : member_of_known(with, rest, element, set, out);
    }
    if (node->op == COND_WITHIN) {
        return put_within(with, rest, pair, out);
    }
    if (node->op == COND_IP_IN) {
        return cannot(with, "an address");
    }
    TRY(put(out, "("));
    TRY(put_operand(with, rest, &pair[0], out));
    TRY(put(out, signs[node->op]));
    TRY(put_operand(with, rest, &pair[1], out));
    return put(out, ")");
}

/* ---- the tree ---- */

static sj_status write_list(struct residing *with, const struct rest *rest, struct sj_buf *out)
{
    TRY(put(out, "("));
    for (const struct rest *child = rest->first; child != NULL; child = child->next) {
        if (child != rest->first) {
            TRY(put(out, rest->op == REST_AND ? " and " : " or "));
        }
        TRY(residual_write(with, child, out));
    }
    return put(out, ")");
}

/* Depth: that of a condition and a few more. */
sj_status residual_write(struct residing *with, const struct rest *rest, struct sj_buf *out)
{
    switch ((enum rest_op)rest->op) {
    case REST_FALSE:
        return put(out, "false");
    case REST_TRUE:
        return put(out, "true");
    case REST_ERROR:
        return put(out, "null::bool");
    case REST_AND:
    case REST_OR:
        return write_list(with, rest, out);
    case REST_NOT:
        TRY(put(out, "(not "));
        TRY(residual_write(with, rest->first, out));
        return put(out, ")");
    case REST_PASSES:
    case REST_QUIET:
        TRY(put(out, "("));
        TRY(residual_write(with, rest->first, out));
        return put(out, rest->op == REST_PASSES ? " is true)" : " is false)");
    case REST_LEAF:
        return residual_leaf(with, rest, out);
    case REST_UNIT:
        return residual_unit(with, rest, out);
    }
    FAIL(INTERNAL);
}
