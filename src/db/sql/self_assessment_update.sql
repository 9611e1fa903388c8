-- Replaces what may change if nobody did since version $3.
update sanjeh.self_assessment
set body_ct = $4::bytea,
    key_version = $5::int4,
    state = $6::text,
    submitted_at = case when $7::bool then coalesce(submitted_at, sanjeh.clock_now()) end,
    version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8
