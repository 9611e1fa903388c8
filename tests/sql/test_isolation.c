/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the database keep the units apart, whatever statement the server is made to run? For every table with a
 * unit_id that the catalogue knows: rows of two units are planted, the application role gets every row
 * right it could ever be granted, and then only row security stands between the units.
 */
#include "session.h"

/* Every table gets a row of unit A and one of unit B, and, where it has compartments, one of A inside one. */
static const char planting[] =
    "insert into sanjeh.unit (id, code, name_fa, name_en) values"
    " (" UNIT_A_TEXT ", 'AAA', 'a', 'A'), (" UNIT_B_TEXT
    ", 'BBB', 'b', 'B') on conflict do nothing;"
    "set session_replication_role = replica;"
    "do $do$ declare t record; begin"
    " for t in select c.oid::regclass as rel, exists (select from pg_attribute a where"
    "    a.attrelid = c.oid and a.attname = 'compartment_id' and not a.attisdropped) as walls"
    "   from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'unit_id' and"
    "   not a.attisdropped where c.relkind in ('r', 'p') and not c.relispartition"
    "   and c.relnamespace = 'sanjeh'::regnamespace loop"
    /* not a draft, and its author is the unit itself */
    "  perform public.plant(t.rel, u, jsonb_build_object('state', 'submitted', 'created_by', u,"
    "'submitted_at', now()))"
    "   from (values (" UNIT_A_TEXT "), (" UNIT_B_TEXT ")) as units (u);"
    "  if t.walls then"
    "   perform public.plant(t.rel, " UNIT_A_TEXT ", jsonb_build_object('id', gen_random_uuid(),"
    "    'judge_id', gen_random_uuid(), 'compartment_id', " COMPARTMENT_TEXT "));"
    "  end if;"
    " end loop; end $do$;"
    "grant select, insert, update, delete on all tables in schema sanjeh to sanjeh_app;"
    "revoke all on sanjeh.context_key from sanjeh_app;";

struct tables {
    PGresult
        *list; /* name, has compartment_id, columns but unit_id and those the server makes itself */
    int count;
};

static void tables_clear(struct tables *tables)
{
    PQclear(tables->list);
    tables->list = NULL;
}

static struct tables find_tables(const struct sj_pg *pg)
{
    PGconn *admin = session_open(pg->admin);
    struct tables tables = {
        .list = PQexec(admin, "select c.oid::regclass::text, bool_or(a.attname = 'compartment_id'),"
                              " string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter "
                              "(where a.attname <> 'unit_id'"
                              "  and a.attgenerated = '' and a.attidentity <> 'a')"
                              " from pg_class c join pg_attribute a on a.attrelid = c.oid and "
                              "a.attnum > 0 and not a.attisdropped"
                              " where c.relkind in ('r', 'p') and not c.relispartition and "
                              "c.relnamespace = 'sanjeh'::regnamespace"
                              " group by c.oid having bool_or(a.attname = 'unit_id') order by 1")};
    session_close(&admin);
    tables.count = PQntuples(tables.list);
    return tables;
}

static const char *name_of(const struct tables *tables, int i)
{
    return PQgetvalue(tables->list, i, 0);
}

static bool has_walls(const struct tables *tables, int i)
{
    return PQgetvalue(tables->list, i, 1)[0] == 't';
}

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

static struct sj_context context_of(struct sj_uuid unit, int64_t valid_s)
{
    struct sj_context context;
    sj_pg_sign(&unit, 1, valid_s, &context);
    return context;
}

static void expect(bool right, const char *table, const char *what, const struct outcome *outcome)
{
    if (!right) {
        printf("    %s: %s: %s, %lld rows, value %s\n", table, what, outcome->state,
            outcome->affected, outcome->value);
        CHECK(false);
    }
}

static struct outcome count_rows(
    PGconn *session, const char *context, const char *table, const char *where)
{
    return session_try_on(session, context, "select count(*) from ", table, where);
}

TEST(isolation_finds_tables_to_try)
{
    CLEANUP(tables_clear) struct tables tables = find_tables(planted());
    CHECK(tables.count >= 3);
}

static void check_sees_nothing(PGconn *session, const char *context, const char *table)
{
    const struct outcome outcome = count_rows(session, context, table, "");
    expect(strcmp(outcome.state, "00000") == 0 && strcmp(outcome.value, "0") == 0, table,
        "no rows expected", &outcome);
}

