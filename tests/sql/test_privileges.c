/* SPDX-License-Identifier: Apache-2.0
 *
 * Do the roles hold exactly the power that the design gives them? Asked of the catalogue for everything in it,
 * so that a later migration cannot widen a right unnoticed.
 */
#include "session.h"

/* Each question lists what is wrong; an empty answer is right. */
static const struct {
    const char *what;
    const char *sql;
} questions[] = {
    {"a role has an attribute that it must not have",
        "select rolname from pg_roles where rolname like 'sanjeh\\_%' and (rolsuper or rolbypassrls"
        " or rolcreatedb or rolcreaterole or rolreplication or rolcanlogin = (rolname = "
        "'sanjeh_owner'))"},
    {"the application or the auditor is a member of another role",
        "select m.member::regrole from pg_auth_members m where m.member in"
        " ('sanjeh_app'::regrole, 'sanjeh_auditor'::regrole)"},
    {"somebody but the owner owns an object of the schema",
        "select c.relname from pg_class c where c.relnamespace = 'sanjeh'::regnamespace"
        " and c.relowner <> 'sanjeh_owner'::regrole"
        " union all select p.proname from pg_proc p where p.pronamespace = 'sanjeh'::regnamespace"
        " and p.proowner <> 'sanjeh_owner'::regrole"},
    {"the application may create or use temporary tables",
        "select 'database' where has_database_privilege('sanjeh_app', current_database(), 'CREATE')"
        " or has_database_privilege('sanjeh_app', current_database(), 'TEMP')"
        " union all select nspname from pg_namespace where has_schema_privilege('sanjeh_app', oid, "
        "'CREATE')"},
    {"a role may truncate, reference or trigger",
        "select r.rolname || ' ' || c.relname from pg_class c cross join pg_roles r"
        " where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace = 'sanjeh'::regnamespace"
        " and r.rolname in ('sanjeh_app', 'sanjeh_auditor')"
        " and (has_table_privilege(r.oid, c.oid, 'TRUNCATE') or has_table_privilege(r.oid, c.oid, "
        "'TRIGGER')"
        " or has_any_column_privilege(r.oid, c.oid, 'REFERENCES'))"},
    {"the public may read or run something of the schema",
        "select c.relname from pg_class c, aclexplode(c.relacl) a where a.grantee = 0"
        " and c.relnamespace = 'sanjeh'::regnamespace"
        " union all select p.proname from pg_proc p, aclexplode(coalesce(p.proacl,"
        " acldefault('f', p.proowner))) a where a.grantee = 0 and p.pronamespace = "
        "'sanjeh'::regnamespace"},
    {"the auditor may write, or reads more than the record",
        "select c.relname from pg_class c where c.relnamespace = 'sanjeh'::regnamespace"
        " and c.relkind in ('r', 'p', 'v', 'm') and"
        " (has_any_column_privilege('sanjeh_auditor', c.oid, 'INSERT, UPDATE')"
        " or has_table_privilege('sanjeh_auditor', c.oid, 'DELETE')"
        " or (has_any_column_privilege('sanjeh_auditor', c.oid, 'SELECT')"
        "  and c.relname !~ '^(audit_|schema_migration$)'))"},
    {"a table with unit_id lacks forced row security or a policy",
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where a.attname = 'unit_id' and not a.attisdropped and c.relkind in ('r', 'p')"
        " and c.relnamespace not in ('pg_catalog'::regnamespace, "
        "'information_schema'::regnamespace)"
        " and (not c.relrowsecurity or not c.relforcerowsecurity"
        " or not exists (select from pg_policy p where p.polrelid = c.oid))"},
    {"a policy looks into a table that no right hangs on",
        /* The file, who is seated at it, and what stands above a part. Each is written by a move that locks the file. */
        "select distinct p.polrelid::regclass || ' ' || p.polname || ' ' || d.refobjid::regclass "
        "from pg_depend d"
        " join pg_policy p on p.oid = d.objid and d.classid = 'pg_policy'::regclass"
        " where d.refclassid = 'pg_class'::regclass and d.refobjid <> p.polrelid and d.refobjid <> "
        "all (array["
        "'sanjeh.evaluation', 'sanjeh.seat', 'sanjeh.board_member', 'sanjeh.cycle', "
        "'sanjeh.template', 'sanjeh.unit',"
        " 'sanjeh.decision_sample', 'sanjeh.survey_release', 'sanjeh.report_card', "
        "'sanjeh.package']::regclass[])"},
    {"a permissive policy of a unit's table does not ask scope_ids()",
        "select c.relname || ' ' || p.polname from pg_class c join pg_policy p on p.polrelid = "
        "c.oid"
        " join pg_attribute a on a.attrelid = c.oid and a.attname = 'unit_id' and not "
        "a.attisdropped"
        " where p.polpermissive and concat(pg_get_expr(p.polqual, c.oid), ' ',"
        " pg_get_expr(p.polwithcheck, c.oid)) !~ 'scope_ids[(][)]'"},
    {"a table without unit_id enables row security but does not force it",
        "select relname from pg_class where relnamespace = 'sanjeh'::regnamespace"
        " and relrowsecurity <> relforcerowsecurity"},
    {"a table has two permissive policies for one command",
        "select c.relname from pg_class c join pg_policy p on p.polrelid = c.oid and "
        "p.polpermissive"
        " join pg_policy q on q.polrelid = c.oid and q.polpermissive and q.oid > p.oid"
        " and (p.polroles && q.polroles or 0 = any (p.polroles || q.polroles))"
        " and (p.polcmd = q.polcmd or p.polcmd = '*' or q.polcmd = '*')"},
    {"a key of a unit's table does not begin with unit_id",
        "select c.relname || ' ' || i.indexrelid::regclass from pg_class c"
        " join pg_attribute a on a.attrelid = c.oid and a.attname = 'unit_id' and a.attnotnull"
        " join pg_index i on i.indrelid = c.oid and i.indisunique"
        " where c.relnamespace = 'sanjeh'::regnamespace and c.relkind in ('r', 'p')"
        " and i.indkey[0] <> a.attnum"
        /* The one exception: a file's rows are the issuer's, so their foreign key needs the issuer's unit in front. */
        " and not (i.indexrelid = to_regclass('sanjeh.evaluation_of_issuer') and i.indkey[0] ="
        " (select k.attnum from pg_attribute k where k.attrelid = c.oid and k.attname = "
        "'issuer_unit_id'))"
        /* And one that holds the unit further behind, so that rows of a judge lie together whoever sent them (0019). */
        " and not (i.indexrelid = to_regclass('sanjeh.fact_in_force') and a.attnum = any "
        "(i.indkey))"},
    {"a foreign key between units' tables does not begin with the unit",
        "select c.conrelid::regclass || ' ' || c.conname from pg_constraint c"
        " join pg_attribute a on a.attrelid = c.conrelid and a.attname = 'unit_id' and not "
        "a.attisdropped"
        " join pg_attribute b on b.attrelid = c.confrelid and b.attname = 'unit_id' and not "
        "b.attisdropped"
        " where c.contype = 'f' and c.connamespace = 'sanjeh'::regnamespace"
        " and (c.conkey[1] <> a.attnum or c.confkey[1] <> b.attnum)"
        /* A file's rows are the issuer's: they name the evaluation by the issuer's unit in front. An answer of a gate is of the unit that
           was asked, and does the same. */
        " and not (c.confrelid = 'sanjeh.evaluation'::regclass and c.confkey[1] = (select "
        "k.attnum from"
        " pg_attribute k where k.attrelid = c.confrelid and k.attname = 'issuer_unit_id'))"},
    {"a policy calls a volatile function, which would be asked for each row",
        "select p.polrelid::regclass || ' ' || p.polname || ' ' || f.proname from pg_policy p"
        " join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid and "
        "d.refclassid = 'pg_proc'::regclass"
        " join pg_proc f on f.oid = d.refobjid where f.provolatile = 'v'"},
    {"a policy asks the context for each row and not once a statement",
        "select p.polrelid::regclass || ' ' || p.polname from pg_policy p where regexp_replace("
        "concat(pg_get_expr(p.polqual, p.polrelid), ' ', pg_get_expr(p.polwithcheck, p.polrelid)),"
        " '[(] SELECT (sanjeh[.])?[a-z_]+[(][0-9]?[)] AS [a-z_]+[)]', '', 'g') ~"
        " '(scope_ids|sits_in|draws_for|seated_in|member_of|expired_files|readable_judges|"
        "population_files|heads_of)[(]'"},
    {"a view runs with its owner's rights, or a materialised view copies a unit's rows",
        "select c.relname from pg_class c where c.relnamespace = 'sanjeh'::regnamespace"
        " and (c.relkind = 'm' or (c.relkind = 'v' and not coalesce(c.reloptions"
        " && array['security_invoker=true', 'security_invoker=on'], false)))"},
    /* pg_temp that is not named is searched first. scope_ids() writes every name with its schema (test_context attacks it). */
    {"a definer function has an open search path, or one on which temporary objects come first",
        "select p.oid::regprocedure from pg_proc p where p.pronamespace = 'sanjeh'::regnamespace"
        " and p.prosecdef and p.oid <> 'sanjeh.scope_ids()'::regprocedure and not exists (select"
        " from unnest(p.proconfig) s where s ~ '^search_path=pg_catalog, (sanjeh, )?pg_temp$')"},
    {"a function sets a search path on which something comes before pg_catalog or after pg_temp",
        "select p.oid::regprocedure from pg_proc p join unnest(p.proconfig) s on s ~ "
        "'^search_path='"
        " where p.pronamespace = 'sanjeh'::regnamespace"
        " and s !~ '^search_path=pg_catalog, (sanjeh, )?pg_temp$'"},
    {"somebody but its owner may turn the evaluation's clock",
        "select r.rolname from pg_roles r where r.rolname ~ '^sanjeh_(app|auditor)$' and"
        " (has_any_column_privilege(r.oid, 'sanjeh.test_clock', 'INSERT, UPDATE')"
        " or has_table_privilege(r.oid, 'sanjeh.test_clock', 'DELETE'))"},
    {"a leakproof function could look at rows before row security",
        "select proname from pg_proc where pronamespace = 'sanjeh'::regnamespace and proleakproof"},
    {"somebody but its owner may read the context key",
        "select r.rolname from pg_roles r where r.rolname like 'sanjeh\\_%' and r.rolname <> "
        "'sanjeh_owner'"
        " and (has_any_column_privilege(r.oid, 'sanjeh.context_key', 'SELECT, INSERT, UPDATE')"
        " or has_table_privilege(r.oid, 'sanjeh.context_key', 'DELETE')) and r.rolname <> "
        "'sanjeh_migrator'"},
    {"a table of the record shows rows without its scope, or lacks forced row security",
        "select c.relname from pg_class c where c.relnamespace = 'sanjeh'::regnamespace"
        " and c.relkind = 'r' and c.relname like 'audit\\_%' and (not c.relforcerowsecurity or"
        " not exists (select from pg_policy p where p.polrelid = c.oid and p.polroles = array["
        "'sanjeh_app'::regrole::oid] and p.polcmd = 'r' and pg_get_expr(p.polqual, c.oid) ~"
        " '0005.*scope_ids[(][)]') or exists (select from pg_policy p where p.polrelid = c.oid"
        " and (0 = any (p.polroles) or 'sanjeh_app'::regrole = any (p.polroles))"
        " and p.polcmd <> 'r' and p.polname <> 'deed_insert'))"},
    {"a definer function of the record does not ask for its scope",
        "select proname from pg_proc where pronamespace = 'sanjeh'::regnamespace and prosecdef"
        " and proname like 'audit\\_%' and prosrc !~ '^\\s*(declare[^;]*;\\s*)?begin\\s+perform"
        " sanjeh[.]audit_need_record[(][)];'"},
    {"somebody but a superuser may make or touch large objects",
        "select r.rolname || ' ' || p.proname from pg_proc p cross join pg_roles r where"
        " p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^lo(_.*|read|write)$'"
        " and r.rolname like 'sanjeh\\_%' and has_function_privilege(r.oid, p.oid, 'EXECUTE')"},
    {"the public may connect", "select datname from pg_database, aclexplode(datacl) a"
                               " where datname = current_database() and a.grantee = 0"},
};

