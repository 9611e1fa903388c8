/* SPDX-License-Identifier: Apache-2.0
 *
 * With a real database and a real keeper: do the figures of a cycle follow from facts and values, line by line, and does only
 * the file's own circle read them?
 */
#include "fixture.h"
#include "sanjeh/evaluation/compute.h"
#include "sanjeh/evaluation/contribution.h"

#define JUDGES 12

static void run_sql(const char *sql)
{
    CHECK(sj_pg_run(place_get()->pg->admin, sql));
}

#define CYCLE_ID "c0000000-0000-8000-8000-000000000001"

/* Twelve judges with a year each; the first is the CEPEJ table's first court, the last has five cases, one has nothing. */
static void import_all(struct caller *owner)
{
    CLEANUP(sj_buf_clear) struct sj_buf roster = SJ_BUF(65536);
    CLEANUP(sj_buf_clear) struct sj_buf facts = SJ_BUF(65536);
    CLEANUP(sj_buf_clear) struct sj_buf means = SJ_BUF(65536);
    put(&roster, "personnel_number,name\nCMP-99,قاضی بی داده\n");
    put(&facts, "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,"
                "resolved,pending_end\n");
    put(&means, "judge,criterion,mean,n\n");
    for (int i = 0; i < JUDGES; i++) {
        put(&roster, "CMP-%d,قاضی %c\n", i, 'a' + i);
        put(&means, "CMP-%d,INTG,%d.%d,%d\n", i, 6 + i % 3, i % 10, i == 1 ? 3 : 20);
    }
    put(&facts, "CMP-0,,2009-01-01/2009-06-30,240,100,7,0,0,129,218\n");
    put(&facts, "CMP-0,,2009-07-01/2009-12-31,218,165,0,0,0,200,183\n");
    for (int i = 1; i + 1 < JUDGES; i++) {
        put(&facts, "CMP-%d,,2009,100,200,0,0,0,%d,%d\n", i, 180 + i, 120 - i);
    }
    put(&facts, "CMP-%d,,2009,10,5,0,0,0,5,10\n", JUDGES - 1);
    import_accepted(owner, SJ_IMPORT_ROSTER, NULL, sj_buf_view(&roster));
    import_accepted(owner, SJ_IMPORT_WORKLOAD, NULL, sj_buf_view(&facts));
    import_accepted(owner, SJ_IMPORT_SURVEY_MEANS, "2009", sj_buf_view(&means));
}

/* Judges are found again by order of their rows: CMP-99 first, then CMP-0 to CMP-11. */
static void make_cycle(struct sj_uuid owner, struct sj_uuid issuer)
{
    char a[SJ_UUID_TEXT_SIZE];
    char b[SJ_UUID_TEXT_SIZE];
    char sql[4000];
    sj_uuid_format(owner, a);
    sj_uuid_format(issuer, b);
    (void)snprintf(sql, sizeof sql,
        "set session_replication_role = replica;"
        "insert into sanjeh.template (unit_id, id, code, edition, name_fa, name_en, population, "
        "created_by) "
        "values ('%s', 'd0000000-0000-8000-8000-000000000001', 'T', 1, 'f', 'e', 'judges', '%s');"
        "insert into sanjeh.template_item (unit_id, template_id, no, family, source, "
        "indicator_code, name_fa, name_en, weight) "
        "select '%s', 'd0000000-0000-8000-8000-000000000001', i.no, i.family, i.source, i.code, "
        "'f', 'e', i.weight from (values "
        "(1, 'timeliness', 'indicator', 'T01', 20), (2, 'timeliness', 'indicator', 'T03', 20), "
        "(3, 'conduct', 'indicator', 'INTG', 20), (4, 'quality', 'mark', null, 40)) as i (no, "
        "family, source, code, weight);"
        "insert into sanjeh.cycle (unit_id, id, code, name_fa, name_en, kind, period_from, "
        "period_to, template_id, "
        "issuer_unit_id, issuer_scope_id, created_by) values ('%s', '" CYCLE_ID
        "', 'C', 'f', 'e', 'annual', '2009-01-01', "
        "'2009-12-31', 'd0000000-0000-8000-8000-000000000001', '%s', '%s', '%s');"
        "insert into sanjeh.evaluation (unit_id, id, cycle_id, judge_unit_id, judge_id, "
        "issuer_unit_id, issuer_scope_id, state) "
        "select '%s', gen_random_uuid(), '" CYCLE_ID "', j.unit_id, j.id, '%s', '%s', 'collecting' "
        "from sanjeh.judge j where j.unit_id = '%s';"
        "set session_replication_role = origin;",
        a, a, a, a, b, b, a, a, b, b, a);
    run_sql(sql);
}

