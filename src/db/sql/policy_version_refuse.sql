update sanjeh.policy_version set state = 'refused', version = version + 1 where id = $1::uuid and version = $2::int8 and state = 'draft'
