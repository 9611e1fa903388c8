-- Rewrites every invitation of the survey, so that no row tells that it was the one.
update sanjeh.survey_invite
set used = used or token_sha256 = $3::bytea
where unit_id = $1::uuid and survey_id = $2::uuid
