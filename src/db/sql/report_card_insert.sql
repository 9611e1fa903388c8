insert into sanjeh.report_card (unit_id, id, issuer_scope_id, owner_unit_id, evaluation_id, judge_id, round, no, prev_sha256,
    sha256, signature, part_count, bytes, key_version, test, supersedes, issued_by, issued_at)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::int4, $8::int8, $9::bytea,
    $10::bytea, $11::text, $12::int4, $13::int4, $14::int4, $15::bool, $16::uuid, $17::uuid, $18::timestamptz)
