-- SPDX-License-Identifier: Apache-2.0
--
-- Why: several servers write one record. Who is about to append locks the head row and sees what the others have committed; a server's
--   log key stands here with its keeper's voucher, so that the other keepers can follow what it signs; which process is a server's
--   newest says whose drafts wait for whom. An append does not wait long for a head that another server holds: it gives way.
-- Locks: none but the functions' rows; the tables are new. Time: immediate.
-- Retreat: a later migration drops audit_instance, audit_signer and the three functions and takes the lock timeout out of audit_append.

-- The newest life of each server: emitter numbers its drafts, recorder names the file beside it.
create table sanjeh.audit_instance (
    name      text        not null,
    emitter   uuid        not null,
    recorder  uuid,
    opened_at timestamptz not null default clock_timestamp(),
    constraint audit_instance_pkey primary key (name),
    constraint audit_instance_name_is_short check (length(name) <= 32)
);

-- Log keys that were in use, each with the word of its keeper (docs/KEYS.md, several servers). A row without it is not believed.
create table sanjeh.audit_signer (
    vkey     text        not null,
    instance text        not null,
    voucher  bytea       not null,
    since    timestamptz not null default clock_timestamp(),
    constraint audit_signer_pkey primary key (vkey),
    constraint audit_signer_vkey_is_a_line check (length(vkey) <= 512 and vkey !~ '[[:cntrl:]]'),
    constraint audit_signer_voucher_is_sha256 check (octet_length(voucher) = 32)
);

do $do$
declare
    target text;
    body constant text := pg_get_functiondef('sanjeh.audit_append(uuid, int8, bytea, int8, bytea, bytea, int8, uuid, bytea,
        bytea[], bytea[], uuid[], int8[], int4[], int8[], bytea[], uuid[], int8[], bytea[], int8[], int8, bytea)'::regprocedure);
    former constant text := 'perform set_config(''synchronous_commit'', ''on'', true);';
begin
    foreach target in array array['sanjeh.audit_instance', 'sanjeh.audit_signer'] loop
        execute format('alter table %s enable row level security', target);
        execute format('alter table %s force row level security', target);
        execute format('create policy owner_all on %s to sanjeh_owner using (true) with check (true)', target);
        execute format('create policy auditor_read on %s for select to sanjeh_auditor using (true)', target);
        execute format('create policy record_read on %s for select to sanjeh_app using (%L::uuid = any ((select'
                       ' sanjeh.scope_ids())::uuid[]))', target, '00000000-0000-8000-8000-000000000005');
        execute format('grant select on %s to sanjeh_app, sanjeh_auditor', target);
    end loop;
    if position(former in body) = 0 then
        raise exception 'audit_append is not what 0004 made it';
    end if;
    execute replace(body, former, former || '
    perform set_config(''lock_timeout'', ''250'', true);');
end
$do$;

-- The head, held until the transaction ends.
create function sanjeh.audit_head_lock()
returns table (log_id uuid, size int8, root bytea, frontier bytea, last_time_us int8, emitter uuid, base_size int8, batch_mac bytea)
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    return query select h.log_id, h.size, h.root, h.frontier, h.last_time_us, h.emitter, h.base_size, h.batch_mac
                   from audit_head h for update of h;
end
$$;

create function sanjeh.audit_instance_put(p_name text, p_emitter uuid, p_recorder uuid)
returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    insert into audit_instance (name, emitter, recorder) values (p_name, p_emitter, p_recorder)
    on conflict (name) do update
       set emitter = excluded.emitter, recorder = excluded.recorder, opened_at = clock_timestamp();
end
$$;

create function sanjeh.audit_signer_put(p_vkey text, p_instance text, p_voucher bytea)
returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    insert into audit_signer (vkey, instance, voucher) values (p_vkey, p_instance, p_voucher)
    on conflict (vkey) do update set instance = excluded.instance, voucher = excluded.voucher;
end
$$;

revoke all on function sanjeh.audit_head_lock() from public;
revoke all on function sanjeh.audit_instance_put(text, uuid, uuid) from public;
revoke all on function sanjeh.audit_signer_put(text, text, bytea) from public;
grant execute on function sanjeh.audit_head_lock() to sanjeh_app;
grant execute on function sanjeh.audit_instance_put(text, uuid, uuid) to sanjeh_app;
grant execute on function sanjeh.audit_signer_put(text, text, bytea) to sanjeh_app;
