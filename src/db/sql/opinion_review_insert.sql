insert into sanjeh.opinion_review (unit_id, id, issuer_scope_id, evaluation_id, judge_id, office_unit_id, sample_id, account_id,
    body_ct, key_version, created_by)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::uuid, $8::uuid, $9::bytea, $10::int4, $8::uuid)
