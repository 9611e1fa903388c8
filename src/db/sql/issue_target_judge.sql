-- Whose entry of the register it is; of unit $2 or about judge $3.
select j.unit_id, j.compartment_id, j.unit_id, j.id
from sanjeh.judge j
where j.id = $1::uuid
    and ($2::uuid is null or j.unit_id = $2::uuid)
    and ($3::uuid is null or j.id = $3::uuid)
