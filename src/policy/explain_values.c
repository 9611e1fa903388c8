/* SPDX-License-Identifier: Apache-2.0
 *
 * Which value of an attribute would make a comparison true, or false? A few near the other operand are tried; the
 * comparison itself says which do.
 */
#include "explain_priv.h"

#define TRIES 48 /* values tried for one attribute */

/* The number-th value to try for an attribute beside the other operand; false: no more. */
static bool value_to_try(const struct explaining *with, const struct sj_attr_type *type,
    uint8_t kind, const struct sj_attr_value *beside, unsigned number, struct sj_attr_value *ret)
{
    *ret = (struct sj_attr_value){.kind = kind};
    const int64_t near = beside->kind == kind ? beside->number : 0;
    switch ((enum sj_attr_kind)kind) {
    case SJ_ATTR_BOOL:
        ret->number = number;
        return number < 2;
    case SJ_ATTR_ENUM:
        ret->number = number;
        return number < type->word_count;
    case SJ_ATTR_UNIT:
        ret->number = number == 0 ? near : number - 1;
        return number == 0 || number <= with->set->unit_count;
    case SJ_ATTR_INT: {
        const int64_t tries[] = {near, near + 1, near - 1, type->lo, type->hi};
        ret->number = number < SJ_COUNT(tries) ? tries[number] : type->lo;
        ret->number = ret->number < type->lo   ? type->lo
                      : ret->number > type->hi ? type->hi
                                               : ret->number;
        return number < SJ_COUNT(tries);
    }
    case SJ_ATTR_TIME: {
        const int64_t second = 1000000;
        const int64_t tries[] = {near, near + second, near - second, 0};
        ret->number = number < SJ_COUNT(tries) ? tries[number] : 0;
        return number < SJ_COUNT(tries);
    }
    case SJ_ATTR_STRING:
        ret->text = number == 0 && beside->kind == kind ? beside->text
                    : number == 1                       ? SJ_TEXT("")
                                                        : SJ_TEXT("\x1f");
        return number < 3;
    case SJ_ATTR_IP:
        for (size_t i = 0; i < 16; i++) {
            ret->ip[i] = number == 0 && beside->kind == kind ? beside->ip[i]
                         : number == 1                       ? 0xff
                                                             : 0;
        }
        return number < 3;
    case SJ_ATTR_SET:
    case SJ_ATTR_NONE:
        break;
    }
    return false;
}

static bool becomes(const struct explaining *with, const struct explain_leaf *leaf,
    const struct cond_node *reference, const struct sj_attr_value *value)
{
    struct cond_world world = leaf->in->world;
    struct sj_attr_value slots[SJ_POLICY_ATTRS];
    const struct sj_attr_value *from = world.slots[reference->place];
    const size_t count =
        sj_policy_attr_count(with->root, (enum sj_attr_place)reference->place, with->type);
    for (size_t i = 0; i < count; i++) {
        slots[i] = from == NULL ? (struct sj_attr_value){0} : from[i];
    }
    slots[reference->slot] = *value;
    world.slots[reference->place] = slots;
    return cond_decide(&world, leaf->node) == (leaf->wanted ? IS_TRUE : IS_FALSE);
}

/* One element of the other operand stands for all of a set; units of literals become units of the tree. */
static struct sj_attr_value element_of(const struct cond_world *world, const struct cond_node *node,
    const struct sj_attr_value *value, unsigned number)
{
    if (value->kind != SJ_ATTR_SET) {
        return *value;
    }
    if (number >= value->count) {
        return (struct sj_attr_value){0};
    }
    struct sj_attr_value item = value->items[number];
    if (node->op == COND_LITERAL && item.kind == SJ_ATTR_UNIT) {
        item.number = world->file->units[item.number];
    }
    return item;
}

unsigned explain_values(const struct explaining *with, const struct explain_leaf *leaf,
    unsigned side, struct sj_attr_value *item, struct sj_attr_value found[2])
{
    const struct cond_node *nodes = leaf->in->policy->nodes;
    const struct cond_node *pair = &nodes[nodes[leaf->node].first];
    const struct cond_world *world = &leaf->in->world;
    const struct cond_node *reference = &pair[side];
    struct sj_attr_value scratch;
    const struct sj_attr_value *beside = cond_value(world, &pair[1 - side], &scratch);
    unsigned count = 0;
    if (beside == NULL) {
        return 0;
    }
    if (reference->kind == SJ_ATTR_SET) {
        *item = *beside;
        found[0] = (struct sj_attr_value){.kind = SJ_ATTR_SET,
            .of = reference->type->of,
            .count = leaf->wanted ? 1 : 0,
            .items = item};
        return becomes(with, leaf, reference, &found[0]) ? 1 : 0;
    }
    const unsigned elements = beside->kind == SJ_ATTR_SET && leaf->wanted ? 4 : 1;
    for (unsigned e = 0; e < elements; e++) {
        const struct sj_attr_value near = element_of(world, &pair[1 - side], beside, e);
        for (unsigned i = 0; count < 2 && i < TRIES; i++) {
            struct sj_attr_value value;
            if (!value_to_try(with, reference->type, reference->kind, &near, i, &value)) {
                break;
            }
            value.count = 0; /* a range's bits */
            if ((count == 0 || !attr_equal(&value, &found[0])) &&
                becomes(with, leaf, reference, &value)) {
                found[count++] = value;
            }
        }
    }
    return count;
}
