-- SPDX-License-Identifier: Apache-2.0
--
-- Why: deeds may stand committed with their drafts in the outbox when a log ends, acknowledged to nobody. In the next log these
--   drafts hold no more (ADR-0028); they go aside with the log that they were meant for, and the next log's first entry counts
--   them and names their hash, so that none vanishes.
-- Locks: none here; audit_incarnate takes the outbox too.
-- Time: immediate. Retreat: the functions of 0066; drop the table.

create table sanjeh.audit_former_outbox (
    log_id uuid not null, emitter uuid not null, seq int8 not null, draft bytea not null, mac bytea not null,
    subjects bytea, payload bytea, put_at timestamptz not null,
    constraint audit_former_outbox_pkey primary key (log_id, emitter, seq)
);
alter table sanjeh.audit_former_outbox enable row level security;
alter table sanjeh.audit_former_outbox force row level security;
create policy owner_all on sanjeh.audit_former_outbox to sanjeh_owner using (true) with check (true);
create policy auditor_read on sanjeh.audit_former_outbox for select to sanjeh_auditor using (true);
create policy record_read on sanjeh.audit_former_outbox for select to sanjeh_app
    using ('00000000-0000-8000-8000-000000000005'::uuid = any ((select sanjeh.scope_ids())::uuid[]));
grant select on sanjeh.audit_former_outbox to sanjeh_app, sanjeh_auditor;
create trigger audit_former_outbox_unchanged before update or delete on sanjeh.audit_former_outbox
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_former_outbox_no_truncate before truncate on sanjeh.audit_former_outbox
    for each statement execute function sanjeh.audit_refuse_change();

drop function sanjeh.audit_incarnate(uuid, int8, bytea, text, int4, uuid, text, uuid, bytea, bytea, bytea, int4);
-- Puts the log p_old_log of exactly this size aside and makes an empty one. SQLSTATE SJ001: the log is another one, or has grown,
-- or somebody besides the caller's own p_connections is connected, or the outbox does not hold exactly the drafts of p_unsequenced_sha256.
create function sanjeh.audit_incarnate(
    p_old_log uuid, p_old_size int8, p_old_root bytea, p_former_origin text,
    p_number int4, p_log uuid, p_origin text, p_emitter uuid, p_draft bytea, p_payload bytea, p_mac bytea, p_connections int4,
    p_unsequenced_sha256 bytea)
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
    lock table audit_outbox in access exclusive mode;
    if p_unsequenced_sha256 is distinct from
       (select sha256(coalesce(string_agg(int4send(octet_length(o.draft)) || o.draft, ''::bytea order by o.emitter, o.seq), ''::bytea))
          from audit_outbox as o) then
        raise exception 'the outbox has changed' using errcode = 'SJ001';
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
    insert into audit_former_outbox
    select p_old_log, o.emitter, o.seq, o.draft, o.mac, o.subjects, o.payload, o.put_at from audit_outbox as o;
    insert into audit_former_opening select p_old_log, o.subject_id, o.entry_index from file_opening as o;
    foreach target in array array['audit_entry', 'audit_tile', 'audit_checkpoint', 'audit_cosigned', 'audit_timestamp',
                                  'audit_payload', 'audit_outbox', 'file_opening', 'audit_tenant', 'audit_seen', 'audit_instance',
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
revoke all on function sanjeh.audit_incarnate(uuid, int8, bytea, text, int4, uuid, text, uuid, bytea, bytea, bytea, int4, bytea) from public;
grant execute on function sanjeh.audit_incarnate(uuid, int8, bytea, text, int4, uuid, text, uuid, bytea, bytea, bytea, int4, bytea)
    to sanjeh_app;
