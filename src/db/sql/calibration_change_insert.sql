insert into sanjeh.calibration_change (unit_id, id, issuer_scope_id, evaluation_id, judge_id, session_id, account_id, item_no,
    round, before_ct, after_ct, reason_ct, key_version, created_by)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::uuid, $8::int4, $9::int4, $10::bytea, $11::bytea,
    $12::bytea, $13::int4, $14::uuid)
