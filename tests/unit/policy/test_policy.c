/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the engine right? Semantics of roles, reach and fields on small policies, and the loader's refusals: each
 * row of the table changes one place of an accepted policy and expects the pointer of that place.
 */
#include "sanjeh/policy/policy.h"
#include "test.h"

#include "sanjeh/base/buf.h"

#define TYPES                                                                                      \
    "\"schema\":{\"types\":{\"judge\":{\"actions\":[\"list\",\"read\",\"create\"],"                \
    "\"field_classes\":{\"key\":[\"id\"],\"names\":[\"name\"]}},"                                  \
    "\"fact\":{\"actions\":[\"read\"],\"field_classes\":{\"key\":[\"id\"]}}}}"
#define HEAD "\"format\":\"policy/1\",\"id\":\"t\",\"version\":7"
#define ROLES                                                                                      \
    "\"roles\":{\"low\":{\"title\":\"Low\"},\"high\":{\"title\":\"High\",\"inherits\":[\"low\"]}," \
    "\"other\":{\"title\":\"Other\"}}"
#define RULE_LOW                                                                                   \
    "{\"id\":\"P1\",\"effect\":\"permit\",\"roles\":[\"low\"],\"do\":[\"judge:read\","             \
    "\"fact:read\"],\"scope\":\"unit\",\"fields\":{\"read\":[\"key\"]}}"
#define RULES    "\"rules\":[" RULE_LOW "]"
#define ACCEPTED "{" HEAD "," TYPES "," ROLES "," RULES "}"

static struct sj_policy *parse(const char *json)
{
    struct sj_policy *policy = NULL;
    char detail[256] = "";
    const sj_status status =
        sj_policy_parse(sj_text_bytes(sj_text_of(json)), &policy, detail, sizeof detail);
    if (sj_failed(status)) {
        printf("  %s\n", detail);
    }
    return policy;
}

static struct sj_decision decide(
    const struct sj_policy *policy, uint64_t roles, enum sj_action action)
{
    const struct sj_actor actor = {.roles = roles};
    return sj_policy_decide(policy, &actor, action);
}

#define LOW    1u
#define HIGH   2u
#define OTHER  4u
#define BIT(f) (UINT64_C(1) << SJ_FIELD_##f)

TEST(policy_refuses_what_no_rule_permits)
{
    CLEANUP(sj_policy_free) struct sj_policy *policy = parse(ACCEPTED);
    REQUIRE(policy != NULL);
    const struct sj_decision decision = decide(policy, OTHER, SJ_ACTION_JUDGE_READ);
    CHECK(!decision.permit && decision.reach == SJ_REACH_NONE);
    CHECK(strcmp(decision.code, "E_NO_PERMIT") == 0 && strcmp(decision.rule, "") == 0);
    CHECK(decision.read_fields == 0 && decision.write_fields == 0);
    CHECK(decision.policy_version == 7);
    CHECK(!decide(policy, 0, SJ_ACTION_JUDGE_READ).permit);
    CHECK(!decide(policy, UINT64_MAX, SJ_ACTION_NONE).permit);
    CHECK(!decide(policy, UINT64_MAX, SJ_ACTION_COUNT_).permit);
    CHECK(!decide(policy, UINT64_MAX, SJ_ACTION_AUDIT_READ).permit);
    CHECK(!decide(policy, ~UINT64_C(7), SJ_ACTION_JUDGE_READ).permit);
}

TEST(policy_gives_a_senior_role_what_its_junior_has)
{
    CLEANUP(sj_policy_free) struct sj_policy *policy = parse(ACCEPTED);
    REQUIRE(policy != NULL);
    const struct sj_decision decision = decide(policy, HIGH, SJ_ACTION_JUDGE_READ);
    CHECK(decision.permit && decision.reach == SJ_REACH_UNIT);
    CHECK(strcmp(decision.rule, "P1") == 0);
    CHECK(decision.read_fields == BIT(JUDGE_ID));
    CHECK(sj_may_read(&decision, SJ_FIELD_JUDGE_ID));
    CHECK(!sj_may_read(&decision, SJ_FIELD_JUDGE_NAME));
    CHECK(!sj_may_write(&decision, SJ_FIELD_JUDGE_ID));
}

