-- SPDX-License-Identifier: Apache-2.0
--
-- The record: entries, tree and outbox of the append-only log (docs/AUDIT.md).
--
-- Who may do what: the application puts a draft into the outbox in the context of any deed. Everything else needs
-- scope RECORD (…0005), which the server asks of the keeper for the sequencer and, after the policy has decided, for a
-- reader: an injected statement in a request's context sees no row and cannot append. Appending goes through audit_append
-- alone, which compares and sets the head row in the same transaction. The owner passes row security (these functions
-- run as the owner and check the scope once, not once a statement); the auditor reads everything.
-- Triggers refuse everything that is not an append. They are speed bumps for mistakes: against a superuser stand the
-- keeper's signature over the tree and the checkpoints outside, never these triggers.
--
-- The hot table has its primary key and nothing else: each further index costs half of the append rate.
-- It is one table now; range partitions by index (2^22 entries each) come with retention, by attaching this
-- table as the first partition.
--
-- Locks: none on existing tables (all are new). Time: immediate. Retreat: drop the tables and functions named
-- audit_*; a log that was signed stays provable from its last export.

create table sanjeh.audit_head (
    only_one     boolean not null default true,
    log_id       uuid    not null,
    size         int8    not null,
    root         bytea   not null,
    frontier     bytea   not null,   -- one hash per set bit of size, lowest bit first
    last_time_us int8    not null,
    emitter      uuid    not null,   -- who wrote the newest batch
    base_size    int8    not null,   -- size before the newest batch
    batch_mac    bytea   not null,   -- by the keeper's key of that emitter: lets an unsigned batch be finished
    constraint audit_head_pkey primary key (only_one),
    constraint audit_head_is_single check (only_one),
    constraint audit_head_size_not_negative check (size >= 0 and base_size >= 0 and base_size <= size),
    constraint audit_head_root_is_sha256 check (octet_length(root) = 32),
    constraint audit_head_frontier_is_hashes check (octet_length(frontier) % 32 = 0)
) with (fillfactor = 10);

create table sanjeh.audit_entry (
    idx       int8  not null,
    entry     bytea not null,
    leaf_hash bytea not null,
    constraint audit_entry_pkey primary key (idx)
);

