-- The next job that is to go on, of any unit (scope EVALUATION).
select j.unit_id, j.id, j.compartment_id, j.submitted_by, j.tenant_tag
from sanjeh.import_job j
where j.state in ('checking', 'writing') and j.id > $1::uuid
order by j.id
limit 1
