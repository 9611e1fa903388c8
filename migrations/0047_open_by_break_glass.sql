-- SPDX-License-Identifier: Apache-2.0
--
-- Why: break-glass (DOMAIN (d) rule 15): one account reads one file for at most four hours after two persons of two units, neither the
--   requester's, approved it; somebody else reviews it afterwards; the judge is told, at once or when a postponement ends.
--   A context carries the id of the opening as a scope of its own, signed by the keeper for one request after the server has proven
--   the opening's seal: a row that somebody else wrote here opens nothing.
-- Locks: the tables of the file for the moment of a new policy, approval for a constraint. Time on big tables: none.
-- Retreat: a later migration writes the policies back that end by opened_by_glass(), drops the functions, the two tables and the
--   constraint.

-- ---- two approvers ----

alter table sanjeh.approval add constraint approval_break_glass_takes_two
    check (action <> 'break-glass:open' or (need >= 2 and other_unit and requested_unit is not null));

create function sanjeh.break_glass_vote_check() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    asked record;
begin
    select a.action, a.object_id into asked from sanjeh.approval as a where a.id = new.approval_id;
    if asked.action is distinct from 'break-glass:open' then
        return new;
    end if;
    if new.approves and (new.account_unit is null or exists (select from sanjeh.approval_vote as v
            where v.approval_id = new.approval_id and v.approves and v.account_unit = new.account_unit)) then
        raise exception 'two units approve break-glass' using errcode = 'check_violation', constraint = 'break_glass_two_units';
    end if;
    if sanjeh.person_of(new.account_id) = (select e.judge_id from sanjeh.evaluation as e where e.id = asked.object_id) then
        raise exception 'nobody votes about his own file' using errcode = 'check_violation', constraint = 'break_glass_not_the_judge';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.break_glass_vote_check() from public;
create trigger break_glass_vote_checked before insert on sanjeh.approval_vote
    for each row execute function sanjeh.break_glass_vote_check();

-- ---- openings ----

create table sanjeh.break_glass (
    id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    account_id uuid not null,
    person_id uuid not null,
    account_unit uuid not null,
    reason text not null,
    opened_at timestamptz not null,
    ends_at timestamptz not null,
    notice_at timestamptz not null,
    review_due timestamptz not null,
    closed_at timestamptz,
    closed_by uuid,
    reviewed_at timestamptz,
    reviewed_by uuid,
    outcome text,
    review text,
    alarmed_at timestamptz,
    seal bytea not null,
    version bigint not null default 1,
    constraint break_glass_pkey primary key (id),
    constraint break_glass_approval foreign key (id) references sanjeh.approval (id),
    constraint break_glass_account foreign key (account_id) references sanjeh.account (id),
    constraint break_glass_not_the_judge check (person_id <> judge_id),
    constraint break_glass_reason_length check (char_length(reason) >= 20 and octet_length(reason) <= 1000),
    constraint break_glass_four_hours check (ends_at > opened_at and ends_at <= opened_at + interval '4 hours'),
    constraint break_glass_notice_range check (notice_at between opened_at and opened_at + interval '30 days'),
    constraint break_glass_review_after check (review_due > opened_at),
    constraint break_glass_closed_whole check ((closed_at is null) = (closed_by is null)),
    constraint break_glass_closed_in_time check (closed_at between opened_at and ends_at),
    constraint break_glass_reviewed_whole check (num_nonnulls(reviewed_at, reviewed_by, outcome, review) in (0, 4)),
    constraint break_glass_outcome_known check (outcome in ('justified', 'unjustified')),
    constraint break_glass_review_length check (char_length(review) >= 20 and octet_length(review) <= 4000),
    constraint break_glass_review_not_oneself check (reviewed_by <> account_id),
    constraint break_glass_seal_length check (octet_length(seal) = 32)
);
comment on table sanjeh.break_glass is 'files that were opened in an emergency; id is that of the approval, which is thereby used once';
comment on column sanjeh.break_glass.seal is 'HMAC over everything but alarmed_at; without it no context carries the id';
-- until the review nobody opens a second one, under whatever account
create unique index break_glass_one_unreviewed on sanjeh.break_glass (person_id) where reviewed_at is null;
create index break_glass_by_account on sanjeh.break_glass (account_id, id);
create index break_glass_by_evaluation on sanjeh.break_glass (evaluation_id);

