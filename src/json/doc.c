/* SPDX-License-Identifier: Apache-2.0
 *
 * How is a JSON document of open shape read? As a tree of our own values in an arena, copied from
 * jansson's: policies we ship, rows of an import, the open members of a decoded body. The tree is
 * immutable, is wiped with its arena and keeps the order of the text. Depth is bounded by
 * SJ_JSON_DEPTH_MAX before anything is parsed, so the recursion here is too.
 */
#include "json_priv.h"

/* The densest text, "[0,0,…", makes one value of sizeof(struct sj_json_value) per two bytes. */
#define TREE_BYTES_PER_TEXT_BYTE 32
#define TREE_BYTES_MIN           (64u * 1024u)

struct sj_json_doc {
    struct sj_arena *arena;
    struct sj_json_value root;
};

static sj_status copy_text(
    const char *text, size_t len, struct sj_arena *arena, struct sj_text *ret_copy)
{
    return sj_arena_text(arena, (struct sj_text){text, len}, ret_copy);
}

static sj_status alloc_items(struct sj_arena *arena, size_t count, struct sj_json_value *ret_value)
{
    ret_value->as.list.count = count;
    ret_value->as.list.items = NULL;
    if (count == 0) {
        return SJ_DONE;
    }
    size_t bytes = 0;
    TRY(sj_size_mul(count, sizeof(struct sj_json_value), &bytes));
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, bytes, &memory));
    ret_value->as.list.items = memory;
    return SJ_DONE;
}

static sj_status copy_array(
    const json_t *tree, struct sj_arena *arena, struct sj_json_value *ret_value)
{
    ret_value->type = SJ_JSON_TYPE_ARRAY;
    TRY(alloc_items(arena, json_array_size(tree), ret_value));
    for (size_t i = 0; i < ret_value->as.list.count; i++) {
        TRY(sj_json_tree_copy(json_array_get(tree, i), arena, &ret_value->as.list.items[i]));
    }
    return SJ_DONE;
}

static sj_status copy_object(
    const json_t *tree, struct sj_arena *arena, struct sj_json_value *ret_value)
{
    ret_value->type = SJ_JSON_TYPE_OBJECT;
    TRY(alloc_items(arena, json_object_size(tree), ret_value));
    /* jansson's iterator wants a mutable object; nothing is changed through it. */
    json_t *object = (json_t *)(uintptr_t)tree;
    size_t i = 0;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        SJ_ASSERT(i < ret_value->as.list.count);
        struct sj_json_value *item = &ret_value->as.list.items[i++];
        TRY(sj_json_tree_copy(json_object_iter_value(at), arena, item));
        TRY(copy_text(json_object_iter_key(at), json_object_iter_key_len(at), arena, &item->name));
    }
    return SJ_DONE;
}

sj_status sj_json_tree_copy(
    const json_t *tree, struct sj_arena *arena, struct sj_json_value *ret_value)
{
    switch (json_typeof(tree)) {
    case JSON_OBJECT:
        return copy_object(tree, arena, ret_value);
    case JSON_ARRAY:
        return copy_array(tree, arena, ret_value);
    case JSON_STRING:
        ret_value->type = SJ_JSON_TYPE_TEXT;
        return copy_text(
            json_string_value(tree), json_string_length(tree), arena, &ret_value->as.text);
    case JSON_INTEGER:
        ret_value->type = SJ_JSON_TYPE_INT;
        ret_value->as.integer = json_integer_value(tree);
        return SJ_DONE;
    case JSON_REAL:
        ret_value->type = SJ_JSON_TYPE_REAL;
        return SJ_DONE;
    case JSON_TRUE:
    case JSON_FALSE:
        ret_value->type = SJ_JSON_TYPE_BOOL;
        ret_value->as.boolean = json_is_true(tree);
        return SJ_DONE;
    case JSON_NULL:
        ret_value->type = SJ_JSON_TYPE_NULL;
        return SJ_DONE;
    }
    FAIL(INTERNAL);
}

