/* SPDX-License-Identifier: Apache-2.0
 *
 * With a real database: do the table of moves in C and the one in SQL agree, does the trigger hold without the program,
 * and is one of two who move the same evaluation told?
 */
#include "pg.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/cycle/evaluations.h"
#include "test.h"

#define OWNER      "00000000-0000-4000-8000-0000000000a1"
#define ISSUER     "00000000-0000-4000-8000-0000000000a2"
#define CYCLE      "00000000-0000-4000-8000-0000000000c1"
#define EVALUATION "00000000-0000-4000-8000-0000000000e1"
#define JUDGE      "00000000-0000-4000-8000-0000000000b1"

#define SEAT(n, capacity)                                                                          \
    "('" OWNER "', '" EVALUATION "', '00000000-0000-4000-8000-00000000000" #n "',"                 \
    "'00000000-0000-4000-8000-00000000000" #n "', '" capacity "', true, '" JUDGE "', '" ISSUER     \
    "')"

static const char ground[] =
    "insert into sanjeh.unit (id, code, name_fa, name_en) values"
    " ('" OWNER "', 'OWN', 'و', 'o'), ('" ISSUER "', 'ISS', 'و', 'i') on conflict do nothing;"
    "insert into sanjeh.template (unit_id, id, code, edition, name_fa, name_en, population, state,"
    " created_by, published_at) values ('" OWNER "', '" CYCLE "', 'T', 1, 'ق', 't', 'judges',"
    " 'published', '" OWNER "', now());"
    "insert into sanjeh.cycle (unit_id, id, code, name_fa, name_en, kind, period_from, period_to,"
    " template_id, issuer_unit_id, issuer_scope_id, state, owner_signed_by, owner_signed_at,"
    " issuer_signed_by, issuer_signed_at, announced_at, criteria_sha256, created_by) values"
    " ('" OWNER "', '" CYCLE "', 'C1', 'د', 'c', 'annual', '2025-03-21', '2026-03-20', '" CYCLE
    "', '" ISSUER "', '" ISSUER "', 'collecting', '" OWNER "', now(), '" ISSUER
    "', now(), now(), sha256('x'), '" OWNER "');";

static const char fresh[] =
    "delete from sanjeh.deadline; delete from sanjeh.evaluation_event; delete from sanjeh.seat;"
    "delete from sanjeh.evaluation;"
    "insert into sanjeh.evaluation (unit_id, id, cycle_id, judge_unit_id, judge_id,"
    " issuer_unit_id, issuer_scope_id, board_id) values ('" OWNER "', '" EVALUATION "', '" CYCLE
    "', '" OWNER "', '" JUDGE "', '" ISSUER "', '" ISSUER "', '" CYCLE "');"
    "insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge,"
    " judge_id, issuer_scope_id) values " SEAT(1, "chair") "," SEAT(2, "member") "," SEAT(
        3, "rapporteur") ";";

struct stage {
    const struct sj_pg *pg;
    struct sj_db *db;
    struct sj_arena *arena;
};

static struct stage *stage_get(void)
{
    static struct stage stage;
    if (stage.pg == NULL) {
        sj_ignore(sj_crypto_init(), "seen by the first hash");
        stage.pg = sj_pg_start((struct sj_view){NULL, 0});
        const struct sj_db_config config = {.conninfo = stage.pg->app,
            .read_connections = 1,
            .write_connections = 3,
            .connect_timeout_ms = 5000,
            .statement_timeout_ms = 20000};
        CHECK_OK(sj_db_open(&config, NULL, &stage.db));
        CHECK_OK(sj_arena_new((size_t)1024 * 1024, &stage.arena));
        CHECK(sj_pg_run(stage.pg->admin, ground));
    }
    CHECK(sj_pg_run(stage.pg->admin, fresh));
    return &stage;
}

struct person {
    struct sj_actor actor;
    struct sj_context context;
    struct sj_decision decision;
    struct sj_desk desk;
};

static void person_of(struct person *person, const char *scope)
{
    const struct stage *stage = stage_get();
    struct sj_uuid id;
    CHECK_OK(sj_uuid_parse(sj_text_of(scope), &id));
    *person = (struct person){
        .actor = {.account = id}, .decision = {.permit = true, .reach = SJ_REACH_FILE}};
    sj_pg_sign(&id, 1, 600, &person->context);
    person->desk = (struct sj_desk){.db = stage->db,
        .context = &person->context,
        .actor = &person->actor,
        .decision = &person->decision,
        .arena = stage->arena};
}

static void reset(void)
{
    CHECK(sj_pg_run(stage_get()->pg->admin, fresh));
}

