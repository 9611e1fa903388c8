/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the generic engine decide as POLICY 5.3 says? The example policy of the reference with its example requests, and
 * small policies for what others got wrong (POLICY 5.6).
 */
#include "sanjeh/policy/engine.h"
#include "test.h"

#include <fcntl.h>
#include <pthread.h>

#define HEAD "{\"format\":\"policy/1\",\"id\":\"t\",\"version\":1,"
#define SCHEMA                                                                                     \
    "\"schema\":{\"subject\":{\"id\":\"string\",\"status\":{\"enum\":[\"active\",\"suspended\"]}," \
    "\"clearance\":{\"int\":[0,3]}},"                                                              \
    "\"context\":{\"acr\":{\"int\":[0,3]}},\"types\":{\"case\":{\"actions\":[\"read\",\"update\"," \
    "\"close\",\"delete\"],\"attrs\":{\"unit\":\"unit\",\"level\":{\"int\":[0,3]},\"owner\":"      \
    "\"string\"},\"field_classes\":{\"public\":[\"id\"],\"personal\":[\"name\",\"phone\"]}}}},"
#define ROLES                                                                                      \
    "\"roles\":{\"low\":{},\"high\":{\"inherits\":[\"low\"]},\"duty\":{\"activation\":{\"mode\":"  \
    "\"on_demand\",\"max_minutes\":60}}},"
#define SOD                                                                                        \
    "\"sod\":[{\"id\":\"S4\",\"kind\":\"object\",\"actions\":[\"case:update\",\"case:close\"],"    \
    "\"n\":2}],"
#define RULES                                                                                      \
    "\"rules\":["                                                                                  \
    "{\"id\":\"P1\",\"effect\":\"permit\",\"roles\":[\"low\"],\"do\":[\"case:read\"],\"scope\":"   \
    "\"unit\",\"fields\":{\"read\":[\"*\"]}},"                                                     \
    "{\"id\":\"P2\",\"effect\":\"permit\",\"roles\":[\"low\"],\"do\":[\"case:read\"],\"scope\":"   \
    "\"subtree\",\"when\":[\"le\",\"resource.level\",\"subject.clearance\"]},"                     \
    "{\"id\":\"P3\",\"effect\":\"permit\",\"roles\":[\"high\"],\"do\":[\"case:update\","           \
    "\"case:close\",\"case:delete\"],\"scope\":\"subtree\"},"                                      \
    "{\"id\":\"P4\",\"effect\":\"permit\",\"roles\":[\"duty\"],\"do\":[\"case:read\"],\"scope\":"  \
    "\"all\"},"                                                                                    \
    "{\"id\":\"F1\",\"effect\":\"forbid\",\"do\":[\"*:*\"],\"when\":[\"eq\",\"subject.status\","   \
    "\"suspended\"],\"code\":\"E_SUSPENDED\"},"                                                    \
    "{\"id\":\"M1\",\"effect\":\"mask\",\"do\":[\"case:read\"],\"classes\":[\"personal\"],"        \
    "\"how\":{\"phone\":\"last4\",\"*\":\"hash\"},\"unless\":[\"ge\",\"subject.clearance\",2]},"   \
    "{\"id\":\"Q1\",\"effect\":\"require\",\"do\":[\"case:delete\"],\"that\":[[\"ge\","            \
    "\"context.acr\",2]],\"oblige\":{\"type\":\"step-up\",\"acr_value\":\"acr2\"}}]}"

enum { ID, STATUS, CLEARANCE };
enum { UNIT, LEVEL, OWNER };
enum { U0, U1, U2 };
enum { LOW, HIGH, DUTY };

struct point {
    struct sj_policy *policy;
    struct sj_policy_set *set;
    struct sj_attr_value subject[3];
    struct sj_attr_value resource[3];
    struct sj_attr_value context[1];
    struct sj_policy_grant grants[2];
    struct sj_policy_request request;
    struct sj_policy_decision decision;
};

static struct sj_attr_value number(enum sj_attr_kind kind, int64_t value)
{
    return (struct sj_attr_value){.kind = (uint8_t)kind, .number = value};
}

static enum sj_policy_known never(void *history, uint32_t action)
{
    (void)history;
    (void)action;
    return SJ_KNOWN_NO;
}

