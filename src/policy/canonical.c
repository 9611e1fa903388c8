/* SPDX-License-Identifier: Apache-2.0
 *
 * What exactly is signed, and where does a refusal point? The RFC 8785 form of a document (members by UTF-16 code
 * units, shortest escapes) and the RFC 6901 pointer of a node.
 */
#include "document.h"
#include "engine_priv.h"

static void put(struct sj_policy_fault *fault, size_t *at, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && *at + 1 < sizeof fault->pointer; i++) {
        fault->pointer[(*at)++] = bytes[i];
    }
}

/* RFC 6901: ~ and / inside a name are escaped. Depth of a document is bounded, so is this recursion. */
static void put_pointer(struct sj_policy_fault *fault, size_t *at, const struct doc_node *node)
{
    if (node->up == NULL) {
        return;
    }
    put_pointer(fault, at, node->up);
    put(fault, at, "/", 1);
    if (node->name.ptr == NULL) {
        char digits[16];
        const int len = snprintf(digits, sizeof digits, "%u", node->index);
        put(fault, at, digits, len > 0 ? (size_t)len : 0);
        return;
    }
    for (size_t i = 0; i < node->name.len; i++) {
        const char c = node->name.ptr[i];
        if (c == '~' || c == '/') {
            put(fault, at, c == '~' ? "~0" : "~1", 2);
        } else {
            put(fault, at, &c, 1);
        }
    }
}

sj_status doc_refuse(struct sj_policy_fault *fault, const struct doc_node *node, const char *why)
{
    *fault = (struct sj_policy_fault){0};
    if (node != NULL) {
        fault->line = node->line;
        fault->column = node->column;
        size_t at = 0;
        put_pointer(fault, &at, node);
    }
    snprintf(fault->why, sizeof fault->why, "%s", why);
    FAIL(BAD_CONFIG);
}

/* UTF-16 code units of UTF-8 text order as its code points do, but for those above U+FFFF, whose first unit (D800..)
 * is smaller than E000..FFFF. Lead bytes F0.. stand for them, EE and EF for E000..FFFF. */
static int compare_names(const void *a, const void *b)
{
    const struct sj_text x = (*(const struct doc_node *const *)a)->name;
    const struct sj_text y = (*(const struct doc_node *const *)b)->name;
    const size_t len = x.len < y.len ? x.len : y.len;
    for (size_t i = 0; i < len; i++) {
        const uint8_t c = (uint8_t)x.ptr[i];
        const uint8_t d = (uint8_t)y.ptr[i];
        if (c == d) {
            continue;
        }
        const bool c_high = c >= 0xf0;
        const bool d_high = d >= 0xf0;
        if (c_high != d_high && (c_high ? d : c) >= 0xee) {
            return c_high ? -1 : 1;
        }
        return c < d ? -1 : 1;
    }
    return x.len == y.len ? 0 : (x.len < y.len ? -1 : 1);
}

sj_status policy_put_text(struct sj_buf *out, struct sj_text text)
{
    static const char names[] = "\"\\bfnrt";
    static const char values[] = "\"\\\b\f\n\r\t";
    TRY(sj_buf_put_byte(out, '"'));
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const char *at = c == '\0' ? NULL : strchr(values, c);
        if (at != NULL) {
            TRY(sj_buf_put_byte(out, '\\'));
            TRY(sj_buf_put_byte(out, (uint8_t)names[at - values]));
        } else if ((uint8_t)c < 0x20) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(uint8_t)c);
            TRY(sj_buf_put_str(out, escape));
        } else {
            TRY(sj_buf_put_byte(out, (uint8_t)c));
        }
    }
    return sj_buf_put_byte(out, '"');
}

static sj_status put_object(const struct doc_node *node, struct sj_buf *out)
{
    TRY(sj_buf_put_byte(out, '{'));
    if (node->count > 0) {
        CLEANUP(sj_freep) void *memory = NULL;
        TRY(sj_alloc(node->count, sizeof(const struct doc_node *), &memory));
        const struct doc_node **sorted = memory;
        size_t count = 0;
        for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
            sorted[count++] = child;
        }
        qsort(sorted, count, sizeof(const struct doc_node *), compare_names);
        for (size_t i = 0; i < count; i++) {
            if (i > 0) {
                TRY(sj_buf_put_byte(out, ','));
            }
            TRY(policy_put_text(out, sorted[i]->name));
            TRY(sj_buf_put_byte(out, ':'));
            TRY(doc_canonical(sorted[i], out));
        }
    }
    return sj_buf_put_byte(out, '}');
}

sj_status doc_canonical(const struct doc_node *node, struct sj_buf *out)
{
    switch ((enum doc_kind)node->kind) {
    case DOC_NULL:
        return sj_buf_put_str(out, "null");
    case DOC_BOOL:
        return sj_buf_put_str(out, node->number != 0 ? "true" : "false");
    case DOC_INT:
        return sj_buf_put_decimal(out, node->number);
    case DOC_TEXT:
        return policy_put_text(out, node->text);
    case DOC_ARRAY:
        TRY(sj_buf_put_byte(out, '['));
        for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
            if (child != node->first) {
                TRY(sj_buf_put_byte(out, ','));
            }
            TRY(doc_canonical(child, out));
        }
        return sj_buf_put_byte(out, ']');
    case DOC_OBJECT:
        return put_object(node, out);
    }
    FAIL(INTERNAL);
}

sj_status sj_policy_canonical(
    struct sj_view json, struct sj_buf *out, struct sj_policy_fault *reterr_fault)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(512u << 20, &arena));
    const struct doc_node *root = NULL;
    TRY(doc_parse(json, arena, &root, reterr_fault));
    return doc_canonical(root, out);
}