static struct sj_uuid id_of(const char *sql)
{
    struct sj_uuid id = {{0}};
    CHECK_OK(sj_uuid_parse(sj_text_of(value_of(sql)), &id));
    return id;
}

/* Of the judge whose workload resolved so much in the period. */
static struct sj_uuid evaluation_of(int resolved)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql,
        "select e.id from sanjeh.evaluation e join sanjeh.workload_fact w on w.judge_id = "
        "e.judge_id "
        "where e.cycle_id = '" CYCLE_ID "' and w.resolved = %d",
        resolved);
    return id_of(sql);
}

static void compute(struct caller *owner, struct sj_computation *ret_computation)
{
    const struct sj_uuid cycle = id_of("select '" CYCLE_ID "'");
    *ret_computation = (struct sj_computation){.evaluations = -1};
    caller_begin(owner);
    CHECK_OK(sj_computation_create(&owner->desk, cycle, ret_computation));
    CHECK_OK(caller_commit(owner));
}

static bool find_sheet(
    struct caller *caller, struct sj_uuid evaluation, struct sj_score_sheet *ret_sheet)
{
    bool found = false;
    CHECK_OK(sj_score_sheet_find(&caller->desk, evaluation, 0, &found, ret_sheet));
    return found;
}

static bool has(const struct sj_score_sheet *sheet, const char *part)
{
    return memmem(sheet->body.ptr, sheet->body.len, part, strlen(part)) != NULL;
}

static bool is_reason(const struct sj_score_line *line, const char *reason)
{
    return !line->has_score && sj_text_is(line->reason, reason);
}

static void check_first(const struct sj_score_sheet *sheet)
{
    REQUIRE(sheet->is_readable && sheet->line_count == 3);
    /* 329 / 272 of the two halves of the year; 365 × 183 / 329; opened from its seal */
    CHECK(has(sheet, "\"raw\":120.955882,\"n\":272"));
    CHECK(has(sheet, "\"raw\":203.024316,\"n\":329"));
    CHECK(has(sheet, "\"code\":\"INTG\"") && has(sheet, "\"raw\":6,\"n\":20"));
    CHECK(has(sheet, "\"inputs\":{\"I\":272,\"R\":329}"));
    for (size_t i = 0; i < 3; i++) {
        CHECK(sheet->lines[i].has_score && sheet->lines[i].no == (int64_t)i + 1);
        CHECK(sheet->lines[i].score.units > 0 && !sheet->lines[i].is_contested);
        CHECK(sj_decimal_compare(sheet->lines[i].weight, (struct sj_decimal){20, 0}) == 0);
    }
    CHECK(sheet->lines[0].family == SJ_FAMILY_TIMELINESS);
    CHECK(sheet->lines[2].family == SJ_FAMILY_CONDUCT);
    CHECK(sj_text_is(sheet->coverage, "100"));
}

