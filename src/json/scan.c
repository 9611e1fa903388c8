/* SPDX-License-Identifier: Apache-2.0
 *
 * Two questions about JSON text that jansson does not answer: is it nested too deeply (asked before
 * jansson sees the body: its own limit is 2,048 levels of recursion, ours 32), and which member does
 * an error position belong to (RFC 6901)? Both scan bytes once, know strings from structure and
 * judge nothing else. If the depth scan miscounted inside strings, a body could reach jansson with
 * more recursion than intended; jansson's limit is the second wall.
 */
#include "json_priv.h"

/* Index of the closing quotation mark of the string that opens at text[start]; text.len if none. */
static size_t string_end(struct sj_view text, size_t start)
{
    size_t i = start + 1;
    while (i < text.len && text.ptr[i] != '"') {
        i += text.ptr[i] == '\\' ? 2 : 1;
    }
    return i < text.len ? i : text.len;
}

bool sj_json_depth_ok(struct sj_view text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t byte = text.ptr[i];
        if (byte == '"') {
            i = string_end(text, i);
        } else if (byte == '{' || byte == '[') {
            depth++;
            if (depth > SJ_JSON_DEPTH_MAX) {
                return false;
            }
        } else if ((byte == '}' || byte == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

struct frame {
    bool is_object;
    bool has_key;
    struct sj_view key; /* with its quotation marks, escapes as sent */
    uint64_t index;
};

struct path {
    struct frame frames[SJ_JSON_DEPTH_MAX];
    size_t depth;
};

static void path_open(struct path *path, bool is_object)
{
    if (path->depth < SJ_JSON_DEPTH_MAX) {
        path->frames[path->depth] = (struct frame){.is_object = is_object};
        path->depth++;
    }
}

static void path_string(struct path *path, struct sj_view string)
{
    if (path->depth == 0) {
        return;
    }
    struct frame *top = &path->frames[path->depth - 1];
    if (top->is_object && !top->has_key) {
        top->key = string;
        top->has_key = true;
    }
}

static void path_comma(struct path *path)
{
    if (path->depth == 0) {
        return;
    }
    struct frame *top = &path->frames[path->depth - 1];
    top->has_key = false;
    top->index++;
}

static void path_follow(struct path *path, struct sj_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t byte = text.ptr[i];
        if (byte == '"') {
            const size_t end = string_end(text, i);
            if (end < text.len) {
                path_string(path, sj_view_of(text.ptr + i, end + 1 - i));
            }
            i = end;
        } else if (byte == '{' || byte == '[') {
            path_open(path, byte == '{');
        } else if (byte == '}' || byte == ']') {
            path->depth -= path->depth > 0 ? 1 : 0;
        } else if (byte == ',') {
            path_comma(path);
        }
    }
}

sj_status sj_json_pointer_put(struct sj_buf *pointer, struct sj_text name)
{
    TRY(sj_buf_put_byte(pointer, '/'));
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '~') {
            TRY(sj_buf_put_str(pointer, "~0"));
        } else if (name.ptr[i] == '/') {
            TRY(sj_buf_put_str(pointer, "~1"));
        } else {
            TRY(sj_buf_put_byte(pointer, (uint8_t)name.ptr[i]));
        }
    }
    return SJ_DONE;
}

static sj_status put_frame(struct sj_buf *pointer, const struct frame *frame)
{
    if (!frame->is_object) {
        TRY(sj_buf_put_byte(pointer, '/'));
        return sj_buf_put_decimal(pointer, (int64_t)frame->index);
    }
    if (!frame->has_key) {
        return SJ_DONE;
    }
    json_error_t error;
    CLEANUP(sj_json_drop)
    json_t *key = json_loadb((const char *)frame->key.ptr, frame->key.len, JSON_DECODE_ANY, &error);
    ENSURE(json_is_string(key), BAD_JSON);
    return sj_json_pointer_put(
        pointer, (struct sj_text){json_string_value(key), json_string_length(key)});
}

sj_status sj_json_locate(
    struct sj_view text, size_t position, struct sj_arena *arena, struct sj_text *ret_pointer)
{
    struct path path = {.depth = 0};
    path_follow(&path, sj_view_of(text.ptr, position < text.len ? position : text.len));
    /* Names are as long as the body makes them; a pointer of 1 KiB is enough to find the place. */
    CLEANUP(sj_buf_clear) struct sj_buf pointer = SJ_BUF(1024);
    for (size_t i = 0; i < path.depth; i++) {
        TRY(put_frame(&pointer, &path.frames[i]));
    }
    return sj_arena_text(arena, sj_buf_text(&pointer), ret_pointer);
}
