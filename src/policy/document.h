/* SPDX-License-Identifier: Apache-2.0
 *
 * A JSON document that remembers where each of its values stands. jansson forgets places, accepts reals and hands out
 * members in its own order; a policy is signed text, so every refusal names line, column and pointer and the
 * canonical form is exact. Integers only: no policy needs a real, and none is then rounded.
 */
#ifndef SJ_POLICY_DOCUMENT_H
#define SJ_POLICY_DOCUMENT_H

#include "sanjeh/policy/engine.h"

enum doc_kind { DOC_NULL = 0, DOC_BOOL, DOC_INT, DOC_TEXT, DOC_ARRAY, DOC_OBJECT };

#define DOC_DEPTH_MAX 32
#define DOC_NODES_MAX 1500000u
#define DOC_TEXT_MAX  65536u

struct doc_node {
    uint8_t kind; /* enum doc_kind */
    uint32_t line;
    uint32_t column;
    uint32_t index;      /* of an item; of a member: place in the object */
    uint32_t count;      /* children */
    struct sj_text name; /* of a member; ptr NULL: an item or the root */
    union {
        struct sj_text text;
        int64_t number; /* int, bool */
        const struct doc_node *first;
    };
    const struct doc_node *next;
    const struct doc_node *up;
};

/* Nodes and texts live in the arena. Errors: BAD_CONFIG with the place; LIMIT_EXCEEDED, OUT_OF_MEMORY of the arena. */
SJ_MUST_CHECK sj_status doc_parse(struct sj_view json, struct sj_arena *arena,
    const struct doc_node **ret_root, struct sj_policy_fault *reterr_fault);
/* NULL when there is no such member. */
const struct doc_node *doc_get(const struct doc_node *object, const char *name);
/* RFC 8785. */
SJ_MUST_CHECK sj_status doc_canonical(const struct doc_node *node, struct sj_buf *out);
/* Fills the fault with the node's place. Always BAD_CONFIG. */
SJ_MUST_CHECK sj_status doc_refuse(
    struct sj_policy_fault *fault, const struct doc_node *node, const char *why);

#endif
