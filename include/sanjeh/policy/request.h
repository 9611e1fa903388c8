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

#endif
