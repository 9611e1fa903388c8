insert into sanjeh.reply_point (
    unit_id, id, issuer_scope_id, evaluation_id, judge_id, text_ct, key_version, created_by, round, no, reply_id)
values (
    $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::bytea, $7::int4, $8::uuid, $9::int4, $10::int4, $11::uuid)
