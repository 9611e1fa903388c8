/* SPDX-License-Identifier: Apache-2.0
 *
 * How does one request of a space read? As a test of policy-tests/1 without its expectation, so that an administrator can
 * put it beside his own.
 */
#include "space_priv.h"

struct member {
    const char *name;
    const struct space_attr *attr; /* NULL: the type of the resource */
};

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static const struct sj_attr_value *slots_of(
    const struct sj_policy_request *request, enum sj_attr_place place)
{
    switch (place) {
    case SJ_OF_SUBJECT:
        return request->subject;
    case SJ_OF_RESOURCE:
        return request->resource;
    case SJ_OF_CONTEXT:
        return request->context;
    case SJ_OF_ACTION:
        return request->attributes;
    }
    return NULL;
}

/* The side that knows a thing; the later one first. */
static size_t side_with(const struct space_point *point, const struct space_attr *attr)
{
    const size_t last = point->question->side_count - 1;
    return attr->slot[last] != SJ_POLICY_NONE ? last : 0;
}

static size_t action_side(const struct space_point *point)
{
    const size_t last = point->question->side_count - 1;
    return point->question->sides[last].action != SJ_POLICY_NONE ? last : 0;
}

static const struct sj_policy *root_of(const struct space_point *point, size_t side)
{
    return point->question->sides[side].set->files[0].policy;
}

static bool is_given(const struct space_point *point, const struct space_attr *attr)
{
    const size_t side = side_with(point, attr);
    const struct sj_attr_value *slots = slots_of(&point->request[side], attr->place);
    return slots != NULL && slots[attr->slot[side]].kind != SJ_ATTR_NONE;
}

static sj_status put_member(
    const struct space_point *point, const struct member *member, struct sj_buf *out)
{
    TRY(policy_put_text(out, sj_text_of(member->name)));
    TRY(sj_buf_put_byte(out, ':'));
    if (member->attr == NULL) {
        const size_t side = action_side(point);
        const struct sj_policy *root = root_of(point, side);
        const uint32_t type = root->actions[point->question->sides[side].action].type;
        return policy_put_text(out, sj_text_of(root->types[type].name));
    }
    const size_t side = side_with(point, member->attr);
    return attr_write(root_of(point, side), point->question->sides[side].set,
        member->attr->type[side],
        &slots_of(&point->request[side], member->attr->place)[member->attr->slot[side]], out);
}

static size_t list_members(const struct space_point *point, enum sj_attr_place place,
    struct member members[SPACE_ATTRS + 2])
{
    size_t count = 0;
    for (uint32_t i = 0; i < point->space->attr_count; i++) {
        const struct space_attr *attr = &point->space->attrs[i];
        if (attr->place == place && is_given(point, attr)) {
            members[count++] = (struct member){attr->name, attr};
        }
    }
    if (place == SJ_OF_RESOURCE) {
        members[count++] = (struct member){"type", NULL};
    }
    return count;
}

static sj_status put_grant(const struct space_point *point, size_t number, struct sj_buf *out)
{
    const size_t side = point->question->side_count - 1;
    const struct sj_policy_grant *grant = &point->request[side].grants[number];
    const struct sj_policy_set *set = point->question->sides[side].set;
    TRY(sj_buf_put_str(out, "{\"active\":true,\"role\":"));
    TRY(policy_put_text(out, sj_text_of(point->question->grants[number].role)));
    if (grant->unit != SJ_POLICY_NONE) {
        TRY(sj_buf_put_str(out, ",\"unit\":"));
        TRY(policy_put_text(out, sj_policy_set_unit_name(set, grant->unit)));
    }
    if (grant->kind == SJ_GRANT_BREAK_GLASS) {
        TRY(sj_buf_put_str(out, ",\"via\":\"break_glass\""));
    }
    return sj_buf_put_byte(out, '}');
}

static sj_status put_roles(const struct space_point *point, struct sj_buf *out)
{
    TRY(sj_buf_put_str(out, "\"roles\":["));
    for (size_t i = 0; i < point->question->grant_count; i++) {
        TRY(sj_buf_put_str(out, i == 0 ? "" : ","));
        TRY(put_grant(point, i, out));
    }
    return sj_buf_put_byte(out, ']');
}

static sj_status put_entity(
    const struct space_point *point, enum sj_attr_place place, struct sj_buf *out)
{
    struct member members[SPACE_ATTRS + 2];
    size_t count = list_members(point, place, members);
    if (place == SJ_OF_SUBJECT) {
        members[count++] = (struct member){"roles", NULL};
    }
    qsort(members, count, sizeof members[0], compare_members);
    TRY(sj_buf_put_byte(out, '{'));
    for (size_t i = 0; i < count; i++) {
        TRY(sj_buf_put_str(out, i == 0 ? "" : ","));
        const bool roles = place == SJ_OF_SUBJECT && members[i].attr == NULL;
        TRY(roles ? put_roles(point, out) : put_member(point, &members[i], out));
    }
    return sj_buf_put_byte(out, '}');
}

sj_status space_write(const struct space_point *point, struct sj_buf *out)
{
    struct member members[SPACE_ATTRS + 2];
    const size_t side = action_side(point);
    TRY(sj_buf_put_byte(out, '{'));
    if (list_members(point, SJ_OF_ACTION, members) > 0) {
        TRY(sj_buf_put_str(out, "\"action\":"));
        TRY(put_entity(point, SJ_OF_ACTION, out));
        TRY(sj_buf_put_byte(out, ','));
    }
    TRY(sj_buf_put_str(out, "\"ctx\":"));
    TRY(put_entity(point, SJ_OF_CONTEXT, out));
    TRY(sj_buf_put_str(out, ",\"do\":"));
    TRY(policy_put_text(
        out, sj_text_of(root_of(point, side)->actions[point->question->sides[side].action].name)));
    if (!point->question->reach_only) {
        TRY(sj_buf_put_str(out, ",\"on\":"));
        TRY(put_entity(point, SJ_OF_RESOURCE, out));
    }
    TRY(sj_buf_put_str(out, ",\"subject\":"));
    TRY(put_entity(point, SJ_OF_SUBJECT, out));
    return sj_buf_put_byte(out, '}');
}
