-- Rows of the own unit in force under these keys of judges go out of force, for those of a correction.
update sanjeh.workload_fact f
set in_force = false
from unnest($3::uuid[], $4::uuid[], $5::int4[], $6::int4[], $7::text[]) as w (judge_id, court_id, period_from, period_to, case_type)
where f.judge_id = w.judge_id
    and f.period_from = date '1970-01-01' + w.period_from
    and f.period_to = date '1970-01-01' + w.period_to
    and f.court_id is not distinct from w.court_id
    and f.case_type is not distinct from w.case_type
    and f.unit_id = $1::uuid
    and f.compartment_id is not distinct from nullif($2::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
    and f.in_force
