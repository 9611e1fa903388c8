/* SPDX-License-Identifier: Apache-2.0
 *
 * With a real database and a real keeper: does a file go in as a whole or not at all, is it read back as it was, does
 * another unit see nothing, and is nobody's name, number or mark in the tables?
 */
#include "fixture.h"
#include "sanjeh/evaluation/contribution.h"
#include "sanjeh/evaluation/fact.h"
#include "sanjeh/evaluation/judge.h"
#include "sanjeh/evaluation/value.h"

static struct sj_view text_view(const char *text)
{
    return sj_view_of(text, strlen(text));
}

static void load_survey(struct caller *a)
{
    static bool loaded;
    if (loaded) {
        return;
    }
    loaded = true;
    CLEANUP(sj_buf_clear) struct sj_buf roster = SJ_BUF(1 << 20);
    CLEANUP(sj_buf_clear) struct sj_buf means = SJ_BUF(1 << 20);
    survey_files(&roster, &means);
    import_accepted(a, SJ_IMPORT_ROSTER, NULL, sj_buf_view(&roster));
    import_accepted(a, SJ_IMPORT_SURVEY_MEANS, "1977", sj_buf_view(&means));
}

/* ---- survey ---- */

TEST(import_real_ratings_are_read_back_by_their_unit_alone)
{
    struct caller a;
    struct caller b;
    caller_of_unit(&a, place_get()->unit_a);
    caller_of_unit(&b, place_get()->unit_b);
    load_survey(&a);

    struct sj_judge *judges = NULL;
    size_t count = 0;
    struct sj_uuid last;
    const struct sj_judge_query everybody = {.q = {"", 0}};
    CHECK_OK(
        sj_judge_list(&a.desk, &everybody, (struct sj_paging){{{0}}, 500}, &judges, &count, &last));
    CHECK(count == 43 && sj_uuid_is_nil(last));
    struct sj_uuid some = count > 0 ? judges[0].id : (struct sj_uuid){{0}};

    const struct sj_row_filter of_one = {.judge = some};
    struct sj_indicator_value *values = NULL;
    CHECK_OK(
        sj_value_list(&a.desk, &of_one, (struct sj_paging){{{0}}, 500}, &values, &count, &last));
    CHECK(count == 11);
    for (size_t i = 0; i < count; i++) {
        CHECK(values[i].is_readable && values[i].value.len > 0 && values[i].n < 0);
        CHECK(sj_text_is(values[i].level, "J"));
    }
    const struct sj_uuid value_id = count > 0 ? values[0].id : (struct sj_uuid){{0}};

    CHECK_OK(
        sj_value_list(&b.desk, &of_one, (struct sj_paging){{{0}}, 500}, &values, &count, &last));
    CHECK(count == 0);
    CHECK_OK(
        sj_judge_list(&b.desk, &everybody, (struct sj_paging){{{0}}, 500}, &judges, &count, &last));
    CHECK(count == 0);
    bool found = true;
    struct sj_judge judge;
    struct sj_indicator_value value;
    CHECK_OK(sj_judge_find(&b.desk, some, &found, &judge));
    CHECK(!found);
    CHECK_OK(sj_value_find(&b.desk, value_id, &found, &value));
    CHECK(!found);
    CHECK_OK(sj_value_find(&a.desk, value_id, &found, &value));
    CHECK(found);
    caller_clear(&a);
    caller_clear(&b);
}

TEST(import_values_are_exactly_those_of_the_file)
{
    struct caller a;
    caller_of_unit(&a, place_get()->unit_a);
    load_survey(&a);
    const struct sj_judge_query query = {.q = SJ_TEXT("aaronson")};
    struct sj_judge *judges = NULL;
    size_t count = 0;
    struct sj_uuid last;
    CHECK_OK(sj_judge_list(&a.desk, &query, (struct sj_paging){{{0}}, 50}, &judges, &count, &last));
    REQUIRE(count == 1);
    CHECK(sj_text_is(judges[0].name, "AARONSON,L.H."));
    CHECK(sj_text_is(judges[0].personnel_number, "HRD-0001"));
    static const char *const expected[][2] = {
        {"INTG", "7.9"}, {"DMNR", "7.7"}, {"WRIT", "7"}, {"PHYS", "8.3"}, {"RTEN", "7.8"}};
    for (size_t i = 0; i < SJ_COUNT(expected); i++) {
        const struct sj_row_filter filter = {
            .judge = judges[0].id, .indicator = sj_text_of(expected[i][0])};
        struct sj_indicator_value *values = NULL;
        CHECK_OK(
            sj_value_list(&a.desk, &filter, (struct sj_paging){{{0}}, 50}, &values, &count, &last));
        REQUIRE(count == 1);
        CHECK(sj_text_is(values[0].value, expected[i][1]));
    }
    caller_clear(&a);
}