TEST(compute_gives_sheets_that_follow_from_facts)
{
    struct caller owner;
    struct caller issuer;
    caller_of_unit(&owner, place_get()->unit_a);
    caller_of_unit(&issuer, place_get()->unit_b);
    import_all(&owner);
    make_cycle(place_get()->unit_a, place_get()->unit_b);
    struct sj_computation run;
    compute(&owner, &run);
    CHECK(run.evaluations == JUDGES + 1 && run.sufficient == JUDGES - 1);
    struct sj_score_sheet sheet;
    const struct sj_uuid first = evaluation_of(129);
    REQUIRE(find_sheet(&issuer, first, &sheet));
    check_first(&sheet);
    /* five cases: too few for T01 and T03, not a zero */
    struct sj_score_sheet few;
    REQUIRE(find_sheet(&issuer, evaluation_of(5), &few));
    CHECK(is_reason(&few.lines[0], "BELOW_MIN_N") && is_reason(&few.lines[1], "BELOW_MIN_N"));
    CHECK(few.lines[2].has_score && sj_text_is(few.coverage, "33.33"));
    /* three answers to the survey */
    REQUIRE(find_sheet(&issuer, evaluation_of(181), &few));
    CHECK(few.lines[0].has_score && is_reason(&few.lines[2], "BELOW_MIN_N"));
    /* nothing at all */
    REQUIRE(find_sheet(
        &issuer, id_of("select e.id from sanjeh.evaluation e where e.coverage = 40"), &few));
    CHECK(is_reason(&few.lines[0], "NO_DATA") && is_reason(&few.lines[2], "NO_DATA"));
    CHECK(sj_text_is(few.coverage, "0"));
    /* a second run replaces and says the same */
    struct sj_computation again;
    struct sj_score_sheet second;
    compute(&owner, &again);
    CHECK(sj_text_equal(run.inputs_sha256, again.inputs_sha256));
    REQUIRE(find_sheet(&issuer, first, &second));
    CHECK(second.version == 2 && sj_uuid_equal(second.id, sheet.id));
    CHECK(sj_text_equal(second.body, sheet.body));
    caller_clear(&owner);
    caller_clear(&issuer);
}

/* A year of the judge who has none, in a batch that waits for its acceptance. */
static void import_held(struct caller *owner, struct sj_uuid *ret_id)
{
    static const char file[] = "judge,court,period,pending_start,filed,returned,transferred_in,"
                               "transferred_out,resolved,pending_end\n"
                               "CMP-99,,2009,100,200,0,0,0,150,150\n";
    CLEANUP(sj_import_free) struct sj_import *import = NULL;
    const struct sj_import_order order = {.kind = SJ_IMPORT_WORKLOAD,
        .format = SJ_FORMAT_CSV,
        .file = sj_view_of(file, sizeof file - 1),
        .is_held = true};
    caller_begin(owner);
    CHECK_OK(sj_import_run(&owner->desk, NULL, &order, &import));
    *ret_id = sj_import_outcome(import)->id;
    CHECK(!sj_uuid_is_nil(*ret_id));
    CHECK_OK(caller_commit(owner));
}

static void move_batch(struct caller *owner, struct sj_uuid id, const char *to, int64_t version)
{
    const struct sj_contribution_move move = {.id = id, .to = sj_text_of(to), .version = version};
    bool found = false;
    const char *unmet = "";
    caller_begin(owner);
    CHECK_OK(sj_contribution_move(&owner->desk, &move, &found, &unmet));
    CHECK(found);
    CHECK_OK(caller_commit(owner));
}

/* Not by who sent it; by somebody else of the unit. */
static void accept_batch(struct caller *owner, struct sj_uuid id, int64_t version)
{
    const struct sj_contribution_move move = {
        .id = id, .to = SJ_TEXT("accepted"), .version = version};
    bool found = false;
    const char *unmet = "";
    caller_begin(owner);
    CHECK(sj_contribution_move(&owner->desk, &move, &found, &unmet).code == SJ_GUARD_UNMET);
    CHECK(strcmp(unmet, "DISTINCT_PERSON") == 0);
    caller_rollback(owner);
    owner->actor.account = owner->actor.person = (struct sj_uuid){{3, 2, 1}};
    move_batch(owner, id, "accepted", version);
}

