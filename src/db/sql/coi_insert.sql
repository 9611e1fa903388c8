insert into sanjeh.coi_declaration (unit_id, id, issuer_scope_id, evaluation_id, judge_id, account_id, has_interest,
    state, body_ct, key_version, created_by)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::bool, 'clear', $8::bytea, $9::int4, $6::uuid)