-- Decided before the opening, on the approval: a notice that is out cannot be taken back.
create table sanjeh.break_glass_notice (
    approval_id uuid not null,
    postponed_until timestamptz not null,
    reason text not null,
    postponed_by uuid not null,
    postponed_at timestamptz not null,
    seal bytea not null,
    constraint break_glass_notice_pkey primary key (approval_id),
    constraint break_glass_notice_approval foreign key (approval_id) references sanjeh.approval (id),
    constraint break_glass_notice_account foreign key (postponed_by) references sanjeh.account (id),
    constraint break_glass_notice_reason_length check (char_length(reason) >= 20 and octet_length(reason) <= 1000),
    constraint break_glass_notice_end check (postponed_until > postponed_at and postponed_until <= postponed_at + interval '30 days'),
    constraint break_glass_notice_seal_length check (octet_length(seal) = 32)
);

alter table sanjeh.break_glass enable row level security;
alter table sanjeh.break_glass force row level security;
create policy owner_all on sanjeh.break_glass to sanjeh_owner using (true) with check (true);
create policy glass_read on sanjeh.break_glass for select to sanjeh_app using (
    array[account_id, id, '00000000-0000-8000-8000-000000000006'::uuid, '00000000-0000-8000-8000-000000000008'::uuid]
        && (select sanjeh.scope_ids()));
create policy glass_open on sanjeh.break_glass for insert to sanjeh_app with check (
    account_id = any ((select sanjeh.scope_ids())::uuid[])
    and '00000000-0000-8000-8000-000000000008'::uuid = any ((select sanjeh.scope_ids())::uuid[]));
create policy glass_step on sanjeh.break_glass for update to sanjeh_app using (
    array['00000000-0000-8000-8000-000000000006'::uuid, '00000000-0000-8000-8000-000000000008'::uuid] && (select sanjeh.scope_ids()));
alter table sanjeh.break_glass_notice enable row level security;
alter table sanjeh.break_glass_notice force row level security;
create policy owner_all on sanjeh.break_glass_notice to sanjeh_owner using (true) with check (true);
create policy notice_read on sanjeh.break_glass_notice for select to sanjeh_app using (
    '00000000-0000-8000-8000-000000000008'::uuid = any ((select sanjeh.scope_ids())::uuid[]));
create policy notice_postpone on sanjeh.break_glass_notice for insert to sanjeh_app with check (
    postponed_by = any ((select sanjeh.scope_ids())::uuid[])
    and '00000000-0000-8000-8000-000000000008'::uuid = any ((select sanjeh.scope_ids())::uuid[]));
grant select, insert, update (closed_at, closed_by, reviewed_at, reviewed_by, outcome, review, alarmed_at, seal, version)
    on sanjeh.break_glass to sanjeh_app;
grant select, insert on sanjeh.break_glass_notice to sanjeh_app;

-- Opened by the approval that was used for it, within its minutes, by two units.
create function sanjeh.break_glass_begin() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    a record;
    units int;
begin
    select x.* into a from sanjeh.approval as x where x.id = new.id for update;
    select count(distinct v.account_unit) into units from sanjeh.approval_vote as v
        where v.approval_id = new.id and v.approves and v.account_unit <> a.requested_unit and v.person_id <> new.judge_id;
    if a.id is null or a.action <> 'break-glass:open' or a.state <> 'used' or a.object_id <> new.evaluation_id
        or a.requested_by <> new.account_id or a.reason <> new.reason or a.requested_unit <> new.account_unit or units < 2 then
        raise exception 'two units approve what is opened' using errcode = 'check_violation', constraint = 'break_glass_approved';
    end if;
    if new.ends_at <> new.opened_at + make_interval(mins => (a.parameters::jsonb ->> 'minutes')::int) then
        raise exception 'as long as was approved' using errcode = 'check_violation', constraint = 'break_glass_minutes';
    end if;
    if new.person_id <> sanjeh.person_of(new.account_id) or new.closed_at is not null or new.reviewed_at is not null
        or new.alarmed_at is not null or new.version <> 1
        or not exists (select from sanjeh.evaluation as e where e.id = new.evaluation_id and e.judge_id = new.judge_id)
        or new.opened_at not between sanjeh.clock_now() - interval '5 minutes' and sanjeh.clock_now() + interval '5 minutes' then
        raise exception 'an opening begins now, in one''s own name' using errcode = 'check_violation', constraint = 'break_glass_begins';
    end if;
    if new.notice_at > new.opened_at and not exists (select from sanjeh.break_glass_notice as n
            where n.approval_id = new.id and n.postponed_until = new.notice_at) then
        raise exception 'nobody postponed the notice' using errcode = 'check_violation', constraint = 'break_glass_notice_postponed';
    end if;
    return new;
end
$$;
create trigger break_glass_begins before insert on sanjeh.break_glass for each row execute function sanjeh.break_glass_begin();

-- Closed once, reviewed once after the end by somebody who neither read nor approved; an alarm is noted once.
create function sanjeh.break_glass_step() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    kept constant text[] := array['closed_at', 'closed_by', 'reviewed_at', 'reviewed_by', 'outcome', 'review', 'alarmed_at', 'seal',
        'version'];
