-- SPDX-License-Identifier: Apache-2.0
--
-- Why: who rates whom and how: boards and members, relations and conflicts, challenges, marks, drafts, calibration, decision samples.
--   Boards, members, sessions and orders belong to the process owner (unit_id); the rest hangs on the file (protect_file, 0007).
--   Marks are independent: until evaluation.marks_locked_at is set a member reads his own ones, row security knows no other way.
--   What a caller must not read but must be checked (relations of other units, whether the others have
--   submitted) is answered by narrow SECURITY DEFINER functions: open_to_definer() lets only their owner read the rows.
-- Locks: seat, evaluation for the moment of a policy. Time on big tables: none. Retreat: drop tables and functions named here.

-- Reading for functions that run as the owner: forced row security would keep the rows from them too. Nobody connects as the owner.
create function sanjeh.open_to_definer(target regclass) returns void language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    p record;
begin
    for p in select o.polname, o.polcmd, o.polpermissive, pg_get_expr(o.polqual, o.polrelid) as seen from pg_policy as o
        where o.polrelid = target and o.polcmd in ('r', '*') and o.polqual is not null loop
        execute format('alter policy %I on %s using ((%s) or (current_user = %L and '
            'cardinality((select sanjeh.scope_ids())::uuid[]) > 0))', p.polname, target, p.seen, 'sanjeh_owner');
    end loop;
end
$$;
select sanjeh.open_to_definer('sanjeh.seat');

