/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose signatures make a checkpoint believable? The verifier's trust file (C2SP tlog-policy), read strictly: a
 * line that is not understood refuses the file, because a policy that says less than its author meant would
 * accept a forged log. Names are defined before use, so a quorum can be evaluated in one pass and has no cycles.
 */
#include "sanjeh/audit/tlog_policy.h"

#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"

#define FIELDS_MAX (SJ_POLICY_NODES_MAX + 3)

struct fields {
    struct sj_text items[FIELDS_MAX];
    size_t count;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static sj_status split_fields(struct sj_text line, struct fields *fields)
{
    size_t at = 0;
    fields->count = 0;
    while (at < line.len) {
        while (at < line.len && is_blank(line.ptr[at])) {
            at++;
        }
        const size_t from = at;
        while (at < line.len && !is_blank(line.ptr[at])) {
            at++;
        }
        if (at > from) {
            ENSURE(fields->count < FIELDS_MAX, INVALID);
            fields->items[fields->count++] = (struct sj_text){line.ptr + from, at - from};
        }
    }
    return SJ_DONE;
}

static sj_status add_key(
    struct sj_tlog_policy *policy, struct sj_text vkey, uint8_t type, size_t *ret_key)
{
    struct sj_note_key key;
    TRY(sj_note_key_parse(vkey, &key));
    ENSURE(key.type == type && policy->key_count < SJ_NOTE_KEYS_MAX, INVALID);
    for (size_t i = 0; i < policy->key_count; i++) {
        const struct sj_note_key *other = &policy->keys[i];
        ENSURE(!sj_view_equal(sj_view_of(other->public_key, SJ_ED25519_PUBLIC),
                   sj_view_of(key.public_key, SJ_ED25519_PUBLIC)),
            INVALID);
        /* the same (name, id) twice would leave open which of the two must verify */
        ENSURE(!sj_text_is(sj_text_of(other->name), key.name) ||
                   !sj_view_equal(sj_view_of(other->id, 4), sj_view_of(key.id, 4)),
            INVALID);
    }
    policy->keys[policy->key_count] = key;
    *ret_key = policy->key_count++;
    return SJ_DONE;
}

static size_t find_node(const struct sj_tlog_policy *policy, struct sj_text name)
{
    for (size_t i = 0; i < policy->node_count; i++) {
        if (sj_text_equal(sj_text_of(policy->nodes[i].name), name)) {
            return i;
        }
    }
    return SJ_POLICY_NODES_MAX;
}

static sj_status add_node(
    struct sj_tlog_policy *policy, struct sj_text name, struct sj_policy_node **ret_node)
{
    ENSURE(name.len <= SJ_POLICY_NAME_MAX && policy->node_count < SJ_POLICY_NODES_MAX, INVALID);
    ENSURE(!sj_text_is(name, "none"), INVALID);
    ENSURE(find_node(policy, name) == SJ_POLICY_NODES_MAX, INVALID);
    struct sj_policy_node *node = &policy->nodes[policy->node_count++];
    TRY(sj_copy(node->name, SJ_POLICY_NAME_MAX, name.ptr, name.len));
    *ret_node = node;
    return SJ_DONE;
}

static sj_status parse_log(struct sj_tlog_policy *policy, const struct fields *fields)
{
    size_t key = 0;
    ENSURE(fields->count == 2 || fields->count == 3, INVALID);
    TRY(add_key(policy, fields->items[1], 1, &key));
    policy->is_log[key] = true;
    return SJ_DONE;
}

static sj_status parse_witness(struct sj_tlog_policy *policy, const struct fields *fields)
{
    struct sj_policy_node *node = NULL;
    ENSURE(fields->count == 3 || fields->count == 4, INVALID);
    TRY(add_node(policy, fields->items[1], &node));
    if (fields->count == 4) {
        const struct sj_text url = fields->items[3];
        ENSURE(!sj_failed(sj_copy(node->url, SJ_POLICY_URL_MAX, url.ptr, url.len)), INVALID);
    }
    return add_key(policy, fields->items[2], 4, &node->key);
}

static sj_status parse_threshold(struct sj_text text, size_t members, size_t *ret_threshold)
{
    uint64_t value = 0;
    if (sj_text_is(text, "all")) {
        *ret_threshold = members;
    } else if (sj_text_is(text, "any")) {
        *ret_threshold = 1;
    } else {
        ENSURE(!sj_failed(sj_parse_u64(text, 1, members, &value)), INVALID);
        *ret_threshold = (size_t)value;
    }
    return SJ_DONE;
}

static sj_status parse_group(struct sj_tlog_policy *policy, const struct fields *fields)
{
    struct sj_policy_node *node = NULL;
    ENSURE(fields->count >= 4, INVALID);
    const size_t members = fields->count - 3;
    /* members first: a group cannot be its own member */
    uint8_t places[SJ_POLICY_NODES_MAX];
    for (size_t i = 0; i < members; i++) {
        const size_t place = find_node(policy, fields->items[3 + i]);
        ENSURE(place < SJ_POLICY_NODES_MAX && !policy->nodes[place].is_member, INVALID);
        policy->nodes[place].is_member = true;
        places[i] = (uint8_t)place;
    }
    TRY(add_node(policy, fields->items[1], &node));
    node->is_group = true;
    node->member_count = members;
    TRY(sj_copy(node->members, sizeof(node->members), places, members));
    return parse_threshold(fields->items[2], members, &node->threshold);
}

static sj_status parse_quorum(
    struct sj_tlog_policy *policy, const struct fields *fields, bool *has_quorum)
{
    ENSURE(fields->count == 2 && !*has_quorum, INVALID);
    *has_quorum = true;
    if (sj_text_is(fields->items[1], "none")) {
        return SJ_DONE;
    }
    policy->quorum = find_node(policy, fields->items[1]);
    ENSURE(policy->quorum < SJ_POLICY_NODES_MAX, INVALID);
    return SJ_DONE;
}

static bool is_comment(struct sj_text line)
{
    size_t at = 0;
    while (at < line.len && is_blank(line.ptr[at])) {
        at++;
    }
    return at < line.len && line.ptr[at] == '#';
}

static sj_status parse_line(struct sj_tlog_policy *policy, struct sj_text line, bool *has_quorum)
{
    struct fields fields;
    for (size_t i = 0; i < line.len; i++) {
        const unsigned char c = (unsigned char)line.ptr[i];
        ENSURE(c == '\t' || (c >= 0x20 && c != 0x7F), INVALID);
    }
    if (is_comment(line)) {
        return SJ_DONE;
    }
    TRY(split_fields(line, &fields));
    if (fields.count == 0) {
        return SJ_DONE;
    }
    if (sj_text_is(fields.items[0], "log")) {
        return parse_log(policy, &fields);
    }
    if (sj_text_is(fields.items[0], "witness")) {
        return parse_witness(policy, &fields);
    }
    if (sj_text_is(fields.items[0], "group")) {
        return parse_group(policy, &fields);
    }
    ENSURE(sj_text_is(fields.items[0], "quorum"), INVALID);
    return parse_quorum(policy, &fields, has_quorum);
}

sj_status sj_tlog_policy_parse_witnesses(
    struct sj_view bytes, struct sj_tlog_policy *ret_policy, size_t *reterr_line)
{
    /* @cite C2SP tlog-policy: octets above 7F are opaque, also those that are no UTF-8 */
    struct sj_text rest = {(const char *)bytes.ptr, bytes.len};
    struct sj_text line;
    bool has_quorum = false;
    *ret_policy = (struct sj_tlog_policy){.quorum = SJ_POLICY_NODES_MAX};
    *reterr_line = 0;
    ENSURE(bytes.len <= SJ_POLICY_TEXT_MAX, INVALID);
    while (sj_text_split(&rest, '\n', &line)) {
        ++*reterr_line;
        TRY(parse_line(ret_policy, line, &has_quorum));
    }
    ENSURE(has_quorum, INVALID);
    return SJ_DONE;
}

sj_status sj_tlog_policy_parse(
    struct sj_view bytes, struct sj_tlog_policy *ret_policy, size_t *reterr_line)
{
    TRY(sj_tlog_policy_parse_witnesses(bytes, ret_policy, reterr_line));
    for (size_t i = 0; i < ret_policy->key_count; i++) {
        if (ret_policy->is_log[i]) {
            return SJ_DONE;
        }
    }
    FAIL(INVALID);
}

bool sj_tlog_policy_has_log(
    const struct sj_tlog_policy *policy, const struct sj_note *note, struct sj_text origin)
{
    for (size_t i = 0; i < policy->key_count; i++) {
        if (policy->is_log[i] && note->verified[i] &&
            sj_text_equal(sj_text_of(policy->keys[i].name), origin)) {
            return true;
        }
    }
    return false;
}

bool sj_tlog_policy_has_quorum(const struct sj_tlog_policy *policy, const struct sj_note *note)
{
    bool holds[SJ_POLICY_NODES_MAX] = {false};
    if (policy->quorum >= SJ_POLICY_NODES_MAX) {
        return true;
    }
    for (size_t i = 0; i <= policy->quorum; i++) {
        const struct sj_policy_node *node = &policy->nodes[i];
        size_t count = 0;
        for (size_t m = 0; m < node->member_count; m++) {
            count += holds[node->members[m]] ? 1 : 0;
        }
        holds[i] = node->is_group ? count >= node->threshold : note->verified[node->key];
    }
    return holds[policy->quorum];
}