TEST(privileges_are_what_the_design_says)
{
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    CLEANUP(session_close) PGconn *admin = session_open(pg->admin);
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        PGresult *wrong = PQexec(admin, questions[i].sql);
        if (PQresultStatus(wrong) != PGRES_TUPLES_OK || PQntuples(wrong) > 0) {
            printf("    %s: %s%s\n", questions[i].what,
                PQntuples(wrong) > 0 ? PQgetvalue(wrong, 0, 0) : "", PQresultErrorMessage(wrong));
            CHECK(false);
        }
        PQclear(wrong);
    }
}

TEST(privileges_of_the_application_allow_no_ddl)
{
    static const char *const attempts[] = {"create table sanjeh.x (id int)",
        "create table public.x (id int)", "create temporary table x (id int)", "create schema x",
        "create function sanjeh.x() returns int language sql as 'select 1'",
        "create view sanjeh.x as select 1", "create extension pgcrypto", "create role x",
        "drop function sanjeh.scope_ids()", "drop table sanjeh.unit", "set role sanjeh_owner",
        "set session authorization postgres", "alter role sanjeh_app bypassrls",
        "alter database sanjeh set row_security = off", "set session_replication_role = replica",
        "copy (select 1) to '/tmp/x'", "copy (select 1) to program 'true'",
        "select pg_read_file('postgresql.conf')", "select lo_import('/etc/passwd')",
        "select lo_create(0)", "select lo_creat(-1)", "select lo_from_bytea(0, 'x')",
        "select lo_create(4711)", "select lo_import('/etc/passwd', 4711)", "select lo_open(1, 1)",
        "select sanjeh.audit_need_record()", "create policy p on sanjeh.unit using (true)",
        "select sanjeh.protect_system('sanjeh.unit', array[gen_random_uuid()])"};
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        const struct outcome outcome = session_try(session, NULL, attempts[i]);
        if (strcmp(outcome.state, "42501") != 0) {
            printf("    %s: %s\n", attempts[i], outcome.state);
            CHECK(false);
        }
    }
}

