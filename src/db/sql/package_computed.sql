update sanjeh.package set computed_at = sanjeh.clock_now(), version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8 and state = 'draft'
