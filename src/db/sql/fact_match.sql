-- Which of these keys (numbered from 0) a row in force has already. The expressions are those of the
-- index fact_in_force.
select w.number - 1
from unnest($3::uuid[], $4::uuid[], $5::int4[], $6::int4[]) with ordinality
    as w (judge_id, court_id, period_from, period_to, number)
join sanjeh.workload_fact f
    on f.unit_id = $1::uuid
    and coalesce(f.compartment_id, '00000000-0000-0000-0000-000000000000'::uuid) = $2::uuid
    and coalesce(f.judge_id, '00000000-0000-0000-0000-000000000000'::uuid)
        = coalesce(w.judge_id, '00000000-0000-0000-0000-000000000000'::uuid)
    and coalesce(f.court_id, '00000000-0000-0000-0000-000000000000'::uuid)
        = coalesce(w.court_id, '00000000-0000-0000-0000-000000000000'::uuid)
    and f.period_from = date '1970-01-01' + w.period_from
    and f.period_to = date '1970-01-01' + w.period_to
    and f.in_force
