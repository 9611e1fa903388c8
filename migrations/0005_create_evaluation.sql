-- SPDX-License-Identifier: Apache-2.0
--
-- Evaluation data the register of judges, courts, indicators, contributions, workload facts
-- and indicator values.
-- Why: a unit sends its data here. Sealed as FLE1 blobs (bytea): a judge's name, personnel and national number; the
--   mean and n of a survey (value_ct, n_ct); comment and hash of a contribution's file. In clear, beside a judge's
--   UUID: status and career (sex, birth year, education, first appointment, base), workload counts, figures computed
--   from them (T01, T03: value, n, reason, hash of the inputs), court, indicator, period. So a copy of the database, its
--   WAL or a dump gives no name, number or rating of a person, but the caseload of a UUID (class K2 is in clear,
--   K3 is not).
-- Compartments: a row carries the compartment of whoever wrote it; neither the unit's others nor the judge see it.
-- Isolation: each table with unit_id is protected by sanjeh.protect (0001): forced row security on the
--   signed context. judge, workload_fact and indicator_value name the judge as subject, so that a judge
--   reads the own rows of every unit. court and indicator are reference data shared by all units.
-- Locks: new tables only. Time on big databases: none. Retreat: a later migration drops the tables.
-- A judge of another unit's register is named by (judge_unit_id, judge_id) without a foreign key: a key across
--   units would answer whether another unit has that row. Judges are never deleted, only erased.
-- Uniqueness against double import is a partial unique index over the rows in force; a null part of the
--   key counts as a value, the nil UUID: by CASE and not coalesce(), which row security takes for leaky and so
--   would keep away from the index.

create table sanjeh.judge (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    compartment_id uuid references sanjeh.unit (id),
    personnel_number bytea not null,
    national_number bytea,
    name bytea not null,
    key_version int4 constraint judge_key_version_positive check (key_version > 0),
    status text not null
        constraint judge_status_known
        check (status in ('active', 'probationary', 'seconded', 'suspended', 'retired')),
    sex text constraint judge_sex_known check (sex in ('female', 'male')),
    birth_year int4 constraint judge_birth_year_sane check (birth_year between 1250 and 2100),
    education text
        constraint judge_education_known check (education in ('hawza', 'university', 'both')),
    first_appointment date,
    judicial_base int4
        constraint judge_judicial_base_sane check (judicial_base between 1 and 12),
    version int8 not null default 1,
    created_at timestamptz not null default now(),
    created_by uuid not null,
    constraint judge_pkey primary key (unit_id, id),
    -- erasing the key shows in the row itself: a read needs no look at the keys
    constraint judge_key_exists foreign key (unit_id, id, key_version)
        references sanjeh.subject_key (unit_id, subject_id, version) on delete set null (key_version)
);
-- a judge's own account knows the id, not the unit
create index judge_by_id on sanjeh.judge (id);
comment on column sanjeh.judge.key_version is
    'version of the subject key that sealed the encrypted fields of this row; null when that key was erased';
comment on column sanjeh.judge.compartment_id is
    'compartment of whoever registered the judge: the others of the unit do not see the entry';
select sanjeh.protect('sanjeh.judge', 'id', has_compartment => true);
grant select, insert on sanjeh.judge to sanjeh_app;
grant update (personnel_number, national_number, name, key_version, status, sex, birth_year,
    education, first_appointment, judicial_base, version) on sanjeh.judge to sanjeh_app;

create table sanjeh.court (
    id uuid primary key,
    code text not null constraint court_code_length check (octet_length(code) between 1 and 128),
    code_norm text not null
        constraint court_code_norm_length check (octet_length(code_norm) between 1 and 256),
    name_fa text not null,
    name_en text not null,
    province text,
    status text not null constraint court_status_known check (status in ('active', 'provisional')),
    created_by_unit uuid references sanjeh.unit (id),
    version int8 not null default 1,
    created_at timestamptz not null default now(),
    constraint court_code_norm_key unique (code_norm)
);
comment on column sanjeh.court.code_norm is 'search form of code: two spellings are one court';
-- shared by all units; but only a deed registers one, never a statement without a signed context
alter table sanjeh.court enable row level security;
alter table sanjeh.court force row level security;
create policy court_read on sanjeh.court for select using (true);
create policy court_add on sanjeh.court for insert
    with check (cardinality((select sanjeh.scope_ids())::uuid[]) > 0);
