-- The judge's first reading.
update sanjeh.disclosure
set opened_at = sanjeh.clock_now()
where unit_id = $1::uuid and id = $2::uuid and opened_at is null
