-- The answer of the unit that was asked, once.
update sanjeh.gate_answer
set state = 'answered', value = $4::text, effect = $5::text, degree = $6::int4, body_ct = $7::bytea, key_version = $8::int4,
    answered_by = $9::uuid, answered_at = sanjeh.clock_now(), expires_on = $10::date, has_gist = $11::bool, authority = $12::text, version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8 and state = 'asked'
