/* SPDX-License-Identifier: Apache-2.0
 *
 * Hostile JSON in, typed struct out. A body is decoded by a static table {name, kind, offset,
 * required, limit}; unknown and duplicate members, wrong types, depth over 32 and values over their
 * limit are refused with a pointer (RFC 6901). jansson does the parsing, with a wiping free.
 */
#ifndef SJ_JSON_DECODE_H
#define SJ_JSON_DECODE_H

#include "sanjeh/base/arena.h"
#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"

enum sj_json_kind {
    SJ_JSON_TEXT,    /* struct sj_text; limit = bytes, 0 = any */
    SJ_JSON_INT,     /* int64_t; limit = largest absolute value, 0 = any */
    SJ_JSON_BOOL,    /* bool */
    SJ_JSON_ID,      /* struct sj_uuid, from its text form */
    SJ_JSON_DECIMAL, /* struct sj_text, exact: a string "7.90" or a JSON integer; never a JSON real */
    SJ_JSON_TREE     /* const struct sj_json_value *, in the arena */
};

struct sj_json_member {
    const char *name;
    enum sj_json_kind kind;
    size_t offset;         /* into the target struct */
    size_t present_offset; /* of a bool that says whether it was there, or SIZE_MAX */
    bool required;
    bool nullable; /* null is accepted, see below */
    uint64_t limit;
};

#define SJ_JSON_NO_PRESENT SIZE_MAX

/* null of a nullable member sets its present flag and leaves the target as the caller made it, so that a
 * merge patch (RFC 7396) tells "remove" from "leave alone": a text stays {NULL, 0}, while "" gets a ptr; a
 * number keeps a value that its limit forbids. Without a present flag null and absent are the same.
 * A required member is not there when it is null. */

/* One fault of an input; texts live in the arena. */
struct sj_json_fault {
    struct sj_text pointer; /* RFC 6901 */
    const char *code;       /* REQUIRED, UNKNOWN, DUPLICATE, TYPE, TOO_LONG, RANGE, FORMAT */
    struct sj_text detail;
};

#define SJ_JSON_FAULTS_MAX 16

struct sj_json_faults {
    struct sj_json_fault items[SJ_JSON_FAULTS_MAX];
    size_t count;
};

/* Fills target (zeroed by the caller) from one JSON object. Texts are copied to the arena.
 * Errors: BAD_JSON (not JSON, not an object, broken UTF-8), TOO_DEEP, DUPLICATE_MEMBER,
 * UNKNOWN_MEMBER, INVALID (types, limits, required), BODY_TOO_LARGE (does not fit the arena);
 * reterr_faults says where. */
SJ_MUST_CHECK sj_status sj_json_decode(struct sj_view body, const struct sj_json_member *members,
    size_t count, struct sj_arena *arena, void *target, struct sj_json_faults *reterr_faults);
SJ_MUST_CHECK sj_status sj_json_fault_add(struct sj_json_faults *faults, struct sj_arena *arena,
    struct sj_text pointer, const char *code, struct sj_text detail);

/* JSON text with every number that has a point made a text of the same digits. */
SJ_MUST_CHECK sj_status sj_json_quote_reals(struct sj_text json, struct sj_buf *out);

/* A whole document, for files we ship (policies) and NDJSON rows with open shapes. */
struct sj_json_doc;
struct sj_json_value;
SJ_MUST_CHECK sj_status sj_json_doc_parse(struct sj_view text, struct sj_json_doc **ret_doc,
    struct sj_text *reterr_detail, struct sj_arena *arena);
void sj_json_doc_free(struct sj_json_doc **doc);
const struct sj_json_value *sj_json_doc_root(const struct sj_json_doc *doc);
/* NULL when absent or not an object. */
const struct sj_json_value *sj_json_get(const struct sj_json_value *object, const char *name);
/* Walks an object's members or an array's items in order; false at the end. *iterator starts at 0.
 * ret_name is empty for arrays. */
bool sj_json_next(const struct sj_json_value *container, size_t *iterator, struct sj_text *ret_name,
    const struct sj_json_value **ret_value);
bool sj_json_as_text(const struct sj_json_value *value, struct sj_text *ret_text);
bool sj_json_as_int(const struct sj_json_value *value, int64_t *ret_int);
bool sj_json_as_bool(const struct sj_json_value *value, bool *ret_bool);
bool sj_json_is_object(const struct sj_json_value *value);
bool sj_json_is_array(const struct sj_json_value *value);
bool sj_json_is_null(const struct sj_json_value *value);
/* Appends the value as text. Errors: INVALID (a number with a point, whose value is not kept). */
SJ_MUST_CHECK sj_status sj_json_value_put(const struct sj_json_value *value, struct sj_buf *out);

#endif
