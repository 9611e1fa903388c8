insert into sanjeh.survey_answer (unit_id, survey_id, id, body_ct, key_version)
select $1::uuid, $2::uuid, p.id, p.body, $3::int4
from unnest($4::uuid[], $5::bytea[]) as p (id, body)