grant select, insert on sanjeh.court to sanjeh_app;

create table sanjeh.indicator (
    id uuid primary key,
    code text not null constraint indicator_code_key unique,
    kind text not null
        constraint indicator_kind_known check (kind in ('computed', 'survey', 'reported')),
    name_fa text not null,
    name_en text not null,
    formula text not null,
    unit text not null,
    direction text not null
        constraint indicator_direction_known
        check (direction in ('higher', 'lower', 'band', 'none', 'gate')),
    target text not null,
    level text not null
        constraint indicator_level_known check (level in ('J', 'C', 'J/C', 'X', 'G')),
    contributor_unit_code text not null,
    standard text not null,
    min_n int4,
    scale_min int4,
    scale_max int4,
    version int4 not null default 1,
    created_at timestamptz not null default now(),
    constraint indicator_scale_of_survey
        check (kind <> 'survey' or (scale_min is not null and scale_max > scale_min))
);
grant select on sanjeh.indicator to sanjeh_app;

create table sanjeh.contribution (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    compartment_id uuid references sanjeh.unit (id),
    kind text not null
        constraint contribution_kind_known check (kind in ('survey_means', 'workload', 'roster')),
    format text not null constraint contribution_format_known check (format in ('csv', 'ndjson')),
    period_from date,
    period_to date,
    cycle text constraint contribution_cycle_length check (octet_length(cycle) between 1 and 64),
    file_sha256 bytea not null,
    comment bytea,
    key_version int4 not null constraint contribution_key_version_positive check (key_version > 0),
    byte_size int8 not null,
    rows_ok int8 not null,
    rows_rejected int8 not null,
    state text not null
        constraint contribution_state_known
        check (state in ('received', 'validated', 'accepted', 'published', 'superseded')),
    submitted_by uuid not null,
    created_at timestamptz not null default now(),
    superseded_by uuid,
    version int8 not null default 1,
    constraint contribution_pkey primary key (unit_id, id),
    constraint contribution_period_order
        check ((period_from is null) = (period_to is null) and period_from <= period_to),
    constraint contribution_successor
        foreign key (unit_id, superseded_by) references sanjeh.contribution (unit_id, id)
);
comment on column sanjeh.contribution.file_sha256 is
    'FLE1: the hash of a small file would let a reader of the table guess its content';
select sanjeh.protect('sanjeh.contribution', has_compartment => true);
grant select, insert on sanjeh.contribution to sanjeh_app;

create table sanjeh.workload_fact (
    unit_id uuid not null,
    id uuid not null,
    compartment_id uuid references sanjeh.unit (id),
    contribution_id uuid not null,
    judge_unit_id uuid,
    judge_id uuid,
    court_id uuid references sanjeh.court (id),
    period_from date not null,
    period_to date not null,
    pending_start int8 constraint fact_pending_start_not_negative check (pending_start >= 0),
    filed int8 constraint fact_filed_not_negative check (filed >= 0),
    returned int8 constraint fact_returned_not_negative check (returned >= 0),
    transferred_in int8 constraint fact_transferred_in_not_negative check (transferred_in >= 0),
    transferred_out int8 constraint fact_transferred_out_not_negative check (transferred_out >= 0),
    resolved int8 constraint fact_resolved_not_negative check (resolved >= 0),
    pending_end int8 constraint fact_pending_end_not_negative check (pending_end >= 0),
    in_force boolean not null default true,
    created_at timestamptz not null default now(),
    constraint fact_pkey primary key (unit_id, id),
    constraint fact_contribution
        foreign key (unit_id, contribution_id) references sanjeh.contribution (unit_id, id),
    constraint fact_judge_whole check ((judge_unit_id is null) = (judge_id is null)),
    constraint fact_about_somebody check (judge_id is not null or court_id is not null),
    constraint fact_period_order check (period_from <= period_to),
    -- a null part makes these null, which a CHECK lets pass: unknown is not zero
    constraint fact_incoming_not_negative
        check (filed + returned + transferred_in - transferred_out >= 0),
    constraint fact_identity
        check (pending_start + filed + returned + transferred_in - transferred_out - resolved
            = pending_end)
);
create unique index fact_in_force on sanjeh.workload_fact (
    unit_id,
    (case when compartment_id is null then '00000000-0000-0000-0000-000000000000'::uuid else compartment_id end),
    (case when judge_id is null then '00000000-0000-0000-0000-000000000000'::uuid else judge_id end),
    (case when court_id is null then '00000000-0000-0000-0000-000000000000'::uuid else court_id end),
    period_from, period_to) where in_force;
