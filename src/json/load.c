/* SPDX-License-Identifier: Apache-2.0
 *
 * How do hostile bytes become a jansson tree? Only through sj_json_load: depth is checked before,
 * duplicates are refused, numbers that do not fit are refused (reals are kept but never offered as
 * integers), U+0000 and broken UTF-8 are refused by jansson itself. What jansson allocated is wiped
 * when it is freed, because bodies carry passwords and codes. jansson's error texts quote the input
 * and stay here; a fault says line, column and pointer.
 * If this is wrong, two readers of one body (we and the client's proxy) see different members.
 */
#include "json_priv.h"

/* jansson's free does not tell the size; it is kept in front of the memory. */
union header {
    size_t size;
    max_align_t alignment;
};

static void *wiping_malloc(size_t size)
{
    size_t total = 0;
    void *memory = NULL;
    if (sj_failed(sj_size_add(size, sizeof(union header), &total)) ||
        sj_failed(sj_alloc(1, total, &memory))) {
        return NULL;
    }
    union header *header = memory;
    header->size = total;
    return header + 1; /* @unsafe: total covers the header and size bytes behind it */
}

static void wiping_free(void *memory)
{
    if (memory == NULL) {
        return;
    }
    union header *header = (union header *)memory - 1; /* @unsafe: made by wiping_malloc */
    sj_wipe(header, header->size);
    sj_free(header);
}

/* Before main, so before any thread, any tree and any sandbox (the seed reads /dev/urandom). */
__attribute__((constructor)) static void prepare_jansson(void)
{
    json_set_alloc_funcs(wiping_malloc, wiping_free);
    json_object_seed(0);
}

void sj_json_drop(json_t **root)
{
    json_decref(*root);
    *root = NULL;
}

static sj_status add_at(struct sj_json_faults *faults, struct sj_arena *arena,
    struct sj_text pointer, const char *code, const json_error_t *error)
{
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(128);
    TRY(sj_buf_put_str(&detail, "line "));
    TRY(sj_buf_put_decimal(&detail, error->line));
    TRY(sj_buf_put_str(&detail, ", column "));
    TRY(sj_buf_put_decimal(&detail, error->column));
    return sj_json_fault_add(faults, arena, pointer, code, sj_buf_text(&detail));
}

/* jansson's error as ours. */
static sj_status refuse(struct sj_view text, const json_error_t *error, struct sj_arena *arena,
    struct sj_json_faults *faults)
{
    const enum json_error_code code = json_error_code(error);
    if (code == json_error_out_of_memory) {
        FAIL(OUT_OF_MEMORY);
    }
    struct sj_text pointer = SJ_TEXT("");
    if (code == json_error_duplicate_key || code == json_error_numeric_overflow) {
        const size_t position = error->position > 0 ? (size_t)error->position : 0;
        sj_ignore(sj_json_locate(text, position, arena, &pointer),
            "the place is a courtesy: the refusal stands without it");
    }
    if (code == json_error_duplicate_key) {
        TRY(add_at(faults, arena, pointer, "DUPLICATE", error));
        FAIL(DUPLICATE_MEMBER);
    }
    if (code == json_error_numeric_overflow) {
        TRY(add_at(faults, arena, pointer, "RANGE", error));
        FAIL(INVALID);
    }
    TRY(add_at(faults, arena, pointer, "FORMAT", error));
    FAIL(BAD_JSON);
}

sj_status sj_json_load(
    struct sj_view text, struct sj_arena *arena, struct sj_json_faults *faults, json_t **ret_root)
{
    if (!sj_json_depth_ok(text)) {
        TRY(sj_json_fault_add(faults, arena, SJ_TEXT(""), "FORMAT",
            SJ_TEXT("nested deeper than " SJ_STR(SJ_JSON_DEPTH_MAX) " levels")));
        FAIL(TOO_DEEP);
    }
    json_error_t error = {.line = 1};
    json_t *root = json_loadb(
        text.len > 0 ? (const char *)text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        return refuse(text, &error, arena, faults);
    }
    *ret_root = root;
    return SJ_DONE;
}
