-- SPDX-License-Identifier: Apache-2.0
--
-- Why: what protects a judge inside an evaluation: self-assessment, evidence, disclosure, reply, interview, verdict, gates,
--   acknowledgement, appeal and its votes, correction order, improvement plan. All but gate_answer are tables of the file
--   (protect_file, 0007). Texts are sealed; states, rounds and times are clear, because guards (0015) and clocks read them.
--   gate_answer stands in the answering unit: it sees the judge, the gate and the purpose, nothing of the evaluation.
-- Locks: subject_key for the moment of one policy. Time on big tables: none. Retreat: drop the tables, narrow the two policies again.

-- Beside protect_file: a row is written in the writer's own name.
create function sanjeh.protect_author(target regclass) returns void language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('create policy author on %s as restrictive for insert '
        'with check (array[created_by] operator(pg_catalog.&&) (select sanjeh.scope_ids()))', target);
end
$$;
-- One permissive policy a command: what else may be done is added to the one that is there.
create function sanjeh.widen_policy(target regclass, policy name, more text) returns void
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    p record;
begin
    select pg_get_expr(o.polqual, o.polrelid) as seen, pg_get_expr(o.polwithcheck, o.polrelid) as written into strict p
        from pg_policy as o where o.polrelid = target and o.polname = policy;
    execute format('alter policy %I on %s ', policy, target)
        || case when p.seen is null then '' else format('using ((%s) or (%s))', p.seen, more) end
        || case when p.written is null then '' else format(' with check ((%s) or (%s))', p.written, more) end;
end
$$;
-- body: achievements, constraints, training_needs, own_marks
create table sanjeh.self_assessment (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    state text not null default 'draft'
        constraint self_assessment_state_known check (state in ('draft', 'submitted')),
    submitted_at timestamptz,
    body_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint self_assessment_pkey primary key (unit_id, id),
    constraint self_assessment_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint self_assessment_once unique (unit_id, evaluation_id),
    constraint self_assessment_submitted_has_time check ((state = 'submitted') = (submitted_at is not null))
);
create index self_assessment_by_evaluation on sanjeh.self_assessment (evaluation_id, id);
select sanjeh.protect_file('sanjeh.self_assessment', 'true', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    null, 'e.frozen_at is null', 'false');
select sanjeh.protect_author('sanjeh.self_assessment');
-- nobody but the judge writes it, and a draft is the judge's alone
create policy judge_adds on sanjeh.self_assessment as restrictive for insert with check (array[judge_id] && (select sanjeh.scope_ids()));
create policy judge_changes on sanjeh.self_assessment as restrictive for update
    using (state = 'draft' and array[judge_id] && (select sanjeh.scope_ids()))
    with check (array[judge_id] && (select sanjeh.scope_ids()));