TEST(import_judge_sees_the_own_values_and_nobody_elses)
{
    struct caller a;
    caller_of_unit(&a, place_get()->unit_a);
    load_survey(&a);
    const struct sj_judge_query query = {.personnel_number = SJ_TEXT("hrd-۰۰۰۲")};
    struct sj_judge *judges = NULL;
    size_t count = 0;
    struct sj_uuid last;
    CHECK_OK(sj_judge_list(&a.desk, &query, (struct sj_paging){{{0}}, 50}, &judges, &count, &last));
    REQUIRE(count == 1);
    struct caller self;
    caller_of_judge(&self, judges[0].id);
    const struct sj_row_filter any = {.has_period = false};
    struct sj_indicator_value *values = NULL;
    CHECK_OK(
        sj_value_list(&self.desk, &any, (struct sj_paging){{{0}}, 500}, &values, &count, &last));
    CHECK(count == 11);
    for (size_t i = 0; i < count; i++) {
        CHECK(sj_uuid_equal(values[i].judge, judges[0].id) && values[i].value.len > 0);
    }
    const struct sj_judge_query everybody = {.q = {"", 0}};
    struct sj_judge *own = NULL;
    CHECK_OK(
        sj_judge_list(&self.desk, &everybody, (struct sj_paging){{{0}}, 50}, &own, &count, &last));
    CHECK(count == 1 && sj_text_is(own[0].name, "ALEXANDER,J.M."));
    caller_clear(&self);
    caller_clear(&a);
}

TEST(import_masked_fields_are_not_opened)
{
    struct caller a;
    caller_of_unit(&a, place_get()->unit_a);
    load_survey(&a);
    a.decision.read_fields = UINT64_C(1) << SJ_FIELD_JUDGE_ID |
                             UINT64_C(1) << SJ_FIELD_JUDGE_STATUS |
                             UINT64_C(1) << SJ_FIELD_VALUE_SUBJECT;
    const struct sj_judge_query everybody = {.q = {"", 0}};
    struct sj_judge *judges = NULL;
    size_t count = 0;
    struct sj_uuid last;
    CHECK_OK(
        sj_judge_list(&a.desk, &everybody, (struct sj_paging){{{0}}, 10}, &judges, &count, &last));
    CHECK(count == 10 && !sj_uuid_is_nil(last));
    for (size_t i = 0; i < count; i++) {
        CHECK(judges[i].name.len == 0 && judges[i].personnel_number.len == 0);
        CHECK(sj_text_is(judges[i].status, "active"));
    }
    const struct sj_judge_query by_name = {.q = SJ_TEXT("aaronson")};
    CHECK_CODE(
        sj_judge_list(&a.desk, &by_name, (struct sj_paging){{{0}}, 10}, &judges, &count, &last),
        FORBIDDEN);
    const struct sj_row_filter any = {.has_period = false};
    struct sj_indicator_value *values = NULL;
    CHECK_OK(sj_value_list(&a.desk, &any, (struct sj_paging){{{0}}, 10}, &values, &count, &last));
    for (size_t i = 0; i < count; i++) {
        CHECK(!values[i].is_readable && values[i].value.len == 0);
    }
    caller_clear(&a);
}

/* ---- workload ---- */

