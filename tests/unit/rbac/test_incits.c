/* SPDX-License-Identifier: Apache-2.0
 *
 * Every function of INCITS 359: each precondition refused, each postcondition seen. A script of calls against one small model:
 * function, arguments, what it must answer; reviews are compared as joined names.
 */
#include "sanjeh/rbac/incits.h"
#include "test.h"

#define MAX_ARGS 5

typedef sj_status call_fn(struct sj_rbac *model, const struct sj_text *a, size_t count);

static uint32_t number_of(struct sj_text text)
{
    return text.len == 1 ? (uint32_t)(text.ptr[0] - '0') : 0;
}

#define CALL1(name)                                                                                \
    static sj_status call_##name(struct sj_rbac *model, const struct sj_text *a, size_t count)     \
    {                                                                                              \
        (void)count;                                                                               \
        return sj_rbac_##name(model, a[0]);                                                        \
    }
#define CALL2(name)                                                                                \
    static sj_status call_##name(struct sj_rbac *model, const struct sj_text *a, size_t count)     \
    {                                                                                              \
        (void)count;                                                                               \
        return sj_rbac_##name(model, a[0], a[1]);                                                  \
    }
#define CALL3(name)                                                                                \
    static sj_status call_##name(struct sj_rbac *model, const struct sj_text *a, size_t count)     \
    {                                                                                              \
        (void)count;                                                                               \
        return sj_rbac_##name(model, a[0], a[1], a[2]);                                            \
    }
CALL1(AddUser)
CALL1(DeleteUser)
CALL1(AddRole)
CALL1(DeleteRole)
CALL2(AssignUser)
CALL2(DeassignUser)
CALL2(AddPermission)
CALL3(GrantPermission)
CALL3(RevokePermission)
CALL2(DeleteSession)
CALL3(AddActiveRole)
CALL3(DropActiveRole)
CALL2(AddInheritance)
CALL2(DeleteInheritance)
CALL2(AddAscendant)
CALL2(AddDescendant)
CALL1(DeleteSsdSet)
CALL2(AddSsdRoleMember)
CALL2(DeleteSsdRoleMember)
CALL1(DeleteDsdSet)
CALL2(AddDsdRoleMember)
CALL2(DeleteDsdRoleMember)

static sj_status call_CreateSession(struct sj_rbac *model, const struct sj_text *a, size_t count)
{
    return sj_rbac_CreateSession(model, a[0], a[1], a + 2, count - 2);
}

/* set, n, roles … */
#define CALL_SET(kind)                                                                             \
    static sj_status call_Create##kind##Set(                                                       \
        struct sj_rbac *model, const struct sj_text *a, size_t count)                              \
    {                                                                                              \
        return sj_rbac_Create##kind##Set(model, a[0], a + 2, count - 2, number_of(a[1]));          \
    }                                                                                              \
    static sj_status call_Set##kind##SetCardinality(                                               \
        struct sj_rbac *model, const struct sj_text *a, size_t count)                              \
    {                                                                                              \
        (void)count;                                                                               \
        return sj_rbac_Set##kind##SetCardinality(model, a[0], number_of(a[1]));                    \
    }
CALL_SET(Ssd)
CALL_SET(Dsd)

/* session, operation, object, "yes" or "no" */
static sj_status call_CheckAccess(struct sj_rbac *model, const struct sj_text *a, size_t count)
{
    bool access = false;
    TRY(sj_rbac_CheckAccess(model, a[0], a[1], a[2], &access));
    CHECK(count == 3 || access == sj_text_is(a[3], "yes"));
    return SJ_DONE;
}

static void check_names(const struct sj_rbac_names *names, struct sj_text expected)
{
    CLEANUP(sj_buf_clear) struct sj_buf joined = SJ_BUF(4096);
    for (size_t i = 0; i < names->count; i++) {
        REQUIRE_OK(sj_buf_put_str(&joined, i == 0 ? "" : ","));
        REQUIRE_OK(sj_buf_put_text(&joined, names->items[i]));
    }
    const bool same = sj_text_equal(sj_buf_text(&joined), expected);
    if (!same) {
        fprintf(stderr, "    got \"%.*s\", expected \"%.*s\"\n", (int)joined.len,
            (const char *)joined.ptr, (int)expected.len, expected.ptr);
    }
    CHECK(same);
}