TEST(isolation_shows_no_row_without_a_valid_context)
{
    const struct sj_pg *pg = planted();
    CLEANUP(tables_clear) struct tables tables = find_tables(pg);
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    const struct sj_context expired = context_of(UNIT_A, -1);
    struct sj_context forged = context_of(UNIT_A, 60);
    const size_t last = strlen(forged.text) - 1;
    forged.text[last] = forged.text[last] == '0' ? '1' : '0';
    struct sj_context moved = context_of(UNIT_B, 60);
    char *at = strstr(moved.text, "bb0000");
    REQUIRE(at != NULL);
    at[0] = 'a';
    at[1] = 'a'; /* the id of A under the signature for B */
    const struct sj_context other = context_of((struct sj_uuid){{0xdd}}, 60);
    const char *const contexts[] = {
        NULL, "", expired.text, forged.text, moved.text, other.text, "v1.9999999999.x."};
    for (int i = 0; i < tables.count; i++) {
        for (size_t c = 0; c < sizeof(contexts) / sizeof(contexts[0]); c++) {
            check_sees_nothing(session, contexts[c], name_of(&tables, i));
        }
    }
}

TEST(isolation_shows_a_unit_its_own_rows_only)
{
    const struct sj_pg *pg = planted();
    CLEANUP(tables_clear) struct tables tables = find_tables(pg);
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    const struct sj_context context = context_of(UNIT_A, 60);
    for (int i = 0; i < tables.count; i++) {
        const char *table = name_of(&tables, i);
        struct outcome outcome = count_rows(session, context.text, table, "");
        expect(strcmp(outcome.value, "1") == 0, table, "one row of A expected", &outcome);
        outcome = count_rows(
            session, context.text, table, " where unit_id is distinct from " UNIT_A_TEXT);
        expect(strcmp(outcome.value, "0") == 0, table, "no other unit's row expected", &outcome);
    }
}

TEST(isolation_holds_behind_a_compartments_wall)
{
    const struct sj_pg *pg = planted();
    CLEANUP(tables_clear) struct tables tables = find_tables(pg);
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    const struct sj_context outside = context_of(UNIT_A, 60);
    const struct sj_uuid scopes[2] = {UNIT_A, COMPARTMENT};
    struct sj_context inside;
    sj_pg_sign(scopes, 2, 60, &inside);
    const struct sj_context alone = context_of(COMPARTMENT, 60);
    int tried = 0;
    for (int i = 0; i < tables.count; i++) {
        const char *table = name_of(&tables, i);
        const char *where = " where compartment_id is not null";
        if (!has_walls(&tables, i)) {
            continue;
        }
        tried++;
        struct outcome outcome = count_rows(session, outside.text, table, where);
        expect(strcmp(outcome.value, "0") == 0, table, "row behind the wall", &outcome);
        outcome = count_rows(session, inside.text, table, where);
        expect(strcmp(outcome.value, "1") == 0, table, "own compartment's row", &outcome);
        check_sees_nothing(session, alone.text, table);
    }
    CHECK(tried >= 1);
}

/* A row of the file is seen by the issuer's scope, not by its unit_id: there a foreign key that holds the unit together
 * with the evaluation refuses another unit's. Only such a key of two columns counts. */
static bool is_kept_by_key(const struct sj_pg *pg, const struct outcome *outcome)
{
    if (strcmp(outcome->state, "23503") != 0) {
        return false;
    }
    CLEANUP(session_close) PGconn *admin = session_open(pg->admin);
    const char *name = outcome->constraint;
    PGresult *result = PQexecParams(admin,
        "select 1 from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and"
        " a.attnum = any (k.conkey) where k.conname = $1 and k.contype = 'f' and"
        " cardinality(k.conkey) > 1 and a.attname in ('unit_id', 'issuer_unit_id')",
        1, NULL, &name, NULL, NULL, 0);
    const bool kept = PQntuples(result) > 0;
    PQclear(result);
    return kept;
}

/* "insert into t (unit_id, …) select <unit>, … from t where unit_id = A": the row is one the unit can see. */
static struct outcome insert_for(
    PGconn *session, const char *context, const struct tables *tables, int i, const char *unit)
{
    char before[4096];
    char after[4096];
    const char *columns = PQgetvalue(tables->list, i, 2);
    snprintf(before, sizeof(before), "insert into %s (unit_id, %s) select %s, %s from ",
        name_of(tables, i), columns, unit, columns);
    snprintf(after, sizeof(after), " where unit_id = " UNIT_A_TEXT);
    return session_try_on(session, context, before, name_of(tables, i), after);
}