TEST(policy_keeps_fields_to_the_type_of_the_action)
{
    CLEANUP(sj_policy_free) struct sj_policy *policy = parse(ACCEPTED);
    REQUIRE(policy != NULL);
    CHECK(decide(policy, LOW, SJ_ACTION_FACT_READ).read_fields == BIT(FACT_ID));
}

#define TWO_REACHES                                                                                \
    "{" HEAD "," TYPES "," ROLES ",\"rules\":[" RULE_LOW                                           \
    ",{\"id\":\"P2\",\"effect\":\"permit\",\"roles\":[\"other\"],\"do\":[\"judge:read\"],"         \
    "\"scope\":\"self\",\"fields\":{\"read\":[\"*\"]}}]}"

TEST(policy_lends_no_fields_of_a_narrower_reach)
{
    CLEANUP(sj_policy_free) struct sj_policy *policy = parse(TWO_REACHES);
    REQUIRE(policy != NULL);
    CHECK(decide(policy, OTHER, SJ_ACTION_JUDGE_READ).read_fields ==
          (BIT(JUDGE_ID) | BIT(JUDGE_NAME)));
    const struct sj_decision both = decide(policy, LOW | OTHER, SJ_ACTION_JUDGE_READ);
    CHECK(both.permit && both.reach == SJ_REACH_UNIT);
    CHECK(both.read_fields == BIT(JUDGE_ID));
}

#define WITH_FORBID                                                                                \
    "{" HEAD "," TYPES "," ROLES ",\"rules\":[" RULE_LOW                                           \
    ",{\"id\":\"F1\",\"effect\":\"forbid\",\"roles\":[\"other\"],\"do\":[\"*:read\"],"             \
    "\"code\":\"E_OTHER\"},{\"id\":\"F2\",\"effect\":\"forbid\",\"do\":[\"fact:*\"]}]}"

TEST(policy_lets_a_forbid_beat_permits)
{
    CLEANUP(sj_policy_free) struct sj_policy *policy = parse(WITH_FORBID);
    REQUIRE(policy != NULL);
    CHECK(decide(policy, LOW, SJ_ACTION_JUDGE_READ).permit);
    const struct sj_decision decision = decide(policy, LOW | OTHER, SJ_ACTION_JUDGE_READ);
    CHECK(!decision.permit && decision.read_fields == 0);
    CHECK(strcmp(decision.rule, "F1") == 0 && strcmp(decision.code, "E_OTHER") == 0);
    const struct sj_decision everybody = decide(policy, LOW, SJ_ACTION_FACT_READ);
    CHECK(!everybody.permit && strcmp(everybody.code, "E_FORBIDDEN") == 0);
}

#define WITH_SOD                                                                                   \
    "{" HEAD "," TYPES "," ROLES "," RULES ",\"sod\":[{\"id\":\"S1\",\"kind\":\"static\","         \
    "\"roles\":[\"low\",\"other\"],\"n\":2,\"note\":\"apart\"}]}"

TEST(policy_counts_inherited_roles_in_separation_of_duty)
{
    CLEANUP(sj_policy_free) struct sj_policy *policy = parse(WITH_SOD);
    REQUIRE(policy != NULL);
    const char *constraint = NULL;
    CHECK(sj_policy_roles_allowed(policy, LOW | HIGH, &constraint));
    CHECK(strcmp(constraint, "") == 0);
    CHECK(!sj_policy_roles_allowed(policy, LOW | OTHER, &constraint));
    CHECK(!sj_policy_roles_allowed(policy, HIGH | OTHER, &constraint));
    CHECK(strcmp(constraint, "S1") == 0);
}

TEST(policy_numbers_roles_in_file_order)
{
    CLEANUP(sj_policy_free) struct sj_policy *policy = parse(ACCEPTED);
    REQUIRE(policy != NULL);
    REQUIRE(sj_policy_role_count(policy) == 3);
    CHECK(strcmp(sj_policy_role_name(policy, 1), "high") == 0);
    CHECK(strcmp(sj_policy_role_title(policy, 1), "High") == 0);
    bool found = false;
    size_t bit = 9;
    sj_policy_role_find(policy, SJ_TEXT("other"), &found, &bit);
    CHECK(found && bit == 2);
    sj_policy_role_find(policy, SJ_TEXT("othe"), &found, &bit);
    CHECK(!found);
}

