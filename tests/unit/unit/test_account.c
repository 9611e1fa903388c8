/* SPDX-License-Identifier: Apache-2.0
 *
 * Who sees which accounts, and are names of people ciphertext at rest?
 */
#include "authn/world.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/scopes.h"
#include "sanjeh/unit/assignment.h"

#define NONE ((struct sj_uuid){{0}})

struct view {
    struct sj_arena *arena;
    struct sj_account *items;
    size_t count;
};

static void view_clear(struct view *view)
{
    sj_arena_free(&view->arena);
}

static sj_status look(
    struct world_desk *desk, struct sj_uuid scope, bool with_names, struct view *view)
{
    struct sj_context context;
    TRY(ask_context(desk->loop.channel, &scope, 1, sj_time_now() + 60000000, &context));
    TRY(sj_arena_new(1u << 20, &view->arena));
    return sj_account_list(desk->loop.db, desk->loop.fields, &context, NONE, 1000, with_names,
        view->arena, &view->items, &view->count);
}

static const struct sj_account *find(const struct view *view, struct sj_uuid id)
{
    for (size_t i = 0; i < view->count; i++) {
        if (sj_uuid_equal(view->items[i].id, id)) {
            return &view->items[i];
        }
    }
    return NULL;
}

DESK_TEST(account_is_seen_by_its_unit_by_itself_and_by_administration)
{
    struct sj_uuid hrd;
    struct sj_uuid sit;
    REQUIRE_OK(world_unit(desk, "HRD", &hrd));
    REQUIRE_OK(world_unit(desk, "SIT", &sit));
    struct world_account own;
    struct world_account other;
    struct world_account platform;
    REQUIRE_OK(world_account(desk, "own", hrd, "reader,writer", &own));
    REQUIRE_OK(world_account(desk, "other", sit, "reader", &other));
    REQUIRE_OK(world_account(desk, "platform", NONE, "reader", &platform));
    CLEANUP(view_clear) struct view unit = {.count = 0};
    REQUIRE_OK(look(desk, hrd, false, &unit));
    CHECK(find(&unit, own.account.id) != NULL && find(&unit, other.account.id) == NULL);
    CHECK(find(&unit, platform.account.id) == NULL);
    CLEANUP(view_clear) struct view self = {.count = 0};
    REQUIRE_OK(look(desk, platform.account.id, true, &self));
    REQUIRE(self.count == 1);
    CHECK(sj_text_is(self.items[0].display_name, "نام نمونه"));
    CLEANUP(view_clear) struct view admin = {.count = 0};
    REQUIRE_OK(look(desk, SJ_SCOPE_ADMIN, true, &admin));
    const struct sj_account *seen = find(&admin, own.account.id);
    REQUIRE(seen != NULL && find(&admin, other.account.id) != NULL);
    CHECK(sj_text_is(seen->display_name, "نام نمونه") && sj_text_is(seen->unit_code, "HRD"));
    CHECK(sj_text_is(seen->roles, "reader,writer") && sj_text_is(seen->status, "active"));
    CHECK(find(&admin, platform.account.id) != NULL);
    CLEANUP(view_clear) struct view stranger = {.count = 0};
    REQUIRE_OK(look(desk, own.secret[0] == 0 ? sit : world_source(), true, &stranger));
    CHECK(find(&stranger, own.account.id) == NULL);
}

DESK_TEST(account_names_are_opened_only_when_asked)
{
    struct sj_uuid hrd;
    REQUIRE_OK(world_unit(desk, "HRD", &hrd));
    struct world_account a;
    REQUIRE_OK(world_account(desk, "sealed", hrd, "reader", &a));
    CLEANUP(view_clear) struct view admin = {.count = 0};
    REQUIRE_OK(look(desk, SJ_SCOPE_ADMIN, false, &admin));
    const struct sj_account *seen = find(&admin, a.account.id);
    REQUIRE(seen != NULL);
    CHECK(seen->display_name.len == 0);
    CHECK(world_number("select count(*) from sanjeh.account where id = '%s' and position("
                       "convert_to('نمونه', 'UTF8') in display_name) > 0",
              a.account.id) == 0);
}

