-- A board of a cycle of the unit; no row when the cycle is not there.
insert into sanjeh.board (unit_id, id, issuer_scope_id, cycle_id, name, kind, created_by)
select c.unit_id, $2::uuid, c.issuer_scope_id, c.id, $4::text, $5::text, $6::uuid
from sanjeh.cycle c
where c.unit_id = $1::uuid and c.id = $3::uuid
