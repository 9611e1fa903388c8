/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this condition one that we can decide? Reads the arrays of policy/1 into nodes and types every operand by the schema:
 * after the load no comparison of two things that cannot be compared is left.
 */
#include "load_priv.h"
#include "sanjeh/base/time.h"

static const struct {
    const char *name;
    uint8_t op;
} operators[] = {{"and", COND_AND}, {"or", COND_OR}, {"not", COND_NOT}, {"eq", COND_EQ},
    {"ne", COND_NE}, {"lt", COND_LT}, {"le", COND_LE}, {"gt", COND_GT}, {"ge", COND_GE},
    {"in", COND_IN}, {"has", COND_HAS}, {"within", COND_WITHIN}, {"before", COND_BEFORE},
    {"after", COND_AFTER}, {"ip_in", COND_IP_IN}};

static const char *const places[] = {"subject", "resource", "context", "action"};

static sj_status new_nodes(struct loader *loader, const struct doc_node *node, uint32_t count,
    unsigned *budget, uint32_t *ret_first)
{
    struct sj_policy *policy = loader->policy;
    if (*budget < count) {
        return load_refuse(loader, node, "more than 256 parts in one rule");
    }
    *budget -= count;
    *ret_first = policy->node_count;
    for (uint32_t i = 0; i < count; i++) {
        TRY(policy_grow(policy->arena, &policy->nodes, policy->node_count, &policy->node_cap,
            sizeof(struct cond_node), POLICY_NODES_MAX));
        policy->nodes[policy->node_count++] = (struct cond_node){.first = COND_NONE};
    }
    return SJ_DONE;
}

sj_status load_unit_literal(
    struct loader *loader, const struct doc_node *node, uint32_t *ret_number)
{
    struct sj_policy *policy = loader->policy;
    struct sj_text name;
    TRY(load_text(loader, node, POLICY_NAME_MAX, &name));
    TRY(policy_grow(policy->arena, &policy->unit_literals, policy->unit_literal_count,
        &policy->unit_literal_cap, sizeof(struct unit_literal), POLICY_NODES_MAX));
    struct unit_literal *literal = &policy->unit_literals[policy->unit_literal_count];
    TRY(sj_arena_text(policy->arena, name, &literal->name));
    literal->line = node->line;
    literal->column = node->column;
    *ret_number = policy->unit_literal_count++;
    return SJ_DONE;
}

/* "resource.level": false when the text is no reference. */
static bool split_reference(
    const struct doc_node *node, uint8_t *ret_place, struct sj_text *ret_name)
{
    for (uint8_t i = 0; node->kind == DOC_TEXT && i < SJ_COUNT(places); i++) {
        const size_t len = strlen(places[i]);
        if (sj_text_starts(node->text, places[i]) && node->text.len > len &&
            node->text.ptr[len] == '.') {
            *ret_place = i;
            *ret_name = (struct sj_text){node->text.ptr + len + 1, node->text.len - len - 1};
            return true;
        }
    }
    return false;
}

static sj_status read_reference(struct loader *loader, const struct doc_node *node, uint32_t type,
    uint32_t index, bool *ret_reference)
{
    uint8_t place = 0;
    struct sj_text name;
    *ret_reference = split_reference(node, &place, &name);
    if (!*ret_reference) {
        return SJ_DONE;
    }
    if (place == SJ_OF_RESOURCE && type == SJ_POLICY_NONE) {
        return load_refuse(loader, node, "no resource here");
    }
    const uint32_t slot = sj_policy_attr_find(loader->schema, place, type, name);
    if (slot == SJ_POLICY_NONE) {
        return load_refuse(
            loader, node, "the schema has no such attribute for every type of this rule");
    }
    struct cond_node *out = &loader->policy->nodes[index];
    out->op = COND_REF;
    out->place = place;
    out->slot = (uint16_t)slot;
    const struct sj_policy_attr *attr = sj_policy_attr_at(loader->schema, place, type, slot);
    out->type = &attr->type;
    out->kind = attr->type.kind;
    return load_keep(loader, node->text, &out->name);
}