TEST(isolation_refuses_rows_written_for_another_unit)
{
    const struct sj_pg *pg = planted();
    CLEANUP(tables_clear) struct tables tables = find_tables(pg);
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    const struct sj_context context = context_of(UNIT_A, 60);
    for (int i = 0; i < tables.count; i++) {
        const struct outcome outcome = insert_for(session, context.text, &tables, i, UNIT_B_TEXT);
        expect(strcmp(outcome.state, "42501") == 0 || is_kept_by_key(pg, &outcome),
            name_of(&tables, i), "insert for B", &outcome);
        const struct outcome none = session_try_on(session, NULL, "insert into ",
            name_of(&tables, i), " (unit_id) values (" UNIT_A_TEXT ")");
        expect(strcmp(none.state, "42501") == 0, name_of(&tables, i), "insert unsigned", &none);
    }
}

/* Refused outright, or no row was there to be changed. */
static bool changed_nothing(const struct sj_pg *pg, const struct outcome *outcome)
{
    return strcmp(outcome->state, "42501") == 0 || is_kept_by_key(pg, outcome) ||
           (strcmp(outcome->state, "00000") == 0 && outcome->affected == 0);
}

TEST(isolation_refuses_moving_changing_and_deleting_across_units)
{
    static const char *const changes[][2] = {
        {"update ", " set unit_id = " UNIT_B_TEXT},
        {"update ", " set unit_id = " UNIT_A_TEXT " where unit_id = " UNIT_B_TEXT},
        {"update ", " set unit_id = unit_id where unit_id is distinct from " UNIT_A_TEXT},
        {"delete from ", " where unit_id is distinct from " UNIT_A_TEXT},
        {"select 1 from ", " where unit_id is distinct from " UNIT_A_TEXT " for update"},
        {"select 1 from ", " where unit_id is distinct from " UNIT_A_TEXT " for share"},
    };
    const struct sj_pg *pg = planted();
    CLEANUP(tables_clear) struct tables tables = find_tables(pg);
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    const struct sj_context context = context_of(UNIT_A, 60);
    for (int i = 0; i < tables.count; i++) {
        const char *table = name_of(&tables, i);
        for (size_t c = 0; c < sizeof(changes) / sizeof(changes[0]); c++) {
            const struct outcome outcome =
                session_try_on(session, context.text, changes[c][0], table, changes[c][1]);
            expect(changed_nothing(pg, &outcome), table, changes[c][1], &outcome);
        }
        const struct outcome gone = session_try_on(session, NULL, "delete from ", table, "");
        expect(changed_nothing(pg, &gone), table, "delete without context", &gone);
    }
}

TEST(isolation_cannot_be_switched_off_by_the_application)
{
    const struct sj_pg *pg = planted();
    CLEANUP(tables_clear) struct tables tables = find_tables(pg);
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    PQclear(PQexec(session, "set row_security = off"));
    for (int i = 0; i < tables.count; i++) {
        const char *table = name_of(&tables, i);
        const struct outcome off = session_try_on(session, NULL, "select * from ", table, "");
        expect(strcmp(off.state, "42501") == 0, table, "row_security = off", &off);
        static const char *const attempts[] = {" disable row level security",
            " no force row level security", " add column x int", " owner to sanjeh_app",
            " disable trigger all"};
        for (size_t a = 0; a < sizeof(attempts) / sizeof(attempts[0]); a++) {
            const struct outcome outcome =
                session_try_on(session, NULL, "alter table ", table, attempts[a]);
            expect(strcmp(outcome.state, "42501") == 0, table, attempts[a], &outcome);
        }
        const struct outcome emptied = session_try_on(session, NULL, "truncate ", table, "");
        expect(strcmp(emptied.state, "42501") == 0, table, "truncate", &emptied);
    }
}

/* A quick function in a query may not look at rows before row security has (leaks by errors and notices). */
TEST(isolation_runs_before_the_callers_conditions)
{
    const struct sj_pg *pg = planted();
    CLEANUP(tables_clear) struct tables tables = find_tables(pg);
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    const struct sj_context context = context_of(UNIT_A, 60);
    for (int i = 0; i < tables.count; i++) {
        const struct outcome outcome = count_rows(session, context.text, name_of(&tables, i),
            " where 1 / (case when unit_id = " UNIT_B_TEXT " then 0 else 1 end) = 1");
        expect(strcmp(outcome.state, "00000") == 0, name_of(&tables, i), "division", &outcome);
    }
}