create table sanjeh.audit_outbox (
    emitter uuid        not null,
    seq     int8        not null,
    draft   bytea       not null,
    mac     bytea       not null,
    put_at  timestamptz not null default clock_timestamp(),
    constraint audit_outbox_pkey primary key (emitter, seq)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- Drafts whose MAC is not ours, or that stand in the log already: kept as evidence, never sequenced.
create table sanjeh.audit_refused (
    emitter    uuid        not null,
    seq        int8        not null,
    draft      bytea       not null,
    mac        bytea       not null,
    put_at     timestamptz not null,
    refused_at timestamptz not null default clock_timestamp()
);

create table sanjeh.audit_tile (
    level  int4  not null,
    n      int8  not null,
    hashes bytea not null,
    constraint audit_tile_pkey primary key (level, n),
    constraint audit_tile_is_full check (octet_length(hashes) = 8192)
);
alter table sanjeh.audit_tile alter column hashes set storage external;  -- hashes do not compress

create table sanjeh.audit_tenant (
    tenant_tag uuid  not null,
    seq        int8  not null,
    last_leaf  bytea not null,
    last_idx   int8  not null,
    constraint audit_tenant_pkey primary key (tenant_tag)
) with (fillfactor = 50);

create table sanjeh.audit_checkpoint (
    size int8  not null,
    note bytea not null,
    constraint audit_checkpoint_pkey primary key (size)
);

-- Which numbers of which emitters the entries before upto have used, so that a draft that is put into the outbox a second
-- time is seen without reading the whole log. MAC by the keeper's key of the log: an edited row is not believed, an
-- older or lost one only makes the next start read more entries.
create table sanjeh.audit_seen (
    only_one boolean not null default true,
    upto     int8    not null,
    numbers  bytea   not null,
    mac      bytea   not null,
    constraint audit_seen_pkey primary key (only_one),
    constraint audit_seen_is_single check (only_one),
    constraint audit_seen_upto_not_negative check (upto >= 0)
) with (fillfactor = 10);

-- Row security. Permissive policies name their role, so that each role has one for a command.
create function sanjeh.audit_protect(target regclass) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
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
select sanjeh.audit_protect(('sanjeh.' || name)::regclass)
  from unnest(array['audit_head', 'audit_entry', 'audit_outbox', 'audit_refused', 'audit_tile', 'audit_tenant',
                    'audit_checkpoint', 'audit_seen']) as tables(name);
drop function sanjeh.audit_protect(regclass);
create policy deed_insert on sanjeh.audit_outbox for insert to sanjeh_app
    with check (cardinality((select sanjeh.scope_ids())::uuid[]) > 0);

insert into sanjeh.audit_head
    (log_id, size, root, frontier, last_time_us, emitter, base_size, batch_mac)
values (gen_random_uuid(), 0, sha256(''::bytea), ''::bytea, 0,
        '00000000-0000-0000-0000-000000000000', 0, ''::bytea);

-- Whoever changes the record holds scope RECORD.
create function sanjeh.audit_need_record() returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if '00000000-0000-8000-8000-000000000005'::uuid <> all (sanjeh.scope_ids()) then
        raise exception 'the context lacks scope RECORD' using errcode = 'insufficient_privilege';
    end if;
end
$$;

-- One batch. SQLSTATE SJ001 says that the head is not the expected one any more: another writer was there, or the
-- database is not the one that it was.
create function sanjeh.audit_append(
    p_log_id uuid, p_old_size int8, p_old_root bytea,
    p_new_size int8, p_new_root bytea, p_frontier bytea, p_last_time_us int8, p_emitter uuid, p_batch_mac bytea,
    p_entries bytea[], p_leaves bytea[],
    p_outbox_emitters uuid[], p_outbox_seqs int8[],
    p_tile_levels int4[], p_tile_ns int8[], p_tile_hashes bytea[],
    p_tenant_tags uuid[], p_tenant_seqs int8[], p_tenant_leaves bytea[], p_tenant_idxs int8[],
    p_note_size int8, p_note bytea)
returns void
language plpgsql
security definer
set search_path = sanjeh, pg_catalog
as $$
begin
    perform sanjeh.audit_need_record();
    -- a role or database default must not weaken what "committed" means
    perform set_config('synchronous_commit', 'on', true);
    if cardinality(p_entries) <> p_new_size - p_old_size
       or cardinality(p_leaves) <> cardinality(p_entries) then
        raise exception 'batch does not fit its sizes' using errcode = 'check_violation';
    end if;
    update audit_head
       set size = p_new_size, root = p_new_root, frontier = p_frontier, last_time_us = p_last_time_us,
           emitter = p_emitter, base_size = p_old_size, batch_mac = p_batch_mac
     where log_id = p_log_id and size = p_old_size and root = p_old_root;
    if not found then
        raise exception 'the head has moved' using errcode = 'SJ001';
    end if;
    insert into audit_entry (idx, entry, leaf_hash)
    select p_old_size + u.place - 1, u.entry, u.leaf
      from unnest(p_entries, p_leaves) with ordinality as u (entry, leaf, place);
    if cardinality(p_outbox_seqs) > 0 then
        delete from audit_outbox o
         using unnest(p_outbox_emitters, p_outbox_seqs) as u (emitter, seq)
         where o.emitter = u.emitter and o.seq = u.seq;
    end if;
    if cardinality(p_tile_ns) > 0 then
        insert into audit_tile (level, n, hashes)
        select u.level, u.n, u.hashes
          from unnest(p_tile_levels, p_tile_ns, p_tile_hashes) as u (level, n, hashes);
    end if;
    insert into audit_tenant as t (tenant_tag, seq, last_leaf, last_idx)
    select u.tag, u.seq, u.leaf, u.idx
      from unnest(p_tenant_tags, p_tenant_seqs, p_tenant_leaves, p_tenant_idxs) as u (tag, seq, leaf, idx)
    on conflict (tenant_tag) do update
       set seq = excluded.seq, last_leaf = excluded.last_leaf, last_idx = excluded.last_idx;
    if p_note is not null then
        insert into audit_checkpoint (size, note) values (p_note_size, p_note)
        on conflict (size) do nothing;
    end if;
end
$$;

create function sanjeh.audit_checkpoint_put(p_size int8, p_note bytea)
returns void
language plpgsql
security definer
set search_path = sanjeh, pg_catalog
as $$
begin
    perform sanjeh.audit_need_record();
    insert into audit_checkpoint (size, note) values (p_size, p_note) on conflict (size) do nothing;
end
$$;

create function sanjeh.audit_seen_put(p_upto int8, p_numbers bytea, p_mac bytea)
returns void
language plpgsql
security definer
set search_path = sanjeh, pg_catalog
as $$
begin
    perform sanjeh.audit_need_record();
    insert into audit_seen (upto, numbers, mac) values (p_upto, p_numbers, p_mac)
    on conflict (only_one) do update
       set upto = excluded.upto, numbers = excluded.numbers, mac = excluded.mac;
end
$$;

-- Moves a draft that nobody of ours made, or that the log has already, out of the way. How many it was: 0 when the row
-- went with its entry meanwhile.
create function sanjeh.audit_outbox_refuse(p_emitter uuid, p_seq int8)
returns int8
language plpgsql
security definer
set search_path = sanjeh, pg_catalog
as $$
declare
    moved int8;
begin
    perform sanjeh.audit_need_record();
    with gone as (
        delete from audit_outbox where emitter = p_emitter and seq = p_seq
        returning emitter, seq, draft, mac, put_at)
    insert into audit_refused (emitter, seq, draft, mac, put_at)
    select emitter, seq, draft, mac, put_at from gone;
    get diagnostics moved = row_count;
    return moved;
end
$$;

create function sanjeh.audit_refuse_change()
returns trigger
language plpgsql
set search_path = sanjeh, pg_catalog
as $$
begin
    raise exception 'the record is append-only' using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_entry_append_only before update or delete on sanjeh.audit_entry
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_entry_no_truncate before truncate on sanjeh.audit_entry
    for each statement execute function sanjeh.audit_refuse_change();
create trigger audit_tile_append_only before update or delete on sanjeh.audit_tile
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_tile_no_truncate before truncate on sanjeh.audit_tile
    for each statement execute function sanjeh.audit_refuse_change();
create trigger audit_checkpoint_append_only before update or delete on sanjeh.audit_checkpoint
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_checkpoint_no_truncate before truncate on sanjeh.audit_checkpoint
    for each statement execute function sanjeh.audit_refuse_change();
create trigger audit_head_only_grows before update on sanjeh.audit_head
    for each row when (new.size <= old.size or new.log_id <> old.log_id)
    execute function sanjeh.audit_refuse_change();
create trigger audit_head_stays before delete on sanjeh.audit_head
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_head_no_truncate before truncate on sanjeh.audit_head
    for each statement execute function sanjeh.audit_refuse_change();
create trigger audit_tenant_only_grows before update on sanjeh.audit_tenant
    for each row when (new.seq <= old.seq)
    execute function sanjeh.audit_refuse_change();
create trigger audit_tenant_stays before delete on sanjeh.audit_tenant
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_tenant_no_truncate before truncate on sanjeh.audit_tenant
    for each statement execute function sanjeh.audit_refuse_change();
create trigger audit_outbox_unchanged before update on sanjeh.audit_outbox
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_outbox_no_truncate before truncate on sanjeh.audit_outbox
    for each statement execute function sanjeh.audit_refuse_change();

revoke all on function sanjeh.audit_append(
    uuid, int8, bytea, int8, bytea, bytea, int8, uuid, bytea, bytea[], bytea[], uuid[], int8[],
    int4[], int8[], bytea[], uuid[], int8[], bytea[], int8[], int8, bytea) from public;
revoke all on function sanjeh.audit_checkpoint_put(int8, bytea) from public;
revoke all on function sanjeh.audit_outbox_refuse(uuid, int8) from public;
revoke all on function sanjeh.audit_seen_put(int8, bytea, bytea) from public;
revoke all on function sanjeh.audit_need_record() from public;
grant execute on function sanjeh.audit_append(
    uuid, int8, bytea, int8, bytea, bytea, int8, uuid, bytea, bytea[], bytea[], uuid[], int8[],
    int4[], int8[], bytea[], uuid[], int8[], bytea[], int8[], int8, bytea) to sanjeh_app;
grant execute on function sanjeh.audit_checkpoint_put(int8, bytea) to sanjeh_app;
grant execute on function sanjeh.audit_outbox_refuse(uuid, int8) to sanjeh_app;
grant execute on function sanjeh.audit_seen_put(int8, bytea, bytea) to sanjeh_app;
grant select, insert (emitter, seq, draft, mac) on sanjeh.audit_outbox to sanjeh_app;
grant select on sanjeh.audit_head, sanjeh.audit_entry, sanjeh.audit_tile, sanjeh.audit_tenant,
    sanjeh.audit_checkpoint, sanjeh.audit_refused, sanjeh.audit_seen to sanjeh_app;
grant select on sanjeh.audit_head, sanjeh.audit_entry, sanjeh.audit_tile, sanjeh.audit_tenant,
    sanjeh.audit_checkpoint, sanjeh.audit_refused, sanjeh.audit_seen, sanjeh.audit_outbox to sanjeh_auditor;