static sj_status read_scalar(struct loader *loader, const struct doc_node *node,
    const struct sj_attr_type *type, uint8_t kind, struct sj_attr_value *out)
{
    out->kind = kind;
    switch ((enum sj_attr_kind)kind) {
    case SJ_ATTR_STRING:
        if (node->kind == DOC_TEXT) {
            return sj_arena_text(loader->policy->arena, node->text, &out->text);
        }
        return load_refuse(loader, node, "must be text");
    case SJ_ATTR_BOOL:
        out->number = node->number;
        return node->kind == DOC_BOOL ? SJ_DONE
                                      : load_refuse(loader, node, "must be true or false");
    case SJ_ATTR_INT:
        out->number = node->number;
        if (node->kind != DOC_INT || node->number < type->lo || node->number > type->hi) {
            return load_refuse(loader, node, "must be a number within the attribute's range");
        }
        return SJ_DONE;
    case SJ_ATTR_ENUM:
        for (uint32_t i = 0; node->kind == DOC_TEXT && i < type->word_count; i++) {
            if (sj_text_is(node->text, type->words[i])) {
                out->number = i;
                return SJ_DONE;
            }
        }
        return load_refuse(loader, node, "is not a word of the attribute");
    case SJ_ATTR_UNIT: {
        uint32_t number = 0;
        TRY(load_unit_literal(loader, node, &number));
        out->number = number;
        return SJ_DONE;
    }
    case SJ_ATTR_TIME: {
        sj_time_us time = 0;
        if (node->kind != DOC_TEXT || sj_failed(sj_time_parse(node->text, &time))) {
            return load_refuse(loader, node, "must be a time of RFC 3339");
        }
        out->number = time;
        return SJ_DONE;
    }
    case SJ_ATTR_IP:
        if (node->kind != DOC_TEXT || !sj_attr_ip(node->text, out->ip)) {
            return load_refuse(loader, node, "must be an address");
        }
        return SJ_DONE;
    case SJ_ATTR_NONE:
    case SJ_ATTR_SET:
        break;
    }
    return load_refuse(loader, node, "cannot be compared with a literal");
}

static sj_status read_range(
    struct loader *loader, const struct doc_node *node, struct sj_attr_value *out)
{
    unsigned bits = 0;
    out->kind = SJ_ATTR_IP;
    if (node->kind != DOC_TEXT || !sj_attr_ip_range(node->text, out->ip, &bits)) {
        return load_refuse(loader, node, "must be a range of addresses like 192.0.2.0/24");
    }
    out->count = bits;
    return SJ_DONE;
}

/* ranges: addresses with a prefix. */
static sj_status read_items(struct loader *loader, const struct doc_node *node,
    const struct sj_attr_type *type, uint8_t kind, bool ranges, struct sj_attr_value *out)
{
    if (node->kind != DOC_ARRAY || node->count == 0 || node->count > SJ_ATTR_ITEMS_MAX) {
        return load_refuse(loader, node, "must be an array of 1 to 256 values");
    }
    struct sj_attr_value *items = NULL;
    TRY(load_alloc(loader, node->count, sizeof(struct sj_attr_value), &items));
    uint32_t count = 0;
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        if (ranges) {
            TRY(read_range(loader, child, &items[count++]));
        } else {
            TRY(read_scalar(loader, child, type, kind, &items[count++]));
        }
    }
    *out = (struct sj_attr_value){.kind = SJ_ATTR_SET, .of = kind, .count = count, .items = items};
    return SJ_DONE;
}

static bool same_type(
    const struct sj_attr_type *a, uint8_t a_kind, const struct sj_attr_type *b, uint8_t b_kind)
{
    if (a_kind != b_kind) {
        return false;
    }
    if (a_kind != SJ_ATTR_ENUM) {
        return true;
    }
    bool same = a->word_count == b->word_count;
    for (uint32_t i = 0; same && i < a->word_count; i++) {
        same = strcmp(a->words[i], b->words[i]) == 0;
    }
    return same;
}

