/* SPDX-License-Identifier: Apache-2.0
 *
 * Can any body break the JSON door? Decodes by a table of every kind and as an open document; what
 * is accepted must be proven UTF-8 and within its limits.
 */
#include "sanjeh/json/decode.h"

struct target {
    struct sj_text name;
    int64_t count;
    bool flag;
    struct sj_uuid id;
    struct sj_text mean;
    const struct sj_json_value *open;
};

#define AT(field) offsetof(struct target, field)
static const struct sj_json_member MEMBERS[] = {
    {"name", SJ_JSON_TEXT, AT(name), SJ_JSON_NO_PRESENT, true, true, 16},
    {"count", SJ_JSON_INT, AT(count), SJ_JSON_NO_PRESENT, false, true, 100},
    {"flag", SJ_JSON_BOOL, AT(flag), SJ_JSON_NO_PRESENT, false, false, 0},
    {"id", SJ_JSON_ID, AT(id), SJ_JSON_NO_PRESENT, false, false, 0},
    {"mean", SJ_JSON_DECIMAL, AT(mean), SJ_JSON_NO_PRESENT, false, false, 12},
    {"open", SJ_JSON_TREE, AT(open), SJ_JSON_NO_PRESENT, false, false, 0},
};

static void check_text(struct sj_text text, size_t max)
{
    struct sj_text checked;
    SJ_ASSERT(!sj_failed(sj_text_check(sj_text_bytes(text), max, &checked)));
}

static size_t walk(const struct sj_json_value *value)
{
    size_t seen = 1;
    size_t iterator = 0;
    struct sj_text name;
    struct sj_text text;
    const struct sj_json_value *item = NULL;
    if (sj_json_as_text(value, &text)) {
        check_text(text, SIZE_MAX);
    }
    while (sj_json_next(value, &iterator, &name, &item)) {
        check_text(name, SIZE_MAX);
        seen += walk(item);
    }
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    if (size > 65536 || sj_failed(sj_arena_new(1u << 20, &arena))) {
        return 0;
    }
    struct target target = {.count = 0};
    struct sj_json_faults faults = {.count = 0};
    const sj_status decoded =
        sj_json_decode(sj_view_of(data, size), MEMBERS, SJ_COUNT(MEMBERS), arena, &target, &faults);
    if (!sj_failed(decoded)) {
        check_text(target.name, 16);
        check_text(target.mean, 12);
        SJ_ASSERT(target.count >= -100 && target.count <= 100);
        if (target.open != NULL) {
            SJ_ASSERT(walk(target.open) <= size);
        }
    } else {
        SJ_ASSERT(faults.count > 0 || decoded.code == SJ_BODY_TOO_LARGE);
    }
    struct sj_text detail = SJ_TEXT("");
    if (!sj_failed(sj_json_doc_parse(sj_view_of(data, size), &doc, &detail, arena))) {
        SJ_ASSERT(walk(sj_json_doc_root(doc)) <= size);
    }
    return 0;
}
