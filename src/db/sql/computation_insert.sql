insert into sanjeh.computation (unit_id, id, cycle_id, method, evaluations, sufficient, inputs_sha256, duration_ms,
    created_by, created_at)
values ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::int4, $6::int4, $7::bytea, $8::int8, $9::uuid, sanjeh.clock_now())
returning created_at
