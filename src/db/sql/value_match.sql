-- Which of these keys (numbered from 0) a judge's value in force has already. The expressions are those
-- of the index value_in_force.
select w.number - 1
from unnest($3::uuid[], $4::uuid[], $5::int4[], $6::int4[]) with ordinality
    as w (judge_id, indicator_id, period_from, period_to, number)
join sanjeh.indicator_value v
    on v.unit_id = $1::uuid
    and coalesce(v.compartment_id, '00000000-0000-0000-0000-000000000000'::uuid) = $2::uuid
    and coalesce(v.judge_id, '00000000-0000-0000-0000-000000000000'::uuid)
        = coalesce(w.judge_id, '00000000-0000-0000-0000-000000000000'::uuid)
    and coalesce(v.court_id, '00000000-0000-0000-0000-000000000000'::uuid)
        = '00000000-0000-0000-0000-000000000000'::uuid
    and v.indicator_id = w.indicator_id
    and v.period_from = date '1970-01-01' + w.period_from
    and v.period_to = date '1970-01-01' + w.period_to
    and v.in_force
