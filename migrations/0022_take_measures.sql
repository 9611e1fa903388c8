-- SPDX-License-Identifier: Apache-2.0
--
-- Why: units report indicators that are no workload and no survey (training hours, certified errors, custody reviews …), and the sample
--   office the quality of decisions that two have read.
-- Locks: contribution and import_job exclusively for a moment each: the new constraint is wider, no row is looked at again.
-- Time on big tables: none.
-- Retreat: the former constraints, once no such row is there.
alter table sanjeh.contribution drop constraint contribution_kind_known;
alter table sanjeh.contribution add constraint contribution_kind_known
    check (kind in ('survey_means', 'workload', 'roster', 'measures', 'sample_quality')) not valid;
alter table sanjeh.contribution validate constraint contribution_kind_known;
alter table sanjeh.import_job drop constraint import_kind_known;
alter table sanjeh.import_job add constraint import_kind_known check (kind in ('survey_means', 'workload', 'roster', 'measures')) not valid;
alter table sanjeh.import_job validate constraint import_kind_known;