static enum sj_policy_known has_updated(void *history, uint32_t action)
{
    const struct point *point = history;
    return action == sj_policy_action_find(point->policy, SJ_TEXT("case:update")) ? SJ_KNOWN_YES
                                                                                  : SJ_KNOWN_NO;
}

static void point_clear(struct point *point)
{
    sj_policy_set_free(&point->set);
    sj_policy_free(&point->policy);
}

/* A "low" of u1 with clearance 1, active, and a case of u1 with level 1. */
static void point_make(struct point *point, const char *json)
{
    static const struct sj_policy_unit units[] = {
        {{"u0", 2}, {"", 0}}, {{"u1", 2}, {"u0", 2}}, {{"u2", 2}, {"u1", 2}}};
    struct sj_policy_fault fault;
    *point = (struct point){0};
    CHECK_OK(sj_policy_read(sj_text_bytes(sj_text_of(json)), NULL, &point->policy, &fault));
    if (point->policy == NULL) {
        printf("  %s: %s\n", fault.pointer, fault.why);
        return;
    }
    const struct sj_policy *files[] = {point->policy};
    CHECK_OK(sj_policy_set_new(files, 1, units, SJ_COUNT(units), 7, &point->set, &fault));
    point->subject[STATUS] = number(SJ_ATTR_ENUM, 0);
    point->subject[CLEARANCE] = number(SJ_ATTR_INT, 1);
    point->resource[UNIT] = number(SJ_ATTR_UNIT, U1);
    point->resource[LEVEL] = number(SJ_ATTR_INT, 1);
    point->context[0] = number(SJ_ATTR_INT, 1);
    point->grants[0] = (struct sj_policy_grant){.role = LOW, .unit = U1};
    point->request = (struct sj_policy_request){.grants = point->grants,
        .grant_count = 1,
        .subject = point->subject,
        .resource = point->resource,
        .context = point->context,
        .now = 1000,
        .has_done = never};
}

static const struct sj_policy_decision *ask(struct point *point, const char *action)
{
    point->request.action = sj_policy_action_find(point->policy, sj_text_of(action));
    sj_policy_set_decide(point->set, &point->request, &point->decision);
    return &point->decision;
}

static bool coded(struct point *point, const char *action, const char *code)
{
    const struct sj_policy_decision *decision = ask(point, action);
    if (strcmp(decision->code, code) != 0) {
        printf("  %s: wanted %s got %s\n", action, code, decision->code);
    }
    return !decision->permit && decision->read == 0 && strcmp(decision->code, code) == 0;
}

#define POINT(name)                                                                                \
    CLEANUP(point_clear) struct point name;                                                        \
    point_make(&name, HEAD SCHEMA ROLES SOD RULES)

/* ---- what a decision asks of memory and of other threads: the linker brings it here ---- */

static unsigned asked_for_memory;
static unsigned asked_for_a_lock;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __real_pthread_rwlock_rdlock(pthread_rwlock_t *lock);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t *lock);

void *__wrap_malloc(size_t size)
{
    asked_for_memory++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    asked_for_memory++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    asked_for_memory++;
    return __real_realloc(old, size);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    asked_for_a_lock++;
    return __real_pthread_mutex_lock(mutex);
}

int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    asked_for_a_lock++;
    return __real_pthread_rwlock_rdlock(lock);
}

TEST(engine_decides_without_memory_and_without_a_lock)
{
    static const char *const actions[] = {"case:read", "case:update", "case:close", "case:delete"};
    asked_for_memory = 0;
    POINT(point);
    REQUIRE(point.set != NULL);
    CHECK(asked_for_memory > 0); /* the counter counts */
    uint32_t numbers[SJ_COUNT(actions)];
    for (size_t i = 0; i < SJ_COUNT(actions); i++) {
        numbers[i] = sj_policy_action_find(point.policy, sj_text_of(actions[i]));
    }
    asked_for_memory = 0;
    asked_for_a_lock = 0;
    unsigned permits = 0;
    for (unsigned i = 0; i < 1000; i++) {
        point.request.action = numbers[i % SJ_COUNT(numbers)];
        point.resource[UNIT].number = (int64_t)(i / 4 % 3);
        point.subject[CLEARANCE].number = (int64_t)(i / 12 % 4);
        point.grants[0].role = (uint16_t)(i / 48 % 2);
        sj_policy_set_decide(point.set, &point.request, &point.decision);
        permits += point.decision.permit ? 1 : 0;
    }
    CHECK(permits > 100 && permits < 900);
    CHECK(asked_for_memory == 0);
    CHECK(asked_for_a_lock == 0);
}

