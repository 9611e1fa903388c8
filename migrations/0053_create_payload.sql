-- SPDX-License-Identifier: Apache-2.0
--
-- Why: what an entry of the record must be able to lose (texts of people, lists) stands beside it: the entry holds only a salted
--   commitment, so that payload and salt can be destroyed while every proof still holds (docs/AUDIT.md 2).
-- Locks: audit_outbox for the moment of a new column; otherwise a new table only. Time: below a second on any size.
-- Retreat: a later migration drops the table, the functions and the column; entries with a payload then verify as erased.

create table sanjeh.audit_payload (
    idx        int8  not null,
    content    bytea not null,
    subject_id uuid  not null generated always as (encode(substring(content from 17 for 16), 'hex')::uuid) stored,
    constraint audit_payload_pkey primary key (idx),
    constraint audit_payload_index_not_negative check (idx >= 0),
    constraint audit_payload_has_key_and_salt check (octet_length(content) between 69 and 66000)
);
comment on table sanjeh.audit_payload is
    'the only part of the record that can be erased; content: unit 16, subject 16, key version 4, then salt 32 and payload, sealed for that subject (FLE1) when the subject is not nil';
create index audit_payload_by_subject on sanjeh.audit_payload (subject_id, idx);
alter table sanjeh.audit_payload enable row level security;
alter table sanjeh.audit_payload force row level security;
create policy owner_all on sanjeh.audit_payload to sanjeh_owner using (true) with check (true);
create policy auditor_read on sanjeh.audit_payload for select to sanjeh_auditor using (true);
create policy record_read on sanjeh.audit_payload for select to sanjeh_app using (
    '00000000-0000-8000-8000-000000000005'::uuid = any ((select sanjeh.scope_ids())::uuid[]));
create trigger audit_payload_unchanged before update on sanjeh.audit_payload
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_payload_no_truncate before truncate on sanjeh.audit_payload
    for each statement execute function sanjeh.audit_refuse_change();
grant select on sanjeh.audit_payload to sanjeh_app, sanjeh_auditor;

-- In the commit of the entries themselves.
create function sanjeh.audit_payload_put(p_indexes int8[], p_contents bytea[])
returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    insert into sanjeh.audit_payload (idx, content)
    select u.idx, u.content from unnest(p_indexes, p_contents) as u (idx, content);
end
$$;

-- How many were there. The erase entry that names them is the caller's.
create function sanjeh.audit_payload_erase(p_indexes int8[])
returns int8
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
declare
    gone int8;
begin
    perform sanjeh.audit_need_record();
    delete from sanjeh.audit_payload where idx = any (p_indexes);
    get diagnostics gone = row_count;
    return gone;
end
$$;
revoke all on function sanjeh.audit_payload_put(int8[], bytea[]) from public;
revoke all on function sanjeh.audit_payload_erase(int8[]) from public;
grant execute on function sanjeh.audit_payload_put(int8[], bytea[]) to sanjeh_app;
grant execute on function sanjeh.audit_payload_erase(int8[]) to sanjeh_app;

-- A deed's draft carries its payload over a crash; the draft's MAC covers the commitment to it.
alter table sanjeh.audit_outbox add column payload bytea
    constraint audit_outbox_payload_has_key_and_salt check (octet_length(payload) between 69 and 66000);
grant insert (payload) on sanjeh.audit_outbox to sanjeh_app;
