-- SPDX-License-Identifier: Apache-2.0
--
-- Why: the record only grows. Partitions by index, 2^22 entries each, so that what is old can be sealed and moved away without touching what
--   is new, and vacuum never has more than one of them to look at. The table as it is becomes the first partition; no row moves. A
--   partition for entries behind all others (audit_entry_rest) keeps an append from failing for want of one; it stays empty.
-- Locks: audit_entry for the moment (the check that its indices fit is a scan by the primary key). Time: below a second per million entries.
-- Retreat: detach the first partition, drop the parent, rename it back.

create function sanjeh.audit_guard_partition(target regclass) returns void language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy owner_all on %s to sanjeh_owner using (true) with check (true)', target);
    execute format('create policy auditor_read on %s for select to sanjeh_auditor using (true)', target);
    execute format('create policy record_read on %s for select to sanjeh_app using (%L::uuid = any ((select'
                   ' sanjeh.scope_ids())::uuid[]))', target, '00000000-0000-8000-8000-000000000005');
end
$$;
comment on function sanjeh.audit_guard_partition(regclass) is 'the policies of audit_entry on one of its partitions, for whoever names it itself';
revoke execute on function sanjeh.audit_guard_partition(regclass) from public;

drop trigger audit_entry_append_only on sanjeh.audit_entry;
drop trigger audit_entry_no_truncate on sanjeh.audit_entry;
alter table sanjeh.audit_entry rename to audit_entry_p0;
alter table sanjeh.audit_entry_p0 rename constraint audit_entry_pkey to audit_entry_p0_pkey;
revoke all on sanjeh.audit_entry_p0 from sanjeh_app, sanjeh_auditor;

create table sanjeh.audit_entry (
    idx       int8  not null,
    entry     bytea not null,
    leaf_hash bytea not null,
    constraint audit_entry_pkey primary key (idx)
) partition by range (idx);
comment on table sanjeh.audit_entry is 'partitions of 2^22 entries: audit_entry_p<number of the first 2^22>';
select sanjeh.audit_guard_partition('sanjeh.audit_entry');
create trigger audit_entry_append_only before update or delete on sanjeh.audit_entry
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_entry_no_truncate before truncate on sanjeh.audit_entry
    for each statement execute function sanjeh.audit_refuse_change();
create trigger audit_entry_no_truncate before truncate on sanjeh.audit_entry_p0
    for each statement execute function sanjeh.audit_refuse_change();

create table sanjeh.audit_entry_rest partition of sanjeh.audit_entry default;
select sanjeh.audit_guard_partition('sanjeh.audit_entry_rest');
create trigger audit_entry_no_truncate before truncate on sanjeh.audit_entry_rest
    for each statement execute function sanjeh.audit_refuse_change();

-- A log that is larger already: the first partition takes all of it.
do $do$
begin
    execute format('alter table sanjeh.audit_entry attach partition sanjeh.audit_entry_p0 for values from (0) to (%s)',
        (select (coalesce(max(e.idx), 0) / 4194304 + 1) * 4194304 from sanjeh.audit_entry_p0 as e));
end
$do$;
grant select on sanjeh.audit_entry to sanjeh_app, sanjeh_auditor;

-- The partition behind the one that is being filled, when there is none. How many were made. Attached, not created in place: an append goes on.
create function sanjeh.audit_partition_add() returns int8
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    return sanjeh.audit_partition_next((select h.size from sanjeh.audit_head as h));
end
$$;
create function sanjeh.audit_partition_next(p_size int8) returns int8
language plpgsql
set search_path = pg_catalog, sanjeh, pg_temp
as $$
declare
    last int8 := (select max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''?(\d+)''?\)'))[1]::int8)
        from pg_inherits as i join pg_class as c on c.oid = i.inhrelid where i.inhparent = 'sanjeh.audit_entry'::regclass);
    made text;
begin
    if last - p_size > 4194304 then
        return 0;
    end if;
    made := format('sanjeh.audit_entry_p%s', last / 4194304);
    execute format('create table %s (like sanjeh.audit_entry including all)', made);
    perform sanjeh.audit_guard_partition(made::regclass);
    execute format('create trigger audit_entry_no_truncate before truncate on %s for each statement execute function'
                   ' sanjeh.audit_refuse_change()', made);
    execute format('alter table sanjeh.audit_entry attach partition %s for values from (%s) to (%s)', made, last, last + 4194304);
    return 1;
end
$$;
revoke all on function sanjeh.audit_partition_add(), sanjeh.audit_partition_next(int8) from public;
grant execute on function sanjeh.audit_partition_add() to sanjeh_app;
select sanjeh.audit_partition_next((select h.size from sanjeh.audit_head as h));
