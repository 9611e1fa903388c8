-- SPDX-License-Identifier: Apache-2.0
--
-- How does a row get into any table that the catalogue knows, whatever columns it has? For tests/sql alone, run by the
-- superuser on a database that is thrown away. Checks, foreign keys and triggers are put aside while rows are planted: they
-- are not what is tried. References stay whole: what a column of a unit's row points to is that unit's planted row.
set session_replication_role = replica;
do $do$
declare t record;
begin
    for t in select c.conname, c.conrelid::regclass as rel from pg_constraint as c
             join pg_class as r on r.oid = c.conrelid
             where c.contype = 'c' and c.conparentid = 0 and r.relnamespace = 'sanjeh'::regnamespace loop
        execute format('alter table %s drop constraint if exists %I', t.rel, t.conname);
    end loop;
    for t in select c.oid::regclass as rel from pg_class as c where c.relkind in ('r', 'p') and not c.relispartition
             and c.relnamespace = 'sanjeh'::regnamespace loop
        execute format('alter table %s disable trigger user', t.rel);
    end loop;
end
$do$;

-- The id of a unit's planted row of a table.
create function public.planted(unit uuid, relation name) returns uuid language sql immutable
as $$ select md5(unit::text || relation)::uuid $$;

-- Where the value of a column points: a foreign key's table, else the table that the column is named after, else null.
create function public.points_to(target regclass, col name) returns name language sql stable
as $$
    select coalesce(
        (select r.relname from pg_constraint as k join pg_class as r on r.oid = k.confrelid
            join lateral unnest(k.conkey, k.confkey) as p (own, other) on true
            join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = p.own
            join pg_attribute as b on b.attrelid = k.confrelid and b.attnum = p.other
         where k.contype = 'f' and k.conrelid = target and a.attname = col and b.attname = 'id' and r.relname <> 'unit'
         limit 1),
        (select r.relname from pg_class as r where r.relnamespace = 'sanjeh'::regnamespace and r.relkind in ('r', 'p')
            and r.relname || '_id' = col and r.relname <> 'unit'))
$$;

-- An expression for a column that names a row of reference data by a text key; null: it does not.
create function public.refers_to(target regclass, col name) returns text language sql stable
as $$
    select format('(select min(%I) from %s)', b.attname, k.confrelid::regclass)
    from pg_constraint as k
    join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    join pg_attribute as b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
    where k.contype = 'f' and k.conrelid = target and cardinality(k.conkey) = 1 and a.attname = col and b.atttypid = 'text'::regtype
    limit 1
$$;

create function public.is_a_unit(target regclass, col name) returns boolean language sql stable
as $$
    select exists (select from pg_constraint as k join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
        where k.contype = 'f' and k.conrelid = target and k.confrelid = 'sanjeh.unit'::regclass and a.attname = col)
$$;

-- Inserts a row; given: values by column, the others are made by type. What may be null in time is null: nothing has
-- happened yet.
create function public.plant(target regclass, unit uuid, given jsonb) returns void language plpgsql
as $$
declare
    cols text;
    vals text;
begin
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum), string_agg(case
        when given ? a.attname then format('%L::%s', given ->> a.attname, a.typ)
        when a.attname in ('unit_id', 'issuer_unit_id', 'issuer_scope_id') then format('%L::uuid', unit)
        when a.attname = 'compartment_id' then 'null'
        when public.is_a_unit(target, a.attname) then format('%L::uuid', unit)
        when a.typ = 'uuid' and a.attname = 'id' then format('%L::uuid', public.planted(unit, (select relname from pg_class where oid = target)))
        when a.typ = 'uuid' and public.points_to(target, a.attname) is not null
            then format('%L::uuid', public.planted(unit, public.points_to(target, a.attname)))
        when a.typ = 'uuid' then 'gen_random_uuid()'
        when public.refers_to(target, a.attname) is not null then public.refers_to(target, a.attname)
        when a.typ ~ '\[\]$' then '''{}''::' || a.typ
        when a.typ ~ '^(text|character varying)' then 'md5(random()::text)'
        when a.typ = 'bytea' then 'sha256(random()::text::bytea)'
        when a.typ in ('smallint', 'integer', 'bigint') then '(random() * 30000)::int::' || a.typ
        when a.typ ~ '^numeric' then '(random() * 9)::' || a.typ
        when a.typ = 'boolean' then 'true'
        when a.typ = 'date' then '''2026-01-01''::date'
        when a.typ ~ '^timestamp' then case when a.attnotnull then 'clock_timestamp()' else 'null' end
        when a.typ in ('json', 'jsonb') then '''{}''::' || a.typ
        when a.typ ~ 'range$' then '''empty''::' || a.typ
        else 'null::' || a.typ end, ', ' order by a.attnum)
    into cols, vals
    from (select attname, attnum, attnotnull, format_type(atttypid, atttypmod) as typ from pg_attribute
          where attrelid = target and attnum > 0 and not attisdropped and attgenerated = '' and attidentity <> 'a') as a;
    execute format('insert into %s (%s) values (%s)', target, cols, vals);
end
$$;
