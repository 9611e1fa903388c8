-- Which of these keys (numbered from 0) a row in force has already. The expressions are those of the
-- index fact_in_force; the limit keeps the planner to one look-up a key whatever its statistics say.
with w as materialized (
    select u.number,
        coalesce(u.judge_id, '00000000-0000-0000-0000-000000000000'::uuid) as judge_id,
        coalesce(u.court_id, '00000000-0000-0000-0000-000000000000'::uuid) as court_id,
        date '1970-01-01' + u.period_from as period_from,
        date '1970-01-01' + u.period_to as period_to,
        coalesce(u.case_type, '') as case_type
    from unnest($3::uuid[], $4::uuid[], $5::int4[], $6::int4[], $7::text[]) with ordinality
        as u (judge_id, court_id, period_from, period_to, case_type, number))
select w.number - 1
from w
cross join lateral (
    select 1
    from sanjeh.workload_fact f
    where f.unit_id = $1::uuid
        and (case when f.compartment_id is null
            then '00000000-0000-0000-0000-000000000000'::uuid else f.compartment_id end) = $2::uuid
        and (case when f.judge_id is null
            then '00000000-0000-0000-0000-000000000000'::uuid else f.judge_id end) = w.judge_id
        and (case when f.court_id is null
            then '00000000-0000-0000-0000-000000000000'::uuid else f.court_id end) = w.court_id
        and f.period_from = w.period_from
        and f.period_to = w.period_to
        and (case when f.case_type is null then '' else f.case_type end) = w.case_type
        and f.in_force
    limit 1) as known
