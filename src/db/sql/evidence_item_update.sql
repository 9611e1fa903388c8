-- Replaces what may change if nobody did since version $3.
update sanjeh.evidence_item
set body_ct = $4::bytea,
    key_version = $5::int4,
    reason_ct = $6::bytea,
    state = $7::text,
    decided_by = $8::uuid,
    decided_at = case when $9::bool then coalesce(decided_at, sanjeh.clock_now()) end,
    version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8
