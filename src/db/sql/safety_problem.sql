-- The first reason, if any, why this database does not protect the units from this role (I3).
with me as (select * from pg_catalog.pg_roles where rolname = current_user),
rel as (
  select c.oid, format('%I.%I', n.nspname, c.relname) as name, n.nspname, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
         c.reloptions, exists (select from pg_catalog.pg_attribute a
                               where a.attrelid = c.oid and a.attname = 'unit_id' and not a.attisdropped) as has_unit
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'v', 'm', 'f')
     and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_temp_')
select reason from (
  select 1 as rank, 'role ' || rolname || ' is a superuser' as reason from me where rolsuper
  union all
  select 2, 'role ' || rolname || ' bypasses row security' from me where rolbypassrls
  union all
  select 3, 'role ' || rolname || ' may create roles or databases or replicate' from me
   where rolcreaterole or rolcreatedb or rolreplication
  union all
  select 4, 'role ' || me.rolname || ' is a member of ' || other.rolname
    from me join pg_catalog.pg_auth_members m on m.member = me.oid
         join pg_catalog.pg_roles other on other.oid = m.roleid
  union all
  select 5, 'role ' || me.rolname || ' owns objects, one in ' || s.classid::regclass
    from me join pg_catalog.pg_shdepend s
      on s.refclassid = 'pg_catalog.pg_authid'::regclass and s.refobjid = me.oid and s.deptype = 'o'
  union all
  select 6, 'role ' || me.rolname || ' owns database ' || d.datname
    from me join pg_catalog.pg_database d on d.datdba = me.oid
  union all
  select 7, 'role ' || rolname || ' may create in the database' from me
   where has_database_privilege(current_database(), 'CREATE') or has_database_privilege(current_database(), 'TEMP')
  union all
  select 8, 'role ' || me.rolname || ' may create in schema ' || n.nspname
    from me cross join pg_catalog.pg_namespace n where has_schema_privilege(n.oid, 'CREATE')
  union all
  select 9, 'table ' || name || ' has unit_id but no forced row security' from rel
   where relkind in ('r', 'p') and has_unit and not (relrowsecurity and relforcerowsecurity)
  union all
  select 10, 'relation ' || name || ' has unit_id and cannot have row security' from rel
   where relkind in ('m', 'f') and has_unit and has_any_column_privilege(oid, 'SELECT')
  union all
  select 11, 'view ' || name || ' runs with its owner''s rights' from rel
   where relkind = 'v' and has_any_column_privilege(oid, 'SELECT')
     and not coalesce(reloptions && array['security_invoker=true', 'security_invoker=on'], false)
  union all
  select 12, 'role may truncate, reference or trigger on ' || name from rel
   where relkind in ('r', 'p') and (has_table_privilege(oid, 'TRUNCATE') or has_table_privilege(oid, 'TRIGGER')
     or has_any_column_privilege(oid, 'REFERENCES'))
  union all
  select 13, 'role may read the context key' from rel
   where name = 'sanjeh.context_key' and (has_any_column_privilege(oid, 'SELECT, INSERT, UPDATE') or has_table_privilege(oid, 'DELETE'))
  union all
  select 14, s.name || ' is off' from (values ('fsync'), ('full_page_writes'), ('row_security')) as s(name)
   where current_setting(s.name) = 'off'
  union all
  select 15, 'session_replication_role is ' || current_setting('session_replication_role')
   where current_setting('session_replication_role') <> 'origin'
  union all
  select 16, 'table ' || rel.name || ' has a policy that does not ask scope_ids()' from rel
    join pg_catalog.pg_policy p on p.polrelid = rel.oid and p.polpermissive
   where has_unit and concat(pg_get_expr(p.polqual, rel.oid), ' ', pg_get_expr(p.polwithcheck, rel.oid)) !~ 'scope_ids\(\)'
) as problem order by rank, reason limit 1