TEST(import_real_workload_is_matched_and_fast)
{
    struct caller b;
    caller_of_unit(&b, place_get()->unit_b);
    CLEANUP(sj_buf_clear) struct sj_buf roster = SJ_BUF(1 << 20);
    CLEANUP(sj_buf_clear) struct sj_buf facts = SJ_BUF(1 << 20);
    workload_files(&roster, &facts);
    import_accepted(&b, SJ_IMPORT_ROSTER, NULL, sj_buf_view(&roster));
    const int64_t start = sj_time_monotonic_ms();
    import_accepted(&b, SJ_IMPORT_WORKLOAD, NULL, sj_buf_view(&facts));
    const int64_t took = sj_time_monotonic_ms() - start;
    printf("    1,439 workload rows in %lld ms\n", (long long)took);
    CHECK(strcmp(value_of("select count(*) from sanjeh.judge where unit_id in "
                          "(select id from sanjeh.unit where code = 'TEST-B')"),
              "1150") == 0);
    /* rows and dispositions of the file, counted beside it */
    CHECK(strcmp(value_of("select count(*) || ' ' || sum(resolved) from sanjeh.workload_fact f, "
                          "sanjeh.unit u where u.id = f.unit_id and u.code = 'TEST-B'"),
              "1439 394479") == 0);
    CLEANUP(sj_import_free) struct sj_import *again = NULL;
    CHECK_OK(import_text(&b, SJ_IMPORT_WORKLOAD, NULL, sj_buf_view(&facts), false, &again));
    REQUIRE(again != NULL);
    CHECK(sj_import_outcome(again)->rows_rejected == 1439);
    CHECK(sj_import_outcome(again)->fault_total == 1439);
    CHECK(sj_import_outcome(again)->fault_count == SJ_IMPORT_ERRORS_MAX);
    CHECK(strcmp(sj_import_outcome(again)->faults[0].code, "DUPLICATE_ROW") == 0);
    caller_clear(&b);
}

TEST(import_computes_the_published_figures)
{
    struct caller b;
    caller_of_unit(&b, place_get()->unit_b);
    CLEANUP(sj_buf_clear) struct sj_buf file = SJ_BUF(1 << 16);
    put(&file, "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,"
               "resolved,pending_end\n");
    struct table table = {.rest = real_file("cepej_court_table.csv")};
    (void)next_line(&table);
    for (int number = 1; next_line(&table); number++) {
        put(&file, ",CEPEJ-%d,2007,%.*s,%.*s,%.*s,,,%.*s,%.*s\n", number, (int)table.cells[0].len,
            table.cells[0].ptr, (int)table.cells[1].len, table.cells[1].ptr,
            (int)table.cells[2].len, table.cells[2].ptr, (int)table.cells[3].len,
            table.cells[3].ptr, (int)table.cells[4].len, table.cells[4].ptr);
    }
    import_accepted(&b, SJ_IMPORT_WORKLOAD, NULL, sj_buf_view(&file));
    CHECK(strcmp(value_of("select string_agg(round(v.value, 2)::text, ' ' order by c.code) from "
                          "sanjeh.indicator_value v join sanjeh.court c on c.id = v.court_id join "
                          "sanjeh.indicator i on i.id = v.indicator_id where i.code = 'T01' and "
                          "c.code like 'CEPEJ-%'"),
              "120.96 85.50 109.26 108.07 75.81 75.45 75.68") == 0);
    CHECK(strcmp(value_of("select string_agg(round(v.value, 2)::text, ' ' order by c.code) from "
                          "sanjeh.indicator_value v join sanjeh.court c on c.id = v.court_id join "
                          "sanjeh.indicator i on i.id = v.indicator_id where i.code = 'T03' and "
                          "c.code like 'CEPEJ-%'"),
              "203.02 668.11 475.59 493.29 310.69 248.28 289.08") == 0);
    CHECK(strcmp(value_of("select string_agg(round(v.value, 2)::text, ' ' order by c.code) from "
                          "sanjeh.indicator_value v join sanjeh.court c on c.id = v.court_id join "
                          "sanjeh.indicator i on i.id = v.indicator_id where i.code = 'T09' and "
                          "c.code like 'CEPEJ-%'"),
              "-23.75 10.21 -6.11 -5.23 59.98 91.67 68.25") == 0);
    struct sj_indicator_value *values = NULL;
    size_t count = 0;
    struct sj_uuid last;
    const struct sj_row_filter t02 = {.indicator = SJ_TEXT("T02")};
    CHECK_OK(sj_value_list(&b.desk, &t02, (struct sj_paging){{{0}}, 50}, &values, &count, &last));
    CHECK(count == 7 && values[0].inputs_sha256.len == 64 && values[0].n > 0);
    caller_clear(&b);
}