/* Kinds that an operand may have; 0 for any scalar. */
static uint8_t kind_of_operator(uint8_t op)
{
    switch (op) {
    case COND_LT:
    case COND_LE:
    case COND_GT:
    case COND_GE:
        return SJ_ATTR_INT;
    case COND_WITHIN:
        return SJ_ATTR_UNIT;
    case COND_BEFORE:
    case COND_AFTER:
        return SJ_ATTR_TIME;
    case COND_IP_IN:
        return SJ_ATTR_IP;
    default:
        return SJ_ATTR_NONE;
    }
}

/* One operand is a set (in, has): element in set. */
static sj_status read_membership(struct loader *loader, const struct doc_node *const docs[2],
    const bool refs[2], uint32_t element, uint32_t set)
{
    struct cond_node *nodes = loader->policy->nodes;
    const size_t e = element < set ? 0 : 1;
    if (refs[1 - e] && nodes[set].kind != SJ_ATTR_SET) {
        return load_refuse(loader, docs[1 - e], "must be a set");
    }
    if (refs[e] && nodes[element].kind == SJ_ATTR_SET) {
        return load_refuse(loader, docs[e], "must not be a set");
    }
    if (refs[e] && refs[1 - e]) {
        return same_type(
                   nodes[element].type, nodes[element].kind, nodes[set].type, nodes[set].type->of)
                   ? SJ_DONE
                   : load_refuse(loader, docs[1], "the types differ");
    }
    struct sj_attr_value value = {0};
    if (refs[e]) {
        TRY(read_items(
            loader, docs[1 - e], nodes[element].type, nodes[element].kind, false, &value));
        loader->policy->nodes[set].value = value;
        loader->policy->nodes[set].type = nodes[element].type;
        return SJ_DONE;
    }
    TRY(read_scalar(loader, docs[e], nodes[set].type, nodes[set].type->of, &value));
    loader->policy->nodes[element].value = value;
    loader->policy->nodes[element].type = nodes[set].type;
    return SJ_DONE;
}

static sj_status read_pair(struct loader *loader, uint8_t op, const struct doc_node *const docs[2],
    const bool refs[2], uint32_t first)
{
    struct cond_node *nodes = loader->policy->nodes;
    const uint8_t wanted = kind_of_operator(op);
    for (uint32_t i = 0; i < 2; i++) {
        if (refs[i] && (nodes[first + i].kind == SJ_ATTR_SET ||
                           (wanted != SJ_ATTR_NONE && nodes[first + i].kind != wanted))) {
            return load_refuse(loader, docs[i], "this operator does not take this type");
        }
    }
    if (refs[0] && refs[1]) {
        if (op == COND_IP_IN) {
            return load_refuse(loader, docs[1], "ranges of addresses are written out");
        }
        return same_type(nodes[first].type, nodes[first].kind, nodes[first + 1].type,
                   nodes[first + 1].kind)
                   ? SJ_DONE
                   : load_refuse(loader, docs[1], "the types differ");
    }
    const uint32_t known = refs[0] ? 0 : 1;
    const uint32_t literal = 1 - known;
    struct sj_attr_value value = {0};
    if (op == COND_IP_IN) {
        if (literal == 0) {
            return load_refuse(loader, docs[0], "must be an attribute");
        }
        if (docs[1]->kind == DOC_ARRAY) {
            TRY(read_items(loader, docs[1], NULL, SJ_ATTR_IP, true, &value));
        } else {
            TRY(read_range(loader, docs[1], &value));
        }
    } else {
        TRY(read_scalar(
            loader, docs[literal], nodes[first + known].type, nodes[first + known].kind, &value));
    }
    loader->policy->nodes[first + literal].value = value;
    loader->policy->nodes[first + literal].type = nodes[first + known].type;
    return SJ_DONE;
}

