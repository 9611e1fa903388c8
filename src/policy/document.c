/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this text one JSON document that we accept? RFC 8259 read strictly: UTF-8, unique member names, no lone
 * surrogates, no U+0000, integers within 2^53, at most 32 levels, nothing behind the end. If this were lax, two readers
 * of one signed policy could see two policies.
 */
#include "document.h"

struct doc_reader {
    const uint8_t *bytes;
    size_t len;
    size_t at;
    uint32_t line;
    size_t line_start;
    uint32_t nodes;
    struct sj_arena *arena;
    struct sj_policy_fault *fault;
};

/* A fault inside a value that has no node yet. */
static sj_status refuse_here(struct doc_reader *reader, const struct doc_node *up, const char *why)
{
    const struct doc_node here = {.line = reader->line,
        .column = (uint32_t)(reader->at - reader->line_start) + 1,
        .up = up == NULL ? NULL : up->up,
        .name = up == NULL ? (struct sj_text){NULL, 0} : up->name,
        .index = up == NULL ? 0 : up->index};
    return doc_refuse(reader->fault, &here, why);
}

static void skip_space(struct doc_reader *reader)
{
    for (; reader->at < reader->len; reader->at++) {
        const uint8_t c = reader->bytes[reader->at];
        if (c == '\n') {
            reader->line++;
            reader->line_start = reader->at + 1;
        } else if (c != ' ' && c != '\t' && c != '\r') {
            return;
        }
    }
}

static bool take(struct doc_reader *reader, char c)
{
    if (reader->at < reader->len && reader->bytes[reader->at] == (uint8_t)c) {
        reader->at++;
        return true;
    }
    return false;
}

static bool hex4(struct doc_reader *reader, uint32_t *ret_unit)
{
    if (reader->len - reader->at < 4) {
        return false;
    }
    uint32_t unit = 0;
    for (size_t i = 0; i < 4; i++) {
        const uint8_t c = reader->bytes[reader->at + i];
        uint32_t digit = 0;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = (uint32_t)((c | 0x20) - 'a') + 10;
        } else {
            return false;
        }
        unit = unit << 4 | digit;
    }
    reader->at += 4;
    *ret_unit = unit;
    return true;
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* Behind a backslash; false: no such escape. */
static bool read_escape(struct doc_reader *reader, char *out, size_t *ret_len)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    if (reader->at >= reader->len) {
        return false;
    }
    const char c = (char)reader->bytes[reader->at++];
    for (size_t i = 0; c != '\0' && names[i] != '\0'; i++) {
        if (names[i] == c) {
            out[0] = values[i];
            *ret_len = 1;
            return true;
        }
    }
    uint32_t unit = 0;
    if (c != 'u' || !hex4(reader, &unit) || unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff)) {
        return false;
    }
    if (unit >= 0xd800 && unit <= 0xdbff) {
        uint32_t low = 0;
        if (!take(reader, '\\') || !take(reader, 'u') || !hex4(reader, &low) || low < 0xdc00 ||
            low > 0xdfff) {
            return false;
        }
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    *ret_len = put_utf8(out, unit);
    return true;
}

/* The opening quote is taken. Decoded text is never longer than its source. */
static sj_status read_string(
    struct doc_reader *reader, const struct doc_node *up, struct sj_text *ret_text)
{
    size_t end = reader->at;
    while (end < reader->len && reader->bytes[end] != '"') {
        end += reader->bytes[end] == '\\' ? 2 : 1;
    }
    if (end >= reader->len) {
        return refuse_here(reader, up, "text without an end");
    }
    if (end - reader->at > DOC_TEXT_MAX) {
        return refuse_here(reader, up, "text longer than 64 KiB");
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(reader->arena, end - reader->at + 1, &memory));
    char *text = memory;
    size_t len = 0;
    while (reader->at < end) {
        const uint8_t c = reader->bytes[reader->at];
        if (c < 0x20) {
            return refuse_here(reader, up, "control character in text");
        }
        reader->at++;
        size_t more = 1;
        if (c != '\\') {
            text[len] = (char)c;
        } else if (!read_escape(reader, text + len, &more)) {
            return refuse_here(reader, up, "not an escape of JSON, or half a surrogate pair");
        }
        len += more;
    }
    if (!take(reader, '"')) {
        return refuse_here(reader, up, "not an escape of JSON, or half a surrogate pair");
    }
    *ret_text = (struct sj_text){text, len};
    return SJ_DONE;
}

static sj_status read_number(struct doc_reader *reader, struct doc_node *node)
{
    const bool minus = take(reader, '-');
    const size_t first = reader->at;
    int64_t number = 0;
    while (reader->at < reader->len && reader->bytes[reader->at] >= '0' &&
           reader->bytes[reader->at] <= '9') {
        if (reader->at - first >= 16) {
            return doc_refuse(reader->fault, node, "numbers are within 2^53");
        }
        number = number * 10 + (reader->bytes[reader->at++] - '0');
    }
    const size_t digits = reader->at - first;
    if (digits == 0 || (digits > 1 && reader->bytes[first] == '0') || (minus && number == 0)) {
        return doc_refuse(reader->fault, node, "not a number of JSON");
    }
    if (reader->at < reader->len && strchr(".eE", reader->bytes[reader->at]) != NULL) {
        return doc_refuse(reader->fault, node, "numbers are integers");
    }
    if (number > (INT64_C(1) << 53) - 1) {
        return doc_refuse(reader->fault, node, "numbers are within 2^53");
    }
    node->kind = DOC_INT;
    node->number = minus ? -number : number;
    return SJ_DONE;
}

