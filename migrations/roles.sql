-- SPDX-License-Identifier: Apache-2.0
--
-- Who may do what in the cluster, once per database, by a superuser with psql. Everything after this file is done
-- by sanjeh_migrator. Idempotent: run it again after a restore, or to change the passwords.
--
--   sanjeh_owner     NOLOGIN, owns schema and tables; nobody connects as it
--   sanjeh_migrator  LOGIN, becomes the owner with SET ROLE, used offline by "sanjeh migrate"
--   sanjeh_app       LOGIN, rows only (INSERT, SELECT, UPDATE, DELETE as granted): no DDL, no TEMP, no BYPASSRLS
--   sanjeh_auditor   LOGIN, reads the audit tables
--
-- Passwords come through psql variables on standard input, never through arguments or the environment:
--   { printf '\\set app_password %s\n' "$quoted"; …; cat migrations/roles.sql; } | psql -X -d sanjeh
-- with app_password, migrator_password, auditor_password. A variable that is missing is a syntax error below.
-- What an attacker gains if this file is wrong: an application role that may change tables sees every unit.
\set ON_ERROR_STOP on
\set QUIET on
-- The passwords must not be written anywhere on their way.
set log_statement = 'none';
set log_min_duration_statement = -1;
set log_min_error_statement = 'panic';
set pg_stat_statements.track = 'none';
set password_encryption = 'scram-sha-256';
set client_min_messages = 'warning';

begin;
select format('create role %I', name)
  from unnest(array['sanjeh_owner', 'sanjeh_migrator', 'sanjeh_app', 'sanjeh_auditor']) as wanted(name)
 where not exists (select from pg_catalog.pg_roles r where r.rolname = wanted.name)
\gexec
alter role sanjeh_owner nologin nosuperuser nobypassrls nocreatedb nocreaterole noreplication noinherit;
alter role sanjeh_migrator login nosuperuser nobypassrls nocreatedb nocreaterole noreplication noinherit
  password :'migrator_password';
alter role sanjeh_app login nosuperuser nobypassrls nocreatedb nocreaterole noreplication noinherit
  password :'app_password';
alter role sanjeh_auditor login nosuperuser nobypassrls nocreatedb nocreaterole noreplication noinherit
  password :'auditor_password';
grant sanjeh_owner to sanjeh_migrator;

-- A setting of the role could turn durability or row security off for every new connection.
select format('alter role %I in database %I reset all', name, current_database())
  from unnest(array['sanjeh_migrator', 'sanjeh_app', 'sanjeh_auditor']) as roles(name)
\gexec
alter role sanjeh_app reset all;
alter role sanjeh_app set search_path = sanjeh, pg_catalog;
alter role sanjeh_auditor reset all;
alter role sanjeh_auditor set search_path = sanjeh, pg_catalog;
alter role sanjeh_auditor set default_transaction_read_only = on;

select format('revoke all on database %I from public', current_database())
\gexec
select format('revoke all on database %I from sanjeh_app, sanjeh_auditor, sanjeh_migrator, sanjeh_owner',
              current_database())
\gexec
select format('grant connect on database %I to sanjeh_app, sanjeh_auditor, sanjeh_migrator', current_database())
\gexec
revoke all on schema public from public;
create schema if not exists sanjeh authorization sanjeh_owner;
alter schema sanjeh owner to sanjeh_owner;
revoke all on schema sanjeh from public;
grant usage on schema sanjeh to sanjeh_app, sanjeh_auditor;

-- Large objects have owners, and anybody may make them: one would turn the application role into an owner, which the
-- server refuses to start with. Nothing here uses them. (These functions stand in pg_catalog of this database.)
select format('revoke all on function %s from public', p.oid::regprocedure)
  from pg_catalog.pg_proc p
 where p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^lo(_.*|read|write)$'
\gexec
commit;
