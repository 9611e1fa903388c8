-- The own unit's rows only, whatever the caller could see beside them.
select r.id, r.person_id, r.judge_id, r.kind, r.valid_from, r.valid_to, r.created_at
from sanjeh.relation r
where r.unit_id = $3::uuid and r.id > $1::uuid
order by r.id
limit $2::int8
