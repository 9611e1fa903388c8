-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a record whose recorder or signer's state is lost cannot go on. Two security officers begin a new log (sanjeh audit incarnation): the
--   old one's rows move to audit_former_*, where they stay readable and can be exported and verified, and the new log's first
--   entry names the old one's last signed tree. All in one transaction: whoever is killed on the way leaves the one or the other.
-- Locks: none here. audit_incarnate takes the record's tables exclusively and copies them: minutes for ten million entries.
-- Time: immediate. Retreat: drop the functions and tables; an incarnation itself has no way back.

create table sanjeh.audit_incarnation (
    number    int4        not null,
    log_id    uuid        not null,
    origin    text        not null,
    emitter   uuid        not null,   -- of its first entry's draft
    draft     bytea       not null,
    payload   bytea       not null,
    mac       bytea       not null,
    opened_at timestamptz not null default clock_timestamp(),
    constraint audit_incarnation_pkey primary key (number),
    constraint audit_incarnation_log_once unique (log_id),
    constraint audit_incarnation_counts_from_two check (number >= 2),
    constraint audit_incarnation_mac_is_sha256 check (octet_length(mac) = 32)
);
create table sanjeh.audit_former (
    log_id    uuid        not null,
    number    int4        not null,
    origin    text        not null,
    size      int8        not null,
    root      bytea       not null,
    minimum   int8        not null,   -- entries before it were pruned
    recorders uuid[]      not null,   -- files that belong to it
    ended_at  timestamptz not null default clock_timestamp(),
    constraint audit_former_pkey primary key (log_id),
    constraint audit_former_number_once unique (number)
);
create table sanjeh.audit_former_entry (
    log_id uuid not null, idx int8 not null, entry bytea not null, leaf_hash bytea not null,
    constraint audit_former_entry_pkey primary key (log_id, idx)
);
create table sanjeh.audit_former_tile (
    log_id uuid not null, level int4 not null, n int8 not null, hashes bytea not null,
    constraint audit_former_tile_pkey primary key (log_id, level, n)
);
create table sanjeh.audit_former_checkpoint (
    log_id uuid not null, size int8 not null, note bytea not null,
    constraint audit_former_checkpoint_pkey primary key (log_id, size)
);
create table sanjeh.audit_former_cosigned (
    log_id uuid not null, minute int8 not null, size int8 not null, note bytea not null, has_quorum boolean not null,
    cosigned_s int8 not null,
    constraint audit_former_cosigned_pkey primary key (log_id, minute)
);
create table sanjeh.audit_former_timestamp (
    log_id uuid not null, taken_s int8 not null, size int8 not null, note bytea not null, token bytea not null,
    constraint audit_former_timestamp_pkey primary key (log_id, taken_s)
);
create table sanjeh.audit_former_payload (
    log_id uuid not null, idx int8 not null, content bytea not null,
    constraint audit_former_payload_pkey primary key (log_id, idx)
);
create table sanjeh.audit_former_opening (
    log_id uuid not null, subject_id uuid not null, entry_index int8 not null,
    constraint audit_former_opening_pkey primary key (log_id, subject_id, entry_index)
);

do $do$
declare
    target text;
begin
    foreach target in array array['audit_incarnation', 'audit_former', 'audit_former_entry', 'audit_former_tile',
                                  'audit_former_checkpoint', 'audit_former_cosigned', 'audit_former_timestamp',
                                  'audit_former_payload', 'audit_former_opening'] loop
        execute format('alter table sanjeh.%s enable row level security', target);
        execute format('alter table sanjeh.%s force row level security', target);
        execute format('create policy owner_all on sanjeh.%s to sanjeh_owner using (true) with check (true)', target);
        execute format('create policy auditor_read on sanjeh.%s for select to sanjeh_auditor using (true)', target);
        execute format('create policy record_read on sanjeh.%s for select to sanjeh_app using (%L::uuid = any'
                       ' ((select sanjeh.scope_ids())::uuid[]))', target, '00000000-0000-8000-8000-000000000005');
        execute format('grant select on sanjeh.%s to sanjeh_app, sanjeh_auditor', target);
        execute format('create trigger %s_unchanged before update or delete on sanjeh.%s for each row execute function'
                       ' sanjeh.audit_refuse_change()', target, target);
        execute format('create trigger %s_no_truncate before truncate on sanjeh.%s for each statement execute function'
                       ' sanjeh.audit_refuse_change()', target, target);
    end loop;
end
$do$;

-- Empties a table of the record, past its triggers; only audit_incarnate's owner may.
create function sanjeh.audit_clear(target regclass) returns void
language plpgsql
set search_path = pg_catalog, sanjeh, pg_temp
as $$
declare
    part regclass;
