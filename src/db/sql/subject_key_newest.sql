-- The newest wrapped key of each subject that has one. $1 unit, $2 subjects.
select distinct on (k.subject_id) k.subject_id, k.version, k.wrapped
from sanjeh.subject_key k
where k.unit_id = $1::uuid and k.subject_id = any ($2::uuid[])
order by k.subject_id, k.version desc
