insert into sanjeh.approval (id, action, object_id, parameters, operation, reason, need, by_role, other_unit, requested_by,
    requested_person, requested_unit, requested_at, expires_at, seal)
values ($1::uuid, $2::text, $3::uuid, $4::text, $5::bytea, $6::text, $7::int4, $8::text, $9::boolean, $10::uuid, $11::uuid,
    $12::uuid, $13::timestamptz, $14::timestamptz, $15::bytea)
