-- SPDX-License-Identifier: Apache-2.0
--
-- Why: how data come in and are put right: bulk imports that resume, reference data in editions, postings and availability of
--   judges, more counts of a workload row, the life of a contribution, data issues.
-- Sealed (FLE1): the parts of an import's file, its comment; the order number of a posting; text and answer of a data issue.
-- Import: the cursor (byte, row) is a column of import_job and moves in the transaction that writes the rows up to it, so a
--   server that was killed goes on behind the last row that is there. Scope …0006 (the server's own work) sees the jobs to go on with.
-- Foreign keys of workload_fact and indicator_value to contribution, court, indicator and fact are dropped: each costs a look-up and
--   a row lock for every row of a million. What they said holds without them: the application may delete none of these rows (no
--   grant), and a row names only ids that its own transaction read or wrote.
-- A judge may make the key under which the own unit's data office keeps what the judge said about a row: subject is the judge.
-- Locks: workload_fact and indicator_value exclusively, for as long as one index is built. Time on big tables: about 2 s a million
--   rows. Retreat: a later migration drops the tables and makes the index without case_type again.

-- ---- workload: case types and further counts; the natural key knows the case type ----
alter table sanjeh.workload_fact
    add column case_type text constraint fact_case_type_form check (case_type ~ '^[A-Z0-9][A-Z0-9._-]{0,31}$'),
    add column on_time int8 constraint fact_on_time_not_negative check (on_time >= 0),
    add column hearings int8 constraint fact_hearings_not_negative check (hearings >= 0),
    add column first_date_held int8 constraint fact_first_date_held_not_negative check (first_date_held >= 0),
    add column adjourned_no_ground int8
        constraint fact_adjourned_no_ground_not_negative check (adjourned_no_ground >= 0),
    drop constraint fact_contribution,
    drop constraint workload_fact_court_id_fkey;
alter table sanjeh.indicator_value
    drop constraint value_contribution,
    drop constraint value_source_fact,
    drop constraint indicator_value_court_id_fkey,
    drop constraint indicator_value_indicator_id_fkey;
drop index sanjeh.fact_in_force;
create unique index fact_in_force on sanjeh.workload_fact (
    unit_id,
    (case when compartment_id is null then '00000000-0000-0000-0000-000000000000'::uuid else compartment_id end),
    (case when judge_id is null then '00000000-0000-0000-0000-000000000000'::uuid else judge_id end),
    (case when court_id is null then '00000000-0000-0000-0000-000000000000'::uuid else court_id end),
    period_from, period_to, (case when case_type is null then '' else case_type end)) where in_force;

-- ---- the life of a contribution ----
alter table sanjeh.contribution
    add column accepted_by uuid,
    add column supersedes_id uuid,
    add constraint contribution_predecessor
        foreign key (unit_id, supersedes_id) references sanjeh.contribution (unit_id, id);
grant update (state, superseded_by, accepted_by, supersedes_id, version, rows_ok, rows_rejected, period_from, period_to)
    on sanjeh.contribution to sanjeh_app;
grant update (in_force) on sanjeh.workload_fact, sanjeh.indicator_value to sanjeh_app;

-- ---- reference data ----
create table sanjeh.reference (
    id uuid not null,
    kind text not null
        constraint reference_kind_known
        check (kind in ('province', 'case_type', 'time_standard', 'case_weight', 'judicial_grade', 'judicial_group')),
    code text not null constraint reference_code_form check (code ~ '^[A-Z0-9][A-Z0-9._-]{0,31}$'),
    version int4 not null constraint reference_version_positive check (version > 0),
    name_fa text not null constraint reference_name_fa_length check (octet_length(name_fa) between 1 and 400),
    name_en text not null constraint reference_name_en_length check (octet_length(name_en) between 1 and 400),
    amount numeric(12, 3),
    valid_from date not null,
    created_by uuid,
    created_at timestamptz not null default now(),
    constraint reference_pkey primary key (id),
    constraint reference_edition_once unique (kind, code, version),
    constraint reference_day_once unique (kind, code, valid_from),
    constraint reference_amount_where_due check (
        (kind in ('time_standard', 'case_weight')) = (amount is not null) and (amount is null or amount > 0))
);
comment on table sanjeh.reference is
    'editions of reference data that all units share; the newest edition whose valid_from has come is the one in force';
comment on column sanjeh.reference.amount is 'time_standard: days of the case type; case_weight: points of the case type';
-- ---- courts: kind, specialisation, size, place in the hierarchy ----
alter table sanjeh.court
    add column kind text constraint court_kind_known
        check (kind in ('supreme', 'appeal', 'first_instance', 'criminal_one', 'revolutionary', 'family', 'military', 'administrative',
            'peace', 'prosecution', 'other')),
    add column specialisation text constraint court_specialisation_length check (octet_length(specialisation) between 1 and 128),
    add column size_class text constraint court_size_class_known check (size_class in ('small', 'medium', 'large')),
    add column parent_id uuid constraint court_parent references sanjeh.court (id),
    add constraint court_not_own_parent check (parent_id <> id);

-- ---- postings and availability ----
create table sanjeh.posting (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    compartment_id uuid references sanjeh.unit (id),
    judge_unit_id uuid not null,
    judge_id uuid not null,
    court_id uuid not null references sanjeh.court (id),
    branch text constraint posting_branch_length check (octet_length(branch) between 1 and 128),
    title text not null constraint posting_title_length check (octet_length(title) between 1 and 128),
    job_group text constraint posting_job_group_form check (job_group ~ '^[A-Z0-9][A-Z0-9._-]{0,31}$'),
    judicial_base int4 constraint posting_judicial_base_sane check (judicial_base between 1 and 12),
    secondment_body text constraint posting_secondment_body_length check (octet_length(secondment_body) between 1 and 128),
    posted_from date not null,
    posted_to date,
    order_number_ct bytea,
    key_version int4,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    constraint posting_pkey primary key (unit_id, id),
    constraint posting_order check (posted_from <= posted_to),
    constraint posting_sealed_whole check ((order_number_ct is null) = (key_version is null))
);
create index posting_by_judge on sanjeh.posting (judge_id, id);
create index posting_by_court on sanjeh.posting (court_id, posted_from);
create unique index posting_once on sanjeh.posting (unit_id, judge_id, court_id, posted_from,
    (case when branch is null then '' else branch end));
comment on column sanjeh.posting.posted_to is 'last day; null: still there';
select sanjeh.protect('sanjeh.posting', 'judge_id', has_compartment => true,
    read_scopes => array['00000000-0000-8000-8000-000000000006']::uuid[]);
grant select, insert on sanjeh.posting to sanjeh_app;

create table sanjeh.availability_fact (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    compartment_id uuid references sanjeh.unit (id),
    judge_unit_id uuid not null,
    judge_id uuid not null,
    period_from date not null,
    period_to date not null,
    leave_days int4 constraint availability_leave_range check (leave_days between 0 and 400),
    other_duty_permille int4 constraint availability_other_duty_range check (other_duty_permille between 0 and 1000),
    created_by uuid not null,
    created_at timestamptz not null default now(),
    constraint availability_pkey primary key (unit_id, id),
    constraint availability_period_order check (period_from <= period_to),
    constraint availability_says_something check (num_nonnulls(leave_days, other_duty_permille) > 0)
);
create unique index availability_once on sanjeh.availability_fact (unit_id, judge_id, period_from, period_to);
create index availability_by_judge on sanjeh.availability_fact (judge_id, id);
select sanjeh.protect('sanjeh.availability_fact', 'judge_id', has_compartment => true,
    read_scopes => array['00000000-0000-8000-8000-000000000006']::uuid[]);
grant select, insert on sanjeh.availability_fact to sanjeh_app;

-- ---- bulk imports ----
create table sanjeh.import_job (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    compartment_id uuid references sanjeh.unit (id),
    kind text not null constraint import_kind_known check (kind in ('survey_means', 'workload', 'roster')),
    format text not null constraint import_format_known check (format in ('csv', 'ndjson')),
    accept text not null constraint import_accept_known check (accept in ('all_or_nothing', 'valid_rows')),
    period_from date,
    period_to date,
    cycle text constraint import_cycle_length check (octet_length(cycle) between 1 and 64),
    comment_ct bytea,
    key_version int4 not null,
    is_dry_run boolean not null default false,
    state text not null default 'draft'
        constraint import_state_known
        check (state in ('draft', 'uploading', 'checking', 'writing', 'done', 'failed', 'cancelled')),
    failure text,
    bytes int8 not null default 0 constraint import_bytes_not_negative check (bytes >= 0),
    at_byte int8 not null default 0 constraint import_cursor_in_file check (at_byte between 0 and bytes),
    at_row int8 not null default 0,
    rows_read int8 not null default 0,
    rows_ok int8 not null default 0,
    rows_rejected int8 not null default 0,
    header bytea,
    contribution_id uuid,
    submitted_by uuid not null,
    tenant_tag uuid not null,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    pass_started_at timestamptz,
    ended_at timestamptz,
    version int8 not null default 1,
    constraint import_pkey primary key (unit_id, id),
    constraint import_period_whole check ((period_from is null) = (period_to is null) and period_from <= period_to)
);
comment on column sanjeh.import_job.header is 'first line of a CSV: names of columns, no data';
create index import_running on sanjeh.import_job (id) where state in ('checking', 'writing');
select sanjeh.protect('sanjeh.import_job', has_compartment => true,
    read_scopes => array['00000000-0000-8000-8000-000000000006']::uuid[]);
grant select, insert, update (is_dry_run, state, failure, bytes, at_byte, at_row, rows_read, rows_ok, rows_rejected, header,
    contribution_id, started_at, pass_started_at, ended_at, version) on sanjeh.import_job to sanjeh_app;

create table sanjeh.import_part (
    unit_id uuid not null,
    import_id uuid not null,
    at_byte int8 not null constraint import_part_at_not_negative check (at_byte >= 0),
    byte_size int4 not null constraint import_part_size_range check (byte_size between 1 and 65536),
    id uuid not null,
    body_ct bytea not null,
    constraint import_part_pkey primary key (unit_id, import_id, at_byte),
    constraint import_part_job foreign key (unit_id, import_id) references sanjeh.import_job (unit_id, id)
);
select sanjeh.protect('sanjeh.import_part');
alter table sanjeh.import_part alter column body_ct set storage external;
grant select, insert, delete on sanjeh.import_part to sanjeh_app;

create table sanjeh.import_error (
    unit_id uuid not null,
    import_id uuid not null,
    no int8 not null,
    row_no int8 not null,
    column_name text,
    code text not null,
    constraint import_error_pkey primary key (unit_id, import_id, no),
    constraint import_error_job foreign key (unit_id, import_id) references sanjeh.import_job (unit_id, id)
);
select sanjeh.protect('sanjeh.import_error');
grant select, insert, delete on sanjeh.import_error to sanjeh_app;

-- ---- data issues ----
create table sanjeh.data_issue (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    compartment_id uuid references sanjeh.unit (id),
    evaluation_id uuid,
    fact_id uuid,
    value_id uuid,
    field text constraint data_issue_field_known
        check (field in ('personnel_number', 'national_number', 'name', 'status', 'sex', 'birth_year', 'education',
            'first_appointment', 'judicial_base')),
    judge_unit_id uuid,
    judge_id uuid,
    subject_id uuid not null,
    opened_by uuid not null,
    opened_by_judge boolean not null,
    text_ct bytea not null,
    reason_ct bytea,
    key_version int4 not null,
    state text not null default 'open'
        constraint data_issue_state_known check (state in ('open', 'answered', 'corrected', 'waived', 'rejected')),
    opened_at timestamptz not null,
    due_at timestamptz not null,
    answered_by uuid,
    answered_at timestamptz,
    version int8 not null default 1,
    constraint data_issue_pkey primary key (unit_id, id),
    constraint data_issue_one_target check (num_nonnulls(fact_id, value_id, field) = 1),
    constraint data_issue_judge_whole check ((judge_unit_id is null) = (judge_id is null)),
    constraint data_issue_judge_speaks_of_self check (not opened_by_judge or judge_id is not null),
    constraint data_issue_answered_whole check (
        (state = 'open') = (answered_at is null) and (state = 'open') = (answered_by is null)
        and (state = 'open') = (reason_ct is null))
);
comment on column sanjeh.data_issue.unit_id is 'owner of the contested row: whoever sent it answers';
comment on column sanjeh.data_issue.subject_id is 'subject of the key: the judge, or the issue itself when the row names none';
create index data_issue_by_judge on sanjeh.data_issue (judge_id, id);
create index data_issue_open_fact on sanjeh.data_issue (fact_id) where state = 'open';
create index data_issue_open_value on sanjeh.data_issue (value_id) where state = 'open';
create unique index data_issue_once on sanjeh.data_issue (unit_id, opened_by,
    (case when fact_id is not null then fact_id when value_id is not null then value_id else judge_id end),
    (case when field is null then '' else field end)) where state = 'open';
select sanjeh.protect('sanjeh.data_issue', 'judge_id', has_compartment => true,
    read_scopes => array['00000000-0000-8000-8000-000000000006']::uuid[]);
alter policy unit_insert on sanjeh.data_issue with check (
    array[unit_id] && (select sanjeh.scope_ids())
    or (array[judge_id] && (select sanjeh.scope_ids()) and opened_by_judge and state = 'open'));
alter policy compartment on sanjeh.data_issue using (
    compartment_id is null or array[compartment_id, judge_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()))
    with check (compartment_id is null or array[compartment_id] && (select sanjeh.scope_ids()));
select sanjeh.widen_policy('sanjeh.subject_key', 'unit_insert', 'array[subject_id] && (select sanjeh.scope_ids())');
grant select, insert, update (state, reason_ct, answered_by, answered_at, version) on sanjeh.data_issue to sanjeh_app;

-- ---- seeds: editable by later editions ----
insert into sanjeh.reference (id, kind, code, version, name_fa, name_en, valid_from)
select ('00000000-0000-8000-8003-' || lpad(to_hex(row_number() over ()), 12, '0'))::uuid, 'province', p.code, 1, p.name_fa, p.name_en,
    date '2010-06-23'
from (values
    ('IR-00', 'مرکزی', 'Markazi'), ('IR-01', 'گیلان', 'Gilan'), ('IR-02', 'مازندران', 'Mazandaran'),
    ('IR-03', 'آذربایجان شرقی', 'East Azerbaijan'), ('IR-04', 'آذربایجان غربی', 'West Azerbaijan'),
    ('IR-05', 'کرمانشاه', 'Kermanshah'), ('IR-06', 'خوزستان', 'Khuzestan'), ('IR-07', 'فارس', 'Fars'),
    ('IR-08', 'کرمان', 'Kerman'), ('IR-09', 'خراسان رضوی', 'Razavi Khorasan'), ('IR-10', 'اصفهان', 'Isfahan'),
    ('IR-11', 'سیستان و بلوچستان', 'Sistan and Baluchestan'), ('IR-12', 'کردستان', 'Kurdistan'), ('IR-13', 'همدان', 'Hamadan'),
    ('IR-14', 'چهارمحال و بختیاری', 'Chaharmahal and Bakhtiari'), ('IR-15', 'لرستان', 'Lorestan'), ('IR-16', 'ایلام', 'Ilam'),
    ('IR-17', 'کهگیلویه و بویراحمد', 'Kohgiluyeh and Boyer-Ahmad'), ('IR-18', 'بوشهر', 'Bushehr'), ('IR-19', 'زنجان', 'Zanjan'),
    ('IR-20', 'سمنان', 'Semnan'), ('IR-21', 'یزد', 'Yazd'), ('IR-22', 'هرمزگان', 'Hormozgan'), ('IR-23', 'تهران', 'Tehran'),
    ('IR-24', 'اردبیل', 'Ardabil'), ('IR-25', 'قم', 'Qom'), ('IR-26', 'قزوین', 'Qazvin'), ('IR-27', 'گلستان', 'Golestan'),
    ('IR-28', 'خراسان شمالی', 'North Khorasan'), ('IR-29', 'خراسان جنوبی', 'South Khorasan'), ('IR-30', 'البرز', 'Alborz'))
    as p (code, name_fa, name_en);
insert into sanjeh.reference (id, kind, code, version, name_fa, name_en, amount, valid_from)
select ('00000000-0000-8000-8004-' || lpad(to_hex(row_number() over ()), 12, '0'))::uuid, k.kind, c.code, 1, c.name_fa, c.name_en,
    case k.kind when 'time_standard' then c.days when 'case_weight' then c.weight end, date '2021-03-21'
from (values
    ('CIVIL', 'دعوای حقوقی', 'Civil claim', 180, 1.000), ('FAMILY', 'دعوای خانواده', 'Family matter', 120, 0.800),
    ('CRIM1', 'جرایم کیفری یک', 'Serious criminal case', 365, 4.000), ('CRIM2', 'جرایم کیفری دو', 'Criminal case', 150, 1.200),
    ('REVOL', 'پرونده دادگاه انقلاب', 'Revolutionary court case', 240, 2.000), ('JUVEN', 'اطفال و نوجوانان', 'Juvenile case', 120, 1.500),
    ('COMM', 'دعوای تجاری', 'Commercial claim', 240, 2.500), ('LAND', 'دعوای ملکی', 'Land and property claim', 240, 1.800),
    ('LABOUR', 'دعوای کار', 'Labour matter', 120, 0.900), ('INHER', 'امور حسبی و ارث', 'Non-contentious and inheritance', 90, 0.500),
    ('APPEAL', 'تجدیدنظرخواهی', 'Appeal', 120, 1.300), ('CASS', 'فرجام‌خواهی', 'Cassation', 180, 1.600),
    ('INVEST', 'تحقیقات مقدماتی', 'Preliminary investigation', 120, 1.400), ('ENFORCE', 'اجرای احکام', 'Enforcement', 180, 0.600),
    ('OTHER', 'سایر', 'Other', 180, 1.000))
    as c (code, name_fa, name_en, days, weight)
cross join (values ('case_type'), ('time_standard'), ('case_weight')) as k (kind);
insert into sanjeh.reference (id, kind, code, version, name_fa, name_en, valid_from)
select ('00000000-0000-8000-8005-' || lpad(to_hex(n), 12, '0'))::uuid, 'judicial_grade', 'P' || n, 1, 'پایه ' || n, 'Judicial base ' || n,
    date '1991-01-01'
from generate_series(1, 11) as n;
-- behind the seeds: the owner has no signed context
alter table sanjeh.reference enable row level security;
alter table sanjeh.reference force row level security;
create policy reference_read on sanjeh.reference for select using (true);
create policy reference_add on sanjeh.reference for insert
    with check (cardinality((select sanjeh.scope_ids())::uuid[]) > 0);
grant select, insert on sanjeh.reference to sanjeh_app;
