-- SPDX-License-Identifier: Apache-2.0
--
-- Why: templates, cycles and evaluations with their seats, deadlines and history; who may see a file.
--   Two owners (DOMAIN C-1): the process owner (unit_id of template, cycle, evaluation, board) keeps calendar and state;
--   the statutory issuer (issuer_unit_id, and issuer_scope_id: its compartment, or the unit itself when it has none) keeps the content.
--   A file is what hangs on an evaluation and is confidential (K3): its tables have unit_id = the issuer's unit, sealed under the
--   key of subject = evaluation_id in that unit, and protect_file() in front: the issuer, the evaluation's seats, the judge where a
--   rule says so. The process owner sees the state of an evaluation and none of the file.
--   Scope …0006 EVALUATION: the server's own work on evaluations (lapsing clocks, computing, gates), never a request's.
-- Locks: subject_key for the moment of two policies. Time on big tables: none. Retreat: a later migration drops the tables.

create table sanjeh.template (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    code text not null constraint template_code_form check (code ~ '^[A-Z0-9][A-Z0-9._-]{0,31}$'),
    edition int4 not null constraint template_edition_positive check (edition > 0),
    name_fa text not null constraint template_name_fa_length check (octet_length(name_fa) between 1 and 400),
    name_en text not null constraint template_name_en_length check (octet_length(name_en) between 1 and 400),
    population text not null
        constraint template_population_known check (population in ('judges', 'prosecutors', 'all')),
    state text not null default 'draft'
        constraint template_state_known check (state in ('draft', 'published', 'withdrawn')),
    version int8 not null default 1,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    published_at timestamptz,
    constraint template_pkey primary key (unit_id, id),
    constraint template_edition_once unique (unit_id, code, edition),
    constraint template_published_has_time check ((state = 'draft') = (published_at is null))
);
select sanjeh.protect('sanjeh.template');
-- criteria are public before the period starts: published ones are readable by everybody who is signed in
alter policy unit_select on sanjeh.template using (
    array[unit_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or (state = 'published' and cardinality((select sanjeh.scope_ids())::uuid[]) > 0));
grant select, insert, update (name_fa, name_en, population, state, version, published_at) on sanjeh.template to sanjeh_app;

-- One criterion. family: quality, timeliness, conduct, development (caps: timeliness 40, conduct 25).
-- source: indicator (a computed or reported value of indicator_code becomes the sub-score) or mark (the board marks it).
create table sanjeh.template_item (
    unit_id uuid not null,
    template_id uuid not null,
    no int4 not null constraint template_item_no_range check (no between 1 and 99),
    family text not null
        constraint template_item_family_known check (family in ('quality', 'timeliness', 'conduct', 'development')),
    source text not null constraint template_item_source_known check (source in ('indicator', 'mark')),
    indicator_code text,
    name_fa text not null,
    name_en text not null,
    weight numeric(5, 2) not null constraint template_item_weight_range check (weight > 0 and weight <= 100),
    scale_min int4 not null default 0,
    scale_max int4 not null default 100,
    guidance text not null default '',
    evidence_required boolean not null default false,
    constraint template_item_pkey primary key (unit_id, template_id, no),
    constraint template_item_template foreign key (unit_id, template_id) references sanjeh.template (unit_id, id),
    constraint template_item_indicator_named check ((source = 'indicator') = (indicator_code is not null)),
    constraint template_item_scale_order check (scale_min < scale_max)
);
select sanjeh.protect('sanjeh.template_item');
alter policy unit_select on sanjeh.template_item using (
    cardinality((select sanjeh.scope_ids())::uuid[]) > 0 and exists (select from sanjeh.template as t
        where t.unit_id = template_item.unit_id and t.id = template_item.template_id));
grant select, insert, delete on sanjeh.template_item to sanjeh_app;

create table sanjeh.cycle (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    code text not null constraint cycle_code_form check (code ~ '^[A-Z0-9][A-Z0-9._-]{0,31}$'),
    name_fa text not null constraint cycle_name_fa_length check (octet_length(name_fa) between 1 and 400),
    name_en text not null constraint cycle_name_en_length check (octet_length(name_en) between 1 and 400),
    kind text not null
        constraint cycle_kind_known check (kind in ('annual', 'periodic', 'probation', 'promotion', 'interim')),
    period_from date not null,
    period_to date not null,
    template_id uuid not null,
    issuer_unit_id uuid not null references sanjeh.unit (id),
    issuer_scope_id uuid not null references sanjeh.unit (id),
    population jsonb not null default '{}',
    coverage_min int4 not null default 70 constraint cycle_coverage_range check (coverage_min between 0 and 100),
    state text not null default 'draft'
        constraint cycle_state_known check (state in ('draft', 'approved', 'announced', 'open', 'collecting', 'frozen', 'rating',
            'calibration', 'disclosure', 'deciding', 'appeal', 'closed', 'archived', 'cancelled')),
    owner_signed_by uuid,
    owner_signed_at timestamptz,
    issuer_signed_by uuid,
    issuer_signed_at timestamptz,
    announced_at timestamptz,
    frozen_at timestamptz,
    criteria_sha256 bytea constraint cycle_criteria_size check (octet_length(criteria_sha256) = 32),
    supersedes_id uuid,
    version int8 not null default 1,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    constraint cycle_pkey primary key (unit_id, id),
    constraint cycle_code_once unique (unit_id, code),
    constraint cycle_template foreign key (unit_id, template_id) references sanjeh.template (unit_id, id),
    constraint cycle_period_order check (period_from <= period_to),
    constraint cycle_signatures_whole check ((owner_signed_by is null) = (owner_signed_at is null)
        and (issuer_signed_by is null) = (issuer_signed_at is null)),
    constraint cycle_two_signers check (owner_signed_by is distinct from issuer_signed_by or owner_signed_by is null),
    constraint cycle_approved_by_both check (state in ('draft', 'cancelled')
        or (owner_signed_by is not null and issuer_signed_by is not null)),
    constraint cycle_announced_has_criteria check (state in ('draft', 'approved', 'cancelled')
        or (announced_at is not null and criteria_sha256 is not null))
);
comment on column sanjeh.cycle.population is
    'filter over the register: {"status": […], "judges": [id…], "court_type": …}; empty: everybody who is active';
comment on column sanjeh.cycle.issuer_scope_id is 'compartment of the issuer, or its unit when it has none';

create table sanjeh.cycle_clock (
    unit_id uuid not null,
    cycle_id uuid not null,
    code text not null references sanjeh.clock (code),
    days int4 not null constraint cycle_clock_days_range check (days between 1 and 400),
    day_kind text not null constraint cycle_clock_day_kind_known check (day_kind in ('calendar', 'working')),
    constraint cycle_clock_pkey primary key (unit_id, cycle_id, code),
    constraint cycle_clock_cycle foreign key (unit_id, cycle_id) references sanjeh.cycle (unit_id, id)
);

create table sanjeh.evaluation (
    unit_id uuid not null,
    id uuid not null,
    cycle_id uuid not null,
    judge_unit_id uuid not null,
    judge_id uuid not null,
    issuer_unit_id uuid not null,
    issuer_scope_id uuid not null,
    board_id uuid,
    appeal_board_id uuid,
    state text not null default 'planned'
        constraint evaluation_state_known check (state in ('planned', 'notified', 'collecting', 'frozen', 'insufficient',
            'rating', 'drafted', 'calibrated', 'disclosed', 'replied', 'reply_lapsed', 'decided', 'gated', 'issued',
            'acknowledged', 'appealed', 'varied', 'final', 'superseded', 'archived', 'suspended')),
    state_since timestamptz not null default now(),
    suspended_from text,
    round int4 not null default 1 constraint evaluation_round_positive check (round > 0),
    coverage numeric(5, 2) constraint evaluation_coverage_range check (coverage between 0 and 100),
    notified_at timestamptz,
    frozen_at timestamptz,
    marks_locked_at timestamptz,
    disclosed_at timestamptz,
    issued_at timestamptz,
    appealed_at timestamptz,
    superseded_by uuid,
    version int8 not null default 1,
    created_at timestamptz not null default now(),
    constraint evaluation_pkey primary key (unit_id, id),
    -- target of the file's tables: unit_id there is the issuer's
    constraint evaluation_of_issuer unique (issuer_unit_id, id),
    constraint evaluation_one_per_cycle unique (unit_id, cycle_id, judge_id),
    constraint evaluation_cycle foreign key (unit_id, cycle_id) references sanjeh.cycle (unit_id, id),
    constraint evaluation_suspended_knows_from check ((state = 'suspended') = (suspended_from is not null)),
    constraint evaluation_boards_differ check (board_id is distinct from appeal_board_id or board_id is null)
);
comment on column sanjeh.evaluation.round is 'of rating: 1, and one more for each remand; older rounds stay';
comment on column sanjeh.evaluation.marks_locked_at is 'all seats have submitted: from here nobody edits a mark, and gates may be asked';
create index evaluation_by_judge on sanjeh.evaluation (judge_id, id);
create index evaluation_by_cycle on sanjeh.evaluation (unit_id, cycle_id, state, id);

-- Who has a part in a file, and which. ended_at: recused, challenged out, replaced; the row stays.
create table sanjeh.seat (
    unit_id uuid not null,
    evaluation_id uuid not null,
    account_id uuid not null,
    person_id uuid not null,
    board_id uuid,
    capacity text not null
        constraint seat_capacity_known check (capacity in ('chair', 'member', 'rapporteur', 'calibrator', 'reviewer', 'observer',
            'court_head', 'appeal_chair', 'appeal_member')),
    is_judge boolean not null,
    judge_id uuid not null,
    issuer_scope_id uuid not null,
    since timestamptz not null default now(),
    ended_at timestamptz,
    ended_reason text constraint seat_ended_reason_known check (ended_reason in ('recused', 'challenged', 'conflict', 'replaced')),
    constraint seat_pkey primary key (unit_id, evaluation_id, account_id, capacity),
    constraint seat_evaluation foreign key (unit_id, evaluation_id) references sanjeh.evaluation (unit_id, id),
    constraint seat_ended_whole check ((ended_at is null) = (ended_reason is null)),
    constraint seat_not_oneself check (person_id <> judge_id)
);
comment on column sanjeh.seat.unit_id is 'process owner of the evaluation';
comment on column sanjeh.seat.person_id is
    'who the account is as a person: the judge that he is, else the account itself; separation is by person';
comment on column sanjeh.seat.judge_id is 'whom the file is about';
create index seat_by_account on sanjeh.seat (account_id, evaluation_id);
create index seat_by_evaluation on sanjeh.seat (evaluation_id);
alter table sanjeh.seat enable row level security;
alter table sanjeh.seat force row level security;
-- The judge knows the evaluators; decision reviewers and observers stay unnamed.
create policy seat_read on sanjeh.seat for select using (
    array[unit_id, issuer_scope_id, account_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or (array[judge_id] && (select sanjeh.scope_ids()) and capacity not in ('reviewer', 'observer')));
create policy seat_add on sanjeh.seat for insert with check (
    array[unit_id, issuer_scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
create policy seat_change on sanjeh.seat for update using (
    array[unit_id, issuer_scope_id, account_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
grant select, insert, update (ended_at, ended_reason) on sanjeh.seat to sanjeh_app;

alter table sanjeh.evaluation enable row level security;
alter table sanjeh.evaluation force row level security;
create policy evaluation_read on sanjeh.evaluation for select using (
    array[unit_id, issuer_scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or (array[judge_id] && (select sanjeh.scope_ids()) and state <> 'planned')
    or exists (select from sanjeh.seat as s where s.evaluation_id = evaluation.id and s.ended_at is null
        and array[s.account_id] && (select sanjeh.scope_ids())));
create policy evaluation_add on sanjeh.evaluation for insert with check (
    array[unit_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
-- Who may make which move is for the trigger of the state machine (0015); here: who may touch the row at all.
create policy evaluation_change on sanjeh.evaluation for update using (
    array[unit_id, issuer_scope_id, judge_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or exists (select from sanjeh.seat as s where s.evaluation_id = evaluation.id and s.ended_at is null
        and array[s.account_id] && (select sanjeh.scope_ids())));
grant select, insert, update (board_id, appeal_board_id, state, state_since, suspended_from, round, coverage, notified_at, frozen_at,
    marks_locked_at, disclosed_at, issued_at, appealed_at, superseded_by, version) on sanjeh.evaluation to sanjeh_app;

-- A cycle's criteria are public to judges from its announcement; issuer and seats see it from the start.
alter table sanjeh.cycle enable row level security;
alter table sanjeh.cycle force row level security;
create policy cycle_read on sanjeh.cycle for select using (
    array[unit_id, issuer_scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or (announced_at is not null and cardinality((select sanjeh.scope_ids())::uuid[]) > 0));
create policy cycle_add on sanjeh.cycle for insert with check (array[unit_id] && (select sanjeh.scope_ids()));
create policy cycle_change on sanjeh.cycle for update using (
    array[unit_id, issuer_scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
grant select, insert, update (name_fa, name_en, kind, period_from, period_to, template_id, population, coverage_min, state,
    owner_signed_by, owner_signed_at, issuer_signed_by, issuer_signed_at, announced_at, frozen_at, criteria_sha256, version)
    on sanjeh.cycle to sanjeh_app;
alter table sanjeh.cycle_clock enable row level security;
alter table sanjeh.cycle_clock force row level security;
create policy cycle_clock_read on sanjeh.cycle_clock for select using (
    cardinality((select sanjeh.scope_ids())::uuid[]) > 0 and exists (select from sanjeh.cycle as c where c.unit_id = cycle_clock.unit_id and c.id = cycle_clock.cycle_id));
create policy cycle_clock_add on sanjeh.cycle_clock for insert with check (array[unit_id] && (select sanjeh.scope_ids()));
create policy cycle_clock_change on sanjeh.cycle_clock for update using (array[unit_id] && (select sanjeh.scope_ids()));
grant select, insert, update (days, day_kind) on sanjeh.cycle_clock to sanjeh_app;
-- Every move, kept forever: written by the trigger of the state machine, never changed.
create table sanjeh.evaluation_event (
    unit_id uuid not null,
    evaluation_id uuid not null,
    no int4 not null,
    from_state text not null,
    to_state text not null,
    by_account uuid,
    reason text constraint evaluation_event_reason_length check (octet_length(reason) <= 2000),
    at timestamptz not null,
    constraint evaluation_event_pkey primary key (unit_id, evaluation_id, no),
    constraint evaluation_event_evaluation foreign key (unit_id, evaluation_id) references sanjeh.evaluation (unit_id, id)
);
comment on column sanjeh.evaluation_event.by_account is 'null: a clock';
alter table sanjeh.evaluation_event enable row level security;
alter table sanjeh.evaluation_event force row level security;
create policy evaluation_event_read on sanjeh.evaluation_event for select using (
    cardinality((select sanjeh.scope_ids())::uuid[]) > 0 and exists (select from sanjeh.evaluation as e where e.id = evaluation_event.evaluation_id));
create policy evaluation_event_add on sanjeh.evaluation_event for insert with check (
    cardinality((select sanjeh.scope_ids())::uuid[]) > 0 and exists (select from sanjeh.evaluation as e where e.id = evaluation_event.evaluation_id));
grant select, insert on sanjeh.evaluation_event to sanjeh_app;

-- A running clock of one evaluation. holder_account: a person; null: everybody who holds the holder's part.
create table sanjeh.deadline (
    unit_id uuid not null,
    id uuid not null,
    evaluation_id uuid not null,
    code text not null references sanjeh.clock (code),
    holder text not null,
    holder_account uuid,
    holder_unit_id uuid,
    started_at timestamptz not null,
    due_at timestamptz not null,
    state text not null default 'open'
        constraint deadline_state_known check (state in ('open', 'met', 'lapsed', 'stopped', 'cancelled')),
    extended boolean not null default false,
    left_over interval,
    ended_at timestamptz,
    escalated_at timestamptz,
    constraint deadline_pkey primary key (unit_id, id),
    constraint deadline_evaluation foreign key (unit_id, evaluation_id) references sanjeh.evaluation (unit_id, id),
    constraint deadline_stopped_knows_left check ((state = 'stopped') = (left_over is not null)),
    constraint deadline_ended_whole check ((state in ('met', 'lapsed', 'cancelled')) = (ended_at is not null)),
    constraint deadline_order check (due_at >= started_at)
);
create unique index deadline_one_open on sanjeh.deadline (unit_id, evaluation_id, code,
    (case when holder_account is null then '00000000-0000-0000-0000-000000000000'::uuid else holder_account end))
    where state in ('open', 'stopped');
create index deadline_due on sanjeh.deadline (due_at) where state = 'open';
alter table sanjeh.deadline enable row level security;
alter table sanjeh.deadline force row level security;
create policy deadline_read on sanjeh.deadline for select using (
    array[holder_unit_id] && (select sanjeh.scope_ids())
    or exists (select from sanjeh.evaluation as e where e.id = deadline.evaluation_id));
create policy deadline_add on sanjeh.deadline for insert with check (
    cardinality((select sanjeh.scope_ids())::uuid[]) > 0 and exists (select from sanjeh.evaluation as e where e.id = deadline.evaluation_id));
create policy deadline_change on sanjeh.deadline for update using (
    cardinality((select sanjeh.scope_ids())::uuid[]) > 0 and exists (select from sanjeh.evaluation as e where e.id = deadline.evaluation_id));
grant select, insert, update (due_at, state, extended, left_over, ended_at, escalated_at) on sanjeh.deadline to sanjeh_app;

-- Row security of a table of the file: columns unit_id (the issuer's unit), issuer_scope_id, evaluation_id, judge_id.
-- Read: issuer, system; the account in own_column; the judge when judge_rule holds; a seat when seat_rule holds (s is the
-- seat, e the evaluation in both). Write (insert, update): issuer, system; own account with a seat when own_column is named;
-- the judge when judge_writes holds. A rule of 'false' closes the way, 'true' leaves it open.
create function sanjeh.protect_file(
    target regclass, judge_rule text, seat_rule text, own_column name default null, judge_writes text default 'false',
    seat_writes text default 'false')
    returns void language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    ids constant text := 'operator(pg_catalog.&&) (select sanjeh.scope_ids())';
    t constant text := (select c.relname from pg_class as c where c.oid = target);
    direct text := format('array[issuer_scope_id, %L::pg_catalog.uuid] %s', '00000000-0000-8000-8000-000000000006', ids);
    of_judge constant text := format('(array[judge_id] %s and exists (select from sanjeh.evaluation as e '
        'where e.id = %I.evaluation_id and (%%s)))', ids, t);
    of_seat constant text := format('exists (select from sanjeh.seat as s join sanjeh.evaluation as e on e.id = s.evaluation_id '
        'where s.evaluation_id = %I.evaluation_id and s.ended_at is null and array[s.account_id] %s and (%%s))', t, ids);
    own constant text := case when own_column is null then 'false' else format('array[%I] %s', own_column, ids) end;
    seen text := concat_ws(' or ', direct, own, format(of_judge, judge_rule), format(of_seat, seat_rule));
    written text := concat_ws(' or ', direct,
        case when own_column is null then null else format('(%s and %s)', own, format(of_seat, 'true')) end,
        format(of_judge, judge_writes), format(of_seat, seat_writes));
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy file_read on %s for select using (%s)', target, seen);
    execute format('create policy file_add on %s for insert with check (%s)', target, written);
    execute format('create policy file_change on %s for update using (%s) with check (%s)', target, written, written);
end
$$;

-- The key of a file (subject = the evaluation, unit = the issuer's): whoever sees the evaluation's row opens what row
-- security lets him read of the file; the first who writes to it makes the key.
alter policy unit_select on sanjeh.subject_key using (
    array[unit_id, subject_id, '00000000-0000-8000-8000-000000000002'::uuid] && (select sanjeh.scope_ids())
    or (cardinality((select sanjeh.scope_ids())::uuid[]) > 0
        and exists (select from sanjeh.evaluation as e where e.id = subject_key.subject_id)));
alter policy unit_insert on sanjeh.subject_key with check (
    array[unit_id, '00000000-0000-8000-8000-000000000002'::uuid] && (select sanjeh.scope_ids())
    or (cardinality((select sanjeh.scope_ids())::uuid[]) > 0 and exists (select from sanjeh.evaluation as e
        where e.id = subject_key.subject_id and e.issuer_unit_id = subject_key.unit_id)));
create index evaluation_by_id on sanjeh.evaluation (id);

-- What computing and the freeze of a cycle read of all units' data.
do $do$
declare target text;
begin
    foreach target in array array['judge', 'workload_fact', 'indicator_value', 'contribution'] loop
        execute format('drop policy unit_select on sanjeh.%1$I; drop policy unit_insert on sanjeh.%1$I; '
            'drop policy unit_update on sanjeh.%1$I; drop policy unit_delete on sanjeh.%1$I; drop policy compartment on sanjeh.%1$I',
            target);
        perform sanjeh.protect(format('sanjeh.%I', target)::regclass,
            case target when 'judge' then 'id' when 'contribution' then null else 'judge_id' end,
            has_compartment => true, read_scopes => array['00000000-0000-8000-8000-000000000006']::uuid[]);
    end loop;
end
$do$;
