-- SPDX-License-Identifier: Apache-2.0
--
-- Why: witnesses and time-stamping authorities outside vouch for the record's signed trees (docs/AUDIT.md 9). What they answered is
--   kept beside the trees: one cosigned checkpoint for each minute, the newest of it, and each token of time.
-- Locks: none on existing tables. Time: immediate. Retreat: drop both tables and the functions named audit_cosigned_put and
--   audit_timestamp_put; the witnesses remember for themselves.

create table sanjeh.audit_cosigned (
    minute      int8    not null,   -- of the cosignatures, since 1970
    size        int8    not null,
    note        bytea   not null,   -- the log's note with the witnesses' lines
    lines       int4    not null,
    has_quorum  boolean not null,
    cosigned_s  int8    not null,   -- the newest line's time, seconds since 1970
    constraint audit_cosigned_pkey primary key (minute),
    constraint audit_cosigned_has_lines check (lines > 0),
    constraint audit_cosigned_is_bounded check (octet_length(note) between 1 and 102400),
    constraint audit_cosigned_size_not_negative check (size >= 0)
);
create index audit_cosigned_by_size on sanjeh.audit_cosigned (size desc, minute desc) where has_quorum;

create table sanjeh.audit_timestamp (
    taken_s int8  not null,         -- the authority's time, seconds since 1970
    size    int8  not null,
    note    bytea not null,         -- what was stamped: the log's signed note
    token   bytea not null,         -- TimeStampResp, DER (RFC 3161)
    constraint audit_timestamp_pkey primary key (taken_s),
    constraint audit_timestamp_is_bounded check (octet_length(token) between 1 and 65535
                                                 and octet_length(note) between 1 and 65535),
    constraint audit_timestamp_size_not_negative check (size >= 0)
);

do $do$
declare
    target text;
begin
    foreach target in array array['audit_cosigned', 'audit_timestamp'] loop
        execute format('alter table sanjeh.%s enable row level security', target);
        execute format('alter table sanjeh.%s force row level security', target);
        execute format('create policy owner_all on sanjeh.%s to sanjeh_owner using (true) with check (true)', target);
        execute format('create policy auditor_read on sanjeh.%s for select to sanjeh_auditor using (true)', target);
        execute format('create policy record_read on sanjeh.%s for select to sanjeh_app using (%L::uuid = any'
                       ' ((select sanjeh.scope_ids())::uuid[]))', target, '00000000-0000-8000-8000-000000000005');
        execute format('grant select on sanjeh.%s to sanjeh_app, sanjeh_auditor', target);
    end loop;
end
$do$;
create trigger audit_timestamp_unchanged before update or delete on sanjeh.audit_timestamp
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_timestamp_no_truncate before truncate on sanjeh.audit_timestamp
    for each statement execute function sanjeh.audit_refuse_change();

-- The newest of its minute stays; one with the quorum is not given up for one without.
create function sanjeh.audit_cosigned_put(p_size int8, p_note bytea, p_lines int4, p_has_quorum boolean, p_cosigned_s int8)
returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    insert into sanjeh.audit_cosigned as c (minute, size, note, lines, has_quorum, cosigned_s)
    values (p_cosigned_s / 60, p_size, p_note, p_lines, p_has_quorum, p_cosigned_s)
    on conflict (minute) do update
       set size = excluded.size, note = excluded.note, lines = excluded.lines, has_quorum = excluded.has_quorum,
           cosigned_s = excluded.cosigned_s
     where excluded.size >= c.size and (excluded.has_quorum or not c.has_quorum);
end
$$;

create function sanjeh.audit_timestamp_put(p_taken_s int8, p_size int8, p_note bytea, p_token bytea)
returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    insert into sanjeh.audit_timestamp (taken_s, size, note, token) values (p_taken_s, p_size, p_note, p_token)
    on conflict (taken_s) do nothing;
end
$$;

revoke all on function sanjeh.audit_cosigned_put(int8, bytea, int4, boolean, int8) from public;
revoke all on function sanjeh.audit_timestamp_put(int8, int8, bytea, bytea) from public;
grant execute on function sanjeh.audit_cosigned_put(int8, bytea, int4, boolean, int8) to sanjeh_app;
grant execute on function sanjeh.audit_timestamp_put(int8, int8, bytea, bytea) to sanjeh_app;
