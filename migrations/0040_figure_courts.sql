-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a computation works out the figures of courts (level C) from the courts' own workload rows and keeps them as indicator values of the
--   process owner, one contribution a run; each says which part of the period its rows cover.
-- Locks: contribution for a moment (a wider constraint, rows are not looked at again while it is exclusive); workload_fact and
--   indicator_value while an index over rows about no judge is built. Time on big tables: about a second a million rows.
-- Retreat: drop the indexes and the column; the former constraint, once no such contribution is there.
alter table sanjeh.contribution drop constraint contribution_kind_known;
alter table sanjeh.contribution add constraint contribution_kind_known
    check (kind in ('survey_means', 'workload', 'roster', 'measures', 'sample_quality', 'court_figures')) not valid;
alter table sanjeh.contribution validate constraint contribution_kind_known;
alter table sanjeh.indicator_value
    add column coverage numeric(5, 2),
    add constraint value_coverage_is_percent check (coverage between 0 and 100) not valid,
    add constraint value_coverage_of_court check (coverage is null or judge_id is null) not valid;
alter table sanjeh.indicator_value validate constraint value_coverage_is_percent;
alter table sanjeh.indicator_value validate constraint value_coverage_of_court;
comment on column sanjeh.indicator_value.coverage is 'of a court''s figure: percent of the days of the period that its rows speak of';
create index fact_of_court on sanjeh.workload_fact (court_id) where judge_id is null and in_force;
create index value_of_court on sanjeh.indicator_value (court_id) where judge_id is null and in_force;
