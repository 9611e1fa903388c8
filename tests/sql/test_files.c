/* SPDX-License-Identifier: Apache-2.0
 *
 * Who sees the file of an evaluation? For every table that the catalogue shows to be one of the file (issuer_scope_id,
 * evaluation_id, judge_id and a policy file_read): the process owner, another unit, another judge, an account without a seat,
 * with a seat in another file or with one that has ended see no row, whatever has happened to the evaluation; issuer, judge and
 * seat see what the table of expectations says, before and after disclosure and issue.
 */
#include "session.h"

#define JUDGE_TEXT      "'dd000000-0000-8000-8000-000000000004'::uuid"
#define JUDGE           ((struct sj_uuid){{0xdd, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 4}})
#define EVALUATION_TEXT "'ee000000-0000-8000-8000-000000000005'::uuid"
#define OTHER_TEXT      "'ef000000-0000-8000-8000-000000000006'::uuid"
#define ACCOUNT(n)      ((struct sj_uuid){{0xff, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, (n)}})
#define ACCOUNT_TEXT(n) "'ff000000-0000-8000-8000-0000000000" n "'::uuid"

/* Process owner A, issuer B behind its compartment. Account 11 sits in the file, 12 sat in it, 13 sits in another. */
static const char planting[] =
    "insert into sanjeh.unit (id, code, name_fa, name_en) values (" UNIT_A_TEXT
    ", 'AAA', 'a', 'A'), (" UNIT_B_TEXT ", 'BBB', 'b', 'B') on conflict do nothing;"
    "set session_replication_role = replica;"
    "create table public.file_table as select c.oid::regclass as rel, c.relname as name,"
    "  exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = "
    "'evaluation_id') as is_whole"
    " from pg_class c where c.relnamespace = 'sanjeh'::regnamespace and c.relkind in ('r', 'p')"
    " and exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'file_read');"
    "do $do$ declare t record; begin"
    " perform public.plant('sanjeh.evaluation', " UNIT_A_TEXT ", jsonb_build_object("
    "  'id', n.id, 'judge_id', n.judge, 'issuer_unit_id', " UNIT_B_TEXT ", 'issuer_scope_id', "
    "  " COMPARTMENT_TEXT ", 'state', 'rating')) from (values (" EVALUATION_TEXT "," JUDGE_TEXT "),"
    "  (" OTHER_TEXT ", gen_random_uuid())) as n (id, judge);"
    " perform public.plant('sanjeh.seat', " UNIT_A_TEXT ", jsonb_build_object('evaluation_id', "
    "n.id, 'account_id', n.account, 'issuer_scope_id', " COMPARTMENT_TEXT ", 'capacity', 'member',"
    "  'judge_id', " JUDGE_TEXT ", 'ended_at', n.ended)) from (values"
    "  (" EVALUATION_TEXT ", " ACCOUNT_TEXT(
        "11") ", null::timestamptz),"
              "  (" EVALUATION_TEXT ", " ACCOUNT_TEXT(
                  "12") ", now()),"
                        "  (" OTHER_TEXT ", " ACCOUNT_TEXT(
                            "13") ", null)) as n (id, account, ended);"
                                  " for t in select rel, name from public.file_table loop"
                                  "  perform public.plant(t.rel, " UNIT_B_TEXT
                                  ", jsonb_build_object('evaluation_id', "
                                  "" EVALUATION_TEXT ", 'judge_id', " JUDGE_TEXT
                                  ", 'issuer_scope_id', " COMPARTMENT_TEXT ","
                                  "   'owner_unit_id', gen_random_uuid(), 'office_unit_id', "
                                  "gen_random_uuid(),"
                                  "   'state', case t.name when 'draft' then 'final' else "
                                  "'submitted' end, 'submitted_at', now()));"
                                  " end loop; end $do$;"
                                  "grant select on all tables in schema sanjeh to sanjeh_app;";

