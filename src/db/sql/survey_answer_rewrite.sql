-- All parts of the box, in one statement.
update sanjeh.survey_answer a
set body_ct = p.body, key_version = $3::int4
from unnest($4::uuid[], $5::bytea[]) as p (id, body)
where a.unit_id = $1::uuid and a.survey_id = $2::uuid and a.id = p.id
