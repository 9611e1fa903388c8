-- Figures of a judge whose row is out of force go with it.
update sanjeh.indicator_value v
set in_force = false
where v.unit_id = $1::uuid and v.judge_id = $2::uuid and v.in_force
    and exists (select from sanjeh.workload_fact f where f.unit_id = v.unit_id and f.id = v.source_fact_id and not f.in_force)
