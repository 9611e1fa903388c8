-- SPDX-License-Identifier: Apache-2.0
--
-- Why: surveys about a judge or a court whose answers nobody can trace, not even a superuser of this database (ADR-0017).
--   A survey's answers are not rows. survey_answer holds a few sealed parts of constant size, together one ballot box: every
--   accepted answer opens all parts, puts itself into a blank place, shuffles all places and seals all parts again, in the
--   transaction that rewrites ALL invitations of the survey. So every part and every invitation has the same xmin, the
--   same time (none), and nothing else: there is no row of an answer to join with. The only date is the week of the closing.
--   Scope …0007 SURVEY: the server's own work for people without an account who hold a token; never a request's.
-- Locks: subject_key for the moment of one policy. Time on big tables: none. Retreat: a later migration drops these tables.

-- Reference: which groups may rate which criterion, and how the item is put to them. A survey's items refer to it.
create table sanjeh.survey_question (
    criterion text not null constraint survey_question_criterion_form check (criterion ~ '^[A-Z0-9]{1,8}$'),
    respondents text not null constraint survey_question_respondents_known
        check (respondents in ('lawyers', 'judges', 'staff', 'court_users', 'court_head')),
    text_fa text not null constraint survey_question_fa_length check (octet_length(text_fa) between 1 and 1000),
    text_en text not null constraint survey_question_en_length check (octet_length(text_en) between 1 and 1000),
    constraint survey_question_pkey primary key (criterion, respondents)
);
comment on table sanjeh.survey_question is
    'behaviour-anchored items, marks 1 to 5; legal ability (S01) is for lawyers and judges only, other pairs do not exist';
grant select on sanjeh.survey_question to sanjeh_app;
insert into sanjeh.survey_question (criterion, respondents, text_fa, text_en)
select i.criterion, r.respondents, i.text_fa, i.text_en
from (values
    ('S01', 'در جلسه و در رأی، قانون و رویه مرتبط را درست شناسایی و به واقعیات پرونده اعمال کرد.',
        'In hearing and judgment, identified the relevant law and procedure and applied it to the facts.',
        array['lawyers', 'judges']),
    ('S02', 'با همه طرف‌ها یکسان رفتار کرد و پیش از شنیدن همه، نشانه‌ای از تصمیم نداد.',
        'Treated all sides alike and gave no sign of a decision before all were heard.',
        array['lawyers', 'judges', 'staff', 'court_users', 'court_head']),
    ('S03', 'پرسش‌ها و تصمیم‌ها را روشن بیان کرد و دلیل آنها را به زبان قابل فهم گفت.',
        'Put questions and decisions clearly and gave the reasons in words that could be understood.',
        array['lawyers', 'judges', 'staff', 'court_users', 'court_head']),
    ('S04', 'در جلسه آرام و مؤدب ماند و حرمت حاضران را نگه داشت.',
        'Stayed calm and courteous in the hearing and respected those present.',
        array['lawyers', 'judges', 'staff', 'court_users', 'court_head']),
    ('S05', 'جلسه را سر وقت آغاز کرد و کار شعبه را به نوبت و بی‌وقفه پیش برد.',
        'Began hearings on time and kept the work of the branch in order and moving.',
        array['lawyers', 'staff', 'court_head']),
    ('S06', 'به هر طرف فرصت سخن داد، شنید و نشان داد که شنیده است.',
        'Let each side speak, listened, and showed that they had been heard.',
        array['lawyers', 'judges', 'staff', 'court_users', 'court_head'])
    ) as i (criterion, text_fa, text_en, groups), unnest(i.groups) as r (respondents);

create table sanjeh.survey (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    cycle_id uuid,
    judge_unit_id uuid,
    judge_id uuid,
    court_id uuid references sanjeh.court (id),
    title_fa text not null constraint survey_title_fa_length check (octet_length(title_fa) between 1 and 400),
    title_en text not null constraint survey_title_en_length check (octet_length(title_en) between 1 and 400),
    period_from date not null,
    period_to date not null,
    opens_at timestamptz not null,
    closes_at timestamptz not null,
    state text not null default 'draft'
        constraint survey_state_known check (state in ('draft', 'open', 'closed', 'released')),
    min_mean int4 not null default 5 constraint survey_min_mean_range check (min_mean between 5 and 50),
    min_distribution int4 not null default 8 constraint survey_min_distribution_range check (min_distribution between 8 and 100),
    min_comments int4 not null default 10 constraint survey_min_comments_range check (min_comments between 10 and 200),
    min_score int4 not null default 15 constraint survey_min_score_range check (min_score between 15 and 500),
    invited int4 not null default 0 constraint survey_invited_range check (invited between 0 and 1000),
    closed_week text constraint survey_closed_week_form check (closed_week ~ '^[0-9]{4}-W[0-9]{2}$'),
    version int8 not null default 1,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    constraint survey_pkey primary key (unit_id, id),
    constraint survey_cycle foreign key (unit_id, cycle_id) references sanjeh.cycle (unit_id, id),
    constraint survey_about_one check (num_nonnulls(judge_id, court_id) = 1),
    constraint survey_judge_whole check ((judge_unit_id is null) = (judge_id is null)),
    constraint survey_period_order check (period_from <= period_to),
    constraint survey_window_order check (opens_at < closes_at),
    constraint survey_thresholds_order check (min_mean <= min_distribution and min_distribution <= min_comments),
    constraint survey_closed_has_week check ((state in ('closed', 'released')) <= (closed_week is not null))
);
comment on column sanjeh.survey.closed_week is 'ISO week of the closing: the one date of all answers';

