insert into sanjeh.observation (unit_id, id, issuer_scope_id, evaluation_id, judge_id, account_id, observed_on, body_ct,
    key_version, created_by)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::date, $8::bytea, $9::int4, $6::uuid)
returning created_at
