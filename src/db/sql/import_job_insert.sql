insert into sanjeh.import_job
    (unit_id, id, compartment_id, kind, format, accept, period_from, period_to, cycle, comment_ct, key_version,
    submitted_by, tenant_tag, is_held, supersedes_id)
values ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::text, $7::date, $8::date, $9::text, $10::bytea, $11::int4,
    $12::uuid, $13::uuid, $14::bool, $15::uuid)
