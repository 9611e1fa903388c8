-- A seat that ended has no open conflicts.
update sanjeh.conflict
set state = 'resolved', resolution = 'seat_ended', resolved_by = $4::uuid, resolved_at = sanjeh.clock_now(),
    version = version + 1
where unit_id = $1::uuid and evaluation_id = $2::uuid and account_id = $3::uuid and state = 'open'
