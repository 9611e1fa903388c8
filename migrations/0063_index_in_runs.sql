-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a row for each term of each entry made the index the dearest part of a recorded request: more work for the database than the request
--   itself, and weeks for a long record. Postings are now kept in runs: all terms of the entries from..to-1, sorted, in pages of 4 kB; a
--   run is never changed, eight of a size become one. Each page's MAC covers its place, its content and where the next page begins;
--   which runs there are stands in the state row under a MAC. So a page that was taken out, changed or brought back from
--   before shows whenever something that could stand in it is asked for (docs/AUDIT.md 8.1).
-- Locks: the former tables, which go. Time: immediate; the worker makes the index anew, some 100,000 entries a second.
-- Retreat: a later migration makes the tables of 0058 again; nothing is lost, the index is derived.

drop function sanjeh.audit_index_put(int8, int8, int8, bytea, int8[], int8[], int8[], int8[], int8[], int8[], int8[], bytea[]);
drop function sanjeh.audit_index_clear();
drop table sanjeh.audit_posting, sanjeh.audit_posting_head, sanjeh.audit_index_state;

create table sanjeh.audit_run (
    run_from int8  not null,
    run_to   int8  not null,
    token    int8  not null,  -- of the page's first posting; the first page of a run begins with the smallest number there is
    idx      int8  not null,
    content  bytea not null,
    mac      bytea not null,
    constraint audit_run_pkey primary key (run_from, run_to, token, idx),
    constraint audit_run_has_entries check (run_from >= 0 and run_to > run_from),
    constraint audit_run_page_is_small check (octet_length(content) <= 4096 and octet_length(mac) = 32)
);
alter table sanjeh.audit_run alter column content set storage plain;
comment on table sanjeh.audit_run is 'derived from audit_entry; sanjeh audit index --rebuild makes it anew';

create table sanjeh.audit_index_state (
    only_one   boolean not null default true,
    generation int8    not null,  -- grows with every change
    upto       int8    not null,  -- entries before it are in the index
    runs       bytea   not null,  -- where each run ends, 8 bytes each, ascending
    mac        bytea   not null,
    constraint audit_index_state_pkey primary key (only_one),
    constraint audit_index_state_is_single check (only_one)
) with (fillfactor = 10);
insert into sanjeh.audit_index_state (generation, upto, runs, mac) values (0, 0, ''::bytea, ''::bytea);

do $do$
declare
    target regclass;
begin
    foreach target in array array['sanjeh.audit_run', 'sanjeh.audit_index_state']::regclass[] loop
        execute format('alter table %s enable row level security', target);
        execute format('alter table %s force row level security', target);
        execute format('create policy owner_all on %s to sanjeh_owner using (true) with check (true)', target);
        execute format('create policy auditor_read on %s for select to sanjeh_auditor using (true)', target);
        execute format('create policy record_read on %s for select to sanjeh_app using (%L::uuid = any ((select'
                       ' sanjeh.scope_ids())::uuid[]))', target, '00000000-0000-8000-8000-000000000005');
        execute format('grant select on %s to sanjeh_app, sanjeh_auditor', target);
    end loop;
end
$do$;

-- Pages of one run. It counts when the state names it; what a run says follows from its entries alone, so who writes it twice writes the same.
create function sanjeh.audit_run_put(p_from int8, p_to int8, p_tokens int8[], p_idxs int8[], p_contents bytea[], p_macs bytea[])
returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    insert into sanjeh.audit_run as r (run_from, run_to, token, idx, content, mac)
    select p_from, p_to, u.token, u.idx, u.content, u.mac
      from unnest(p_tokens, p_idxs, p_contents, p_macs) as u (token, idx, content, mac)
    on conflict (run_from, run_to, token, idx) do update set content = excluded.content, mac = excluded.mac;
end
$$;

-- The state after a change, behind its compare-and-set: several servers may index one record. Runs that the run p_from..p_to contains go.
create function sanjeh.audit_index_put(p_old int8, p_new int8, p_upto int8, p_runs bytea, p_mac bytea, p_from int8, p_to int8)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    update sanjeh.audit_index_state set generation = p_new, upto = p_upto, runs = p_runs, mac = p_mac where generation = p_old;
    if not found then
        return false;
    end if;
    delete from sanjeh.audit_run as r
     where r.run_from >= p_from and r.run_from < p_to and r.run_to <= p_to and (r.run_from, r.run_to) <> (p_from, p_to);
    return true;
end
$$;

-- Empties the index, to be made anew from the entries.
create function sanjeh.audit_index_clear()
returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    delete from sanjeh.audit_index_state;
    truncate sanjeh.audit_run;
    insert into sanjeh.audit_index_state (generation, upto, runs, mac) values (0, 0, ''::bytea, ''::bytea);
end
$$;

revoke all on function sanjeh.audit_run_put(int8, int8, int8[], int8[], bytea[], bytea[]) from public;
revoke all on function sanjeh.audit_index_put(int8, int8, int8, bytea, bytea, int8, int8) from public;
revoke all on function sanjeh.audit_index_clear() from public;
grant execute on function sanjeh.audit_run_put(int8, int8, int8[], int8[], bytea[], bytea[]) to sanjeh_app;
grant execute on function sanjeh.audit_index_put(int8, int8, int8, bytea, bytea, int8, int8) to sanjeh_app;
grant execute on function sanjeh.audit_index_clear() to sanjeh_app;
