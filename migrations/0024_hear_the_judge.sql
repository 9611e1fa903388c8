-- SPDX-License-Identifier: Apache-2.0
--
-- Why: the judge's short statement (at most 100 words) that goes with his report card, and the reviews of his decisions: he reads them
--   once the file is served, what was written and not by whom (marks are locked by then: nobody is blind any more).
-- Locks: opinion_review for the moment of a policy. Time on big tables: none. Retreat: drop the table, narrow the policy again.

-- body: statement. One before the card of the round is issued, one after; the later one stands in the next card.
create table sanjeh.judge_statement (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null,
    kind text not null constraint judge_statement_kind_known check (kind in ('before_issue', 'after_issue')),
    body_ct bytea not null,
    key_version int4 not null,
    created_by uuid not null,
    created_at timestamptz not null default sanjeh.clock_now(),
    version int8 not null default 1,
    constraint judge_statement_pkey primary key (unit_id, id),
    constraint judge_statement_of_file foreign key (unit_id, evaluation_id) references sanjeh.evaluation (issuer_unit_id, id),
    constraint judge_statement_once unique (unit_id, evaluation_id, round, kind)
);
create index judge_statement_by_evaluation on sanjeh.judge_statement (evaluation_id, id);
select sanjeh.protect_file('sanjeh.judge_statement', 'true', 's.capacity not in (''reviewer'', ''observer'', ''court_head'')',
    null, 'e.notified_at is not null', 'false');
select sanjeh.protect_author('sanjeh.judge_statement');
create policy judge_adds on sanjeh.judge_statement as restrictive for insert
    with check (array[judge_id] && (select sanjeh.scope_ids()));
grant select, insert on sanjeh.judge_statement to sanjeh_app;

select sanjeh.widen_policy('sanjeh.opinion_review', 'file_read', 'array[judge_id] && (select sanjeh.scope_ids())
    and exists (select from sanjeh.evaluation as e where e.id = opinion_review.evaluation_id and e.disclosed_at is not null)');
