/* SPDX-License-Identifier: Apache-2.0
 *
 * Is one deed one operation, whatever the order its parameters came in, and every other deed another?
 */
#include "sanjeh/approval/approval.h"
#include "sanjeh/base/memory.h"
#include "test.h"

static const struct sj_uuid object = {{1, 2, 3}};

static sj_status operation(
    const char *action, struct sj_uuid on, const char *parameters, struct sj_hash *ret_hash)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(65536, &arena));
    struct sj_text canonical;
    return sj_approval_operation(
        arena, sj_text_of(action), on, sj_text_of(parameters), &canonical, ret_hash);
}

TEST(operation_does_not_depend_on_order_and_space)
{
    struct sj_hash a;
    struct sj_hash b;
    REQUIRE_OK(operation("correction:create", object, "{\"a\":1,\"b\":\"x\"}", &a));
    REQUIRE_OK(operation("correction:create", object, " { \"b\" : \"x\", \"a\" : 1 } ", &b));
    CHECK(sj_hash_equal(&a, &b));
}

TEST(operation_differs_with_action_object_and_parameters)
{
    struct sj_hash a;
    struct sj_hash b;
    const struct sj_uuid other = {{1, 2, 4}};
    REQUIRE_OK(operation("correction:create", object, "{\"a\":1}", &a));
    REQUIRE_OK(operation("key:erase", object, "{\"a\":1}", &b));
    CHECK(!sj_hash_equal(&a, &b));
    REQUIRE_OK(operation("correction:create", other, "{\"a\":1}", &b));
    CHECK(!sj_hash_equal(&a, &b));
    REQUIRE_OK(operation("correction:create", object, "{\"a\":2}", &b));
    CHECK(!sj_hash_equal(&a, &b));
    REQUIRE_OK(operation("correction:create", object, "{\"a\":\"1\"}", &b));
    CHECK(!sj_hash_equal(&a, &b));
}

TEST(operation_refuses_what_is_no_object)
{
    static const char *const wrong[] = {
        "[]", "\"a\"", "1", "", "{", "{\"a\":1,\"a\":1}", "{\"a\":1}x", "{\"a\":1.5}"};
    struct sj_hash hash;
    for (size_t i = 0; i < SJ_COUNT(wrong); i++) {
        CHECK_CODE(operation("correction:create", object, wrong[i], &hash), INVALID);
    }
}

TEST(kinds_are_found_by_action_alone)
{
    CHECK(sj_approval_kind_count() >= 6);
    for (size_t i = 0; i < sj_approval_kind_count(); i++) {
        const struct sj_approval_kind *kind = sj_approval_kind_at(i);
        CHECK(sj_approval_kind_find(sj_text_of(kind->action)) == kind);
        CHECK(kind->need >= 1 && kind->need <= 5 && kind->ttl_s > 0);
    }
    CHECK(sj_approval_kind_find(SJ_TEXT("correction:creat")) == NULL);
    CHECK(sj_approval_kind_find(SJ_TEXT("")) == NULL);
}
