update sanjeh.policy_version
set state = 'active', activation = $3::int8, activated_at = $4::timestamptz, seal = $5::bytea, version = version + 1
where id = $1::uuid and version = $2::int8 and state = 'draft'
