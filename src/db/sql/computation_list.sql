select c.unit_id, c.id, c.cycle_id, c.evaluations, c.sufficient, c.inputs_sha256, c.duration_ms, c.created_by, c.created_at
from sanjeh.computation c
where c.cycle_id = $1::uuid and c.id > $2::uuid
order by c.id
limit $3::int8
