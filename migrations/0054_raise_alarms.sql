-- SPDX-License-Identifier: Apache-2.0
--
-- Why: whoever follows the record behind the requests (rules of alarms, scrubber, exports) keeps how far he is; what a rule finds is
--   an item for the security officer, once for a rule, cause and window. The record's own entry is the evidence: these rows are
--   what people work with.
-- Locks: none (new tables). Time on big tables: none. Retreat: drop both tables; alarms stay in the record.

create table sanjeh.record_alarm (
    id uuid not null,
    rule text not null,
    cause text not null,
    window_start timestamptz not null,
    window_s int8 not null,
    hits int8 not null,
    first_index int8,
    last_index int8,
    detail text not null,
    raised_at timestamptz not null default now(),
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    reason text,
    version bigint not null default 1,
    constraint record_alarm_pkey primary key (id),
    constraint record_alarm_once unique (rule, cause, window_start),
    constraint record_alarm_account foreign key (acknowledged_by) references sanjeh.account (id),
    constraint record_alarm_acknowledged_whole check (num_nonnulls(acknowledged_at, acknowledged_by, reason) in (0, 3)),
    constraint record_alarm_reason_length check (char_length(reason) >= 3 and octet_length(reason) <= 2000)
);
comment on table sanjeh.record_alarm is 'what a rule found in the record or about it; each has its entry';
create index record_alarm_open on sanjeh.record_alarm (id) where acknowledged_at is null;
select sanjeh.protect_system('sanjeh.record_alarm', array['00000000-0000-8000-8000-000000000005']::uuid[]);
grant select, insert, update (acknowledged_at, acknowledged_by, reason, version) on sanjeh.record_alarm to sanjeh_app;

-- Raised alarms stay as they are; one is acknowledged once.
create function sanjeh.record_alarm_step() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    kept constant text[] := array['acknowledged_at', 'acknowledged_by', 'reason', 'version'];
begin
    if (to_jsonb(old) - kept) <> (to_jsonb(new) - kept) or old.acknowledged_at is not null then
        raise exception 'what was raised stays' using errcode = 'check_violation', constraint = 'record_alarm_stays';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.record_alarm_step() from public;
create trigger record_alarm_steps before update on sanjeh.record_alarm for each row execute function sanjeh.record_alarm_step();
create trigger record_alarm_stays before delete on sanjeh.record_alarm for each row execute function sanjeh.audit_refuse_change();

create table sanjeh.record_follower (
    name text not null,
    position int8 not null,
    state bytea not null,
    mac bytea not null,
    updated_at timestamptz not null default now(),
    constraint record_follower_pkey primary key (name),
    constraint record_follower_position_not_negative check (position >= 0),
    constraint record_follower_mac_length check (octet_length(mac) = 32)
) with (fillfactor = 50);
comment on table sanjeh.record_follower is 'who reads the record behind the requests, and from where he goes on';
comment on column sanjeh.record_follower.mac is 'HMAC over name, position and state: a row that somebody else wrote is not believed';
select sanjeh.protect_system('sanjeh.record_follower', array['00000000-0000-8000-8000-000000000005']::uuid[]);
grant select, insert, update on sanjeh.record_follower to sanjeh_app;
