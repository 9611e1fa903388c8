-- Held until the end of the transaction: two successors of one batch do not meet.
select c.kind, c.state, c.cycle, sanjeh.person_of(c.submitted_by), c.version, c.supersedes_id,
    exists (select from sanjeh.import_job j
        where j.unit_id = c.unit_id and j.contribution_id = c.id and j.state in ('checking', 'writing'))
from sanjeh.contribution c
where c.unit_id = $1::uuid and c.id = $2::uuid
for update of c
