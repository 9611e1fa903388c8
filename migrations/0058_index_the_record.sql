-- SPDX-License-Identifier: Apache-2.0
--
-- Why: an officer looks entries up by account, object, unit, action and request. The hot table keeps its primary key alone (an index
--   more halves the append rate); this index is derived from the entries by a worker in batches, and can be thrown away and made anew.
--   A posting says: the seq-th entry of a term is at idx. Terms are blind (HMAC with a key that the keeper has); each posting and each
--   term's count carry a MAC, so that whoever edits this table cannot hide an entry from a search (journald's CVE-2023-31437): numbers of
--   a term are contiguous, and what a search shows is read from the entries and proven anyway (docs/AUDIT.md 7).
-- Locks: none (all tables are new). Time: immediate; the worker fills the index afterwards, some 10,000 entries a second.
-- Retreat: a later migration drops the three tables and the functions audit_index_put and audit_index_clear.

create table sanjeh.audit_posting (
    token int8 not null,
    idx   int8 not null,
    seq   int8 not null,  -- 1 for the term's first entry; 0: of a request, whose entries are not counted
    mac   int8 not null,
    constraint audit_posting_pkey primary key (token, idx)
);
comment on table sanjeh.audit_posting is 'derived from audit_entry; sanjeh audit index rebuild makes it anew';

create table sanjeh.audit_posting_head (
    token    int8  not null,
    count    int8  not null,
    last_idx int8  not null,
    mac      bytea not null,
    constraint audit_posting_head_pkey primary key (token)
) with (fillfactor = 70);

create table sanjeh.audit_index_state (
    only_one boolean not null default true,
    upto     int8    not null,  -- entries before it are in the index
    counted  int8    not null,  -- sum of all counts
    mac      bytea   not null,
    constraint audit_index_state_pkey primary key (only_one),
    constraint audit_index_state_is_single check (only_one)
) with (fillfactor = 10);
insert into sanjeh.audit_index_state (upto, counted, mac) values (0, 0, ''::bytea);

do $do$
declare
    target regclass;
begin
    foreach target in array array['sanjeh.audit_posting', 'sanjeh.audit_posting_head', 'sanjeh.audit_index_state']::regclass[] loop
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

-- A batch of postings, behind the state's compare-and-set: several servers may index one record.
create function sanjeh.audit_index_put(
    p_old_upto int8, p_new_upto int8, p_counted int8, p_state_mac bytea,
    p_tokens int8[], p_idxs int8[], p_seqs int8[], p_macs int8[],
    p_head_tokens int8[], p_head_counts int8[], p_head_idxs int8[], p_head_macs bytea[])
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    update sanjeh.audit_index_state set upto = p_new_upto, counted = p_counted, mac = p_state_mac where upto = p_old_upto;
    if not found then
        return false;
    end if;
    insert into sanjeh.audit_posting (token, idx, seq, mac)
    select u.token, u.idx, u.seq, u.mac from unnest(p_tokens, p_idxs, p_seqs, p_macs) as u (token, idx, seq, mac);
    insert into sanjeh.audit_posting_head as h (token, count, last_idx, mac)
    select u.token, u.count, u.idx, u.mac from unnest(p_head_tokens, p_head_counts, p_head_idxs, p_head_macs) as u (token, count, idx, mac)
    on conflict (token) do update set count = excluded.count, last_idx = excluded.last_idx, mac = excluded.mac;
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
    truncate sanjeh.audit_posting, sanjeh.audit_posting_head;
    insert into sanjeh.audit_index_state (upto, counted, mac) values (0, 0, ''::bytea);
end
$$;

revoke all on function sanjeh.audit_index_put(int8, int8, int8, bytea, int8[], int8[], int8[], int8[], int8[], int8[], int8[], bytea[])
    from public;
revoke all on function sanjeh.audit_index_clear() from public;
grant execute on function sanjeh.audit_index_put(int8, int8, int8, bytea, int8[], int8[], int8[], int8[], int8[], int8[], int8[], bytea[])
    to sanjeh_app;
grant execute on function sanjeh.audit_index_clear() to sanjeh_app;

-- By halves, because times never go back: the first index below p_size whose entry is of this time or later. What it says is checked by
-- the caller, who proves the entries on both sides.
create function sanjeh.audit_index_at(p_time_us int8, p_size int8)
returns int8
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    low    int8 := 0;
    high   int8 := p_size;
    middle int8;
    at     int8;
begin
    while low < high loop
        middle := low + (high - low) / 2;
        select ('x' || encode(substring(e.entry from 26 for 8), 'hex'))::bit(64)::int8 into at
          from sanjeh.audit_entry as e where e.idx = middle;
        if at is null or at >= p_time_us then
            high := middle;
        else
            low := middle + 1;
        end if;
    end loop;
    return low;
end
$$;
revoke all on function sanjeh.audit_index_at(int8, int8) from public;
grant execute on function sanjeh.audit_index_at(int8, int8) to sanjeh_app;
