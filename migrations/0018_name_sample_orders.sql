-- SPDX-License-Identifier: Apache-2.0
--
-- Why: decisions must be anonymous before a reviewer reads them, and the office that draws them does not see the register. The order
--   carries the judge's name, sealed under the key of the file, to be held against the texts. A file is drawn once: a second draw
--   would be a choice.
-- Locks: sample_order, decision_sample for the moment of a change. Time on big tables: none (both are empty: no route wrote to them).
-- Retreat: drop the columns and the index.

-- The office that draws is one account and not its unit: evaluators are of the same unit, and each of them would see the evaluation,
-- its samples and both reviews. Policies follow the renamed columns.
alter table sanjeh.sample_order drop constraint sample_order_office_unit_id_fkey;
alter table sanjeh.sample_order rename column office_unit_id to office_account_id;
alter table sanjeh.decision_sample rename column office_unit_id to office_account_id;
alter table sanjeh.opinion_review rename column office_unit_id to office_account_id;
comment on column sanjeh.sample_order.office_account_id is 'who draws; sees the evaluation, its reviewers, samples and reviews from then on';

alter table sanjeh.sample_order add column name_ct bytea not null, add column key_version int4 not null;
create unique index decision_sample_one_draw on sanjeh.decision_sample (unit_id, evaluation_id, no);

-- Who sits in a file sees of it what his seat shows, even when he is the one who draws.
create policy seat_before_office on sanjeh.decision_sample as restrictive for select using (
    not exists (select from sanjeh.seat as s where s.evaluation_id = decision_sample.evaluation_id
        and array[s.account_id] && (select sanjeh.scope_ids()))
    or exists (select from sanjeh.seat as s join sanjeh.evaluation as e on e.id = s.evaluation_id
        where s.evaluation_id = decision_sample.evaluation_id and s.ended_at is null and array[s.account_id] && (select sanjeh.scope_ids())
            and (s.account_id in (reviewer_one, reviewer_two)
                or (e.marks_locked_at is not null and s.capacity not in ('reviewer', 'observer', 'court_head')))));
create policy seat_before_office on sanjeh.opinion_review as restrictive for select using (
    array[account_id] && (select sanjeh.scope_ids())
    or not exists (select from sanjeh.seat as s where s.evaluation_id = opinion_review.evaluation_id
        and array[s.account_id] && (select sanjeh.scope_ids()))
    or exists (select from sanjeh.seat as s join sanjeh.evaluation as e on e.id = s.evaluation_id
        where s.evaluation_id = opinion_review.evaluation_id and s.ended_at is null and array[s.account_id] && (select sanjeh.scope_ids())
            and ((s.capacity = 'reviewer' and exists (select from sanjeh.decision_sample as d
                    where d.id = opinion_review.sample_id and d.reviewed = 2))
                or (e.marks_locked_at is not null and s.capacity not in ('reviewer', 'observer', 'court_head')))));