TEST(compute_sees_only_what_is_in_force)
{
    struct caller owner;
    struct sj_computation before;
    struct sj_computation after;
    struct sj_uuid batch;
    caller_of_unit(&owner, place_get()->unit_a);
    compute(&owner, &before);
    import_held(&owner, &batch);
    compute(&owner, &after);
    CHECK(sj_text_equal(before.inputs_sha256, after.inputs_sha256));
    move_batch(&owner, batch, "validated", 1);
    compute(&owner, &after);
    CHECK(sj_text_equal(before.inputs_sha256, after.inputs_sha256));
    accept_batch(&owner, batch, 2);
    compute(&owner, &after);
    CHECK(!sj_text_equal(before.inputs_sha256, after.inputs_sha256));
    run_sql("update sanjeh.workload_fact set in_force = false where resolved = 150; "
            "update sanjeh.indicator_value set in_force = false where source_fact_id in "
            "(select id from sanjeh.workload_fact where resolved = 150)");
    compute(&owner, &after);
    CHECK(sj_text_equal(before.inputs_sha256, after.inputs_sha256));
    caller_clear(&owner);
}

TEST(compute_keeps_sheets_within_the_file)
{
    struct caller owner;
    struct caller other;
    struct caller judge;
    caller_of_unit(&owner, place_get()->unit_a);
    caller_of_unit(&other, place_get()->unit_c);
    const struct sj_uuid evaluation = evaluation_of(129);
    caller_of_judge(
        &judge, id_of("select judge_id from sanjeh.workload_fact where resolved = 129"));
    struct sj_score_sheet sheet;
    CHECK(!find_sheet(&owner, evaluation, &sheet));
    CHECK(!find_sheet(&other, evaluation, &sheet));
    CHECK(!find_sheet(&judge, evaluation, &sheet));
    run_sql("set session_replication_role = replica; update sanjeh.evaluation set disclosed_at = "
            "now(), state = 'disclosed'; "
            "set session_replication_role = origin");
    CHECK(!find_sheet(&owner, evaluation, &sheet));
    REQUIRE(find_sheet(&judge, evaluation, &sheet));
    check_first(&sheet);
    /* nobody else's */
    CHECK(!find_sheet(&judge, evaluation_of(5), &sheet));
    caller_clear(&owner);
    caller_clear(&other);
    caller_clear(&judge);
}

/* ---- after the freeze ---- */

#define ORDER_ID "c0000000-0000-8000-8000-000000000009"

/* The evaluation is superseded by an order; a peer's year goes out of force, as if it had never been. */
static void supersede(struct sj_uuid evaluation)
{
    char id[SJ_UUID_TEXT_SIZE];
    char sql[1200];
    sj_uuid_format(evaluation, id);
    (void)snprintf(sql, sizeof sql,
        "set session_replication_role = replica;"
        "update sanjeh.evaluation set state = 'superseded', frozen_at = now() where id = '%s';"
        "insert into sanjeh.correction_order (unit_id, id, issuer_scope_id, evaluation_id, "
        "judge_id, "
        "round, body_ct, key_version, created_by) select e.issuer_unit_id, '" ORDER_ID
        "', e.issuer_scope_id, e.id, e.judge_id, 1, '', 1, e.issuer_unit_id from sanjeh.evaluation "
        "e "
        "where e.id = '%s';"
        "update sanjeh.workload_fact set in_force = false where resolved = 181;"
        "set session_replication_role = origin;",
        id, id);
    run_sql(sql);
}

static void import_correction(struct caller *owner, const char *row, const char *fault)
{
    CLEANUP(sj_buf_clear) struct sj_buf file = SJ_BUF(1024);
    put(&file,
        "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,"
        "resolved,pending_end\n%s\n",
        row);
    CLEANUP(sj_import_free) struct sj_import *import = NULL;
    const struct sj_import_order order = {.kind = SJ_IMPORT_WORKLOAD,
        .format = SJ_FORMAT_CSV,
        .file = sj_buf_view(&file),
        .correction = id_of("select '" ORDER_ID "'")};
    caller_begin(owner);
    REQUIRE_OK(sj_import_run(&owner->desk, NULL, &order, &import));
    const struct sj_import_outcome *outcome = sj_import_outcome(import);
    CHECK(strcmp(outcome->fault_count == 0 ? "" : outcome->faults[0].code, fault) == 0);
    if (fault[0] == '\0') {
        CHECK_OK(caller_commit(owner));
    } else {
        caller_rollback(owner);
    }
}