create table sanjeh.survey_item (
    unit_id uuid not null,
    survey_id uuid not null,
    no int4 not null constraint survey_item_no_range check (no between 1 and 12),
    criterion text not null,
    respondents text not null,
    text_fa text not null,
    text_en text not null,
    constraint survey_item_pkey primary key (unit_id, survey_id, no, respondents),
    constraint survey_item_survey foreign key (unit_id, survey_id) references sanjeh.survey (unit_id, id),
    constraint survey_item_permitted foreign key (criterion, respondents)
        references sanjeh.survey_question (criterion, respondents)
);
comment on column sanjeh.survey_item.no is 'of the criterion: the place of its mark in an answer';

create table sanjeh.survey_invite (
    unit_id uuid not null,
    survey_id uuid not null,
    respondents text not null constraint survey_invite_respondents_known
        check (respondents in ('lawyers', 'judges', 'staff', 'court_users', 'court_head')),
    token_sha256 bytea not null constraint survey_invite_token_size check (octet_length(token_sha256) = 32),
    used boolean not null default false,
    constraint survey_invite_pkey primary key (unit_id, token_sha256),
    constraint survey_invite_survey foreign key (unit_id, survey_id) references sanjeh.survey (unit_id, id)
);
create index survey_invite_by_token on sanjeh.survey_invite (token_sha256);
create index survey_invite_by_survey on sanjeh.survey_invite (unit_id, survey_id);
comment on table sanjeh.survey_invite is
    'KA: no time, no account, no order; all rows of a survey are rewritten whenever one is used';

create table sanjeh.survey_answer (
    unit_id uuid not null,
    id uuid not null,
    survey_id uuid not null,
    body_ct bytea not null,
    key_version int4 not null constraint survey_answer_key_version_positive check (key_version > 0),
    constraint survey_answer_pkey primary key (unit_id, id),
    constraint survey_answer_survey foreign key (unit_id, survey_id) references sanjeh.survey (unit_id, id)
);
create index survey_answer_by_survey on sanjeh.survey_answer (unit_id, survey_id);
alter table sanjeh.survey_answer alter column body_ct set storage external;
comment on table sanjeh.survey_answer is
    'a part of a ballot box: 32 places of equal size, blank or not; all parts are shuffled and sealed anew at every change';

create table sanjeh.survey_release (
    unit_id uuid not null,
    id uuid not null,
    survey_id uuid not null,
    no int4 not null constraint survey_release_no_positive check (no > 0),
    judge_id uuid,
    cycle_id uuid,
    body_ct bytea not null,
    comments_ct bytea not null,
    key_version int4 not null constraint survey_release_key_version_positive check (key_version > 0),
    contribution_id uuid,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    constraint survey_release_pkey primary key (unit_id, id),
    constraint survey_release_once unique (unit_id, survey_id, no),
    constraint survey_release_survey foreign key (unit_id, survey_id) references sanjeh.survey (unit_id, id),
    constraint survey_release_contribution foreign key (unit_id, contribution_id)
        references sanjeh.contribution (unit_id, id)
);
create index survey_release_by_id on sanjeh.survey_release (id);
comment on table sanjeh.survey_release is 'results come from here and never from the box; frozen, nobody may change one';

do $do$
declare
    target text;
    system constant uuid[] := array['00000000-0000-8000-8000-000000000007'::uuid];
begin
    foreach target in array array['survey', 'survey_item', 'survey_invite', 'survey_answer'] loop
        perform sanjeh.protect(format('sanjeh.%I', target)::regclass, system_scopes => system);
    end loop;
end
$do$;
select sanjeh.protect('sanjeh.survey_release', 'judge_id');
-- Who sees the evaluation that the survey belongs to (its issuer, its seats; evaluation_read decides) sees what was released.
-- A release is sealed under a key of its own (subject = release): whoever sees the row opens it.
select sanjeh.widen_policy('sanjeh.survey_release', 'unit_select', 'cardinality((select sanjeh.scope_ids())::uuid[]) > 0
    and exists (select from sanjeh.evaluation as e
        where e.judge_id = survey_release.judge_id and e.cycle_id = survey_release.cycle_id)');
select sanjeh.widen_policy('sanjeh.survey', 'unit_select', 'cardinality((select sanjeh.scope_ids())::uuid[]) > 0
    and exists (select from sanjeh.survey_release as r where r.unit_id = survey.unit_id and r.survey_id = survey.id)');
select sanjeh.widen_policy('sanjeh.survey_item', 'unit_select', 'cardinality((select sanjeh.scope_ids())::uuid[]) > 0
    and exists (select from sanjeh.survey_release as r
        where r.unit_id = survey_item.unit_id and r.survey_id = survey_item.survey_id)');
select sanjeh.widen_policy('sanjeh.subject_key', 'unit_select', 'cardinality((select sanjeh.scope_ids())::uuid[]) > 0
    and exists (select from sanjeh.survey_release as r
        where r.id = subject_key.subject_id and r.unit_id = subject_key.unit_id)');

grant select, insert, update (state, invited, closed_week, version) on sanjeh.survey to sanjeh_app;
grant select, insert on sanjeh.survey_item to sanjeh_app;
grant select, insert, update (used) on sanjeh.survey_invite to sanjeh_app;
grant select, insert, update (body_ct, key_version) on sanjeh.survey_answer to sanjeh_app;
grant select, insert on sanjeh.survey_release to sanjeh_app;
-- a second release of the same survey replaces the values of the first
grant update (in_force) on sanjeh.indicator_value to sanjeh_app;
