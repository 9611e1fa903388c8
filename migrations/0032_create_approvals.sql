-- SPDX-License-Identifier: Apache-2.0
--
-- Why: what one person must not do alone is asked for and approved before it is done (SP 800-53 AC-3(2)). One mechanism for
--   every such deed: a request is bound to the exact deed (SHA-256 over the RFC 8785 form of action, object and parameters),
--   has votes of distinct persons who are not the one who asks, ends, and is used once.
-- Locks: new tables only. Time: below a second. Retreat: drop the two tables and the functions approval_*; deeds that were done stay.
--
-- The server decides who is eligible by role and proves the seals (keeper's HMAC) of request and votes before it believes them; the
-- constraints here hold against a bug in the server: whatever it does, nobody approves his own request under any account, no
-- person has two votes, nothing is approved without its votes, and nothing is used twice.

create table sanjeh.approval (
    id uuid not null,
    action text not null,
    object_id uuid not null,
    parameters text not null,
    operation bytea not null,
    reason text not null,
    need smallint not null,
    by_role text not null,
    other_unit boolean not null,
    requested_by uuid not null,
    requested_person uuid not null,
    requested_unit uuid,
    requested_at timestamptz not null,
    expires_at timestamptz not null,
    state text not null default 'open',
    decided_at timestamptz,
    used_at timestamptz,
    seal bytea not null,
    version bigint not null default 1,
    constraint approval_pkey primary key (id),
    constraint approval_requester_exists foreign key (requested_by) references sanjeh.account (id),
    constraint approval_action_form check (action ~ '^[a-z][a-z-]{0,30}:[a-z][a-z-]{0,30}$'),
    constraint approval_parameters_length check (octet_length(parameters) between 2 and 4096),
    constraint approval_operation_is_sha256 check (octet_length(operation) = 32),
    constraint approval_reason_length check (octet_length(reason) between 1 and 1000),
    constraint approval_need_range check (need between 1 and 5),
    constraint approval_role_form check (by_role ~ '^[a-z][a-z-]{0,31}$'),
    constraint approval_state_known check (state in ('open', 'approved', 'rejected', 'cancelled', 'used')),
    constraint approval_ends check (expires_at > requested_at),
    constraint approval_seal_length check (octet_length(seal) = 32),
    constraint approval_used_in_time check ((state = 'used') = (used_at is not null) and used_at <= expires_at),
    constraint approval_decided_has_time check ((state = 'open') = (decided_at is null))
);
comment on table sanjeh.approval is 'requests for what takes two persons; "expired" is a state that time gives';
comment on column sanjeh.approval.parameters is 'RFC 8785; ids, names and digests, no personal data';
comment on column sanjeh.approval.seal is
    'HMAC over everything but state, its times and version: a superuser can take a use back until expires_at, and nothing else';
create index approval_by_requester on sanjeh.approval (requested_by, id);
create index approval_by_object on sanjeh.approval (object_id, action);

create table sanjeh.approval_vote (
    approval_id uuid not null,
    person_id uuid not null,
    account_id uuid not null,
    account_unit uuid,
    role text not null,
    approves boolean not null,
    method text not null,
    voted_at timestamptz not null,
    requested_by uuid not null,
    seal bytea not null,
    constraint approval_vote_pkey primary key (approval_id, person_id),
    constraint approval_vote_account_once unique (approval_id, account_id),
    constraint approval_vote_request_exists foreign key (approval_id) references sanjeh.approval (id),
    constraint approval_vote_account_exists foreign key (account_id) references sanjeh.account (id),
    constraint approval_vote_not_requester check (account_id <> requested_by),
    constraint approval_vote_method_known check (method in ('password+totp', 'session')),
    constraint approval_vote_approves_with_factors check (not approves or method <> 'session'),
    constraint approval_vote_seal_length check (octet_length(seal) = 32)
);
comment on table sanjeh.approval_vote is 'one person, one vote; never changed';
comment on column sanjeh.approval_vote.requested_by is 'of the request: who asked reads the votes';

alter table sanjeh.approval enable row level security;
alter table sanjeh.approval force row level security;
create policy owner_all on sanjeh.approval to sanjeh_owner using (true) with check (true);
create policy approval_read on sanjeh.approval for select to sanjeh_app using (
    array[requested_by, '00000000-0000-8000-8000-000000000008'::uuid] && (select sanjeh.scope_ids()));
create policy approval_ask on sanjeh.approval for insert to sanjeh_app with check (
    requested_by = any ((select sanjeh.scope_ids())::uuid[]));
create policy approval_move on sanjeh.approval for update to sanjeh_app using (
    array[requested_by, '00000000-0000-8000-8000-000000000008'::uuid] && (select sanjeh.scope_ids()));
alter table sanjeh.approval_vote enable row level security;
alter table sanjeh.approval_vote force row level security;
create policy owner_all on sanjeh.approval_vote to sanjeh_owner using (true) with check (true);
create policy vote_read on sanjeh.approval_vote for select to sanjeh_app using (
    array[requested_by, account_id, '00000000-0000-8000-8000-000000000008'::uuid] && (select sanjeh.scope_ids()));
create policy vote_give on sanjeh.approval_vote for insert to sanjeh_app with check (
    account_id = any ((select sanjeh.scope_ids())::uuid[])
    and '00000000-0000-8000-8000-000000000008'::uuid = any ((select sanjeh.scope_ids())::uuid[]));
grant select, insert, update (state, decided_at, used_at, version) on sanjeh.approval to sanjeh_app;
grant select, insert on sanjeh.approval_vote to sanjeh_app;

create function sanjeh.approval_begin() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if new.state <> 'open' or new.version <> 1 or new.expires_at <= statement_timestamp()
        or new.requested_person <> sanjeh.person_of(new.requested_by) then
        raise exception 'a request begins open, in one''s own name' using errcode = 'check_violation', constraint = 'approval_begins_open';
    end if;
    return new;
end
$$;
create trigger approval_begins before insert on sanjeh.approval for each row execute function sanjeh.approval_begin();

-- The only steps there are. The row is locked by the update itself, and a vote locks it first.
create function sanjeh.approval_step() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    yes int;
    no int;
begin
    if (to_jsonb(old) - 'state' - 'decided_at' - 'used_at' - 'version') <> (to_jsonb(new) - 'state' - 'decided_at' - 'used_at' - 'version')
        or new.version <> old.version + 1 then
        raise exception 'what was asked for does not change' using errcode = 'check_violation', constraint = 'approval_is_fixed';
    end if;
    select count(*) filter (where v.approves), count(*) filter (where not v.approves) into yes, no
        from sanjeh.approval_vote as v where v.approval_id = new.id;
    if not (case
        when old.state in ('open', 'approved') and new.state = 'cancelled' then true
        when old.state in ('open', 'approved') and new.state = 'rejected' then no > 0
        when old.state = 'open' and new.state = 'approved' then yes >= new.need and no = 0
        when old.state = 'approved' and new.state = 'used' then yes >= new.need and no = 0 and new.expires_at > statement_timestamp()
        else false end) then
        raise exception 'there is no such step' using errcode = 'check_violation', constraint = 'approval_no_such_step';
    end if;
    return new;
end
$$;
create trigger approval_steps before update on sanjeh.approval for each row execute function sanjeh.approval_step();

create function sanjeh.approval_vote_check() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    a record;
    unit uuid;
begin
    select x.* into a from sanjeh.approval as x where x.id = new.approval_id for update;
    if not found or a.state not in ('open', 'approved') or a.expires_at <= statement_timestamp() then
        raise exception 'nobody asks for a vote any more' using errcode = 'check_violation', constraint = 'approval_vote_in_time';
    end if;
    select x.unit_id into unit from sanjeh.account as x where x.id = new.account_id and x.status = 'active';
    if not found or new.person_id <> sanjeh.person_of(new.account_id) or new.requested_by <> a.requested_by
        or new.account_unit is distinct from unit then
        raise exception 'a vote is given in one''s own name' using errcode = 'check_violation', constraint = 'approval_vote_own_name';
    end if;
    if new.person_id = a.requested_person or new.person_id = sanjeh.person_of(a.requested_by) then
        raise exception 'nobody approves what he asked for' using errcode = 'check_violation', constraint = 'approval_vote_not_oneself';
    end if;
    if a.other_unit and unit is not distinct from a.requested_unit then
        raise exception 'another unit approves' using errcode = 'check_violation', constraint = 'approval_vote_other_unit';
    end if;
    return new;
end
$$;
create trigger approval_vote_checked before insert on sanjeh.approval_vote
    for each row execute function sanjeh.approval_vote_check();
create function sanjeh.approval_refuse_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'what was decided stays' using errcode = 'insufficient_privilege', constraint = 'approval_stays';
end
$$;
create trigger approval_vote_stays before update or delete on sanjeh.approval_vote
    for each row execute function sanjeh.approval_refuse_change();
create trigger approval_stays before delete on sanjeh.approval for each row execute function sanjeh.approval_refuse_change();
revoke execute on function sanjeh.approval_begin() from public;
revoke execute on function sanjeh.approval_step() from public;
revoke execute on function sanjeh.approval_vote_check() from public;
revoke execute on function sanjeh.approval_refuse_change() from public;
