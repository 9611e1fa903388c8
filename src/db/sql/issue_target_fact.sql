-- Whose row it is, and whom it is about; of unit $2 or about judge $3.
select f.unit_id, f.compartment_id, f.judge_unit_id, f.judge_id
from sanjeh.workload_fact f
where f.id = $1::uuid and f.in_force
    and ($2::uuid is null or f.unit_id = $2::uuid)
    and ($3::uuid is null or f.judge_id = $3::uuid)