create policy draft_is_own on sanjeh.self_assessment as restrictive for select using (state = 'submitted'
    or array[judge_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
grant select, insert, update (state, submitted_at, body_ct, key_version, version) on sanjeh.self_assessment to sanjeh_app;

-- body: title, text, period. The judge sees what others offered when the file is disclosed.
create table sanjeh.evidence_item (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    kind text not null
        constraint evidence_item_kind_known check (kind in ('document', 'decision', 'training', 'statistics', 'other')),
    offered_as text not null constraint evidence_item_offered_as_known check (offered_as in ('judge', 'seat')),
    state text not null default 'offered'
        constraint evidence_item_state_known check (state in ('offered', 'admitted', 'refused')),
    sha256 bytea constraint evidence_item_sha256_size check (octet_length(sha256) = 32),
    body_ct bytea not null,
    reason_ct bytea,
    decided_by uuid,
    decided_at timestamptz,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint evidence_item_pkey primary key (unit_id, id),
    constraint evidence_item_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint evidence_item_decided_whole check ((state = 'offered') = (decided_by is null)
        and (decided_by is null) = (decided_at is null)),
    constraint evidence_item_refused_has_reason check (state <> 'refused' or reason_ct is not null)
);
create index evidence_item_by_evaluation on sanjeh.evidence_item (evaluation_id, id);
select sanjeh.protect_file('sanjeh.evidence_item', 'e.disclosed_at is not null', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    'created_by', 'e.frozen_at is null or e.state = ''disclosed''', 's.capacity in (''chair'', ''member'', ''rapporteur'') and e.state in (''notified'', ''collecting'', ''frozen'', ''rating'', ''drafted'', ''replied'', ''reply_lapsed'')');
select sanjeh.protect_author('sanjeh.evidence_item');
create policy not_the_judge on sanjeh.evidence_item as restrictive for update using (not array[judge_id] && (select sanjeh.scope_ids()));
grant select, insert, update (state, body_ct, reason_ct, decided_by, decided_at, key_version, version) on sanjeh.evidence_item to sanjeh_app;

-- body: the served file as it was served; sha256 is of that text. The judge's first reading stamps opened_at. A reopened
-- draft is served again in the same round.
create table sanjeh.disclosure (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    served_at timestamptz not null,
    opened_at timestamptz,
    sha256 bytea not null constraint disclosure_sha256_size check (octet_length(sha256) = 32),
    body_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint disclosure_pkey primary key (unit_id, id),
    constraint disclosure_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id)
);
create index disclosure_by_evaluation on sanjeh.disclosure (evaluation_id, id);
select sanjeh.protect_file('sanjeh.disclosure', 'true', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    null, 'e.disclosed_at is not null', 'false');
select sanjeh.protect_author('sanjeh.disclosure');
create policy issuer_adds on sanjeh.disclosure as restrictive for insert
    with check (array[issuer_scope_id] && (select sanjeh.scope_ids()));
create policy judge_opens on sanjeh.disclosure as restrictive for update using (array[judge_id] && (select sanjeh.scope_ids()));
grant select, insert, update (opened_at) on sanjeh.disclosure to sanjeh_app;

-- body: points, statement; submitting writes one reply_point a point.
create table sanjeh.reply (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    state text not null default 'draft' constraint reply_state_known check (state in ('draft', 'submitted')),
    submitted_at timestamptz,
    body_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint reply_pkey primary key (unit_id, id),
    constraint reply_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint reply_submitted_has_time check ((state = 'submitted') = (submitted_at is not null))
);
create index reply_by_evaluation on sanjeh.reply (evaluation_id, id);
select sanjeh.protect_file('sanjeh.reply', 'true', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    null, 'e.state = ''disclosed''', 'false');
select sanjeh.protect_author('sanjeh.reply');
-- nobody but the judge writes it, and a draft is the judge's alone
create policy judge_adds on sanjeh.reply as restrictive for insert with check (array[judge_id] && (select sanjeh.scope_ids()));
create policy judge_changes on sanjeh.reply as restrictive for update
    using (state = 'draft' and array[judge_id] && (select sanjeh.scope_ids()))
    with check (array[judge_id] && (select sanjeh.scope_ids()));
create policy draft_is_own on sanjeh.reply as restrictive for select using (state = 'submitted'
    or array[judge_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
create unique index reply_one_draft on sanjeh.reply (unit_id, evaluation_id) where state = 'draft';
grant select, insert, update (state, submitted_at, body_ct, key_version, version) on sanjeh.reply to sanjeh_app;

create table sanjeh.reply_point (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    reply_id uuid not null,
    no int4 not null constraint reply_point_no_range check (no between 1 and 50),
    text_ct bytea not null,
    answer_ct bytea,
    answered_by uuid,
    answered_at timestamptz,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint reply_point_pkey primary key (unit_id, id),
    constraint reply_point_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint reply_point_once unique (unit_id, reply_id, no),
    constraint reply_point_reply foreign key (unit_id, reply_id) references sanjeh.reply (unit_id, id),
    constraint reply_point_answered_whole check ((answer_ct is null) = (answered_at is null)
        and (answer_ct is null) = (answered_by is null))
);
create index reply_point_by_evaluation on sanjeh.reply_point (evaluation_id, id);
select sanjeh.protect_file('sanjeh.reply_point', 'true', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    null, 'e.state = ''disclosed''', 's.capacity in (''chair'', ''member'', ''rapporteur'') and e.state = ''replied''');
select sanjeh.protect_author('sanjeh.reply_point');
create policy judge_adds on sanjeh.reply_point as restrictive for insert with check (array[judge_id] && (select sanjeh.scope_ids()));
create policy not_the_judge on sanjeh.reply_point as restrictive for update using (not array[judge_id] && (select sanjeh.scope_ids()));
grant select, insert, update (text_ct, answer_ct, answered_by, answered_at, key_version, version) on sanjeh.reply_point to sanjeh_app;

-- body: what the judge asks to be heard about; minutes: attendance and text
create table sanjeh.interview (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    state text not null default 'requested'
        constraint interview_state_known check (state in ('requested', 'held', 'not_attended')),
    held_on date,
    body_ct bytea not null,
    minutes_ct bytea,
    recorded_by uuid,
    recorded_at timestamptz,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint interview_pkey primary key (unit_id, id),
    constraint interview_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint interview_recorded_whole check ((state = 'requested') = (recorded_at is null)
        and (recorded_at is null) = (held_on is null) and (recorded_at is null) = (minutes_ct is null))
);
create index interview_by_evaluation on sanjeh.interview (evaluation_id, id);
select sanjeh.protect_file('sanjeh.interview', 'true', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    null, 'e.state in (''disclosed'', ''replied'', ''reply_lapsed'')', 's.capacity in (''chair'', ''member'', ''rapporteur'') and e.state in (''disclosed'', ''replied'', ''reply_lapsed'')');
select sanjeh.protect_author('sanjeh.interview');
create policy judge_asks on sanjeh.interview as restrictive for insert with check (array[judge_id] && (select sanjeh.scope_ids()));
create policy not_the_judge on sanjeh.interview as restrictive for update using (not array[judge_id] && (select sanjeh.scope_ids()));
create unique index interview_one_open on sanjeh.interview (unit_id, evaluation_id) where state = 'requested';
grant select, insert, update (state, held_on, body_ct, minutes_ct, recorded_by, recorded_at, key_version, version) on sanjeh.interview to sanjeh_app;

-- body: items (outcome, reason), narrative, minority_opinion, score, band
create table sanjeh.verdict (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    decided_at timestamptz not null default sanjeh.clock_now(),
    body_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint verdict_pkey primary key (unit_id, id),
    constraint verdict_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint verdict_once unique (unit_id, evaluation_id, round)
);
create index verdict_by_evaluation on sanjeh.verdict (evaluation_id, id);
select sanjeh.protect_file('sanjeh.verdict', 'true', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    null, 'false', 's.capacity = ''chair'' and e.state in (''replied'', ''reply_lapsed'')');
select sanjeh.protect_author('sanjeh.verdict');
create policy chair_adds on sanjeh.verdict as restrictive for insert with check (exists (select from sanjeh.seat as s
    where s.evaluation_id = verdict.evaluation_id and s.ended_at is null and s.capacity = 'chair'
        and array[s.account_id] && (select sanjeh.scope_ids())));
grant select, insert on sanjeh.verdict to sanjeh_app;

-- read, which is not agreed; body: statement (at most 100 words) or nothing
create table sanjeh.acknowledgement (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    kind text not null
        constraint acknowledgement_kind_known check (kind in ('agree', 'read_but_disagree')),
    body_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint acknowledgement_pkey primary key (unit_id, id),
    constraint acknowledgement_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint acknowledgement_once unique (unit_id, evaluation_id, round)
);
create index acknowledgement_by_evaluation on sanjeh.acknowledgement (evaluation_id, id);
select sanjeh.protect_file('sanjeh.acknowledgement', 'true', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    null, 'e.issued_at is not null', 'false');
select sanjeh.protect_author('sanjeh.acknowledgement');
create policy judge_adds on sanjeh.acknowledgement as restrictive for insert
    with check (array[judge_id] && (select sanjeh.scope_ids()));
grant select, insert on sanjeh.acknowledgement to sanjeh_app;

-- body: grounds; decision: reasons, changes
create table sanjeh.appeal (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    state text not null default 'filed' constraint appeal_state_known check (state in ('filed', 'decided')),
    outcome text constraint appeal_outcome_known check (outcome in ('upheld', 'varied', 'remanded', 'rejected')),
    filed_at timestamptz not null default sanjeh.clock_now(),
    body_ct bytea not null,
    decision_ct bytea,
    decided_by uuid,
    decided_at timestamptz,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint appeal_pkey primary key (unit_id, id),
    constraint appeal_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint appeal_once unique (unit_id, evaluation_id, round),
    constraint appeal_decided_whole check ((state = 'decided') = (outcome is not null) and (outcome is null) = (decision_ct is null)
        and (outcome is null) = (decided_at is null) and (outcome is null) = (decided_by is null))
);
create index appeal_by_evaluation on sanjeh.appeal (evaluation_id, id);
select sanjeh.protect_file('sanjeh.appeal', 'true', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    null, 'e.state in (''issued'', ''acknowledged'')', 's.capacity = ''appeal_chair'' and e.state = ''appealed''');
select sanjeh.protect_author('sanjeh.appeal');
create policy judge_adds on sanjeh.appeal as restrictive for insert with check (array[judge_id] && (select sanjeh.scope_ids()));
create policy chair_decides on sanjeh.appeal as restrictive for update using (exists (select from sanjeh.seat as s
    where s.evaluation_id = appeal.evaluation_id and s.ended_at is null and s.capacity = 'appeal_chair'
        and array[s.account_id] && (select sanjeh.scope_ids())));
select sanjeh.open_to_definer('sanjeh.appeal');
grant select, insert, update (state, outcome, body_ct, decision_ct, decided_by, decided_at, key_version, version) on sanjeh.appeal to sanjeh_app;

-- body: outcome, reason. The voter's own and the appeal chair's; neither the judge's nor the issuer's.
create table sanjeh.appeal_vote (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    appeal_id uuid not null,
    person_id uuid not null,
    body_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint appeal_vote_pkey primary key (unit_id, id),
    constraint appeal_vote_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint appeal_vote_once unique (unit_id, appeal_id, person_id),
    constraint appeal_vote_not_oneself check (person_id <> judge_id),
    constraint appeal_vote_appeal foreign key (unit_id, appeal_id) references sanjeh.appeal (unit_id, id)
);
create index appeal_vote_by_evaluation on sanjeh.appeal_vote (evaluation_id, id);
select sanjeh.protect_file('sanjeh.appeal_vote', 'false', 's.capacity = ''appeal_chair''',
    'created_by', 'false', 's.capacity in (''appeal_chair'', ''appeal_member'') and e.state = ''appealed''');
select sanjeh.protect_author('sanjeh.appeal_vote');
create policy voters_alone on sanjeh.appeal_vote as restrictive for select using (array[created_by] && (select sanjeh.scope_ids())
    or exists (select from sanjeh.seat as s where s.evaluation_id = appeal_vote.evaluation_id and s.ended_at is null
        and s.capacity = 'appeal_chair' and array[s.account_id] && (select sanjeh.scope_ids())));
create policy appeal_board_votes on sanjeh.appeal_vote as restrictive for insert with check (exists (select from sanjeh.seat as s
    where s.evaluation_id = appeal_vote.evaluation_id and s.ended_at is null and s.person_id = appeal_vote.person_id
        and s.capacity in ('appeal_chair', 'appeal_member') and array[s.account_id] && (select sanjeh.scope_ids())));
grant select, insert on sanjeh.appeal_vote to sanjeh_app;

-- body: reason. By the issuer alone, after final; the judge sees it.
create table sanjeh.correction_order (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    body_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint correction_order_pkey primary key (unit_id, id),
    constraint correction_order_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id)
);
create index correction_order_by_evaluation on sanjeh.correction_order (evaluation_id, id);
select sanjeh.protect_file('sanjeh.correction_order', 'true', 'false',
    null, 'false', 'false');
select sanjeh.protect_author('sanjeh.correction_order');
create policy issuer_adds on sanjeh.correction_order as restrictive for insert
    with check (array[issuer_scope_id] && (select sanjeh.scope_ids()));
grant select, insert on sanjeh.correction_order to sanjeh_app;

-- body: goal. Never part of discipline: neither JDP-D nor PIC has a way in.
create table sanjeh.improvement_plan (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    owner_unit_id uuid not null,
    state text not null default 'open' constraint improvement_plan_state_known check (state in ('open', 'closed')),
    body_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint improvement_plan_pkey primary key (unit_id, id),
    constraint improvement_plan_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id)
);
create index improvement_plan_by_evaluation on sanjeh.improvement_plan (evaluation_id, id);
select sanjeh.protect_file('sanjeh.improvement_plan', 'true', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    null, 'false', 's.capacity in (''chair'', ''rapporteur'')');
select sanjeh.protect_author('sanjeh.improvement_plan');
-- the process owner keeps plans (DOMAIN d), the mentor helps
select sanjeh.widen_policy('sanjeh.improvement_plan', 'file_read', 'array[owner_unit_id] && (select sanjeh.scope_ids())');
select sanjeh.widen_policy('sanjeh.improvement_plan', 'file_add', 'array[owner_unit_id] && (select sanjeh.scope_ids())');
select sanjeh.widen_policy('sanjeh.improvement_plan', 'file_change', 'array[owner_unit_id] && (select sanjeh.scope_ids())');
grant select, insert, update (state, body_ct, key_version, version) on sanjeh.improvement_plan to sanjeh_app;

-- body: text; progress: text, evidence. The judge reports, the process owner or the mentor accepts.
create table sanjeh.plan_action (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    owner_unit_id uuid not null,
    plan_id uuid not null,
    no int4 not null constraint plan_action_no_range check (no between 1 and 50),
    mentor_account uuid,
    due_on date not null,
    state text not null default 'open'
        constraint plan_action_state_known check (state in ('open', 'reported', 'returned', 'accepted')),
    body_ct bytea not null,
    progress_ct bytea,
    accepted_by uuid,
    accepted_at timestamptz,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint plan_action_pkey primary key (unit_id, id),
    constraint plan_action_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint plan_action_once unique (unit_id, plan_id, no),
    constraint plan_action_plan foreign key (unit_id, plan_id) references sanjeh.improvement_plan (unit_id, id),
    constraint plan_action_accepted_whole check ((state = 'accepted') = (accepted_at is not null)
        and (accepted_at is null) = (accepted_by is null))
);
create index plan_action_by_evaluation on sanjeh.plan_action (evaluation_id, id);
select sanjeh.protect_file('sanjeh.plan_action', 'true', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    null, 'true', 's.capacity in (''chair'', ''rapporteur'')');
select sanjeh.protect_author('sanjeh.plan_action');
-- the process owner keeps plans (DOMAIN d), the mentor helps
select sanjeh.widen_policy('sanjeh.plan_action', 'file_read', 'array[owner_unit_id, mentor_account] && (select sanjeh.scope_ids())');
select sanjeh.widen_policy('sanjeh.plan_action', 'file_add', 'array[owner_unit_id] && (select sanjeh.scope_ids())');
select sanjeh.widen_policy('sanjeh.plan_action', 'file_change', 'array[owner_unit_id, mentor_account] && (select sanjeh.scope_ids())');
create policy not_judge_adds on sanjeh.plan_action as restrictive for insert
    with check (not array[judge_id] && (select sanjeh.scope_ids()));
create policy judge_accepts_not on sanjeh.plan_action as restrictive for update using (true)
    with check (state in ('open', 'reported', 'returned') or not array[judge_id] && (select sanjeh.scope_ids()));
grant select, insert, update (state, body_ct, progress_ct, accepted_by, accepted_at, key_version, version) on sanjeh.plan_action to sanjeh_app;

-- Which unit answers which gate. Null: the process owner.
create table sanjeh.gate (
    code text not null constraint gate_code_known check (code in ('D01', 'D02', 'D03', 'D04')),
    answered_by text,
    months_max int4 not null constraint gate_months_range check (months_max between 1 and 60),
    name_fa text not null,
    name_en text not null,
    constraint gate_pkey primary key (code)
);
comment on column sanjeh.gate.answered_by is 'code of the unit or compartment';
grant select on sanjeh.gate to sanjeh_app;
insert into sanjeh.gate (code, answered_by, months_max, name_fa, name_en) values
    ('D01', 'JDP-D', 24, 'شکایت واردِ قطعی', 'Substantiated complaints, final only'),
    ('D02', 'JDP-D', 24, 'بالاترین درجه محکومیت انتظامی قطعی', 'Highest final disciplinary penalty'),
    ('D03', 'PIC', 12, 'وضعیت صیانتی', 'Integrity clearance'),
    ('D04', null, 12, 'اعلام دارایی و تعارض منافع', 'Declarations of assets and interests');

-- One question to one unit. It holds the use of a result; nothing here touches a number. Sealed under subject = the row's id in
-- the answering unit. effect: none, hold (with a stated reason: the gist), referral (only an authority of art 44 may go on).
create table sanjeh.gate_answer (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    scope_id uuid not null references sanjeh.unit (id),
    evaluation_id uuid not null,
    owner_unit_id uuid not null,
    issuer_unit_id uuid not null,
    issuer_scope_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    gate text not null references sanjeh.gate (code),
    purpose text not null
        constraint gate_answer_purpose_known check (purpose in ('appointment', 'promotion', 'secondment', 'report_card')),
    state text not null default 'asked' constraint gate_answer_state_known check (state in ('asked', 'answered', 'expired')),
    value text constraint gate_answer_value_known check (value in ('clear', 'remark', 'referred')),
    effect text constraint gate_answer_effect_known check (effect in ('none', 'hold', 'referral')),
    degree int4 constraint gate_answer_degree_range check (degree between 0 and 13),
    body_ct bytea,
    key_version int4,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    answered_by uuid,
    answered_at timestamptz,
    expires_on date,
    version int8 not null default 1,
    constraint gate_answer_pkey primary key (unit_id, id),
    constraint gate_answer_once unique (unit_id, evaluation_id, round, gate),
    constraint gate_answer_evaluation foreign key (issuer_unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint gate_answer_answered_whole check ((state = 'asked') = (value is null) and (value is null) = (effect is null)
        and (value is null) = (answered_at is null) and (value is null) = (expires_on is null)),
    constraint gate_answer_degree_is_final check (degree is null or degree <> 1),
    constraint gate_answer_hold_is_earned check (effect is distinct from 'hold'
        or (value = 'remark' and body_ct is not null and (gate <> 'D02' or degree >= 2)))
);
comment on column sanjeh.gate_answer.body_ct is 'gist, final_judgment_no';
comment on column sanjeh.gate_answer.scope_id is 'compartment that answers, or the unit itself';
create index gate_answer_by_evaluation on sanjeh.gate_answer (evaluation_id, id);
alter table sanjeh.gate_answer enable row level security;
alter table sanjeh.gate_answer force row level security;
-- Raters see it after the marks are locked; the judge once it is answered.
create policy gate_read on sanjeh.gate_answer for select using (
    array[scope_id, owner_unit_id, issuer_scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or (state <> 'asked' and array[judge_id] && (select sanjeh.scope_ids()))
    or exists (select from sanjeh.seat as s join sanjeh.evaluation as e on e.id = s.evaluation_id
        where s.evaluation_id = gate_answer.evaluation_id and s.ended_at is null and array[s.account_id] && (select sanjeh.scope_ids())
            and s.capacity not in ('reviewer', 'observer', 'court_head') and e.marks_locked_at is not null));
create policy gate_ask on sanjeh.gate_answer for insert with check (
    array[issuer_scope_id] && (select sanjeh.scope_ids()) and state = 'asked' and array[created_by] && (select sanjeh.scope_ids())
    and exists (select from sanjeh.evaluation as e where e.id = gate_answer.evaluation_id and e.marks_locked_at is not null));
create policy gate_give on sanjeh.gate_answer for update using (
    array[scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
create policy not_about_oneself on sanjeh.gate_answer as restrictive for update using (not array[judge_id] && (select sanjeh.scope_ids()));
grant select, insert, update (state, value, effect, degree, body_ct, key_version, answered_by, answered_at, expires_on, version)
    on sanjeh.gate_answer to sanjeh_app;
create index gate_answer_by_id on sanjeh.gate_answer (id);
select sanjeh.widen_policy('sanjeh.subject_key', 'unit_select', 'cardinality((select sanjeh.scope_ids())::uuid[]) > 0
    and exists (select from sanjeh.gate_answer as g where g.id = subject_key.subject_id and g.unit_id = subject_key.unit_id)');
select sanjeh.widen_policy('sanjeh.subject_key', 'unit_insert', 'cardinality((select sanjeh.scope_ids())::uuid[]) > 0
    and exists (select from sanjeh.gate_answer as g where g.id = subject_key.subject_id and g.unit_id = subject_key.unit_id
        and array[g.scope_id] && (select sanjeh.scope_ids()))');

-- How many of an appeal's seats have not voted, for members who see no other seat than their own.
select sanjeh.open_to_definer('sanjeh.appeal_vote');
create function sanjeh.appeal_votes_missing(appeal uuid) returns int8 language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select count(*) from sanjeh.appeal as a
    join sanjeh.seat as s on s.evaluation_id = a.evaluation_id and s.ended_at is null
        and s.capacity in ('appeal_chair', 'appeal_member')
    where a.id = appeal and cardinality(sanjeh.scope_ids()) > 0
        and not exists (select from sanjeh.appeal_vote as v where v.appeal_id = a.id and v.person_id = s.person_id)
$$;
grant execute on function sanjeh.appeal_votes_missing(uuid) to sanjeh_app;
