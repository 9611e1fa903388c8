/* SPDX-License-Identifier: Apache-2.0
 *
 * A decision point that a script feeds by lines, one letter first: N a new point, U name parent, P root file, F unit file,
 * S all is given; R a request. What cannot be loaded ends the program: the generator must know the language.
 */
#ifndef SJ_TEST_POLICY_POINT_H
#define SJ_TEST_POLICY_POINT_H

#include "sanjeh/policy/request.h"

#define POINT_FILES 8
#define POINT_UNITS 64

struct point {
    struct sj_policy *files[POINT_FILES];
    size_t file_count;
    struct sj_policy_unit units[POINT_UNITS];
    char names[POINT_UNITS][2][32];
    size_t unit_count;
    struct sj_policy_set *set;
    struct sj_arena *arena; /* of the request */
    struct sj_policy_request request;
};

/* Lines N, U, P, F, S; false for another letter. */
bool point_line(struct point *point, struct sj_text line);
void point_clear(struct point *point);
/* Fills point->request (sj_policy_question_read). */
void point_request(struct point *point, const struct sj_json_value *json);
struct sj_text point_text(const struct sj_json_value *object, const char *name);
_Noreturn void point_stop(const char *what, const char *why);

#endif
