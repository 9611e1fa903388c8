-- Both texts are sealed again, so that one key version opens the row.
update sanjeh.challenge
set state = $4::text, body_ct = $5::bytea, decision_ct = $6::bytea, key_version = $7::int4, decided_by = $8::uuid,
    decided_at = sanjeh.clock_now(), version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8 and state = 'open'
