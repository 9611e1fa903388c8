-- SPDX-License-Identifier: Apache-2.0
-- What guards the record, one line a piece: a piece that was changed, and one that was changed and changed back (xmin), has another
-- digest. Tables by oid: one that was dropped and made again is another one.
with names (name, digest) as (
  select 'table ' || c.relname, concat_ws('|', c.oid, c.relowner, c.relpersistence, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
      c.relacl::text, case when c.relname like 'audit\_%' or c.relname = 'file_opening' then c.relfilenode end,
      (select string_agg(concat_ws(',', a.attname, a.atttypid, a.attnotnull, a.attisdropped, a.attacl::text), ';' order by a.attnum)
         from pg_catalog.pg_attribute as a where a.attrelid = c.oid and a.attnum > 0))
    from pg_catalog.pg_class as c
   where c.relnamespace = 'sanjeh'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
     and (not c.relispartition or c.relname !~ '^audit_entry_p[0-9]+$')
  union all
  select 'function ' || p.proname || ' ' || p.oid, concat_ws('|', p.xmin, p.proowner, p.prosecdef, p.proconfig::text, p.proacl::text,
      p.prosrc)
    from pg_catalog.pg_proc as p where p.pronamespace = 'sanjeh'::regnamespace
  union all
  select 'trigger ' || c.relname || '.' || t.tgname, concat_ws('|', t.oid, t.xmin, t.tgenabled, t.tgfoid)
    from pg_catalog.pg_trigger as t join pg_catalog.pg_class as c on c.oid = t.tgrelid
   where c.relnamespace = 'sanjeh'::regnamespace and not t.tgisinternal
     and (not c.relispartition or c.relname !~ '^audit_entry_p[0-9]+$')
  union all
  select 'policy ' || c.relname || '.' || p.polname, concat_ws('|', p.oid, p.xmin)
    from pg_catalog.pg_policy as p join pg_catalog.pg_class as c on c.oid = p.polrelid
   where c.relnamespace = 'sanjeh'::regnamespace
     and (not c.relispartition or c.relname !~ '^audit_entry_p[0-9]+$')
  union all
  select 'rule ' || c.relname || '.' || r.rulename, concat_ws('|', r.oid, r.xmin, r.ev_enabled)
    from pg_catalog.pg_rewrite as r join pg_catalog.pg_class as c on c.oid = r.ev_class
   where c.relnamespace = 'sanjeh'::regnamespace
  union all
  select 'constraint ' || c.relname || '.' || k.conname, concat_ws('|', k.oid, k.xmin, k.convalidated)
    from pg_catalog.pg_constraint as k join pg_catalog.pg_class as c on c.oid = k.conrelid
   where c.relnamespace = 'sanjeh'::regnamespace and (c.relname ~ '^(audit|record)_' or c.relname = 'file_opening')
     and (not c.relispartition or c.relname !~ '^audit_entry_p[0-9]+$')
  union all
  select 'event-trigger ' || e.evtname, concat_ws('|', e.oid, e.xmin, e.evtenabled) from pg_catalog.pg_event_trigger as e
  union all
  select 'schema ' || n.nspname, concat_ws('|', n.oid, n.nspowner, n.nspacl::text)
    from pg_catalog.pg_namespace as n where n.nspname in ('sanjeh', 'public')
  union all
  select 'role ' || r.rolname, concat_ws('|', r.oid, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb, r.rolreplication,
      r.rolcanlogin, r.rolinherit, (select string_agg(m.roleid::text, ',' order by m.roleid)
         from pg_catalog.pg_auth_members as m where m.member = r.oid))
    from pg_catalog.pg_roles as r where r.rolname like 'sanjeh\_%'
  union all
  select 'role-setting ' || s.setrole || '.' || s.setdatabase, s.setconfig::text
    from pg_catalog.pg_db_role_setting as s left join pg_catalog.pg_roles as r on r.oid = s.setrole
   where (s.setrole = 0 or r.rolname like 'sanjeh\_%')
     and s.setdatabase in (0, (select d.oid from pg_catalog.pg_database as d where d.datname = current_database()))
  union all
  select 'setting ' || v.name, current_setting(v.name)
    from (values ('fsync'), ('full_page_writes'), ('synchronous_commit'), ('session_replication_role'), ('row_security'),
      ('zero_damaged_pages'), ('ignore_checksum_failure')) as v (name))
select (select max(m.number)::int8 from sanjeh.schema_migration as m),
    string_agg(n.name || ' ' || encode(substr(sha256(convert_to(coalesce(n.digest, ''), 'UTF8')), 1, 12), 'hex'), e'\n'
        order by n.name collate "C")
from names as n
