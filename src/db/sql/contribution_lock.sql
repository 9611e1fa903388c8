-- Held until the end of the transaction: two successors of one batch do not meet.
select c.kind, c.state, c.cycle, sanjeh.person_of(c.submitted_by), c.version
from sanjeh.contribution c
where c.unit_id = $1::uuid and c.id = $2::uuid
for update