DESK_TEST(account_of_an_erased_subject_has_no_name)
{
    struct world_account a;
    REQUIRE_OK(world_account(desk, "erased", NONE, "reader", &a));
    REQUIRE(world_sql("delete from sanjeh.subject_key where subject_id = '%s'", a.account.id));
    CLEANUP(view_clear) struct view admin = {.count = 0};
    REQUIRE_OK(look(desk, SJ_SCOPE_ADMIN, true, &admin));
    const struct sj_account *seen = find(&admin, a.account.id);
    REQUIRE(seen != NULL);
    CHECK(seen->display_name.len == 0 && seen->username.len > 0);
}

static sj_status former_of(const struct sj_account *account, struct sj_hash *ret_hash)
{
    return sj_account_former_seal_hash(account, account->roles, ret_hash);
}

TEST(account_former_seal_covered_everything_that_gave_rights)
{
    const struct sj_account base = {.id = {{1}},
        .unit = {{2}},
        .username = SJ_TEXT("a.name"),
        .status = SJ_TEXT("active"),
        .roles = SJ_TEXT("analyst,reader,writer")};
    struct sj_account others[8];
    for (size_t i = 0; i < SJ_COUNT(others); i++) {
        others[i] = base;
    }
    others[0].id = (struct sj_uuid){{3}};
    others[1].unit = NONE;
    others[2].compartment = (struct sj_uuid){{2}};
    others[3].judge = (struct sj_uuid){{2}};
    others[4].username = SJ_TEXT("a.nam");
    others[5].status = SJ_TEXT("disabled");
    others[6].roles = SJ_TEXT("analyst,reader");
    others[7].roles = SJ_TEXT("analyst,readerwriter");
    struct sj_hash hash;
    struct sj_hash other;
    REQUIRE_OK(former_of(&base, &hash));
    for (size_t i = 0; i < SJ_COUNT(others); i++) {
        REQUIRE_OK(former_of(&others[i], &other));
        CHECK(!sj_hash_equal(&hash, &other));
    }
    struct sj_account same = base;
    same.roles = SJ_TEXT("writer,analyst,reader");
    same.version = 9;
    same.display_name = SJ_TEXT("Another");
    REQUIRE_OK(former_of(&same, &other));
    CHECK(sj_hash_equal(&hash, &other));
}

TEST(account_seal_covers_all_of_each_assignment)
{
    const struct sj_account account = {
        .id = {{1}}, .username = SJ_TEXT("a.name"), .status = SJ_TEXT("active")};
    const struct sj_assignment base[2] = {{.id = {{1}}, .role = "reader", .certified_at = 5},
        {.id = {{2}}, .role = "writer", .certified_at = 5}};
    struct sj_assignment others[11][2];
    for (size_t i = 0; i < SJ_COUNT(others); i++) {
        others[i][0] = base[0];
        others[i][1] = base[1];
    }
    others[0][0].id = (struct sj_uuid){{3}};
    others[1][0].role[0] = 'l';
    others[2][0].kind = SJ_DELEGATED;
    others[3][0].depth = 1;
    others[4][0].granted_by = (struct sj_uuid){{1}};
    others[5][0].source = (struct sj_uuid){{1}};
    others[6][0].valid_from = 1;
    others[7][0].valid_until = 1;
    others[8][0].locked_from = 1;
    others[9][0].locked_until = 1;
    others[10][0].certified_at = 6;
    struct sj_hash hash;
    struct sj_hash other;
    REQUIRE_OK(sj_account_seal_hash(&account, base, 2, &hash));
    for (size_t i = 0; i < SJ_COUNT(others); i++) {
        REQUIRE_OK(sj_account_seal_hash(&account, others[i], 2, &other));
        CHECK(!sj_hash_equal(&hash, &other));
    }
    REQUIRE_OK(sj_account_seal_hash(&account, base, 1, &other));
    CHECK(!sj_hash_equal(&hash, &other));
    const struct sj_assignment turned[2] = {base[1], base[0]};
    REQUIRE_OK(sj_account_seal_hash(&account, turned, 2, &other));
    CHECK(sj_hash_equal(&hash, &other));
    CHECK_CODE(
        sj_account_seal_hash(&account, base, SJ_ASSIGNMENTS_MAX + 1, &other), LIMIT_EXCEEDED);
}

