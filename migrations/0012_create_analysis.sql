-- SPDX-License-Identifier: Apache-2.0
--
-- Why: an indicator's definition is data with versions: formula in the formula language, unit, direction, anchors, least n. What
--   must never be measured stands beside it, by name and with the reason, and the table of versions refuses it. A cycle's
--   computing leaves one score sheet an evaluation and round: sealed, part of the file.
-- Locks: indicator, for the moment in which it gets row security. Time on big tables: none. Retreat: drop the tables.

-- shared by all units like court: everybody reads, only a deed adds or changes
alter table sanjeh.indicator enable row level security;
alter table sanjeh.indicator force row level security;
create policy indicator_read on sanjeh.indicator for select using (true);
create policy indicator_add on sanjeh.indicator for insert
    with check (cardinality((select sanjeh.scope_ids())::uuid[]) > 0);
create policy indicator_change on sanjeh.indicator for update
    using (cardinality((select sanjeh.scope_ids())::uuid[]) > 0);
grant insert, update (name_fa, name_en, formula, unit, direction, target, level, contributor_unit_code, standard, min_n,
    version) on sanjeh.indicator to sanjeh_app;

create table sanjeh.refused_indicator (
    code text not null constraint refused_indicator_code_form check (code ~ '^[a-z][a-z_]{2,39}$'),
    name_fa text not null,
    name_en text not null,
    pattern text not null,
    reason_fa text not null,
    reason_en text not null,
    source text not null,
    constraint refused_indicator_pkey primary key (code)
);
comment on table sanjeh.refused_indicator is 'what is never measured about a judge; reference data that everybody reads';
comment on column sanjeh.refused_indicator.pattern is
    'regular expression over the search form (fa_norm) of code, names, formula and method of a definition';
grant select on sanjeh.refused_indicator to sanjeh_app;
insert into sanjeh.refused_indicator (code, name_fa, name_en, pattern, reason_fa, reason_en, source) values
    ('acquittal_conviction_rate', 'نرخ برائت یا محکومیت', 'Acquittal or conviction rate',
     'acquit|convict|برائت|(نرخ|سهم|درصد|نسبت|تعداد) (احکام )?محکومیت|محکومیت کیفری',
     'نتیجه رأی ماهیت قضاوت است و سنجه عملکرد نیست', 'the result of a decision is the merits, not performance', 'CCJE 17; Kyiv 28'),
    ('sentence_severity', 'شدت مجازات', 'Sentence severity',
     'sentence|severity|harshness|شدت مجازات|میزان مجازات|میزان حبس',
     'میزان مجازات ماهیت رأی است', 'the measure of punishment is the merits', 'CCJE 17; Kyiv 28'),
    ('detention_order_share', 'سهم قرارهای بازداشت', 'Share of detention orders',
     '(detention|remand|custody|arrest)[a-z ]* (orders?|share|rate)|(share|rate|number) of [a-z -]*(detention|remand|custody)|قرار ?(های)? بازداشت',
     'صدور یا عدم صدور قرار تصمیم قضایی است', 'whether to detain is a judicial decision', 'CCJE 17; Kyiv 28'),
    ('leniency_use', 'استفاده از نهادهای ارفاقی', 'Use of leniency institutions',
     'lenien|parole|probation rate|suspended sentence|ارفاقی|تعلیق مجازات|آزادی مشروط|تخفیف مجازات',
     'اعمال نهاد ارفاقی ماهیت رأی است', 'the use of leniency is the merits', 'CCJE 17; Kyiv 28'),
    ('unproven_complaints', 'شکایت‌های در جریان یا اثبات‌نشده', 'Pending or unproven complaints',
     '(pending|unproven|alleged|open|rejected|number of|all) [a-z ]*complaint|complaints? (received|filed|pending|count)|شکایت ?(ها|های)? (در جریان|اثبات نشده|مطروحه|واصله|مردود)|تعداد شکایت',
     'شکایت اثبات‌نشده دلیل بر چیزی نیست', 'a complaint that is not proven proves nothing', 'Albania 96/2016 art 90'),
    ('media_sentiment', 'بازتاب رسانه‌ای', 'Media or social network sentiment',
     '\mmedia\M|sentiment|social network|twitter|telegram|instagram|رسانه|شبکه ?(های)? اجتماعی|افکار عمومی',
     'استقلال قاضی از افکار عمومی است', 'a judge is independent of public sentiment', 'Bangalore 1'),
    ('personal_status', 'خانواده، دین، قومیت، سلامت', 'Family, religion, ethnicity, health',
     'religio|ethnic|\mrace\M|marital|spouse|children of|\mhealth|disabilit|مذهب|\mدین\M|قومیت|تأهل|تاهل|همسر|فرزند|سلامت جسم|سلامت روان|بیماری|معلولیت',
     'ویژگی‌های شخصی سنجه عملکرد نیست و تبعیض است', 'personal traits are no performance; measuring them discriminates', 'CEPEJ AI Charter 2');

