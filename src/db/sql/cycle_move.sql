update sanjeh.cycle
set state = $3::text, version = version + 1
where id = $1::uuid and version = $2::int8
