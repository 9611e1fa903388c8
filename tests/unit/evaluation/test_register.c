/* SPDX-License-Identifier: Apache-2.0
 *
 * With a real database and a real keeper: can a unit draw another unit's data by registering its judges' numbers, and
 * do the compartments of one unit keep their registers apart?
 */
#include "fixture.h"
#include "sanjeh/evaluation/court.h"
#include "sanjeh/evaluation/judge.h"

static struct sj_view text_view(const char *text)
{
    return sj_view_of(text, strlen(text));
}

#define WORKLOAD                                                                                   \
    "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,"     \
    "pending_end\n"

static size_t register_size(struct caller *caller)
{
    struct sj_judge *judges = NULL;
    size_t count = 0;
    struct sj_uuid last;
    const struct sj_judge_query everybody = {.status = {"", 0}};
    CHECK_OK(sj_judge_list(
        &caller->desk, &everybody, (struct sj_paging){{{0}}, 500}, &judges, &count, &last));
    return count;
}

static bool has_number(struct caller *caller, const char *number)
{
    struct sj_judge *judges = NULL;
    size_t count = 0;
    struct sj_uuid last;
    const struct sj_judge_query query = {.personnel_number = sj_text_of(number)};
    CHECK_OK(sj_judge_list(
        &caller->desk, &query, (struct sj_paging){{{0}}, 500}, &judges, &count, &last));
    return count == 1;
}

TEST(register_number_of_two_other_units_is_nobodys)
{
    struct caller a;
    struct caller b;
    struct caller c;
    caller_of_unit(&a, place_get()->unit_a);
    caller_of_unit(&b, place_get()->unit_b);
    caller_of_unit(&c, place_get()->unit_c);
    import_accepted(&b, SJ_IMPORT_ROSTER, NULL,
        text_view("personnel_number,name\nCAP-1,قاضی نخست\nCAP-2,قاضی دوم\n"));
    /* one register has it: the row is b's judge */
    CHECK(strcmp(first_fault(&c, SJ_IMPORT_WORKLOAD, NULL, WORKLOAD "CAP-1,,2001,,,,,,7,\n"), "") ==
          0);
    import_accepted(
        &a, SJ_IMPORT_ROSTER, NULL, text_view("personnel_number,name\nCAP-1,قاضی دیگر\n"));
    CLEANUP(sj_import_free) struct sj_import *import = NULL;
    CHECK_OK(import_text(&c, SJ_IMPORT_WORKLOAD, NULL,
        text_view(WORKLOAD "CAP-1,,2002,,,,,,7,\nCAP-2,,2002,,,,,,7,\nCAP-3,,2002,,,,,,7,\n"),
        false, &import));
    REQUIRE(import != NULL);
    const struct sj_import_outcome *outcome = sj_import_outcome(import);
    REQUIRE(outcome->fault_count == 2);
    CHECK(outcome->faults[0].row == 2 && strcmp(outcome->faults[0].code, "AMBIGUOUS_JUDGE") == 0);
    CHECK(sj_text_is(outcome->faults[0].column, "judge"));
    CHECK(outcome->faults[1].row == 4 && strcmp(outcome->faults[1].code, "UNKNOWN_JUDGE") == 0);
    /* the own register comes first, whatever others have */
    CHECK(strcmp(first_fault(&a, SJ_IMPORT_WORKLOAD, NULL, WORKLOAD "CAP-1,,2003,,,,,,7,\n"), "") ==
          0);
    CHECK(strcmp(first_fault(&b, SJ_IMPORT_WORKLOAD, NULL, WORKLOAD "CAP-1,,2003,,,,,,7,\n"), "") ==
          0);
    CHECK(strcmp(value_of("select string_agg(w.code || '>' || j.code, ' ' order by w.code) "
                          "from sanjeh.workload_fact f join sanjeh.unit w on w.id = f.unit_id "
                          "join sanjeh.unit j on j.id = f.judge_unit_id where f.resolved = 7"),
              "TEST-A>TEST-A TEST-B>TEST-B TEST-C>TEST-B") == 0);
    caller_clear(&a);
    caller_clear(&b);
    caller_clear(&c);
}

TEST(register_compartments_do_not_see_each_other)
{
    struct caller one;
    struct caller two;
    struct caller whole;
    struct caller a;
    caller_of_compartment(&one, place_get()->walls[0]);
    caller_of_compartment(&two, place_get()->walls[1]);
    caller_of_unit(&whole, place_get()->unit_c);
    caller_of_unit(&a, place_get()->unit_a);
    import_accepted(&one, SJ_IMPORT_ROSTER, NULL,
        text_view("personnel_number,name,national_number\nWALL-1,قاضی دیوار,0790419904\n"));
    CHECK(register_size(&one) == 1 && has_number(&one, "WALL-1"));
    CHECK(register_size(&two) == 0 && !has_number(&two, "WALL-1"));
    CHECK(register_size(&whole) == 0 && !has_number(&whole, "WALL-1"));

    /* the number is unknown behind the other wall, and known to other units */
    const char *row = WORKLOAD "WALL-1,,2005,,,,,,8,\n";
    CHECK(strcmp(first_fault(&two, SJ_IMPORT_WORKLOAD, NULL, row), "UNKNOWN_JUDGE") == 0);
    CHECK(strcmp(first_fault(&a, SJ_IMPORT_WORKLOAD, NULL, row), "") == 0);

    /* and may be registered there: a refusal would tell that it is known */
    import_accepted(&two, SJ_IMPORT_ROSTER, NULL,
        text_view("personnel_number,name,national_number\nWALL-1,قاضی دیوار,0790419904\n"));
    CHECK(register_size(&one) == 1 && register_size(&two) == 1);
    CHECK(strcmp(first_fault(&two, SJ_IMPORT_ROSTER, NULL, "personnel_number,name\nWALL-1,قاضی\n"),
              "DUPLICATE_ROW") == 0);
    CHECK(strcmp(first_fault(&two, SJ_IMPORT_WORKLOAD, NULL, row), "") == 0);
    CHECK(strcmp(value_of("select j.compartment_id = f.compartment_id from sanjeh.workload_fact f "
                          "join sanjeh.judge j on j.id = f.judge_id "
                          "where f.resolved = 8 and f.unit_id = j.unit_id"),
              "t") == 0);
    /* two judges have it now */
    CHECK(strcmp(first_fault(&a, SJ_IMPORT_WORKLOAD, NULL, WORKLOAD "WALL-1,,2006,,,,,,8,\n"),
              "AMBIGUOUS_JUDGE") == 0);
    caller_clear(&one);
    caller_clear(&two);
    caller_clear(&whole);
    caller_clear(&a);
}