static sj_status read_word(struct doc_reader *reader, struct doc_node *node)
{
    static const struct {
        const char *word;
        uint8_t kind;
        int64_t number;
    } words[] = {{"null", DOC_NULL, 0}, {"true", DOC_BOOL, 1}, {"false", DOC_BOOL, 0}};
    for (size_t i = 0; i < SJ_COUNT(words); i++) {
        const size_t len = strlen(words[i].word);
        if (reader->len - reader->at >= len &&
            memcmp(reader->bytes + reader->at, words[i].word, len) == 0) {
            reader->at += len;
            node->kind = words[i].kind;
            node->number = words[i].number;
            return SJ_DONE;
        }
    }
    return doc_refuse(reader->fault, node, "no value of JSON begins here");
}

static sj_status read_value(struct doc_reader *reader, struct doc_node *node, unsigned depth);

static sj_status new_child(struct doc_reader *reader, struct doc_node *up, struct doc_node **ret)
{
    if (++reader->nodes > DOC_NODES_MAX) {
        return refuse_here(reader, up, "too many values");
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(reader->arena, sizeof(struct doc_node), &memory));
    *ret = memory;
    (*ret)->up = up;
    (*ret)->index = up->count++;
    return SJ_DONE;
}

/* Names of one object: few are compared one by one, many would take a hostile file's time squared. */
#define NAMES_MAX 1024

static sj_status read_name(
    struct doc_reader *reader, struct doc_node *object, struct doc_node *child)
{
    child->line = reader->line;
    child->column = (uint32_t)(reader->at - reader->line_start) + 1;
    if (!take(reader, '"')) {
        return refuse_here(reader, object, "a member's name must stand here");
    }
    TRY(read_string(reader, object, &child->name));
    if (object->count > NAMES_MAX) {
        return refuse_here(reader, object, "too many members");
    }
    for (const struct doc_node *other = object->first; other != NULL; other = other->next) {
        if (other != child && sj_text_equal(other->name, child->name)) {
            return doc_refuse(reader->fault, child, "member given twice");
        }
    }
    skip_space(reader);
    if (!take(reader, ':')) {
        return refuse_here(reader, child, "a colon must stand here");
    }
    return SJ_DONE;
}

static sj_status read_children(struct doc_reader *reader, struct doc_node *node, unsigned depth)
{
    const bool object = node->kind == DOC_OBJECT;
    const char end = object ? '}' : ']';
    skip_space(reader);
    if (take(reader, end)) {
        return SJ_DONE;
    }
    if (depth >= DOC_DEPTH_MAX) {
        return doc_refuse(reader->fault, node, "nested too deep");
    }
    struct doc_node *last = NULL;
    for (;;) {
        struct doc_node *child = NULL;
        TRY(new_child(reader, node, &child));
        skip_space(reader);
        if (object) {
            TRY(read_name(reader, node, child));
        }
        if (last == NULL) {
            node->first = child;
        } else {
            last->next = child;
        }
        last = child;
        TRY(read_value(reader, child, depth + 1));
        skip_space(reader);
        if (take(reader, end)) {
            return SJ_DONE;
        }
        if (!take(reader, ',')) {
            return refuse_here(reader, child, "a comma or the end must stand here");
        }
    }
}

static sj_status read_value(struct doc_reader *reader, struct doc_node *node, unsigned depth)
{
    skip_space(reader);
    node->line = reader->line;
    node->column = (uint32_t)(reader->at - reader->line_start) + 1;
    if (reader->at >= reader->len) {
        return doc_refuse(reader->fault, node, "the document ends too early");
    }
    const uint8_t c = reader->bytes[reader->at];
    if (c == '{' || c == '[') {
        reader->at++;
        node->kind = c == '{' ? DOC_OBJECT : DOC_ARRAY;
        return read_children(reader, node, depth);
    }
    if (c == '"') {
        reader->at++;
        node->kind = DOC_TEXT;
        return read_string(reader, node, &node->text);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return read_number(reader, node);
    }
    return read_word(reader, node);
}

sj_status doc_parse(struct sj_view json, struct sj_arena *arena, const struct doc_node **ret_root,
    struct sj_policy_fault *reterr_fault)
{
    struct doc_reader reader = {
        .bytes = json.ptr, .len = json.len, .line = 1, .arena = arena, .fault = reterr_fault};
    struct sj_text text;
    if (json.len > SJ_POLICY_BYTES_MAX) {
        return refuse_here(&reader, NULL, "the document is larger than 4 MiB");
    }
    if (sj_failed(sj_text_check(json, SJ_POLICY_BYTES_MAX, &text))) {
        return refuse_here(&reader, NULL, "not UTF-8");
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, sizeof(struct doc_node), &memory));
    struct doc_node *root = memory;
    TRY(read_value(&reader, root, 0));
    skip_space(&reader);
    if (reader.at != reader.len) {
        return refuse_here(&reader, NULL, "something stands behind the document");
    }
    *ret_root = root;
    return SJ_DONE;
}

const struct doc_node *doc_get(const struct doc_node *object, const char *name)
{
    if (object->kind != DOC_OBJECT) {
        return NULL;
    }
    for (const struct doc_node *child = object->first; child != NULL; child = child->next) {
        if (sj_text_is(child->name, name)) {
            return child;
        }
    }
    return NULL;
}
