insert into sanjeh.survey_release (unit_id, id, survey_id, no, judge_id, cycle_id, body_ct, comments_ct, key_version,
    contribution_id, created_by)
values ($1::uuid, $2::uuid, $3::uuid, $4::int4, $5::uuid, $6::uuid, $7::bytea, $8::bytea, $9::int4, $10::uuid, $11::uuid)