begin
    if (to_jsonb(old) - kept) <> (to_jsonb(new) - kept) or (old.closed_at is not null and old.closed_at is distinct from new.closed_at)
        or old.reviewed_at is not null
        or (old.alarmed_at is not null and old.alarmed_at is distinct from new.alarmed_at) then
        raise exception 'what was opened, closed and reviewed stays' using errcode = 'check_violation', constraint = 'break_glass_stays';
    end if;
    if new.reviewed_at is not null and (new.reviewed_at < coalesce(new.closed_at, new.ends_at)
            or sanjeh.person_of(new.reviewed_by) = new.person_id or sanjeh.person_of(new.reviewed_by) = new.judge_id
            or exists (select from sanjeh.approval_vote as v where v.approval_id = new.id
                and v.person_id = sanjeh.person_of(new.reviewed_by))) then
        raise exception 'somebody else reviews, afterwards'
            using errcode = 'check_violation', constraint = 'break_glass_review_by_another';
    end if;
    return new;
end
$$;
create trigger break_glass_steps before update on sanjeh.break_glass for each row execute function sanjeh.break_glass_step();

create function sanjeh.break_glass_notice_begin() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    a record;
begin
    select x.* into a from sanjeh.approval as x where x.id = new.approval_id for update;
    if not found or a.action <> 'break-glass:open' or a.state not in ('open', 'approved') then
        raise exception 'the notice is out, or never will be'
            using errcode = 'check_violation', constraint = 'break_glass_notice_in_time';
    end if;
    if sanjeh.person_of(new.postponed_by) = a.requested_person or exists (select from sanjeh.approval_vote as v
            where v.approval_id = a.id and v.person_id = sanjeh.person_of(new.postponed_by)) then
        raise exception 'somebody else postpones the notice'
            using errcode = 'check_violation', constraint = 'break_glass_notice_by_another';
    end if;
    return new;
end
$$;
create trigger break_glass_notice_begins before insert on sanjeh.break_glass_notice
    for each row execute function sanjeh.break_glass_notice_begin();
create trigger break_glass_stays before delete on sanjeh.break_glass for each row execute function sanjeh.approval_refuse_change();
create trigger break_glass_notice_stays before update or delete on sanjeh.break_glass_notice
    for each row execute function sanjeh.approval_refuse_change();
revoke execute on function sanjeh.break_glass_begin(), sanjeh.break_glass_step(), sanjeh.break_glass_notice_begin() from public;

-- ---- what an opening shows ----

-- Not definer: row security of break_glass holds inside. As sits_in (0021): once a statement, when nothing cheaper has opened the row.
create function sanjeh.opened_by_glass() returns uuid[] language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return (select coalesce(array_agg(g.evaluation_id), '{}') from sanjeh.break_glass as g
        where g.id = any ((select sanjeh.scope_ids())::uuid[]) and g.closed_at is null and g.reviewed_at is null
            and sanjeh.clock_now() >= g.opened_at and sanjeh.clock_now() < g.ends_at);
end
$$;
comment on function sanjeh.opened_by_glass() is 'the file of the opening that the context carries, while it lasts';
revoke execute on function sanjeh.opened_by_glass() from public;
grant execute on function sanjeh.opened_by_glass() to sanjeh_app;

-- Such a context carries the opening's id alone: a request that has more scopes does not even ask.
select sanjeh.widen_policy('sanjeh.evaluation', 'evaluation_read',
    'cardinality((select sanjeh.scope_ids())::uuid[]) = 1 and id = any ((select sanjeh.opened_by_glass())::uuid[])');
select sanjeh.widen_policy('sanjeh.seat', 'seat_read',
    'cardinality((select sanjeh.scope_ids())::uuid[]) = 1 and capacity not in (''reviewer'', ''observer'')
    and evaluation_id = any ((select sanjeh.opened_by_glass())::uuid[])');
-- Not here: gates and everything of discipline and integrity, samples and their reviews, declarations and conflicts of evaluators,
-- votes of an appeal, surveys.
do $do$
declare
    target text;
begin
    foreach target in array array['challenge', 'rating', 'draft', 'calibration_change', 'observation', 'judge_statement',
            'evaluation_score', 'self_assessment', 'evidence_item', 'disclosure', 'reply', 'reply_point', 'interview', 'verdict',
            'acknowledgement', 'appeal', 'correction_order', 'improvement_plan', 'plan_action', 'report_card'] loop
        perform sanjeh.widen_policy(format('sanjeh.%I', target)::regclass, 'file_read',
            'cardinality((select sanjeh.scope_ids())::uuid[]) = 1
            and evaluation_id = any ((select sanjeh.opened_by_glass())::uuid[])');
    end loop;
end
$do$;
