/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a residual condition look like, and when is there none? That it selects the right rows is tests/sql/test_residual.py's
 * question; here: values are parameters, names are checked, and what cannot be said in SQL is said to be so.
 */
#include "sanjeh/policy/residual.h"
#include "test.h"

#define TEXT                                                                                       \
    "{\"format\":\"policy/1\",\"id\":\"t\",\"version\":1,\"schema\":{\"subject\":{\"id\":"         \
    "\"string\"},\"context\":{\"acr\":{\"int\":[0,3]}},\"types\":{\"case\":{\"actions\":"          \
    "[\"list\",\"all\",\"near\",\"once\",\"twice\"],\"attrs\":{\"unit\":\"unit\",\"owner\":"       \
    "\"string\",\"addr\":\"ip\",\"level\":{\"int\":[0,3]}}}}},\"roles\":{\"r\":{}},"               \
    "\"sod\":[{\"id\":\"S\",\"kind\":\"object\",\"actions\":[\"case:once\",\"case:twice\"],"       \
    "\"n\":2}],\"rules\":["                                                                        \
    "{\"id\":\"P1\",\"effect\":\"permit\",\"roles\":[\"r\"],\"do\":[\"case:list\"],\"scope\":"     \
    "\"subtree\",\"when\":[\"eq\",\"resource.owner\",\"subject.id\"]},"                            \
    "{\"id\":\"P2\",\"effect\":\"permit\",\"roles\":[\"r\"],\"do\":[\"case:all\",\"case:once\"]}," \
    "{\"id\":\"P3\",\"effect\":\"permit\",\"roles\":[\"r\"],\"do\":[\"case:near\"],\"when\":"      \
    "[\"ip_in\",\"resource.addr\",\"192.0.2.0/24\"]}]}"

enum { UNIT, OWNER, ADDR, LEVEL, ATTRS };

struct point {
    struct sj_policy *policy;
    struct sj_policy_set *set;
    struct sj_arena *arena;
    struct sj_attr_value subject[1];
    struct sj_policy_grant grant;
    struct sj_policy_request request;
    struct sj_residual_column columns[ATTRS];
    struct sj_residual_table table;
    struct sj_residual residual;
};

static void point_clear(struct point *point)
{
    sj_policy_set_free(&point->set);
    sj_policy_free(&point->policy);
    sj_arena_free(&point->arena);
}

static void point_make(struct point *point)
{
    static const struct sj_policy_unit units[] = {{{"u0", 2}, {"", 0}}, {{"u1", 2}, {"u0", 2}}};
    struct sj_policy_fault fault;
    *point = (struct point){.subject = {{.kind = SJ_ATTR_STRING, .text = {"o'b\\ob\"", 7}}},
        .grant = {.role = 0, .unit = 0},
        .columns = {[UNIT] = {"unit", NULL},
            [OWNER] = {"owner", NULL},
            [ADDR] = {"props", "addr"},
            [LEVEL] = {NULL, NULL}}};
    CHECK_OK(sj_arena_new(1u << 20, &point->arena));
    CHECK_OK(sj_policy_read(sj_text_bytes(SJ_TEXT(TEXT)), NULL, &point->policy, &fault));
    const struct sj_policy *files[] = {point->policy};
    CHECK_OK(sj_policy_set_new(files, 1, units, SJ_COUNT(units), 0, &point->set, &fault));
    point->request = (struct sj_policy_request){
        .subject = point->subject, .grants = &point->grant, .grant_count = 1};
    point->table = (struct sj_residual_table){point->columns, ATTRS, "t", 4};
}

static enum sj_policy_known never(void *history, uint32_t action)
{
    (void)history;
    (void)action;
    return SJ_KNOWN_NO;
}

static const struct sj_residual *ask(struct point *point, const char *action)
{
    point->request.action = sj_policy_action_find(point->policy, sj_text_of(action));
    CHECK_OK(sj_policy_residual(
        point->set, &point->request, &point->table, point->arena, &point->residual));
    return &point->residual;
}

#define POINT(name)                                                                                \
    CLEANUP(point_clear) struct point name;                                                        \
    point_make(&name)

TEST(residual_values_are_parameters)
{
    POINT(point);
    const struct sj_residual *residual = ask(&point, "case:list");
    CHECK(residual->answer == SJ_RESIDUAL_SOME && residual->param_count == 2);
    CHECK(sj_text_is(residual->sql,
        "(((t.\"owner\" = $4::text) is true) and ((t.\"unit\" = any($5::text[])) is true))"));
    CHECK(sj_text_is(residual->params[0], "o'b\\ob\""));
    CHECK(sj_text_is(residual->params[1], "{\"u0\",\"u1\"}"));
}

TEST(residual_without_conditions_is_always_or_never)
{
    POINT(point);
    CHECK(ask(&point, "case:all")->answer == SJ_RESIDUAL_ALWAYS);
    point.subject[0].kind = SJ_ATTR_NONE; /* an error permits no row */
    CHECK(ask(&point, "case:list")->answer == SJ_RESIDUAL_NEVER);
    CHECK(sj_text_is(point.residual.sql, "false"));
    point.request.inactive = true;
    CHECK(ask(&point, "case:all")->answer == SJ_RESIDUAL_NEVER);
    point.request.inactive = false;
    point.grant.lapsed = true;
    CHECK(ask(&point, "case:all")->answer == SJ_RESIDUAL_NEVER);
    CHECK(ask(&point, "case:fly")->answer == SJ_RESIDUAL_NEVER);
}

TEST(residual_says_when_it_needs_the_row)
{
    POINT(point);
    const struct sj_residual *residual = ask(&point, "case:near");
    CHECK(residual->answer == SJ_RESIDUAL_ROWS && strcmp(residual->why, "an address") == 0);
    point.columns[OWNER].column = NULL;
    residual = ask(&point, "case:list");
    CHECK(residual->answer == SJ_RESIDUAL_ROWS && residual->param_count == 0);
    CHECK(strcmp(residual->why, "an attribute is not stored") == 0);
    CHECK(ask(&point, "case:once")->answer == SJ_RESIDUAL_NEVER); /* no history: refused */
    point.request.has_done = never;
    CHECK(ask(&point, "case:once")->answer == SJ_RESIDUAL_ROWS);
}

TEST(residual_takes_no_name_that_is_no_name)
{
    POINT(point);
    static const char *const names[] = {"", "a b", "a\"b", "A", "a;b"};
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        point.columns[OWNER].column = names[i];
        CHECK_CODE(sj_policy_residual(
                       point.set, &point.request, &point.table, point.arena, &point.residual),
            BAD_CONFIG);
    }
    point.columns[OWNER].column = "owner";
    point.table.alias = "t, secret";
    CHECK_CODE(
        sj_policy_residual(point.set, &point.request, &point.table, point.arena, &point.residual),
        BAD_CONFIG);
}