create function sanjeh.refused_by(definition text) returns setof text language sql stable
    set search_path = pg_catalog, pg_temp
as $$ select r.code from sanjeh.refused_indicator as r where sanjeh.fa_norm(definition) ~* r.pattern order by r.code limit 1 $$;
grant execute on function sanjeh.refused_by(text) to sanjeh_app;

create table sanjeh.indicator_version (
    indicator_id uuid not null references sanjeh.indicator (id),
    version int4 not null constraint indicator_version_positive check (version > 0),
    formula text constraint indicator_version_formula_length check (octet_length(formula) between 1 and 400),
    method text not null constraint indicator_version_method_length check (octet_length(method) between 1 and 1000),
    unit text not null constraint indicator_version_unit_length check (octet_length(unit) between 1 and 40),
    direction text not null
        constraint indicator_version_direction_known check (direction in ('higher', 'lower', 'band', 'none', 'gate')),
    anchor_floor numeric(18, 6),
    anchor_target numeric(18, 6),
    anchor_cap numeric(18, 6),
    band_low numeric(18, 6),
    band_high numeric(18, 6),
    min_n int4 not null default 0 constraint indicator_version_min_n_range check (min_n between 0 and 100000),
    level text not null constraint indicator_version_level_known check (level in ('J', 'C', 'J/C', 'X', 'G')),
    weight_locked boolean not null generated always as (level in ('C', 'X', 'G')) stored,
    standard text not null,
    contributor_unit_code text not null,
    status text not null default 'active'
        constraint indicator_version_status_known check (status in ('draft', 'active', 'retired')),
    valid_from date not null,
    created_by uuid,
    created_at timestamptz not null default now(),
    constraint indicator_version_pkey primary key (indicator_id, version),
    constraint indicator_version_anchors_whole check (
        case direction
            when 'higher' then anchor_floor < anchor_target and anchor_target <= anchor_cap and band_low is null
            when 'lower' then anchor_floor > anchor_target and anchor_target >= anchor_cap and band_low is null
            when 'band' then anchor_floor < band_low and band_low <= band_high and band_high < anchor_cap and anchor_target is null
            else true
        end)
);
comment on column sanjeh.indicator_version.formula is 'formula language (analysis); null: the value is imported or surveyed';
comment on column sanjeh.indicator_version.weight_locked is 'a template gives it no weight: context, gates and court figures';
comment on column sanjeh.indicator_version.valid_from is 'a cycle uses the version in force on the day of its announcement';
grant select, insert on sanjeh.indicator_version to sanjeh_app;

create function sanjeh.refuse_definition() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    named constant text := (select concat_ws(' ', i.code, i.name_fa, i.name_en) from sanjeh.indicator as i where i.id = new.indicator_id);
    refused constant text := (select r from sanjeh.refused_by(concat_ws(' ', named, new.formula, new.method)) as r);
begin
    if refused is not null then
        raise exception 'definition is refused: %', refused
            using errcode = 'check_violation', constraint = 'indicator_is_not_refused';
    end if;
    return new;
end
$$;

-- Anchors are defaults (DOMAIN a, targets): worth 0 at floor, 80 at target, 100 at cap; a band is worth 100 from low to high.
insert into sanjeh.indicator_version (indicator_id, version, formula, method, unit, direction, anchor_floor, anchor_target,
    anchor_cap, band_low, band_high, min_n, level, standard, contributor_unit_code, valid_from)
select i.id, 1, a.formula, i.formula, i.unit, i.direction, a.floor, a.target, a.cap, a.low, a.high,
    coalesce(a.min_n, i.min_n, 0), i.level, i.standard, i.contributor_unit_code, date '2000-01-01'