/* The last argument is what the review must give. */
#define REVIEW0(name)                                                                              \
    static sj_status call_##name(struct sj_rbac *model, const struct sj_text *a, size_t count)     \
    {                                                                                              \
        struct sj_rbac_names names = {.count = 0};                                                 \
        TRY(sj_rbac_##name(model, &names));                                                        \
        check_names(&names, a[count - 1]);                                                         \
        return SJ_DONE;                                                                            \
    }
#define REVIEW1(name)                                                                              \
    static sj_status call_##name(struct sj_rbac *model, const struct sj_text *a, size_t count)     \
    {                                                                                              \
        struct sj_rbac_names names = {.count = 0};                                                 \
        TRY(sj_rbac_##name(model, a[0], &names));                                                  \
        check_names(&names, a[count - 1]);                                                         \
        return SJ_DONE;                                                                            \
    }
#define REVIEW2(name)                                                                              \
    static sj_status call_##name(struct sj_rbac *model, const struct sj_text *a, size_t count)     \
    {                                                                                              \
        struct sj_rbac_names names = {.count = 0};                                                 \
        TRY(sj_rbac_##name(model, a[0], a[1], &names));                                            \
        check_names(&names, a[count - 1]);                                                         \
        return SJ_DONE;                                                                            \
    }
#define REVIEW_N(name)                                                                             \
    static sj_status call_##name(struct sj_rbac *model, const struct sj_text *a, size_t count)     \
    {                                                                                              \
        uint32_t n = 0;                                                                            \
        TRY(sj_rbac_##name(model, a[0], &n));                                                      \
        CHECK(n == number_of(a[count - 1]));                                                       \
        return SJ_DONE;                                                                            \
    }
REVIEW1(AssignedUsers)
REVIEW1(AssignedRoles)
REVIEW1(AuthorizedUsers)
REVIEW1(AuthorizedRoles)
REVIEW1(RolePermissions)
REVIEW1(UserPermissions)
REVIEW1(SessionRoles)
REVIEW1(SessionPermissions)
REVIEW2(RoleOperationsOnObject)
REVIEW2(UserOperationsOnObject)
REVIEW0(SsdRoleSets)
REVIEW1(SsdRoleSetRoles)
REVIEW_N(SsdRoleSetCardinality)
REVIEW0(DsdRoleSets)
REVIEW1(DsdRoleSetRoles)
REVIEW_N(DsdRoleSetCardinality)

struct step {
    call_fn *fn;
    const char *args[MAX_ARGS]; /* up to the first NULL */
    enum sj_code code;
    const char *why;
    int line;
};

#define DO(name, ...)                                                                              \
    {                                                                                              \
        call_##name, {__VA_ARGS__}, SJ_OK, "", __LINE__                                            \
    }
#define NO(code, rule, name, ...)                                                                  \
    {                                                                                              \
        call_##name, {__VA_ARGS__}, SJ_##code, rule, __LINE__                                      \
    }

static void play(enum sj_rbac_hierarchy hierarchy, const struct step *steps, size_t count)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    REQUIRE_OK(sj_arena_new(8u << 20, &arena));
    struct sj_rbac *model = NULL;
    REQUIRE_OK(sj_rbac_new(arena, hierarchy, &model));
    for (size_t i = 0; i < count; i++) {
        struct sj_text args[MAX_ARGS];
        size_t given = 0;
        while (given < MAX_ARGS && steps[i].args[given] != NULL) {
            args[given] = sj_text_of(steps[i].args[given]);
            given++;
        }
        const sj_status status = steps[i].fn(model, args, given);
        const bool right =
            status.code == steps[i].code &&
            (steps[i].code == SJ_OK || strcmp(sj_rbac_why(model), steps[i].why) == 0);
        if (!right) {
            fprintf(stderr, "    step of line %d: %s, \"%s\"\n", steps[i].line,
                sj_code_name(status.code), sj_rbac_why(model));
        }
        CHECK(right);
    }
}

TEST(rbac_core_functions_and_their_preconditions)
{
    static const struct step steps[] = {
        DO(AddUser, "ann"),
        NO(DUPLICATE, "USER_EXISTS", AddUser, "ann"),
        DO(AddUser, "bob"),
        DO(AddRole, "reader"),
        DO(AddRole, "writer"),
        NO(DUPLICATE, "ROLE_EXISTS", AddRole, "reader"),
        DO(AddPermission, "read", "case"),
        DO(AddPermission, "write", "case"),
        DO(AddPermission, "read", "file"),
        NO(DUPLICATE, "PERMISSION_EXISTS", AddPermission, "read", "case"),
        DO(AssignUser, "ann", "reader"),
        NO(DUPLICATE, "ASSIGNMENT_EXISTS", AssignUser, "ann", "reader"),
        NO(NOT_FOUND, "NO_USER", AssignUser, "eve", "reader"),
        NO(NOT_FOUND, "NO_ROLE", AssignUser, "ann", "king"),
        DO(AssignUser, "bob", "reader"),
        DO(AssignUser, "bob", "writer"),
        DO(GrantPermission, "case", "read", "reader"),
        DO(GrantPermission, "file", "read", "reader"),
        DO(GrantPermission, "case", "write", "writer"),
        NO(NOT_FOUND, "NO_PERMISSION", GrantPermission, "case", "fly", "reader"),
        NO(NOT_FOUND, "NO_ROLE", GrantPermission, "case", "read", "king"),
        DO(AssignedUsers, "reader", "ann,bob"),
        NO(NOT_FOUND, "NO_ROLE", AssignedUsers, "king", ""),
        DO(AssignedRoles, "bob", "reader,writer"),
        NO(NOT_FOUND, "NO_USER", AssignedRoles, "eve", ""),
        DO(RolePermissions, "reader", "case:read,file:read"),
        NO(NOT_FOUND, "NO_ROLE", RolePermissions, "king", ""),
        DO(UserPermissions, "bob", "case:read,case:write,file:read"),
        NO(NOT_FOUND, "NO_USER", UserPermissions, "eve", ""),
        DO(RoleOperationsOnObject, "reader", "case", "read"),
        NO(NOT_FOUND, "NO_ROLE", RoleOperationsOnObject, "king", "case", ""),
        DO(UserOperationsOnObject, "bob", "case", "read,write"),
        NO(NOT_FOUND, "NO_USER", UserOperationsOnObject, "eve", "case", ""),
        DO(RevokePermission, "read", "file", "reader"),
        NO(CONFLICT, "NOT_GRANTED", RevokePermission, "read", "file", "reader"),
        NO(NOT_FOUND, "NO_PERMISSION", RevokePermission, "fly", "file", "reader"),
        NO(NOT_FOUND, "NO_ROLE", RevokePermission, "read", "file", "king"),
        DO(RolePermissions, "reader", "case:read"),
    };
    play(SJ_RBAC_GENERAL, steps, SJ_COUNT(steps));
}

TEST(rbac_system_functions_and_their_preconditions)
{
    static const struct step steps[] = {
        DO(AddUser, "ann"),
        DO(AddUser, "bob"),
        DO(AddRole, "reader"),
        DO(AddRole, "writer"),
        DO(AddPermission, "read", "case"),
        DO(AddPermission, "write", "case"),
        DO(AddPermission, "read", "file"),
        DO(AssignUser, "ann", "reader"),
        DO(AssignUser, "bob", "reader"),
        DO(AssignUser, "bob", "writer"),
        DO(GrantPermission, "case", "read", "reader"),
        DO(GrantPermission, "file", "read", "reader"),
        DO(GrantPermission, "case", "write", "writer"),
        DO(CreateSession, "bob", "s1", "reader"),
        NO(DUPLICATE, "SESSION_EXISTS", CreateSession, "bob", "s1"),
        NO(NOT_FOUND, "NO_USER", CreateSession, "eve", "s2"),
        NO(NOT_FOUND, "NO_ROLE", CreateSession, "bob", "s2", "king"),
        NO(CONFLICT, "NOT_AUTHORIZED", CreateSession, "ann", "s2", "writer"),
        DO(SessionRoles, "s1", "reader"),
        NO(NOT_FOUND, "NO_SESSION", SessionRoles, "s2", ""),
        DO(SessionPermissions, "s1", "case:read,file:read"),
        NO(NOT_FOUND, "NO_SESSION", SessionPermissions, "s2", ""),
        DO(CheckAccess, "s1", "read", "case", "yes"),
        DO(CheckAccess, "s1", "write", "case", "no"),
        NO(NOT_FOUND, "NO_SESSION", CheckAccess, "s2", "read", "case"),
        NO(NOT_FOUND, "NO_PERMISSION", CheckAccess, "s1", "fly", "case"),
        DO(AddActiveRole, "bob", "s1", "writer"),
        NO(CONFLICT, "IS_ACTIVE", AddActiveRole, "bob", "s1", "writer"),
        NO(CONFLICT, "OTHER_USERS_SESSION", AddActiveRole, "ann", "s1", "reader"),
        NO(NOT_FOUND, "NO_USER", AddActiveRole, "eve", "s1", "reader"),
        NO(NOT_FOUND, "NO_SESSION", AddActiveRole, "bob", "s2", "reader"),
        NO(NOT_FOUND, "NO_ROLE", AddActiveRole, "bob", "s1", "king"),
        DO(CheckAccess, "s1", "write", "case", "yes"),
        DO(DropActiveRole, "bob", "s1", "writer"),
        NO(CONFLICT, "NOT_ACTIVE", DropActiveRole, "bob", "s1", "writer"),
        NO(CONFLICT, "OTHER_USERS_SESSION", DropActiveRole, "ann", "s1", "reader"),
        NO(NOT_FOUND, "NO_ROLE", DropActiveRole, "bob", "s1", "king"),
        DO(CheckAccess, "s1", "write", "case", "no"),
        DO(RevokePermission, "read", "file", "reader"),
        NO(CONFLICT, "NOT_GRANTED", RevokePermission, "read", "file", "reader"),
        NO(NOT_FOUND, "NO_PERMISSION", RevokePermission, "fly", "file", "reader"),
        NO(NOT_FOUND, "NO_ROLE", RevokePermission, "read", "file", "king"),
        DO(SessionPermissions, "s1", "case:read"),
        DO(CreateSession, "ann", "s3", "reader"),
        NO(CONFLICT, "OTHER_USERS_SESSION", DeleteSession, "bob", "s3"),
        NO(NOT_FOUND, "NO_USER", DeleteSession, "eve", "s3"),
        NO(NOT_FOUND, "NO_SESSION", DeleteSession, "ann", "s4"),
        DO(DeleteSession, "ann", "s3"),
        NO(NOT_FOUND, "NO_SESSION", SessionRoles, "s3", ""),
    };
    play(SJ_RBAC_GENERAL, steps, SJ_COUNT(steps));
}

TEST(rbac_taking_away_ends_the_sessions_that_use_it)
{
    static const struct step steps[] = {
        DO(AddUser, "ann"),
        DO(AddUser, "bob"),
        DO(AddRole, "a"),
        DO(AddRole, "b"),
        DO(AssignUser, "ann", "a"),
        DO(AssignUser, "ann", "b"),
        DO(AssignUser, "bob", "a"),
        DO(CreateSession, "ann", "s1", "a"),
        DO(CreateSession, "ann", "s2", "b"),
        DO(CreateSession, "bob", "s3", "a"),
        NO(NOT_FOUND, "NO_USER", DeassignUser, "eve", "a"),
        NO(NOT_FOUND, "NO_ROLE", DeassignUser, "ann", "king"),
        NO(CONFLICT, "NOT_ASSIGNED", DeassignUser, "bob", "b"),
        DO(DeassignUser, "ann", "a"),
        NO(NOT_FOUND, "NO_SESSION", SessionRoles, "s1", ""),
        DO(SessionRoles, "s2", "b"),
        DO(SessionRoles, "s3", "a"),
        NO(NOT_FOUND, "NO_ROLE", DeleteRole, "king"),
        DO(DeleteRole, "a"),
        NO(NOT_FOUND, "NO_SESSION", SessionRoles, "s3", ""),
        DO(AssignedRoles, "bob", ""),
        NO(NOT_FOUND, "NO_USER", DeleteUser, "eve"),
        DO(DeleteUser, "ann"),
        NO(NOT_FOUND, "NO_SESSION", SessionRoles, "s2", ""),
        DO(AssignedUsers, "b", ""),
        DO(AddUser, "ann"),
        DO(AssignedRoles, "ann", ""), /* another person of that name */
        /* what came by a role that is gone, through its juniors */
        DO(AddRole, "senior"),
        DO(AddInheritance, "senior", "b"),
        DO(AssignUser, "ann", "senior"),
        DO(CreateSession, "ann", "s4", "b"),
        DO(DeleteRole, "senior"),
        NO(NOT_FOUND, "NO_SESSION", SessionRoles, "s4", ""),
    };
    play(SJ_RBAC_GENERAL, steps, SJ_COUNT(steps));
}

TEST(rbac_general_hierarchy)
{
    static const struct step steps[] = {
        DO(AddUser, "ann"),
        DO(AddRole, "senior"),
        DO(AddRole, "middle"),
        DO(AddRole, "junior"),
        DO(AddPermission, "read", "case"),
        DO(GrantPermission, "case", "read", "junior"),
        DO(AddInheritance, "senior", "middle"),
        DO(AddInheritance, "middle", "junior"),
        NO(CONFLICT, "EDGE_EXISTS", AddInheritance, "senior", "middle"),
        NO(CONFLICT, "CYCLE", AddInheritance, "junior", "senior"),
        NO(CONFLICT, "CYCLE", AddInheritance, "middle", "middle"),
        NO(NOT_FOUND, "NO_ROLE", AddInheritance, "king", "junior"),
        NO(NOT_FOUND, "NO_ROLE", AddInheritance, "senior", "king"),
        DO(AssignUser, "ann", "senior"),
        DO(AuthorizedRoles, "ann", "senior,middle,junior"),
        DO(AssignedRoles, "ann", "senior"),
        NO(NOT_FOUND, "NO_USER", AuthorizedRoles, "eve", ""),
        DO(AuthorizedUsers, "junior", "ann"),
        DO(AssignedUsers, "junior", ""),
        NO(NOT_FOUND, "NO_ROLE", AuthorizedUsers, "king", ""),
        DO(RolePermissions, "senior", "case:read"),
        DO(UserPermissions, "ann", "case:read"),
        DO(RoleOperationsOnObject, "senior", "case", "read"),
        DO(UserOperationsOnObject, "ann", "case", "read"),
        DO(CreateSession, "ann", "s1", "junior"), /* authorized, not assigned */
        DO(CheckAccess, "s1", "read", "case", "yes"),
        DO(CreateSession, "ann", "s2", "senior"),
        DO(CheckAccess, "s2", "read", "case", "yes"),
        /* direct edges are stored: one that is also implied is another, and stays when that path goes */
        DO(AddInheritance, "senior", "junior"),
        DO(DeleteInheritance, "middle", "junior"),
        NO(CONFLICT, "NO_EDGE", DeleteInheritance, "middle", "junior"),
        NO(NOT_FOUND, "NO_ROLE", DeleteInheritance, "king", "junior"),
        NO(NOT_FOUND, "NO_ROLE", DeleteInheritance, "senior", "king"),
        DO(AuthorizedRoles, "ann", "senior,middle,junior"),
        DO(DeleteInheritance, "senior", "junior"),
        DO(AuthorizedRoles, "ann", "senior,middle"),
        NO(NOT_FOUND, "NO_SESSION", SessionRoles, "s1", ""), /* junior came by inheritance alone */
        DO(CheckAccess, "s2", "read", "case", "no"),
        DO(AddAscendant, "chief", "senior"),
        DO(AddDescendant, "middle", "clerk"),
        NO(DUPLICATE, "ROLE_EXISTS", AddAscendant, "chief", "junior"),
        NO(DUPLICATE, "ROLE_EXISTS", AddDescendant, "junior", "clerk"),
        NO(NOT_FOUND, "NO_ROLE", AddAscendant, "new", "king"),
        NO(NOT_FOUND, "NO_ROLE", AddDescendant, "king", "new"),
        DO(AuthorizedRoles, "ann", "senior,middle,clerk"),
    };
    play(SJ_RBAC_GENERAL, steps, SJ_COUNT(steps));
}

TEST(rbac_limited_hierarchy_has_one_immediate_descendant)
{
    static const struct step steps[] = {
        DO(AddRole, "a"),
        DO(AddRole, "b"),
        DO(AddRole, "c"),
        DO(AddInheritance, "a", "b"),
        NO(CONFLICT, "ONE_DESCENDANT", AddInheritance, "a", "c"),
        DO(AddInheritance, "c", "b"), /* two ascendants are fine */
        NO(CONFLICT, "ONE_DESCENDANT", AddDescendant, "a", "d"),
        NO(NOT_FOUND, "NO_ROLE", AssignedUsers, "d", ""), /* the new role is undone, too */
        DO(DeleteInheritance, "a", "b"),
        DO(AddDescendant, "a", "d"),
    };
    play(SJ_RBAC_LIMITED, steps, SJ_COUNT(steps));
}

TEST(rbac_static_separation_of_duty)
{
    static const struct step steps[] = {
        DO(AddUser, "ann"),
        DO(AddUser, "bob"),
        DO(AddRole, "a"),
        DO(AddRole, "b"),
        DO(AddRole, "c"),
        DO(AddRole, "top"),
        DO(AssignUser, "ann", "a"),
        NO(GUARD_UNMET, "CARDINALITY", CreateSsdSet, "S", "1", "a", "b"),
        NO(GUARD_UNMET, "CARDINALITY", CreateSsdSet, "S", "3", "a", "b"),
        NO(NOT_FOUND, "NO_ROLE", CreateSsdSet, "S", "2", "a", "king"),
        DO(CreateSsdSet, "S", "2", "a", "b"),
        NO(DUPLICATE, "SET_EXISTS", CreateSsdSet, "S", "2", "a", "c"),
        DO(SsdRoleSets, "S"),
        DO(SsdRoleSetRoles, "S", "a,b"),
        DO(SsdRoleSetCardinality, "S", "2"),
        NO(NOT_FOUND, "NO_SET", SsdRoleSetRoles, "T", ""),
        NO(NOT_FOUND, "NO_SET", SsdRoleSetCardinality, "T", "2"),
        NO(GUARD_UNMET, "SSD S", AssignUser, "ann", "b"),
        DO(AssignedRoles, "ann", "a"),
        /* by the closure: assigned above, and inherited by a new edge */
        DO(AssignUser, "ann", "top"),
        NO(GUARD_UNMET, "SSD S", AddInheritance, "top", "b"),
        DO(AuthorizedRoles, "ann", "a,top"),
        DO(DeassignUser, "ann", "top"),
        DO(AddInheritance, "top", "b"),
        NO(GUARD_UNMET, "SSD S", AssignUser, "ann", "top"),
        /* members and n */
        DO(AssignUser, "bob", "b"),
        DO(AssignUser, "bob", "c"),
        NO(GUARD_UNMET, "SSD S", AddSsdRoleMember, "S", "c"),
        DO(SsdRoleSetRoles, "S", "a,b"),
        DO(DeassignUser, "bob", "c"),
        DO(AddSsdRoleMember, "S", "c"),
        NO(CONFLICT, "MEMBER_EXISTS", AddSsdRoleMember, "S", "c"),
        NO(NOT_FOUND, "NO_SET", AddSsdRoleMember, "T", "c"),
        NO(NOT_FOUND, "NO_ROLE", AddSsdRoleMember, "S", "king"),
        DO(SetSsdSetCardinality, "S", "3"),
        DO(SsdRoleSetCardinality, "S", "3"),
        DO(AssignUser, "bob", "c"),
        NO(GUARD_UNMET, "SSD S", SetSsdSetCardinality, "S", "2"),
        NO(GUARD_UNMET, "CARDINALITY", SetSsdSetCardinality, "S", "4"),
        NO(GUARD_UNMET, "CARDINALITY", SetSsdSetCardinality, "S", "1"),
        NO(NOT_FOUND, "NO_SET", SetSsdSetCardinality, "T", "2"),
        NO(GUARD_UNMET, "CARDINALITY", DeleteSsdRoleMember, "S", "a"),
        NO(GUARD_UNMET, "CARDINALITY", DeleteRole, "a"),
        DO(DeassignUser, "bob", "c"),
        DO(SetSsdSetCardinality, "S", "2"),
        DO(DeleteSsdRoleMember, "S", "c"),
        NO(CONFLICT, "NO_MEMBER", DeleteSsdRoleMember, "S", "c"),
        NO(NOT_FOUND, "NO_SET", DeleteSsdRoleMember, "T", "c"),
        NO(NOT_FOUND, "NO_ROLE", DeleteSsdRoleMember, "S", "king"),
        NO(NOT_FOUND, "NO_SET", DeleteDsdSet, "S"), /* of the other kind */
        NO(NOT_FOUND, "NO_SET", DeleteSsdSet, "T"),
        DO(DeleteSsdSet, "S"),
        DO(SsdRoleSets, ""),
        DO(AssignUser, "ann", "b"),
        NO(GUARD_UNMET, "SSD U", CreateSsdSet, "U", "2", "a", "b"), /* somebody breaks it already */
        DO(SsdRoleSets, ""),
    };
    play(SJ_RBAC_GENERAL, steps, SJ_COUNT(steps));
}

TEST(rbac_dynamic_separation_of_duty)
{
    static const struct step steps[] = {
        DO(AddUser, "ann"), DO(AddRole, "a"), DO(AddRole, "b"), DO(AddRole, "c"),
        DO(AddRole, "top"), DO(AddInheritance, "top", "b"), DO(AssignUser, "ann", "a"),
        DO(AssignUser, "ann", "c"), DO(AssignUser, "ann", "top"),
        NO(GUARD_UNMET, "CARDINALITY", CreateDsdSet, "D", "1", "a", "b"),
        NO(GUARD_UNMET, "CARDINALITY", CreateDsdSet, "D", "3", "a", "b"),
        NO(NOT_FOUND, "NO_ROLE", CreateDsdSet, "D", "2", "a", "king"),
        DO(CreateDsdSet, "D", "2", "a", "b"), /* holding both is no matter */
        NO(DUPLICATE, "SET_EXISTS", CreateDsdSet, "D", "2", "a", "b"), DO(DsdRoleSets, "D"),
        DO(SsdRoleSets, ""), DO(DsdRoleSetRoles, "D", "a,b"), DO(DsdRoleSetCardinality, "D", "2"),
        NO(NOT_FOUND, "NO_SET", DsdRoleSetRoles, "E", ""),
        NO(NOT_FOUND, "NO_SET", DsdRoleSetCardinality, "E", "2"),
        NO(GUARD_UNMET, "DSD D", CreateSession, "ann", "s1", "a", "b"),
        NO(GUARD_UNMET, "DSD D", CreateSession, "ann", "s1", "a", "top"),
        DO(CreateSession, "ann", "s1", "a", "c"),
        NO(GUARD_UNMET, "DSD D", AddActiveRole, "ann", "s1", "b"),
        NO(GUARD_UNMET, "DSD D", AddActiveRole, "ann", "s1", "top"), DO(SessionRoles, "s1", "a,c"),
        DO(CreateSession, "ann", "s2", "b"),                /* another session is another matter */
        NO(GUARD_UNMET, "DSD D", AddInheritance, "c", "b"), /* s1 would have both */
        NO(GUARD_UNMET, "DSD D", AddDsdRoleMember, "D", "c"),
        NO(NOT_FOUND, "NO_SET", AddDsdRoleMember, "E", "c"),
        NO(NOT_FOUND, "NO_ROLE", AddDsdRoleMember, "D", "king"),
        NO(CONFLICT, "MEMBER_EXISTS", AddDsdRoleMember, "D", "a"),
        DO(DropActiveRole, "ann", "s1", "c"), DO(AddDsdRoleMember, "D", "c"),
        DO(SetDsdSetCardinality, "D", "3"), DO(AddActiveRole, "ann", "s1", "c"),
        NO(GUARD_UNMET, "DSD D", SetDsdSetCardinality, "D", "2"),
        NO(GUARD_UNMET, "CARDINALITY", SetDsdSetCardinality, "D", "4"),
        NO(NOT_FOUND, "NO_SET", SetDsdSetCardinality, "E", "2"),
        NO(GUARD_UNMET, "CARDINALITY", DeleteDsdRoleMember, "D", "b"),
        DO(DropActiveRole, "ann", "s1", "c"), DO(SetDsdSetCardinality, "D", "2"),
        DO(DeleteDsdRoleMember, "D", "c"), NO(CONFLICT, "NO_MEMBER", DeleteDsdRoleMember, "D", "c"),
        NO(NOT_FOUND, "NO_SET", DeleteDsdRoleMember, "E", "c"),
        NO(NOT_FOUND, "NO_ROLE", DeleteDsdRoleMember, "D", "king"),
        NO(NOT_FOUND, "NO_SET", DeleteDsdSet, "E"), DO(DeleteDsdSet, "D"), DO(DsdRoleSets, ""),
        DO(AddActiveRole, "ann", "s1", "b"),
        NO(GUARD_UNMET, "DSD F", CreateDsdSet, "F", "2", "a", "b"), /* s1 breaks it already */
    };
    play(SJ_RBAC_GENERAL, steps, SJ_COUNT(steps));
}

static const char policy_text[] =
    "{\"format\":\"policy/1\",\"id\":\"t\",\"version\":1,\"schema\":{\"types\":{"
    "\"case\":{\"actions\":[\"read\",\"write\"],\"attrs\":{},\"field_classes\":{\"all\":[\"x\"]}},"
    "\"file\":{\"actions\":[\"read\"],\"attrs\":{},\"field_classes\":{\"all\":[\"x\"]}}}},"
    "\"roles\":{\"reader\":{},\"writer\":{\"inherits\":[\"reader\"]},\"auditor\":{}},"
    "\"sod\":[{\"id\":\"S1\",\"kind\":\"static\",\"roles\":[\"writer\",\"auditor\"],\"n\":2},"
    "{\"id\":\"D1\",\"kind\":\"dynamic\",\"roles\":[\"reader\",\"auditor\"],\"n\":2}],"
    "\"rules\":[{\"id\":\"P1\",\"effect\":\"permit\",\"roles\":[\"reader\"],\"do\":[\"*:read\"],"
    "\"scope\":\"all\"},"
    "{\"id\":\"P2\",\"effect\":\"permit\",\"roles\":[\"writer\"],\"do\":[\"case:*\"],\"scope\":"
    "\"all\"},"
    "{\"id\":\"F1\",\"effect\":\"forbid\",\"roles\":[\"auditor\"],\"do\":[\"case:*\"]}]}";

TEST(rbac_takes_roles_edges_permissions_and_sets_of_a_policy)
{
    struct sj_policy *loaded = NULL;
    struct sj_policy_fault fault = {.line = 0};
    const sj_status status =
        sj_policy_read(sj_view_of(policy_text, sizeof policy_text - 1), NULL, &loaded, &fault);
    if (sj_failed(status)) {
        fprintf(stderr, "    %u:%u %s %s\n", fault.line, fault.column, fault.pointer, fault.why);
    }
    REQUIRE_OK(status);
    CLEANUP(sj_policy_free) struct sj_policy *policy = loaded;
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    REQUIRE_OK(sj_arena_new(8u << 20, &arena));
    struct sj_rbac *model = NULL;
    REQUIRE_OK(sj_rbac_new(arena, SJ_RBAC_GENERAL, &model));
    REQUIRE_OK(sj_rbac_load(model, policy));
    struct sj_rbac_names names = {.count = 0};
    REQUIRE_OK(sj_rbac_RolePermissions(model, SJ_TEXT("reader"), &names));
    check_names(&names, SJ_TEXT("case:read,file:read"));
    REQUIRE_OK(sj_rbac_RolePermissions(model, SJ_TEXT("writer"), &names));
    check_names(&names, SJ_TEXT("case:read,case:write,file:read"));
    REQUIRE_OK(sj_rbac_RolePermissions(model, SJ_TEXT("auditor"), &names));
    check_names(&names, SJ_TEXT("")); /* a forbid gives nothing */
    REQUIRE_OK(sj_rbac_SsdRoleSetRoles(model, SJ_TEXT("S1"), &names));
    check_names(&names, SJ_TEXT("writer,auditor"));
    REQUIRE_OK(sj_rbac_DsdRoleSets(model, &names));
    check_names(&names, SJ_TEXT("D1"));
    REQUIRE_OK(sj_rbac_AddUser(model, SJ_TEXT("ann")));
    REQUIRE_OK(sj_rbac_AssignUser(model, SJ_TEXT("ann"), SJ_TEXT("writer")));
    CHECK_CODE(sj_rbac_AssignUser(model, SJ_TEXT("ann"), SJ_TEXT("auditor")), GUARD_UNMET);
    CHECK_CODE(sj_rbac_load(model, policy), CONFLICT); /* a model is loaded once */
}
