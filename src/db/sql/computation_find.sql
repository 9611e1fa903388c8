select c.unit_id, c.id, c.cycle_id, c.evaluations, c.sufficient, c.inputs_sha256, c.duration_ms, c.created_by, c.created_at
from sanjeh.computation c
where c.id = $1::uuid
