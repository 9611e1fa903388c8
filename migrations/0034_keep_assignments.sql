-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a role that an account has becomes an assignment: from when until when, by whom, last certified when, locked when, delegated
--   from which other, revoked when and why. Each change has a number that only grows and a row of history. A session activates and
--   drops roles and remembers a second factor that was shown again. What was assigned before stays assigned, without an end,
--   certified now: `sanjeh migrate` seals the accounts anew (docs/KEYS.md).
-- Locks: role_assignment and account, both small. Time on big tables: below a second.
-- Retreat: restore the backup taken before the upgrade; seals of accounts have another form from here on.

alter table sanjeh.account add column seal_form smallint not null default 1
    constraint account_seal_form_known check (seal_form in (1, 2));
comment on column sanjeh.account.seal_form is
    '1: over names of roles (before assignments), believed by `sanjeh migrate` alone; 2: over every assignment that is not revoked';
comment on column sanjeh.account.seal is
    'HMAC over id, unit, compartment, judge, user name, "active", person and what each assignment that is not revoked says';

alter table sanjeh.role_assignment
    add column id uuid not null default gen_random_uuid(),
    add column kind text not null default 'assigned',
    add column source_id uuid,
    add column depth smallint not null default 0,
    add column valid_from timestamptz,
    add column valid_until timestamptz,
    add column locked_from timestamptz,
    add column locked_until timestamptz,
    add column certified_at timestamptz not null default now(),
    add column certified_by uuid,
    add column reason text,
    add column changed_by uuid,
    add column revoked_at timestamptz,
    add column revoked_by uuid,
    add column revoke_cause text,
    add column seq bigint not null default 0,
    add column version bigint not null default 1;
alter table sanjeh.role_assignment
    drop constraint role_assignment_pkey,
    add constraint role_assignment_pkey primary key (id),
    add constraint role_assignment_kind_known check (kind in ('assigned', 'delegated')),
    add constraint role_assignment_source_exists foreign key (source_id) references sanjeh.role_assignment (id),
    add constraint role_assignment_delegated_has_source check (
        (kind = 'delegated') = (source_id is not null) and (kind = 'delegated') = (depth > 0) and depth between 0 and 8),
    add constraint role_assignment_delegated_ends check (kind = 'assigned' or valid_until is not null),
    add constraint role_assignment_until_after_from check (valid_until > valid_from),
    add constraint role_assignment_lock_window check (
        (locked_until is null or locked_from is not null) and (locked_until is null or locked_until > locked_from)),
    add constraint role_assignment_reason_length check (octet_length(reason) between 1 and 1000),
    add constraint role_assignment_revoke_cause_known check (
        (revoked_at is null) = (revoke_cause is null) and revoke_cause in ('revoked', 'expired', 'source-ended'));
comment on table sanjeh.role_assignment is
    'never deleted; a row that is not revoked is under the seal of its account, so a superuser changes none unseen';
comment on column sanjeh.role_assignment.granted_by is 'account that granted or delegated it; null: local administration';
comment on column sanjeh.role_assignment.source_id is 'the delegator''s own assignment; with its end this one ends';
comment on column sanjeh.role_assignment.certified_at is 'a role with recertify_days counts so long after it';
create unique index role_assignment_one_live on sanjeh.role_assignment (account_id, role) where revoked_at is null;
create index role_assignment_by_role on sanjeh.role_assignment (role, id) where revoked_at is null;
create index role_assignment_by_source on sanjeh.role_assignment (source_id) where source_id is not null;

-- An account sees its own assignments and what it delegated, administration all; assignment_followers runs as the owner, whom the
-- policy lets see them while a context holds. Nothing but administration writes.
drop policy system_all on sanjeh.role_assignment;
create policy assignment_read on sanjeh.role_assignment for select using (
    array[account_id, granted_by, '00000000-0000-8000-8000-000000000001'::uuid, '00000000-0000-8000-8000-000000000003'::uuid]
        && (select sanjeh.scope_ids())
    or (current_user = 'sanjeh_owner' and cardinality((select sanjeh.scope_ids())::uuid[]) > 0));
create policy assignment_add on sanjeh.role_assignment for insert with check (
    array['00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000003']::uuid[] && (select sanjeh.scope_ids()));
create policy assignment_change on sanjeh.role_assignment for update using (
    array['00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000003']::uuid[] && (select sanjeh.scope_ids()));

create table sanjeh.assignment_state (
    only_row boolean not null default true,
    seq bigint not null,
    constraint assignment_state_pkey primary key (only_row),
    constraint assignment_state_one_row check (only_row)
);
comment on table sanjeh.assignment_state is 'seq: number of the last change of any assignment; names the state in decisions';
alter table sanjeh.assignment_state enable row level security;
alter table sanjeh.assignment_state force row level security;
create policy owner_all on sanjeh.assignment_state to sanjeh_owner using (true) with check (true);
create policy state_read on sanjeh.assignment_state for select to sanjeh_app using (true);

