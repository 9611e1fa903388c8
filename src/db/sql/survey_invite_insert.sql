-- In the order of the hashes: where a row lies says nothing about when its token was drawn.
insert into sanjeh.survey_invite (unit_id, survey_id, respondents, token_sha256)
select $1::uuid, $2::uuid, $3::text, t.hash
from unnest($4::bytea[]) as t (hash)
order by t.hash
