/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a JSON object of attributes say, typed by the schema? One place reads what others send, so that every door
 * (AuthZEN, explanations, tests) refuses the same.
 */
#ifndef SJ_POLICY_REQUEST_H
#define SJ_POLICY_REQUEST_H

#include "sanjeh/json/decode.h"
#include "sanjeh/policy/engine.h"

/* Values of a place from an object (NULL or JSON null: none), in slots. Null and absent are missing; names that the schema
 * has not are ignored (AuthZEN). *ret_values has sj_policy_attr_count values in the arena and borrows the texts of the
 * object; NULL when the place has no attributes. *ret_wrong is the first attribute whose value is not of its type, or
 * NULL: such a request is "malformed". type is looked at for SJ_OF_RESOURCE only.
 * Errors: LIMIT_EXCEEDED, OUT_OF_MEMORY of the arena. */
SJ_MUST_CHECK sj_status sj_policy_attrs_read(const struct sj_policy_set *set,
    enum sj_attr_place place, uint32_t type, const struct sj_json_value *object,
    struct sj_arena *arena, struct sj_attr_value **ret_values, const char **ret_wrong);

/* A whole request as JSON, for files and tests: {"do": "case:read", "now": "2026-12-02T09:00:00Z" or microseconds, "grants": [{"role", "unit",
 * "via", "from", "until", "kind": "assigned" | "delegated" | "break_glass", "active", "lapsed"}], "subject": {…}, "resource": {…},
 * "context": {…}, "action": {…}, "reach_only", "binds": unit, "inactive", "ended", "done": [actions], "unsure": [actions]}.
 * Only "do" is required; without "done" the history cannot be told. */
struct sj_policy_question {
    struct sj_policy_request request; /* borrows the rest */
    const char *wrong;                /* the first attribute that is not of its type, or NULL */
    uint8_t *known;                   /* enum sj_policy_known by action; of the request's history */
};
/* Lives in the arena and borrows texts of the object. What is unknown, of another type or names what is not there is refused: BAD_CONFIG
 * with the pointer; an unknown action is no fault (E_BAD_REQUEST). */
SJ_MUST_CHECK sj_status sj_policy_question_read(const struct sj_policy_set *set,
    const struct sj_json_value *object, struct sj_arena *arena,
    struct sj_policy_question **ret_question, struct sj_policy_fault *reterr_fault);

#endif
