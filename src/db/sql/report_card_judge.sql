select j.unit_id, j.id, j.name, j.personnel_number, j.key_version, k.wrapped
from sanjeh.evaluation e
join sanjeh.judge j on j.unit_id = e.judge_unit_id and j.id = e.judge_id
left join sanjeh.subject_key k on k.unit_id = j.unit_id and k.subject_id = j.id and k.version = j.key_version
where e.id = $1::uuid
