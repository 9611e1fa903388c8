-- One wrapped key of a subject.
select k.wrapped
from sanjeh.subject_key k
where k.unit_id = $1::uuid and k.subject_id = $2::uuid and k.version = $3::int4