TEST(import_finds_judges_of_other_registers)
{
    struct caller a;
    struct caller b;
    caller_of_unit(&a, place_get()->unit_a);
    caller_of_unit(&b, place_get()->unit_b);
    load_survey(&a);
    import_accepted(&b, SJ_IMPORT_WORKLOAD, NULL,
        text_view("judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,"
                  "resolved,pending_end\nHRD-0003,C-1,1404-03,10,5,0,0,0,15,0\n"));
    CHECK(strcmp(value_of("select u.code || ' ' || j.code from sanjeh.workload_fact f "
                          "join sanjeh.unit u on u.id = f.unit_id "
                          "join sanjeh.unit j on j.id = f.judge_unit_id "
                          "where f.resolved = 15 and f.pending_end = 0"),
              "TEST-B TEST-A") == 0);
    /* level C figures are not made for a judge: T01 and T03 only */
    CHECK(strcmp(value_of(
                     "select string_agg(i.code, ' ' order by i.code) from sanjeh.indicator_value v "
                     "join sanjeh.indicator i on i.id = v.indicator_id "
                     "join sanjeh.court c on c.id = v.court_id where c.code = 'C-1'"),
              "T01 T03") == 0);
    CHECK(
        strcmp(value_of("select status from sanjeh.court where code = 'C-1'"), "provisional") == 0);
    caller_clear(&a);
    caller_clear(&b);
}

/* ---- refusals change nothing ---- */

static const char *counts_of_everything(void)
{
    return value_of(
        "select (select count(*) from sanjeh.judge) || ' ' || (select count(*) from "
        "sanjeh.contribution) || ' ' || (select count(*) from sanjeh.workload_fact) || ' ' "
        "|| (select count(*) from sanjeh.indicator_value) || ' ' || (select count(*) from "
        "sanjeh.court) || ' ' || (select count(*) from sanjeh.subject_key)");
}

#define WORKLOAD_HEADER                                                                            \
    "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,"     \
    "pending_end\n"