TEST(engine_permits_by_unit_and_by_subtree)
{
    POINT(point);
    REQUIRE(point.set != NULL);
    const struct sj_policy_decision *decision = ask(&point, "case:read");
    CHECK(decision->permit && decision->by_count == 2 && strcmp(decision->by[1], "P2") == 0);
    CHECK(decision->reach == SJ_REACH_SUBTREE && decision->assignments == 7);
    point.resource[UNIT].number = U2;
    decision = ask(&point, "case:read");
    CHECK(decision->permit && decision->by_count == 1 && strcmp(decision->rule, "P2") == 0);
    CHECK(decision->read == 0);
    point.resource[UNIT].number = U0;
    CHECK(coded(&point, "case:read", "E_NO_PERMIT"));
    point.resource[UNIT].kind = SJ_ATTR_NONE;
    CHECK(coded(&point, "case:read", "E_NO_PERMIT"));
}

TEST(engine_never_permits_on_an_error)
{
    POINT(point);
    REQUIRE(point.set != NULL);
    point.resource[UNIT].number = U2;
    point.resource[LEVEL].kind = SJ_ATTR_NONE;
    CHECK(coded(&point, "case:read", "E_NO_PERMIT"));
}

TEST(engine_forbids_on_an_error)
{
    POINT(point);
    REQUIRE(point.set != NULL);
    point.subject[STATUS].kind =
        SJ_ATTR_NONE; /* the forbid is found by its key: a missing one counts */
    CHECK(coded(&point, "case:read", "E_SUSPENDED"));
    point.subject[STATUS] = number(SJ_ATTR_ENUM, 1);
    CHECK(coded(&point, "case:read", "E_SUSPENDED"));
    CHECK(strcmp(point.decision.rule, "F1") == 0 && point.decision.refusal == SJ_REFUSAL_FORBID);
}

TEST(engine_masks_unless_and_keeps_masked_fields_out_of_filters)
{
    POINT(point);
    REQUIRE(point.set != NULL);
    const struct sj_policy_decision *decision = ask(&point, "case:read");
    CHECK(decision->read == 7 && decision->masked == 6);
    CHECK(decision->how[1] == SJ_HOW_HASH && decision->how[2] == SJ_HOW_LAST4);
    CHECK(decision->sort == 1 && decision->filter == 1 && decision->aggregate == 1);
    point.subject[CLEARANCE].number = 2;
    decision = ask(&point, "case:read");
    CHECK(decision->masked == 0 && decision->filter == 7);
    point.subject[CLEARANCE].kind = SJ_ATTR_NONE;
    CHECK(ask(&point, "case:read")->masked == 6);
}

TEST(engine_sends_nobody_to_step_up_for_nothing)
{
    POINT(point);
    REQUIRE(point.set != NULL);
    CHECK(coded(&point, "case:delete", "E_NO_PERMIT"));
    point.grants[0].role = HIGH;
    CHECK(coded(&point, "case:delete", "E_REQUIRE"));
    CHECK(point.decision.obligation_count == 1);
    CHECK(strcmp(point.decision.obligations[0]->acr_value, "acr2") == 0);
    point.context[0].kind = SJ_ATTR_NONE;
    CHECK(coded(&point, "case:delete", "E_REQUIRE"));
    point.context[0] = number(SJ_ATTR_INT, 2);
    CHECK(ask(&point, "case:delete")->permit && point.decision.obligation_count == 0);
}

TEST(engine_counts_grants_only_while_they_hold)
{
    POINT(point);
    REQUIRE(point.set != NULL);
    point.grants[0].until = 1000; /* a clock that jumps over it meets the same */
    CHECK(coded(&point, "case:read", "E_NO_PERMIT"));
    point.grants[0].until = 1001;
    CHECK(ask(&point, "case:read")->permit);
    point.grants[0].from = 1001;
    CHECK(coded(&point, "case:read", "E_NO_PERMIT"));
    point.grants[0] = (struct sj_policy_grant){.role = LOW, .unit = U1, .lapsed = true};
    CHECK(coded(&point, "case:read", "E_NO_PERMIT"));
    point.grants[0] = (struct sj_policy_grant){.role = LOW, .unit = U1, .kind = SJ_GRANT_DELEGATED};
    CHECK(coded(&point, "case:read", "E_NO_PERMIT"));
    point.grants[0] = (struct sj_policy_grant){.role = DUTY, .unit = U1};
    CHECK(coded(&point, "case:read", "E_NO_PERMIT"));
    point.grants[0].active = true;
    CHECK(ask(&point, "case:read")->permit);
}

