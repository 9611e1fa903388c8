select b.unit_id, b.id, b.cycle_id, b.name, b.kind, b.state, b.used_at, b.version, b.created_at
from sanjeh.board b
where b.id > $1::uuid and ($3::uuid is null or b.cycle_id = $3::uuid)
order by b.id
limit $2::int8