/* One move in a transaction of its own. */
static sj_status move(struct person *person, struct sj_evaluation *evaluation,
    enum sj_evaluation_state to, const char *reason, struct sj_unmet *ret_unmet)
{
    TRY(sj_tx_begin(person->desk.db, person->desk.context, &person->desk.tx));
    const sj_status status =
        sj_evaluation_move(&person->desk, evaluation, to, sj_text_of(reason), ret_unmet);
    if (sj_failed(status)) {
        sj_tx_rollback(&person->desk.tx);
        return status;
    }
    return sj_tx_commit(&person->desk.tx);
}

static struct sj_evaluation read_as(struct person *person)
{
    struct sj_evaluation evaluation = {.version = 0};
    struct sj_uuid id;
    bool found = false;
    CHECK_OK(sj_uuid_parse(SJ_TEXT(EVALUATION), &id));
    CHECK_OK(sj_evaluation_find(&person->desk, id, &found, &evaluation));
    CHECK(found);
    return evaluation;
}

static void put_list(char *text, size_t size, const char *const *items, size_t max)
{
    text[0] = '\0';
    for (size_t i = 0; i < max && items[i] != NULL; i++) {
        const size_t used = strlen(text);
        (void)snprintf(text + used, size - used, "%s%s", i == 0 ? "" : ",", items[i]);
    }
}

TEST(machine_tables_of_moves_agree)
{
    const struct stage *stage = stage_get();
    size_t count = 0;
    for (; sj_move_at(count) != NULL; count++) {
        const struct sj_move *m = sj_move_at(count);
        char guards[256];
        put_list(guards, sizeof guards, m->guards, SJ_MOVE_GUARDS_MAX);
        const char *parts[SJ_PART_COUNT + 1] = {NULL};
        size_t part_count = 0;
        for (unsigned bit = 0; bit < SJ_PART_COUNT; bit++) {
            if ((m->parts >> bit & 1u) != 0) {
                parts[part_count++] = sj_part_name(bit);
            }
        }
        char names[128];
        put_list(names, sizeof names, parts, SJ_PART_COUNT);
        char sql[1024];
        (void)snprintf(sql, sizeof sql,
            "select count(*) from sanjeh.evaluation_move where from_state = '%s' and to_state = "
            "'%s' and guards = '{%s}'::text[] and parts = '{%s}'::text[]",
            sj_evaluation_state_name(m->from), sj_evaluation_state_name(m->to), guards, names);
        CHECK(strcmp(sj_pg_value(stage->pg->admin, sql), "1") == 0);
    }
    char total[32];
    (void)snprintf(total, sizeof total, "%zu", count);
    CHECK(strcmp(sj_pg_value(stage->pg->admin, "select count(*) from sanjeh.evaluation_move"),
              total) == 0);
}

TEST(machine_owner_notifies_and_clocks_start)
{
    struct person owner;
    person_of(&owner, OWNER);
    struct sj_evaluation evaluation = read_as(&owner);
    struct sj_unmet unmet;
    CHECK_OK(move(&owner, &evaluation, SJ_EVALUATION_NOTIFIED, "", &unmet));
    CHECK(evaluation.state == SJ_EVALUATION_NOTIFIED && evaluation.version == 2);
    CHECK(evaluation.notified_at != 0);
    bool found = false;
    sj_time_us due = 0;
    CHECK_OK(sj_deadline_find(&owner.desk, &evaluation, "challenge", &found, &due));
    CHECK(found && due > evaluation.now + INT64_C(9) * 86400 * 1000000);
    CHECK_CODE(move(&owner, &evaluation, SJ_EVALUATION_COLLECTING, "", &unmet), GUARD_UNMET);
    CHECK(unmet.count >= 1 && strcmp(unmet.items[0].code, "CHALLENGE_PASSED") == 0);
    CHECK_CODE(move(&owner, &evaluation, SJ_EVALUATION_ISSUED, "", &unmet), NO_SUCH_MOVE);
    struct sj_evaluation_event *events = NULL;
    size_t count = 0;
    CHECK_OK(sj_evaluation_events(&owner.desk, evaluation.id, &events, &count));
    REQUIRE(count == 1);
    CHECK(sj_text_is(events[0].to, "notified") && sj_uuid_equal(events[0].by, owner.actor.account));
}

