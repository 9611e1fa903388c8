update sanjeh.data_issue
set state = $4::text, reason_ct = $5::bytea, answered_by = $6::uuid, answered_at = sanjeh.clock_now(), version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8 and state = 'open'