create table sanjeh.assignment_change (
    seq bigint not null,
    changed_at timestamptz not null,
    changed_by uuid,
    change text not null,
    assignment_id uuid not null,
    account_id uuid not null,
    role text not null,
    kind text not null,
    valid_from timestamptz,
    valid_until timestamptz,
    locked_from timestamptz,
    locked_until timestamptz,
    certified_at timestamptz not null,
    revoked_at timestamptz,
    constraint assignment_change_pkey primary key (seq),
    constraint assignment_change_known check (
        change in ('granted', 'changed', 'certified', 'revoked', 'expired', 'source-ended', 'edited', 'deleted'))
);
comment on table sanjeh.assignment_change is 'the assignment as each change left it: who held what at which number; append-only';
create index assignment_change_by_account on sanjeh.assignment_change (account_id, seq);
alter table sanjeh.assignment_change enable row level security;
alter table sanjeh.assignment_change force row level security;
create policy owner_all on sanjeh.assignment_change to sanjeh_owner using (true) with check (true);
create policy auditor_read on sanjeh.assignment_change for select to sanjeh_auditor using (true);
create policy change_read on sanjeh.assignment_change for select to sanjeh_app using (
    array[account_id, '00000000-0000-8000-8000-000000000001'::uuid, '00000000-0000-8000-8000-000000000003'::uuid]
        && (select sanjeh.scope_ids()));
create trigger assignment_change_append_only before update or delete on sanjeh.assignment_change
    for each row execute function sanjeh.audit_refuse_change();
create trigger assignment_change_no_truncate before truncate on sanjeh.assignment_change
    for each statement execute function sanjeh.audit_refuse_change();

-- Existing rows: their history begins here.
alter table sanjeh.role_assignment no force row level security;
with numbered as (
    select id, row_number() over (order by granted_at, account_id, role) as n from sanjeh.role_assignment)
update sanjeh.role_assignment as r set seq = n.n from numbered as n where n.id = r.id;
insert into sanjeh.assignment_state (seq) select count(*) from sanjeh.role_assignment;
insert into sanjeh.assignment_change (seq, changed_at, changed_by, change, assignment_id, account_id, role, kind, certified_at)
select seq, granted_at, granted_by, 'granted', id, account_id, role, kind, certified_at from sanjeh.role_assignment;
alter table sanjeh.role_assignment force row level security;

-- Whoever will change assignments waits here for whoever is changing some: numbers are in the order of commits, and rules over
-- several accounts (how many hold a role) are checked against what stays.
create function sanjeh.assignment_lock() returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    now_seq bigint;
begin
    if not array['00000000-0000-8000-8000-000000000001'::uuid, '00000000-0000-8000-8000-000000000003'::uuid]
        && sanjeh.scope_ids() then
        raise exception 'administration only' using errcode = 'insufficient_privilege';
    end if;
    select s.seq into strict now_seq from sanjeh.assignment_state as s for update;
    return now_seq;
end
$$;
revoke execute on function sanjeh.assignment_lock() from public;
grant execute on function sanjeh.assignment_lock() to sanjeh_app;

