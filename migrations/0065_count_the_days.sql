-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a search by unit or action is to be held against how often that happened, as the tenant-heads entries have committed it
--   (docs/AUDIT.md 2.2). They commit to a hash over the day's counts; this table has the counts themselves, made by a worker from the
--   entries, one row a day. A row is believed only when it gives the hash that was signed: who changes one hides nothing.
-- Locks: none (the table is new). Time: immediate; the worker counts afterwards, a million entries in some seconds.
-- Retreat: a later migration drops the table and the functions audit_day_put and audit_day_clear.

create table sanjeh.audit_day (
    day    date  not null,
    first  int8  not null,  -- the day's first entry
    upto   int8  not null,  -- the counts are of the entries before it: of the tenant-heads entry that says so
    counts bytea not null,  -- tag, length of action, action, count; one behind the other
    constraint audit_day_pkey primary key (day)
);
comment on table sanjeh.audit_day is 'derived from audit_entry, held against the hashes that were signed';

do $do$
begin
    alter table sanjeh.audit_day enable row level security;
    alter table sanjeh.audit_day force row level security;
    create policy owner_all on sanjeh.audit_day to sanjeh_owner using (true) with check (true);
    create policy auditor_read on sanjeh.audit_day for select to sanjeh_auditor using (true);
    create policy record_read on sanjeh.audit_day for select to sanjeh_app
        using ('00000000-0000-8000-8000-000000000005'::uuid = any ((select sanjeh.scope_ids())::uuid[]));
    grant select on sanjeh.audit_day to sanjeh_app, sanjeh_auditor;
end
$do$;

create function sanjeh.audit_day_put(p_day date, p_first int8, p_upto int8, p_counts bytea)
returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    insert into sanjeh.audit_day as d (day, first, upto, counts) values (p_day, p_first, p_upto, p_counts)
    on conflict (day) do update set first = excluded.first, upto = excluded.upto, counts = excluded.counts;
end
$$;

create function sanjeh.audit_day_clear()
returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    truncate sanjeh.audit_day;
end
$$;

revoke all on function sanjeh.audit_day_put(date, int8, int8, bytea) from public;
revoke all on function sanjeh.audit_day_clear() from public;
grant execute on function sanjeh.audit_day_put(date, int8, int8, bytea) to sanjeh_app;
grant execute on function sanjeh.audit_day_clear() to sanjeh_app;