static const struct {
    enum sj_import_kind kind;
    const char *file;
    const char *code;
} refusals[] = {
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,average,n\nHRD-0001,INTG,5,\n", "UNKNOWN_COLUMN"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,n\nHRD-0001,INTG,\n", "MISSING_COLUMN"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,mean,n\nHRD-0001,INTG,5,5,\n",
        "DUPLICATE_COLUMN"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,INTG,good,\n", "NOT_A_NUMBER"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,INTG,5,1.5\n", "NOT_WHOLE"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,INTG,5,-1\n", "OUT_OF_RANGE"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,INTG,5,0\n", "OUT_OF_RANGE"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,Mean,n\nHRD-0001,INTG,5,\n", "UNKNOWN_COLUMN"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,INTG,101,\n", "OUT_OF_RANGE"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,INTG,1.0000001,\n", "TOO_PRECISE"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,S01,5.1,\n", "OUT_OF_RANGE"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,T01,5,\n", "UNKNOWN_CRITERION"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-9999,INTG,5,\n", "UNKNOWN_JUDGE"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\n=HRD-0001,INTG,5,\n", "FORMULA_CELL"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,IN\xC3\x28,5,\n", "BAD_UTF8"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,INTG,5\n", "WRONG_CELL_COUNT"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,\"INTG,5,\n", "BAD_QUOTE"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,INTG,,\n", "REQUIRED"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\n", "EMPTY_FILE"},
    {SJ_IMPORT_SURVEY_MEANS, "", "EMPTY_FILE"},
    {SJ_IMPORT_SURVEY_MEANS, "judge,criterion,mean,n\nHRD-0001,S02,4,\nhrd-0001,s02,4,\n",
        "DUPLICATE_ROW"},
    {SJ_IMPORT_SURVEY_MEANS,
        "{\"judge\":\"HRD-0001\",\"criterion\":\"S02\",\"mean\":4,\"extra\":1}", "UNKNOWN_COLUMN"},
    {SJ_IMPORT_SURVEY_MEANS, "{\"judge\":\"HRD-0001\",\"criterion\":\"S02\",\"mean\":4e0}",
        "NOT_A_NUMBER"},
    {SJ_IMPORT_SURVEY_MEANS,
        "{\"judge\":\"HRD-0001\",\"criterion\":\"S02\",\"mean\":4,\"Mean\":5,\"n\":1}",
        "UNKNOWN_COLUMN"},
    {SJ_IMPORT_SURVEY_MEANS,
        "{\"judge\":\"HRD-0001\",\"criterion\":\"S02\",\"mean\":4,\"me\\u0061n\":5,\"n\":1}",
        "DUPLICATE_COLUMN"},
    {SJ_IMPORT_WORKLOAD, WORKLOAD_HEADER ",NEW-1,2020,,,,,,,\n", "NO_DATA"},
    {SJ_IMPORT_WORKLOAD, WORKLOAD_HEADER ",<b>NEW</b>,2020,,1,0,0,0,,\n", "BAD_COURT"},
    {SJ_IMPORT_WORKLOAD, WORKLOAD_HEADER ",NEW\xE2\x80\xAE-1,2020,,1,0,0,0,,\n", "BAD_COURT"},
    {SJ_IMPORT_WORKLOAD, WORKLOAD_HEADER ",NEW-1,2020,240,265,7,0,0,329,184\n", "IDENTITY_BROKEN"},
    {SJ_IMPORT_WORKLOAD, WORKLOAD_HEADER ",NEW-1,2020,,1,0,0,2,,\n", "NEGATIVE_INCOMING"},
    {SJ_IMPORT_WORKLOAD, WORKLOAD_HEADER ",,2020,,1,0,0,0,,\n", "NO_SUBJECT"},
    {SJ_IMPORT_WORKLOAD, WORKLOAD_HEADER ",NEW-1,20-20,,1,0,0,0,,\n", "BAD_PERIOD"},
    {SJ_IMPORT_WORKLOAD, WORKLOAD_HEADER ",NEW-1,,,1,0,0,0,,\n", "REQUIRED"},
    {SJ_IMPORT_WORKLOAD, WORKLOAD_HEADER ",NEW-1,2020,,1,0,0,0,,\n,new-۱,2020,,1,0,0,0,,\n",
        "DUPLICATE_ROW"},
    {SJ_IMPORT_WORKLOAD, WORKLOAD_HEADER ",NEW-1,2020,,1,0,0,0,1000000001,\n", "OUT_OF_RANGE"},
    {SJ_IMPORT_ROSTER, "personnel_number,name\nHRD-0001,Somebody\n", "DUPLICATE_ROW"},
    {SJ_IMPORT_ROSTER, "personnel_number,name\nN-1,Somebody\nn-1,Another\n", "DUPLICATE_ROW"},
    {SJ_IMPORT_ROSTER, "personnel_number,name\nN 1,Somebody\n", "BAD_PERSONNEL_NUMBER"},
    {SJ_IMPORT_ROSTER, "personnel_number,name,national_number\nN-1,Somebody,1234567890\n",
        "BAD_NATIONAL_NUMBER"},
    {SJ_IMPORT_ROSTER, "personnel_number,name,status\nN-1,Somebody,dead\n", "UNKNOWN_STATUS"},
};

TEST(import_refuses_and_changes_nothing)
{
    struct caller a;
    caller_of_unit(&a, place_get()->unit_a);
    load_survey(&a);
    char before[128];
    (void)snprintf(before, sizeof(before), "%s", counts_of_everything());
    for (size_t i = 0; i < SJ_COUNT(refusals); i++) {
        const char *period = refusals[i].kind == SJ_IMPORT_SURVEY_MEANS ? "1978" : NULL;
        const char *code = first_fault(&a, refusals[i].kind, period, refusals[i].file);
        if (strcmp(code, refusals[i].code) != 0) {
            fprintf(stderr, "case %zu: expected %s, got %s\n", i, refusals[i].code, code);
            CHECK(strcmp(code, refusals[i].code) == 0);
        }
    }
    CHECK(strcmp(before, counts_of_everything()) == 0);
    caller_clear(&a);
}

