insert into sanjeh.role_assignment (id, account_id, role, kind, depth, granted_by, source_id, valid_from, valid_until, locked_from,
    locked_until, certified_at, reason, changed_by)
values ($1::uuid, $2::uuid, $3::text, $4::text, $5::int4, $6::uuid, $7::uuid, $8::timestamptz, $9::timestamptz, $10::timestamptz,
    $11::timestamptz, $12::timestamptz, $13::text, $6::uuid)
returning seq