static sj_status create(struct world_desk *desk, struct sj_account *account, struct sj_uuid scope)
{
    const struct sj_uuid scopes[] = {scope, SJ_SCOPE_KEYS};
    struct sj_context context;
    TRY(ask_context(
        desk->loop.channel, scopes, SJ_COUNT(scopes), sj_time_now() + 60000000, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(desk->loop.db, &context, &tx));
    TRY(sj_account_create(tx, desk->loop.fields, account));
    return sj_tx_commit(&tx);
}

DESK_TEST(account_refuses_what_no_account_can_be)
{
    struct sj_uuid hrd;
    struct sj_uuid sit;
    REQUIRE_OK(world_unit(desk, "HRD", &hrd));
    REQUIRE_OK(world_unit(desk, "SIT", &sit));
    const struct sj_account good = {.username = SJ_TEXT("refused.name"),
        .display_name = SJ_TEXT("A Name"),
        .unit = hrd,
        .roles = SJ_TEXT("reader")};
    struct sj_account a = good;
    a.username = SJ_TEXT("Upper.Case");
    CHECK_CODE(create(desk, &a, SJ_SCOPE_AUTHN), INVALID);
    a = good;
    a.username = SJ_TEXT("ab");
    CHECK_CODE(create(desk, &a, SJ_SCOPE_AUTHN), INVALID);
    a = good;
    a.display_name = SJ_TEXT("");
    CHECK_CODE(create(desk, &a, SJ_SCOPE_AUTHN), INVALID);
    a = good;
    a.display_name = SJ_TEXT("two\nlines");
    CHECK_CODE(create(desk, &a, SJ_SCOPE_AUTHN), INVALID);
    a = good;
    a.roles = SJ_TEXT("");
    CHECK_CODE(create(desk, &a, SJ_SCOPE_AUTHN), INVALID);
    a = good;
    a.judge = world_source();
    CHECK_CODE(create(desk, &a, SJ_SCOPE_AUTHN), INVALID);
    a = good;
    a.unit = NONE;
    a.compartment = hrd;
    CHECK_CODE(create(desk, &a, SJ_SCOPE_AUTHN), INVALID);
    a = good;
    a.compartment = sit; /* not one of HRD's: the database itself refuses */
    CHECK(sj_failed(create(desk, &a, SJ_SCOPE_AUTHN)));
    a = good;
    CHECK_OK(create(desk, &a, SJ_SCOPE_AUTHN));
    a = good;
    CHECK_CODE(create(desk, &a, SJ_SCOPE_AUTHN), DUPLICATE);
}

DESK_TEST(account_is_not_made_in_the_scope_of_its_unit)
{
    struct sj_uuid hrd;
    REQUIRE_OK(world_unit(desk, "HRD", &hrd));
    struct sj_account a = {.username = SJ_TEXT("injected.account"),
        .display_name = SJ_TEXT("A Name"),
        .unit = hrd,
        .roles = SJ_TEXT("reader")};
    CHECK(sj_failed(create(desk, &a, hrd)));
    CHECK(world_number("select count(*) from sanjeh.account where username = 'injected.account'"
                       " and '%s' <> ''",
              hrd) == 0);
}

DESK_TEST(account_list_pages_by_id)
{
    struct sj_uuid unit;
    REQUIRE_OK(world_unit(desk, "PAGES", &unit));
    struct world_account a;
    for (int i = 0; i < 5; i++) {
        REQUIRE_OK(world_account(desk, "page", unit, "reader", &a));
    }
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    REQUIRE_OK(sj_arena_new(1u << 20, &arena));
    struct sj_context context;
    REQUIRE_OK(ask_context(desk->loop.channel, &unit, 1, sj_time_now() + 60000000, &context));
    struct sj_uuid after = NONE;
    size_t seen = 0;
    for (int page = 0; page < 4; page++) {
        struct sj_account *items = NULL;
        size_t count = 0;
        REQUIRE_OK(sj_account_list(
            desk->loop.db, desk->loop.fields, &context, after, 2, true, arena, &items, &count));
        CHECK(count == (page < 2 ? 2u : page == 2 ? 1u : 0u));
        seen += count;
        after = count > 0 ? items[count - 1].id : after;
    }
    CHECK(seen == 5);
}