TEST(import_tells_every_fault_with_row_and_column)
{
    struct caller a;
    caller_of_unit(&a, place_get()->unit_a);
    load_survey(&a);
    CLEANUP(sj_import_free) struct sj_import *import = NULL;
    CHECK_OK(import_text(&a, SJ_IMPORT_SURVEY_MEANS, "1979",
        text_view("judge;criterion;mean;n\nHRD-0001;INTG;7,9;x\nHRD-0002;INTG;۷٫۹;۱۲\n"
                  "HRD-9998;INTG;5;\n"),
        false, &import));
    REQUIRE(import != NULL);
    const struct sj_import_outcome *outcome = sj_import_outcome(import);
    CHECK(outcome->rows_ok == 1 && outcome->rows_rejected == 2 && outcome->fault_total == 3);
    REQUIRE(outcome->fault_count == 3);
    CHECK(outcome->faults[0].row == 2 && sj_text_is(outcome->faults[0].column, "mean"));
    CHECK(outcome->faults[1].row == 2 && sj_text_is(outcome->faults[1].column, "n"));
    CHECK(outcome->faults[2].row == 4 && sj_text_is(outcome->faults[2].column, "judge"));
    caller_clear(&a);
}

TEST(import_dry_run_checks_everything_and_writes_nothing)
{
    struct caller a;
    caller_of_unit(&a, place_get()->unit_a);
    load_survey(&a);
    char before[128];
    (void)snprintf(before, sizeof(before), "%s", counts_of_everything());
    CLEANUP(sj_import_free) struct sj_import *import = NULL;
    CHECK_OK(import_text(&a, SJ_IMPORT_WORKLOAD, NULL,
        text_view(WORKLOAD_HEADER "HRD-0001,DRY-1,2021,1,1,0,0,0,1,1\n"), true, &import));
    REQUIRE(import != NULL);
    const struct sj_import_outcome *outcome = sj_import_outcome(import);
    CHECK(outcome->rows_ok == 1 && outcome->fault_total == 0 && sj_uuid_is_nil(outcome->id));
    CHECK(outcome->new_court_total == 1 && sj_text_is(outcome->new_courts[0], "DRY-1"));
    CHECK(strcmp(before, counts_of_everything()) == 0);
    caller_clear(&a);
}

TEST(import_refuses_too_many_rows)
{
    struct caller a;
    caller_of_unit(&a, place_get()->unit_a);
    CLEANUP(sj_buf_clear) struct sj_buf file = SJ_BUF(8 << 20);
    put(&file, "judge,criterion,mean,n\n");
    for (unsigned i = 0; i <= SJ_IMPORT_ROWS_MAX; i++) {
        CHECK_OK(sj_buf_put_str(&file, "A,INTG,5,\n"));
    }
    CLEANUP(sj_import_free) struct sj_import *import = NULL;
    CHECK_CODE(import_text(&a, SJ_IMPORT_SURVEY_MEANS, "1980", sj_buf_view(&file), false, &import),
        TOO_MANY_ROWS);
    CHECK(import == NULL);
    caller_clear(&a);
}

/* ---- register ---- */

TEST(import_judge_entry_can_be_changed_once_per_version)
{
    struct caller a;
    caller_of_unit(&a, place_get()->unit_a);
    import_accepted(&a, SJ_IMPORT_ROSTER, NULL,
        text_view("personnel_number,name,national_number,first_appointment,judicial_base\n"
                  "CHG-1,مریم كاظمي,0013542419,1380-05-12,9\n"));
    const struct sj_judge_query by_number = {.national_number = SJ_TEXT("۰۰۱۳۵۴۲۴۱۹")};
    struct sj_judge *judges = NULL;
    size_t count = 0;
    struct sj_uuid last;
    CHECK_OK(
        sj_judge_list(&a.desk, &by_number, (struct sj_paging){{{0}}, 50}, &judges, &count, &last));
    REQUIRE(count == 1);
    CHECK(judges[0].judicial_base == 9 && judges[0].has_first_appointment);

    caller_begin(&a);
    bool found = false;
    struct sj_judge before;
    CHECK_OK(sj_judge_find_whole(&a.desk, judges[0].id, &found, &before));
    REQUIRE(found);
    struct sj_judge after = before;
    after.name = SJ_TEXT("مریم رضایی");
    after.status = SJ_TEXT("retired");
    CHECK_OK(sj_judge_update(&a.desk, &before, &after));
    CHECK(after.version == 2);
    CHECK_OK(caller_commit(&a));

    caller_begin(&a);
    CHECK_CODE(sj_judge_update(&a.desk, &before, &after), PRECONDITION_FAILED);
    caller_rollback(&a);

    const struct sj_judge_query old_name = {.q = SJ_TEXT("کاظمی")};
    const struct sj_judge_query new_name = {
        .q = SJ_TEXT("رضايي مريم"), .status = SJ_TEXT("retired")};
    CHECK_OK(
        sj_judge_list(&a.desk, &old_name, (struct sj_paging){{{0}}, 50}, &judges, &count, &last));
    CHECK(count == 0);
    CHECK_OK(
        sj_judge_list(&a.desk, &new_name, (struct sj_paging){{{0}}, 50}, &judges, &count, &last));
    CHECK(count == 1 && judges[0].version == 2);
    caller_clear(&a);
}

