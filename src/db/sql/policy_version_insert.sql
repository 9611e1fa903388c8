insert into sanjeh.policy_version (id, policy, number, owner_unit, origin, document, tests, digest, previous, report_digest, diff_digest,
    report, diff, passed, widens, need, author, approval_id, created_at, state, activation, activated_at, seal)
values ($1::uuid, $2::text, $3::int8, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text, $11::text, $12::text,
    $13::text, $14::boolean, $15::boolean, $16::int4, $17::uuid, $18::uuid, $19::timestamptz, $20::text, $21::int8, $22::timestamptz,
    $23::bytea)
