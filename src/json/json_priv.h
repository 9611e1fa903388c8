/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/json share: the guarded door to jansson, and our own value tree. The tree is
 * copied out of jansson's into an arena, so that it lives and is wiped with the request and no
 * reference counts leave this folder.
 */
#ifndef SJ_JSON_PRIV_H
#define SJ_JSON_PRIV_H

#include <jansson.h>

#include "sanjeh/base/buf.h"
#include "sanjeh/json/decode.h"

#define SJ_JSON_DEPTH_MAX 32

enum sj_json_type {
    SJ_JSON_TYPE_NULL,
    SJ_JSON_TYPE_BOOL,
    SJ_JSON_TYPE_INT,
    SJ_JSON_TYPE_REAL, /* known to be there, its value is not offered */
    SJ_JSON_TYPE_TEXT,
    SJ_JSON_TYPE_OBJECT,
    SJ_JSON_TYPE_ARRAY,
};

struct sj_json_value {
    enum sj_json_type type;
    struct sj_text name; /* as a member of an object */
    union {
        bool boolean;
        int64_t integer;
        struct sj_text text;
        struct {
            struct sj_json_value *items;
            size_t count;
        } list;
    } as;
};

/* False when brackets nest deeper than SJ_JSON_DEPTH_MAX. Linear, no memory. */
bool sj_json_depth_ok(struct sj_view text);
/* RFC 6901 pointer to the value or member name that ends at text[position]. */
sj_status sj_json_locate(
    struct sj_view text, size_t position, struct sj_arena *arena, struct sj_text *ret_pointer);
/* Appends "/name" with ~ and / escaped. */
sj_status sj_json_pointer_put(struct sj_buf *pointer, struct sj_text name);

/* Parses with every guard on; the root is an object or an array. On failure a fault is added.
 * Errors: BAD_JSON, TOO_DEEP, DUPLICATE_MEMBER, INVALID (a number out of range), OUT_OF_MEMORY. */
sj_status sj_json_load(
    struct sj_view text, struct sj_arena *arena, struct sj_json_faults *faults, json_t **ret_root);
void sj_json_drop(json_t **root); /* for CLEANUP */

/* Copies tree into the arena. Errors: LIMIT_EXCEEDED, OUT_OF_MEMORY. */
sj_status sj_json_tree_copy(
    const json_t *tree, struct sj_arena *arena, struct sj_json_value *ret_value);

#endif
