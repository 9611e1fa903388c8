update sanjeh.conflict
set state = 'resolved', resolution = $4::text, reason = $5::text, resolved_by = $6::uuid,
    resolved_at = sanjeh.clock_now(), version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8 and state = 'open'