/* From "peers" of the first line to the end of that object. */
static struct sj_text first_peers(const struct sj_score_sheet *sheet)
{
    static const char key[] = "\"peers\":{";
    const char *from = memmem(sheet->body.ptr, sheet->body.len, key, sizeof key - 1);
    const char *end = sheet->body.ptr + sheet->body.len;
    const char *to = from == NULL ? NULL : memchr(from, '}', (size_t)(end - from));
    return to == NULL ? (struct sj_text){"", 0} : (struct sj_text){from, (size_t)(to - from)};
}

TEST(compute_corrects_one_judge_beside_the_peers_of_the_freeze)
{
    struct caller owner;
    struct caller issuer;
    caller_of_unit(&owner, place_get()->unit_a);
    caller_of_unit(&issuer, place_get()->unit_b);
    const struct sj_uuid evaluation = evaluation_of(129);
    struct sj_score_sheet before;
    struct sj_score_sheet after;
    bool is_done = true;
    REQUIRE(find_sheet(&issuer, evaluation, &before));
    supersede(evaluation);
    CHECK_OK(sj_correction_compute(&issuer.desk, evaluation, &is_done));
    CHECK(!is_done); /* nothing was corrected yet */
    import_correction(&owner, "CMP-2,,2009,1,1,0,0,0,1,1", "OTHER_JUDGE");
    import_correction(&owner, "CMP-0,,2009-01-01/2009-06-30,240,100,7,0,0,29,318", "");
    for (int i = 0; i < 2; i++) { /* a second run replaces */
        REQUIRE_OK(sj_correction_compute(&issuer.desk, evaluation, &is_done));
        CHECK(is_done);
    }
    REQUIRE(find_sheet(&issuer, evaluation, &after));
    CHECK(after.version == 2 && !sj_uuid_equal(after.id, before.id));
    CHECK(has(&after, "\"raw\":84.191176,\"n\":272") && !has(&after, "\"raw\":120.955882"));
    CHECK(first_peers(&before).len > 40 && has(&before, "\"group\":\"cycle\",\"grade_band\":null"));
    CHECK(sj_text_equal(first_peers(&before), first_peers(&after)));
    CHECK(sj_decimal_compare(after.lines[0].score, before.lines[0].score) != 0);
    CHECK(sj_decimal_compare(after.lines[2].score, before.lines[2].score) == 0);
    CHECK(sj_text_is(sj_text_of(value_of("select count(*) from sanjeh.evaluation_score s where "
                                         "s.correction_id is not null")),
        "1"));
    caller_clear(&owner);
    caller_clear(&issuer);
}

TEST(compute_needs_an_evaluation_and_the_owner)
{
    struct caller owner;
    struct caller other;
    struct sj_computation run;
    const struct sj_uuid cycle = id_of("select '" CYCLE_ID "'");
    caller_of_unit(&owner, place_get()->unit_a);
    caller_of_unit(&other, place_get()->unit_c);
    caller_begin(&other);
    CHECK_CODE(sj_computation_create(&other.desk, cycle, &run), NOT_FOUND);
    caller_rollback(&other);
    /* all are disclosed by now */
    caller_begin(&owner);
    CHECK_CODE(sj_computation_create(&owner.desk, cycle, &run), GUARD_UNMET);
    caller_rollback(&owner);
    struct sj_computation *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    CHECK_OK(sj_computation_list(
        &owner.desk, cycle, (struct sj_paging){{{0}}, 10}, &items, &count, &last));
    CHECK(count == 7);
    CHECK_OK(sj_computation_list(
        &other.desk, cycle, (struct sj_paging){{{0}}, 10}, &items, &count, &last));
    CHECK(count == 0);
    caller_clear(&owner);
    caller_clear(&other);
}