TEST(engine_separates_duties_on_one_object)
{
    POINT(point);
    REQUIRE(point.set != NULL);
    point.grants[0].role = HIGH;
    CHECK(ask(&point, "case:close")->permit);
    point.request.has_done = has_updated;
    point.request.history = &point;
    CHECK(coded(&point, "case:close", "E_SOD") && strcmp(point.decision.rule, "S4") == 0);
    CHECK(ask(&point, "case:update")->permit);
    point.request.has_done = NULL; /* what cannot be told refuses */
    CHECK(coded(&point, "case:update", "E_SOD"));
}

TEST(engine_refuses_what_is_no_request_or_no_subject)
{
    POINT(point);
    REQUIRE(point.set != NULL);
    CHECK(coded(&point, "case:erase", "E_BAD_REQUEST"));
    point.request.malformed = true;
    CHECK(coded(&point, "case:read", "E_BAD_REQUEST"));
    point.request.malformed = false;
    point.request.inactive = true;
    CHECK(coded(&point, "case:read", "E_INACTIVE"));
    point.request.inactive = false;
    point.request.session_ended = true;
    CHECK(coded(&point, "case:read", "E_SESSION"));
}

TEST(engine_refuses_hostile_documents_with_their_place)
{
    static const struct {
        const char *json;
        uint32_t line;
        uint32_t column;
        const char *pointer;
    } rows[] = {
        {"{\"a\":1,\n \"a\":2}", 2, 2, "/a"},
        {"{\"a\":1e308}", 1, 6, "/a"},
        {"{\"a\":\"\\ud800\"}", 1, 13, "/a"},
        {"{\"a\":01}", 1, 6, "/a"},
        {"{} x", 1, 4, ""},
        {"{\"format\":\"policy/1\",\n\"rule\":[]}", 2, 8, "/rule"},
    };
    for (size_t i = 0; i < SJ_COUNT(rows); i++) {
        CLEANUP(sj_policy_free) struct sj_policy *policy = NULL;
        struct sj_policy_fault fault;
        CHECK_CODE(sj_policy_read(sj_text_bytes(sj_text_of(rows[i].json)), NULL, &policy, &fault),
            BAD_CONFIG);
        if (fault.line != rows[i].line || fault.column != rows[i].column ||
            strcmp(fault.pointer, rows[i].pointer) != 0) {
            printf(
                "  row %zu: %u:%u %s %s\n", i, fault.line, fault.column, fault.pointer, fault.why);
            CHECK(false);
        }
    }
    char deep[4096];
    for (size_t i = 0; i < sizeof deep; i++) {
        deep[i] = '[';
    }
    CLEANUP(sj_policy_free) struct sj_policy *policy = NULL;
    struct sj_policy_fault fault;
    CHECK_CODE(sj_policy_read(sj_view_of(deep, sizeof deep), NULL, &policy, &fault), BAD_CONFIG);
}

TEST(engine_writes_the_canonical_form)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(1024);
    struct sj_policy_fault fault;
    CHECK_OK(sj_policy_canonical(
        sj_text_bytes(SJ_TEXT(
            "{ \"b\" : [1, true,null], \"\\ud83d\\ude00\":0,\"\\ufb33\":1, \"a\":\"\\u0001\\n\"}")),
        &out, &fault));
    CHECK(sj_text_is(sj_buf_text(&out),
        "{\"a\":\"\\u0001\\n\",\"b\":[1,true,null],\"\xf0\x9f\x98\x80\":0,\"\xef\xac\xb3\":1}"));
}

