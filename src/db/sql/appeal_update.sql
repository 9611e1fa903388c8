-- Replaces what may change if nobody did since version $3.
update sanjeh.appeal
set body_ct = $4::bytea,
    key_version = $5::int4,
    decision_ct = $6::bytea,
    state = $7::text,
    outcome = $8::text,
    decided_by = $9::uuid,
    decided_at = case when $10::bool then coalesce(decided_at, sanjeh.clock_now()) end,
    change_count = $11::int4,
    version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8