-- lists are filtered by one of these and ordered by id
create index fact_by_judge on sanjeh.workload_fact (judge_id, id);
create index fact_by_court on sanjeh.workload_fact (unit_id, court_id, id);
create index fact_by_contribution on sanjeh.workload_fact (unit_id, contribution_id, id);
select sanjeh.protect('sanjeh.workload_fact', 'judge_id', has_compartment => true);
grant select, insert on sanjeh.workload_fact to sanjeh_app;

create table sanjeh.indicator_value (
    unit_id uuid not null,
    id uuid not null,
    compartment_id uuid references sanjeh.unit (id),
    contribution_id uuid not null,
    judge_unit_id uuid,
    judge_id uuid,
    court_id uuid references sanjeh.court (id),
    indicator_id uuid not null references sanjeh.indicator (id),
    period_from date not null,
    period_to date not null,
    value numeric(18, 6),
    reason text
        constraint value_reason_known
        check (reason in ('NO_INCOMING_CASES', 'NO_RESOLVED_CASES', 'NO_PENDING_CASES',
            'NO_PENDING_START')),
    n int8 constraint value_n_not_negative check (n >= 0),
    value_ct bytea,
    n_ct bytea,
    key_version int4,
    source_fact_id uuid,
    method_version text not null,
    inputs_sha256 bytea,
    in_force boolean not null default true,
    computed_at timestamptz not null default now(),
    constraint value_pkey primary key (unit_id, id),
    constraint value_contribution
        foreign key (unit_id, contribution_id) references sanjeh.contribution (unit_id, id),
    constraint value_source_fact
        foreign key (unit_id, source_fact_id) references sanjeh.workload_fact (unit_id, id),
    constraint value_judge_whole check ((judge_unit_id is null) = (judge_id is null)),
    constraint value_about_somebody check (judge_id is not null or court_id is not null),
    constraint value_period_order check (period_from <= period_to),
    constraint value_one_form check (num_nonnulls(value, reason, value_ct) = 1),
    constraint value_sealed_whole
        check ((value_ct is null) = (key_version is null)
            and (n_ct is null or value_ct is not null)
            and (n is null or value_ct is null)
            and (value_ct is null or judge_id is not null))
);
create unique index value_in_force on sanjeh.indicator_value (
    unit_id,
    (case when compartment_id is null then '00000000-0000-0000-0000-000000000000'::uuid else compartment_id end),
    (case when judge_id is null then '00000000-0000-0000-0000-000000000000'::uuid else judge_id end),
    (case when court_id is null then '00000000-0000-0000-0000-000000000000'::uuid else court_id end),
    indicator_id, period_from, period_to) where in_force;
create index value_by_judge on sanjeh.indicator_value (judge_id, id);
create index value_by_court on sanjeh.indicator_value (unit_id, court_id, id);
create index value_by_contribution on sanjeh.indicator_value (unit_id, contribution_id, id);
create index value_by_indicator on sanjeh.indicator_value (unit_id, indicator_id, id);
select sanjeh.protect('sanjeh.indicator_value', 'judge_id', has_compartment => true);
grant select, insert on sanjeh.indicator_value to sanjeh_app;

-- Reference data: the catalogue of 40 indicators and the 11 criteria of the lawyers' survey. Symbols:
-- d days of the period, P0 pending at start, I incoming, R resolved, P1 pending at end.
insert into sanjeh.indicator
    (id, code, kind, name_fa, name_en, formula, unit, direction, target, level,
     contributor_unit_code, standard, min_n, scale_min, scale_max)