TEST(register_change_stays_behind_the_wall)
{
    struct caller one;
    struct caller two;
    caller_of_compartment(&one, place_get()->walls[0]);
    caller_of_compartment(&two, place_get()->walls[1]);
    struct sj_judge judge = {.personnel_number = SJ_TEXT("WALL-7"),
        .national_number = SJ_TEXT("0499370899"),
        .name = SJ_TEXT("قاضی هفتم")};
    const char *field = "";
    CHECK(sj_judge_check(one.arena, &judge, &field) == NULL);
    caller_begin(&one);
    CHECK_OK(sj_judge_create_many(&one.desk, &judge, 1));
    CHECK_OK(caller_commit(&one));

    bool found = true;
    struct sj_judge before;
    caller_begin(&two);
    CHECK_OK(sj_judge_find_whole(&two.desk, judge.id, &found, &before));
    CHECK(!found);
    caller_rollback(&two);

    caller_begin(&one);
    CHECK_OK(sj_judge_find_whole(&one.desk, judge.id, &found, &before));
    REQUIRE(found);
    struct sj_judge after = before;
    after.personnel_number = SJ_TEXT("WALL-8");
    after.national_number = (struct sj_text){"", 0};
    CHECK_OK(sj_judge_update(&one.desk, &before, &after));
    CHECK_OK(caller_commit(&one));
    CHECK(has_number(&one, "WALL-8") && !has_number(&one, "WALL-7"));
    CHECK(!has_number(&two, "WALL-8"));
    /* a removed national number leaves no blind value */
    char id[SJ_UUID_TEXT_SIZE];
    char sql[200];
    sj_uuid_format(judge.id, id);
    (void)snprintf(sql, sizeof(sql),
        "select count(*) filter (where index_no = 2) || ' ' || count(*) filter (where "
        "compartment_id is null) from sanjeh.blind_index where row_id = '%s'",
        id);
    CHECK(strcmp(value_of(sql), "0 0") == 0);
    caller_clear(&one);
    caller_clear(&two);
}

TEST(register_court_is_a_label_everywhere)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    REQUIRE_OK(sj_arena_new(1u << 20, &arena));
    const struct sj_court good = {.code = SJ_TEXT("T-1"),
        .name_fa = SJ_TEXT("شعبه ۱ دادگاه"),
        .name_en = SJ_TEXT("Branch 1"),
        .province = {"", 0}};
    const char *field = "";
    CHECK(sj_court_check(arena, &good, &field) == NULL);
    struct sj_court bad = good;
    bad.code = SJ_TEXT("T\xE2\x80\xAE-1");
    CHECK(sj_court_check(arena, &bad, &field) != NULL && strcmp(field, "code") == 0);
    bad = good;
    bad.name_fa = SJ_TEXT("<b>شعبه</b>");
    CHECK(sj_court_check(arena, &bad, &field) != NULL && strcmp(field, "name_fa") == 0);
    bad = good;
    bad.name_en = SJ_TEXT("Branch\n1");
    CHECK(sj_court_check(arena, &bad, &field) != NULL && strcmp(field, "name_en") == 0);
    bad = good;
    bad.province = SJ_TEXT("\xE2\x81\xA7Tehran");
    CHECK(sj_court_check(arena, &bad, &field) != NULL && strcmp(field, "province") == 0);
}

TEST(register_search_takes_eight_words)
{
    struct caller a;
    caller_of_unit(&a, place_get()->unit_a);
    bool fits = false;
    CHECK_OK(sj_judge_words_fit(a.arena, SJ_TEXT("a b c d e f g h"), &fits));
    CHECK(fits);
    CHECK_OK(sj_judge_words_fit(a.arena, SJ_TEXT("a b c d e f g h i"), &fits));
    CHECK(!fits);
    const struct sj_judge_query query = {.q = SJ_TEXT("a b c d e f g h i")};
    struct sj_judge *judges = NULL;
    size_t count = 0;
    struct sj_uuid last;
    CHECK_CODE(
        sj_judge_list(&a.desk, &query, (struct sj_paging){{{0}}, 10}, &judges, &count, &last),
        BAD_PARAMETER);
    caller_clear(&a);
}