from sanjeh.indicator as i
left join (values
    ('T01', 'R / I × 100', 60, null, 150, 98, 115, 20),
    ('T02', 'R / P1', 0.5, 1, 2, null, null, 20),
    ('T03', 'd × P1 / R', 730, 365, 90, null, null, 20),
    ('T04', null, 540, 270, 60, null, null, 20),
    ('T05', null, 50, 90, 100, null, null, 20),
    ('T06', null, 720, 360, 90, null, null, 20),
    ('T07', null, 40, 10, 0, null, null, 20),
    ('T08', null, 30, 10, 0, null, null, 20),
    ('T09', '(P1 − P0) / P0 × 100', 50, 0, -20, null, null, 20),
    ('T10', null, 40, 80, 100, null, null, 20),
    ('T11', null, 10, 2, 0, null, null, 20),
    ('T12', null, 60, 30, 7, null, null, 20),
    ('T13', null, 0, null, 100000000, 1, 10000000, 0),
    ('T14', null, 50, null, 180, 90, 120, 20),
    ('T15', null, 0, null, 20, 1, 5, 20),
    ('T16', null, 365, 180, 30, null, null, 20),
    ('Q01', null, 40, 70, 100, null, null, 8),
    ('Q02', null, 0.3, 0.7, 1, null, null, 8),
    ('Q04', null, 10, 1, 0, null, null, 20),
    ('Q05', null, 70, 95, 100, null, null, 8),
    ('Q06', null, 0, null, 100, 10, 60, 20),
    ('S01', null, 2, 3.6, 5, null, null, 15),
    ('S02', null, 2, 3.6, 5, null, null, 15),
    ('S03', null, 2, 3.6, 5, null, null, 15),
    ('S04', null, 2, 3.6, 5, null, null, 15),
    ('S05', null, 2, 3.6, 5, null, null, 15),
    ('S06', null, 2, 3.6, 5, null, null, 15),
    ('S07', null, 40, 75, 100, null, null, 15),
    ('S08', null, 40, 75, 100, null, null, 15),
    ('D01', null, 10, 1, 0, null, null, 20),
    ('D02', null, 5, 1, 0, null, null, 0),
    ('D04', null, 50, 100, 100, null, null, 0),
    ('H01', null, 0, null, 1000, 30, 200, 0),
    ('H02', null, 40, 80, 100, null, null, 0),
    ('H03', null, 0, 60, 100, null, null, 0),
    ('H04', null, 5, 0.5, 0, null, null, 0),
    ('P01', null, 50, 90, 100, null, null, 20),
    ('C01', null, 40, 80, 100, null, null, 20),
    -- the lawyers' survey rates from 0 to 10
    ('INTG', null, 5, 8, 10, null, null, 5), ('DMNR', null, 5, 8, 10, null, null, 5), ('DILG', null, 5, 8, 10, null, null, 5),
    ('CFMG', null, 5, 8, 10, null, null, 5), ('DECI', null, 5, 8, 10, null, null, 5), ('PREP', null, 5, 8, 10, null, null, 5),
    ('FAMI', null, 5, 8, 10, null, null, 5), ('ORAL', null, 5, 8, 10, null, null, 5), ('WRIT', null, 5, 8, 10, null, null, 5),
    ('PHYS', null, 5, 8, 10, null, null, 5), ('RTEN', null, 5, 8, 10, null, null, 5)
) as a (code, formula, floor, target, cap, low, high, min_n) on a.code = i.code;
-- what was seeded stands; from here on
alter table sanjeh.indicator_version enable row level security;
alter table sanjeh.indicator_version force row level security;
create policy indicator_version_read on sanjeh.indicator_version for select using (true);
create policy indicator_version_add on sanjeh.indicator_version for insert
    with check (cardinality((select sanjeh.scope_ids())::uuid[]) > 0);
create trigger indicator_version_refused before insert on sanjeh.indicator_version
    for each row execute function sanjeh.refuse_definition();

-- One run over a cycle: who, when, over how many. What it found stands in the files.
create table sanjeh.computation (
    unit_id uuid not null,
    id uuid not null,
    cycle_id uuid not null,
    method text not null,
    evaluations int4 not null constraint computation_evaluations_not_negative check (evaluations >= 0),
    sufficient int4 not null constraint computation_sufficient_part check (sufficient between 0 and evaluations),
    inputs_sha256 bytea not null constraint computation_inputs_size check (octet_length(inputs_sha256) = 32),
    duration_ms int8 not null constraint computation_duration_not_negative check (duration_ms >= 0),
    created_by uuid not null,
    created_at timestamptz not null,
    constraint computation_pkey primary key (unit_id, id),
    constraint computation_cycle foreign key (unit_id, cycle_id) references sanjeh.cycle (unit_id, id)
);
create index computation_by_cycle on sanjeh.computation (unit_id, cycle_id, id);
select sanjeh.protect('sanjeh.computation');
grant select, insert on sanjeh.computation to sanjeh_app;

create table sanjeh.evaluation_score (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null constraint evaluation_score_round_positive check (round > 0),
    body_ct bytea not null,
    key_version int4 not null,
    coverage numeric(5, 2) not null constraint evaluation_score_coverage_range check (coverage between 0 and 100),
    inputs_sha256 bytea not null constraint evaluation_score_inputs_size check (octet_length(inputs_sha256) = 32),
    computed_at timestamptz not null,
    version int8 not null default 1,
    constraint evaluation_score_pkey primary key (unit_id, id),
    constraint evaluation_score_evaluation foreign key (unit_id, evaluation_id)
        references sanjeh.evaluation (issuer_unit_id, id),
    constraint evaluation_score_once unique (unit_id, evaluation_id, round)
);
comment on column sanjeh.evaluation_score.coverage is 'percent of the weight of all indicator items that has enough data';
select sanjeh.protect_file('sanjeh.evaluation_score', 'e.disclosed_at is not null', 'true');
grant select, insert, update (body_ct, key_version, coverage, inputs_sha256, computed_at, version)
    on sanjeh.evaluation_score to sanjeh_app;