values
    ('00000000-0000-8000-8001-000000000001', 'T01', 'computed', 'نسبت مختومه به وارده (نرخ رسیدگی)', 'Clearance rate',
     'R / I × 100',
     '%', 'band', 'band 98–115; >130 flags haste', 'J/C', 'SIT',
     'CEPEJ; CourTools 2; IFCE 3', null, null, null),
    ('00000000-0000-8000-8001-000000000002', 'T02', 'computed', 'نسبت گردش پرونده', 'Case turnover ratio',
     'R / P1',
     'ratio', 'higher', 'higher', 'C', 'SIT',
     'CEPEJ', null, null, null),
    ('00000000-0000-8000-8001-000000000003', 'T03', 'computed', 'زمان محاسباتی تعیین تکلیف', 'Disposition time (calculated)',
     'd × P1 / R  (d=365 ⇒ 365/T02)',
     'days', 'lower', 'lower', 'J/C', 'SIT',
     'CEPEJ', null, null, null),
    ('00000000-0000-8000-8001-000000000004', 'T04', 'reported', 'مدت واقعی رسیدگی (میانه و صدک ۹۰)', 'Actual time to disposition',
     'median, P90 of (disposed − assigned)',
     'days', 'lower', 'lower', 'J/C', 'SIT',
     'CourTools 3 family; CCJE questionnaire "average time to judgment"', null, null, null),
    ('00000000-0000-8000-8001-000000000005', 'T05', 'reported', 'سهم رسیدگی در مهلت استاندارد', 'On-time case processing',
     '#disposed within the time standard of its case type / #disposed × 100',
     '%', 'higher', 'higher ≥ 90', 'J/C', 'SIT',
     'CourTools 3, IFCE 4; Albania art 90(b)(ii)', null, null, null),
    ('00000000-0000-8000-8001-000000000006', 'T06', 'reported', 'عمر پرونده‌های جاری', 'Age of active pending caseload',
     'median, P90 of (today − filed); plus age bands',
     'days', 'lower', 'lower', 'J/C', 'SIT',
     'CourTools 4', null, null, null),
    ('00000000-0000-8000-8001-000000000007', 'T07', 'reported', 'نرخ پرونده‌های معوق', 'Backlog rate',
     '#pending beyond time standard / P1 × 100',
     '%', 'lower', 'lower ≤ 10', 'J/C', 'SIT',
     'IFCE 7; SATURN; Iran "وضعیت پرونده‌های معوق"', null, null, null),
    ('00000000-0000-8000-8001-000000000008', 'T08', 'reported', 'سهم پرونده‌های مُسن', 'Old-case share',
     '#pending older than N months (configurable, default 24) / P1 × 100',
     '%', 'lower', 'lower', 'J/C', 'SIT',
     'Iran productivity directive; EUGMONT', null, null, null),
    ('00000000-0000-8000-8001-000000000009', 'T09', 'computed', 'تغییر موجودی', 'Pending-stock change',
     '(P1 − P0) / P0 × 100',
     '%', 'lower', 'lower (≤ 0)', 'C', 'SIT',
     'CEPEJ worked table', null, null, null),
    ('00000000-0000-8000-8001-000000000010', 'T10', 'reported', 'قطعیت وقت رسیدگی', 'Trial-date certainty',
     'hearings held on first date set / cases with a hearing × 100 (also mean settings per case)',
     '%', 'higher', 'higher ≥ 80', 'J/C', 'SIT',
     'CourTools 5; IFCE 8', null, null, null),
    ('00000000-0000-8000-8001-000000000011', 'T11', 'reported', 'تجدید وقت بدون جهت قانونی', 'Unjustified adjournments',
     'adjournments with no recorded legal ground / hearings × 100',
     '%', 'lower', 'lower ≤ 2', 'J', 'SIT',
     'Supervision Law art 15(4)', null, null, null),
    ('00000000-0000-8000-8001-000000000012', 'T12', 'reported', 'تأخیر در انشای رأی', 'Judgment-delivery lag',
     'median days (close of hearing → judgment); share > 30 days',
     'days, %', 'lower', 'lower', 'J', 'SIT',
     'Law art 15(7): unjustified > 1 month; Albania "time of reasoning"; CPC art 295 one week', null, null, null),
    ('00000000-0000-8000-8001-000000000013', 'T13', 'reported', 'بار کاری وزنی', 'Weighted caseload',
     'Σ_t W_t × C_t over case types',
     'points or hours', 'band', 'band (context)', 'X', 'SIT',
     'CEPEJ case-weighting (event/time- or point-based)', null, null, null),
    ('00000000-0000-8000-8001-000000000014', 'T14', 'reported', 'بهره‌وری وزنی', 'Weighted productivity',
     'Σ_t W_t × R_t / (norm × available-time fraction) × 100',
     '%', 'band', 'band 90–120', 'J', 'SIT',
     'CEPEJ; BiH norms', null, null, null),
    ('00000000-0000-8000-8001-000000000015', 'T15', 'reported', 'میانگین جلسه برای هر پرونده', 'Hearings per disposed case',
     'hearings in disposed cases / R',
     'count', 'band', 'band by type', 'X', 'SIT',
     'CCJE questionnaire; Albania art 90', null, null, null),
    ('00000000-0000-8000-8001-000000000016', 'T16', 'reported', 'مدت بازداشت موقت', 'Pre-trial custody duration',
     'median days in custody to first judgment',
     'days', 'lower', 'lower', 'C', 'AGO',
     'IFCE 5', null, null, null),
    ('00000000-0000-8000-8001-000000000017', 'Q01', 'reported', 'نمره اتقان رأی', 'Decision-quality score',
     'mean over sampled decisions of Σ item weight × item mark (0–100), two blind reviewers per decision',
     '0–100', 'higher', 'higher ≥ 70; sample ≥ 8, random + stratified', 'J', 'SC',
     'Directive on soundness of judgments 22/10/1399, 29 articles, 10 notes; Colorado legal knowledge/communication', 8, null, null),
    ('00000000-0000-8000-8001-000000000018', 'Q02', 'reported', 'همسانی داوری آراء', 'Inter-reviewer agreement (evidence quality)',
     'ICC(1) or 1 − mean|a−b|/100 over double-read decisions',
     '0–1', 'higher', 'higher ≥ 0.7', 'X', 'SC',
     'calibration practice', null, null, null),
    ('00000000-0000-8000-8001-000000000019', 'Q03', 'reported', 'نیمرخ نقض آراء', 'Reversal profile',
     'reversed / decided-on-appeal × 100, broken down by ground; funnel plot by n',
     '%', 'none', 'none (weight locked 0)', 'X', 'SC',
     'CCJE caution, Kyiv prohibition', null, null, null),
    ('00000000-0000-8000-8001-000000000020', 'Q04', 'reported', 'خطای آشکار احرازشده', 'Certified manifest error',
     'decisions a judges'' panel certified as showing lack of basic law/procedure / decisions × 1000',
     '‰', 'lower', 'lower; ≥ 2 in period opens a development talk', 'J', 'SC',
     'CCJE exception', null, null, null),
    ('00000000-0000-8000-8001-000000000021', 'Q05', 'reported', 'تمامیت و صحت پرونده', 'Case-file integrity',
     'sampled files meeting completeness & accuracy standard / sampled × 100',
     '%', 'higher', 'higher ≥ 95', 'J/C', 'JDP-E',
     'CourTools 6; IFCE 6', null, null, null),
    ('00000000-0000-8000-8001-000000000022', 'Q06', 'reported', 'نرخ صلح و سازش', 'Settlement rate',
     'disposed by settlement / settlement-eligible disposed × 100',
     '%', 'band', 'band; never a quota', 'C', 'SIT',
     'Iran productivity index', null, null, null),
    ('00000000-0000-8000-8001-000000000023', 'S01', 'survey', 'توان و دانش حقوقی', 'Legal ability',
     'mean of behaviour items; respondents: lawyers, judges only',
     '1–5', 'higher', 'higher ≥ 3.6', 'J', 'HRD',
     'Utah, ABA; Iran topic ج «دانش و مهارت قضایی»', 5, 1, 5),
    ('00000000-0000-8000-8001-000000000024', 'S02', 'survey', 'سلامت و بی‌طرفی', 'Integrity & impartiality',
     'mean of behaviour items; all respondent groups',
     '1–5', 'higher', 'higher ≥ 3.6', 'J', 'HRD',
     'Colorado (a); Bangalore 2–3', 5, 1, 5),
    ('00000000-0000-8000-8001-000000000025', 'S03', 'survey', 'ارتباط و صراحت بیان', 'Communication',
     'mean of behaviour items; all respondent groups',
     '1–5', 'higher', 'higher ≥ 3.6', 'J', 'HRD',
     'Colorado (c); Albania art 76', 5, 1, 5),
    ('00000000-0000-8000-8001-000000000026', 'S04', 'survey', 'خُلق و منش قضایی', 'Temperament & professionalism',
     'mean of behaviour items; all respondent groups',
     '1–5', 'higher', 'higher ≥ 3.6', 'J', 'HRD',
     'Colorado (d); Iran topics الف،ب،پ', 5, 1, 5),
    ('00000000-0000-8000-8001-000000000027', 'S05', 'survey', 'توان اداره شعبه', 'Administrative capacity',
     'mean of behaviour items; respondents: staff, lawyers, court head',
     '1–5', 'higher', 'higher ≥ 3.6', 'J', 'HRD',
     'Utah/Colorado (e); Iran topics د،ذ', 5, 1, 5),
    ('00000000-0000-8000-8001-000000000028', 'S06', 'survey', 'عدالت رویه‌ای', 'Procedural fairness',
     'mean of voice/neutrality/respect/trust items + observation rubric',
     '1–5', 'higher', 'higher ≥ 3.6 equivalent', 'J', 'HRD',
     'Utah', 5, 1, 5),
    ('00000000-0000-8000-8001-000000000029', 'S07', 'reported', 'دسترسی و رضایت مراجعان', 'Access & fairness (users)',
     'answers "agree/strongly agree" / valid answers × 100',
     '%', 'higher', 'higher ≥ 75', 'C', 'HRD',
     'CourTools 1; IFCE 1', null, null, null),
    ('00000000-0000-8000-8001-000000000030', 'S08', 'reported', 'تعهد و رضایت کارکنان', 'Staff engagement',
     'favourable answers / valid × 100',
     '%', 'higher', 'higher', 'C', 'HRD',
     'CourTools 9, IFCE 9', null, null, null),
    ('00000000-0000-8000-8001-000000000031', 'D01', 'reported', 'نرخ شکایت واردِ قطعی', 'Substantiated-complaint rate',
     'finally upheld complaints / disposed × 1000',
     '‰', 'lower', 'lower', 'G', 'JDP-D',
     'Albania art 90(ç)', null, null, null),
    ('00000000-0000-8000-8001-000000000032', 'D02', 'reported', 'بالاترین درجه محکومیت انتظامی قطعی', 'Highest final penalty degree in window',
     'max degree (1–13) with final judgment in window; repeat within 2 years marked',
     'ordinal 0–13', 'lower', 'lower; gate from degree 2 (degree 1 is not entered in the service record)', 'G', 'JDP-D',
     'Supervision Law art 13, 20; Utah ≤ 1 public reprimand', null, null, null),
    ('00000000-0000-8000-8001-000000000033', 'D03', 'reported', 'وضعیت صیانتی', 'Integrity-clearance gate',
     '{no remark, remark—gist served, referred, not asked}',
     'enum', 'gate', 'gate', 'G', 'PIC',
     'Transfer commission practice', null, null, null),
    ('00000000-0000-8000-8001-000000000034', 'D04', 'reported', 'اعلام دارایی و تعارض منافع', 'Declarations compliance',
     'on-time declarations / due × 100',
     '%', 'higher', 'higher = 100', 'G', 'HRD',
     'Transformation Doc: asset registration system (for managers)', null, null, null),
    ('00000000-0000-8000-8001-000000000035', 'H01', 'reported', 'ساعات آموزش ضمن خدمت', 'Continuing education',
     'Σ accredited hours in year',
     'hours', 'band', 'band 30–200 (cap)', 'J', 'HRD',
     'Utah 30 h; Albania ≤ 40 days/yr, ≤ 200/5 yr', null, null, null),
    ('00000000-0000-8000-8001-000000000036', 'H02', 'reported', 'تحقق برنامه بهبود فردی', 'Improvement-plan completion',
     'actions closed with accepted evidence / due × 100',
     '%', 'higher', 'higher ≥ 80', 'J', 'HRD',
     'Colorado individual improvement plans §110', null, null, null),
    ('00000000-0000-8000-8001-000000000037', 'H03', 'reported', 'مشارکت آموزشی و پژوهشی', 'Teaching, mentoring, research',
     'capped points per verified item',
     'points', 'higher', 'higher, cap 100', 'J', 'HRD',
     'Albania art 76(4); Iran group regulation art 1', null, null, null),
    ('00000000-0000-8000-8001-000000000038', 'H04', 'reported', 'نظم و حضور', 'Attendance discipline',
     'unexcused absence days / working days × 100',
     '%', 'lower', 'lower ≤ 0.5', 'J', 'HRD',
     'Law art 15(2) (6–30 days in 3 months); Iran topic د', null, null, null),
    ('00000000-0000-8000-8001-000000000039', 'P01', 'reported', 'رعایت مهلت تحقیقات و بازبینی قرار', 'On-time investigation & custody review (prosecutors)',
     '(investigations closed in standard + custody reviews on time) / due × 100',
     '%', 'higher', 'higher ≥ 90', 'J', 'AGO',
     'SATURN guidelines Part II, 2018; Albania art 90(c)', null, null, null),
    ('00000000-0000-8000-8001-000000000040', 'C01', 'reported', 'نرخ اجرای احکام', 'Enforcement of judgments',
     'amount collected (or orders executed) / ordered × 100',
     '%', 'higher', 'higher', 'C', 'SIT',
     'CourTools 7, IFCE 10', null, null, null),
    ('00000000-0000-8000-8001-000000000041', 'INTG', 'survey', 'درستکاری', 'Integrity',
     'mean of the respondents'' ratings',
     'rating', 'higher', 'higher', 'J', 'HRD',
     'Lawyers'' survey criterion', 5, 0, 100),
    ('00000000-0000-8000-8001-000000000042', 'DMNR', 'survey', 'منش و رفتار', 'Demeanor',
     'mean of the respondents'' ratings',
     'rating', 'higher', 'higher', 'J', 'HRD',
     'Lawyers'' survey criterion', 5, 0, 100),
    ('00000000-0000-8000-8001-000000000043', 'DILG', 'survey', 'پشتکار', 'Diligence',
     'mean of the respondents'' ratings',
     'rating', 'higher', 'higher', 'J', 'HRD',
     'Lawyers'' survey criterion', 5, 0, 100),
    ('00000000-0000-8000-8001-000000000044', 'CFMG', 'survey', 'مدیریت جریان پرونده', 'Case-flow managing',
     'mean of the respondents'' ratings',
     'rating', 'higher', 'higher', 'J', 'HRD',
     'Lawyers'' survey criterion', 5, 0, 100),
    ('00000000-0000-8000-8001-000000000045', 'DECI', 'survey', 'تصمیم‌گیری بهنگام', 'Prompt decisions',
     'mean of the respondents'' ratings',
     'rating', 'higher', 'higher', 'J', 'HRD',
     'Lawyers'' survey criterion', 5, 0, 100),
    ('00000000-0000-8000-8001-000000000046', 'PREP', 'survey', 'آمادگی برای دادرسی', 'Preparation for trial',
     'mean of the respondents'' ratings',
     'rating', 'higher', 'higher', 'J', 'HRD',
     'Lawyers'' survey criterion', 5, 0, 100),
    ('00000000-0000-8000-8001-000000000047', 'FAMI', 'survey', 'آشنایی با قانون', 'Familiarity with law',
     'mean of the respondents'' ratings',
     'rating', 'higher', 'higher', 'J', 'HRD',
     'Lawyers'' survey criterion', 5, 0, 100),
    ('00000000-0000-8000-8001-000000000048', 'ORAL', 'survey', 'استواری آرای شفاهی', 'Sound oral rulings',
     'mean of the respondents'' ratings',
     'rating', 'higher', 'higher', 'J', 'HRD',
     'Lawyers'' survey criterion', 5, 0, 100),
    ('00000000-0000-8000-8001-000000000049', 'WRIT', 'survey', 'استواری آرای کتبی', 'Sound written rulings',
     'mean of the respondents'' ratings',
     'rating', 'higher', 'higher', 'J', 'HRD',
     'Lawyers'' survey criterion', 5, 0, 100),
    ('00000000-0000-8000-8001-000000000050', 'PHYS', 'survey', 'توان جسمی', 'Physical ability',
     'mean of the respondents'' ratings',
     'rating', 'higher', 'higher', 'J', 'HRD',
     'Lawyers'' survey criterion', 5, 0, 100),
    ('00000000-0000-8000-8001-000000000051', 'RTEN', 'survey', 'شایستگی ابقا', 'Worthy of retention',
     'mean of the respondents'' ratings',
     'rating', 'higher', 'higher', 'J', 'HRD',
     'Lawyers'' survey criterion', 5, 0, 100);
