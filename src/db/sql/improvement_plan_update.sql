-- Replaces what may change if nobody did since version $3.
update sanjeh.improvement_plan
set body_ct = $4::bytea,
    key_version = $5::int4,
    state = $6::text,
    version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8