static const struct refusal {
    const char *from; /* replaced in ACCEPTED or WITH_SOD or WITH_FORBID … */
    const char *to;
    const char *pointer;
} refusals[] = {
    {"policy/1", "policy/2", "/format: "},
    {"\"version\":7", "\"version\":0", "/version: "},
    {"\"version\":7", "\"version\":4294967296", "/version: "},
    {"\"version\":7", "\"version\":\"7\"", "/version: "},
    {"\"version\":7", "\"version\":7,\"binds\":\"all\"", "/binds: "},
    {"\"version\":7", "\"version\":7,\"break_glass\":{}", "/break_glass/who: is required"},
    {"\"version\":7", "\"version\":7,\"a~/b\":1", "/a~0~1b: is not a member"},
    {"\"judge\":{\"act", "\"jury\":{\"act", "/schema/types/jury: "},
    {"\"list\",\"read\"", "\"list\",\"erase\"", "/schema/types/judge/actions/1: "},
    {"\"list\",\"read\"", "\"list\",\"list\"", "/schema/types/judge/actions/1: "},
    {"\"names\":[\"name\"]", "\"names\":[\"nom\"]", "/schema/types/judge/field_classes/names/0: "},
    {"\"names\":[\"name\"]", "\"names\":[\"id\"]", "/schema/types/judge/field_classes/names/0: "},
    {"\"inherits\":[\"low\"]", "\"inherits\":[\"lo\"]", "/roles/high/inherits/0: no such role"},
    {"\"Low\"}", "\"Low\",\"inherits\":[\"high\"]}", "/roles/low: inherits itself"},
    {"\"Low\"}", "\"Low\",\"max_days\":0}", "/roles/low/max_days: must be a number from 1"},
    {"\"low\":{", "\"Low\":{", "/roles/Low: "},
    {"\"permit\"", "\"mask\"", "/rules/0/fields: only a permit"},
    {"\"permit\"", "\"allow\"", "/rules/0/effect: "},
    {"\"roles\":[\"low\"]", "\"roles\":[\"nobody\"]", "/rules/0/roles/0: no such role"},
    {"\"roles\":[\"low\"]", "\"roles\":[]", "/rules/0/roles: "},
    {"\"roles\":[\"low\"],", "", "/rules/0: a permit names its roles"},
    {"\"judge:read\"", "\"judge:update\"", "/rules/0/do/0: the schema declares"},
    {"\"judge:read\"", "\"judgeread\"", "/rules/0/do/0: must be type:action"},
    {"\"judge:read\"", "\"*:erase\"", "/rules/0/do/0: the schema declares"},
    {"\"scope\":\"unit\"", "\"scope\":\"subtree\"", "/rules/0/scope: "},
    {"\"scope\":\"unit\",", "", "/rules/0: a permit names its scope"},
    {"\"read\":[\"key\"]", "\"read\":[\"keys\"]", "/rules/0/fields/read/0: "},
    {"\"read\":[\"key\"]", "\"see\":[\"key\"]", "/rules/0/fields/see: is not a member"},
    {"\"scope\"", "\"when\":[\"eq\",1,1],\"scope\"", "/rules/0/when: compares two literals"},
    {"\"scope\"", "\"purpose\":[\"care\"],\"scope\"",
        "/rules/0/purpose: the schema has no context.purpose"},
    {"\"scope\"", "\"code\":\"E_X\",\"scope\"", "/rules/0/code: "},
    {"\"rules\":[", "\"rules\":[" RULE_LOW ",", "/rules/1/id: id used twice"},
    {"\"rules\":[", "\"rules\":[7,", "/rules/0: must be an object"},
    {"\"id\":\"t\",", "", "/id: is required"},
    {"\"id\":\"t\"", "\"id\":\"\"", "/id: "},
};

static bool replace(struct sj_buf *out, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    return at != NULL && sj_buf_put(out, text, (size_t)(at - text)).code == SJ_OK &&
           sj_buf_put_str(out, to).code == SJ_OK &&
           sj_buf_put_str(out, at + strlen(from)).code == SJ_OK;
}

static void check_refused(const char *base, const struct refusal *row)
{
    CLEANUP(sj_buf_clear) struct sj_buf json = SJ_BUF(16384);
    REQUIRE(replace(&json, base, row->from, row->to));
    CLEANUP(sj_policy_free) struct sj_policy *policy = NULL;
    char detail[256] = "";
    CHECK_CODE(sj_policy_parse(sj_buf_view(&json), &policy, detail, sizeof detail), BAD_CONFIG);
    CHECK(policy == NULL);
    if (strncmp(detail, row->pointer, strlen(row->pointer)) != 0) {
        printf("  wanted %s got %s\n", row->pointer, detail);
        CHECK(false);
    }
}

