/* SPDX-License-Identifier: Apache-2.0
 *
 * Which bytes are a report card?
 * Two programs must hash the same document to the same value (RFC 8785). The restrictions make that trivial: names are
 * ASCII, so sorting bytes is sorting UTF-16 units (3.2.3); numbers are integers below 2^53, whose ECMAScript form is
 * their decimal form (3.2.2.3); decimals travel as texts. If this were wrong, a true card would look forged to its owner.
 */
#include "sanjeh/card/canonical.h"
#include "sanjeh/json/decode.h"
#include <string.h>

#define MEMBERS_MAX 128
#define NAME_MAX_   64
#define INTEGER_MAX INT64_C(9007199254740991)

static bool is_name(struct sj_text name)
{
    if (name.len == 0 || name.len > NAME_MAX_) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') {
            return false;
        }
    }
    return true;
}

static int compare(struct sj_text a, struct sj_text b)
{
    const size_t shorter = a.len < b.len ? a.len : b.len;
    const int by_bytes = memcmp(a.ptr, b.ptr, shorter);
    return by_bytes != 0 ? by_bytes : (a.len > b.len) - (a.len < b.len);
}

/* RFC 8785 3.2.2.2: the two-letter escapes where JSON has them, \u00xx for other controls, everything else as it is. */
static sj_status put_text(struct sj_buf *out, struct sj_text text)
{
    static const char short_escapes[] = "\b\t\n\f\r\"\\";
    static const char letters[] = "btnfr\"\\";
    TRY(sj_buf_put_byte(out, '"'));
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = (uint8_t)text.ptr[i];
        const char *at = c == 0 ? NULL : strchr(short_escapes, c);
        if (at != NULL) {
            TRY(sj_buf_put_byte(out, '\\'));
            TRY(sj_buf_put_byte(out, (uint8_t)letters[at - short_escapes]));
        } else if (c < 0x20) {
            TRY(sj_buf_put_str(out, "\\u00"));
            TRY(sj_buf_put_hex(out, sj_view_of(&c, 1)));
        } else {
            TRY(sj_buf_put_byte(out, c));
        }
    }
    return sj_buf_put_byte(out, '"');
}

static sj_status put_value(struct sj_buf *out, const struct sj_json_value *value);

struct member {
    struct sj_text name;
    const struct sj_json_value *value;
};

/* Insertion sort: objects are small, and a name that is there already shows at once. */
static sj_status insert_sorted(struct member *members, size_t *count, struct member member)
{
    ENSURE(*count < MEMBERS_MAX && is_name(member.name), INVALID);
    size_t at = *count;
    while (at > 0 && compare(members[at - 1].name, member.name) > 0) {
        members[at] = members[at - 1];
        at--;
    }
    ENSURE(at == 0 || compare(members[at - 1].name, member.name) != 0, INVALID);
    members[at] = member;
    (*count)++;
    return SJ_DONE;
}

static sj_status put_object(struct sj_buf *out, const struct sj_json_value *object)
{
    struct member members[MEMBERS_MAX];
    struct member member;
    size_t count = 0;
    size_t iterator = 0;
    while (sj_json_next(object, &iterator, &member.name, &member.value)) {
        TRY(insert_sorted(members, &count, member));
    }
    TRY(sj_buf_put_byte(out, '{'));
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            TRY(sj_buf_put_byte(out, ','));
        }
        TRY(put_text(out, members[i].name));
        TRY(sj_buf_put_byte(out, ':'));
        TRY(put_value(out, members[i].value));
    }
    return sj_buf_put_byte(out, '}');
}

static sj_status put_array(struct sj_buf *out, const struct sj_json_value *array)
{
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *item;
    TRY(sj_buf_put_byte(out, '['));
    for (bool first = true; sj_json_next(array, &iterator, &none, &item); first = false) {
        if (!first) {
            TRY(sj_buf_put_byte(out, ','));
        }
        TRY(put_value(out, item));
    }
    return sj_buf_put_byte(out, ']');
}

/* Recursion is bounded by the parser's depth of 32. */
static sj_status put_value(struct sj_buf *out, const struct sj_json_value *value)
{
    struct sj_text text;
    int64_t integer = 0;
    bool is_true = false;
    if (sj_json_is_object(value)) {
        return put_object(out, value);
    }
    if (sj_json_is_array(value)) {
        return put_array(out, value);
    }
    if (sj_json_is_null(value)) {
        return sj_buf_put_str(out, "null");
    }
    if (sj_json_as_bool(value, &is_true)) {
        return sj_buf_put_str(out, is_true ? "true" : "false");
    }
    if (sj_json_as_text(value, &text)) {
        return put_text(out, text);
    }
    ENSURE(sj_json_as_int(value, &integer), INVALID); /* a real is none of ours */
    ENSURE(integer >= -INTEGER_MAX && integer <= INTEGER_MAX, INVALID);
    return sj_buf_put_decimal(out, integer);
}

static void doc_free(struct sj_json_doc **doc)
{
    sj_json_doc_free(doc);
}

sj_status sj_card_canonical(struct sj_view json, struct sj_arena *arena, struct sj_buf *out)
{
    ENSURE(json.len <= SJ_CARD_BYTES_MAX, LIMIT_EXCEEDED);
    CLEANUP(doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    const sj_status status = sj_json_doc_parse(json, &doc, &detail, arena);
    ENSURE(!sj_failed(status) || status.code == SJ_OUT_OF_MEMORY, INVALID);
    TRY(status);
    return put_value(out, sj_json_doc_root(doc));
}
