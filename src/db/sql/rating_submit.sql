update sanjeh.rating
set submitted_at = sanjeh.clock_now(), version = version + 1
where unit_id = $1::uuid and evaluation_id = $2::uuid and account_id = $3::uuid and round = $4::int4
    and submitted_at is null