TEST(import_contribution_tells_what_came_of_it)
{
    struct caller a;
    struct caller b;
    caller_of_unit(&a, place_get()->unit_a);
    caller_of_unit(&b, place_get()->unit_b);
    load_survey(&a);
    const struct sj_contribution_query means = {.kind = SJ_TEXT("survey_means")};
    struct sj_contribution *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    CHECK_OK(sj_contribution_list(
        &a.desk, &means, (struct sj_paging){{{0}}, 50}, &items, &count, &last));
    REQUIRE(count == 1);
    CHECK(items[0].rows_ok == 473 && items[0].rows_rejected == 0 && items[0].has_period);
    CHECK(sj_text_is(items[0].state, "accepted") && items[0].file_sha256.len == 64);
    CHECK(sj_text_is(items[0].comment, "a comment on Aaronson"));
    bool found = true;
    struct sj_contribution item;
    CHECK_OK(sj_contribution_find(&b.desk, items[0].id, &found, &item));
    CHECK(!found);
    caller_clear(&a);
    caller_clear(&b);
}

/* ---- the tables ---- */

TEST(import_leaves_nothing_in_clear)
{
    struct caller a;
    caller_of_unit(&a, place_get()->unit_a);
    load_survey(&a);
    CHECK(strcmp(
              value_of("select count(*) from sanjeh.indicator_value where value_ct is not null and "
                       "(value is not null or n is not null)"),
              "0") == 0);
    CHECK(
        strcmp(value_of("select count(*) from sanjeh.indicator_value v join sanjeh.indicator i on "
                        "i.id = v.indicator_id where i.kind = 'survey' and v.value_ct is null"),
            "0") == 0);
    static const char *const tables[] = {
        "judge", "indicator_value", "contribution", "workload_fact", "blind_index", "subject_key"};
    static const char *const secrets[] = {
        "AARONSON", "aaronson", "HRD-0001", "hrd-0001", "Aaronson"};
    for (size_t t = 0; t < SJ_COUNT(tables); t++) {
        for (size_t s = 0; s < SJ_COUNT(secrets); s++) {
            char sql[512];
            (void)snprintf(sql, sizeof(sql),
                "select count(*) from sanjeh.%s t where t::text like '%%%s%%' or t::text like "
                "'%%' || encode('%s'::bytea, 'hex') || '%%'",
                tables[t], secrets[s], secrets[s]);
            CHECK(strcmp(value_of(sql), "0") == 0);
        }
    }
    caller_clear(&a);
}

TEST(import_sql_role_without_a_context_sees_no_row)
{
    static const char *const tables[] = {
        "judge", "contribution", "workload_fact", "indicator_value"};
    struct caller a;
    caller_of_unit(&a, place_get()->unit_a);
    load_survey(&a);
    for (size_t t = 0; t < SJ_COUNT(tables); t++) {
        char sql[256];
        (void)snprintf(sql, sizeof(sql), "select count(*) from sanjeh.%s", tables[t]);
        CHECK(strcmp(value_of(sql), "0") != 0);
        CHECK(strcmp(sj_pg_value(place_get()->pg->app, sql), "0") == 0);
    }
    caller_clear(&a);
}
