select b.unit_id, b.id, b.cycle_id, b.name, b.kind, b.state, b.used_at, b.version, b.created_at
from sanjeh.board b
where b.id = $1::uuid