/* What has happened to the evaluation. */
enum stage { STAGE_RATING, STAGE_DISCLOSED, STAGE_ISSUED, STAGES };
static const char *const stages[STAGES] = {
    ("update sanjeh.evaluation set state = 'rating', marks_locked_at = null, disclosed_at = null,"
     " issued_at = null where id = " EVALUATION_TEXT),
    ("update sanjeh.evaluation set state = 'disclosed', marks_locked_at = now(), disclosed_at = "
     "now() where id = " EVALUATION_TEXT),
    ("update sanjeh.evaluation set state = 'issued', issued_at = now() where id "
     "= " EVALUATION_TEXT),
};

/* Who sees a row at which stage, '1' or '0' for rating, disclosed, issued. A row made of random texts is nobody's draft. */
static const struct {
    const char *table;
    const char *judge;
    const char *seat;
} expected[] = {
    {"acknowledgement", "111", "111"},
    {"judge_statement", "111", "111"},
    {"appeal", "111", "111"},
    {"appeal_vote", "000", "000"},
    {"calibration_change", "011", "111"},
    {"challenge", "111", "000"},
    {"coi_declaration", "000", "111"},
    {"conflict", "000", "000"},
    {"correction_order", "111", "000"},
    {"decision_sample", "011", "011"},
    {"disclosure", "111", "111"},
    {"draft", "011", "111"},
    {"evaluation_score", "011", "111"},
    {"evidence_item", "011", "111"},
    {"improvement_plan", "111", "111"},
    {"interview", "111", "111"},
    {"observation", "011", "011"},
    {"opinion_review", "011", "011"},
    {"plan_action", "111", "111"},
    {"rating", "011", "011"},
    {"reply", "111", "111"},
    {"reply_point", "111", "111"},
    {"report_card", "001", "001"},
    {"self_assessment", "111", "111"},
    {"verdict", "111", "111"},
};

static const struct sj_pg *planted(void)
{
    static bool done;
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    if (!done && (!session_plants(pg->admin) || !sj_pg_run(pg->admin, planting))) {
        exit(1);
    }
    done = true;
    return pg;
}

static struct outcome count_as(
    PGconn *session, const struct sj_uuid *scopes, size_t count, const char *table)
{
    struct sj_context context;
    sj_pg_sign(scopes, count, 60, &context);
    return session_try_on(session, context.text, "select count(*) from ", table,
        " where evaluation_id = " EVALUATION_TEXT);
}

static void expect_rows(const struct outcome *outcome, const char *rows, const char *table,
    const char *who, size_t stage)
{
    if (strcmp(outcome->state, "00000") != 0 || strcmp(outcome->value, rows) != 0) {
        printf("    %s: %s at stage %zu: %s expected, %s rows (%s)\n", table, who, stage, rows,
            outcome->value, outcome->state);
        CHECK(false);
    }
}

static PGresult *file_tables(const struct sj_pg *pg)
{
    CLEANUP(session_close) PGconn *admin = session_open(pg->admin);
    return PQexec(admin, "select rel::text, name from public.file_table where is_whole order by 1");
}

/* Runs one check for each table at each stage. */
static void each(
    void (*check)(PGconn *session, const char *table, const char *name, enum stage stage))
{
    const struct sj_pg *pg = planted();
    PGresult *tables = file_tables(pg);
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    for (size_t stage = 0; stage < STAGES; stage++) {
        CHECK(sj_pg_run(pg->admin, stages[stage]));
        for (int i = 0; i < PQntuples(tables); i++) {
            check(session, PQgetvalue(tables, i, 0), PQgetvalue(tables, i, 1), (enum stage)stage);
        }
    }
    CHECK(PQntuples(tables) >= 5);
    PQclear(tables);
}

