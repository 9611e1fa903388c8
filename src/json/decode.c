/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a request body become a typed struct? By a static table of members: each is looked for,
 * typed, bounded and copied; what the table does not name is refused. All faults of one body are
 * collected (up to SJ_JSON_FAULTS_MAX) so that a caller can mend them in one go. Texts go to the
 * caller's arena; nothing of jansson survives the call.
 * If an unknown member slipped through, a client could believe in an effect that never happened;
 * if a real number passed as an integer, a count about a judge would be rounded.
 */
#include "json_priv.h"

struct decoder {
    const struct sj_json_member *members;
    size_t count;
    struct sj_arena *arena;
    unsigned char *target;
    struct sj_json_faults *faults;
    bool has_unknown;
};

sj_status sj_json_fault_add(struct sj_json_faults *faults, struct sj_arena *arena,
    struct sj_text pointer, const char *code, struct sj_text detail)
{
    if (faults->count == SJ_JSON_FAULTS_MAX) {
        return SJ_DONE;
    }
    struct sj_json_fault fault = {.code = code};
    TRY(sj_arena_text(arena, pointer, &fault.pointer));
    TRY(sj_arena_text(arena, detail, &fault.detail));
    faults->items[faults->count] = fault;
    faults->count++;
    return SJ_DONE;
}

static sj_status add_fault(
    struct decoder *decoder, struct sj_text name, const char *code, struct sj_text detail)
{
    /* A name longer than this is not one of ours: its head identifies it. */
    const size_t head = name.len <= 256 ? name.len : 0;
    CLEANUP(sj_buf_clear) struct sj_buf pointer = SJ_BUF(600);
    TRY(sj_json_pointer_put(&pointer, (struct sj_text){name.ptr, head}));
    return sj_json_fault_add(decoder->faults, decoder->arena, sj_buf_text(&pointer), code, detail);
}

static sj_status fault(struct decoder *decoder, const struct sj_json_member *member,
    const char *code, struct sj_text detail)
{
    return add_fault(decoder, sj_text_of(member->name), code, detail);
}

/* @unsafe: offset and type come from the caller's static table, checked by its own tests. */
static void *slot(const struct decoder *decoder, size_t offset)
{
    return decoder->target + offset;
}

static struct sj_text text_of(const json_t *value)
{
    return (struct sj_text){json_string_value(value), json_string_length(value)};
}

static sj_status decode_text(
    struct decoder *decoder, const struct sj_json_member *member, const json_t *value)
{
    if (!json_is_string(value)) {
        return fault(decoder, member, "TYPE", SJ_TEXT("must be a string"));
    }
    const struct sj_text text = text_of(value);
    if (member->limit > 0 && text.len > member->limit) {
        return fault(decoder, member, "TOO_LONG", SJ_TEXT("is longer than accepted"));
    }
    return sj_arena_text(decoder->arena, text, slot(decoder, member->offset));
}

static bool int_in_limit(int64_t number, uint64_t limit)
{
    const uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    return limit == 0 || size <= limit;
}

static sj_status decode_int(
    struct decoder *decoder, const struct sj_json_member *member, const json_t *value)
{
    if (!json_is_integer(value)) {
        return fault(decoder, member, "TYPE", SJ_TEXT("must be an integer"));
    }
    const int64_t number = json_integer_value(value);
    if (!int_in_limit(number, member->limit)) {
        return fault(decoder, member, "RANGE", SJ_TEXT("is out of range"));
    }
    int64_t *target = slot(decoder, member->offset);
    *target = number;
    return SJ_DONE;
}

static sj_status decode_bool(
    struct decoder *decoder, const struct sj_json_member *member, const json_t *value)
{
    if (!json_is_boolean(value)) {
        return fault(decoder, member, "TYPE", SJ_TEXT("must be true or false"));
    }
    bool *target = slot(decoder, member->offset);
    *target = json_is_true(value);
    return SJ_DONE;
}

static sj_status decode_id(
    struct decoder *decoder, const struct sj_json_member *member, const json_t *value)
{
    if (!json_is_string(value)) {
        return fault(decoder, member, "TYPE", SJ_TEXT("must be a string"));
    }
    if (sj_failed(sj_uuid_parse(text_of(value), slot(decoder, member->offset)))) {
        return fault(decoder, member, "FORMAT", SJ_TEXT("must be a lower-case UUID"));
    }
    return SJ_DONE;
}

static size_t digits_at(struct sj_text text, size_t at)
{
    size_t count = 0;
    while (at + count < text.len && text.ptr[at + count] >= '0' && text.ptr[at + count] <= '9') {
        count++;
    }
    return count;
}

/* RFC 8259 section 6 without an exponent. */
static bool is_decimal(struct sj_text text)
{
    size_t at = text.len > 0 && text.ptr[0] == '-' ? 1 : 0;
    const size_t whole = digits_at(text, at);
    if (whole == 0 || (whole > 1 && text.ptr[at] == '0')) {
        return false;
    }
    at += whole;
    if (at == text.len) {
        return true;
    }
    const size_t fraction = text.ptr[at] == '.' ? digits_at(text, at + 1) : 0;
    return fraction > 0 && at + 1 + fraction == text.len;
}

