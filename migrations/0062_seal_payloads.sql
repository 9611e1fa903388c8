-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a text of a person in the record is sealed for that person, under a key for each unit, subject and month. The keys stand here
--   wrapped by one that only the keepers' file has (docs/KEYS.md, "Payloads"): when a subject's keys are destroyed, that one is changed
--   and the others are wrapped anew, so that no copy of this database, however old, opens what was destroyed.
-- Locks: none (new tables and functions). Time: immediate; the server seals what stands in clear once it runs.
-- Retreat: a later migration drops both tables, the sequence and the functions; sealed payloads are then lost.

create sequence sanjeh.audit_payload_number as int4;
revoke all on sequence sanjeh.audit_payload_number from public;

-- Which of the keepers' keys wraps now. One row, made when the first payload is sealed.
create table sanjeh.audit_payload_kek (
    only_one   boolean not null default true,
    file_id    bytea   not null,
    generation int4    not null,
    constraint audit_payload_kek_pkey primary key (only_one),
    constraint audit_payload_kek_is_single check (only_one),
    constraint audit_payload_kek_id_has_16_bytes check (octet_length(file_id) = 16),
    constraint audit_payload_kek_generation_positive check (generation > 0)
);
comment on table sanjeh.audit_payload_kek is 'which file of the keepers, and which of its keys, wraps the rows of audit_payload_key';

create table sanjeh.audit_payload_key (
    number     int4  not null,
    unit_tag   uuid  not null,  -- the unit's tag in the log; nil: the platform
    subject_id uuid  not null,  -- whose text it seals
    period     int4  not null,  -- year and month, UTC: 202611
    wrapped    bytea not null,
    constraint audit_payload_key_pkey primary key (number),
    constraint audit_payload_key_is_one_a_month unique (unit_tag, subject_id, period),
    constraint audit_payload_key_number_positive check (number > 0),
    constraint audit_payload_key_is_bounded check (octet_length(wrapped) between 32 and 512)
);
comment on table sanjeh.audit_payload_key is 'keys of payloads, wrapped; deleting a row and changing the keepers'' key destroys what it sealed in every copy';
create index audit_payload_key_by_subject on sanjeh.audit_payload_key (subject_id, number);

do $do$
declare
    target regclass;
begin
    foreach target in array array['sanjeh.audit_payload_kek', 'sanjeh.audit_payload_key']::regclass[] loop
        execute format('alter table %s enable row level security', target);
        execute format('alter table %s force row level security', target);
        execute format('create policy owner_all on %s to sanjeh_owner using (true) with check (true)', target);
        execute format('create policy record_read on %s for select to sanjeh_app using (%L::uuid = any ((select'
                       ' sanjeh.scope_ids())::uuid[]))', target, '00000000-0000-8000-8000-000000000005');
        execute format('grant select on %s to sanjeh_app', target);
    end loop;
end
$do$;

-- The file and generation that wrap; the caller's when there is none yet.
create function sanjeh.audit_payload_kek_take(p_file bytea, p_generation int4) returns sanjeh.audit_payload_kek
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
declare
    found_row sanjeh.audit_payload_kek;
begin
    perform sanjeh.audit_need_record();
    insert into sanjeh.audit_payload_kek (file_id, generation) values (p_file, p_generation) on conflict do nothing;
    select k.* into strict found_row from sanjeh.audit_payload_kek as k;
    return found_row;
end
$$;

create function sanjeh.audit_payload_key_number() returns int4
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    return nextval('sanjeh.audit_payload_number');
end
$$;

-- Kept unless the month has its key already, or another generation wraps now: then false, and the caller begins again.
create function sanjeh.audit_payload_key_put(p_generation int4, p_number int4, p_unit uuid, p_subject uuid, p_period int4, p_wrapped bytea)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    perform 1 from sanjeh.audit_payload_kek as k where k.generation = p_generation for share;
    if not found then
        return false;
    end if;
    insert into sanjeh.audit_payload_key (number, unit_tag, subject_id, period, wrapped)
    values (p_number, p_unit, p_subject, p_period, p_wrapped)
    on conflict on constraint audit_payload_key_is_one_a_month do nothing;
    return found;
end
$$;

-- Whoever changes the wrapping key holds it first: nobody makes a key meanwhile.
create function sanjeh.audit_payload_kek_hold() returns int4
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
declare
    now_wraps int4;
begin
    perform sanjeh.audit_need_record();
    select k.generation into now_wraps from sanjeh.audit_payload_kek as k for update;
    return now_wraps;
end
$$;

-- Destroys the keys of a subject and takes all others as wrapped anew, none left out. How many were destroyed.
create function sanjeh.audit_payload_kek_turn(p_old int4, p_new int4, p_subject uuid, p_numbers int4[], p_wrapped bytea[]) returns int8
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
declare
    gone int8;
begin
    perform sanjeh.audit_need_record();
    update sanjeh.audit_payload_kek set generation = p_new where generation = p_old;
    if not found then
        raise exception 'another key wraps now' using errcode = 'serialization_failure';
    end if;
    delete from sanjeh.audit_payload_key where subject_id = p_subject;
    get diagnostics gone = row_count;
    update sanjeh.audit_payload_key as k set wrapped = u.wrapped
      from unnest(p_numbers, p_wrapped) as u (number, wrapped) where k.number = u.number;
    if exists (select from sanjeh.audit_payload_key as k where k.number <> all (p_numbers)) then
        raise exception 'a key would be left behind' using errcode = 'serialization_failure';
    end if;
    perform pg_notify('audit_payload_key', '');
    return gone;
end
$$;

-- Seals what stands in clear: the same payload, under a key. False when it has gone or changed meanwhile.
create function sanjeh.audit_payload_seal(p_idx int8, p_clear bytea, p_sealed bytea) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    delete from sanjeh.audit_payload where idx = p_idx and content = p_clear and subject_id = '00000000-0000-0000-0000-000000000000';
    if not found then
        return false;
    end if;
    insert into sanjeh.audit_payload (idx, content) values (p_idx, p_sealed);
    return true;
end
$$;

revoke all on function sanjeh.audit_payload_kek_take(bytea, int4), sanjeh.audit_payload_key_number(),
    sanjeh.audit_payload_key_put(int4, int4, uuid, uuid, int4, bytea), sanjeh.audit_payload_kek_hold(),
    sanjeh.audit_payload_kek_turn(int4, int4, uuid, int4[], bytea[]), sanjeh.audit_payload_seal(int8, bytea, bytea) from public;
grant execute on function sanjeh.audit_payload_kek_take(bytea, int4), sanjeh.audit_payload_key_number(),
    sanjeh.audit_payload_key_put(int4, int4, uuid, uuid, int4, bytea), sanjeh.audit_payload_kek_hold(),
    sanjeh.audit_payload_kek_turn(int4, int4, uuid, int4[], bytea[]), sanjeh.audit_payload_seal(int8, bytea, bytea) to sanjeh_app;