/* The reference's own example and its requests T1 to T4. */
static void example_make(struct point *point)
{
    static const struct sj_policy_unit units[] = {
        {{"u0", 2}, {"", 0}}, {{"u3", 2}, {"u0", 2}}, {{"u4", 2}, {"u0", 2}}};
    char json[16384];
    *point = (struct point){0};
    CLEANUP(sj_closep)
    int fd = open(SJ_TEST_SOURCE "/tests/policy/example/policy.json", O_RDONLY | O_CLOEXEC);
    const ssize_t len = read(fd, json, sizeof json);
    REQUIRE(len > 0);
    struct sj_policy_fault fault;
    CHECK_OK(sj_policy_read(sj_view_of(json, (size_t)len), NULL, &point->policy, &fault));
    if (point->policy == NULL) {
        printf("  %s: %s\n", fault.pointer, fault.why);
        return;
    }
    const struct sj_policy *files[] = {point->policy};
    CHECK_OK(sj_policy_set_new(files, 1, units, SJ_COUNT(units), 0, &point->set, &fault));
}

TEST(engine_decides_the_example_of_the_reference)
{
    CLEANUP(point_clear) struct point point;
    example_make(&point);
    REQUIRE(point.set != NULL);
    enum { U3 = 1, U4 = 2, CARE = 0 };
    /* id, unit, clearance, status; unit, owner, level, locked, state; acr, purpose, ip, now, approvals */
    struct sj_attr_value ann[4] = {
        {0}, number(SJ_ATTR_UNIT, U3), number(SJ_ATTR_INT, 1), number(SJ_ATTR_ENUM, 0)};
    struct sj_attr_value c1[5] = {number(SJ_ATTR_UNIT, U3), {0}, number(SJ_ATTR_INT, 1),
        number(SJ_ATTR_BOOL, 0), number(SJ_ATTR_ENUM, 0)};
    struct sj_attr_value context[5] = {number(SJ_ATTR_INT, 1), number(SJ_ATTR_ENUM, CARE)};
    point.grants[0].role = sj_policy_role_number(point.policy, SJ_TEXT("caseworker"));
    point.grants[0].unit = U3;
    point.request = (struct sj_policy_request){.grants = point.grants,
        .grant_count = 1,
        .subject = ann,
        .resource = c1,
        .context = context,
        .has_done = never};
    const struct sj_policy_decision *decision = ask(&point, "case:read"); /* T1 */
    CHECK(decision->permit && decision->by_count == 2);
    CHECK(strcmp(decision->by[0], "P1") == 0 && strcmp(decision->by[1], "P2") == 0);
    CHECK(decision->read == 0xff && decision->masked == 0xe0);
    CHECK(decision->how[5] == SJ_HOW_HASH && decision->how[6] == SJ_HOW_YEAR);
    CHECK(decision->how[7] == SJ_HOW_LAST4);
    CHECK(coded(&point, "case:delete", "E_NO_PERMIT")); /* T3 */
    c1[0].number = U4;
    CHECK(coded(&point, "case:read", "E_NO_PERMIT")); /* T2 */
    c1[0].number = U3;
    c1[2].kind = SJ_ATTR_NONE;
    decision = ask(&point, "case:read"); /* T4 */
    CHECK(decision->permit && decision->by_count == 1 && strcmp(decision->rule, "P1") == 0);
}

TEST(engine_sets_rules_aside_by_break_glass_but_for_the_named)
{
    CLEANUP(point_clear) struct point point;
    example_make(&point);
    REQUIRE(point.set != NULL);
    struct sj_attr_value subject[4] = {{0}, {0}, number(SJ_ATTR_INT, 0), number(SJ_ATTR_ENUM, 0)};
    struct sj_attr_value c1[5] = {number(SJ_ATTR_UNIT, 1)};
    point.grants[0].role = sj_policy_role_number(point.policy, SJ_TEXT("emergency"));
    point.grants[0].unit = 1;
    point.request = (struct sj_policy_request){
        .grants = point.grants, .grant_count = 1, .subject = subject, .resource = c1};
    CHECK(coded(&point, "case:read", "E_NO_PERMIT")); /* assigned, not by break-glass */
    point.grants[0].kind = SJ_GRANT_BREAK_GLASS;
    const struct sj_policy_decision *decision = ask(&point, "case:read");
    CHECK(decision->permit && decision->break_glass && decision->read == 0x1ff);
    CHECK(decision->masked == 0);
    CHECK(coded(&point, "case:update", "E_LOCKED")); /* a null "locked" is an error */
    subject[3].number = 1;
    CHECK(coded(&point, "case:read", "E_SUSPENDED"));
    CHECK(!point.decision.break_glass);
    subject[3].number = 0;
    c1[0].number = 2;
    CHECK(coded(&point, "case:read", "E_NO_PERMIT"));
}