static sj_status copy_decimal(
    struct decoder *decoder, const struct sj_json_member *member, struct sj_text text)
{
    if (member->limit > 0 && text.len > member->limit) {
        return fault(decoder, member, "TOO_LONG", SJ_TEXT("is longer than accepted"));
    }
    if (!is_decimal(text)) {
        return fault(decoder, member, "FORMAT", SJ_TEXT("must be a decimal number"));
    }
    return sj_arena_text(decoder->arena, text, slot(decoder, member->offset));
}

static sj_status decode_decimal(
    struct decoder *decoder, const struct sj_json_member *member, const json_t *value)
{
    if (json_is_string(value)) {
        return copy_decimal(decoder, member, text_of(value));
    }
    if (!json_is_integer(value)) {
        return fault(
            decoder, member, "TYPE", SJ_TEXT("must be a decimal number written as a string"));
    }
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(32);
    TRY(sj_buf_put_decimal(&text, json_integer_value(value)));
    return copy_decimal(decoder, member, sj_buf_text(&text));
}

static sj_status decode_tree(
    struct decoder *decoder, const struct sj_json_member *member, const json_t *value)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(decoder->arena, sizeof(struct sj_json_value), &memory));
    TRY(sj_json_tree_copy(value, decoder->arena, memory));
    const struct sj_json_value **target = slot(decoder, member->offset);
    *target = memory;
    return SJ_DONE;
}

static sj_status decode_value(
    struct decoder *decoder, const struct sj_json_member *member, const json_t *value)
{
    switch (member->kind) {
    case SJ_JSON_TEXT:
        return decode_text(decoder, member, value);
    case SJ_JSON_INT:
        return decode_int(decoder, member, value);
    case SJ_JSON_BOOL:
        return decode_bool(decoder, member, value);
    case SJ_JSON_ID:
        return decode_id(decoder, member, value);
    case SJ_JSON_DECIMAL:
        return decode_decimal(decoder, member, value);
    case SJ_JSON_TREE:
        return decode_tree(decoder, member, value);
    }
    FAIL(INTERNAL);
}

static sj_status decode_member(
    struct decoder *decoder, const struct sj_json_member *member, const json_t *root)
{
    const json_t *value = json_object_get(root, member->name);
    const bool is_null = member->nullable && json_is_null(value);
    if (member->required && (value == NULL || is_null)) {
        return fault(decoder, member, "REQUIRED", SJ_TEXT("is required"));
    }
    if (value == NULL) {
        return SJ_DONE;
    }
    if (member->present_offset != SJ_JSON_NO_PRESENT) {
        bool *present = slot(decoder, member->present_offset);
        *present = true;
    }
    return is_null ? SJ_DONE : decode_value(decoder, member, value);
}

static bool is_known(const struct decoder *decoder, struct sj_text name)
{
    for (size_t i = 0; i < decoder->count; i++) {
        if (sj_text_equal(name, sj_text_of(decoder->members[i].name))) {
            return true;
        }
    }
    return false;
}

static sj_status refuse_unknown(struct decoder *decoder, json_t *root)
{
    for (void *at = json_object_iter(root); at != NULL; at = json_object_iter_next(root, at)) {
        const struct sj_text name = {json_object_iter_key(at), json_object_iter_key_len(at)};
        if (!is_known(decoder, name)) {
            decoder->has_unknown = true;
            TRY(add_fault(decoder, name, "UNKNOWN", SJ_TEXT("is not a member of this body")));
        }
    }
    return SJ_DONE;
}

static sj_status decode_object(struct decoder *decoder, json_t *root)
{
    if (!json_is_object(root)) {
        TRY(sj_json_fault_add(decoder->faults, decoder->arena, SJ_TEXT(""), "TYPE",
            SJ_TEXT("the body must be an object")));
        FAIL(BAD_JSON);
    }
    TRY(refuse_unknown(decoder, root));
    for (size_t i = 0; i < decoder->count; i++) {
        TRY(decode_member(decoder, &decoder->members[i], root));
    }
    ENSURE(!decoder->has_unknown, UNKNOWN_MEMBER);
    ENSURE(decoder->faults->count == 0, INVALID);
    return SJ_DONE;
}

sj_status sj_json_decode(struct sj_view body, const struct sj_json_member *members, size_t count,
    struct sj_arena *arena, void *target, struct sj_json_faults *reterr_faults)
{
    reterr_faults->count = 0;
    CLEANUP(sj_json_drop) json_t *root = NULL;
    TRY(sj_json_load(body, arena, reterr_faults, &root));
    struct decoder decoder = {members, count, arena, target, reterr_faults, false};
    const sj_status decoded = decode_object(&decoder, root);
    /* The arena is the request's bound: a body that does not fit is too large, not our bug. */
    ENSURE(decoded.code != SJ_LIMIT_EXCEEDED, BODY_TOO_LARGE);
    return decoded;
}