static void check_strangers(PGconn *session, const char *table, const char *name, enum stage stage)
{
    const struct {
        const char *who;
        struct sj_uuid scopes[3];
        size_t count;
    } strangers[] = {
        {"process owner", {UNIT_A}, 1},
        {"issuer's unit without its compartment", {UNIT_B}, 1},
        {"another unit's board member", {{{0xd1}}, ACCOUNT(0x20)}, 2},
        {"another judge", {{{0xd2}}, ACCOUNT(0x21)}, 2},
        {"a seat that has ended", {UNIT_A, ACCOUNT(0x12)}, 2},
        {"a seat in another file", {UNIT_A, ACCOUNT(0x13)}, 2},
    };
    (void)name;
    for (size_t i = 0; i < SJ_COUNT(strangers); i++) {
        const struct outcome outcome =
            count_as(session, strangers[i].scopes, strangers[i].count, table);
        expect_rows(&outcome, "0", table, strangers[i].who, stage);
    }
}

TEST(files_are_invisible_to_everybody_without_a_part)
{
    each(check_strangers);
}

static void check_issuer(PGconn *session, const char *table, const char *name, enum stage stage)
{
    const struct sj_uuid scopes[] = {UNIT_B, COMPARTMENT};
    const struct outcome outcome = count_as(session, scopes, SJ_COUNT(scopes), table);
    /* secret among those who vote */
    const bool hidden = strcmp(name, "appeal_vote") == 0;
    expect_rows(&outcome, hidden ? "0" : "1", table, "issuer", stage);
}

TEST(files_are_the_issuers)
{
    each(check_issuer);
}

static void check_parts(PGconn *session, const char *table, const char *name, enum stage stage)
{
    const struct sj_uuid judge[] = {JUDGE};
    const struct sj_uuid seat[] = {UNIT_A, ACCOUNT(0x11)};
    const struct outcome of_judge = count_as(session, judge, SJ_COUNT(judge), table);
    const struct outcome of_seat = count_as(session, seat, SJ_COUNT(seat), table);
    for (size_t i = 0; i < SJ_COUNT(expected); i++) {
        if (strcmp(expected[i].table, name) == 0) {
            const char judge_rows[] = {expected[i].judge[stage], '\0'};
            const char seat_rows[] = {expected[i].seat[stage], '\0'};
            expect_rows(&of_judge, judge_rows, table, "judge", stage);
            expect_rows(&of_seat, seat_rows, table, "seat", stage);
            return;
        }
    }
    printf("    %s: nobody has said here who sees it; judge %s, seat %s at stage %d\n", table,
        of_judge.value, of_seat.value, (int)stage);
    CHECK(false);
}

TEST(files_show_judge_and_seats_what_their_stage_allows)
{
    each(check_parts);
}

TEST(files_leave_the_state_to_the_process_owner_and_nobody_else)
{
    static const char *const tables[] = {"sanjeh.seat"};
    const struct sj_pg *pg = planted();
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    const struct sj_uuid owner[] = {UNIT_A};
    const struct sj_uuid stranger[] = {{{0xd1}}, ACCOUNT(0x20)};
    const struct sj_uuid seated[] = {ACCOUNT(0x11)};
    struct sj_context context;
    for (size_t i = 0; i < SJ_COUNT(tables); i++) {
        struct outcome outcome = count_as(session, owner, 1, tables[i]);
        expect_rows(&outcome, "2", tables[i], "process owner", 0);
        outcome = count_as(session, stranger, 2, tables[i]);
        expect_rows(&outcome, "0", tables[i], "stranger", 0);
        outcome = count_as(session, seated, 1, tables[i]);
        expect_rows(&outcome, "1", tables[i], "own seat", 0);
    }
    const char *sql = "select count(*) from sanjeh.evaluation where id = " EVALUATION_TEXT;
    sj_pg_sign(owner, 1, 60, &context);
    CHECK(strcmp(session_try(session, context.text, sql).value, "1") == 0);
    sj_pg_sign(stranger, 2, 60, &context);
    CHECK(strcmp(session_try(session, context.text, sql).value, "0") == 0);
    sj_pg_sign(seated, 1, 60, &context);
    CHECK(strcmp(session_try(session, context.text, sql).value, "1") == 0);
}
