-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a workload row cost PostgreSQL 18 us, a bare COPY of it 1 us (docs/bench/import.md). What was measured per row: one
--   pattern match 1.0 us, sixteen single checks 1.1 us, five indexes in which neighbouring rows land far apart 5 to 15 us.
-- What was promised stays promised: the checks say the same in one expression, the pattern as trims of the same alphabet. The
--   natural key holds the same seven columns; "nulls not distinct" says what the case expressions said. It begins with the judge, so that
--   computing and the pages of a judge find their rows by it and need no index of their own; pages are sorted by id afterwards.
-- Indexes by court and by contribution no longer repeat the unit: both belong to what the id says already.
-- Locks: workload_fact exclusively while three indexes are built. Time on big tables: about 4 s a million rows. Retreat: a later
--   migration makes the former indexes and checks again.

alter table sanjeh.workload_fact
    drop constraint fact_case_type_form,
    drop constraint fact_pending_start_not_negative,
    drop constraint fact_filed_not_negative,
    drop constraint fact_returned_not_negative,
    drop constraint fact_transferred_in_not_negative,
    drop constraint fact_transferred_out_not_negative,
    drop constraint fact_resolved_not_negative,
    drop constraint fact_pending_end_not_negative,
    drop constraint fact_on_time_not_negative,
    drop constraint fact_hearings_not_negative,
    drop constraint fact_first_date_held_not_negative,
    drop constraint fact_adjourned_no_ground_not_negative,
    drop constraint fact_incoming_not_negative,
    drop constraint fact_identity,
    drop constraint fact_judge_whole,
    drop constraint fact_about_somebody,
    drop constraint fact_period_order,
    add constraint fact_sound check (
        -- least() leaves nulls out; "is not false" lets the unknown pass, as a check of its own would
        (least(pending_start, filed, returned, transferred_in, transferred_out, resolved, pending_end,
            on_time, hearings, first_date_held, adjourned_no_ground) >= 0) is not false
        and (filed + returned + transferred_in - transferred_out >= 0) is not false
        and (pending_start + filed + returned + transferred_in - transferred_out - resolved = pending_end) is not false
        and (judge_unit_id is null) = (judge_id is null)
        and (judge_id is not null or court_id is not null)
        and period_from <= period_to),
    -- '^[A-Z0-9][A-Z0-9._-]{0,31}$'
    add constraint fact_case_type_form check (
        octet_length(case_type) between 1 and 32
        and btrim(case_type, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-') = ''
        and ltrim(case_type, '._-') = case_type);

drop index sanjeh.fact_in_force;
create unique index fact_in_force on sanjeh.workload_fact
    (judge_id, period_from, period_to, court_id, case_type, unit_id, compartment_id) nulls not distinct where in_force;
drop index sanjeh.fact_by_judge;
drop index sanjeh.fact_by_court;
create index fact_by_court on sanjeh.workload_fact (court_id, id);
drop index sanjeh.fact_by_contribution;
create index fact_by_contribution on sanjeh.workload_fact (contribution_id, id);
