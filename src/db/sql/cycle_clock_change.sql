update sanjeh.cycle_clock
set days = $3::int4, day_kind = coalesce($4::text, day_kind)
where cycle_id = $1::uuid and code = $2::text