TEST(privileges_survive_a_second_run_of_roles)
{
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    CHECK(strcmp(sj_pg_state(pg->app, "select 1 from sanjeh.schema_migration"), "00000") == 0);
    CHECK(strcmp(sj_pg_state(pg->auditor, "select 1 from sanjeh.unit"), "42501") == 0);
    CHECK(strcmp(sj_pg_state(pg->migrator, "select 1 from sanjeh.unit"), "42501") == 0);
}

/* What an injected statement has: the role, and the context of the request that it came in. */
TEST(privileges_of_the_record_need_its_scope)
{
    static const char *const refused[] = {
        "select sanjeh.audit_append(log_id, 0, sha256(''), 1, sha256('x'), sha256('x'), 0, log_id,"
        " '', array['x'::bytea], array[sha256('x')], '{}', '{}', '{}', '{}', '{}', '{}', '{}', "
        "'{}',"
        " '{}', 0, null) from (select gen_random_uuid() as log_id) as head",
        "select sanjeh.audit_checkpoint_put(1, 'x')", "select sanjeh.audit_seen_put(1, 'x', 'x')",
        "select sanjeh.audit_outbox_refuse(gen_random_uuid(), 1)",
        "select sanjeh.audit_payload_put('{}', '{}')", "select sanjeh.audit_payload_erase('{1}')"};
    static const char *const tables[] = {
        "head", "entry", "outbox", "refused", "tile", "tenant", "checkpoint", "seen", "payload"};
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    const struct sj_uuid unit = UNIT_A;
    const struct sj_uuid record = {{0, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 5}};
    struct sj_context deed;
    struct sj_context own;
    sj_pg_sign(&unit, 1, 60, &deed);
    sj_pg_sign(&record, 1, 60, &own);
    CHECK(sj_pg_run(pg->admin, "insert into sanjeh.audit_refused (emitter, seq, draft, mac, put_at)"
                               " values (gen_random_uuid(), 1, 'x', 'x', now())"));
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    for (size_t i = 0; i < SJ_COUNT(refused); i++) {
        CHECK(strcmp(session_try(session, NULL, refused[i]).state, "42501") == 0);
        CHECK(strcmp(session_try(session, deed.text, refused[i]).state, "42501") == 0);
        CHECK(strcmp(session_try(session, own.text, refused[i]).state,
                  i == 0 ? "SJ001" : "00000") == 0);
    }
    for (size_t i = 0; i < SJ_COUNT(tables); i++) {
        CHECK(
            session_try_on(session, NULL, "select * from sanjeh.audit_", tables[i], "").affected ==
            0);
        CHECK(session_try_on(session, deed.text, "select * from sanjeh.audit_", tables[i], "")
                  .affected == 0);
    }
    CHECK(session_try(session, own.text, "select * from sanjeh.audit_head").affected == 1);
    CHECK(session_try(session, own.text, "select * from sanjeh.audit_refused").affected == 1);
    CHECK(strcmp(sj_pg_value(pg->auditor, "select count(*) from sanjeh.audit_refused"), "1") == 0);
}

TEST(privileges_to_put_a_draft_or_a_court_need_some_context)
{
    static const char *const attempts[] = {"insert into sanjeh.audit_outbox (emitter, seq, draft, "
                                           "mac) values (gen_random_uuid(), 1, 'x',"
                                           " 'x')",
        "insert into sanjeh.court (id, code, code_norm, name_fa, name_en, status) values"
        " (gen_random_uuid(), 'C', 'c', 'c', 'c', 'provisional')"};
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    const struct sj_uuid unit = UNIT_A;
    struct sj_context deed;
    struct sj_context ended;
    sj_pg_sign(&unit, 1, 60, &deed);
    sj_pg_sign(&unit, 1, -1, &ended);
    CLEANUP(session_close) PGconn *session = session_open(pg->app);
    for (size_t i = 0; i < SJ_COUNT(attempts); i++) {
        CHECK(strcmp(session_try(session, NULL, attempts[i]).state, "42501") == 0);
        CHECK(strcmp(session_try(session, ended.text, attempts[i]).state, "42501") == 0);
        CHECK(strcmp(session_try(session, deed.text, attempts[i]).state, "00000") == 0);
    }
}
