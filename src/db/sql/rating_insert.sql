insert into sanjeh.rating (unit_id, id, issuer_scope_id, evaluation_id, judge_id, account_id, round, item_no, mark_ct,
    reason_ct, key_version, created_by)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::int4, $8::int4, $9::bytea, $10::bytea, $11::int4,
    $6::uuid)