-- What ends with the delegator's: found here, written by the server, which seals the accounts that lose it.
create function sanjeh.assignment_followers(source uuid)
    returns table (assignment_id uuid, account_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with recursive follow as (
        select r.id, r.account_id from sanjeh.role_assignment as r where r.source_id = source and r.revoked_at is null
        union
        select r.id, r.account_id from sanjeh.role_assignment as r join follow as f on r.source_id = f.id where r.revoked_at is null)
    select f.id, f.account_id from follow as f
$$;
revoke execute on function sanjeh.assignment_followers(uuid) from public;
grant execute on function sanjeh.assignment_followers(uuid) to sanjeh_app;
create function sanjeh.role_assignment_number() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'UPDATE' then
        new.version := old.version + 1;
    end if;
    update sanjeh.assignment_state as s set seq = s.seq + 1 returning s.seq into strict new.seq;
    return new;
end
$$;
create function sanjeh.role_assignment_history() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    r sanjeh.role_assignment;
    what text;
    at_seq bigint;
begin
    if tg_op = 'DELETE' then
        r := old;
        what := 'deleted';
        update sanjeh.assignment_state as s set seq = s.seq + 1 returning s.seq into strict at_seq;
    else
        r := new;
        at_seq := new.seq;
        what := case when tg_op = 'INSERT' then 'granted'
            when (new.id, new.account_id, new.role, new.kind, new.source_id, new.depth)
                is distinct from (old.id, old.account_id, old.role, old.kind, old.source_id, old.depth)
                or new.revoked_at is null and old.revoked_at is not null then 'edited'
            when new.revoked_at is not null and old.revoked_at is null then new.revoke_cause
            when new.certified_at is distinct from old.certified_at then 'certified' else 'changed' end;
    end if;
    insert into sanjeh.assignment_change (seq, changed_at, changed_by, change, assignment_id, account_id, role, kind, valid_from,
        valid_until, locked_from, locked_until, certified_at, revoked_at)
    values (at_seq, clock_timestamp(), r.changed_by, what, r.id, r.account_id,
        r.role, r.kind, r.valid_from, r.valid_until, r.locked_from, r.locked_until, r.certified_at, r.revoked_at);
    -- those to whom it was delegated have it only while it stands
    perform pg_notify('session_revoked', 'a:' || f.account_id::text) from sanjeh.assignment_followers(r.id) as f;
    return null;
end
$$;
revoke execute on function sanjeh.role_assignment_number() from public;
revoke execute on function sanjeh.role_assignment_history() from public;
create trigger role_assignment_numbered before insert or update on sanjeh.role_assignment
    for each row execute function sanjeh.role_assignment_number();
create trigger role_assignment_remembered after insert or update or delete on sanjeh.role_assignment
    for each row execute function sanjeh.role_assignment_history();

-- A session's own choice among the assignments of its account: a role that is granted anew is chosen anew.
create table sanjeh.session_role (
    session_id uuid not null,
    assignment_id uuid not null,
    state text not null,
    since timestamptz not null,
    ends_at timestamptz,
    reason text,
    seal bytea not null,
    constraint session_role_pkey primary key (session_id, assignment_id),
    constraint session_role_session_exists foreign key (session_id) references sanjeh.session (id) on delete cascade,
    constraint session_role_assignment_exists foreign key (assignment_id) references sanjeh.role_assignment (id),
    constraint session_role_state_known check (state in ('active', 'dropped')),
    constraint session_role_reason_length check (octet_length(reason) between 1 and 1000),
    constraint session_role_seal_length check (octet_length(seal) = 32)
);
comment on column sanjeh.session_role.seal is 'HMAC over session, assignment, state, since and ends_at';
select sanjeh.protect_system('sanjeh.session_role', array['00000000-0000-8000-8000-000000000001']::uuid[]);

create table sanjeh.session_step_up (
    session_id uuid not null,
    at timestamptz not null,
    seal bytea not null,
    constraint session_step_up_pkey primary key (session_id),
    constraint session_step_up_session_exists foreign key (session_id) references sanjeh.session (id) on delete cascade,
    constraint session_step_up_seal_length check (octet_length(seal) = 32)
);
comment on table sanjeh.session_step_up is 'the last time that the session''s holder showed the second factor again';
comment on column sanjeh.session_step_up.seal is 'HMAC over session and at';
select sanjeh.protect_system('sanjeh.session_step_up', array['00000000-0000-8000-8000-000000000001']::uuid[]);

create function sanjeh.session_role_changed_notify() returns trigger
    language plpgsql set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform pg_notify('session_revoked', 's:' || coalesce(new.session_id, old.session_id)::text);
    return null;
end
$$;
revoke execute on function sanjeh.session_role_changed_notify() from public;
create trigger session_role_changed after insert or update or delete on sanjeh.session_role
    for each row execute function sanjeh.session_role_changed_notify();
create trigger session_step_up_changed after insert or update on sanjeh.session_step_up
    for each row execute function sanjeh.session_role_changed_notify();

-- Assignments end by the same clock as everything else: who turns it (a test installation) empties the caches.
create function sanjeh.clock_turned_notify() returns trigger
    language plpgsql set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform pg_notify('session_revoked', '');
    return null;
end
$$;
revoke execute on function sanjeh.clock_turned_notify() from public;
create trigger clock_turned after insert or update or delete on sanjeh.test_clock
    for each statement execute function sanjeh.clock_turned_notify();

grant update (valid_until, locked_from, locked_until, certified_at, certified_by, changed_by, revoked_at, revoked_by, revoke_cause)
    on sanjeh.role_assignment to sanjeh_app;
grant update (seal, seal_form, version) on sanjeh.account to sanjeh_app;
grant select on sanjeh.assignment_state, sanjeh.assignment_change to sanjeh_app;
grant select, insert, delete, update (state, since, ends_at, reason, seal) on sanjeh.session_role to sanjeh_app;
grant select, insert, update (at, seal) on sanjeh.session_step_up to sanjeh_app;
