insert into sanjeh.evidence_item (
    unit_id, id, issuer_scope_id, evaluation_id, judge_id, body_ct, key_version, created_by, kind, sha256, offered_as)
values (
    $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::bytea, $7::int4, $8::uuid, $9::text, $10::bytea, $11::text)