create table sanjeh.board (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    issuer_scope_id uuid not null,
    cycle_id uuid not null,
    name text not null constraint board_name_length check (octet_length(name) between 1 and 400),
    kind text not null constraint board_kind_known check (kind in ('first', 'appeal', 'calibration')),
    state text not null default 'open' constraint board_state_known check (state in ('open', 'closed')),
    used_at timestamptz,
    version int8 not null default 1,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    constraint board_pkey primary key (unit_id, id),
    constraint board_cycle foreign key (unit_id, cycle_id) references sanjeh.cycle (unit_id, id)
);
comment on column sanjeh.board.used_at is 'first seat was made from it: members stay';
create table sanjeh.board_member (
    unit_id uuid not null,
    board_id uuid not null,
    account_id uuid not null,
    person_id uuid not null,
    issuer_scope_id uuid not null,
    capacity text not null constraint board_member_capacity_known check (capacity in ('chair', 'member', 'rapporteur')),
    is_judge boolean not null,
    added_at timestamptz not null default sanjeh.clock_now(),
    removed_at timestamptz,
    constraint board_member_pkey primary key (unit_id, board_id, account_id),
    constraint board_member_board foreign key (unit_id, board_id) references sanjeh.board (unit_id, id)
);
create unique index board_member_one_person on sanjeh.board_member (unit_id, board_id, person_id) where removed_at is null;
create index board_member_by_account on sanjeh.board_member (account_id, board_id);
create index board_member_by_board on sanjeh.board_member (board_id);
alter table sanjeh.board_member enable row level security;
alter table sanjeh.board_member force row level security;
create policy board_member_read on sanjeh.board_member for select using (
    array[unit_id, issuer_scope_id, account_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
create policy board_member_add on sanjeh.board_member for insert with check (array[unit_id] && (select sanjeh.scope_ids()));
create policy board_member_change on sanjeh.board_member for update using (array[unit_id] && (select sanjeh.scope_ids()));
grant select, insert, update (capacity, removed_at) on sanjeh.board_member to sanjeh_app;
alter table sanjeh.board enable row level security;
alter table sanjeh.board force row level security;
create policy board_read on sanjeh.board for select using (
    array[unit_id, issuer_scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or exists (select from sanjeh.board_member as m where m.board_id = board.id and m.removed_at is null
        and array[m.account_id] && (select sanjeh.scope_ids())));
create policy board_add on sanjeh.board for insert with check (array[unit_id] && (select sanjeh.scope_ids()));
create policy board_change on sanjeh.board for update using (array[unit_id] && (select sanjeh.scope_ids()));
grant select, insert, update (name, state, used_at, version) on sanjeh.board to sanjeh_app;

-- What makes somebody a bad evaluator of a judge. Each unit fills its own rows and sees no others; detection sees all and says the rule.
create table sanjeh.relation (
    unit_id uuid not null references sanjeh.unit (id),
    compartment_id uuid references sanjeh.unit (id),
    id uuid not null,
    person_id uuid not null,
    judge_id uuid not null,
    kind text not null constraint relation_kind_known
        check (kind in ('kin', 'partner', 'party', 'candidate', 'superior', 'disciplinary')),
    valid_from date not null,
    valid_to date,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    constraint relation_pkey primary key (unit_id, id),
    constraint relation_order check (valid_from <= valid_to)
);
comment on column sanjeh.relation.person_id is 'the judge that the person is, else his account';
create index relation_by_person on sanjeh.relation (person_id, judge_id);
select sanjeh.protect('sanjeh.relation', has_compartment => true);
select sanjeh.open_to_definer('sanjeh.relation');
grant select, insert, update (valid_to) on sanjeh.relation to sanjeh_app;

-- One permissive policy a command: a further unit's part in a table of the file is added to those that are there.
create function sanjeh.open_file_to(target regclass, unit_column name, policies name[]) returns void
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    p record;
    more constant text := format('array[%I] operator(pg_catalog.&&) (select sanjeh.scope_ids())', unit_column);
begin
    for p in select o.polname, pg_get_expr(o.polqual, o.polrelid) as seen, pg_get_expr(o.polwithcheck, o.polrelid) as written
        from pg_policy as o where o.polrelid = target and o.polname = any (policies) loop
        execute format('alter policy %I on %s ', p.polname, target)
            || case when p.seen is null then '' else format('using ((%s) or (%s))', p.seen, more) end
            || case when p.written is null then '' else format(' with check ((%s) or (%s))', p.written, more) end;
    end loop;
end
$$;

-- body: interests. excused: the interest does not matter here; excluded: it does, the seat must end.
create table sanjeh.coi_declaration (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    account_id uuid not null,
    has_interest boolean not null,
    state text not null default 'clear' constraint coi_declaration_state_known check (state in ('clear', 'excused', 'excluded')),
    body_ct bytea,
    key_version int4,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint coi_declaration_pkey primary key (unit_id, id),
    constraint coi_declaration_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint coi_declaration_once unique (unit_id, evaluation_id, account_id),
    constraint coi_declaration_interest_named check (has_interest = (body_ct is not null) and (body_ct is null) = (key_version is null))
);
create index coi_declaration_by_evaluation on sanjeh.coi_declaration (evaluation_id, id);

select sanjeh.protect_file('sanjeh.coi_declaration', 'false', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')', 'account_id');

create policy author on sanjeh.coi_declaration as restrictive for insert with check (array[created_by] && (select sanjeh.scope_ids()));

create policy own_words on sanjeh.coi_declaration as restrictive for insert with check (array[account_id] && (select sanjeh.scope_ids()));
grant select, insert, update (state, version) on sanjeh.coi_declaration to sanjeh_app;

-- rule and account only: what lies behind a rule stays with the unit that knows it.
create table sanjeh.conflict (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    owner_unit_id uuid not null,
    account_id uuid not null,
    rule text not null constraint conflict_rule_known check (rule in ('SAME_BRANCH', 'RECIPROCAL', 'SUPERIOR', 'KIN', 'PARTY', 'CANDIDATE', 'DISCIPLINARY', 'DECLARED')),
    state text not null default 'open' constraint conflict_state_known check (state in ('open', 'resolved')),
    found_at timestamptz not null default sanjeh.clock_now(),
    resolution text constraint conflict_resolution_known check (resolution in ('seat_ended', 'no_conflict')),
    reason text constraint conflict_reason_length check (octet_length(reason) between 1 and 2000),
    resolved_by uuid,
    resolved_at timestamptz,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint conflict_pkey primary key (unit_id, id),
    constraint conflict_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint conflict_once unique (unit_id, evaluation_id, account_id, rule),
    constraint conflict_resolved_whole check ((state = 'open') = (resolved_at is null) and (resolved_at is null) = (resolution is null)),
    constraint conflict_decision_has_reason check (resolution <> 'no_conflict' or reason is not null)
);
create index conflict_by_evaluation on sanjeh.conflict (evaluation_id, id);

select sanjeh.protect_file('sanjeh.conflict', 'false', 's.capacity = ''chair''', 'account_id', 'false', 's.account_id = conflict.account_id');

select sanjeh.open_file_to('sanjeh.conflict', 'owner_unit_id', '{file_read,file_add,file_change}');

create policy not_by_oneself on sanjeh.conflict as restrictive for update using (true)
    with check (resolution = 'seat_ended' or not array[account_id] && (select sanjeh.scope_ids()));
grant select, insert, update (state, resolution, reason, resolved_by, resolved_at, version) on sanjeh.conflict to sanjeh_app;

-- body: grounds; decision: reason.
create table sanjeh.challenge (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    owner_unit_id uuid not null,
    account_id uuid not null,
    state text not null default 'open' constraint challenge_state_known check (state in ('open', 'upheld', 'rejected')),
    body_ct bytea not null,
    decision_ct bytea,
    key_version int4 not null,
    decided_by uuid,
    decided_at timestamptz,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint challenge_pkey primary key (unit_id, id),
    constraint challenge_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint challenge_decided_whole check ((state = 'open') = (decided_by is null) and (decided_by is null) = (decided_at is null) and (decided_by is null) = (decision_ct is null)),
    constraint challenge_not_decided_by_oneself check (decided_by is distinct from account_id),
    constraint challenge_once unique (unit_id, evaluation_id, account_id)
);
create index challenge_by_evaluation on sanjeh.challenge (evaluation_id, id);

select sanjeh.protect_file('sanjeh.challenge', 'true', 'false', 'account_id', 'e.state in (''notified'', ''collecting'')', 'false');

select sanjeh.open_file_to('sanjeh.challenge', 'owner_unit_id', '{file_read,file_change}');

create policy author on sanjeh.challenge as restrictive for insert with check (array[created_by] && (select sanjeh.scope_ids()));

create policy judge_adds on sanjeh.challenge as restrictive for insert with check (array[judge_id] && (select sanjeh.scope_ids()));
create policy not_by_the_challenged on sanjeh.challenge as restrictive for update using (
    not array[account_id, judge_id] && (select sanjeh.scope_ids()));
grant select, insert, update (state, body_ct, decision_ct, key_version, decided_by, decided_at, version) on sanjeh.challenge to sanjeh_app;

-- A mark: of one member on one item in one round; submitted_at: from then on nobody changes it.
create table sanjeh.rating (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    account_id uuid not null,
    round int4 not null constraint rating_round_positive check (round > 0),
    item_no int4 not null constraint rating_item_range check (item_no between 1 and 99),
    mark_ct bytea not null,
    reason_ct bytea,
    key_version int4 not null,
    submitted_at timestamptz,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint rating_pkey primary key (unit_id, id),
    constraint rating_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint rating_once unique (unit_id, evaluation_id, round, account_id, item_no)
);
create index rating_by_evaluation on sanjeh.rating (evaluation_id, id);

select sanjeh.protect_file('sanjeh.rating', 'e.disclosed_at is not null', 'e.marks_locked_at is not null and s.capacity not in (''reviewer'', ''observer'', ''court_head'')', 'account_id');

create policy author on sanjeh.rating as restrictive for insert with check (array[created_by] && (select sanjeh.scope_ids()));

-- A mark is written by its own member, who sits there now, before it is submitted; a draft of a mark is his alone.
create policy own_mark on sanjeh.rating as restrictive for insert with check (array[account_id] && (select sanjeh.scope_ids()));
create policy member_marks on sanjeh.rating as restrictive for insert with check (exists (
    select from sanjeh.seat as s join sanjeh.evaluation as e on e.id = s.evaluation_id
    where s.evaluation_id = rating.evaluation_id and s.account_id = rating.account_id and s.ended_at is null
        and s.capacity in ('chair', 'member', 'rapporteur') and e.state = 'rating' and e.marks_locked_at is null
        and e.round = rating.round));
create policy own_mark_changes on sanjeh.rating as restrictive for update using (
    array[account_id] && (select sanjeh.scope_ids()) and submitted_at is null);
create policy draft_is_own on sanjeh.rating as restrictive for select using (submitted_at is not null
    or array[account_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()) or current_user = 'sanjeh_owner');
grant select, insert, update (mark_ct, reason_ct, key_version, submitted_at, version) on sanjeh.rating to sanjeh_app;
select sanjeh.open_to_definer('sanjeh.rating');
select sanjeh.open_to_definer('sanjeh.evaluation');

-- How many seats of the first board have not submitted all marks that the template asks for; says nothing of the marks.
create function sanjeh.marks_missing(evaluation uuid) returns int8 language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select count(*) from sanjeh.evaluation as e
    join (select distinct s.evaluation_id, s.account_id from sanjeh.seat as s
        where s.ended_at is null and s.capacity in ('chair', 'member', 'rapporteur')) as m on m.evaluation_id = e.id
    where e.id = marks_missing.evaluation and not exists (select from sanjeh.rating as r
        where r.evaluation_id = e.id and r.round = e.round and r.account_id = m.account_id and r.submitted_at is not null)
$$;
grant execute on function sanjeh.marks_missing(uuid) to sanjeh_app;

-- body: items with marks, sub-scores, narratives, overall, minority, score, band. Each change is a new number.
create table sanjeh.draft (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    no int4 not null constraint draft_no_positive check (no > 0),
    state text not null default 'working' constraint draft_state_known check (state in ('working', 'final')),
    body_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint draft_pkey primary key (unit_id, id),
    constraint draft_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint draft_version_once unique (unit_id, evaluation_id, round, no)
);
create index draft_by_evaluation on sanjeh.draft (evaluation_id, id);

select sanjeh.protect_file('sanjeh.draft', 'e.disclosed_at is not null and draft.state = ''final''', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')', null, 'false', 's.capacity in (''rapporteur'', ''chair'') and e.marks_locked_at is not null and e.state in (''rating'', ''drafted'', ''calibrated'', ''replied'', ''reply_lapsed'')');

create policy author on sanjeh.draft as restrictive for insert with check (array[created_by] && (select sanjeh.scope_ids()));

create unique index draft_one_final on sanjeh.draft (unit_id, evaluation_id, round) where state = 'final';
grant select, insert on sanjeh.draft to sanjeh_app;

create table sanjeh.calibration_session (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    issuer_scope_id uuid not null,
    cycle_id uuid not null,
    board_id uuid not null,
    quorum int4 not null constraint calibration_session_quorum_range check (quorum between 2 and 50),
    present uuid[] not null default '{}',
    state text not null default 'open' constraint calibration_session_state_known check (state in ('open', 'closed')),
    closed_at timestamptz,
    version int8 not null default 1,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    constraint calibration_session_pkey primary key (unit_id, id),
    constraint calibration_session_board foreign key (unit_id, board_id) references sanjeh.board (unit_id, id),
    constraint calibration_session_quorum_met check (cardinality(present) >= quorum),
    constraint calibration_session_closed_has_time check ((state = 'closed') = (closed_at is not null))
);
alter table sanjeh.calibration_session enable row level security;
alter table sanjeh.calibration_session force row level security;
create policy session_read on sanjeh.calibration_session for select using (
    array[unit_id, issuer_scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or exists (select from sanjeh.board_member as m where m.board_id = calibration_session.board_id and m.removed_at is null
        and array[m.account_id] && (select sanjeh.scope_ids())));
create policy session_add on sanjeh.calibration_session for insert with check (array[created_by] && (select sanjeh.scope_ids())
    and exists (select from sanjeh.board_member as m where m.board_id = calibration_session.board_id and m.removed_at is null
        and array[m.account_id] && (select sanjeh.scope_ids())));
create policy session_change on sanjeh.calibration_session for update using (exists (select from sanjeh.board_member as m
    where m.board_id = calibration_session.board_id and m.removed_at is null and m.capacity = 'chair'
        and array[m.account_id] && (select sanjeh.scope_ids())));
grant select, insert, update (state, closed_at, version) on sanjeh.calibration_session to sanjeh_app;

-- account_id: whose mark; null: the mark of the item. before and after stay side by side for ever.
create table sanjeh.calibration_change (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    session_id uuid not null,
    account_id uuid,
    item_no int4 not null constraint calibration_change_item_range check (item_no between 1 and 99),
    round int4 not null,
    before_ct bytea not null,
    after_ct bytea not null,
    reason_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint calibration_change_pkey primary key (unit_id, id),
    constraint calibration_change_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint calibration_change_once unique nulls not distinct (unit_id, session_id, evaluation_id, round, item_no, account_id)
);
create index calibration_change_by_evaluation on sanjeh.calibration_change (evaluation_id, id);

select sanjeh.protect_file('sanjeh.calibration_change', 'e.disclosed_at is not null', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')', null, 'false', 's.capacity = ''calibrator'' and e.state = ''drafted''');

create policy author on sanjeh.calibration_change as restrictive for insert with check (array[created_by] && (select sanjeh.scope_ids()));

grant select, insert on sanjeh.calibration_change to sanjeh_app;

-- Which unit draws the decision samples of an evaluation: the sample office sees the evaluation's row from then on.
create table sanjeh.sample_order (
    unit_id uuid not null,
    evaluation_id uuid not null,
    office_unit_id uuid not null references sanjeh.unit (id),
    issuer_scope_id uuid not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    constraint sample_order_pkey primary key (unit_id, evaluation_id),
    constraint sample_order_evaluation foreign key (unit_id, evaluation_id) references sanjeh.evaluation (unit_id, id)
);
alter table sanjeh.sample_order enable row level security;
alter table sanjeh.sample_order force row level security;
create policy sample_order_read on sanjeh.sample_order for select using (
    array[unit_id, issuer_scope_id, office_unit_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
create policy sample_order_add on sanjeh.sample_order for insert with check (array[unit_id] && (select sanjeh.scope_ids()));
grant select, insert on sanjeh.sample_order to sanjeh_app;
create index sample_order_by_evaluation on sanjeh.sample_order (evaluation_id);
do $do$
declare seen text := (select pg_get_expr(o.polqual, o.polrelid) from pg_policy as o
    where o.polrelid = 'sanjeh.evaluation'::regclass and o.polname = 'evaluation_read');
begin
    execute format('alter policy evaluation_read on sanjeh.evaluation using ((%s) or exists (select from sanjeh.sample_order as o '
        'where o.evaluation_id = evaluation.id and array[o.office_unit_id] && (select sanjeh.scope_ids())))', seen);
end
$do$;

-- body: ref and anonymised text.
create table sanjeh.decision_sample (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    office_unit_id uuid not null,
    draw_id uuid not null,
    no int4 not null,
    seed bytea not null constraint decision_sample_seed_size check (octet_length(seed) = 32),
    frame_sha256 bytea not null constraint decision_sample_frame_size check (octet_length(frame_sha256) = 32),
    frame_size int4 not null,
    stratum text not null constraint decision_sample_stratum_length check (octet_length(stratum) between 1 and 64),
    body_ct bytea not null,
    key_version int4 not null,
    reviewer_one uuid,
    reviewer_two uuid,
    reviewed int4 not null default 0 constraint decision_sample_reviewed_range check (reviewed between 0 and 2),
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint decision_sample_pkey primary key (unit_id, id),
    constraint decision_sample_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint decision_sample_no_once unique (unit_id, draw_id, no),
    constraint decision_sample_two_reviewers check (reviewer_one is distinct from reviewer_two or reviewer_one is null)
);
create index decision_sample_by_evaluation on sanjeh.decision_sample (evaluation_id, id);

select sanjeh.protect_file('sanjeh.decision_sample', 'e.disclosed_at is not null',
    's.account_id in (reviewer_one, reviewer_two) or (e.marks_locked_at is not null and s.capacity not in (''reviewer'', ''observer'', ''court_head''))', null, 'false', 's.account_id in (reviewer_one, reviewer_two)');

select sanjeh.open_file_to('sanjeh.decision_sample', 'office_unit_id', '{file_read,file_add,file_change}');

create policy author on sanjeh.decision_sample as restrictive for insert with check (array[created_by] && (select sanjeh.scope_ids()));

grant select, insert, update (reviewer_one, reviewer_two, reviewed, version) on sanjeh.decision_sample to sanjeh_app;

-- body: marks of the checklist, comments. The second reader sees the first one only when both have written.
create table sanjeh.opinion_review (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    office_unit_id uuid not null,
    sample_id uuid not null,
    account_id uuid not null,
    body_ct bytea not null,
    key_version int4 not null,
    submitted_at timestamptz not null default sanjeh.clock_now(),
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint opinion_review_pkey primary key (unit_id, id),
    constraint opinion_review_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint opinion_review_once unique (unit_id, sample_id, account_id),
    constraint opinion_review_sample foreign key (unit_id, sample_id) references sanjeh.decision_sample (unit_id, id)
);
create index opinion_review_by_evaluation on sanjeh.opinion_review (evaluation_id, id);

select sanjeh.protect_file('sanjeh.opinion_review', 'false', '(s.capacity = ''reviewer'' and exists (select from sanjeh.decision_sample as d
    where d.id = opinion_review.sample_id and d.reviewed = 2)) or (e.marks_locked_at is not null and s.capacity not in (''reviewer'', ''observer'', ''court_head''))', 'account_id');

select sanjeh.open_file_to('sanjeh.opinion_review', 'office_unit_id', '{file_read}');

create policy author on sanjeh.opinion_review as restrictive for insert with check (array[created_by] && (select sanjeh.scope_ids()));

create policy own_review on sanjeh.opinion_review as restrictive for insert with check (array[account_id] && (select sanjeh.scope_ids())
    and exists (select from sanjeh.decision_sample as d where d.id = opinion_review.sample_id
        and opinion_review.account_id in (d.reviewer_one, d.reviewer_two)));
grant select, insert on sanjeh.opinion_review to sanjeh_app;

-- body: marks of the rubric, notes.
create table sanjeh.observation (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    account_id uuid not null,
    observed_on date not null,
    body_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint observation_pkey primary key (unit_id, id),
    constraint observation_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint observation_once_a_day unique (unit_id, evaluation_id, account_id, observed_on)
);
create index observation_by_evaluation on sanjeh.observation (evaluation_id, id);

select sanjeh.protect_file('sanjeh.observation', 'e.disclosed_at is not null', 'e.marks_locked_at is not null and s.capacity not in (''reviewer'', ''observer'', ''court_head'')', 'account_id');

create policy author on sanjeh.observation as restrictive for insert with check (array[created_by] && (select sanjeh.scope_ids()));

create policy own_observation on sanjeh.observation as restrictive for insert with check (array[account_id] && (select sanjeh.scope_ids()));
grant select, insert on sanjeh.observation to sanjeh_app;

-- Which rules speak against this person as an evaluator here; nothing of what lies behind them.
create function sanjeh.conflict_rules(evaluation uuid, person uuid) returns setof text language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    e record;
    today constant date := (sanjeh.clock_now() at time zone 'Asia/Tehran')::date;
begin
    select v.id, v.cycle_id, v.judge_id into e from sanjeh.evaluation as v
        where v.id = evaluation and cardinality(sanjeh.scope_ids()) > 0;
    if not found then
        return;
    end if;
    return query select distinct case r.kind when 'kin' then 'KIN' when 'partner' then 'KIN' when 'party' then 'PARTY'
            when 'candidate' then 'CANDIDATE' when 'superior' then 'SUPERIOR' else 'DISCIPLINARY' end
        from sanjeh.relation as r
        where ((r.person_id = person and r.judge_id = e.judge_id)
                or (r.kind in ('kin', 'partner', 'party', 'candidate') and r.person_id = e.judge_id and r.judge_id = person))
            and r.valid_from <= today and (r.valid_to is null or r.valid_to >= today or r.kind in ('party', 'disciplinary'));
    if exists (select from sanjeh.seat as s join sanjeh.evaluation as o on o.unit_id = s.unit_id and o.id = s.evaluation_id
        where s.person_id = e.judge_id and s.judge_id = person and s.ended_at is null and o.cycle_id = e.cycle_id
            and s.capacity not in ('court_head', 'observer')) then
        return next 'RECIPROCAL';
    end if;
    if exists (select from sanjeh.posting as a join sanjeh.posting as b on b.court_id = a.court_id
        where a.judge_id = e.judge_id and b.judge_id = person
            and coalesce(a.posted_to, today) >= today - interval '24 months'
            and coalesce(b.posted_to, today) >= today - interval '24 months') then
        return next 'SAME_BRANCH';
    end if;
end
$$;
grant execute on function sanjeh.conflict_rules(uuid, uuid) to sanjeh_app;
