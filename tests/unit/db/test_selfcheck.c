/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the start-up check refuse each state in which the database would not protect the units, name what is
 * wrong, and accept the state that the migrations leave? It runs with the product's own statements, so
 * opening the pool also proves that every one of them prepares against the newest schema.
 */
#include "pg.h"
#include "test.h"

#define REASON_SIZE 256

static sj_status check(char reason[REASON_SIZE])
{
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    const struct sj_db_config config = {.conninfo = pg->app,
        .read_connections = 1,
        .write_connections = 1,
        .connect_timeout_ms = 10000,
        .statement_timeout_ms = 10000};
    CLEANUP(sj_db_close) struct sj_db *db = NULL;
    TRY(sj_db_open(&config, NULL, &db));
    return sj_db_self_check(db, reason, REASON_SIZE);
}

TEST(self_check_accepts_what_the_migrations_leave)
{
    char reason[REASON_SIZE] = "";
    CHECK_OK(check(reason));
    CHECK(strcmp(reason, "") == 0);
    if (reason[0] != '\0') {
        printf("    %s\n", reason);
    }
}

static const struct {
    const char *make;
    const char *undo;
    const char *reason; /* part of what must be said */
} unsafe[] = {
    {"create table sanjeh.naked (unit_id uuid, id int)", "drop table sanjeh.naked", "sanjeh.naked"},
    {"create table sanjeh.half (unit_id uuid); alter table sanjeh.half enable row level security",
        "drop table sanjeh.half", "sanjeh.half has unit_id but no forced row security"},
    {"create table public.other (unit_id uuid)", "drop table public.other", "public.other"},
    {"create table sanjeh.parted (unit_id uuid) partition by list (unit_id);"
     "alter table sanjeh.parted enable row level security;"
     "alter table sanjeh.parted force row level security;"
     "create table sanjeh.part partition of sanjeh.parted default",
        "drop table sanjeh.parted", "sanjeh.part "},
    {"alter table sanjeh.subject_key no force row level security",
        "alter table sanjeh.subject_key force row level security", "sanjeh.subject_key"},
    {"alter table sanjeh.blind_index disable row level security",
        "alter table sanjeh.blind_index enable row level security", "sanjeh.blind_index"},
    {"create materialized view sanjeh.copied as select unit_id from sanjeh.unit_key;"
     "grant select on sanjeh.copied to sanjeh_app",
        "drop materialized view sanjeh.copied", "sanjeh.copied"},
    {"create view sanjeh.seen as select unit_id from sanjeh.unit_key;"
     "grant select on sanjeh.seen to sanjeh_app",
        "drop view sanjeh.seen", "sanjeh.seen runs with its owner's rights"},
    {"create policy open on sanjeh.unit_key for select using (true)",
        "drop policy open on sanjeh.unit_key", "sanjeh.unit_key has a policy"},
    {"alter role sanjeh_app set session_replication_role = replica",
        "alter role sanjeh_app reset session_replication_role", "session_replication_role"},
    {"alter role sanjeh_app superuser", "alter role sanjeh_app nosuperuser", "superuser"},
    {"alter role sanjeh_app bypassrls", "alter role sanjeh_app nobypassrls", "bypasses"},
    {"alter role sanjeh_app createrole", "alter role sanjeh_app nocreaterole", "create roles"},
    {"grant sanjeh_owner to sanjeh_app", "revoke sanjeh_owner from sanjeh_app", "sanjeh_owner"},
    {"grant pg_read_all_data to sanjeh_app", "revoke pg_read_all_data from sanjeh_app",
        "pg_read_all_data"},
    {"create table public.mine (id int); alter table public.mine owner to sanjeh_app",
        "drop table public.mine", "owns"},
    {"grant create on schema sanjeh to sanjeh_app",
        "revoke create on schema sanjeh from sanjeh_app", "schema sanjeh"},
    {"grant temporary on database sanjeh to sanjeh_app",
        "revoke temporary on database sanjeh from sanjeh_app", "database"},
    {"grant truncate on sanjeh.unit_key to sanjeh_app",
        "revoke truncate on sanjeh.unit_key from sanjeh_app", "sanjeh.unit_key"},
    {"grant references (unit_id) on sanjeh.unit_key to sanjeh_app",
        "revoke references (unit_id) on sanjeh.unit_key from sanjeh_app", "sanjeh.unit_key"},
    {"grant select (inner_pad) on sanjeh.context_key to sanjeh_app",
        "revoke select (inner_pad) on sanjeh.context_key from sanjeh_app", "context key"},
};

TEST(self_check_refuses_each_unsafe_state)
{
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    for (size_t i = 0; i < SJ_COUNT(unsafe); i++) {
        char reason[REASON_SIZE] = "";
        REQUIRE(sj_pg_run(pg->admin, unsafe[i].make));
        CHECK_CODE(check(reason), UNSAFE_DATABASE);
        if (strstr(reason, unsafe[i].reason) == NULL) {
            printf("    %s: %s\n", unsafe[i].make, reason);
            CHECK(false);
        }
        REQUIRE(sj_pg_run(pg->admin, unsafe[i].undo));
    }
    char reason[REASON_SIZE] = "";
    CHECK_OK(check(reason));
}

TEST(self_check_refuses_another_schema)
{
    static const char *const changes[] = {
        "update sanjeh.schema_migration set sha256 = sha256(sha256) where number ="
        " (select max(number) from sanjeh.schema_migration)",
        "delete from sanjeh.schema_migration where number ="
        " (select max(number) from sanjeh.schema_migration)",
        "insert into sanjeh.schema_migration (number, name, sha256) values (9999, 'x', sha256(''))",
        "delete from sanjeh.schema_migration",
    };
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    REQUIRE(sj_pg_run(pg->admin, "create table public.kept as table sanjeh.schema_migration"));
    for (size_t i = 0; i < SJ_COUNT(changes); i++) {
        char reason[REASON_SIZE] = "";
        REQUIRE(sj_pg_run(pg->admin, changes[i]));
        CHECK_CODE(check(reason), SCHEMA_MISMATCH);
        CHECK(strstr(reason, "migration") != NULL);
        REQUIRE(sj_pg_run(pg->admin, "truncate sanjeh.schema_migration;"
                                     "insert into sanjeh.schema_migration table public.kept"));
    }
    REQUIRE(sj_pg_run(pg->admin, "drop table public.kept"));
}

TEST(self_check_refuses_settings_that_lose_commits)
{
    static const char *const options[][3] = {
        {"-c", "fsync=off", NULL}, {"-c", "full_page_writes=off", NULL}};
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    REQUIRE(sj_pg_run(pg->admin, "checkpoint"));
    for (size_t i = 0; i < SJ_COUNT(options); i++) {
        char reason[REASON_SIZE] = "";
        sj_pg_crash();
        sj_pg_resume(options[i]);
        CHECK_CODE(check(reason), UNSAFE_DATABASE);
        CHECK(strstr(reason, "is off") != NULL);
    }
    sj_pg_crash();
    sj_pg_resume(NULL);
}

TEST(open_refuses_a_schema_that_lacks_a_table)
{
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    char reason[REASON_SIZE] = "";
    REQUIRE(sj_pg_run(pg->admin, "alter table sanjeh.schema_migration rename to away"));
    CHECK_CODE(check(reason), SCHEMA_MISMATCH);
    REQUIRE(sj_pg_run(pg->admin, "alter table sanjeh.away rename to schema_migration"));
    CHECK_OK(check(reason));
}
