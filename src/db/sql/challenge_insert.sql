insert into sanjeh.challenge (unit_id, id, issuer_scope_id, evaluation_id, judge_id, owner_unit_id, account_id, body_ct,
    key_version, created_by)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::uuid, $8::bytea, $9::int4, $10::uuid)
