-- Which of these keys (numbered from 0) a row has already: one in force by the index fact_in_force, of a judge or of a court alone, but for
-- those of the batch $9 whose place is being taken; or one of the batch $8 itself, whose rows lie apart (fact_of_batch).
-- The limit keeps the planner to one look-up a key whatever its statistics say.
with w as materialized (
    select u.number, u.judge_id, u.court_id, date '1970-01-01' + u.period_from as period_from,
        date '1970-01-01' + u.period_to as period_to, u.case_type
    from unnest($3::uuid[], $4::uuid[], $5::int4[], $6::int4[], $7::text[]) with ordinality
        as u (judge_id, court_id, period_from, period_to, case_type, number))
select w.number - 1
from w
cross join lateral (
    select 1
    from sanjeh.workload_fact f
    where f.judge_id = w.judge_id
        and f.period_from = w.period_from
        and f.period_to = w.period_to
        and f.court_id is not distinct from w.court_id
        and f.case_type is not distinct from w.case_type
        and f.unit_id = $1::uuid
        and f.compartment_id is not distinct from nullif($2::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
        and f.contribution_id is distinct from $9::uuid
        and f.in_force
    limit 1) as known
where w.judge_id is not null
union
select w.number - 1
from w
cross join lateral (
    select 1
    from sanjeh.workload_fact f
    where f.judge_id is null
        and f.period_from = w.period_from
        and f.period_to = w.period_to
        and f.court_id = w.court_id
        and f.case_type is not distinct from w.case_type
        and f.unit_id = $1::uuid
        and f.compartment_id is not distinct from nullif($2::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
        and f.contribution_id is distinct from $9::uuid
        and f.in_force
    limit 1) as known
where w.judge_id is null
union
select w.number - 1
from w
cross join lateral (
    select 1
    from sanjeh.workload_fact f
    where f.unit_id = $1::uuid
        and f.contribution_id = $8::uuid
        and f.judge_id = w.judge_id
        and f.period_from = w.period_from
        and f.period_to = w.period_to
        and f.court_id is not distinct from w.court_id
        and f.case_type is not distinct from w.case_type
        and not f.in_force
    limit 1) as known
where w.judge_id is not null
union
select w.number - 1
from w
cross join lateral (
    select 1
    from sanjeh.workload_fact f
    where f.unit_id = $1::uuid
        and f.contribution_id = $8::uuid
        and f.judge_id is null
        and f.period_from = w.period_from
        and f.period_to = w.period_to
        and f.court_id = w.court_id
        and f.case_type is not distinct from w.case_type
        and not f.in_force
    limit 1) as known
where w.judge_id is null
