insert into sanjeh.judge_statement (
    unit_id, id, issuer_scope_id, evaluation_id, judge_id, body_ct, key_version, created_by, round, kind)
values (
    $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::bytea, $7::int4, $8::uuid, $9::int4, $10::text)
