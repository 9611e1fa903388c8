-- SPDX-License-Identifier: Apache-2.0
--
-- Why: separation is by person, not by account: an office account may name the judge that its holder is. And a judge sees who
--   opened his file: which entries of the record were about him.
-- Locks: account and audit_outbox for the moment of a new column. Time on big tables: none (nullable columns without default).
-- Retreat: a later migration drops the table, the functions and the columns named here; accounts sealed with a person have to
--   be made anew.

alter table sanjeh.account add column person_judge_id uuid,
    add constraint account_person_of_an_office check (person_judge_id is null or unit_id is not null);
comment on column sanjeh.account.person_judge_id is
    'the judge that the holder of an office account is; sealed when present. It gives no sight of his file: his own account does';
comment on column sanjeh.account.seal is
    'HMAC over id, unit, compartment, judge, user name, "active", the names of all roles and, when there is one, the judge the person is';

-- Boards ask who accounts of other units are as persons. The function below runs as the owner, whom the policies let see
-- accounts while a request's context holds; it tells the person, the unit and nothing else.
alter policy unit_select on sanjeh.account using (
    array[unit_id, id, '00000000-0000-8000-8000-000000000001'::uuid, '00000000-0000-8000-8000-000000000003'::uuid]
        && (select sanjeh.scope_ids())
    or (current_user = 'sanjeh_owner' and cardinality((select sanjeh.scope_ids())::uuid[]) > 0));
alter policy compartment on sanjeh.account using (
    compartment_id is null
    or array[compartment_id, '00000000-0000-8000-8000-000000000001'::uuid, '00000000-0000-8000-8000-000000000003'::uuid]
        && (select sanjeh.scope_ids())
    or (current_user = 'sanjeh_owner' and cardinality((select sanjeh.scope_ids())::uuid[]) > 0));

create function sanjeh.account_person(ids uuid[])
    returns table (account_id uuid, unit_code text, compartment_code text, person_id uuid, is_judge boolean)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.id, u.code, c.code, coalesce(a.judge_id, a.person_judge_id, a.id),
        coalesce(a.judge_id, a.person_judge_id) is not null
    from sanjeh.account as a
    left join sanjeh.unit as u on u.id = a.unit_id
    left join sanjeh.unit as c on c.id = a.compartment_id
    where a.id = any (ids) and a.status = 'active'
$$;
comment on function sanjeh.account_person(uuid[]) is
    'who active accounts are as persons, for boards and conflicts; unknown ids give no row, a context is needed';
revoke execute on function sanjeh.account_person(uuid[]) from public;
grant execute on function sanjeh.account_person(uuid[]) to sanjeh_app;

-- Which entries of the record are about a judge's data: written by the sequencer in the commit of the entry. The entry's
-- detail carries count and SHA-256 of the sorted ids, so the index is checked against the signed record when it is read.
create table sanjeh.file_opening (
    subject_id uuid not null,
    entry_index int8 not null constraint file_opening_index_not_negative check (entry_index >= 0),
    constraint file_opening_pkey primary key (subject_id, entry_index)
);
comment on table sanjeh.file_opening is 'the judge sees his own rows; appended by audit_opening_put alone, never changed';
create index file_opening_by_entry on sanjeh.file_opening (entry_index);
alter table sanjeh.file_opening enable row level security;
alter table sanjeh.file_opening force row level security;
create policy owner_all on sanjeh.file_opening to sanjeh_owner using (true) with check (true);
create policy auditor_read on sanjeh.file_opening for select to sanjeh_auditor using (true);
create policy opening_read on sanjeh.file_opening for select to sanjeh_app using (
    array[subject_id, '00000000-0000-8000-8000-000000000005'::uuid] && (select sanjeh.scope_ids()));
create trigger file_opening_append_only before update or delete on sanjeh.file_opening
    for each row execute function sanjeh.audit_refuse_change();
create trigger file_opening_no_truncate before truncate on sanjeh.file_opening
    for each statement execute function sanjeh.audit_refuse_change();
grant select on sanjeh.file_opening to sanjeh_app;

create function sanjeh.audit_opening_put(p_subjects uuid[], p_indexes int8[])
returns void
language plpgsql
security definer
set search_path = sanjeh, pg_catalog
as $$
begin
    perform sanjeh.audit_need_record();
    insert into file_opening (subject_id, entry_index)
    select u.subject_id, u.entry_index from unnest(p_subjects, p_indexes) as u (subject_id, entry_index);
end
$$;
revoke all on function sanjeh.audit_opening_put(uuid[], int8[]) from public;
grant execute on function sanjeh.audit_opening_put(uuid[], int8[]) to sanjeh_app;

-- A deed's draft carries its subjects over a crash; the draft's own MAC covers their hash (in its detail).
alter table sanjeh.audit_outbox add column subjects bytea
    constraint audit_outbox_subjects_are_ids check (octet_length(subjects) % 16 = 0 and octet_length(subjects) <= 8000);
grant insert (subjects) on sanjeh.audit_outbox to sanjeh_app;

-- A chain of report cards begins and grows in the issuer's own unit: its scope alone would let it name another's.
alter policy chain_add on sanjeh.report_card_chain with check (
    array[issuer_scope_id] && (select sanjeh.scope_ids()) and array[unit_id] && (select sanjeh.scope_ids()));
alter policy chain_change on sanjeh.report_card_chain using (
    array[issuer_scope_id] && (select sanjeh.scope_ids()) and array[unit_id] && (select sanjeh.scope_ids()));
-- An answer stays in the unit that was asked.
alter policy gate_give on sanjeh.gate_answer with check (
    array[scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    and array[unit_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