TEST(policy_loader_names_the_place_that_it_refuses)
{
    for (size_t i = 0; i < SJ_COUNT(refusals); i++) {
        check_refused(ACCEPTED, &refusals[i]);
    }
}

TEST(policy_loader_refuses_what_constraints_cannot_mean)
{
    static const struct refusal rows[] = {
        {"\"static\"", "\"sometimes\"", "/sod/0/kind: "},
        {"\"n\":2", "\"n\":1", "/sod/0/n: "},
        {"\"n\":2", "\"n\":3", "/sod/0/n: "},
        {"\"low\",\"other\"", "\"low\",\"high\"", "/sod/0: one role alone"},
        {"\"low\",\"other\"", "\"low\",\"low\"", "/sod/0/roles/1: role named twice"},
        {"\"note\":", "\"span\":", "/sod/0/span: must be"},
    };
    for (size_t i = 0; i < SJ_COUNT(rows); i++) {
        check_refused(WITH_SOD, &rows[i]);
    }
}

TEST(policy_loader_refuses_what_forbids_cannot_mean)
{
    static const struct refusal rows[] = {
        {"\"E_OTHER\"", "\"other\"", "/rules/1/code: "},
        {"\"code\":\"E_OTHER\"", "\"scope\":\"unit\"", "/rules/1: a forbid has no scope"},
        {"\"code\":\"E_OTHER\"", "\"fields\":{\"read\":[\"key\"]}", "/rules/1/fields: "},
    };
    for (size_t i = 0; i < SJ_COUNT(rows); i++) {
        check_refused(WITH_FORBID, &rows[i]);
    }
    static const struct refusal reach = {
        "\"roles\":[\"other\"]", "\"roles\":[\"high\"]", "/rules/1: gives a role another scope"};
    check_refused(TWO_REACHES, &reach);
}

TEST(policy_loader_refuses_broken_files)
{
    static const char *const broken[] = {"", "{", "[]", "null", "{} {}",
        "{\"format\":\"policy/1\"}", "{" HEAD "," TYPES "," ROLES "," RULES "," RULES "}",
        "\xff\xfe"};
    for (size_t i = 0; i < SJ_COUNT(broken); i++) {
        CLEANUP(sj_policy_free) struct sj_policy *policy = NULL;
        char detail[256] = "";
        CHECK_CODE(
            sj_policy_parse(sj_text_bytes(sj_text_of(broken[i])), &policy, detail, sizeof detail),
            BAD_CONFIG);
        CHECK(policy == NULL && detail[0] != '\0');
    }
}

TEST(policy_loader_reads_the_folder_that_ships)
{
    CLEANUP(sj_policy_free) struct sj_policy *policy = NULL;
    char detail[256] = "";
    CHECK_OK(sj_policy_load(SJ_TEST_SOURCE "/policies/default", &policy, detail, sizeof detail));
    CLEANUP(sj_policy_free) struct sj_policy *none = NULL;
    CHECK_CODE(
        sj_policy_load(SJ_TEST_SOURCE "/policies/none", &none, detail, sizeof detail), BAD_CONFIG);
    CHECK(detail[0] != '\0');
    char tiny[4] = "";
    CHECK_CODE(
        sj_policy_load(SJ_TEST_SOURCE "/policies/none", &none, tiny, sizeof tiny), BAD_CONFIG);
    CHECK(tiny[3] == '\0');
}

TEST(policy_names_every_action_of_the_catalogue)
{
    for (unsigned i = 1; i < SJ_ACTION_COUNT_; i++) {
        CHECK(strchr(sj_action_name((enum sj_action)i), ':') != NULL);
        CHECK(sj_action_type((enum sj_action)i)[0] != '\0');
    }
    CHECK(strcmp(sj_action_name(SJ_ACTION_JUDGE_READ), "judge:read") == 0);
    CHECK(strcmp(sj_action_name(SJ_ACTION_COUNT_), "none") == 0);
    CHECK(strcmp(sj_field_name(SJ_FIELD_JUDGE_NATIONAL_NUMBER), "national_number") == 0);
}
