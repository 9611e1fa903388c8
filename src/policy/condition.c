/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a condition true, false or an error? Kleene's three values, whatever the order of operands; a missing attribute is an
 * error. Costs are bounded by the nodes that the loader admitted; nothing is allocated.
 */
#include "engine_priv.h"

const struct sj_attr_value *cond_value(
    const struct cond_world *world, const struct cond_node *node, struct sj_attr_value *scratch)
{
    if (node->op == COND_LITERAL) {
        if (node->kind != SJ_ATTR_UNIT) {
            return &node->value;
        }
        *scratch = node->value;
        scratch->number = world->file->units[node->value.number];
        return scratch;
    }
    const struct sj_attr_value *slots = world->slots[node->place];
    const struct sj_attr_value *value = slots == NULL ? NULL : &slots[node->slot];
    if (value == NULL || value->kind == SJ_ATTR_NONE) {
        const bool now = node->place == SJ_OF_CONTEXT && node->slot == world->now_slot;
        return now ? &world->now : NULL;
    }
    return value->kind == node->kind ? value : NULL;
}

bool attr_equal(const struct sj_attr_value *a, const struct sj_attr_value *b)
{
    if (a->kind == SJ_ATTR_STRING) {
        return a->text.len == b->text.len &&
               (a->text.len == 0 || memcmp(a->text.ptr, b->text.ptr, a->text.len) == 0);
    }
    if (a->kind == SJ_ATTR_IP) {
        return memcmp(a->ip, b->ip, sizeof a->ip) == 0;
    }
    return a->number == b->number;
}

static bool in_range(const uint8_t ip[16], const struct sj_attr_value *range)
{
    const unsigned bits = range->count;
    const unsigned whole = bits / 8;
    if (memcmp(ip, range->ip, whole) != 0) {
        return false;
    }
    const unsigned rest = bits % 8;
    return rest == 0 || ((ip[whole] ^ range->ip[whole]) >> (8 - rest)) == 0;
}

static bool ip_in(const struct sj_attr_value *ip, const struct sj_attr_value *ranges)
{
    if (ranges->kind != SJ_ATTR_SET) {
        return in_range(ip->ip, ranges);
    }
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (in_range(ip->ip, &ranges->items[i])) {
            return true;
        }
    }
    return false;
}

/* set is the operand node that gives the set: units of a literal set are numbers of literals. */
static bool member(const struct cond_world *world, const struct cond_node *set,
    const struct sj_attr_value *items, const struct sj_attr_value *element)
{
    for (uint32_t i = 0; i < items->count; i++) {
        struct sj_attr_value item = items->items[i];
        if (item.kind != element->kind) {
            continue;
        }
        if (set->op == COND_LITERAL && item.kind == SJ_ATTR_UNIT) {
            item.number = world->file->units[item.number];
        }
        if (attr_equal(&item, element)) {
            return true;
        }
    }
    return false;
}

static bool compare(const struct cond_world *world, uint8_t op, const struct cond_node *pair,
    const struct sj_attr_value *a, const struct sj_attr_value *b)
{
    switch ((enum cond_op)op) {
    case COND_EQ:
        return attr_equal(a, b);
    case COND_NE:
        return !attr_equal(a, b);
    case COND_LT:
    case COND_BEFORE:
        return a->number < b->number;
    case COND_LE:
        return a->number <= b->number;
    case COND_GT:
    case COND_AFTER:
        return a->number > b->number;
    case COND_GE:
        return a->number >= b->number;
    case COND_IN:
        return member(world, &pair[1], b, a);
    case COND_HAS:
        return member(world, &pair[0], a, b);
    case COND_WITHIN:
        return sj_policy_set_within(world->set, (uint32_t)a->number, (uint32_t)b->number);
    case COND_IP_IN:
        return ip_in(a, b);
    case COND_AND:
    case COND_OR:
    case COND_NOT:
    case COND_REF:
    case COND_LITERAL:
        break;
    }
    return false;
}

