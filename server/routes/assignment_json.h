/* SPDX-License-Identifier: Apache-2.0
 *
 * What the routes of assignments, delegations and roles share.
 */
#ifndef SJ_SERVER_ROUTES_ASSIGNMENT_JSON_H
#define SJ_SERVER_ROUTES_ASSIGNMENT_JSON_H

#include "../server.h"
#include "account_json.h"
#include "board_desk.h"
#include "routes.h"

#include "sanjeh/rbac/assign.h"

#define SJ_ASSIGN_REASON_MAX 1000u

/* A context for reading: what the session shows, and with the reach "all" everything that administration sees. */
SJ_MUST_CHECK sj_status sj_assignment_context(
    struct sj_exchange *x, struct sj_context *ret_context);
/* The body's time or 0; faults name the pointer. */
SJ_MUST_CHECK sj_status sj_body_time(
    struct sj_exchange *x, const char *pointer, struct sj_text text, sj_time_us *ret_time);
/* A reason as people write it; empty is none. */
SJ_MUST_CHECK sj_status sj_body_reason(struct sj_exchange *x, struct sj_text *reason);
/* Turns a fault of the rules into the answer: FORBIDDEN or INVALID with its code. */
SJ_MUST_CHECK sj_status sj_assign_answer(
    struct sj_exchange *x, const struct sj_assign_fault *fault);
void sj_json_assignment(struct sj_exchange *x, struct sj_json *json,
    const struct sj_assignment_row *row, sj_time_us clock);
/* The assignment as it is now, with its ETag. */
SJ_MUST_CHECK sj_status sj_answer_assignment(
    struct sj_exchange *x, const struct sj_assignment_row *row);
/* Reads it through the transaction's own view. Errors: NOT_FOUND. */
SJ_MUST_CHECK sj_status sj_assignment_in_tx(
    struct sj_exchange *x, struct sj_uuid id, struct sj_assignment_row *ret_row);
/* Now of everything that ends. */
sj_time_us sj_exchange_clock(const struct sj_exchange *x);
/* The number of an assignment in a holding. Errors: NOT_FOUND. */
SJ_MUST_CHECK sj_status sj_holding_find(
    const struct sj_holding *holding, struct sj_uuid id, size_t *ret_number);

#endif
