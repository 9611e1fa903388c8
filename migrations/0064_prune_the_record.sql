-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a log of years is larger than a database should be. Its oldest partition goes when its sealed export was verified and two persons agreed;
--   hashes and notes stay, so every proof still holds (docs/AUDIT.md 2.4, C2SP tlog-tiles, pruning). audit_retention says from which index
--   on entries are here; what it says has to be justified by an entry of kind prune, which the scrubber and every verifier look for.
-- Locks: file_opening for the moment of a new trigger. Time: immediate. Retreat: what was pruned comes back from its sealed export alone.

create table sanjeh.audit_retention (
    only_one      boolean not null default true,
    minimum       int8    not null default 0,  -- entries before it were pruned
    export_sha256 bytea,                       -- of the manifest of the sealed export that has the newest of them
    constraint audit_retention_pkey primary key (only_one),
    constraint audit_retention_is_single check (only_one),
    constraint audit_retention_is_whole_bundles check (minimum >= 0 and minimum % 256 = 0),
    constraint audit_retention_names_its_export check (minimum = 0 or octet_length(export_sha256) = 32)
);
comment on table sanjeh.audit_retention is 'the smallest index whose entry is here; moved by audit_prune alone';
insert into sanjeh.audit_retention default values;
alter table sanjeh.audit_retention enable row level security;
alter table sanjeh.audit_retention force row level security;
create policy owner_all on sanjeh.audit_retention to sanjeh_owner using (true) with check (true);
create policy record_read on sanjeh.audit_retention for select to sanjeh_app using (
    '00000000-0000-8000-8000-000000000005'::uuid = any ((select sanjeh.scope_ids())::uuid[]));
grant select on sanjeh.audit_retention to sanjeh_app;
create trigger audit_retention_only_grows before update on sanjeh.audit_retention
    for each row when (new.minimum <= old.minimum) execute function sanjeh.audit_refuse_change();
create trigger audit_retention_stays before delete on sanjeh.audit_retention
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_retention_no_truncate before truncate on sanjeh.audit_retention
    for each statement execute function sanjeh.audit_refuse_change();

-- Whose files a pruned entry opened goes with it.
create function sanjeh.audit_refuse_unpruned() returns trigger
language plpgsql
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    if tg_op = 'DELETE' and old.entry_index < (select r.minimum from sanjeh.audit_retention as r) then
        return old;
    end if;
    raise exception 'the record is append-only' using errcode = 'insufficient_privilege';
end
$$;
revoke all on function sanjeh.audit_refuse_unpruned() from public;
drop trigger file_opening_append_only on sanjeh.file_opening;
create trigger file_opening_append_only before update or delete on sanjeh.file_opening
    for each row execute function sanjeh.audit_refuse_unpruned();

-- Partitions by index: name, first, end; the one for what has no place is none.
create function sanjeh.audit_partition_list() returns table (name text, first_index int8, end_index int8)
language plpgsql
stable
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    return query
    select c.relname::text, b.bounds[1]::int8, b.bounds[2]::int8
      from pg_catalog.pg_inherits as i
      join pg_catalog.pg_class as c on c.oid = i.inhrelid
     cross join lateral (select regexp_match(pg_get_expr(c.relpartbound, c.oid),
                             'FROM \(''?(\d+)''?\) TO \(''?(\d+)''?\)') as bounds) as b
     where i.inhparent = 'sanjeh.audit_entry'::regclass and b.bounds is not null
     order by b.bounds[1]::int8;
end
$$;
revoke all on function sanjeh.audit_partition_list() from public;
grant execute on function sanjeh.audit_partition_list() to sanjeh_app;

-- The oldest partition goes, with what stands beside its entries. The prune entry is the caller's, in the same transaction.
create function sanjeh.audit_prune(p_first int8, p_minimum int8, p_export bytea) returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
declare
    gone text := (select l.name from sanjeh.audit_partition_list() as l where l.first_index = p_first and l.end_index = p_minimum
        and p_first = (select min(o.first_index) from sanjeh.audit_partition_list() as o));
begin
    perform sanjeh.audit_need_record();
    if gone is null then
        raise exception 'only the oldest partition is pruned, whole' using errcode = 'check_violation';
    end if;
    -- the newest whole bundle is what the next start begins with
    if not exists (select from sanjeh.audit_head as h where h.size >= p_minimum + 256) then
        raise exception 'the partition that is being filled stays' using errcode = 'check_violation';
    end if;
    update sanjeh.audit_retention set minimum = p_minimum, export_sha256 = p_export;
    execute format('alter table sanjeh.audit_entry detach partition sanjeh.%I', gone);
    execute format('drop table sanjeh.%I', gone);
    delete from sanjeh.audit_payload where idx < p_minimum;
    delete from sanjeh.file_opening where entry_index < p_minimum;
    perform pg_notify('audit_pruned', '');
end
$$;
revoke all on function sanjeh.audit_prune(int8, int8, bytea) from public;
grant execute on function sanjeh.audit_prune(int8, int8, bytea) to sanjeh_app;

-- A search by time looks among the entries that are here.
do $do$
declare
    body constant text := pg_get_functiondef('sanjeh.audit_index_at(int8, int8)'::regprocedure);
    all_of_it constant text := 'low    int8 := 0;';
    what_is_here constant text := 'low    int8 := least((select r.minimum from sanjeh.audit_retention as r), p_size);';
begin
    if position(all_of_it in body) = 0 then
        raise exception 'audit_index_at is not what 0058 made it';
    end if;
    execute replace(body, all_of_it, what_is_here);
end
$do$;