TEST(machine_judge_and_member_do_not_make_the_owners_move)
{
    static const char *const others[] = {ISSUER, "00000000-0000-4000-8000-000000000002"};
    for (size_t i = 0; i < SJ_COUNT(others); i++) {
        struct person other;
        person_of(&other, others[i]);
        struct sj_evaluation evaluation = read_as(&other);
        struct sj_unmet unmet;
        CHECK_CODE(move(&other, &evaluation, SJ_EVALUATION_NOTIFIED, "", &unmet), FORBIDDEN);
    }
    struct person judge;
    person_of(&judge, JUDGE);
    bool found = true;
    struct sj_uuid id;
    struct sj_evaluation evaluation;
    CHECK_OK(sj_uuid_parse(SJ_TEXT(EVALUATION), &id));
    CHECK_OK(sj_evaluation_find(&judge.desk, id, &found, &evaluation));
    CHECK(!found);
}

TEST(machine_second_of_two_is_told)
{
    struct person owner;
    person_of(&owner, OWNER);
    struct sj_evaluation first = read_as(&owner);
    struct sj_evaluation second = first;
    struct sj_unmet unmet;
    CHECK_OK(move(&owner, &first, SJ_EVALUATION_NOTIFIED, "", &unmet));
    CHECK_CODE(
        move(&owner, &second, SJ_EVALUATION_SUSPENDED, "leave", &unmet), PRECONDITION_FAILED);
}

TEST(machine_suspension_stops_clocks_and_returns_where_it_began)
{
    struct person owner;
    person_of(&owner, OWNER);
    struct sj_evaluation evaluation = read_as(&owner);
    struct sj_unmet unmet;
    CHECK_OK(move(&owner, &evaluation, SJ_EVALUATION_NOTIFIED, "", &unmet));
    CHECK_CODE(move(&owner, &evaluation, SJ_EVALUATION_SUSPENDED, "", &unmet), GUARD_UNMET);
    CHECK_OK(move(&owner, &evaluation, SJ_EVALUATION_SUSPENDED, "long leave", &unmet));
    CHECK(evaluation.suspended_from == SJ_EVALUATION_NOTIFIED);
    bool found = true;
    sj_time_us due = 0;
    CHECK_OK(sj_deadline_find(&owner.desk, &evaluation, "challenge", &found, &due));
    CHECK(!found);
    CHECK_CODE(move(&owner, &evaluation, SJ_EVALUATION_FROZEN, "elsewhere", &unmet), NO_SUCH_MOVE);
    CHECK_OK(move(&owner, &evaluation, SJ_EVALUATION_NOTIFIED, "back", &unmet));
    CHECK_OK(sj_deadline_find(&owner.desk, &evaluation, "challenge", &found, &due));
    CHECK(found);
}

TEST(machine_trigger_holds_without_the_program)
{
    reset();
    const struct stage *stage = stage_get();
    struct sj_uuid id;
    CHECK_OK(sj_uuid_parse(SJ_TEXT(OWNER), &id));
    struct sj_context context;
    sj_pg_sign(&id, 1, 600, &context);
    static const struct {
        const char *sql;
        const char *state;
    } cases[] = {
        {"update sanjeh.evaluation set state = 'issued'", "23514"},
        {"update sanjeh.evaluation set state = 'suspended', suspended_from = 'planned'", "23514"},
        {"update sanjeh.evaluation set disclosed_at = now()", "23514"},
        {"update sanjeh.evaluation set round = 2", "23514"},
        {"update sanjeh.evaluation set state = 'notified'", "00000"},
    };
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        char sql[2048];
        (void)snprintf(sql, sizeof sql,
            "begin; select set_config('sanjeh.context', '%s', true); %s; commit", context.text,
            cases[i].sql);
        CHECK(strcmp(sj_pg_state(stage->pg->app, sql), cases[i].state) == 0);
    }
}

TEST(machine_facts_leave_the_callers_context_alone)
{
    struct person other;
    person_of(&other, ISSUER);
    CHECK_OK(sj_tx_begin(other.desk.db, other.desk.context, &other.desk.tx));
    struct sj_evaluation evaluation = read_as(&other);
    struct sj_facts facts;
    CHECK_OK(sj_evaluation_facts(&other.desk, evaluation.id, &facts));
    CHECK(facts.parts == SJ_PART_ISSUER && facts.count > 10);
    CHECK_OK(sj_evaluation_facts(&other.desk, evaluation.id, &facts));
    CHECK(facts.parts == SJ_PART_ISSUER);
    sj_tx_rollback(&other.desk.tx);
    struct person stranger;
    person_of(&stranger, "00000000-0000-4000-8000-0000000000f1");
    CHECK_OK(sj_evaluation_facts(&stranger.desk, evaluation.id, &facts));
    CHECK(facts.count == 0);
    CHECK(facts.parts == 0);
}
