insert into sanjeh.contribution
    (unit_id, id, compartment_id, kind, format, period_from, period_to, cycle, file_sha256,
    comment, key_version, byte_size, rows_ok, rows_rejected, state, submitted_by,
    is_held, supersedes_id, correction_id)
values ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::date, $7::date, $8::text, $9::bytea,
    $10::bytea, $11::int4, $12::int8, $13::int8, 0, $14::text, $15::uuid,
    $16::bool, $17::uuid, $18::uuid)
