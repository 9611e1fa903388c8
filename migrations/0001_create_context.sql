-- SPDX-License-Identifier: Apache-2.0
--
-- Why: the database itself decides which unit's rows a request sees (I3). The server sends a context that the keeper
--   signed; scope_ids() checks signature and expiry and gives the units; protect() puts that in front of a table.
--   A bare setting would not do: any injected statement may call set_config (POLICY 4.3).
-- Locks: none that anybody waits for, everything is new.
-- Time on big tables: none.
-- Retreat: drop schema sanjeh cascade; nothing else exists yet.

-- Functions of this schema are nobody's until they are granted.
alter default privileges revoke execute on functions from public;

create table sanjeh.schema_migration (
  number integer not null,
  name text not null,
  sha256 bytea not null,
  applied_at timestamptz not null default clock_timestamp(),
  constraint schema_migration_pkey primary key (number),
  constraint schema_migration_number_positive check (number > 0),
  constraint schema_migration_sha256_size check (octet_length(sha256) = 32)
);
grant select on sanjeh.schema_migration to sanjeh_app, sanjeh_auditor;

-- The HMAC key of contexts as its inner and outer pad (FIPS 198-1: K0 xor ipad, K0 xor opad), so that the check
-- needs only the core function sha256(). One row. Nobody but the owner, that is scope_ids(), reads it.
create table sanjeh.context_key (
  only_row boolean not null default true,
  inner_pad bytea not null,
  outer_pad bytea not null,
  constraint context_key_pkey primary key (only_row),
  constraint context_key_one_row check (only_row),
  constraint context_key_pad_size check (octet_length(inner_pad) = 64 and octet_length(outer_pad) = 64)
);
revoke all on sanjeh.context_key from public;

-- The scopes of this transaction's context: 'v1.<expiry>.<uuid>[,<uuid>…].<64 hex>'. Anything but a valid, unexpired
-- signature gives no scope and so no row; it never raises. Every name is written with its schema, operators too:
-- that is as safe as SET search_path on the function and saves its cost on each call. The comparison is not
-- constant-time: it is one memcmp of 65 bytes on which nothing shorter than 16 bytes can be guessed apart.
-- plpgsql and not sql: its plan is kept for the session (PERF 4: 10 µs against 45).
create function sanjeh.scope_ids() returns pg_catalog.uuid[]
  language plpgsql stable security definer parallel safe
as $$
declare
  context pg_catalog.text := pg_catalog.current_setting('sanjeh.context', true);
begin
  if context is null or context operator(pg_catalog.=) '' then
    return '{}';
  end if;
  perform from sanjeh.context_key as k
    where '.' operator(pg_catalog.||) pg_catalog.encode(pg_catalog.sha256(k.outer_pad operator(pg_catalog.||)
            pg_catalog.sha256(k.inner_pad operator(pg_catalog.||)
              pg_catalog.convert_to(pg_catalog.left(context, -65), 'UTF8'))), 'hex')
          operator(pg_catalog.=) pg_catalog.right(context, 65);
  if not found then
    return '{}';
  end if;
  -- From here on the text is the keeper's own, so the casts cannot fail.
  if pg_catalog.left(context, 3) operator(pg_catalog.<>) 'v1.'
     or pg_catalog.split_part(context, '.', 2)::pg_catalog.float8
        operator(pg_catalog.<=) pg_catalog.date_part('epoch', pg_catalog.statement_timestamp()) then
    return '{}';
  end if;
  return pg_catalog.string_to_array(pg_catalog.split_part(context, '.', 3), ',')::pg_catalog.uuid[];
end
$$;
grant execute on function sanjeh.scope_ids() to sanjeh_app;

-- Puts row security in front of a table with unit_id. One permissive policy for each command:
--   SELECT: unit_id, the subject column's value, a system scope or a read scope is among the context's scopes
--   INSERT, UPDATE, DELETE: unit_id or a system scope is
-- and with has_compartment a restrictive one: a row with compartment_id needs that compartment or a system scope; to be
-- seen, a read scope will do (to change it needs a permissive policy as well, and those do not know read scopes).
-- "(select scope_ids())" makes the check run once a statement, not once a row.
create function sanjeh.protect(
  target regclass, subject_column name default null, system_scopes uuid[] default '{}',
  has_compartment boolean default false, read_scopes uuid[] default '{}')
  returns void language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  system_list text := (select coalesce(string_agg(format(', %L::pg_catalog.uuid', scope), ''), '')
                       from unnest(system_scopes) as s(scope));
  read_list text := (select coalesce(string_agg(format(', %L::pg_catalog.uuid', scope), ''), '')
                     from unnest(read_scopes) as s(scope));
  ids constant text := 'operator(pg_catalog.&&) (select sanjeh.scope_ids())';
  seen text := format('array[unit_id%s%s%s] %s',
                      case when subject_column is null then '' else format(', %I', subject_column) end,
                      system_list, read_list, ids);
  owned text := format('array[unit_id%s] %s', system_list, ids);
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy unit_select on %s for select using (%s)', target, seen);
  execute format('create policy unit_insert on %s for insert with check (%s)', target, owned);
  execute format('create policy unit_update on %s for update using (%s) with check (%s)', target, owned, owned);
  execute format('create policy unit_delete on %s for delete using (%s)', target, owned);
  if has_compartment then
    seen := format('compartment_id is null or array[compartment_id%s%s] %s', system_list, read_list, ids);
    owned := format('compartment_id is null or array[compartment_id%s] %s', system_list, ids);
    execute format('create policy compartment on %s as restrictive for all using (%s) with check (%s)',
                   target, seen, owned);
  end if;
end
$$;

-- The same for a table without unit_id: rows only in one of these scopes.
create function sanjeh.protect_system(target regclass, system_scopes uuid[])
  returns void language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  allowed text := format('%L::pg_catalog.uuid[] operator(pg_catalog.&&) (select sanjeh.scope_ids())', system_scopes);
begin
  if coalesce(cardinality(system_scopes), 0) = 0 then
    raise exception 'table % needs at least one scope', target;
  end if;
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy system_all on %s for all using (%s) with check (%s)', target, allowed, allowed);
end
$$;

-- The search form of Persian text, equal to sj_fa_norm in C (tests/vectors/text/fa_norm.tsv). U+0130 and U+03A3 are
-- lowered by hand: ICU's lower() is the full mapping (two code points, final sigma), the form is the simple one.
create function sanjeh.fa_norm(t text) returns text language sql immutable strict parallel safe
return lower(translate(btrim(regexp_replace(regexp_replace(translate(normalize(t, NFKC),
    E'\u064A\u0649\u0643\u0629\u06C0\u06BE\u06C1\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u06F0\u06F1\u06F2\u06F3\u06F4\u06F5\u06F6\u06F7\u06F8\u06F9',
    E'\u06CC\u06CC\u06A9\u0647\u0647\u0647\u064701234567890123456789'),
    E'[\u064B-\u065F\u0670\u0640\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]', '', 'g'),
    E'[\u200C\u200D\\s]+', ' ', 'g')),
    E'\u0130\u03A3', E'i\u03C3'));
grant execute on function sanjeh.fa_norm(text) to sanjeh_app;