/* Depth is at most POLICY_DEPTH_MAX + 1: the loader saw to it. */
enum truth cond_decide(const struct cond_world *world, uint32_t index)
{
    const struct cond_node *nodes = world->file->policy->nodes;
    const struct cond_node *node = &nodes[index];
    if (node->op > COND_NOT) {
        const struct cond_node *pair = &nodes[node->first];
        struct sj_attr_value left;
        struct sj_attr_value right;
        const struct sj_attr_value *a = cond_value(world, &pair[0], &left);
        const struct sj_attr_value *b = cond_value(world, &pair[1], &right);
        if (a == NULL || b == NULL) {
            return IS_ERROR;
        }
        return compare(world, node->op, pair, a, b) ? IS_TRUE : IS_FALSE;
    }
    if (node->op == COND_NOT) {
        const enum truth inner = cond_decide(world, node->first);
        return inner == IS_ERROR ? IS_ERROR : (inner == IS_TRUE ? IS_FALSE : IS_TRUE);
    }
    const enum truth ends = node->op == COND_AND ? IS_FALSE : IS_TRUE;
    enum truth all = node->op == COND_AND ? IS_TRUE : IS_FALSE;
    for (uint32_t i = 0; i < node->count; i++) {
        const enum truth one = cond_decide(world, node->first + i);
        if (one == ends) {
            return ends;
        }
        all = one == IS_ERROR ? IS_ERROR : all;
    }
    return all;
}

/* ---- as text ---- */

static sj_status write_text(struct sj_buf *out, struct sj_text text)
{
    TRY(sj_buf_put_byte(out, '"'));
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = (uint8_t)text.ptr[i];
        if (c == '"' || c == '\\') {
            TRY(sj_buf_put_byte(out, '\\'));
            TRY(sj_buf_put_byte(out, c));
        } else if (c < 0x20) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
            TRY(sj_buf_put_str(out, escape));
        } else {
            TRY(sj_buf_put_byte(out, c));
        }
    }
    return sj_buf_put_byte(out, '"');
}

static sj_status write_ip(struct sj_buf *out, const struct sj_attr_value *value, bool range)
{
    char text[64];
    attr_ip_text(value->ip, text);
    if (range) {
        const bool four = strchr(text, ':') == NULL;
        const size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "/%u", four ? value->count - 96 : value->count);
    }
    return write_text(out, sj_text_of(text));
}

sj_status attr_write(const struct sj_policy *policy, const struct sj_policy_set *set,
    const struct sj_attr_type *type, const struct sj_attr_value *value, struct sj_buf *out)
{
    switch ((enum sj_attr_kind)value->kind) {
    case SJ_ATTR_NONE:
        return sj_buf_put_str(out, "null");
    case SJ_ATTR_STRING:
        return write_text(out, value->text);
    case SJ_ATTR_BOOL:
        return sj_buf_put_str(out, value->number != 0 ? "true" : "false");
    case SJ_ATTR_INT:
        return sj_buf_put_decimal(out, value->number);
    case SJ_ATTR_ENUM:
        return write_text(out, sj_text_of(type->words[value->number]));
    case SJ_ATTR_UNIT:
        return write_text(out, set != NULL ? sj_policy_set_unit_name(set, (uint32_t)value->number)
                                           : policy->unit_literals[value->number].name);
    case SJ_ATTR_TIME: {
        char text[SJ_TIME_TEXT_SIZE];
        sj_time_format(value->number, text);
        return write_text(out, sj_text_of(text));
    }
    case SJ_ATTR_IP:
        return write_ip(out, value, value->count != 0);
    case SJ_ATTR_SET:
        break;
    }
    TRY(sj_buf_put_byte(out, '['));
    for (uint32_t i = 0; i < value->count; i++) {
        if (i > 0) {
            TRY(sj_buf_put_byte(out, ','));
        }
        TRY(attr_write(policy, set, type, &value->items[i], out));
    }
    return sj_buf_put_byte(out, ']');
}

sj_status cond_write(const struct sj_policy *policy, uint32_t index, struct sj_buf *out)
{
    static const char *const names[] = {"and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge",
        "in", "has", "within", "before", "after", "ip_in"};
    const struct cond_node *node = &policy->nodes[index];
    if (node->op == COND_REF) {
        return write_text(out, sj_text_of(node->name));
    }
    if (node->op == COND_LITERAL) {
        return attr_write(policy, NULL, node->type, &node->value, out);
    }
    TRY(sj_buf_put_str(out, "[\""));
    TRY(sj_buf_put_str(out, names[node->op]));
    TRY(sj_buf_put_byte(out, '"'));
    for (uint32_t i = 0; i < node->count; i++) {
        TRY(sj_buf_put_byte(out, ','));
        TRY(cond_write(policy, node->first + i, out));
    }
    return sj_buf_put_byte(out, ']');
}