begin
    for part in select target union all select i.inhrelid::regclass from pg_inherits as i where i.inhparent = target loop
        execute format('alter table %s disable trigger user', part);
    end loop;
    execute format('truncate table %s', target);
    for part in select target union all select i.inhrelid::regclass from pg_inherits as i where i.inhparent = target loop
        execute format('alter table %s enable trigger user', part);
    end loop;
end
$$;

-- Puts the log p_old_log of exactly this size aside and makes an empty one. SQLSTATE SJ001: the log is another one, or has grown,
-- or somebody besides the caller's own p_connections is connected.
create function sanjeh.audit_incarnate(
    p_old_log uuid, p_old_size int8, p_old_root bytea, p_former_origin text,
    p_number int4, p_log uuid, p_origin text, p_emitter uuid, p_draft bytea, p_payload bytea, p_mac bytea, p_connections int4)
returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
declare
    target text;
begin
    perform sanjeh.audit_need_record();
    perform set_config('synchronous_commit', 'on', true);
    perform set_config('lock_timeout', '5000', true);
    if (select count(*) from pg_stat_activity as a
         where a.datname = current_database() and a.usename = 'sanjeh_app') > p_connections then
        raise exception 'a server or a command of this record is connected' using errcode = 'SJ001';
    end if;
    lock table audit_head in access exclusive mode;
    if not exists (select from audit_head as h where h.log_id = p_old_log and h.size = p_old_size and h.root = p_old_root) then
        raise exception 'the head has moved' using errcode = 'SJ001';
    end if;
    insert into audit_former (log_id, number, origin, size, root, minimum, recorders)
    values (p_old_log, p_number - 1, p_former_origin, p_old_size, p_old_root, (select r.minimum from audit_retention as r),
            coalesce((select array_agg(i.recorder) from audit_instance as i where i.recorder is not null), '{}'));
    insert into audit_former_entry select p_old_log, e.idx, e.entry, e.leaf_hash from audit_entry as e;
    insert into audit_former_tile select p_old_log, t.level, t.n, t.hashes from audit_tile as t;
    insert into audit_former_checkpoint select p_old_log, c.size, c.note from audit_checkpoint as c;
    insert into audit_former_cosigned
    select p_old_log, c.minute, c.size, c.note, c.has_quorum, c.cosigned_s from audit_cosigned as c;
    insert into audit_former_timestamp select p_old_log, t.taken_s, t.size, t.note, t.token from audit_timestamp as t;
    insert into audit_former_payload select p_old_log, p.idx, p.content from audit_payload as p;
    insert into audit_former_opening select p_old_log, o.subject_id, o.entry_index from file_opening as o;
    foreach target in array array['audit_entry', 'audit_tile', 'audit_checkpoint', 'audit_cosigned', 'audit_timestamp',
                                  'audit_payload', 'file_opening', 'audit_tenant', 'audit_seen', 'audit_instance',
                                  'audit_signer', 'audit_run', 'audit_day', 'record_follower'] loop
        perform sanjeh.audit_clear(('sanjeh.' || target)::regclass);
    end loop;
    update audit_index_state set generation = 0, upto = 0, runs = ''::bytea, mac = ''::bytea;
    alter table audit_retention disable trigger user;
    update audit_retention set minimum = 0, export_sha256 = null;
    alter table audit_retention enable trigger user;
    target := (select min(l.first_index) from sanjeh.audit_partition_list() as l)::text;
    if target <> '0' then -- what was pruned took its partition along
        create table sanjeh.audit_entry_p0 (like sanjeh.audit_entry including all);
        perform sanjeh.audit_guard_partition('sanjeh.audit_entry_p0');
        create trigger audit_entry_no_truncate before truncate on sanjeh.audit_entry_p0
            for each statement execute function sanjeh.audit_refuse_change();
        execute format('alter table sanjeh.audit_entry attach partition sanjeh.audit_entry_p0 for values from (0) to (%s)', target);
    end if;
    alter table audit_head disable trigger user;
    update audit_head
       set log_id = p_log, size = 0, root = sha256(''::bytea), frontier = ''::bytea, last_time_us = 0,
           emitter = '00000000-0000-0000-0000-000000000000', base_size = 0, batch_mac = ''::bytea;
    alter table audit_head enable trigger user;
    insert into audit_incarnation (number, log_id, origin, emitter, draft, payload, mac)
    values (p_number, p_log, p_origin, p_emitter, p_draft, p_payload, p_mac);
end
$$;
revoke all on function sanjeh.audit_clear(regclass) from public;
revoke all on function sanjeh.audit_incarnate(uuid, int8, bytea, text, int4, uuid, text, uuid, bytea, bytea, bytea, int4) from public;
grant execute on function sanjeh.audit_incarnate(uuid, int8, bytea, text, int4, uuid, text, uuid, bytea, bytea, bytea, int4)
    to sanjeh_app;
