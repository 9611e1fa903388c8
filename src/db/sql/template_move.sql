update sanjeh.template
set state = $3::text, published_at = coalesce(published_at, sanjeh.clock_now()), version = version + 1
where id = $1::uuid and version = $2::int8
