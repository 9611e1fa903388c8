-- Which of these keys (numbered from 0) a value of a judge or a court has already: one in force but for those of the batch $9 whose place is being
-- taken, or one of the batch $8 itself, whose rows lie apart (value_of_batch). The expressions are those of the index value_in_force; the limit keeps the planner to one look-up a key whatever its statistics say.
with w as materialized (
    select u.number, u.indicator_id,
        case when u.judge_id is null then '00000000-0000-0000-0000-000000000000'::uuid else u.judge_id end as judge_id,
        case when u.court_id is null then '00000000-0000-0000-0000-000000000000'::uuid else u.court_id end as court_id,
        date '1970-01-01' + u.period_from as period_from,
        date '1970-01-01' + u.period_to as period_to
    from unnest($3::uuid[], $4::uuid[], $5::int4[], $6::int4[], $7::uuid[]) with ordinality
        as u (judge_id, indicator_id, period_from, period_to, court_id, number))
select w.number - 1
from w
cross join lateral (
    select 1
    from sanjeh.indicator_value v
    where v.unit_id = $1::uuid
        and (case when v.compartment_id is null
            then '00000000-0000-0000-0000-000000000000'::uuid else v.compartment_id end) = $2::uuid
        and (case when v.judge_id is null
            then '00000000-0000-0000-0000-000000000000'::uuid else v.judge_id end) = w.judge_id
        and (case when v.court_id is null
            then '00000000-0000-0000-0000-000000000000'::uuid else v.court_id end)
            = w.court_id
        and v.indicator_id = w.indicator_id
        and v.period_from = w.period_from
        and v.period_to = w.period_to
        and v.contribution_id is distinct from $9::uuid
        and v.in_force
    limit 1) as known
union
select w.number - 1
from w
cross join lateral (
    select 1
    from sanjeh.indicator_value v
    where v.unit_id = $1::uuid
        and v.contribution_id = $8::uuid
        and v.judge_id is not distinct from nullif(w.judge_id, '00000000-0000-0000-0000-000000000000'::uuid)
        and v.court_id is not distinct from nullif(w.court_id, '00000000-0000-0000-0000-000000000000'::uuid)
        and v.indicator_id = w.indicator_id
        and v.period_from = w.period_from
        and v.period_to = w.period_to
        and not v.in_force
    limit 1) as known
