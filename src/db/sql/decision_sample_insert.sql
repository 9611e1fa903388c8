insert into sanjeh.decision_sample (unit_id, id, issuer_scope_id, evaluation_id, judge_id, office_account_id, draw_id, no, seed,
    frame_sha256, frame_size, stratum, body_ct, key_version, reviewer_one, reviewer_two, created_by)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::uuid, $8::int4, $9::bytea, $10::bytea, $11::int4,
    $12::text, $13::bytea, $14::int4, $15::uuid, $16::uuid, $17::uuid)
