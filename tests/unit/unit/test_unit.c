/* SPDX-License-Identifier: Apache-2.0
 *
 * Are units and compartments made whole, with their keys, and only by local administration?
 */
#include "authn/world.h"
#include "sanjeh/keys/scopes.h"

static const struct sj_context nothing = {.text = ""};

static sj_status begin(struct world_desk *desk, struct sj_uuid scope, struct sj_tx **ret_tx)
{
    struct sj_context context;
    TRY(ask_context(desk->loop.channel, &scope, 1, sj_time_now() + 60000000, &context));
    return sj_tx_begin(desk->loop.db, &context, ret_tx);
}

static sj_status create(struct world_desk *desk, const char *code, struct sj_uuid parent,
    struct sj_uuid scope, struct sj_unit *unit)
{
    *unit = (struct sj_unit){.code = sj_text_of(code),
        .name_fa = SJ_TEXT("دیوان عالی کشور"),
        .name_en = SJ_TEXT("Supreme Court"),
        .parent = parent};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(begin(desk, scope, &tx));
    TRY(sj_unit_create(tx, desk->loop.channel, unit));
    return sj_tx_commit(&tx);
}

#define NONE ((struct sj_uuid){{0}})

DESK_TEST(unit_is_made_with_its_key_and_a_tag)
{
    struct sj_unit unit;
    REQUIRE_OK(create(desk, "SC", NONE, SJ_SCOPE_KEYS, &unit));
    CHECK(unit.version == 1 && !sj_uuid_is_nil(unit.id) && !sj_uuid_is_nil(unit.tag));
    CHECK(!sj_uuid_equal(unit.id, unit.tag));
    CHECK(world_number("select count(*) from sanjeh.unit_key where unit_id = '%s'", unit.id) == 1);
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    REQUIRE_OK(sj_arena_new(65536, &arena));
    bool found = false;
    struct sj_unit seen;
    REQUIRE_OK(sj_unit_find(desk->loop.db, &nothing, unit.id, arena, &found, &seen));
    REQUIRE(found);
    CHECK(sj_text_is(seen.code, "SC") && sj_text_is(seen.name_fa, "دیوان عالی کشور"));
    CHECK(sj_uuid_equal(seen.tag, unit.tag) && sj_uuid_is_nil(seen.parent));
    CHECK_CODE(create(desk, "SC", NONE, SJ_SCOPE_KEYS, &unit), DUPLICATE);
}

DESK_TEST(unit_holds_compartments_one_level_deep)
{
    struct sj_unit unit;
    struct sj_unit compartment;
    struct sj_unit deeper;
    REQUIRE_OK(create(desk, "JDP", NONE, SJ_SCOPE_KEYS, &unit));
    REQUIRE_OK(create(desk, "JDP-E", unit.id, SJ_SCOPE_KEYS, &compartment));
    CHECK(world_number("select count(*) from sanjeh.unit_key where unit_id = '%s'",
              compartment.id) == 0); /* sealed under its unit's */
    CHECK_CODE(create(desk, "JDP-E-X", compartment.id, SJ_SCOPE_KEYS, &deeper), INVALID);
    CHECK_CODE(create(desk, "X", sj_platform_unit, SJ_SCOPE_KEYS, &deeper), INVALID);
    CHECK_CODE(create(desk, "X", unit.tag, SJ_SCOPE_KEYS, &deeper), INVALID);
}

DESK_TEST(unit_refuses_codes_and_names_that_are_none)
{
    static const char *const codes[] = {
        "", "hrd", "-A", "A B", "A_B", "ABCDEFGHIJKLMNOPQ", "ا", "PLATFORM"};
    struct sj_unit unit;
    for (size_t i = 0; i < SJ_COUNT(codes); i++) {
        const sj_status status = create(desk, codes[i], NONE, SJ_SCOPE_KEYS, &unit);
        CHECK(status.code == (i + 1 < SJ_COUNT(codes) ? SJ_INVALID : SJ_DUPLICATE));
    }
    unit = (struct sj_unit){
        .code = SJ_TEXT("NAMES"), .name_fa = SJ_TEXT("نام\n"), .name_en = SJ_TEXT("Name")};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    REQUIRE_OK(begin(desk, SJ_SCOPE_KEYS, &tx));
    CHECK_CODE(sj_unit_create(tx, desk->loop.channel, &unit), INVALID);
}

DESK_TEST(unit_is_not_made_in_the_scope_of_a_request)
{
    struct sj_uuid own;
    REQUIRE_OK(world_unit(desk, "HRD", &own));
    struct sj_unit unit;
    CHECK(sj_failed(create(desk, "MINE", NONE, own, &unit)));
    CHECK(sj_failed(create(desk, "MINE", NONE, SJ_SCOPE_ADMIN, &unit)));
    CHECK(world_number(
              "select count(*) from sanjeh.unit where code = 'MINE' and '%s' <> ''", own) == 0);
}

DESK_TEST(unit_list_shows_all_but_the_platform)
{
    struct sj_uuid unit;
    REQUIRE_OK(world_unit(desk, "AGO", &unit));
    REQUIRE_OK(world_unit(desk, "PIC", &unit));
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    REQUIRE_OK(sj_arena_new(65536, &arena));
    struct sj_unit *items = NULL;
    size_t count = 0;
    REQUIRE_OK(sj_unit_list(desk->loop.db, &nothing, arena, &items, &count));
    CHECK(count >= 2);
    bool sorted = true;
    bool has_platform = false;
    for (size_t i = 0; i < count; i++) {
        has_platform = has_platform || sj_text_is(items[i].code, "PLATFORM");
        sorted = sorted && (i == 0 || strcmp(items[i - 1].code.ptr, items[i].code.ptr) < 0);
    }
    CHECK(sorted && !has_platform);
    bool found = true;
    struct sj_unit one;
    CHECK_OK(sj_unit_find(desk->loop.db, &nothing, sj_platform_unit, arena, &found, &one));
    CHECK(!found);
    CHECK_OK(sj_unit_find_code(desk->loop.db, &nothing, SJ_TEXT("NONE"), arena, &found, &one));
    CHECK(!found);
}