static sj_status read_comparison(
    struct loader *loader, const struct doc_node *node, uint8_t op, uint32_t type, uint32_t first)
{
    const struct doc_node *docs[2] = {node->first->next, node->first->next->next};
    bool refs[2] = {false, false};
    for (uint32_t i = 0; i < 2; i++) {
        TRY(read_reference(loader, docs[i], type, first + i, &refs[i]));
        if (!refs[i]) {
            loader->policy->nodes[first + i].op = COND_LITERAL;
        }
    }
    if (!refs[0] && !refs[1]) {
        return load_refuse(loader, node, "compares two literals");
    }
    if (op == COND_IN) {
        TRY(read_membership(loader, docs, refs, first, first + 1));
    } else if (op == COND_HAS) {
        TRY(read_membership(loader, docs, refs, first + 1, first));
    } else {
        TRY(read_pair(loader, op, docs, refs, first));
    }
    for (uint32_t i = 0; i < 2; i++) {
        struct cond_node *operand = &loader->policy->nodes[first + i];
        if (!refs[i]) {
            operand->kind = operand->value.kind;
            operand->bits = (uint8_t)operand->value.count;
        }
    }
    return SJ_DONE;
}

static sj_status fill_condition(struct loader *loader, const struct doc_node *node, uint32_t type,
    unsigned depth, unsigned *budget, uint32_t index)
{
    const struct doc_node *name = node->kind == DOC_ARRAY ? node->first : NULL;
    if (name == NULL || name->kind != DOC_TEXT) {
        return load_refuse(loader, node, "must be an array that begins with an operator");
    }
    if (depth >= POLICY_DEPTH_MAX) {
        return load_refuse(loader, node, "more than 16 levels");
    }
    size_t at = 0;
    while (at < SJ_COUNT(operators) && !sj_text_is(name->text, operators[at].name)) {
        at++;
    }
    if (at == SJ_COUNT(operators)) {
        return load_refuse(loader, name, "no such operator");
    }
    const uint8_t op = operators[at].op;
    const uint32_t count = node->count - 1;
    if ((op == COND_NOT && count != 1) || (op > COND_NOT && count != 2) || count == 0) {
        return load_refuse(loader, node, "another number of operands is needed");
    }
    uint32_t first = 0;
    TRY(new_nodes(loader, node, count, budget, &first));
    struct cond_node *out = &loader->policy->nodes[index];
    out->op = op;
    out->count = (uint16_t)count;
    out->first = first;
    if (op > COND_NOT) {
        return read_comparison(loader, node, op, type, first);
    }
    uint32_t child = first;
    for (const struct doc_node *item = name->next; item != NULL; item = item->next) {
        TRY(fill_condition(loader, item, type, depth + 1, budget, child++));
    }
    return SJ_DONE;
}

sj_status load_condition(struct loader *loader, const struct doc_node *node, uint32_t type,
    unsigned *budget, uint32_t *ret_node)
{
    uint32_t index = 0;
    TRY(new_nodes(loader, node, 1, budget, &index));
    TRY(fill_condition(loader, node, type, 0, budget, index));
    *ret_node = index;
    return SJ_DONE;
}

sj_status load_purpose(struct loader *loader, const struct doc_node *node, uint32_t *ret_node)
{
    if (loader->schema->purpose_slot == SJ_POLICY_NONE) {
        return load_refuse(loader, node, "the schema has no context.purpose");
    }
    const struct sj_policy_attr *attr = &loader->schema->context[loader->schema->purpose_slot];
    unsigned budget = 3;
    uint32_t index = 0;
    TRY(new_nodes(loader, node, 3, &budget, &index));
    struct sj_attr_value value = {0};
    TRY(read_items(loader, node, &attr->type, SJ_ATTR_ENUM, false, &value));
    struct cond_node *nodes = loader->policy->nodes + index;
    nodes[0].op = COND_IN;
    nodes[0].count = 2;
    nodes[0].first = index + 1;
    nodes[1].op = COND_REF;
    nodes[1].place = SJ_OF_CONTEXT;
    nodes[1].slot = (uint16_t)loader->schema->purpose_slot;
    nodes[1].kind = SJ_ATTR_ENUM;
    nodes[1].type = &attr->type;
    nodes[1].name = "context.purpose";
    nodes[2].op = COND_LITERAL;
    nodes[2].kind = SJ_ATTR_SET;
    nodes[2].type = &attr->type;
    nodes[2].value = value;
    *ret_node = index;
    return SJ_DONE;
}
