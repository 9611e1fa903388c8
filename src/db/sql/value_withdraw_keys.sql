-- Values of the own unit in force under these keys of judges go out of force, for those of a correction; it is about a judge, so no key has a court.
update sanjeh.indicator_value v
set in_force = false
from unnest($3::uuid[], $4::uuid[], $5::int4[], $6::int4[], $7::uuid[]) as w (judge_id, indicator_id, period_from, period_to, court_id)
where v.judge_id = w.judge_id
    and v.court_id is null and w.court_id is null
    and v.indicator_id = w.indicator_id
    and v.period_from = date '1970-01-01' + w.period_from
    and v.period_to = date '1970-01-01' + w.period_to
    and v.unit_id = $1::uuid
    and v.compartment_id is not distinct from nullif($2::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
    and v.in_force