static sj_status describe(
    const struct sj_json_faults *faults, struct sj_arena *arena, struct sj_text *reterr_detail)
{
    if (faults->count == 0) {
        return SJ_DONE;
    }
    const struct sj_json_fault *fault = &faults->items[0];
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(2048);
    TRY(sj_buf_put_str(&text, fault->code));
    TRY(sj_buf_put_str(&text, " at "));
    TRY(sj_buf_put_text(&text, fault->pointer.len > 0 ? fault->pointer : SJ_TEXT("the document")));
    TRY(sj_buf_put_str(&text, ": "));
    TRY(sj_buf_put_text(&text, fault->detail));
    return sj_arena_text(arena, sj_buf_text(&text), reterr_detail);
}

static sj_status doc_fill(struct sj_json_doc *doc, const json_t *tree, size_t text_len)
{
    size_t max = 0;
    TRY(sj_size_mul(text_len, TREE_BYTES_PER_TEXT_BYTE, &max));
    TRY(sj_size_add(max, TREE_BYTES_MIN, &max));
    TRY(sj_arena_new(max, &doc->arena));
    return sj_json_tree_copy(tree, doc->arena, &doc->root);
}

sj_status sj_json_doc_parse(struct sj_view text, struct sj_json_doc **ret_doc,
    struct sj_text *reterr_detail, struct sj_arena *arena)
{
    struct sj_json_faults faults = {.count = 0};
    CLEANUP(sj_json_drop) json_t *tree = NULL;
    const sj_status loaded = sj_json_load(text, arena, &faults, &tree);
    if (sj_failed(loaded)) {
        sj_ignore(describe(&faults, arena, reterr_detail), "the refusal matters, not its words");
        return loaded;
    }
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_json_doc), &memory));
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = memory;
    TRY(doc_fill(doc, tree, text.len));
    *ret_doc = TAKE(doc);
    return SJ_DONE;
}

void sj_json_doc_free(struct sj_json_doc **doc)
{
    if (*doc != NULL) {
        sj_arena_free(&(*doc)->arena);
        sj_free(*doc);
        *doc = NULL;
    }
}

const struct sj_json_value *sj_json_doc_root(const struct sj_json_doc *doc)
{
    return &doc->root;
}

const struct sj_json_value *sj_json_get(const struct sj_json_value *object, const char *name)
{
    if (object == NULL || object->type != SJ_JSON_TYPE_OBJECT) {
        return NULL;
    }
    const struct sj_text wanted = sj_text_of(name);
    for (size_t i = 0; i < object->as.list.count; i++) {
        if (sj_text_equal(object->as.list.items[i].name, wanted)) {
            return &object->as.list.items[i];
        }
    }
    return NULL;
}

bool sj_json_next(const struct sj_json_value *container, size_t *iterator, struct sj_text *ret_name,
    const struct sj_json_value **ret_value)
{
    if ((!sj_json_is_object(container) && !sj_json_is_array(container)) ||
        *iterator >= container->as.list.count) {
        return false;
    }
    const struct sj_json_value *item = &container->as.list.items[*iterator];
    (*iterator)++;
    *ret_name = sj_json_is_object(container) ? item->name : SJ_TEXT("");
    *ret_value = item;
    return true;
}

bool sj_json_as_text(const struct sj_json_value *value, struct sj_text *ret_text)
{
    if (value == NULL || value->type != SJ_JSON_TYPE_TEXT) {
        return false;
    }
    *ret_text = value->as.text;
    return true;
}

bool sj_json_as_int(const struct sj_json_value *value, int64_t *ret_int)
{
    if (value == NULL || value->type != SJ_JSON_TYPE_INT) {
        return false;
    }
    *ret_int = value->as.integer;
    return true;
}

bool sj_json_as_bool(const struct sj_json_value *value, bool *ret_bool)
{
    if (value == NULL || value->type != SJ_JSON_TYPE_BOOL) {
        return false;
    }
    *ret_bool = value->as.boolean;
    return true;
}

bool sj_json_is_object(const struct sj_json_value *value)
{
    return value != NULL && value->type == SJ_JSON_TYPE_OBJECT;
}

bool sj_json_is_array(const struct sj_json_value *value)
{
    return value != NULL && value->type == SJ_JSON_TYPE_ARRAY;
}

bool sj_json_is_null(const struct sj_json_value *value)
{
    return value != NULL && value->type == SJ_JSON_TYPE_NULL;
}
