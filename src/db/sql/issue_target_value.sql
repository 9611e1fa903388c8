-- Whose row it is, and whom it is about; of unit $2 or about judge $3.
select v.unit_id, v.compartment_id, v.judge_unit_id, v.judge_id
from sanjeh.indicator_value v
where v.id = $1::uuid and v.in_force
    and ($2::uuid is null or v.unit_id = $2::uuid)
    and ($3::uuid is null or v.judge_id = $3::uuid)
