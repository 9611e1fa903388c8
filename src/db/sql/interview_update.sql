-- Replaces what may change if nobody did since version $3.
update sanjeh.interview
set body_ct = $4::bytea,
    key_version = $5::int4,
    minutes_ct = $6::bytea,
    state = $7::text,
    held_on = $8::date,
    recorded_by = $9::uuid,
    recorded_at = case when $10::bool then coalesce(recorded_at, sanjeh.clock_now()) end,
    version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8
